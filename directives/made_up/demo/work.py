"""The obligations of every body, its reports of two cycles and their entries, with the items it owes."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from directives.base.states import (  # fmt: skip
    ACCEPTED,
    CLOSED,
    CLOSING,
    DRAFT,
    ESTABLISHED,
    IN_PROGRESS,
    LEAD,
    NOT_STARTED,
    REPORTABLE,
    RESPONSIBLE,
    RETURNED,
    SUBMITTED,
    SUPPORTING,
    UNDERWAY,
)
from directives.made_up import sentences
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import SILENT, Course
from directives.made_up.demo.draw import Drawn, Lot
from directives.made_up.demo.lives import Life
from directives.made_up.demo.people import Crew
from directives.made_up.demo.sink import Cells, Sink, sink
from directives.made_up.demo.wording import ReportWords, Words, report_words
from directives.made_up.sample.people import HOME as HOME_BODY
from directives.models import Cycle, Directive, ItemState, Obligation, ProgressReport, ReportEntry
from directives.models.reports import BLANK, CARRIED, TYPED

ROW = (
    "state", "percent", "acknowledge_by", "plan_due_on", "plan_returned", "report_due_on", "report_returned", "closed_on", "light",
    "light_code", "light_on", "light_changes_on", "reason", "moved_at", "version", "deliverable", "issued_on", "starts_on", "due_on",
    "original_due_on", "heard_on",
)  # fmt: skip
SAID = ("progress", "problems", "next_steps")
STAMPS = (
    "submitted_at",
    "submitted_by_id",
    "decided_at",
    "decided_by_id",
    "saved_at",
    "saved_by_id",
)
ENTRY = (
    "percent",
    "state",
    "origin",
    "reason",
    "version",
    "unchanged",
    "unchanged_reason",
    "drawn_from",
)
TABLES = (Obligation, ProgressReport, ReportEntry, ItemState)
VERSIONS = {DRAFT: 1, SUBMITTED: 3, ACCEPTED: 4, RETURNED: 4}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it was written: of which cycle (0: the last, 1: this), for the directive at which place."""

    pk: int
    cycle: int
    place: int
    obligation: int
    state: str
    life: Life
    words: Words

    @property
    def percent(self) -> int:
        return self.life.percents[self.cycle]


