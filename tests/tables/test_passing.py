"""Rows of a table that are no data, merged cells, and what is told of both.

Nothing is passed over or understood silently.
"""

import pytest
from django.utils.translation import override

from directives.catalogue.kinds import KINDS
from directives.tables.fields import IntakeContext
from directives.tables.layout import Merge, OpenFile, RawRow, Table
from directives.tables.matching import FieldNames, find_headings
from directives.tables.rows import RowReader
from directives.tables.skipped_rows import SUMS
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.once

ENTRIES = ("序号", "文件条款", "进展情况", "存在问题", "完成比例")
TOTALS = (
    "合计",
    "合　计",
    "小计：",
    "省级小计",
    "全市合计",
    "合计：3项",
    "合计：3 项",
    "总计（项）",
    "共计 12 个",
    "其中省直单位小计",
    "Subtotal",
)
NUMBERED = (
    ("1", "2", "3", "4", "5"),
    (1, 2, 3, 4, 5),
    ("（1）", "（2）", "（3）"),
    ("甲", "乙", 1, 2, 3),
    ("栏次", "1", "2", "3"),
)
FIRST, SECOND = (1, "九.1.1", "已印发", None, 60), (2, "九.1.2", "推进中", None, 35)


def read(kind, *rows, merges=(), heads=None):
    """The values of the rows that say something by line, and the remarks."""
    placed = tuple(
        RawRow(line, tuple(row))
        for line, row in enumerate(rows, 1)
        if any(cell is not None for cell in row)
    )
    table = Table(0, "表", placed[:40], len(rows), merges=tuple(merges))
    opened = OpenFile("x.xlsx", "xlsx", (table,), (), lambda _table: iter(placed), lambda: None)
    with override("zh-hans"):
        fields = KINDS[kind].fields(IntakeContext(None, NOW, TODAY, {}))
        reader = RowReader(
            opened, find_headings(opened.tables, FieldNames(fields))[0], fields, KINDS[kind].split
        )
        given = list(reader.rows())
        return given, reader.remarks


def lines(given):
    return [row.line for row in given]


def without_faults(given):
    return [row for row in given if row.faults] == []


@pytest.mark.parametrize("text", TOTALS)
def test_sums_are_passed_over_wherever_they_stand(text):
    given, remarks = read(
        "entries", ENTRIES, FIRST, (text, None, None, None, 3), SECOND, (None, text, None, None, 95)
    )
    assert (lines(given), without_faults(given)) == ([2, 4], True)
    assert remarks == ["略过合计、小计行：2 行（第 3、5 行）。"]


@pytest.mark.parametrize("text", ["审计", "总计划", "会计", "统计", "开展审计监督", "合计划"])
def test_words_that_only_look_like_sums_are_data(text):
    assert not SUMS.fullmatch(text)


@pytest.mark.parametrize(
    "row",
    [
        ("注：1.本表数据截至9月30日。" + "列第一位的责任单位为牵头单位。" * 6,),
        ("※备注：略",),
        ("填表人：林晓岚", None, "审核人：顾明远", None, "联系电话：010-65001234"),
        ("单位负责人（签字）：", None, "统计负责人：", "填表人："),
        ("负责人签字：", None, "（盖章）", None, None),
        ("审核：", "复核：", None, None, None),
    ],
)
def test_notes_and_signatures_are_passed_over(row):
    given, remarks = read("entries", ENTRIES, FIRST, SECOND, row)
    if "（盖章）" in row:  # not every cell says who or what: it is asked back
        assert (lines(given), without_faults(given)) == ([2, 3, 4], False)
    else:
        assert (lines(given), remarks) == ([2, 3], ["略过表外注释、签署行：1 行（第 4 行）。"])


def test_further_lines_of_a_note_belong_to_it():
    given, remarks = read(
        "entries", ENTRIES, FIRST, ("注：1.略。",), ("2.完成时限为长期的，每半年报一次。",), SECOND
    )
    assert (lines(given), remarks) == ([2, 5], ["略过表外注释、签署行：2 行（第 3、4 行）。"])


def test_a_text_alone_in_a_row_is_no_note_without_one_above():
    given, _remarks = read("entries", ENTRIES, FIRST, ("完成时限为长期的，每半年报一次。",))
    assert (lines(given), without_faults(given)) == ([2], True)  # no column that is read holds it
    given, _remarks = read(
        "entries", ENTRIES, FIRST, (None, None, "完成时限为长期的，每半年报一次。")
    )
    assert (lines(given), without_faults(given)) == ([2, 3], False)


def test_headings_and_titles_said_again_are_passed_over():
    title = ("2026年第三季度进展情况表",)
    given, remarks = read("entries", title, ENTRIES, FIRST, title, ENTRIES, SECOND)
    assert (lines(given), remarks) == ([3, 6], ["略过重复的标题、栏次行：2 行（第 4、5 行）。"])


@pytest.mark.parametrize(
    "row",
    [
        ("1", "2", "3", "4", "5"),
        (1, 2, 3, 4, 5),
        ("（1）", "（2）", "（3）"),
        ("甲", "乙", 1, 2, 3),
        ("栏次", "1", "2", "3", "4"),
    ],
)
def test_numbers_of_the_columns_are_passed_over(row):
    given, remarks = read("entries", ENTRIES, row, FIRST)
    assert (lines(given), remarks) == ([3], ["略过重复的标题、栏次行：1 行（第 2 行）。"])


def test_rows_numbered_in_advance_are_told():
    given, remarks = read("entries", ENTRIES, FIRST, (2,), (3,))
    assert (lines(given), remarks) == ([2], ["略过要读取的各列均无内容的行：2 行（第 3、4 行）。"])


