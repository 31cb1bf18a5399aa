"""Sign-in: accounts are made by administrators, never by visitors."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from directives.models import User


class ClosedDoorAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def prefer_language(*, by: User, language: str) -> None:
    """Remember the language in which a person reads. Raises ValueError for one that the product does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"unknown language: {language!r}")
    User.objects.filter(pk=by.pk).update(language=language)
