"""Types of the requests that views are given: Django's, with what the middleware adds."""

from datetime import date, datetime
from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from directives.base.origins import Origin
from directives.base.workdays import Workdays
from directives.models import User
from directives.signin.sessions import SessionStore


class AppRequest(HttpRequest):
    """The request of a view that visitors may ask, too (`login_not_required`)."""

    method: str
    session: SessionStore
    htmx: HtmxDetails
    origin: Origin
    now: datetime
    today: date  # in Asia/Shanghai
    workdays: Workdays


class SignedInRequest(AppRequest):
    """The request of every other view: LoginRequiredMiddleware lets nobody else through."""

    user: User


def signed_in(request: HttpRequest) -> SignedInRequest:
    """The same request, where a method of Django's or a library's has only an HttpRequest."""
    assert request.user.is_authenticated
    return cast(SignedInRequest, request)
