# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Statements that add to rows of counts and insert missing ones, in the order of their keys.

bulk_create can only overwrite what it finds. To read and lock 50 rows, and then overwrite them,
takes 35 and 45 times as long.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from directives.base import tree_lock
from directives.base.states import COLOURS
from directives.models import (
    DocumentTotal,
    FigureTotal,
    Mark,
    Organisation,
    OverallMark,
    Owing,
    Tally,
    Total,
)

BATCH = 400  # rows of one statement
AT_ONCE = 5  # statements that are sent to PostgreSQL together
PLACES = FigureTotal._meta.get_field("sum").decimal_places
Statement = tuple[str, list[Any]]  # with its parameters
Key = TypeVar("Key", bound=tuple[int | str | date, ...])  # the values of a row's COLUMNS


def exact(column: str, expression: str) -> str:
    """SQL for a sum in this column. SQLite adds decimals as floats; rounded, they are exact."""
    return f"ROUND({expression}, {PLACES})" if column == "sum" else expression


COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Tally: ("scope_id", "document_id", "directive_id", "body_kind", "state", "light"),
    Total: ("scope_id", "document_id", "section_id", "light"),
    DocumentTotal: ("scope_id", "document_id"),
    Mark: ("scope_id", "document_id", "topic", "day", "word"),
    OverallMark: ("scope_id", "topic", "day", "word"),
    Owing: ("organisation_id", "document_id"),
    FigureTotal: ("scope_id", "indicator_id", "year", "period", "number"),
}
WORDS = {"body_kind", "state", "light", "topic", "word", "period"}  # text columns among COLUMNS
# The columns of a table that hold counts and sums
VALUES: dict[type[Model], tuple[str, ...]] = {
    Tally: ("count", "percent_sum"),
    Total: ("count", "percent_sum"),
    DocumentTotal: (*COLOURS, "percent_sum"),
    Mark: ("count",),
    OverallMark: ("count",),
    Owing: ("count",),
    FigureTotal: ("count", "sum"),
}


def upsert_returning(model: type[Model], *sums: Counter[Key]) -> list[tuple[Any, int]]:
    """Add to the rows of these keys; returns each key with its new count."""
    result: list[tuple[Any, int]] = []
    for statement, params in upserts(model, *sums):
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} RETURNING {', '.join(COLUMNS[model])}, count", params)
            result += [(tuple(row[:-1]), row[-1]) for row in cursor.fetchall()]
    return result


def upserts(model: type[Model], *sums: Counter[Key]) -> list[Statement]:
    """The statements that add to the rows of these keys, in the order of the keys.

    `sums` has a counter for each column of `VALUES`.
    """
    keys: set[Key] = set().union(*sums)
    rows = sorted(
        (*key, *values) for key in keys if any(values := [counter[key] for counter in sums])
    )
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    as_stored = connection.ops.adapt_datefield_value
    return [
        (
            _adding(model, len(batch)),
            [as_stored(v) if isinstance(v, date) else v for row in batch for v in row],
        )
        for batch in batches
    ]


def write(statements: list[Statement]) -> None:
    """Execute the statements in order; on PostgreSQL a few of them in one round trip."""
    with connection.cursor() as cursor:
        if len(statements) <= AT_ONCE and tree_lock.can_batch_statements():
            text = ";\n".join(text for text, _params in statements)
            statements = [(text, [param for _text, params in statements for param in params])]
        for text, params in statements:
            if text:
                cursor.execute(text, params)


@lru_cache(maxsize=500)
def _adding(model: type[Model], rows: int) -> str:
    """The statement that adds this number of rows."""
    columns = (*COLUMNS[model], *VALUES[model])
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * rows)
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {places} {adding(model)}"
    )


def adding(model: type[Model]) -> str:
    """The end of an INSERT that adds to existing rows."""
    table, columns, values = model._meta.db_table, COLUMNS[model], VALUES[model]
    sums = ", ".join(
        f"{value} = {exact(value, f'{table}.{value} + EXCLUDED.{value}')}" for value in values
    )
    return f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET {sums}"


def add_counts(model: type[Model], source: int, scope: int, sign: str) -> None:
    """Add the counts of one body to those of another, or with "-" subtract them.

    To read them and write them by `upserts` takes 5 times as long, while all who write counts wait.
    """
    table, others, values = model._meta.db_table, COLUMNS[model][1:], VALUES[model]
    signed = ", ".join(sign + value for value in values)
    any_nonzero = " OR ".join(f"{value} <> 0" for value in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (scope_id, {', '.join((*others, *values))}) "
            f"SELECT %s, {', '.join(others)}, {signed} FROM {table} WHERE scope_id = %s AND "
            f"({any_nonzero}) {adding(model)}",
            [scope, source],
        )


def rows_under_lock(bodies: Sequence[int]) -> list[tuple[int, str, str, bool]]:
    """Id, path, kind and branch of these bodies, read once the tree lock is shared.

    On PostgreSQL it is one round trip; with the ORM it is two, which take 3 times as long.
    """
    places = ", ".join(["%s"] * len(bodies))
    return tree_lock.share_and_fetch(
        f"SELECT id, path, kind, branch FROM {Organisation._meta.db_table} WHERE id IN ({places})",
        bodies,
    )
