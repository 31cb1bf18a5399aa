"""Figures that a body has still to report: for the page on which it reports them, and for "my work"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from directives.base.states import MANAGER, STAFF
from directives.indicators.commands.periods import MONTHS, Period
from directives.indicators.queries.statistics import Offered, latest_period
from directives.models import Document, Figure, Indicator, Organisation, Owing, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import worked


@dataclass(frozen=True, slots=True)
class RequestedFigure:
    """One indicator that a body is asked for: what it said this time and a year before, where it did."""

    indicator: Indicator
    figure: Figure | None
    before: Figure | None


@dataclass(frozen=True, slots=True)
class BodyFigures(Offered):
    """The figures of one body for one document and period. `owes` tells whether the body is asked at all."""

    body: Organisation
    document: Document
    period: Period
    today: date
    lines: tuple[RequestedFigure, ...]
    cadences: tuple[str, ...]
    owes: bool

    @property
    def reported(self) -> int:
        return sum(line.figure is not None for line in self.lines)

    @property
    def saved(self) -> Figure | None:
        """What was saved last."""
        figures = (line.figure for line in self.lines if line.figure)
        return max(figures, key=lambda figure: figure.at, default=None)

    @property
    def saved_at(self) -> datetime | None:
        return self.saved.at if self.saved else None


def body_figures(
    body: Organisation, document: Document, period: Period | None, *, today: date
) -> BodyFigures:
    """The figures that a body is asked for; without a period, of the last that has ended. Three queries."""
    owes = Owing.objects.filter(organisation=body, document=document, count__gt=0).exists()
    rows = Indicator.objects.asked().filter(document=document, organisation__in=body.ancestor_ids)
    asked = tuple(rows.select_related("organisation").order_by("order", "pk")) if owes else ()
    cadences = tuple(dict.fromkeys(one.cadence for one in asked))
    period = period or latest_period(cadences, today)
    shown = [one for one in asked if one.cadence == period.cadence]
    years = (period.year, period.year - 1)
    figures = Figure.objects.filter(
        organisation=body,
        indicator__in=shown,
        period=period.cadence,
        number=period.number,
        year__in=years,
    )
    said = (
        {(row.indicator_id, row.year): row for row in figures.select_related("by")} if shown else {}
    )
    lines = tuple(
        RequestedFigure(one, said.get((one.pk, period.year)), said.get((one.pk, period.year - 1)))
        for one in shown
    )
    return BodyFigures(body, document, period, today, lines, cadences, owes)


@dataclass(frozen=True, slots=True)
class FiguresDue:
    """A period for which a body is asked: how many figures, and how many of them are there."""

    body: Organisation
    document: Document
    period: Period
    reported: int
    asked: int

    @property
    def missing(self) -> int:
        return self.asked - self.reported


def figures_due(user: User, *, today: date) -> tuple[FiguresDue, ...]:
    """What this person's bodies have not reported for the last period that has ended, the shortest periods first.

    A query, and two more where anything is asked.
    """
    if not user.works:
        return ()
    own = Owing.objects.filter(worked(user, "organisation"), count__gt=0)
    rows = (
        Indicator.objects.asked()
        .filter(document__in=own.values("document"))
        .select_related("organisation", "document")
    )
    indicators = list(rows.defer(*HEAVY_OF_DOCUMENT).order_by("order", "pk"))
    if not indicators:
        return ()
    bodies = {m.organisation_id: m.organisation for m in user.in_role(STAFF, MANAGER)}
    now = {cadence: Period.last(today, cadence) for cadence in MONTHS}
    told = _told(user, indicators, now)
    groups: dict[tuple[int, str, int], list[Indicator]] = {}
    for owing in own:
        for one in indicators:
            if one.document_id == owing.document_id and bodies[
                owing.organisation_id
            ].path.startswith(one.organisation.path):
                groups.setdefault((owing.organisation_id, one.cadence, one.document_id), []).append(
                    one
                )
    found = []
    for (body, cadence, _document), asked in groups.items():
        reported = sum((one.pk, body) in told for one in asked)
        if reported < len(asked):
            found.append(
                FiguresDue(bodies[body], asked[0].document, now[cadence], reported, len(asked))
            )
    order = list(now)
    return tuple(
        sorted(
            found, key=lambda one: (order.index(one.period.cadence), one.body.code, one.document.pk)
        )
    )


def _told(
    user: User, indicators: list[Indicator], now: Mapping[str, Period]
) -> set[tuple[int, int]]:
    """Which of these indicators were reported for the period of now by which of the person's bodies."""
    rows = Figure.objects.filter(
        worked(user, "organisation"),
        indicator__in=indicators,
        year__gte=min(one.year for one in now.values()),
    )
    cells = rows.values_list("indicator_id", "organisation_id", "year", "period", "number")
    return {
        (one, body)
        for one, body, year, cadence, number in cells
        if now[cadence] == Period(year, cadence, number)
    }
