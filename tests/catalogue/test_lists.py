"""Every list that can be taken away: what it holds, under which filter, for whom, how much."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection, transaction
from django.http import Http404, QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from directives.catalogue import lists
from directives.catalogue.lists import LISTS, find_list
from directives.core import audit
from directives.models import CalendarDay, Event, ListChoice, Plan
from directives.obligations.exports import ledger, matrix
from directives.plans.queries.log import LogFilter
from directives.plans.queries.plans import PlanFilter
from directives.tables.book import Column
from directives.tables.lists import ListQuery, part_of, select_columns
from tests.factories import (
    NOW,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

TODAY = date(2026, 10, 13)
OURS = (
    "documents",
    "directives",
    "matrix",
    "ledger",
    "bodies",
    "plans",
    "measures",
    "log",
    "reports",
    "entries",
    "events",
    "board-sections",
    "board-bodies",
    "board-directives",
    "board-weeks",
    "board-late",
)


@pytest.fixture
def work(cast):
    """One document with two directives; three bodies owe them, one of the rows is late."""
    document = make_document(title="关于群团工作的意见", fictional=True)
    section = make_section(document)
    first, second = make_directive(section, items=("制度",)), make_directive(section)
    rows = [
        make_obligation(first, cast.body, due_on=TODAY - timedelta(days=3)),
        make_obligation(second, cast.body),
        make_obligation(first, cast.child),
        make_obligation(first, cast.sibling),
    ]
    plan = make_plan(
        cast.body, document, state="submitted", submitted_at=NOW, submitted_by=cast.staff
    )
    make_log(make_measure(plan, rows[0], text="印发办法"), cast.staff, text="开会部署")
    with transaction.atomic():
        audit.record("log", plan, by=cast.staff, now=NOW)
    make_report(cast.body, make_cycle(document), *rows[:2])
    return document


def asked(user, **query):
    given = QueryDict(mutable=True)
    given.update(query)
    return ListQuery(user, given, TODAY, NOW, CalendarDay.objects.workdays(TODAY))


@pytest.fixture
def places(work, cast):
    plan = Plan.objects.get()
    return {
        "directives": {"pk": work.pk},
        "matrix": {"pk": work.pk},
        "measures": {"pk": plan.pk},
        "entries": {"pk": cast.body.reports.get().pk},
    }


def rows_of(book):
    return [[column.value(row) for column in book.columns] for row in book.rows]


@pytest.mark.parametrize("key", OURS)
def test_every_list_says_how_many_rows_it_has_before_it_is_read(cast, work, places, key):
    """What `total` says is what is written; `few` agrees with it.

    The keys of the columns tell them apart.
    """
    request = asked(cast.staff if key == "entries" else cast.supervisor, directives="1")
    if key == "board-weeks":
        with pytest.raises(Http404):  # nothing is kept of the weeks before
            find_list(key, request, {})
        return
    found = find_list(key, request, places.get(key, {}))
    book = found.make_book()
    count = len(rows_of(book))
    assert (found.total(), found.at_most(max(count, 1)), count > 0) == (count, True, True)
    assert found.at_most(count - 1) is False or count == 1
    keys = [column.key for column in book.columns]
    assert len(set(keys)) == len(keys)
    assert {column.key for column in LISTS[key].columns(request)} <= set(keys)
    assert book.as_of == NOW
    assert book.fictional is True
    assert found.filter_notes
    assert [note for note in book.notes if note in found.filter_notes] == list(found.filter_notes)


def test_every_list_is_offered_on_its_page(cast, work, places, sign_in):
    """Each page with a list leads to its file and to its columns."""
    for key in OURS[:11]:
        kind, client = LISTS[key], sign_in(cast.staff if key == "entries" else cast.supervisor)
        address = reverse(kind.page, args=[places[key]["pk"]] if kind.placed else [])
        page = client.get(address, follow=True).content.decode()
        assert f"/exports/columns/{key}/?next=" in page, key
        assert "export=xlsx" in page and "export=csv-gb" in page, key
    assert (
        "/exports/columns/board-sections/"
        in sign_in(cast.supervisor).get("/dashboard/").content.decode()
    )


@pytest.mark.parametrize("key", ["directives", "matrix", "measures", "entries"])
def test_a_list_about_a_thing_is_not_found_by_whom_it_does_not_concern(cast, work, places, key):
    for person in (
        (cast.outsider, cast.stranger) if key in ("measures", "entries") else (cast.outsider,)
    ):
        with pytest.raises(Http404):
            find_list(key, asked(person), places[key])


def test_a_list_that_is_not_known_is_not_found(cast, work):
    for key, place in (
        ("nothing", {}),
        ("ledger", {"pk": 1}),
        ("matrix", {}),
        ("matrix", {"pk": 1, "x": 2}),
    ):
        with pytest.raises(Http404):
            find_list(key, asked(cast.supervisor), place)


def test_a_list_holds_only_what_its_reader_may_take_away(cast, work):
    seen = {
        person.username: [
            row[0] for row in rows_of(find_list("plans", asked(person), {}).make_book())
        ]
        for person in (cast.supervisor, cast.stranger)
    }
    assert seen == {"supervisor": ["Q01"], "stranger": []}
    ledger = {
        person.username: find_list("ledger", asked(person), {}).total()
        for person in (cast.supervisor, cast.manager, cast.stranger)
    }
    assert ledger == {"supervisor": 4, "manager": 3, "stranger": 1}


@pytest.mark.parametrize(
    ("key", "query", "told", "count"),
    [
        ("ledger", {"light": "red"}, ("亮灯", "逾期"), 1),
        ("ledger", {"q": "北京"}, ("查找词", "北京"), 1),
        ("bodies", {"q": "总工会", "level": "provincial"}, ("查找词", "总工会"), 1),
        ("documents", {"q": "没有"}, ("查找词", "没有"), 0),
        ("log", {"q": "开会", "whose": "below"}, ("查找词", "开会"), 1),
        ("log", {"since": "2027-01-01"}, ("起", "2027-01-01"), 0),
        ("plans", {"state": "accepted"}, ("状态", "已通过"), 0),
        ("reports", {"state": "accepted"}, None, 0),
        ("events", {"q": "没有"}, None, 0),
    ],
)
def test_the_filter_in_force_is_in_the_file_and_on_its_cover(cast, work, key, query, told, count):
    found = find_list(key, asked(cast.supervisor, **query), {})
    assert (found.total(), len(rows_of(found.make_book())), found.at_most(5)) == (
        count,
        count,
        True,
    )
    said = [(str(label), value) for label, value in found.filter_notes]
    assert any(
        value in query.values() or told is None or (label, value) == told or value == told[1]
        for label, value in said
    ), said


def test_nothing_asked_for_is_said_too(cast, work):
    assert [
        (str(label), value)
        for label, value in find_list("plans", asked(cast.supervisor), {}).filter_notes
    ] == [("筛选条件", "无（查看范围全部）")]


def test_counts_stand_on_the_cover_with_their_denominators(cast, work, places):
    def notes(key, **query):
        return {
            str(label): str(value)
            for label, value in find_list(key, asked(cast.supervisor, **query), places.get(key, {}))
            .make_book()
            .notes
        }

    assert (
        notes("ledger")["逾期"]
        == notes("directives")["逾期"]
        == notes("board-sections")["逾期"]
        == "1/4 (25.0%)"
    )
    assert notes("measures")["已覆盖任务"].startswith("1/2")
    assert part_of(0, 0) == "0/0"


def test_a_ledger_is_counted_as_its_page_counts_it(cast, work):
    for query in (
        {},
        {"light": "red"},
        {"clock": "report"},
        {"body": str(cast.body.pk)},
        {"state": "disputed"},
        {"part": "lead"},
    ):
        found = find_list("ledger", asked(cast.supervisor, **query), {})
        count = found.total()
        assert (found.at_most(count), count == 0 or not found.at_most(count - 1)) == (True, True), (
            query
        )


def test_what_a_nation_is_searched_for_is_not_counted_beforehand(cast, work, monkeypatch):
    assert find_list("ledger", asked(cast.supervisor, q="北京"), {}).at_most(5)
    monkeypatch.setattr(ledger, "SEARCH_LIMIT", 0)
    assert not find_list("ledger", asked(cast.supervisor, q="北京"), {}).at_most(5)
    Event.objects.create(at=NOW, action="log", subject_type="logentry", subject_id=1)
    monkeypatch.setattr(lists, "SEARCH_LIMIT", 0)
    assert not find_list("events", asked(cast.supervisor, q="林"), {}).at_most(5)
    assert find_list("events", asked(cast.supervisor), {}).at_most(50)


# the matrix


def test_a_matrix_of_many_bodies_lies_on_its_side(cast, work, monkeypatch):
    across = find_list("matrix", asked(cast.supervisor), {"pk": work.pk})
    assert [column.key for column in across.make_book().columns][:2] == ["code", "text"]
    monkeypatch.setattr(matrix, "MAX_BODY_COLUMNS", 2)
    monkeypatch.setattr("directives.obligations.queries.matrix.BODY_BATCH", 2)
    aside = find_list("matrix", asked(cast.supervisor), {"pk": work.pk})
    book = aside.make_book()
    rows = rows_of(book)
    assert (aside.total(), [row[0] for row in rows]) == (3, ["Q01", "Q01A", "Q02"])
    assert [[bool(cell) for cell in row[2:]] for row in rows] == [
        [True, True],
        [True, False],
        [True, False],
    ]
    assert [book.columns[2].light(row) for row in aside.make_book().rows][0] == "red"
    said = {str(label): value for label, value in book.notes}
    assert (said["单位"], said["任务"]) == (3, 2)
    assert "2" in str(said["排列"])


def test_the_same_cells_stand_in_both_layouts(cast, work, monkeypatch):
    upright = rows_of(find_list("matrix", asked(cast.supervisor), {"pk": work.pk}).make_book())
    monkeypatch.setattr(matrix, "MAX_BODY_COLUMNS", 0)
    aside = rows_of(find_list("matrix", asked(cast.supervisor), {"pk": work.pk}).make_book())
    assert [list(cells) for cells in zip(*(row[2:] for row in upright), strict=True)] == [
        row[2:] for row in aside
    ]


def test_a_matrix_of_many_cells_is_left_to_the_worker(cast, work, monkeypatch):
    found = find_list("matrix", asked(cast.supervisor), {"pk": work.pk})
    assert found.at_most(3)
    assert not found.at_most(1)
    monkeypatch.setattr(matrix, "CELLS", 5)
    assert not found.at_most(3)


def test_an_aside_matrix_takes_as_many_queries_for_many_bodies_as_for_few(cast, work, monkeypatch):
    monkeypatch.setattr(matrix, "MAX_BODY_COLUMNS", 0)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            rows_of(find_list("matrix", asked(cast.supervisor), {"pk": work.pk}).make_book())
        return len(found)

    queries()
    few = queries()
    directive = work.directives.first()
    for number in range(4):
        make_obligation(directive, make_body(f"N{number}", parent=cast.centre))
    assert queries() == few


# columns


COLUMNS = tuple(Column(key, key, str) for key in "abcd")


@pytest.mark.parametrize(
    ("keys", "shown"),
    [([], "abcd"), (["b", "a"], "bad"), (["c", "gone"], "cd"), (["gone"], "d")],
)
def test_columns_stand_as_they_were_chosen_and_what_cannot_be_chosen_at_the_end(keys, shown):
    assert "".join(column.key for column in select_columns(COLUMNS, COLUMNS[:3], keys)) == shown


def test_chosen_columns_and_paper_are_in_every_file_of_the_list(cast, work, sign_in):
    ListChoice.objects.create(
        user=cast.supervisor, list="ledger", columns=["percent", "clause"], paper="a3"
    )
    client = sign_in(cast.supervisor)
    book = load_workbook(BytesIO(b"".join(client.get("/obligations/?export=xlsx"))))
    assert [cell.value for cell in book.worksheets[1][1]] == ["完成比例", "文件条款"]
    assert (
        book.worksheets[1].page_setup.paperSize == "8"
        or book.worksheets[1].page_setup.paperSize == 8
    )
    heading = b"".join(client.get("/obligations/?export=csv")).decode("utf-8-sig").splitlines()[0]
    assert heading == "完成比例,文件条款"
    others = (
        b"".join(sign_in(cast.manager).get("/obligations/?export=csv"))
        .decode("utf-8-sig")
        .splitlines()[0]
    )
    assert others.startswith("序号,")


# filters


def test_a_filter_of_plans_leaves_out_what_means_nothing(cast, work):
    assert PlanFilter.of(
        {"state": "draft", "document": "x", "q": " 工会 "}, cast.supervisor
    ) == PlanFilter("", None, "工会")
    assert (
        PlanFilter.of({"state": "accepted", "document": str(work.pk)}, cast.supervisor).document
        == work
    )
    assert PlanFilter.of({"document": str(work.pk)}, cast.outsider).document is None


@pytest.mark.parametrize("text", ["2026-10-13", "2026年10月13日", "2026.10.13", "2026/10/13"])
def test_a_filter_of_the_log_reads_days_as_people_write_them(cast, text):
    assert LogFilter.of(
        {"since": text, "until": "2026年2月30日", "measure": "x"}, cast.staff
    ) == LogFilter(since=TODAY)


def test_the_log_of_those_below_is_for_overseers(cast):
    found = [
        LogFilter.of({"whose": "below"}, person).below
        for person in (cast.staff, cast.manager, cast.supervisor)
    ]
    assert found == [False, True, True]
    assert replace(LogFilter.of({}, cast.supervisor)).below
