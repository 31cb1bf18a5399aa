"""Official papers (公文): the content (`paper`), and the .docx by GB/T 9704-2012 (`layout`)."""
