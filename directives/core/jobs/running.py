"""Running background jobs: queueing, turns, and recovery after a process that ended."""

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

TURN_SECONDS = 10  # after which the job is queued again, so that short jobs need not wait for it
GAP_SECONDS = 0.1  # between two parts, for other writers
TRIES = 3  # processes that may end in the same part before the job is stopped
SPARE = timedelta(seconds=90)  # longer than a request may take (gunicorn's --timeout)
PAUSE = timedelta(seconds=5)  # before the next try after a database error
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
# Imported by its path when a job runs, because the list imports packages above this one.
LIST_OF_ACTS = "directives.catalogue.acts.ACTS"
# A task is queued under the path of its function: path in an earlier release → path now. During an
# upgrade, machines of both releases queue tasks.
FORMER_PATHS = {
    "directives.jobs.running.carry_out": "directives.core.jobs.running.carry_out",
    "directives.notices.mail": "directives.core.notices.mail",
}

logger = logging.getLogger("directives.worker")


def present_path(task_path: str) -> str:
    return FORMER_PATHS.get(task_path, task_path)


def queued_paths(task_path: str) -> list[str]:
    """Every path under which this task may be queued."""
    return [task_path, *(former for former, path in FORMER_PATHS.items() if path == task_path)]


def enqueue(row: Job, *, at_once: bool = False) -> None:
    """Run the job once the current transaction has committed.

    It is run by the worker, or with `at_once` by this process before the page answers.
    """
    queued = _enqueue(row, SPARE if at_once else None)
    type(row).objects.filter(pk=row.pk).update(task=queued)
    if at_once:
        name, pk = _name(row), row.pk
        # A lambda, because Django logs the name of a callback that fails, and a partial has none.
        transaction.on_commit(lambda: _run_at_once(name, pk), robust=True)


def _run_at_once(name: str, pk: int) -> None:
    """Run the job while somebody waits. After an outage its deferred task runs it later."""
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
    """Queue a task for the job; returns the id of the task."""
    run_after = None if after is None else timezone.now() + after
    return UUID(carry_out.using(run_after=run_after).enqueue(_name(row), row.pk).id)


@task(takes_context=True)
def carry_out(context: TaskContext, name: str, pk: int) -> None:
    """Run a job for one turn. Safe to run twice, also at the same time."""
    with origins.use(Origin(request=f"{name}-{pk}")):
        run(name, pk, queued=UUID(context.task_result.id))


def run(name: str, pk: int, *, queued: UUID | None = None, awaited: bool = False) -> None:
    """Run a job for one turn.

    `queued` is the id of the task that runs it; `awaited`: somebody waits for the page.
    """
    row = _busy_job(name, Q(pk=pk) if queued is None else Q(pk=pk, task=queued))
    if row is None:
        return
    row.awaited, act = awaited, row.act
    before = row  # the job as it is stored if a part is rolled back
    with translation.override(row.language):
        try:
            if _take(row):
                before = copy(row)
                _run_turn(row)
        except Superseded:
            logger.info("The act %s on %s %s is in other hands", act, name, pk)
        except TooLong:
            _wait(before)
        except Refusal as refusal:
            _halt(before, act, STOPPED, str(refusal), refusal)
        except Exception as error:
            if _handle_error(before, act, error, awaited=awaited):
                raise


