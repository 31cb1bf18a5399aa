"""Every page takes as many queries with three hundred bodies as with one hundred.

Every page that is read, that is; it takes as many parameters, too.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directives import tallies
from directives.core.transitions import relight
from directives.models import (
    CalendarDay,
    Event,
    ItemState,
    Membership,
    Obligation,
    Organisation,
    Plan,
)
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_plan,
    make_section,
)

LIMITS = {  # queries of a page, at most
    "documents": 10,
    "document": 19,
    "directive": 23,
    "organisations": 9,
    "organisation": 14,
    "issue_choose": 12,
    "cycle_new": 9,
    "plans": 9,
    "log": 9,
    "events": 5,
    "notices": 4,
    "plan": 12,
    "obligation": 17,
}


class World:
    """A document at work.

    Every body owes two directives, has a plan with a logged measure, and something happened to it.
    """

    def __init__(self, cast):
        self.cast, self.document = cast, make_document(fictional=True)
        section = make_section(self.document)
        self.directives = [make_directive(section, items=("制度", "机制")), make_directive(section)]
        make_cycle(self.document)
        self.grow(1)

    def grow(self, count):
        """More bodies, each with its work; written at once, and counted anew."""
        tops = [make_body(parent=self.cast.centre) for _ in range(max(1, count // 10))]
        bodies = tops + [
            make_body(parent=tops[number % len(tops)], level="county")
            for number in range(count - len(tops))
        ]
        rows = [
            Obligation(
                document=self.document,
                section=directive.section,
                directive=directive,
                organisation=body,
                issued_on=TODAY,
                starts_on=TODAY,
                state="underway",
            )
            for body in bodies
            for directive in self.directives
        ]
        workdays = CalendarDay.objects.workdays(TODAY)
        for row in rows:
            relight(row, today=TODAY, workdays=workdays)
        Obligation.objects.bulk_create(rows)
        items = list(self.directives[0].items.all())
        ItemState.objects.bulk_create(
            [ItemState(obligation=row, item=item) for row in rows[::2] for item in items]
        )
        for row in rows[::2]:
            plan = make_plan(
                row.organisation, self.document, state="submitted", submitted_by=self.cast.staff
            )
            make_log(make_measure(plan, row), self.cast.staff)
        told = [
            Event(
                at=NOW,
                action="acknowledge",
                subject_type="obligation",
                subject_id=row.pk,
                organisation_id=row.organisation_id,
                document_id=row.document_id,
                directive_id=row.directive_id,
                obligation_id=row.pk,
            )
            for row in rows
        ]
        Event.objects.bulk_create(told)
        tallies.rebuild()

    def address(self, name):
        last = Organisation.objects.filter(branch=False).order_by("-pk").first()
        keys = {
            **dict.fromkeys(("document", "issue_choose", "cycle_new"), self.document.pk),
            "directive": self.directives[0].pk,
            "organisation": self.cast.centre.pk,
            "plan": Plan.objects.get(organisation=last).pk,
            "obligation": Obligation.objects.filter(organisation=last).first().pk,
        }
        return reverse(name, args=[keys[name]] if name in keys else [])


@pytest.fixture
def world(cast):
    return World(cast)


def effort(client, url):
    client.get(url)  # what is read once for the whole process
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    assert answer.status_code == 200, url
    listed = [
        len(found.split(","))
        for query in seen.captured_queries
        for found in re.findall(r" IN \(([\d, ]+)\)", query["sql"])
    ]
    return len(seen), max(listed, default=0)


@pytest.mark.parametrize("who", ["supervisor", "manager", "viewer"])
def test_no_page_asks_more_of_a_larger_tree(cast, world, sign_in, who):
    person = getattr(cast, who)
    if who == "manager":
        Membership.objects.filter(user=person).update(organisation=cast.centre)
    names = [
        name for name in LIMITS if who == "supervisor" or name not in ("issue_choose", "cycle_new")
    ]
    client = sign_in(person)
    world.grow(100)
    before = {name: effort(client, world.address(name)) for name in names}
    world.grow(200)
    after = {name: effort(client, world.address(name)) for name in names}
    assert {name: found[0] for name, found in after.items()} == {
        name: found[0] for name, found in before.items()
    }
    assert {name: found[0] for name, found in after.items() if found[0] > LIMITS[name]} == {}
    assert {name: found[1] for name, found in after.items() if found[1] > 600} == {}
