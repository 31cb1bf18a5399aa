"""One reporting cycle as it is wanted: its period and days, the rule that gives a row of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from directives.base.workdays import Workdays
from directives.models import Cycle, Document, PlannedCycle
from directives.models.reports import MONTH, PERIODS_OF_YEAR, TURN, cycle_name

MOST = 120  # cycles that are planned at once
MONTHS = {MONTH: 1, "quarter": 3, "half": 6, "year": 12}  # length of a period of the calendar
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CycleTerms:
    """One cycle: which period of which year, when it opens and when its reports are due."""

    year: int
    period: str
    number: int
    opens_on: date
    due_on: date

    @classmethod
    def of(cls, row: Cycle | PlannedCycle) -> "CycleTerms":
        return cls(row.year, row.period, row.number, row.opens_on, row.due_on)

    @property
    def key(self) -> tuple[int, str, int]:
        return self.year, self.period, self.number

    @property
    def exists(self) -> bool:
        """Whether a year has such a period."""
        return 1 <= self.number <= PERIODS_OF_YEAR.get(self.period, 0)

    @property
    def name(self) -> str:
        return cycle_name(*self.key) if self.exists else " ".join(map(str, self.key))


@dataclass(frozen=True, slots=True)
class Rule:
    """How often reports are due.

    `every` is month, quarter, half, year, weeks or dates. Reports on a period of the calendar are
    due on `due_day` of its last month, or of the month after it if `due_after`; in a shorter month
    on its last day. With weeks, the first ones are due on `first_on`, and then every `weeks` weeks.
    A due day that is not worked moves to the next one that is. A cycle opens `open_days` before.
    """

    every: str
    first_on: date
    last_on: date
    due_day: int = 15
    due_after: bool = True
    weeks: int = 1
    dates: tuple[date, ...] = ()
    open_days: int = 14

    def _due_days(self) -> Iterator[tuple[int, str, int, date]]:
        """Year, period, number (0: the next of its year) and nominal due day, without an end."""
        if self.every == "dates":
            yield from ((day.year, TURN, 0, day) for day in sorted(set(self.dates)))
        elif self.every == "weeks":
            for number in count():
                day = self.first_on + timedelta(weeks=self.weeks * number)
                yield day.year, TURN, 0, day
        else:
            months = MONTHS[self.every]
            start = (self.first_on.year * 12 + self.first_on.month - 1) // months
            for index in count(start):
                year, number = divmod(index * months, 12)
                due_month = (index + 1) * months - (0 if self.due_after else 1)
                yield year, self.every, number // months + 1, _day_of(due_month, self.due_day)

    def cycles(self, workdays: Workdays, existing: Iterable[CycleTerms]) -> list[CycleTerms]:
        """The cycles that are due from `first_on` to `last_on`, at most MOST.

        Turns are numbered after those of the year that exist already.
        """
        turns = last_turns(existing)
        result: list[CycleTerms] = []
        for year, period, number, nominal in self._due_days():
            if nominal > self.last_on or len(result) == MOST:
                break
            if nominal < self.first_on:
                continue
            if period == TURN:
                number = turns[year] = turns.get(year, 0) + 1
            due_on = workdays.next_working(nominal)
            opens_on = due_on - timedelta(days=self.open_days)
            result.append(CycleTerms(year, period, number, opens_on, due_on))
        return result


def _day_of(month: int, day: int) -> date:
    """A day of the month that is so many months after January of the year 0, or its last day."""
    first, following = (date(*_year_and_month(number), 1) for number in (month, month + 1))
    return min(first + timedelta(days=day - 1), following - _ONE_DAY)


def _year_and_month(number: int) -> tuple[int, int]:
    year, index = divmod(number, 12)
    return year, index + 1


def existing_terms(
    document: Document, *, besides: PlannedCycle | None = None
) -> tuple[CycleTerms, ...]:
    """The cycles of a document, opened and planned, without one of these. Two queries."""
    planned = PlannedCycle.objects.waiting().filter(document=document)
    if besides is not None:
        planned = planned.exclude(pk=besides.pk)
    rows = [*Cycle.objects.filter(document=document), *planned]
    return tuple(CycleTerms.of(row) for row in rows)


def last_turns(existing: Iterable[CycleTerms]) -> dict[int, int]:
    """Year → the number of its last turn."""
    turns: dict[int, int] = {}
    for terms in existing:
        if terms.period == TURN:
            turns[terms.year] = max(turns.get(terms.year, 0), terms.number)
    return turns


def overlapping(terms: CycleTerms, others: Iterable[CycleTerms]) -> list[str]:
    """Names of the cycles that are open at the same time for some days.

    An organisation would then fill in two reports on the same obligations.
    """
    return [
        other.name
        for other in others
        if other.key != terms.key
        and other.opens_on < terms.due_on
        and other.due_on > terms.opens_on
    ]
