"""Tables without their indexes and foreign keys while they are filled, which is much faster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model


@contextmanager
def large_transaction() -> Iterator[None]:
    """One transaction with memory to sort in, which waits for the disk as little as it can.

    SQLite uses a rollback journal for it, which writes each new page once, not twice as its
    write-ahead log does.
    """
    outside_transaction = connection.vendor == "sqlite" and not connection.in_atomic_block
    if outside_transaction:
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
        if outside_transaction:
            connection.close()  # the next one is opened as settings say


def _pragmas(*settings: str) -> None:
    with connection.cursor() as cursor:
        for setting in settings:
            cursor.execute(f"PRAGMA {setting}")


def drop_indexes(models: Sequence[type[Model]]) -> list[str]:
    """Drop the indexes and foreign keys of tables. Returns the statements that make them again."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statements = _sqlite(cursor, tables)
        else:
            # A constraint whose checks are pending cannot be dropped.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            statements = _postgresql(cursor, tables)
        for drop, _make in statements:
            cursor.execute(drop)
    return [make for _drop, make in reversed(statements)]


def make_indexes(statements: list[str]) -> None:
    """Make again what `drop_indexes` dropped. Raises where rows break a foreign key or an index."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite(cursor: CursorWrapper, tables: list[str]) -> list[tuple[str, str]]:
    placeholders = ", ".join(["%s"] * len(tables))
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "  # noqa: S608
        f"AND tbl_name IN ({placeholders}) ORDER BY name DESC",
        tables,
    )
    return [(f'DROP INDEX "{name}"', sql) for name, sql in cursor.fetchall()]


def _postgresql(cursor: CursorWrapper, tables: list[str]) -> list[tuple[str, str]]:
    """Foreign keys are dropped first and made last; a primary key stays."""
    cursor.execute(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) "
        "FROM pg_constraint c WHERE c.conrelid::regclass::text = ANY(%s) "
        "AND c.contype IN ('f', 'u') ORDER BY c.contype, c.conname",
        [tables],
    )
    constraints = [
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
    return constraints + [
        (f"DROP INDEX {name}", definition) for name, definition in cursor.fetchall()
    ]


def reset_sequences(models: Sequence[type[Model]]) -> None:
    """Let the next ids that the database gives follow those that were written."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def analyse() -> None:
    """Update the statistics that the query planner uses."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
