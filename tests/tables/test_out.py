"""Lists as files: what was put in is what a spreadsheet reads, and no cell is a formula."""

import csv
import io
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from directives.tables import formats, xlsx
from directives.tables.book import Book, Column, guard, unguard
from directives.tables.csv_writer import write_csv, write_gb18030
from directives.tables.xlsx import write_xlsx
from tests.factories import NOW


@dataclass(frozen=True)
class Row:
    name: str
    count: int | None
    on: date | None
    at: datetime | None
    percent: int | None


at = datetime.fromisoformat  # a cell knows no zone
ROWS = [
    Row("完善重大事项报告制度", 1234, date(2026, 10, 13), NOW, 80),
    Row("=HYPERLINK(1)", None, None, None, None),
    Row("两行\n文字", 0, date(1999, 1, 2), datetime(2026, 1, 1, 17, 5, tzinfo=UTC), 0),
]
COLUMNS = (
    Column("name", "事项", lambda row: row.name, width=40),
    Column("count", "数量", lambda row: row.count, "number"),
    Column("on", "日期", lambda row: row.on, "date"),
    Column("at", "时间", lambda row: row.at, "moment"),
    Column("percent", "完成比例", lambda row: row.percent, "percent"),
)


def _book(rows=ROWS, **fields):
    return Book("责任事项", COLUMNS, rows, NOW, **fields)


def _xlsx(book):
    file = io.BytesIO()
    count = write_xlsx(book, file)
    return count, load_workbook(file)


def _csv(book, write=write_csv):
    file = io.BytesIO()
    count = write(book, file)
    return count, file.getvalue()


def test_a_workbook_read_again_holds_typed_cells():
    count, workbook = _xlsx(_book())
    with translation.override("en"):
        assert workbook.sheetnames[1] == "责任事项"
    sheet = workbook.worksheets[1]
    assert count == 3
    assert [cell.value for cell in sheet[1]] == ["事项", "数量", "日期", "时间", "完成比例"]
    assert [cell.value for cell in sheet[2]] == [
        "完善重大事项报告制度",
        1234,
        at("2026-10-13"),
        at("2026-10-13 08:30"),
        0.8,
    ]
    assert [cell.value for cell in sheet[3]] == ["'=HYPERLINK(1)", None, None, None, None]
    assert [cell.value for cell in sheet[4]] == [
        "两行\n文字",
        0,
        at("1999-01-02"),
        at("2026-01-02 01:05"),
        0,
    ]
    assert [cell.number_format for cell in sheet[2]] == [
        "@",
        "#,##0",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
        "0%",
    ]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.column_dimensions["A"].width > 40) == (
        "A2",
        "A1:E4",
        True,
    )
    assert sheet["A4"].alignment.wrap_text
    assert not [cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]


def test_the_cover_says_filter_time_counts_and_that_data_is_fictional():
    notes = ((gettext_lazy("Overdue"), "2/3"), ("文件", "=意见"))
    with translation.override("zh-hans"):
        _count, workbook = _xlsx(_book(notes=notes, fictional=True))
    cover = workbook.worksheets[0]
    told = {row[0].value: row[1].value for row in cover.iter_rows(min_row=2) if row[0].value}
    assert cover["A1"].value == "责任事项"
    assert told["演示数据"].startswith("进展")
    assert told["数据截至"] == at("2026-10-13 08:30")
    assert (told["逾期"], told["文件"], told["本表行数"]) == ("2/3", "'=意见", 3)
    assert "演示数据" in workbook.properties.title


def test_a_cover_of_real_work_does_not_speak_of_demo_data():
    with translation.override("zh-hans"):
        _count, workbook = _xlsx(_book())
    assert "演示数据" not in [row[0].value for row in workbook.worksheets[0].iter_rows()]


