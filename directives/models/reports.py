"""Reporting cycles, progress reports and their entries, submissions, verdicts and evidence."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import (
    DRAFT,
    EDITABLE,
    FILING_STATES,
    HANDED_IN,
    IN,
    REPORTABLE,
    SUBMITTED,
)
from directives.models.documents import Document
from directives.models.look_backs import LookBack
from directives.models.obligations import Obligation
from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.plans import LogEntry, Plan
from directives.models.replies import ReplyRequest
from directives.models.scope import ScopedQuerySet, any_of, in_overseen, in_worked_for
from directives.models.tallies import ALWAYS

PERIODS = (
    ("quarter", pgettext_lazy("period", "Quarter")),
    ("half", pgettext_lazy("period", "Half-year")),
    ("year", pgettext_lazy("period", "Year")),
)
# Of cycles only. A turn (期) is one of a row of cycles without a period of the calendar: every so
# many weeks, or on days of the office's own choice; its number counts within the year.
MONTH, TURN = "month", "turn"
CYCLE_PERIODS = (
    (MONTH, pgettext_lazy("period", "Month")),
    *PERIODS,
    (TURN, pgettext_lazy("period", "Other interval")),
)
# Period → how many of them a year may have
PERIODS_OF_YEAR = {MONTH: 12, "quarter": 4, "half": 2, "year": 1, TURN: 366}
# (period, number) → its name
PERIOD_NAMES = {
    ("quarter", 1): _("First quarter of %(year)s"),
    ("quarter", 2): _("Second quarter of %(year)s"),
    ("quarter", 3): _("Third quarter of %(year)s"),
    ("quarter", 4): _("Fourth quarter of %(year)s"),
    ("half", 1): _("First half of %(year)s"),
    ("half", 2): _("Second half of %(year)s"),
    ("year", 1): _("Year %(year)s"),
}


def cycle_name(year: int, period: str, number: int) -> str:
    """The period of a cycle in the reader's language, such as 2026年第三季度. Raises KeyError."""
    if period == MONTH:
        return date_format(date(year, number, 1), "YEAR_MONTH_FORMAT")
    if period == TURN:
        return str(_("No. %(number)s of %(year)s")) % {"number": number, "year": year}
    return str(PERIOD_NAMES[period, number]) % {"year": year}


BLANK, FROM_LOG, CARRIED, TYPED = "blank", "log", "carried", "typed"
ORIGINS = (
    (BLANK, pgettext_lazy("origin", "Blank")),
    (FROM_LOG, pgettext_lazy("origin", "Drafted from the log")),
    (CARRIED, pgettext_lazy("origin", "Carried forward")),
    (TYPED, pgettext_lazy("origin", "Typed")),
)


class CycleQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "CycleQuerySet":
        return self.filter(document__in=Document.objects.visible_to(user))


class Cycle(models.Model):
    """A reporting period of a document (填报周期): opens on one day, due on another."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="cycles")
    year = models.PositiveSmallIntegerField(_("year"))
    period = models.CharField(_("period"), max_length=8, choices=CYCLE_PERIODS)
    number = models.PositiveSmallIntegerField(_("number"), default=1)  # which quarter, which half
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"))
    # False: supporting bodies give the inputs that they are asked for, not a report. Cycles from
    # before that have True.
    asks_supporting = models.BooleanField(default=False, db_default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")
        ordering = ["-due_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "year", "period", "number"], name="one_cycle_per_period"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("opens_on")), name="cycle_due_after_opening"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The period in the reader's language, such as 2026年第三季度."""
        return cycle_name(self.year, self.period, self.number)


class PlannedCycleQuerySet(CycleQuerySet):
    def waiting(self) -> "PlannedCycleQuerySet":
        """Cycles that were not opened."""
        return self.filter(cycle=None)

    def due_to_open(self, today: date) -> "PlannedCycleQuerySet":
        """Cycles to open today. Those whose due day has passed as well are left to a person."""
        return self.waiting().filter(opens_on__lte=today, due_on__gte=today)


