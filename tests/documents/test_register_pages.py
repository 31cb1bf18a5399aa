"""The register's pages: documents, directives, bodies, the matrix.

Who sees what, and in how many queries.
"""

from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from directives import tallies
from directives.models import Document, LeftOut, Repair
from tests.factories import (
    make_body,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)

PAST = date(2026, 4, 1)
TEXT = (
    "关于做好某项工作的意见\n一、健全制度\n各单位要建立请示报告制度。要定期开会。\n二、加强领导\n"
    "党委要加强领导。\n责任编辑：某某\n"
)


@pytest.fixture
def work(cast):
    """One document with two directives; body and sibling owe the first, child the second."""
    document = make_document(text_read=TEXT, text_repaired=TEXT, source=TEXT.encode())
    section = make_section(document, "一")
    first = make_directive(
        section, text="各单位要建立请示报告制度。", code="一.1.1", items=("请示报告制度",)
    )
    second = make_directive(section, text="要定期开会。", code="一.1.2")
    rows = [
        make_obligation(first, cast.body),
        make_obligation(first, cast.sibling),
        make_obligation(second, cast.child),
    ]
    return document, first, second, rows


def pages(document, directive, body):
    return {
        "/documents/": "documents",
        f"/documents/{document.pk}/": "document",
        f"/documents/{document.pk}/source/": "source",
        f"/documents/{document.pk}/matrix/": "matrix",
        f"/directives/{directive.pk}/": "directive",
        "/organisations/": "organisations",
        f"/organisations/{body.pk}/": "organisation",
    }


def test_everybody_with_a_place_reads_the_register(cast, work, sign_in):
    document, first, _second, _rows = work
    for name in ("staff", "manager", "supervisor", "viewer", "admin", "stranger"):
        client = sign_in(getattr(cast, name))
        statuses = {url: client.get(url).status_code for url in pages(document, first, cast.body)}
        assert set(statuses.values()) == {200}, (name, statuses)


def test_a_document_that_does_not_oblige_a_body_is_not_found_by_its_staff(cast, work, sign_in):
    document, first, *_ = work
    other = make_member(make_body("Q09", parent=cast.centre), "staff")
    client = sign_in(other)
    own = f"/documents/{document.pk}/"
    for url in (own, own + "source/", own + "matrix/", f"/directives/{first.pk}/"):
        assert client.get(url).status_code == 404
    assert document.title_hans not in client.get("/documents/").content.decode()


def test_an_outsider_sees_no_body(cast, sign_in):
    client = sign_in(cast.outsider)
    assert client.get(f"/organisations/{cast.body.pk}/").status_code == 404
    assert cast.body.name_hans not in client.get("/organisations/").content.decode()


@pytest.mark.parametrize("url", ["/documents/new/", "correct"])
def test_only_supervisors_register_and_correct(cast, work, sign_in, url):
    url = f"/directives/{work[1].pk}/correct/" if url == "correct" else url
    assert sign_in(cast.supervisor).get(url).status_code == 200
    for name in ("staff", "manager", "viewer"):
        assert sign_in(getattr(cast, name)).get(url).status_code == 403


def test_the_figures_of_a_document_are_of_the_readers_part(cast, work, sign_in):
    people = ("supervisor", "manager", "staff", "stranger")
    seen = {
        name: sign_in(getattr(cast, name)).get("/documents/").context["rows"][0] for name in people
    }
    assert {name: (row.bodies, row.lights.total, row.directives) for name, row in seen.items()} == {
        "supervisor": (3, 3, 2),
        "manager": (2, 2, 2),
        "staff": (1, 1, 2),
        "stranger": (1, 1, 2),
    }


