"""Daily copies of the totals of bodies whose totals changed, to show any earlier day."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from directives.base import tree_lock
from directives.models import (
    Document,
    JobRun,
    Mark,
    OverallDay,
    OverallMark,
    Tally,
    TallyDay,
)
from directives.tallies.sql import copies
from directives.tallies.sql.recounts import PRUNED, first_kept_day

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
    written = copies.copy_totals(day)
    copies.copy_overall(day)
    return written


@transaction.atomic
def add_up_days() -> None:
    """Fill the daily copies over all documents, if there are none, from those of each document."""
    tree_lock.share_for_repair()
    if not OverallDay.objects.exists():
        copies.add_up_days()


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
    since = first_kept_day()
    marks = (Mark, OverallMark)
    unneeded = [
        Tally.objects.filter(count=0, percent_sum=0),
        *(model.objects.filter(count=0) for model in marks),
    ]
    if since is not None:
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
