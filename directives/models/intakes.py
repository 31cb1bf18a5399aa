"""Tables brought in: the file, how its columns were matched, and what was found of each row before
anything was changed.
"""

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
    """What is so of an intake in one state."""

    label: str | Promise
    act: str = ""  # the long act that has it in hand
    back: str = ""  # the state in which that act leaves it where it stops
    unchanged: bool = False  # nothing of the product was changed yet: it may be discarded
    checkable: bool = False  # its columns may be matched, and its rows checked
    step: int = 4  # of the four that its page shows
    tone: str = "line"  # of its tag


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
MINE, THEIRS = "mine", "theirs"  # of a conflict: what the file says, or what stands in the product


class IntakeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "IntakeQuerySet":
        """Whoever brought it in."""
        return self.filter(by=user)


class Intake(BackgroundJob):
    """One table brought in (导入): uploaded, its columns confirmed, checked, then applied as a
    whole or not at all.
    """

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
    # The headings that were found, a sheet each (tables.matching.Head)
    tables = models.JSONField(default=list)
    matching = models.JSONField(default=dict)  # sheet → letter of a column → field, as confirmed
    counts = models.JSONField(default=dict)  # verdict → rows
    # About the file as a whole, in words: columns passed over, hidden rows
    remarks = models.JSONField(default=list)
    # Of cells that are not taken over (tables.untaken_cells.Summary); None: there is none
    untaken = models.JSONField(null=True)
    total = models.PositiveIntegerField(null=True)
    # When the act that is in hand, or was last, was asked for
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
    """What was found of one row: what it would make or change, or every fault that it has."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # from 1 over the whole file
    sheet = models.CharField(max_length=31, blank=True)
    line = models.PositiveIntegerField()  # as the spreadsheet counts
    verdict = models.CharField(max_length=8, choices=VERDICTS)
    label = models.CharField(max_length=200, blank=True)  # what the row is about, for people
    # The row of ours that it changes; once applied, the one that it made
    subject_id = models.BigIntegerField(null=True)
    # The version that the file was made from, where it says; else the one compared with
    seen = models.PositiveIntegerField(null=True)
    before = models.JSONField(default=dict)  # field → value, of the fields that change
    after = models.JSONField(default=dict)
    # Of a conflict: what was written here since the file went out
    theirs = models.JSONField(default=dict)
    faults = models.JSONField(default=list)  # of intake.fields.Fault
    # Of intake.fields.Untaken; None: every cell is taken over, or says what stands here
    untaken = models.JSONField(null=True)
    choice = models.CharField(max_length=6, blank=True)  # of a conflict: mine or theirs
    left = models.PositiveIntegerField(null=True)  # the version that applying left behind

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
    """How a person once matched the headings of such a table, so that the next one like it is
    matched at once.
    """

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
