"""Conversion between the two scripts of Chinese, by OpenCC.

`to_hans` converts to Simplified and `to_hant` to Traditional characters, without changing the
vocabulary or the length of a text; `fold` makes a search key. Lists of overrides correct errors of
OpenCC on the words of policy documents.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

# Results of s2tw for words that it splits wrongly (好干部 → 好乾 + 部) or takes in another sense
_HANT_OVERRIDES = (
    # 乾 is "dry": never a cadre. 餅乾部門 (biscuits) and 若干部門 stay.
    (re.compile("乾部(?![門分位件落])"), "幹部"),
    (re.compile("(?<!標)(?<!書)(?<!抽)(?<!牙)(?<!竹)籤"), "簽"),  # 簽批, 代簽
    (re.compile("徵程"), "征程"),
    # 編製 is to draw up; 編制 is an establishment of posts.
    (
        re.compile(
            "(?<=機構)編製|(?<=行政)編製|(?<=事業)編製|(?<=人員)編製|編製(?=委員會|辦|數|員額)"
        ),
        "編制",
    ),
    (re.compile("傢俱"), "家具"),
    (re.compile("臺(?=[賬帳])"), "台"),  # 台賬, a ledger
    # 隻 counts animals (許多隻羊); 只 is "only".
    (re.compile("(?<=[最至大]多)隻|(?<=許多)隻(?=[有能是要])"), "只"),
    (re.compile("(?<=[聲說證表闡])明瞭"), "明了"),
    (re.compile("係統"), "系統"),  # 此系统 is cut 此係 + 統
    (re.compile("本錶"), "本表"),
    (re.compile("複議"), "復議"),  # 行政復議, a remedy in law
    (re.compile("複核"), "覆核"),
    # A week is 週, a circuit or a year of age 周.
    (
        re.compile(
            "(?<=[0-9幾兩每])周(?![年歲])|(?<=[0-9] "
            ")周(?![年歲])|(?<=[一二三五六七八九十])周(?=[內前後以])"
        ),
        "週",
    ),
    (re.compile("佔"), "占"),
    (re.compile("(?<=[公發頒宣])佈"), "布"),
    (re.compile("注釋"), "註釋"),
    (re.compile("括注"), "括註"),
)
# t2s does not convert 著; in Simplified it is 着 unless it means written or notable.
_HANS_OVERRIDES = (
    (
        re.compile(
            "(?<![显顯昭卓原名专專编編论論遗遺土巨译譯合撰拙所])著(?![作名者述书書录錄称稱])"
        ),
        "着",
    ),
    (re.compile("甚[么麽]"), "什么"),
    (re.compile("麽"), "么"),
    (re.compile("覆核"), "复核"),
    (re.compile("复盖(?![章印戳])"), "覆盖"),  # 写明覆盖 is cut 明覆 + 盖; 批复盖章 stays
)


@cache
def _converter(direction: str) -> OpenCC:
    """The converter of a direction. It is slow to make, because it reads dictionaries."""
    return OpenCC(direction)


def to_hans(text: str) -> str:
    """The text in Simplified script."""
    text = _converter("t2s").convert(text)
    for wrong, right in _HANS_OVERRIDES:
        text = wrong.sub(right, text)
    return text


def to_hant(text: str) -> str:
    """The text in standard Traditional script (眾, 裡, 臺); other Traditional is standardised."""
    text = _converter("s2tw").convert(text)
    for wrong, right in _HANT_OVERRIDES:
        text = wrong.sub(right, text)
    return text


def fold(text: str) -> str:
    """The search key of a text: Simplified, normalised (NFKC), case-folded, without white space."""
    plain = "".join(to_hans(unicodedata.normalize("NFKC", text)).casefold().split())
    # Again, because characters on either side of a removed space may now combine.
    return unicodedata.normalize("NFKC", plain)
