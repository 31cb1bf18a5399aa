"""The type of a request of somebody who is signed in."""

from typing import cast

from django.http import HttpRequest

from directives.models import User
from directives.signin.requests import AppRequest


class SignedInRequest(AppRequest):
    """That of every view without `login_not_required`."""

    user: User


def signed_in(request: HttpRequest) -> SignedInRequest:
    """The same request, where a method of Django's or a library's has only an HttpRequest."""
    assert request.user.is_authenticated
    return cast(SignedInRequest, request)
