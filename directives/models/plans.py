"""Plans of organisations to implement a document, their measures, and the work log."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from directives.base.states import (
    AWAITING,
    DELIVERABLES,
    DRAFT,
    FILING_STATES,
    IMPLEMENTATION_PLAN,
    LOG_CORRECTED,
    LOG_OPEN,
    LOG_REPORTED,
    LOG_SIGNING,
    LOG_WITHDRAWN,
)
from directives.models.documents import Document
from directives.models.obligations import Obligation
from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.scope import ScopedQuerySet, in_overseen, in_worked_for
from directives.models.tallies import ALWAYS


class FiledQuerySet(ScopedQuerySet):
    """Plans and their parts: visible to the body itself, and to those above once submitted.

    They stay visible to those above while the body revises its plan.
    """

    filing = ""  # leads to the plan

    def inside(self, user: User) -> Q:
        """The condition of `visible_to`."""
        submitted = Q(**{f"{self.filing}submitted_at__isnull": False})
        overseen = in_overseen(user, f"{self.owner}__path") & submitted
        return in_worked_for(user, self.owner) | overseen

    def visible_to(self, user: User) -> Self:
        return self.filter(self.inside(user))


class Plan(models.Model):
    """An implementation plan or a list of measures; one is `live` for each body and document."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="plans")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="plans")
    kind = models.CharField(
        _("deliverable"), max_length=8, choices=DELIVERABLES[1:], default=IMPLEMENTATION_PLAN
    )
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("general requirements"), blank=True)
    live = models.BooleanField(default=True)
    state = models.CharField(max_length=12, choices=FILING_STATES, default=DRAFT)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Who sent it for signature; None: it was submitted without.
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)  # of the last return
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FiledQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "document"], condition=Q(live=True), name="one_live_plan"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="plan_verdict_names_who",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(reason=""), name="plan_return_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["submitted_at", "organisation"],
                name="plan_waits",
                condition=Q(live=True, state="submitted"),
            ),
            models.Index(
                fields=["-submitted_at", "-id"], name="plan_latest", condition=Q(live=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def mark_key(self) -> tuple[str, str, date] | None:
        """The mark under which it is counted once it was submitted."""
        return ("filed", self.state, ALWAYS) if self.live and self.submitted_at else None


class MeasureQuerySet(FiledQuerySet):
    owner, filing = "plan__organisation", "plan__"


class Measure(models.Model):
    """One measure of a plan (措施), which serves one or more obligations."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="measures")
    number = models.PositiveSmallIntegerField(_("number"))
    text = models.TextField(_("what will be done"))
    responsible = models.CharField(_("user"), max_length=100, blank=True)
    due_on = models.DateField(_("complete by"), null=True, blank=True)
    result = models.CharField(_("form of result"), max_length=200, blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    obligations = models.ManyToManyField(
        Obligation, related_name="measures", verbose_name=_("serves")
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_measure_per_number")
        ]

    def __str__(self) -> str:
        return self.text[:40]


class LogEntryQuerySet(FiledQuerySet):
    owner, filing = "measure__plan__organisation", "measure__plan__"

    def visible_to(self, user: User) -> Self:
        """Also those of supporting bodies, to who leads the directive, once their plan is in."""
        led = Obligation.objects.supporting(user).values("pk")
        serving = Measure.obligations.through.objects.filter(obligation__in=led)
        by_lead = Q(
            measure__in=serving.values("measure"), measure__plan__submitted_at__isnull=False
        )
        return self.filter(self.inside(user) | by_lead)

    def of_visible_bodies(self, user: User) -> Self:
        """Those of bodies that the person works for or oversees: what lists show."""
        return self.filter(self.inside(user))

    def not_withdrawn(self) -> "LogEntryQuerySet":
        return self.filter(withdrawn_at=None)

    def current(self) -> "LogEntryQuerySet":
        """Entries that were neither withdrawn nor corrected, from which reports are drafted."""
        return self.not_withdrawn().exclude(Exists(corrections()))

    def with_state(self) -> "LogEntryQuerySet":
        """With what `LogEntry.state` needs."""
        uses = LogEntry.objects.filter(pk=OuterRef("pk"))
        return self.annotate(
            reported=Exists(uses.filter(uses__at__lte=F("uses__entry__submitted_at"))),
            signing=Exists(uses.filter(uses__entry__state=AWAITING)),
            corrected_by=Subquery(corrections().values("pk")[:1]),
        )


def corrections() -> "LogEntryQuerySet":
    """The valid correction of the entry of the outer query."""
    return LogEntry.objects.not_withdrawn().filter(corrects=OuterRef("pk"))


class LogEntry(models.Model):
    """What was done on a day for a measure (工作记录).

    Its author may change it until a report that used it is submitted.
    """

    measure = models.ForeignKey(Measure, models.PROTECT, related_name="log")
    on = models.DateField(_("date"))
    text = models.TextField(_("what was done"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # This and `withdrawn_by` are rarely set: a partial index is enough, or none.
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", db_index=False
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    # Annotations of `with_state`
    reported: bool  # in a submitted report
    signing: bool  # in a report that waits for signature
    corrected_by: int | None  # id of the entry that corrects it

    objects = LogEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        ordering = ["-on", "-id"]
        indexes = [
            models.Index(fields=["measure", "on"], name="log_of_measure"),
            models.Index(fields=["-on", "-id"], name="log_newest"),
            models.Index(
                fields=["corrects"], name="log_corrects", condition=Q(corrects__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def state(self) -> str:
        """A key of LOG_STATES; one query for an entry that was not read `with_state`."""
        if self.withdrawn_at:
            return LOG_WITHDRAWN
        entry = self
        if not hasattr(self, "corrected_by"):
            entry = LogEntry.objects.with_state().get(pk=self.pk)
        if entry.corrected_by:
            return LOG_CORRECTED
        if entry.reported:
            return LOG_REPORTED
        return LOG_SIGNING if entry.signing else LOG_OPEN
