"""Restore a backup into an empty installation, and compare the result with its manifest."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django_tasks_db.models import DBTaskResult

from directives.backups.files import describe_storage
from directives.backups.restoring import end_sessions, restore
from directives.health.database import unapplied_migrations


class Command(BaseCommand):
    help = "Restore a backup into an empty database and storage, and check every row and file."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        help_text = "the folder that manage.py backup made"
        parser.add_argument("backup", type=Path, metavar="BACKUP", help=help_text)

    def handle(self, *, backup: Path, **options: Any) -> None:
        manifest = restore(backup)
        behind = unapplied_migrations()
        ended = end_sessions()
        for fault in manifest.faults:
            self.stderr.write(f"Warning, from the manifest: {fault}")
        rows = sum(manifest.rows.values())
        contents = f"{rows:,} rows in {len(manifest.rows)} tables, {len(manifest.files):,} files"
        self.stdout.write(f"Restored the backup of {manifest.made_at}: {contents}")
        self.stdout.write(f"in {describe_storage()}. All are as the manifest says.")
        self.stdout.write(f"What was written after {manifest.made_at} is not there.")
        self.stdout.write(f"{ended} sessions were ended: everybody signs in again.")
        if unfinished := DBTaskResult.objects.filter(status__in=("READY", "RUNNING")).count():
            self.stdout.write(
                f"{unfinished} background tasks were not finished: the worker goes on."
            )
        steps = ["manage.py migrate", "manage.py tallies --rebuild"] if behind else []
        steps += [
            "manage.py tallies --check",
            "manage.py verify_audit",
            "start the web server and the worker: sealing begins with a new key, as no backup has "
            "one",
            "manage.py verify_audit names that seal: --acknowledge its number, with the reason",
        ]
        numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
        self.stdout.write("\n".join(["Next:", *numbered]))
