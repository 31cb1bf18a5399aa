"""The audit record of the demo, in the order of time and under seals.

It has what happened of late at every body, and everything at some.
"""

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from directives.core.sealing import BATCH, add_unsigned_seal
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.figures import Figures
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.lives import Life
from directives.made_up.demo.paper_events import BRIEF, PaperEvents, RecordedEvent, days_of
from directives.made_up.demo.sink import Cells, sink
from directives.made_up.demo.steps import OWN, SYSTEM
from directives.made_up.demo.work import Work
from directives.models import Event, Seal


class Piece(NamedTuple):
    """What many events have in common: the two parts of their JSON, and their columns."""

    head: str
    middle: str
    cells: Cells


@dataclass
class Record:
    """Gathers the days on which something happened at each body, then writes the events by day.

    One body in `every` has its full record.
    """

    work: Work
    filings: Filings
    figures: Figures
    every: int
    # The id of each body's plan, or 0.
    plans: "array[int]" = field(default_factory=lambda: array("q"))
    # Bodies by index on each day.
    of_day: dict[int, "array[int]"] = field(default_factory=dict)
    masks: dict[Life, tuple[int, int]] = field(default_factory=dict)
    pieces: dict[tuple[Any, ...], Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.out = sink(
            Event,
            "at by_id action subject_type before after reason id subject_id organisation_id "
            "document_id directive_id obligation_id",
        )
        self.papers = PaperEvents(self.work, self.filings)
        self.nothing = self.out.cells(None, None)
        self.next = self.work.first[Event]
        self.document = self.work.cycles[0].document_id
        self.sealed, self.digest = self.next - 1, hashlib.sha256()
        self.seal = Seal.objects.order_by("-id").first()

    def full(self, index: int) -> bool:
        return index % self.every == 0

    def add(self, index: int, placed: Placed, drawn: Drawn, plan: int | None) -> None:
        """Remember the days on which this body has events."""
        self.plans.append(plan or 0)
        full, mask = self.full(index), 0
        for life in drawn.lives:
            mask |= (self.masks.get(life) or self._mask(life))[full]
        for day in days_of(drawn.course) | self.figures.days_of(placed):
            if full or day >= days.RECENT:
                mask |= 1 << -day
        for day in range(mask.bit_length()):
            if mask >> day & 1:
                self.of_day.setdefault(-day, array("l")).append(index)

    def _mask(self, life: Life) -> tuple[int, int]:
        """The days of a life as bits: those in every record, and those in a full one."""
        brief = {
            day
            for day, acts in life.acts.items()
            if day >= days.RECENT and any(act.turned or act.action in BRIEF for act in acts)
        }
        masks = sum(1 << -day for day in brief), sum(1 << -day for day in life.acts)
        self.masks[life] = masks
        return masks

    def write(self, bodies: Sequence[Placed]) -> int:
        """Write and seal the events of these bodies, by index. Returns how many there are."""
        for day in sorted(self.of_day):
            events: dict[datetime, list[RecordedEvent]] = defaultdict(list)
            for index in self.of_day[day]:
                for event in self._events(index, bodies[index], day):
                    events[event.at].append(event)
            for at in sorted(events):
                for event in events[at]:
                    self._write(event)
            self.pieces.clear()
        self._close()
        self.out.flush()
        return self.out.count

    def _events(self, index: int, placed: Placed, day: int) -> Iterator[RecordedEvent]:
        drawn, full = self.work.draws.draw(placed.body.code, placed.body.province), self.full(index)
        yield from self._moves(index, placed, drawn, day, full)
        yield from self.papers.of(index, placed, drawn, self.plans[index], day)
        yield from self.figures.of(index, placed, day)

    def _moves(
        self, index: int, placed: Placed, drawn: Drawn, day: int, full: bool
    ) -> Iterator[RecordedEvent]:
        """What happened to its obligations."""
        crew, at, first = self.work.crew, self.work.calendar.at, self.work.obligation(index, 0)
        people: dict[str, int | None] = {OWN: crew.writer(placed), SYSTEM: None}
        for place, life in enumerate(drawn.lives):
            for act in life.acts.get(day, ()):
                if full or act.turned or act.action in BRIEF:
                    by = people[act.by] if act.by in people else crew.reviewer(placed)
                    yield RecordedEvent(
                        *(at(act.day, act.hour), by, act.action, "obligation"),
                        *(act.before, act.after, act.reason),
                        *(first + place, placed.pk),
                        (self.work.directives[place].pk, first + place),
                    )

    def _write(self, event: RecordedEvent) -> None:
        at, by, action, kind, before, after, reason, subject, body, about = event
        columns = at, by, action, kind, before, after, reason
        piece = self.pieces.get(columns) or self._piece(event, columns)
        pk, self.next = self.next, self.next + 1
        directive, obligation = about or ("null", "null")
        self.digest.update(
            f'{piece.head},"directive_id":{directive},"document_id":{self.document},"id":{pk},'
            f'"obligation_id":{obligation},"organisation_id":{body},{piece.middle},'
            f'"subject_id":{subject},"subject_type":"{kind}"}}\n'.encode()
        )
        ids = self.out.ids
        of = self.nothing if about is None else ids(*about)
        self.out.add(piece.cells, ids(pk, subject, body, self.document), of)
        if pk - self.sealed == BATCH:
            self._close(at)

    def _piece(self, event: RecordedEvent, columns: tuple[Any, ...]) -> Piece:
        """As JSON with sorted keys, which the seals hash."""
        at = event.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        by = "null" if event.by is None else event.by
        head = (
            f'{{"action":"{event.action}","after":{event.after},"at":"{at}",'
            f'"before":{event.before},"by_id":{by}'
        )
        middle = f'"reason":{json.dumps(event.reason, ensure_ascii=False)}'
        self.pieces[columns] = Piece(head, middle, self.out.cells(*columns))
        return self.pieces[columns]

    def _close(self, at: datetime | None = None) -> None:
        """Seal what was written since the last seal."""
        last = self.next - 1
        if last > self.sealed:
            sealed_at = (at or self.work.calendar.now).astimezone(UTC)
            self.seal = add_unsigned_seal(
                self.seal,
                [[self.sealed + 1, last]],
                self.digest.hexdigest(),
                last - self.sealed,
                now=sealed_at,
            )
            self.sealed, self.digest = last, hashlib.sha256()
