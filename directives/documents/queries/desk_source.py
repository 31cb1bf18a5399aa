"""The text as read beside the rows of the desk, with the rows that each stretch was read for."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from directives.documents.queries.desk import line_starts
from directives.models import Directive, LeftOut, Repair

BRIDGED = 6  # lines between two rows that are shown; of more, only how many there are


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of the text as read that a row was read from; `main` has its words."""

    start: int
    end: int
    row: int
    main: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class Bit:
    """A stretch of a line: the row of its words, the rows of its terms, what is repaired in it."""

    text: str
    row: int = 0
    others: tuple[int, ...] = ()
    begins: str = ""  # the code of the row that begins here
    repair: Repair | None = None
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class DeskLine:
    """A line of the text as read, or `skipped` lines that no row of the page comes from."""

    number: int
    bits: tuple[Bit, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    skipped: int = 0


def marks_of(rows: Iterable[Directive]) -> list[Mark]:
    marks = []
    for row in rows:
        if row.source_start is not None and row.source_end is not None:
            marks.append(Mark(row.source_start, row.source_end, row.pk, True, row.code))
        marks += [Mark(start, end, row.pk, False) for start, end in row.places]
    return sorted(marks, key=lambda mark: (mark.start, not mark.main, mark.row))


def desk_lines(
    text: str, rows: Iterable[Directive], repairs: Iterable[Repair], left_out: Iterable[LeftOut]
) -> tuple[DeskLine, ...]:
    """The lines that these rows come from, and short stretches between them."""
    starts, lines = line_starts(text), text.split("\n")
    marks = marks_of(rows)
    by_line = _by_line(starts, marks)
    shown = _bridged(sorted(by_line), lines)
    repairs_in, left_out_in = _grouped(repairs), _grouped(left_out)
    result, last = [], -1
    for index in shown:
        if last >= 0 and index - last > 1 and any(map(str.strip, lines[last + 1 : index])):
            result.append(DeskLine(0, skipped=index - last - 1))
        last = index
        out = tuple(left_out_in.get(index + 1, ()))
        line = _Line(lines[index], starts[index], by_line.get(index, ()), out)
        bits = tuple(line.bits(repairs_in.get(index + 1, ())))
        result.append(DeskLine(index + 1, bits, out))
    return tuple(result)


def _by_line(starts: Sequence[int], marks: Iterable[Mark]) -> dict[int, list[Mark]]:
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        first = bisect_right(starts, mark.start) - 1
        last = bisect_right(starts, max(mark.start, mark.end - 1)) - 1
        for index in range(first, last + 1):
            found.setdefault(index, []).append(mark)
    return found


def _bridged(indexes: Sequence[int], lines: Sequence[str]) -> Iterator[int]:
    """These lines and those between near ones, without blank ones; all if there are few."""
    if not indexes:
        yield from (index for index, line in enumerate(lines) if line.strip())
        return
    first = indexes[0] if indexes[0] > BRIDGED else 0
    last = indexes[-1] if len(lines) - indexes[-1] > BRIDGED else len(lines) - 1
    previous = first - 1
    for index in [*indexes, last]:
        start = previous + 1 if index - previous <= BRIDGED + 1 else index
        yield from (at for at in range(start, index + 1) if lines[at].strip())
        previous = max(previous, index)


def _grouped(rows: Iterable[Repair] | Iterable[LeftOut]) -> dict[int, list]:
    found: dict[int, list] = {}
    for row in rows:
        found.setdefault(row.line, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    marks: Sequence[Mark]
    left_out: Sequence[LeftOut]

    def bits(self, repairs: Iterable[Repair]) -> Iterator[Bit]:
        position = 0
        for repair in sorted(repairs, key=lambda row: (row.start, row.order)):
            end = repair.start + len(repair.before)
            if repair.start < position or self.text[repair.start : end] != repair.before:
                continue
            yield from self._plain(position, repair.start)
            yield self._bit(repair.start, end, repair)
            position = end
        yield from self._plain(position, len(self.text))

    def _plain(self, start: int, end: int) -> Iterator[Bit]:
        """The stretches between the ends of marks and of what is left out."""
        edges = {edge for mark in self.marks for edge in (mark.start, mark.end)}
        edges |= {
            edge for row in self.left_out for edge in (row.source_start, row.source_end) if edge
        }
        cuts = sorted(edge - self.start for edge in edges if start < edge - self.start < end)
        for first, last in zip([start, *cuts], [*cuts, end], strict=True):
            if first < last:
                yield self._bit(first, last)

    def _bit(self, start: int, end: int, repair: Repair | None = None) -> Bit:
        at = self.start + start
        here = [mark for mark in self.marks if mark.start <= at < max(mark.end, mark.start + 1)]
        own = next((mark for mark in here if mark.main), None)
        others = tuple(dict.fromkeys(mark.row for mark in here if not own or mark.row != own.row))
        begins = own.code if own and at == own.start else ""
        out = any(
            row.source_start is not None
            and row.source_end is not None
            and row.source_start <= at < row.source_end
            for row in self.left_out
        )
        return Bit(self.text[start:end], own.row if own else 0, others, begins, repair, out)
