"""Where sentences end: at 。；！？ outside of brackets and quotation marks."""

import re
from collections.abc import Collection, Iterator

from directives.documents.ingest.responsibility import BRACKET, content_of, is_responsibility
from directives.documents.ingest.words import Words

_OPENING = {"“": "”", "‘": "’", "《": "》", "〈": "〉", "（": "）", "(": ")", "「": "」"}
_OPENING |= {"『": "』", "【": "】", "〔": "〕", "[": "]", "［": "］"}
_CLOSING = frozenset(_OPENING.values())
_STOPS = re.compile("[。；！？]+")
_SPEECH = re.compile("[。！？][”’」』]")  # 他说：“甲。”乙。


def outside(text: str) -> list[bool]:
    """Whether each character stands outside of all brackets and quotation marks.

    A mark without its partner is none.
    """
    waiting: list[tuple[str, int]] = []
    straight = [at for at, mark in enumerate(text) if mark == '"']
    pairs = list(zip(straight[::2], straight[1::2], strict=False))
    for at, mark in enumerate(text):
        if mark in _OPENING:
            waiting.append((_OPENING[mark], at))
        elif mark in _CLOSING:
            partner = next((n for n, row in enumerate(reversed(waiting)) if row[0] == mark), None)
            if partner is not None:
                pairs.append((waiting[-1 - partner][1], at))
                del waiting[-1 - partner :]
    free = [True] * len(text)
    for start, end in pairs:
        if free[start]:
            free[start : end + 1] = [False] * (end + 1 - start)
    return free


def sentences_of(words: Words, doubtful: Collection[int] = ()) -> Iterator[Words]:
    """The sentences of a paragraph, each with the mark that ends it.

    `doubtful` are the places in the source of marks that may be none.
    """
    text, start = words.text, 0
    free = outside(text)
    ends = [
        match.end()
        for match in _STOPS.finditer(text)
        if free[match.start()] and words.starts[match.start()] not in doubtful
    ]
    ends += [
        match.end()
        for match in _SPEECH.finditer(text)
        if _is_speech(text, match.start(), free) and match.end() < len(text)
    ]
    for end in sorted(ends):
        end += _who_behind(words.hans, end)
        if end > start and words.cut(start, end).text:
            yield words.cut(start, end)
            start = end
    if words.cut(start).text:
        yield words.cut(start)


def _is_speech(text: str, stop: int, free: list[bool]) -> bool:
    """Whether the quotation that ends at `stop` is what somebody says: ：“…。”"""
    at = stop
    while at >= 0 and not free[at]:
        at -= 1
    return at >= 0 and text[at] == "：" and text[stop + 2 : stop + 3] not in ("", "的", "，", "、")


def _who_behind(hans: str, end: int) -> int:
    """How many characters of what follows a stop are a bracket that says who is responsible."""
    bracket = BRACKET.match(hans, end)
    return bracket.end() - end if bracket and is_responsibility(content_of(bracket)) else 0
