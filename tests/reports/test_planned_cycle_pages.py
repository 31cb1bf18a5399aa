"""The pages on which reporting cycles are planned ahead."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from directives.models import Cycle, PlannedCycle
from tests.factories import make_cycle, make_obligation, make_planned_cycle

RULE = {
    "every": "month",
    "due_day": 25,
    "due_in": "in",
    "weeks": 2,
    "dates": "",
    "first_on": "2026-12-10",
    "last_on": "2027-02-28",
    "open_days": 10,
}


@pytest.fixture(autouse=True)
def first_of_december():
    with time_machine.travel(datetime(2026, 12, 1, 2, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def document(cast):
    return make_obligation(organisation=cast.body).document


def plan_url(document, tail=""):
    return f"/documents/{document.pk}/cycles/plan/{tail}"


def filled(response):
    """The form of a preview as the browser sends it."""
    rows = response.context["rows"]
    sent = {f"{rows.prefix}-{name}": value for name, value in rows.management_form.initial.items()}
    for row in rows:
        for field in row:
            value = field.value()
            if value is not False:
                sent[field.html_name] = "on" if value is True else str(value)
    return sent


def test_a_rule_is_shown_as_cycles_and_those_ticked_are_planned(cast, sign_in, key, document):
    make_cycle(
        document,
        year=2027,
        period="month",
        number=1,
        opens_on=date(2027, 1, 11),
        due_on=date(2027, 1, 25),
    )
    client = sign_in(cast.supervisor)
    response = client.get(plan_url(document), RULE)
    rows = [(cycle.terms.name, cycle.chosen) for cycle, _row in response.context["proposed"]]
    assert rows == [("2026年12月", True), ("2027年1月", False), ("2027年2月", True)]
    sent = filled(response) | {"form-2-due_on": "2027-02-26", **key()}
    response = client.post(plan_url(document, "save/"), sent)
    assert response.headers["Location"] == f"/documents/{document.pk}/cycles/new/"
    assert list(PlannedCycle.objects.values_list("number", "due_on")) == [
        (12, date(2026, 12, 25)),
        (2, date(2027, 2, 26)),
    ]
    page = client.get(response.headers["Location"])
    assert [line.planned.name for line in page.context["planned"]] == ["2026年12月", "2027年2月"]


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"last_on": "2026-12-01"}, ["last_on"]),
        ({"every": "dates"}, ["dates"]),
        ({"every": "dates", "dates": "2027-03-01\n三月底"}, ["dates"]),
        ({"every": "weeks", "weeks": ""}, ["weeks"]),
        ({"due_day": 32, "open_days": -1}, ["due_day", "open_days"]),
    ],
)
def test_a_rule_that_is_none_is_told_at_its_fields(cast, sign_in, document, fields, faulty):
    response = sign_in(cast.supervisor).get(plan_url(document), RULE | fields)
    assert list(response.context["form"].errors) == faulty
    assert "rows" not in response.context


def test_dates_are_read_as_offices_write_them(cast, sign_in, document):
    written = "2027年3月1日\n2027.4.9\n\n２０２７-05-06"
    fields = {"every": "dates", "dates": written, "last_on": "2027-12-31"}
    response = sign_in(cast.supervisor).get(plan_url(document), RULE | fields)
    proposed = [cycle.terms.due_on for cycle, _row in response.context["proposed"]]
    assert proposed == [date(2027, 3, 1), date(2027, 4, 9), date(2027, 5, 6)]


def test_what_is_refused_keeps_what_was_typed(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    sent = filled(client.get(plan_url(document), RULE)) | {"form-0-opens_on": "2026-12-01"}
    response = client.post(plan_url(document, "save/"), sent | key())
    assert response.status_code == 422
    assert response.context["overlap"].non_field_errors() == [
        "2026年12月：该日期已到，请直接开启填报周期。"
    ]
    assert 'value="2026-12-01"' in response.text
    response = client.post(plan_url(document, "save/"), sent | {"form-1-due_on": "soon"} | key())
    assert response.status_code == 422
    assert PlannedCycle.objects.count() == 0


def test_cycles_open_at_the_same_time_are_unticked_and_told(cast, sign_in, key, document):
    make_planned_cycle(document, opens_on=date(2027, 1, 20), due_on=date(2027, 2, 20))
    client = sign_in(cast.supervisor)
    response = client.get(plan_url(document), RULE)
    clashes = {
        cycle.terms.number: (cycle.chosen, cycle.clashes)
        for cycle, _ in response.context["proposed"]
    }
    assert clashes == {12: (True, ()), 1: (False, ("2030年3月",)), 2: (False, ("2030年3月",))}
    sent = filled(response) | {"form-1-chosen": "on"}
    response = client.post(plan_url(document, "save/"), sent | key())
    assert list(response.context["overlap"].errors) == ["overlap_confirmed"]
    response = client.post(plan_url(document, "save/"), sent | {"overlap_confirmed": "on"} | key())
    assert response.status_code == 302
    assert PlannedCycle.objects.count() == 3


def test_a_planned_cycle_is_changed_opened_and_deleted(cast, sign_in, key, document):
    planned, other = make_planned_cycle(document), make_planned_cycle(document, number=4)
    client, address = sign_in(cast.supervisor), f"/cycles/planned/{planned.pk}/"
    assert client.get(address).status_code == 200
    days = {"opens_on": "2030-03-21", "due_on": "2030-04-04", "overlap_confirmed": "on"}
    response = client.post(f"{address}save/", days | {"version": 1} | key())
    assert response.headers["Location"] == f"/documents/{document.pk}/cycles/new/"
    planned.refresh_from_db()
    assert (planned.opens_on, planned.version) == (date(2030, 3, 21), 2)
    assert client.post(f"{address}open/", {"version": 1} | key()).status_code == 409
    assert client.post(f"{address}open/", {"version": 2} | key()).status_code == 302
    assert Cycle.objects.get().planned == planned
    assert client.get(address).status_code == 404
    assert (
        client.post(f"/cycles/planned/{other.pk}/delete/", {"version": 1} | key()).status_code
        == 302
    )
    assert list(PlannedCycle.objects.all()) == [planned]


@pytest.mark.parametrize("count", [1, 3])
def test_a_preview_takes_a_constant_number_of_queries(
    cast, sign_in, document, django_assert_num_queries, count
):
    for number in range(1, count + 1):
        make_planned_cycle(document, number=number)
    client = sign_in(cast.supervisor)
    client.get(plan_url(document), RULE)
    with django_assert_num_queries(6):
        client.get(plan_url(document), RULE)
