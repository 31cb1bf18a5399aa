"""Reports as lists show them: by cycle and body, how much of each is handed in, accepted, returned, overdue."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.models import Cycle, Obligation, ProgressReport, ReportEntry, User
from directives.overview.captions import Words
from directives.script import to_hans
from directives.states import ACCEPTED, AWAITING, EDITABLE, MANAGER, REPORTABLE, RETURNED, STAFF, SUBMITTED

HEAVY = ("document__source", "document__text_read", "document__text_repaired")  # never loaded for a list
CYCLES = 60  # offered by the filter, the newest first
CHUNK = 500  # reports counted at a time, when a long list is written to a file

# The chips over the list, in their order.
STATES: dict[str, Words] = {
    "": pgettext_lazy("reports", "All"),
    "review": pgettext_lazy("reports", "To review"),
    "waiting": pgettext_lazy("reports", "Not all handed in"),
    "overdue": _("Overdue"),
    "returned": pgettext_lazy("reports", "Returned"),
    "accepted": pgettext_lazy("reports", "All accepted"),
}
STATUS: dict[str, tuple[Words, str]] = {  # word and tone
    "unbegun": (pgettext_lazy("report", "Not begun"), "y"),
    "returned": (_("Returned, to be revised"), "y"),
    "signing": (pgettext_lazy("filing", "Awaiting signature"), "a"),
    "writing": (pgettext_lazy("report", "Being filled in"), ""),
    "review": (pgettext_lazy("report", "In review"), "a"),
    "accepted": (pgettext_lazy("report", "All accepted"), "g"),
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What of the list is wanted. `cycle` 0: every cycle; `q`: a body's name or code."""

    cycle: int = 0
    state: str = ""
    q: str = ""

    @classmethod
    def of(cls, data: Mapping[str, str], user: User, cycles: Iterable[Cycle]) -> "ReportFilter":
        """The filter in an address. Who oversees bodies begins with the newest cycle; a value that means nothing filters nothing."""
        wanted, known = data.get("cycle", ""), [cycle.pk for cycle in cycles]
        newest = known[0] if known and user.oversees else 0
        cycle = newest if not wanted else int(wanted) if wanted.isdecimal() and int(wanted) in known else 0
        state = data.get("state", "")
        return cls(cycle, state if state in STATES else "", data.get("q", "").strip()[:100])

    @property
    def any(self) -> bool:
        return bool(self.state or self.q)


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries of one report by state; `total` is what is owed, for a report not begun the obligations that it will ask about."""

    total: int = 0
    returned: int = 0
    awaiting: int = 0
    submitted: int = 0
    accepted: int = 0

    @property
    def handed_in(self) -> int:
        """Handed in and not returned."""
        return self.submitted + self.accepted


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One body's report for one cycle. `own`: the person fills it in."""

    report: ProgressReport
    counts: Counts
    own: bool
    overdue: bool

    @property
    def status(self) -> str:
        """A key of STATUS."""
        counts = self.counts
        if self.report.completed_at is not None:
            return "accepted"
        if self.report.begun_at is None:
            return "unbegun"
        if counts.returned:
            return "returned"
        if self.own and counts.awaiting:
            return "signing"
        return "review" if counts.handed_in == counts.total else "writing"

    @property
    def word(self) -> Words:
        return STATUS[self.status][0]

    @property
    def tone(self) -> str:
        return STATUS[self.status][1]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the list, with how many reports stand under it."""

    key: str
    label: Words
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The list under a filter: its cycles, its chips, and how many reports it has."""

    cycles: tuple[Cycle, ...]
    chosen: ReportFilter
    chips: tuple[Chip, ...]

    def count(self, key: str) -> int:
        return next((chip.count for chip in self.chips if chip.key == key), 0)

    @property
    def shown(self) -> int:
        return self.count(self.chosen.state)

    @property
    def total(self) -> int:
        return self.count("")

    @property
    def handed_in(self) -> int:
        """Bodies that have handed in everything."""
        return self.total - self.count("waiting")

    @property
    def cycle(self) -> Cycle | None:
        return next((cycle for cycle in self.cycles if cycle.pk == self.chosen.cycle), None)


def found(user: User) -> QuerySet[ProgressReport]:
    """The reports that this person may know of, with cycle, document and body."""
    return ProgressReport.objects.visible_to(user).select_related("cycle", "document", "organisation").defer(*HEAVY)


