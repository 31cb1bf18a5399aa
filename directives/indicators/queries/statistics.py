"""Figures of a body and of all below it for one period: what they come to, what they were a year before, who reported.

Totals are kept as figures come in, so that a page reads a row for each indicator, however many bodies reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from directives.base.numbers import whole
from directives.dashboard.queries.counts import Body, Vantage, vantage
from directives.indicators.commands.periods import MONTHS, Period
from directives.indicators.queries.coverage import Gone, among, bodies_asked, reported_and_gone
from directives.models import Document, Figure, FigureTotal, Indicator, Organisation, User
from directives.models.indicators import EACH, MEAN, SUM
from directives.models.reports import PERIODS

BACK = {"quarter": 12, "half": 8, "year": 8}  # periods that the page offers
TITLE = ("title", "title_hans", "title_hant", "fictional")


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks for; what makes no sense is left out."""

    document: int | None = None
    scope: int | None = None
    period: Period | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        ids = {name: query.get(name, "") for name in ("document", "scope")}
        numbers = {
            name: number for name, text in ids.items() if (number := whole(text)) is not None
        }
        return cls(**numbers, period=Period.of(query.get("period", "")))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the figures of some bodies come to: how many there are, and their sum."""

    count: int = 0
    sum: Decimal = Decimal(0)

    def value(self, aggregation: str) -> Decimal | None:
        """The sum or the mean, as the indicator is added up; None where nothing was reported, or nothing is added up."""
        if not self.count or aggregation == EACH:
            return None
        return self.sum / self.count if aggregation == MEAN else self.sum


NONE = Measured()


@dataclass(frozen=True, slots=True)
class Compared:
    """A value beside that of the same period of the year before; `then` is the denominator of the share."""

    now: Decimal | None
    then: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.now is None or self.then is None else self.now - self.then

    @property
    def share(self) -> Decimal | None:
        """The change in percent of what it was; None where that was nothing, of which there is no percentage."""
        change = self.change
        return None if change is None or not self.then else 100 * change / self.then


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator over the view: `own` is the body's own figure, `total` that of all in view, `reported` of `asked` bodies.

    Asked are the bodies that owe something today, and those that reported and owe nothing any more: so those that reported are
    always among those that are asked, and what is missing is what the list of those that have not reported holds.
    """

    indicator: Indicator
    own: Compared
    total: Compared
    reported: int = 0
    reported_then: int = 0
    asked: int = 0

    @property
    def missing(self) -> int:
        """Bodies that are asked and have not reported."""
        return self.asked - self.reported

    @property
    def uneven(self) -> bool:
        """Sums of unlike many bodies stand beside one another: the change says little."""
        return self.indicator.aggregation == SUM and 0 < self.reported_then != self.reported > 0

    @property
    def shown(self) -> Compared:
        """What the indicator says of the view: the total, or the own figure where nothing is added up."""
        return self.own if self.indicator.aggregation == EACH else self.total


class Offered:
    """The periods that a page offers, for whatever knows which it shows, on which day, and which lengths are asked for."""

    __slots__ = ()

    period: Period
    today: date
    cadences: tuple[str, ...]

    @property
    def cadence_choices(self) -> list[tuple[str, object, Period]]:
        """Each length of period that is asked for, its name, and the period of it that is asked for now."""
        chosen = {self.period.cadence: self.period}
        return [
            (key, label, chosen.get(key, Period.last(self.today, key)))
            for key, label in PERIODS
            if key in self.cadences
        ]

    @property
    def periods(self) -> list[Period]:
        """The periods on offer, the latest_period first; the one that is shown is among them."""
        latest_period = Period.around(self.today, self.period.cadence)
        offered = [latest_period.shifted(-steps) for steps in range(BACK[self.period.cadence])]
        return sorted({*offered, self.period}, key=lambda period: -period.count)


@dataclass(frozen=True)
class Statistics(Offered):
    """The page of a body: `documents` are those that have indicators or could, `lines` the indicators of the period."""

    view: Vantage
    documents: tuple[Document, ...]
    document: Document | None
    period: Period
    today: date
    cadences: tuple[str, ...]
    lines: tuple[IndicatorLine, ...] = ()
    places: tuple[Organisation, ...] = ()  # from where else the person may look

    @property
    def later(self) -> Period | None:
        after = self.period.after()
        return after if after.begun(self.today) else None

    @cached_property
    def reported(self) -> int:
        """Figures that came in, over all lines."""
        return sum(line.reported for line in self.lines)

    @cached_property
    def asked(self) -> int:
        """Figures that are asked for, over all lines."""
        return sum(line.asked for line in self.lines)

    @property
    def complete(self) -> int:
        """Indicators that nobody's figure is missing of."""
        return sum(bool(line.asked) and not line.missing for line in self.lines)


def indicators_of(user: User) -> tuple[Indicator, ...]:
    """Every indicator that this person sees, in order, with its body and its document's names. One query."""
    rows = Indicator.objects.visible_to(user).select_related("organisation", "document")
    names = [f"document__{name}" for name in TITLE]
    own = [field.name for field in Indicator._meta.concrete_fields]
    places = [
        f"organisation__{name}" for name in ("code", "name_hans", "name_hant", "path", "branch")
    ]
    return tuple(rows.only(*own, *names, *places).order_by("order", "pk"))


