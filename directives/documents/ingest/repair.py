"""What is wrong with a page as saved, and what it should read: readings in brackets, shifted runs, half-width marks.

Every repair is a row: replacing `before` at `start` of line `line` by `after`, for every row, gives the repaired text.
Certain repairs follow from the page itself. The others are proposals: the text shows them, and they wait for a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
_QUESTION = re.compile(rf"(?<=[{_WIDE}])\?")
_STOP = re.compile(rf"(?<=[{_HAN}])\.(?=[”’）]?\s*$)")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ORPHAN_READING = re.compile(rf"\?(?=[^()?]{{0,8}}[{_TONED}]?){READING}\)")


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of the text as read. `line` counts from 1, `start` (characters) from 0; `confirmed_by` names a person."""

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
    """A person's word on a proposed repair: what was proposed where, what it reads, who says so and why."""

    line: int
    start: int
    proposed: str
    after: str
    confirmed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """A text with its repairs. `unused` are confirmations of something that was never proposed."""

    text: str
    repairs: tuple[Repair, ...]
    unused: tuple[Confirmation, ...]


def repaired(text: str, confirmations: Sequence[Confirmation] = ()) -> Repaired:
    """The text with every repair made; lines stay lines. Undamaged text comes through as it is."""
    near = Neighbourhood.of(_plain(text)) if "?" in text else None
    waiting = list(confirmations)
    lines: list[str] = []
    repairs: list[Repair] = []
    for number, line in enumerate(text.split("\n"), 1):
        rows = [_confirmed(row, waiting) for row in _repairs_of(line, number, near)]
        repairs.extend(rows)
        lines.append(applied(line, rows))
    return Repaired("\n".join(lines), tuple(repairs), tuple(waiting))


def applied(line: str, rows: Sequence[Repair]) -> str:
    """One line with its repairs made; the rows are in order and do not overlap."""
    parts, at = [], 0
    for row in rows:
        parts += [line[at : row.start], row.after]
        at = row.start + len(row.before)
    return "".join([*parts, line[at:]])


def _plain(text: str) -> str:
    """A first, rough repair, enough to learn which characters are neighbours in this text."""
    return _ANNOTATION.sub("", text).replace(",", "，").replace(";", "；")


def _confirmed(row: Repair, waiting: list[Confirmation]) -> Repair:
    if row.certain:
        return row
    for word in waiting:
        if (word.line, word.start, word.proposed) == (row.line, row.start, row.after):
            waiting.remove(word)
            return replace(row, after=word.after, confirmed_by=word.confirmed_by, why=word.why)
    return row


def _repairs_of(line: str, number: int, near: Neighbourhood | None) -> list[Repair]:
    rows = _runs(line, number, near) if near is not None else []
    taken = [(row.start, row.start + len(row.before)) for row in rows]
    for match in _ANNOTATION.finditer(line):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            why = gettext_noop("The reading of the character before it, in brackets.")
            rows.append(Repair(ANNOTATION, number, match.start(), match[0], "", True, "", why))
    rows.sort(key=lambda row: row.start)  # stable: half-lost neighbours keep their order
    rows.extend(_marks(line, number, rows))
    rows.sort(key=lambda row: row.start)
    return rows


def _runs(line: str, number: int, near: Neighbourhood) -> list[Repair]:
    """Shifted runs, and what looks like one but cannot be read."""
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


def _marks(line: str, number: int, rows: Sequence[Repair]) -> list[Repair]:
    """Half-width marks beside Chinese, seen in the line as it reads without the damage of `rows`."""
    shown: list[
        tuple[str, int]
    ] = []  # each character left, and where it stands on the page; -1 for what a repair wrote
    at = 0
    for row in rows:
        shown += [(character, at + offset) for offset, character in enumerate(line[at : row.start])]
        shown += [(character, -1) for character in row.after]
        at = row.start + len(row.before)
    shown += [(character, at + offset) for offset, character in enumerate(line[at:])]
    text = "".join(character for character, _ in shown)
    made = []
    for place, after, certain in sorted(_wider(text)):
        start = shown[place][1]
        if start >= 0:
            why = (
                gettext_noop("A half-width mark between Chinese characters.")
                if certain
                else gettext_noop("A question mark, or a lost byte.")
            )
            made.append(Repair(PUNCTUATION, number, start, text[place], after, certain, "", why))
    return made


def _wider(text: str) -> set[tuple[int, str, bool]]:
    """(place, full-width mark, certain) for each half-width mark that stands beside Chinese."""
    found = {(match.start(), FULL_WIDTH[match[0]], True) for match in _MARK.finditer(text)}
    found |= {(match.start(), "。", True) for match in _STOP.finditer(text)}
    for match in _QUESTION.finditer(text):
        # Inside a line a lost byte looks the same as a question mark.
        certain = re.match(r"[”’）」]?\s*$|[”’」]", text[match.end() :]) is not None
        found.add((match.start(), "？", certain))
    wide = re.compile(f"[{_HAN}]")
    for match in _BRACKETS.finditer(text):
        beside = (
            text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
        )
        if wide.search(match[1]) or wide.search(beside):
            found |= {(match.start(), "（", True), (match.end() - 1, "）", True)}
    return found