def cycles_of(user: User) -> tuple[Cycle, ...]:
    """The cycles that this person can choose from, the newest first."""
    reports = ProgressReport.objects.visible_to(user).filter(cycle=OuterRef("pk"))
    cycles = Cycle.objects.filter(Exists(reports)).select_related("document").defer(*HEAVY)
    return tuple(cycles.order_by("-due_on", "-pk")[:CYCLES])


def _some(*states: str) -> Exists:
    return Exists(ReportEntry.objects.owed().filter(report=OuterRef("pk"), state__in=states))


def condition(state: str, today: date) -> Q:
    """Reports under one of STATES."""
    waiting = Q(completed_at=None) & (Q(begun_at=None) | Q(_some(*EDITABLE, AWAITING)))
    match state:
        case "review":
            return Q(_some(SUBMITTED))
        case "waiting":
            return waiting
        case "overdue":
            return waiting & Q(cycle__due_on__lt=today)
        case "returned":
            return Q(_some(RETURNED))
        case "accepted":
            return Q(completed_at__isnull=False)
    return Q()


def _within(rows: QuerySet[ProgressReport], chosen: ReportFilter) -> QuerySet[ProgressReport]:
    """The filter but for its state, which the chips count."""
    if chosen.cycle:
        rows = rows.filter(cycle=chosen.cycle)
    if chosen.q:
        text = to_hans(chosen.q)
        rows = rows.filter(Q(organisation__name_hans__icontains=text) | Q(organisation__code__iexact=chosen.q))
    return rows


def listing(user: User, chosen: ReportFilter, cycles: tuple[Cycle, ...], *, today: date) -> Listing:
    """The chips of the list; one query."""
    rows = _within(ProgressReport.objects.visible_to(user), chosen)
    counted = {f"n_{key}": Count("pk", filter=condition(key, today)) for key in STATES}
    counts = rows.aggregate(**counted)
    return Listing(cycles, chosen, tuple(Chip(key, label, counts[f"n_{key}"]) for key, label in STATES.items()))


def wanted(user: User, chosen: ReportFilter, *, today: date) -> QuerySet[ProgressReport]:
    """The reports under the filter: newest cycle first, the person's own bodies before the others."""
    mine = [m.organisation_id for m in user.in_role(STAFF, MANAGER)]
    own = Case(When(organisation__in=mine, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = _within(found(user), chosen).filter(condition(chosen.state, today))
    return rows.order_by("-cycle__due_on", own, "organisation__code", "pk")


def report_rows(reports: Iterable[ProgressReport], user: User, *, today: date) -> tuple[ReportRow, ...]:
    """These reports with their counts; two queries."""
    reports = list(reports)
    mine = {m.organisation_id for m in user.in_role(STAFF, MANAGER)}
    counts = _counts(reports)
    result = []
    for report in reports:
        one = counts[report.pk]
        waits = report.completed_at is None and (report.begun_at is None or one.handed_in < one.total)
        result.append(ReportRow(report, one, report.organisation_id in mine, waits and report.cycle.due_on < today))
    return tuple(result)


def walk(reports: QuerySet[ProgressReport], user: User, *, today: date) -> Iterator[ReportRow]:
    """All of a long list, some at a time."""
    chunk: list[ProgressReport] = []
    for report in reports.iterator(chunk_size=CHUNK):
        chunk.append(report)
        if len(chunk) == CHUNK:
            yield from report_rows(chunk, user, today=today)
            chunk = []
    yield from report_rows(chunk, user, today=today)


def _counts(reports: list[ProgressReport]) -> dict[int, Counts]:
    entries = ReportEntry.objects.owed().filter(report__in=[report.pk for report in reports]).order_by()
    by_state: dict[int, dict[str, int]] = {}
    for pk, state, count in entries.values_list("report", "state").annotate(n=Count("pk")):
        by_state.setdefault(pk, {})[state] = count
    owed = _owed([report for report in reports if report.begun_at is None])
    result = {}
    for report in reports:
        states = by_state.get(report.pk, {})
        total = sum(states.values()) if report.begun_at else owed.get((report.organisation_id, report.document_id), 0)
        result[report.pk] = Counts(total, *(states.get(state, 0) for state in (RETURNED, AWAITING, SUBMITTED, ACCEPTED)))
    return result


def _owed(reports: list[ProgressReport]) -> dict[tuple[int, int], int]:
    """How many obligations a report that is not begun will ask about, by (body, document)."""
    bodies, documents = {report.organisation_id for report in reports}, {report.document_id for report in reports}
    rows = Obligation.objects.filter(organisation__in=bodies, document__in=documents, state__in=REPORTABLE).order_by()
    counted = rows.values_list("organisation", "document").annotate(n=Count("pk"))
    return {(body, document): count for body, document, count in counted}
