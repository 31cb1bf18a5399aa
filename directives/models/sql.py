# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Writing rows where the ORM takes longer to build a statement than the database to execute it.

Every `sql.py` says how many times as long the same took with the ORM, on SQLite and on PostgreSQL,
over the made-up work of a province (1,174 bodies, 117,000 obligations); tests hold both to the same
rows. Other modules use the ORM (tests/test_local_rules.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from json import JSONEncoder
from operator import attrgetter
from typing import Any, TypeVar

import psycopg
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, JSONField, Model

PLAIN = {str, int, bool, type(None)}  # types that need no conversion
LOT = 500  # rows of one statement
FEW = 50  # rows for which the ORM takes some milliseconds longer at most
Row = TypeVar("Row", bound=Model)


class PreparedCursor(psycopg.Cursor):
    """A cursor that prepares its statements, so that the server keeps their plans."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "PreparedCursor":
        return super().execute(query, params, prepare=True)


def prepared_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor that prepares statements on PostgreSQL.

    The statements must name their columns, so that adding a column does not invalidate them. It is
    an ordinary cursor where queries are logged, and nothing is prepared behind PgBouncer
    (`prepare_threshold` in the settings).
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = PreparedCursor(connection.connection)
        return connection._prepare_cursor(cursor)  # type: ignore[attr-defined]  # private


def insert(model: type[Row], rows: Sequence[Row]) -> None:
    """Insert any number of rows and set their ids. No signals; fields cannot be expressions.

    More than FEW rows are inserted by COPY, on SQLite by `executemany`. Of 500 rows, bulk_create
    takes 3 and 2 times as long; of 5,000, 3 and 5 times.
    """
    if len(rows) <= FEW:
        model._default_manager.bulk_create(rows)
        return
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    for start in range(0, len(rows), LOT):
        lot = rows[start : start + LOT]
        columns = {name: [*map(attrgetter(name), lot)] for name in names}
        ids = insert_columns(model, columns, len(lot))
        for row, pk in zip(lot, ids, strict=True):
            row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def insert_columns(
    model: type[Model], columns: Mapping[str, Sequence[Any]], rows: int
) -> list[int]:
    """Insert rows given as columns; returns their ids in order.

    `columns` has the values of each attribute of the model except the id; `rows` is their number.
    """
    prepared = [column_values(field_of(model, name), values) for name, values in columns.items()]
    with transaction.atomic(savepoint=False):
        ids = _ids(model._meta.db_table, rows)
        _fill(model, ("id", *columns), zip(ids, *prepared, strict=True))
    return ids


def insert_keyed(model: type[Model], keys: Sequence[int], **columns: Sequence[Any]) -> None:
    """Insert rows with these primary keys. `columns` has database values by attribute."""
    with transaction.atomic(savepoint=False):
        _fill(model, (model._meta.pk.attname, *columns), zip(keys, *columns.values(), strict=True))


def field_of(model: type[Model], name: str) -> Field:
    """The concrete field of this name."""
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


@lru_cache(maxsize=100)
def _encoder(field: JSONField) -> JSONEncoder:
    return (field.encoder or JSONEncoder)()


def column_values(field: Field, values: Sequence[Any]) -> Iterable[Any]:
    """The database values of one column; equal values are converted once."""
    if isinstance(field, JSONField):
        encode = _encoder(field).encode
        return [
            value if value is None else "{}" if value == {} else encode(value) for value in values
        ]
    if PLAIN.issuperset(map(type, values)):
        return values
    stored = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return map(stored.__getitem__, values)


def _ids(table: str, rows: int) -> list[int]:
    """Unused ids. On SQLite the transaction is the only writer, so the next ids are free."""
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [name, rows],
            )
            return [pk for (pk,) in cursor.fetchall()]
        last = (
            f"SELECT MAX(COALESCE((SELECT MAX(id) FROM {name}), 0), "
            "COALESCE((SELECT seq FROM sqlite_sequence WHERE name = %s), 0))"
        )
        cursor.execute(last, [table])
        first = cursor.fetchone()[0] + 1
    return [*range(first, first + rows)]


def _fill(model: type[Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(
        connection.ops.quote_name(str(field_of(model, name).column)) for name in names
    )
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(names))})",
                [*rows],
            )
            return
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def update_where(
    model: type[Model],
    ids: Sequence[int],
    values: Mapping[str, Any],
    *,
    using: BaseDatabaseWrapper | None = None,
    **alike: Any,
) -> int:
    """Set fields of the rows with these ids where the fields `alike` match; returns how many.

    Values cannot be expressions. `using` may be a connection that Django does not manage. For one
    row, `filter().update()` takes 9 and 2 times as long.
    """
    text, fields = _update(model, tuple(values), tuple(alike), len(ids))
    params = _stored(zip(fields, (*values.values(), *alike.values()), strict=True))
    with prepared_cursor(using or connection) as cursor:
        cursor.execute(text, [*params[: len(values)], *ids, *params[len(values) :]])
        return cursor.rowcount


def insert_unless_stored(row: Model) -> bool:
    """Insert a row with its primary key; False if a row with the same key is stored already.

    bulk_create does not report whether it inserted a row. get_or_create takes 8 and 5 times as
    long, with four statements instead of one.
    """
    fields = row._meta.concrete_fields
    params = _stored((field, getattr(row, field.attname)) for field in fields)
    columns = ", ".join(_column_names(fields))
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({columns}) VALUES ({places}) "
            "ON CONFLICT DO NOTHING",
            params,
        )
        return bool(cursor.rowcount)


def delete_by_id(model: type[Model], ids: Sequence[int]) -> None:
    """Delete the rows with these ids. The database refuses if other rows refer to them.

    The ORM would delete those too; to find them, it takes 60 and 20 times as long for 200 rows.
    """
    for start in range(0, len(ids), LOT):
        lot = ids[start : start + LOT]
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {model._meta.db_table} WHERE id IN ({', '.join(['%s'] * len(lot))})",
                lot,
            )


def update_each(model: type[Row], rows: Sequence[Row], names: Sequence[str]) -> None:
    """Store these fields of existing rows. Values cannot be expressions.

    For 500 rows, bulk_update takes 40 and 15 times as long.
    """
    for start in range(0, len(rows), LOT):
        lot = rows[start : start + LOT]
        fields = [field_of(model, name) for name in names]
        columns = [
            column_values(field, [*map(attrgetter(field.attname), lot)])
            for field in (model._meta.pk, *fields)
        ]
        if connection.vendor == "postgresql":
            params = [*map(list, columns)]
        else:
            params = [*chain.from_iterable(zip(*columns, strict=True))]
        with connection.cursor() as cursor:
            cursor.execute(_update_each(model, tuple(names), len(lot)), params)


def _stored(values: Iterable[tuple[Field, Any]]) -> list[Any]:
    """The values as database values."""
    return [
        field.get_db_prep_save(value.pk if isinstance(value, Model) else value, connection)
        for field, value in values
    ]


def _column_names(fields: Iterable[Field]) -> list[str]:
    return [connection.ops.quote_name(str(field.column)) for field in fields]


@lru_cache(maxsize=500)
def _update(
    model: type[Model], names: tuple[str, ...], alike: tuple[str, ...], ids: int
) -> tuple[str, list[Field]]:
    """The statement of `update_where`, and the fields of its values and of `alike`."""
    fields = [field_of(model, name) for name in (*names, *alike)]
    columns = _column_names(fields)
    sets = ", ".join(f"{column} = %s" for column in columns[: len(names)])
    more = "".join(f" AND {column} = %s" for column in columns[len(names) :])
    places = ", ".join(["%s"] * ids)
    return f"UPDATE {model._meta.db_table} SET {sets} WHERE id IN ({places}){more}", fields


@lru_cache(maxsize=100)
def _update_each(model: type[Model], names: tuple[str, ...], rows: int) -> str:
    """The statement of `update_each`, with an array for each column on PostgreSQL.

    The arrays are cast to the type without its length, as a cast to varchar(n) would truncate.
    """
    columns = _column_names(field_of(model, name) for name in names)
    sets = ", ".join(f"{column} = v.column{place}" for place, column in enumerate(columns, 2))
    if connection.vendor == "postgresql":
        types = [
            model._meta.pk.rel_db_type(connection),
            *(field_of(model, name).db_type(connection) for name in names),
        ]
        arrays = ", ".join(f"%s::{str(kind).split('(')[0]}[]" for kind in types)
        names_of_columns = ", ".join(f"column{place}" for place in range(1, len(types) + 1))
        source = f"unnest({arrays}) AS v({names_of_columns})"
    else:
        row = f"({', '.join(['%s'] * (len(names) + 1))})"
        source = f"(VALUES {', '.join([row] * rows)}) AS v"
    table = model._meta.db_table
    return f"UPDATE {table} SET {sets} FROM {source} WHERE {table}.id = v.column1"
