"""The ledger as a file: every cell is what the page's own lines say, over any number of batches."""

import csv
import io
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from directives.models import CalendarDay, Document, ItemState, Membership, Obligation
from directives.obligations.exports import ledger as sheet
from directives.obligations.exports.ledger import Today, columns
from directives.obligations.queries import ledger as overview
from directives.obligations.queries.filters import ObligationFilter
from directives.tables.book import cell_value
from tests.factories import (
    make_body,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

HEADINGS = [
    "序号",
    "文件条款",
    "重点任务",
    "分项",
    "具体措施",
    "牵头单位",
    "责任（配合）单位",
    "责任领导",
    "责任人及电话",
    "完成时限",
    "时限原文",
    "原定时限",
    "延期次数",
    "延期原因",
    "进展情况",
    "存在问题",
    "下一步打算",
    "完成比例",
    "完成状态",
    "亮灯",
    "回头看",
    "批示",
    "督办单",
    "备注",
    "分解自",
    "系统编号",
    "版本",
]


@pytest.fixture
def work(cast):
    """Two directives at three bodies, one of them led.

    A plan that was handed in and one that is still a draft.
    """
    section = make_section(make_document(fictional=True))
    first = make_directive(
        section, code="九.3.3", items=("报告制度", "评议制度"), text="=完善两项制度。"
    )
    second = make_directive(section, code="九.3.4", due_words="三月上旬")
    lead = make_obligation(
        first,
        cast.body,
        part="lead",
        leader="顾明远",
        contact="林晓岚 010-12345678",
        note="@备注",
        progress="进展一",
        problems="-问题",
        next_steps="打算",
    )
    other = make_obligation(first, cast.child, part="supporting", due_on=None)
    late = make_obligation(second, cast.sibling, due_on=date(2026, 3, 9), percent=5)
    ItemState.objects.filter(obligation=lead, item__number=2).update(
        state="established", on=datetime(2026, 5, 9, tzinfo=timezone.get_current_timezone()).date()
    )
    make_measure(
        make_plan(cast.body, section.document, state="submitted"), lead, text="措施甲", number=1
    )
    make_measure(lead.measures.get().plan, lead, text="措施乙", number=2)
    make_measure(make_plan(cast.child, section.document), other, text="草稿措施", number=1)
    return lead, other, late


def opened(response):
    workbook = load_workbook(io.BytesIO(response.getvalue()))
    cover = {
        row[0].value: row[1].value
        for row in workbook.worksheets[0].iter_rows(min_row=2)
        if row[0].value
    }
    return cover, [[cell.value for cell in line] for line in workbook.worksheets[1].iter_rows()]


def as_read(value):
    """A cell as openpyxl gives it: a day is an instant at midnight."""
    return datetime(value.year, value.month, value.day) if hasattr(value, "year") else value  # noqa: DTZ001 - a cell knows no zone


def expected(rows, user, *, titled):
    """What the lines of the page say, column by column."""
    today = timezone.localdate()
    dated = Today(today, CalendarDay.objects.workdays(today))
    with translation.override("zh-hans"):
        return [
            [
                as_read(cell_value(column.value(row), column.kind))
                for column in columns(dated, titled=titled)
            ]
            for row in overview.ledger([rows], user)
        ]


def in_order(rows):
    return ObligationFilter().sorted(rows)


def test_every_cell_of_the_workbook_is_what_the_lines_say(cast, sign_in, work):
    cover, cells = opened(sign_in(cast.supervisor).get("/obligations/", {"export": "xlsx"}))
    assert cells[0] == HEADINGS
    assert cells[1:] == expected(in_order(Obligation.objects.all()), cast.supervisor, titled=True)
    assert (cover["本表行数"], "演示数据" in cover, cover["筛选条件"]) == (
        3,
        True,
        "无（查看范围全部）",
    )


def test_the_cells_in_words(cast, sign_in, work):
    document = work[0].document_id
    _cover, cells = opened(
        sign_in(cast.supervisor).get("/obligations/", {"export": "xlsx", "document": document})
    )
    lead, other, late = (dict(zip(HEADINGS, line, strict=True)) for line in cells[1:])
    assert (lead["序号"], lead["文件条款"], lead["重点任务"]) == (1, "九.3.3", "'=完善两项制度。")
    assert lead["分项"] == "1. 报告制度（未启动）\n2. 评议制度（已建成 2026-05-09）"
    assert lead["具体措施"] == "1. 措施甲\n2. 措施乙"
    assert (lead["牵头单位"], lead["责任（配合）单位"]) == ("全国总工会", "全国总工会（牵头）")
    assert (lead["责任领导"], lead["责任人及电话"], lead["备注"]) == (
        "顾明远",
        "林晓岚 010-12345678",
        "'@备注",
    )
    assert (lead["进展情况"], lead["存在问题"], lead["下一步打算"]) == ("进展一", "'-问题", "打算")
    assert (lead["完成比例"], lead["完成状态"], lead["督办单"]) == (0.8, "推进中", None)
    assert (other["牵头单位"], other["责任（配合）单位"], other["完成时限"]) == (
        "全国总工会",
        "北京市总工会（配合）",
        None,
    )
    assert other["具体措施"] is None  # its plan is a draft
    assert (late["牵头单位"], late["责任（配合）单位"]) == (None, "共青团中央")
    assert (lead["时限原文"], late["时限原文"]) == (None, "三月上旬")
    assert late["亮灯"].startswith("逾期")
    # From 2027 on with its year.
    assert late["亮灯"].replace("2026年", "").endswith("应于3月9日完成，至今完成 5%")


def test_the_filter_in_force_is_that_of_the_page_and_stands_on_the_cover(cast, sign_in, work):
    query = {
        "export": "xlsx",
        "document": work[0].document_id,
        "body": cast.body.pk,
        "light": "green",
        "q": "制度",
    }
    cover, cells = opened(sign_in(cast.manager).get("/obligations/", query))
    assert [line[6] for line in cells[1:]] == ["全国总工会（牵头）", "北京市总工会（配合）"]
    assert (cover["单位及其下级"], cover["亮灯"], cover["关键词"]) == ("全国总工会", "正常", "制度")
    assert (cover["正常"], cover["逾期"]) == ("2/2 (100.0%)", "0/2 (0.0%)")


def test_every_row_says_which_it_is_leads_to_its_page_and_shows_its_light(cast, sign_in, work):
    response = sign_in(cast.supervisor).get(
        "/obligations/", {"export": "xlsx", "document": work[0].document_id}
    )
    sheet = load_workbook(io.BytesIO(response.getvalue())).worksheets[1]
    assert [(line[25].value, line[26].value) for line in sheet.iter_rows(min_row=2)] == [
        (row.pk, row.version) for row in work
    ]
    assert [line[1].hyperlink.target for line in sheet.iter_rows(min_row=2)] == [
        f"{settings.SITE_URL}/obligations/{row.pk}/" for row in work
    ]
    assert [line[19].fill.fgColor.rgb for line in sheet.iter_rows(min_row=2)] == [
        "FFDDEFE3",
        "FFDDEFE3",
        "FFF8D7D3",
    ]
    # The section, its clause's second body, its next.
    assert [sheet.row_dimensions[line].outlineLevel for line in (2, 3, 4)] == [0, 2, 1]


def test_every_column_has_a_key_of_its_own():
    today = timezone.localdate()
    keys = [column.key for column in columns(Today(today, CalendarDay), titled=True)]
    assert (len(set(keys)), keys[-2:]) == (27, ["id", "version"])


def test_in_traditional_script(cast, sign_in, work):
    response = sign_in(cast.supervisor, "zh-hant").get(
        "/obligations/", {"export": "csv", "document": work[0].document_id}
    )
    lines = list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))
    assert (lines[0][1], lines[1][5], lines[3][6]) == ("文件條款", "全國總工會", "共青團中央")


