"""The dashboard: figures that are exactly the rows behind them, a fixed number of queries, and who may look from where."""

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from random import Random
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from openpyxl import load_workbook

from directives.models import CalendarDay, Obligation
from directives.overview.board import board
from directives.overview.choice import Choice
from directives.overview.figures import Figure
from directives.overview.obligations import Filter
from directives.overview.trend import by
from directives.states import OBLIGATION_MOVES
from directives.transitions import change_obligations, move
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_obligation,
    make_report,
    make_section,
)

STATES = ("assigned", "acknowledged", "underway", "disputed", "suspended", "closing", "closed", "withdrawn")


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def look(user, scope=None, document=None, **asked):
    return board(user, Choice(scope=scope, document=document, **asked), today=TODAY, workdays=CalendarDay.objects.workdays(TODAY))


def make_work(bodies, *, sections=3, directives=3, seed=1):
    """Every directive at about every body, in any state, with any clocks; two cycles, some entries in."""
    random, document = Random(seed), make_document()
    made = []
    for place, number in enumerate(["七", "八", ""][:sections]):
        section = make_section(document, number, order=place)
        for _number in range(directives):
            directive = make_directive(section)
            made += [random_row(random, directive, body) for body in bodies if random.random() < 0.9]
    before = make_cycle(document, number=2, opens_on=date(2026, 6, 17), due_on=date(2026, 7, 15))
    now = make_cycle(document)
    for body in bodies:
        rows = [row for row in made if row.organisation_id == body.pk]
        for cycle in (before, now):
            report = make_report(body, cycle, *rows)
            for entry in report.entries.all():
                if random.random() < 0.5:
                    on = cycle.opens_on + timedelta(days=random.randint(0, 25))
                    state = random.choice(["submitted", "returned"])
                    type(entry).objects.filter(pk=entry.pk).update(
                        state=state, reason="请改", submitted_at=NOW - timedelta(days=(TODAY - on).days)
                    )
    return document


def random_row(random, directive, body):
    def clock(spread=60):
        return random.choice([None, TODAY + timedelta(days=random.randint(-spread, spread))])

    state = random.choice(STATES)
    return make_obligation(
        directive, body, state=state, percent=random.choice([0, 30, 80, 100]), due_on=clock(), acknowledge_by=clock(), plan_due_on=clock(),
        report_due_on=clock(4), plan_returned=random.random() < 0.2, report_returned=random.random() < 0.2,
        starts_on=TODAY - timedelta(days=random.randint(-20, 90)), issued_on=TODAY - timedelta(days=90),
        reason="有异议" if state == "disputed" else "", closed_on=TODAY if state == "closed" else None,
        deliverable=random.choice(["", "plan"]),
    )  # fmt: skip


def figures(found) -> Iterator[Figure]:
    """Every figure of a dashboard."""
    yield from (found.all, found.on_time, found.green, found.yellow, found.red, found.closed, found.undue, found.grey)
    yield from (named.rows for named in (*found.missed, *found.causes))
    yield from (part.missing for part in found.coverage if part.exact)
    yield from (day.rows for day in found.ahead)
    for line in (*found.section_lines, *map(found.with_cells, found.bodies), *found.directives, *found.worst_sections):
        yield from (line.rows, line.on_time, line.off_time, line.red)
        yield from (cell.off_time for cell in line.cells)


def rows_of(figure: Figure, user) -> int:
    query = QueryDict(urlsplit(figure.url).query)
    asked = Filter.of(query)
    assert all(len(values) == 1 for _name, values in query.lists())
    assert asked == figure.filter  # the address says all that the figure means
    return asked.apply(Obligation.objects.visible_to(user), TODAY).count()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("who", ["supervisor", "viewer", "manager", "staff", "below"])
def test_every_figure_is_the_number_of_its_rows(cast, seed, who):
    make_work([cast.centre, cast.body, cast.child, cast.sibling], seed=seed)
    user = getattr(cast, who)
    found = look(user)
    all_of_them = list(figures(found))
    assert [(f.n, f.filter) for f in all_of_them] == [(rows_of(f, user), f.filter) for f in all_of_them]
    assert found.all.n == sum(line.lights.total for line in found.section_lines)
    assert found.red.n == sum(one.rows.n for one in found.missed)
    assert found.yellow.n == sum(one.rows.n for one in found.causes)
    assert len(all_of_them) > 30


def test_moves_are_seen_at_once(cast):
    document = make_work([cast.body, cast.child])
    row = Obligation.objects.filter(state="underway", organisation=cast.body).select_related("organisation").first()
    before = look(cast.supervisor).lights
    change_obligations([row], {"due_on": date(2026, 9, 30), "plan_due_on": None, "report_due_on": None, "acknowledge_by": None},
                       action="test", by=None, now=NOW)  # fmt: skip
    row.refresh_from_db()
    after = look(cast.supervisor).lights
    assert after.count(row.light) >= before.count(row.light)
    assert [rows_of(f, cast.supervisor) for f in figures(look(cast.supervisor))] == [f.n for f in figures(look(cast.supervisor))]
    assert look(cast.supervisor).document == document


