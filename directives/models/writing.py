# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Statements of every move whose text is kept: what the ORM would write, without its working it out
each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from directives.models.loading import bulk_insert, column_values, field_of
from directives.models.planned import prepared_cursor


def update_where(
    model: type[Model], ids: Sequence[int], values: Mapping[str, Any], **alike: Any
) -> int:
    """Set these fields of the rows with these ids that are `alike` in others; returns how many.

    Values are no expressions.
    """
    fields = [field_of(model, name) for name in (*values, *alike)]
    params = _stored(zip(fields, (*values.values(), *alike.values()), strict=True))
    text = _update(model, tuple(values), tuple(alike), len(ids))
    with prepared_cursor(connection) as cursor:
        cursor.execute(text, [*params[: len(values)], *ids, *params[len(values) :]])
        return cursor.rowcount


def insert(rows: Sequence[Model]) -> None:
    """Insert a few rows of one table, and give each its id."""
    if not rows:
        return
    fields = _columns(type(rows[0]))
    params = _stored((field, getattr(row, field.attname)) for row in rows for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(_insert(type(rows[0]), len(rows)), params)
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk, row._state.adding = pk, False


LOT = 500  # rows of one statement


def delete_by_id(model: type[Model], ids: Sequence[int]) -> None:
    """Delete the rows with these ids, without looking for what refers to them: the engine refuses
    where something does.
    """
    for start in range(0, len(ids), LOT):
        lot = ids[start : start + LOT]
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {model._meta.db_table} WHERE id IN ({', '.join(['%s'] * len(lot))})",
                lot,
            )


def insert_many(rows: Sequence[Model]) -> None:
    """Insert any number of rows of one table, and give each its id.

    Many times as fast as bulk_create, which works out each value anew.
    """
    for start in range(0, len(rows), LOT):
        bulk_insert(rows[start : start + LOT])


def update_each(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Set these fields of stored rows of one table to what each row holds.

    Values are no expressions.
    """
    for start in range(0, len(rows), LOT):
        lot = rows[start : start + LOT]
        model = type(lot[0])
        fields = [field_of(model, name) for name in names]
        columns = [
            column_values(field, [*map(attrgetter(field.attname), lot)])
            for field in (model._meta.pk, *fields)
        ]
        params = (
            [*map(list, columns)]
            if connection.vendor == "postgresql"
            else [*chain.from_iterable(zip(*columns, strict=True))]
        )
        with connection.cursor() as cursor:
            cursor.execute(_update_each(model, tuple(names), len(lot)), params)


def _stored(values: Iterable[tuple[Field, Any]]) -> list[Any]:
    """The values as the engine takes them."""
    return [
        field.get_db_prep_save(value.pk if isinstance(value, Model) else value, connection)
        for field, value in values
    ]


def _columns(model: type[Model]) -> list[Field]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _named(model: type[Model], names: Iterable[str]) -> list[str]:
    return [connection.ops.quote_name(str(field_of(model, name).column)) for name in names]


@lru_cache(maxsize=500)
def _update(model: type[Model], names: tuple[str, ...], alike: tuple[str, ...], ids: int) -> str:
    sets = ", ".join(f"{column} = %s" for column in _named(model, names))
    more = "".join(f" AND {column} = %s" for column in _named(model, alike))
    places = ", ".join(["%s"] * ids)
    return f"UPDATE {model._meta.db_table} SET {sets} WHERE id IN ({places}){more}"


@lru_cache(maxsize=100)
def _insert(model: type[Model], rows: int) -> str:
    columns = _named(model, (field.name for field in _columns(model)))
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * rows)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {places} RETURNING id"


@lru_cache(maxsize=100)
def _update_each(model: type[Model], names: tuple[str, ...], rows: int) -> str:
    """PostgreSQL takes a column at a time, and must be told its type: without its length, so that
    what is too long is refused.
    """
    sets = ", ".join(
        f"{column} = v.column{place}" for place, column in enumerate(_named(model, names), 2)
    )
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
