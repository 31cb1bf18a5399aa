"""Periods for which figures are asked: a quarter, a half-year or a year, and how addresses, pages and tables spell them. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from directives.models.reports import PERIOD_NAMES

MONTHS = {"quarter": 3, "half": 6, "year": 12}
LETTERS = {"quarter": "q", "half": "h", "year": "y"}
SPELT = re.compile(r"([0-9]{4})(?:q([1-4])|h([12])|y)")
FIRST_YEAR, LAST_YEAR = 1949, 2100


@dataclass(frozen=True, slots=True)
class Period:
    """One period: `cadence` is quarter, half or year, `number` which of the year it is."""

    year: int
    cadence: str
    number: int = 1

    @classmethod
    def of(cls, text: str) -> "Period | None":
        """The period that an address names: 2026q3, 2026h1, 2026y. None for anything else."""
        found = SPELT.fullmatch(text)
        if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            return None
        cadence = "quarter" if found[2] else "half" if found[3] else "year"
        return cls(int(found[1]), cadence, int(found[2] or found[3] or 1))

    @classmethod
    def around(cls, day: date, cadence: str) -> "Period":
        """The period in which a day lies."""
        return cls(day.year, cadence, (day.month - 1) // MONTHS[cadence] + 1)

    @classmethod
    def last(cls, today: date, cadence: str) -> "Period":
        """The last period that has ended: the one that is asked for now."""
        return cls.around(today, cadence).before()

    @property
    def key(self) -> str:
        """As addresses spell it."""
        return f"{self.year}{LETTERS[self.cadence]}{'' if self.cadence == 'year' else self.number}"

    @property
    def name(self) -> str:
        """The period in the reader's language: 2026年第三季度."""
        return str(PERIOD_NAMES[self.cadence, self.number]) % {"year": self.year}

    @property
    def exists(self) -> bool:
        """A year has four quarters and two halves; the years are those of the People's Republic, to 2100."""
        return (self.cadence, self.number) in PERIOD_NAMES and FIRST_YEAR <= self.year <= LAST_YEAR

    @property
    def first_day(self) -> date:
        return date(self.year, (self.number - 1) * MONTHS[self.cadence] + 1, 1)

    @property
    def last_day(self) -> date:
        return self.after().first_day - timedelta(days=1)

    @property
    def count(self) -> int:
        """Its place among all periods of its length."""
        return self.year * (12 // MONTHS[self.cadence]) + self.number - 1

    def shifted(self, steps: int) -> "Period":
        """The period so many after it, or (negative) before it."""
        year, number = divmod(self.count + steps, 12 // MONTHS[self.cadence])
        return Period(year, self.cadence, number + 1)

    def before(self) -> "Period":
        return self.shifted(-1)

    def after(self) -> "Period":
        return self.shifted(1)

    def year_before(self) -> "Period":
        """The same period of the year before."""
        return Period(self.year - 1, self.cadence, self.number)

    def begun(self, today: date) -> bool:
        return self.first_day <= today

    def ended(self, today: date) -> bool:
        return self.last_day < today
