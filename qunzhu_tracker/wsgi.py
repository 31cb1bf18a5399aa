"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["QUNZHU_PROCESS"] = "web"  # databases.py: a pool, short timeouts
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
application = get_wsgi_application()
