"""Reads text tables: detects the encoding and the separator, then yields rows."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from directives.tables.parsing.grid import Row
from directives.tables.parsing.limits import (
    BLOCK_SIZE,
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_LINE_SIZE,
    MAX_ROW_LENGTH,
    MAX_ROWS,
    Fault,
)

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
    """The encoding and layout of a text table."""

    encoding: str
    separator: str
    lines: int
    skipped: int = 0  # lines before the table, such as "sep=;" for Excel


def text_of(file: BinaryIO) -> Text:
    """Detect encoding and separator. Raises Fault if the file is not text in one encoding."""
    start = file.read(4)
    file.seek(0)
    encoding_by_mark = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if encoding_by_mark == "utf-32":
        raise Fault("encoding", line=1, byte=1)
    encoding, lines = (
        (encoding_by_mark, _count_lines(file))
        if encoding_by_mark == "utf-16"
        else _detect_encoding(file)
    )
    encoding = encoding_by_mark or encoding
    file.seek(0)
    sample = []
    for number, line in enumerate(_lines_of(file, encoding)):
        if number == _SAMPLE:
            break
        sample.append(line)
    if not any(line.strip().strip('\ufeff,;\t|"') for line in sample) and lines <= _SAMPLE:
        raise Fault("nothing")
    first_line = sample[0].strip().lower() if sample else ""
    if first_line.startswith("sep=") and len(first_line) == 5:
        return Text(encoding, first_line[4], lines, skipped=1)
    return Text(encoding, separator_of("".join(sample)), lines)


def _count_lines(file: BinaryIO) -> int:
    count = 1
    while block := file.read(BLOCK_SIZE):
        count += block.count(b"\n")
    return count


def _byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines. No byte of a character in UTF-8 or GB18030 looks like a line break."""
    remainder = b""
    while block := file.read(BLOCK_SIZE):
        lines = (remainder + block).splitlines(keepends=True)
        remainder = lines.pop()
        yield from lines
        if len(remainder) > MAX_LINE_SIZE:
            raise Fault("long_line", limit=MAX_LINE_SIZE // 2**20)
    if remainder:
        yield remainder


@dataclass(slots=True)
class _EncodingEvidence:
    """The first lines that decide about the encoding: (number, byte) from 1; 0 for none."""

    first_han: int = 0  # a line with Chinese in UTF-8
    first_not_utf8: tuple[int, int] = (0, 0)
    first_not_gb: tuple[int, int] = (0, 0)
    cut_short: bool = False  # the first line that is not UTF-8 ends within a character


def _detect_encoding(file: BinaryIO) -> tuple[str, int]:
    """The encoding and the number of lines of a text without a byte order mark."""
    evidence, number, sample = _EncodingEvidence(), 0, b""
    for number, line in enumerate(_byte_lines(file), 1):
        if b"\0" in line:
            raise Fault("nul", line=number)
        if line.isascii():
            continue
        if len(sample) < BLOCK_SIZE // 8:
            sample += line
        _note_line(evidence, line, number)
    if not evidence.first_not_utf8[0]:
        return "utf-8", number
    if evidence.first_han:
        if evidence.cut_short and evidence.first_not_utf8[0] == number:
            raise Fault("cut", line=number)
        raise Fault(
            "mixed",
            line=evidence.first_not_utf8[0],
            byte=evidence.first_not_utf8[1],
            other=evidence.first_han,
        )
    if evidence.first_not_gb[0]:
        raise Fault("encoding", line=evidence.first_not_gb[0], byte=evidence.first_not_gb[1])
    return _chinese_encoding(sample), number


def _note_line(evidence: _EncodingEvidence, line: bytes, number: int) -> None:
    try:
        text = line.decode("utf-8")
        if not evidence.first_han and any(
            "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in text
        ):
            evidence.first_han = number
    except UnicodeDecodeError as fault:
        if not evidence.first_not_utf8[0]:
            evidence.first_not_utf8 = (number, fault.start + 1)
            evidence.cut_short = fault.end == len(line) and "unexpected end" in fault.reason
    if not evidence.first_not_gb[0]:
        try:
            line.decode("gb18030")
        except UnicodeDecodeError as fault:
            evidence.first_not_gb = (number, fault.start + 1)


def _chinese_encoding(sample: bytes) -> str:
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
        while line := reader.readline(MAX_LINE_SIZE):
            number += 1
            if "\0" in line:
                raise Fault("nul", line=number)
            if len(line) >= MAX_LINE_SIZE:
                raise Fault("long_line", limit=MAX_LINE_SIZE // 2**20)
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
    csv.field_size_limit(MAX_CELL_LENGTH)
    reader = csv.reader(lines, delimiter=text.separator, strict=True)
    number, start_line = text.skipped, text.skipped + 1
    while True:
        start_line = reader.line_num + 1 + text.skipped
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise Fault("quotes", line=start_line, limit=MAX_CELL_LENGTH) from fault
        number += 1
        if number > MAX_ROWS:
            raise Fault("many_rows", limit=MAX_ROWS, sheet="")
        if cells := _cells(row, number):
            yield number, False, cells, []


def _cells(row: list[str], number: int) -> list[str | None]:
    while row and not row[-1]:
        row.pop()
    if len(row) > MAX_COLUMNS:
        raise Fault("wide_line", row=number, limit=MAX_COLUMNS)
    if sum(map(len, row)) > MAX_ROW_LENGTH:
        raise Fault("long_row", line=number, limit=MAX_ROW_LENGTH, sheet="")
    return [cell or None for cell in row]
