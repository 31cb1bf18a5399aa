"""Whether this installation works: what its pages say of it, and what `manage.py doctor` does."""
