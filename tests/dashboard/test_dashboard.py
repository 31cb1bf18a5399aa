"""The dashboard.

Figures that are exactly the rows behind them, a fixed number of queries, and who may look from
where.
"""

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from random import Random
from urllib.parse import urlsplit

import pytest
from django.db.models import Q
from django.http import QueryDict
from openpyxl import load_workbook

from directives.base.states import OBLIGATION_MOVES
from directives.core.transitions import change_obligations, move
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.figures import Figure
from directives.dashboard.queries.loading import load_board
from directives.dashboard.queries.trend import submitted_by
from directives.models import CalendarDay, Event, Obligation, ReportEntry, TallyDay
from directives.models.scope import in_subtree
from directives.obligations.queries.filters import ObligationFilter
from directives.record.queries.events import EventFilter
from directives.tallies import change_kind, copy_day, counted, rebuild, write_pending
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_obligation,
    make_obligations,
    make_report,
    make_section,
)

STATES = (
    "assigned",
    "acknowledged",
    "underway",
    "disputed",
    "suspended",
    "closing",
    "closed",
    "withdrawn",
)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def look(user, scope=None, document=None, **asked):
    return load_board(
        user,
        BoardChoice(scope=scope, document=document, **asked),
        today=TODAY,
        workdays=CalendarDay.objects.workdays(TODAY),
    )


@counted()  # written once, not for every row
def make_work(bodies, *, sections=3, directives=3, seed=1):
    """Every directive at about every body, in any state, with any clocks.

    Two cycles, some entries in.
    """
    random, document = Random(seed), make_document()
    made = []
    for place, number in enumerate(["七", "八", ""][:sections]):
        section = make_section(document, number, order=place)
        for _number in range(directives):
            directive = make_directive(section)
            made += [
                (directive, body, random_fields(random, directive))
                for body in bodies
                if random.random() < 0.9
            ]
    made = make_obligations(made)
    before = make_cycle(document, number=2, opens_on=date(2026, 6, 17), due_on=date(2026, 7, 15))
    now = make_cycle(document)
    for body in bodies:
        rows = [row for row in made if row.organisation_id == body.pk]
        for cycle in (before, now):
            report = make_report(body, cycle, *rows)
            handed_in = [entry for entry in report.entries.all() if random.random() < 0.5]
            for entry in handed_in:
                on = cycle.opens_on + timedelta(days=random.randint(0, 25))
                entry.state, entry.reason = random.choice(["submitted", "returned"]), "请改"
                entry.submitted_at = NOW - timedelta(days=(TODAY - on).days)
            ReportEntry.objects.bulk_update(handed_in, ["state", "reason", "submitted_at"])
    write_pending()
    rebuild()  # the entries were written past the counts
    return document


def random_fields(random, directive):
    def clock(spread=60):
        return random.choice([None, TODAY + timedelta(days=random.randint(-spread, spread))])

    state = random.choice(STATES)
    return {
        "state": state,
        "percent": random.choice([0, 30, 80, 100]),
        "due_on": clock(),
        "acknowledge_by": clock(),
        "plan_due_on": clock(),
        "report_due_on": clock(4),
        "plan_returned": random.random() < 0.2,
        "report_returned": random.random() < 0.2,
        "starts_on": TODAY - timedelta(days=random.randint(-20, 90)),
        "issued_on": TODAY - timedelta(days=90),
        "reason": "有异议" if state == "disputed" else "",
        "closed_on": TODAY if state == "closed" else None,
        "deliverable": random.choice(["", "plan"]),
        "heard_on": TODAY - timedelta(days=(0, 30, 89, 90, 200)[directive.pk % 5]),
    }


def figures(found) -> Iterator[Figure]:
    """Every figure of a dashboard."""
    yield from (
        found.figures["all"],
        found.figures["on_time"],
        found.figures["green"],
        found.figures["yellow"],
        found.figures["red"],
        found.figures["closed"],
        found.figures["undue"],
        found.figures["grey"],
    )
    yield from (named.rows for named in (*found.overdue_by_clock, *found.causes))
    if found.has_marks:
        yield found.undated
    yield from (part.missing for part in found.coverage if part.exact)
    yield from (day.rows for day in found.due_days)
    for line in (
        *found.document_lines,
        *found.section_lines,
        *map(found.with_cells, found.bodies),
        *found.directives,
        *found.worst_sections,
    ):
        yield from (line.rows, line.on_time, line.off_time, line.red)
        yield from (cell.off_time for cell in line.cells)


