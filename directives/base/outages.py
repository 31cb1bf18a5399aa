"""Recognising outages: a full disk, a database that is away, one that is busy."""

import sqlite3
from dataclasses import dataclass
from http import HTTPStatus

import psycopg
from django.db import DatabaseError, InterfaceError

from directives.base.disk import exception_chain, says_full, was_rolled_back

BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
AWAY_SQLITE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)
# SQLSTATEs of PostgreSQL: statement timeout, lock timeout, serialisation failure, deadlock.
BUSY_POSTGRESQL = frozenset({"57014", "55P03", "40001", "40P01"})
# Shutting down, starting, crashed, too many connections, out of memory, read-only (a replica);
# besides class 08, connection errors.
AWAY_POSTGRESQL = frozenset({"57P01", "57P02", "57P03", "53300", "53200", "25006"})


@dataclass(frozen=True, slots=True)
class Outage:
    """One kind of outage: its name, and the HTTP status of its error page."""

    name: str
    status: int


FULL = Outage("full", HTTPStatus.INSUFFICIENT_STORAGE)
AWAY = Outage("away", HTTPStatus.SERVICE_UNAVAILABLE)
BUSY = Outage("busy", HTTPStatus.SERVICE_UNAVAILABLE)


def outage_of(error: BaseException | None) -> Outage | None:
    """The outage that an exception means; None for any other error, which is a bug."""
    if error is None:
        return None
    if says_full(error):
        return FULL
    if not isinstance(error, DatabaseError | InterfaceError | sqlite3.Error | psycopg.Error):
        return None
    kinds = (_kind(cause) for cause in exception_chain(error))
    return next((kind for kind in kinds if kind is not None), None)


def _kind(error: BaseException) -> Outage | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        if code in BUSY_SQLITE or was_rolled_back(error):
            return BUSY
        return AWAY if code in AWAY_SQLITE else None
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate
    if state is None:  # the connection failed
        is_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return AWAY if is_connection else None
    if state in BUSY_POSTGRESQL:
        return BUSY
    return AWAY if state in AWAY_POSTGRESQL or state.startswith("08") else None
