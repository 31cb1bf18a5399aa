"""The rows of a worksheet, written straight as XML.

For every cell XlsxWriter makes an object, a list of attributes and several calls; a column knows
all of that beforehand. The cells written here are those of XlsxWriter's own `constant_memory` mode:
inline strings, numbers, and the index of a shared format. The workbook around the rows (parts,
formats, heading, filter, print set-up, links) is XlsxWriter's.

`RowSheet` and `Styles` are the only places that use private names of XlsxWriter;
tests/tables/test_row_writer.py fails on any other version than the one that they were written for.
"""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.url import Url
from xlsxwriter.worksheet import Worksheet

from directives.base.states import CLOSED_LIGHT, GREEN, RED, UNDUE, YELLOW
from directives.tables.book import CellKind, Column, GroupPath, cell_text, cell_value

NUMBER_FORMATS = {
    "text": "@",
    "number": "#,##0.##;-#,##0.##",
    "integer": "#,##0",
    "id": "0",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "percent": "0%",
}
WIDTHS = {"text": 20, "number": 10, "id": 8, "date": 12, "moment": 17, "percent": 9}  # characters
FILLS = {
    GREEN: "#DDEFE3",
    YELLOW: "#FCEBC0",
    RED: "#F8D7D3",
    CLOSED_LIGHT: "#E3E2DD",
    UNDUE: "#F1F0EC",
}
# A spreadsheet reads this as the one character with that number.
ESCAPED_CHARACTER = re.compile(r"_x[0-9A-Fa-f]{4}_")
DAY_ZERO = date(1899, 12, 30).toordinal()
DAY_SECONDS = 86_400
CACHE_SIZE = 2_048  # values of one column whose XML is kept
CACHED_LENGTH = 200  # characters: longer texts seldom come twice

LINE_HEIGHT = 15  # points
MOST_LINES = 27  # of one row: the format ends at 409 points

# (row, its number in the sheet, whether a line is drawn above it) → the XML of the cell
CellWriter = Callable[[Any, int, bool], str]


class RowSheet(Worksheet):
    """A worksheet of a `constant_memory` workbook whose rows below the heading are added as XML."""

    def add_row(self, xml: str) -> None:
        if self.table:  # the heading has not been written yet
            self._write_single_row(1)
        self.row_data_fh.write(xml)

    def add_link(self, row: int, column: int, url: str) -> None:
        """Make a cell a link; both numbers count from 0."""
        self.hyperlinks[row][column] = Url(url)

    def finish_rows(self, rows: int, columns: int, level: int) -> None:
        """Tell XlsxWriter the extent of the rows, and how deep they are grouped."""
        self.dim_rowmax, self.dim_colmax = rows, columns - 1
        self.outline_row_level = level


def close_row_files(workbook: Workbook) -> None:
    """Close the temporary files of the rows, which XlsxWriter leaves open after a failure."""
    for sheet in workbook.worksheets():
        sheet.row_data_fh.close()


@dataclass(slots=True)
class Styles:
    """The formats of a workbook's cells, made as they are needed."""

    workbook: Workbook
    indexes: dict[Hashable, str] = field(default_factory=dict)

    def __call__(
        self, kind: str, *, light: str = "", linked: bool = False, edge: bool = False
    ) -> str:
        """Return the index of a format. `edge`: with a line above, where a group begins."""
        key = (kind, light, linked, edge)
        if key not in self.indexes:
            options = {"valign": "top", "text_wrap": True, "num_format": NUMBER_FORMATS[kind]}
            options |= {"align": "left"} if kind in ("date", "moment") else {}
            options |= {"bg_color": FILLS[light]} if light in FILLS else {}
            options |= {"font_color": "#1D4478", "underline": 1} if linked else {}
            options |= {"top": 1, "top_color": "#8A919A"} if edge else {}
            self.indexes[key] = str(self.workbook.add_format(options)._get_xf_index())
        return self.indexes[key]


@dataclass(slots=True)
class RowHeight:
    """Collects how many lines the highest cell of the row being written has.

    Not every spreadsheet program works it out when it opens a file.
    """

    lines: int = 1

    def attribute(self) -> str:
        """Return the XML attribute of the row, and begin the next row.

        It is a hint: a row that is edited gets its height from the program.
        """
        lines, self.lines = self.lines, 1
        return f' ht="{LINE_HEIGHT * min(lines, MOST_LINES)}"' if lines > 1 else ""


