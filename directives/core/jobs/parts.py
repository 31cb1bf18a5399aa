"""Jobs in independent parts, on rows of JobProgress: starting, running, resuming, cancelling."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, NotAllowed
from directives.base.states import SUPERVISOR
from directives.core import audit
from directives.core.jobs.noting import Act, Superseded, change_state, finish, save_progress
from directives.core.jobs.running import enqueue
from directives.models import JobProgress, User
from directives.models.jobs import CANCELLED, HALTED, UNFINISHED, WAITING
from directives.tallies import counted


def in_parts(next_part: Callable[[JobProgress], bool]) -> Act:
    """A job of parts, each a transaction that also stores the progress.

    An interrupted job goes on after its last committed part. `next_part` does one part, sets
    `done`, `made` and `reached`, and returns False if none is left.
    """
    return Act(partial(_part, next_part))


@counted()
def _part(next_part: Callable[[JobProgress], bool], job: JobProgress) -> bool:
    if job.by is not None:
        job.by = User.objects.get(pk=job.by.pk)  # with the roles they have now
        _demand_supervisor_of(job.asked.get("posts", []), job.by)
    more = next_part(job)
    progress = {name: getattr(job, name) for name in ("done", "made", "reached", "total")}
    if more:
        save_progress(job, tries=0, **progress)
    else:
        finish(job, finished_at=timezone.now(), **progress)
    return more


def _demand_supervisor_of(body_ids: list[int], person: User) -> None:
    """Raise NotAllowed unless the person still supervises these bodies.

    Otherwise the job would silently skip what lies below a body that they no longer supervise.
    """
    if not set(body_ids) <= set(supervised_body_ids(person)):
        raise NotAllowed(
            _("The person who requested this no longer supervises the same organisations.")
        )


def supervised_body_ids(person: User) -> list[int]:
    return [*person.bodies_as(SUPERVISOR)]


def start_job(
    kind: str, *, total: int, by: User | None, now: datetime, **fields: Any
) -> JobProgress:
    """Queue a job of parts for the worker. `total` is its number of bodies or obligations."""
    job = JobProgress.objects.create(kind=kind, total=total, by=by, at=now, **fields)
    enqueue(job)
    return job


@transaction.atomic
def resume_job(job: JobProgress, *, by: User, now: datetime) -> None:
    """Queue the rest of a job that stopped or failed. Raises IllegalMove in other states."""
    if job.state not in HALTED:
        raise IllegalMove(_("This has not stopped: it is in progress or has ended."))
    before = {"state": job.state, "done": job.done}
    _set_state(job, WAITING, fault="", finished_at=None, moved_at=None, tries=0)
    audit.record("continue_act", job, by=by, now=now, before=before, after={"state": WAITING})
    enqueue(job)


@transaction.atomic
def cancel_job(job: JobProgress, *, by: User, now: datetime) -> None:
    """Cancel a job; the parts that are done are kept. Raises IllegalMove if it has ended."""
    if job.state not in UNFINISHED | HALTED or job.kind == "relight":
        raise IllegalMove(_("This file is already finished; no need to cancel."))
    before = {"state": job.state, "done": job.done}
    _set_state(job, CANCELLED, finished_at=now)
    audit.record("call_off_act", job, by=by, now=now, before=before, after={"state": CANCELLED})


def _set_state(job: JobProgress, state: str, **fields: Any) -> None:
    try:
        change_state(job, state, **fields)
    except Superseded as error:
        raise IllegalMove(_("The state has changed. Refresh and look again.")) from error