def test_a_manager_takes_away_the_subtree_and_no_more(cast, sign_in, work):
    _cover, cells = opened(sign_in(cast.manager).get("/obligations/", {"export": "xlsx"}))
    assert [line[6] for line in cells[1:]] == ["全国总工会（牵头）", "北京市总工会（配合）"]


def status(response):
    """The status, once the file has been read to its end, which closes it."""
    assert response.getvalue() is not None
    return response.status_code


def test_a_person_takes_away_only_what_their_roles_let_them(cast, sign_in, work):
    Membership.objects.create(user=cast.staff, organisation=cast.sibling, role="viewer")
    client = sign_in(cast.staff)
    assert len(client.get("/obligations/").context["rows"]) == 2
    _cover, cells = opened(client.get("/obligations/", {"export": "xlsx"}))
    assert [line[6] for line in cells[1:]] == ["全国总工会（牵头）"]


def test_who_may_export(cast, sign_in, work):
    got = {
        name: status(sign_in(getattr(cast, name)).get("/obligations/", {"export": "csv"}))
        for name in ("staff", "manager", "supervisor", "viewer", "admin", "outsider")
    }
    assert got == {
        "staff": 200,
        "manager": 200,
        "supervisor": 200,
        "viewer": 403,
        "admin": 403,
        "outsider": 403,
    }
    for person, shown in ((cast.viewer, False), (cast.manager, True)):
        assert ("export=xlsx" in sign_in(person).get("/obligations/").content.decode()) is shown


