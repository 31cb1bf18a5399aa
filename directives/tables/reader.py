"""Opens and reads the files that people import, in a limited child process (`child.py`).

Whatever that process does (crash, hang, exceed its limits, answer nonsense), the caller gets rows
or `Unreadable`, which says why in words.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from directives.base.child_processes import ChildFailed, answer_of
from directives.base.refusals import Refusal
from directives.tables.layout import Cell, Merge, NoValue, OpenFile, RawRow, Table
from directives.tables.parsing.limits import MAX_FILE_SIZE
from directives.tables.unreadable import message_of

MEMORY = 512 * 2**20  # bytes of address space of the child
CPU_SECONDS = {"outline": 120, "rows": 900}  # of the child: a million rows take about 60
OUTPUT_TIMEOUT = 60  # seconds without output while the caller waits
LONGEST_LINE = 32 * 2**20  # bytes of output

_CHILD = str(Path(__file__).with_name("child.py"))


class Unreadable(Refusal):
    """The file cannot be read; the message says what is wrong and what to do.

    `code` is a key of `unreadable.MESSAGES`.
    """

    def __init__(self, code: str, params: dict[str, Any] | None = None) -> None:
        self.code = code
        super().__init__(message_of(code, params or {}))


def read(source: str | os.PathLike[str] | BinaryIO, name: str) -> OpenFile:
    """Open a table file: a path, or a binary file, which is copied. `name` is shown to people.

    The caller closes the result. Raises Unreadable.
    """
    if isinstance(source, str | os.PathLike):
        return _open(os.fspath(source), name, lambda: None)
    copied = _copy(source)
    try:
        return _open(copied.name, name, copied.close)
    except BaseException:
        copied.close()
        raise


def _open(path: str, name: str, close: Callable[[], None]) -> OpenFile:
    with closing(_output(path, "outline")) as lines:
        outline = _parsed(next(lines, None))

    def rows(table: Table) -> Iterator[RawRow]:
        return _rows(path, table)

    try:
        return OpenFile(
            name=name,
            format=outline["format"],
            tables=tuple(_table(number, table) for number, table in enumerate(outline["tables"])),
            remarks=tuple(_remark(code) for code in outline["remarks"]),
            read_rows=rows,
            close_file=close,
            encoding=outline.get("encoding", ""),
            separator=outline.get("separator", ""),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Unreadable("nonsense") from error


def _copy(source: BinaryIO) -> "tempfile._TemporaryFileWrapper[bytes]":
    """Copy to a file that the child can open, deleted when it is closed."""
    copied = tempfile.NamedTemporaryFile(prefix="intake-")  # noqa: SIM115 - OpenFile closes it
    try:
        source.seek(0)
        shutil.copyfileobj(source, copied, 1 << 20)
        if copied.tell() > MAX_FILE_SIZE:
            raise Unreadable("too_large", {"size": copied.tell(), "limit": MAX_FILE_SIZE})
        copied.flush()
    except BaseException:
        copied.close()
        raise
    return copied


def _remark(code: str) -> str:
    if code == "linked":
        return _(
            "The workbook uses values from other workbooks. They were not opened; "
            "the values last saved here are used."
        )
    raise Unreadable("nonsense")


# Output of the child → tables and rows


def _table(number: int, data: dict[str, Any]) -> Table:
    return Table(
        number=number,
        name=str(data["name"]),
        head=tuple(_row(*row) for row in data["head"]),
        rows=int(data["rows"]),
        hidden=bool(data["hidden"]),
        merges=tuple(Merge(*map(int, corners)) for corners in data["merges"]),
        hidden_columns=tuple(map(int, data["hidden_columns"])),
    )


def _rows(path: str, table: Table) -> Iterator[RawRow]:
    with closing(_output(path, "rows", str(table.number))) as lines:
        for line in lines:
            batch = _parsed(line)
            if isinstance(batch, dict):
                if batch == {"end": True}:
                    return
                raise Unreadable("nonsense")
            try:
                rows = [_row(*row) for row in batch]
            except (TypeError, ValueError, IndexError) as error:
                raise Unreadable("nonsense") from error
            yield from rows
    raise Unreadable("nonsense")


def _row(line: int, hidden: bool, cells: list[Any], special: list[int]) -> RawRow:
    """`special`: the indexes of cells that JSON cannot hold, each as [kind, text]."""
    for index in special:
        cells[index] = _special_cell(*cells[index])
    return RawRow(line, tuple(cells), hidden)


def _special_cell(kind: str, text: str) -> Cell:
    match kind:
        case "d":
            return date.fromisoformat(text)
        case "m":
            return datetime.fromisoformat(text)
        case "f":
            return NoValue("formula", text)
        case "e":
            return NoValue("error", text)
    raise ValueError(kind)


def _parsed(line: bytes | None) -> Any:
    """Decode one line of output. Raises Unreadable if it reports a fault or is not JSON."""
    try:
        data = json.loads(line or b"")
    except (ValueError, RecursionError) as error:
        raise Unreadable("nonsense") from error
    if isinstance(data, dict) and "fault" in data:
        raise Unreadable(str(data["fault"]), data.get("params"))
    return data


# The child process


def _output(path: str, task: str, *arguments: str) -> Generator[bytes]:
    """Yield the lines that the child writes. Closing the iterator kills it."""
    limits = (str(MEMORY), str(CPU_SECONDS[task]))
    command = [sys.executable, "-I", "-S", "-X", "utf8", _CHILD, task, *limits, *arguments]
    try:
        with open(path, "rb") as file:
            yield from answer_of(command, file, patience=OUTPUT_TIMEOUT, longest=LONGEST_LINE)
    except OSError as error:
        raise Unreadable("no_file") from error
    except ChildFailed as error:
        raise Unreadable(error.code) from error
