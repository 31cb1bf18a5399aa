"""Lists as files: what was put in is what a spreadsheet reads, and no cell is a formula."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from directives.sheets import out, xlsx
from directives.sheets.out import Book, Column, guard, unguard, write_csv, write_xlsx
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


def _csv(book):
    file = io.BytesIO()
    count = write_csv(book, file)
    return count, file.getvalue()


def test_a_workbook_read_again_holds_typed_cells():
    count, workbook = _xlsx(_book())
    with translation.override("en"):
        assert workbook.sheetnames[1] == "责任事项"
    sheet = workbook.worksheets[1]
    assert count == 3
    assert [cell.value for cell in sheet[1]] == ["事项", "数量", "日期", "时间", "完成比例"]
    assert [cell.value for cell in sheet[2]] == ["完善重大事项报告制度", 1234, at("2026-10-13"), at("2026-10-13 08:30"), 0.8]
    assert [cell.value for cell in sheet[3]] == ["'=HYPERLINK(1)", None, None, None, None]
    assert [cell.value for cell in sheet[4]] == ["两行\n文字", 0, at("1999-01-02"), at("2026-01-02 01:05"), 0]
    assert [cell.number_format for cell in sheet[2]] == ["@", "#,##0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "0%"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.column_dimensions["A"].width > 40) == ("A2", "A1:E4", True)
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


def test_a_list_longer_than_a_worksheet_goes_on_to_the_next(monkeypatch):
    monkeypatch.setattr(xlsx, "SHEET_LIMIT", 2)
    count, workbook = _xlsx(_book())
    assert (count, workbook.sheetnames[1:]) == (3, ["责任事项", "责任事项 2"])
    assert workbook.worksheets[2]["A2"].value == "两行\n文字"


def test_a_text_longer_than_a_cell_is_cut_visibly():
    _count, workbook = _xlsx(_book([Row("长" * 40_000, 1, None, None, None)]))
    text = workbook.worksheets[1]["A2"].value
    assert (len(text), text[-1]) == (32_767, "…")


def test_a_list_without_rows_is_a_workbook_with_its_heading():
    count, workbook = _xlsx(_book([]))
    assert (count, workbook.worksheets[1].max_row, workbook.worksheets[1]["A1"].value) == (0, 1, "事项")


def _request(user, wanted):
    request = RequestFactory().get("/obligations/", {"export": wanted} if wanted else {})
    request.user, request.now = user, NOW
    return request


@pytest.mark.parametrize("wanted", ["xlsx", "csv"])
def test_the_answer_is_a_download_with_a_chinese_name(cast, wanted):
    with translation.override("zh-hans"):
        response = out.sheet(_request(cast.supervisor, wanted), name="责任事项台账", columns=COLUMNS, rows=ROWS, fictional=True)
    header = response.headers["Content-Disposition"]
    assert unquote(header.split("filename*=utf-8''")[1]) == f"责任事项台账 2026-10-13 演示数据.{wanted}"
    content = response.getvalue()
    response.file_to_stream.close()  # closing the response would close the database too
    assert content[:2] == (b"PK" if wanted == "xlsx" else b"\xef\xbb")


def test_those_who_only_look_take_no_lists_away(cast):
    for person, allowed in ((cast.staff, True), (cast.manager, True), (cast.supervisor, True), (cast.viewer, False), (cast.admin, False)):
        try:
            out.sheet(_request(person, "csv"), name="x", columns=COLUMNS, rows=[]).file_to_stream.close()
        except PermissionDenied:
            assert not allowed
        else:
            assert allowed


def test_an_unknown_format_is_not_found(cast):
    with pytest.raises(Http404):
        out.sheet(_request(cast.supervisor, "pdf"), name="x", columns=COLUMNS, rows=[])
    assert not out.asked(_request(cast.supervisor, ""))
