"""Long acts, carried out by the worker part by part, so that nobody waits for them and no lock is held for long.

Each part is a transaction that also notes how far the act has come: a worker that is killed leaves whole parts behind, and the
next one goes on from there. What was carried out stays, whatever becomes of the rest.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django_tasks import task

from directives.models import Document, JobProgress, User
from directives.refusals import Refusal
from directives.tallies import counted

Part = Callable[[JobProgress], bool]  # carries out the next part and notes it on the job; False: there was none left
TURN_SECONDS = 10  # then whatever else is queued comes first: an export does not wait for a nation
KINDS = {"issue": "directives.issuing.parts.next_part", "open_cycle": "directives.reporting.cycles.next_part"}


@transaction.atomic
def begin(kind: str, *, document: Document, asked: dict[str, Any], total: int, by: User, now: datetime) -> JobProgress:
    """Have the worker carry it out, once this transaction has committed. `total`: bodies that it is about."""
    job = JobProgress.objects.create(kind=kind, document=document, asked=asked, total=total, by=by, at=now)
    transaction.on_commit(partial(carry_out.enqueue, job.pk))
    return job


@task()
def carry_out(pk: int) -> None:
    """Carry out what is left of a job, a turn at a time. Bears being run again, and twice at once."""
    until = time.monotonic() + TURN_SECONDS
    while go_on(pk):
        if time.monotonic() >= until:
            carry_out.enqueue(pk)
            return


def go_on(pk: int) -> bool:
    """Carry out the next part of a job; False if it has come to its end, or to something that stands against it."""
    try:
        return _next(pk)
    except Refusal as refusal:
        JobProgress.objects.filter(pk=pk).update(fault=str(refusal), finished_at=Now())
        return False


@counted()
def _next(pk: int) -> bool:
    job = JobProgress.objects.select_for_update(of=("self",)).select_related("by", "document").get(pk=pk)
    if job.finished_at is not None:
        return False
    more = import_string(KINDS[job.kind])(job)
    fields = {name: getattr(job, name) for name in ("done", "made", "reached")}
    JobProgress.objects.filter(pk=pk).update(**fields, finished_at=None if more else Now())
    return more
