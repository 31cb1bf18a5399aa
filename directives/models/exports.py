"""Exports of lists: the columns that a person chose, and the files that the worker writes."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.models.jobs import (
    CANCELLED,
    FAILED,
    RUNNING,
    STOPPED,
    UNFINISHED,
    WAITING,
    BackgroundJob,
)
from directives.models.people import User

READY = "ready"
EXPORT_STATES = (
    (WAITING, pgettext_lazy("export", "Waiting")),
    (RUNNING, pgettext_lazy("export", "Being written")),
    (READY, pgettext_lazy("export", "Ready")),
    (STOPPED, pgettext_lazy("job", "Stopped")),
    (FAILED, pgettext_lazy("export", "Failed")),
    (CANCELLED, pgettext_lazy("export", "Cancelled")),
)
__all__ = [
    "CANCELLED",
    "FAILED",
    "READY",
    "RUNNING",
    "STOPPED",
    "UNFINISHED",
    "WAITING",
    "Export",
    "ListChoice",
]
PAPERS = (("a4", "A4"), ("a3", "A3"))
NONE = list  # the builtin, which the field `list` hides below


class ListChoice(models.Model):
    """How a person exports a list: which columns, in which order, on which paper."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    list = models.CharField(max_length=40)  # a key of catalogue.lists.LISTS
    # Keys of columns in order; empty: all, in the order of the list
    columns = models.JSONField(default=NONE)
    paper = models.CharField(_("paper"), max_length=2, choices=PAPERS, default="a4")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list"], name="one_choice_per_list")]

    def __str__(self) -> str:
        return f"{self.list} · {self.user}"


class ExportQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ExportQuerySet":
        """The exports that this person requested."""
        return self.filter(by=user)


class Export(BackgroundJob):
    """A file of a list, written by the worker for its requester, and kept for some days."""

    by = models.ForeignKey(User, models.CASCADE, related_name="+")
    list = models.CharField(max_length=40)  # a key of catalogue.lists.LISTS
    place = models.JSONField(default=dict)  # arguments of the page's URL: {"pk": 3}
    query = models.TextField(blank=True)  # the filters, as in the query string of the page
    told = models.JSONField(default=NONE)  # the filters in words: [label, value]
    format = models.CharField(max_length=10)  # a key of tables.formats.FORMATS
    columns = models.JSONField(default=NONE)
    paper = models.CharField(max_length=2, choices=PAPERS, default="a4")
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    # [role, path] of the person's memberships at the request
    reach = models.JSONField(default=NONE)
    state = models.CharField(max_length=10, choices=EXPORT_STATES, default=WAITING)
    total = models.PositiveIntegerField(null=True)  # rows, if known
    # When this run began, or its first row was read
    started_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)  # the instant of its data
    finished_at = models.DateTimeField(null=True)
    file = models.FileField(upload_to="exports/%Y/%m/", blank=True)
    name = models.CharField(max_length=200, blank=True)  # for the download
    size = models.PositiveBigIntegerField(default=0)  # bytes

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        indexes = [models.Index(fields=["by", "-id"], name="export_of_person")]

    def __str__(self) -> str:
        return f"{self.list} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("export", args=[self.pk])

    @property
    def act(self) -> str:
        return "export"

    @property
    def about(self) -> str:
        return self.name.rpartition(".")[0]
