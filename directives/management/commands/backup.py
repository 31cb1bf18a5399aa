"""Copy the database into one file while it is in use. Evidence files are ordinary files in var/files: copy those beside it.

Copying the file of a running SQLite by hand loses rows without a sign; this asks the database for a whole copy.
"""

import os
import shutil
import sqlite3
import subprocess
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from directives.online import demand_session


def copy_sqlite(target: Path) -> None:
    """A copy by SQLite's backup interface, in one file; raises CommandError when the copy is not whole."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # no -wal file beside the copy
        verdict = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        broken = copy.execute("PRAGMA foreign_key_check").fetchall()
    if verdict != ["ok"] or broken:
        raise CommandError(f"The copy is not whole: {'; '.join(verdict)}; {len(broken)} rows refer to nothing.")


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CommandError(f"{name} is not installed; on Debian: apt-get install postgresql-client")
    return found


def run(arguments: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise CommandError(f"{Path(arguments[0]).name} failed: {result.stderr.strip()}")


def copy_postgresql(target: Path) -> None:
    """A dump for pg_restore, read once through; raises CommandError with the program's own words when it fails."""
    server = connection.settings_dict
    words = {"PGHOST": server["HOST"], "PGPORT": server["PORT"], "PGUSER": server["USER"], "PGPASSWORD": server["PASSWORD"]}
    environment = {**os.environ, **{name: str(value) for name, value in words.items() if value}}
    run([program("pg_dump"), "--format=custom", f"--file={target}", server["NAME"]], environment)
    run([program("pg_restore"), "--file=/dev/null", str(target)], environment)


class Command(BaseCommand):
    help = "Copy the database into FILE while it is in use, and check the copy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file; an existing one is never overwritten")

    def handle(self, *, file: Path, **options: Any) -> None:
        demand_session(connection)
        if file.exists():
            raise CommandError(f"{file} exists already; name a new file.")
        part = file.with_name(file.name + ".part")
        try:
            part.touch(mode=0o600)
            (copy_sqlite if connection.vendor == "sqlite" else copy_postgresql)(part)
            part.rename(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        where = getattr(default_storage, "bucket_name", None)
        kept = f"the bucket {where}" if where else settings.MEDIA_ROOT
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes, checked. Evidence files are in {kept}: copy them too.")
