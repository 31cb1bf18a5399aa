"""The repaired lines of a source, each character with its place in the text before repair."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from directives.base.script import to_hans
from directives.documents.ingest.repair import Repair
from directives.documents.ingest.sources import Source, SourceLine

_SPACES = str.maketrans({"\u3000": " ", "\xa0": " ", "\t": " "})
_WIDTHLESS = "\ufeff\u200b\u200c\u200d\u2060"


@dataclass(frozen=True, slots=True)
class Words:
    """Repaired words, the same in Simplified script, and where they stand in the source.

    Character n is made of `source[starts[n]:ends[n]]`; all four have one length.
    """

    text: str
    hans: str
    starts: Sequence[int]
    ends: Sequence[int]

    def cut(self, start: int, end: int | None = None) -> "Words":
        """The words between two places, without white space around them."""
        stop = len(self.text) if end is None else end
        piece = self.text[start:stop]
        start += len(piece) - len(piece.lstrip())
        stop = max(start, stop - (len(piece) - len(piece.rstrip())))
        return Words(
            self.text[start:stop],
            self.hans[start:stop],
            self.starts[start:stop],
            self.ends[start:stop],
        )

    def split(self, mark: str) -> Iterator["Words"]:
        """The pieces between the places where a pattern matches, those without words left out."""
        start = 0
        for match in re.finditer(mark, self.hans):
            yield from (piece for piece in [self.cut(start, match.start())] if piece.text)
            start = match.end()
        yield from (piece for piece in [self.cut(start)] if piece.text)

    @property
    def source(self) -> tuple[int, int]:
        return (self.starts[0], self.ends[-1]) if self.text else (0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its words; `number` counts from 1."""

    number: int
    words: Words
    markup: SourceLine

    @property
    def text(self) -> str:
        return self.words.text

    @property
    def hans(self) -> str:
        return self.words.hans


def lines_of(source: Source, repairs: Sequence[Repair]) -> Iterator[Line]:
    """The lines of a source that have words, repaired."""
    by_line: dict[int, list[Repair]] = {}
    for repair in repairs:
        by_line.setdefault(repair.line, []).append(repair)
    raw_lines = source.text.split("\n")
    line_starts = [0]
    for raw in raw_lines:
        line_starts.append(line_starts[-1] + len(raw) + 1)
    for number, blocks in groupby(source.lines, lambda block: block.number):
        raw, base = raw_lines[number - 1], line_starts[number - 1]
        words = _without_widthless(_repaired(raw, base, by_line.get(number, ())))
        for block in blocks:
            first = bisect_left(words.starts, block.start)
            piece = words.cut(first, bisect_left(words.starts, block.end))
            if piece.text:
                yield Line(number, piece, block)


def aligned(text: str) -> str:
    """The text in Simplified script with each character in its place."""
    hans = to_hans(text)
    if len(hans) == len(text):
        return hans
    return "".join(to_hans(character)[:1] or character for character in text)


def _repaired(raw: str, base: int, repairs: Sequence[Repair]) -> Words:
    """One line of the source, which begins at `base`, with its repairs."""
    if not repairs:
        text = raw.translate(_SPACES)
        last = base + len(raw)
        return Words(text, aligned(text), range(base, last), range(base + 1, last + 1))
    text, at = "", 0
    starts: list[int] = []
    ends: list[int] = []
    for repair in repairs:
        text += raw[at : repair.start]
        starts += range(base + at, base + repair.start)
        ends += range(base + at + 1, base + repair.start + 1)
        at = repair.start + len(repair.before)
        text += repair.after
        starts += [base + repair.start] * len(repair.after)
        ends += [base + at] * len(repair.after)
        if not repair.after and ends:
            ends[-1] = base + at  # what is taken away belongs to the character before it
    text = (text + raw[at:]).translate(_SPACES)
    starts += range(base + at, base + len(raw))
    ends += range(base + at + 1, base + len(raw) + 1)
    return Words(text, aligned(text), starts, ends)


def _without_widthless(words: Words) -> Words:
    if not any(mark in words.text for mark in _WIDTHLESS):
        return words
    kept = [at for at, mark in enumerate(words.text) if mark not in _WIDTHLESS]
    return Words(
        "".join(words.text[at] for at in kept),
        "".join(words.hans[at] for at in kept),
        [words.starts[at] for at in kept],
        [words.ends[at] for at in kept],
    )
