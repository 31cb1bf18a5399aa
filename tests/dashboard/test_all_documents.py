"""The dashboard of all documents: it hides none of them, and its figures are the rows of all."""

import io
from datetime import date, timedelta

import pytest
from django.http import QueryDict
from openpyxl import load_workbook

from directives.core.transitions import change_obligations, move
from directives.models import Event, Obligation, OverallDay, TallyDay
from directives.record.queries.events import EventFilter
from directives.tallies import copy_day, rebuild
from tests.dashboard.test_dashboard import figures, look, make_work, rows_of
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_obligation,
    make_section,
)

WHO = ("supervisor", "viewer", "manager", "staff", "below")


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_what_is_overdue_in_an_older_document_is_named(cast, sign_in):
    older, newer = (
        make_document(title_hans="关于旧事的意见"),
        make_document(title_hans="关于新事的意见"),
    )
    for _number in range(27):
        make_obligation(make_directive(make_section(older)), cast.body, due_on=date(2026, 9, 1))
    make_obligation(make_directive(make_section(newer)), cast.body)
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert "<b>27</b>项逾期" in page.replace(" ", "")
    assert "关于旧事的意见" in page and f'href="?document={older.pk}"' in page
    assert "没有逾期" not in page


def many(cast, documents=2, **more):
    bodies = [cast.centre, cast.body, cast.child, cast.sibling]
    return [make_work(bodies, seed=number, **more) for number in range(1, documents + 1)]


@pytest.mark.parametrize("who", WHO)
def test_every_figure_is_the_number_of_its_rows(cast, who):
    many(cast)
    user = getattr(cast, who)
    found = look(user)
    shown = list(figures(found))
    assert [(f.n, f.filter) for f in shown] == [(rows_of(f, user), f.filter) for f in shown]
    assert (
        found.several_documents
        and found.filter.document is None
        and "document=" not in found.figures["red"].url
    )
    assert found.figures["all"].n == sum(line.lights.total for line in found.document_lines)
    boards = [look(user, document=line.subject.pk) for line in found.document_lines]
    assert found.figures["all"].n == sum(one.figures["all"].n for one in boards)
    assert found.figures["red"].n == sum(one.rows.n for one in found.overdue_by_clock) > 0
    assert found.figures["yellow"].n == sum(one.rows.n for one in found.causes)
    assert (found.section_lines, found.directives, found.trend) == ((), (), None)


@pytest.mark.parametrize("who", ["supervisor", "manager", "staff", "below"])
@pytest.mark.parametrize(
    "narrow",
    [
        {"about": "pilot"},
        {"kind": "mass_organisation"},
        {"about": "pilot", "kind": "mass_organisation"},
    ],
)
@pytest.mark.parametrize("few", [2_000, 0])
def test_filtered_figures_are_the_numbers_of_their_rows(cast, monkeypatch, who, narrow, few):
    monkeypatch.setattr("directives.dashboard.queries.own_rows.FEW_ROWS", few)
    for document in many(cast):
        for place, directive in enumerate(document.directives.order_by("order")):
            kind = ("institution", "pilot", "resource")[place % 3]
            type(directive).objects.filter(pk=directive.pk).update(kind=kind)
    user = getattr(cast, who)
    found = look(user, **narrow)
    shown = list(figures(found))
    assert [(f.n, f.filter) for f in shown] == [(rows_of(f, user), f.filter) for f in shown]
    assert found.figures["all"].n == sum(line.lights.total for line in found.document_lines) > 0
    assert found.has_marks == (few > 0 or not found.view.has_counts)


def test_what_happened_is_counted_over_documents(cast):
    rows = [make_obligation(organisation=cast.body, state="assigned") for _number in range(3)]
    for row in rows:
        move(row, "acknowledge", by=cast.staff, now=NOW)
    change_obligations([rows[0]], {"due_on": date(2026, 10, 1)}, action="test", by=None, now=NOW)
    for user in (cast.supervisor, cast.staff):
        told = {one.kind: one for one in look(user).activities}
        assert {kind: one.n for kind, one in told.items()} == {"received": 3, "worse": 1}
        for one in told.values():
            asked = EventFilter.of(QueryDict(one.url.partition("?")[2]))
            events = asked.apply(Event.objects.visible_to(user))
            assert (asked.document, events.count()) == (None, one.n)


