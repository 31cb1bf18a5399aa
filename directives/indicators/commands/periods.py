"""Periods of figures: quarters, half-years and years."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from directives.models.reports import PERIOD_NAMES

MONTHS = {"quarter": 3, "half": 6, "year": 12}
LETTERS = {"quarter": "q", "half": "h", "year": "y"}
SPELLED = re.compile(r"([0-9]{4})(?:q([1-4])|h([12])|y)")
FIRST_YEAR, LAST_YEAR = 1949, 2100


@dataclass(frozen=True, slots=True)
class Period:
    year: int
    cadence: str  # quarter, half or year
    number: int = 1  # in the year

    @classmethod
    def of(cls, text: str) -> "Period | None":
        """Parse a `key`: 2026q3, 2026h1 or 2026y. None for anything else."""
        match = SPELLED.fullmatch(text)
        if not match or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            return None
        cadence = "quarter" if match[2] else "half" if match[3] else "year"
        return cls(int(match[1]), cadence, int(match[2] or match[3] or 1))

    @classmethod
    def containing(cls, day: date, cadence: str) -> "Period":
        """The period that contains a day."""
        return cls(day.year, cadence, (day.month - 1) // MONTHS[cadence] + 1)

    @classmethod
    def last_ended(cls, today: date, cadence: str) -> "Period":
        """The last period that has ended."""
        return cls.containing(today, cadence).before()

    @property
    def key(self) -> str:
        """The period as in URLs: 2026q3."""
        return f"{self.year}{LETTERS[self.cadence]}{'' if self.cadence == 'year' else self.number}"

    @property
    def name(self) -> str:
        """In the language of the reader: 2026年第三季度."""
        return str(PERIOD_NAMES[self.cadence, self.number]) % {"year": self.year}

    @property
    def exists(self) -> bool:
        """Whether there is such a period, from 1949 to 2100."""
        return (self.cadence, self.number) in PERIOD_NAMES and FIRST_YEAR <= self.year <= LAST_YEAR

    @property
    def first_day(self) -> date:
        return date(self.year, (self.number - 1) * MONTHS[self.cadence] + 1, 1)

    @property
    def last_day(self) -> date:
        return self.after().first_day - timedelta(days=1)

    @property
    def count(self) -> int:
        """Its number among all periods of its cadence."""
        return self.year * (12 // MONTHS[self.cadence]) + self.number - 1

    def shifted(self, steps: int) -> "Period":
        """The period `steps` after it, or before it if negative."""
        year, number = divmod(self.count + steps, 12 // MONTHS[self.cadence])
        return Period(year, self.cadence, number + 1)

    def before(self) -> "Period":
        return self.shifted(-1)

    def after(self) -> "Period":
        return self.shifted(1)

    def year_before(self) -> "Period":
        return Period(self.year - 1, self.cadence, self.number)

    def has_begun(self, today: date) -> bool:
        return self.first_day <= today

    def has_ended(self, today: date) -> bool:
        return self.last_day < today
