"""The course of each body and the life of each obligation, drawn from the seed and the code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import shake_128

from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import HOME, RESOLUTION, Course, courses
from directives.made_up.demo.lives import Life
from directives.made_up.demo.terms import CHOICES, Fate, Terms, fates
from directives.made_up.sample.people import HOME as HOME_BODY

# How often things go wrong, from the best of provinces to the worst.
STEPS = (0.45, 0.7, 1.0, 1.4, 2.1)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for a body: a life for each directive, and bytes for what else is chosen.

    Of `luck`, the byte of the directive at a place is at 4 + place.
    """

    course: Course
    lives: Sequence[Life]
    luck: bytes


@dataclass(slots=True)
class Table:
    """The fates of obligations on the same terms in bodies of one course, by the byte drawn.

    `lives` has the life of each once it was made.
    """

    course: Course
    terms: Terms
    fates: Sequence[Fate]
    lives: list[Life | None]


@dataclass(slots=True)
class Draws:
    """The draw of a whole demo. Lives are made when first drawn, and shared."""

    calendar: Calendar
    seed: int
    terms: Sequence[Terms]  # of each directive
    logged: tuple[int, ...] = ()  # days of the work log
    _courses: dict[float, Sequence[Course]] = field(default_factory=dict)
    _tables: dict[tuple[Course, float], list[Table]] = field(default_factory=dict)
    _lives: dict[tuple[Course, Terms, Fate], Life] = field(default_factory=dict)

    def bytes_of(self, code: str) -> bytes:
        return shake_128(f"{self.seed}:{code}".encode()).digest(4 + len(self.terms))

    def trouble(self, province: str, code: str) -> float:
        """One of STEPS: that of the province, and one up or down for some of its bodies."""
        home = _place(self.seed, province)
        byte = self.bytes_of(code)[0]
        return STEPS[max(0, min(len(STEPS) - 1, home + (byte > 215) - (byte < 30)))]

    def draw(self, code: str, province: str) -> Drawn:
        """The course and the lives of a body; always the same."""
        luck = self.bytes_of(code)
        trouble = self.trouble(province, code)
        course = (
            HOME
            if code == HOME_BODY
            else self._course(trouble, int.from_bytes(luck[1:3]) % RESOLUTION)
        )
        tables = self._tables.get((course, trouble)) or self._table(course, trouble)
        picks = zip(tables, luck[4:], strict=True)
        return Drawn(
            course, [table.lives[byte] or self._life(table, byte) for table, byte in picks], luck
        )

    def _course(self, trouble: float, number: int) -> Course:
        if trouble not in self._courses:
            self._courses[trouble] = courses(trouble)
        return self._courses[trouble][number]

    def _table(self, course: Course, trouble: float) -> list[Table]:
        """For each directive its table; directives on the same terms share one."""
        by_terms = {
            terms: Table(course, terms, fates(course, terms, trouble), [None] * CHOICES)
            for terms in set(self.terms)
        }
        self._tables[course, trouble] = [by_terms[terms] for terms in self.terms]
        return self._tables[course, trouble]

    def _life(self, table: Table, byte: int) -> Life:
        key = (table.course, table.terms, table.fates[byte])
        known = self._lives.get(key)
        if known is None:
            known = self._lives[key] = Life(
                self.calendar, table.terms, table.course, table.fates[byte], self.logged
            )
        table.lives[byte] = known
        return known

    @property
    def stories(self) -> int:
        """How many different lives were drawn."""
        return len(self._lives)


@cache
def _place(seed: int, province: str) -> int:
    """Where a province stands among STEPS: most in the middle."""
    return (0, 1, 1, 2, 2, 2, 3, 3, 4)[shake_128(f"{seed}/{province}".encode()).digest(1)[0] % 9]
