"""Rows of a list as the file that a reader asks for. A list page calls `sheet`, a command writes a `Book`."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext as _

from directives.replicas import data_as_of
from directives.rules import may
from directives.sheets.book import Book, Column, Kind, Words, guard, plain, unguard
from directives.sheets.text import write_csv, write_gb
from directives.sheets.xlsx import write_xlsx

__all__ = [
    "FORMATS",
    "Book",
    "Column",
    "Kind",
    "Words",
    "Writing",
    "asked",
    "guard",
    "plain",
    "sheet",
    "unguard",
    "write_csv",
    "write_xlsx",
]


@dataclass(frozen=True, slots=True)
class Writing:
    """A file format: how it is written, how its files end, and what the browser is told."""

    write: Callable[[Book, BinaryIO], int]
    ending: str
    content_type: str


FORMATS = {
    "xlsx": Writing(write_xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": Writing(write_csv, "csv", "text/csv; charset=utf-8"),
    "csv-gb": Writing(write_gb, "csv", "text/csv; charset=gb18030"),
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
    name = f"{book.file_name}.{FORMATS[wanted].ending}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[wanted].content_type)