def test_a_directive_shows_its_neighbours_items_and_assigned_bodies(cast, work, sign_in):
    _document, first, second, rows = work
    plan = make_plan(cast.body, first.document, state="submitted")
    make_log(make_measure(plan, rows[0]), cast.staff)
    rows[0].item_states.update(state="established", on=rows[0].issued_on)
    tallies.rebuild()
    view = sign_in(cast.supervisor).get(f"/directives/{first.pk}/").context["view"]
    assert (view.before, view.after, view.same_paragraph) == (None, second, (None, second))
    assert [(share.item.name, share.done, share.total) for share in view.items] == [
        ("请示报告制度", 1, 2)
    ]
    assert [
        (line.obligation.organisation, line.item_states, line.logged_on is None)
        for line in view.assigned_bodies
    ] == [
        (cast.body, ("established",), False),
        (cast.sibling, ("not_started",), True),
    ]
    own = sign_in(cast.stranger).get(f"/directives/{first.pk}/").context["view"]
    assert [line.obligation.organisation for line in own.assigned_bodies] == [cast.sibling]
    assert [(share.done, share.total) for share in own.items] == [(0, 1)]


def test_words_come_in_the_readers_script(cast, sign_in):
    directive = make_directive(
        text="各單位要建立制度。", text_hans="各单位要建立制度。", text_hant="各單位要建立制度。"
    )
    for language, words in (("zh-hans", "各单位要建立制度。"), ("zh-hant", "各單位要建立制度。")):
        assert (
            words
            in sign_in(cast.supervisor, language)
            .get(f"/directives/{directive.pk}/")
            .content.decode()
        )


def test_the_source_is_a_file_of_plain_text_under_its_own_name(cast, work, sign_in):
    Document.objects.update(source_name="意见.html", source=b"<script>alert(1)</script>")
    response = sign_in(cast.supervisor).get(f"/documents/{work[0].pk}/source/")
    assert response.content == b"<script>alert(1)</script>"
    assert response.headers["Content-Type"] == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        response.headers["Content-Disposition"]
        == "attachment; filename*=utf-8''%E6%84%8F%E8%A7%81.html"
    )


def test_the_document_stands_beside_its_source(cast, work, sign_in):
    LeftOut.objects.create(document=work[0], line=6, text="责任编辑：某某", reason="editor")
    view = sign_in(cast.supervisor).get(f"/documents/{work[0].pk}/").context["view"]
    section = view.sections[0]
    assert [line.number for line in section.heading] == [1, 2]
    assert [[line.number for line in paragraph.lines] for paragraph in section.paragraphs] == [[3]]
    assert [row.reason for row in view.left_out] == ["editor"]


def test_directives_are_found_by_words_in_either_script(cast, work, sign_in):
    client = sign_in(cast.supervisor)
    for q, shown in (("一.1.2", 1), ("開會", 1), ("请示", 1), ("没有", 0)):
        assert client.get(f"/documents/{work[0].pk}/", {"q": q}).context["view"].matching == shown
    assert (
        client.get(f"/documents/{work[0].pk}/", {"kind": "nonsense", "section": "x"})
        .context["view"]
        .matching
        == 2
    )


def test_the_matrix_links_each_cell_and_leaves_the_rest_empty(cast, work, sign_in):
    document, first, second, rows = work
    matrix = sign_in(cast.supervisor).get(f"/documents/{document.pk}/matrix/").context["matrix"]
    assert [
        (body.code, [row.cells[place].pk for row in matrix.rows])
        for place, body in enumerate(matrix.bodies.rows)
    ] == [
        ("Q01", [rows[0].pk, None]),
        ("Q01A", [None, rows[2].pk]),
        ("Q02", [rows[1].pk, None]),
    ]
    assert [
        body.code
        for body in sign_in(cast.staff)
        .get(f"/documents/{document.pk}/matrix/")
        .context["matrix"]
        .bodies.rows
    ] == ["Q01"]


