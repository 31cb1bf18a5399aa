"""Official papers (公文): what a paper says (`paper`), how it is laid out by GB/T 9704-2012 (`layout`), and one module for each paper."""
