"""The totals of each body on earlier days, added up from the lives and rolled up the tree."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from directives.base.states import COLOURS
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.lives import BITS, FIELDS
from directives.made_up.demo.sink import sink
from directives.models import Directive, TallyDay
from directives.models.organisations import ancestors

WORDS = "I"  # the array type of BITS


@dataclass
class History:
    """Figures of every body by section, packed as those of a life are. `leaves`: days told of bodies without others below."""

    calendar: Calendar
    directives: Sequence[Directive]
    leaves: frozenset[int]
    sums: dict[int, list[int]] = field(
        default_factory=dict
    )  # of each body that has others below: a number for each section

    def __post_init__(self) -> None:
        self.sections = sorted({row.section_id for row in self.directives})
        places = {pk: place for place, pk in enumerate(self.sections)}
        self.place = [places[row.section_id] for row in self.directives]
        self.document = self.directives[0].document_id
        self.out = sink(
            TallyDay, "day", "scope_id", "document_id", "section_id", *COLOURS, "percent_sum"
        )
        self.dates = [self.out.cells(self.calendar.day(number)) for number in days.HISTORY]

    def add(self, placed: Placed, drawn: Drawn) -> None:
        """Count a body's work for everybody above it; a body without others below is written at once."""
        own = [0] * len(self.sections)
        for place, life in zip(self.place, drawn.lives, strict=True):
            own[place] += life.figures
        line = ancestors(placed.path)
        for pk in line if placed.branch else line[:-1]:
            known = self.sums.get(pk)
            self.sums[pk] = (
                own
                if known is None
                else [one + other for one, other in zip(known, own, strict=True)]
            )
        if not placed.branch:
            self._copies(placed.pk, own, self.leaves)

    def write(self) -> int:
        """Write the copies of the bodies that have others below. Returns the number of all rows."""
        for pk, packed in self.sums.items():
            self._copies(pk, packed, frozenset(days.HISTORY))
        self.out.flush()
        return self.out.count

    def _copies(self, scope: int, packed: list[int], wanted: frozenset[int]) -> None:
        """A copy for each day on which a body's figures differ from its last copy."""
        length = len(days.HISTORY) * FIELDS * BITS // 8
        told, before = [array(WORDS, number.to_bytes(length, "little")) for number in packed], None
        for place, number in enumerate(days.HISTORY):
            now = [figures[place * FIELDS : (place + 1) * FIELDS] for figures in told]
            if now == before or number not in wanted:
                continue
            before = now
            for section, figures in zip(self.sections, now, strict=True):
                if any(figures):
                    self.out.add(
                        self.dates[place], self.out.ids(scope, self.document, section, *figures)
                    )
