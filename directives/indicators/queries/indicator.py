"""One indicator: its ranking of child bodies, its trend, and who has not reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from directives.core.keyset import SIZE, Column, Order, Page, PageRequest, read_page
from directives.dashboard.queries.counts import Body, Vantage, vantage
from directives.indicators.commands.periods import Period
from directives.indicators.queries.coverage import (
    Gone,
    asked_in_all,
    bodies_asked,
    reported_and_gone,
)
from directives.indicators.queries.statistics import (
    NONE,
    Choice,
    Compared,
    IndicatorLine,
    concerns,
    lines_of,
    own_figures,
    totals,
)
from directives.models import Figure, Indicator, Organisation, Owing, User
from directives.models.indicators import EACH
from directives.models.scope import in_subtree

# Periods of a trend; for quarters two years, and the same quarter before them.
POINTS = {"quarter": 9, "half": 7, "year": 6}
PARTS = 10_000  # of one: figures have at most four decimals
RANKED = Order("ranked", (Column("level", down=True), Column("pk")))
TREE = Order("tree", (Column("path"),))


@dataclass(frozen=True, slots=True)
class Row:
    """One body of the ranking, with all below it."""

    body: Body
    values: Compared
    reported: int
    asked: int
    place: int = 0  # 0 if nothing was reported

    @property
    def level(self) -> int:
        """The value by which it is ranked, in ten-thousandths; -1 if nothing was reported."""
        return -1 if self.values.now is None else int(self.values.now * PARTS)

    @property
    def pk(self) -> int:
        return self.body.pk


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the trend; `value` is None if nothing was reported."""

    period: Period
    value: Decimal | None
    reported: int


@dataclass(frozen=True)
class IndicatorView:
    indicator: Indicator
    view: Vantage
    period: Period
    today: date
    line: IndicatorLine
    rows: tuple[Row, ...]  # the child bodies that are asked or reported, best first
    points: tuple[Point, ...]

    @property
    def later(self) -> Period | None:
        after = self.period.after()
        return after if after.begun(self.today) else None

    @property
    def most(self) -> Decimal:
        """The largest value of the rows, for the bars."""
        values = (row.values.now for row in self.rows)
        return max((value for value in values if value is not None), default=Decimal(0))

    @property
    def drawn(self) -> tuple[Point, ...]:
        """The points that have a value."""
        return tuple(point for point in self.points if point.value is not None)

    def page(self, query: Mapping[str, str]) -> Page:
        """One page of the ranking, by key."""
        turn, rows = PageRequest.from_query(query, RANKED), self.rows
        start = (turn.number - 1) * SIZE
        if turn.key and turn.backwards:
            start = max(0, sum(_sort_key(row) < _key_of(turn.key) for row in rows) - SIZE)
        elif turn.key:
            start = sum(_sort_key(row) <= _key_of(turn.key) for row in rows)
        elif turn.backwards:
            start = (len(rows) - 1) // SIZE * SIZE if rows else 0
        on_page = rows[start : start + SIZE]
        before = RANKED.key(on_page[0]) if on_page and start else ""
        after = RANKED.key(on_page[-1]) if on_page and start + SIZE < len(rows) else ""
        return Page(
            on_page,
            start // SIZE + 1,
            start + 1,
            len(rows),
            before,
            after,
            strays=bool(start and not on_page),
        )


def _key_of(values: Sequence[Any]) -> tuple[int, int]:
    level, pk = values
    return -level, pk


def _sort_key(row: Row) -> tuple[int, int]:
    return -row.level, row.pk


def indicator_view(
    user: User, indicator: Indicator, choice: Choice, *, today: date
) -> IndicatorView | None:
    """An indicator, with its body and document, over a body and its children.

    None if the user may not see them, or nobody there is asked. At most ten queries, which read
    some rows for each child.
    """
    view = vantage(user, choice.scope)
    if view is None or not concerns(indicator, view.body):
        return None
    period = choice.period
    if period is None or period.cadence != indicator.cadence:
        period = Period.last(today, indicator.cadence)
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
    stored = totals(ids, [indicator], periods)
    own = own_figures(user, ids, [indicator], periods) if indicator.aggregation == EACH else {}
    asked = bodies_asked(_askable(indicator, children), indicator.document_id)
    rows = []
    for body in children:
        now, then = (stored.get((indicator.pk, when, body.pk), NONE) for when in periods)
        values = Compared(now.value(indicator.aggregation), then.value(indicator.aggregation))
        if indicator.aggregation == EACH:
            values = Compared(*(own.get((indicator.pk, when, body.pk)) for when in periods))
        below = indicator.organisation.path.startswith(body.path)
        responsible = asked.get(indicator.organisation_id if below else body.pk, 0)
        if now.count or responsible:
            in_all = asked_in_all(now.count, responsible, gone.below(indicator, body))
            rows.append(Row(body, values, now.count, in_all))
    return _placed(sorted(rows, key=_sort_key))


def _askable(indicator: Indicator, children: list[Body]) -> list[Body | Organisation]:
    """The bodies to count: the children, or the body of the indicator if it is below one."""
    below = any(indicator.organisation.path.startswith(body.path) for body in children)
    return [indicator.organisation] if below else list(children)


def _placed(rows: list[Row]) -> tuple[Row, ...]:
    """The rows with their places; equal values share one."""
    placed: list[Row] = []
    for number, row in enumerate(rows, 1):
        same = placed and placed[-1].level == row.level
        place = 0 if row.level < 0 else placed[-1].place if same else number
        placed.append(Row(row.body, row.values, row.reported, row.asked, place))
    return tuple(placed)


def _points(user: User, indicator: Indicator, view: Vantage, period: Period) -> tuple[Point, ...]:
    """The last periods up to `period`, in one query."""
    wanted = [period.shifted(-steps) for steps in reversed(range(POINTS[period.cadence]))]
    body = view.body.pk
    if not view.whole or indicator.aggregation == EACH:
        own = own_figures(user, [body], [indicator], wanted)
        values = [own.get((indicator.pk, when, body)) for when in wanted]
        return tuple(
            Point(when, value, int(value is not None))
            for when, value in zip(wanted, values, strict=True)
        )
    stored = totals([body], [indicator], wanted)
    measured = [stored.get((indicator.pk, when, body), NONE) for when in wanted]
    return tuple(
        Point(when, total.value(indicator.aggregation), total.count)
        for when, total in zip(wanted, measured, strict=True)
    )


# who has not reported


def missing(
    indicator: Indicator, body: Body | Organisation, period: Period
) -> QuerySet[Organisation]:
    """The bodies in the subtree that are asked and have not reported, in tree order."""
    rows = Organisation.objects.filter(
        in_subtree(body.path, "path"), in_subtree(indicator.organisation.path, "path")
    )
    owes = Owing.objects.filter(
        organisation=OuterRef("pk"), document=indicator.document_id, count__gt=0
    )
    reported = Figure.objects.filter(
        organisation=OuterRef("pk"),
        indicator=indicator.pk,
        year=period.year,
        period=period.cadence,
        number=period.number,
    )
    return rows.filter(Exists(owes), ~Exists(reported)).order_by("path")


def missing_page(
    indicator: Indicator, view: Vantage, period: Period, query: Mapping[str, str]
) -> Page:
    rows = missing(indicator, view.body, period).select_related("parent")
    return read_page(rows, TREE, PageRequest.from_query(query, TREE), total=None)