def statistics(user: User, choice: Choice, *, today: date) -> Statistics | None:
    """The figures of a body for one document and period. None: the person may not look from there, or has no place at all.

    Without a choice it is the highest body that they oversee, the latest_period document that has indicators, and the last period
    that has ended. At most eight queries.
    """
    view = vantage(user, choice.scope)
    seen = (
        Document.objects.visible_to(user)
        .select_related("organisation")
        .only(*TITLE, "organisation__path")
    )
    documents = tuple(seen.order_by("-registered_at", "-pk"))
    found = [one for one in indicators_of(user) if concerns(one, view.body)] if view else []
    held = {one.document_id for one in found}
    document = next((row for row in documents if row.pk == choice.document), None)
    if view is None or (document is None and choice.document is not None):
        return None
    document = document or next(
        (row for row in documents if row.pk in held), next(iter(documents), None)
    )
    mine = [one for one in found if document and one.document_id == document.pk]
    cadences = tuple(dict.fromkeys(one.cadence for one in mine))
    period = choice.period or latest_period(
        [one.cadence for one in mine if one.ended_at is None] or cadences, today
    )
    shown = [one for one in mine if one.cadence == period.cadence and was_asked(one, period)]
    lines = lines_of(user, view, shown, period) if shown and document else ()
    return Statistics(view, documents, document, period, today, cadences, lines, places_of(user))


def places_of(user: User) -> tuple[Organisation, ...]:
    return tuple({m.organisation_id: m.organisation for m in user.standing}.values())


def latest_period(cadences: Iterable[str], today: date) -> Period:
    """The period that ended last, of the lengths that are asked for; of two that ended on one day the shorter."""
    ended = [Period.last(today, cadence) for cadence in MONTHS if cadence in set(cadences)]
    return max(ended, key=lambda period: period.last_day, default=Period.last(today, "year"))


def was_asked(indicator: Indicator, period: Period) -> bool:
    """It had not ended when the period began."""
    return indicator.ended_at is None or timezone.localdate(indicator.ended_at) > period.first_day


def concerns(indicator: Indicator, body: Body) -> bool:
    """Somebody in the subtree of the body may be asked for it."""
    asks = indicator.organisation.path
    return body.path.startswith(asks) or asks.startswith(body.path)


def lines_of(
    user: User,
    view: Vantage,
    indicators: Sequence[Indicator],
    period: Period,
    gone: Gone | None = None,
) -> tuple[IndicatorLine, ...]:
    """These indicators, which are of one document, over what is in view. At most five queries; `gone` saves one."""
    body, before = view.body.pk, period.year_before()
    own = own_figures(user, [body], indicators, [period, before])
    if not view.whole:
        compared = [
            Compared(own.get((one.pk, period, body)), own.get((one.pk, before, body)))
            for one in indicators
        ]
        return tuple(
            IndicatorLine(one, values, values)
            for one, values in zip(indicators, compared, strict=True)
        )
    kept = totals([body], indicators, [period, before])
    below = [
        one.organisation for one in indicators if one.organisation.path.startswith(view.body.path)
    ]
    asked = bodies_asked([view.body, *below], indicators[0].document_id)
    gone = reported_and_gone(indicators, view.body, period) if gone is None else gone
    lines = []
    for one in indicators:
        now, then = (kept.get((one.pk, when, body), NONE) for when in (period, before))
        home = one.organisation_id if one.organisation in below else body
        lines.append(
            IndicatorLine(
                one,
                Compared(own.get((one.pk, period, body)), own.get((one.pk, before, body))),
                Compared(now.value(one.aggregation), then.value(one.aggregation)),
                now.count,
                then.count,
                among(now.count, asked.get(home, 0), gone.total(one)),
            )
        )
    return tuple(lines)


Kept = dict[tuple[int, Period, int], Measured]  # by indicator, period and body
Own = dict[tuple[int, Period, int], Decimal]


def totals(
    bodies: Iterable[int], indicators: Iterable[Indicator], periods: Sequence[Period]
) -> Kept:
    """The kept totals of these bodies; the periods are of one length. Whether the bodies are in view is the caller's to ask."""
    rows = FigureTotal.objects.filter(
        scope__in=list(bodies),
        indicator__in=[one.pk for one in indicators],
        period=periods[0].cadence,
        year__in=sorted({period.year for period in periods}),
        number__in=sorted({period.number for period in periods}),
    )
    cells = rows.values_list("indicator_id", "year", "period", "number", "scope_id", "count", "sum")
    return {
        (one, Period(year, cadence, number), body): Measured(n, total)
        for one, year, cadence, number, body, n, total in cells
    }


def own_figures(
    user: User, bodies: Iterable[int], indicators: Iterable[Indicator], periods: Sequence[Period]
) -> Own:
    """What these bodies reported themselves, so far as this person may see it."""
    rows = Figure.objects.visible_to(user).filter(
        organisation__in=list(bodies),
        indicator__in=[one.pk for one in indicators],
        period=periods[0].cadence,
        year__in=sorted({period.year for period in periods}),
        number__in=sorted({period.number for period in periods}),
    )
    cells = rows.values_list("indicator_id", "year", "period", "number", "organisation_id", "value")
    return {
        (one, Period(year, cadence, number), body): value
        for one, year, cadence, number, body, value in cells
    }