def test_csv_has_the_mark_that_excel_needs_and_safe_cells():
    count, data = _csv(_book())
    assert (count, data[:3]) == (3, b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert lines == [
        ["事项", "数量", "日期", "时间", "完成比例"],
        ["完善重大事项报告制度", "1234", "2026-10-13", "2026-10-13 08:30", "80%"],
        ["'=HYPERLINK(1)", "", "", "", ""],
        ["两行\n文字", "0", "1999-01-02", "2026-01-02 01:05", "0%"],
    ]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_would_be_a_formula_gets_one_apostrophe(first):
    text = f"{first}1+1"
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@given(st.text())
def test_what_is_guarded_comes_back_as_it_was(text):
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in set("=+-@\t\r\n＝＋－＠")


def test_ordinary_text_is_left_alone():
    for text in ("", "'引号'", "1-2", "《关于…的意见》", "（一）"):
        assert (guard(text), unguard(text)) == (text, text)


def test_rows_are_read_one_by_one_and_once():
    def rows():
        for number in range(3):
            seen.append(number)
            yield Row(str(number), number, None, None, None)

    seen = []
    count, workbook = _xlsx(_book(rows()))
    assert (count, seen, workbook.worksheets[1].max_row) == (3, [0, 1, 2], 4)


@pytest.mark.parametrize(("limit", "sheets"), [(1, [2, 2, 2]), (2, [3, 2]), (3, [4]), (4, [4])])
def test_a_list_longer_than_a_worksheet_goes_on_to_the_next(monkeypatch, limit, sheets):
    monkeypatch.setattr(xlsx, "SHEET_LIMIT", limit)
    count, workbook = _xlsx(_book())
    pages = workbook.worksheets[1:]
    assert (count, [page.max_row for page in pages]) == (3, sheets)
    assert [page.title for page in pages] == ["责任事项", "责任事项 2", "责任事项 3"][: len(sheets)]
    assert {page["A1"].value for page in pages} == {"事项"}
    assert [line[0].value for page in pages for line in page.iter_rows(min_row=2)] == [
        "完善重大事项报告制度",
        "'=HYPERLINK(1)",
        "两行\n文字",
    ]
    assert {page.freeze_panes for page in pages} == {"A2"}


def test_a_group_that_goes_on_in_the_next_worksheet_is_listed_with_it(monkeypatch):
    """Else the cover lists the same name for each of them, and nobody knows which leads where."""
    monkeypatch.setattr(xlsx, "SHEET_LIMIT", 2)
    parts = iter("一一一二")
    rows = [Row(str(number), number, None, None, None) for number in range(4)]
    _count, workbook = _xlsx(_book(rows, group=lambda row: ((part := next(parts), f"{part}、"),)))
    listed = [
        row[1].value
        for row in workbook.worksheets[0].iter_rows()
        if row[1].hyperlink and "!" in str(row[1].hyperlink.location)
    ]
    assert listed == ["一、", "一、 · 责任事项 2", "二、"]


def test_a_worksheet_holds_with_its_heading_what_the_format_does():
    assert xlsx.SHEET_LIMIT + 1 == 2**20


def test_a_text_longer_than_a_cell_is_cut_visibly():
    _count, workbook = _xlsx(_book([Row("长" * 40_000, 1, None, None, None)]))
    text = workbook.worksheets[1]["A2"].value
    assert (len(text), text[-1]) == (32_767, "…")


def test_characters_of_two_units_count_twice():
    _count, workbook = _xlsx(_book([Row("𠮷" * 20_000, 1, None, None, None)]))
    text = workbook.worksheets[1]["A2"].value
    assert (len(text), text[-1]) == (16_384, "…")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("a\x00b\x1fc", "a\ufffdb\ufffdc"),
        ("x\ud800y", "x\ufffdy"),
        ("\uffff", "\ufffd"),
        ("一\r\n二\r三", "一\n二\n三"),
        ("\r=1", "'\n=1"),
    ],
)
def test_what_no_file_can_hold_is_marked_and_line_breaks_are_alike(given, held):
    rows = [Row(given, 1, None, None, None)]
    _count, workbook = _xlsx(Book(given, COLUMNS, rows, NOW, ((given, given),)))
    assert workbook.worksheets[1]["A2"].value == held
    for count, data in (_csv(_book(rows)), _csv(_book(rows), write_gb18030)):
        text = data.decode("utf-8-sig") if data[:3] == b"\xef\xbb\xbf" else data.decode("gb18030")
        assert (count, list(csv.reader(io.StringIO(text, newline="")))[1][0]) == (1, held)


