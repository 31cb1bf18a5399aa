"""The totals of each body on earlier days, added up from the lives and rolled up the tree."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import add

from directives.base.states import COLOURS
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.draw import BodyDraw
from directives.made_up.demo.lives import BITS, FIELDS
from directives.made_up.demo.sink import sink
from directives.models import Directive, TallyDay
from directives.models.organisations import ancestors

WORDS = "I"  # the array type of BITS


@dataclass
class PastTotals:
    """Sums of the figures of lives by section, packed as theirs are.

    `leaves` are the days of bodies without others below.
    """

    calendar: Calendar
    directives: Sequence[Directive]
    leaves: frozenset[int]
    # Of each body that has others below: a sum for each section.
    sums: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sections = sorted({row.section_id for row in self.directives})
        places = {pk: place for place, pk in enumerate(self.sections)}
        self.place = [places[row.section_id] for row in self.directives]
        self.document = self.directives[0].document_id
        columns = f"day scope_id document_id section_id {' '.join(COLOURS)} percent_sum"
        self.row_sink = sink(TallyDay, columns)
        self.dates = [self.row_sink.cells(self.calendar.day(number)) for number in days.HISTORY]

    def add(self, node: TreeNode, body_draw: BodyDraw) -> None:
        """Count a body's work for all bodies above; write it at once if it has none below."""
        sums = [0] * len(self.sections)
        for place, life in zip(self.place, body_draw.lives, strict=True):
            sums[place] += life.figures
        ancestor_ids = ancestors(node.path)
        for pk in ancestor_ids if node.branch else ancestor_ids[:-1]:
            sums_so_far = self.sums.get(pk)
            self.sums[pk] = sums if sums_so_far is None else list(map(add, sums_so_far, sums))
        if not node.branch:
            self._copies(node.pk, sums, self.leaves)

    def write(self) -> int:
        """Write the copies of the bodies that have others below. Returns the number of all rows."""
        for pk, packed in self.sums.items():
            self._copies(pk, packed, frozenset(days.HISTORY))
        self.row_sink.flush()
        return self.row_sink.count

    def _copies(self, scope: int, packed: list[int], days_written: frozenset[int]) -> None:
        """Write a copy for each day on which a body's figures differ from its last copy."""
        length = len(days.HISTORY) * FIELDS * BITS // 8
        unpacked = [array(WORDS, number.to_bytes(length, "little")) for number in packed]
        before = None
        for place, number in enumerate(days.HISTORY):
            now = [figures[place * FIELDS : (place + 1) * FIELDS] for figures in unpacked]
            if now == before or number not in days_written:
                continue
            before = now
            for section, figures in zip(self.sections, now, strict=True):
                if any(figures):
                    self.row_sink.add(
                        self.dates[place],
                        self.row_sink.ids(scope, self.document, section, *figures),
                    )
