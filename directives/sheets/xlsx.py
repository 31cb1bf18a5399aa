"""A list as a workbook, written row by row, so that a long list costs no more memory than a short one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from directives.sheets.book import Book, Kind, Words, guard, plain

SHEET_LIMIT = 1_048_575  # rows of one worksheet below its heading: with it, as many as the format has
NUMBER_FORMATS = {"text": "@", "number": "#,##0.##;-#,##0.##", "date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "percent": "0%"}
INTEGER_FORMAT = "#,##0"
WIDTHS = {"text": 20, "number": 10, "date": 12, "moment": 17, "percent": 9}  # characters


@dataclass(slots=True)
class _Writer:
    """One workbook being written. The cover is filled last, when the rows have been counted, and stands first."""

    book: Book
    workbook: Workbook
    formats: dict[str, Format] = field(default_factory=dict)

    def fill(self) -> int:
        base = {"valign": "top", "text_wrap": True}
        self.formats = {kind: self.workbook.add_format({**base, "num_format": code}) for kind, code in NUMBER_FORMATS.items()}
        self.formats["integer"] = self.workbook.add_format({**base, "num_format": INTEGER_FORMAT})
        self.formats["head"] = self.workbook.add_format({**base, "bold": True, "bg_color": "#F0EEE8", "bottom": 1})
        self.formats["title"] = self.workbook.add_format({"bold": True, "font_size": 16})
        self.formats["label"] = self.workbook.add_format({"valign": "top", "font_color": "#5F6670"})
        cover = self.workbook.add_worksheet(_tab(_("Cover")))
        count = self._pages()
        self._cover(cover, count)
        return count

    def _pages(self) -> int:
        """The rows, on as many worksheets as they need; returns how many there are."""
        rows, count, number = iter(self.book.rows), 0, 1
        while True:
            written = self._page(rows, number)
            count, number = count + written, number + 1
            if written < SHEET_LIMIT:
                return count

    def _page(self, rows: Iterator[Any], number: int) -> int:
        sheet = self.workbook.add_worksheet(_tab(str(self.book.name), number))
        columns = self.book.columns
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width or WIDTHS[column.kind])
            sheet.write_string(0, place, guard(str(column.label)), self.formats["head"])
        count = 0
        for count, row in enumerate(rows, 1):
            for place, column in enumerate(columns):
                self._cell(sheet, count, place, column.value(row), column.kind)
            if count == SHEET_LIMIT:
                break
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&C&P / &N")
        return count

    def _cell(self, sheet: Worksheet, line: int, place: int, value: Any, kind: Kind) -> None:
        cell = plain(value, kind)
        match cell:
            case None:
                sheet.write_blank(line, place, None, self.formats[kind])
            case str():
                sheet.write_string(line, place, cell, self.formats["text"])
            case datetime():
                sheet.write_datetime(line, place, cell, self.formats["moment"])
            case date():
                sheet.write_datetime(line, place, cell, self.formats["date"])
            case _:
                whole = kind == "number" and cell == int(cell)
                sheet.write_number(line, place, cell, self.formats["integer" if whole else kind])

    def _cover(self, sheet: Worksheet, count: int) -> None:
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 72)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.write_string(0, 0, guard(str(self.book.name)), self.formats["title"])
        facts: list[tuple[Words, Any]] = [(_("As of"), self.book.as_of), *self.book.notes, (_("Rows in this workbook"), count)]
        if self.book.fictional:
            text = _("Progress, figures and persons are fictional and say nothing about the real work of the bodies named")
            facts.insert(0, (_("Demo data"), text))
        for line, (label, value) in enumerate(facts, 2):
            sheet.write_string(line, 0, guard(str(label)), self.formats["label"])
            self._cell(sheet, line, 1, value, _kind_of(value))


def _kind_of(value: Any) -> Kind:
    """How a fact of the cover is shown."""
    match value:
        case datetime():
            return "moment"
        case date():
            return "date"
        case int() | float():
            return "number"
    return "text"


def _tab(name: str, number: int = 1) -> str:
    """A name that a worksheet may have: at most 31 characters, none of []:*?/\\."""
    tail = f" {number}" if number > 1 else ""
    return re.sub(r"[\[\]:*?/\\']", " ", name)[: 31 - len(tail)].strip() + tail


def write_xlsx(book: Book, file: BinaryIO) -> int:
    """Write a book as a workbook: a cover, then the rows under a frozen heading with a filter. Returns the rows."""
    with Workbook(file, {"constant_memory": True}) as workbook:
        made = book.as_of.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties({"title": f"{book.name}{book.mark}", "created": made})
        return _Writer(book, workbook).fill()
