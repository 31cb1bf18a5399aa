"""Which course each body takes, and which life each of its obligations: drawn from the seed and the body's code alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import shake_128

from directives.demo.calendar import Calendar
from directives.demo.courses import HOME, RESOLUTION, Course, courses
from directives.demo.lives import Life
from directives.demo.terms import Fate, Terms, fates
from directives.sample.people import HOME as HOME_BODY

STEPS = (0.45, 0.7, 1.0, 1.4, 2.1)  # how often things go wrong, from the best of provinces to the worst


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for a body: a life for each directive, and a number from 0 to 255 for whatever else is chosen."""

    course: Course
    lives: Sequence[Life]
    luck: bytes


@dataclass(slots=True)
class Lot:
    """The draw of a whole demo. Lives are made when first drawn, and shared."""

    calendar: Calendar
    seed: int
    terms: Sequence[Terms]  # of each directive
    _courses: dict[float, Sequence[Course]] = field(default_factory=dict)
    _tables: dict[tuple[Course, float], list[list[Life]]] = field(default_factory=dict)
    _lives: dict[tuple[Course, Terms, Fate], Life] = field(default_factory=dict)

    def bytes_of(self, code: str) -> bytes:
        return shake_128(f"{self.seed}:{code}".encode()).digest(4 + len(self.terms))

    def trouble(self, province: str, code: str) -> float:
        """One of STEPS: that of the province, and one up or down for some of its bodies."""
        home = _place(self.seed, province)
        own = self.bytes_of(code)[0]
        return STEPS[max(0, min(len(STEPS) - 1, home + (own > 215) - (own < 30)))]

    def draw(self, code: str, province: str) -> Drawn:
        """The course and the lives of a body. Asked again, it says the same."""
        luck = self.bytes_of(code)
        trouble = self.trouble(province, code)
        course = HOME if code == HOME_BODY else self._course(trouble, int.from_bytes(luck[1:3]) % RESOLUTION)
        tables = self._tables.get((course, trouble)) or self._table(course, trouble)
        return Drawn(course, [table[byte] for table, byte in zip(tables, luck[4:], strict=True)], luck)

    def _course(self, trouble: float, number: int) -> Course:
        if trouble not in self._courses:
            self._courses[trouble] = courses(trouble)
        return self._courses[trouble][number]

    def _table(self, course: Course, trouble: float) -> list[list[Life]]:
        """For each directive the lives that bodies of this course may draw; directives on the same terms share a list."""
        by_terms = {terms: [self._life(course, terms, fate) for fate in fates(course, terms, trouble)] for terms in set(self.terms)}
        self._tables[course, trouble] = [by_terms[terms] for terms in self.terms]
        return self._tables[course, trouble]

    def _life(self, course: Course, terms: Terms, fate: Fate) -> Life:
        known = self._lives.get((course, terms, fate))
        if known is None:
            known = self._lives[course, terms, fate] = Life(self.calendar, terms, course, fate)
        return known

    @property
    def stories(self) -> int:
        """How many different lives were drawn."""
        return len(self._lives)


@cache
def _place(seed: int, province: str) -> int:
    """Where a province stands among STEPS: most in the middle."""
    return (0, 1, 1, 2, 2, 2, 3, 3, 4)[shake_128(f"{seed}/{province}".encode()).digest(1)[0] % 9]
