"""Reads the rows of a file by its fields, skips rows that are no data, and remarks on both."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.tables.cells import (
    CellReader,
    ColumnUnits,
    as_text,
    displayed,
    interpreting_reader,
)
from directives.tables.faults import Interpreted, Wrong
from directives.tables.fields import Fault, Field, FileRow, RowPlace
from directives.tables.figures import has_unit, scale_of, shares_of
from directives.tables.layout import Cell, OpenFile, RawRow, Table, column_letters
from directives.tables.matching import SCALES, Column, Headings
from directives.tables.skipped_rows import (
    RowFilter,
    join_first,
    remarks_of,
    texts_above,
    title_above,
)

SECTION = "section"  # the field that the heading of a group of rows fills
SUBSECTION = "subsection"  # the field that the heading of a group within a group fills
TITLE = "document"  # the field that the title above the headings fills
ABOVE = "above"  # the field that all texts above the headings fill, a line each
FIGURES = ("money", "number")  # types of fields
PAIRS = 3  # examples in a remark on interpreted cells

UNIT = re.compile(r"(?<![报送制写任头管])单位:([^:;,()]{1,20})")
LARGE = re.compile(r"千元|(?:万|百万|千万|亿|万亿)(?:元|人次|人|个|户|项|件|名|家|册)?")
Values = dict[str, Any]


class MergedCells:
    """Fills in cells merged over several rows, whose value applies to each of these rows.

    `heading_end` is the last line of the headings, `columns` are the indexes of the columns to
    fill in. Rows must be passed in the order of the sheet.
    """

    def __init__(self, table: Table, heading_end: int, columns: Iterable[int]) -> None:
        indexes = set(columns)
        self.ranges: dict[int, list[tuple[int, int]]] = {}  # top line → (column, bottom line)
        for merge in table.merges:
            if merge.top > heading_end and merge.bottom > merge.top and merge.left in indexes:
                self.ranges.setdefault(merge.top, []).append((merge.left, merge.bottom))
        self.open: dict[int, tuple[int, Cell]] = {}  # column → (bottom line, value)

    def filled(self, row: RawRow) -> RawRow:
        """Return the row with the values merged into it; the same object if there are none."""
        if not self.ranges:
            return row
        self.open = {
            column: (bottom, value)
            for column, (bottom, value) in self.open.items()
            if row.line <= bottom
        }
        cells = list(row.cells)
        for column, (_bottom, value) in self.open.items():
            cells.extend([None] * (column + 1 - len(cells)))
            if cells[column] in (None, ""):  # a wrong merge must not hide a value
                cells[column] = value
        for column, bottom in self.ranges.get(row.line, ()):
            if column < len(row.cells) and row.cells[column] not in (None, ""):
                self.open[column] = bottom, row.cells[column]
        return row if tuple(cells) == row.cells else replace(row, cells=tuple(cells))

    def fields_filled(
        self, raw: RawRow, full: RawRow, readers: Sequence["ColumnReader"]
    ) -> frozenset[str]:
        """The fields whose cell in `full` comes from a row above."""
        if full is raw:
            return frozenset()
        unmerged = raw.cells + (None,) * (len(full.cells) - len(raw.cells))
        return frozenset(
            reader.name
            for reader in readers
            if reader.index < len(unmerged) and unmerged[reader.index] != full.cells[reader.index]
        )


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """How one column of a sheet is read."""

    index: int
    name: str  # of the field
    read: CellReader
    required: bool
    letter: str
    heading: str
    figure: bool  # a number or an amount, which may have a unit
    scaled: bool  # its heading names the unit

    def fault(self, value: str, expected: str, remedy: str) -> Fault:
        return Fault(self.name, value, expected, remedy, self.letter, self.heading)


@dataclass(slots=True)
class Interpretation:
    """A cell that was read by a rule: its heading, text and meaning."""

    heading: str
    text: str
    meaning: str


@dataclass(slots=True)
class ReadCells:
    """The cells of one row: values by field, faults and interpretations."""

    values: Values = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    interpretations: list[Interpretation] = field(default_factory=list)

    def drop_faults_told_above(self, merged_fields: frozenset[str]) -> None:
        """Drop those of cells that are merged with one above: each is told once, in its row."""
        self.faults = [
            fault for fault in self.faults if not fault.value or fault.field not in merged_fields
        ]


class RowReader:
    """Reads the sheets of a file row by row; `remarks` are complete once all rows are read.

    `split` makes several rows of one that names several bodies.
    """

    def __init__(
        self,
        opened: OpenFile,
        heads: Sequence[Headings],
        fields: Sequence[Field],
        split: Callable[[Values], Sequence[Values]] | None = None,
    ) -> None:
        headed = {name for head in heads for name in head.matched}
        ignored = {field.name for field in fields if field.is_readonly(headed)}
        self.opened, self.heads, self.split = opened, heads, split
        self.fields = {field.name: field for field in fields if field.name not in ignored}
        self.reported = {
            field.name for field in fields if field.report_edits and field.name in ignored
        }
        self.tables = {table.number: table for table in opened.tables}
        self.number = 0
        self.unit = ""  # written above the table being read
        # Counted for the remarks.
        self.skipped: dict[str, list[str]] = {}  # reason → rows
        self.hidden: list[str] = []
        self.splits: list[str] = []
        self.merged: Counter[str] = Counter()
        self.interpreted: dict[str, Counter[tuple[str, str]]] = {}
        self.scaled: dict[str, int] = {}
        self.unclear_units: set[str] = set()

    @property
    def headed(self) -> frozenset[str]:
        """The fields for which the file has a column."""
        names = (name for head in self.heads for name in head.matched)
        return frozenset(name for name in names if name in self.fields)

    @property
    def expected(self) -> int:
        """An upper bound of the number of rows."""
        return sum(max(0, self.tables[head.number].rows - head.last_line) for head in self.heads)

    def rows(self) -> Iterator[FileRow]:
        for head in self.heads:
            yield from self._sheet(head, self.tables[head.number])

    def _sheet(self, head: Headings, table: Table) -> Iterator[FileRow]:
        readers = self._column_readers(head, table)
        figures = [reader for reader in readers if reader.figure]
        reported = [
            (column.index, column.field) for column in head.columns if column.field in self.reported
        ]
        field_columns = [reader.index for reader in readers]
        row_filter = RowFilter(head, table, field_columns)
        merged = MergedCells(
            table, head.last_line, [*field_columns, *(index for index, _name in reported)]
        )
        above = self._above(head, table)
        width = max((column.index for column in head.columns if column.heading), default=0) + 1
        for raw in self.opened.rows(table):
            if raw.line <= head.last_line:
                continue
            full = merged.filled(raw)
            cells = _read_cells(full, readers)
            lacking = any(fault.value == "" for fault in cells.faults)
            if reason := row_filter.skip_reason(raw, lacking=lacking):
                self.skipped.setdefault(reason, []).append(self._row_name(head, raw))
                continue
            if len(raw.cells) > width and self.opened.format == "csv":
                cells.faults.append(_too_wide(raw, width))
            cells.values |= self._groups(head, row_filter) | above
            merged_fields = merged.fields_filled(raw, full, readers)
            cells.drop_faults_told_above(merged_fields)
            self._note_for_remarks(head, raw, readers, cells, merged_fields)
            readonly_cells = {name: _cell_at(full, index) for index, name in reported}
            for values, faults in self._split(head, raw, cells):
                self.number += 1
                yield FileRow(
                    *RowPlace(self.number, head.sheet, raw.line),
                    values,
                    faults,
                    raw.hidden,
                    _scaled_fields(full, figures),
                    readonly_cells,
                    merged_fields,
                )

    def _groups(self, head: Headings, row_filter: RowFilter) -> Values:
        """The headings of the groups to which the row belongs, where no column names them."""
        if SECTION not in self.fields or SECTION in head.matched:
            return {}
        groups = {SECTION: row_filter.group}
        if SUBSECTION in self.fields:
            groups[SUBSECTION] = row_filter.inner_group
        return {name: heading for name, heading in groups.items() if heading}

    def _above(self, head: Headings, table: Table) -> Values:
        """What the lines above the headings give each row: the title, and all of their texts."""
        values: Values = {}
        if TITLE in self.fields and TITLE not in head.matched:
            values[TITLE] = title_above(head, table)
        if ABOVE in self.fields:
            values[ABOVE] = "\n".join(texts_above(head, table))
        return {name: text for name, text in values.items() if text}

    def _split(
        self, head: Headings, raw: RawRow, cells: ReadCells
    ) -> Iterator[tuple[Values, tuple[Fault, ...]]]:
        """The rows that a row of the file means; the first one tells the faults of its cells."""
        rows = self.split(cells.values) if self.split else (cells.values,)
        if len(rows) > 1:
            self.splits.append(self._row_name(head, raw))
        for place, values in enumerate(rows):
            yield values, () if place else tuple(cells.faults)

    def _row_name(self, head: Headings, raw: RawRow) -> str:
        return f"{head.sheet}!{raw.line}" if len(self.heads) > 1 else str(raw.line)

    def _note_for_remarks(
        self,
        head: Headings,
        raw: RawRow,
        readers: Sequence[ColumnReader],
        cells: ReadCells,
        merged_fields: frozenset[str],
    ) -> None:
        """Count what the remarks say about one row."""
        if raw.hidden:
            self.hidden.append(self._row_name(head, raw))
        for cell in cells.interpretations:
            self.interpreted.setdefault(cell.heading, Counter())[cell.text, cell.meaning] += 1
        self.merged.update(reader.heading for reader in readers if reader.name in merged_fields)

    def _column_readers(self, head: Headings, table: Table) -> list[ColumnReader]:
        # Percentages of an exported list that is imported again are shares of 1.
        exported = {"id", "version"} <= head.matched.keys()
        self.unit = _unit_above(head, table)
        figures = any(
            self.fields[name].type in FIGURES for name in head.matched if name in self.fields
        )
        if figures and self.unit and not LARGE.fullmatch(self.unit):
            self.unclear_units.add(self.unit)
        below = [row for row in table.head if row.line > head.last_line]
        readers = []
        for column in head.columns:
            field = self.fields.get(column.field)
            if field is None:
                continue
            units = self._units(field, column, below, exported)
            readers.append(
                ColumnReader(
                    index=column.index,
                    name=field.name,
                    read=interpreting_reader(field, units),
                    required=field.required,
                    letter=column.letter,
                    heading=column.heading,
                    figure=field.type in FIGURES,
                    scaled=units.scale != 1,
                )
            )
        return readers

    def _units(
        self, field: Field, column: Column, below: Sequence[RawRow], exported: bool
    ) -> ColumnUnits:
        if field.type == "percent":
            cells = [row.cells[column.index] for row in below if column.index < len(row.cells)]
            return ColumnUnits(shares="shares" if exported else shares_of(cells))
        scale = column.scale
        if scale == 1 and LARGE.fullmatch(self.unit):
            scale = SCALES.get(self.unit) or scale_of(self.unit)
        if field.type in FIGURES and scale != 1:
            self.scaled[column.heading] = scale
            return ColumnUnits(scale=scale)
        return ColumnUnits()

    @property
    def remarks(self) -> list[str]:
        scaled = _(
            "Numbers under “%(heading)s” are read in units of %(scale)s, as the heading says."
        )
        unclear = _(
            "“%(unit)s” is written above the table, but numbers are read as written. "
            "Write the unit after numbers that use it."
        )
        return [
            *(
                scaled % {"heading": heading, "scale": f"{scale:,}"}
                for heading, scale in self.scaled.items()
            ),
            *(unclear % {"unit": unit} for unit in sorted(self.unclear_units)),
            *(_interpreted(heading, cells) for heading, cells in self.interpreted.items()),
            *self._row_remarks(),
            *remarks_of(self.skipped),
        ]

    def _row_remarks(self) -> Iterator[str]:
        if self.merged:
            text = _("Merged cells apply to every row they span: %(headings)s (%(count)s cells).")
            yield text % {"headings": "、".join(self.merged), "count": self.merged.total()}
        if self.splits:
            text = _(
                "Rows with several organisations are read as one row for each: %(count)s "
                "(rows %(lines)s). Where the table names no lead, the first one leads."
            )
            yield text % {"count": len(self.splits), "lines": join_first(self.splits)}
        if self.hidden:
            text = _("Hidden rows are read too: %(count)s (rows %(lines)s).")
            yield text % {"count": len(self.hidden), "lines": join_first(self.hidden)}


def _interpreted(heading: str, cells: Counter[tuple[str, str]]) -> str:
    """Remark on the interpreted cells of a column; `cells`: text and meaning → how many."""
    pairs = "；".join(
        f"{text} → {meaning or _('no date')}"
        for (text, meaning), _count in cells.most_common(PAIRS)
    )
    if len(cells) > PAIRS:
        pairs += "…"
    params = {"heading": heading, "pairs": pairs, "count": cells.total()}
    return _("“%(heading)s” was read as follows: %(pairs)s (%(count)s cells).") % params


def _unit_above(head: Headings, table: Table) -> str:
    """The unit of numbers written above a table, such as 万元; "" if there is none."""
    cells = (
        cell
        for row in table.head
        if row.line < head.first_line
        for cell in row.cells
        if isinstance(cell, str)
    )
    units = (match[1] for cell in cells if (match := UNIT.search(fold(cell))))
    return next(
        (unit for unit in units if any(map(LARGE.fullmatch, re.split("[、/和及]", unit)))), ""
    )


def _cell_at(row: RawRow, index: int) -> Cell:
    return row.cells[index] if index < len(row.cells) else None


def _read_cells(raw: RawRow, readers: Sequence[ColumnReader]) -> ReadCells:
    cells, width = raw.cells, len(raw.cells)
    result = ReadCells()
    for reader in readers:
        cell = cells[reader.index] if reader.index < width else None
        value = reader.read(cell)
        if value.__class__ is Interpreted:
            value = value.value
            meaning = "" if value is None else str(value)
            result.interpretations.append(Interpretation(reader.heading, displayed(cell), meaning))
        if value.__class__ is Wrong:
            result.faults.append(reader.fault(displayed(cell), value.expected, value.remedy))
        elif value is None and reader.required:
            expected = _("a value; this cell cannot be empty")
            remedy = _("Fill it in, or delete the whole row if it is empty.")
            result.faults.append(reader.fault("", expected, remedy))
        else:
            result.values[reader.name] = value
    return result


def _scaled_fields(raw: RawRow, figures: Sequence[ColumnReader]) -> frozenset[str]:
    """The fields whose number came with a unit of ten thousand or more."""
    present = (reader for reader in figures if reader.index < len(raw.cells))
    return frozenset(
        reader.name for reader in present if reader.scaled or has_unit(raw.cells[reader.index])
    )


def _too_wide(raw: RawRow, width: int) -> Fault:
    """The fault of a text row with too many cells: probably a separator within a text."""
    expected = _("at most %(count)s cells in the row, one for each heading") % {"count": width}
    remedy = _(
        "Put text that contains the separator in quotation marks, or save the table as .xlsx."
    )
    return Fault("", as_text(raw.cells[width]), expected, remedy, column_letters(width))
