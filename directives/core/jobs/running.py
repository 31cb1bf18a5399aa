"""The queue of long acts: put into it, carried out by the worker or at once, taken up again where a
process left them.
"""

import logging
import time
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tasks import TaskContext, TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from directives.base import origins
from directives.base.origins import Origin
from directives.base.outages import FULL, outage_of
from directives.base.refusals import Refusal
from directives.base.retries import DATABASE_ERRORS, close_connections, retry_while_away
from directives.core.jobs.noting import (
    Act,
    Job,
    Superseded,
    TooLong,
    change_state,
    notify_requester,
)
from directives.models import Export, Intake, JobProgress
from directives.models.jobs import FAILED, RUNNING, STOPPED, WAITING

TURN_SECONDS = 10  # then whatever else is queued comes first: an export does not wait for a nation
GAP_SECONDS = 0.1  # between two parts, for other writers
TRIES = 3  # processes that may end over an act, one after another, without its coming further
SPARE = timedelta(seconds=90)  # beyond the time that a request may take (gunicorn's --timeout)
PAUSE = timedelta(seconds=5)  # before what the database broke off is tried again
LIVE = (TaskResultStatus.READY, TaskResultStatus.RUNNING)
ENDED = gettext_lazy("The process stopped three times at the same point.")
FULL_DISK = gettext_lazy(
    "The server’s disk is full, so nothing was saved. Tell the administrator, then try again."
)
BROKE = gettext_lazy("The database stopped it three times at the same point.")
MODELS: dict[str, type[JobProgress] | type[Intake] | type[Export]] = {
    "job": JobProgress,
    "intake": Intake,
    "export": Export,
}
# The list of long acts names nouns: it is read when an act is carried out, by its path.
LIST_OF_ACTS = "directives.catalogue.acts.ACTS"
# Tasks are queued under the path of their function: where they stood in an earlier release → where
# they stand now. Nodes of both releases queue them while an upgrade goes on.
FORMER_PATHS = {
    "directives.jobs.running.carry_out": "directives.core.jobs.running.carry_out",
    "directives.notices.mail": "directives.core.notices.mail",
}

logger = logging.getLogger("directives.worker")


def present_path(task_path: str) -> str:
    return FORMER_PATHS.get(task_path, task_path)


def queued_paths(task_path: str) -> list[str]:
    """Every path under which this task may stand in the queue."""
    return [task_path, *(former for former, path in FORMER_PATHS.items() if path == task_path)]


def enqueue(row: Job, *, at_once: bool = False) -> None:
    """Have it carried out, once the transaction that asks for it has committed.

    `at_once`: before the page answers.
    """
    queued = _enqueue(row, SPARE if at_once else None)
    type(row).objects.filter(pk=row.pk).update(task=queued)
    if at_once:
        name, pk = _name(row), row.pk
        # No partial: Django asks a callback that fails for its name, and a partial has none.
        transaction.on_commit(lambda: _run_at_once(name, pk), robust=True)


def _run_at_once(name: str, pk: int) -> None:
    """Carry it out while somebody waits.

    What a full disk or a lost database keeps from being noted is left to its task.
    """
    try:
        run(name, pk, awaited=True)
    except Exception as error:
        if outage_of(error) is None:
            raise
        logger.error("The act on %s %s is left to the worker: %s", name, pk, str(error).strip())


def _act(name: str) -> Act:
    acts: dict[str, Act] = import_string(LIST_OF_ACTS)
    return acts[name]


def _name(row: Job) -> str:
    return next(name for name, model in MODELS.items() if isinstance(row, model))


def _enqueue(row: Job, after: timedelta | None = None) -> UUID:
    """Put a task of it into the queue; returns its id."""
    deferred = carry_out.using(run_after=None if after is None else timezone.now() + after)
    return UUID(deferred.enqueue(_name(row), row.pk).id)


@task(takes_context=True)
def carry_out(context: TaskContext, name: str, pk: int) -> None:
    """Carry out what is left of an act, for a turn. Bears being run again, and twice at once."""
    with origins.use(Origin(request=f"{name}-{pk}")):
        run(name, pk, queued=UUID(context.task_result.id))


def run(name: str, pk: int, *, queued: UUID | None = None, awaited: bool = False) -> None:
    """Carry out what is left of an act, for a turn.

    `queued`: the task that does; `awaited`: somebody waits for the page.
    """
    row = _busy(name, Q(pk=pk) if queued is None else Q(pk=pk, task=queued))
    if row is None:
        return
    row.awaited, act = awaited, row.act
    held = row  # as it is when a part is taken back
    with translation.override(row.language):
        try:
            if _taken(row):
                held = copy(row)
                _turn(row)
        except Superseded:
            logger.info("The act %s on %s %s is in other hands", act, name, pk)
        except TooLong:
            _wait(held)
        except Refusal as refusal:
            _halt(held, act, STOPPED, str(refusal), refusal)
        except Exception as error:
            if _broken_off(held, act, error, awaited=awaited):
                raise