def test_gb18030_holds_every_character():
    rows = [Row("群眾 ½ 𠮷 é 🙂", 1, None, None, 33)]
    _count, data = _csv(_book(rows), write_gb18030)
    assert data[:2] == "事".encode("gb18030")
    assert list(csv.reader(io.StringIO(data.decode("gb18030"), newline="")))[1] == [
        "群眾 ½ 𠮷 é 🙂",
        "1",
        "",
        "",
        "33%",
    ]


def test_days_on_which_spreadsheets_do_not_agree_are_text():
    row = Row("旧", 1, date(1900, 2, 28), datetime(1899, 1, 1, tzinfo=UTC), 1)
    _count, workbook = _xlsx(_book([row, Row("新", 1, date(1900, 3, 1), None, 1)]))
    sheet = workbook.worksheets[1]
    assert (sheet["C2"].value, sheet["D2"].value[:10], sheet["C3"].value) == (
        "1900-02-28",
        "1899-01-01",
        at("1900-03-01"),
    )


def test_rows_are_folded_under_the_first_of_their_group():
    groups = {
        "一": (("1", "一、总则"), ("a", "")),
        "二": (("1", "一、总则"), ("b", "")),
        "三": (("2", "=二"), ("b", "")),
    }
    rows = [Row(name, 1, None, None, 1) for name in ("一", "一", "二", "二", "三")]
    with translation.override("zh-hans"):
        _count, workbook = _xlsx(_book(rows, group=lambda row: groups[row.name]))
    cover, sheet = workbook.worksheets
    assert [sheet.row_dimensions[line].outlineLevel for line in range(2, 7)] == [0, 2, 1, 2, 0]
    assert (
        sheet.sheet_properties.outlinePr.summaryBelow,
        sheet.max_row,
        sheet.auto_filter.ref,
    ) == (False, 6, "A1:E6")
    listed = [cell for cell in cover["B"] if cell.hyperlink]
    assert [(cell.value, cell.hyperlink.location) for cell in listed] == [
        ("一、总则", "'责任事项'!A2"),
        ("'=二", "'责任事项'!A6"),
    ]


def test_cells_lead_to_pages_and_are_filled_with_the_colour_of_their_light(monkeypatch):
    monkeypatch.setattr(xlsx, "LINK_LIMIT", 2)
    columns = (
        Column(
            "code",
            "条款编号",
            lambda row: row.name,
            link=lambda row: f"/obligations/{row.count}/" if row.count else "",
        ),
        Column(
            "light", "亮灯", lambda row: row.name, light=lambda row: "red" if row.count == 1 else ""
        ),
    )
    rows = [
        Row(name, count, None, None, None) for name, count in (("一", 1), ("=二", 0), ("三", 3))
    ]
    with translation.override("zh-hans"):
        _count, workbook = _xlsx(Book("台账", columns, rows, NOW, site="https://example.org"))
    cover, sheet = workbook.worksheets
    assert [cell.hyperlink and cell.hyperlink.target for cell in sheet["A"]] == [
        None,
        "https://example.org/obligations/1/",
        None,
        None,
    ]
    assert [cell.value for cell in sheet["A"]] == ["条款编号", "一", "'=二", "三"]
    assert [cell.fill.fgColor.rgb for cell in sheet["B"]][1:] == [
        "FFF8D7D3",
        "00000000",
        "00000000",
    ]
    told = {row[0].value: row[1].value for row in cover.iter_rows(min_row=2) if row[0].value}
    assert (told["系统网址"], told["页面链接"]) == ("https://example.org", "仅前 2 行")


def test_without_a_site_no_cell_is_a_link():
    columns = (
        Column("code", "条款编号", lambda row: row.name, link=lambda row: "/obligations/1/"),
    )
    _count, workbook = _xlsx(Book("台账", columns, ROWS, NOW))
    assert [cell.hyperlink for cell in workbook.worksheets[1]["A"]] == [None] * 4


