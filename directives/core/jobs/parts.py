"""Acts whose parts are whole in themselves, on a row of JobProgress: how they are carried out, gone
on with, called off.
"""

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
    """An act of parts, each a transaction that also notes how far it has come: whatever ends it, it
    goes on behind the last one.

    `next_part` carries out a part and sets `done`, `made` and `reached`; False if none is left.
    """
    return Act(partial(_part, next_part))


@counted()
def _part(next_part: Callable[[JobProgress], bool], job: JobProgress) -> bool:
    if job.by is not None:
        job.by = User.objects.get(pk=job.by.pk)  # with the roles that they have now
        _demand_posts(job.by, job.asked.get("posts", []))
    more = next_part(job)
    come = {name: getattr(job, name) for name in ("done", "made", "reached", "total")}
    if more:
        save_progress(job, tries=0, **come)
    else:
        finish(job, finished_at=timezone.now(), **come)
    return more


def _demand_posts(person: User, posts: list[int]) -> None:
    """Raise NotAllowed where the person lost a post by which they asked: else its bodies would be
    passed over in silence.
    """
    if not set(posts) <= set(supervised_body_ids(person)):
        raise NotAllowed(
            _("The person who requested this no longer supervises the same organisations.")
        )


def supervised_body_ids(person: User) -> list[int]:
    return [m.organisation_id for m in person.in_role(SUPERVISOR)]


def start_job(
    kind: str, *, total: int, by: User | None, now: datetime, **fields: Any
) -> JobProgress:
    """Have the worker carry out an act of parts.

    `total`: bodies, or obligations, that it is about.
    """
    job = JobProgress.objects.create(kind=kind, total=total, by=by, at=now, **fields)
    enqueue(job)
    return job


@transaction.atomic
def resume_job(job: JobProgress, *, by: User, now: datetime) -> None:
    """Carry out what is left of an act that stopped. Raises IllegalMove if it did not."""
    if job.state not in HALTED:
        raise IllegalMove(_("This has not stopped: it is in progress or has ended."))
    before = {"state": job.state, "done": job.done}
    _by_hand(job, WAITING, fault="", finished_at=None, moved_at=None, tries=0)
    audit.record("continue_act", job, by=by, now=now, before=before, after={"state": WAITING})
    enqueue(job)


@transaction.atomic
def cancel_job(job: JobProgress, *, by: User, now: datetime) -> None:
    """End it where it is; what was done stays. Raises IllegalMove if it has come to its end."""
    if job.state not in UNFINISHED | HALTED or job.kind == "relight":
        raise IllegalMove(_("This file is already finished; no need to cancel."))
    before = {"state": job.state, "done": job.done}
    _by_hand(job, CANCELLED, finished_at=now)
    audit.record("call_off_act", job, by=by, now=now, before=before, after={"state": CANCELLED})


def _by_hand(job: JobProgress, state: str, **fields: Any) -> None:
    try:
        change_state(job, state, **fields)
    except Superseded as first:
        raise IllegalMove(_("The state has changed. Refresh and look again.")) from first
