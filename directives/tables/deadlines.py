"""Days by which work is to be done, as offices write them: 2025年底前, 2025年第三季度, 2025年6月中旬, 2025年3月—6月, 长期坚持.

A month, a quarter, a half and a year mean their last day here, and a span its end. What names no year or no day is not guessed.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _

from directives.base.script import to_hans
from directives.tables.days import counted, named_day, no_such, read_day, year_in_figures
from directives.tables.faults import Interpreted, Wrong
from directives.tables.layout import Cell

UNTIL = re.compile(r"^(?:截至|截止到?|不晚于|不迟于|力争|确保)")
BEFORE = re.compile(
    r"(?:之前|以前|前|之内|以内|内|期间|为止|止)?(?:要|须|全部|基本)?(?:完成|办结|落实|见效|报送|到位)*$"
)
OPEN = re.compile(
    r"(?:(?:长期|持续|常态化?|经常性?|不断)(?:坚持|推进|落实|实施|开展|进行|抓好|深化|加强|任务|工作|执行|有效|[性化])*[、,;并]?)+"
    r"|[无/\\—–-]+|无时限|不限(?:时限)?"
)
AT_ONCE = re.compile(
    r"立行立改|即[知行]即改|立知立改|(?:立即|马上|即时|随时|尽快|近期|适时).*|待定|另行通知"
)
AGAIN = re.compile(r"(?:每|逐)[年半季月周旬日天].*|按(?:年|季|月).*")
NO_YEAR = re.compile(
    r"(?:今年|本年度?|明年|当年|次年|来年).*|年[底末]|[上下]半年|第?[一二三四1-4]季度?[底末]?"
    r"|\d{1,2}月(?:\d{1,2}[日号]?|份?[底末初]?|[上中下]旬)"
)
HAN_NUMBER = re.compile(r"([一二三四五六七八九十]{1,3})(?=[月日号])")
SPAN = re.compile(r"至|到|~|[—–-]+")
CUT_SHORT = re.compile(r"\d{4}\.1")
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
HALVES, QUARTERS, THIRDS = (
    {"上": 6, "1": 6, "下": 12, "2": 12},
    "一二三四1234",
    {"上": 10, "中": 20},
)


def read_deadline(cell: Cell, plain: str) -> date | Interpreted | Wrong:
    """The day by which something is to be done; Meant(None) where it says that there is none.

    `plain`: the text of the cell, compatibility forms folded, no white space; not empty.
    """
    if not isinstance(cell, str) and not isinstance(found := read_day(cell, plain), Wrong):
        return found
    if isinstance(cell, float) and CUT_SHORT.fullmatch(plain):
        months = {"first": f"{plain[:4]}-01", "second": f"{plain[:4]}-10"}
        return Wrong(
            _("a date; the number may mean %(first)s or %(second)s") % months,
            _("Set the cell to text and write the full date."),
        )
    text = HAN_NUMBER.sub(
        lambda found: str(counted(found[1])), year_in_figures(to_hans(plain))
    ).rstrip("。;,")
    if OPEN.fullmatch(text):
        return Interpreted(None)
    found = _one(text)
    return found if found is not None else next(_ends_of_span(text), None) or _not_read(text)


def _one(text: str) -> date | Interpreted | Wrong | None:
    """The day that a text without a span names; None where it names none."""
    bare = UNTIL.sub("", BEFORE.sub("", text))
    if found := YEAR.fullmatch(bare):
        return _last(int(found[1]), 12)
    if found := HALF.fullmatch(bare):
        return _last(int(found[1]), HALVES[found[2] or found[3]])
    if found := QUARTER.fullmatch(bare):
        return _last(int(found[1]), 3 * (QUARTERS.index(found[2] or found[3]) % 4 + 1))
    if found := MONTH.fullmatch(bare):
        return _last(int(found[1]), int(found[2]), THIRDS.get(found[3], 0))
    return named_day(bare)


def _last(year: int, month: int, day: int = 0) -> Interpreted | Wrong:
    """The last day of a month, or the day of it."""
    if not 1 <= month <= 12 or not 1900 <= year <= 2199:
        return no_such(year, month, day or 1)
    return Interpreted(
        date(year, month, day)
        if day
        else date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    )


def _ends_of_span(text: str) -> Iterator[Interpreted]:
    """The end of a text such as 2025年3月至6月, if both of its sides are days; the end may leave out the year."""
    for sign in SPAN.finditer(text):
        start, end = _one(text[: sign.start()]), text[sign.end() :]
        begins = start.value if isinstance(start, Interpreted) else start
        if not isinstance(begins, date):
            continue
        for spelt in (end, f"{begins.year}年{end}", f"{begins.year}.{end}"):
            last = _one(spelt)
            ends = last.value if isinstance(last, Interpreted) else last
            if isinstance(ends, date) and ends >= begins:
                yield Interpreted(ends)


def _not_read(text: str) -> Wrong:
    said = {"text": text[:20]}
    if AT_ONCE.fullmatch(text):
        remedy = _(
            "Write the date by which it must be done, such as 2025-03-31; leave the cell empty if there is none."
        )
        return Wrong(_("a date; “%(text)s” contains none") % said, remedy)
    if AGAIN.fullmatch(text):
        remedy = _("Write the next date, such as 2025-03-31; put the frequency in a remark.")
        return Wrong(_("one date; “%(text)s” recurs") % said, remedy)
    if NO_YEAR.fullmatch(BEFORE.sub("", text)):
        return Wrong(
            _("a date with its year; “%(text)s” has none") % said,
            _("Add the year, such as %(example)s.") % EXAMPLES,
        )
    remedy = _(
        "Write the year with four digits, then month and day; %(example)s and %(quarter)s are accepted too."
    )
    return Wrong(_("a date such as %(plain)s or %(words)s") % EXAMPLES, remedy % EXAMPLES)
