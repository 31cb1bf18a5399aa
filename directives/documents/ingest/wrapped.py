"""Joins the lines of a text that was saved with a line break at the margin, inside sentences.

Such a text has one longest width that most of its lines reach, and none goes beyond.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from directives.documents.ingest.labels import ARTICLE, label_of
from directives.documents.ingest.words import Line, Words

_NARROWEST, _WIDEST = 16, 60  # widths of a page in characters
_FEWEST = 5  # full lines without a stop that show that a text is wrapped
_BESIDE = 6  # lines of a page around the text that may be longer
_SLACK = 2  # characters by which a full line is shorter, where a mark may not begin the next one
_ALONE = ("han", "bracketed han", "figure", "bracketed figure", ARTICLE)
_COUNTED = ("bracketed han", "figure", "bracketed figure")
_BEFORE_ITEM = re.compile("[：；](?=（[一二三四五六七八九十]{1,3}）)")
_BEHIND_STOP = re.compile("[。；](?=[（(0-9])")
# (2031年3月5日青河县人大常委会通过, with the rest of it on the lines below
_OPEN_NOTE = re.compile(r"[（(]\d{4}年[^（）()。]{8,160}(?:通过|批准|公布|发布|修正|修订)[，；]?$")
_STOP = re.compile("[。；：:！？]$")
_MARK = re.compile("[，、。；：！？）》”]")


def unwrapped(lines: Sequence[Line], text: str) -> list[Line]:
    """The lines, joined where a break at the margin cut a sentence; `text` is the whole source."""
    rows = text.split("\n")
    width = _width_of(lines, rows)
    return list(_joined(lines, rows, width)) if width else list(lines)


def whole_notes(lines: Sequence[Line]) -> list[Line]:
    """The lines; a note that says over several lines who passed a law when is one."""
    whole: list[Line] = []
    for line in lines:
        above = whole[-1] if whole else None
        if above is not None and _OPEN_NOTE.match(above.hans) and not line.markup.cell:
            whole[-1] = Line(above.number, _together(above.words, line.words), above.markup)
        else:
            whole.append(line)
    return whole


def with_numbers(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines; a number on a line of its own joined with the words under it."""
    waiting: Line | None = None
    for line in lines:
        if waiting is not None:
            if line.markup.cell or label_of(line.words):
                yield waiting
            else:
                markup = replace(waiting.markup, end=line.markup.end)
                line = Line(waiting.number, _together(waiting.words, line.words), markup)
            waiting = None
        label = None if line.markup.cell else label_of(line.words)
        if label is not None and label.length == len(line.text) and label.kind in _ALONE:
            waiting = line
        else:
            yield line
    if waiting is not None:
        yield waiting


def at_numbers(line: Line) -> Iterator[Line]:
    """A line cut before the numbers that count on in it: 1、…。2、…。3、…"""
    label = label_of(line.words)
    if label is not None and label.kind == ARTICLE:
        yield from _at_items(line)
        return
    if label is None or label.kind not in _COUNTED or label.count != 1:
        yield line
        return
    start, count = 0, 1
    for match in _BEHIND_STOP.finditer(line.hans):
        following = label_of(line.words.cut(match.end()))
        if following and following.kind == label.kind and following.count == count + 1:
            count += 1
            yield Line(line.number, line.words.cut(start, match.end()), line.markup)
            start = match.end()
    yield Line(line.number, line.words.cut(start), line.markup)


def _at_items(line: Line) -> Iterator[Line]:
    """An article cut before the items that it lists on its own line: …之一：（一）…；（二）…"""
    cuts: list[int] = []
    for match in _BEFORE_ITEM.finditer(line.hans):
        label = label_of(line.words.cut(match.end()))
        if label is not None and label.count == len(cuts) + 1:
            cuts.append(match.end())
    cuts = cuts if len(cuts) > 1 else []
    for start, end in zip([0, *cuts], [*cuts, None], strict=True):
        yield Line(line.number, line.words.cut(start, end), line.markup)


def _width_of(lines: Sequence[Line], rows: Sequence[str]) -> int:
    """The width at which the text is wrapped, 0 where it is not."""
    if any(line.markup.cell for line in lines) or len(lines) < _FEWEST:
        return 0
    widths = [(_width(rows[line.number - 1]), line) for line in lines]
    longest = sorted((width for width, _ in widths), reverse=True)[: _BESIDE + 1]
    return next((width for width in dict.fromkeys(longest) if _is_wrapped(widths, width)), 0)


def _is_wrapped(widths: Sequence[tuple[int, Line]], longest: int) -> bool:
    """Whether a width is that of most lines, those that are longer not counted."""
    if not _NARROWEST <= longest <= _WIDEST:
        return False
    within = [(width, line) for width, line in widths if width <= longest]
    full = [line for width, line in within if width >= longest - _SLACK]
    cut = [line for line in full if not _STOP.search(line.hans)]
    ends = Counter(bool(_STOP.search(line.hans)) for _, line in within)
    return len(cut) >= _FEWEST and len(cut) * 2 >= len(full) and len(cut) * 3 >= ends[False]


def _width(row: str) -> int:
    """The width of a row in characters; two of ASCII are as wide as one of Chinese."""
    narrow = sum(mark < "\u0100" for mark in row.rstrip())
    return len(row.rstrip()) - narrow // 2


def _joined(lines: Sequence[Line], rows: Sequence[str], width: int) -> Iterator[Line]:
    indented = any(_is_indented(rows[line.number - 1]) for line in lines)
    waiting: Line | None = None
    last = ""  # the row with which the waiting line ends
    for line in lines:
        row = rows[line.number - 1]
        if waiting is not None and _goes_on(last, line, row, width, indented=indented):
            words = _together(waiting.words, line.words)
            markup = replace(waiting.markup, end=line.markup.end)
            waiting = Line(waiting.number, words, markup)
        else:
            if waiting is not None:
                yield waiting
            waiting = line
        last = row
    if waiting is not None:
        yield waiting


def _goes_on(last: str, line: Line, row: str, width: int, *, indented: bool) -> bool:
    """Whether a line goes on with the sentence of the row before it."""
    if _MARK.match(line.hans):
        return True
    if not width - _SLACK <= _width(last) <= width or _is_indented(row):
        return False
    label = label_of(line.words)
    if label is not None and label.kind != "bare figure":
        return False
    return indented or not _STOP.search(last.rstrip())


def _is_indented(row: str) -> bool:
    return row.startswith(("  ", "\u3000"))


def _together(first: Words, second: Words) -> Words:
    return Words(
        first.text + second.text,
        first.hans + second.hans,
        [*first.starts, *second.starts],
        [*first.ends, *second.ends],
    )
