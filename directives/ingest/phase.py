"""Runs of text that were decoded one byte out of step, and how they are put back.

A tool that writes readings into a page, `發(fā)`, worked on the bytes of GBK and now and then took the second byte of one
character and the first of the next for a character of its own. 兼備 is BC E6 82 E4; E6 82 is 鎮, so `(zhèn)` was written
inside 備. The byte 82 and the bracket became `?`, and every pair after it was decoded one byte late, until an ASCII byte
served as a second half (`x` is the second byte of 選, DF 78). The reading names the character that was seen, so its second
byte is the byte lost: with it in front, the bytes of the run decode as they should.

Pairs that fall on code points without a character were dropped from the page altogether. Each leaves two neighbours with one
byte each; what they were is proposed by how well candidates fit between the characters around them, and is never certain.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import pairwise, product

from directives.ingest.sources import gettext_noop
from directives.ingest.words import Neighbourhood, readings

# Full-width marks that a later clean-up of the page made half-width; in GBK they are pairs that begin with A3.
FULL_WIDTH = {",": "，", ";": "；", ":": "：", "!": "！", "(": "（", ")": "）"}
READING = "[a-zɑɡüêāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ]+"
_ORPHAN = re.compile(rf"\?(?:({READING})\))?")
_LONGEST = 400  # characters of one run
_BEAM = 64
_DROP_COST = 0.5  # nats: a dropped pair is rarer than none
_PHRASE_GAIN = 3.0  # nats: a set phrase of four characters seldom comes about by chance
_MARKS = frozenset("，、。；：")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a run: what stands on the page from `start` to `end`, and what it was."""

    start: int
    end: int
    after: str
    certain: bool
    why: str


@dataclass(frozen=True, slots=True)
class _Run:
    """A run as it stands on the page: an orphan byte, characters out of step, and the byte that puts them back in step."""

    start: int
    body: int  # offset of the first character out of step
    close: int  # offset of what ends the run
    end: int
    named: bool  # whether a reading says what the orphan byte was
    leads: tuple[int, ...]  # what the orphan byte may have been
    pairs: tuple[bytes, ...]  # the characters out of step, as bytes
    trails: tuple[int, ...]  # what the closing byte may have been; then `close` is an orphan too, unless there is one


@dataclass(frozen=True, slots=True)
class _Path:
    """A way to read a run: the characters in order, and the gaps at which a pair had been dropped."""

    score: float
    text: str
    drops: tuple[int, ...]
    last: str


@cache
def _pair(lead: int, trail: int) -> str:
    """The character with these two bytes, or "" if GBK has none."""
    try:
        return bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return ""


@cache
def _lost(second: int) -> tuple[int, ...]:
    """First bytes that make, after this second byte and seen one byte late, a well-formed pair without a character."""
    return tuple(first for first in range(0x81, 0xFF) if 0x81 <= second <= 0xFE and not _pair(second, first))


def _bytes_of(character: str) -> bytes:
    try:
        return FULL_WIDTH.get(character, character).encode("gbk")
    except UnicodeEncodeError:
        return b""


def _second_bytes(lead: int, reading: str) -> tuple[int, ...]:
    """Second bytes of the characters that begin with `lead` and have this reading."""
    reading = reading.replace("ɑ", "a").replace("ɡ", "g")
    codes = (character.encode("gbk") for character in readings().get(reading, ""))
    return tuple(sorted(code[1] for code in codes if code[0] == lead))


def _run_at(line: str, orphan: re.Match[str]) -> _Run | None:
    """The run that an orphan byte begins, or None if what follows cannot be one."""
    before = _bytes_of(line[orphan.start() - 1]) if orphan.start() else b""
    if len(before) != 2:
        return None
    leads = _second_bytes(before[1], orphan[1]) if orphan[1] else tuple(range(0x81, 0xFF))
    if not leads:
        return None
    pairs: list[bytes] = []
    at = orphan.end()
    while at < min(len(line), orphan.end() + _LONGEST) and len(code := _bytes_of(line[at])) == 2:
        pairs.append(code)
        at += 1
    closing = _closing(line, at, pairs[-1][1] if pairs else leads[0])
    if closing is None or not (pairs or orphan[1]):
        return None
    end, trails = closing
    return _Run(orphan.start(), orphan.end(), at, end, bool(orphan[1]), leads, tuple(pairs), trails)


def _closing(line: str, at: int, lead: int) -> tuple[int, tuple[int, ...]] | None:
    """What puts a run back in step at `at`: where it ends, and the second bytes that it may stand for."""
    following = _ORPHAN.match(line, at)
    if following and following[1]:
        trails = _second_bytes(lead, following[1])
        return (following.end(), trails) if trails else None
    code = _bytes_of(line[at : at + 1])
    return (at + 1, (code[0],)) if len(code) == 1 and 0x40 <= code[0] <= 0x7E else None


def _joins(near: Neighbourhood, before: str, after: str) -> bool:
    """Whether two neighbours are no sign of a loss: a usual pair, or a mark beside a word."""
    return near.known(before, after) or before in _MARKS or after in _MARKS


