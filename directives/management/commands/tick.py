"""Update the lights that a new day changes, and open the reporting cycles planned for it.

The worker runs it each day. It may be run at any time, and is safe to run twice.
"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directives import tallies
from directives.core.relighting import tick
from directives.models import JobRun
from directives.reports.commands.planned_cycles import open_planned


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Work out the lights whose day has come; --all works out every light, after a change of "
        "settings or calendar."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            dest="everything",
            help="every obligation, not only those whose day has come",
        )
        parser.add_argument(
            "--clock-mended",
            action="store_true",
            help="the clock was ahead: forget days that have not come; --all",
        )

    def handle(
        self, *, everything: bool, clock_mended: bool, verbosity: int, **options: Any
    ) -> None:
        now = timezone.now()
        yesterday = timezone.localdate(now) - timedelta(days=1)
        if clock_mended:
            tallies.forget_after(yesterday)
            tallies.rebuild()
            JobRun.objects.filter(last_ran_at__gt=now).update(
                last_ran_at=now, last_day=timezone.localdate(now)
            )
        elif tallies.last_copied() > yesterday:
            self.stderr.write(
                f"Days up to {tallies.last_copied()} are on record, and the clock says "
                f"{yesterday + timedelta(days=1)}."
            )
            self.stderr.write(
                "Nothing is copied until then. If the clock was wrong before and is right now: "
                "manage.py tick --clock-mended"
            )
        tallies.copy_day(yesterday)  # before any of its lights change
        changed = tick(now=now, everything=everything or clock_mended)
        opened = open_planned(now=now)
        tallies.prune()
        if not JobRun.objects.filter(name="tick", last_day__gt=timezone.localdate(now)).exists():
            JobRun.objects.update_or_create(
                name="tick", defaults={"last_ran_at": now, "last_day": timezone.localdate(now)}
            )
        if verbosity:
            self.stdout.write(f"{changed} lights changed, {opened} reporting cycles opened.")
