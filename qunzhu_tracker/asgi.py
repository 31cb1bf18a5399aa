"""The ASGI entry point, for servers that want one; the product needs only WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
application = get_asgi_application()
