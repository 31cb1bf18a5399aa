"""Lists of reports by cycle and body, with the numbers of entries in each state."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.numbers import whole_number
from directives.base.script import to_hans
from directives.base.states import (
    ACCEPTED,
    AWAITING,
    EDITABLE,
    REPORTABLE,
    RETURNED,
    SUBMITTED,
    SUPPORTING,
    WORKING,
)
from directives.core.captions import Caption
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.models import Cycle, Obligation, ProgressReport, ReportEntry, User
from directives.models.documents import HEAVY_OF_DOCUMENT

COUNT_LIMIT = 1000  # reports up to which a chip counts; then it shows a plus
CYCLES = 60  # the newest cycles, which the filter offers
CHUNK = 500  # reports read at a time when a list is written to a file

# Overseers read reports in tree order, or the longest waiting first if they review; people who fill
# in reports read the newest cycle first.
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

# The filter chips of the list, in order.
STATES: dict[str, Caption] = {
    "": pgettext_lazy("reports", "All"),
    "review": pgettext_lazy("reports", "To review"),
    "waiting": pgettext_lazy("reports", "Not all submitted"),
    "overdue": _("Overdue"),
    "returned": pgettext_lazy("reports", "Returned"),
    "accepted": pgettext_lazy("reports", "All accepted"),
}


class Status(NamedTuple):
    """The status of a report: its word and the colour of its tag."""

    word: Caption
    tone: str


STATUS = {
    "unbegun": Status(pgettext_lazy("report", "Not started"), "y"),
    "returned": Status(_("Returned, to be revised"), "y"),
    "signing": Status(pgettext_lazy("filing", "Awaiting signature"), "a"),
    "writing": Status(pgettext_lazy("report", "Being filled in"), ""),
    "review": Status(pgettext_lazy("report", "In review"), "a"),
    "accepted": Status(pgettext_lazy("report", "All accepted"), "g"),
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """`cycle` 0: every cycle; `q`: an organisation's name or code."""

    cycle: int = 0
    state: str = ""
    q: str = ""

    @classmethod
    def of(cls, data: Mapping[str, str], user: User, cycles: Iterable[Cycle]) -> "ReportFilter":
        """The filter in an address, without invalid values.

        By default overseers see the newest cycle.
        """
        known = [cycle.pk for cycle in cycles]
        state = data.get("state", "")
        if text := data.get("cycle", ""):
            cycle = whole_number(text)
        else:
            cycle = known[0] if known and user.oversees else 0
        return cls(
            cycle=cycle if cycle in known else 0,
            state=state if state in STATES else "",
            q=data.get("q", "").strip()[:100],
        )

    @property
    def is_set(self) -> bool:
        return bool(self.state or self.q)


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries of one report by state; `total` counts obligations if it is not started."""

    total: int = 0
    returned: int = 0
    awaiting: int = 0
    submitted: int = 0
    accepted: int = 0

    @property
    def handed_in(self) -> int:
        """The number of entries that are handed in and not returned."""
        return self.submitted + self.accepted


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One body's report for one cycle. `is_own`: the person fills it in."""

    report: ProgressReport
    counts: Counts
    is_own: bool
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
        if self.is_own and counts.awaiting:
            return "signing"
        return "review" if counts.handed_in == counts.total else "writing"

    @property
    def word(self) -> Caption:
        return STATUS[self.status].word

    @property
    def tone(self) -> str:
        return STATUS[self.status].tone


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the list, with how many reports stand under it."""

    key: str
    label: Caption
    count: int
    more: bool = False  # there are more than `count`

    @property
    def text(self) -> str:
        return f"{self.count:,}+" if self.more else f"{self.count:,}"


@dataclass(frozen=True, slots=True)
class ReportList:
    """The list under a filter: its cycles, its chips, and how many reports it has."""

    cycles: tuple[Cycle, ...]
    report_filter: ReportFilter
    chips: tuple[Chip, ...]

    @property
    def all_counted(self) -> bool:
        """Whether every report was counted."""
        return not any(chip.more for chip in self.chips)

    @property
    def length(self) -> int | None:
        """The number of reports under the chosen chip; None if they were not all counted."""
        chip = next(chip for chip in self.chips if chip.key == self.report_filter.state)
        return None if chip.more else chip.count

    def count(self, key: str) -> int:
        return next((chip.count for chip in self.chips if chip.key == key), 0)

    @property
    def total(self) -> int:
        return self.count("")

    @property
    def handed_in(self) -> int:
        """The number of reports that are handed in completely."""
        return self.total - self.count("waiting")

    @property
    def cycle(self) -> Cycle | None:
        return next((cycle for cycle in self.cycles if cycle.pk == self.report_filter.cycle), None)

    @property
    def other_cycles(self) -> tuple[Cycle, ...]:
        """The newest cycle of each other document, if the list shows a single cycle."""
        if self.cycle is None:
            return ()
        newest = {cycle.document_id: cycle for cycle in reversed(self.cycles)}
        newest.pop(self.cycle.document_id, None)
        return tuple(newest.values())[::-1]


def visible_reports(user: User) -> QuerySet[ProgressReport]:
    """The reports that this person may see, with cycle, document, organisation and its parent."""
    reports = ProgressReport.objects.visible_to(user)
    reports = reports.select_related("cycle", "document", "organisation__parent")
    return reports.defer(*HEAVY_OF_DOCUMENT)


def cycles_of(user: User) -> tuple[Cycle, ...]:
    """The cycles that this person can choose from, the newest first."""
    reports = ProgressReport.objects.visible_to(user).filter(cycle=OuterRef("pk"))
    cycles = Cycle.objects.filter(Exists(reports)).select_related("document")
    return tuple(cycles.defer(*HEAVY_OF_DOCUMENT).order_by("-due_on", "-pk")[:CYCLES])


def _has_entries(*states: str) -> Exists:
    return Exists(ReportEntry.objects.owed().filter(report=OuterRef("pk"), state__in=states))


def condition(state: str, today: date) -> Q:
    """The condition of reports under one of STATES."""
    waiting = Q(completed_at=None) & (Q(begun_at=None) | Q(_has_entries(*EDITABLE, AWAITING)))
    match state:
        case "review":
            return Q(waiting_since__isnull=False)
        case "waiting":
            return waiting
        case "overdue":
            return waiting & Q(cycle__due_on__lt=today)
        case "returned":
            return Q(_has_entries(RETURNED))
        case "accepted":
            return Q(completed_at__isnull=False)
    return Q()


def _filtered(
    rows: QuerySet[ProgressReport], report_filter: ReportFilter
) -> QuerySet[ProgressReport]:
    """Apply the filter except its state, which the chips count."""
    if report_filter.cycle:
        rows = rows.filter(cycle=report_filter.cycle)
    if report_filter.q:
        rows = rows.filter(
            Q(organisation__name_hans__icontains=to_hans(report_filter.q))
            | Q(organisation__code__iexact=report_filter.q)
        )
    return rows


def report_list(
    user: User, report_filter: ReportFilter, cycles: tuple[Cycle, ...], *, today: date
) -> ReportList:
    """The chips of the list.

    Two queries if there are at most COUNT_LIMIT reports, else one for each chip.
    """
    rows = _filtered(ProgressReport.objects.visible_to(user), report_filter).order_by()
    total = rows[: COUNT_LIMIT + 1].count()
    conditions = {f"n_{key}": condition(key, today) for key in STATES}
    if total <= COUNT_LIMIT:
        counts = rows.aggregate(
            **{name: Count("pk", filter=condition) for name, condition in conditions.items()}
        )
    else:
        del conditions["n_"]
        counts = {
            name: rows.filter(condition)[: COUNT_LIMIT + 1].count()
            for name, condition in conditions.items()
        }
        counts["n_"] = total
    chips = (
        Chip(key, label, min(counts[f"n_{key}"], COUNT_LIMIT), counts[f"n_{key}"] > COUNT_LIMIT)
        for key, label in STATES.items()
    )
    return ReportList(cycles, report_filter, tuple(chips))


def order_of(user: User, report_filter: ReportFilter) -> Order:
    order_for_overseers = WAITING if report_filter.state == "review" else TREE
    return order_for_overseers if user.oversees else LATEST


def filtered_reports(
    user: User, report_filter: ReportFilter, *, today: date
) -> QuerySet[ProgressReport]:
    return _filtered(visible_reports(user), report_filter).filter(
        condition(report_filter.state, today)
    )


def report_page(user: User, listed: ReportList, query: Mapping[str, str], *, today: date) -> Page:
    """One page of the list; three queries."""
    order = order_of(user, listed.report_filter)
    return read_page(
        filtered_reports(user, listed.report_filter, today=today),
        order,
        PageRequest.from_query(query, order),
        total=listed.length,
        read=lambda part: report_rows(part, user, today=today),
    )


def report_rows(
    reports: Iterable[ProgressReport], user: User, *, today: date
) -> tuple[ReportRow, ...]:
    """These reports with their counts; two queries."""
    reports = list(reports)
    filled_in = user.bodies_as(*WORKING)
    rows = []
    for report, counts in zip(reports, _counts(reports), strict=True):
        waits = report.completed_at is None and (
            report.begun_at is None or counts.handed_in < counts.total
        )
        is_own, overdue = report.organisation_id in filled_in, waits and report.cycle.due_on < today
        rows.append(ReportRow(report, counts, is_own, overdue))
    return tuple(rows)


def iterate_rows(
    reports: QuerySet[ProgressReport], user: User, *, today: date
) -> Iterator[ReportRow]:
    """All rows of a list, read in chunks."""
    stream = reports.iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        yield from report_rows(chunk, user, today=today)


def _counts(reports: Sequence[ProgressReport]) -> list[Counts]:
    entries = ReportEntry.objects.owed().filter(report__in=[report.pk for report in reports])
    by_state = {
        (pk, state): count
        for pk, state, count in entries.order_by()
        .values_list("report", "state")
        .annotate(n=Count("pk"))
    }
    totals = Counter[int]()
    for (pk, _state), count in by_state.items():
        totals[pk] += count
    obligation_counts = _obligation_counts(
        [report for report in reports if report.begun_at is None]
    )
    states = (RETURNED, AWAITING, SUBMITTED, ACCEPTED)
    return [
        Counts(
            totals[report.pk]
            if report.begun_at
            else obligation_counts[report.organisation_id, report.document_id].count_for(report),
            *(by_state.get((report.pk, state), 0) for state in states),
        )
        for report in reports
    ]


class _Reported(NamedTuple):
    """How many obligations a body reports on, those that it only supports apart."""

    others: int = 0
    supporting: int = 0

    def count_for(self, report: ProgressReport) -> int:
        return self.others + (self.supporting if report.cycle.asks_supporting else 0)


def _obligation_counts(
    reports: Sequence[ProgressReport],
) -> defaultdict[tuple[int, int], _Reported]:
    """Obligations that reports not yet started will cover, by (organisation, document)."""
    rows = Obligation.objects.filter(
        organisation__in={report.organisation_id for report in reports},
        document__in={report.document_id for report in reports},
        state__in=REPORTABLE,
    )
    supports = Q(part=SUPPORTING)
    counts = rows.order_by().values("organisation", "document")
    counts = counts.annotate(
        others=Count("pk", filter=~supports), supporting=Count("pk", filter=supports)
    )
    found = {
        (row["organisation"], row["document"]): _Reported(row["others"], row["supporting"])
        for row in counts
    }
    return defaultdict(_Reported, found)