class PlannedCycle(models.Model):
    """A reporting cycle that `tick` opens when its day comes. `cycle`: the one it was opened as."""

    document = models.ForeignKey(
        Document, models.PROTECT, related_name="planned_cycles", db_index=False
    )
    year = models.PositiveSmallIntegerField(_("year"))
    period = models.CharField(_("period"), max_length=8, choices=CYCLE_PERIODS)
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"))
    cycle = models.OneToOneField(Cycle, models.PROTECT, null=True, related_name="planned")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PlannedCycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned cycle")
        verbose_name_plural = _("planned cycles")
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "year", "period", "number"], name="one_planned_per_period"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("opens_on")), name="planned_cycle_due_after_opening"
            ),
        ]
        indexes = [
            models.Index(fields=["opens_on"], name="planned_cycle_to_open", condition=Q(cycle=None))
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The period in the reader's language."""
        return cycle_name(self.year, self.period, self.number)


class ReportQuerySet(ScopedQuerySet):
    def settle_waiting(self) -> int:
        """Recompute `waiting_since`, after entries were written in bulk; returns how many wait."""
        submitted = ReportEntry.objects.filter(state=SUBMITTED).order_by()
        first = (
            submitted.filter(report=models.OuterRef("pk"))
            .values("report")
            .annotate(first=models.Min("submitted_at"))
            .values("first")
        )
        self.filter(waiting_since__isnull=False).update(waiting_since=None)
        return self.filter(pk__in=submitted.values("report")).update(
            waiting_since=models.Subquery(first)
        )


class ProgressReport(models.Model):
    """One body's report for one cycle (进展报告). It has no state; its entries do."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="reports")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="reports")
    begun_at = models.DateTimeField(null=True)
    first_submitted_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)  # every entry accepted
    # The earliest submission of an entry that waits for its verdict
    waiting_since = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress report")
        verbose_name_plural = _("progress reports")
        ordering = ["-cycle__due_on", "organisation__code"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle"], name="one_report_per_cycle")
        ]
        indexes = [
            models.Index(
                fields=["waiting_since", "organisation"],
                name="report_waits",
                condition=Q(waiting_since__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.cycle}"

    @property
    def mark_key(self) -> tuple[str, str, date]:
        """The mark under which it is counted: accepted as a whole, submitted in part, or open."""
        progress = "in" if self.first_submitted_at else "open"
        if self.completed_at:
            progress = "whole"
        return "cycle", f"{self.cycle_id}:{progress}", ALWAYS


class EntryQuerySet(ScopedQuerySet):
    owner = "report__organisation"

    def visible_to(self, user: User) -> "EntryQuerySet":
        """All entries of bodies that the person works for, and submitted ones of overseen bodies.

        An entry that was only returned by the body's own manager was not submitted.
        """
        submitted = Q(state__in=HANDED_IN, submitted_at__isnull=False)
        overseen = in_overseen(user, f"{self.owner}__path") & submitted
        return self.filter(in_worked_for(user, self.owner) | overseen)

    def owed(self) -> "EntryQuerySet":
        """Without drafts on obligations that are closed, withdrawn, disputed or suspended now."""
        return self.filter(~Q(state__in=EDITABLE) | Q(obligation__state__in=REPORTABLE))


class ReportEntry(models.Model):
    """Progress on one obligation in one cycle (进展情况).

    Each entry has its own state, because a report may be submitted in parts.
    """

    report = models.ForeignKey(
        ProgressReport, models.CASCADE, related_name="entries", db_index=False
    )
    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="entries")
    progress = models.TextField(_("progress"), blank=True)
    problems = models.TextField(_("problems"), blank=True)
    next_steps = models.TextField(_("next steps"), blank=True)
    percent = models.PositiveSmallIntegerField(_("percent complete"), null=True, blank=True)
    unchanged = models.BooleanField(_("no change since the last report"), default=False)
    unchanged_reason = models.CharField(_("reason for no change"), max_length=200, blank=True)
    origin = models.CharField(max_length=8, choices=ORIGINS, default=BLANK)
    # How many log entries the draft was made from
    drawn_from = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=FILING_STATES, default=DRAFT)
    reason = models.TextField(blank=True)  # of the last return
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Who sent it for signature; None: it was submitted without.
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    saved_at = models.DateTimeField(null=True)
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("report entry")
        verbose_name_plural = _("report entries")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "obligation"], name="one_entry_per_obligation"
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=0, percent__lte=100),
                name="entry_percent_0_to_100",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="entry_verdict_names_who",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(reason=""), name="entry_return_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["report", "state"], name="entry_by_state"),
            models.Index(fields=["report"], name="entry_returned", condition=Q(state="returned")),
        ]

    def __str__(self) -> str:
        return f"{self.report.cycle} · {self.obligation}"

    @property
    def mark_key(self) -> tuple[str, str, date]:
        """The mark under which it is counted: by the day of submission, ALWAYS before that."""
        submitted_at = self.submitted_at if self.state in IN else None
        on = timezone.localdate(submitted_at) if submitted_at else ALWAYS
        return "report", str(self.report.cycle_id), on


class LogUse(models.Model):
    """The use of a log entry in the draft of a report entry.

    The log entry counts as reported once the report entry is submitted after `at`.
    """

    entry = models.ForeignKey(ReportEntry, models.CASCADE, related_name="log_uses", db_index=False)
    log_entry = models.ForeignKey(LogEntry, models.CASCADE, related_name="uses")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "log_entry"], name="log_used_once_per_entry")
        ]

    def __str__(self) -> str:
        return f"{self.entry} · {self.log_entry}"


class SubmissionQuerySet(ScopedQuerySet):
    pass


class Submission(models.Model):
    """A numbered copy of a submitted plan or report (报送记录).

    Triggers refuse updates and deletions.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="submissions")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="submissions")
    report = models.ForeignKey(
        ProgressReport, models.PROTECT, null=True, related_name="submissions"
    )
    number = models.PositiveIntegerField()  # counts within the plan or the report, from 1
    content = models.JSONField()
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan=None, report__isnull=False) | Q(plan__isnull=False, report=None),
                name="submission_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["plan", "number"], name="one_submission_number_per_plan"
            ),
            models.UniqueConstraint(
                fields=["report", "number"], name="one_submission_number_per_report"
            ),
        ]


