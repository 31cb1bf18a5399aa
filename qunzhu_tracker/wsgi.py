"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from qunzhu_tracker.starting import in_one_sentence

HALT = 3  # by which gunicorn knows that no other process would fare better, and ends

os.environ["QUNZHU_PROCESS"] = "web"  # databases.py: a pool, short timeouts
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
with in_one_sentence(HALT):
    application = get_wsgi_application()
