"""Numbers as people write them in a cell: １２３, 1,234.5, 3.5万元, 2亿, 35%."""

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
ABOUT = re.compile(r"[约近逾超]|余|左右|以上|以下|不足|多|[~≈<>±]")
YEAR = re.compile(r"(\d{4})\s*年(?:度|份)?")
POWER = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
NOTHING = frozenset({"nan", "inf", "-inf", "infinity", "-infinity", "#n/a", "null", "none"})
MONEY = re.compile(r"^(?:人民币|rmb|cny|¥)|元整?$", re.IGNORECASE)
HANT = str.maketrans("萬億圓圆約餘幣辦結啟動開", "万亿元元约余币办结启动开")
DONE = {
    **dict.fromkeys(("完成", "已完成", "全部完成", "已全部完成", "已办结", "办结"), 100),
    **dict.fromkeys(("未启动", "尚未启动", "未开始", "尚未开始"), 0),
}  # words in a column of percentages
Shares = Literal["shares", "points", ""]


def read_figure(cell: Cell, plain: str, *, money: bool = False, scale: int = 1) -> Decimal | Wrong:
    """The number that a cell means. `scale`: what the heading says that its bare numbers count in (万元: 10,000)."""
    if isinstance(cell, int | float | Decimal):
        return _checked(Decimal(str(cell)) * scale) if math.isfinite(cell) else _no_number()
    text = plain.translate(HANT).replace("−", "-")
    if text.lower() in NOTHING:
        return _no_number()
    if POWER.fullmatch(text):
        return _power()
    if ABOUT.search(text):
        return Wrong(
            _("an exact number"),
            _(
                "“About” and “more than” are not interpreted: write only the number, and the rest in a remark."
            ),
        )
    return _spelt(MONEY.sub("", MONEY.sub("", text)) if money else text, scale)


def scale_of(unit: str) -> int:
    """What a unit counts in: 10,000 for 万元 and 万人次, 1 for 人."""
    found = UNIT.match(unit.translate(HANT))
    return UNITS[found[1]] if found else 1


def has_unit(cell: Cell) -> bool:
    """A number as text that says 万 or 亿 itself."""
    return isinstance(cell, str) and UNIT.search(cell.translate(HANT)) is not None


def _spelt(text: str, scale: int) -> Decimal | Wrong:
    found = FIGURE.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return _no_number()
    sign, whole, behind, unit = found[1], found[2] or "0", found[3] or "", found[4] or ""
    if "," in whole and not (THREES.fullmatch(whole) or FOURS.fullmatch(whole)):
        return Wrong(
            _("a number; its commas are not thousands separators"),
            _("Write it without commas; use a full stop as the decimal point."),
        )
    number = Decimal(f"{sign}{whole.replace(',', '')}{behind}")
    return _checked(number * (UNITS[unit] if unit else scale))


def _checked(number: Decimal) -> Decimal | Wrong:
    if abs(number) >= LIMIT:
        return _power()
    return _tidy(number)


def _tidy(number: Decimal) -> Decimal:
    """Without zeros behind the point, and never in powers of ten. What a float adds in its last digits is rounded away."""
    return (
        Decimal(f"{round(number, 9):f}".rstrip("0").rstrip(".") or "0")
        if number % 1
        else number.quantize(Decimal(1))
    )


def _no_number() -> Wrong:
    return Wrong(
        _("a number such as 1234.5 or %(words)s") % {"words": "3.5万"},
        _("Write only the number; put other notes in a remark."),
    )


def _power() -> Wrong:
    return Wrong(
        _("a number of fewer than 16 digits, written out"),
        _("A spreadsheet program has cut it short. Set the cell to text and type it again."),
    )


def read_whole(cell: Cell, plain: str, *, scale: int = 1) -> int | Wrong:
    """The whole number that a cell means; a year may be written 2025年."""
    year = YEAR.fullmatch(plain)
    found = Decimal(year[1]) if year else read_figure(cell, plain, scale=scale)
    if isinstance(found, Wrong):
        return found
    return (
        int(found)
        if found == int(found)
        else Wrong(_("a whole number"), _("Write it without decimals."))
    )


def read_percent(
    cell: Cell, plain: str, *, shares: Shares = ""
) -> int | Decimal | Interpreted | Wrong:
    """A percentage, 35 for 35%; whole ones are int. A bare number between 0 and 1 is a share, as a cell formatted as percent holds it.

    A bare 1 is 100% in a column of shares, 1% in one of points, and a fault where the column does not tell (`shares` is "").
    """
    if plain.translate(HANT) in DONE:
        return Interpreted(DONE[plain.translate(HANT)])
    text = plain.replace("百分之", "%")
    if (
        text.count("%") == 1
        and text[0] + text[-1] != "%%"
        and (text.endswith("%") or text.startswith("%"))
    ):
        return _points(read_figure(None, text.strip("%")))
    found = read_figure(cell, plain)
    if isinstance(found, Wrong):
        return Wrong(_("a percentage such as 35 or 35%"), found.remedy)
    if found == 1 and shares != "points":
        return (
            100
            if shares
            else Wrong(
                _("a percentage; 1 may mean 1% or 100%"),
                _("Write 1% or 100%, with the percent sign."),
            )
        )
    return _points(found * 100 if 0 < found < 1 else found)


def _points(found: Decimal | Wrong) -> int | Decimal | Wrong:
    if isinstance(found, Wrong):
        return Wrong(_("a percentage such as 35 or 35%"), found.remedy)
    number = round(found, 4)
    return int(number) if number == int(number) else _tidy(number)


def shares_of(cells: list[Cell]) -> Shares:
    """Whether a column holds shares of 1 or points of 100, by some of its numbers; "" where they do not tell."""
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
