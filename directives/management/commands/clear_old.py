"""Delete expired data.

The worker runs it each day. It may be run at any time, and is safe to run twice.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.utils import timezone

from directives.core import clearing
from directives.downloads import exporting
from directives.intakes.clearing import clear as clear_intakes
from directives.intakes.clearing import due as due_intakes


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Clear away, by age, what the machinery leaves behind: never what people wrote. --dry-run "
        "only tells how much there is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing")
        parser.add_argument(
            "--however-many",
            action="store_true",
            help="stored files without a row, even if they are most of all",
        )

    def handle(self, *, dry_run: bool, however_many: bool, verbosity: int, **options: Any) -> None:
        now = timezone.now()
        old = (*self.rows(now, dry_run), *self.files(now, dry_run, however_many))
        for subject, count, days, reason in old:
            if verbosity:
                self.stdout.write(f"{subject}: {count} (after {days} days: {reason})")

    def rows(self, now: datetime, dry_run: bool) -> Iterator[tuple[str, int, int, str]]:
        for rule in clearing.RETENTION_RULES:
            if dry_run:
                count = clearing.expired_rows(rule, now).count()
            else:
                count = clearing.delete_expired(rule, now)
            yield rule.what, count, rule.days, rule.why
        count = exporting.due(now).count() if dry_run else exporting.purge(now=now)
        yield "exported files", count, exporting.RETENTION.days, "they can be asked for again"
        count = due_intakes(now).count() if dry_run else clear_intakes(now=now)
        yield "imports and their files", count, settings.INTAKE_DAYS, "what they wrote stays"

    def files(
        self, now: datetime, dry_run: bool, however_many: bool
    ) -> Iterator[tuple[str, int, int, str]]:
        stored, days = clearing.find_orphaned_files(now), clearing.MINIMUM_AGE.days
        if stored.doubtful and not however_many:
            self.stderr.write(
                f"{len(stored.orphaned)} stored files belong to no row, and {stored.referenced} to "
                "one: is this the database of these files?"
                " They stay. If it is, and they are to go: manage.py clear_old --however-many"
            )
            stored.orphaned.clear()
        abandoned = list(clearing.abandoned_temporary_files(now))
        if not dry_run:
            for name in stored.orphaned:
                default_storage.delete(name)
            for path in abandoned:
                clearing.delete_temporary(path)
        yield (
            "stored files without a row",
            len(stored.orphaned),
            days,
            "no row can come to know them",
        )
        reason = "whoever wrote them was killed"
        yield "temporary files of this machine", len(abandoned), days, reason
