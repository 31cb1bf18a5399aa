"""Who has not acknowledged receipt in time is seen by the manager and by the level above."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives.models import Membership, Obligation, User
from directives.my_work.queries import receipts
from directives.my_work.queries.receipts import unacknowledged
from directives.obligations.queries.filters import ObligationFilter
from tests.factories import TODAY, make_directive, make_obligation


def waits(body, days, **fields):
    given = {"state": "assigned", "percent": 0, "acknowledge_by": TODAY - timedelta(days=days)}
    return make_obligation(make_directive(), body, **(given | fields))


def lines(person):
    return [(line.pk, line.n, line.on) for line in unacknowledged(person, today=TODAY)]


def test_the_manager_and_those_above_see_who_has_not_acknowledged_since_when(cast):
    waits(cast.body, 2)
    waits(cast.child, 3)
    waits(cast.child, 9)
    waits(cast.sibling, 5)
    waits(cast.sibling, 0)  # today still counts
    waits(cast.sibling, 4, state="disputed", reason="不归我们")
    child = (cast.child.pk, 2, TODAY - timedelta(days=9))
    sibling = (cast.sibling.pk, 1, TODAY - timedelta(days=5))
    body = (cast.body.pk, 1, TODAY - timedelta(days=2))
    assert lines(cast.supervisor) == [child, sibling, body]
    assert lines(cast.manager) == [child]  # their own is among their tasks
    assert [lines(each) for each in (cast.staff, cast.viewer, cast.admin)] == [[], [], []]


def test_the_list_behind_a_line_has_as_many_rows(cast):
    for days in (1, 2, 3):
        waits(cast.child, days)
    waits(cast.child, -2)
    (line,) = unacknowledged(cast.supervisor, today=TODAY)
    shown = ObligationFilter(body=cast.child.pk, clock="receipt")
    assert line.url == f"/obligations/?body={cast.child.pk}&clock=receipt"
    assert shown.apply(Obligation.objects.all(), TODAY).count() == line.n == 3


def test_the_page_names_them(cast, sign_in):
    waits(cast.child, 9)
    page = sign_in(cast.supervisor).get("/").content.decode()
    assert "逾期未签收" in page and f"body={cast.child.pk}&amp;clock=receipt" in page
    page = sign_in(cast.staff).get("/").content.decode()
    assert "逾期未签收" not in page


@pytest.mark.parametrize("wide", [True, False])
def test_few_are_shown_and_the_cost_does_not_grow(cast, monkeypatch, wide):
    monkeypatch.setattr(receipts, "SHOWN", 1)
    person = cast.supervisor
    if not wide:
        Membership.objects.create(user=cast.viewer, organisation=cast.body, role="supervisor")
        person = User.objects.get(pk=cast.viewer.pk)
    assert lines(person) == []
    for number in (1, 3):
        for days in range(number):
            waits(cast.child, 10 + days)
            waits(cast.body, 1 + days)
        with CaptureQueriesContext(connection) as queries:
            found = lines(person)
        assert (len(queries), [line[0] for line in found]) == (2, [cast.child.pk])
