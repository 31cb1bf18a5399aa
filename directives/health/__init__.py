"""The health of an installation: banners on its pages, and the checks of `manage.py doctor`."""
