# ruff: noqa: S608 - nothing but names of our own tables enters these statements
"""Copying the totals of a day, and summing up copies, without reading the rows.

The ORM has no insertion of what a query returns. Reading the totals and their newest copies takes 8
and 4 times as long, summing up all copies in Python 2 and 3 times.
"""

from datetime import date

from django.db import connection

from directives.base.states import COLOURS
from directives.models import DocumentTotal, OverallDay, TallyDay, Total


def copy_totals(day: date) -> int:
    """Copy the totals of each body and document where any has changed; returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_copy_totals(_as_day()), [str(day)])
        return int(cursor.rowcount)


def copy_overall(day: date) -> None:
    """Copy the sums over all documents of bodies where they differ from their last copy."""
    with connection.cursor() as cursor:
        cursor.execute(_copy_overall(_as_day()), [str(day)])


def add_up_days() -> None:
    """Fill `OverallDay` from the copies of each document.

    A body's sum on a day is the sum of all differences between consecutive copies up to that day.
    """
    values, table = (*COLOURS, "percent_sum"), TallyDay._meta.db_table
    before = "COALESCE(LAG({0}) OVER part, 0)"
    differs = ", ".join(f"{value} - {before.format(value)} AS {value}" for value in values)
    sums = ", ".join(f"SUM({value}) AS {value}" for value in values)
    until = "OVER (PARTITION BY scope_id ORDER BY day)"
    so_far = ", ".join(f"SUM({value}) {until}" for value in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {OverallDay._meta.db_table} (day, scope_id, {', '.join(values)}) "
            f"WITH steps AS (SELECT scope_id, day, {differs} FROM {table} "
            "WINDOW part AS (PARTITION BY scope_id, document_id, section_id ORDER BY day)), "
            f"changes AS (SELECT scope_id, day, {sums} FROM steps GROUP BY scope_id, day) "
            f"SELECT day, scope_id, {so_far} FROM changes"
        )


def _as_day() -> str:
    return "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"


def _copy_totals(as_day: str) -> str:
    table = TallyDay._meta.db_table
    sums = ", ".join(
        f"SUM(CASE WHEN light = '{colour}' THEN count ELSE 0 END) AS {colour}" for colour in COLOURS
    )
    same = " AND ".join(f"c.{name} = t.{name}" for name in (*COLOURS, "percent_sum"))
    none = " AND ".join(f"t.{name} = 0" for name in (*COLOURS, "percent_sum"))
    place = (
        "c.scope_id = t.scope_id AND c.document_id = t.document_id AND c.section_id = t.section_id"
    )
    newest = f"SELECT MAX(c.day) FROM {table} c WHERE {place}"
    never = f"{none} AND NOT EXISTS (SELECT 1 FROM {table} c WHERE {place})"
    colours, copied = ", ".join(COLOURS), ", ".join(f"t.{colour}" for colour in COLOURS)
    return (
        f"INSERT INTO {table} (day, scope_id, document_id, section_id, {colours}, percent_sum) "
        f"WITH t AS (SELECT scope_id, document_id, section_id, {sums}, "
        "SUM(percent_sum) AS percent_sum "
        f"FROM {Total._meta.db_table} GROUP BY scope_id, document_id, section_id), "
        "changed AS (SELECT DISTINCT t.scope_id, t.document_id FROM t "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} c "
        f"WHERE {place} AND c.day = ({newest}) AND {same}) AND NOT ({never})) "
        f"SELECT {as_day}, t.scope_id, t.document_id, t.section_id, {copied}, t.percent_sum "
        "FROM t JOIN changed d ON d.scope_id = t.scope_id AND d.document_id = t.document_id "
        f"WHERE NOT ({never})"
    )


def _copy_overall(as_day: str) -> str:
    values, table = (*COLOURS, "percent_sum"), OverallDay._meta.db_table
    names, sums = ", ".join(values), ", ".join(f"SUM({value}) AS {value}" for value in values)
    same = " AND ".join(f"c.{value} = t.{value}" for value in values)
    none = " AND ".join(f"t.{value} = 0" for value in values)
    newest = f"SELECT MAX(c.day) FROM {table} c WHERE c.scope_id = t.scope_id"
    return (
        f"INSERT INTO {table} (day, scope_id, {names}) "
        f"WITH t AS (SELECT scope_id, {sums} "
        f"FROM {DocumentTotal._meta.db_table} GROUP BY scope_id) "
        f"SELECT {as_day}, t.scope_id, {', '.join(f't.{value}' for value in values)} FROM t "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} c "
        f"WHERE c.scope_id = t.scope_id AND c.day = ({newest}) AND {same}) "
        f"AND NOT ({none} AND ({newest}) IS NULL)"
    )
