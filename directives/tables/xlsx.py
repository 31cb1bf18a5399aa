"""Writes a list as a workbook, row by row: a long list needs no more memory than a short one."""

import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from io import BytesIO
from itertools import chain, islice
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.url import Url
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from directives.tables.book import Book, CellKind, Column, GroupPath, Note, cell_text, cell_value
from directives.tables.row_writer import (
    LINE_HEIGHT,
    MOST_LINES,
    NUMBER_FORMATS,
    CellWriter,
    Grouping,
    RowHeight,
    RowSheet,
    Styles,
    cell_writer,
    close_row_files,
    lines_of,
    linked_cell_writer,
    width_of,
)

SHEET_LIMIT = 1_048_575  # rows of one worksheet below its heading, by the format
# Rows of a workbook with links: they are kept in memory until the end, and slow Excel down.
LINK_LIMIT = 20_000
GROUP_LIMIT = 300  # groups listed on the cover
PROGRESS_STEP = 500  # rows between two calls of `on_progress`
COVER_WIDTH = 72  # characters of the cover's second column
NOT_PRINTED = ("id", "version")  # keys of columns left out in print, where they stand last
PAPERS = {"a4": 9, "a3": 8}  # Excel's numbers of the sizes


@dataclass(slots=True)
class _Writer:
    """One workbook being written. The cover stands first and is filled last, with the counts."""

    book: Book
    workbook: Workbook
    styles: Styles
    formats: dict[str, Format] = field(default_factory=dict)
    # Heading and target of the outermost groups.
    groups: list[tuple[str, str]] = field(default_factory=list)
    last_group: Hashable = None  # the key of the one listed last
    linked_rows: int = 0
    rows_written: int = 0

    def fill(self) -> int:
        add, base = self.workbook.add_format, {"valign": "top", "text_wrap": True}
        for kind, code in NUMBER_FORMATS.items():
            self.formats[kind] = add({**base, "num_format": code})
            self.formats[f"cover {kind}"] = add({**base, "num_format": code, "align": "left"})
        self.formats["head"] = add({**base, "bold": True, "bg_color": "#F0EEE8", "bottom": 1})
        self.formats["title"] = add({"bold": True, "font_size": 16})
        self.formats["label"] = add({"valign": "top", "font_color": "#5F6670"})
        self.formats["link"] = add({**base, "font_color": "#1D4478", "underline": 1})
        cover = self.workbook.add_worksheet(_sheet_name(_("Cover")))
        rows, number = iter(self.book.rows), 1
        self._sheet(rows, number)
        while (next_row := next(rows, None)) is not None:
            number += 1
            self._sheet(chain([next_row], rows), number)
        self._cover(cover)
        return self.rows_written

    def _sheet(self, rows: Iterator[Any], number: int) -> None:
        """Write one worksheet with as many rows as it may hold."""
        name = _sheet_name(str(self.book.name), number)
        sheet: RowSheet = self.workbook.add_worksheet(name, worksheet_class=RowSheet)
        columns = self.book.columns
        for index, column in enumerate(columns):
            sheet.set_column(index, index, width_of(column), self.formats[column.kind])
            sheet.write_string(0, index, cell_text(str(column.label) or " "), self.formats["head"])
        count = self._rows(sheet, rows)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(columns) - 1)
        sheet.ignore_errors(
            {"number_stored_as_text": f"A1:{xl_col_to_name(len(columns) - 1)}{count + 1}"}
        )
        self._set_up_print(sheet, name, count)

    def _rows(self, sheet: RowSheet, rows: Iterator[Any]) -> int:
        height, grouping, level, line = RowHeight(), Grouping(), 1, 1
        group, on_progress = self.book.group, self.book.on_progress
        writers = [
            self._cell_writer(sheet, index, column, height)
            for index, column in enumerate(self.book.columns)
        ]
        for line, row in enumerate(islice(rows, SHEET_LIMIT), 2):
            outline = ""
            if group:
                level = grouping.level(path := group(row))
                outline = f' outlineLevel="{level}"' if level else ""
                if path and not level and len(self.groups) <= GROUP_LIMIT:
                    target = f"internal:'{sheet.name}'!A{line}"
                    self.groups.append((self._group_heading(path, sheet), target))
            edge = not level
            cells = "".join([write(row, line, edge) for write in writers])
            sheet.add_row(f'<row r="{line}"{height.attribute()}{outline}>{cells}</row>')
            if on_progress and not line % PROGRESS_STEP:
                on_progress(self.rows_written + line - 1)
        sheet.finish_rows(line - 1, len(writers), grouping.deepest)
        self.rows_written += line - 1
        return line - 1

    def _group_heading(self, path: GroupPath, sheet: Worksheet) -> str:
        """The heading of a group on the cover; one continued on another sheet names that sheet."""
        (key, heading), *_inner = path
        continued, self.last_group = key == self.last_group, key
        return f"{heading} · {sheet.name}" if continued else str(heading)

    def _cell_writer(
        self, sheet: RowSheet, index: int, column: Column, height: RowHeight
    ) -> CellWriter:
        letters = xl_col_to_name(index)
        if column.link and self.book.site:
            add_link = partial(self._add_link, sheet, index, column.link)
            return linked_cell_writer(column, letters, self.styles, height, add_link)
        return cell_writer(column, letters, self.styles, height)

    def _add_link(
        self, sheet: RowSheet, index: int, path_of: Callable[[Any], str], row: Any, line: int
    ) -> bool:
        """Link a cell to its row's page; False where there is none, or the limit is reached."""
        number = self.rows_written + line - 1
        if number > LINK_LIMIT or not (path := path_of(row)):
            return False
        sheet.add_link(line - 1, index, self.book.site + path)
        self.linked_rows = number
        return True

    def _set_up_print(self, sheet: Worksheet, name: str, count: int) -> None:
        column_count = len(self.book.columns)
        while column_count > 1 and self.book.columns[column_count - 1].key in NOT_PRINTED:
            column_count -= 1
        sheet.print_area(0, 0, count, column_count - 1)
        sheet.set_landscape()
        sheet.hide_gridlines(0)  # 0: shown and printed
        sheet.set_paper(PAPERS[self.book.paper])
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header(f"&L{name.replace('&', '&&')}&R{self.book.fictional_mark.strip()}")
        sheet.set_footer("&C&P / &N")
        sheet.outline_settings(symbols_below=False)

    def _cover(self, sheet: Worksheet) -> None:
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, COVER_WIDTH)
        sheet.hide_gridlines(2)
        sheet.set_paper(PAPERS["a4"])
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, cell_text(str(self.book.name)), self.formats["title"])
        line = 2
        for line, (label, value) in enumerate(self._facts(), 2):
            sheet.write_string(line, 0, cell_text(str(label)), self.formats["label"])
            self._fact(sheet, line, value)
        if self.groups:
            sheet.write_string(line + 1, 0, pgettext("cover", "Contents"), self.formats["label"])
        for row, (label, target) in enumerate(self.groups[:GROUP_LIMIT], line + 1):
            sheet.write_url(row, 1, target, self.formats["link"], cell_text(label or "—"))

    def _facts(self) -> Iterator[Note]:
        book = self.book
        if book.fictional:
            fictional = _(
                "Progress, figures and names are fictional and say nothing about the real work "
                "of the organisations named"
            )
            yield _("Demo data"), fictional
        yield _("As of"), book.as_of
        if book.lights_on is not None:
            yield _("Lights as of"), book.lights_on
        yield from book.notes
        yield _("Rows in this workbook"), self.rows_written
        if book.site:
            yield pgettext("cover", "Site"), Url(book.site)
        if 0 < self.linked_rows < self.rows_written:
            yield _("Links to pages"), _("In the first %(count)s rows") % {"count": LINK_LIMIT}

    def _fact(self, sheet: Worksheet, line: int, value: Any) -> None:
        if isinstance(value, Url):
            sheet.write_url(line, 1, value, self.formats["link"])
            return
        kind = _kind_of(value)
        cell = cell_value(value, kind)
        match cell:
            case None:
                sheet.write_blank(line, 1, None, self.formats["cover text"])
            case str():
                sheet.set_row(line, LINE_HEIGHT * min(lines_of(cell, COVER_WIDTH), MOST_LINES))
                sheet.write_string(line, 1, cell, self.formats["cover text"])
            case date():
                sheet.write_datetime(line, 1, cell, self.formats[f"cover {kind}"])
            case _:
                name = "integer" if cell == int(cell) else kind
                sheet.write_number(line, 1, cell, self.formats[f"cover {name}"])


