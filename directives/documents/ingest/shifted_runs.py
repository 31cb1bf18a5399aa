"""Runs of text that were decoded one byte out of step, and how they are put back.

A tool that writes readings into a page, `發(fā)`, worked on the bytes of GBK and sometimes took the
second byte of one character and the first of the next for a character of its own. 兼備 is
BC E6 82 E4; E6 82 is 鎮, so `(zhèn)` was written inside 備. The byte 82 and the bracket became `?`,
and every pair after it was decoded one byte late, until an ASCII byte served as a second half (`x`
is the second byte of 選, DF 78). The reading names the character that was seen, so its second byte
is the byte lost: with it in front, the bytes of the run decode as they should.

Pairs that fall on code points without a character were dropped from the page. Each leaves two
neighbours with one byte each; the candidates that fit best between the characters around them are
proposed, and never certain.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from directives.documents.ingest.beam_search import Path, Run, best_path, joins, pair_of
from directives.documents.ingest.language import Neighbourhood, in_use, readings
from directives.documents.ingest.sources import gettext_noop

# Full-width marks that a later clean-up of the page made half-width; in GBK they begin with A3.
FULL_WIDTH = {",": "，", ";": "；", ":": "：", "!": "！", "(": "（", ")": "）"}
READING = "[a-zɑɡüêāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ]+"
_ORPHAN = re.compile(rf"\?(?:({READING})\))?")
_LONGEST = 400  # characters of one run
# Reasons of repairs, shown to people.
_DECODED = gettext_noop("Decoded again from the GBK bytes, one byte earlier.")
_DOUBTFUL = gettext_noop(
    "Decoded again from the GBK bytes, one byte earlier; more may be lost here than the page shows."
)
_UNNAMED = gettext_noop("Its second byte is on the page; its first cannot be determined.")
_FIRST_KEPT = gettext_noop("Its first byte is on the page; its second was lost.")
_SECOND_KEPT = gettext_noop("Its second byte is on the page; its first was lost.")
_LINE_ENDS = gettext_noop("Its first byte is on the page; the line ends before its second.")
SHIFTED_RUN, HALF_LOST = "shifted_run", "half_lost"
_END_MARKS = frozenset("。；：！？”）")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a run from `start` to `end`; `after` is what it reads."""

    kind: str
    start: int
    end: int
    after: str
    certain: bool
    why: str


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


def _run_at(line: str, orphan: re.Match[str]) -> Run | None:
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
    open_end = line[at:end] == "?"
    if open_end and not orphan[1]:
        return None
    if orphan[1]:
        # A reading may fit several characters; rare ones are unlikely.
        first = pairs[0][0] if pairs else trails[0]
        usual = tuple(lead for lead in leads if in_use(pair_of(lead, first)))
        leads = usual or leads
    return Run(
        orphan.start(),
        orphan.end(),
        at,
        end,
        bool(orphan[1]),
        leads,
        tuple(pairs),
        trails,
        open_end,
    )


def _closing(line: str, at: int, lead: int) -> tuple[int, tuple[int, ...]] | None:
    """Where the shift that reaches `at` ends, and the second bytes that may stand there."""
    following = _ORPHAN.match(line, at)
    if following and following[1]:
        trails = _second_bytes(lead, following[1])
        return (following.end(), trails) if trails else None
    if line[at:] == "?":
        # The last byte of the line has no second one. A paragraph ends with a mark.
        trails = tuple(trail for trail in range(0x40, 0xFF) if pair_of(lead, trail) in _END_MARKS)
        return (at + 1, trails) if trails else None
    code = _bytes_of(line[at : at + 1])
    return (at + 1, (code[0],)) if len(code) == 1 and 0x40 <= code[0] <= 0x7E else None