@pytest.mark.parametrize("who", ["supervisor", "viewer"])
def test_queries_do_not_grow_with_the_bodies(cast, who, sign_in, django_assert_num_queries):
    client = sign_in(getattr(cast, who))
    for number in (1, 2, 27):
        bodies = [make_body(parent=cast.centre) for _number in range(number)]
        make_work(bodies, directives=1)
        with django_assert_num_queries(8):
            assert client.get("/dashboard/").status_code == 200


def test_queries_of_a_body_without_others_below(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.below)
    for directives in (1, 3, 25):
        make_work([cast.child], directives=directives)
        with django_assert_num_queries(8):
            assert client.get("/dashboard/").status_code == 200


def test_queries_when_drilled_down(cast, sign_in, django_assert_num_queries):
    make_work([cast.body, cast.child, cast.sibling])
    client = sign_in(cast.supervisor)
    with django_assert_num_queries(8):
        client.get(f"/dashboard/?scope={cast.body.pk}")
    with django_assert_num_queries(8):
        client.get(f"/dashboard/?scope={cast.sibling.pk}&all=1")


def test_from_where_each_person_looks(cast):
    make_work([cast.body, cast.child, cast.sibling])
    seen = {name: look(getattr(cast, name)).view for name in ("supervisor", "viewer", "manager", "staff", "below")}
    assert {name: (view.body.pk, view.whole) for name, view in seen.items()} == {
        "supervisor": (cast.centre.pk, True), "viewer": (cast.centre.pk, True), "manager": (cast.body.pk, True),
        "staff": (cast.body.pk, False), "below": (cast.child.pk, False),
    }  # fmt: skip


def test_staff_of_a_body_with_others_below_see_their_own_work_alone(cast):
    make_work([cast.body, cast.child])
    own = Obligation.objects.live().filter(organisation=cast.body).count()
    assert look(cast.staff).all.n == own
    assert look(cast.manager).all.n == Obligation.objects.live().count() > own


def test_nobody_looks_where_they_have_no_place(cast, sign_in):
    document = make_work([cast.body, cast.child, cast.sibling])
    other = make_document()
    answers = {
        (name, body): sign_in(getattr(cast, name)).get(f"/dashboard/?scope={getattr(cast, body).pk}").status_code
        for name in ("staff", "manager", "supervisor", "outsider", "admin", "stranger")
        for body in ("centre", "body", "child", "sibling")
    }
    seen = {key for key, status in answers.items() if status == 200}
    assert seen == {
        ("staff", "body"), ("manager", "body"), ("manager", "child"), ("stranger", "sibling"),
        ("supervisor", "centre"), ("supervisor", "body"), ("supervisor", "child"), ("supervisor", "sibling"),
    }  # fmt: skip
    assert {answers[key] for key in answers.keys() - seen} == {404}
    client = sign_in(cast.staff)
    assert client.get(f"/dashboard/?document={document.pk}").status_code == 200
    wrong = (f"document={other.pk}", "document=x", "scope=x", "scope=99999")
    assert [client.get(f"/dashboard/?{ask}").status_code for ask in wrong] == [404] * 4


def test_a_child_is_one_link_away_and_the_way_back_too(cast, sign_in):
    make_work([cast.body, cast.child, cast.sibling])
    client = sign_in(cast.supervisor)
    page = client.get("/dashboard/").content.decode()
    assert f'href="?scope={cast.body.pk}"' in page
    below = client.get(f"/dashboard/?scope={cast.body.pk}").content.decode()
    assert f'href="?scope={cast.child.pk}"' in below
    assert f'href="?scope={cast.centre.pk}"' in below
    deepest = client.get(f"/dashboard/?scope={cast.child.pk}&section=999&kind=mass_organisation").content.decode()
    steps = [f'href="?scope={body.pk}&amp;kind=mass_organisation"' for body in (cast.centre, cast.body)]
    assert [deepest.count(step) for step in steps] == [1, 1]  # the crumbs keep the filter