def rows_of(figure: Figure, user) -> int:
    query = QueryDict(urlsplit(figure.url).query)
    asked = ObligationFilter.of(query)
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
    assert [(f.n, f.filter) for f in all_of_them] == [
        (rows_of(f, user), f.filter) for f in all_of_them
    ]
    assert found.figures["all"].n == sum(line.lights.total for line in found.section_lines)
    assert found.figures["red"].n == sum(one.rows.n for one in found.overdue_by_clock)
    assert found.figures["yellow"].n == sum(one.rows.n for one in found.causes)
    assert len(all_of_them) > 30


@pytest.mark.parametrize("who", ["supervisor", "manager", "staff", "below"])
@pytest.mark.parametrize("narrow", ["section", "directive", "about", "kind", "all of them"])
@pytest.mark.parametrize("few", [2_000, 0])
def test_filtered_figures_are_the_numbers_of_their_rows(cast, monkeypatch, who, narrow, few):
    """Where the rows under the filter are few they are read, and all is told as without one."""
    monkeypatch.setattr("directives.dashboard.queries.own_rows.FEW_ROWS", few)
    document = make_work([cast.centre, cast.body, cast.child, cast.sibling])
    kinds = ("institution", "pilot", "resource")
    for place, directive in enumerate(document.directives.order_by("order")):
        type(directive).objects.filter(pk=directive.pk).update(kind=kinds[place % 3])
    change_kind(cast.child, kind="other")
    one = document.directives.filter(kind="pilot").first()
    every = {
        "section": one.section_id,
        "directive": one.pk,
        "about": "pilot",
        "kind": "mass_organisation",
    }
    asked = every if narrow == "all of them" else {narrow: every[narrow]}
    user = getattr(cast, who)
    found = look(user, **asked)
    all_of_them = list(figures(found))
    assert [(f.n, f.filter) for f in all_of_them] == [
        (rows_of(f, user), f.filter) for f in all_of_them
    ]
    assert (
        found.figures["all"].n
        == sum(line.lights.total for line in found.directives)
        == sum(line.lights.total for line in found.section_lines)
    )
    assert found.has_marks == (few > 0 or not found.view.has_counts)
    if found.has_marks:
        assert found.figures["red"].n == sum(one.rows.n for one in found.overdue_by_clock)
    if found.trend:
        body = found.view.body
        in_view = (
            in_subtree(body.path, "report__organisation__path")
            if found.view.has_counts
            else Q(report__organisation=body.pk)
        )
        entries = ReportEntry.objects.filter(
            in_view,
            **{
                f"obligation__{name}": value
                for name, value in found.choice.row_conditions().items()
            },
        )
        came = entries.filter(
            report__cycle=found.trend.cycle.pk, state__in=("submitted", "accepted")
        )
        assert found.trend.cycle.submitted_count == came.count()


@pytest.mark.parametrize("who", ["supervisor", "manager", "below"])
def test_what_happened_is_the_number_of_its_events(cast, who):
    rows = [
        make_obligation(organisation=body, state="assigned", due_on=None)
        for body in (cast.body, cast.child, cast.sibling)
    ]
    document = rows[0].document_id
    for row, person in zip(rows, (cast.staff, cast.below, cast.stranger), strict=True):
        move(row, "acknowledge", by=person, now=NOW)
        change_obligations(
            [row],
            {"acknowledge_by": date(2026, 10, 1)},
            action="test",
            by=None,
            now=NOW - timedelta(days=3),
        )
        change_obligations([row], {"acknowledge_by": None}, action="test", by=None, now=NOW)
    user = getattr(cast, who)
    for found in (look(user, document=row.document_id) for row in rows):
        for one in found.activities if found else ():
            for n, url in ((one.n, one.url), (one.week, one.week_url)):
                asked = EventFilter.of(QueryDict(urlsplit(url).query))
                assert (one.kind, asked.apply(Event.objects.visible_to(user)).count()) == (
                    one.kind,
                    n,
                )
    kinds = {
        one.kind: (one.n, one.week)
        for one in look(
            user, document=document if who != "below" else rows[1].document_id
        ).activities
    }
    assert kinds == {"received": (1, 1), "better": (1, 1), "worse": (0, 1)}


