"""The rows of a file as its fields read them: each cell a value or a fault, rows that say nothing passed over and told of."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.tables.cells import CellReader, ColumnUnits, as_text, displayed, interpreting_reader
from directives.tables.faults import Interpreted, Wrong
from directives.tables.fields import Fault, Field, FileRow
from directives.tables.figures import has_unit, scale_of, shares_of
from directives.tables.layout import OpenFile, RawRow, Table, column_letters
from directives.tables.matching import SCALES, Column, Headings
from directives.tables.merged import Merged
from directives.tables.skipped_rows import RowFilter, listed, remarks_of, title_above

SECTION = "section"  # the field that the heading of a group of rows fills
TITLE = "document"  # the field that the title above the headings fills
FIGURES = ("money", "number")  # sorts of fields
PAIRS = 3  # pairs of words and what they mean that a remark names

UNIT = re.compile(r"(?<![报送制写任头管])单位:([^:;,()]{1,20})")
LARGE = re.compile(r"千元|(?:万|百万|千万|亿|万亿)(?:元|人次|人|个|户|项|件|名|家|册)?")
Split = Callable[[dict[str, Any]], Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Slot:
    """How one column of a sheet is read."""

    index: int
    name: str
    read: CellReader
    required: bool
    letter: str
    heading: str
    figure: bool = False  # a number or an amount, which may come in units
    scaled: bool = False  # its heading says in which


class RowReader:
    """Reads the sheets of a file row by row. `remarks` tells what was passed over and what was understood, once all rows were taken.

    `split` makes several rows of one that speaks of several.
    """

    def __init__(
        self,
        opened: OpenFile,
        heads: Sequence[Headings],
        fields: Sequence[Field],
        split: Split | None = None,
    ) -> None:
        headed = {name for head in heads for name in head.matched}
        self.opened, self.heads, self.split = opened, heads, split
        self.fields = {field.name: field for field in fields if not field.shown_only(headed)}
        self.told = {
            field.name for field in fields if field.report_edits and field.shown_only(headed)
        }
        self.tables = {table.number: table for table in opened.tables}
        self.passed: dict[str, list[str]] = {}
        self.hidden: list[str] = []
        self.parted: list[str] = []
        self.filled: Counter[str] = Counter()
        self.meant: dict[str, Counter[tuple[str, str]]] = {}
        self.scaled: dict[str, int] = {}
        self.unit = ""  # that stands above the table which is being read
        self.units: set[str] = set()  # such that do not say in what its numbers are counted
        self.number = 0

    @property
    def headed(self) -> frozenset[str]:
        """The fields for which the file has a column."""
        return frozenset(
            name for head in self.heads for name in head.matched if name in self.fields
        )

    @property
    def expected(self) -> int:
        """Rows that there are at most."""
        return sum(max(0, self.tables[head.number].rows - head.last) for head in self.heads)

    def rows(self) -> Iterator[FileRow]:
        for head in self.heads:
            yield from self._sheet(head, self.tables[head.number])

    def _sheet(self, head: Headings, table: Table) -> Iterator[FileRow]:
        slots = self._slots(head, table)
        told = [
            (column.index, column.field) for column in head.columns if column.field in self.told
        ]
        read = [slot.index for slot in slots]
        passing, merged = (
            RowFilter(head, table, read),
            Merged(table, head.last, [*read, *(index for index, _name in told)]),
        )
        groups = SECTION in self.fields and SECTION not in head.matched
        title = (
            title_above(head, table) if TITLE in self.fields and TITLE not in head.matched else ""
        )
        width = max((column.index for column in head.columns if column.heading), default=0) + 1
        figures = [slot for slot in slots if slot.figure]
        for raw in self.opened.rows(table):
            if raw.line <= head.last:
                continue
            full = merged.filled(raw) if merged.ranges else raw
            values, faults, meant = _values(full, slots)
            if why := passing.why(raw, lacking=any(fault.value == "" for fault in faults)):
                self.passed.setdefault(why, []).append(self._place(head, raw))
                continue
            if full is not raw:
                self._fill(raw, full, slots)
            if len(raw.cells) > width and self.opened.format == "csv":
                faults.append(_longer(raw, width))
            if raw.hidden:
                self.hidden.append(self._place(head, raw))
            for slot, said, value in meant:
                self.meant.setdefault(slot.heading, Counter())[said, value] += 1
            if groups and passing.group:
                values[SECTION] = passing.group
            if title:
                values[TITLE] = title
            shows = {
                name: full.cells[index] if index < len(full.cells) else None for index, name in told
            }
            several = self.split(values) if self.split else (values,)
            if len(several) > 1:
                self.parted.append(self._place(head, raw))
            spelt = _spelt_out(full, figures)
            for one in several:
                self.number += 1
                yield FileRow(
                    self.number, head.sheet, raw.line, one, tuple(faults), raw.hidden, spelt, shows
                )

    def _place(self, head: Headings, raw: RawRow) -> str:
        """How a remark names a row."""
        return f"{head.sheet}!{raw.line}" if len(self.heads) > 1 else str(raw.line)

    def _fill(self, raw: RawRow, full: RawRow, slots: Sequence[Slot]) -> None:
        """Note which columns got a value that stands further up."""
        own = raw.cells + (None,) * (len(full.cells) - len(raw.cells))
        self.filled.update(
            slot.heading
            for slot in slots
            if slot.index < len(own) and own[slot.index] != full.cells[slot.index]
        )

    def _slots(self, head: Headings, table: Table) -> list[Slot]:
        ours = {
            "id",
            "version",
        } <= head.matched.keys()  # a list of ours that comes back: its percentages are shares of 1
        slots = []
        self.unit = _unit_above(head, table)
        if not LARGE.fullmatch(self.unit) and any(
            self.fields[name].sort in FIGURES for name in head.matched if name in self.fields
        ):
            self.units |= {self.unit} - {""}
        for column in head.columns:
            field = self.fields.get(column.field)
            if field is None:
                continue
            manner = self._manner(
                field, column, [row for row in table.head if row.line > head.last], ours
            )
            figure = field.sort in FIGURES
            read = interpreting_reader(field, manner)
            slots.append(
                Slot(
                    column.index,
                    field.name,
                    read,
                    field.required,
                    column.letter,
                    column.heading,
                    figure,
                    manner.scale != 1,
                )
            )
        return slots

    def _manner(
        self, field: Field, column: Column, below: Sequence[RawRow], ours: bool
    ) -> ColumnUnits:
        if field.sort == "percent":
            cells = [row.cells[column.index] for row in below if column.index < len(row.cells)]
            return ColumnUnits(shares="shares" if ours else shares_of(cells))
        scale = (
            column.scale
            if column.scale != 1 or not LARGE.fullmatch(self.unit)
            else SCALES.get(self.unit) or scale_of(self.unit)
        )
        if field.sort in FIGURES and scale != 1:
            self.scaled[column.heading] = scale
            return ColumnUnits(scale=scale)
        return ColumnUnits()

    @property
    def remarks(self) -> list[str]:
        found = [
            _("Numbers under “%(heading)s” are read in units of %(scale)s, as the heading says.")
            % {"heading": heading, "scale": f"{scale:,}"}
            for heading, scale in self.scaled.items()
        ]
        said = _(
            "“%(unit)s” is written above the table, but numbers are read as written. Write the unit after numbers that use it."
        )
        found += [said % {"unit": unit} for unit in sorted(self.units)]
        found += [_understood(heading, counts) for heading, counts in self.meant.items()]
        if self.filled:
            said = {"headings": "、".join(self.filled), "count": self.filled.total()}
            found.append(
                _("Merged cells apply to every row they span: %(headings)s (%(count)s cells).")
                % said
            )
        if self.parted:
            text = _(
                "Rows with several organisations are read as one row for each: %(count)s (rows %(lines)s). Where "
                "the table names no lead, the first one leads."
            )
            found.append(text % {"count": len(self.parted), "lines": listed(self.parted)})
        if self.hidden:
            said = {"count": len(self.hidden), "lines": listed(self.hidden)}
            found.append(_("Hidden rows are read too: %(count)s (rows %(lines)s).") % said)
        return found + remarks_of(self.passed)


def _understood(heading: str, counts: Counter[tuple[str, str]]) -> str:
    """What was read of cells of one column that do not say it by the letter."""
    pairs = "；".join(
        f"{said} → {value or _('no date')}" for (said, value), _times in counts.most_common(PAIRS)
    )
    said = {
        "heading": heading,
        "pairs": pairs + ("…" if len(counts) > PAIRS else ""),
        "count": counts.total(),
    }
    return _("“%(heading)s” was read as follows: %(pairs)s (%(count)s cells).") % said


def _unit_above(head: Headings, table: Table) -> str:
    """In what the numbers of a table are counted, as stands above it: 万元; "" where nothing of the kind is said."""
    cells = (
        cell
        for row in table.head
        if row.line < head.first
        for cell in row.cells
        if isinstance(cell, str)
    )
    units = (found[1] for cell in cells if (found := UNIT.search(fold(cell))))
    return next(
        (unit for unit in units if any(map(LARGE.fullmatch, re.split("[、/和及]", unit)))), ""
    )


def _values(
    raw: RawRow, slots: Sequence[Slot]
) -> tuple[dict[str, Any], list[Fault], list[tuple[Slot, str, str]]]:
    """The values of a row by field, the faults of its cells, and what was understood of them: what stands there, what it means."""
    cells, width = raw.cells, len(raw.cells)
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    meant: list[tuple[Slot, str, str]] = []
    for slot in slots:
        cell = cells[slot.index] if slot.index < width else None
        value = slot.read(cell)
        if value.__class__ is Interpreted:
            value = value.value
            meant.append((slot, displayed(cell), "" if value is None else str(value)))
        if value.__class__ is Wrong:
            faults.append(
                Fault(
                    slot.name,
                    displayed(cell),
                    value.expected,
                    value.remedy,
                    slot.letter,
                    slot.heading,
                )
            )
        elif value is None and slot.required:
            remedy = _("Fill it in, or delete the whole row if it is empty.")
            faults.append(
                Fault(
                    slot.name,
                    "",
                    _("a value; this cell cannot be empty"),
                    remedy,
                    slot.letter,
                    slot.heading,
                )
            )
        else:
            values[slot.name] = value
    return values, faults, meant


def _spelt_out(raw: RawRow, figures: Sequence[Slot]) -> frozenset[str]:
    """Which of these numbers came with a unit of ten thousand and more."""
    there = (slot for slot in figures if slot.index < len(raw.cells))
    return frozenset(slot.name for slot in there if slot.scaled or has_unit(raw.cells[slot.index]))


def _longer(raw: RawRow, width: int) -> Fault:
    """Of a row of text with more cells than there are headings: most likely a text with a comma, which moved all that follows."""
    expected = _("at most %(count)s cells in the row, one for each heading") % {"count": width}
    remedy = _(
        "Put text that contains the separator in quotation marks, or save the table as .xlsx."
    )
    return Fault("", as_text(raw.cells[width]), expected, remedy, column_letters(width))
