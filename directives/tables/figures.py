"""Reads numbers as people write them in a cell: １２３, 1,234.5, 3.5万元, 2亿, 35%.

`folded` is the text of a cell with compatibility forms folded (NFKC) and white space removed.
"""

import math
import re
from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _

from directives.tables.faults import Interpreted, Wrong
from directives.tables.layout import Cell

LIMIT = Decimal(10) ** 15  # a spreadsheet keeps fifteen digits of a number
UNITS = {
    "": 1,
    "百": 100,
    "千": 1000,
    "万": 10_000,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
}
FIGURE = re.compile(r"([+-]?)(\d+(?:,\d+)*)?(\.\d+)?(百万|千万|万亿|百|千|万|亿)?")
THREES, FOURS = re.compile(r"\d{1,3}(,\d{3})+"), re.compile(r"\d{1,4}(,\d{4})+")
UNIT = re.compile(r"\s*(万亿|百万|千万|万|亿|千(?=元))")
APPROXIMATE = re.compile(r"[约近逾超]|余|左右|以上|以下|不足|多|[~≈<>±]")
YEAR = re.compile(r"(\d{4})\s*年(?:度|份)?")
POWER = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
NOT_A_NUMBER = frozenset({"nan", "inf", "-inf", "infinity", "-infinity", "#n/a", "null", "none"})
MONEY = re.compile(r"^(?:人民币|rmb|cny|¥)|元整?$", re.IGNORECASE)
HANT = str.maketrans("萬億圓圆約餘幣辦結啟動開", "万亿元元约余币办结启动开")
PERCENTAGES_IN_WORDS = {
    **dict.fromkeys(("完成", "已完成", "全部完成", "已全部完成", "已办结", "办结"), 100),
    **dict.fromkeys(("未启动", "尚未启动", "未开始", "尚未开始"), 0),
}  # percentages in words
Shares = Literal["shares", "points", ""]  # "": unknown


def read_figure(cell: Cell, folded: str, *, money: bool = False, scale: int = 1) -> Decimal | Wrong:
    """Read a number. `scale` is the unit of bare numbers by the heading (万元: 10,000)."""
    if isinstance(cell, int | float | Decimal):
        return _in_range(Decimal(str(cell)) * scale) if math.isfinite(cell) else _no_number()
    text = folded.translate(HANT).replace("−", "-")
    if text.lower() in NOT_A_NUMBER:
        return _no_number()
    if POWER.fullmatch(text):
        return _too_long()
    if APPROXIMATE.search(text):
        remedy = _(
            "“About” and “more than” are not interpreted: write only the number, "
            "and the rest in a remark."
        )
        return Wrong(_("an exact number"), remedy)
    return _from_text(MONEY.sub("", MONEY.sub("", text)) if money else text, scale)


def scale_of(unit: str) -> int:
    """The factor in a unit: 10,000 for 万元 and 万人次, 1 for 人."""
    match = UNIT.match(unit.translate(HANT))
    return UNITS[match[1]] if match else 1


def has_unit(cell: Cell) -> bool:
    """Whether the cell is a text with its own 万 or 亿."""
    return isinstance(cell, str) and UNIT.search(cell.translate(HANT)) is not None


def _from_text(text: str, scale: int) -> Decimal | Wrong:
    match = FIGURE.fullmatch(text)
    if not match or not (match[2] or match[3]):
        return _no_number()
    sign, digits, fraction, unit = (group or "" for group in match.groups())
    digits = digits or "0"
    if "," in digits and not (THREES.fullmatch(digits) or FOURS.fullmatch(digits)):
        return Wrong(
            _("a number; its commas are not thousands separators"),
            _("Write it without commas; use a full stop as the decimal point."),
        )
    number = Decimal(f"{sign}{digits.replace(',', '')}{fraction}")
    return _in_range(number * (UNITS[unit] if unit else scale))


def _in_range(number: Decimal) -> Decimal | Wrong:
    return _too_long() if abs(number) >= LIMIT else _normal(number)


def _normal(number: Decimal) -> Decimal:
    """Without trailing zeros or an exponent, and without a float's error in the last digits."""
    if number % 1:
        return Decimal(f"{round(number, 9):f}".rstrip("0").rstrip(".") or "0")
    return number.quantize(Decimal(1))


def _no_number() -> Wrong:
    return Wrong(
        _("a number such as 1234.5 or %(words)s") % {"words": "3.5万"},
        _("Write only the number; put other notes in a remark."),
    )


def _too_long() -> Wrong:
    return Wrong(
        _("a number of fewer than 16 digits, written out"),
        _("A spreadsheet program has cut it short. Set the cell to text and type it again."),
    )


def read_whole(cell: Cell, folded: str, *, scale: int = 1) -> int | Wrong:
    """Read a whole number; a year may be written 2025年."""
    year = YEAR.fullmatch(folded)
    number = Decimal(year[1]) if year else read_figure(cell, folded, scale=scale)
    if isinstance(number, Wrong):
        return number
    if number != int(number):
        return Wrong(_("a whole number"), _("Write it without decimals."))
    return int(number)


def read_percent(
    cell: Cell, folded: str, *, shares: Shares = ""
) -> int | Decimal | Interpreted | Wrong:
    """Read a percentage: 35 for 35%, an int if it is whole.

    A bare number between 0 and 1 is a share, as a cell formatted as percent holds it. A bare 1 is
    100% in a column of shares, 1% in one of points, and wrong where that is unknown ("").
    """
    if (phrase := folded.translate(HANT)) in PERCENTAGES_IN_WORDS:
        return Interpreted(PERCENTAGES_IN_WORDS[phrase])
    text = folded.replace("百分之", "%")
    if (
        text.count("%") == 1
        and text[0] + text[-1] != "%%"
        and (text.endswith("%") or text.startswith("%"))
    ):
        return _points(read_figure(None, text.strip("%")))
    number = read_figure(cell, folded)
    if number == 1 and shares != "points":
        if shares:
            return 100
        return Wrong(
            _("a percentage; 1 may mean 1% or 100%"),
            _("Write 1% or 100%, with the percent sign."),
        )
    if not isinstance(number, Wrong) and 0 < number < 1:
        number *= 100
    return _points(number)


def _points(number: Decimal | Wrong) -> int | Decimal | Wrong:
    if isinstance(number, Wrong):
        return Wrong(_("a percentage such as 35 or 35%"), number.remedy)
    number = round(number, 4)
    return int(number) if number == int(number) else _normal(number)


def shares_of(cells: list[Cell]) -> Shares:
    """Whether a column holds shares of 1 or points of 100, judged by some of its cells."""
    numbers = [
        cell
        for cell in cells
        if isinstance(cell, int | float | Decimal)
        and not isinstance(cell, bool)
        and math.isfinite(cell)
    ]
    if any(number > 1 for number in numbers):
        return "points"
    return "shares" if any(0 < number < 1 for number in numbers) else ""
