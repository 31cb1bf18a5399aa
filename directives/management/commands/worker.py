"""The background worker: queued tasks, and the jobs of every minute and every day.

A worker shows that it is alive by a heartbeat, a `JobRun` under its own name. If the heartbeat
stops, its running task goes back into the queue, so tasks must be safe to run again. Any number of
workers may run, on any number of machines with the right time: one of them claims a daily job, and
another takes it over if that one's heartbeat stops.
"""

import logging
import signal
import threading
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections
from django.db.models import Q
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.base import origins
from directives.base.origins import Origin
from directives.base.outages import outage_of
from directives.core import denials, jobs
from directives.core.sealing import BATCH, anchor, seal
from directives.health.upkeep import ENDED
from directives.models import JobRun
from directives.models.jobs import HEARTBEAT_LIMIT as STALE
from directives.models.jobs import WORKER as PREFIX

BEAT_SECONDS = 10
CHORE_SECONDS = 60
ANCHOR_SECONDS = 15 * 60
BOOT = Path("/proc/sys/kernel/random/boot_id")
RESTART_SECONDS = 5  # between a failure of the task loop and its restart
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # last run of a daily job that never succeeded
BACKUP_SECONDS = 3600  # between two attempts at today's backup
BACKUP_AFTER = 300  # seconds after the start, so that it does not delay the first pages
DAILY = ("tick", "clear_old")

logger = logging.getLogger("directives.worker")


def new_name() -> str:
    return PREFIX + uuid.uuid4().hex[:24]


def record(name: str, now: datetime) -> None:
    JobRun.objects.update_or_create(
        name=name, defaults={"last_ran_at": now, "last_day": timezone.localdate(now)}
    )


def beat(name: str, boot: Callable[[], str], now: datetime) -> None:
    """Write the heartbeat of a worker; its `boot` is "" once it was asked to stop."""
    record(name, now)
    JobRun.objects.filter(name=name).update(boot=boot())


def boot_of_machine() -> str:
    """The id of this boot of the machine; "" if the system has none."""
    return BOOT.read_text("ascii").strip() if BOOT.exists() else ""


def seal_events(now: datetime) -> None:
    while seal(now=now) == BATCH:
        pass  # a full batch: there may be more


def anchor_record(now: datetime) -> None:
    anchor(now=now)


def count_refusals(now: datetime) -> None:
    denials.record_unlisted(now=now)


def claim(job: str, *, by: str, now: datetime) -> bool:
    """Claim the job of this day (in Shanghai), unless it is done or a living worker has it.

    A single conditional UPDATE, so that exactly one of several workers gets it.
    """
    JobRun.objects.get_or_create(name=job, defaults={"last_ran_at": NEVER, "last_day": date.min})
    free = Q(held_by="") | ~Q(held_by__in=JobRun.objects.living(now).values("name"))
    return bool(
        JobRun.objects.filter(free, name=job, last_day__lt=timezone.localdate(now)).update(
            held_by=by
        )
    )


def run_daily(command: str, by: str, now: datetime) -> None:
    """Run the command unless it has run on this day (in Shanghai).

    If it fails, the next round tries again.
    """
    runs = JobRun.objects.filter(name=command, last_day__gte=timezone.localdate(now))
    if runs.exists() or not claim(command, by=by, now=now):
        return
    try:
        with origins.use(Origin(request=command)):
            call_command(command, verbosity=0)
        record(command, now)
    finally:
        JobRun.objects.filter(name=command, held_by=by).update(held_by="")


def rescue_tasks(now: datetime) -> None:
    """Queue tasks of dead workers again, and jobs that no task carries out any more.

    A task may have killed its worker, unless the worker was asked to stop or its machine stopped.
    """
    living = JobRun.objects.living(now)
    alive = set(living.values_list("name", flat=True))
    boots = set(living.values_list("boot", flat=True)) - {""}
    dead = JobRun.objects.workers().filter(boot__in=boots).exclude(name__in=alive)
    blamed = set(dead.values_list("name", flat=True))
    for task in DBTaskResult.objects.running():
        owner = task.worker_ids[-1] if task.worker_ids else ""
        if owner.startswith(PREFIX) and owner not in alive:
            logger.warning(
                "Task %s (%s) is taken up again: %s died running it", task.pk, task.task_path, owner
            )
            jobs.rescue(task, counts=owner in blamed, now=now)
    jobs.sweep()
    JobRun.objects.workers().filter(last_ran_at__lt=now - STALE).delete()