def test_an_earlier_day_is_shown_as_it_was(cast, sign_in):
    section = make_section()
    rows = [make_obligation(make_directive(section), cast.body) for _number in range(4)]
    make_obligation(make_directive(section), cast.sibling)
    copy_day(date(2026, 10, 1))
    change_obligations(
        rows[:2],
        {"due_on": date(2026, 10, 2)},
        action="test",
        by=None,
        now=NOW - timedelta(days=5),
    )
    copy_day(date(2026, 10, 8))
    now, then = look(cast.supervisor), look(cast.supervisor, on=date(2026, 10, 7))
    assert [
        (found.lights.on_time, found.lights.total, found.figures["red"].n) for found in (now, then)
    ] == [
        (3, 5, 2),
        (5, 5, 0),
    ]
    assert [line.lights.on_time for line in then.bodies] == [4, 1]
    assert (
        then.overdue_rows,
        then.overdue_by_clock,
        then.coverage,
        then.activities,
        then.due_days,
        then.directives,
        then.trend,
    ) == ((), (), (), (), (), (), None)
    assert (now.change.points, now.change.before.on_time, now.change.before.day) == (
        "−40",
        5,
        date(2026, 10, 1),
    )
    assert [(point.day, point.on_time) for point in now.weeks.points] == [
        (date(2026, 10, 6), 5),
        (TODAY, 3),
    ]
    client = sign_in(cast.supervisor)
    page = client.get("/dashboard/?on=2026-10-07").content.decode()
    assert "截至10月7日终了" in page and "/obligations/?" not in page
    # The way down stays on that day.
    assert f'href="?on=2026-10-07&amp;scope={cast.body.pk}"' in page
    early = client.get("/dashboard/?on=2026-09-30").content.decode()
    assert "没有9月30日的数据" in early and 'href="?on=2026-10-01"' in early
    assert look(cast.staff, on=date(2026, 10, 7)).lights.total == 0  # own work alone is not copied


@pytest.mark.parametrize(
    ("ask", "queries"),
    [
        ("", 9),
        ("all=1", 9),
        ("wall=1", 9),
        ("directives=1", 10),
        ("section={section}", 12),
        ("kind=mass_organisation", 12),
        ("about=institution", 12),
        ("on=2026-10-12", 8),
    ],
)
def test_queries_are_as_many_whatever_is_asked(
    cast, sign_in, django_assert_num_queries, ask, queries
):
    client = sign_in(cast.supervisor)
    for number in (1, 3):
        document = make_work(
            [make_body(parent=cast.centre) for _number in range(number)],
            directives=number,
            seed=number,
        )
        place = {
            "section": document.sections.first().pk,
            "directive": document.directives.first().pk,
        }
        TallyDay.objects.all().delete()
        copy_day(date(2026, 10, 10))
        with django_assert_num_queries(queries):
            assert (
                client.get(f"/dashboard/?document={document.pk}&{ask.format(**place)}").status_code
                == 200
            )


def test_the_page_stays_bounded_however_many_bodies_there_are(cast, sign_in):
    directive = make_directive()
    for _number in range(230):
        make_obligation(directive, make_body(parent=cast.centre))
    client = sign_in(cast.supervisor)
    page, every = (
        client.get(f"/dashboard/{ask}").content.decode() for ask in ("", "?all=1&page=3")
    )
    assert page.count("scope=") < 60
    assert every.count('class="no"') == 30 and "201～230" in every


def test_equal_shares_share_a_place_and_small_ones_say_so(cast, sign_in):
    section = make_section()
    late = {"due_on": date(2026, 9, 1)}
    for body, terms in (
        (cast.body, ({}, {})),
        (cast.sibling, ({}, {}, {})),
        (make_body(parent=cast.centre), ({}, late)),
    ):
        for fields in terms:
            make_obligation(make_directive(section), body, **fields)
    found = look(cast.supervisor)
    assert [(line.subject.pk, line.rank, line.small) for line in found.bodies][:2] == [
        (cast.sibling.pk, 1, True),
        (cast.body.pk, 1, True),
    ]
    assert found.bodies[2].rank == 3
    assert "基数小" in sign_in(cast.supervisor).get("/dashboard/").content.decode()


