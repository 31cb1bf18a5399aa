"""The daily tick: lights that time alone has changed.

Besides `transitions` only this writes obligations, and nothing but their light. Each batch is a
transaction of its own, so that a long tick blocks nobody and goes on where it was interrupted.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from directives.base.clocks import Reason
from directives.base.workdays import Workdays
from directives.core import audit, jobs
from directives.core.transitions import LIGHT_FIELDS, relight
from directives.models import CalendarDay, JobProgress, JobRun, Obligation, User
from directives.models.jobs import WAITING
from directives.tallies import Standing, counted, pending_delta

BATCH = 500  # obligations of one transaction


def tick(*, now: datetime, everything: bool = False) -> int:
    """Work out anew each light whose day has come by now; returns how many changed in colour or
    reason.

    `everything` takes all obligations: after a change of the settings or of the calendar. Running
    it again at once changes nothing, and after days without a run one run catches up.
    """
    today = timezone.localdate(now)
    workdays = CalendarDay.objects.workdays(today)
    rows = Obligation.objects.all() if everything else Obligation.objects.due_for_light(today)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(_tick_batch(batch, workdays=workdays, now=now) for batch in _batches(ids))


def relight_all(*, by: User | None, now: datetime) -> None:
    """Have the worker compute every light anew. A job that still waits serves this change too."""
    waiting = JobProgress.objects.filter(kind="relight", state=WAITING, reached="")
    if not waiting.update(at=now):
        jobs.start_job("relight", total=0, by=by, now=now)


def next_part(job: JobProgress) -> bool:
    """Work out the next lights anew, in the order of the obligations' keys."""
    now = JobRun.objects.as_of(job.at)
    rows = Obligation.objects.order_by("pk").values_list("pk", flat=True)
    if not job.reached:
        job.total = rows.count()
    batch = list(rows.filter(pk__gt=int(job.reached or 0))[:BATCH])
    if batch:
        job.made += _tick_batch(
            batch, workdays=CalendarDay.objects.workdays(timezone.localdate(now)), now=now
        )
        job.done, job.reached = job.done + len(batch), str(batch[-1])
    return len(batch) == BATCH


ACT = jobs.in_parts(next_part)


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


@counted()
def _tick_batch(ids: list[int], *, workdays: Workdays, now: datetime) -> int:
    """Relight one batch, tallies and audit with it, as of one instant: a light that turns is
    counted on the day of its event.

    The rows are locked, so no move can come between reading and writing.
    """
    today = timezone.localdate(now)
    # Who files something about a row does not wait, nor do we
    locked = Obligation.objects.select_for_update(no_key=True)
    delta, changes = pending_delta(), []
    same_light: dict[tuple[Any, ...], list[int]] = {}
    for row in locked.filter(pk__in=ids).order_by("pk"):
        standing, before = Standing.of(row), _shown(row)
        relight(row, today=today, workdays=workdays)
        after = _shown(row)
        if after == before:
            continue
        delta.swap(standing, Standing.of(row), today)
        same_light.setdefault(tuple(after.values()), []).append(row.pk)
        if _audited(before) != _audited(after):
            changes.append(audit.Change(row, _audited(before), _audited(after)))
    _write(same_light)
    audit.record_many("light", changes, by=None, now=now)
    return len(changes)


def _shown(row: Obligation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in LIGHT_FIELDS}


def _audited(shown: dict[str, Any]) -> dict[str, Any]:
    reason = Reason(shown["light_code"], shown["light_on"])
    return {"light": shown["light"], "light_reason": reason.to_json()}


def _write(same_light: dict[tuple[Any, ...], list[int]]) -> None:
    """One update for all rows with the same new light.

    The version goes up: a move decided on the old light is stale.
    """
    for shown, ids in same_light.items():
        fields = dict(zip(LIGHT_FIELDS, shown, strict=True))
        Obligation.objects.filter(pk__in=ids).update(**fields, version=F("version") + 1)
