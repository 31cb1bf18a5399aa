# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Many rows of one table at once, by the shortest way that each engine has: COPY, or one prepared
statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from json import JSONEncoder
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, JSONField, Model

PLAIN = {str, int, bool, type(None)}  # both engines take them as they are


def bulk_insert(rows: Sequence[Model]) -> None:
    """Insert rows of one table, and give each its id.

    No signals, no defaults of the database; all or none.
    """
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    ids = insert_columns(
        model,
        {field.attname: [*map(attrgetter(field.attname), rows)] for field in fields},
        len(rows),
    )
    for row, pk in zip(rows, ids, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def insert_columns(
    model: type[Model], columns: Mapping[str, Sequence[Any]], rows: int
) -> list[int]:
    """Insert so many rows given as columns by attribute, every one of the table but its id; returns
    their ids, in order.
    """
    prepared = [column_values(field_of(model, name), values) for name, values in columns.items()]
    with transaction.atomic(savepoint=False):
        ids = _ids(model._meta.db_table, rows)
        _fill(model, ("id", *columns), zip(ids, *prepared, strict=True))
    return ids


def insert_keyed(model: type[Model], keys: Sequence[int], **columns: Sequence[Any]) -> None:
    """Insert rows whose key is another table's.

    `columns` by attribute, with values as the engine takes them.
    """
    with transaction.atomic(savepoint=False):
        _fill(model, (model._meta.pk.attname, *columns), zip(keys, *columns.values(), strict=True))


def field_of(model: type[Model], name: str) -> Field:
    """The field of this name, which is a column of the table."""
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


@lru_cache(maxsize=100)
def _encoder(field: JSONField) -> JSONEncoder:
    return (field.encoder or JSONEncoder)()


def column_values(field: Field, values: Sequence[Any]) -> Iterable[Any]:
    """The values of one column as the engine takes them; equal ones are worked out once."""
    if isinstance(field, JSONField):
        encode = _encoder(field).encode
        return [
            "{}"
            if value == {}
            else value
            if value is None or isinstance(value, EncodedJSON)
            else encode(value)
            for value in values
        ]
    if PLAIN.issuperset(map(type, values)):
        return values
    stored = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return map(stored.__getitem__, values)


class EncodedJSON(str):
    """A value of a JSON column that is JSON already."""

    __slots__ = ()


def repeated(value: Any, rows: int) -> list[Any]:
    """A column of which every row says the same."""
    return [*repeat(value, rows)]


def _ids(table: str, rows: int) -> list[int]:
    """Ids that no other row has or will get.

    SQLite has one writer, who is in a transaction here.
    """
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
