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
    FormerReporters,
    expected_count,
    former_reporters,
    responsible_counts,
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

# Number of periods of a trend; for quarters two years, and the same quarter before them.
TREND_LENGTH = {"quarter": 9, "half": 7, "year": 6}
LEVELS_PER_UNIT = 10_000  # figures have at most four decimals
RANKED = Order("ranked", (Column("level", down=True), Column("pk")))
TREE = Order("tree", (Column("path"),))


@dataclass(frozen=True, slots=True)
class Row:
    """One body of the ranking, with all below it."""

    body: Body
    values: Compared
    reported: int
    expected: int
    rank: int = 0  # 0 if nothing was reported

    @property
    def level(self) -> int:
        """The value by which it is ranked, in ten-thousandths; -1 if nothing was reported."""
        return -1 if self.values.current is None else int(self.values.current * LEVELS_PER_UNIT)

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
    vantage: Vantage
    period: Period
    today: date
    line: IndicatorLine
    rows: tuple[Row, ...]  # the child bodies that are expected to report or reported, best first
    points: tuple[Point, ...]

    @property
    def next_period(self) -> Period | None:
        following = self.period.after()
        return following if following.has_begun(self.today) else None

    @property
    def largest_value(self) -> Decimal:
        """The largest value of the rows, for the bars."""
        values = (row.values.current for row in self.rows)
        return max((value for value in values if value is not None), default=Decimal(0))

    @property
    def points_with_value(self) -> tuple[Point, ...]:
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
            is_stale=bool(start and not on_page),
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

    None if the user may not see them, or the indicator is not collected there. At most ten queries,
    which read some rows for each child.
    """
    user_vantage = vantage(user, choice.scope)
    if user_vantage is None or not concerns(indicator, user_vantage.body):
        return None
    period = choice.period
    if period is None or period.cadence != indicator.cadence:
        period = Period.last_ended(today, indicator.cadence)
    former = (
        former_reporters([indicator], user_vantage.body, period) if user_vantage.whole else None
    )
    (line,) = lines_of(user, user_vantage, [indicator], period, former)
    rows = _rows(user, indicator, user_vantage, period, former) if former else ()
    return IndicatorView(
        indicator,
        user_vantage,
        period,
        today,
        line,
        rows,
        _points(user, indicator, user_vantage, period),
    )


def _rows(
    user: User, indicator: Indicator, vantage: Vantage, period: Period, former: FormerReporters
) -> tuple[Row, ...]:
    children = [body for body in vantage.children if concerns(indicator, body)]
    if not children:
        return ()
    ids, periods = [body.pk for body in children], [period, period.year_before()]
    stored = totals(ids, [indicator], periods)
    own_values = (
        own_figures(user, ids, [indicator], periods) if indicator.aggregation == EACH else {}
    )
    responsible_by_body = responsible_counts(_askable(indicator, children), indicator.document_id)
    rows = []
    for body in children:
        current, earlier = (
            stored.get((indicator.pk, row_period, body.pk), NONE) for row_period in periods
        )
        values = Compared(
            current.value(indicator.aggregation), earlier.value(indicator.aggregation)
        )
        if indicator.aggregation == EACH:
            values = Compared(
                *(own_values.get((indicator.pk, row_period, body.pk)) for row_period in periods)
            )
        below = indicator.organisation.path.startswith(body.path)
        responsible = responsible_by_body.get(indicator.organisation_id if below else body.pk, 0)
        if current.count or responsible:
            expected = expected_count(current.count, responsible, former.below(indicator, body))
            rows.append(Row(body, values, current.count, expected))
    return _ranked(sorted(rows, key=_sort_key))


def _askable(indicator: Indicator, children: list[Body]) -> list[Body | Organisation]:
    """The bodies to count: the children, or the body of the indicator if it is below one."""
    below = any(indicator.organisation.path.startswith(body.path) for body in children)
    return [indicator.organisation] if below else list(children)


def _ranked(rows: list[Row]) -> tuple[Row, ...]:
    """The rows with their ranks; equal values share one."""
    ranked: list[Row] = []
    for number, row in enumerate(rows, 1):
        tied = ranked and ranked[-1].level == row.level
        rank = 0 if row.level < 0 else ranked[-1].rank if tied else number
        ranked.append(Row(row.body, row.values, row.reported, row.expected, rank))
    return tuple(ranked)


def _points(
    user: User, indicator: Indicator, vantage: Vantage, period: Period
) -> tuple[Point, ...]:
    """The last periods up to `period`, in one query."""
    periods = [period.shifted(-steps) for steps in reversed(range(TREND_LENGTH[period.cadence]))]
    body = vantage.body.pk
    if not vantage.whole or indicator.aggregation == EACH:
        own_values = own_figures(user, [body], [indicator], periods)
        values = [own_values.get((indicator.pk, point_period, body)) for point_period in periods]
        return tuple(
            Point(point_period, value, int(value is not None))
            for point_period, value in zip(periods, values, strict=True)
        )
    stored = totals([body], [indicator], periods)
    totals_by_period = [
        stored.get((indicator.pk, point_period, body), NONE) for point_period in periods
    ]
    return tuple(
        Point(point_period, total.value(indicator.aggregation), total.count)
        for point_period, total in zip(periods, totals_by_period, strict=True)
    )


# who has not reported


def missing(
    indicator: Indicator, body: Body | Organisation, period: Period
) -> QuerySet[Organisation]:
    """The bodies in the subtree that are expected to report and have not, in tree order."""
    rows = Organisation.objects.filter(
        in_subtree(body.path, "path"), in_subtree(indicator.organisation.path, "path")
    )
    responsible = Owing.objects.filter(
        organisation=OuterRef("pk"), document=indicator.document_id, count__gt=0
    )
    reported = Figure.objects.filter(
        organisation=OuterRef("pk"),
        indicator=indicator.pk,
        year=period.year,
        period=period.cadence,
        number=period.number,
    )
    return rows.filter(Exists(responsible), ~Exists(reported)).order_by("path")


def missing_page(
    indicator: Indicator, vantage: Vantage, period: Period, query: Mapping[str, str]
) -> Page:
    rows = missing(indicator, vantage.body, period).select_related("parent")
    return read_page(rows, TREE, PageRequest.from_query(query, TREE), total=None)