def test_the_longest_overdue_come_first_whichever_way_they_are_read(cast, monkeypatch):
    make_work([cast.centre, cast.body, cast.child, cast.sibling])
    near = [late.obligation.light_on for late in look(cast.supervisor).overdue_rows]
    monkeypatch.setattr("directives.dashboard.queries.overdue.FEW_ROWS", 0)
    assert (
        near
        == [late.obligation.light_on for late in look(cast.supervisor).overdue_rows]
        == sorted(near)
    )
    one = Obligation.objects.overdue().select_related("directive").first()
    for asked in (
        {"section": one.section_id},
        {"directive": one.directive_id},
        {"about": "institution"},
        {"kind": "centre"},
    ):
        monkeypatch.setattr("directives.dashboard.queries.overdue.FEW_ROWS", 0)
        walked = [late.obligation.light_on for late in look(cast.supervisor, **asked).overdue_rows]
        monkeypatch.setattr("directives.dashboard.queries.overdue.FEW_ROWS", 1000)
        assert walked == [
            late.obligation.light_on for late in look(cast.supervisor, **asked).overdue_rows
        ]
    below = look(cast.supervisor, scope=cast.body.pk)
    assert {late.obligation.organisation_id for late in below.overdue_rows} <= {
        cast.body.pk,
        cast.child.pk,
    }
    first = below.view.body.pk
    overdue = (
        Obligation.objects.overdue()
        .filter(organisation__path__startswith=cast.body.path)
        .order_by("light_on")
    )
    assert first == cast.body.pk and [
        late.obligation.light_on for late in below.overdue_rows
    ] == list(overdue.values_list("light_on", flat=True)[:8])


def test_an_earlier_cycle_is_shown_for_the_asking(cast):
    document = make_work([cast.body, cast.child])
    before = document.cycles.get(number=2)
    found = look(cast.supervisor, document=document.pk, cycle=before.pk)
    entries = ReportEntry.objects.filter(report__cycle=before)
    assert (found.trend.cycle.pk, found.trend.expected) == (before.pk, entries.count())
    assert (
        found.trend.cycle.submitted_count
        == entries.filter(state__in=("submitted", "accepted")).count()
    )
    assert [part.exact for part in found.coverage][-1] is False


def test_a_filter_that_matches_nothing_says_so(cast, sign_in):
    make_work([cast.body])
    page = sign_in(cast.supervisor).get("/dashboard/?kind=military").content.decode()
    assert "没有符合筛选条件的责任事项" in page and 'class="chip"' in page


def test_the_wall_refreshes_itself_and_keeps_its_filter(cast, sign_in):
    make_work([cast.body, cast.child])
    page = (
        sign_in(cast.supervisor).get("/dashboard/?wall=1&kind=mass_organisation").content.decode()
    )
    assert (
        'hx-get="/dashboard/?wall=1&amp;kind=mass_organisation" hx-trigger="every 300s" '
        'hx-select="#main"'
    ) in page
    assert '<nav class="nav"' not in page


def test_moves_are_seen_at_once(cast):
    document = make_work([cast.body, cast.child])
    row = (
        Obligation.objects.filter(state="underway", organisation=cast.body)
        .select_related("organisation")
        .first()
    )
    before = look(cast.supervisor).lights
    change_obligations(
        [row],
        {
            "due_on": date(2026, 9, 30),
            "plan_due_on": None,
            "report_due_on": None,
            "acknowledge_by": None,
        },
        action="test",
        by=None,
        now=NOW,
    )
    row.refresh_from_db()
    after = look(cast.supervisor).lights
    assert after.count(row.light) >= before.count(row.light)
    assert [rows_of(f, cast.supervisor) for f in figures(look(cast.supervisor))] == [
        f.n for f in figures(look(cast.supervisor))
    ]
    assert look(cast.supervisor).document == document


@pytest.mark.parametrize("who", ["supervisor", "viewer"])
def test_queries_do_not_grow_with_the_bodies(cast, who, sign_in, django_assert_num_queries):
    client = sign_in(getattr(cast, who))
    for number in (1, 2, 27):
        bodies = [make_body(parent=cast.centre) for _number in range(number)]
        document = make_work(bodies, directives=1)
        with django_assert_num_queries(9):
            assert client.get(f"/dashboard/?document={document.pk}").status_code == 200


def test_queries_of_a_body_without_others_below(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.below)
    for directives in (1, 3, 25):
        document = make_work([cast.child], directives=directives)
        with django_assert_num_queries(9):
            assert client.get(f"/dashboard/?document={document.pk}").status_code == 200


def test_queries_when_drilled_down(cast, sign_in, django_assert_num_queries):
    make_work([cast.body, cast.child, cast.sibling])
    client = sign_in(cast.supervisor)
    with django_assert_num_queries(9):
        client.get(f"/dashboard/?scope={cast.body.pk}")
    with django_assert_num_queries(9):
        client.get(f"/dashboard/?scope={cast.sibling.pk}&all=1")


