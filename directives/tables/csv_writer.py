"""A list as CSV, written row by row."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any, BinaryIO

from directives.tables.book import Book, Column, cell_text, cell_value

TOLD = 500  # rows after which the caller is told of them


def _printed(column: Column, row: Any) -> str:
    """A cell as CSV holds it."""
    cell = cell_value(column.value(row), column.kind)
    match cell:
        case None:
            return ""
        case str():
            return cell
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
    return f"{100 * cell:.10g}%" if column.kind == "percent" else str(cell)


def write_csv(book: Book, file: BinaryIO, *, encoding: str = "utf-8-sig") -> int:
    """Write a book as CSV with one heading row: UTF-8 with a mark at its head, by which Excel knows it. Returns the rows."""
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        return _lines(book, csv.writer(text))
    finally:
        text.detach()  # the file stays the caller's


def _lines(book: Book, writer: Any) -> int:
    writer.writerow([cell_text(str(column.label) or " ") for column in book.columns])
    cells: list[Callable[[Any], str]] = [partial(_printed, column) for column in book.columns]
    count = 0
    for count, row in enumerate(book.rows, 1):
        writer.writerow([cell(row) for cell in cells])
        if book.tell and not count % TOLD:
            book.tell(count)
    return count


def write_gb(book: Book, file: BinaryIO) -> int:
    """The same in GB18030, as Excel in Chinese saves CSV itself; it holds every character."""
    return write_csv(book, file, encoding="gb18030")
