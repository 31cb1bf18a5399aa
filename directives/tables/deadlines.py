"""Reads deadlines as offices write them.

Such as 2025年底前, 2025年第三季度, 2025年6月中旬, 2025年3月—6月, 长期坚持.
A month, a quarter, a half-year and a year mean their last day, a span its end.
A text without a year or without a date is not interpreted.
"""

import re
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from directives.base.script import to_hans
from directives.tables.days import (
    han_number,
    impossible_date,
    last_day,
    named_day,
    read_day,
    year_in_figures,
)
from directives.tables.faults import Interpreted, Wrong
from directives.tables.layout import Cell

UNTIL = re.compile(r"^(?:截至|截止到?|不晚于|不迟于|力争|确保)")
BEFORE = re.compile(
    r"(?:之前|以前|前|之内|以内|内|期间|为止|止)?(?:要|须|全部|基本)?"
    r"(?:完成|办结|落实|见效|报送|到位)*$"
)
OPEN_ENDED = re.compile(
    r"(?:(?:长期|持续|常态化?|经常性?|不断)"
    r"(?:坚持|推进|落实|实施|开展|进行|抓好|深化|加强|任务|工作|执行|有效|[性化])*[、,;并]?)+"
    r"|[无/\\—–-]+|无时限|不限(?:时限)?"
)
AT_ONCE = re.compile(
    r"立行立改|即[知行]即改|立知立改|(?:立即|马上|即时|随时|尽快|近期|适时).*|待定|另行通知"
)
RECURRING = re.compile(r"(?:每|逐)[年半季月周旬日天].*|按(?:年|季|月).*")
NO_YEAR = re.compile(
    r"(?:今年|本年度?|明年|当年|次年|来年).*|年[底末]|[上下]半年|第?[一二三四1-4]季度?[底末]?"
    r"|\d{1,2}月(?:\d{1,2}[日号]?|份?[底末初]?|[上中下]旬)"
)
HAN_NUMBER = re.compile(r"([一二三四五六七八九十]{1,3})(?=[月日号])")
SPAN = re.compile(r"至|到|~|[—–-]+")
OCTOBER_CUT_SHORT = re.compile(r"\d{4}\.1")  # 2025.10 as a number is 2025.1
YEAR = re.compile(r"(\d{4})(?:年度?|年?年?[底末]|年?全年)?")
HALF = re.compile(r"(\d{4})年?(?:([上下])半年|[hH]([12]))[底末]?")
QUARTER = re.compile(r"(\d{4})年?(?:第?([一二三四1-4])季度?|[qQ]([1-4]))[底末]?")
MONTH = re.compile(r"(\d{4})(?:年|[./-])(\d{1,2})(?:月份?)?(?:([上中下])旬)?[底末]?")
EXAMPLES = {
    "plain": "2025-03-01",
    "words": "2025年3月1日",
    "example": "2025年12月底前",
    "quarter": "2025年第三季度",
}
LAST_MONTHS_OF_HALVES = {"上": 6, "1": 6, "下": 12, "2": 12}
QUARTERS = "一二三四1234"
LAST_DAYS_OF_THIRDS = {"上": 10, "中": 20}  # 旬 of a month


def read_deadline(cell: Cell, folded: str) -> date | Interpreted | Wrong:
    """Return the deadline; Interpreted(None) where the text says that there is none.

    `folded` is the text of the cell as in `days`, not empty.
    """
    if not isinstance(cell, str):
        day = read_day(cell, folded)
        if not isinstance(day, Wrong):
            return day
    if isinstance(cell, float) and OCTOBER_CUT_SHORT.fullmatch(folded):
        months = {"first": f"{folded[:4]}-01", "second": f"{folded[:4]}-10"}
        return Wrong(
            _("a date; the number may mean %(first)s or %(second)s") % months,
            _("Set the cell to text and write the full date."),
        )
    text = year_in_figures(to_hans(folded))
    text = HAN_NUMBER.sub(lambda match: str(han_number(match[1])), text).rstrip("。;,")
    if OPEN_ENDED.fullmatch(text):
        return Interpreted(None)
    deadline = _single(text)
    if deadline is not None:
        return deadline
    return next(_ends_of_span(text), None) or _unreadable(text)


def _single(text: str) -> date | Interpreted | Wrong | None:
    """Read a text without a span; None where it names no date or period."""
    period = UNTIL.sub("", BEFORE.sub("", text))
    if match := YEAR.fullmatch(period):
        return _last_of(int(match[1]), 12)
    if match := HALF.fullmatch(period):
        return _last_of(int(match[1]), LAST_MONTHS_OF_HALVES[match[2] or match[3]])
    if match := QUARTER.fullmatch(period):
        return _last_of(int(match[1]), 3 * (QUARTERS.index(match[2] or match[3]) % 4 + 1))
    if match := MONTH.fullmatch(period):
        return _last_of(int(match[1]), int(match[2]), LAST_DAYS_OF_THIRDS.get(match[3], 0))
    return named_day(period)


def _last_of(year: int, month: int, day: int = 0) -> Interpreted | Wrong:
    """The given day of a month, by default its last."""
    if not 1 <= month <= 12 or not 1900 <= year <= 2199:
        return impossible_date(year, month, day or 1)
    return Interpreted(date(year, month, day) if day else last_day(year, month))


def _ends_of_span(text: str) -> Iterator[Interpreted]:
    """The possible ends of a text such as 2025年3月至6月; the end may leave out the year."""
    for sign in SPAN.finditer(text):
        start, end_text = _day_of(_single(text[: sign.start()])), text[sign.end() :]
        if start is None:
            continue
        for spelling in (end_text, f"{start.year}年{end_text}", f"{start.year}.{end_text}"):
            end = _day_of(_single(spelling))
            if end is not None and end >= start:
                yield Interpreted(end)


def _day_of(deadline: date | Interpreted | Wrong | None) -> date | None:
    day = deadline.value if isinstance(deadline, Interpreted) else deadline
    return day if isinstance(day, date) else None


def _unreadable(text: str) -> Wrong:
    quoted = {"text": text[:20]}
    if AT_ONCE.fullmatch(text):
        remedy = _(
            "Write the date by which it must be done, such as 2025-03-31; "
            "leave the cell empty if there is none."
        )
        return Wrong(_("a date; “%(text)s” contains none") % quoted, remedy)
    if RECURRING.fullmatch(text):
        remedy = _("Write the next date, such as 2025-03-31; put the frequency in a remark.")
        return Wrong(_("one date; “%(text)s” recurs") % quoted, remedy)
    if NO_YEAR.fullmatch(BEFORE.sub("", text)):
        return Wrong(
            _("a date with its year; “%(text)s” has none") % quoted,
            _("Add the year, such as %(example)s.") % EXAMPLES,
        )
    remedy = _(
        "Write the year with four digits, then month and day; "
        "%(example)s and %(quarter)s are accepted too."
    )
    return Wrong(_("a date such as %(plain)s or %(words)s") % EXAMPLES, remedy % EXAMPLES)
