"""Working days, with 调休 (weekend days worked in exchange for a holiday).

A `Workdays` holds only the exceptions to Monday-Friday. The days in `sample/calendar.csv`
(2015-2026) were taken from the PyPI package chinesecalendar 1.11, which follows the State Council's
yearly notices; the package is not a dependency. A year for which no notice is known is not
"published": it counts Monday-Friday, with whatever exceptions were entered.
"""

import csv
import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

_WEEKDAYS = 5
_COLUMNS = ["day", "working", "name_hans"]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One exception to Monday-Friday: a weekday off, or a weekend day worked."""

    day: date
    working: bool
    name_hans: str


@dataclass(frozen=True)
class Workdays:
    """Which days are worked: Monday-Friday except for `off`, and the days in `on`.

    `published` are the years whose days were announced. Counting takes a formula and one bisection,
    so that it is fast enough for every row of a long list. Raises ValueError if a day is both off
    and on.
    """

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    published: frozenset[int] = frozenset()
    _exceptions: list[int] = field(init=False, repr=False, compare=False)
    _changes: list[int] = field(init=False, repr=False, compare=False)
    _nth: dict[int, date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        both = self.off & self.on
        if both:
            raise ValueError(f"both off and worked: {min(both).isoformat()}")
        change_by_day = {day.toordinal(): -1 for day in self.off if day.weekday() < _WEEKDAYS}
        change_by_day |= {day.toordinal(): 1 for day in self.on if day.weekday() >= _WEEKDAYS}
        exceptions, changes = sorted(change_by_day), [0]
        for ordinal in exceptions:
            changes.append(changes[-1] + change_by_day[ordinal])
        # The only way to set derived fields of a frozen dataclass
        object.__setattr__(self, "_exceptions", exceptions)
        object.__setattr__(self, "_changes", changes)
        object.__setattr__(self, "_nth", {})

    def is_working(self, day: date) -> bool:
        return day in self.on or (day.weekday() < _WEEKDAYS and day not in self.off)

    def is_estimated(self, day: date) -> bool:
        """Whether working days up to this day are a guess: its year lies beyond the calendar's end.

        Until that year is announced, it counts Monday-Friday. A calendar without years has no end.
        """
        return bool(self.published) and day.year > max(self.published)

    def between(self, a: date, b: date) -> int:
        """Working days after `a` up to and including `b`; negative if `b` is before `a`."""
        return self._count(b.toordinal()) - self._count(a.toordinal())

    def add(self, day: date, n: int) -> date:
        """The `n`-th working day after `day`, or before it if `n` is negative; `day` itself for 0.

        Raises OverflowError beyond the years that `date` supports.
        """
        if n == 0:
            return day
        if n > 0:
            return self._working_day(self._count(day.toordinal()) + n)
        return self._working_day(self._count(day.toordinal() - 1) + 1 + n)

    def next_working(self, day: date) -> date:
        """The first working day on or after `day`."""
        return day if self.is_working(day) else self.add(day, 1)

    def countdown_start(self, day: date, n: int) -> date:
        """The first day from which at most `n` working days are left: between(it, day) <= n."""
        return self._working_day(max(1, self._count(day.toordinal()) - n))

    def _count(self, ordinal: int) -> int:
        """Working days from 0001-01-01, a Monday, up to and including the day of this ordinal."""
        weeks, rest = divmod(ordinal, 7)
        exceptions = self._changes[bisect_right(self._exceptions, ordinal)]
        return _WEEKDAYS * weeks + min(rest, _WEEKDAYS) + exceptions

    def _working_day(self, number: int) -> date:
        """The day on which `_count` first reaches `number`. Cached, because deadlines repeat."""
        nth_day = self._nth.get(number)
        if nth_day is None:
            if not 1 <= number <= self._count(date.max.toordinal()):
                raise OverflowError("no such working day in the calendar")
            ordinals = range(1, date.max.toordinal() + 1)
            nth_day = self._nth[number] = date.fromordinal(
                ordinals[bisect_left(ordinals, number, key=self._count)]
            )
        return nth_day


def read_days(text: str) -> tuple[CalendarDay, ...]:
    """The rows of a calendar table: CSV with the columns day, working (0 or 1) and name_hans.

    Raises ValueError that names the line and its fault.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    if next(rows, None) != _COLUMNS:
        raise ValueError(f"line 1: the columns must be {','.join(_COLUMNS)}")
    days: dict[date, CalendarDay] = {}
    for row in rows:
        if not row:
            continue
        entry = _read_day(row, rows.line_num)
        if entry.day in days:
            raise ValueError(f"line {rows.line_num}: {entry.day.isoformat()} is given twice")
        days[entry.day] = entry
    return tuple(days.values())


def _read_day(row: list[str], line: int) -> CalendarDay:
    if len(row) != len(_COLUMNS):
        raise ValueError(f"line {line}: {len(_COLUMNS)} columns expected, {len(row)} found")
    day, working, name = (cell.strip() for cell in row)
    if working not in ("0", "1"):
        raise ValueError(f"line {line}: working must be 0 or 1, not {working!r}")
    try:
        return CalendarDay(date.fromisoformat(day), working == "1", name)
    except ValueError:
        raise ValueError(f"line {line}: {day!r} is not a date") from None


class MarkedDay(Protocol):
    """A day with a mark whether it is worked."""

    @property
    def day(self) -> date: ...

    @property
    def working(self) -> bool: ...


def workdays_of(days: Iterable[MarkedDay]) -> Workdays:
    """The working days of a table's rows; a year with at least one row is published.

    Raises ValueError as `Workdays` does.
    """
    entries = tuple(days)
    return Workdays(
        off=frozenset(entry.day for entry in entries if not entry.working),
        on=frozenset(entry.day for entry in entries if entry.working),
        published=frozenset(entry.day.year for entry in entries),
    )
