"""Cuts a text that was saved without line breaks before the labels that begin its parts.

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
        r"(\d{1,2})[.．、](?!\d)",
        r"[（(](\d{1,2})[）)]",
    )
)
_ARTICLE = 2  # articles are counted through all chapters
_ANY = re.compile("|".join(f"(?:{label.pattern})" for label in _LABELS))
# What may stand before a label: the end of a sentence, of a heading or of a title.
_NOT_BEFORE = re.compile("[、，“‘《（(〔\\[和与與及或至到按照第据據依]$")


def cut(text: str, lines: tuple[SourceLine, ...]) -> tuple[SourceLine, ...]:
    """The lines with the long ones cut, if the text has no labels at the starts of its lines."""
    starts = sum(_ANY.match(text, line.start) is not None for line in lines)
    if starts > 1 or not any(line.end - line.start > LONG for line in lines):
        return lines
    return tuple(part for line in lines for part in _parts(text, line))


def _parts(text: str, line: SourceLine) -> Iterator[SourceLine]:
    places = [line.start, *_cuts(text, line.start, line.end), line.end]
    for start, end in zip(places, places[1:], strict=False):
        words = text[start:end].strip(BLANK)
        if words:
            first = text.index(words, start)
            yield replace(line, start=first, end=first + len(words))


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Where labels begin that count on."""
    counts = [0] * len(_LABELS)
    for match in _ANY.finditer(text, start, end):
        rank, number = _read(match)
        before = text[max(start, match.start() - 1) : match.start()]
        if number != counts[rank] + 1 or (before and _NOT_BEFORE.search(before)):
            continue
        if number == 1 and not _has_next(text, match, rank, end):
            continue
        counts[rank] = number
        for below in range(rank + 1, len(_LABELS)):
            if below != _ARTICLE:
                counts[below] = 0
        if match.start() > start:
            yield match.start()


def _has_next(text: str, match: re.Match[str], rank: int, end: int) -> bool:
    """Whether a second label of the rank follows: one alone counts nothing."""
    return any(_number(other[1]) == 2 for other in _LABELS[rank].finditer(text, match.end(), end))


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
