"""Encrypt the secrets of second factors by the first key."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand

from directives.signin.factors import reencrypt


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of second factors by the first of FACTOR_KEYS; then older keys can be "
        "taken out."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Encrypted anew: {reencrypt(Authenticator.objects.all())}")
