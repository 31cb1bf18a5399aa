"""Load the sample document with its bodies, demo accounts and made-up progress."""

import os
import secrets
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from directives.made_up.sample import loading
from directives.made_up.sample.people import ACCOUNTS
from directives.models import Document, User


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Load the sample into an empty database. Its progress is fictional; production refuses it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--today",
            type=date.fromisoformat,
            help="the day on which the made-up story ends; default: today",
        )
        parser.add_argument(
            "--seed", type=int, default=2015, help="the same seed and day give the same story"
        )
        parser.add_argument(
            "--without-progress", action="store_true", help="document, bodies and accounts alone"
        )

    def handle(
        self, *, today: date | None, seed: int, without_progress: bool, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The sample holds made-up progress and well-known accounts: it is not loaded in "
                "production."
            )
        if Document.objects.exists() or User.objects.exists():
            raise CommandError(
                "The database already holds documents or accounts; the sample goes into an empty "
                "one. Nothing was changed."
            )
        password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
        with transaction.atomic():
            summary = loading.load(
                today=today or timezone.localdate(),
                seed=seed,
                password=password,
                progress=not without_progress,
            )
        self.stdout.write(summary)
        for account in ACCOUNTS:
            self.stdout.write(f"  {account.username:<11} {account.full_name}")
        self.stdout.write(
            f"Password of all: {'DEMO_PASSWORD' if os.environ.get('DEMO_PASSWORD') else password}"
        )
