"""The totals of each body on earlier days, added up from the lives and rolled up the tree."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from directives.demo import calendar as days
from directives.demo.bodies import Placed
from directives.demo.calendar import Calendar
from directives.demo.draw import Drawn
from directives.demo.lives import BITS, FIELDS
from directives.demo.sink import sink
from directives.models import Directive, TallyDay
from directives.models.organisations import ancestors
from directives.states import COLOURS

WORDS = "I"  # the array type of BITS


@dataclass
class History:
    """Figures of every body by section, packed as those of a life are. `leaves`: days told of bodies without others below."""

    calendar: Calendar
    directives: Sequence[Directive]
    leaves: frozenset[int]
    sums: dict[int, list[int]] = field(default_factory=dict)  # by body: a number for each section

    def __post_init__(self) -> None:
        self.sections = sorted({row.section_id for row in self.directives})
        places = {pk: place for place, pk in enumerate(self.sections)}
        self.place = [places[row.section_id] for row in self.directives]

    def add(self, placed: Placed, drawn: Drawn) -> None:
        """Count a body's work for itself and for everybody above it."""
        own = [0] * len(self.sections)
        for place, life in zip(self.place, drawn.lives, strict=True):
            own[place] += life.figures
        for pk in ancestors(placed.path):
            known = self.sums.get(pk)
            self.sums[pk] = own if known is None else [one + other for one, other in zip(known, own, strict=True)]

    def write(self, bodies: Sequence[Placed], document: int) -> int:
        """A copy for each day on which a body's figures differ from its last copy. Returns the number of rows."""
        out = sink(TallyDay, "day", "scope_id", "document_id", "section_id", *COLOURS, "percent_sum")
        length = len(days.HISTORY) * FIELDS
        dates = [out.cells(self.calendar.day(number)) for number in days.HISTORY]
        for placed in bodies:
            if placed.pk not in self.sums:
                continue
            told = [array(WORDS, packed.to_bytes(length * BITS // 8, "little")) for packed in self.sums[placed.pk]]
            before = None
            for place, number in enumerate(days.HISTORY):
                now = [figures[place * FIELDS : (place + 1) * FIELDS] for figures in told]
                if now == before or not (placed.branch or number in self.leaves):
                    continue
                before = now
                for section, figures in zip(self.sections, now, strict=True):
                    if any(figures):
                        out.add(dates[place], out.ids(placed.pk, document, section, *figures))
        out.flush()
        return out.count
