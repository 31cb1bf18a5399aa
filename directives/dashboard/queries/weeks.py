"""The share on time over the last weeks, from daily copies, and the points of its curve."""

from dataclasses import dataclass
from datetime import date

from directives.core.scope import Lights
from directives.dashboard.queries.facts import WEEK, WEEKS, DayCopy, Facts

LEFT, RIGHT, TOP, BOTTOM = 44, 544, 16, 132  # edges of the plot, in units of the SVG
ON_WALL = 900  # its right edge on a wall screen
MIN_RANGE = 10  # least height of the scale, in percentage points


@dataclass(frozen=True, slots=True)
class Point:
    """The state at the end of a day; `copied_on` is the day of the copy, None for today."""

    day: date
    on_time: int
    total: int
    red: int
    copied_on: date | None = None

    @property
    def share(self) -> float:
        """Percent on time."""
        return 100 * self.on_time / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Weeks:
    """The curve: one point a week, the last on the day of the dashboard."""

    points: tuple[Point, ...]
    first: date  # where the plot begins, with or without a point
    low: int  # the ends of the scale, in percent
    high: int
    right: int = RIGHT

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def x(self, day: date) -> float:
        return round(LEFT + (self.right - LEFT) * (day - self.first).days / (WEEKS * WEEK.days), 1)

    def y(self, share: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (share - self.low) / (self.high - self.low), 1)

    @property
    def line(self) -> str:
        """The points of a polyline."""
        return " ".join(f"{self.x(point.day)},{self.y(point.share)}" for point in self.points)

    @property
    def area(self) -> str:
        first, last = self.x(self.points[0].day), self.x(self.points[-1].day)
        return f"{self.line} {last},{BOTTOM} {first},{BOTTOM}"

    @property
    def dots(self) -> tuple[tuple[float, float], ...]:
        return tuple((self.x(point.day), self.y(point.share)) for point in self.points)


def weeks(facts: Facts, now: Lights, day: date, *, right: int = RIGHT) -> Weeks | None:
    """The curve up to a day with the lights `now`; None with fewer than two points."""
    points: list[Point] = []
    for number in range(WEEKS, 0, -1):
        earlier_day = day - number * WEEK
        copy = facts.copy_on(earlier_day)
        if copy and copy.total:
            points.append(Point(earlier_day, copy.on_time, copy.total, copy.red, copy.day))
    points.append(Point(day, now.on_time, now.total, now.red))
    if len(points) < 2 or not now.total:
        return None
    shares = [point.share for point in points]
    low = min(int(min(shares) // MIN_RANGE * MIN_RANGE), 100 - MIN_RANGE)
    high = max(low + MIN_RANGE, min(100, int(-(-max(shares) // MIN_RANGE) * MIN_RANGE)))
    return Weeks(tuple(points), day - WEEKS * WEEK, low, high, right)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of the share on time since an earlier day."""

    before: DayCopy
    day: date
    now: Lights

    @property
    def tenths(self) -> int:
        """Tenths of a percentage point, rounded."""
        before = 1000 * self.before.on_time / self.before.total
        return round(1000 * self.now.on_time / self.now.total - before)

    @property
    def points(self) -> str:
        """The change in percentage points as text: +1.2, −0.4 or 0."""
        sign = "+" if self.tenths > 0 else "−" if self.tenths < 0 else ""
        return f"{sign}{abs(self.tenths) / 10:g}"


def change(facts: Facts, now: Lights, day: date) -> Change | None:
    """The change within a week; None without a copy of that day, or without obligations."""
    earlier_day = day - WEEK
    copy = facts.copy_on(earlier_day)
    return Change(copy, earlier_day, now) if copy and copy.total and now.total else None
