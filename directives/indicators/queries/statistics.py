"""The figures of a body and of all below it for one period, compared with the year before.

Totals are stored when figures are reported, so a page reads one row for each indicator, however
many bodies reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from directives.base.numbers import whole_number
from directives.dashboard.queries.counts import Body, Vantage, vantage
from directives.indicators.commands.periods import MONTHS, Period
from directives.indicators.queries.coverage import (
    FormerReporters,
    expected_count,
    former_reporters,
    responsible_counts,
)
from directives.models import Document, Figure, FigureTotal, Indicator, Organisation, User
from directives.models.indicators import EACH, MEAN, SUM
from directives.models.reports import PERIODS

OFFERED_PERIODS = {"quarter": 12, "half": 8, "year": 8}  # number of periods to choose from
TITLE = ("title", "title_hans", "title_hant", "fictional")


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice in a query string; invalid values are ignored."""

    document: int | None = None
    scope: int | None = None
    period: Period | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        ids = {name: query.get(name, "") for name in ("document", "scope")}
        numbers = {
            name: number for name, text in ids.items() if (number := whole_number(text)) is not None
        }
        return cls(**numbers, period=Period.of(query.get("period", "")))


@dataclass(frozen=True, slots=True)
class Measured:
    """The number and sum of the figures of some bodies."""

    count: int = 0
    sum: Decimal = Decimal(0)

    def value(self, aggregation: str) -> Decimal | None:
        """The sum or mean; None if nothing was reported, or figures are not combined."""
        if not self.count or aggregation == EACH:
            return None
        return self.sum / self.count if aggregation == MEAN else self.sum


NONE = Measured()


@dataclass(frozen=True, slots=True)
class Compared:
    """A value, and that of the same period of the year before."""

    current: Decimal | None
    year_before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        if self.current is None or self.year_before is None:
            return None
        return self.current - self.year_before

    @property
    def share(self) -> Decimal | None:
        """The change in percent of `year_before`; None if there is none."""
        change = self.change
        return None if change is None or not self.year_before else 100 * change / self.year_before


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator: the figure of the body itself, and the total of its subtree.

    `expected` counts the bodies that are responsible today and those that reported but no longer
    are, so that `missing` is the length of the list of those that have not reported.
    """

    indicator: Indicator
    own_values: Compared
    total: Compared
    reported: int = 0
    reported_then: int = 0
    expected: int = 0

    @property
    def missing(self) -> int:
        return self.expected - self.reported

    @property
    def uneven(self) -> bool:
        """Whether the two sums are of different numbers of bodies, and hardly comparable."""
        return self.indicator.aggregation == SUM and 0 < self.reported_then != self.reported > 0

    @property
    def headline(self) -> Compared:
        """The total, or the body's own figure if figures are not combined."""
        return self.own_values if self.indicator.aggregation == EACH else self.total


class PeriodChoices:
    """A mixin with the periods that may be chosen on a page."""

    __slots__ = ()

    period: Period  # that the page shows
    today: date
    cadences: tuple[str, ...]  # of the indicators

    @property
    def cadence_choices(self) -> list[tuple[str, object, Period]]:
        """Each cadence with its name and its shown or latest period."""
        period_by_cadence = {self.period.cadence: self.period}
        return [
            (key, label, period_by_cadence.get(key, Period.last_ended(self.today, key)))
            for key, label in PERIODS
            if key in self.cadences
        ]

    @property
    def periods(self) -> list[Period]:
        """The periods to choose from, with the shown one; latest first."""
        latest = Period.containing(self.today, self.period.cadence)
        offered = [latest.shifted(-steps) for steps in range(OFFERED_PERIODS[self.period.cadence])]
        return sorted({*offered, self.period}, key=lambda period: -period.count)


@dataclass(frozen=True)
class Statistics(PeriodChoices):
    """The statistics of a body for one document and period."""

    vantage: Vantage
    documents: tuple[Document, ...]  # visible to the user, latest first
    document: Document | None
    period: Period
    today: date
    cadences: tuple[str, ...]
    lines: tuple[IndicatorLine, ...] = ()  # the indicators of the period
    member_bodies: tuple[Organisation, ...] = ()  # bodies in which the user has a role

    @property
    def next_period(self) -> Period | None:
        following = self.period.after()
        return following if following.has_begun(self.today) else None

    @cached_property
    def reported(self) -> int:
        return sum(line.reported for line in self.lines)

    @cached_property
    def expected(self) -> int:
        return sum(line.expected for line in self.lines)

    @property
    def complete(self) -> int:
        """How many indicators all expected bodies have reported."""
        return sum(bool(line.expected) and not line.missing for line in self.lines)


def indicators_of(user: User) -> tuple[Indicator, ...]:
    """The indicators visible to the user, with bodies and names of documents. One query."""
    rows = Indicator.objects.visible_to(user).select_related("organisation", "document")
    names = [f"document__{name}" for name in TITLE]
    fields = [field.name for field in Indicator._meta.concrete_fields]
    of_body = ("code", "name_hans", "name_hant", "path", "branch")
    bodies = [f"organisation__{name}" for name in of_body]
    return tuple(rows.only(*fields, *names, *bodies).order_by("order", "pk"))


