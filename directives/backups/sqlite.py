"""Copying a SQLite database while it is in use, reading a copy, and restoring it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

from directives.backups.manifest import Contents, contents

DUMP = "database.sqlite3"
# Suffixes of files beside a database, which SQLite applies to any database of that name.
SIDE_FILES = ("-wal", "-shm", "-journal")


def database_path() -> Path:
    return Path(connection.settings_dict["NAME"])


@contextmanager
def _opened(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """A separate connection, which never creates a database.

    Raises CommandError with SQLite's message.
    """
    if not path.is_file():
        raise CommandError(f"There is no database {path}.")
    try:
        address = f"{path.resolve().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database:
            yield database
    except sqlite3.Error as error:
        raise CommandError(f"SQLite and {path}: {error}.") from error


def _query(database: sqlite3.Connection, statement: str) -> list[tuple]:
    return database.execute(statement).fetchall()


def _contents(database: sqlite3.Connection) -> Contents:
    tables = _query(database, "SELECT name FROM sqlite_master WHERE type = 'table'")
    product_tables = [name for (name,) in tables if not name.startswith("sqlite_")]
    return contents(partial(_query, database), product_tables)


def size() -> int:
    """An estimate of the size of a copy in bytes."""
    return sum(
        path.stat().st_size
        for path in (database_path(), Path(f"{database_path()}-wal"))
        if path.is_file()
    )


def dump(target: Path) -> Contents:
    """Copy the database; returns its contents at that instant.

    Copying the file of a database in use would silently lose rows.
    """
    with _opened(database_path()) as source, closing(sqlite3.connect(target)) as copy:
        source.execute("BEGIN")  # rows are counted and copied in the same snapshot
        dumped = _contents(source)
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # no -wal file beside the copy
    return dumped


def read_back(path: Path) -> dict[str, int]:
    """The number of rows of each table of a copy. Raises CommandError if it is damaged."""
    with _opened(path, "ro") as copy:
        verdict = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        broken = copy.execute("PRAGMA foreign_key_check").fetchall()
        if verdict != ["ok"] or broken:
            faults = "; ".join([*verdict, f"{len(broken)} rows refer to nothing"])
            raise CommandError(f"The copy is not whole: {faults}.")
        return _contents(copy).rows


def demand_empty() -> None:
    """Raise CommandError unless there is no database, or an empty one."""
    for path in (Path(f"{database_path()}{ending}") for ending in SIDE_FILES):
        if path.exists():
            raise CommandError(
                f"{path} is left of another database. SQLite would apply it to the restored one."
                " If nothing runs on that database, move it and all beside it away, then try again."
            )
    if not database_path().exists() or not database_path().stat().st_size:
        return
    with _opened(database_path(), "ro") as database:
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        new_place = "a new place: another QUNZHU_VAR or DATABASE_URL"
        raise CommandError(f"{database_path()} is not empty. Restore into {new_place}.")


def load(source: Path) -> None:
    """Put a copy in the place of the database, in one step."""
    database_path().parent.mkdir(parents=True, exist_ok=True)
    part = Path(f"{database_path()}.part")
    with source.open("rb") as file, part.open("wb") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(database_path())


def read_contents() -> Contents:
    """The contents of the database."""
    with _opened(database_path()) as database:
        return _contents(database)
