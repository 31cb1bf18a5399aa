"""Figures that bodies have to report, for the form and for the page "my work"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from directives.base.states import WORKING
from directives.indicators.commands.periods import MONTHS, Period
from directives.indicators.queries.statistics import PeriodChoices, latest_period
from directives.models import Document, Figure, Indicator, Organisation, Owing, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import in_worked_for


@dataclass(frozen=True, slots=True)
class RequestedFigure:
    """One indicator that a body is expected to report."""

    indicator: Indicator
    figure: Figure | None
    year_before: Figure | None  # of the year before


@dataclass(frozen=True, slots=True)
class BodyFigures(PeriodChoices):
    """The figures of one body for one document and period."""

    body: Organisation
    document: Document
    period: Period
    today: date
    lines: tuple[RequestedFigure, ...]
    cadences: tuple[str, ...]
    is_expected: bool  # whether the body has obligations under the document

    @property
    def reported(self) -> int:
        return sum(line.figure is not None for line in self.lines)

    @property
    def saved(self) -> Figure | None:
        """The figure that was saved last."""
        figures = (line.figure for line in self.lines if line.figure)
        return max(figures, key=lambda figure: figure.at, default=None)

    @property
    def saved_at(self) -> datetime | None:
        return self.saved.at if self.saved else None


def body_figures(
    body: Organisation, document: Document, period: Period | None, *, today: date
) -> BodyFigures:
    """The figures that a body is expected to report, by default for the last period.

    Three queries.
    """
    is_expected = Owing.objects.filter(organisation=body, document=document, count__gt=0).exists()
    rows = Indicator.objects.active().filter(document=document, organisation__in=body.ancestor_ids)
    indicators = (
        tuple(rows.select_related("organisation").order_by("order", "pk")) if is_expected else ()
    )
    cadences = tuple(dict.fromkeys(indicator.cadence for indicator in indicators))
    period = period or latest_period(cadences, today)
    of_period = [indicator for indicator in indicators if indicator.cadence == period.cadence]
    years = (period.year, period.year - 1)
    figures = Figure.objects.filter(
        organisation=body,
        indicator__in=of_period,
        period=period.cadence,
        number=period.number,
        year__in=years,
    )
    rows_with_author = figures.select_related("by") if of_period else ()
    reported = {(row.indicator_id, row.year): row for row in rows_with_author}
    lines = tuple(
        RequestedFigure(
            row, reported.get((row.pk, period.year)), reported.get((row.pk, period.year - 1))
        )
        for row in of_period
    )
    return BodyFigures(body, document, period, today, lines, cadences, is_expected)


@dataclass(frozen=True, slots=True)
class FiguresDue:
    """How many figures a body has to report for a period, and has reported."""

    body: Organisation
    document: Document
    period: Period
    reported: int
    expected: int

    @property
    def missing(self) -> int:
        return self.expected - self.reported


def figures_due(user: User, *, today: date) -> tuple[FiguresDue, ...]:
    """What the user's bodies have not reported for the last periods, the shortest periods first.

    One query, and two more if anything is expected.
    """
    if not user.works:
        return ()
    responsibilities = Owing.objects.filter(in_worked_for(user, "organisation"), count__gt=0)
    rows = (
        Indicator.objects.active()
        .filter(document__in=responsibilities.values("document"))
        .select_related("organisation", "document")
    )
    indicators = list(rows.defer(*HEAVY_OF_DOCUMENT).order_by("order", "pk"))
    if not indicators:
        return ()
    bodies = user.bodies_as(*WORKING)
    last_periods = {cadence: Period.last_ended(today, cadence) for cadence in MONTHS}
    reported = _reported(user, indicators, last_periods)
    due = []
    groups = _expected_indicators(responsibilities, bodies, indicators)
    for (body, cadence, _document), group in groups.items():
        count = sum((row.pk, body) in reported for row in group)
        if count < len(group):
            due.append(
                FiguresDue(
                    bodies[body], group[0].document, last_periods[cadence], count, len(group)
                )
            )
    order = list(last_periods)
    due.sort(key=lambda row: (order.index(row.period.cadence), row.body.code, row.document.pk))
    return tuple(due)


def _expected_indicators(
    responsibilities: Iterable[Owing],
    bodies: Mapping[int, Organisation],
    indicators: Sequence[Indicator],
) -> dict[tuple[int, str, int], list[Indicator]]:
    """The indicators that are expected, by ids of body, cadence and document."""
    groups: dict[tuple[int, str, int], list[Indicator]] = {}
    for responsibility in responsibilities:
        body, document = responsibility.organisation_id, responsibility.document_id
        for row in indicators:
            if row.document_id == document and bodies[body].path.startswith(row.organisation.path):
                groups.setdefault((body, row.cadence, document), []).append(row)
    return groups


def _reported(
    user: User, indicators: list[Indicator], last_periods: Mapping[str, Period]
) -> set[tuple[int, int]]:
    """The (indicator, body) ids that were reported for the last periods."""
    rows = Figure.objects.filter(
        in_worked_for(user, "organisation"),
        indicator__in=indicators,
        year__gte=min(period.year for period in last_periods.values()),
    )
    cells = rows.values_list("indicator_id", "organisation_id", "year", "period", "number")
    return {
        (indicator, body)
        for indicator, body, year, cadence, number in cells
        if last_periods[cadence] == Period(year, cadence, number)
    }
