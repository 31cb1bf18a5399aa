"""The state of the background service: day of the lights, last heartbeat, oldest queued task.

Pages read it from `upkeep_cache`, which queries the database once in CACHE_SECONDS at most.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives.base import disk
from directives.core import working_calendar
from directives.models import CalendarDay, JobRun, Obligation
from directives.models.jobs import WORKER

CACHE_SECONDS = 15  # seconds
GRACE = time(2)  # in Shanghai; before that, yesterday's lights are no fault
SILENT = timedelta(minutes=5)  # a restart of the worker takes less
TASK_WAIT_LIMIT = timedelta(hours=1)  # after which a waiting task is a fault
BACKUP_AGE_LIMIT = timedelta(days=3)  # after which the last backup is too old
ENDED = "worker"  # the JobRun of the last orderly end of a worker, which deletes its heartbeat
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The state of the background service.

    `lights_on` is the day whose lights are shown. `seen_at` is the last heartbeat of any worker,
    None if there never was one; `waiting_since` is that of the oldest queued task; `backed_up_at`
    is that of the last good backup. `missing_years` lack working days that should be known; `full`
    says whether a disk that this process writes to is full.
    """

    lights_on: date
    seen_at: datetime | None
    waiting_since: datetime | None = None
    backed_up_at: datetime | None = None
    missing_years: tuple[int, ...] = ()
    full: bool = False

    def old_lights(self, today: date) -> date | None:
        """The day whose lights are shown, if that is not today."""
        return self.lights_on if self.lights_on < today else None

    def lights_late(self, now: datetime) -> bool:
        """Whether the lights should have been updated by now."""
        today, clock = timezone.localdate(now), timezone.localtime(now).time()
        return self.lights_on < (today if clock >= GRACE else today - DAY)

    def silent(self, now: datetime) -> bool:
        """Whether no worker has been seen lately."""
        return self.seen_at is None or now - self.seen_at > SILENT

    def tasks_wait(self, now: datetime) -> bool:
        return self.waiting_since is not None and now - self.waiting_since > TASK_WAIT_LIMIT

    def backup_late(self, now: datetime) -> bool:
        """Whether the last backup is too old; False if there never was one (other means exist)."""
        return self.backed_up_at is not None and now - self.backed_up_at > BACKUP_AGE_LIMIT


def read_upkeep(now: datetime) -> Upkeep:
    """Read the state: three small queries, and one more if no tick ran today."""
    today = timezone.localdate(now)
    runs = {run.name: run for run in JobRun.objects.all()}
    signs = [name for name in runs if name == ENDED or name.startswith(WORKER)]
    tasks = DBTaskResult.objects.ready().order_by("enqueued_at")
    years = {day.year for day in CalendarDay.objects.dates("day", "year")}
    return Upkeep(
        lights_on=_lights_on(runs.get("tick"), today),
        seen_at=max((runs[name].last_ran_at for name in signs), default=None),
        waiting_since=tasks.values_list("enqueued_at", flat=True).first(),
        backed_up_at=_ran_at(runs.get("backup")),
        missing_years=working_calendar.missing_years(years, today),
        full=bool(disk.full_folders()),
    )


def old_lights(now: datetime, *, using: str = DEFAULT_DB_ALIAS) -> date | None:
    """The day whose lights are shown, if that is not today; for files.

    Unlike `upkeep_cache` it reads in the current transaction.
    """
    today = timezone.localdate(now)
    day = _lights_on(JobRun.objects.using(using).filter(name="tick").first(), today, using)
    return day if day < today else None


def _lights_on(tick: JobRun | None, today: date, using: str = DEFAULT_DB_ALIAS) -> date:
    """The day of the last complete tick, or today if no light has had to change since.

    If there never was a tick, it is the day before the first light had to change.
    """
    last_tick_day = tick.last_day if tick is not None else date.min  # also while the first one runs
    if last_tick_day >= today:
        return today
    due = Obligation.objects.using(using).due_for_light(today).order_by("light_changes_on")
    first_change = due.values_list("light_changes_on", flat=True).first()
    if first_change is None:
        return today
    return last_tick_day if last_tick_day > date.min else first_change - DAY


def _ran_at(run: JobRun | None) -> datetime | None:
    """When the job last succeeded; one that never did has a date of 1970."""
    earliest_success = datetime(1971, 1, 1, tzinfo=UTC)
    return run.last_ran_at if run is not None and run.last_ran_at > earliest_success else None


class UpkeepCache:
    """The state as this process last read it. Not locked: two threads may both read it anew."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.read_at = 0.0  # on the monotonic clock
        self.upkeep: Upkeep | None = None

    def get(self, now: datetime) -> Upkeep:
        if self.upkeep is None or monotonic() - self.read_at >= CACHE_SECONDS:
            self.read_at, self.upkeep = monotonic(), read_upkeep(now)
        return self.upkeep


upkeep_cache = UpkeepCache()
