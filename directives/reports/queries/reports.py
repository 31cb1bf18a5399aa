"""Reports as lists show them: by cycle and body, how much of each is handed in, accepted, returned, overdue."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.numbers import whole_number
from directives.base.script import to_hans
from directives.base.states import (
    ACCEPTED,
    AWAITING,
    EDITABLE,
    MANAGER,
    REPORTABLE,
    RETURNED,
    STAFF,
    SUBMITTED,
)
from directives.core.captions import Words
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.models import Cycle, Obligation, ProgressReport, ReportEntry, User
from directives.models.documents import HEAVY_OF_DOCUMENT

COUNTED = 1000  # reports under a chip are counted up to here; more than that is said to be so
CYCLES = 60  # offered by the filter, the newest first
CHUNK = 500  # reports counted at a time, when a long list is written to a file

# Who oversees bodies reads them in the order of the tree, what waits the longest waiting first; who works, the newest cycle first.
TREE = Order("tree", (Column("organisation__path"), Column("id", down=True)))
LATEST = Order(
    "latest",
    (
        Column("cycle__due_on", day=True, down=True),
        Column("organisation__path"),
        Column("id", down=True),
    ),
)
WAITING = Order(
    "waiting", (Column("waiting_since", moment=True), Column("organisation_id"), Column("id"))
)

# The chips over the list, in their order.
STATES: dict[str, Words] = {
    "": pgettext_lazy("reports", "All"),
    "review": pgettext_lazy("reports", "To review"),
    "waiting": pgettext_lazy("reports", "Not all submitted"),
    "overdue": _("Overdue"),
    "returned": pgettext_lazy("reports", "Returned"),
    "accepted": pgettext_lazy("reports", "All accepted"),
}
STATUS: dict[str, tuple[Words, str]] = {  # word and tone
    "unbegun": (pgettext_lazy("report", "Not started"), "y"),
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
        cycle, state = newest if not wanted else whole_number(wanted), data.get("state", "")
        return cls(
            cycle if cycle in known else 0,
            state if state in STATES else "",
            data.get("q", "").strip()[:100],
        )

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
    def id(self) -> int:
        return self.report.pk

    @property
    def organisation_id(self) -> int:
        return self.report.organisation_id

    @property
    def organisation_path(self) -> str:
        return self.report.organisation.path

    @property
    def waiting_since(self) -> datetime | None:
        return self.report.waiting_since

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
    more: bool = False  # than were counted

    @property
    def told(self) -> str:
        return f"{self.count:,}+" if self.more else f"{self.count:,}"


@dataclass(frozen=True, slots=True)
class ReportList:
    """The list under a filter: its cycles, its chips, and how many reports it has."""

    cycles: tuple[Cycle, ...]
    chosen: ReportFilter
    chips: tuple[Chip, ...]

    @property
    def exact(self) -> bool:
        """Every report was counted."""
        return not any(chip.more for chip in self.chips)

    @property
    def length(self) -> int | None:
        """How many reports stand under the chosen chip; None where they were not all counted."""
        chip = next(chip for chip in self.chips if chip.key == self.chosen.state)
        return None if chip.more else chip.count

    def count(self, key: str) -> int:
        return next((chip.count for chip in self.chips if chip.key == key), 0)

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

    @property
    def elsewhere(self) -> tuple[Cycle, ...]:
        """The newest cycle of each other document, where the list shows one cycle alone."""
        newest = {cycle.document_id: cycle for cycle in reversed(self.cycles)} if self.cycle else {}
        return tuple(
            cycle for document, cycle in newest.items() if document != self.cycle.document_id
        )[::-1]


def visible_reports(user: User) -> QuerySet[ProgressReport]:
    """The reports that this person may know of, with cycle, document, body and the one above it."""
    return (
        ProgressReport.objects.visible_to(user)
        .select_related("cycle", "document", "organisation__parent")
        .defer(*HEAVY_OF_DOCUMENT)
    )


def cycles_of(user: User) -> tuple[Cycle, ...]:
    """The cycles that this person can choose from, the newest first."""
    reports = ProgressReport.objects.visible_to(user).filter(cycle=OuterRef("pk"))
    cycles = (
        Cycle.objects.filter(Exists(reports)).select_related("document").defer(*HEAVY_OF_DOCUMENT)
    )
    return tuple(cycles.order_by("-due_on", "-pk")[:CYCLES])


def _some(*states: str) -> Exists:
    return Exists(ReportEntry.objects.owed().filter(report=OuterRef("pk"), state__in=states))


def condition(state: str, today: date) -> Q:
    """Reports under one of STATES."""
    waiting = Q(completed_at=None) & (Q(begun_at=None) | Q(_some(*EDITABLE, AWAITING)))
    match state:
        case "review":
            return Q(waiting_since__isnull=False)
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
        rows = rows.filter(
            Q(organisation__name_hans__icontains=to_hans(chosen.q))
            | Q(organisation__code__iexact=chosen.q)
        )
    return rows


def report_list(
    user: User, chosen: ReportFilter, cycles: tuple[Cycle, ...], *, today: date
) -> ReportList:
    """The chips of the list: in two queries where it is short, else in one for each, none of which counts further than COUNTED."""
    rows = _within(ProgressReport.objects.visible_to(user), chosen).order_by()
    total = rows[: COUNTED + 1].count()
    if total <= COUNTED:
        counts = rows.aggregate(
            **{f"n_{key}": Count("pk", filter=condition(key, today)) for key in STATES}
        )
    else:
        counts = {
            f"n_{key}": rows.filter(condition(key, today))[: COUNTED + 1].count()
            for key in STATES
            if key
        } | {"n_": total}
    chips = (
        Chip(key, label, min(counts[f"n_{key}"], COUNTED), counts[f"n_{key}"] > COUNTED)
        for key, label in STATES.items()
    )
    return ReportList(cycles, chosen, tuple(chips))


def order_of(user: User, chosen: ReportFilter) -> Order:
    above = WAITING if chosen.state == "review" else TREE
    return above if user.oversees else LATEST


def filtered_reports(user: User, chosen: ReportFilter, *, today: date) -> QuerySet[ProgressReport]:
    """The reports under the filter."""
    return _within(visible_reports(user), chosen).filter(condition(chosen.state, today))


def report_page(user: User, around: ReportList, query: Mapping[str, str], *, today: date) -> Page:
    """One page of the list; three queries."""
    order, rows = order_of(user, around.chosen), filtered_reports(user, around.chosen, today=today)
    return read_page(
        rows,
        order,
        PageRequest.from_query(query, order),
        total=around.length,
        read=lambda part: report_rows(part, user, today=today),
    )


def report_rows(
    reports: Iterable[ProgressReport], user: User, *, today: date
) -> tuple[ReportRow, ...]:
    """These reports with their counts; two queries."""
    reports = list(reports)
    mine = {m.organisation_id for m in user.in_role(STAFF, MANAGER)}
    counts = _counts(reports)
    result = []
    for report in reports:
        one = counts[report.pk]
        waits = report.completed_at is None and (
            report.begun_at is None or one.handed_in < one.total
        )
        result.append(
            ReportRow(
                report, one, report.organisation_id in mine, waits and report.cycle.due_on < today
            )
        )
    return tuple(result)


def iterate_rows(
    reports: QuerySet[ProgressReport], user: User, *, today: date
) -> Iterator[ReportRow]:
    """All of a long list, some at a time."""
    chunk: list[ProgressReport] = []
    for report in reports.iterator(chunk_size=CHUNK):
        chunk.append(report)
        if len(chunk) == CHUNK:
            yield from report_rows(chunk, user, today=today)
            chunk = []
    yield from report_rows(chunk, user, today=today)


def _counts(reports: list[ProgressReport]) -> dict[int, Counts]:
    entries = (
        ReportEntry.objects.owed().filter(report__in=[report.pk for report in reports]).order_by()
    )
    by_state: dict[int, dict[str, int]] = {}
    for pk, state, count in entries.values_list("report", "state").annotate(n=Count("pk")):
        by_state.setdefault(pk, {})[state] = count
    owed = _owed([report for report in reports if report.begun_at is None])
    result = {}
    for report in reports:
        states = by_state.get(report.pk, {})
        total = (
            sum(states.values())
            if report.begun_at
            else owed.get((report.organisation_id, report.document_id), 0)
        )
        result[report.pk] = Counts(
            total, *(states.get(state, 0) for state in (RETURNED, AWAITING, SUBMITTED, ACCEPTED))
        )
    return result


def _owed(reports: list[ProgressReport]) -> dict[tuple[int, int], int]:
    """How many obligations a report that is not begun will ask about, by (body, document)."""
    of = {
        "organisation__in": {one.organisation_id for one in reports},
        "document__in": {one.document_id for one in reports},
    }
    rows = Obligation.objects.filter(**of, state__in=REPORTABLE).order_by()
    return {
        (body, document): count
        for body, document, count in rows.values_list("organisation", "document").annotate(
            n=Count("pk")
        )
    }
