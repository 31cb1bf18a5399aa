"""The work of the bodies for which a user works, in a fixed number of queries."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import BooleanField, Case, F, OuterRef, Q, QuerySet, Subquery, Value, When

from directives.base.clocks import Facts
from directives.base.states import (
    ACCEPTED,
    AWAITING,
    DRAFT,
    EDITABLE,
    REPORTABLE,
    RETURNED,
    SUBMITTED,
)
from directives.models import (
    LogEntry,
    Measure,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    ReplyRequest,
    User,
)
from directives.models.reports import cycle_name
from directives.models.scope import in_worked_for
from directives.plans.queries.plan_page import ServedDirective

LOG_ENTRIES_SHOWN = 5  # recent log entries shown


@dataclass(frozen=True, slots=True)
class DirectiveText:
    """A text in both scripts."""

    text_hans: str
    text_hant: str


@dataclass(frozen=True, slots=True)
class Title:
    """The title of a document, in both scripts."""

    pk: int
    title: str
    title_hans: str
    title_hant: str


@dataclass(frozen=True, slots=True)
class Returned:
    """Why something was returned, by whom and when."""

    reason: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure of a live plan, and the directives that it serves."""

    serves: tuple[ServedDirective, ...]
    logged_on: date | None
    pk: int
    number: int
    text: str
    due_on: date | None
    done_on: date | None
    version: int

    @property
    def code(self) -> str:
        return self.serves[0].code if self.serves else ""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A live plan of one of the user's bodies."""

    pk: int
    body: int
    document: int
    title: str
    state: str
    submitted_at: datetime | None
    returned: Returned
    measures: list[MeasureLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry of a report, with its state and whether its required fields are filled.

    `owed` and `starts_on` are the state and first day of its obligation. `sent_back`: it was
    submitted before.
    """

    pk: int
    state: str
    ready: bool
    returned: Returned
    code: str
    directive: DirectiveText
    obligation_state: str
    starts_on: date
    sent_back: bool

    def facts(self, due_on: date) -> Facts:
        """The facts of its obligation as if this report were all that is due."""
        clocks = (self.obligation_state, 0, self.starts_on, None, None, None)
        return Facts(*clocks, report_due_on=due_on, report_returned=self.sent_back)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report that is not completely accepted. It has no entries before it is started."""

    pk: int
    body: int
    document: Title
    begun: bool
    year: int
    period: str
    number: int
    due_on: date
    entries: list[EntryLine] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the period, such as: Third quarter of 2026."""
        return cycle_name(self.year, self.period, self.number)

    def count(self, *states: str) -> int:
        return sum(entry.state in states for entry in self.entries)

    @property
    def ready(self) -> int:
        """The number of drafts that can be submitted."""
        return sum(entry.state == DRAFT and entry.ready for entry in self.entries)

    @property
    def missing(self) -> int:
        """The number of returned entries and incomplete drafts."""
        return self.count(DRAFT, RETURNED) - self.ready

    @property
    def in_hand(self) -> int:
        """The number of entries that are accepted, submitted, or waiting for signature."""
        return self.count(ACCEPTED, SUBMITTED, AWAITING)


@dataclass(frozen=True, slots=True)
class PersonalWork:
    """The work of the bodies for which a user works."""

    bodies: dict[int, Organisation]
    receives: frozenset[int] = frozenset()  # bodies for which the user may acknowledge receipt
    signs: frozenset[int] = frozenset()  # bodies for which the user signs
    obligations: tuple[Obligation, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    reports: tuple[ReportLine, ...] = ()
    requests: tuple[ReplyRequest, ...] = ()  # to which no reply was given

    @property
    def measures(self) -> list[MeasureLine]:
        return [measure for plan in self.plans for measure in plan.measures]


def obligations_of(user: User) -> tuple[Obligation, ...]:
    """The open obligations of the user's bodies, with directive and document, in one query."""
    columns = (
        *("state", "percent", "light", "light_code", "light_on", "starts_on", "due_on"),
        *("original_due_on", "extensions_granted"),
        *("acknowledge_by", "plan_due_on", "report_due_on", "plan_returned", "report_returned"),
        *(
            "reply_due_on",
            "part",
            "heard_on",
            "issued_on",
            "organisation_id",
            "document_id",
            "directive_id",
        ),
    )
    text_fields = ("code", "order", "text", "text_hans", "text_hant")
    rows = (
        Obligation.objects.open()
        .filter(in_worked_for(user, "organisation"))
        .select_related("directive", "document")
    )
    texts = (f"directive__{name}" for name in text_fields)
    titles = (f"document__{name}" for name in ("title", "title_hans", "title_hant"))
    return tuple(rows.only(*columns, *texts, *titles).order_by("document", "directive__order"))


PLAN_FIELDS = (
    *("pk", "organisation_id", "document_id", "title", "state", "submitted_at"),
    *("reason", "decided_by__full_name", "decided_at"),
)
MEASURE_FIELDS = ("pk", "number", "text", "due_on", "done_on", "version")


def plans_of(user: User) -> tuple[PlanLine, ...]:
    """The live plans of the user's bodies, with measures and what they serve, in one query."""
    last_logged = (
        LogEntry.objects.not_withdrawn()
        .filter(measure=OuterRef("measures__pk"))
        .order_by("-on")
        .values("on")[:1]
    )
    serves = ("measures__obligations__pk", "measures__obligations__directive__code")
    rows = (
        Plan.objects.filter(in_worked_for(user, "organisation"), live=True)
        .annotate(last=Subquery(last_logged))
        .order_by("pk", "measures__number", "measures__obligations__directive__order")
        .values_list(
            *PLAN_FIELDS, "last", *serves, *(f"measures__{name}" for name in MEASURE_FIELDS)
        )
    )
    plans: dict[int, PlanLine] = {}
    measures: dict[int, MeasureLine] = {}
    for pk, body, document, title, state, submitted_at, *values in rows:
        reason, by, decided_at, logged_on, obligation, code, measure, *measure_values = values
        returned = Returned(reason, by or "", decided_at)
        plan = plans.setdefault(
            pk, PlanLine(pk, body, document, title, state, submitted_at, returned)
        )
        if measure is None:
            continue
        served_directives = (ServedDirective(obligation, code),) if obligation else ()
        if measure_line := measures.get(measure):
            measures[measure] = plan.measures[-1] = replace(
                measure_line, serves=measure_line.serves + served_directives
            )
        else:
            measures[measure] = MeasureLine(served_directives, logged_on, measure, *measure_values)
            plan.measures.append(measures[measure])
    return tuple(plans.values())


REPORT_FIELDS = (
    *("pk", "organisation_id"),
    *("document_id", "document__title", "document__title_hans", "document__title_hant"),
    *("begun_at", "cycle__year", "cycle__period", "cycle__number", "cycle__due_on"),
)
ENTRY_FIELDS = (
    *("pk", "state", "reason", "decided_by__full_name", "decided_at", "submitted_at"),
    *("obligation__state", "obligation__starts_on", "obligation__directive__code"),
    *("obligation__directive__text_hans", "obligation__directive__text_hant"),
)


def _filled() -> Case:
    """Whether an entry has a percentage, and either progress or a reason for no change."""
    explained = Q(entries__unchanged=True) & ~Q(entries__unchanged_reason="")
    reported = Q(entries__unchanged=False) & ~Q(entries__progress="")
    return Case(
        When((explained | reported) & Q(entries__percent__isnull=False), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def reports_of(user: User) -> tuple[ReportLine, ...]:
    """The reports of the user's bodies that are not completely accepted, in one query."""
    rows = (
        ProgressReport.objects.filter(in_worked_for(user, "organisation"), completed_at=None)
        .annotate(filled=_filled())
        .order_by("cycle__due_on", "pk", "entries__obligation__directive__order")
        .values_list(*REPORT_FIELDS, *(f"entries__{name}" for name in ENTRY_FIELDS), "filled")
    )
    reports: dict[int, ReportLine] = {}
    for pk, body, document, title, hans, hant, begun, year, period, number, due, *cells in rows:
        title = Title(document, title, hans, hant)
        new_line = ReportLine(pk, body, title, begun is not None, year, period, number, due)
        line = reports.setdefault(pk, new_line)
        entry, state, reason, by, decided_at, submitted_at, *obligation = cells
        obligation_state, starts_on, code, hans, hant, filled = obligation
        # Drafts are not needed for work that is closed, withdrawn, disputed or suspended by now.
        if entry is not None and (state not in EDITABLE or obligation_state in REPORTABLE):
            returned, directive_text = (
                Returned(reason, by or "", decided_at),
                DirectiveText(hans, hant),
            )
            sent_back = bool(submitted_at)
            line.entries.append(
                EntryLine(
                    entry,
                    state,
                    filled,
                    returned,
                    code,
                    directive_text,
                    obligation_state,
                    starts_on,
                    sent_back,
                )
            )
    return tuple(reports.values())


def requests_of(user: User) -> tuple[ReplyRequest, ...]:
    """What the user's bodies are asked and have not replied to, in one query."""
    rows = ReplyRequest.objects.waiting().filter(in_worked_for(user, "organisation"))
    return tuple(
        rows.select_related("obligation", "directive", "decided_by").order_by("due_on", "pk")
    )


def logged_by(user: User) -> QuerySet:
    """The latest log entries of the user's bodies, each with a directive, in one query."""
    served_directives = Measure.obligations.through.objects.filter(
        measure=OuterRef("measure")
    ).order_by("obligation__directive__order")
    rows = (
        LogEntry.objects.not_withdrawn()
        .filter(in_worked_for(user, "measure__plan__organisation"))
        .with_state()
    )
    rows = rows.select_related("measure__plan__organisation", "corrects")
    named_rows = rows.annotate(
        code=Subquery(served_directives.values("obligation__directive__code")[:1]),
        by_name=F("by__full_name"),
    )
    return named_rows.order_by("-on", "-id")[:LOG_ENTRIES_SHOWN]
