"""Reads a long list as of one instant, if possible from a replica, without blocking writers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from directives.base.replicas import Replica, reading_from, replica
from directives.base.retries import DATABASE_ERRORS
from directives.models import Export


def aliases(export: Export) -> Iterator[str]:
    """The databases to try in turn: replicas that have the row of the export, then the primary."""
    for database in map(replica, settings.REPLICAS):
        if _has_row_of(database, export):
            yield database.alias
    yield DEFAULT_DB_ALIAS


def _has_row_of(database: Replica, export: Export) -> bool:
    state = database.state()
    if not state or state.lag > settings.REPLICA_MAX_LAG:
        return False
    try:
        return Export.objects.using(database.alias).filter(pk=export.pk).exists()
    except DATABASE_ERRORS as error:  # the state is that of the last check
        database.fail(error)
        return False


def interrupt_query(connection: BaseDatabaseWrapper) -> None:
    """Cancel a query that another thread runs on this connection: it gets an OperationalError."""
    raw = connection.connection
    if raw is None:
        return
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            raw.interrupt()
        else:
            raw.cancel_safe(timeout=5)


@contextmanager
def snapshot_of(alias: str) -> Iterator[datetime]:
    """Read everything within the block as of one instant, which is yielded. Writing fails."""
    connection = connections[alias]
    with reading_from(alias), _transaction(connection):
        state = replica(alias).state() if alias in settings.REPLICAS else None
        yield timezone.now() - timedelta(seconds=state.lag if state else 0)


@contextmanager
def _transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    if connection.in_atomic_block:  # in a test
        yield
        return
    if connection.vendor == "sqlite":
        with _deferred(connection):
            yield
        return
    with transaction.atomic(using=connection.alias), _server_side_cursors(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction that only reads: Django's own on SQLite are IMMEDIATE, and lock out writers."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("SELECT count(*) FROM sqlite_master")  # the first read takes the snapshot
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")


@contextmanager
def _server_side_cursors(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Fetch rows in chunks, even behind PgBouncer: within one transaction that is safe."""
    disabled = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    try:
        yield
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = disabled