def lines_of(text: str, room: int) -> int:
    """How many lines a text takes in a column of `room` letters; a Chinese character counts two."""
    if "\n" in text:
        return sum(lines_of(line, room) for line in text.split("\n"))
    return max(1, -(-(len(text.encode()) + len(text)) // (2 * room)))


def inline_string(text: str) -> str:
    """Return the XML of a text behind the index of its format; the text must fit a cell."""
    if "_x" in text:
        text = ESCAPED_CHARACTER.sub(r"_x005F\g<0>", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    return f'" t="inlineStr"><is><t{space}>{text}</t></is></c>'


def _text_writer(width: int, height: RowHeight) -> Callable[[Any], str]:
    """Return a function that writes texts; short ones are cached, as a column often repeats."""
    cache: dict[str, tuple[str, int]] = {}
    room = max(1, width - 1)

    def write(value: Any) -> str:
        text = value if type(value) is str else str(value)
        cached = cache.get(text)
        if cached is None:
            fitted = cell_text(text)
            cached = inline_string(fitted), lines_of(fitted, room)
            if len(text) <= CACHED_LENGTH:
                if len(cache) >= CACHE_SIZE:
                    cache.clear()
                cache[text] = cached
        xml, lines = cached
        if lines > height.lines:
            height.lines = lines
        return xml

    return write


def _serial(value: date | datetime) -> str:
    """A date or datetime as a workbook counts it: days since the end of 1899."""
    days = value.toordinal() - DAY_ZERO
    if isinstance(value, datetime):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return repr(days + seconds / DAY_SECONDS)
    return str(days)


def _digits(value: float | Decimal) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _value_writer(kind: CellKind) -> Callable[[Any], tuple[str, str]]:
    """Return a function from a value to the kind of its format and the XML behind the index."""
    cache: dict[Any, tuple[str, str]] = {}

    def convert(value: Any) -> tuple[str, str]:
        cell = cell_value(value, kind)
        match cell:
            case str():
                return "text", inline_string(cell)
            case date():
                return kind, f'"><v>{_serial(cell)}</v></c>'
        is_integer = kind == "number" and cell == int(cell)
        digits = int(cell) if is_integer or isinstance(cell, bool) else _digits(cell)
        return "integer" if is_integer else kind, f'"><v>{digits}</v></c>'

    def write(value: Any) -> tuple[str, str]:
        cached = cache.get(value)
        if cached is None:
            if len(cache) >= CACHE_SIZE:
                cache.clear()
            cached = cache[value] = convert(value)
        return cached

    return write


def width_of(column: Column) -> int:
    return column.width or WIDTHS[column.kind]


def cell_writer(column: Column, letters: str, styles: Styles, height: RowHeight) -> CellWriter:
    """Return what writes the cells of a column without links."""
    get, light, start = column.value, column.light, f'<c r="{letters}'
    write_text = _text_writer(width_of(column), height)
    write_value = _value_writer(column.kind)
    is_text = column.kind == "text"
    empty = styles(column.kind, edge=True)
    usual, edged = styles("text"), styles("text", edge=True)

    def text_cell(row: Any, line: int, edge: bool) -> str:
        value = get(row)
        if value is None or value == "":
            return f'{start}{line}" s="{empty}"/>' if edge else ""
        return f'{start}{line}" s="{edged if edge else usual}{write_text(value)}'

    def other_cell(row: Any, line: int, edge: bool) -> str:
        value = get(row)
        colour = light(row) if light else ""
        if value is None or value == "":
            if not (edge or colour):
                return ""
            return f'{start}{line}" s="{styles(column.kind, light=colour, edge=edge)}"/>'
        kind, xml = ("text", write_text(value)) if is_text else write_value(value)
        return f'{start}{line}" s="{styles(kind, light=colour, edge=edge)}{xml}'

    return text_cell if is_text and not light else other_cell


def linked_cell_writer(
    column: Column,
    letters: str,
    styles: Styles,
    height: RowHeight,
    add_link: Callable[[Any, int], bool],
) -> CellWriter:
    """Return what writes the cells of a column with links.

    `add_link` gets a row and its number, and returns whether it made the cell a link.
    """
    without_link = cell_writer(column, letters, styles, height)
    start, write_text = f'<c r="{letters}', _text_writer(width_of(column), height)

    def cell(row: Any, line: int, edge: bool) -> str:
        value = column.value(row)
        if value is None or value == "" or not add_link(row, line):
            return without_link(row, line, edge)
        colour = column.light(row) if column.light else ""
        style = styles("text", light=colour, linked=True, edge=edge)
        return f'{start}{line}" s="{style}{write_text(value)}'

    return cell


@dataclass(slots=True)
class Grouping:
    """Finds where groups begin. The first row of a group stands for it; the others fold away."""

    previous: GroupPath = ()
    deepest: int = 0

    def level(self, path: GroupPath) -> int:
        """How deep the next row is folded: 0 where an outermost group begins."""
        level = 0
        for (key, _heading), (previous_key, _previous) in zip(path, self.previous, strict=False):
            if key != previous_key:
                break
            level += 1
        self.previous, self.deepest = path, max(self.deepest, level)
        return level
