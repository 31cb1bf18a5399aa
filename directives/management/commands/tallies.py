"""Compare the tallies with a recount, or rebuild them."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from directives import tallies


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "--check: compare every tally with a recount of the obligations, exit 1 if one differs; "
        "--rebuild: make them anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        action = parser.add_mutually_exclusive_group(required=True)
        action.add_argument(
            "--check",
            action="store_true",
            help="print each difference; writers wait while it counts",
        )
        action.add_argument(
            "--rebuild", action="store_true", help="delete every tally and count again"
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        if not check:
            self.stdout.write(f"{tallies.rebuild()} tallies made.")
            return
        differences = tallies.drift()
        for line in differences:
            self.stdout.write(line)
        self.stdout.write(f"{len(differences)} drift")
        if differences:
            sys.exit(1)
