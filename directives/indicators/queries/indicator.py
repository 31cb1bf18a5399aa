"""One indicator: how the bodies right below stand beside one another, how it went over time, and who has not reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from directives.core.keyset import SIZE, Column, Leaf, Order, Turn, leaf
from directives.dashboard.queries.counts import Body, Vantage, vantage
from directives.indicators.commands.periods import Period
from directives.indicators.queries.coverage import Gone, among, bodies_asked, reported_and_gone
from directives.indicators.queries.statistics import (
    NONE,
    Choice,
    Compared,
    IndicatorLine,
    Measured,
    concerns,
    lines_of,
    own_figures,
    totals,
)
from directives.models import Figure, Indicator, Organisation, Owing, User
from directives.models.indicators import EACH
from directives.models.scope import inside

POINTS = {
    "quarter": 9,
    "half": 7,
    "year": 6,
}  # periods of a trend: two years of quarters and the same one before them
PARTS = 10_000  # of one: figures have four decimals at most
RANKED = Order("ranked", (Column("level", down=True), Column("pk")))
TREE = Order("tree", (Column("path"),))


@dataclass(frozen=True, slots=True)
class Row:
    """One body of the ranking, with all below it; `place` 0 is not ranked, because nothing was reported."""

    body: Body
    values: Compared
    reported: int
    asked: int
    place: int = 0

    @property
    def level(self) -> int:
        """By what it is ranked, in ten-thousandths; what was not reported comes after everything."""
        return -1 if self.values.now is None else int(self.values.now * PARTS)

    @property
    def pk(self) -> int:
        return self.body.pk


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the trend; None where nothing was reported."""

    period: Period
    value: Decimal | None
    reported: int


@dataclass(frozen=True)
class IndicatorView:
    """The page of one indicator over what is in view."""

    indicator: Indicator
    view: Vantage
    period: Period
    today: date
    line: IndicatorLine
    rows: tuple[Row, ...]  # all bodies right below that are asked or reported, best first
    points: tuple[Point, ...]

    @property
    def later(self) -> Period | None:
        after = self.period.after()
        return after if after.begun(self.today) else None

    @property
    def most(self) -> Decimal:
        """The largest value right below, for the bars."""
        return max(
            (row.values.now for row in self.rows if row.values.now is not None), default=Decimal(0)
        )

    @property
    def drawn(self) -> tuple[Point, ...]:
        """The points that have a value."""
        return tuple(point for point in self.points if point.value is not None)

    def page(self, query: Mapping[str, str]) -> Leaf:
        """One page of the ranking, by key."""
        turn, rows = Turn.of(query, RANKED), self.rows
        start = 0 if turn.keyed else (turn.number - 1) * SIZE
        if turn.last:
            start = (len(rows) - 1) // SIZE * SIZE if rows else 0
        elif turn.after:
            start = sum(_sorted(row) <= _by(turn.after) for row in rows)
        elif turn.before:
            start = max(0, sum(_sorted(row) < _by(turn.before) for row in rows) - SIZE)
        shown = rows[start : start + SIZE]
        before = RANKED.key(shown[0]) if shown and start else ""
        after = RANKED.key(shown[-1]) if shown and start + SIZE < len(rows) else ""
        return Leaf(
            shown,
            start // SIZE + 1,
            start + 1,
            len(rows),
            before,
            after,
            strays=bool(start and not shown),
        )


def _by(values: tuple) -> tuple[int, int]:
    level, pk = values
    return -level, pk


def _sorted(row: Row) -> tuple[int, int]:
    return -row.level, row.pk


def indicator_view(
    user: User, indicator: Indicator, choice: Choice, *, today: date
) -> IndicatorView | None:
    """An indicator over a body and those right below it; None: the person may not look from there, or nobody there is asked.

    The indicator comes with its body and document. At most ten queries, which read some rows for each body right below.
    """
    view = vantage(user, choice.scope)
    if view is None or not concerns(indicator, view.body):
        return None
    period = (
        choice.period
        if choice.period and choice.period.cadence == indicator.cadence
        else Period.last(today, indicator.cadence)
    )
    gone = reported_and_gone([indicator], view.body, period) if view.whole else None
    (line,) = lines_of(user, view, [indicator], period, gone)
    rows = _rows(user, indicator, view, period, gone) if gone else ()
    return IndicatorView(
        indicator, view, period, today, line, rows, _points(user, indicator, view, period)
    )


