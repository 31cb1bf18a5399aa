"""A beam search for the characters of a run that was decoded one byte late.

It finds the characters that fit best, and where the page had lost a pair of bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import product
from operator import attrgetter, itemgetter

from directives.documents.ingest.language import Neighbourhood

_BEAM = 64
_FIRSTS = 12  # how many characters are tried before a dropped pair
_DROP_COST = 0.5  # nats: dropped pairs are rare
_PHRASE_GAIN = 3.0  # nats: a set phrase of four characters is seldom a coincidence
_MARKS = frozenset("，、。；：")


@dataclass(frozen=True, slots=True)
class Run:
    """A run on the page: a single byte, shifted characters, and the byte that ends the shift."""

    start: int
    body: int  # offset of the first character out of step
    close: int  # offset of what ends the run
    end: int
    named: bool  # whether a reading says what the orphan byte was
    leads: tuple[int, ...]  # what the orphan byte may have been
    pairs: tuple[bytes, ...]  # the characters out of step, as bytes
    trails: tuple[int, ...]  # what the closing byte may have been
    open_end: bool  # the line ends inside the run: its last character is a guess


@dataclass(frozen=True, slots=True)
class Path:
    """One reading of a run, and the gaps at which a pair of bytes had been dropped."""

    score: float
    text: str
    drops: tuple[int, ...]
    last: str


@cache
def pair_of(lead: int, trail: int) -> str:
    """The character with these two bytes, or "" if GBK has none."""
    try:
        return bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return ""


@cache
def _lost(second: int) -> tuple[int, ...]:
    """First bytes that are a pair without a character when they follow this second byte."""
    return tuple(
        first
        for first in range(0x81, 0xFF)
        if 0x81 <= second <= 0xFE and not pair_of(second, first)
    )


def joins(near: Neighbourhood, before: str, after: str) -> bool:
    """Whether two characters are usual neighbours, or one of them is a punctuation mark."""
    return near.known(before, after) or before in _MARKS or after in _MARKS


def _extended(
    paths: Sequence[Path], gap: int, lead: int, trail: int, near: Neighbourhood, ahead: str
) -> Iterator[Path]:
    """The paths over one more gap: one character, or two that lost a byte each."""
    whole = pair_of(lead, trail)
    if not paths:
        return
    fitting = False
    if whole:
        for path in paths:
            fitting = (
                fitting
                or whole in _MARKS
                or (joins(near, path.last, whole) and joins(near, whole, ahead))
            )
            yield Path(
                path.score + near.fit(path.last, whole), path.text + whole, path.drops, whole
            )
    if fitting:
        return
    begun: list[tuple[float, Path, int, str]] = []
    for byte in range(0x40, 0xFF):
        first = pair_of(lead, byte) if _lost(byte) else ""
        if first:
            score, best = max(
                (path.score + near.fit(path.last, first), at) for at, path in enumerate(paths[:6])
            )
            begun.append((score - _DROP_COST, paths[best], byte, first))
    for score, path, byte, first in nlargest(_FIRSTS, begun, key=itemgetter(0)):
        for second in (pair_of(lost, trail) for lost in _lost(byte)):
            if second:
                yield Path(
                    score + near.fit(first, second),
                    path.text + first + second,
                    (*path.drops, gap),
                    second,
                )


_score = attrgetter("score")


def _with_phrase_gain(path: Path, near: Neighbourhood) -> Path:
    if not near.phrase(path.text[-4:]):
        return path
    return Path(path.score + _PHRASE_GAIN, path.text, path.drops, path.last)


def best_path(run: Run, before: str, after: str, near: Neighbourhood) -> Path | None:
    """The best reading of a run between the characters `before` and `after`."""
    leads = run.leads
    trail = run.pairs[0][0] if run.pairs else run.trails[0]
    if not run.named:  # begin with the bytes that fit best
        usable = [lead for lead in leads if pair_of(lead, trail)]
        leads = tuple(sorted(usable, key=lambda lead: -near.fit(before, pair_of(lead, trail)))[:4])
    firsts = [leads, *((pair[1],) for pair in run.pairs)]
    seconds = [*((pair[0],) for pair in run.pairs), run.trails]
    paths = [Path(0.0, "", (), before)]
    for gap, bytes_here in enumerate(zip(firsts, seconds, strict=True)):
        ahead = pair_of(firsts[gap + 1][0], seconds[gap + 1][0]) if gap < len(run.pairs) else after
        ways = (
            way
            for lead, trail in product(*bytes_here)
            for way in _extended(paths, gap, lead, trail, near, ahead)
        )
        paths = [_with_phrase_gain(path, near) for path in nlargest(_BEAM, ways, key=_score)]
        paths.sort(key=_score, reverse=True)
    ended = (
        Path(path.score + near.fit(path.last, after), path.text, path.drops, path.last)
        for path in paths
    )
    return max(ended, key=_score, default=None)