def _broken_off(row: Job, act: str, error: Exception, *, awaited: bool) -> bool:
    """The act was broken off.

    A database that was away is tried again; a full disk needs a person; the rest is our fault.

    Returns whether the task shall fail with it, so that the queue shows a fault of ours.
    """
    name = _name(row)
    if outage_of(error) is FULL:
        logger.error("The act %s on %s %s stops: the disk is full", act, name, row.pk)
        close_connections()
        _halt(row, act, STOPPED, str(FULL_DISK))
    elif isinstance(error, DATABASE_ERRORS):
        logger.warning(
            "The database broke off the act %s on %s %s, which is tried again: %s",
            act,
            name,
            row.pk,
            error,
        )
        close_connections()
        again = partial(_left, row, counts=True, why=BROKE, after=PAUSE)
        again() if awaited else retry_while_away(again)
    else:
        incident = f"{act}-{row.pk}-{timezone.localtime():%m%d%H%M}"
        logger.error(
            "Incident %s: the act %s on %s %s failed", incident, act, name, row.pk, exc_info=error
        )
        _halt(row, act, FAILED, _failure(incident))
        return not awaited
    return False


def _failure(incident: str) -> str:
    text = _(
        "This failed because of a system error. Try again; if it fails again, give your "
        "administrator this number: %(incident)s."
    )
    return text % {"incident": incident}


def _busy(name: str, wanted: Q) -> Job | None:
    model = MODELS[name]
    return model.objects.select_related("by").filter(wanted, state__in=model.BUSY).first()


def _taken(row: Job) -> bool:
    """Take the job in hand; False if it is stopped instead."""
    left_behind = row.moved_at is not None  # by a web process that ended, or is far too slow
    if _stopped(row, counts=left_behind, why=ENDED):
        return False
    change_state(row, RUNNING if row.state == WAITING else row.state, tries=row.tries + left_behind)
    return True


def _turn(row: Job) -> None:
    act, until = _act(row.act), time.monotonic() + TURN_SECONDS
    while act.carry_out(row):
        if time.monotonic() >= until:
            _wait(row)
            return
        if (
            connection.vendor == "sqlite"
        ):  # it has one writer, and whoever waits for it looks in every tenth of a second
            time.sleep(GAP_SECONDS)


@transaction.atomic
def _wait(row: Job, after: timedelta | None = None, **fields: Any) -> None:
    """Queue the job again, behind everything else."""
    change_state(
        row,
        WAITING if row.state == RUNNING else row.state,
        moved_at=None,
        task=_enqueue(row, after),
        **fields,
    )


def _halt(row: Job, act: str, state: str, fault: str, refusal: Refusal | None = None) -> None:
    """Stop the job short of its end."""
    halt = _act(act).halt
    try:
        with transaction.atomic():
            if halt is None:
                change_state(row, state, fault=fault, finished_at=timezone.now())
            else:
                halt(row, state, fault, refusal)
            if row.state not in row.BUSY:  # else something else has begun with it
                notify_requester(row, f"act_{state}", act, fault)
    except Superseded:
        logger.info("The act %s on %s is in other hands", act, row)


# what a process left behind


def _stopped(row: Job, *, counts: bool, why: str | Promise) -> bool:
    """Stop the job if too many processes ended over it; whether it was stopped."""
    if row.tries + counts < TRIES:
        return False
    logger.error("The act %s on %s %s stops: %s", row.act, _name(row), row.pk, why)
    with translation.override(row.language):
        _halt(row, row.act, STOPPED, str(why))
    return True


def _left(row: Job, *, counts: bool, why: str | Promise, after: timedelta | None = None) -> None:
    """It was left in the middle: it waits for its turn again, or stops.

    `counts`: the act itself may be at fault.
    """
    if _stopped(row, counts=counts, why=why):
        return
    try:
        _wait(row, after, tries=row.tries + counts)
    except Superseded:
        logger.info("The act %s on %s %s is in other hands", row.act, _name(row), row.pk)


@transaction.atomic
def rescue(abandoned: DBTaskResult[Any, Any], *, counts: bool, now: datetime) -> None:
    """Take up a task that a dead worker left running.

    `counts`: the task itself may be at fault for that.
    """
    same_run = DBTaskResult.objects.filter(
        pk=abandoned.pk, status=TaskResultStatus.RUNNING, started_at=abandoned.started_at
    )
    if present_path(abandoned.task_path) == carry_out.module_path:
        if same_run.delete()[0]:  # the act gets another
            for name in MODELS:
                if row := _busy(name, Q(task=abandoned.pk)):
                    _left(row, counts=counts, why=ENDED)
    elif len(abandoned.worker_ids) < TRIES:
        same_run.update(status=TaskResultStatus.READY)
    else:
        reason = f"{len(abandoned.worker_ids)} workers died running this task"
        ended = {
            "finished_at": now,
            "exception_class_path": "builtins.RuntimeError",
            "traceback": reason,
        }
        if same_run.update(status=TaskResultStatus.FAILED, **ended):
            logger.error("Task %s (%s) is given up: %s", abandoned.pk, abandoned.task_path, reason)


def sweep() -> None:
    """Queue jobs again whose task is gone: failed, pruned, or missing after a restore."""
    rows: list[Job] = [
        row
        for model in MODELS.values()
        for row in model.objects.select_related("by").filter(state__in=model.BUSY)
    ]
    queued = {row.task for row in rows if row.task is not None}
    live = (
        set(
            DBTaskResult.objects.filter(pk__in=queued, status__in=LIVE).values_list("pk", flat=True)
        )
        if queued
        else ()
    )
    for row in rows:
        if row.task not in live:
            _left(row, counts=row.moved_at is not None, why=ENDED)
