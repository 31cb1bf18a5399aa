"""The list and the matrix read few rows of big tables, on either engine.

No table is walked, nothing long is sorted.
"""

from datetime import date

import pytest
from django.db import connection

from directives import tallies
from directives.models import (
    Directive,
    Document,
    Mark,
    Obligation,
    Organisation,
    Owing,
    Tally,
    Total,
    User,
)
from directives.models.organisations import step
from tests.factories import make_body, make_directive, make_member, make_section
from tests.query_plans import analyze, plans, scanned

BIG = (Obligation, Organisation, Tally, Total, Mark, Owing)
ABOVE, BELOW = 40, 30  # bodies under the centre, and under each of those
LIGHTS = [("green", "on_schedule")] * 6 + [
    ("red", "completion_overdue"),
    ("red", "plan_overdue"),
    ("yellow", "behind"),
    ("closed", "closed"),
]


def grow(top):
    """A tree of three levels, written at once."""
    first = Organisation.objects.order_by("-pk").first().pk + 1000
    upper = [_body(first + place, top) for place in range(ABOVE)]
    lower = [
        _body(first + ABOVE + BELOW * place + number, body)
        for place, body in enumerate(upper)
        for number in range(BELOW)
    ]
    for body in upper:
        body.branch = True
    Organisation.objects.bulk_create([*upper, *lower])
    Organisation.objects.filter(pk=top.pk).update(branch=True)
    return [top, *upper, *lower]


def _body(pk, parent):
    return Organisation(
        pk=pk,
        code=f"P{pk:06}",
        name_hans=f"单位{pk}",
        name_hant=f"單位{pk}",
        parent=parent,
        path=parent.path + step(pk),
        kind="committee",
    )


@pytest.fixture(scope="module")
def nation(module_transaction):
    """Some ten thousand obligations of a tree of bodies, counted.

    Returns the id of the person who oversees them all.
    """
    top = make_body("C000", kind="centre")
    person = make_member(top, "supervisor", "leader")
    bodies = grow(top)
    sections = [make_section()]
    sections.append(make_section(sections[0].document, "二"))
    directives = [make_directive(sections[number % 2], order=number) for number in range(8)]
    Obligation.objects.bulk_create(
        [
            _owed(directive, body, 7 * place + number)
            for place, body in enumerate(bodies)
            for number, directive in enumerate(directives)
        ],
        batch_size=1000,
    )
    # PostgreSQL takes new tables for empty ones, and the recount would take forty seconds.
    analyze()
    tallies.rebuild()
    analyze()
    return person.pk


@pytest.fixture
def client(nation, db, sign_in):
    return sign_in(User.objects.get(pk=nation))


def _owed(directive, body, number):
    light, code = LIGHTS[number % len(LIGHTS)]
    state = "closed" if light == "closed" else "suspended" if number % 97 == 0 else "underway"
    day, due = date(2026, 3, 2), date(2026, 3, 2 + number % 28)
    return Obligation(
        document=directive.document,
        section=directive.section,
        directive=directive,
        organisation=body,
        issued_on=day,
        starts_on=day,
        state=state,
        light=light,
        light_code=code,
        light_on=due,
        due_on=due if number % 89 else None,
        closed_on=day if state == "closed" else None,
    )


def asked(client, url, query):
    """The plans of a page's queries, and the answer."""
    client.get(url)
    # Ten thousand rows it would often rather read whole; what counts is whether it must.
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    with plans() as found:
        answer = client.get(url, query)
    assert answer.status_code == 200
    return found, answer


def fill_in(query, key):
    """The ids and the key that a case speaks of by name."""
    names = {
        "SECTION": Obligation.objects.first().section_id,
        "DIRECTIVE": Directive.objects.first().pk,
        "KEY": key,
        "BODY": Organisation.objects.filter(branch=True).order_by("path")[7].pk,
        "DOCUMENT": Document.objects.get().pk,
    }
    return {name: names.get(value, value) for name, value in query.items()}


CASES = [
    {},
    {"after": "KEY", "page": 9},
    {"before": "KEY", "page": 9},
    {"before": "end"},
    {"light": "red"},
    {"document": "DOCUMENT", "light": "red"},
    {"section": "SECTION"},
    {"section": "SECTION", "light": "red"},
    {"directive": "DIRECTIVE"},
    {"state": "suspended"},
    {"clock": "plan"},
    {"due": "none"},
    {"cause": "behind"},
    {"owes": "completion"},
    {"body": "BODY"},
    {"body": "BODY", "sort": "due"},
    {"body": "BODY", "sort": "light"},
    {"body": "BODY", "sort": "document"},
    {"body": "BODY", "sort": "body"},
    {"kind": "committee"},
]


def test_the_list_walks_no_big_table(client):
    key = client.get("/obligations/", {"page": 60}).context["page"].after
    bad = {}
    for case in CASES:
        found, answer = asked(client, "/obligations/", fill_in(case, key))
        assert answer.context["rows"], case
        walked = scanned(found, *BIG)
        if walked:
            bad[str(case)] = walked
    assert bad == {}


def test_the_order_of_the_tree_is_read_from_its_index_and_not_sorted(client):
    key = client.get("/obligations/", {"page": 60}).context["page"].after
    for case in CASES[:6]:
        found, _answer = asked(client, "/obligations/", fill_in(case, key))
        pages = [plan for plan in found if '"directives_directive"."code"' in plan.text]
        assert len(pages) == 1, case
        assert not pages[0].sorts, (case, pages[0].text)


def test_too_many_rows_for_another_order_keep_that_of_the_tree_and_say_so(client, monkeypatch):
    monkeypatch.setattr("directives.obligations.queries.listing.SORTABLE", 1000)
    answer = client.get("/obligations/", {"sort": "due"})
    paths = [row.organisation_path for row in answer.context["rows"]]
    assert answer.context["list"].unsorted
    assert paths == sorted(paths)
    assert "按单位树顺序" in answer.content.decode()
    assert (
        not client.get(
            "/obligations/",
            {"sort": "due", "body": Organisation.objects.filter(branch=True).last().pk},
        )
        .context["list"]
        .unsorted
    )


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"light": "red"},
        {"section": "SECTION", "light": "yellow"},
        {"body": "BODY"},
        {"body_kind": "committee"},
    ],
)
def test_the_matrix_walks_no_big_table(client, query):
    document = Document.objects.get()
    url = f"/documents/{document.pk}/matrix/"
    found, answer = asked(client, url, fill_in(query, ""))
    assert len(answer.context["matrix"].bodies.rows) == 25
    assert scanned(found, *BIG) == []
    found, answer = asked(
        client,
        url,
        fill_in(query, "") | {"bafter": answer.context["matrix"].bodies.after, "bpage": 2},
    )
    assert answer.context["matrix"].bodies.first == 26
    assert scanned(found, *BIG) == []
