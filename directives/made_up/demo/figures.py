"""The indicators of the demo, and the figures that each body reported, with gaps."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import shake_128

from directives.indicators import commands as statistics
from directives.indicators.commands import Period
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.lives import canonical_json
from directives.made_up.demo.paper_events import RecordedEvent
from directives.made_up.demo.sink import Cells, sink
from directives.made_up.demo.work import Work
from directives.made_up.indicators import INDICATORS, MadeUpIndicator
from directives.made_up.sample.people import HOME as HOME_BODY
from directives.made_up.sample.people import TOP
from directives.models import Document, Figure, Indicator, Organisation, User

DEFINED, REPORTED_FROM = days.ISSUED, -216  # earlier periods were reported from the second on
# From the fourth day after the end of a period, the days until a body reports it: each has its own.
DELAYS = 12
PERIODS = {"quarter": 5, "half": 3, "year": 2}  # that were reported
# Of 256: bodies that report nothing, and nothing this time; single figures now, and before.
NEVER, NOT_NOW = 4, 22
NOT_THIS, NOT_THEN = 20, 4


def define(document: Document, calendar: Calendar) -> list[Indicator]:
    """The indicators, defined by the supervisor of the centre for everybody below it."""
    by, top = User.objects.get(username="supervisor"), Organisation.objects.get(code=TOP)
    now = calendar.at(DEFINED, 15)
    return [
        statistics.define_indicator(
            document=document, organisation=top, fields=indicator.fields, by=by, now=now
        )
        for indicator in INDICATORS
    ]


@dataclass(frozen=True, eq=False)
class Slot:
    """A figure that every body reports: the `place`-th, `steps` periods before the last."""

    place: int
    indicator: MadeUpIndicator
    period: Period
    steps: int
    cells: Cells


@dataclass
class Figures:
    """Writes the figures of one body after another, and can repeat what it wrote."""

    work: Work
    indicators: Sequence[Indicator]
    # The id of each body's first figure.
    first: "array[int]" = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        self.row_sink = sink(
            Figure,
            "indicator_id year period number id organisation_id by_id at value note version",
        )
        self.next = self.work.first[Figure]
        all_slots = list(self._slots())
        self.count = len(all_slots)
        self.by_delay = [
            {slot: self._day(slot, delay) for slot in all_slots} for delay in range(DELAYS)
        ]
        self.days = [frozenset(slots.values()) for slots in self.by_delay]

    def _slots(self) -> Iterator[Slot]:
        place = 0
        for made_up, indicator in zip(INDICATORS, self.indicators, strict=True):
            last = Period.last_ended(self.work.calendar.today, indicator.cadence)
            for steps in reversed(range(PERIODS[indicator.cadence])):
                period = last.shifted(-steps)
                cells = self.row_sink.cells(
                    indicator.pk, period.year, period.cadence, period.number
                )
                yield Slot(place, made_up, period, steps, cells)
                place += 1

    def _day(self, slot: Slot, delay: int) -> int:
        """The day on which a figure came in: soon after the end of its period, before today."""
        ended = (slot.period.last_day - self.work.calendar.today).days
        return min(-1, max(ended + 4, REPORTED_FROM) + delay)

    def write(self, bodies: Sequence[TreeNode]) -> int:
        """Write what these bodies, by index, reported. Returns the number of figures."""
        for node in bodies:
            by = self.work.participants.writer(node)
            self.first.append(self.next)
            for slot, day, value in self._reported(node, self._luck(node)):
                pk, self.next = self.next, self.next + 1
                self.row_sink.add(
                    slot.cells,
                    self.row_sink.ids(pk, node.pk, by),
                    self.row_sink.cells(self._at(day), value, "", 1),
                )
        self.row_sink.flush()
        return self.row_sink.count

    def _luck(self, node: TreeNode) -> bytes:
        return shake_128(f"{self.work.seed}/figures/{node.body.code}".encode()).digest(
            3 + 2 * self.count
        )

    def _at(self, day: int) -> datetime:
        return self.work.calendar.at(day, 15)

    def _reported(self, node: TreeNode, random_bytes: bytes) -> Iterator[tuple[Slot, int, str]]:
        """The figures of a body in the order of their ids, with day and value."""
        silence, size, delay = (
            random_bytes[0],
            0.6 + random_bytes[1] / 320,
            random_bytes[2] % DELAYS,
        )
        if silence < NEVER:
            return
        for slot, day in self.by_delay[delay].items():
            amount, chance = random_bytes[3 + 2 * slot.place : 5 + 2 * slot.place]
            quiet = silence < NOT_NOW or node.body.code == HOME_BODY
            if chance < NOT_THEN if slot.steps else quiet or chance < NOT_THIS:
                continue
            value = slot.indicator.value(
                node.body.level, slot.period, slot.steps, size=size, chance=0.97 + amount / 4250
            )
            yield slot, day, value

    def days_of(self, node: TreeNode) -> frozenset[int]:
        """The days on which this body may have reported something."""
        return self.days[self._luck(node)[2] % DELAYS]

    def of(self, index: int, node: TreeNode, day: int) -> Iterator[RecordedEvent]:
        """The events of a body on a day."""
        random_bytes = self._luck(node)
        if day not in self.days[random_bytes[2] % DELAYS]:
            return
        by = self.work.participants.writer(node)
        for pk, (slot, reported_day, value) in enumerate(
            self._reported(node, random_bytes), self.first[index]
        ):
            if reported_day == day:
                after = canonical_json(
                    {
                        "indicator": slot.indicator.fields.code,
                        "year": slot.period.year,
                        "period": slot.period.cadence,
                        "number": slot.period.number,
                        "value": f"{Decimal(value).normalize():f}",
                    }
                )
                head = self._at(day), by, "report_figure", "figure"
                yield RecordedEvent(*head, "{}", after, "", pk, node.pk)
