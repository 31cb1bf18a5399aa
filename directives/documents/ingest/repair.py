"""Repairs of a page as saved: readings in brackets, shifted runs, half-width marks.

Replacing `before` at `start` of line `line` by `after`, for every repair, gives the repaired text.
Certain repairs follow from the page itself. The others are proposals: the text contains them, and a
person confirms or refuses them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from directives.documents.ingest.language import Neighbourhood
from directives.documents.ingest.shifted_runs import (
    FULL_WIDTH,
    HALF_LOST,
    READING,
    SHIFTED_RUN,
    shifted,
)
from directives.documents.ingest.sources import gettext_noop

ANNOTATION, PUNCTUATION, UNREADABLE = "annotation", "punctuation", "unreadable"
KINDS = (ANNOTATION, PUNCTUATION, SHIFTED_RUN, HALF_LOST, UNREADABLE)

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007"
_WIDE = rf"{_HAN}\u3001-\u3011\uff01-\uff5e“”‘’…—·"
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_ANNOTATION = re.compile(rf"(?<=[{_HAN}])[(（]\s*(?=[^()（）]*[{_TONED}]){READING}\s*[)）]")
_MARK = re.compile(rf"(?<=[{_WIDE}])[,;:!]|[,;:!](?=[{_HAN}“‘《（])")
_INTERROGATIVE = re.compile(
    "多少|哪[里裡些个個]|[什甚]么|[什甚]麼|怎[么麼样樣]|[吗嗎呢]$|何[时時处處种種]|[谁誰]|是否"
    "|能否|有没有|有沒有|如何"
)
_QUESTION = re.compile(rf"(?<=[{_WIDE}])\?")
_STOP = re.compile(rf"(?<=[{_HAN}])\.(?=[”’）]?\s*$)")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_GAP = re.compile("\ufffd+")  # broken bytes, or characters lost by whoever saved the file
_ORPHAN_READING = re.compile(rf"\?(?=[^()?]{{0,8}}[{_TONED}]?){READING}\)")


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of the text as read. `line` counts from 1, `start` (in characters) from 0."""

    kind: str
    line: int
    start: int
    before: str
    after: str
    certain: bool
    confirmed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's decision on a proposed repair."""

    line: int
    start: int
    proposed: str
    after: str
    confirmed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """A text with its repairs; `unused` confirmations match no proposal."""

    text: str
    repairs: tuple[Repair, ...]
    unused: tuple[Confirmation, ...]


def repaired(text: str, confirmations: Sequence[Confirmation] = ()) -> Repaired:
    """The text with every repair made, line by line."""
    near = Neighbourhood.of(_plain(text)) if "?" in text else None
    waiting = list(confirmations)
    lines: list[str] = []
    repairs: list[Repair] = []
    for number, line in enumerate(text.split("\n"), 1):
        in_line = [_confirmed(row, waiting) for row in _repairs_of(line, number, near)]
        repairs.extend(in_line)
        lines.append(applied(line, in_line))
    return Repaired("\n".join(lines), tuple(repairs), tuple(waiting))


class Replacement(Protocol):
    """What `applied` needs of a repair."""

    @property
    def start(self) -> int: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...


def applied(line: str, repairs: Iterable[Replacement]) -> str:
    """One line with its repairs made; they are in order and do not overlap."""
    parts, at = [], 0
    for repair in repairs:
        parts += [line[at : repair.start], repair.after]
        at = repair.start + len(repair.before)
    return "".join([*parts, line[at:]])


def _plain(text: str) -> str:
    """A first, rough repair, enough to learn which characters are neighbours in this text."""
    return _ANNOTATION.sub("", text).replace(",", "，").replace(";", "；")


def _confirmed(row: Repair, waiting: list[Confirmation]) -> Repair:
    if row.certain:
        return row
    for answer in waiting:
        if (answer.line, answer.start, answer.proposed) == (row.line, row.start, row.after):
            waiting.remove(answer)
            return replace(
                row, after=answer.after, confirmed_by=answer.confirmed_by, why=answer.why
            )
    return row


