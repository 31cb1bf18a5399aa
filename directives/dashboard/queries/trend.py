"""Entries of a reporting cycle by the day of submission, and the points of their curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, islice

from directives.base.workdays import Workdays
from directives.dashboard.queries.facts import Period
from directives.models.reports import PERIOD_NAMES

LEFT, RIGHT, TOP, BOTTOM = 44, 544, 30, 300  # edges of the plot, in units of the SVG
ON_WALL = 660  # its right edge on a wall screen, where cards are flatter and text is larger
GRACE = 12  # days drawn after the due day


def by(cycle: Period, day: date) -> int:
    """How many entries had been submitted by the end of that day."""
    return sum(count for on, count in cycle.handed.items() if on <= day)


@dataclass(frozen=True, slots=True)
class Trend:
    """A reporting cycle and the one before it, both by day since they opened.

    `today` is the last day drawn. For a cycle before the newest it is the day of the last
    submission, or the end of the grace period if that is later.
    """

    cycle: Period
    expected: int
    before: Period | None
    today: date
    current: bool = True
    right: int = RIGHT

    @property
    def name(self) -> str:
        return period_name(self.cycle)

    @property
    def missing(self) -> int:
        return self.expected - self.cycle.done

    @property
    def span(self) -> int:
        """Days from the opening to the end of the drawing."""
        end = max(self.cycle.due_on + timedelta(days=GRACE), self.today)
        return max(1, (end - self.cycle.opens_on).days)

    @property
    def ends_on(self) -> date:
        return self.cycle.opens_on + timedelta(days=self.span)

    @property
    def percent(self) -> int:
        """The submitted share of the expected entries, in whole percent rounded down."""
        return 100 * self.cycle.done // self.expected if self.expected else 0

    @property
    def was_percent(self) -> int | None:
        """The submitted share on the same day of the cycle before."""
        if self.before is None or not self.before.entries:
            return None
        day = self.before.opens_on + (self.today - self.cycle.opens_on)
        return 100 * by(self.before, day) // self.before.entries

    def x(self, day: date) -> float:
        return round(LEFT + (self.right - LEFT) * (day - self.cycle.opens_on).days / self.span, 1)

    @staticmethod
    def _y(part: int, whole: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(1, part / whole if whole else 0), 1)

    @property
    def now_x(self) -> float:
        return self.x(self.today)

    @property
    def now_y(self) -> float:
        return self._y(self.cycle.done, self.expected)

    @property
    def due_x(self) -> float:
        return self.x(self.cycle.due_on)

    def _points(self, cycle: Period, whole: int, days: int) -> str:
        early = sum(n for on, n in cycle.handed.items() if on < cycle.opens_on)
        dates = (cycle.opens_on + timedelta(days=number) for number in range(days + 1))
        done = accumulate((cycle.handed.get(day, 0) for day in dates), initial=early)
        step = (self.right - LEFT) / self.span
        return " ".join(
            f"{LEFT + step * number:.1f},{self._y(n, whole)}"
            for number, n in enumerate(islice(done, 1, None))
        )

    @property
    def line(self) -> str:
        """The current cycle up to today, as points of a polyline."""
        return self._points(self.cycle, self.expected, (self.today - self.cycle.opens_on).days)

    @property
    def line_before(self) -> str:
        """The cycle before, shifted to the same start; empty if there is none."""
        if not self.before or not self.before.entries:
            return ""
        return self._points(self.before, self.before.entries, self.span)


def period_name(cycle: Period) -> str:
    """The name of the period of a cycle, such as: Third quarter of 2026."""
    year, period, number = cycle.period.split()
    return str(PERIOD_NAMES[period, int(number)]) % {"year": year}


def trend(
    cycles: Sequence[Period], *, chosen: int | None, missing: int, today: date, right: int = RIGHT
) -> Trend | None:
    """Return the chosen cycle, or the newest, with the one before; None if no cycle has opened.

    `missing` is the number of entries that the newest cycle still waits for. Older cycles wait
    for none: they expect the entries that were started in them.
    """
    place = next((place for place, cycle in enumerate(cycles) if chosen in (None, cycle.pk)), None)
    if place is None:
        return None
    cycle, before = cycles[place], next(iter(cycles[place + 1 :]), None)
    if place == 0:
        return Trend(cycle, cycle.done + missing, before, today, right=right)
    last = max(cycle.due_on + timedelta(days=GRACE), *cycle.handed, cycle.opens_on)
    return Trend(cycle, cycle.entries, before, last, current=False, right=right)


def workdays_left(curve: Trend | None, today: date, workdays: Workdays) -> int:
    """Working days until the reports are due; negative if that day is past."""
    if curve is None:
        return 0
    days = workdays.between(today, curve.cycle.due_on)
    return min(days, -1) if curve.cycle.due_on < today else days


def table(curve: Trend) -> list[tuple[date, int, int | None]]:
    """The number of entries submitted by each day, and by the same day of the cycle before."""
    cycle, before = curve.cycle, curve.before
    days = sorted(cycle.handed)
    done = zip(days, accumulate(cycle.handed[day] for day in days), strict=True)
    if before is None:
        return [(day, n, None) for day, n in done]
    shift = before.opens_on - cycle.opens_on
    return [(day, n, by(before, day + shift)) for day, n in done]
