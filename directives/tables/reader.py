"""Files that people bring in, opened and read in a process of their own, which may not write, start anything or grow.

Whatever that process does (break off, hang, take too much, talk nonsense), the caller gets rows or `Unreadable`, in words.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from directives.base.refusals import Refusal
from directives.tables.layout import Cell, Merge, NoValue, OpenFile, RawRow, Table
from directives.tables.parsing.limits import FILE, HEAD
from directives.tables.unreadable import words_of

MEMORY = 512 * 2**20  # bytes of address space of the process that reads
SECONDS = {"outline": 120, "rows": 900}  # of its computing: a million rows take about 60
PATIENCE = 60  # seconds that it may say nothing while the caller waits
LINE = 32 * 2**20  # bytes of one line that it says

__all__ = ["HEAD", "Unreadable", "read"]

_CHILD = str(Path(__file__).with_name("child.py"))


class Unreadable(Refusal):
    """The file cannot be read: what is wrong with it, what was expected, and what to do, in words. `code` tells which."""

    def __init__(self, code: str, params: dict[str, Any] | None = None) -> None:
        self.code = code
        super().__init__(words_of(code, params or {}))


def read(source: str | os.PathLike[str] | BinaryIO, name: str) -> OpenFile:
    """Open a table file: a path, or a binary file whose content is then copied. `name` is what people call it.

    Close what it returns. Raises Unreadable with the reason if it is no table that can be read.
    """
    held = None if isinstance(source, str | os.PathLike) else _copy(source)
    path = held.name if held else os.fspath(source)  # type: ignore[arg-type]
    try:
        with closing(_lines(path, "outline")) as lines:
            found = _outline(next(lines, None))
    except BaseException:
        if held:
            held.close()
        raise

    def rows(table: Table) -> Iterator[RawRow]:
        return _rows(path, table)

    remarks = tuple(_remark(code) for code in found["remarks"])
    parts = {"encoding": found.get("encoding", ""), "separator": found.get("separator", "")}
    return OpenFile(
        name,
        found["format"],
        found["tables"],
        remarks,
        rows,
        held.close if held else lambda: None,
        **parts,
    )


def _copy(source: BinaryIO) -> "tempfile._TemporaryFileWrapper[bytes]":
    """The file as one that another process can open, gone when closed."""
    held = tempfile.NamedTemporaryFile(prefix="intake-")  # noqa: SIM115 - Opened closes it
    try:
        source.seek(0)
        shutil.copyfileobj(source, held, 1 << 20)
        if held.tell() > FILE:
            raise Unreadable("too_large", {"size": held.tell(), "limit": FILE})
        held.flush()
    except BaseException:
        held.close()
        raise
    return held


def _remark(code: str) -> str:
    if code == "linked":
        return _(
            "The workbook uses values from other workbooks. They were not opened; the values last saved here are used."
        )
    raise Unreadable("nonsense")


# what the process said, made rows and tables again


def _outline(said: bytes | None) -> dict[str, Any]:
    """The first line: the file as a whole, its tables as dataclasses."""
    found = _parsed(said)
    try:
        found["tables"] = tuple(
            _table(number, given) for number, given in enumerate(found["tables"])
        )
        return {
            key: found[key]
            for key in ("format", "tables", "remarks", "encoding", "separator")
            if key in found
        }
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        raise Unreadable("nonsense") from fault


def _table(number: int, given: dict[str, Any]) -> Table:
    return Table(
        number=number,
        name=str(given["name"]),
        head=tuple(_row(*row) for row in given["head"]),
        rows=int(given["rows"]),
        hidden=bool(given["hidden"]),
        merges=tuple(Merge(*map(int, corners)) for corners in given["merges"]),
        hidden_columns=tuple(map(int, given["hidden_columns"])),
    )


def _rows(path: str, table: Table) -> Iterator[RawRow]:
    """The rows of one table, as long as the caller takes them."""
    with closing(_lines(path, "rows", str(table.number))) as lines:
        for line in lines:
            batch = _parsed(line)
            if isinstance(batch, dict):
                if batch == {"end": True}:
                    return
                raise Unreadable("nonsense")
            try:
                made = [_row(*row) for row in batch]
            except (TypeError, ValueError, IndexError) as fault:
                raise Unreadable("nonsense") from fault
            yield from made
    raise Unreadable("nonsense")


def _row(line: int, hidden: bool, cells: list[Any], special: list[int]) -> RawRow:
    for place in special:
        cells[place] = _special(*cells[place])
    return RawRow(line, tuple(cells), hidden)


def _special(kind: str, text: str) -> Cell:
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
    """One line made what it says. Raises Unreadable if it tells a fault, or is no such line."""
    try:
        said = json.loads(line or b"")
    except (ValueError, RecursionError) as fault:
        raise Unreadable("nonsense") from fault
    if isinstance(said, dict) and "fault" in said:
        raise Unreadable(str(said["fault"]), said.get("params"))
    return said


# the process


def _lines(path: str, *words: str) -> Iterator[bytes]:
    """What the limited process says, line by line. It ends with the iterator, at the latest."""
    command = [
        sys.executable,
        "-I",
        "-S",
        "-X",
        "utf8",
        _CHILD,
        words[0],
        str(MEMORY),
        str(SECONDS[words[0]]),
        *words[1:],
    ]
    try:
        with open(path, "rb") as file:
            process = subprocess.Popen(
                command,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
    except OSError as fault:
        raise Unreadable("no_file") from fault
    assert process.stdout is not None
    try:
        yield from _heard(process.stdout.fileno())
        code = process.wait(PATIENCE)
        if code:
            raise Unreadable("too_long" if code == -24 else "broke_off")
    except subprocess.TimeoutExpired as fault:
        raise Unreadable("too_long") from fault
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _heard(pipe: int) -> Iterator[bytes]:
    """Whole lines from the pipe; only the time that the caller waits for counts."""
    poll, rest = select.poll(), bytearray()
    poll.register(pipe, select.POLLIN)
    while True:
        until = monotonic() + PATIENCE
        while (end := rest.find(b"\n")) < 0:
            if not poll.poll(max(0, until - monotonic()) * 1000):
                raise Unreadable("too_long")
            block = os.read(pipe, 1 << 20)
            if not block:
                return
            rest += block
            if len(rest) > LINE:
                raise Unreadable("nonsense")
        yield bytes(rest[:end])
        del rest[: end + 1]