def _repairs_of(line: str, number: int, near: Neighbourhood | None) -> list[Repair]:
    rows = _runs(line, number, near) if near is not None else []
    taken = [(row.start, row.start + len(row.before)) for row in rows]
    for match in _ANNOTATION.finditer(line):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            why = gettext_noop("The reading of the character before it, in brackets.")
            rows.append(Repair(ANNOTATION, number, match.start(), match[0], "", True, "", why))
    rows += (row for row in _gaps(line, number) if not any(a <= row.start < b for a, b in taken))
    rows.sort(key=lambda row: row.start)  # stable: half-lost neighbours keep their order
    rows.extend(_half_width_marks(line, number, rows))
    rows.sort(key=lambda row: row.start)
    return rows


def _gaps(line: str, number: int) -> Iterator[Repair]:
    why = gettext_noop(
        "The file has a broken byte here, which is no character of its encoding. Check the printed "
        "document."
    )
    for match in _GAP.finditer(line):
        yield Repair(UNREADABLE, number, match.start(), match[0], match[0], False, "", why)


def _runs(line: str, number: int, near: Neighbourhood) -> list[Repair]:
    """Shifted runs, and readings in brackets whose character is lost."""
    rows = []
    for piece in shifted(line, near):
        before = line[piece.start : piece.end]
        rows.append(
            Repair(
                piece.kind, number, piece.start, before, piece.after, piece.certain, "", piece.why
            )
        )
    for match in _ORPHAN_READING.finditer(line):
        if not any(
            row.start <= match.start() < row.start + max(1, len(row.before)) for row in rows
        ):
            why = gettext_noop(
                "A byte was lost here, and the page does not show which. Check the printed "
                "document."
            )
            rows.append(
                Repair(UNREADABLE, number, match.start(), match[0], match[0], False, "", why)
            )
    return rows


def _half_width_marks(line: str, number: int, rows: Sequence[Repair]) -> list[Repair]:
    """Half-width marks beside Chinese in the line as it reads after the repairs `rows`."""
    # The place on the page of each character in `text`; -1 if it is from a repair.
    starts: list[int] = []
    text, at = "", 0
    for row in rows:
        text += line[at : row.start] + row.after
        starts += [*range(at, row.start), *[-1] * len(row.after)]
        at = row.start + len(row.before)
    text += line[at:]
    starts += range(at, len(line))
    repairs = []
    for place, after, certain in sorted(_wider(text)):
        start = starts[place]
        if start >= 0:
            why = (
                gettext_noop("A half-width mark between Chinese characters.")
                if certain
                else gettext_noop("A question mark, or a lost byte.")
            )
            repairs.append(Repair(PUNCTUATION, number, start, text[place], after, certain, "", why))
    return repairs


def _wider(text: str) -> set[tuple[int, str, bool]]:
    """(place, full-width mark, certain) for each half-width mark beside Chinese."""
    marks = {(match.start(), FULL_WIDTH[match[0]], True) for match in _MARK.finditer(text)}
    marks |= {(match.start(), "。", True) for match in _STOP.finditer(text)}
    for match in _QUESTION.finditer(text):
        # Inside a line a lost byte looks the same as a question mark.
        asks = _INTERROGATIVE.search(re.split("[。；？！]", text[: match.start()])[-1]) is not None
        certain = asks or re.match(r"[”’）」]?\s*$|[”’」]", text[match.end() :]) is not None
        marks.add((match.start(), "？", certain))
    wide = re.compile(f"[{_HAN}]")
    for match in _BRACKETS.finditer(text):
        beside = (
            text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
        )
        if wide.search(match[1]) or wide.search(beside):
            marks |= {(match.start(), "（", True), (match.end() - 1, "）", True)}
    return marks
