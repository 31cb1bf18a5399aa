"""Entries of a reporting cycle by the day of submission, and the points of their curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, islice

from directives.base.workdays import Workdays
from directives.dashboard.queries.facts import BoardCycle
from directives.models.reports import cycle_name

LEFT, RIGHT, TOP, BOTTOM = 44, 544, 30, 300  # edges of the plot, in units of the SVG
ON_WALL = 660  # its right edge on a wall screen, where cards are flatter and text is larger
GRACE = 12  # days drawn after the due day


def submitted_by(cycle: BoardCycle, day: date) -> int:
    """How many entries had been submitted by the end of that day."""
    return sum(count for on, count in cycle.submitted_by_day.items() if on <= day)


@dataclass(frozen=True, slots=True)
class Trend:
    """A reporting cycle and the one before it, both by day since they opened.

    `today` is the last day drawn. For a cycle before the newest it is the day of the last
    submission, or the end of the grace period if that is later.
    """

    cycle: BoardCycle
    expected: int
    previous: BoardCycle | None
    today: date
    is_newest: bool = True
    right: int = RIGHT

    @property
    def name(self) -> str:
        return period_name(self.cycle)

    @property
    def missing(self) -> int:
        return self.expected - self.cycle.submitted_count

    @property
    def day_count(self) -> int:
        """Days from the opening to the end of the drawing."""
        end = max(self.cycle.due_on + timedelta(days=GRACE), self.today)
        return max(1, (end - self.cycle.opens_on).days)

    @property
    def ends_on(self) -> date:
        return self.cycle.opens_on + timedelta(days=self.day_count)

    @property
    def percent(self) -> int:
        """The submitted share of the expected entries, in whole percent rounded down."""
        return 100 * self.cycle.submitted_count // self.expected if self.expected else 0

    @property
    def previous_percent(self) -> int | None:
        """The submitted share on the same day of the cycle before."""
        if self.previous is None or not self.previous.entries:
            return None
        day = self.previous.opens_on + (self.today - self.cycle.opens_on)
        return 100 * submitted_by(self.previous, day) // self.previous.entries

    def x(self, day: date) -> float:
        return round(
            LEFT + (self.right - LEFT) * (day - self.cycle.opens_on).days / self.day_count, 1
        )

    @staticmethod
    def _y(part: int, whole: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(1, part / whole if whole else 0), 1)

    @property
    def now_x(self) -> float:
        return self.x(self.today)

    @property
    def now_y(self) -> float:
        return self._y(self.cycle.submitted_count, self.expected)

    @property
    def due_x(self) -> float:
        return self.x(self.cycle.due_on)

    def _points(self, cycle: BoardCycle, whole: int, days: int) -> str:
        early = sum(n for on, n in cycle.submitted_by_day.items() if on < cycle.opens_on)
        dates = (cycle.opens_on + timedelta(days=number) for number in range(days + 1))
        done = accumulate((cycle.submitted_by_day.get(day, 0) for day in dates), initial=early)
        step = (self.right - LEFT) / self.day_count
        return " ".join(
            f"{LEFT + step * number:.1f},{self._y(n, whole)}"
            for number, n in enumerate(islice(done, 1, None))
        )

    @property
    def line(self) -> str:
        """The current cycle up to today, as points of a polyline."""
        return self._points(self.cycle, self.expected, (self.today - self.cycle.opens_on).days)

    @property
    def previous_line(self) -> str:
        """The cycle before, shifted to the same start; empty if there is none."""
        if not self.previous or not self.previous.entries:
            return ""
        return self._points(self.previous, self.previous.entries, self.day_count)


def period_name(cycle: BoardCycle) -> str:
    """The name of the period of a cycle, such as: Third quarter of 2026."""
    year, period, number = cycle.period.split()
    return cycle_name(int(year), period, int(number))


def trend(
    cycles: Sequence[BoardCycle],
    *,
    selected_cycle: int | None,
    missing: int,
    today: date,
    right: int = RIGHT,
) -> Trend | None:
    """Return the chosen cycle, or the newest, with the one before; None if no cycle has opened.

    `missing` is the number of entries that the newest cycle still waits for. Older cycles wait
    for none: they expect the entries that were started in them.
    """
    index = next(
        (index for index, cycle in enumerate(cycles) if selected_cycle in (None, cycle.pk)), None
    )
    if index is None:
        return None
    cycle, previous = cycles[index], next(iter(cycles[index + 1 :]), None)
    if index == 0:
        return Trend(cycle, cycle.submitted_count + missing, previous, today, right=right)
    last = max(cycle.due_on + timedelta(days=GRACE), *cycle.submitted_by_day, cycle.opens_on)
    return Trend(cycle, cycle.entries, previous, last, is_newest=False, right=right)


def workdays_left(curve: Trend | None, today: date, workdays: Workdays) -> int:
    """Working days until the reports are due; negative if that day is past."""
    if curve is None:
        return 0
    days = workdays.between(today, curve.cycle.due_on)
    return min(days, -1) if curve.cycle.due_on < today else days


def table(curve: Trend) -> list[tuple[date, int, int | None]]:
    """The number of entries submitted by each day, and by the same day of the cycle before."""
    cycle, previous = curve.cycle, curve.previous
    days = sorted(cycle.submitted_by_day)
    done = zip(days, accumulate(cycle.submitted_by_day[day] for day in days), strict=True)
    if previous is None:
        return [(day, n, None) for day, n in done]
    shift = previous.opens_on - cycle.opens_on
    return [(day, n, submitted_by(previous, day + shift)) for day, n in done]
