"""Reads text tables: detects the encoding and the separator, then yields rows."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from directives.tables.parsing.grid import Row
from directives.tables.parsing.limits import CELL, COLUMNS, LINE, ROW, ROWS, SEARCHED, Fault

# Common characters of such tables in both scripts: the decoding that gives more of them is right.
_EVERYDAY = frozenset(
    "的中国國全市省县縣区區会會委员員工人大年月日名称稱编編号號码碼级級"
    "类類上下单單位联聯总總青妇婦科协協部组組织織"
)
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATORS = "\t;,|"  # those rarer in running text first
_SAMPLE = 100  # lines from which the separator is guessed


@dataclass(frozen=True, slots=True)
class Text:
    """How a text table is written."""

    encoding: str
    separator: str
    lines: int
    skipped: int = 0  # lines before the table, such as "sep=;" for Excel


def text_of(file: BinaryIO) -> Text:
    """Detect how a text is written. Raises Fault if it is not text in one encoding."""
    start = file.read(4)
    file.seek(0)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if marked == "utf-32":
        raise Fault("encoding", line=1, byte=1)
    encoding, lines = (marked, _count(file)) if marked == "utf-16" else _looked_at(file)
    encoding = marked or encoding
    file.seek(0)
    sample = []
    for number, line in enumerate(_lines_of(file, encoding)):
        if number == _SAMPLE:
            break
        sample.append(line)
    if not any(line.strip().strip('\ufeff,;\t|"') for line in sample) and lines <= _SAMPLE:
        raise Fault("nothing")
    first = sample[0].strip().lower() if sample else ""
    if first.startswith("sep=") and len(first) == 5:
        return Text(encoding, first[4], lines, skipped=1)
    return Text(encoding, separator_of("".join(sample)), lines)


def _count(file: BinaryIO) -> int:
    count = 1
    while block := file.read(SEARCHED):
        count += block.count(b"\n")
    return count


def _byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines. No byte of a character in UTF-8 or GB18030 looks like a line break."""
    rest = b""
    while block := file.read(SEARCHED):
        lines = (rest + block).splitlines(keepends=True)
        rest = lines.pop()
        yield from lines
        if len(rest) > LINE:
            raise Fault("long_line", limit=LINE // 2**20)
    if rest:
        yield rest


@dataclass(slots=True)
class _Seen:
    """The first lines that decide about an encoding: (number, byte) from 1; 0 for none."""

    han: int = 0  # Chinese in UTF-8
    not_utf8: tuple[int, int] = (0, 0)
    not_gb: tuple[int, int] = (0, 0)
    cut: bool = False


def _looked_at(file: BinaryIO) -> tuple[str, int]:
    """The encoding and the number of lines of a text without a byte order mark."""
    seen, number, sample = _Seen(), 0, b""
    for number, line in enumerate(_byte_lines(file), 1):
        if b"\0" in line:
            raise Fault("nul", line=number)
        if line.isascii():
            continue
        if len(sample) < SEARCHED // 8:
            sample += line
        _hear(seen, line, number)
    if not seen.not_utf8[0]:
        return "utf-8", number
    if seen.han:
        if seen.cut and seen.not_utf8[0] == number:
            raise Fault("cut", line=number)
        raise Fault("mixed", line=seen.not_utf8[0], byte=seen.not_utf8[1], other=seen.han)
    if seen.not_gb[0]:
        raise Fault("encoding", line=seen.not_gb[0], byte=seen.not_gb[1])
    return _chinese(sample), number


def _hear(seen: _Seen, line: bytes, number: int) -> None:
    try:
        text = line.decode("utf-8")
        if not seen.han and any(
            "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in text
        ):
            seen.han = number
    except UnicodeDecodeError as fault:
        if not seen.not_utf8[0]:
            seen.not_utf8 = (number, fault.start + 1)
            seen.cut = fault.end == len(line) and "unexpected end" in fault.reason
    if not seen.not_gb[0]:
        try:
            line.decode("gb18030")
        except UnicodeDecodeError as fault:
            seen.not_gb = (number, fault.start + 1)


def _chinese(sample: bytes) -> str:
    """Decide between GB18030 and Big5: both decode nearly all bytes, one to common characters."""
    counts = {
        name: sum(char in _EVERYDAY for char in sample.decode(name, "replace"))
        for name in ("gb18030", "big5hkscs")
    }
    return max(counts, key=lambda name: counts[name])


def separator_of(sample: str) -> str:
    """The character that splits most lines into the same number of cells, outside quotes."""
    best, separator = (0, 0), ","
    for candidate in _SEPARATORS:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=candidate)
        counts = Counter(len(row) - 1 for row in rows if len(row) > 1)
        if counts:
            count, lines = max(counts.items(), key=lambda item: (item[1], item[0]))
            if (lines, count) > best:
                best, separator = (lines, count), candidate
    return separator


def _lines_of(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield lines with their line breaks, as `csv` needs them."""
    reader = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
        while line := reader.readline(LINE):
            number += 1
            if "\0" in line:
                raise Fault("nul", line=number)
            if len(line) >= LINE:
                raise Fault("long_line", limit=LINE // 2**20)
            yield line
    except UnicodeDecodeError as fault:
        raise Fault("encoding", line=number + 1, byte=fault.start + 1) from fault
    finally:
        reader.detach()


def rows_of(file: BinaryIO, text: Text) -> Iterator[Row]:
    """Yield the rows that are not empty, numbered as a spreadsheet would."""
    file.seek(0)
    lines = _lines_of(file, text.encoding)
    for _skipped in range(text.skipped):
        next(lines)
    csv.field_size_limit(CELL)
    reader = csv.reader(lines, delimiter=text.separator, strict=True)
    number, begun = text.skipped, text.skipped + 1
    while True:
        begun = reader.line_num + 1 + text.skipped
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise Fault("quotes", line=begun, limit=CELL) from fault
        number += 1
        if number > ROWS:
            raise Fault("many_rows", limit=ROWS, sheet="")
        if cells := _cells(row, number):
            yield number, False, cells, []


def _cells(row: list[str], number: int) -> list[str | None]:
    while row and not row[-1]:
        row.pop()
    if len(row) > COLUMNS:
        raise Fault("wide_line", row=number, limit=COLUMNS)
    if sum(map(len, row)) > ROW:
        raise Fault("long_row", line=number, limit=ROW, sheet="")
    return [cell or None for cell in row]
