"""Parsers of table files. They run in the child process, with the standard library alone."""
