"""A list as a workbook, written row by row, so that a long list costs no more memory than a short one."""

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

from directives.tables.book import Book, CellKind, Column, GroupPath, Words, cell_text, cell_value
from directives.tables.row_writer import (
    LINE,
    NUMBER_FORMATS,
    TALLEST,
    Cell,
    Grouping,
    Sheet,
    Styles,
    Tall,
    cell_of,
    lines_of,
    linked,
    width_of,
)

SHEET_LIMIT = (
    1_048_575  # rows of one worksheet below its heading: with it, as many as the format has
)
LINKS = 20_000  # rows of a workbook that lead to their pages: a link is kept until the end, and Excel is slow with many
LISTED = 300  # groups that the cover lists
TOLD = 500  # rows after which the caller is told of them
BROAD = 72  # characters: the cover's second column
MACHINERY = ("id", "version")  # keys of columns that nobody needs on paper, where they stand last
PAPERS = {"a4": 9, "a3": 8}


@dataclass(slots=True)
class _Writer:
    """One workbook being written. The cover is filled last, when the rows have been counted, and stands first."""

    book: Book
    workbook: Workbook
    styles: Styles
    formats: dict[str, Format] = field(default_factory=dict)
    groups: list[tuple[str, str]] = field(
        default_factory=list
    )  # the heading of an outermost group, and where it begins
    last: Hashable = None  # what tells the group that was listed last
    links: int = 0
    done: int = 0

    def fill(self) -> int:
        add, base = self.workbook.add_format, {"valign": "top", "text_wrap": True}
        self.formats = {
            kind: add({**base, "num_format": code}) for kind, code in NUMBER_FORMATS.items()
        }
        self.formats |= {
            f"cover {kind}": add({**base, "num_format": code, "align": "left"})
            for kind, code in NUMBER_FORMATS.items()
        }
        self.formats["head"] = add({**base, "bold": True, "bg_color": "#F0EEE8", "bottom": 1})
        self.formats["title"] = add({"bold": True, "font_size": 16})
        self.formats["label"] = add({"valign": "top", "font_color": "#5F6670"})
        self.formats["link"] = add({**base, "font_color": "#1D4478", "underline": 1})
        cover = self.workbook.add_worksheet(_tab(_("Cover")))
        rows, number = iter(self.book.rows), 1
        self._page(rows, number)
        while (further := next(rows, None)) is not None:
            number += 1
            self._page(chain([further], rows), number)
        self._cover(cover)
        return self.done

    def _page(self, rows: Iterator[Any], number: int) -> None:
        """One worksheet of rows, as many as it holds."""
        name = _tab(str(self.book.name), number)
        sheet: Sheet = self.workbook.add_worksheet(name, worksheet_class=Sheet)
        columns = self.book.columns
        for place, column in enumerate(columns):
            sheet.set_column(place, place, width_of(column), self.formats[column.kind])
            sheet.write_string(0, place, cell_text(str(column.label) or " "), self.formats["head"])
        count = self._rows(sheet, rows)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(columns) - 1)
        sheet.ignore_errors(
            {"number_stored_as_text": f"A1:{xl_col_to_name(len(columns) - 1)}{count + 1}"}
        )
        self._printed(sheet, name, count)

    def _rows(self, sheet: Sheet, rows: Iterator[Any]) -> int:
        tall = Tall()
        cells = [
            self._cell(sheet, place, column, tall) for place, column in enumerate(self.book.columns)
        ]
        group, grouping, tell, level = self.book.group, Grouping(), self.book.tell, 1
        line = 1
        for line, row in enumerate(islice(rows, SHEET_LIMIT), 2):
            deep = ""
            if group:
                level = grouping.level(path := group(row))
                deep = f' outlineLevel="{level}"' if level else ""
                if path and not level and len(self.groups) <= LISTED:
                    self.groups.append(
                        (self._heading(path, sheet), f"internal:'{sheet.name}'!A{line}")
                    )
            edge = not level
            written = "".join([cell(row, line, edge) for cell in cells])
            sheet.add(f'<row r="{line}"{tall.height()}{deep}>{written}</row>')
            if tell and not line % TOLD:
                tell(self.done + line - 1)
        sheet.reach(line - 1, len(cells), grouping.deepest)
        self.done += line - 1
        return line - 1

    def _heading(self, path: GroupPath, sheet: Worksheet) -> str:
        """What the cover calls a group; one that goes on in a further worksheet is named with it."""
        key, heading = path[0][0], str(path[0][1])
        goes_on, self.last = key == self.last, key
        return f"{heading} · {sheet.name}" if goes_on else heading

    def _cell(self, sheet: Sheet, place: int, column: Column, tall: Tall) -> Cell:
        letter = xl_col_to_name(place)
        if column.link and self.book.site:
            return linked(
                column, letter, self.styles, tall, partial(self._link, sheet, place, column.link)
            )
        return cell_of(column, letter, self.styles, tall)

    def _link(
        self, sheet: Sheet, place: int, path: Callable[[Any], str], row: Any, line: int
    ) -> bool:
        """Let a cell lead to its row's page; false where there is none, or enough cells do."""
        if self.done + line - 1 > LINKS or not (leads := path(row)):
            return False
        sheet.hyperlinks[line - 1][place] = Url(self.book.site + leads)
        self.links = self.done + line - 1
        return True

    def _printed(self, sheet: Worksheet, name: str, count: int) -> None:
        """How the rows come out of a printer."""
        last = len(self.book.columns)
        while last > 1 and self.book.columns[last - 1].key in MACHINERY:
            last -= 1
        sheet.print_area(0, 0, count, last - 1)
        sheet.set_landscape()
        sheet.hide_gridlines(0)  # they are printed: a ledger is ruled
        sheet.set_paper(PAPERS[self.book.paper])
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header(f"&L{name.replace('&', '&&')}&R{self.book.mark.strip()}")
        sheet.set_footer("&C&P / &N")
        sheet.outline_settings(symbols_below=False)

    def _cover(self, sheet: Worksheet) -> None:
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, BROAD)
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
        for place, (label, target) in enumerate(self.groups[:LISTED], line + 1):
            sheet.write_url(place, 1, target, self.formats["link"], cell_text(label or "—"))

    def _facts(self) -> Iterator[tuple[Words, Any]]:
        book = self.book
        if book.fictional:
            yield (
                _("Demo data"),
                _(
                    "Progress, figures and names are fictional and say nothing about the real work of the organisations named"
                ),
            )
        yield _("As of"), book.as_of
        if book.lights_on is not None:
            yield _("Lights as of"), book.lights_on
        yield from book.notes
        yield _("Rows in this workbook"), self.done
        if book.site:
            yield pgettext("cover", "Site"), Url(book.site)
        if 0 < self.links < self.done:
            yield _("Links to pages"), _("In the first %(count)s rows") % {"count": LINKS}

    def _fact(self, sheet: Worksheet, line: int, value: Any) -> None:
        kind = _kind_of(value)
        cell = None if isinstance(value, Url) else cell_value(value, kind)
        match cell:
            case None if isinstance(value, Url):
                sheet.write_url(line, 1, value, self.formats["link"])
            case None:
                sheet.write_blank(line, 1, None, self.formats["cover text"])
            case str():
                sheet.set_row(line, LINE * min(lines_of(cell, BROAD), TALLEST))
                sheet.write_string(line, 1, cell, self.formats["cover text"])
            case date():
                sheet.write_datetime(line, 1, cell, self.formats[f"cover {kind}"])
            case _:
                sheet.write_number(
                    line,
                    1,
                    cell,
                    self.formats["cover integer" if cell == int(cell) else f"cover {kind}"],
                )