@pytest.mark.parametrize("who", ["supervisor", "manager", "below"])
def test_an_earlier_day_is_that_of_all_documents(cast, who, sign_in):
    many(cast)
    user = getattr(cast, who)
    rows = list(Obligation.objects.live())
    before = None
    for day in (date(2026, 10, 1), date(2026, 10, 5)):
        copy_day(day)
        then = look(user).lights
        assert then != before
        before = then
        change_obligations(rows, {"percent": 50}, action="test", by=None, now=NOW)
        change_obligations(rows[:2], {"state": "withdrawn"}, action="test", by=None, now=NOW)
        rows = rows[2:]
        if user is cast.below:
            continue  # own work alone is not copied
        found = look(user, on=day + timedelta(days=1))
        assert (found.lights, sum(line.lights.total for line in found.document_lines)) == (
            then,
            then.total,
        )
        assert {line.subject.pk for line in found.bodies} <= {
            body.pk for body in found.view.children
        }
    early = sign_in(user).get("/dashboard/?on=2026-09-30").content.decode()
    assert "没有9月30日的数据" in early


def test_days_before_there_was_a_sum_are_added_up(cast):
    for number in range(3):
        document = make_document()
        for body in (cast.body, cast.child):
            make_obligation(make_directive(make_section(document)), body, percent=number)
        copy_day(TODAY + timedelta(days=number))
        change_obligations(
            list(Obligation.objects.all()),
            {"percent": 10 * number + 5},
            action="test",
            by=None,
            now=NOW,
        )
    copy_day(TODAY + timedelta(days=4))
    names = ("scope_id", "day", "green", "yellow", "red", "closed", "undue", "percent_sum")
    kept = sorted(OverallDay.objects.values_list(*names))
    OverallDay.objects.all().delete()
    rebuild()
    assert sorted(OverallDay.objects.values_list(*names)) == kept
    assert len(kept) > len(set(TallyDay.objects.values_list("day"))) > 3


# the lines


def test_the_worst_come_first_and_the_others_are_a_page_away(cast, sign_in):
    late = []
    for number in range(22):
        section = make_section()
        for place in range(1 + number % 3):
            make_obligation(
                make_directive(section),
                cast.child,
                due_on=date(2026, 9, 1) if place else None,
                starts_on=TODAY,
            )
        late.append((section.document_id, number % 3))
    found = look(cast.supervisor)
    reds = [line.lights.red for line in found.document_lines]
    assert reds == sorted((red for _document, red in late), reverse=True)
    client = sign_in(cast.supervisor)
    page = client.get("/dashboard/").content.decode()
    assert page.count('<span class="rt">') == 20 and 'href="?documents=1#documents"' in page
    assert "还有 2 份文件" in page
    every = client.get("/dashboard/?documents=1").content.decode()
    assert every.count('<span class="rt">') == 22
    assert all(f'href="?document={document}"' in every for document, _red in late)


def test_a_document_that_is_not_assigned_has_a_line(cast, sign_in):
    make_obligation(organisation=cast.body)
    idle = make_section(make_document(title_hans="关于未交办之事的意见")).document
    client = sign_in(cast.supervisor)
    page = client.get("/dashboard/").content.decode()
    assert f'<a href="/documents/{idle.pk}/">《关于未交办之事的意见》</a>' in page
    assert "尚未交办" in page
    for _number in range(3):
        make_document()
    assert "另有 4 份文件尚未交办" in client.get("/dashboard/").content.decode()
    assert len(look(cast.staff).documents) == 1  # staff see what obliges their body
    assert look(cast.staff).document is not None


