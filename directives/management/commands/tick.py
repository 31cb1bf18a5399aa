"""Relight what time has changed. The worker runs it each day; it may be run at any time, and twice."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directives import tallies
from directives.models import JobRun
from directives.ticking import tick


class Command(BaseCommand):
    help = "Work out the lights whose day has come; --all works out every light, after a change of settings or calendar."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", dest="everything", help="every obligation, not only those whose day has come")

    def handle(self, *, everything: bool, verbosity: int, **options: Any) -> None:
        now = timezone.now()
        tallies.copy_day(timezone.localdate(now) - timedelta(days=1))  # before time changes any light of that day
        changed = tick(now=now, everything=everything)
        tallies.prune()
        JobRun.objects.update_or_create(name="tick", defaults={"last_ran_at": now, "last_day": timezone.localdate(now)})
        if verbosity:
            self.stdout.write(f"{changed} lights changed.")