def _kind_of(value: Any) -> CellKind:
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
    """A name that a worksheet may have: not empty, at most 31 characters, none of []:*?/\\' and no control characters."""
    tail = f" {number}" if number > 1 else ""
    clean = re.sub(r"[\[\]:*?/\\'\x00-\x1f\ud800-\udfff\ufffe\uffff]+", " ", name).strip()
    while len(clean.encode("utf-16-le")) > 2 * (31 - len(tail)):
        clean = clean[:-1]
    return (clean.strip() or "-") + tail


@dataclass(slots=True)
class _Target:
    """The file that a workbook is pressed into: asks beside each piece whether it is still wanted, for that takes long too."""

    file: BinaryIO
    ask: Callable[[], object] | None = None

    def write(self, piece: bytes) -> int:
        if self.ask:
            self.ask()
        return self.file.write(piece)

    def let_go(self, failure: type[BaseException] | None, *_told: object) -> None:
        """After a failure: the zip closes itself when it is forgotten, and the file has gone by then."""
        if failure:
            self.file, self.ask = BytesIO(), None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def write_xlsx(book: Book, file: BinaryIO) -> int:
    """Write a book as a workbook: a cover, then the rows under a frozen heading with a filter. Returns the rows."""
    made = book.as_of.astimezone(UTC).replace(tzinfo=None)
    with TemporaryDirectory(prefix="sheets-") as folder, ExitStack() as opened:
        # Larger numbers in the zip: a worksheet of a nation's rows is more than two gigabytes before it is pressed.
        target = _Target(file)
        opened.push(target.let_go)
        workbook = Workbook(target, {"constant_memory": True, "use_zip64": True, "tmpdir": folder})
        opened.callback(lambda: [sheet.row_data_fh.close() for sheet in workbook.worksheets()])
        workbook.set_properties({"title": cell_text(f"{book.name}{book.mark}"), "created": made})
        count = _Writer(book, workbook, Styles(workbook)).fill()
        target.ask = partial(book.tell, count) if book.tell else None
        workbook.close()
    return count
