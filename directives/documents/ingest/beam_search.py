"""Guesses at a run that was decoded one byte late: which characters fit best, and where pairs had been dropped from the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import product

from directives.documents.ingest.language import Neighbourhood

_BEAM = 64
_FIRSTS = 12  # of the characters that may stand before a dropped pair, how many are tried
_DROP_COST = 0.5  # nats: a dropped pair is rarer than none
_PHRASE_GAIN = 3.0  # nats: a set phrase of four characters seldom comes about by chance
_MARKS = frozenset("，、。；：")


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands on the page: an orphan byte, characters out of step, and the byte that puts them back in step."""

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
    """A way to read a run: the characters in order, and the gaps at which a pair had been dropped."""

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
    """First bytes that make, after this second byte and seen one byte late, a well-formed pair without a character."""
    return tuple(
        first
        for first in range(0x81, 0xFF)
        if 0x81 <= second <= 0xFE and not pair_of(second, first)
    )


def joins(near: Neighbourhood, before: str, after: str) -> bool:
    """Whether two neighbours are no sign of a loss: a usual pair, or a mark beside a word."""
    return near.known(before, after) or before in _MARKS or after in _MARKS


def _extended(
    paths: Sequence[Path], gap: int, lead: int, trail: int, near: Neighbourhood, ahead: str
) -> Iterator[Path]:
    """Ways on over one gap: one character of two bytes, or two of which the page lost a byte each."""
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
    begun = []
    for x in range(0x40, 0xFF):
        first = pair_of(lead, x) if _lost(x) else ""
        if first:
            score, best = max(
                (path.score + near.fit(path.last, first), at) for at, path in enumerate(paths[:6])
            )
            begun.append((score - _DROP_COST, paths[best], x, first))
    for score, path, x, first in nlargest(_FIRSTS, begun, key=_begun_score):
        for second in (pair_of(y, trail) for y in _lost(x)):
            if second:
                yield Path(
                    score + near.fit(first, second),
                    path.text + first + second,
                    (*path.drops, gap),
                    second,
                )


def _begun_score(way: tuple[float, Path, int, str]) -> float:
    return way[0]


def _score(path: Path) -> float:
    return path.score


def _praised(path: Path, near: Neighbourhood) -> Path:
    if not near.phrase(path.text[-4:]):
        return path
    return Path(path.score + _PHRASE_GAIN, path.text, path.drops, path.last)


def best_path(run: Run, before: str, after: str, near: Neighbourhood) -> Path | None:
    """The most fitting way to read a run between the characters `before` and `after`."""
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
        paths = [_praised(path, near) for path in nlargest(_BEAM, ways, key=_score)]
        paths.sort(key=_score, reverse=True)
    ended = (
        Path(path.score + near.fit(path.last, after), path.text, path.drops, path.last)
        for path in paths
    )
    return max(ended, key=_score, default=None)