class Links(HTMLParser):
    """Every link to the list of obligations on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href") or ""
        if tag == "a" and href.startswith("/obligations/?"):
            self.found.append(href)


def test_every_link_on_the_page_leads_to_a_list(cast, sign_in):
    make_work([cast.body, cast.child, cast.sibling])
    client = sign_in(cast.supervisor)
    links = Links()
    links.feed(client.get("/dashboard/").content.decode())
    wanted = {url for url in links.found if "export" not in url}
    assert len(wanted) > 20
    assert {client.get(url).status_code for url in sorted(wanted)[:12]} == {200}


def test_who_is_late_and_whose_move_it_is(cast):
    section = make_section()
    due = {"due_on": date(2026, 9, 1), "percent": 60}
    oldest = make_obligation(make_directive(section), cast.body, **due | {"due_on": date(2026, 8, 3)})
    disputed = make_obligation(make_directive(section), cast.sibling, state="disputed", reason="不归我们", **due)
    to_sign = make_obligation(make_directive(section), cast.sibling, report_due_on=date(2026, 9, 3), due_on=date(2027, 1, 1), percent=90)
    report = make_report(cast.sibling, make_cycle(section.document), to_sign)
    report.entries.update(state="awaiting")
    late = look(cast.supervisor).late
    assert [(row.obligation, row.whose) for row in late] == [(oldest, "staff"), (disputed, "supervisor"), (to_sign, "manager")]


def test_what_happened_since_the_last_working_day(cast):
    row = make_obligation(organisation=cast.body, state="assigned")
    move(row, "acknowledge", by=cast.staff, now=NOW)
    change_obligations([row], {"due_on": date(2026, 10, 1)}, action="test", by=None, now=NOW)
    change_obligations([row], {"percent": 85}, action="test", by=None, now=NOW - timedelta(days=5))
    found = {one.kind: (one.n, one.url) for one in look(cast.supervisor).happened}
    assert found == {
        kind: (1, f"/events/?act={kind}&document={row.document_id}&body={cast.centre.pk}&since=2026-10-12")
        for kind in ("worse", "received")
    }


def test_the_trend_counts_what_is_in(cast):
    document = make_work([cast.body, cast.child, cast.sibling])
    found = look(cast.supervisor, document=document.pk)
    trend = found.trend
    assert (trend.cycle.opens_on, trend.before.opens_on) == (date(2026, 9, 17), date(2026, 6, 17))
    days = [by(trend.cycle, date(2026, 9, 17) + timedelta(days=n)) for n in range(27)]
    assert days == sorted(days) and days[-1] == trend.cycle.done
    assert trend.expected == trend.cycle.done + found.facts.clock("report")
    assert trend.line.split()[-1] == f"{trend.now_x:.1f},{trend.now_y}"
    assert found.workdays_left == 2


@pytest.mark.parametrize("table", ["sections", "bodies", "late"])
def test_each_table_is_exported_with_the_figures_of_the_page(cast, sign_in, table):
    make_work([cast.body, cast.child, cast.sibling])
    written = b"".join(sign_in(cast.supervisor).get(f"/dashboard/?export=xlsx&table={table}"))
    sheet = load_workbook(io.BytesIO(written)).worksheets[1]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    found = look(cast.supervisor)
    if table == "late":
        assert len(rows) == found.red.n
    else:
        lines = found.section_lines if table == "sections" else found.bodies
        start = 2 if table == "sections" else 3
        assert [row[start : start + 2] for row in rows] == [(line.lights.total, line.on_time.n) for line in lines]


def test_who_may_export(cast, sign_in):
    make_work([cast.body, cast.child])
    ask = "/dashboard/?export=csv&table=sections"
    statuses = {}
    for name in ("supervisor", "manager", "staff", "viewer"):
        answer = sign_in(getattr(cast, name)).get(ask)
        statuses[name] = answer.status_code
        b"".join(answer)  # read to its end, the file is closed
    assert statuses == {"supervisor": 200, "manager": 200, "staff": 200, "viewer": 403}
    assert sign_in(cast.manager).get("/dashboard/?export=xlsx&table=nothing").status_code == 404


def test_before_anything_was_assigned_the_page_says_what_to_do(cast, sign_in):
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert 'href="/documents/new/"' in page
    document = make_section().document
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert f'href="/documents/{document.pk}/issue/"' in page
    assert "/issue/" not in sign_in(cast.viewer).get("/dashboard/").content.decode()
    assert sign_in(cast.outsider).get("/dashboard/").status_code == 200


def test_names_come_in_the_readers_script(cast, sign_in):
    make_work([cast.body, cast.child])
    assert "全国总工会" in sign_in(cast.supervisor).get("/dashboard/").content.decode()
    page = sign_in(cast.supervisor, "zh-hant").get("/dashboard/").content.decode()
    assert "全國總工會" in page and "全国总工会" not in page


def test_nothing_is_written_by_looking(cast, sign_in):
    make_work([cast.body])
    before = json.dumps([str(row) for row in Obligation.objects.values()])
    sign_in(cast.supervisor).get("/dashboard/")
    assert sign_in(cast.supervisor).post("/dashboard/").status_code == 405
    assert json.dumps([str(row) for row in Obligation.objects.values()]) == before
    assert OBLIGATION_MOVES  # the table is not empty, so the random rows above had moves to make