def test_the_matrix_keeps_the_lines_in_which_a_light_is_lit(cast, work, sign_in):
    document, first, *_ = work
    late = make_obligation(
        first, make_body("Q07", parent=cast.centre), plan_due_on=date(2026, 9, 1), percent=90
    )
    matrix = (
        sign_in(cast.supervisor)
        .get(f"/documents/{document.pk}/matrix/", {"light": "red"})
        .context["matrix"]
    )
    assert late.light == "red"
    assert [row.directive for row in matrix.rows] == [first]
    assert [(cell.body.code, cell.pk, cell.is_dimmed) for cell in matrix.rows[0].cells] == [
        ("Q07", late.pk, False)
    ]


def test_the_matrix_is_paged_both_ways(cast, sign_in):
    section = make_section()
    directives = [make_directive(section) for _ in range(26)]
    bodies = [make_body(parent=cast.centre) for _ in range(27)]
    for body in bodies:
        make_obligation(directives[0], body)
    url = f"/documents/{section.document_id}/matrix/"
    first = sign_in(cast.supervisor).get(url).context["matrix"]
    assert (
        len(first.rows),
        len(first.rows[0].cells),
        first.directives.total,
        first.bodies.total,
    ) == (25, 25, 26, 27)
    keys = {"dafter": first.directives.after, "dpage": 2, "bafter": first.bodies.after, "bpage": 2}
    last = sign_in(cast.supervisor).get(url, keys).context["matrix"]
    assert [row.directive for row in last.rows] == [directives[25]]
    assert [cell.body for cell in last.rows[0].cells] == bodies[25:]
    assert (last.directives.after, last.bodies.after, last.bodies.first, last.bodies.last) == (
        "",
        "",
        26,
        27,
    )
    before = (
        sign_in(cast.supervisor)
        .get(url, {"bbefore": last.bodies.before, "bpage": 1})
        .context["matrix"]
    )
    assert before.bodies.rows == first.bodies.rows


def test_the_matrix_of_a_chosen_body_shows_its_tree(cast, work, sign_in):
    document, *_ = work
    answer = sign_in(cast.supervisor).get(
        f"/documents/{document.pk}/matrix/", {"body": cast.body.pk}
    )
    assert [body.code for body in answer.context["matrix"].bodies.rows] == ["Q01", "Q01A"]
    assert answer.context["matrix"].bodies.total == 2
    assert [body.code for body in answer.context["bodies"]] == ["C000", "Q01", "Q01A", "Q02"]


def test_bodies_are_found_in_either_script_and_abolished_ones_name_their_successor(cast, sign_in):
    make_body(
        "Q88",
        parent=cast.centre,
        name_hans="国土资源部",
        name_hant="國土資源部",
        valid_to=date(2018, 3, 17),
        successor=cast.sibling,
    )
    client = sign_in(cast.supervisor)
    assert [
        line.body.code for line in client.get("/organisations/", {"q": "總工會"}).context["lines"]
    ] == ["Q01", "Q01A"]
    found = client.get("/organisations/", {"q": "国土"})
    assert [line.body.successor for line in found.context["lines"]] == [cast.sibling]
    assert [
        line.body.code
        for line in client.get("/organisations/", {"level": "central"}).context["lines"]
    ] == ["C000", "Q01", "Q02"]


def test_the_tree_shows_lights_only_where_the_reader_may_see_the_work(cast, work, sign_in):
    def lights(user):
        found, queue = {}, list(sign_in(user).get("/organisations/").context["tree"].roots)
        while queue:
            node = queue.pop()
            found[node.body.code] = node.lights.total if node.lights else None
            queue += node.children
        return found

    assert lights(cast.supervisor) == {"C000": 3, "Q01": 2, "Q01A": 1, "Q02": 1}
    assert lights(cast.manager) == {"C000": None, "Q01": 2, "Q01A": 1, "Q02": None}
    assert lights(cast.staff) == {"C000": None, "Q01": 1, "Q01A": None, "Q02": None}


