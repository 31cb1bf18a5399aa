"""The rows of a file as its fields read them: each cell a value or a fault, rows that say nothing passed over and told of."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from directives.intake.cells import Manner, Reading, reading_of, shown, typed
from directives.intake.faults import Wrong
from directives.intake.fields import Fault, Field, Given
from directives.intake.figures import has_unit, shares_of
from directives.intake.layout import Opened, RawRow, Table, letter
from directives.intake.matching import Column, Head

SUMS = re.compile(r"(合|总|小|共)计|總計|total", re.IGNORECASE)
NOTES = re.compile(r"(注|说明|說明|备注|備註|填表|填报|填報|制表|製表|审核|審核|联系|聯繫)[^:：]{0,8}[:：]")
EXAMPLE = re.compile(r"[(（【\[〔]\s*(示例|例|範例|example)\s*[)）】\]〕]|(示例|例|範例|example)[:：]", re.IGNORECASE)
LONGEST = 60  # characters of a cell that may be such a mark
FIGURES = ("money", "number")  # sorts of fields
NAMED = 5  # lines that a remark names
EXAMPLES = 3  # rows below the headings among which a template's example may stand


@dataclass(frozen=True, slots=True)
class Slot:
    """How one column of a sheet is read."""

    index: int
    name: str
    read: Reading
    required: bool
    letter: str
    heading: str
    figure: bool = False  # a number or an amount, which may come in units
    scaled: bool = False  # its heading says in which


class Reader:
    """Reads the sheets of a file row by row. `remarks` tells what was passed over, once all rows were taken."""

    def __init__(self, opened: Opened, heads: Sequence[Head], fields: Iterable[Field]) -> None:
        self.opened, self.heads = opened, heads
        self.fields = {field.name: field for field in fields if not field.read_only}
        self.tables = {table.number: table for table in opened.tables}
        self.passed: Counter[str] = Counter()
        self.hidden: list[int] = []
        self.scaled: dict[str, int] = {}
        self.number = 0

    @property
    def headed(self) -> frozenset[str]:
        """The fields for which the file has a column."""
        return frozenset(name for head in self.heads for name in head.matched if name in self.fields)

    @property
    def expected(self) -> int:
        """Rows that there are at most."""
        return sum(max(0, self.tables[head.number].rows - head.last) for head in self.heads)

    def rows(self) -> Iterator[Given]:
        for head in self.heads:
            yield from self._sheet(head, self.tables[head.number])

    def _sheet(self, head: Head, table: Table) -> Iterator[Given]:
        slots = self._slots(head, table)
        headings = {slot.index: slot.heading for slot in slots}
        figures = [slot for slot in slots if slot.figure]
        width = max((column.index for column in head.columns if column.heading), default=0) + 1
        for place, raw in enumerate(row for row in self.opened.rows(table) if row.line > head.last):
            values, faults = _values(raw, slots)
            why = self._nothing(raw, values, faults, headings, near=place < EXAMPLES)
            if why:
                self.passed[why] += 1
                continue
            if len(raw.cells) > width and self.opened.format == "csv":
                faults.append(_longer(raw, width))
            self.number += 1
            if raw.hidden:
                self.hidden.append(raw.line)
            yield Given(self.number, head.sheet, raw.line, values, tuple(faults), raw.hidden, _spelt_out(raw, figures))

    def _slots(self, head: Head, table: Table) -> list[Slot]:
        ours = {"id", "version"} <= head.matched.keys()  # a list of ours that comes back: its percentages are shares of 1
        slots = []
        for column in head.columns:
            field = self.fields.get(column.field)
            if field is None:
                continue
            manner = self._manner(field, column, [row for row in table.head if row.line > head.last], ours)
            figure = field.sort in FIGURES
            read = reading_of(field, manner)
            slots.append(Slot(column.index, field.name, read, field.required, column.letter, column.heading, figure, manner.scale != 1))
        return slots

    def _manner(self, field: Field, column: Column, below: Sequence[RawRow], ours: bool) -> Manner:
        if field.sort == "percent":
            cells = [row.cells[column.index] for row in below if column.index < len(row.cells)]
            return Manner(shares="shares" if ours else shares_of(cells))
        if field.sort in FIGURES and column.scale != 1:
            self.scaled[column.heading] = column.scale
            return Manner(scale=column.scale)
        return Manner()

    def _nothing(self, raw: RawRow, values: dict[str, Any], faults: list[Fault], headings: dict[int, str], *, near: bool) -> str:
        """Why a row is passed over; "" for one that says something."""
        said = {name: value for name, value in values.items() if value is not None}
        if not said and all(fault.value == "" for fault in faults):
            return "empty"
        first = next((cell for cell in raw.cells if cell not in (None, "")), None)
        text = typed(first).replace(" ", "") if isinstance(first, str) and len(first) < LONGEST else ""
        if SUMS.fullmatch(text):
            return "sum"
        if near and EXAMPLE.match(text):
            return "example"
        if NOTES.match(text) and any(fault.value == "" for fault in faults):
            return "note"
        return "heading" if faults and _repeats(raw, headings) else ""

    @property
    def remarks(self) -> list[str]:
        found = [
            _("Cells of “%(heading)s” are counted in %(scale)s, as the heading says.") % {"heading": heading, "scale": f"{scale:,}"}
            for heading, scale in self.scaled.items()
        ]
        if self.hidden:
            lines = "、".join(map(str, self.hidden[:NAMED])) + ("…" if len(self.hidden) > NAMED else "")
            found.append(_("Hidden rows are read too: %(count)s (rows %(lines)s).") % {"count": len(self.hidden), "lines": lines})
        words = {
            "sum": _("Rows of sums passed over: %(count)s."),
            "note": _("Notes below the table passed over: %(count)s."),
            "example": _("The template's example row was passed over."),
            "heading": _("Headings repeated further down passed over: %(count)s."),
        }
        return found + [words[why] % {"count": self.passed[why]} for why in words if self.passed[why]]


def _values(raw: RawRow, slots: Sequence[Slot]) -> tuple[dict[str, Any], list[Fault]]:
    """The values of a row by field, and the faults of its cells."""
    cells, width = raw.cells, len(raw.cells)
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for slot in slots:
        cell = cells[slot.index] if slot.index < width else None
        value = slot.read(cell)
        if value.__class__ is Wrong:
            faults.append(Fault(slot.name, shown(cell), value.expected, value.remedy, slot.letter, slot.heading))
        elif value is None and slot.required:
            remedy = _("Fill it in, or delete the whole row if nothing is meant by it.")
            faults.append(Fault(slot.name, "", _("a value; this cell must not be empty"), remedy, slot.letter, slot.heading))
        else:
            values[slot.name] = value
    return values, faults


def _spelt_out(raw: RawRow, figures: Sequence[Slot]) -> frozenset[str]:
    """Which of these numbers came with a unit of ten thousand and more."""
    there = (slot for slot in figures if slot.index < len(raw.cells))
    return frozenset(slot.name for slot in there if slot.scaled or has_unit(raw.cells[slot.index]))


def _longer(raw: RawRow, width: int) -> Fault:
    """Of a row of text with more cells than there are headings: most likely a text with a comma, which moved all that follows."""
    expected = _("at most %(count)s cells in the row, one for each heading") % {"count": width}
    remedy = _("Put a text that contains the separator into quotation marks, or save the table as .xlsx.")
    return Fault("", typed(raw.cells[width]), expected, remedy, letter(width))


def _repeats(raw: RawRow, headings: dict[int, str]) -> bool:
    """The row says its columns' headings once more, as on the second page of a print."""
    met = [" ".join(typed(raw.cells[index]).split()) == heading for index, heading in headings.items() if index < len(raw.cells)]
    return len(met) > 1 and all(met)
