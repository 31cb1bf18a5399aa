"""Days by which work is to be done, in the words of offices.

What they mean, and what is asked back rather than guessed.
"""

from datetime import date

import pytest
from django.utils.translation import override

from directives.tables.cells import folded, interpreting_reader, value_reader
from directives.tables.deadlines import read_deadline
from directives.tables.faults import Interpreted, Wrong
from directives.tables.fields import Field

DEADLINE = Field("due_on", "完成时限", "date", deadline=True)
NEW_YEARS_EVE, MIDSUMMER = date(2025, 12, 31), date(2025, 6, 30)
ENDS_OF_YEAR = (
    "2025年底前",
    "2025年年底",
    "2025年末",
    "2025年内",
    "2025年",
    "2025年度",
    "2025",
    "2025年全年",
    "2025年12月",
    "2025.12",
    "２０２５年１２月底前",
    "2025年12月底前完成",
    "二〇二五年十二月底前",
    "2025年第四季度",
    "2025年4季度",
    "2025Q4",
    "2025年下半年",
    "2025H2",
    "截至2025年底",
)
MIDDLES_OF_YEAR = (
    "2025年上半年",
    "2025年6月底",
    "2025-06",
    "2025/6",
    "2025年二季度末",
    "力争2025年6月完成",
    "2025年3月至6月",
    "2025年3月1日-6月30日",
    "2025.3.1—2025.6.30",
    "2024年底到2025年6月",
    "2025.3~6月",
)
EXACT = (
    "2025年6月30日",
    "2025年6月30日前",
    "2025.6.30前完成",
    "2025-06-30",
    "20250630",
    "二〇二五年六月三十日",
    45838,
)


def read(text):
    return read_deadline(text, folded(str(text)))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *((text, NEW_YEARS_EVE) for text in ENDS_OF_YEAR),
        *((text, MIDSUMMER) for text in MIDDLES_OF_YEAR),
        ("2025年6月中旬", date(2025, 6, 20)),
        ("2025年6月上旬前", date(2025, 6, 10)),
        ("2025年2月", date(2025, 2, 28)),
        ("2024年2月下旬", date(2024, 2, 29)),
    ],
)
def test_a_period_means_its_last_day(text, day):
    assert read(text) == Interpreted(day)


@pytest.mark.parametrize(
    "text",
    [
        "2025年6月30日",
        "2025年6月30日前",
        "2025.6.30前完成",
        "2025-06-30",
        "20250630",
        "二〇二五年六月三十日",
        45838,
    ],
)
def test_a_day_is_that_day(text):
    assert read(text) == MIDSUMMER


@pytest.mark.parametrize(
    "text",
    [
        "长期坚持",
        "長期堅持",
        "持续推进、长期坚持",
        "常态化",
        "常态化推进",
        "长期",
        "无",
        "—",
        "/",
        "不限",
    ],
)
def test_no_deadline_is_none_and_told(text):
    assert read(text) == Interpreted(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("立行立改", "日期；“立行立改”没有写明是哪一天"),
        ("马上就办", "日期；“马上就办”没有写明是哪一天"),
        ("每年12月底前", "一个日期；“每年12月底前”是反复出现的"),
        ("逐年推进", "一个日期；“逐年推进”是反复出现的"),
        ("年底前", "写明年份的日期；“年底前”没有年份"),
        ("6月底前", "写明年份的日期；“6月底前”没有年份"),
        ("今年上半年", "写明年份的日期；“今年上半年”没有年份"),
        ("2025年13月", "真实存在的日期；一年没有13月"),
        ("2025年2月30日前", "真实存在的日期；2025年2月没有30日"),
        ("2025年6月至3月", "日期，例如 2025-03-01 或 2025年3月1日"),
        ("去年三月", "日期，例如 2025-03-01 或 2025年3月1日"),
        (2025.1, "日期；该数字可能是2025-01，也可能是2025-10"),
    ],
)
def test_what_names_no_one_day_is_asked_back(text, expected):
    with override("zh-hans"):
        found = read(text)
    assert isinstance(found, Wrong)
    assert (found.expected, bool(found.remedy)) == (expected, True)


def test_a_number_of_a_month_that_lost_nothing_is_that_month():
    assert (read(2025.6), read(2025.12), read(2025)) == (
        Interpreted(MIDSUMMER),
        Interpreted(NEW_YEARS_EVE),
        Interpreted(NEW_YEARS_EVE),
    )


def test_only_a_deadline_is_read_so():
    exact = Field("on", "日期", "date")
    assert isinstance(value_reader(exact)("2025年底前"), Wrong)
    assert interpreting_reader(DEADLINE)("2025年底前") == Interpreted(NEW_YEARS_EVE)
    assert value_reader(DEADLINE)("2025年底前") == NEW_YEARS_EVE