def _handle_error(row: Job, act: str, error: Exception, *, awaited: bool) -> bool:
    """Store what an exception means for the job; returns whether the task should fail with it.

    A database error is tried again, a full disk stops the job until a person resumes it, and any
    other exception is a bug: the job fails, and the queue shows it.
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
        queue_again = partial(_requeue, row, counts=True, reason=BROKE, after=PAUSE)
        queue_again() if awaited else retry_while_away(queue_again)
    else:
        incident = f"{act}-{row.pk}-{timezone.localtime():%m%d%H%M}"
        logger.error(
            "Incident %s: the act %s on %s %s failed", incident, act, name, row.pk, exc_info=error
        )
        message = _(
            "This failed because of a system error. Try again; if it fails again, give your "
            "administrator this number: %(incident)s."
        )
        _halt(row, act, FAILED, message % {"incident": incident})
        return not awaited
    return False


def _busy_job(name: str, condition: Q) -> Job | None:
    model = MODELS[name]
    return model.objects.select_related("by").filter(condition, state__in=model.BUSY).first()


def _take(row: Job) -> bool:
    """Make this process the one that runs the job; False if the job is stopped instead."""
    left_behind = row.moved_at is not None  # by a web process that ended, or is far too slow
    if _stop_if_repeated(row, counts=left_behind, reason=ENDED):
        return False
    change_state(row, RUNNING if row.state == WAITING else row.state, tries=row.tries + left_behind)
    return True


def _run_turn(row: Job) -> None:
    act, turn_end = _act(row.act), time.monotonic() + TURN_SECONDS
    while act.carry_out(row):
        if time.monotonic() >= turn_end:
            _wait(row)
            return
        # SQLite has one writer, and those that wait for it try again every tenth of a second.
        if connection.vendor == "sqlite":
            time.sleep(GAP_SECONDS)


@transaction.atomic
def _wait(row: Job, after: timedelta | None = None, **fields: Any) -> None:
    """Queue the job again, behind everything else."""
    state = WAITING if row.state == RUNNING else row.state
    change_state(row, state, moved_at=None, task=_enqueue(row, after), **fields)


def _halt(row: Job, act: str, state: str, fault: str, refusal: Refusal | None = None) -> None:
    """Store that the job stopped or failed, and notify the requester."""
    halt = _act(act).halt
    try:
        with transaction.atomic():
            if halt is None:
                change_state(row, state, fault=fault, finished_at=timezone.now())
            else:
                halt(row, state, fault, refusal)
            if row.state not in row.BUSY:  # `halt` may start another act on the row
                notify_requester(row, f"act_{state}", act, fault)
    except Superseded:
        logger.info("The act %s on %s is in other hands", act, row)


# Recovery: `counts` says whether the job itself may be the reason why its process ended.


def _stop_if_repeated(row: Job, *, counts: bool, reason: str | Promise) -> bool:
    """Stop the job if TRIES processes ended in the same part; returns whether it was stopped."""
    if row.tries + counts < TRIES:
        return False
    logger.error("The act %s on %s %s stops: %s", row.act, _name(row), row.pk, reason)
    with translation.override(row.language):
        _halt(row, row.act, STOPPED, str(reason))
    return True


def _requeue(
    row: Job, *, counts: bool, reason: str | Promise, after: timedelta | None = None
) -> None:
    """Queue a job that was left unfinished, or stop it."""
    if _stop_if_repeated(row, counts=counts, reason=reason):
        return
    try:
        _wait(row, after, tries=row.tries + counts)
    except Superseded:
        logger.info("The act %s on %s %s is in other hands", row.act, _name(row), row.pk)


@transaction.atomic
def rescue(abandoned: DBTaskResult[Any, Any], *, counts: bool, now: datetime) -> None:
    """Run again a task that a dead worker left running."""
    same_run = DBTaskResult.objects.filter(
        pk=abandoned.pk, status=TaskResultStatus.RUNNING, started_at=abandoned.started_at
    )
    if present_path(abandoned.task_path) == carry_out.module_path:
        if same_run.delete()[0]:  # the job gets a new task
            for name in MODELS:
                if row := _busy_job(name, Q(task=abandoned.pk)):
                    _requeue(row, counts=counts, reason=ENDED)
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
    """Queue jobs again whose task is gone: failed, deleted, or missing after a restore."""
    rows: list[Job] = [
        row
        for model in MODELS.values()
        for row in model.objects.select_related("by").filter(state__in=model.BUSY)
    ]
    task_ids = {row.task for row in rows if row.task is not None}
    live_tasks = DBTaskResult.objects.filter(pk__in=task_ids, status__in=LIVE)
    live_ids = set(live_tasks.values_list("pk", flat=True)) if task_ids else set()
    for row in rows:
        if row.task not in live_ids:
            _requeue(row, counts=row.moved_at is not None, reason=ENDED)
