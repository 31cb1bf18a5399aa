"""The formats in which lists are exported."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.http import FileResponse, HttpRequest

from directives.tables.book import Book
from directives.tables.csv_writer import write_csv, write_gb18030
from directives.tables.xlsx import write_xlsx


@dataclass(frozen=True, slots=True)
class FileFormat:
    write: Callable[[Book, BinaryIO], int]  # returns how many rows were written
    extension: str
    content_type: str


FORMATS = {
    "xlsx": FileFormat(
        write_xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    "csv": FileFormat(write_csv, "csv", "text/csv; charset=utf-8"),
    "csv-gb": FileFormat(write_gb18030, "csv", "text/csv; charset=gb18030"),
}


def wants_file(request: HttpRequest) -> bool:
    """Whether the list is asked for as a file (?export=xlsx or csv)."""
    return bool(request.GET.get("export"))


def file_response(book: Book, format_key: str) -> tuple[FileResponse, int]:
    """Return a book as a download in one of FORMATS, and how many rows it has."""
    file_format = FORMATS[format_key]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        rows = file_format.write(book, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name, content_type = f"{book.file_name}.{file_format.extension}", file_format.content_type
    response = FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
    return response, rows
