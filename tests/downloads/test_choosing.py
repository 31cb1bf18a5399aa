"""Columns of a list are chosen and put in order by the person, and remembered.

They are never lost to somebody's older page.
"""

from urllib.parse import quote

import pytest
from django.http import QueryDict

from directives.base.refusals import Invalid, Stale
from directives.catalogue.lists import LISTS
from directives.downloads import exporting
from directives.downloads.forms import ColumnsForm
from directives.models import Event, ListChoice
from directives.tables.book import Column
from tests.factories import NOW, make_directive, make_obligation

OFFERED = tuple(Column(key, key.upper(), str) for key in "abc")
KEYS = ["a", "b", "c"]


def choose(user, columns, *, version=0, paper="a4", key="ledger"):
    return exporting.choose(
        key=key, columns=columns, paper=paper, offered=KEYS, version=version, by=user, now=NOW
    )


def test_a_choice_is_remembered_for_one_person_and_one_list(cast):
    choice = choose(cast.staff, ["c", "a"], paper="a3")
    assert (choice.columns, choice.paper, choice.version) == (["c", "a"], "a3", 1)
    assert exporting.choice_of(cast.staff, "ledger") == choice
    assert [
        exporting.choice_of(*other).columns
        for other in ((cast.manager, "ledger"), (cast.staff, "plans"))
    ] == [[], []]
    event = Event.objects.get()
    assert (event.action, event.by, event.after) == (
        "columns",
        cast.staff,
        {"columns": ["c", "a"], "paper": "a3"},
    )


def test_all_columns_as_they_come_are_no_choice(cast):
    """So a column that is added later is taken too."""
    assert choose(cast.staff, KEYS).columns == []


def test_what_is_not_offered_is_left_out_and_nothing_is_not_a_choice(cast):
    assert choose(cast.staff, ["c", "x"]).columns == ["c"]
    with pytest.raises(Invalid):
        choose(cast.staff, ["x"], version=1)
    assert exporting.choice_of(cast.staff, "ledger").columns == ["c"]


def test_a_page_that_was_opened_before_another_save_changes_nothing(cast):
    choose(cast.staff, ["c"])
    with pytest.raises(Stale) as refused:
        choose(cast.staff, ["a"])
    assert refused.value.theirs.columns == ["c"]
    assert choose(cast.staff, ["a"], version=1).version == 2
    assert ListChoice.objects.count() == 1


# the form


def form(data=None, chosen=()):
    given = None
    if data is not None:
        given = QueryDict(mutable=True)
        for name, value in {"version": "0", "paper": "a4", **data}.items():
            given.setlist(name, value if isinstance(value, list) else [value])
    return ColumnsForm(
        given, offered=OFFERED, stored_keys=chosen, initial={"version": 0, "paper": "a4"}
    )


def test_the_form_shows_chosen_columns_first_then_the_others():
    lines = [(line.key, line.ticked, line.position) for line in form(chosen=["c", "gone"]).lines]
    assert lines == [("c", True, "1"), ("a", False, "2"), ("b", False, "3")]
    assert all(line.ticked for line in form().lines)


def test_the_order_is_that_of_the_numbers_and_of_equal_ones_that_of_the_page():
    filled = form(
        {"column": ["a", "b", "c"], "at-a": "3", "at-b": "1", "at-c": "1"}, chosen=["c", "b", "a"]
    )
    assert filled.is_valid()
    assert filled.columns == ["c", "b", "a"]
    unnumbered = form({"column": ["a", "c"], "at-a": "", "at-c": "2"})
    assert unnumbered.is_valid()
    assert unnumbered.columns == ["c", "a"]


def test_every_fault_is_shown_at_once_and_what_was_typed_stays():
    wrong = form({"column": [], "at-a": "x", "at-b": "２", "at-c": "1"})
    assert not wrong.is_valid()
    assert len(wrong.non_field_errors()) == 2
    assert [(line.position, line.wrong) for line in wrong.lines] == [
        ("x", True),
        ("２", True),
        ("1", False),
    ]


