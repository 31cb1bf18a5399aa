"""Reads the cells of one worksheet row by row, with only a block of its XML in memory."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Any

from directives.tables.parsing.books import NumberKind, Sheet, Workbook, unescaped
from directives.tables.parsing.limits import (
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_ROW_LENGTH,
    MAX_ROWS,
    Fault,
)
from directives.tables.parsing.markup import Attributes, local, parse_blocks, parser

# As the parent gets it: line, hidden, cells, and the indexes of cells that JSON cannot hold.
Row = tuple[int, bool, list[Any], list[int]]
_WIDEST = 16_384
_PLACES: dict[str, int] = {}


def column_index(letters: str) -> int:
    """The index of a column by its letters. Raises Fault if there is no such column."""
    if letters not in _PLACES:
        number = 0
        for char in letters:
            number = number * 26 + ord(char) - 64
        if not (letters.isascii() and letters.isalpha() and letters.isupper()) or number > _WIDEST:
            raise Fault("bad_cell", cell=letters[:20])
        _PLACES[letters] = number - 1
    return _PLACES[letters]


class Grid:
    """Reads one worksheet. `hidden_columns` is complete once the first row was read."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        assert book.texts is not None
        self.book, self.sheet, self.shared = book, sheet, book.texts
        self.texts = book.texts.loaded
        self.hidden_columns: list[int] = []
        self.finished_rows: list[Row] = []
        self.at_end = self.in_text = self.in_phonetic = False
        self.prefix = ""
        self.line, self.column, self.hidden, self.digits = 0, -1, False, "0"
        self.cells: list[Any] = []
        self.special: list[int] = []
        self.size = 0
        self.attributes: Attributes = {}
        self.text = ""
        self.has_value = False
        self.formula: str | None = None
        self.in_formula = False

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not empty. Raises Fault with the name of the sheet."""
        self.parser = parser()
        self.parser.StartElementHandler = self._root
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        try:
            with self.book.package.open(self.sheet.member) as stream:
                for _step in parse_blocks(self.parser, stream, self.sheet.member):
                    yield from self.finished_rows
                    self.finished_rows.clear()
                    if self.at_end:
                        return
        except Fault as fault:
            fault.params.setdefault("sheet", self.sheet.name)
            raise

    def _root(self, name: str, _attributes: Attributes) -> None:
        if local(name) != "worksheet":
            raise Fault("xml", member=self.sheet.member, line=1, column=1)
        self.prefix = name.removesuffix("worksheet")
        self.parser.StartElementHandler = self._prefixed if self.prefix else self._start
        if self.prefix:
            self.parser.EndElementHandler = lambda tag: self._end(tag.removeprefix(self.prefix))

    def _prefixed(self, name: str, attributes: Attributes) -> None:
        self._start(name.removeprefix(self.prefix), attributes)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self.attributes = attributes
            self.text, self.has_value, self.formula = "", False, None
        elif name == "v":
            self.in_text = self.has_value = True
        elif name == "t":
            self.in_text = not self.in_phonetic
            self.has_value = True
        elif name == "row":
            self._row(attributes)
        elif name == "f":
            self.formula, self.in_formula = "", True
        elif name == "rPh":
            self.in_phonetic = True
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self._hide(attributes)

    def _text(self, data: str) -> None:
        if self.in_text:
            self.text += data
            if len(self.text) > MAX_CELL_LENGTH:
                raise Fault("long_cell", cell=self._address(), limit=MAX_CELL_LENGTH)
        elif self.in_formula and self.formula is not None and len(self.formula) < 1000:
            self.formula += data

    def _end(self, name: str) -> None:
        if name == "v" or name == "t":
            self.in_text = False
        elif name == "c":
            self._cell()
        elif name == "row":
            self._close_row()
        elif name == "f":
            self.in_formula = False
        elif name == "rPh":
            self.in_phonetic = False
        elif name == "sheetData":
            self.at_end = True

    def _hide(self, attributes: Attributes) -> None:
        first, last = (
            _whole_number(attributes.get("min", "")),
            _whole_number(attributes.get("max", "")),
        )
        self.hidden_columns += range(max(first - 1, 0), min(last, MAX_COLUMNS))

    def _row(self, attributes: Attributes) -> None:
        number, previous = attributes.get("r"), self.line
        self.line = _whole_number(number) if number else self.line + 1
        if not 1 <= self.line <= MAX_ROWS:
            raise Fault("many_rows", limit=MAX_ROWS)
        if self.line <= previous:
            raise Fault("bad_row", line=self.line)
        self.digits = str(self.line)
        self.column, self.hidden = -1, attributes.get("hidden") in ("1", "true")
        self.cells, self.special, self.size = [], [], 0

    def _close_row(self) -> None:
        if self.cells:
            self.finished_rows.append((self.line, self.hidden, self.cells, self.special))
        self.cells, self.special = [], []

    def _cell(self) -> None:
        attributes = self.attributes
        address = attributes.get("r")
        blank, digits = not self.has_value and self.formula is None, self.digits
        if address and address.endswith(digits):
            self.column = column = column_index(address[: -len(digits)])
        elif address and not blank:  # its address is in another row
            raise Fault("bad_cell", cell=address[:20])
        else:
            self.column = column = (
                column_index(address.rstrip("0123456789")) if address else self.column + 1
            )
        if blank:
            return
        value = self._value(attributes)
        if value is None:
            return
        cells = self.cells
        if column != len(cells) or column == MAX_COLUMNS:
            self._reach(column)
            cells[column] = value
        else:
            cells.append(value)
        if type(value) is list:
            self.special.append(column)

    def _reach(self, column: int) -> None:
        """Make room for a cell that is not the next one. Raises Fault if it may not be there."""
        if column >= MAX_COLUMNS:
            raise Fault("many_columns", cell=self._address(), limit=MAX_COLUMNS)
        self.cells.extend([None] * (column + 1 - len(self.cells)))
        if self.cells[column] is not None:
            raise Fault("bad_cell", cell=self._address())

    def _value(self, attributes: Attributes) -> Any:
        text, kind = self.text, attributes.get("t", "n")
        if kind == "s" and text:
            number = int(text) if text.isdecimal() else -1
            text = self.texts[number] if 0 <= number < len(self.texts) else self.shared.get(number)
            return self._checked(text)
        if self.formula is not None and not text and not (self.has_value and kind == "str"):
            return ["f", "=" + self.formula[:1000]]
        if not text:
            return None
        if kind == "n":
            style = attributes.get("s")
            number_kind = self._number_kind(style) if style and style != "0" else ""
            if not number_kind:
                return _number(text)
            return converted_number(text, number_kind, self.book.from_1904)
        if kind == "inlineStr" or kind == "str":
            return self._checked(unescaped(text))
        if kind == "b":
            return text not in ("0", "false")
        return ["e", text[:50]] if kind == "e" else _iso(text)

    def _number_kind(self, style: str) -> NumberKind:
        number, styles = _whole_number(style), self.book.number_kinds
        return styles[number] if 0 <= number < len(styles) else ""

    def _checked(self, text: str) -> str | None:
        """Return a text, counting its characters. Raises Fault if the row is too long."""
        self.size += len(text)
        if self.size > MAX_ROW_LENGTH:
            raise Fault("long_row", line=self.line, limit=MAX_ROW_LENGTH)
        return text or None

    def _address(self) -> str:
        return self.attributes.get("r", "")[:20] or f"R{self.line}C{self.column + 1}"


def _whole_number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _number(text: str) -> Any:
    try:
        if "." not in text and "E" not in text and "e" not in text and len(text) < 40:
            return int(text)
        number = float(text)
    except ValueError:
        return ["e", text[:50]]
    return number if isfinite(number) else ["e", text[:50]]


def _iso(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return ["e", text[:50]]
    if len(text.strip()) == 10:
        return ["d", moment.date().isoformat()]
    return ["m", moment.replace(tzinfo=None).isoformat()]


def converted_number(text: str, kind: NumberKind, from_1904: bool) -> Any:
    """Convert a number to what its style displays: a date, a datetime, a time or a number."""
    number = _number(text)
    if type(number) is list or kind == "span":
        return number
    if kind == "time" and 0 <= number < 1:
        midnight = datetime.combine(date.min, time())
        return f"{midnight + timedelta(seconds=round(number * 86_400)):%H:%M:%S}"
    if not from_1904 and 60 <= number < 61:
        return ["e", "1900-02-29"]  # a day that only spreadsheets know
    if from_1904:
        start = date(1904, 1, 1)
    else:
        start = date(1899, 12, 31) if number < 60 else date(1899, 12, 30)
    try:
        moment = datetime.combine(start, time()) + timedelta(
            milliseconds=round(number * 86_400_000)
        )
    except OverflowError:
        return ["e", text[:50]]
    if number < 0 or moment.year > 9999:
        return ["e", text[:50]]
    return ["d", moment.date().isoformat()] if number == int(number) else ["m", moment.isoformat()]
