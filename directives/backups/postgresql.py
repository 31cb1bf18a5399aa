"""Dumping a PostgreSQL database while it is in use, reading a dump without a server, loading it."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient

from directives.backups.manifest import Contents, contents

DUMP = "database.dump"
SHARE = 2  # a dump, compressed and without indexes, takes at most the SHAREth part of a database
COPY = re.compile(rb'COPY (?:"?[\w$]+"?\.)?"?([\w$]+)"? .*FROM stdin;\n')
END = b"\\.\n"


def _command(program: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command line of a PostgreSQL program, ending in the database, and its environment."""
    path = shutil.which(program)
    if path is None:
        raise CommandError(f"{program} is missing: apt-get install postgresql-client")
    command, environment = DatabaseClient.settings_to_cmd_args_env(
        connection.settings_dict, list(arguments)
    )
    return [path, *command[1:]], {**os.environ, **(environment or {})}


@contextmanager
def _running(command: list[str], environment: dict[str, str] | None = None) -> Iterator[IO[bytes]]:
    """Yield the output of a running program, which ends when the caller stops reading.

    Raises CommandError with the program's stderr if it fails.
    """
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process:
            assert process.stdout is not None
            yield process.stdout
        if process.returncode:
            errors.seek(0)
            message = errors.read().decode(errors="replace").strip()
            raise CommandError(f"{Path(command[0]).name} failed: {message}")


def _query(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def read_contents() -> Contents:
    """The contents of the database now, or in the snapshot of the open transaction."""
    tables = _query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return contents(_query, [name for (name,) in tables])


def size() -> int:
    """An estimate of the size of a dump in bytes, rather too large."""
    return _query("SELECT pg_database_size(current_database())")[0][0] // SHARE


def dump(target: Path) -> Contents:
    """Dump the database; returns its contents at that instant."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # The transaction is idle during the dump, which takes long.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        contents_now = read_contents()
        command, environment = _command("pg_dump", "--format=custom", f"--snapshot={snapshot}")
        with _running(command, environment) as dumped, target.open("wb") as file:
            shutil.copyfileobj(dumped, file)
            file.flush()
            os.fsync(file.fileno())
    return contents_now


def read_back(path: Path) -> dict[str, int]:
    """The number of rows of each table of a dump, which is read to its end.

    Raises CommandError if it is damaged.
    """
    rows: dict[str, int] = {}
    command, _environment = _command("pg_restore")
    with _running([command[0], "--data-only", "--file=-", str(path)]) as script:
        lines = iter(script)
        for line in lines:
            if table := COPY.fullmatch(line):
                rows[table[1].decode()] = sum(1 for _row in iter(partial(next, lines, END), END))
    return rows


def demand_empty() -> None:
    """Raise CommandError unless the database exists and is empty."""
    condition = (
        "relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p', 'v', 'S')"
    )
    if _query(f"SELECT 1 FROM pg_class WHERE {condition} LIMIT 1"):  # noqa: S608 - words of our own
        name = connection.settings_dict["NAME"]
        raise CommandError(f"The database {name} is not empty. Name a new one in DATABASE_URL.")


def load(source: Path) -> None:
    """Load a dump in one transaction, as the user of DATABASE_URL."""
    options = ("--single-transaction", "--no-owner", "--no-acl")
    command, environment = _command("pg_restore", *options, str(source), "--dbname")
    with _running(command, environment) as output:
        output.read()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a dump does not contain the statistics of the planner