@dataclass
class Chore:
    """Something to do every so many seconds. `due` is on the monotonic clock; 0: at once."""

    name: str
    seconds: float
    run: Callable[[datetime], None]
    due: float = 0


def heartbeat(worker_name: str, boot: Callable[[], str] = boot_of_machine) -> "Chores":
    """The heartbeat, apart from other chores: a long tick must not look like a dead worker."""
    return Chores(Chore("heartbeat", BEAT_SECONDS, partial(beat, worker_name, boot)))


def chores_of(worker_name: str) -> "Chores":
    """The chores of a worker beside its tasks."""
    return Chores(
        Chore("rescue of tasks", CHORE_SECONDS, rescue_tasks),
        Chore("sealing of events", CHORE_SECONDS, seal_events),
        Chore("counting of refusals", CHORE_SECONDS, count_refusals),
        Chore("anchoring of the record", ANCHOR_SECONDS, anchor_record),
        *(
            Chore(f"daily {command}", CHORE_SECONDS, partial(run_daily, command, worker_name))
            for command in DAILY
        ),
    )


def backup_of(worker_name: str) -> "Chores":
    """The daily backup, if BACKUP_DIR is set; apart from other chores, as it may take hours."""
    if not settings.BACKUP_DIR:
        return Chores()
    job = partial(run_daily, "backup", worker_name)
    return Chores(Chore("daily backup", BACKUP_SECONDS, job, due=time.monotonic() + BACKUP_AFTER))


class Chores:
    """Runs chores one after another. A failure is logged, and the chore tried when next due."""

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
                logger.error(
                    "The %s failed: %s", chore.name, error, exc_info=outage_of(error) is None
                )
        close_old_connections()

    def run_until(self, stopped: threading.Event) -> None:
        """Run chores until `stopped` is set; the target of a thread."""
        while not stopped.wait(1):
            self.run_due()
        connections.close_all()


def end(worker_name: str) -> None:
    """Delete the heartbeat of a worker that has ended without a running task; store when."""
    JobRun.objects.filter(name=worker_name).delete()
    record(ENDED, timezone.now())


class TaskWorker(Worker):
    def run_task(self, db_task_result: DBTaskResult) -> None:
        db_task_result.task_path = jobs.present_path(db_task_result.task_path)
        super().run_task(db_task_result)


def task_worker(name: str, *, batch: bool) -> TaskWorker:
    return TaskWorker(
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
    help = (
        "Run queued tasks, seal the audit trail every minute and run the daily jobs, until asked "
        "to stop."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopping = threading.Event()
        self.worker: Worker | None = None
        self.heart: Chores | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="do what there is to do now, and end"
        )

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
        """Let the running task finish, and take no other."""
        self.stopping.set()
        if self.heart is not None:
            # Tell at once: if the worker is killed while it ends, its task is not to blame.
            self.heart.chores[0].due = 0
        if self.worker is not None:
            self.worker.running = False

    def work(self) -> None:
        """Run tasks until asked to stop.

        If the loop itself fails (for example, the database is away), the name is given up: its
        heartbeat ages, and the next round rescues its running task.
        """
        name, stopped = new_name(), threading.Event()
        self.heart = heart = heartbeat(
            name, lambda: "" if self.stopping.is_set() else boot_of_machine()
        )
        heart.run_due()
        self.worker = task_worker(name, batch=False)
        threads = [
            threading.Thread(target=chores.run_until, args=(stopped,), daemon=True)
            for chores in (heart, chores_of(name))
        ]
        # It is not joined: an unfinished backup is recognised by its name.
        backup = threading.Thread(target=backup_of(name).run_until, args=(stopped,), daemon=True)
        for thread in (*threads, backup):
            thread.start()
        failed = False
        try:
            if not self.stopping.is_set():
                self.worker.run()
        except Exception as error:
            failed, is_bug = True, outage_of(error) is None
            logger.error(
                "The task loop failed; it begins again in %s seconds: %s",
                RESTART_SECONDS,
                error,
                exc_info=is_bug,
            )
            self.stopping.wait(RESTART_SECONDS)
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        if not failed:
            end(name)
