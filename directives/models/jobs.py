# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""What the machinery remembers: working days, jobs and how far they have come, keys of forms
already carried out, notices.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.workdays import Workdays, workdays_of
from directives.models.documents import Document
from directives.models.people import User

HORIZON = timedelta(days=800)  # how far on either side of today the calendar is read
# A worker that has not shown for so long that it lives is dead
HEARTBEAT_LIMIT = timedelta(seconds=60)
WORKER = "worker:"  # of every worker's name, and so of its heartbeat


class CalendarDayQuerySet(models.QuerySet):
    def workdays(self, today: date) -> Workdays:
        """The working days around `today`: Monday to Friday, but for the days in this table."""
        near = self.filter(day__range=(today - HORIZON, today + HORIZON)).order_by()
        return _counted(tuple(near.values_list("day", "working")))


class Marked(NamedTuple):
    day: date
    working: bool


@lru_cache(maxsize=8)
def _counted(days: tuple[tuple[date, bool], ...]) -> Workdays:
    """The calendar is read with every move; what follows from the same days is worked out once."""
    return workdays_of(Marked(*row) for row in days)


class CalendarDay(models.Model):
    """A day that breaks the Monday-to-Friday rule: a holiday, or a weekend day that is worked
    (调休).
    """

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
        """The instant at which to carry out what was asked for then: it may have waited, and lights
        never go back behind a tick.
        """
        return max([asked_at, *self.filter(name="tick").values_list("last_ran_at", flat=True)])


class JobRun(models.Model):
    """When a periodic job last ran; `last_day` is the Shanghai day it last ran for, `held_by` the
    worker that has it in hand.

    The heartbeat of a worker is one of these too. `boot` tells the start of the machine that it
    runs on, and is empty once the worker was asked to stop.
    """

    name = models.CharField(max_length=40, unique=True)
    last_ran_at = models.DateTimeField()
    last_day = models.DateField()
    held_by = models.CharField(max_length=40, blank=True, default="", db_default="")
    boot = models.CharField(max_length=36, blank=True, default="", db_default="")

    objects = JobRunQuerySet.as_manager()


class FormKeyQuerySet(models.QuerySet):
    def claim(self, key: UUID, *, by: User, at: datetime) -> bool:
        """Take the key of a form that is about to be carried out; False if it was taken before.

        The second of two senders waits here until the first has ended. In one statement: the ORM
        inserts without a word on whether it did, or needs a savepoint for the refusal.
        """
        row = self.model(key=key, user=by, at=at)
        columns = [
            (field.column, field.get_db_prep_save(getattr(row, field.attname), connection))
            for field in row._meta.concrete_fields
        ]
        names = ", ".join(connection.ops.quote_name(str(name)) for name, _value in columns)
        places = ", ".join(["%s"] * len(columns))
        statement = (
            f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for _name, value in columns])
            return cursor.rowcount == 1

    def led_to(self, key: UUID, location: str) -> None:
        """Note where the first answer sent its reader.

        Written out, as `claim` is: every form that is carried out asks it.
        """
        prepared = self.model._meta.pk.get_db_prep_save(key, connection)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE directives_formkey SET location = %s WHERE key = %s", [location, prepared]
            )


class FormKey(models.Model):
    """The key of a form that was carried out: the same form sent twice acts once (幂等)."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # Where the first answer sent its reader
    location = models.CharField(max_length=300, blank=True)

    objects = FormKeyQuerySet.as_manager()


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        return self.filter(user=user)


class Notice(models.Model):
    """A message to one person, shown in the product and mailed; `kind` names its wording in
    `notices.KINDS`.
    """

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


# long acts

WAITING, RUNNING, DONE, STOPPED, FAILED, CANCELLED = (
    "waiting",
    "running",
    "done",
    "stopped",
    "failed",
    "cancelled",
)
UNFINISHED = frozenset({WAITING, RUNNING})
# Short of its end: who asked for it may have it go on, or end it
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
    """How far a long act has come, on the row that it is about. `jobs` carries it out.

    Whoever has it in hand knows its `version`; a row with another version is in other hands, or was
    called off.
    """

    BUSY: frozenset[str] = UNFINISHED  # states in which a process has it in hand, or will have
    awaited = False  # somebody waits for the page that carries it out; not stored

    done = models.PositiveIntegerField(default=0)
    # Why it came to a stop, in the language of who asked
    fault = models.TextField(blank=True, default="")
    # When it last came further; empty while it waits for its turn
    moved_at = models.DateTimeField(null=True)
    # Processes that ended over it since it came further
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    task = models.UUIDField(null=True)  # the one that carries it out, in the queue
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def act(self) -> str:
        """A key of catalogue.acts.ACTS: what is being done while it is BUSY."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """What a notice calls it."""
        return str(self)


class JobProgressQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "JobProgressQuerySet":
        """Whoever asked for it sees how far it has come."""
        return self.filter(by=user)


class JobProgress(BackgroundJob):
    """A long act that the worker carries out part by part, each part a transaction of its own, and
    how far it has come.

    Whatever stops it between two parts, it goes on behind the row that it had `reached`. All of it
    bears one instant, `at`.
    """

    kind = models.CharField(max_length=20)  # a key of catalogue.acts.ACTS
    document = models.ForeignKey(Document, models.CASCADE, related_name="+", null=True)
    asked = models.JSONField(default=dict)  # what was asked for, as the kind needs it
    by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=JOB_STATES, default=WAITING, db_default=WAITING)
    total = models.PositiveIntegerField()  # bodies that it is about, or obligations
    # Rows made: obligations, reports; or lights that changed
    made = models.PositiveIntegerField(default=0)
    # Path of a body, or key of an obligation
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
        return f"《{self.document.title_hans}》" if self.document else ""

    @property
    def language(self) -> str:
        return (self.by and self.by.language) or settings.LANGUAGE_CODE

    @property
    def unended(self) -> bool:
        return self.state in UNFINISHED

    @property
    def halted(self) -> bool:
        return self.state in HALTED
