"""A copy of a table with its faults marked: each wrong cell filled, with a comment that says what was expected and what to do.

Cells that are not taken over are marked too, in another colour: with what stands here, why not, and where that is edited.

The copy is written anew from what was read of the file, which is never opened for writing nor by anything but the limited reader:
the same sheets, the same cells in the same places, without the formulas, pictures and colours of the original.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

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

MOST = 20_000  # comments; a table with more faults has one fault many times over
WIDTH = 16  # characters of every column
Place = tuple[int, int]  # of a cell: line and column, both from 0
WRONG, UNTAKEN = "-wrong", "-untaken"  # how a cell looks
COLOURS = {
    WRONG: ("#F8D7D2", "#8C1D10"),
    UNTAKEN: ("#FFF2CC", "#5C4400"),
}  # of its ground and of its text


@dataclass(slots=True)
class Mark:
    """What is said of one cell; UNTAKEN where nothing of it is wrong."""

    look: str
    texts: list[str] = field(default_factory=list)


Marks = Mapping[str, Mapping[Place, Mark]]  # sheet → cell → its mark


def marks_of(rows: Sequence[IntakeRow]) -> Marks:
    """What is said of each cell of these rows. A fault of a whole row stands at its first cell."""
    found: dict[str, dict[Place, Mark]] = defaultdict(dict)
    for row in rows:
        told = [(WRONG, fault["column"], said(fault)) for fault in row.faults]
        told += [(UNTAKEN, cell["column"], kept(cell)) for cell in row.untaken or ()]
        for look, letters, text in told:
            place = row.line - 1, xl_cell_to_rowcol(f"{letters}1")[1] if letters else 0
            found[row.sheet].setdefault(place, Mark(look)).texts.append(text)
    return found


def kept(cell: Mapping[str, str]) -> str:
    """A cell that is not taken over as its comment says it."""
    stands = _("Not imported. Current value: %(stands)s") % {"stands": cell["stands"] or EMPTY}
    return f"{stands}\n{cell['why']}\n{cell['where']}"


def said(fault: Mapping[str, str]) -> str:
    """A fault as its comment says it."""
    text = _("Expected: %(expected)s") % {"expected": fault["expected"]}
    return f"{text}\n{fault['remedy']}" if fault["remedy"] else text


def write_marked_copy(opened: OpenFile, wrong: Sequence[IntakeRow], file: BinaryIO) -> int:
    """Write the copy as a workbook into `file`; returns how many cells are marked. `wrong`: the rows of which something is said."""
    marks = marks_of(wrong)
    with Workbook(file, {"constant_memory": True}) as workbook:
        copy = _Copy(workbook)
        for table in opened.tables:
            if not table.hidden:
                copy.table(opened, table, marks.get(table.name[:31], {}))
    return copy.count


def rows_to_mark(intake: Intake) -> list[IntakeRow]:
    """The rows of an intake that are marked: the first of them, where there are more than anybody reads."""
    return list(noted_rows(intake).only("sheet", "line", "faults", "untaken")[:MOST])


@dataclass(slots=True)
class _Copy:
    """One copy being written."""

    workbook: Workbook
    count: int = 0
    formats: dict[str, Format] = field(default_factory=dict)

    def _format(self, name: str) -> Format:
        if name not in self.formats:
            look, _dash, mark = name.partition("-")
            code = {"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "text": "@"}.get(
                look, "General"
            )
            colour = (
                dict(zip(("bg_color", "font_color"), COLOURS[f"-{mark}"], strict=True))
                if mark
                else {}
            )
            self.formats[name] = self.workbook.add_format(
                {"num_format": code, "valign": "top", **colour}
            )
        return self.formats[name]

    def table(self, opened: OpenFile, table: Table, marks: Mapping[Place, Mark]) -> None:
        sheet = self.workbook.add_worksheet(table.name[:31] or None)
        by_line: dict[int, dict[int, Mark]] = defaultdict(dict)
        for (line, column), told in marks.items():
            by_line[line][column] = told
        sheet.set_column(0, 50, WIDTH)
        for row in opened.rows(table):
            self._row(sheet, row, by_line.get(row.line - 1, {}))

    def _row(self, sheet: Worksheet, row: RawRow, wrong: Mapping[int, Mark]) -> None:
        line = row.line - 1
        for column in range(
            max(len(row.cells), *(column + 1 for column in wrong)) if wrong else len(row.cells)
        ):
            cell = row.cells[column] if column < len(row.cells) else None
            self._cell(sheet, line, column, cell, wrong[column].look if column in wrong else "")
            if column in wrong:
                sheet.write_comment(
                    line,
                    column,
                    "\n".join(wrong[column].texts)[:2000],
                    {"x_scale": 2.5, "y_scale": 1.5, "author": ""},
                )
                self.count += 1

    def _cell(self, sheet: Worksheet, line: int, column: int, cell: Cell, wrong: str) -> None:
        match cell:
            case None:
                if wrong:
                    sheet.write_blank(line, column, None, self._format("plain" + wrong))
            case bool():
                sheet.write_boolean(line, column, cell, self._format("plain" + wrong))
            case int() | float() | Decimal():
                sheet.write_number(line, column, cell, self._format("plain" + wrong))
            case datetime():
                sheet.write_datetime(line, column, cell, self._format("moment" + wrong))
            case date():
                sheet.write_datetime(line, column, cell, self._format("day" + wrong))
            case _:
                sheet.write_string(line, column, guard(str(cell)), self._format("text" + wrong))
