"""Where the words of a row stand in the text as read, and where they move when it is corrected."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from os.path import commonprefix

from directives.models import Repair
from directives.models.documents import REFUSED

_BLANK = re.compile(r"\s+")
Place = tuple[int, int]


def without_blanks(text: str) -> str:
    return _BLANK.sub("", text)


def moved(before: str, after: str, positions: Sequence[int]) -> list[int]:
    """Where these positions of a text are in its new wording."""
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [_moved(steps, position) for position in positions]


def _moved(steps: Iterable[tuple[str, int, int, int, int]], position: int) -> int:
    moved_to = 0
    for _step, start, end, new_start, new_end in steps:
        if position < end:
            return min(new_start + max(0, position - start), new_end)
        moved_to = new_end
    return moved_to


CONTEXTS = (4, 2, 1, 0)  # characters beside a changed place by which it is found again
Edit = tuple[str, str, str, str]  # what stands before, the old words, the new ones, what follows


def line_edits(before: str, after: str) -> list[Edit]:
    """The place that changed in each line of a text, with the line around it."""
    edits = []
    for old, new in zip(before.split("\n"), after.split("\n"), strict=False):
        if old != new:
            start = len(commonprefix((old, new)))
            end = len(commonprefix((old[start:][::-1], new[start:][::-1])))
            stop = len(old) - end
            edits.append((old[:start], old[start:stop], new[start : len(new) - end], old[stop:]))
    return edits


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with these places changed, where it has them once."""
    for before, old, new, after in edits:
        for size in CONTEXTS:
            left, right = before[max(0, len(before) - size) :] if size else "", after[:size]
            if text.count(f"{left}{old}{right}") == 1:
                text = text.replace(f"{left}{old}{right}", f"{left}{new}{right}")
                break
    return text


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text as repaired, without blanks, and the range of each character in the text as read."""

    text: str
    places: tuple[Place, ...]

    @classmethod
    def of(cls, read: str, repairs: Iterable[Repair]) -> "SourceText":
        by_line: dict[int, list[Repair]] = {}
        for repair in repairs:
            if repair.state != REFUSED:
                by_line.setdefault(repair.line, []).append(repair)
        characters: list[tuple[str, Place]] = []
        begin = 0
        for number, line in enumerate(read.split("\n"), 1):
            in_line = _characters(line, by_line.get(number, ()))
            characters += [(char, (begin + start, begin + end)) for char, (start, end) in in_line]
            begin += len(line) + 1
        return cls(
            "".join(char for char, _place in characters),
            tuple(place for _char, place in characters),
        )

    def within(self, start: int, end: int) -> "SourceText":
        """The part that stands in a range of the text as read."""
        inside = [at for at, place in enumerate(self.places) if start <= place[0] < end]
        if not inside:
            return SourceText("", ())
        first, last = inside[0], inside[-1] + 1
        return SourceText(self.text[first:last], self.places[first:last])

    def find(self, words: str, *, after: int = 0) -> Place | None:
        """The range of these words, the first one from `after` on; None if they are not there."""
        words = without_blanks(words)
        if not words:
            return None
        begin = next((at for at, place in enumerate(self.places) if place[0] >= after), 0)
        start = self.text.find(words, begin)
        start = start if start >= 0 else self.text.find(words)
        return self._range(start, start + len(words)) if start >= 0 else None

    def ranges(self, pieces: Sequence[str]) -> list[Place]:
        """The range of each piece of a text that stands here, perhaps in slightly other words."""
        bare = [without_blanks(piece) for piece in pieces]
        ends, position = [], 0
        for piece in bare:
            position += len(piece)
            ends.append(position)
        ends = moved("".join(bare), self.text, ends)
        ends[-1] = len(self.text)
        return [self._range(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    def _range(self, start: int, end: int) -> Place:
        end = max(end, start + 1)
        first = min(start, len(self.places) - 1)
        last = min(end, len(self.places)) - 1
        return self.places[first][0], self.places[last][1]


def _characters(line: str, repairs: Iterable[Repair]) -> Iterator[tuple[str, Place]]:
    """The characters of a line as repaired, each with its range in the line as read."""
    position = 0
    for repair in sorted(repairs, key=lambda row: (row.start, row.order)):
        end = repair.start + len(repair.before)
        if repair.start < position or line[repair.start : end] != repair.before:
            continue
        yield from _as_read(line, position, repair.start)
        yield from ((char, (repair.start, end)) for char in repair.after if not char.isspace())
        position = end
    yield from _as_read(line, position, len(line))


def _as_read(line: str, start: int, end: int) -> Iterator[tuple[str, Place]]:
    for at in range(start, end):
        if not line[at].isspace():
            yield line[at], (at, at + 1)
