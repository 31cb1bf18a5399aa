"""The course of each body and the life of each obligation, drawn from the seed and the code."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import shake_128

from directives.made_up.demo.bodies import Body
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import HOME, RESOLUTION, Course, courses
from directives.made_up.demo.lives import Life
from directives.made_up.demo.terms import CHOICES, PARTS, Outcome, Terms, outcomes, part_of
from directives.made_up.sample.people import HOME as HOME_BODY

# How often things go wrong, from the best of provinces to the worst.
TROUBLE_LEVELS = (0.45, 0.7, 1.0, 1.4, 2.1)


@dataclass(frozen=True, slots=True)
class BodyDraw:
    """What was drawn for a body: its course and a life for each directive.

    `random_bytes` decide the rest; the byte of the directive at a place is at 4 + place.
    """

    course: Course
    lives: Sequence[Life]
    random_bytes: bytes


@dataclass(slots=True)
class Table:
    """The fates of obligations on the same terms in bodies of one course, by the byte drawn.

    `lives` has the life of each once it was made.
    """

    course: Course
    terms: Terms
    outcomes: Sequence[Outcome]
    lives: list[Life | None]


@dataclass(slots=True)
class Draws:
    """The draw of a whole demo. Lives are made when first drawn, and shared."""

    calendar: Calendar
    seed: int
    terms: Sequence[Terms]  # of each directive
    log_days: tuple[int, ...] = ()  # days of the work log
    _courses: dict[float, Sequence[Course]] = field(default_factory=dict)
    _tables: dict[tuple[Course, float, tuple[str, ...]], list[Table]] = field(default_factory=dict)
    _lives: dict[tuple[Course, Terms, Outcome], Life] = field(default_factory=dict)

    def bytes_of(self, code: str) -> bytes:
        return shake_128(f"{self.seed}:{code}".encode()).digest(4 + len(self.terms))

    def trouble(self, province: str, code: str) -> float:
        """One of STEPS: that of the province, and one up or down for some of its bodies."""
        province_level = _province_level(self.seed, province)
        byte = self.bytes_of(code)[0]
        return TROUBLE_LEVELS[
            max(0, min(len(TROUBLE_LEVELS) - 1, province_level + (byte > 215) - (byte < 30)))
        ]

    def draw(self, body: Body) -> BodyDraw:
        """The course and the lives of a body; always the same."""
        random_bytes = self.bytes_of(body.code)
        trouble = self.trouble(body.province, body.code)
        course = (
            HOME
            if body.code == HOME_BODY
            else self._course(trouble, int.from_bytes(random_bytes[1:3]) % RESOLUTION)
        )
        parts = tuple(part_of(body, place) for place in range(PARTS))
        tables = self._tables.get((course, trouble, parts)) or self._table(course, trouble, parts)
        choices = zip(tables, random_bytes[4:], strict=True)
        return BodyDraw(
            course,
            [table.lives[byte] or self._life(table, byte) for table, byte in choices],
            random_bytes,
        )

    def _course(self, trouble: float, number: int) -> Course:
        if trouble not in self._courses:
            self._courses[trouble] = courses(trouble)
        return self._courses[trouble][number]

    def _table(self, course: Course, trouble: float, parts: tuple[str, ...]) -> list[Table]:
        """For each directive its table; directives on the same terms share one."""
        all_terms = [
            replace(terms, part=parts[place % PARTS]) for place, terms in enumerate(self.terms)
        ]
        by_terms = {
            terms: Table(course, terms, outcomes(course, terms, trouble), [None] * CHOICES)
            for terms in set(all_terms)
        }
        tables = self._tables[course, trouble, parts] = [by_terms[terms] for terms in all_terms]
        return tables

    def _life(self, table: Table, byte: int) -> Life:
        key = (table.course, table.terms, table.outcomes[byte])
        life = self._lives.get(key)
        if life is None:
            life = self._lives[key] = Life(
                self.calendar, table.terms, table.course, table.outcomes[byte], self.log_days
            )
        table.lives[byte] = life
        return life

    @property
    def life_count(self) -> int:
        """How many different lives were drawn."""
        return len(self._lives)


@cache
def _province_level(seed: int, province: str) -> int:
    """Where a province stands among STEPS: most in the middle."""
    return (0, 1, 1, 2, 2, 2, 3, 3, 4)[shake_128(f"{seed}/{province}".encode()).digest(1)[0] % 9]
