"""Official papers (公文): what one says (`paper`), and its .docx by GB/T 9704-2012 (`layout`)."""
