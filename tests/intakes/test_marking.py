"""A copy of a table with its faults as comments: the same cells, each fault where it is."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from directives.models import IntakeRow
from directives.tables import reader
from directives.tables.marked_copy import write_marked_copy

FAULT = {
    "field": "valid_from",
    "value": "2025年2月30日",
    "expected": "一个日期",
    "remedy": "改为当月有的日子。",
    "column": "C",
    "heading": "成立日期",
}
WHOLE = {
    "field": "",
    "value": "",
    "expected": "每个编码只出现一次",
    "remedy": "",
    "column": "",
    "heading": "",
}


def workbook(**sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    return file


def wrong(sheet, line, *faults):
    return IntakeRow(sheet=sheet, line=line, faults=list(faults))


def copy_of(file, name, rows):
    target = BytesIO()
    with reader.read(file, name) as opened:
        count = write_marked_copy(opened, rows, target)
    return count, load_workbook(target)


@pytest.fixture
def source():
    return workbook(
        单位=[
            ["编码", "名称", "成立日期"],
            ["001", "总工会", "2025年2月30日"],
            ["002", "共青团", date(2025, 3, 1)],
        ],
        说明=[["甲"]],
    )


def test_each_fault_is_a_comment_at_its_cell(source):
    count, book = copy_of(source, "单位.xlsx", [wrong("单位", 2, FAULT)])
    cell = book["单位"]["C2"]
    assert (count, cell.value) == (1, "2025年2月30日")
    assert "一个日期" in cell.comment.text
    assert "改为当月有的日子。" in cell.comment.text
    assert cell.fill.fgColor.rgb == "FFF8D7D2"
    assert [c.comment for row in book["单位"] for c in row if c.coordinate != "C2"] == [None] * 8


def test_every_other_cell_says_what_it_said(source):
    _count, book = copy_of(source, "单位.xlsx", [wrong("单位", 2, FAULT)])
    values = [[cell.value for cell in row] for row in book["单位"]]
    assert [row[:2] for row in values] == [["编码", "名称"], ["001", "总工会"], ["002", "共青团"]]
    assert (values[2][2].date(), book.sheetnames) == (date(2025, 3, 1), ["单位", "说明"])


def test_a_fault_of_the_whole_row_stands_at_its_first_cell_beside_the_others(source):
    count, book = copy_of(source, "单位.xlsx", [wrong("单位", 3, WHOLE, FAULT)])
    assert (count, "每个编码只出现一次" in book["单位"]["A3"].comment.text) == (2, True)


def test_an_empty_cell_that_must_not_be_empty_is_marked(source):
    gap = FAULT | {"column": "E", "value": ""}
    _count, book = copy_of(source, "单位.xlsx", [wrong("单位", 2, gap)])
    assert (book["单位"]["E2"].value, book["单位"]["E2"].comment is None) == (None, False)


def test_a_text_file_becomes_a_workbook_with_its_faults():
    text = BytesIO("编码,名称,成立日期\n001,=总工会,2025年2月30日\n".encode("gb18030"))
    count, book = copy_of(text, "单位.csv", [wrong("", 2, FAULT)])
    sheet = book.worksheets[0]
    assert (count, sheet["A2"].value, sheet["B2"].value) == (1, "001", "'=总工会")
    assert "一个日期" in sheet["C2"].comment.text


def test_two_faults_of_one_cell_stand_in_one_comment(source):
    _count, book = copy_of(
        source, "单位.xlsx", [wrong("单位", 2, FAULT, FAULT | {"expected": "不晚于今天"})]
    )
    text = book["单位"]["C2"].comment.text
    assert ("一个日期" in text, "不晚于今天" in text) == (True, True)
