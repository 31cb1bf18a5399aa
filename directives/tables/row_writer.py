"""The rows of a worksheet, written straight as its XML.

XlsxWriter makes an object, a list of attributes and several calls of every cell; a column knows all of that beforehand. What a
cell is made of here is what XlsxWriter's own `constant_memory` writes: inline strings, numbers, and the index of a shared format.
The workbook around the rows (parts, formats, heading, filter, print set-up, links) is XlsxWriter's.
"""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from directives.base.states import CLOSED_LIGHT, GREEN, RED, UNDUE, YELLOW
from directives.tables.book import CellKind, Column, GroupPath, cell_text, cell_value

NUMBER_FORMATS = {
    "text": "@", "number": "#,##0.##;-#,##0.##", "integer": "#,##0", "id": "0", "date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm",
    "percent": "0%",
}  # fmt: skip
WIDTHS = {"text": 20, "number": 10, "id": 8, "date": 12, "moment": 17, "percent": 9}  # characters
FILLS = {
    GREEN: "#DDEFE3",
    YELLOW: "#FCEBC0",
    RED: "#F8D7D3",
    CLOSED_LIGHT: "#E3E2DD",
    UNDUE: "#F1F0EC",
}
ESCAPED = re.compile(
    r"_x[0-9A-Fa-f]{4}_"
)  # what a spreadsheet takes for one character written by its number
DAY_ZERO = date(1899, 12, 30).toordinal()
DAY = 86_400  # seconds
KNOWN = 2_048  # texts of one column that are kept as they were written
SHORT = 200  # characters: longer ones seldom come twice

LINE = 15  # points: the height of a line of text
TALLEST = 27  # lines that a row may be high: the format ends at 409 points

Cell = Callable[
    [Any, int, bool], str
]  # a row, its number in the sheet, whether a line is drawn above it → the cell's XML


class Sheet(Worksheet):
    """A worksheet below whose heading rows are added as XML. It knows XlsxWriter's `constant_memory` from within."""

    def add(self, xml: str) -> None:
        """Rows, in their order."""
        if self.table:  # the heading still waits to be written
            self._write_single_row(1)
        self.row_data_fh.write(xml)

    def reach(self, rows: int, columns: int, level: int) -> None:
        """How many rows were added, how many columns they have, how deep they are grouped."""
        self.dim_rowmax, self.dim_colmax = rows, columns - 1
        self.outline_row_level = level


@dataclass(slots=True)
class Tall:
    """How many lines the highest cell of a row has. Spreadsheets do not all work it out by themselves when they open a file."""

    lines: int = 1

    def height(self) -> str:
        """What the row's XML says of it; the next row begins anew. It is a hint: an edited row finds its height by itself."""
        lines, self.lines = self.lines, 1
        return f' ht="{LINE * min(lines, TALLEST)}"' if lines > 1 else ""


