"""The type of a request, with the attributes that the middleware adds."""

from datetime import date, datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from directives.base.origins import Origin
from directives.base.workdays import Workdays
from directives.signin.sessions import SessionStore


class AppRequest(HttpRequest):
    method: str
    session: SessionStore
    htmx: HtmxDetails
    origin: Origin
    now: datetime
    today: date  # in Asia/Shanghai
    workdays: Workdays
