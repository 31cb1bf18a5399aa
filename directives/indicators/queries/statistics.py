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
    Gone,
    asked_in_all,
    bodies_asked,
    reported_and_gone,
)
from directives.models import Document, Figure, FigureTotal, Indicator, Organisation, User
from directives.models.indicators import EACH, MEAN, SUM
from directives.models.reports import PERIODS

OFFERED = {"quarter": 12, "half": 8, "year": 8}  # how many periods the page offers
TITLE = ("title", "title_hans", "title_hant", "fictional")


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice in an address; invalid values are ignored."""

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
    """A value, and `then` that of the same period of the year before."""

    now: Decimal | None
    then: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.now is None or self.then is None else self.now - self.then

    @property
    def share(self) -> Decimal | None:
        """The change in percent of `then`; None if there is none."""
        change = self.change
        return None if change is None or not self.then else 100 * change / self.then


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator: the figure of the body itself, and the total of all in view.

    `asked` counts the bodies that are responsible today and those that reported but no longer are,
    so that `missing` is the length of the list of those that have not reported.
    """

    indicator: Indicator
    own: Compared
    total: Compared
    reported: int = 0
    reported_then: int = 0
    asked: int = 0

    @property
    def missing(self) -> int:
        return self.asked - self.reported

    @property
    def uneven(self) -> bool:
        """Whether the sums are of different numbers of bodies, so that the change says little."""
        return self.indicator.aggregation == SUM and 0 < self.reported_then != self.reported > 0

    @property
    def headline(self) -> Compared:
        """The total, or the body's own figure if figures are not combined."""
        return self.own if self.indicator.aggregation == EACH else self.total


class Offered:
    """A mixin with the periods that a page offers."""

    __slots__ = ()

    period: Period  # that the page shows
    today: date
    cadences: tuple[str, ...]  # of the indicators

    @property
    def cadence_choices(self) -> list[tuple[str, object, Period]]:
        """Each cadence with its name and its present period."""
        chosen = {self.period.cadence: self.period}
        return [
            (key, label, chosen.get(key, Period.last(self.today, key)))
            for key, label in PERIODS
            if key in self.cadences
        ]

    @property
    def periods(self) -> list[Period]:
        """The periods on offer, with the one that the page shows; latest first."""
        latest = Period.around(self.today, self.period.cadence)
        offered = [latest.shifted(-steps) for steps in range(OFFERED[self.period.cadence])]
        return sorted({*offered, self.period}, key=lambda period: -period.count)


@dataclass(frozen=True)
class Statistics(Offered):
    """The page of a body."""

    view: Vantage
    documents: tuple[Document, ...]  # that have indicators, or may
    document: Document | None
    period: Period
    today: date
    cadences: tuple[str, ...]
    lines: tuple[IndicatorLine, ...] = ()  # the indicators of the period
    places: tuple[Organisation, ...] = ()  # other bodies from which the user may look

    @property
    def later(self) -> Period | None:
        after = self.period.after()
        return after if after.begun(self.today) else None

    @cached_property
    def reported(self) -> int:
        return sum(line.reported for line in self.lines)

    @cached_property
    def asked(self) -> int:
        return sum(line.asked for line in self.lines)

    @property
    def complete(self) -> int:
        """How many indicators everybody has reported."""
        return sum(bool(line.asked) and not line.missing for line in self.lines)


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

    Defaults are the highest body that they oversee, the newest document that has indicators, and
    the last period that has ended. At most eight queries.
    """
    view = vantage(user, choice.scope)
    visible = (
        Document.objects.visible_to(user)
        .select_related("organisation")
        .only(*TITLE, "organisation__path")
    )
    documents = tuple(visible.order_by("-registered_at", "-pk"))
    indicators = indicators_of(user) if view else ()
    document = next((row for row in documents if row.pk == choice.document), None)
    if view is None or (document is None and choice.document is not None):
        return None
    indicators = tuple(row for row in indicators if concerns(row, view.body))
    if document is None:
        with_indicators = {row.document_id for row in indicators}
        document = next((row for row in documents if row.pk in with_indicators), None)
        document = document or next(iter(documents), None)
    of_document = [row for row in indicators if document and row.document_id == document.pk]
    cadences = tuple(dict.fromkeys(row.cadence for row in of_document))
    collected = [row.cadence for row in of_document if row.ended_at is None]
    period = choice.period or latest_period(collected or cadences, today)
    of_period = [
        row for row in of_document if row.cadence == period.cadence and was_asked(row, period)
    ]
    lines = lines_of(user, view, of_period, period) if of_period else ()
    return Statistics(view, documents, document, period, today, cadences, lines, places_of(user))


def places_of(user: User) -> tuple[Organisation, ...]:
    return tuple({m.organisation_id: m.organisation for m in user.held_memberships}.values())


def latest_period(cadences: Iterable[str], today: date) -> Period:
    """The period that ended last; of two that ended on one day the shorter."""
    ended = [Period.last(today, cadence) for cadence in MONTHS if cadence in set(cadences)]
    return max(ended, key=lambda period: period.last_day, default=Period.last(today, "year"))


def was_asked(indicator: Indicator, period: Period) -> bool:
    """Whether the indicator was still collected when the period began."""
    return indicator.ended_at is None or timezone.localdate(indicator.ended_at) > period.first_day


def concerns(indicator: Indicator, body: Body) -> bool:
    """Whether the indicator may be collected in the subtree of the body."""
    asks = indicator.organisation.path
    return body.path.startswith(asks) or asks.startswith(body.path)


def lines_of(
    user: User,
    view: Vantage,
    indicators: Sequence[Indicator],
    period: Period,
    gone: Gone | None = None,
) -> tuple[IndicatorLine, ...]:
    """Indicators of one document over the view. At most five queries; `gone` saves one."""
    body, before = view.body.pk, period.year_before()
    figures = own_figures(user, [body], indicators, [period, before])
    own = {
        row.pk: Compared(figures.get((row.pk, period, body)), figures.get((row.pk, before, body)))
        for row in indicators
    }
    if not view.whole:
        return tuple(IndicatorLine(row, own[row.pk], own[row.pk]) for row in indicators)
    stored = totals([body], indicators, [period, before])
    below = [
        row.organisation for row in indicators if row.organisation.path.startswith(view.body.path)
    ]
    asked = bodies_asked([view.body, *below], indicators[0].document_id)
    gone = reported_and_gone(indicators, view.body, period) if gone is None else gone
    lines = []
    for row in indicators:
        now, then = (stored.get((row.pk, when, body), NONE) for when in (period, before))
        top = row.organisation_id if row.organisation in below else body
        lines.append(
            IndicatorLine(
                row,
                own=own[row.pk],
                total=Compared(now.value(row.aggregation), then.value(row.aggregation)),
                reported=now.count,
                reported_then=then.count,
                asked=asked_in_all(now.count, asked.get(top, 0), gone.total(row)),
            )
        )
    return tuple(lines)


Totals = dict[tuple[int, Period, int], Measured]  # by indicator, period and body
Own = dict[tuple[int, Period, int], Decimal]


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
) -> Own:
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