def _kind_of(value: Any) -> CellKind:
    match value:
        case datetime():
            return "moment"
        case date():
            return "date"
        case int() | float():
            return "number"
    return "text"


def _sheet_name(name: str, number: int = 1) -> str:
    """Make a name one that a worksheet may have.

    It may not be empty, has at most 31 UTF-16 units, none of []:*?/\\' and no control characters.
    """
    tail = f" {number}" if number > 1 else ""
    clean = re.sub(r"[\[\]:*?/\\'\x00-\x1f\ud800-\udfff\ufffe\uffff]+", " ", name).strip()
    while len(clean.encode("utf-16-le")) > 2 * (31 - len(tail)):
        clean = clean[:-1]
    return (clean.strip() or "-") + tail


@dataclass(slots=True)
class _ZipTarget:
    """The file into which a workbook is zipped; reports each write, as that takes long too."""

    file: BinaryIO
    on_write: Callable[[], object] | None = None

    def write(self, piece: bytes) -> int:
        if self.on_write:
            self.on_write()
        return self.file.write(piece)

    def release(self, failure: type[BaseException] | None, *_details: object) -> None:
        """Detach the file after a failure: `ZipFile` writes to it when garbage-collected."""
        if failure:
            self.file, self.on_write = BytesIO(), None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def write_xlsx(book: Book, file: BinaryIO) -> int:
    """Write a workbook: a cover, then the rows under a heading with a filter. Returns the count."""
    created = book.as_of.astimezone(UTC).replace(tzinfo=None)
    title = cell_text(f"{book.name}{book.fictional_mark}")
    with TemporaryDirectory(prefix="sheets-") as folder, ExitStack() as stack:
        target = _ZipTarget(file)
        stack.push(target.release)
        # Zip64: a worksheet with a nation's rows is larger than two gigabytes unzipped.
        workbook = Workbook(target, {"constant_memory": True, "use_zip64": True, "tmpdir": folder})
        stack.callback(close_row_files, workbook)
        workbook.set_properties({"title": title, "created": created})
        count = _Writer(book, workbook, Styles(workbook)).fill()
        target.on_write = partial(book.on_progress, count) if book.on_progress else None
        workbook.close()
    return count
