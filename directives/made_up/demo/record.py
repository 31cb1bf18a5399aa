"""The audit record of the demo, in the order of time and under seals.

It has the latest events of every body, and all events of some.
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
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.draw import BodyDraw
from directives.made_up.demo.figures import Figures
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.lives import Life
from directives.made_up.demo.paper_events import BRIEF_ACTIONS, PaperEvents, RecordedEvent, days_of
from directives.made_up.demo.sink import Cells, sink
from directives.made_up.demo.steps import BODY, SYSTEM
from directives.made_up.demo.work import Work
from directives.models import Event, Seal


class Piece(NamedTuple):
    """What many events have in common: the two parts of their JSON, and their columns."""

    head: str
    middle: str
    cells: Cells


@dataclass
class Record:
    """Collects the days with events of each body, then writes the events by day.

    One body in `full_record_interval` has its full record.
    """

    work: Work
    filings: Filings
    figures: Figures
    full_record_interval: int
    # The id of each body's plan, or 0.
    plans: "array[int]" = field(default_factory=lambda: array("q"))
    # Bodies by index on each day.
    indexes_by_day: dict[int, "array[int]"] = field(default_factory=dict)
    masks: dict[Life, tuple[int, int]] = field(default_factory=dict)
    pieces: dict[tuple[Any, ...], Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.row_sink = sink(
            Event,
            "at by_id action subject_type before after reason id subject_id organisation_id "
            "document_id directive_id obligation_id",
        )
        self.papers = PaperEvents(self.work, self.filings)
        self.no_references = self.row_sink.cells(None, None)
        self.next = self.work.first[Event]
        self.document = self.work.cycles[0].document_id
        self.sealed, self.digest = self.next - 1, hashlib.sha256()
        self.seal = Seal.objects.order_by("-id").first()

    def has_full_record(self, index: int) -> bool:
        return index % self.full_record_interval == 0

    def add(self, index: int, node: TreeNode, body_draw: BodyDraw, plan: int | None) -> None:
        """Remember the days on which this body has events."""
        self.plans.append(plan or 0)
        has_full_record, mask = self.has_full_record(index), 0
        for life in body_draw.lives:
            mask |= (self.masks.get(life) or self._mask(life))[has_full_record]
        for day in days_of(body_draw.course) | self.figures.days_of(node):
            if has_full_record or day >= days.RECENT:
                mask |= 1 << -day
        for day in range(mask.bit_length()):
            if mask >> day & 1:
                self.indexes_by_day.setdefault(-day, array("l")).append(index)

    def _mask(self, life: Life) -> tuple[int, int]:
        """The days of a life as bits: those in every record, and those in a full one."""
        brief = {
            day
            for day, acts in life.acts.items()
            if day >= days.RECENT
            and any(act.light_changed or act.action in BRIEF_ACTIONS for act in acts)
        }
        masks = sum(1 << -day for day in brief), sum(1 << -day for day in life.acts)
        self.masks[life] = masks
        return masks

    def write(self, bodies: Sequence[TreeNode]) -> int:
        """Write and seal the events of these bodies, by index. Returns how many there are."""
        for day in sorted(self.indexes_by_day):
            events: dict[datetime, list[RecordedEvent]] = defaultdict(list)
            for index in self.indexes_by_day[day]:
                for event in self._events(index, bodies[index], day):
                    events[event.at].append(event)
            for at in sorted(events):
                for event in events[at]:
                    self._write(event)
            self.pieces.clear()
        self._close()
        self.row_sink.flush()
        return self.row_sink.count

    def _events(self, index: int, node: TreeNode, day: int) -> Iterator[RecordedEvent]:
        body_draw, has_full_record = (
            self.work.draws.draw(node.body),
            self.has_full_record(index),
        )
        yield from self._moves(index, node, body_draw, day, has_full_record)
        yield from self.papers.of(index, node, body_draw, self.plans[index], day)
        yield from self.figures.of(index, node, day)

    def _moves(
        self, index: int, node: TreeNode, body_draw: BodyDraw, day: int, has_full_record: bool
    ) -> Iterator[RecordedEvent]:
        """The moves of its obligations."""
        participants, at, first = (
            self.work.participants,
            self.work.calendar.at,
            self.work.obligation(index, 0),
        )
        people: dict[str, int | None] = {BODY: participants.writer(node), SYSTEM: None}
        for place, life in enumerate(body_draw.lives):
            for act in life.acts.get(day, ()):
                if has_full_record or act.light_changed or act.action in BRIEF_ACTIONS:
                    by = people[act.by] if act.by in people else participants.reviewer(node)
                    yield RecordedEvent(
                        *(at(act.day, act.hour), by, act.action, "obligation"),
                        *(act.before, act.after, act.reason),
                        *(first + place, node.pk),
                        (self.work.directives[place].pk, first + place),
                    )

    def _write(self, event: RecordedEvent) -> None:
        at, by, action, kind, before, after, reason, subject, body, references = event
        columns = at, by, action, kind, before, after, reason
        piece = self.pieces.get(columns) or self._piece(event, columns)
        pk, self.next = self.next, self.next + 1
        directive, obligation = references or ("null", "null")
        self.digest.update(
            f'{piece.head},"directive_id":{directive},"document_id":{self.document},"id":{pk},'
            f'"obligation_id":{obligation},"organisation_id":{body},{piece.middle},'
            f'"subject_id":{subject},"subject_type":"{kind}"}}\n'.encode()
        )
        ids = self.row_sink.ids
        of = self.no_references if references is None else ids(*references)
        self.row_sink.add(piece.cells, ids(pk, subject, body, self.document), of)
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
        self.pieces[columns] = Piece(head, middle, self.row_sink.cells(*columns))
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