# the page


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_its_page(cast, sign_in, name):
    answer = sign_in(cast.supervisor).get(f"/exports/columns/{name}/")
    assert answer.status_code == 200
    assert answer.content.decode().count('name="column"') == len(
        LISTS[name].columns(answer.wsgi_request)
    )


def test_who_sees_the_page(cast, sign_in):
    found = [
        sign_in(person).get("/exports/columns/ledger/").status_code
        for person in (cast.staff, cast.viewer, cast.outsider)
    ]
    assert found == [200, 403, 403]
    assert sign_in(cast.staff).get("/exports/columns/nothing/").status_code == 404


def test_a_choice_is_saved_and_leads_back_to_the_list(cast, sign_in, key):
    client, there = sign_in(cast.staff), "/obligations/?light=red"
    page = client.get(f"/exports/columns/ledger/?next={quote(there)}").content.decode()
    assert 'value="/obligations/?light=red"' in page
    given = {
        "column": ["percent", "clause"],
        "at-percent": "1",
        "at-clause": "2",
        "paper": "a3",
        "version": "0",
        "next": there,
    }
    answer = client.post("/exports/columns/ledger/save/", {**given, **key()})
    assert answer.url == there
    assert exporting.choice_of(cast.staff, "ledger").columns == ["percent", "clause"]
    again = client.get("/exports/columns/ledger/").content.decode()
    assert (
        again.index('value="percent"')
        < again.index('value="clause"')
        < again.index('value="number"')
    )
    assert 'value="a3" checked' in again


def test_a_choice_can_be_taken_away_at_once(cast, sign_in, key):
    make_obligation(make_directive(), cast.body)
    client = sign_in(cast.staff)
    given = {
        "column": ["percent"],
        "paper": "a4",
        "version": "0",
        "next": "/obligations/?light=green",
        "then": "csv-gb",
    }
    answer = client.post("/exports/columns/ledger/save/", {**given, **key()})
    assert answer.url == "/obligations/?light=green&export=csv-gb"
    assert b"".join(client.get(answer.url)).decode("gb18030").splitlines() == ["完成比例", "80%"]
    table = client.post(
        "/exports/columns/board-sections/save/",
        given | {"column": ["title"], "next": "/dashboard/", "then": "csv"} | key(),
    )
    assert table.url == "/dashboard/?export=csv&table=sections"


def test_all_columns_are_had_back(cast, sign_in, key):
    choose(cast.staff, ["a"], key="plans", paper="a3")
    client = sign_in(cast.staff)
    answer = client.post(
        "/exports/columns/plans/save/", {"reset": "1", "version": "1", "next": "/plans/", **key()}
    )
    assert answer.url == "/exports/columns/plans/?next=%2Fplans%2F"
    choice = exporting.choice_of(cast.staff, "plans")
    assert (choice.columns, choice.paper) == ([], "a4")


def test_a_faulty_choice_keeps_what_was_typed(cast, sign_in, key):
    client = sign_in(cast.staff)
    answer = client.post(
        "/exports/columns/ledger/save/", {"at-percent": "x", "paper": "a3", "version": "0", **key()}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert (
        "请至少选择一列" in page
        and "顺序请填整数" in page
        and 'value="x"' in page
        and 'value="a3" checked' in page
    )
    assert ListChoice.objects.count() == 0


def test_an_older_page_meets_a_conflict_and_keeps_what_was_typed(cast, sign_in, key):
    choose(cast.staff, ["a"])
    given = {"column": ["percent"], "at-percent": "7", "paper": "a4", "version": "0", **key()}
    answer = sign_in(cast.staff).post("/exports/columns/ledger/save/", given)
    page = " ".join(answer.content.decode().split())
    assert (answer.status_code, 'value="7"' in page, 'name="version" value="1"' in page) == (
        409,
        True,
        True,
    )
    assert exporting.choice_of(cast.staff, "ledger").version == 1


def test_nobody_is_led_out_of_the_product(cast, sign_in, key):
    given = {
        "column": ["percent"],
        "paper": "a4",
        "version": "0",
        "next": "https://elsewhere.example/",
        "then": "csv",
        **key(),
    }
    assert (
        sign_in(cast.staff).post("/exports/columns/ledger/save/", given).url
        == "/exports/columns/ledger/?next="
    )