@dataclass
class Work:
    """Writes the work of one body after another, and can tell again what it wrote. The first ids are those that are free."""

    calendar: Calendar
    lot: Lot
    crew: Crew
    directives: Sequence[Directive]
    cycles: tuple[Cycle, Cycle]
    seed: int
    first: dict[type, int]
    matters: Sequence[str]  # what each directive is about
    entries: array = field(
        default_factory=lambda: array("q")
    )  # the id before each body's first entry
    words: dict[tuple[str, str], ReportWords] = field(
        default_factory=dict
    )  # by kind and level of the body
    told: dict[tuple, Cells] = field(default_factory=dict)  # pieces of rows that many rows have

    def __post_init__(self) -> None:
        head = (
            "id",
            "document_id",
            "section_id",
            "directive_id",
            "leader",
            "contact",
            "note",
            "organisation_id",
            "part",
        )
        self.obligations = sink(Obligation, *head, *ROW, *SAID)
        self.reports = sink(
            ProgressReport,
            "id",
            "cycle_id",
            "document_id",
            "organisation_id",
            "begun_at",
            "first_submitted_at",
            "completed_at",
            "version",
        )
        self.filed = sink(ReportEntry, "id", "report_id", "obligation_id", *STAMPS, *ENTRY, *SAID)
        self.items = sink(
            ItemState, "obligation_id", "item_id", "state", "on", "evidence", "version"
        )
        out = self.obligations
        self.blank = Words("", "", "", out.cells("", "", ""))
        self.fixed = [
            out.cells(row.document_id, row.section_id, row.pk, "", "", "")
            for row in self.directives
        ]
        self.owed = [  # the ids of items, each with what shows it once it is established
            (
                place,
                [(item.pk, sentences.evidence_text(item.name_hans)) for item in row.items.all()],
            )
            for place, row in enumerate(self.directives)
            if row.items.all()
        ]
        self.next_entry = self.first[ReportEntry]

    def obligation(self, index: int, place: int) -> int:
        """The id of what the index-th body owes under the directive at this place."""
        return self.first[Obligation] + index * len(self.directives) + place

    def report(self, index: int, cycle: int) -> int:
        return self.first[ProgressReport] + 2 * index + cycle

    def write(self, index: int, placed: Placed, drawn: Drawn) -> list[Entry]:
        """Everything that this body owes and reported; returns the entries."""
        out = self.obligations
        base, add, ids = self.obligation(index, 0), out.add, out.ids
        report = self.words_of(placed)
        parts = [out.cells(placed.pk, part_of(placed, place)) for place in range(PARTS)]
        for place, (life, luck) in enumerate(zip(drawn.lives, drawn.luck[4:], strict=True)):
            cycle = life.words - 1
            words = report.at(place, life.stages[cycle], luck + cycle) if life.words else self.blank
            piece = self.told.get(life) or self._row(life)
            add(ids(base + place), self.fixed[place], parts[place % PARTS], piece, words.cells)
        self._items(base, drawn)
        self.entries.append(self.next_entry)
        entries = list(self.entries_of(index, placed, drawn))
        self._report(index, placed, drawn, entries)
        return entries

    def words_of(self, placed: Placed) -> ReportWords:
        """What a body says in its reports: the same as others of its kind and level."""
        key = placed.body.kind, placed.body.level
        if key not in self.words:
            rng = Random(f"{self.seed} reports {key}")  # noqa: S311 - made-up words, not secrets
            words = sentences.body_words(*key)
            self.words[key] = report_words(words, self.matters, rng, self.obligations)
        return self.words[key]

    def _row(self, life: Life) -> Cells:
        piece = self.told[life] = self.obligations.cells(*(life.row[name] for name in ROW))
        return piece

    def entries_of(self, index: int, placed: Placed, drawn: Drawn) -> Iterator[Entry]:
        """The entries of a body, those of the last cycle first, each in the order of the document."""
        pk, base = self.entries[index], self.obligation(index, 0)
        report = self.words_of(placed)
        for cycle in (0, 1):
            for place, life in enumerate(drawn.lives):
                state = life.this if cycle else life.last
                if state is None:
                    continue
                said = cycle  # whose words the entry has: a draft carries those of the last
                if state == DRAFT:
                    said = 0 if life.last == ACCEPTED else None
                words = self.blank
                if said is not None:
                    words = report.at(place, life.stages[said], drawn.luck[4 + place] + said)
                yield Entry(pk, cycle, place, base + place, state, life, words)
                pk += 1

    def _report(self, index: int, placed: Placed, drawn: Drawn, entries: list[Entry]) -> None:
        out, course = self.filed, drawn.course
        keys = (self.report(index, 0), self.report(index, 1))
        stamps: dict[tuple[int, str], Cells] = {}
        for entry in entries:
            key = (entry.cycle, entry.state)
            stamp = stamps.get(key)
            if stamp is None:
                stamp = stamps[key] = self._stamps(placed, course, *key)
            piece = self.told.get((entry.life, entry.cycle)) or self._entry(entry)
            out.add(
                out.ids(entry.pk, keys[entry.cycle], entry.obligation),
                stamp,
                piece,
                entry.words.cells,
            )
        self.next_entry += len(entries)
        for cycle in (0, 1):
            self._report_row(
                placed,
                course,
                keys[cycle],
                cycle,
                [entry for entry in entries if entry.cycle == cycle],
            )

    def _report_row(
        self, placed: Placed, course: Course, pk: int, cycle: int, own: list[Entry]
    ) -> None:
        begun, handed, decided = moments(course, cycle)
        at, period = self.calendar.at, self.cycles[cycle]
        stamps = (
            None if begun is None else at(begun, 9),
            None if handed is None else at(handed, 16),
            at(decided, 11) if decided is not None and complete(own) else None,
        )
        version = 1 + sum(stamp is not None for stamp in stamps)
        self.reports.add(
            self.reports.cells(pk, period.pk, period.document_id, placed.pk, *stamps, version)
        )

    def _stamps(self, placed: Placed, course: Course, cycle: int, state: str) -> Cells:
        """Who handed in and decided, and when: alike for all entries of a report in this state."""
        crew, at = self.crew, self.calendar.at
        _begun, handed, decided = moments(course, cycle)
        cells: list[Any] = [None] * len(STAMPS)
        if state != DRAFT:
            cells = [
                at(handed, 16),
                crew.signer(placed),
                None,
                None,
                at(handed, 10),
                crew.writer(placed),
            ]
        if state in (ACCEPTED, RETURNED):
            cells[2:4] = [at(decided, 11), crew.reviewer(placed)]
        return self.filed.cells(*cells)

    def _entry(self, entry: Entry) -> Cells:
        life, state = entry.life, entry.state
        percent, origin = entry.percent, TYPED
        if state == DRAFT:
            carried = life.last == ACCEPTED
            percent, origin = (life.percents[0], CARRIED) if carried else (None, BLANK)
        reason = return_reason(entry) if state == RETURNED else ""
        piece = self.filed.cells(percent, state, origin, reason, VERSIONS[state], False, "", 0)
        self.told[life, entry.cycle] = piece
        return piece

    def _items(self, base: int, drawn: Drawn) -> None:
        """How far the body has got with each item: what is closed stands, what runs stands the sooner the further it is."""
        out = self.items
        for place, items in self.owed:
            life, luck = drawn.lives[place], drawn.luck[4 + place]
            for number, (item, evidence) in enumerate(items):
                out.add(
                    out.ids(base + place, item),
                    self._item(life, (luck + 37 * number) % 100, evidence),
                )

    def _item(self, life: Life, luck: int, evidence: str) -> Cells:
        done, state = life.row["percent"], life.row["state"]
        if state in (CLOSING, CLOSED) or (state == UNDERWAY and luck < done * 0.7):
            said = (ESTABLISHED, self.calendar.day(-92 - luck % 30), evidence, 2)
        elif state == UNDERWAY and luck < done:
            said = (IN_PROGRESS, None, "", 2)
        else:
            said = (NOT_STARTED, None, "", 1)
        known = self.told.get(said)
        if known is None:
            known = self.told[said] = self.items.cells(*said)
        return known

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.obligations, self.reports, self.filed, self.items)

    def flush(self) -> None:
        for out in self.sinks:
            out.flush()


PARTS = 5  # after so many directives the parts repeat


def part_of(placed: Placed, place: int) -> str:
    """One body leads everywhere; mass organisations support one directive in five of the others."""
    if placed.body.code == HOME_BODY:
        return LEAD
    return (
        SUPPORTING
        if placed.body.kind == "mass_organisation" and place % PARTS == 3
        else RESPONSIBLE
    )


def moments(course: Course, cycle: int) -> tuple[int | None, int | None, int | None]:
    """The days on which a report was begun, handed in and decided on."""
    if cycle:
        return course.begun, course.handed, course.decided
    return (
        (None, None, None)
        if course.last == SILENT
        else (course.last_handed - 1, course.last_handed, course.last_decided)
    )


def complete(entries: Sequence[Entry]) -> bool:
    """Every entry that is still owed was accepted."""
    owed = [
        entry for entry in entries if entry.state != DRAFT or entry.life.row["state"] in REPORTABLE
    ]
    return bool(owed) and all(entry.state == ACCEPTED for entry in owed)


def return_reason(entry: Entry) -> str:
    reasons = sentences.RETURNS
    return reasons[(entry.life.percents[0] // 5 + entry.cycle) % len(reasons)]
