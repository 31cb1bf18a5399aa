"""The type of a request of somebody who is signed in."""

from typing import cast

from django.http import HttpRequest

from directives.models import User
from directives.signin.requests import AppRequest


class SignedInRequest(AppRequest):
    """The request of every view without `login_not_required`."""

    user: User


def signed_in(request: HttpRequest) -> SignedInRequest:
    """The same request by its type, for methods of Django or a library that know HttpRequest."""
    assert request.user.is_authenticated
    return cast(SignedInRequest, request)
