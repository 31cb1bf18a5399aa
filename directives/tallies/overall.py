# ruff: noqa: S608 - nothing but names of our own tables enters these statements
"""Daily totals over all documents: copied from the totals, or summed up from earlier copies."""

from django.db import connection, transaction

from directives.base import tree_lock
from directives.base.states import COLOURS
from directives.models import DocumentTotal, OverallDay, TallyDay


def copy_overall(as_day: str) -> str:
    """The statement that copies the sums of bodies where they differ from their last copy."""
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


@transaction.atomic
def add_up_days() -> None:
    """Fill `OverallDay`, if it is empty, from the copies of each document.

    A body's sum on a day is the sum of all differences between consecutive copies up to that day.
    """
    tree_lock.share_for_repair()
    if OverallDay.objects.exists():
        return
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
