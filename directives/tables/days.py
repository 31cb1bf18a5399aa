"""Days as people write them in a cell: typed dates, 2025年3月1日, 2025.3.1, 20250301, serial numbers, 二〇二五年三月一日."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from directives.tables.faults import Wrong
from directives.tables.layout import Cell

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet's count
SERIALS = range(18_264, 73_416)  # 1950 to 2100: other whole numbers are no days
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
PARTED = re.compile(
    r"(\d{4})(?:年|[./-])(\d{1,2})(?:月|[./-])(\d{1,2})[日号]?(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
MONTH = re.compile(r"(\d{4})(?:年|[./-])(\d{1,2})(?:月份?)?")
YEAR = re.compile(r"(\d{4})年?")
HAN_YEAR = re.compile(r"^[〇零○一二三四五六七八九]{4}(?=年)")
AFTER = re.compile(
    r"(?:\((?:星期|周)[一二三四五六日天]\))?(?:上午|下午|中午|晚上|全天)?(?:\d{1,2}[时点](?:\d{1,2}分|半)?)?$"
)
SPAN = re.compile(
    r"\d{2,4}[年./-]\d{1,2}[月./-]\d{1,2}[日号]?[至到~—–-]+(?:\d{2,4}[年./-])?(?:\d{1,2}[月./-])?\d{1,2}[日号]?"
)
NO_YEAR = re.compile(r"\d{1,2}(?:月|[./-])\d{1,2}[日号]?")
HAN = re.compile(
    r"([〇零○一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,3})月份?)?(?:([一二三四五六七八九十廿卅]{1,3})[日号])?"
)
EXAMPLES = {"plain": "2025-03-01", "words": "2025年3月1日"}
DIGITS = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}


def read_day(cell: Cell, plain: str) -> date | Wrong:
    """The day that a cell means. `plain` is its text, compatibility forms folded and white space gone."""
    match cell:
        case datetime():
            return cell.date()
        case date():
            return cell
        case int() | float() | Decimal():
            return _from_number(Decimal(str(cell)), plain)
    return _from_text(plain)


def _from_number(number: Decimal, plain: str) -> date | Wrong:
    whole = int(number)
    if whole in SERIALS:  # the part behind the point is the time of day
        return EPOCH + timedelta(days=whole)
    if number == whole and PACKED.fullmatch(str(whole)):
        return _from_text(str(whole))
    return _from_text(plain)


def named_day(plain: str) -> date | Wrong | None:
    """The day that a text names, or what is wrong with that day; None where it names no day, or a month or a year alone."""
    plain = AFTER.sub("", plain)
    if found := PACKED.fullmatch(plain) or PARTED.fullmatch(plain):
        return _day(*map(int, found.groups()))
    if (found := HAN.fullmatch(plain)) and found[3]:
        return _from_han(*found.groups())
    if plain.isascii() and plain.isdigit() and int(plain) in SERIALS:
        return EPOCH + timedelta(days=int(plain))
    return None


def year_in_figures(plain: str) -> str:
    """二〇二五年底 as 2025年底."""
    return HAN_YEAR.sub(lambda found: "".join(str(DIGITS[sign]) for sign in found[0]), plain)


def _from_text(plain: str) -> date | Wrong:
    found = named_day(plain)
    if found is not None:
        return found
    if found := HAN.fullmatch(plain):
        return _from_han(*found.groups())
    if SPAN.fullmatch(plain):
        return Wrong(
            _("one date; this is a period of several days"),
            _("Write a single date; put a start and end in the text."),
        )
    if NO_YEAR.fullmatch(plain):
        return Wrong(
            _("a date with its year"),
            _("Write the year with four digits in front, such as 2025-03-01."),
        )
    if found := MONTH.fullmatch(plain):
        return _month_alone(int(found[1]), int(found[2]))
    if found := YEAR.fullmatch(plain):
        return Wrong(
            _("a full date, not only a year"),
            _("Write which day of %(year)s, such as 2025-03-31.") % {"year": found[1]},
        )
    return Wrong(
        _("a date such as %(plain)s or %(words)s") % EXAMPLES,
        _("Write the year with four digits, then month and day."),
    )


def _day(year: int, month: int, day: int) -> date | Wrong:
    try:
        found = date(year, month, day)
    except ValueError:
        return no_such(year, month, day)
    if FIRST <= found <= LAST:
        return found
    return Wrong(_("a date between 1900 and 2199"), _("Check the year; write all four digits."))


def no_such(year: int, month: int, day: int) -> Wrong:
    """What is wrong with a day that the calendar does not have."""
    said = {"year": year, "month": month, "day": day}
    if not 1 <= month <= 12:
        return Wrong(
            _("a date that exists; a year has no month %(month)s") % said,
            _("Check the month; write it as 1 to 12."),
        )
    if 1 <= year <= 9998:
        following = date(year + month // 12, month % 12 + 1, 1)
        said["last"] = (following - timedelta(days=1)).day
        expected = _("a date that exists; month %(month)s of %(year)s has no day %(day)s") % said
        return Wrong(
            expected, _("Check the date; the last day of that month is the %(last)s.") % said
        )
    return Wrong(_("a date between 1900 and 2199"), _("Check the year; write all four digits."))


def _month_alone(year: int, month: int) -> Wrong:
    last = no_such(year, month, 32)
    if not 1 <= month <= 12:
        return last
    following = date(year + month // 12, month % 12 + 1, 1) if year < 9999 else LAST
    said = {"month": f"{year}-{month:02}", "last": f"{following - timedelta(days=1):%Y-%m-%d}"}
    return Wrong(
        _("a full date, not only a month"),
        _("Write which day of %(month)s; its last day is %(last)s.") % said,
    )


def _from_han(year: str, month: str | None, day: str | None) -> date | Wrong:
    number = int("".join(str(DIGITS[sign]) for sign in year))
    if month is None:
        return Wrong(
            _("a full date, not only a year"),
            _("Write which day of %(year)s, such as 2025-03-31.") % {"year": number},
        )
    months = counted(month)
    return _month_alone(number, months) if day is None else _day(number, months, counted(day))


def counted(text: str) -> int:
    """十一 is 11, 二十 is 20, 三十一 is 31, 廿三 is 23; 0 for what counts nothing."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = text.partition("十")
    if not ten:
        return DIGITS.get(text, 0)
    if len(tens) > 1 or len(ones) > 1:
        return 0
    return 10 * (DIGITS[tens] if tens else 1) + (DIGITS[ones] if ones else 0)
