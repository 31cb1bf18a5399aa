"""The numbers before headings, articles and items: 第一章, 壹、, 一、, （一）, 1., （1）, 2.1.

Rules match Simplified script; the number is cut from the original text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from directives.documents.ingest.deadlines import number as number_of
from directives.documents.ingest.words import Words

_HAN = "一二三四五六七八九十百零〇廿"
_CAPITAL = "壹贰叁参肆伍陆柒捌玖拾"  # in Simplified script
_CAPITALS = str.maketrans(_CAPITAL + "貳參陸", "一二三三四五六七八九十二三六")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_COUNT = rf"(?:\s?[{_HAN}]{{1,6}}\s?|\s?[0-9０-９]{{1,3}}\s?)"

FRAME_KINDS = ("volume", "part", "chapter", "subchapter")
ARTICLE, DECIMAL, BULLET = "article", "decimal", "bullet"
_BULLETS = "•●○■□◆▲★·▪\\-—–"
# From the highest: the rank of a kind of label is its place here.
_KINDS = tuple(
    (kind, re.compile(rf"(?P<number>{pattern}){behind}"))
    for kind, pattern, behind in (
        ("volume", rf"第(?P<count>{_COUNT})[编篇卷]", r"[、.．：:\s]*(?=\S)"),
        ("part", rf"第(?P<count>{_COUNT})部分", r"[、.．：:\s]*"),
        ("chapter", rf"第(?P<count>{_COUNT})章", r"[、.．：:\s]*"),
        ("subchapter", rf"第(?P<count>{_COUNT})节", r"[、.．：:\s]*"),
        (
            ARTICLE,
            rf"第(?P<count>{_COUNT})条(?:之[{_HAN}]{{1,2}})?(?!例|款|第|规定|、|所|的|和|至|到)",
            r"[、.．：:\s]*",
        ),
        ("capital", f"(?P<count>[{_CAPITAL}貳參陸]{{1,3}})", r"[、.．]\s*"),
        ("han", rf"(?P<count>[{_HAN}]{{1,4}})", r"(?:、|[.．](?![0-9]))\s*"),
        ("bracketed han", rf"[（(]\s?(?P<count>[{_HAN}]{{1,4}})\s?[）)]", r"[、.．]?\s*"),
        (DECIMAL, r"(?P<count>[0-9]{1,2})(?:[.．][0-9]{1,2}){1,3}", r"[.．、]?(?![0-9%％])\s*"),
        # 1.2031年… is the first item, and begins with a year
        ("figure", r"(?P<count>[0-9０-９]{1,3})", r"[.．、](?:(?=20[0-9]{2}年)|(?![0-9]))\s*"),
        ("bare figure", r"(?P<count>[0-9]{1,2})", r"\s+(?=[\u4e00-\u9fff]{2})"),
        ("bracketed figure", r"[（(]\s?(?P<count>[0-9０-９]{1,3})\s?[）)]", r"[、.．]?\s*"),
        ("half bracket", r"(?P<count>[0-9０-９]{1,2})[）)]", r"\s*"),
        ("circled", f"(?P<count>[{_CIRCLED}])", r"\s*"),
        (BULLET, f"(?P<count>[{_BULLETS}]{{1,2}})", r"\s*(?=[\u4e00-\u9fff“《])"),
    )
)
_RANKS = {kind: rank for rank, (kind, _) in enumerate(_KINDS)}
ABOVE_DECIMALS = _RANKS[DECIMAL] * 10 - 1  # the rank of a 2 above 2.1
_FIRST = re.compile(rf"[第（(壹贰貳叁参參肆伍陆陸柒捌玖拾{_HAN}0-9０-９{_CIRCLED}{_BULLETS}]")


@dataclass(frozen=True, slots=True)
class Label:
    kind: str
    rank: int  # a lower one stands above; 2 and 2.1 differ by their depth
    number: str  # as written, without 、 or . behind it
    count: int
    length: int  # characters with all that stands between it and the words

    @property
    def code(self) -> str:
        """The number as the first part of a code: 一 for （一）, 第3条 for 第 3 条."""
        return re.sub(r"[（）()\s]", "", self.number)


def label_of(words: Words) -> Label | None:
    """The label with which words begin."""
    if not _FIRST.match(words.hans):
        return None
    for kind, pattern in _KINDS:
        match = pattern.match(words.hans)
        if match is None:
            continue
        number = words.text[match.start("number") : match.end("number")]
        depth = len(re.findall("[.．]", number)) if kind == DECIMAL else 0
        rank = _RANKS[kind] * 10 + depth
        if kind == "bare figure":
            rank = ABOVE_DECIMALS
        return Label(kind, rank, number.strip(), _count(match["count"]), match.end())
    return None


def _count(words: str) -> int:
    words = words.strip()
    if words[:1] in _BULLETS:
        return 0
    if words in _CIRCLED:
        return _CIRCLED.index(words) + 1
    return number_of(words.translate(_CAPITALS))


def with_mark(number: str) -> str:
    """A number as it stands before a title: 一、, （一）, 1., and 第一章 and 2.1 with a space."""
    if not number or number[-1] in "）)" or number in _CIRCLED:
        return number
    if number[0] == "第" or "." in number:
        return f"{number} "
    return f"{number}." if number.isdecimal() else f"{number}、"


def roots_of_decimals(labels: Sequence[Label]) -> set[int]:
    """The 4 of 4.1 and 4.2."""
    numbers = (label.number for label in labels if label.kind == DECIMAL)
    return {int(re.split("[.．]", number)[0]) for number in numbers}


def starts_again(labels: Sequence[Label]) -> bool:
    """Whether the numbers of sections start again in each chapter."""
    within = [label for label in labels if label.kind not in FRAME_KINDS]
    if len(within) == len(labels) or not within:
        return False
    top = min(label.rank for label in within)
    codes = [label.code for label in within if label.rank == top]
    return len(set(codes)) < len(codes)
