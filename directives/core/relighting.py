"""The daily tick, which updates the lights that change with the date alone.

Apart from `transitions` only this module writes obligations, and only their lights. Each batch is a
transaction, so that a long tick blocks nobody and an interrupted one loses nothing.
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
    """Recompute each light that may have changed by today; returns how many changed.

    A change is one of colour or reason. With `everything` all obligations are recomputed, as after
    a change of the settings or the calendar. Safe to run twice; one run catches up on missed days.
    """
    today = timezone.localdate(now)
    workdays = CalendarDay.objects.workdays(today)
    rows = Obligation.objects.all() if everything else Obligation.objects.due_for_light(today)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(_tick_batch(batch, workdays=workdays, now=now) for batch in _batches(ids))


def relight_all(*, by: User | None, now: datetime) -> None:
    """Queue a job that recomputes every light, unless one is waiting already."""
    waiting = JobProgress.objects.filter(kind="relight", state=WAITING, reached="")
    if not waiting.update(at=now):
        jobs.start_job("relight", total=0, by=by, now=now)


def next_part(job: JobProgress) -> bool:
    """Recompute the lights of the next BATCH obligations, in the order of their ids."""
    now = JobRun.objects.as_of(job.at)
    rows = Obligation.objects.order_by("pk").values_list("pk", flat=True)
    if not job.reached:
        job.total = rows.count()
    batch = list(rows.filter(pk__gt=int(job.reached or 0))[:BATCH])
    if batch:
        workdays = CalendarDay.objects.workdays(timezone.localdate(now))
        job.made += _tick_batch(batch, workdays=workdays, now=now)
        job.done, job.reached = job.done + len(batch), str(batch[-1])
    return len(batch) == BATCH


ACT = jobs.in_parts(next_part)


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


@counted()
def _tick_batch(ids: list[int], *, workdays: Workdays, now: datetime) -> int:
    """Recompute the lights of these obligations, with tallies and audit events.

    The rows are locked, so that no move can come between reading and writing.
    """
    today = timezone.localdate(now)
    # With no_key, those who insert rows that refer to an obligation need not wait.
    locked = Obligation.objects.select_for_update(no_key=True)
    delta, changes = pending_delta(), []
    same_light: dict[tuple[Any, ...], list[int]] = {}
    for row in locked.filter(pk__in=ids).order_by("pk"):
        counted_before, before = Standing.of(row), _light_fields(row)
        relight(row, today=today, workdays=workdays)
        after = _light_fields(row)
        if after == before:
            continue
        delta.swap(counted_before, Standing.of(row), today)
        same_light.setdefault(tuple(after.values()), []).append(row.pk)
        if _audited(before) != _audited(after):
            changes.append(audit.Change(row, _audited(before), _audited(after)))
    _write(same_light)
    audit.record_many("light", changes, by=None, now=now)
    return len(changes)


def _light_fields(row: Obligation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in LIGHT_FIELDS}


def _audited(fields: dict[str, Any]) -> dict[str, Any]:
    reason = Reason(fields["light_code"], fields["light_on"])
    return {"light": fields["light"], "light_reason": reason.to_json()}


def _write(same_light: dict[tuple[Any, ...], list[int]]) -> None:
    """Update the rows of each new light in one statement.

    The version is raised, so that a move decided on by the old light is stale.
    """
    for values, ids in same_light.items():
        fields = dict(zip(LIGHT_FIELDS, values, strict=True))
        Obligation.objects.filter(pk__in=ids).update(**fields, version=F("version") + 1)
