"""A list as CSV, written row by row."""

import csv
import io
from datetime import date, datetime
from typing import Any, BinaryIO

from directives.sheets.book import Book, Kind, guard, plain


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
