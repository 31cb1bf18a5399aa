"""The page of a document's reporting cycles."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from directives.models import CalendarDay, Cycle, Notice, ProgressReport
from directives.reports.queries.cycles import next_cycle
from tests.factories import NOW, make_body, make_cycle, make_obligation, make_report


def url(document, name="new"):
    return f"/documents/{document.pk}/cycles/{name}/"


def form(key, **fields):
    opens = timezone.localdate()
    said = {
        "year": opens.year,
        "period": "quarter",
        "number": 2,
        "opens_on": opens.isoformat(),
        "due_on": (opens + timedelta(days=20)).isoformat(),
    }
    return {**key(), **said, **fields}


@pytest.mark.parametrize(
    ("last", "today", "expected"),
    [
        (None, date(2026, 8, 3), (2026, "quarter", 3, date(2026, 9, 17), date(2026, 10, 15))),
        (None, date(2026, 12, 31), (2026, "quarter", 4, date(2026, 12, 18), date(2027, 1, 15))),
        (
            ("quarter", 2026, 4),
            date(2026, 12, 31),
            (2027, "quarter", 1, date(2027, 3, 18), date(2027, 4, 15)),
        ),
        (
            ("half", 2026, 1),
            date(2026, 7, 1),
            (2026, "half", 2, date(2026, 12, 18), date(2027, 1, 15)),
        ),
        (
            ("year", 2025, 1),
            date(2026, 2, 1),
            (2026, "year", 1, date(2026, 12, 18), date(2027, 1, 15)),
        ),
    ],
)
def test_the_next_cycle_is_proposed(db, last, today, expected):
    cycle = Cycle(period=last[0], year=last[1], number=last[2]) if last else None
    proposed = next_cycle(cycle, today=today, workdays=CalendarDay.objects.workdays(today))
    assert (
        proposed.year,
        proposed.period,
        proposed.number,
        proposed.opens_on,
        proposed.due_on,
    ) == expected


def test_the_page_counts_what_is_in_with_its_denominator(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    cycle = make_cycle(row.document, number=1)
    make_report(cast.body, cycle, first_submitted_at=NOW, completed_at=NOW)
    make_report(cast.sibling, cycle, first_submitted_at=NOW)
    make_report(cast.child, cycle)
    response = sign_in(cast.supervisor).get(url(row.document))
    (line,) = response.context["lines"]
    assert (line.cycle, line.reports, line.handed_in, line.complete) == (cycle, 3, 2, 1)
    assert "66.7%（2/3）" in response.content.decode()
    assert response.context["form"]["number"].value() == 2
    assert response.context["owing"] == 1


def test_opening_a_cycle(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    response = sign_in(cast.supervisor).post(url(row.document, "open"), form(key))
    assert response.headers["Location"] == url(row.document)
    cycle = Cycle.objects.get()
    assert (cycle.period, cycle.number, cycle.created_by) == ("quarter", 2, cast.supervisor)
    assert ProgressReport.objects.get().organisation == cast.body
    assert Notice.objects.filter(kind="cycle").count() == 2


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"number": 5}, "number"),
        ({"period": "half", "number": 3}, "number"),
        ({"due_on": "2000-01-01"}, "due_on"),
        ({"opens_on": "soon"}, "opens_on"),
    ],
)
def test_what_cannot_be_a_cycle_is_refused_and_kept(cast, sign_in, key, fields, faulty):
    row = make_obligation(organisation=cast.body)
    response = sign_in(cast.supervisor).post(
        url(row.document, "open"), form(key, year=2033, **fields)
    )
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [faulty]
    assert 'value="2033"' in response.content.decode()
    assert Cycle.objects.count() == 0


def test_a_period_is_opened_once_and_a_form_sent_twice_acts_once(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    client, sent = sign_in(cast.supervisor), form(key)
    for _time in range(2):
        assert client.post(url(row.document, "open"), sent).status_code == 302
    assert client.post(url(row.document, "open"), form(key)).status_code == 422
    assert Cycle.objects.count() == 1


def test_nobody_owes_anything(cast, sign_in, key):
    document = make_obligation(
        organisation=cast.body, state="closed", closed_on=date(2026, 5, 1)
    ).document
    response = sign_in(cast.supervisor).post(url(document, "open"), form(key))
    assert response.status_code == 422
    assert len(response.context["form"].non_field_errors()) == 1


def test_who_may_open_cycles(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    expected = {
        "staff": 403,
        "manager": 403,
        "viewer": 403,
        "admin": 403,
        "stranger": 404,
        "outsider": 404,
    }
    for name in ("new", "open"):
        got = {}
        for who in expected:
            client = sign_in(getattr(cast, who))
            got[who] = (
                client.get(url(row.document))
                if name == "new"
                else client.post(url(row.document, "open"), form(key))
            ).status_code
        assert got == expected
    assert sign_in(cast.supervisor).get(url(row.document, "open")).url == url(row.document)
    assert Cycle.objects.count() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_a_constant_number_of_queries(
    cast, sign_in, django_assert_num_queries, count
):
    row = make_obligation(organisation=cast.body)
    for number in range(1, count + 1):
        make_report(make_body(parent=cast.centre), make_cycle(row.document, number=number))
    client = sign_in(cast.supervisor)
    client.get(url(row.document))
    with django_assert_num_queries(9):
        client.get(url(row.document))


@pytest.mark.parametrize(
    ("today", "entered", "told"),
    [
        (date(2026, 8, 3), False, False),
        (date(2026, 12, 31), False, True),
        (date(2026, 12, 31), True, False),
    ],
)
def test_a_due_day_in_a_year_whose_days_off_are_missing_is_told(
    cast, sign_in, today, entered, told
):
    row = make_obligation(organisation=cast.body)
    if entered:
        CalendarDay.objects.create(day=date(2027, 1, 1), working=False)
    with time_machine.travel(
        datetime(today.year, today.month, today.day, 12, tzinfo=UTC), tick=False
    ):
        page = sign_in(cast.supervisor).get(url(row.document))
    assert ("2027年的放假和调休安排尚未录入" in page.text) == told