@pytest.mark.parametrize("write", [write_xlsx, write_csv, write_gb18030])
def test_the_caller_is_told_of_the_rows_done_and_may_end_the_writing(monkeypatch, write, tmp_path):
    class Enough(Exception): ...

    def tell(done):
        told.append(done)
        if done > 900:
            raise Enough

    told = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = (Row(str(number), number, None, None, None) for number in range(5000))
    with pytest.raises(Enough):
        write(_book(rows, on_progress=tell), io.BytesIO())
    assert [round(done, -2) for done in told] == [500, 1000]
    assert list(tmp_path.iterdir()) == []


def test_closing_a_workbook_may_be_ended_too(monkeypatch, tmp_path):
    """Millions of rows are pressed for a minute after the last of them is written."""

    class Enough(Exception): ...

    def tell(done):
        told.append(done)
        raise Enough

    told = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Enough):
        write_xlsx(_book(on_progress=tell), io.BytesIO())
    assert (told, list(tmp_path.iterdir())) == ([3], [])


def test_a_worksheet_of_more_than_two_gigabytes_is_written(monkeypatch):
    """A million rows with long texts are that; the zip then needs its larger numbers."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2000)
    count, workbook = _xlsx(_book())
    assert (count, workbook.worksheets[1].max_row) == (3, 4)


def test_paper_and_print_set_up():
    _count, workbook = _xlsx(_book(paper="a3"))
    sheet = workbook.worksheets[1]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.print_title_rows) == (
        8,
        "landscape",
        "$1:$1",
    )
    assert (sheet.page_setup.fitToHeight, sheet.oddFooter.center.text) == (0, "&P / &N")


def test_a_row_is_as_high_as_its_highest_cell():
    columns = (
        Column("a", "甲", lambda row: row.name, width=11),
        Column("b", "乙", lambda row: "短", width=40),
    )
    rows = [
        Row(name, None, None, None, None)
        for name in ("短", "五字一行的" * 3, "一\n二", "x" * 21, "长" * 1000)
    ]
    _count, workbook = _xlsx(Book("表", columns, rows, NOW))
    heights = [workbook.worksheets[1].row_dimensions[line].height for line in range(2, 7)]
    assert heights == [None, 45, 30, 45, 405]
    assert not any(
        workbook.worksheets[1].row_dimensions[line].customHeight
        for line in range(2, 7)
        if heights[line - 2] is None
    )


def test_what_tells_rows_apart_is_not_printed():
    more = (
        *COLUMNS,
        Column("id", "编号", lambda row: 7, "id"),
        Column("version", "版本", lambda row: 1, "id"),
    )
    _count, workbook = _xlsx(Book("责任事项", more, ROWS, NOW))
    sheet = workbook.worksheets[1]
    assert (sheet.print_area, sheet["F2"].value, sheet["F2"].number_format) == (
        "'责任事项'!$A$1:$E$4",
        7,
        "0",
    )


def test_names_that_no_worksheet_may_have():
    long = "《关于[加强]/改进*群团?工作:的意见》" * 3
    _count, workbook = _xlsx(Book(f"'{long}", COLUMNS, ROWS, NOW))
    assert 0 < len(workbook.sheetnames[1]) <= 31
    assert not set(workbook.sheetnames[1]) & set("[]:*?/\\'")


def test_a_list_without_rows_is_a_workbook_with_its_heading():
    count, workbook = _xlsx(_book([]))
    assert (count, workbook.worksheets[1].max_row, workbook.worksheets[1]["A1"].value) == (
        0,
        1,
        "事项",
    )


@pytest.mark.parametrize(
    ("wanted", "ending", "head"),
    [("xlsx", "xlsx", b"PK"), ("csv", "csv", b"\xef\xbb"), ("csv-gb", "csv", b"\xca\xc2")],
)
def test_the_answer_is_a_download_with_a_chinese_name(wanted, ending, head):
    with translation.override("zh-hans"):
        response, rows = formats.file_response(
            Book("责任事项台账", COLUMNS, ROWS, NOW, fictional=True), wanted
        )
    header = response.headers["Content-Disposition"]
    assert (
        unquote(header.split("filename*=utf-8''")[1])
        == f"责任事项台账 2026-10-13 演示数据.{ending}"
    )
    assert (rows, response.getvalue()[:2]) == (3, head)
    response.file_to_stream.close()  # closing the response would close the database too
