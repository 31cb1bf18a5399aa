"""Rows of a list as a workbook or as CSV, written row by row, so that a long list costs no more memory than a short one.

A list page calls `sheet`, a command writes a `Book`; both print the columns that their room gives them. Text that a
spreadsheet would take for a formula gets one leading apostrophe (`guard`); reading it back strips exactly that one.
"""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, Literal

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from directives.replicas import data_as_of
from directives.rules import may

Kind = Literal["text", "number", "date", "moment", "percent"]
Words = str | Promise

# Excel, WPS and LibreOffice read a cell that begins so as a formula; full-width signs too, in a Chinese locale.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
CELL_LIMIT = 32_767  # characters that one cell of a workbook may hold
SHEET_LIMIT = 1_000_000  # rows of one worksheet; the format ends at 1,048,576
NUMBER_FORMATS = {"text": "@", "number": "#,##0.##;-#,##0.##", "date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "percent": "0%"}
INTEGER_FORMAT = "#,##0"
WIDTHS = {"text": 20, "number": 10, "date": 12, "moment": 17, "percent": 9}  # characters


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what it shows of a row, and how.

    `value` gives text, a number, a day, an instant, or for "percent" a number from 0 to 100; None is an empty cell.
    `width` is in characters; 0 leaves it to the kind.
    """

    label: Words
    value: Callable[[Any], Any]
    kind: Kind = "text"
    width: int = 0


@dataclass(frozen=True, slots=True)
class Book:
    """A list to be written: its name, its columns, its rows (read once), and what its cover says of it."""

    name: Words
    columns: tuple[Column, ...]
    rows: Iterable[Any]
    as_of: datetime
    notes: tuple[tuple[Words, Any], ...] = ()  # the filter in force, counts with their denominators, …
    fictional: bool = False

    @property
    def file_name(self) -> str:
        """The name of the file without its ending: name, day, and that the data is fictional where it is."""
        day = timezone.localtime(self.as_of)
        return re.sub(r'[\\/:*?"<>|\s]+', " ", f"{self.name} {day:%Y-%m-%d}{self.mark}").strip()

    @property
    def mark(self) -> str:
        return " " + _("Demo data") if self.fictional else ""


def guard(text: str) -> str:
    """The text with one leading apostrophe if a spreadsheet would take it for a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """What `guard` was given."""
    return text[1:] if text.startswith("'") and DANGEROUS.match(text) else text


def plain(value: Any, kind: Kind) -> Any:
    """A value as a cell holds it: guarded text, a number, a share of 1, a day, an instant in Shanghai; None if empty."""
    if value is None or value == "":
        return None
    match kind:
        case "text":
            text = guard(str(value))
            return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"
        case "percent":
            return value / 100
        case "moment":
            return timezone.localtime(value).replace(tzinfo=None)
        case "date":
            return timezone.localtime(value).date() if isinstance(value, datetime) else value
    return value


# CSV


def _printed(value: Any, kind: Kind) -> str:
    """A value as CSV holds it."""
    cell = plain(value, kind)
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
    return f"{value:g}%" if kind == "percent" else str(cell)


def write_csv(book: Book, file: BinaryIO) -> int:
    """Write a book as CSV: UTF-8 with a mark at its head, by which Excel knows it, one heading row. Returns the rows."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([guard(str(column.label)) for column in book.columns])
    count = 0
    for row in book.rows:
        writer.writerow([_printed(column.value(row), column.kind) for column in book.columns])
        count += 1
    text.detach()
    return count


# workbooks


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


@dataclass(frozen=True, slots=True)
class Writing:
    """A file format: how it is written and what the browser is told."""

    write: Callable[[Book, BinaryIO], int]
    content_type: str


FORMATS = {
    "xlsx": Writing(write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": Writing(write_csv, "text/csv; charset=utf-8"),
}


def asked(request: HttpRequest) -> bool:
    """Whether the reader asks for the list as a file (?export=xlsx or csv)."""
    return bool(request.GET.get("export"))


def sheet(
    request: HttpRequest,
    *,
    name: Words,
    columns: Iterable[Column],
    rows: Iterable[Any],
    notes: Iterable[tuple[Words, Any]] = (),
    fictional: bool = False,
) -> FileResponse:
    """The list as the file that ?export= asks for, in the reader's language; as of the request's instant.

    Raises PermissionDenied for a person who may not export, Http404 for a format that is not known.
    """
    if not may(request.user, "export"):
        raise PermissionDenied(_("Exporting is for staff, managers and supervisors."))
    wanted = request.GET.get("export", "")
    if wanted not in FORMATS:
        raise Http404
    book = Book(name, tuple(columns), rows, data_as_of(request, request.now), tuple(notes), fictional)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        FORMATS[wanted].write(book, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{book.file_name}.{wanted}", content_type=FORMATS[wanted].content_type)
