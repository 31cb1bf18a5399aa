"""Tables without their indexes and references while they are filled: making them once afterwards takes far less than keeping them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model


@contextmanager
def roomy() -> Iterator[None]:
    """One transaction, with room to sort and as little waiting for the disk as the engine allows.

    SQLite leaves the write-ahead log for it: with a rollback journal a new page is written once, and nothing at all if it fails.
    """
    alone = connection.vendor == "sqlite" and not connection.in_atomic_block
    if alone:
        _pragmas("journal_mode=DELETE", "synchronous=OFF", "foreign_keys=OFF")
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '128MB'"
                    )
            yield
    finally:
        if alone:
            connection.close()  # the next one is opened as settings say


def _pragmas(*settings: str) -> None:
    with connection.cursor() as cursor:
        for setting in settings:
            cursor.execute(f"PRAGMA {setting}")


def strip(models: Sequence[type[Model]]) -> list[str]:
    """Take the indexes and references off these tables; returns the statements that put them back."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = _sqlite(cursor, tables)
        else:
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE"
            )  # no reference that waits to be checked may be taken off
            found = _postgresql(cursor, tables)
        for drop, _make in found:
            cursor.execute(drop)
    return [make for _drop, make in reversed(found)]


def restore(statements: list[str]) -> None:
    """Put back what `strip` took off; rows that break a reference or an index raise."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite(cursor: object, tables: list[str]) -> list[tuple[str, str]]:
    places = ", ".join(["%s"] * len(tables))
    cursor.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({places}) ORDER BY name DESC",  # noqa: S608
        tables,
    )
    return [(f'DROP INDEX "{name}"', sql) for name, sql in cursor.fetchall()]


def _postgresql(cursor: object, tables: list[str]) -> list[tuple[str, str]]:
    """References go first and come last; a primary key stays."""
    cursor.execute(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c "
        "WHERE c.conrelid::regclass::text = ANY(%s) AND c.contype IN ('f', 'u') ORDER BY c.contype, c.conname",
        [tables],
    )
    found = [
        (
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}",
        )
        for table, name, definition in cursor.fetchall()
    ]
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u') "
        "WHERE i.indrelid::regclass::text = ANY(%s) AND c.oid IS NULL ORDER BY 1",
        [tables],
    )
    return found + [(f"DROP INDEX {name}", definition) for name, definition in cursor.fetchall()]


def count_on(models: Sequence[type[Model]]) -> None:
    """Let ids that the database gives follow those that were written."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def analyse() -> None:
    """Let the engine look at what it now holds, as it would by itself in time."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