def lines_of(text: str, room: int) -> int:
    """How many lines a text takes in a column with room for so many letters; a Chinese character is two letters wide."""
    if "\n" in text:
        return sum(lines_of(part, room) for part in text.split("\n"))
    return max(1, -(-(len(text.encode()) + len(text)) // (2 * room)))


@dataclass(slots=True)
class Styles:
    """The formats of a workbook's cells, made as they are needed."""

    workbook: Workbook
    made: dict[Hashable, str] = field(default_factory=dict)

    def __call__(
        self, kind: str, *, light: str = "", linked: bool = False, edge: bool = False
    ) -> str:
        """The number of a format. `edge`: with a line above it, where a group begins."""
        key = (kind, light, linked, edge)
        if key not in self.made:
            made = {"valign": "top", "text_wrap": True, "num_format": NUMBER_FORMATS[kind]}
            made |= {"align": "left"} if kind in ("date", "moment") else {}
            made |= {"bg_color": FILLS[light]} if light in FILLS else {}
            made |= {"font_color": "#1D4478", "underline": 1} if linked else {}
            made |= {"top": 1, "top_color": "#8A919A"} if edge else {}
            self.made[key] = str(self.workbook.add_format(made)._get_xf_index())
        return self.made[key]


def inline(text: str) -> str:
    """A text that fits a cell, as the XML of an inline string."""
    if "_x" in text:
        text = ESCAPED.sub(r"_x005F\g<0>", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kept = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    return f'" t="inlineStr"><is><t{kept}>{text}</t></is></c>'


def _texts(width: int, tall: Tall) -> Callable[[Any], str]:
    """What writes texts, and remembers the short ones: a column says the same again and again."""
    known: dict[str, tuple[str, int]] = {}
    room = max(1, width - 1)

    def written(value: Any) -> str:
        text = value if type(value) is str else str(value)
        found = known.get(text)
        if found is None:
            shown = cell_text(text)
            found = inline(shown), lines_of(shown, room)
            if len(text) <= SHORT:
                if len(known) >= KNOWN:
                    known.clear()
                known[text] = found
        if found[1] > tall.lines:
            tall.lines = found[1]
        return found[0]

    return written


def _serial(value: date | datetime) -> str:
    """A day or an instant as a workbook counts them: days since the end of 1899."""
    days = value.toordinal() - DAY_ZERO
    if isinstance(value, datetime):
        return repr(days + (value.hour * 3600 + value.minute * 60 + value.second) / DAY)
    return str(days)


def _values(kind: CellKind) -> Callable[[Any], tuple[str, str]]:
    """What writes values that are not text: the kind of format, and the XML behind the format's number."""
    known: dict[Any, tuple[str, str]] = {}

    def made(value: Any) -> tuple[str, str]:
        cell = cell_value(value, kind)
        match cell:
            case str():
                return "text", inline(cell)
            case date():
                return kind, f'"><v>{_serial(cell)}</v></c>'
        whole = kind == "number" and cell == int(cell)
        return (
            "integer" if whole else kind,
            f'"><v>{int(cell) if whole or isinstance(cell, bool) else _digits(cell)}</v></c>',
        )

    def written(value: Any) -> tuple[str, str]:
        found = known.get(value)
        if found is None:
            if len(known) >= KNOWN:
                known.clear()
            found = known[value] = made(value)
        return found

    return written


def width_of(column: Column) -> int:
    return column.width or WIDTHS[column.kind]


def _digits(value: float | Decimal) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def cell_of(column: Column, letter: str, styles: Styles, tall: Tall) -> Cell:
    """What writes the cells of a column that are no links."""
    value, light, head = column.value, column.light, f'<c r="{letter}'
    texts = _texts(width_of(column), tall) if column.kind == "text" else None
    values = _values(column.kind)
    empty = styles(column.kind, edge=True)
    usual, edged = styles("text"), styles("text", edge=True)

    def text(row: Any, line: int, edge: bool) -> str:
        got = value(row)
        if got is None or got == "":
            return f'{head}{line}" s="{empty}"/>' if edge else ""
        return f'{head}{line}" s="{edged if edge else usual}{texts(got)}'

    def other(row: Any, line: int, edge: bool) -> str:
        got = value(row)
        colour = light(row) if light else ""
        if got is None or got == "":
            return (
                f'{head}{line}" s="{styles(column.kind, light=colour, edge=edge)}"/>'
                if edge or colour
                else ""
            )
        kind, xml = ("text", texts(got)) if texts else values(got)
        return f'{head}{line}" s="{styles(kind, light=colour, edge=edge)}{xml}'

    return text if texts and not light else other


def linked(
    column: Column, letter: str, styles: Styles, tall: Tall, link: Callable[[Any, int], bool]
) -> Cell:
    """What writes the cells of a column that are links where `link`, given the row and its number, says that it made one."""
    usual, head = cell_of(column, letter, styles, tall), f'<c r="{letter}'
    texts = _texts(width_of(column), tall)

    def cell(row: Any, line: int, edge: bool) -> str:
        got = column.value(row)
        if got is None or got == "" or not link(row, line):
            return usual(row, line, edge)
        colour = column.light(row) if column.light else ""
        return (
            f'{head}{line}" s="{styles("text", light=colour, linked=True, edge=edge)}{texts(got)}'
        )

    return cell


@dataclass(slots=True)
class Grouping:
    """Where the groups of a list begin. The first row of a group stands for it; the others fold away under it."""

    last: GroupPath = ()
    deepest: int = 0

    def level(self, path: GroupPath) -> int:
        """How deep this row is folded: 0 where an outermost group begins."""
        level = 0
        for mine, before in zip(path, self.last, strict=False):
            if mine[0] != before[0]:
                break
            level += 1
        self.last, self.deepest = path, max(self.deepest, level)
        return level
