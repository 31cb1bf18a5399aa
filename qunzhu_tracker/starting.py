"""What keeps the product from starting: one sentence and an exit code, instead of a traceback.

`python -m qunzhu_tracker.starting` reads the settings and asks the database for a connection.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

WRONG = 2  # exit code
SQLITE = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Make its folder, and let this user write there",
    sqlite3.SQLITE_NOTADB: "is no SQLite database. "
    "Name another file, or restore a backup (deploy/README.md)",
    sqlite3.SQLITE_CORRUPT: "is damaged. Keep it aside, and restore a backup (deploy/README.md)",
    sqlite3.SQLITE_READONLY: "cannot be written. Let this user write to it and to its folder",
    sqlite3.SQLITE_PERM: "cannot be read. Let this user read and write it",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails, or is full. Look at the disk",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full. Make room",
    sqlite3.SQLITE_BUSY: "is locked by another program. End that program, then try again",
}
# What PostgreSQL says when it lets nobody in, and what is to be done; its words carry no password.
POSTGRESQL = {
    "password authentication failed": "Correct the user or the password in DATABASE_URL",
    "no password supplied": "Write the password into DATABASE_URL",
    "does not exist": "Create it (createdb, createuser), or correct the name in DATABASE_URL",
    "pg_hba.conf": "Let this machine in, in pg_hba.conf of the server",
    "too many": "Raise max_connections of the server, or lower DB_POOL_MAX",
    "starting up": "The server is starting; try again in a moment",
}
ELSE = "Check that the server runs, and its address in DATABASE_URL"


@contextmanager
def in_one_sentence(code: int = WRONG) -> Iterator[None]:
    """Within this, a wrong setting or a database that cannot be used ends the process so."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(_said(error, code))
    except Error as error:
        sentence = why_unusable(error)
        if not sentence:
            raise
        sys.exit(_said(sentence, code))


def _said(sentence: object, code: int) -> int:
    sys.stderr.write(" ".join(str(sentence).split()) + "\n")
    return code


def why_unusable(error: Exception) -> str:
    """Why the database cannot be used at all, in a sentence; "" for any other failure."""
    connection, cause = connections[DEFAULT_DB_ALIAS], error.__cause__
    database = f"The database {_shown(connection.settings_dict)}"
    if isinstance(cause, psycopg.errors.UndefinedTable) or "no such table" in str(cause):
        return f"{database} lacks tables of this release. Bring it up to date: manage.py migrate"
    if isinstance(cause, sqlite3.Error):
        primary = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # of an extended code
        return f"{database} {SQLITE[primary]}." if primary in SQLITE else ""
    if isinstance(cause, psycopg.Error) and connection.connection is None:
        words = str(cause).partition("\n")[0].removeprefix("connection failed: ")
        todo = next((todo for sign, todo in POSTGRESQL.items() if sign in words), ELSE)
        return f"{database} cannot be reached: {words}. {todo}."
    return ""


def _shown(database: dict[str, Any]) -> str:
    """Which database this is, without its password."""
    if database["ENGINE"].endswith("sqlite3"):
        return str(database["NAME"])
    where = ":".join(str(part) for part in (database["HOST"], database["PORT"]) if part)
    user = database["USER"] or "of the system"
    return f"“{database['NAME']}” on {where or 'this machine'} (user {user})"


def demand_database(connection: BaseDatabaseWrapper) -> None:
    """Raise Django's own error unless the database can be reached and read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
    with in_one_sentence():
        demand_database(connections[DEFAULT_DB_ALIAS])
