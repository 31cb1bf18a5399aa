"""The audit record of the demo: what happened of late at every body, and everything at some, in the order of time and under seals."""

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from directives.core.sealing import BATCH, add_unsigned_seal
from directives.made_up.demo import calendar as days
from directives.made_up.demo.acts import BRIEF, Papers, Told, days_of
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.figures import Figures
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.lives import Life
from directives.made_up.demo.sink import Cells, sink
from directives.made_up.demo.steps import OWN, SYSTEM
from directives.made_up.demo.work import Work
from directives.models import Event, Seal


@dataclass
class Record:
    """Gathers on which days something happened at a body, then tells it day by day. `every`: each so-manieth body is told in full."""

    work: Work
    filings: Filings
    figures: Figures
    every: int
    plans: array = field(default_factory=lambda: array("q"))  # of each body; 0: none
    of_day: dict[int, array] = field(default_factory=dict)  # day → bodies by index
    masks: dict[Life, tuple[int, int]] = field(default_factory=dict)
    pieces: dict[tuple, tuple[str, str, Cells]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("at", "by_id", "action", "subject_type", "before", "after", "reason")
        self.out = sink(
            Event,
            *names,
            "id",
            "subject_id",
            "organisation_id",
            "document_id",
            "directive_id",
            "obligation_id",
        )
        self.papers = Papers(self.work, self.filings)
        self.nothing = self.out.cells(None, None)
        self.next = self.work.first[Event]
        self.document = self.work.cycles[0].document_id
        self.sealed, self.digest, self.seal = (
            self.next - 1,
            hashlib.sha256(),
            Seal.objects.order_by("-id").first(),
        )

    def full(self, index: int) -> bool:
        return index % self.every == 0

    def add(self, index: int, placed: Placed, drawn: Drawn, plan: int | None) -> None:
        """Remember on which days something of this body is to be told."""
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
        """The days of a life as bits: those that are told in brief, and all."""
        brief = {
            day
            for day, acts in life.acts.items()
            if day >= days.RECENT and any(act.turned or act.action in BRIEF for act in acts)
        }
        masks = tuple(sum(1 << -day for day in chosen) for chosen in (brief, life.acts))
        self.masks[life] = masks
        return masks

    def write(self, bodies: Sequence[Placed]) -> int:
        """Tell everything in the order of time, and seal it. `bodies` by index. Returns the number of events."""
        for day in sorted(self.of_day):
            hours: dict[datetime, list[Told]] = defaultdict(list)
            for index in self.of_day[day]:
                for told in self._of(index, bodies[index], day):
                    hours[told.at].append(told)
            for at in sorted(hours):
                for told in hours[at]:
                    self._tell(told)
            self.pieces.clear()
        self._close()
        self.out.flush()
        return self.out.count

    def _of(self, index: int, placed: Placed, day: int) -> Iterator[Told]:
        """What happened at a body on a day."""
        drawn, full = self.work.lot.draw(placed.body.code, placed.body.province), self.full(index)
        yield from self._moves(index, placed, drawn, day, full)
        yield from self.papers.of(index, placed, drawn, self.plans[index], day)
        yield from self.figures.of(index, placed, day)

    def _moves(
        self, index: int, placed: Placed, drawn: Drawn, day: int, full: bool
    ) -> Iterator[Told]:
        """What happened to its obligations."""
        crew, at, base = self.work.crew, self.work.calendar.at, self.work.obligation(index, 0)
        people = {OWN: crew.writer(placed), SYSTEM: None}
        for place, life in enumerate(drawn.lives):
            for act in life.acts.get(day, ()):
                if full or act.turned or act.action in BRIEF:
                    by = people[act.by] if act.by in people else crew.reviewer(placed)
                    yield Told(
                        at(act.day, act.hour), by, act.action, "obligation", base + place, placed.pk, self.work.directives[place].pk,
                        base + place, act.before, act.after, act.reason,
                    )  # fmt: skip

    def _tell(self, told: Told) -> None:
        key = (told.at, told.by, told.action, told.before, told.after, told.reason, told.kind)
        head, middle, cells = self.pieces.get(key) or self._piece(key, told)
        pk, self.next = self.next, self.next + 1
        directive, obligation = (
            ("null", "null") if told.directive is None else (told.directive, told.obligation)
        )
        self.digest.update(
            f'{head},"directive_id":{directive},"document_id":{self.document},"id":{pk},"obligation_id":{obligation},'
            f'"organisation_id":{told.body},{middle},"subject_id":{told.subject},"subject_type":"{told.kind}"}}\n'.encode()
        )
        ids = self.out.ids
        self.out.add(
            cells,
            ids(pk, told.subject, told.body, self.document),
            self.nothing if told.directive is None else ids(directive, obligation),
        )
        if pk - self.sealed == BATCH:
            self._close(told.at)

    def _piece(self, key: tuple, told: Told) -> tuple[str, str, Cells]:
        """What many events have in common: as JSON with sorted keys, as the seals hash it, and as columns."""
        at = told.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        by = "null" if told.by is None else told.by
        head = f'{{"action":"{told.action}","after":{told.after},"at":"{at}","before":{told.before},"by_id":{by}'
        middle = f'"reason":{json.dumps(told.reason, ensure_ascii=False)}'
        cells = self.out.cells(
            told.at, told.by, told.action, told.kind, told.before, told.after, told.reason
        )
        self.pieces[key] = head, middle, cells
        return self.pieces[key]

    def _close(self, at: datetime | None = None) -> None:
        """Put a seal on what was told since the last one."""
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
