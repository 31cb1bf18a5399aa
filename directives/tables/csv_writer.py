"""Writes a list as CSV, row by row."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any, BinaryIO

from directives.tables.book import Book, Column, cell_text, cell_value

PROGRESS_STEP = 500  # rows between two calls of `on_progress`


def _csv_cell(column: Column, row: Any) -> str:
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
    """Write CSV with a heading row. Returns how many rows follow it.

    UTF-8 begins with a byte order mark, by which Excel knows it.
    """
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        return _write_rows(book, csv.writer(text))
    finally:
        text.detach()  # the caller closes the file


def _write_rows(book: Book, writer: Any) -> int:
    writer.writerow([cell_text(str(column.label) or " ") for column in book.columns])
    cells: list[Callable[[Any], str]] = [partial(_csv_cell, column) for column in book.columns]
    count = 0
    for count, row in enumerate(book.rows, 1):
        writer.writerow([cell(row) for cell in cells])
        if book.on_progress and not count % PROGRESS_STEP:
            book.on_progress(count)
    return count


def write_gb18030(book: Book, file: BinaryIO) -> int:
    """Write CSV in the encoding in which Chinese Excel saves it."""
    return write_csv(book, file, encoding="gb18030")
