"""The obligations of every body, their items, and its reports of two cycles with their entries."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from directives.base.states import (
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
from directives.made_up.demo.draw import Drawn, Draws
from directives.made_up.demo.lives import Life
from directives.made_up.demo.people import Crew
from directives.made_up.demo.sink import Cells, Sink, sink
from directives.made_up.demo.wording import ReportWords, Words, report_words
from directives.made_up.sample.people import HOME as HOME_BODY
from directives.models import Cycle, Directive, ItemState, Obligation, ProgressReport, ReportEntry
from directives.models.reports import BLANK, CARRIED, TYPED

# Columns, in the order of the pieces of rows.
ROW = (
    "state percent acknowledge_by plan_due_on plan_returned report_due_on report_returned "
    "closed_on light light_code light_on light_changes_on reason moved_at version deliverable "
    "issued_on starts_on due_on original_due_on heard_on"
)
REPORTED = "progress problems next_steps"
STAMPS = "submitted_at submitted_by_id decided_at decided_by_id saved_at saved_by_id"
ENTRY = "percent state origin reason version unchanged unchanged_reason drawn_from"
Stamp = tuple[datetime | None, int | None]  # when and by whom
PARTS = 5  # after so many directives the parts repeat
VERSIONS = {DRAFT: 1, SUBMITTED: 3, ACCEPTED: 4, RETURNED: 4}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a report. `cycle` is 0 for the last and 1 for this; `place` of the directive."""

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
    """Writes the work of one body after another, and can say again what it wrote.

    `first` has the first free id of each table.
    """

    calendar: Calendar
    draws: Draws
    crew: Crew
    directives: Sequence[Directive]
    cycles: tuple[Cycle, Cycle]
    seed: int
    first: dict[type, int]
    matters: Sequence[str]  # what each directive is about
    # The id of each body's first entry.
    entries: "array[int]" = field(default_factory=lambda: array("q"))
    # By kind and level of the body.
    words: dict[tuple[str, str], ReportWords] = field(default_factory=dict)
    # Pieces that many rows have, by what they are made of.
    life_cells: dict[Life, Cells] = field(default_factory=dict)
    entry_cells: dict[tuple[Life, int], Cells] = field(default_factory=dict)
    item_cells: dict[tuple[str, date | None, str], Cells] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = "id document_id section_id directive_id leader contact note organisation_id part"
        self.obligations = sink(Obligation, f"{ids} {ROW} {REPORTED}")
        self.reports = sink(
            ProgressReport,
            "id cycle_id document_id organisation_id begun_at first_submitted_at completed_at "
            "version",
        )
        self.report_entries = sink(
            ReportEntry, f"id report_id obligation_id {STAMPS} {ENTRY} {REPORTED}"
        )
        self.items = sink(ItemState, "obligation_id item_id state on evidence version")
        out = self.obligations
        self.blank = Words("", "", "", out.cells("", "", ""))
        self.fixed = [
            out.cells(row.document_id, row.section_id, row.pk, "", "", "")
            for row in self.directives
        ]
        # The items of each directive that has some, each with its evidence once it is established.
        self.owed_items = [
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
        """Write everything that this body owes and reported. Returns its entries."""
        out = self.obligations
        first, add, ids = self.obligation(index, 0), out.add, out.ids
        report = self.words_of(placed)
        parts = [out.cells(placed.pk, part_of(placed, place)) for place in range(PARTS)]
        for place, (life, luck) in enumerate(zip(drawn.lives, drawn.luck[4:], strict=True)):
            cycle = life.words - 1
            words = report.at(place, life.stages[cycle], luck + cycle) if life.words else self.blank
            piece = self.life_cells.get(life) or self._row(life)
            add(ids(first + place), self.fixed[place], parts[place % PARTS], piece, words.cells)
        self._items(first, drawn)
        self.entries.append(self.next_entry)
        entries = list(self.entries_of(index, placed, drawn))
        self._entries(index, placed, drawn, entries)
        for cycle in (0, 1):
            of_cycle = [entry for entry in entries if entry.cycle == cycle]
            self._report(index, placed, drawn.course, cycle, of_cycle)
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
        cells = self.obligations.cells(*(life.row[name] for name in ROW.split()))
        self.life_cells[life] = cells
        return cells

    def entries_of(self, index: int, placed: Placed, drawn: Drawn) -> Iterator[Entry]:
        """The entries of a body: those of the last cycle first, each in the document's order."""
        pk, obligation = self.entries[index], self.obligation(index, 0)
        report = self.words_of(placed)
        for cycle in (0, 1):
            for place, life in enumerate(drawn.lives):
                state = life.this if cycle else life.last
                if state is None:
                    continue
                words = self.blank
                if state != DRAFT or life.last == ACCEPTED:
                    # A draft carries the words of the last report, once they were accepted.
                    of = 0 if state == DRAFT else cycle
                    words = report.at(place, life.stages[of], drawn.luck[4 + place] + of)
                yield Entry(pk, cycle, place, obligation + place, state, life, words)
                pk += 1

    def _entries(self, index: int, placed: Placed, drawn: Drawn, entries: list[Entry]) -> None:
        out, reports = self.report_entries, (self.report(index, 0), self.report(index, 1))
        stamps: dict[tuple[int, str], Cells] = {}
        for entry in entries:
            key = (entry.cycle, entry.state)
            stamp = stamps.get(key)
            if stamp is None:
                stamp = stamps[key] = self._stamps(placed, drawn.course, *key)
            piece = self.entry_cells.get((entry.life, entry.cycle)) or self._entry(entry)
            ids = out.ids(entry.pk, reports[entry.cycle], entry.obligation)
            out.add(ids, stamp, piece, entry.words.cells)
        self.next_entry += len(entries)

    def _report(
        self, index: int, placed: Placed, course: Course, cycle: int, entries: list[Entry]
    ) -> None:
        begun, handed, decided = moments(course, cycle)
        stamp, period = self.calendar.stamp, self.cycles[cycle]
        completed = stamp(decided, 11) if complete(entries) else None
        stamps = (stamp(begun, 9), stamp(handed, 16), completed)
        version = 1 + sum(at is not None for at in stamps)
        ids = self.report(index, cycle), period.pk, period.document_id, placed.pk
        self.reports.add(self.reports.cells(*ids, *stamps, version))

    def _stamps(self, placed: Placed, course: Course, cycle: int, state: str) -> Cells:
        """When an entry in this state was handed in, decided and saved, and by whom."""
        crew, stamp = self.crew, self.calendar.stamp
        _begun, handed, decided = moments(course, cycle)
        handed_in: Stamp = (None, None)
        decision: Stamp = (None, None)
        saved: Stamp = (None, None)
        if state != DRAFT:
            handed_in = stamp(handed, 16), crew.signer(placed)
            saved = stamp(handed, 10), crew.writer(placed)
        if state in (ACCEPTED, RETURNED):
            decision = stamp(decided, 11), crew.reviewer(placed)
        return self.report_entries.cells(*handed_in, *decision, *saved)

    def _entry(self, entry: Entry) -> Cells:
        life, state = entry.life, entry.state
        percent: int | None = entry.percent
        origin = TYPED
        if state == DRAFT and life.last == ACCEPTED:
            percent, origin = life.percents[0], CARRIED
        elif state == DRAFT:
            percent, origin = None, BLANK
        reason = return_reason(entry) if state == RETURNED else ""
        fields = percent, state, origin, reason, VERSIONS[state], False, "", 0
        cells = self.entry_cells[life, entry.cycle] = self.report_entries.cells(*fields)
        return cells

    def _items(self, first: int, drawn: Drawn) -> None:
        out = self.items
        for place, items in self.owed_items:
            life, luck = drawn.lives[place], drawn.luck[4 + place]
            for number, (item, evidence) in enumerate(items):
                cells = self._item(life, (luck + 37 * number) % 100, evidence)
                out.add(out.ids(first + place, item), cells)

    def _item(self, life: Life, luck: int, evidence: str) -> Cells:
        """An item is established where work is closed; else the sooner, the further work is."""
        done, state = life.row["percent"], life.row["state"]
        fields: tuple[str, date | None, str] = (NOT_STARTED, None, "")
        if state in (CLOSING, CLOSED) or (state == UNDERWAY and luck < done * 0.7):
            fields = (ESTABLISHED, self.calendar.day(-92 - luck % 30), evidence)
        elif state == UNDERWAY and luck < done:
            fields = (IN_PROGRESS, None, "")
        cells = self.item_cells.get(fields)
        if cells is None:
            version = 1 if fields[0] == NOT_STARTED else 2
            cells = self.item_cells[fields] = self.items.cells(*fields, version)
        return cells

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.obligations, self.reports, self.report_entries, self.items)


def part_of(placed: Placed, place: int) -> str:
    """One body leads everywhere; mass organisations support one directive in five of the others."""
    if placed.body.code == HOME_BODY:
        return LEAD
    supports = placed.body.kind == "mass_organisation" and place % PARTS == 3
    return SUPPORTING if supports else RESPONSIBLE


def moments(course: Course, cycle: int) -> tuple[int | None, int | None, int | None]:
    """The days on which a report was begun, handed in and decided on."""
    if cycle:
        return course.begun, course.handed, course.decided
    if course.last == SILENT:
        return None, None, None
    return course.last_handed - 1, course.last_handed, course.last_decided


def complete(entries: Sequence[Entry]) -> bool:
    """Every entry that is still owed was accepted."""
    owed = [
        entry for entry in entries if entry.state != DRAFT or entry.life.row["state"] in REPORTABLE
    ]
    return bool(owed) and all(entry.state == ACCEPTED for entry in owed)


def return_reason(entry: Entry) -> str:
    reasons = sentences.RETURNS
    return reasons[(entry.life.percents[0] // 5 + entry.cycle) % len(reasons)]