def test_from_where_each_person_looks(cast):
    make_work([cast.body, cast.child, cast.sibling])
    seen = {
        name: look(getattr(cast, name)).view
        for name in ("supervisor", "viewer", "manager", "staff", "below")
    }
    assert {name: (view.body.pk, view.whole) for name, view in seen.items()} == {
        "supervisor": (cast.centre.pk, True),
        "viewer": (cast.centre.pk, True),
        "manager": (cast.body.pk, True),
        "staff": (cast.body.pk, False),
        "below": (cast.child.pk, False),
    }


def test_staff_of_a_body_with_others_below_see_their_own_work_alone(cast):
    make_work([cast.body, cast.child])
    own = Obligation.objects.live().filter(organisation=cast.body).count()
    assert look(cast.staff).figures["all"].n == own
    assert look(cast.manager).figures["all"].n == Obligation.objects.live().count() > own


def test_nobody_looks_where_they_have_no_place(cast, sign_in):
    document = make_work([cast.body, cast.child, cast.sibling])
    other = make_document()
    answers = {
        (name, body): sign_in(getattr(cast, name))
        .get(f"/dashboard/?scope={getattr(cast, body).pk}")
        .status_code
        for name in ("staff", "manager", "supervisor", "outsider", "admin", "stranger")
        for body in ("centre", "body", "child", "sibling")
    }
    seen = {key for key, status in answers.items() if status == 200}
    assert seen == {
        ("staff", "body"),
        ("manager", "body"),
        ("manager", "child"),
        ("stranger", "sibling"),
        ("supervisor", "centre"),
        ("supervisor", "body"),
        ("supervisor", "child"),
        ("supervisor", "sibling"),
    }
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
    deepest = client.get(
        f"/dashboard/?scope={cast.child.pk}&section=999&kind=mass_organisation"
    ).content.decode()
    steps = [
        f'href="?scope={body.pk}&amp;kind=mass_organisation"' for body in (cast.centre, cast.body)
    ]
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
    oldest = make_obligation(
        make_directive(section), cast.body, **due | {"due_on": date(2026, 8, 3)}
    )
    disputed = make_obligation(
        make_directive(section), cast.sibling, state="disputed", reason="不归我们", **due
    )
    to_sign = make_obligation(
        make_directive(section),
        cast.sibling,
        report_due_on=date(2026, 9, 3),
        due_on=date(2027, 1, 1),
        percent=90,
    )
    report = make_report(cast.sibling, make_cycle(section.document), to_sign)
    report.entries.update(state="awaiting")
    late = look(cast.supervisor).overdue_rows
    assert [(row.obligation, row.next_actor) for row in late] == [
        (oldest, "staff"),
        (disputed, "supervisor"),
        (to_sign, "manager"),
    ]


def test_what_happened_since_the_last_working_day(cast):
    row = make_obligation(organisation=cast.body, state="assigned")
    move(row, "acknowledge", by=cast.staff, now=NOW)
    change_obligations([row], {"due_on": date(2026, 10, 1)}, action="test", by=None, now=NOW)
    change_obligations([row], {"percent": 85}, action="test", by=None, now=NOW - timedelta(days=5))
    found = {one.kind: (one.n, one.url) for one in look(cast.supervisor).activities}
    assert found == {
        kind: (
            1,
            f"/events/?act={kind}&document={row.document_id}&body={cast.centre.pk}&since=2026-10-12",
        )
        for kind in ("worse", "received")
    }


def test_the_trend_counts_what_is_in(cast):
    document = make_work([cast.body, cast.child, cast.sibling])
    found = look(cast.supervisor, document=document.pk)
    trend = found.trend
    assert (trend.cycle.opens_on, trend.previous.opens_on) == (date(2026, 9, 17), date(2026, 6, 17))
    days = [submitted_by(trend.cycle, date(2026, 9, 17) + timedelta(days=n)) for n in range(27)]
    assert days == sorted(days) and days[-1] == trend.cycle.submitted_count
    assert trend.expected == trend.cycle.submitted_count + found.facts.clock("report")
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
        assert len(rows) == found.figures["red"].n
    else:
        lines = found.section_lines if table == "sections" else found.bodies
        start = 2 if table == "sections" else 3
        assert [row[start : start + 2] for row in rows] == [
            (line.lights.total, line.on_time.n) for line in lines
        ]


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
