"""The background worker: queued tasks one after another and, beside them, the jobs of every minute and every day.

A worker shows that it lives by a heartbeat, a `JobRun` under its own name. A task left running by a worker whose heart
has stopped goes back into the queue, so tasks must bear being run again. Any number of workers may run, on any number of
machines with the right time: a daily job is taken in hand by one of them, and taken over when that one's heart stops.
"""

import logging
import signal
import threading
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections
from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.models import JobRun
from directives.outages import outage_of
from directives.sealing import BATCH, seal
from directives.sheets.carrying import give_up, put_back

PREFIX = "worker:"  # of every worker's name, and so of its heartbeat
BEAT_SECONDS = 10
CHORE_SECONDS = 60
STALE = timedelta(seconds=60)  # a heart that has not beaten for so long has stopped
RESTART_SECONDS = 5  # between a failure of the task loop itself and its new beginning
ATTEMPTS = 3  # a task that has taken so many workers with it is not tried again
DAILY = ("tick", "clear_old")

logger = logging.getLogger("directives.worker")


def new_name() -> str:
    return PREFIX + uuid.uuid4().hex[:24]


def record(name: str, now: datetime) -> None:
    JobRun.objects.update_or_create(name=name, defaults={"last_ran_at": now, "last_day": timezone.localdate(now)})


def seal_events(now: datetime) -> None:
    while seal(now=now) == BATCH:
        pass  # a full seal: there may be more


def claim(job: str, *, by: str, now: datetime) -> bool:
    """Take the job of this Shanghai day in hand, unless it is done or a living worker has it.

    One conditional UPDATE, so that of several workers exactly one gets it.
    """
    JobRun.objects.get_or_create(name=job, defaults={"last_ran_at": now, "last_day": date.min})
    living = JobRun.objects.filter(name__startswith=PREFIX, last_ran_at__gte=now - STALE).values("name")
    free = Q(held_by="") | ~Q(held_by__in=living)
    return bool(JobRun.objects.filter(free, name=job, last_day__lt=timezone.localdate(now)).update(held_by=by))


def run_daily(command: str, by: str, now: datetime) -> None:
    """Run the command unless it has run on this Shanghai day. One that fails is tried again with the next round."""
    if JobRun.objects.filter(name=command, last_day__gte=timezone.localdate(now)).exists() or not claim(command, by=by, now=now):
        return
    try:
        call_command(command, verbosity=0)
        record(command, now)
    finally:
        JobRun.objects.filter(name=command, held_by=by).update(held_by="")


def rescue_tasks(now: datetime) -> None:
    """Put back into the queue what a dead worker left running; give up on a task that has killed too many."""
    hearts = JobRun.objects.filter(name__startswith=PREFIX)
    alive = set(hearts.filter(last_ran_at__gte=now - STALE).values_list("name", flat=True))
    for task in DBTaskResult.objects.running():
        owner = task.worker_ids[-1] if task.worker_ids else ""
        if not owner.startswith(PREFIX) or owner in alive:
            continue
        # The same run of the task, still running: another worker may be rescuing it at this moment.
        same_run = DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING, started_at=task.started_at)
        if len(task.worker_ids) < ATTEMPTS:
            if same_run.update(status=TaskResultStatus.READY):
                logger.warning("Task %s (%s) goes back into the queue: %s died running it", task.pk, task.task_path, owner)
                put_back(task.task_path, task.args_kwargs["args"], now=now)
            continue
        reason = f"{len(task.worker_ids)} workers died running this task"
        if same_run.update(status=TaskResultStatus.FAILED, finished_at=now, exception_class_path="builtins.RuntimeError", traceback=reason):
            logger.error("Task %s (%s) is given up: %s", task.pk, task.task_path, reason)
            give_up(task.task_path, task.args_kwargs["args"])
    hearts.filter(last_ran_at__lt=now - STALE).delete()


@dataclass
class Chore:
    """Something to do every so many seconds. `due` is read on the monotonic clock: 0 means at once."""

    name: str
    seconds: float
    run: Callable[[datetime], None]
    due: float = 0


def heartbeat(worker_name: str) -> "Chores":
    """Kept apart from the other chores: a tick of minutes must not look like a heart that stopped."""
    return Chores(Chore("heartbeat", BEAT_SECONDS, partial(record, worker_name)))


def chores_of(worker_name: str) -> "Chores":
    """What one worker does beside its tasks."""
    return Chores(
        Chore("rescue of tasks", CHORE_SECONDS, rescue_tasks),
        Chore("sealing of events", CHORE_SECONDS, seal_events),
        *(Chore(f"daily {command}", CHORE_SECONDS, partial(run_daily, command, worker_name)) for command in DAILY),
    )


class Chores:
    """Chores one after another. One that fails is logged, and tried again when it is next due."""

    def __init__(self, *chores: Chore) -> None:
        self.chores = chores

    def run_due(self) -> None:
        close_old_connections()
        for chore in self.chores:
            if time.monotonic() < chore.due:
                continue
            chore.due = time.monotonic() + chore.seconds
            try:
                chore.run(timezone.now())
            except Exception as error:
                logger.error("The %s failed: %s", chore.name, error, exc_info=outage_of(error) is None)
        close_old_connections()

    def keep(self, over: threading.Event) -> None:
        """Go on until `over` is set; the body of a thread."""
        while not over.wait(1):
            self.run_due()
        connections.close_all()


def end(worker_name: str) -> None:
    """Take the heartbeat away: this worker has ended with nothing in hand."""
    JobRun.objects.filter(name=worker_name).delete()


def task_worker(name: str, *, batch: bool) -> Worker:
    return Worker(
        queue_names=["*"],
        interval=1,
        batch=batch,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=name,
        excluded_queue_names=[],
    )


class Command(BaseCommand):
    help = "Run queued tasks, seal the audit trail every minute and run the daily jobs, until asked to stop."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopping = threading.Event()
        self.worker: Worker | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what there is to do now, and end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if tallies.never_counted():  # an upgrade brought new tables of counts
            tallies.rebuild()
        if once:
            name = new_name()
            heartbeat(name).run_due()
            chores_of(name).run_due()
            task_worker(name, batch=True).run()
            end(name)
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.ask_to_stop)
        while not self.stopping.is_set():
            self.work()

    def ask_to_stop(self, signum: int, frame: object) -> None:
        """Let the task in hand finish, and take no other."""
        self.stopping.set()
        if self.worker is not None:
            self.worker.running = False

    def work(self) -> None:
        """Run tasks until asked to stop. When the loop itself fails (the database went away) the name is given up:
        its heartbeat ages, and the next round rescues whatever task it had in hand."""
        name, over = new_name(), threading.Event()
        heart = heartbeat(name)
        heart.run_due()
        self.worker = task_worker(name, batch=False)
        beside = [threading.Thread(target=chores.keep, args=(over,), daemon=True) for chores in (heart, chores_of(name))]
        for thread in beside:
            thread.start()
        failed = False
        try:
            if not self.stopping.is_set():
                self.worker.run()
        except Exception as error:
            failed, ours = True, outage_of(error) is None
            logger.error("The task loop failed; it begins again in %s seconds: %s", RESTART_SECONDS, error, exc_info=ours)
            self.stopping.wait(RESTART_SECONDS)
        finally:
            over.set()
            for thread in beside:
                thread.join()
        if not failed:
            end(name)
