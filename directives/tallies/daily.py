# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Daily copies of the totals of bodies whose totals changed, to show any earlier day."""

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

COPIED = "copy_totals"  # the JobRun whose `last_day` is the last day that was copied
STEP = 500  # rows deleted in one transaction


def last_copied() -> date:
    """The last day whose totals were copied, even if nothing had changed; `date.min` if none."""
    last_day = JobRun.objects.filter(name=COPIED).values_list("last_day", flat=True).first()
    if last_day:
        return last_day
    # A query for each document, because each is answered by the index on document and day.
    newest = map(_newest_copy, Document.objects.values_list("pk", flat=True))
    return max(filter(None, newest), default=date.min)


def _newest_copy(document: int) -> date | None:
    copies = TallyDay.objects.filter(document=document)
    newest: date | None = copies.aggregate(newest=Max("day"))["newest"]
    return newest


@transaction.atomic
def copy_day(day: date) -> int:
    """Store the present totals as those of the end of `day`; returns the number of rows written.

    If a total of a body under a document differs from its last copy, all sections of the document
    are written, so that the copies of one day add up. A day that was copied already, or lies before
    one that was, is never written again.
    """
    JobRun.objects.get_or_create(
        name=COPIED, defaults={"last_ran_at": _end(day), "last_day": last_copied()}
    )
    # Of two processes at once, the second waits here and finds the day copied.
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
    """The statement that copies the totals of each body and document where any has changed."""
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
    """Delete the copies of days after this one, made while the clock was wrong; returns how many.

    Call `rebuild` afterwards: acts that were pruned too early can then be counted again.
    """
    JobRun.objects.filter(Q(name=COPIED, last_day__gt=day) | Q(name=PRUNED)).delete()
    OverallDay.objects.filter(day__gt=day).delete()
    return TallyDay.objects.filter(day__gt=day).delete()[0]


def prune() -> int:
    """Delete counts of zero and acts of old days, in short transactions; returns how many rows.

    Totals of zero are kept, because the change to zero may still have to be copied.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {acts_since()}")
        since = cursor.fetchone()[0]
    marks = (Mark, OverallMark)
    unneeded = [
        Tally.objects.filter(count=0, percent_sum=0),
        *(model.objects.filter(count=0) for model in marks),
    ]
    if since is not None:  # None: there are no events
        since = date.fromisoformat(str(since))
        JobRun.objects.update_or_create(
            name=PRUNED, defaults={"last_day": since, "last_ran_at": _end(since)}
        )
        unneeded += [model.objects.filter(topic="act", day__lt=since) for model in marks]
    return sum(_delete(rows) for rows in unneeded)


def _delete(rows: QuerySet[Any]) -> int:
    """Delete in small steps, skipping rows that a writer has locked."""
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
