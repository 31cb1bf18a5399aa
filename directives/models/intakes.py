"""Imports of tables: the file, the matching of its columns, and the result of checking each row."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.models.jobs import BackgroundJob
from directives.models.people import User

UPLOADED, CHECKING, CHECKED, APPLYING, APPLIED, UNDOING, UNDONE, DISCARDED, UNREADABLE = (
    "uploaded",
    "checking",
    "checked",
    "applying",
    "applied",
    "undoing",
    "undone",
    "discarded",
    "unreadable",
)


@dataclass(frozen=True, slots=True)
class StateFacts:
    """Properties of a state of an import."""

    label: str | Promise
    act: str = ""  # the background job that runs
    back: str = ""  # the state after that job stops
    unchanged: bool = False  # nothing was changed by it yet, so it may be discarded
    checkable: bool = False  # its columns may be matched and its rows checked
    step: int = 4  # which of the four steps its page shows
    tone: str = "line"  # colour of its tag


FACTS = {
    UPLOADED: StateFacts(
        pgettext_lazy("intake", "Columns to be confirmed"),
        unchanged=True,
        checkable=True,
        step=2,
        tone="y",
    ),
    CHECKING: StateFacts(
        pgettext_lazy("intake", "Being checked"),
        act="check",
        back=UNREADABLE,
        unchanged=True,
        step=3,
    ),
    CHECKED: StateFacts(
        pgettext_lazy("intake", "Checked"), unchanged=True, checkable=True, step=3, tone="y"
    ),
    APPLYING: StateFacts(
        pgettext_lazy("intake", "Importing"), act="apply", back=CHECKED, unchanged=True
    ),
    APPLIED: StateFacts(pgettext_lazy("intake", "Imported"), tone="a"),
    UNDOING: StateFacts(pgettext_lazy("intake", "Being undone"), act="undo", back=APPLIED),
    UNDONE: StateFacts(pgettext_lazy("intake", "Undone")),
    DISCARDED: StateFacts(pgettext_lazy("intake", "Discarded")),
    UNREADABLE: StateFacts(
        pgettext_lazy("intake", "Could not be read"),
        unchanged=True,
        checkable=True,
        step=1,
        tone="y",
    ),
}
INTAKE_STATES = tuple((state, fact.label) for state, fact in FACTS.items())
OPEN = frozenset(state for state, fact in FACTS.items() if fact.unchanged)
CHECKABLE = frozenset(state for state, fact in FACTS.items() if fact.checkable)
NEW, CHANGED, SAME, WRONG, CONFLICT = "new", "changed", "same", "wrong", "conflict"
VERDICTS = (
    (NEW, pgettext_lazy("row", "New")),
    (CHANGED, pgettext_lazy("row", "Changed")),
    (SAME, pgettext_lazy("row", "Same")),
    (CONFLICT, pgettext_lazy("row", "Conflict")),
    (WRONG, pgettext_lazy("row", "Errors")),
)
MINE, THEIRS = "mine", "theirs"  # choice in a conflict: the value of the file or the stored one


class IntakeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "IntakeQuerySet":
        """The imports that this person uploaded."""
        return self.filter(by=user)


class Intake(BackgroundJob):
    """The import of one table (导入): uploaded, matched, checked, then applied as a whole."""

    BUSY = frozenset(state for state, fact in FACTS.items() if fact.act)

    kind = models.CharField(max_length=20)  # a key of intake.KINDS
    # What it belongs to: {"document": 1, "cycle": 3, "organisation": 9}
    place = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    file = models.FileField(upload_to="intake/%Y/%m/")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=INTAKE_STATES, default=UPLOADED)
    # The headings of each sheet (tables.matching.Head)
    tables = models.JSONField(default=list)
    matching = models.JSONField(default=dict)  # sheet → letter of a column → field, as confirmed
    counts = models.JSONField(default=dict)  # verdict → rows
    # Sentences about the file as a whole: ignored columns, hidden rows
    remarks = models.JSONField(default=list)
    # Cells that will not be imported (tables.untaken_cells.Summary); None: there are none
    untaken = models.JSONField(null=True)
    total = models.PositiveIntegerField(null=True)
    # When the present or last job was requested
    asked_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        indexes = [models.Index(fields=["by", "-id"], name="intake_of_person")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("intake", args=[self.pk])

    @property
    def fact(self) -> StateFacts:
        return FACTS[self.state]

    @property
    def act(self) -> str:
        return self.fact.act


class IntakeRow(models.Model):
    """The result of checking one row: what it would add or change, or its faults."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # from 1 over the whole file
    sheet = models.CharField(max_length=31, blank=True)
    line = models.PositiveIntegerField()  # as the spreadsheet counts
    verdict = models.CharField(max_length=8, choices=VERDICTS)
    label = models.CharField(max_length=200, blank=True)  # what the row is about, in words
    # Id of the stored row that it changes, or once applied, that it added
    subject_id = models.BigIntegerField(null=True)
    # The version that the file was exported from, if stated; else the one it was compared with
    seen = models.PositiveIntegerField(null=True)
    before = models.JSONField(default=dict)  # field → value, of the fields that change
    after = models.JSONField(default=dict)
    # In a conflict: values that were stored since the file was exported
    theirs = models.JSONField(default=dict)
    faults = models.JSONField(default=list)
    # Cells that will not be imported; None: there are none
    untaken = models.JSONField(null=True)
    choice = models.CharField(max_length=6, blank=True)  # in a conflict: mine or theirs
    left = models.PositiveIntegerField(null=True)  # version of the stored row after applying

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["intake", "number"], name="one_row_per_number"),
            models.CheckConstraint(
                condition=Q(choice__in=("", MINE, THEIRS)), name="choice_is_known"
            ),
        ]
        indexes = [models.Index(fields=["intake", "verdict", "number"], name="intake_row_verdict")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.line}"


class Matching(models.Model):
    """How a person matched the headings of a table, as the default for the next similar one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    headings = models.CharField(max_length=64)  # SHA-256 of the folded headings in their order
    columns = models.JSONField(default=dict)  # folded heading → field
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "headings"], name="one_matching_per_heading"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.user}"
