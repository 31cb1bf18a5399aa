"""Reads dates as people write them in a cell.

Such as typed dates, 2025年3月1日, 2025.3.1, 20250301, serial numbers, 二〇二五年三月一日.
`folded` is the text of a cell with compatibility forms folded (NFKC) and white space removed.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from directives.tables.faults import Wrong
from directives.tables.layout import Cell

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet's count
SERIALS = range(18_264, 73_416)  # 1950 to 2100: other whole numbers are not read as dates
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
SEPARATED = re.compile(
    r"(\d{4})(?:年|[./-])(\d{1,2})(?:月|[./-])(\d{1,2})[日号]?"
    r"(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
MONTH = re.compile(r"(\d{4})(?:年|[./-])(\d{1,2})(?:月份?)?")
YEAR = re.compile(r"(\d{4})年?")
HAN_YEAR = re.compile(r"^[〇零○一二三四五六七八九]{4}(?=年)")
WEEKDAY_OR_TIME = re.compile(
    r"(?:\((?:星期|周)[一二三四五六日天]\))?"
    r"(?:上午|下午|中午|晚上|全天)?(?:\d{1,2}[时点](?:\d{1,2}分|半)?)?$"
)
SPAN = re.compile(
    r"\d{2,4}[年./-]\d{1,2}[月./-]\d{1,2}[日号]?[至到~—–-]+"
    r"(?:\d{2,4}[年./-])?(?:\d{1,2}[月./-])?\d{1,2}[日号]?"
)
NO_YEAR = re.compile(r"\d{1,2}(?:月|[./-])\d{1,2}[日号]?")
HAN = re.compile(
    r"([〇零○一二三四五六七八九]{4})年"
    r"(?:([一二三四五六七八九十]{1,3})月份?)?(?:([一二三四五六七八九十廿卅]{1,3})[日号])?"
)
EXAMPLES = {"plain": "2025-03-01", "words": "2025年3月1日"}
DIGITS = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}


def read_day(cell: Cell, folded: str) -> date | Wrong:
    match cell:
        case datetime():
            return cell.date()
        case date():
            return cell
        case int() | float() | Decimal():
            return _from_number(Decimal(str(cell)), folded)
    return _from_text(folded)


def _from_number(number: Decimal, folded: str) -> date | Wrong:
    integer = int(number)
    if integer in SERIALS:  # the fraction is the time of day
        return EPOCH + timedelta(days=integer)
    if number == integer and PACKED.fullmatch(str(integer)):
        return _from_text(str(integer))
    return _from_text(folded)


def named_day(folded: str) -> date | Wrong | None:
    """Return the date, or what is wrong with it; None where the text names no full date."""
    folded = WEEKDAY_OR_TIME.sub("", folded)
    if match := PACKED.fullmatch(folded) or SEPARATED.fullmatch(folded):
        return _date(*map(int, match.groups()))
    if (match := HAN.fullmatch(folded)) and match[3]:
        return _from_han(*match.groups())
    if folded.isascii() and folded.isdigit() and int(folded) in SERIALS:
        return EPOCH + timedelta(days=int(folded))
    return None


def year_in_figures(folded: str) -> str:
    """Turn 二〇二五年底 into 2025年底."""
    return HAN_YEAR.sub(lambda match: "".join(str(DIGITS[sign]) for sign in match[0]), folded)


def _from_text(folded: str) -> date | Wrong:
    day = named_day(folded)
    if day is not None:
        return day
    if match := HAN.fullmatch(folded):
        return _from_han(*match.groups())
    if SPAN.fullmatch(folded):
        return Wrong(
            _("one date; this is a period of several days"),
            _("Write a single date; put a start and end in the text."),
        )
    if NO_YEAR.fullmatch(folded):
        return Wrong(
            _("a date with its year"),
            _("Write the year with four digits in front, such as 2025-03-01."),
        )
    if match := MONTH.fullmatch(folded):
        return _month_alone(int(match[1]), int(match[2]))
    if match := YEAR.fullmatch(folded):
        return _year_alone(match[1])
    return Wrong(
        _("a date such as %(plain)s or %(words)s") % EXAMPLES,
        _("Write the year with four digits, then month and day."),
    )


def _date(year: int, month: int, day: int) -> date | Wrong:
    try:
        result = date(year, month, day)
    except ValueError:
        return impossible_date(year, month, day)
    return result if EARLIEST <= result <= LATEST else _out_of_range()


def last_day(year: int, month: int) -> date:
    """The last day of a month, of a year before 9999."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def impossible_date(year: int, month: int, day: int) -> Wrong:
    """Describe a date that the calendar does not have."""
    if not 1 <= month <= 12:
        return Wrong(
            _("a date that exists; a year has no month %(month)s") % {"month": month},
            _("Check the month; write it as 1 to 12."),
        )
    if not 1 <= year <= 9998:
        return _out_of_range()
    params = {"year": year, "month": month, "day": day, "last": last_day(year, month).day}
    return Wrong(
        _("a date that exists; month %(month)s of %(year)s has no day %(day)s") % params,
        _("Check the date; the last day of that month is the %(last)s.") % params,
    )


def _out_of_range() -> Wrong:
    return Wrong(_("a date between 1900 and 2199"), _("Check the year; write all four digits."))


def _month_alone(year: int, month: int) -> Wrong:
    if not 1 <= month <= 12:
        return impossible_date(year, month, 32)
    last_date = last_day(year, month) if year < 9999 else LATEST - timedelta(days=1)
    params = {"month": f"{year}-{month:02}", "last": f"{last_date:%Y-%m-%d}"}
    return Wrong(
        _("a full date, not only a month"),
        _("Write which day of %(month)s; its last day is %(last)s.") % params,
    )


def _year_alone(year: int | str) -> Wrong:
    return Wrong(
        _("a full date, not only a year"),
        _("Write which day of %(year)s, such as 2025-03-31.") % {"year": year},
    )


def _from_han(year: str, month: str | None, day: str | None) -> date | Wrong:
    number = int("".join(str(DIGITS[sign]) for sign in year))
    if month is None:
        return _year_alone(number)
    months = han_number(month)
    return _month_alone(number, months) if day is None else _date(number, months, han_number(day))


def han_number(text: str) -> int:
    """Read 十一, 二十, 三十一 or 廿三; 0 for anything else."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = text.partition("十")
    if not ten:
        return DIGITS.get(text, 0)
    if len(tens) > 1 or len(ones) > 1:
        return 0
    return 10 * (DIGITS[tens] if tens else 1) + (DIGITS[ones] if ones else 0)
