"""Cells as people write them: what is read, and what is said of what cannot be."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from directives.tables.cells import ColumnUnits, displayed, value_reader
from directives.tables.faults import Wrong
from directives.tables.fields import Field
from directives.tables.figures import scale_of, shares_of
from directives.tables.layout import NoValue

DAY = datetime(2025, 3, 1)  # noqa: DTZ001 - as a workbook tells it
LEVELS = (("central", "中央"), ("provincial", "省级"))
TEN_THOUSAND = ColumnUnits(scale=10_000)


def read(sort, cell, manner=None, **more):
    return value_reader(Field("x", "X", sort, **more), manner or ColumnUnits())(cell)


@pytest.mark.parametrize(
    "cell",
    [
        date(2025, 3, 1),
        DAY,
        DAY.replace(hour=9),
        "2025年3月1日",
        "2025年03月01号",
        "2025.3.1",
        "2025/3/1",
        "2025-03-01",
        "20250301",
        20250301,
        20250301.0,
        45717,
        45717.5,
        "45717",
        "二〇二五年三月一日",
        "二零二五年三月一日",
        "２０２５年３月１日",
        " 2025 年 3 月 1 日 ",
        "2025-03-01 00:00:00",
        "2025．3．1",
        "二○二五年三月一日",
    ],
)
def test_a_day_is_read_however_it_is_written(cell):
    assert read("date", cell) == date(2025, 3, 1)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("二〇二五年十二月三十一日", date(2025, 12, 31)),
        ("二〇二五年十月廿三日", date(2025, 10, 23)),
        ("二〇二四年二月二十九日", date(2024, 2, 29)),
    ],
)
def test_days_in_chinese_numerals(cell, wanted):
    assert read("date", cell) == wanted


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2025年2月30日", "2025年2月没有30日"),
        ("20250230", "2025年2月没有30日"),
        ("2025.13.1", "没有13月"),
        ("2025年3月", "只有月份"),
        ("2025.3", "只有月份"),
        (2025.3, "只有月份"),
        ("二〇二五年三月", "只有月份"),
        ("2025年", "只有年份"),
        (2025, "只有年份"),
        ("25.3.1", "2025年3月1日"),
        ("3/1/2025", "2025年3月1日"),
        ("尽快", "2025年3月1日"),
        ("3025-01-01", "1900"),
        (1e15, "2025年3月1日"),
        (True, "TRUE"),
        (NoValue("error", "#N/A"), "错误"),
    ],
)
def test_what_is_no_day_is_said(cell, said):
    found = read("date", cell)
    assert isinstance(found, Wrong)
    assert said in found.expected
    assert found.remedy


def test_a_month_alone_names_its_last_day():
    assert "2024-02-29" in read("date", "2024年2月").remedy
    assert "28" in read("date", "2025年2月30日").remedy


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("１２３", 123),
        ("1,234.50", Decimal("1234.5")),
        ("1，234", 1234),
        ("1234,5678", 12345678),
        ("3.5万", 35000),
        ("2亿", 200000000),
        ("３．５萬", 35000),
        (" 12 345 ", 12345),
        ("-5", -5),
        ("－5", -5),
        (0.1, Decimal("0.1")),
        (12, 12),
        (3.0, 3),
        ("0", 0),
        (".5", Decimal("0.5")),
    ],
)
def test_a_number_is_read_however_it_is_written(cell, wanted):
    found = read("number", cell)
    assert (found, type(found)) == (wanted, Decimal)


@pytest.mark.parametrize(
    "cell", ["3.5万元", "¥35,000", "￥35000元", "人民币3.5万元整", "35000圆", 35000]
)
def test_money_has_its_units(cell):
    assert read("money", cell) == 35000


def test_a_heading_may_say_what_bare_numbers_count_in():
    assert [read("money", cell, TEN_THOUSAND) for cell in (3.5, "3.5", "3.5万元", "1亿元")] == [
        35000,
        35000,
        35000,
        10**8,
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "约300",
        "300余",
        "300多",
        "近百",
        "NaN",
        "inf",
        float("nan"),
        float("inf"),
        "1E+15",
        1e15,
        "12,34",
        "abc",
        "3个",
        True,
        "35%",
        "",
        NoValue("formula", "=A1"),
    ],
)
def test_what_is_no_number_is_a_fault(cell):
    found = read("number", cell)
    assert found is None if cell == "" else isinstance(found, Wrong)


def test_a_whole_number_has_nothing_behind_its_point():
    assert (read("whole", "1,200"), read("whole", 12.0)) == (1200, 12)
    assert read("whole", "1.5").expected == "整数"


@pytest.mark.parametrize("text", ["2025年", "2025年度", "2025 年", "２０２５年"])
def test_a_year_is_a_whole_number_however_it_is_written(text):
    assert read("whole", text) == 2025


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("35%", 35),
        ("35％", 35),
        ("百分之35", 35),
        (0.35, 35),
        (35, 35),
        ("35", 35),
        ("0.35", 35),
        (0, 0),
        ("100%", 100),
        ("12.5%", Decimal("12.5")),
        (0.29, 29),
    ],
)
def test_a_percentage_is_read_however_it_is_written(cell, wanted):
    assert read("percent", cell) == wanted


def test_a_bare_1_is_read_as_its_column_is():
    assert [read("percent", 1, ColumnUnits(shares=known)) for known in ("shares", "points")] == [
        100,
        1,
    ]
    assert "1%" in read("percent", 1).expected
    assert [shares_of(cells) for cells in ([0.5, 1, "x"], [1, 60, True], [1, None], [0, 1])] == [
        "shares",
        "points",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        (1, "1"),
        (1.0, "1"),
        ("001", "001"),
        ("Ｑ０１", "Q01"),
        (" Q01 ", "Q01"),
        ("'=1", "=1"),
        ("''x", "''x"),
    ],
)
def test_a_code_stays_text(cell, wanted):
    assert read("code", cell) == wanted


@pytest.mark.parametrize("cell", ["1E+15", "1.23e+17", 1e15, 123456789012345678, "NaN", False])
def test_a_code_that_a_spreadsheet_cut_short_is_a_fault(cell):
    assert isinstance(read("code", cell), Wrong)


@pytest.mark.parametrize("cell", ["provincial", "省级", "省級", " 省 级 ", "PROVINCIAL"])
def test_a_choice_goes_by_its_value_or_any_label(cell):
    assert read("choice", cell, choices=LEVELS) == "provincial"


def test_what_is_no_choice_is_told_the_choices():
    assert read("choice", "市级", choices=LEVELS).expected == "下列之一：中央、省级"


def test_text_is_trimmed_and_freed_of_one_apostrophe():
    assert [
        read("text", cell) for cell in (" 办 ", "'=1+1", "''=1", "=1", 12.0, "a\r\nb", "　", "﻿办")
    ] == [
        "办",
        "=1+1",
        "'=1",
        "=1",
        "12",
        "a\nb",
        None,
        "办",
    ]
    assert read("text", "一二三", limit=2).expected == "不超过 2 字；现有 3 字"
    assert isinstance(read("text", "a\x00b"), Wrong)


def test_several_codes_in_one_cell():
    assert read("codes", "Q01、Q02，Q03;Q04\nQ01") == ("Q01", "Q02", "Q03", "Q04")
    assert read("codes", 7) == ("7",)
    assert isinstance(read("codes", "Q01、1E+15"), Wrong)


def test_true_and_1_are_told_apart_however_often_they_are_read():
    reading = value_reader(Field("x", "X", "code"))
    assert [isinstance(reading(cell), Wrong) for cell in (1, True, 1.0)] == [False, True, False]


def test_a_wrong_value_is_repeated_in_short():
    assert (len(displayed("x" * 5000)), displayed(True), displayed(NoValue("error", "#N/A"))) == (
        200,
        "TRUE",
        "#N/A",
    )


def test_a_number_is_text_as_a_spreadsheet_shows_it():
    assert [read("text", cell) for cell in (0.1 + 0.2, 1.1, 13900001111.0, 13900001111, 2.50)] == [
        "0.3",
        "1.1",
        "13900001111",
        "13900001111",
        "2.5",
    ]


@pytest.mark.parametrize("cell", ["1.39E+10", "1E+15", 1.39e15, 110101199001011234])
def test_a_number_cut_short_is_no_text(cell):
    assert read("text", cell) == Wrong(
        "文字；表格软件已将它变成近似数字", "请将该列设为文本，再重新输入该号码。"
    )


@pytest.mark.parametrize("cell", ["E+10区", "1E5", "电话1.39E+10", "010-65001234"])
def test_other_words_are_left_alone(cell):
    assert read("text", cell) == cell


@pytest.mark.parametrize("cell", ["00\u200b1", "A\u202eB", "Q\u00ad01"])
def test_a_code_hides_nothing(cell):
    assert read("code", cell).expected == "不含不可见字符的编号"


@pytest.mark.parametrize("cell", ["中央", "省", "省级", "provincial", "provincial "])
def test_a_choice_may_leave_out_its_last_sign(cell):
    assert read("choice", cell, choices=LEVELS) == ("central" if cell == "中央" else "provincial")


def test_a_unit_of_thousands_is_one():
    assert [scale_of(unit) for unit in ("千元", "万元", "百万元", "人", "千克")] == [
        1000,
        10_000,
        10**6,
        1,
        1,
    ]
    assert read("money", "3千元") == Decimal(3000)