def test_the_heading_of_a_group_is_the_part_of_its_tasks():
    rows = (
        ("一、加强领导",),
        (1, "健全制度"),
        ("（一）机制",),
        (2, "建立机制"),
        ("二、改进作风",),
        (3, "联系群众"),
    )
    given, remarks = read("tasks", ("序号", "重点任务", "责任单位"), *rows)
    assert [(row.line, row.values["section"]) for row in given] == [
        (3, "一、加强领导"),
        (5, "一、加强领导"),
        (7, "二、改进作风"),
    ]
    assert remarks == ["略过只作分类标题的行：3 行（第 2、4、6 行）。"]


def test_a_heading_over_merged_columns_heads_a_group_without_a_number():
    given, remarks = read("entries", ENTRIES, ("组织建设",), FIRST, merges=[Merge(2, 0, 2, 4)])
    assert (lines(given), remarks) == ([3], ["略过只作分类标题的行：1 行（第 2 行）。"])


def test_what_is_merged_downwards_counts_for_every_row():
    rows = (
        ("任务编号", "措施序号", "日期", "工作内容"),
        ("x", 1, "2026-10-09", "座谈"),
        (None, None, None, "调研"),
        (None, None, "2026-10-11", "培训"),
    )
    given, remarks = read(
        "log", *rows, merges=[Merge(2, 1, 4, 1), Merge(2, 2, 3, 2), Merge(2, 0, 4, 0)]
    )
    assert [
        (row.values["measure"], str(row.values["on"]), row.values["text"]) for row in given
    ] == [
        ("1", "2026-10-09", "座谈"),
        ("1", "2026-10-09", "调研"),
        ("1", "2026-10-11", "培训"),
    ]
    assert remarks == ["合并单元格的内容已用于其包含的每一行：措施序号、日期（共 3 格）。"]


def test_a_false_merge_hides_nothing_and_a_merge_across_is_not_spread():
    rows = (ENTRIES, (1, "九.1.1", "甲"), (2, "九.1.2", "乙"), (3, "九.1.3", None))
    given, remarks = read(
        "entries", *rows, merges=[Merge(2, 1, 4, 1), Merge(2, 2, 2, 4), Merge(1, 0, 4, 0)]
    )
    assert [
        (row.values["code"], row.values["progress"], row.values["problems"]) for row in given
    ] == [
        ("九.1.1", "甲", None),
        ("九.1.2", "乙", None),
        ("九.1.3", None, None),
    ]
    assert remarks == []


def test_without_merges_an_empty_cell_stays_empty():
    given, _remarks = read("entries", ENTRIES, FIRST, (None, None, "推进中", None, 5))
    assert [(fault.field, fault.value) for fault in given[1].faults] == [("code", "")]


def test_what_was_understood_of_a_column_is_told(db):
    rows = (
        ("文件条款", "责任单位", "完成时限"),
        *(
            ("九.1.1", f"Q0{n}", day)
            for n, day in enumerate(("2027年底前", "2027年底前", "长期坚持"))
        ),
    )
    given, remarks = read("obligations", *rows)
    assert [str(row.values["due_on"]) for row in given] == ["2027-12-31", "2027-12-31", "None"]
    assert remarks == [
        "“完成时限”一列按以下理解读入：2027年底前 → 2027-12-31；长期坚持 → 不设日期（共 3 格）。"
    ]


def test_percent_in_words_that_leave_no_doubt():
    given, remarks = read(
        "entries",
        ENTRIES,
        (*FIRST[:4], "已完成"),
        (*SECOND[:4], "尚未启动"),
        (3, "九.1.3", "x", None, "进行中"),
    )
    assert [row.values.get("percent", "wrong") for row in given] == [100, 0, "wrong"]
    assert remarks == ["“完成比例”一列按以下理解读入：已完成 → 100；尚未启动 → 0（共 2 格）。"]


def test_rows_are_read_as_they_are_where_nothing_is_odd():
    given, remarks = read(
        "entries", ENTRIES, *(((n, f"九.1.{n}", "完成：合计12项", None, 5)) for n in range(1, 20))
    )
    assert (len(given), remarks) == (19, [])


FIGURES = ("指标", "单位", "年份", "数值")


@pytest.mark.parametrize(
    "unit",
    ["单位：万元", "计量单位: 万元", "（单位：万元）", "单位：万人次", "基本情况　單位：萬元"],
)
def test_the_unit_above_a_table_counts_for_its_numbers(unit):
    given, remarks = read(
        "statistics",
        (None, None, unit),
        FIGURES,
        ("ZZ-01", "Q01", 2025, 12.5),
        ("ZZ-01", "Q02", 2025, "3亿元"),
    )
    assert [(str(row.values["value"]), row.scaled_fields) for row in given[:1]] == [
        ("125000", frozenset({"value"}))
    ]
    assert remarks == ["按标题所示，“数值”列的数字以10,000为单位计算。"]


def test_a_unit_above_that_leaves_open_which_numbers_it_means_is_told():
    given, remarks = read("statistics", ("单位：万元、个",), FIGURES, ("ZZ-01", "Q01", 2025, 12.5))
    assert (str(given[0].values["value"]), given[0].scaled_fields) == ("12.5", frozenset())
    assert remarks == [
        "表格上方注明“万元、个”：数字一律按原样读入。以此为单位的数字，请在后面写上单位。"
    ]


@pytest.mark.parametrize(
    "title",
    [
        "填报单位：全国总工会",
        "单位：个",
        "单位：人",
        "填报单位：万年县总工会",
        "单位：万宁市总工会",
    ],
)
def test_other_words_above_a_table_say_nothing_of_its_numbers(title):
    given, remarks = read("statistics", (title,), FIGURES, ("ZZ-01", "Q01", 2025, 12.5))
    assert (str(given[0].values["value"]), remarks) == ("12.5", [])