def _pieces(run: Run, path: Path, doubtful: frozenset[int]) -> list[Piece]:
    """Cut a run where pairs were dropped into stretches and half-lost characters.

    A stretch that contains a `doubtful` place of the path's text is only proposed.
    """
    marks = [run.start, *range(run.body, run.close), run.close, run.end]
    text = path.text
    pieces: list[Piece] = []
    opened, taken = 0, 0  # first mark and first character of the current stretch
    for done, drop in enumerate((*path.drops, None)):
        closed = len(marks) - 1 if drop is None else drop + 1
        upto = len(text) if drop is None else drop + done
        sound = doubtful.isdisjoint(range(taken, upto))
        guessed = len(run.leads) > 1 and opened == 0
        pieces.extend(_stretch(marks[opened], marks[closed], text[taken:upto], guessed, sound))
        if drop is None:
            break
        at = marks[closed]
        pieces.append(Piece(HALF_LOST, at, at, text[upto], False, _FIRST_KEPT))
        pieces.append(Piece(HALF_LOST, at, at, text[upto + 1], False, _SECOND_KEPT))
        opened, taken = closed, upto + 2
    if run.open_end and pieces[-1].kind == SHIFTED_RUN:
        last = pieces.pop()
        pieces.append(
            Piece(SHIFTED_RUN, last.start, run.close, last.after[:-1], last.certain, last.why)
        )
        pieces.append(Piece(HALF_LOST, run.close, run.end, last.after[-1:], False, _LINE_ENDS))
    return _merged(pieces)


def _stretch(start: int, end: int, after: str, guessed: bool, sound: bool) -> list[Piece]:
    """The pieces of a stretch without drops; `guessed` is its first character without a reading."""
    why = _DECODED if sound else _DOUBTFUL
    if not guessed or not after:
        return [Piece(SHIFTED_RUN, start, end, after, sound, why)]
    pieces = [Piece(HALF_LOST, start, start + 1, after[0], False, _UNNAMED)]
    if end > start + 1:
        pieces.append(Piece(SHIFTED_RUN, start + 1, end, after[1:], sound, why))
    return pieces


def _doubtful(path: Path, before: str, after: str, near: Neighbourhood) -> frozenset[int]:
    """Places of whole characters that fit neither neighbour, where more may be lost."""
    context = before + path.text + after
    halves = {
        place for done, drop in enumerate(path.drops) for place in (drop + done, drop + done + 1)
    }
    return frozenset(
        place
        for place in range(len(path.text))
        if place not in halves
        and not joins(near, *context[place : place + 2])
        and not joins(near, *context[place + 1 : place + 3])
    )


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Join a stretch that gives no character with the half-lost character beside it."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and not piece.after:
            last = merged.pop()
            piece = Piece(last.kind, last.start, piece.end, last.after, last.certain, last.why)
        elif merged and not merged[-1].after:
            last = merged.pop()
            piece = Piece(piece.kind, last.start, piece.end, piece.after, piece.certain, piece.why)
        merged.append(piece)
    return merged


def _reads_better(line: str, run: Run, path: Path, near: Neighbourhood) -> bool:
    """Whether the decoded run fits better than the page, where it may be a mere question mark."""
    if run.named:
        return True
    page = line[run.body : run.close] + line[run.end : run.end + 1]
    odd = sum(not near.known(*pair) for pair in pairwise(page))
    decoded = path.text + line[run.end : run.end + 1]
    fitting = sum(joins(near, *pair) for pair in pairwise(decoded))
    return odd >= (len(page) - 1) / 2 and fitting >= (len(decoded) - 1) / 2


def shifted(line: str, near: Neighbourhood) -> list[Piece]:
    """The pieces of every shifted run of a line, in order; empty where the line has none."""
    pieces: list[Piece] = []
    at = 0
    while orphan := _ORPHAN.search(line, at):
        at = orphan.end()
        run = _run_at(line, orphan)
        if run is None:
            continue
        before, after = line[run.start - 1], line[run.end : run.end + 1] or "。"
        path = best_path(run, before, after, near)
        if path is not None and _reads_better(line, run, path, near):
            pieces.extend(_pieces(run, path, _doubtful(path, before, after, near)))
            at = run.end
    return pieces