class VerdictQuerySet(ScopedQuerySet):
    owner = "submission__organisation"


class Verdict(models.Model):
    """A supervisor's decision on an entry of a submission, or on a plan. Never changed."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="verdicts")
    entry = models.ForeignKey(ReportEntry, models.PROTECT, null=True, related_name="verdicts")
    accepted = models.BooleanField()
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # The name at that time; empty in old rows
    by_name = models.CharField(max_length=150, blank=True, default="", db_default="")

    objects = VerdictQuerySet.as_manager()

    class Meta:
        verbose_name = _("review result")
        verbose_name_plural = _("review results")
        constraints = [
            models.UniqueConstraint(fields=["submission", "entry"], name="one_verdict_per_entry"),
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(entry=None),
                name="one_verdict_per_plan_submission",
            ),
            models.CheckConstraint(
                condition=Q(accepted=True) | ~Q(reason=""), name="refusal_has_a_reason"
            ),
        ]

    @property
    def reviewer(self) -> str:
        """The name of the person who decided, at that time if it was stored."""
        return self.by_name or str(self.by)


class AttachmentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "AttachmentQuerySet":
        """Files of visible rows."""
        return self.filter(
            Q(log_entry__in=LogEntry.objects.visible_to(user).values("pk"))
            | Q(report_entry__in=ReportEntry.objects.visible_to(user).values("pk"))
            | Q(plan__in=Plan.objects.visible_to(user).values("pk"))
            | Q(reply_request__in=ReplyRequest.objects.visible_to(user).values("pk"))
            | Q(look_back__in=LookBack.objects.visible_to(user).values("pk"))
        )


PARENTS = (
    "log_entry",
    "report_entry",
    "plan",
    "reply_request",
    "look_back",
)  # of a file: one of these


def _only(parent: str) -> Q:
    """That this is the parent, and no other."""
    return Q(**{f"{name}__isnull": name != parent for name in PARENTS})


class Attachment(models.Model):
    """Evidence (佐证材料): a file on one log entry, report entry, plan, reply or look-back."""

    log_entry = models.ForeignKey(LogEntry, models.CASCADE, null=True, related_name="files")
    report_entry = models.ForeignKey(ReportEntry, models.CASCADE, null=True, related_name="files")
    plan = models.ForeignKey(Plan, models.CASCADE, null=True, related_name="files")
    reply_request = models.ForeignKey(
        ReplyRequest, models.CASCADE, null=True, related_name="files", db_index=False
    )
    look_back = models.ForeignKey(
        LookBack, models.CASCADE, null=True, related_name="files", db_index=False
    )
    file = models.FileField(upload_to="evidence/%Y/%m/")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=any_of(_only(parent) for parent in PARENTS),
                name="attachment_of_one_thing",
            )
        ]
        indexes = [
            models.Index(
                fields=["reply_request"],
                name="attachment_of_reply",
                condition=Q(reply_request__isnull=False),
            ),
            models.Index(
                fields=["look_back"],
                name="attachment_of_look_back",
                condition=Q(look_back__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