def statistics(user: User, choice: Choice, *, today: date) -> Statistics | None:
    """The figures of a body for one document and period; None if the user may not see them.

    Defaults are the highest body that the user oversees, the latest document with indicators, and
    the last period that has ended. At most eight queries.
    """
    user_vantage = vantage(user, choice.scope)
    visible = (
        Document.objects.visible_to(user)
        .select_related("organisation")
        .only(*TITLE, "organisation__path")
    )
    documents = tuple(visible.order_by("-registered_at", "-pk"))
    indicators = indicators_of(user) if user_vantage else ()
    document = next((row for row in documents if row.pk == choice.document), None)
    if user_vantage is None or (document is None and choice.document is not None):
        return None
    indicators = tuple(row for row in indicators if concerns(row, user_vantage.body))
    if document is None:
        with_indicators = {row.document_id for row in indicators}
        document = next((row for row in documents if row.pk in with_indicators), None)
        document = document or next(iter(documents), None)
    of_document = [row for row in indicators if document and row.document_id == document.pk]
    cadences = tuple(dict.fromkeys(row.cadence for row in of_document))
    collected = [row.cadence for row in of_document if row.ended_at is None]
    period = choice.period or latest_period(collected or cadences, today)
    of_period = [
        row for row in of_document if row.cadence == period.cadence and was_collected(row, period)
    ]
    lines = lines_of(user, user_vantage, of_period, period) if of_period else ()
    return Statistics(
        user_vantage, documents, document, period, today, cadences, lines, places_of(user)
    )


def places_of(user: User) -> tuple[Organisation, ...]:
    return tuple({m.organisation_id: m.organisation for m in user.held_memberships}.values())


def latest_period(cadences: Iterable[str], today: date) -> Period:
    """The period that ended last; of two that ended on one day the shorter."""
    ended = [Period.last_ended(today, cadence) for cadence in MONTHS if cadence in set(cadences)]
    return max(ended, key=lambda period: period.last_day, default=Period.last_ended(today, "year"))


def was_collected(indicator: Indicator, period: Period) -> bool:
    """Whether the indicator was still collected when the period started."""
    return indicator.ended_at is None or timezone.localdate(indicator.ended_at) > period.first_day


def concerns(indicator: Indicator, body: Body) -> bool:
    """Whether the indicator may be collected in the subtree of the body."""
    indicator_path = indicator.organisation.path
    return body.path.startswith(indicator_path) or indicator_path.startswith(body.path)


def lines_of(
    user: User,
    vantage: Vantage,
    indicators: Sequence[Indicator],
    period: Period,
    former: FormerReporters | None = None,
) -> tuple[IndicatorLine, ...]:
    """The lines of indicators of one document. At most five queries; `former` saves one."""
    body, before = vantage.body.pk, period.year_before()
    figures = own_figures(user, [body], indicators, [period, before])
    values = {
        row.pk: Compared(figures.get((row.pk, period, body)), figures.get((row.pk, before, body)))
        for row in indicators
    }
    if not vantage.whole:
        return tuple(IndicatorLine(row, values[row.pk], values[row.pk]) for row in indicators)
    stored, path = totals([body], indicators, [period, before]), vantage.body.path
    below = [row.organisation for row in indicators if row.organisation.path.startswith(path)]
    responsible = responsible_counts([vantage.body, *below], indicators[0].document_id)
    former = former_reporters(indicators, vantage.body, period) if former is None else former
    lines = []
    for row in indicators:
        current = stored.get((row.pk, period, body), NONE)
        earlier = stored.get((row.pk, before, body), NONE)
        counted_body = row.organisation_id if row.organisation in below else body
        lines.append(
            IndicatorLine(
                row,
                own_values=values[row.pk],
                total=Compared(current.value(row.aggregation), earlier.value(row.aggregation)),
                reported=current.count,
                reported_then=earlier.count,
                expected=expected_count(
                    current.count, responsible.get(counted_body, 0), former.total(row)
                ),
            )
        )
    return tuple(lines)


Totals = dict[tuple[int, Period, int], Measured]  # by indicator, period and body
OwnFigures = dict[tuple[int, Period, int], Decimal]


def totals(
    bodies: Iterable[int], indicators: Iterable[Indicator], periods: Sequence[Period]
) -> Totals:
    """The stored totals of these bodies, without a check of rights. Periods have one cadence."""
    rows = FigureTotal.objects.filter(
        scope__in=list(bodies),
        indicator__in=[row.pk for row in indicators],
        period=periods[0].cadence,
        year__in=sorted({period.year for period in periods}),
        number__in=sorted({period.number for period in periods}),
    )
    cells = rows.values_list("indicator_id", "year", "period", "number", "scope_id", "count", "sum")
    return {
        (indicator, Period(year, cadence, number), body): Measured(count, total)
        for indicator, year, cadence, number, body, count, total in cells
    }


def own_figures(
    user: User, bodies: Iterable[int], indicators: Iterable[Indicator], periods: Sequence[Period]
) -> OwnFigures:
    """The figures of these bodies themselves that the user may see."""
    rows = Figure.objects.visible_to(user).filter(
        organisation__in=list(bodies),
        indicator__in=[row.pk for row in indicators],
        period=periods[0].cadence,
        year__in=sorted({period.year for period in periods}),
        number__in=sorted({period.number for period in periods}),
    )
    cells = rows.values_list("indicator_id", "year", "period", "number", "organisation_id", "value")
    return {
        (indicator, Period(year, cadence, number), body): value
        for indicator, year, cadence, number, body, value in cells
    }
