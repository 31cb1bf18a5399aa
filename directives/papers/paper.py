"""What a paper says, whatever it is printed by: the page that previews it and the .docx print the same `Paper`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal[1, 2, 3, 4]
DIGITS = "〇一二三四五六七八九"
# Characters that XML does not allow, whatever somebody pasted into a form.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
ENDS = "。！？；：…”）)."


def chinese_number(number: int) -> str:
    """A number from 1 to 99 as headings count: 一, 十, 十一, 二十三."""
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
    """A paragraph of the body; `number` puts 1. before it, `lead` is set in the face of a third heading."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page of its own: its title, and cells as text; `widths` are shares of the type area, in percent."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


Block = Heading | Para | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. `recipient` without its colon; `annexes` are the names listed before the signature, tables come after it."""

    title: str
    recipient: str
    blocks: tuple[Block, ...]
    signer: str
    signed_on: date
    annexes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    traditional: bool = False
    fictional: str = ""  # the words that say so, on every page; empty where the data is real

    @property
    def file_name(self) -> str:
        """The name of the file without its ending."""
        return re.sub(
            r'[\\/:*?"<>|\s]+', " ", self.title + (f" {self.fictional}" if self.fictional else "")
        ).strip()[:120]

    @property
    def signed(self) -> str:
        """The day as a paper bears it: 2026年9月5日."""
        return f"{self.signed_on.year}年{self.signed_on.month}月{self.signed_on.day}日"


JOINTS = "省市县縣区區州盟旗会會部委組组局院和與与及的、，"  # what names of places and bodies end in, and what joins words
PHRASES = re.compile(r"(?=《)|(?=贯彻)|(?=貫徹)|(?<=》)|(?<=关于)(?!《)|(?<=關於)(?!《)")
WAYS = 64  # of breaking the title, that are looked at
TITLE_LIMIT = 20  # characters of 22 pt in a line of the type area


def width(text: str) -> float:
    """How wide a text is, in characters: letters and digits of ASCII are half as wide."""
    return sum(0.5 if character.isascii() else 1 for character in text)


def title_lines(title: str) -> tuple[str, ...]:
    """The title in as few lines as hold it, broken where a phrase ends: before 《, after 》 and after 关于; a longer phrase in pieces.

    Of all ways the one whose lines are most alike, and rather wider than narrower in the middle, as the standard asks (梯形, 菱形).
    """
    phrases = [piece for phrase in PHRASES.split(title) if phrase for piece in _pieces(phrase)]
    ways = [()]
    for phrase in phrases:
        joined = [
            (*way[:-1], way[-1] + phrase)
            for way in ways
            if way and width(way[-1] + phrase) <= TITLE_LIMIT
        ]
        ways = sorted([*((*way, phrase) for way in ways), *joined], key=_shapeless)[:WAYS]
    return ways[0]


def _shapeless(lines: tuple[str, ...]) -> tuple[int, bool, float]:
    """How far lines are from the shape of a title: their number, a waist, how unlike they are."""
    wide = [width(line) for line in lines]
    waist = any(
        before > here + 1 < after
        for before, here, after in zip(wide, wide[1:], wide[2:], strict=False)
    )
    return len(lines), waist, sum((one - sum(wide) / len(wide)) ** 2 for one in wide)


def _pieces(phrase: str) -> list[str]:
    """A phrase in lines about as long as one another, each ended after a place, a body or a joining word where there is one."""
    pieces = -(-len(phrase) // TITLE_LIMIT)
    if pieces <= 1:
        return [phrase]
    size = -(-len(phrase) // pieces)
    near = [cut for cut in range(TITLE_LIMIT // 2, TITLE_LIMIT + 1) if phrase[cut - 1] in JOINTS]
    cut = min(near, key=lambda cut: abs(cut - size), default=size)
    return [phrase[:cut], *_pieces(phrase[cut:])]


def printable(text: str) -> str:
    """Text without what cannot be printed, its lines joined as one paragraph."""
    return " ".join(
        part for line in UNPRINTABLE.sub("", text).splitlines() if (part := line.strip())
    )


def sentence(text: str) -> str:
    """The text as a paragraph that ends."""
    plain = printable(text)
    return plain if not plain or plain[-1] in ENDS else plain + "。"


def paragraphs(text: str) -> tuple[Para, ...]:
    """Each line that somebody typed as a paragraph."""
    return tuple(Para(told) for line in text.splitlines() if (told := sentence(line)))


def numbered_parts(level: Level, parts: Iterable[tuple[str, Iterable[Block]]]) -> tuple[Block, ...]:
    """Parts under numbered headings; a part that says nothing gets none."""
    result: list[Block] = []
    number = 0
    for text, inside in parts:
        blocks = tuple(inside)
        if blocks:
            number += 1
            result += [Heading(level, number, printable(text)), *blocks]
    return tuple(result)
