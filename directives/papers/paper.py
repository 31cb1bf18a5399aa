"""The content of a paper, which both its preview page and its .docx show."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Literal

Level = Literal[1, 2, 3, 4]
DIGITS = "〇一二三四五六七八九"
# Characters that XML does not allow.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
ENDS = "。！？；：…”）)."


def chinese_number(number: int) -> str:
    """A number from 1 to 99 in Chinese: 一, 十, 十一, 二十三."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else DIGITS[tens] + "十"
    return head + (DIGITS[ones] if ones or not tens else "")


NUMBERINGS = {
    1: lambda n: f"{chinese_number(n)}、",
    2: lambda n: f"（{chinese_number(n)}）",
    3: lambda n: f"{n}. ",
    4: lambda n: f"（{n}）",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading with its number: 一、 · （一） · 1. · （1）."""

    level: Level
    number: int
    text: str

    @property
    def full(self) -> str:
        return NUMBERINGS[self.level](self.number) + self.text


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph of the body; its `lead` is set in the font of a second-level heading."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page of its own."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]  # in percent of the type area


Block = Heading | Para | Table


@dataclass(frozen=True, slots=True)
class Paper:
    title: str
    recipient: str  # without its colon
    blocks: tuple[Block, ...]
    signer: str
    signed_on: date
    annexes: tuple[str, ...] = ()  # names, listed before the signature
    tables: tuple[Table, ...] = ()  # after the signature
    traditional: bool = False
    fictional: str = ""  # a notice for every page; "" if the data is real

    @property
    def file_name(self) -> str:
        """Without its extension."""
        return re.sub(r'[\\/:*?"<>|\s]+', " ", f"{self.title} {self.fictional}").strip()[:120]

    @property
    def signed(self) -> str:
        """The date as a paper spells it: 2026年9月5日."""
        return f"{self.signed_on.year}年{self.signed_on.month}月{self.signed_on.day}日"


# The last characters of names of places and bodies, and conjunctions.
BREAK_AFTER = "省市县縣区區州盟旗会會部委組组局院和與与及的、，"
PHRASES = re.compile(r"(?=《)|(?=贯彻)|(?=貫徹)|(?<=》)|(?<=关于)(?!《)|(?<=關於)(?!《)")
MOST_BREAKS = 64  # ways to break a title that are compared
TITLE_LIMIT = 20  # characters of 22 pt in a line


def width(text: str) -> float:
    """The width of a text in characters; those of ASCII are half as wide."""
    return sum(0.5 if character.isascii() else 1 for character in text)


def title_lines(title: str) -> tuple[str, ...]:
    """The title in as few lines as possible, of similar width and not narrower in the middle.

    The standard asks for this shape (梯形, 菱形). Lines break before 《, after 》 and after 关于.
    """
    phrases = [piece for phrase in PHRASES.split(title) if phrase for piece in _pieces(phrase)]
    breaks: list[tuple[str, ...]] = [()]
    for phrase in phrases:
        on_new_line = [(*lines, phrase) for lines in breaks]
        on_last_line = [
            (*lines[:-1], lines[-1] + phrase)
            for lines in breaks
            if lines and width(lines[-1] + phrase) <= TITLE_LIMIT
        ]
        breaks = sorted([*on_new_line, *on_last_line], key=_badness)[:MOST_BREAKS]
    return breaks[0]


def _badness(lines: tuple[str, ...]) -> tuple[int, bool, float]:
    """How bad the shape of a title is: the number of its lines, a waist, their variance."""
    widths = [width(line) for line in lines]
    has_waist = any(
        before > middle + 1 < after
        for before, middle, after in zip(widths, widths[1:], widths[2:], strict=False)
    )
    mean = sum(widths) / len(widths)
    return len(lines), has_waist, sum((line - mean) ** 2 for line in widths)


def _pieces(phrase: str) -> list[str]:
    """A phrase in similar pieces, cut after a place, a body or a conjunction if possible."""
    count = ceil(len(phrase) / TITLE_LIMIT)
    if count <= 1:
        return [phrase]
    size = ceil(len(phrase) / count)
    cuts = range(TITLE_LIMIT // 2, TITLE_LIMIT + 1)
    good_cuts = [cut for cut in cuts if phrase[cut - 1] in BREAK_AFTER]
    cut = min(good_cuts, key=lambda cut: abs(cut - size), default=size)
    return [phrase[:cut], *_pieces(phrase[cut:])]


def printable(text: str) -> str:
    """The text as one paragraph, without unprintable characters."""
    return " ".join(
        part for line in UNPRINTABLE.sub("", text).splitlines() if (part := line.strip())
    )


def sentence(text: str) -> str:
    """The text as one paragraph, with a full stop if it has no end mark."""
    plain = printable(text)
    return plain if not plain or plain[-1] in ENDS else plain + "。"


def paragraphs(text: str) -> tuple[Para, ...]:
    """A paragraph for each line that is not empty."""
    return tuple(Para(plain) for line in text.splitlines() if (plain := sentence(line)))


def numbered_parts(level: Level, parts: Iterable[tuple[str, Iterable[Block]]]) -> tuple[Block, ...]:
    """The parts that are not empty, under numbered headings."""
    result: list[Block] = []
    number = 0
    for text, content in parts:
        if blocks := tuple(content):
            number += 1
            result += [Heading(level, number, printable(text)), *blocks]
    return tuple(result)
