"""Cuts a text that was saved without line breaks: before the labels that begin its parts, between
title, number and recipients at its front, and before signature and day at its end.

Only labels that count on are cut at: 一、 where none came before, 二、 after 一、, and so on; a
number inside a sentence does not.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from directives.documents.ingest.sources.blocks import BLANK, SourceLine

LONG = 150  # characters of a line that is looked into
_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0}
_HAN = "[一二三四五六七八九十百零〇]{1,5}"
# By rank: a label begins those below it anew.
_LABELS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"第({_HAN}|\d{{1,3}})[编編章]",
        rf"第({_HAN}|\d{{1,3}})[节節]",
        rf"第({_HAN}|\d{{1,3}})[条條]",
        rf"({_HAN})、",
        rf"[（(]({_HAN})[）)]",
        r"(\d{1,2})[.．、](?:(?=20\d{2}年)|(?!\d))",
        r"[（(](\d{1,2})[）)]",
    )
)
_ARTICLE = 2  # articles are counted through all chapters
_ANY = re.compile("|".join(f"(?:{label.pattern})" for label in _LABELS))
# What may not stand before a label, and what must before an article or the second chapter.
_NOT_BEFORE = re.compile("[、，“‘《（(〔\\[和与與及或至到按照第据據依]$")
_STOPS = re.compile(r"[。；;：:！？!?”’）)\s\u3000]$")
_HEADING = 20  # characters of the title of a chapter, behind which its first article stands

_PAPER = (
    "(?:通知|意见|意見|决定|決定|方案|办法|辦法|规定|規定|批复|批復|函|通报|通報|公告|报告|報告)"
)
_FRONT = re.compile(
    rf"\s*(?P<title>[^。；]{{0,60}}?(?:关于|關於)[^。；]{{2,120}}?的{_PAPER}(?:（[^（）]{{1,10}}）)?)"
    r"\s*(?P<number>[\u4e00-\u9fff]{1,12}[〔\[（(]\d{4}[〕\]）)]\d{1,5}[号號])?"
    r"\s*(?P<recipients>[^。；：]{2,200}：)?"
)
# Who signs and the day: behind a full stop, and before the end, a note, or what is issued.
_END = re.compile(
    r"(?<=[。；）])\s*(?P<signed>[^\s，。；：（）]{4,40}?)\s*"
    r"(?P<day>\d{4}年\d{1,2}月\d{1,2}日)\s*(?P<public>（此件[^（）]{2,20}）)?"
    r"(?=\s*(?:\Z|（|附件|[^，。；：]{0,60}?(?:第一[章条條]|一、)))"
)


def cut(text: str, lines: tuple[SourceLine, ...]) -> tuple[SourceLine, ...]:
    """The lines with the long ones cut, if the text has no labels at the starts of its lines."""
    starts = sum(_ANY.match(text, line.start) is not None for line in lines)
    if starts > 1 or not any(line.end - line.start > LONG for line in lines):
        return lines
    return tuple(part for line in lines for part in _parts(text, line))


def _parts(text: str, line: SourceLine) -> Iterator[SourceLine]:
    labels = list(_cuts(text, line.start, line.end))
    if not labels:
        yield line
        return
    cuts = {line.start, *labels, line.end}
    front = _FRONT.match(text, line.start, labels[0])
    if front:
        cuts |= {front.end(group) for group in ("title", "number", "recipients") if front[group]}
    for end in _END.finditer(text, line.start, line.end):
        cuts |= {end.start("signed"), end.end("signed"), end.end("day"), end.end()}
    places = sorted(cuts)
    for start, stop in zip(places, places[1:], strict=False):
        words = text[start:stop].strip(BLANK)
        if words:
            first = text.index(words, start)
            yield replace(line, start=first, end=first + len(words))


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Where labels begin that count on."""
    found = [(match.start(), *_read(match)) for match in _ANY.finditer(text, start, end)]
    # A first label counts nothing if no second one follows.
    last_second = {rank: at for at, rank, number in found if number == 2}
    counts = [0] * len(_LABELS)
    chapter = -_HEADING  # where the last one begins
    for at, rank, number in found:
        if number != counts[rank] + 1 or not _may_begin(text, start, at, rank, number, chapter):
            continue
        if number == 1 and last_second.get(rank, start) <= at:
            continue
        counts[rank] = number
        for below in range(rank + 1, len(_LABELS)):
            if below != _ARTICLE:
                counts[below] = 0
        chapter = at if rank < _ARTICLE else chapter
        if at > start:
            yield at


def _may_begin(text: str, start: int, at: int, rank: int, number: int, chapter: int) -> bool:
    """Whether a label at `at` may begin a part, by what stands before it."""
    before = text[max(start, at - 1) : at]
    if _NOT_BEFORE.search(before):
        return False
    if rank > _ARTICLE or not before or _STOPS.search(before):
        return True
    return at - chapter <= _HEADING or number == 1


def _read(match: re.Match[str]) -> tuple[int, int]:
    rank, numeral = next((at, group) for at, group in enumerate(match.groups()) if group)
    return rank, _number(numeral)


def _number(numeral: str) -> int:
    """十二 → 12, 一百零三 → 103; 0 for what is no number."""
    if numeral.isdecimal():
        return int(numeral)
    total, digit = 0, 0
    for sign in numeral:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS.get(sign, 0)
    return total + digit