def test_the_tree_names_the_bodies_that_are_late_before_it(cast, sign_in):
    directive = make_directive()
    make_obligation(directive, cast.body)
    assert sign_in(cast.supervisor).get("/organisations/").context["tree"].late == ()
    make_obligation(directive, cast.child, due_on=PAST, percent=10)
    second = make_directive(directive.section)
    for row in (directive, second):
        make_obligation(row, cast.sibling, due_on=PAST, percent=10)
    tree = sign_in(cast.supervisor).get("/organisations/").context["tree"]
    assert [(node.body, node.lights.red) for node in tree.late] == [
        (cast.sibling, 2),
        (cast.child, 1),
    ]


def test_people_are_shown_to_managers_and_supervisors_of_the_subtree_and_to_administrators(
    cast, sign_in
):
    url = f"/organisations/{cast.body.pk}/"
    people = ("manager", "supervisor", "admin", "viewer", "stranger")
    shown = {
        name: "林晓岚" in sign_in(getattr(cast, name)).get(url).content.decode() for name in people
    }
    assert shown == {
        "manager": True,
        "supervisor": True,
        "admin": True,
        "viewer": False,
        "stranger": False,
    }


def test_a_bodys_work_is_hidden_from_those_beside_it(cast, work, sign_in):
    url = f"/organisations/{cast.body.pk}/"
    people = ("supervisor", "manager", "staff", "stranger")
    totals = {
        name: sign_in(getattr(cast, name)).get(url).context["view"].lights.total for name in people
    }
    assert totals == {"supervisor": 2, "manager": 2, "staff": 1, "stranger": 0}


def queries(client, url):
    client.get(url)  # what is read once for the whole process
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_pages_take_as_many_queries_for_many_rows_as_for_one(cast, sign_in):
    document = make_document(text_read=TEXT, text_repaired=TEXT)
    section = make_section(document)
    directive = make_directive(section, items=("甲制度", "乙制度"))
    make_obligation(directive, cast.body)
    client = sign_in(cast.supervisor)
    urls = [*pages(document, directive, cast.centre), f"/organisations/?q={cast.body.name_hans}"]
    once = {url: queries(client, url) for url in urls}
    for number in range(3):
        other = make_directive(make_section(document, "二"), items=("丙制度",))
        for row in (directive, other):
            make_obligation(
                row, make_body(parent=cast.centre, name_hans=f"{cast.body.name_hans}{number}")
            )
        make_obligation(make_directive(), cast.body)
        doubt = {
            "kind": "half_lost",
            "line": 3,
            "start": number,
            "before": "各",
            "after": "为",
            "state": "proposed",
        }
        Repair.objects.create(document=document, order=number, **doubt)
    assert {url: queries(client, url) for url in urls} == once
    assert once["/documents/"] <= 12


def test_lists_are_exported_with_the_filter_in_force(cast, work, sign_in):
    client = sign_in(cast.supervisor)

    def rows(url):
        return b"".join(client.get(url).streaming_content).decode("utf-8-sig").strip().splitlines()

    assert len(rows("/documents/?export=csv")) == 2
    assert [line.split(",")[0] for line in rows(f"/documents/{work[0].pk}/?q=开会&export=csv")][
        1:
    ] == ["一.1.2"]
    assert [line.split(",")[0] for line in rows("/organisations/?q=总工会&export=csv")][1:] == [
        "Q01",
        "Q01A",
    ]
    matrix = rows(f"/documents/{work[0].pk}/matrix/?export=csv")
    assert matrix[0].split(",")[2:] == ["全国总工会", "北京市总工会", "共青团中央"]
    assert [line.split(",")[0] for line in matrix[1:]] == ["一.1.1", "一.1.2"]


def test_the_file_of_the_matrix_says_of_how_many_bodies_it_tells(cast, sign_in, monkeypatch):
    monkeypatch.setattr("directives.obligations.exports.matrix.MAX_BODY_COLUMNS", 1)
    directive = make_directive()
    for body in (cast.body, cast.sibling):
        make_obligation(directive, body)
    answer = sign_in(cast.supervisor).get(f"/documents/{directive.document_id}/matrix/?export=xlsx")
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    cover = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows(max_col=2)}
    assert (cover["单位"], cover["任务"]) == (2, 1)
