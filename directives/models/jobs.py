"""Technical tables: working days, periodic and background jobs, used form keys, notices."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.workdays import Workdays, workdays_of
from directives.models.documents import Document
from directives.models.people import User

HORIZON = timedelta(days=800)  # how far before and after today the calendar is read
# A worker without a heartbeat for this long is considered dead
HEARTBEAT_LIMIT = timedelta(seconds=60)
WORKER = "worker:"  # prefix of the names of workers, and so of their heartbeats


class CalendarDayQuerySet(models.QuerySet):
    def workdays(self, today: date) -> Workdays:
        """The working days around `today`: Monday to Friday, except for the days in this table."""
        rows = self.filter(day__range=(today - HORIZON, today + HORIZON)).order_by()
        return _workdays(tuple(rows.values_list("day", "working")))


class Marked(NamedTuple):
    day: date
    working: bool


@lru_cache(maxsize=8)
def _workdays(days: tuple[tuple[date, bool], ...]) -> Workdays:
    """Cached, because every move reads the calendar."""
    return workdays_of(Marked(*row) for row in days)


class CalendarDay(models.Model):
    """An exception to Monday-Friday: a holiday, or a weekend day that is worked (调休)."""

    day = models.DateField(_("date"), unique=True)
    working = models.BooleanField(_("worked"))
    name = models.CharField(_("name"), max_length=60, blank=True)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class JobRunQuerySet(models.QuerySet):
    def workers(self) -> "JobRunQuerySet":
        """The heartbeats of workers."""
        return self.filter(name__startswith=WORKER)

    def living(self, now: datetime) -> "JobRunQuerySet":
        """The heartbeats of workers that are alive."""
        return self.workers().filter(last_ran_at__gte=now - HEARTBEAT_LIMIT)

    def as_of(self, asked_at: datetime) -> datetime:
        """The time of a job requested then: not before the last tick, whose lights it must keep."""
        return max([asked_at, *self.filter(name="tick").values_list("last_ran_at", flat=True)])


class JobRun(models.Model):
    """When a periodic job last ran. The heartbeat of a worker is one of these too."""

    name = models.CharField(max_length=40, unique=True)
    last_ran_at = models.DateTimeField()
    last_day = models.DateField()  # in Shanghai, for which it last ran
    # The worker that runs it now
    held_by = models.CharField(max_length=40, blank=True, default="", db_default="")
    # Of a worker: id of the boot of its machine; empty once it was asked to stop
    boot = models.CharField(max_length=36, blank=True, default="", db_default="")

    objects = JobRunQuerySet.as_manager()


class FormKey(models.Model):
    """The key of a processed form, so that sending it twice has no second effect (幂等)."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # Where the first response redirected
    location = models.CharField(max_length=300, blank=True)


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        return self.filter(user=user)


class Notice(models.Model):
    """A message to one person, shown and mailed; `kind` is a key of `notices.KINDS`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=30)
    facts = models.JSONField(default=dict)
    url = models.CharField(max_length=300)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "read_at"], name="notice_unread")]


# Background jobs

WAITING, RUNNING, DONE, STOPPED, FAILED, CANCELLED = (
    "waiting",
    "running",
    "done",
    "stopped",
    "failed",
    "cancelled",
)
UNFINISHED = frozenset({WAITING, RUNNING})
# Not finished: the requester may resume or cancel it
HALTED = frozenset({STOPPED, FAILED})
JOB_STATES = (
    (WAITING, pgettext_lazy("job", "Waiting")),
    (RUNNING, pgettext_lazy("job", "Under way")),
    (DONE, pgettext_lazy("job", "Done")),
    (STOPPED, pgettext_lazy("job", "Stopped")),
    (FAILED, pgettext_lazy("job", "Failed")),
    (CANCELLED, pgettext_lazy("job", "Ended early")),
)


class BackgroundJob(models.Model):
    """The progress of a background job, which `core.jobs` runs.

    A process that runs it knows its `version`; if the stored version is another, a different
    process has taken the job, or it was cancelled.
    """

    BUSY: frozenset[str] = UNFINISHED  # states in which the job runs or waits to run
    awaited = False  # a person waits for the page while the job runs; not stored

    done = models.PositiveIntegerField(default=0)
    # Why it stopped, in the language of the requester
    fault = models.TextField(blank=True, default="")
    # When it last made progress; empty while it waits
    moved_at = models.DateTimeField(null=True)
    # Processes that ended since it last made progress
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    task = models.UUIDField(null=True)  # id of the queued task that runs it
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def act(self) -> str:
        """A key of catalogue.acts.ACTS: what is done while it is BUSY."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """Its name in notices."""
        return str(self)


class JobProgressQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "JobProgressQuerySet":
        """The jobs that this person requested."""
        return self.filter(by=user)


class JobProgress(BackgroundJob):
    """A job that the worker runs in parts, each a transaction.

    After an interruption it goes on after the row that it had `reached`. All its changes have the
    time `at`.
    """

    kind = models.CharField(max_length=20)  # a key of catalogue.acts.ACTS
    document = models.ForeignKey(Document, models.CASCADE, related_name="+", null=True)
    asked = models.JSONField(default=dict)  # parameters, which depend on the kind
    by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=JOB_STATES, default=WAITING, db_default=WAITING)
    # Bodies, obligations or sentences to process; 0 where that is not known
    total = models.PositiveIntegerField()
    # Obligations or reports made, lights that changed, or sentences read or stored
    made = models.PositiveIntegerField(default=0)
    # Path of a body, or id of an obligation
    reached = models.CharField(max_length=72, blank=True, default="")
    finished_at = models.DateTimeField(null=True)

    objects = JobProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("background task")
        verbose_name_plural = _("background tasks")
        indexes = [models.Index(fields=["by", "finished_at"], name="job_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    @property
    def act(self) -> str:
        return self.kind

    @property
    def about(self) -> str:
        return f"《{self.document.title_hans}》" if self.document else self.asked.get("name", "")

    @property
    def language(self) -> str:
        return (self.by and self.by.language) or settings.LANGUAGE_CODE

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def halted(self) -> bool:
        return self.state in HALTED

    @property
    def is_of_parts(self) -> bool:
        """Whether what is done remains if the job does not end."""
        return self.kind not in ("read", "register")
