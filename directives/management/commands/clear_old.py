"""Clear away what nobody needs any more.

The worker runs it each day; it may be run at any time, and twice.
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
        for what, count, days, why in (
            *self.rows(now, dry_run),
            *self.files(now, dry_run, however_many),
        ):
            if verbosity:
                self.stdout.write(f"{what}: {count} (after {days} days: {why})")

    def rows(self, now: datetime, dry_run: bool) -> Iterator[tuple[str, int, int, str]]:
        for old in clearing.RETENTION_RULES:
            count = (
                clearing.expired_rows(old, now).count()
                if dry_run
                else clearing.delete_expired(old, now)
            )
            yield old.what, count, old.days, old.why
        count = exporting.due(now).count() if dry_run else exporting.purge(now=now)
        yield "exported files", count, exporting.KEPT.days, "they can be asked for again"
        count = due_intakes(now).count() if dry_run else clear_intakes(now=now)
        yield "imports and their files", count, settings.INTAKE_DAYS, "what they wrote stays"

    def files(
        self, now: datetime, dry_run: bool, however_many: bool
    ) -> Iterator[tuple[str, int, int, str]]:
        stored, days = clearing.find_lost_files(now), clearing.YOUNG.days
        if stored.doubtful and not however_many:
            self.stderr.write(
                f"{len(stored.lost)} stored files belong to no row, and {stored.known} to one: is "
                "this the database of these files?"
                " They stay. If it is, and they are to go: manage.py clear_old --however-many"
            )
            stored.lost.clear()
        broken_off = list(clearing.abandoned_temporary_files(now))
        if not dry_run:
            for name in stored.lost:
                default_storage.delete(name)
            for path in broken_off:
                clearing.delete_temporary(path)
        yield "stored files without a row", len(stored.lost), days, "no row can come to know them"
        yield (
            "temporary files of this machine",
            len(broken_off),
            days,
            "whoever wrote them was killed",
        )
