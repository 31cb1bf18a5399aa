"""Tables emptied between transactional tests: those alone that have rows.

Django empties every table, then fills those of content types and permissions anew, which takes
longer than most of these tests. What migrations filled is left as it is, if the test has not
changed it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.commands import flush
from django.db import connection, models, transaction
from django.db.backends.base.operations import BaseDatabaseOperations as DatabaseOperations

GUARDS = import_module("directives.migrations.0003_append_only")
Rows = dict[type[models.Model], list[tuple[Any, ...]]]

migrated: Rows = {}  # what migrations filled


def remember_what_migrations_filled() -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    migrated.update(_rows_of(by_table[table] for table in _filled(tables)))


@contextmanager
def only_filled_tables() -> Iterator[None]:
    """While it lasts, emptying the database goes the shorter way."""
    kind = type(
        connection.ops
    )  # each engine inherits some methods; only the one under test changes
    before = {name: vars(kind).get(name) for name in ("sql_flush", "execute_sql_flush")}
    emit = flush.emit_post_migrate_signal
    kind.sql_flush, kind.execute_sql_flush = _statements, _empty
    flush.emit_post_migrate_signal = _emit_nothing
    try:
        yield
    finally:
        flush.emit_post_migrate_signal = emit
        for name, method in before.items():
            if method is None:
                delattr(kind, name)
            else:
                setattr(kind, name, method)


def _statements(
    operations: DatabaseOperations, style: Any, tables: Iterable[str], **options: bool
) -> list[str]:
    """Delete, table by table: every foreign key is checked when the transaction ends."""
    kept = () if _rows_of(migrated) != migrated else {model._meta.db_table for model in migrated}
    filled = [table for table in _filled(tables) if table not in kept]
    return [f"DELETE FROM {operations.quote_name(table)}" for table in filled]


def _empty(operations: DatabaseOperations, sql_list: list[str]) -> None:
    """The append-only tables refuse: their triggers are taken off for the emptying alone."""
    guarded = any(table in statement for table in GUARDS.TABLES for statement in sql_list)
    if guarded:
        with operations.connection.schema_editor() as editor:
            GUARDS.release(apps, editor)
    DatabaseOperations.execute_sql_flush(operations, sql_list)
    if guarded:
        with operations.connection.schema_editor() as editor:
            GUARDS.guard(apps, editor)
    _fill_again()


@transaction.atomic  # permissions refer to content types, and may come first
def _fill_again() -> None:
    """Put what migrations filled back, under the same ids."""
    for model, rows in migrated.items():
        names = [field.attname for field in model._meta.concrete_fields]
        if not model._base_manager.exists():
            model._base_manager.bulk_create(
                model(**dict(zip(names, row, strict=True))) for row in rows
            )


def _emit_nothing(*arguments: Any, **options: Any) -> None:
    """Content types and permissions are there already."""


def _filled(tables: Iterable[str]) -> list[str]:
    """Those that have a row."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in tables
            )
        )
        return [name for (name,) in cursor.fetchall()]


def _rows_of(filled: Iterable[type[models.Model]]) -> Rows:
    return {model: list(model._base_manager.order_by("pk").values_list()) for model in filled}