def _rows(
    user: User, indicator: Indicator, view: Vantage, period: Period, gone: Gone
) -> tuple[Row, ...]:
    children = [body for body in view.children if concerns(indicator, body)]
    if not children:
        return ()
    ids, periods = [body.pk for body in children], [period, period.year_before()]
    kept = totals(ids, [indicator], periods)
    own = own_figures(user, ids, [indicator], periods) if indicator.aggregation == EACH else {}
    asked = bodies_asked(_askable(indicator, children), indicator.document_id)
    found = []
    for body in children:
        now, then = (kept.get((indicator.pk, when, body.pk), NONE) for when in periods)
        values = Compared(now.value(indicator.aggregation), then.value(indicator.aggregation))
        if indicator.aggregation == EACH:
            values = Compared(*(own.get((indicator.pk, when, body.pk)) for when in periods))
        home = (
            indicator.organisation_id
            if indicator.organisation.path.startswith(body.path)
            else body.pk
        )
        if now.count or asked.get(home, 0):
            found.append(
                Row(
                    body,
                    values,
                    now.count,
                    among(now.count, asked.get(home, 0), gone.below(indicator, body)),
                )
            )
    return _placed(sorted(found, key=_sorted))


def _askable(indicator: Indicator, children: list[Body]) -> list[Body | Organisation]:
    """The bodies whose counts tell how many are asked: the children, or the body that asks where it stands below one of them."""
    below = any(indicator.organisation.path.startswith(body.path) for body in children)
    return [indicator.organisation] if below else list(children)


def _placed(rows: list[Row]) -> tuple[Row, ...]:
    """Equal values share a place."""
    placed: list[Row] = []
    for number, row in enumerate(rows, 1):
        same = placed and placed[-1].level == row.level
        place = 0 if row.level < 0 else placed[-1].place if same else number
        placed.append(Row(row.body, row.values, row.reported, row.asked, place))
    return tuple(placed)


def _points(user: User, indicator: Indicator, view: Vantage, period: Period) -> tuple[Point, ...]:
    """The last periods up to the one that is shown, in one query."""
    wanted = [period.shifted(-steps) for steps in reversed(range(POINTS[period.cadence]))]
    body = view.body.pk
    if not view.whole or indicator.aggregation == EACH:
        own = own_figures(user, [body], [indicator], wanted)
        values = [own.get((indicator.pk, when, body)) for when in wanted]
        return tuple(
            Point(when, value, int(value is not None))
            for when, value in zip(wanted, values, strict=True)
        )
    kept = totals([body], [indicator], wanted)
    found: list[Measured] = [kept.get((indicator.pk, when, body), NONE) for when in wanted]
    return tuple(
        Point(when, one.value(indicator.aggregation), one.count)
        for when, one in zip(wanted, found, strict=True)
    )


# who has not reported


def missing(
    indicator: Indicator, body: Body | Organisation, period: Period
) -> QuerySet[Organisation]:
    """Bodies in the subtree that are asked and have not reported, in the order of the tree."""
    rows = Organisation.objects.filter(
        inside(body.path, "path"), inside(indicator.organisation.path, "path")
    )
    owes = Owing.objects.filter(
        organisation=OuterRef("pk"), document=indicator.document_id, count__gt=0
    )
    told = Figure.objects.filter(
        organisation=OuterRef("pk"),
        indicator=indicator.pk,
        year=period.year,
        period=period.cadence,
        number=period.number,
    )
    return rows.filter(Exists(owes), ~Exists(told)).order_by("path")


def missing_page(
    indicator: Indicator, view: Vantage, period: Period, query: Mapping[str, str]
) -> Leaf:
    """One page of the bodies that have not reported, each with its parent."""
    rows = missing(indicator, view.body, period).select_related("parent")
    return leaf(rows, TREE, Turn.of(query, TREE), total=None)
