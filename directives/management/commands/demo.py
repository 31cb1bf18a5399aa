"""Fill an empty database with made-up work of a chosen scale, up to that of a nation."""

import os
import secrets
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.made_up.demo.people import accounts
from directives.made_up.demo.story import SCALES, Story
from directives.models import Obligation, Organisation, User


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Fill an empty database with made-up bodies and half a year of their made-up work. "
        "Production refuses it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scale",
            choices=SCALES,
            default="small",
            help="101, 1,174 or 35,310 bodies with 100 directives each",
        )
        parser.add_argument(
            "--documents",
            type=int,
            default=1,
            help="so many documents: small ones beside the large one",
        )
        parser.add_argument(
            "--seed", type=int, default=2015, help="the same seed and day give the same rows"
        )
        parser.add_argument(
            "--now",
            type=datetime.fromisoformat,
            help="the moment at which the story ends, with its zone; default: now",
        )

    def handle(
        self, *, scale: str, documents: int, seed: int, now: datetime | None, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The demo holds made-up work and well-known accounts: it is not made in production."
            )
        if Obligation.objects.exists() or Organisation.objects.exists() or User.objects.exists():
            raise CommandError(
                "The database already holds bodies, accounts or work; the demo goes into an empty "
                "one. Nothing was changed."
            )
        if documents < 1:
            raise CommandError("--documents is at least 1.")
        if now is not None and now.tzinfo is None:
            raise CommandError("--now needs its zone: 2026-10-13T09:00:00+08:00.")
        password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
        moment = (now or timezone.now()).replace(microsecond=0)
        Story(scale, seed, moment, password, self.stdout.write, documents).make()
        self.stdout.write("All of it is fictional (演示数据). Accounts:")
        for account in accounts():
            self.stdout.write(f"  {account.username:<11} {account.full_name}")
        self.stdout.write(
            f"Password of all: {'DEMO_PASSWORD' if os.environ.get('DEMO_PASSWORD') else password}"
        )
