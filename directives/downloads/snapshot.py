"""Reading a long list as of one instant, from a replica where one will do, without keeping anybody from writing."""

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
    """The databases to read it from, one after another should the first fail: replicas that have its row, then the primary."""
    for one in map(replica, settings.REPLICAS):
        if _has(one, export):
            yield one.alias
    yield DEFAULT_DB_ALIAS


def _has(one: Replica, export: Export) -> bool:
    standing = one.state()
    if not standing or standing.lag > settings.REPLICA_MAX_LAG:
        return False
    try:
        return Export.objects.using(one.alias).filter(pk=export.pk).exists()
    except DATABASE_ERRORS as error:  # it was well when it was last looked at
        one.fail(error)
        return False


def interrupt_query(connection: BaseDatabaseWrapper) -> None:
    """Have whoever waits for an answer on this connection, in another thread, wait no longer: they meet an OperationalError."""
    asking = connection.connection
    if asking is None:
        return
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            asking.interrupt()
        else:
            asking.cancel_safe(timeout=5)


@contextmanager
def snapshot_of(alias: str) -> Iterator[datetime]:
    """Within this, everything is read as it stood at the instant that is given. Nothing can be written."""
    connection = connections[alias]
    with reading_from(alias), _frozen(connection):
        standing = replica(alias).state() if alias in settings.REPLICAS else None
        yield timezone.now() - timedelta(seconds=standing.lag if standing else 0)


@contextmanager
def _frozen(connection: BaseDatabaseWrapper) -> Iterator[None]:
    if connection.in_atomic_block:  # one instant already
        yield
        return
    if connection.vendor == "sqlite":
        with _deferred(connection):
            yield
        return
    with transaction.atomic(using=connection.alias), _by_cursor(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Django's own transactions on SQLite take the lock of the writer at once; this one never does."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        cursor.execute(
            "SELECT count(*) FROM sqlite_master"
        )  # the instant is that of the first reading
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")


@contextmanager
def _by_cursor(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Rows come some at a time: behind PgBouncer Django fetches them whole, which within one transaction it need not."""
    told = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    try:
        yield
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = told
