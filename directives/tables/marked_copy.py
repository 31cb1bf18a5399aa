"""Writes a copy of a table with its faults marked by a colour and a comment.

Cells that are not imported are marked in another colour, with the stored value, why, and where to
edit it. The copy is a new workbook with the values that were read: the same sheets and cells,
without the formulas, pictures and colours of the original.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Literal

from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol
from xlsxwriter.worksheet import Worksheet

from directives.base.wording import EMPTY
from directives.models import Intake, IntakeRow
from directives.tables.book import guard
from directives.tables.fault_list import noted_rows
from directives.tables.layout import Cell, OpenFile, RawRow, Table

MARK_LIMIT = 20_000  # marked rows
WIDTH = 16  # characters of every column
COMMENT_LENGTH = 2000  # characters
Look = Literal["", "wrong", "untaken"]
FILLS = {"wrong": "#F8D7D2", "untaken": "#FFF2CC"}
FONTS = {"wrong": "#8C1D10", "untaken": "#5C4400"}
NUMBER_FORMATS = {
    "plain": "General",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "text": "@",
}


@dataclass(slots=True)
class Mark:
    """The mark of one cell: "untaken" if no fault is among the texts of its comment."""

    look: Look
    texts: list[str] = field(default_factory=list)


RowMarks = Mapping[int, Mark]  # by column
Marks = Mapping[str, Mapping[int, RowMarks]]  # by sheet and line


def marks_of(rows: Sequence[IntakeRow]) -> Marks:
    """The marks of these rows. A fault of a whole row is at its first cell."""
    marks: dict[str, dict[int, dict[int, Mark]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        comments: list[tuple[Look, str, str]] = [
            *(("wrong", fault["column"], fault_comment(fault)) for fault in row.faults),
            *(("untaken", cell["column"], untaken_comment(cell)) for cell in row.untaken or ()),
        ]
        for look, letters, text in comments:
            column = xl_cell_to_rowcol(f"{letters}1")[1] if letters else 0
            marks[row.sheet][row.line].setdefault(column, Mark(look)).texts.append(text)
    return marks


def untaken_comment(cell: Mapping[str, str]) -> str:
    stands = _("Not imported. Current value: %(stands)s") % {"stands": cell["stands"] or EMPTY}
    return f"{stands}\n{cell['why']}\n{cell['where']}"


def fault_comment(fault: Mapping[str, str]) -> str:
    text = _("Expected: %(expected)s") % {"expected": fault["expected"]}
    return f"{text}\n{fault['remedy']}" if fault["remedy"] else text


def write_marked_copy(opened: OpenFile, rows: Sequence[IntakeRow], file: BinaryIO) -> int:
    """Write the copy as a workbook; return how many cells are marked."""
    marks = marks_of(rows)
    with Workbook(file, {"constant_memory": True}) as workbook:
        copy = _Copy(workbook)
        for table in opened.tables:
            if not table.hidden:
                copy.table(opened, table, marks.get(table.name[:31], {}))
    return copy.count


def rows_to_mark(intake: Intake) -> list[IntakeRow]:
    """The rows of an intake with marks, at most MARK_LIMIT."""
    return list(noted_rows(intake).only("sheet", "line", "faults", "untaken")[:MARK_LIMIT])


@dataclass(slots=True)
class _Copy:
    workbook: Workbook
    count: int = 0
    formats: dict[tuple[str, Look], Format] = field(default_factory=dict)

    def _format(self, kind: str, look: Look) -> Format:
        if (kind, look) not in self.formats:
            options = {"num_format": NUMBER_FORMATS[kind], "valign": "top"}
            if look:
                options |= {"bg_color": FILLS[look], "font_color": FONTS[look]}
            self.formats[kind, look] = self.workbook.add_format(options)
        return self.formats[kind, look]

    def table(self, opened: OpenFile, table: Table, marks: Mapping[int, RowMarks]) -> None:
        sheet = self.workbook.add_worksheet(table.name[:31] or None)
        sheet.set_column(0, 50, WIDTH)
        for row in opened.rows(table):
            self._row(sheet, row, marks.get(row.line, {}))

    def _row(self, sheet: Worksheet, row: RawRow, marks: RowMarks) -> None:
        line = row.line - 1
        for column in range(max(len(row.cells), *(column + 1 for column in marks), 0)):
            cell = row.cells[column] if column < len(row.cells) else None
            mark = marks.get(column)
            self._cell(sheet, line, column, cell, mark.look if mark else "")
            if mark:
                comment = "\n".join(mark.texts)[:COMMENT_LENGTH]
                options = {"x_scale": 2.5, "y_scale": 1.5, "author": ""}
                sheet.write_comment(line, column, comment, options)
                self.count += 1

    def _cell(self, sheet: Worksheet, line: int, column: int, cell: Cell, look: Look) -> None:
        match cell:
            case None:
                if look:
                    sheet.write_blank(line, column, None, self._format("plain", look))
            case bool():
                sheet.write_boolean(line, column, cell, self._format("plain", look))
            case int() | float() | Decimal():
                sheet.write_number(line, column, cell, self._format("plain", look))
            case datetime():
                sheet.write_datetime(line, column, cell, self._format("moment", look))
            case date():
                sheet.write_datetime(line, column, cell, self._format("day", look))
            case _:
                sheet.write_string(line, column, guard(str(cell)), self._format("text", look))
