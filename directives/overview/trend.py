"""Hand-ins of a reporting cycle day by day against its due day, and the drawing of it: plain numbers, no database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from directives.models.reports import PERIOD_NAMES
from directives.overview.counts import Group, topics

LEFT, RIGHT, TOP, BOTTOM = 44, 544, 30, 300  # the field of the drawing, in its own units
GRACE = 12  # days that are drawn after the due day


@dataclass(frozen=True, slots=True)
class Cycle:
    """A reporting period as the trend knows it; `handed` counts the entries that are in, by the day they came."""

    pk: int
    period: str  # "2026 quarter 3"
    opens_on: date
    due_on: date
    handed: dict[date, int]
    entries: int  # begun, in or not

    @property
    def name(self) -> str:
        """Third quarter of 2026."""
        year, period, number = self.period.split()
        return str(PERIOD_NAMES[period, int(number)]) % {"year": year}

    @property
    def done(self) -> int:
        return sum(self.handed.values())

    def by(self, day: date) -> int:
        """How many had come by the end of that day."""
        return sum(count for on, count in self.handed.items() if on <= day)


def cycles_of(groups: Iterable[Group]) -> list[Cycle]:
    """The cycles among the counts, newest first."""
    rows = list(groups)
    due = {row.key: row.day for row in topics(rows, "due")}
    handed: dict[str, dict[date, int]] = {}
    entries: dict[str, int] = {}
    for row in topics(rows, "report"):
        entries[row.key] = entries.get(row.key, 0) + row.n
        if row.word == "in" and row.day is not None:
            handed.setdefault(row.key, {})[row.day] = row.n
    found = [Cycle(int(r.key), r.word, r.day, due[r.key], handed.get(r.key, {}), entries.get(r.key, 0)) for r in topics(rows, "opens")]
    return sorted(found, key=lambda cycle: (cycle.opens_on, cycle.pk), reverse=True)


@dataclass(frozen=True, slots=True)
class Trend:
    """The current cycle, what it expects, and the one before, laid over each other by the day since they opened."""

    cycle: Cycle
    expected: int
    before: Cycle | None
    today: date

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
        """Of what is expected, how much is in, in whole percent rounded down."""
        return 100 * self.cycle.done // self.expected if self.expected else 0

    @property
    def was_percent(self) -> int | None:
        """How much was in on the same day of the cycle before."""
        if self.before is None or not self.before.entries:
            return None
        day = self.before.opens_on + (self.today - self.cycle.opens_on)
        return 100 * self.before.by(day) // self.before.entries

    def x(self, day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - self.cycle.opens_on).days / self.span, 1)

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

    @property
    def anchor(self) -> str:
        """On which side of the point its words stand."""
        return "end" if self.now_x > (LEFT + RIGHT) / 3 else "start"

    @property
    def words_x(self) -> float:
        return self.now_x - 12 if self.anchor == "end" else self.now_x + 12

    @property
    def words_y(self) -> float:
        return self.now_y + 28 if self.now_y < TOP + 48 else self.now_y - 20

    @property
    def was_words_y(self) -> float:
        return self.words_y + 17

    @property
    def due_anchor(self) -> str:
        return "start" if self.due_x < RIGHT - 110 else "end"

    @property
    def due_words_x(self) -> float:
        return self.due_x + 8 if self.due_anchor == "start" else self.due_x - 8

    def _points(self, cycle: Cycle, whole: int, days: int) -> str:
        steps = (cycle.opens_on + timedelta(days=number) for number in range(days + 1))
        shift = self.cycle.opens_on - cycle.opens_on
        return " ".join(f"{self.x(day + shift)},{self._y(cycle.by(day), whole)}" for day in steps)

    @property
    def line(self) -> str:
        """The current cycle up to today, as points of a polyline."""
        return self._points(self.cycle, self.expected, (self.today - self.cycle.opens_on).days)

    @property
    def area(self) -> str:
        return f"{self.line} {self.now_x},{BOTTOM} {LEFT},{BOTTOM}"

    @property
    def line_before(self) -> str:
        """The cycle before, shifted to the same beginning; empty where there is none."""
        return self._points(self.before, self.before.entries, self.span) if self.before and self.before.entries else ""


def trend(groups: Iterable[Group], *, missing: int, today: date) -> Trend | None:
    """The current cycle with the one before; None while no cycle has opened. `missing`: entries owed and not in."""
    found = cycles_of(groups)
    if not found:
        return None
    return Trend(found[0], found[0].done + missing, found[1] if len(found) > 1 else None, today)
