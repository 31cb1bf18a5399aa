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
    NOT_STARTED,
    REPORTABLE,
    RETURNED,
    SUBMITTED,
    UNDERWAY,
)
from directives.made_up import sentences
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import SILENT, Course
from directives.made_up.demo.draw import BodyDraw, Draws
from directives.made_up.demo.lives import Life
from directives.made_up.demo.people import Participants
from directives.made_up.demo.sink import Cells, Sink, sink
from directives.made_up.demo.terms import PARTS, part_of
from directives.made_up.demo.wording import EntryText, ReportTexts, report_texts
from directives.models import Cycle, Directive, ItemState, Obligation, ProgressReport, ReportEntry
from directives.models.reports import BLANK, CARRIED, TYPED

# Columns, in the order of the pieces of rows.
OBLIGATION_COLUMNS = (
    "state percent acknowledge_by plan_due_on plan_returned report_due_on report_returned "
    "closed_on light light_code light_on light_changes_on reason moved_at version deliverable "
    "issued_on starts_on due_on original_due_on heard_on"
)
REPORT_COLUMNS = "progress problems next_steps"
STAMP_COLUMNS = "submitted_at submitted_by_id decided_at decided_by_id saved_at saved_by_id"
ENTRY_COLUMNS = "percent state origin reason version unchanged unchanged_reason drawn_from"
Stamp = tuple[datetime | None, int | None]  # when and by whom
VERSIONS = {DRAFT: 1, SUBMITTED: 3, ACCEPTED: 4, RETURNED: 4}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a report. `cycle`: 0 last, 1 current; `place`: of the directive, from 0."""

    pk: int
    cycle: int
    place: int
    obligation: int
    state: str
    life: Life
    words: EntryText

    @property
    def percent(self) -> int:
        return self.life.percents[self.cycle]


@dataclass
class Work:
    """Writes the work of one body after another, and can repeat what it wrote.

    `first` has the first free id of each table.
    """

    calendar: Calendar
    draws: Draws
    participants: Participants
    directives: Sequence[Directive]
    cycles: tuple[Cycle, Cycle]
    seed: int
    first: dict[type, int]
    matters: Sequence[str]  # what each directive is about
    # The id of each body's first entry.
    entries: "array[int]" = field(default_factory=lambda: array("q"))
    # By kind and level of the body.
    words: dict[tuple[str, str], ReportTexts] = field(default_factory=dict)
    # Pieces that many rows have, by what they are made of.
    life_cells: dict[Life, Cells] = field(default_factory=dict)
    entry_cells: dict[tuple[Life, int], Cells] = field(default_factory=dict)
    item_cells: dict[tuple[str, date | None, str], Cells] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = "id document_id section_id directive_id leader contact note organisation_id part"
        self.obligations = sink(Obligation, f"{ids} {OBLIGATION_COLUMNS} {REPORT_COLUMNS}")
        self.reports = sink(
            ProgressReport,
            "id cycle_id document_id organisation_id begun_at first_submitted_at completed_at "
            "version",
        )
        self.report_entries = sink(
            ReportEntry,
            f"id report_id obligation_id {STAMP_COLUMNS} {ENTRY_COLUMNS} {REPORT_COLUMNS}",
        )
        self.items = sink(ItemState, "obligation_id item_id state on evidence version")
        row_sink = self.obligations
        self.blank_text = EntryText("", "", "", row_sink.cells("", "", ""))
        self.directive_cells = [
            row_sink.cells(row.document_id, row.section_id, row.pk, "", "", "")
            for row in self.directives
        ]
        # The items of each directive that has some, each with its evidence once it is established.
        self.items_by_directive = [
            (
                place,
                [(item.pk, sentences.evidence_text(item.name_hans)) for item in row.items.all()],
            )
            for place, row in enumerate(self.directives)
            if row.items.all()
        ]
        self.next_entry = self.first[ReportEntry]

    def obligation(self, index: int, place: int) -> int:
        """The id of the index-th body's obligation under the directive at this place."""
        return self.first[Obligation] + index * len(self.directives) + place

    def report(self, index: int, cycle: int) -> int:
        return self.first[ProgressReport] + 2 * index + cycle

    def write(self, index: int, node: TreeNode, body_draw: BodyDraw) -> list[Entry]:
        """Write the obligations and reports of a body. Returns its entries."""
        row_sink = self.obligations
        first, add, ids = self.obligation(index, 0), row_sink.add, row_sink.ids
        report = self.words_of(node)
        parts = [row_sink.cells(node.pk, part_of(node.body, place)) for place in range(PARTS)]
        for place, (life, random_bytes) in enumerate(
            zip(body_draw.lives, body_draw.random_bytes[4:], strict=True)
        ):
            cycle = life.shown_report - 1
            words = (
                report.at(place, life.stages[cycle], random_bytes + cycle)
                if life.shown_report
                else self.blank_text
            )
            piece = self.life_cells.get(life) or self._row(life)
            add(
                ids(first + place),
                self.directive_cells[place],
                parts[place % PARTS],
                piece,
                words.cells,
            )
        self._items(first, body_draw)
        self.entries.append(self.next_entry)
        entries = list(self.entries_of(index, node, body_draw))
        self._entries(index, node, body_draw, entries)
        for cycle in (0, 1):
            of_cycle = [entry for entry in entries if entry.cycle == cycle]
            self._report(index, node, body_draw.course, cycle, of_cycle)
        return entries

    def words_of(self, node: TreeNode) -> ReportTexts:
        """The report texts of a body: those of its kind and level."""
        key = node.body.kind, node.body.level
        if key not in self.words:
            rng = Random(f"{self.seed} reports {key}")  # noqa: S311 - made-up words, not secrets
            words = sentences.body_words(*key)
            self.words[key] = report_texts(words, self.matters, rng, self.obligations)
        return self.words[key]

    def _row(self, life: Life) -> Cells:
        cells = self.obligations.cells(*(life.row[name] for name in OBLIGATION_COLUMNS.split()))
        self.life_cells[life] = cells
        return cells

    def entries_of(self, index: int, node: TreeNode, body_draw: BodyDraw) -> Iterator[Entry]:
        """The entries of a body: those of the last cycle first, each in the document's order."""
        pk, obligation = self.entries[index], self.obligation(index, 0)
        report = self.words_of(node)
        for cycle in (0, 1):
            for place, life in enumerate(body_draw.lives):
                state = life.current if cycle else life.last
                if state is None:
                    continue
                words = self.blank_text
                if state != DRAFT or life.last == ACCEPTED:
                    # A draft carries the words of the last report, once they were accepted.
                    text_cycle = 0 if state == DRAFT else cycle
                    words = report.at(
                        place,
                        life.stages[text_cycle],
                        body_draw.random_bytes[4 + place] + text_cycle,
                    )
                yield Entry(pk, cycle, place, obligation + place, state, life, words)
                pk += 1

    def _entries(
        self, index: int, node: TreeNode, body_draw: BodyDraw, entries: list[Entry]
    ) -> None:
        row_sink, reports = self.report_entries, (self.report(index, 0), self.report(index, 1))
        stamps: dict[tuple[int, str], Cells] = {}
        for entry in entries:
            key = (entry.cycle, entry.state)
            stamp = stamps.get(key)
            if stamp is None:
                stamp = stamps[key] = self._stamps(node, body_draw.course, *key)
            piece = self.entry_cells.get((entry.life, entry.cycle)) or self._entry(entry)
            ids = row_sink.ids(entry.pk, reports[entry.cycle], entry.obligation)
            row_sink.add(ids, stamp, piece, entry.words.cells)
        self.next_entry += len(entries)

    def _report(
        self, index: int, node: TreeNode, course: Course, cycle: int, entries: list[Entry]
    ) -> None:
        begun_day, submitted_day, decided_day = moments(course, cycle)
        stamp, period = self.calendar.stamp, self.cycles[cycle]
        completed = stamp(decided_day, 11) if complete(entries) else None
        stamps = (stamp(begun_day, 9), stamp(submitted_day, 16), completed)
        version = 1 + sum(at is not None for at in stamps)
        ids = self.report(index, cycle), period.pk, period.document_id, node.pk
        self.reports.add(self.reports.cells(*ids, *stamps, version))

    def _stamps(self, node: TreeNode, course: Course, cycle: int, state: str) -> Cells:
        """When an entry in this state was handed in, decided and saved, and by whom."""
        participants, stamp = self.participants, self.calendar.stamp
        _begun, submitted_day, decided_day = moments(course, cycle)
        submission: Stamp = (None, None)
        decision: Stamp = (None, None)
        saved: Stamp = (None, None)
        if state != DRAFT:
            submission = stamp(submitted_day, 16), participants.signer(node)
            saved = stamp(submitted_day, 10), participants.writer(node)
        if state in (ACCEPTED, RETURNED):
            decision = stamp(decided_day, 11), participants.reviewer(node)
        return self.report_entries.cells(*submission, *decision, *saved)

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

    def _items(self, first: int, body_draw: BodyDraw) -> None:
        row_sink = self.items
        for place, items in self.items_by_directive:
            life, random_bytes = body_draw.lives[place], body_draw.random_bytes[4 + place]
            for number, (item, evidence) in enumerate(items):
                cells = self._item(life, (random_bytes + 37 * number) % 100, evidence)
                row_sink.add(row_sink.ids(first + place, item), cells)

    def _item(self, life: Life, random_bytes: int, evidence: str) -> Cells:
        """An item is established where work is closed; else more likely, the further work is."""
        done, state = life.row["percent"], life.row["state"]
        fields: tuple[str, date | None, str] = (NOT_STARTED, None, "")
        if state in (CLOSING, CLOSED) or (state == UNDERWAY and random_bytes < done * 0.7):
            fields = (ESTABLISHED, self.calendar.day(-92 - random_bytes % 30), evidence)
        elif state == UNDERWAY and random_bytes < done:
            fields = (IN_PROGRESS, None, "")
        cells = self.item_cells.get(fields)
        if cells is None:
            version = 1 if fields[0] == NOT_STARTED else 2
            cells = self.item_cells[fields] = self.items.cells(*fields, version)
        return cells

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.obligations, self.reports, self.report_entries, self.items)


def moments(course: Course, cycle: int) -> tuple[int | None, int | None, int | None]:
    """The days on which a report was begun, handed in and decided on."""
    if cycle:
        return course.begun_day, course.submitted_day, course.decided_day
    if course.last == SILENT:
        return None, None, None
    return course.last_submitted_day - 1, course.last_submitted_day, course.last_decided_day


def complete(entries: Sequence[Entry]) -> bool:
    """Whether every entry that is due was accepted."""
    due_entries = [
        entry for entry in entries if entry.state != DRAFT or entry.life.row["state"] in REPORTABLE
    ]
    return bool(due_entries) and all(entry.state == ACCEPTED for entry in due_entries)


def return_reason(entry: Entry) -> str:
    reasons = sentences.RETURNS
    return reasons[(entry.life.percents[0] // 5 + entry.cycle) % len(reasons)]
