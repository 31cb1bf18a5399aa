"""What the machinery remembers: working days, jobs and how far they have come, keys of forms already carried out, notices."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from directives.models.documents import Document
from directives.models.people import User
from directives.workdays import Workdays, workdays_of

HORIZON = timedelta(days=800)  # how far on either side of today the calendar is read
HEART = timedelta(seconds=60)  # a worker that has not shown for so long that it lives is dead
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
    """A day that breaks the Monday-to-Friday rule: a holiday, or a weekend day that is worked (调休)."""

    day = models.DateField(_("day"), unique=True)
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
        return self.workers().filter(last_ran_at__gte=now - HEART)


class JobRun(models.Model):
    """When a periodic job last ran; `last_day` is the Shanghai day it last ran for, `held_by` the worker that has it in hand."""

    name = models.CharField(max_length=40, unique=True)
    last_ran_at = models.DateTimeField()
    last_day = models.DateField()
    held_by = models.CharField(max_length=40, blank=True, default="", db_default="")

    objects = JobRunQuerySet.as_manager()


class FormKeyQuerySet(models.QuerySet):
    def claim(self, key: UUID, *, by: User, at: datetime) -> bool:
        """Take the key of a form that is about to be carried out; False if it was taken before.

        The second of two senders waits here until the first has ended. In one statement: the ORM inserts without a word
        on whether it did, or needs a savepoint for the refusal.
        """
        row = self.model(key=key, user=by, at=at)
        columns = [(field.column, field.get_db_prep_save(getattr(row, field.attname), connection)) for field in row._meta.concrete_fields]
        names = ", ".join(connection.ops.quote_name(name) for name, _value in columns)
        places = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for _name, value in columns])
            return cursor.rowcount == 1

    def led_to(self, key: UUID, location: str) -> None:
        """Note where the first answer sent its reader. Written out, as `claim` is: every form that is carried out asks it."""
        prepared = self.model._meta.pk.get_db_prep_save(key, connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE directives_formkey SET location = %s WHERE key = %s", [location, prepared])


class FormKey(models.Model):
    """The key of a form that was carried out: the same form sent twice acts once (幂等)."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    location = models.CharField(max_length=300, blank=True)  # where the first answer sent its reader

    objects = FormKeyQuerySet.as_manager()


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        return self.filter(user=user)


class Notice(models.Model):
    """A message to one person, shown in the product and mailed; `kind` names its wording in `notices.KINDS`."""

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


class JobProgressQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "JobProgressQuerySet":
        """Whoever asked for it sees how far it has come."""
        return self.filter(by=user)


class JobProgress(models.Model):
    """A long act that the worker carries out part by part, each part a transaction of its own, and how far it has come.

    Whatever stops it between two parts, it goes on behind the body that it had `reached`. All of it bears one instant, `at`.
    """

    kind = models.CharField(max_length=20)  # a key of jobs.KINDS
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    asked = models.JSONField(default=dict)  # what was asked for, as the kind needs it
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    total = models.PositiveIntegerField()  # bodies that it is about
    done = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)  # rows made: obligations, reports
    reached = models.CharField(max_length=72, blank=True, default="")  # path
    finished_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True, default="")  # why it stopped before its end

    objects = JobProgressQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["by", "finished_at"], name="job_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
