"""The formats of the admin's import-export, read and written like all other tables."""

import io
from collections.abc import Callable
from operator import itemgetter
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.formats.base_formats import Format
from tablib import Dataset

from directives.base.refusals import Refusal
from directives.tables import reader
from directives.tables.book import Book, Column
from directives.tables.cells import as_text
from directives.tables.csv_writer import write_csv
from directives.tables.layout import NoValue, OpenFile, RawRow, Table
from directives.tables.xlsx import write_xlsx


class TableFormat(Format):
    """A table file. Cells are read as text, and written without formulas."""

    extension = ""
    content_type = ""
    write: Callable[[Book, BinaryIO], int]

    def __init__(self, encoding: str | None = None) -> None:
        """Take the argument that the library passes; the encoding is detected."""

    def get_title(self) -> str:
        return self.extension

    def get_extension(self) -> str:
        return self.extension

    def get_content_type(self) -> str:
        return self.content_type

    def can_import(self) -> bool:
        return True

    def can_export(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> Dataset:
        """Read the widest visible table. Raises Unreadable, or Refusal for a cell without value."""
        with reader.read(io.BytesIO(in_stream), f"table.{self.extension}") as opened:
            return _dataset(opened)

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        file = io.BytesIO()
        columns = tuple(
            Column(name, name, itemgetter(index), "text")
            for index, name in enumerate(dataset.headers or ())
        )
        book = Book(dataset.title or _("Table"), columns, iter(dataset), timezone.now())
        type(self).write(book, file)
        return file.getvalue()


class CsvTable(TableFormat):
    extension = "csv"
    content_type = "text/csv"
    write = staticmethod(write_csv)


class XlsxTable(TableFormat):
    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    write = staticmethod(write_xlsx)


FORMATS = (CsvTable, XlsxTable)


def _dataset(opened: OpenFile) -> Dataset:
    tables = [table for table in opened.tables if table.head and not table.hidden]
    if not tables:
        raise Refusal(
            _(
                "The file has no visible table. Enter the rows on a sheet that is not hidden, "
                "save it and upload it again."
            )
        )
    table = max(reversed(tables), key=_width)  # of equal ones the last: a cover comes first
    rows = opened.rows(table)
    head = next(rows)
    headers = [as_text(cell) for cell in head.cells]
    dataset = Dataset(headers=headers)
    for row in rows:
        dataset.append(_texts(row, headers))
    return dataset


def _width(table: Table) -> int:
    return len(table.head[0].cells)


def _texts(row: RawRow, headers: list[str]) -> list[str]:
    """The cells of a row as text, one for each heading."""
    if len(row.cells) > len(headers):
        text = _(
            "Row %(line)s has more cells than there are headings. Add a heading to every column, "
            "or clear the extra cells."
        )
        raise Refusal(text % {"line": row.line})
    for cell, heading in zip(row.cells, headers, strict=False):
        if isinstance(cell, NoValue):
            text = _(
                "Row %(line)s, column “%(column)s”: %(value)s is not a value. Write the value "
                "itself."
            )
            raise Refusal(text % {"line": row.line, "column": heading, "value": cell.text[:100]})
    return [as_text(cell) for cell in row.cells] + [""] * (len(headers) - len(row.cells))
