"""Whether this installation works: what its pages say of it (`upkeep`, `banners`), what `manage.py doctor` looks at."""
