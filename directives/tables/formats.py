"""The formats of files, and a book as a download. A list page calls `exporting.answer`, a command writes a `Book`."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.http import FileResponse, HttpRequest

from directives.tables.book import Book
from directives.tables.csv_writer import write_csv, write_gb
from directives.tables.xlsx import write_xlsx


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: how it is written, how its files end, and what the browser is told."""

    write: Callable[[Book, BinaryIO], int]
    ending: str
    content_type: str


FORMATS = {
    "xlsx": FileFormat(
        write_xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    "csv": FileFormat(write_csv, "csv", "text/csv; charset=utf-8"),
    "csv-gb": FileFormat(write_gb, "csv", "text/csv; charset=gb18030"),
}


def wants_file(request: HttpRequest) -> bool:
    """Whether the reader asks for the list as a file (?export=xlsx or csv)."""
    return bool(request.GET.get("export"))


def file_response(book: Book, wanted: str) -> tuple[FileResponse, int]:
    """A book as a download in one of FORMATS, and how many rows it has."""
    writing = FORMATS[wanted]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        rows = writing.write(book, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"{book.file_name}.{writing.ending}"
    return FileResponse(
        file, as_attachment=True, filename=name, content_type=writing.content_type
    ), rows