@pytest.mark.parametrize(("bodies", "queries"), [(1, 8), (3, 8), (7, 16)])
def test_a_batch_takes_a_fixed_number_of_queries(
    cast, monkeypatch, django_assert_num_queries, bodies, queries
):
    """The list itself is one query.

    Each batch reads where its items stand and its measures, and what no batch before it has met:
    clauses, what their items are called, bodies, leads.
    """
    monkeypatch.setattr(overview, "BATCH", 3)
    directive = make_directive(items=("报告制度",))
    for _number in range(bodies):
        make_obligation(directive, make_body(parent=cast.centre))
    assert cast.supervisor.held_memberships
    with django_assert_num_queries(queries):
        rows = list(overview.ledger([in_order(Obligation.objects.all())], cast.supervisor))
    assert [row.number for row in rows] == list(range(1, bodies + 1))
    assert all(row.clause is rows[0].clause for row in rows)


@pytest.mark.parametrize("query", ["", "sort=document", "part=responsible", "sort=body"])
def test_a_long_ledger_comes_one_directive_after_another(cast, monkeypatch, query):
    """The same rows in the same order.

    Sorted as one list, a nation's keep their reader waiting for the first of them.
    """
    for section in (make_section(make_document()), make_section(make_document())):
        for directive in (make_directive(section), make_directive(section)):
            for body in (cast.child, cast.body, cast.sibling):
                make_obligation(
                    directive, body, part="lead" if body == cast.body else "responsible"
                )
    now = timezone.now()
    dated = Today(timezone.localdate(now), CalendarDay.objects.workdays(timezone.localdate(now)))
    made = partial(
        sheet.book,
        Obligation.objects.all(),
        ObligationFilter.of(QueryDict(query)),
        user=cast.supervisor,
        dated=dated,
        now=now,
    )
    sorted_at_once = [(row.number, row.pk) for row in made().rows]
    monkeypatch.setattr(sheet, "SORT_LIMIT", 3)
    book = made()
    with CaptureQueriesContext(connection) as found:
        rows = [(row.number, row.pk) for row in book.rows]
    lists = [
        one
        for one in found.captured_queries
        if "ORDER BY" in one["sql"] and '"problems"' in one["sql"]
    ]
    assert (rows, len(lists)) == (
        sorted_at_once,
        1 if "body" in query else 4,
    )


def test_the_command_writes_the_same_ledger(cast, work, tmp_path, capsys):
    document = Document.objects.get()
    for name, body, count in (("all.xlsx", None, 3), ("some.xlsx", "Q01", 2)):
        options = ["--document", str(document.pk), "--out", str(tmp_path / name)] + (
            ["--organisation", body] if body else []
        )
        call_command("ledger", *options)
        workbook = load_workbook(tmp_path / name)
        rows = (
            Obligation.objects.filter(organisation__code__startswith=body)
            if body
            else Obligation.objects.all()
        )
        cells = [[cell.value for cell in line] for line in workbook.worksheets[1].iter_rows()]
        assert cells == [HEADINGS, *expected(in_order(rows), None, titled=False)]
        assert f"{count} rows written" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.xlsx", "some.xlsx"]


def test_the_command_writes_csv_in_another_language(cast, work, tmp_path):
    path = tmp_path / "ledger.txt"
    call_command(
        "ledger",
        "--document",
        str(Document.objects.get().pk),
        "--format",
        "csv",
        "--language",
        "en",
        "--out",
        str(path),
    )
    assert path.read_bytes()[:6] == b"\xef\xbb\xbfNo."


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--document", "999", "--out", "x.xlsx"], "There is no document 999."),
        (["--out", "x.doc"], "x.doc is neither .xlsx nor .csv"),
        (["--organisation", "NOPE", "--out", "x.csv"], "There is no body with the code NOPE."),
        (["--out", "nowhere/x.csv"], "There is no folder"),
    ],
)
def test_the_command_says_what_is_wrong(cast, work, tmp_path, monkeypatch, more, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=message):
        call_command(
            "ledger",
            *(["--document", str(Document.objects.get().pk)] if "--document" not in more else []),
            *more,
        )
    assert list(Path(tmp_path).iterdir()) == []