def test_one_document_is_shown_by_itself_and_named(cast, sign_in):
    document = make_work([cast.body, cast.child])
    assert look(cast.supervisor).document == document
    other = make_section().document
    found = look(cast.supervisor, document=document.pk)
    assert found.document == document and found.section_lines
    page = sign_in(cast.supervisor).get(f"/dashboard/?document={document.pk}").content.decode()
    assert f"《{document.title_hans}》：" in page.partition("<h1")[2].partition("</h1>")[0]
    assert 'href="?"' in page  # the way back to all
    assert look(cast.supervisor, document=other.pk).lights.total == 0


def test_a_part_of_a_document_names_its_document(cast):
    document, _other = many(cast)
    section, directive, cycle = (
        document.sections.first(),
        document.directives.last(),
        document.cycles.first(),
    )
    for asked in ({"section": section.pk}, {"directive": directive.pk}, {"cycle": cycle.pk}):
        found = look(cast.supervisor, **asked)
        assert (found.document, found.choice.document) == (document, document.pk)
    assert look(cast.supervisor, section=99_999).several_documents


def test_nothing_assigned_of_several_documents_says_so(cast, sign_in):
    make_section(), make_section()
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert "2 份文件均尚未交办" in page and 'href="/documents/"' in page
    make_obligation(make_directive(), cast.child)
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert "1 份文件均没有逾期" in page


# what goes out, how much is asked


@pytest.mark.parametrize("table", ["documents", "bodies", "late", "weeks"])
def test_each_table_is_exported_with_the_figures_of_all_documents(cast, sign_in, table):
    documents = many(cast)
    copy_day(TODAY - timedelta(days=8))
    written = b"".join(sign_in(cast.supervisor).get(f"/dashboard/?export=xlsx&table={table}"))
    book = load_workbook(io.BytesIO(written))
    rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    found = look(cast.supervisor)
    cells = (cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row)
    cover = "\n".join(str(cell) for cell in cells if cell)
    titles = {document.title_hans for document in documents}
    assert "全部文件（2）" in cover and all(title in cover for title in titles)
    assert f"{found.figures['red'].n}/{found.figures['all'].n}" in cover
    if table == "late":
        assert (len(rows), {row[1] for row in rows}) == (found.figures["red"].n, titles)
    elif table == "weeks":
        points = [(point.on_time, point.total) for point in found.weeks.points]
        assert [row[1:3] for row in rows] == points
    else:
        lines, start = (found.document_lines, 1) if table == "documents" else (found.bodies, 3)
        counts = [(line.lights.total, line.on_time.n) for line in lines]
        assert [row[start : start + 2] for row in rows] == counts


def test_tables_of_one_document_are_not_offered_of_several(cast, sign_in):
    many(cast)
    client = sign_in(cast.supervisor)
    assert client.get("/dashboard/?export=xlsx&table=sections").status_code == 404
    one = look(cast.supervisor).documents[0].pk
    asked = f"/dashboard/?document={one}&export=xlsx&table=documents"
    assert client.get(asked).status_code == 404


@pytest.mark.parametrize(
    ("who", "ask", "queries"),
    [
        ("supervisor", "", 9),
        ("supervisor", "all=1", 9),
        ("supervisor", "documents=1", 9),
        ("supervisor", "wall=1", 9),
        ("supervisor", "kind=mass_organisation", 9),
        ("supervisor", "about=institution", 9),
        ("supervisor", "on=2026-10-12", 8),
        ("manager", "", 9),
        ("below", "", 8),
    ],
)
def test_queries_do_not_grow_with_documents(
    cast, sign_in, django_assert_num_queries, who, ask, queries
):
    bodies = [cast.body, cast.child]
    client, _first = sign_in(getattr(cast, who)), make_work(bodies, directives=1)
    for number in (1, 3):
        for _number in range(number):
            make_work(
                [*bodies, *(make_body(parent=cast.body) for _body in range(number))],
                directives=1,
                seed=number,
            )
        OverallDay.objects.all().delete()
        TallyDay.objects.all().delete()
        copy_day(date(2026, 10, 9 + number))
        with django_assert_num_queries(queries):
            assert client.get(f"/dashboard/?{ask}").status_code == 200