def _extended(paths: Sequence[_Path], gap: int, lead: int, trail: int, near: Neighbourhood, ahead: str) -> Iterator[_Path]:
    """Ways on over one gap: one character of two bytes, or two of which the page lost a byte each."""
    whole = _pair(lead, trail)
    if not paths:
        return
    fitting = False
    if whole:
        for path in paths:
            fitting = fitting or whole in _MARKS or (_joins(near, path.last, whole) and _joins(near, whole, ahead))
            yield _Path(path.score + near.fit(path.last, whole), path.text + whole, path.drops, whole)
    if fitting:
        return
    for x in range(0x40, 0xFF):
        first = _pair(lead, x)
        seconds = [second for y in _lost(x) if (second := _pair(y, trail))] if first else []
        if not seconds:
            continue
        best, score = max(((path, path.score + near.fit(path.last, first)) for path in paths[:6]), key=lambda way: way[1])
        for second in seconds:
            fit = near.fit(first, second) - _DROP_COST
            yield _Path(score + fit, best.text + first + second, (*best.drops, gap), second)


def _score(path: _Path) -> float:
    return path.score


def _praised(path: _Path, near: Neighbourhood) -> _Path:
    if not near.phrase(path.text[-4:]):
        return path
    return _Path(path.score + _PHRASE_GAIN, path.text, path.drops, path.last)


def _best(run: _Run, before: str, after: str, near: Neighbourhood) -> _Path | None:
    """The most fitting way to read a run between the characters `before` and `after`."""
    leads = run.leads
    trail = run.pairs[0][0] if run.pairs else run.trails[0]
    if not run.named:  # begin with the bytes that fit best
        usable = [lead for lead in leads if _pair(lead, trail)]
        leads = tuple(sorted(usable, key=lambda lead: -near.fit(before, _pair(lead, trail)))[:4])
    firsts = [leads, *((pair[1],) for pair in run.pairs)]
    seconds = [*((pair[0],) for pair in run.pairs), run.trails]
    paths = [_Path(0.0, "", (), before)]
    for gap, bytes_here in enumerate(zip(firsts, seconds, strict=True)):
        ahead = _pair(firsts[gap + 1][0], seconds[gap + 1][0]) if gap < len(run.pairs) else after
        ways = (way for lead, trail in product(*bytes_here) for way in _extended(paths, gap, lead, trail, near, ahead))
        paths = [_praised(path, near) for path in nlargest(_BEAM, ways, key=_score)]
        paths.sort(key=_score, reverse=True)
    ended = (_Path(path.score + near.fit(path.last, after), path.text, path.drops, path.last) for path in paths)
    return max(ended, key=_score, default=None)


def _pieces(run: _Run, path: _Path) -> list[Piece]:
    """Cut a run where pairs were dropped: stretches that are certain, and the half-lost characters between them."""
    marks = [run.start, *range(run.body, run.close), run.close, run.end]
    text = path.text
    guessed = not run.named
    pieces: list[Piece] = []
    opened, taken = 0, 0  # first mark and first character of the current stretch
    for drop in (*path.drops, None):
        closed = len(marks) - 1 if drop is None else drop + 1
        done = len(path.drops) if drop is None else path.drops.index(drop)
        upto = len(text) if drop is None else drop + done
        pieces.extend(_stretch(marks[opened], marks[closed], text[taken:upto], guessed and opened == 0))
        if drop is None:
            break
        at = marks[closed]
        pieces.append(Piece(at, at, text[upto], False, gettext_noop("Its first byte stands on the page, its second was dropped.")))
        pieces.append(Piece(at, at, text[upto + 1], False, gettext_noop("Its second byte stands on the page, its first was dropped.")))
        opened, taken = closed, upto + 2
    return _merged(pieces)


def _stretch(start: int, end: int, after: str, guessed: bool) -> list[Piece]:
    why = gettext_noop("Decoded again from the bytes of GBK, one byte earlier.")
    if guessed and after:
        first = Piece(start, start + 1, after[0], False, gettext_noop("Its second byte stands on the page; nothing names its first."))
        return [first, *([Piece(start + 1, end, after[1:], True, why)] if end > start + 1 else [])]
    return [Piece(start, end, after, True, why)]


def _merged(pieces: list[Piece]) -> list[Piece]:
    """A stretch on the page that gives no character of its own belongs to the half-lost character beside it."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and piece.certain and not piece.after and not merged[-1].certain:
            last = merged.pop()
            piece = Piece(last.start, piece.end, last.after, False, last.why)
        elif merged and merged[-1].certain and not merged[-1].after:
            last = merged.pop()
            piece = Piece(last.start, piece.end, piece.after, piece.certain, piece.why)
        merged.append(piece)
    return merged


def _reads_better(line: str, run: _Run, path: _Path, near: Neighbourhood) -> bool:
    """A plain question mark begins no run: the page as it stands must fit far worse than what we would make of it."""
    if run.named:
        return True
    standing = line[run.body : run.close] + line[run.end : run.end + 1]
    odd = sum(not near.known(*pair) for pair in pairwise(standing))
    made = path.text + line[run.end : run.end + 1]
    fitting = sum(_joins(near, *pair) for pair in pairwise(made))
    return odd >= (len(standing) - 1) / 2 and fitting >= (len(made) - 1) / 2


def shifted(line: str, near: Neighbourhood) -> list[Piece]:
    """The pieces of every shifted run of a line, in order; empty where the line has none."""
    pieces: list[Piece] = []
    at = 0
    while orphan := _ORPHAN.search(line, at):
        at = orphan.end()
        run = _run_at(line, orphan)
        if run is None:
            continue
        path = _best(run, line[run.start - 1], line[run.end : run.end + 1] or "。", near)
        if path is not None and _reads_better(line, run, path, near):
            pieces.extend(_pieces(run, path))
            at = run.end
    return pieces
