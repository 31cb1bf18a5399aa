"""Back up the database and every file while people work, and read the backup back."""

from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.backups.keeping import KEEP
from directives.backups.making import make, make_in_folder
from directives.models import JobRun

LISTED = 20  # faults that are printed one by one
DAYS, WEEKS, MONTHS = (number for _period, number in KEEP)


def record(now: datetime, *, scheduled: bool) -> None:
    """Store when the last good backup was made; only a scheduled one counts as today's."""
    day = {"last_day": timezone.localdate(now)} if scheduled else {}
    JobRun.objects.update_or_create(
        name="backup",
        defaults={"last_ran_at": now, **day},
        create_defaults={"last_ran_at": now, "last_day": date.min, **day},
    )


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Back up the database and every file while they are in use, and read the backup back."
        " Without an argument it goes into"
        f" BACKUP_DIR, where {DAYS} daily, {WEEKS} weekly and {MONTHS} monthly ones are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "folder",
            type=Path,
            nargs="?",
            metavar="FOLDER",
            help="a new folder for this one backup",
        )
        group.add_argument(
            "--into",
            type=Path,
            metavar="FOLDER",
            help="where a timer, not the worker, keeps the backups",
        )

    def handle(self, *, folder: Path | None, into: Path | None, **options: Any) -> None:
        now = timezone.now()
        if folder:
            manifest = make(folder, now=now)
        else:
            folder, manifest = make_in_folder(self.backup_folder(into), now=now)
        record(now, scheduled=folder.parent in (into, Path(settings.BACKUP_DIR)))
        for fault in manifest.faults[:LISTED]:
            self.stderr.write(f"Warning: {fault}")
        if manifest.faults:
            number = len(manifest.faults)
            self.stderr.write(f"Warning: {number} evidence files were missing or damaged before.")
        if options["verbosity"]:
            rows = sum(manifest.rows.values())
            contents = f"{manifest.size():,} bytes, {rows:,} rows, {len(manifest.files):,} files"
            self.stdout.write(f"{folder}: {contents}; read back, whole.")

    def backup_folder(self, into: Path | None) -> Path:
        """The folder of backups. Raises CommandError unless exactly one setting names it."""
        if into and settings.BACKUP_DIR:
            reason = f"The worker makes the daily backup in {settings.BACKUP_DIR}"
            raise CommandError(f"{reason}. Empty BACKUP_DIR to use a timer.")
        if not into and not settings.BACKUP_DIR:
            raise CommandError("Name a new folder, or set BACKUP_DIR, where backups are kept.")
        return into or Path(settings.BACKUP_DIR)
