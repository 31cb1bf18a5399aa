# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""A daily copy of the totals of every body whose work changed, to show any earlier day."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from directives.base.states import COLOURS
from directives.models import (
    Document,
    JobRun,
    Mark,
    OverallDay,
    OverallMark,
    Tally,
    TallyDay,
    Total,
)
from directives.tallies.overall import copy_overall
from directives.tallies.recount import PRUNED, acts_since

COPIED = "copy_totals"  # the JobRun whose day is the last that was copied
STEP = 500  # rows taken away in one transaction


def last_copied() -> date:
    """The last day of which totals were copied, whether or not anything had changed on it;
    `date.min` if none was.
    """
    last_day = JobRun.objects.filter(name=COPIED).values_list("last_day", flat=True).first()
    return last_day or max(
        filter(None, map(_newest, Document.objects.values_list("pk", flat=True))), default=date.min
    )


def _newest(document: int) -> date | None:
    newest: date | None = TallyDay.objects.filter(document=document).aggregate(newest=Max("day"))[
        "newest"
    ]
    return newest


@transaction.atomic
def copy_day(day: date) -> int:
    """Copy the totals as they stand as those of the end of `day`; returns the rows written.

    Only bodies whose totals under a document differ from their last copy are written, and then
    every section of it: so the copies of one day add up. A day that was copied, or lies before one
    that was, is left as it is: nothing is written into the past.
    """
    JobRun.objects.get_or_create(
        name=COPIED, defaults={"last_ran_at": _end(day), "last_day": last_copied()}
    )
    # Of two at once the second finds the day copied
    run = JobRun.objects.select_for_update().get(name=COPIED)
    if run.last_day >= day:
        return 0
    JobRun.objects.filter(pk=run.pk).update(last_day=day, last_ran_at=_end(day))
    as_day = "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"
    with connection.cursor() as cursor:
        cursor.execute(_copy_totals(as_day), [str(day)])
        written = int(cursor.rowcount)
        cursor.execute(copy_overall(as_day), [str(day)])
    return written


def _copy_totals(as_day: str) -> str:
    """The statement that copies the totals of bodies and documents where they have changed."""
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


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, timezone.get_current_timezone())


def forget_after(day: date) -> int:
    """Forget the copies of days after this one, which a clock that was wrong had made; returns how
    many rows.

    What was pruned too early can be counted again: rebuild afterwards.
    """
    JobRun.objects.filter(Q(name=COPIED, last_day__gt=day) | Q(name=PRUNED)).delete()
    OverallDay.objects.filter(day__gt=day).delete()
    return TallyDay.objects.filter(day__gt=day).delete()[0]


def prune() -> int:
    """Take away counts that have come to nothing and acts of days long past; no writer has to wait
    for it.

    Returns how many.

    Totals stay where they are nothing: that they came to nothing is still to be copied.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {acts_since()}")
        since = cursor.fetchone()[0]
    marks = (Mark, OverallMark)
    spent = [
        Tally.objects.filter(count=0, percent_sum=0),
        *(model.objects.filter(count=0) for model in marks),
    ]
    if since is not None:  # None: nothing has ever happened
        since = date.fromisoformat(str(since))
        JobRun.objects.update_or_create(
            name=PRUNED, defaults={"last_day": since, "last_ran_at": _end(since)}
        )
        spent += [model.objects.filter(topic="act", day__lt=since) for model in marks]
    return sum(_take_away(rows) for rows in spent)


def _take_away(rows: QuerySet[Any]) -> int:
    """Delete in small steps, skipping rows that a writer holds."""
    deleted = last = 0
    while True:
        with transaction.atomic():
            idle = rows.select_for_update(
                skip_locked=connection.features.has_select_for_update_skip_locked
            )
            ids = list(idle.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:STEP])
            deleted += int(rows.model.objects.filter(pk__in=ids).delete()[0])
        if len(ids) < STEP:
            return deleted
        last = ids[-1]
