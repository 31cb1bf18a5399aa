"""What a real person's ledger reads.

As much for each batch as the command's, whatever their role and however many bodies they see.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directives.models import Measure, Obligation, Organisation, Plan, User
from directives.obligations.queries import ledger as overview
from tests.factories import NOW, make_member
from tests.obligations.test_list_plans import nation  # noqa: F401 - a fixture
from tests.query_plans import plan_of, scanned

BIG = (Obligation, Organisation, Plan, Measure)
FEW = 60  # rows of a person's file


@pytest.fixture(scope="module")
def posts(nation):  # noqa: F811
    """The nation of ten thousand obligations.

    Each body has a plan of one measure that was handed in.
    """
    top = Organisation.objects.get(code="C000")
    document = Obligation.objects.first().document_id
    bodies = list(Organisation.objects.order_by("path"))
    handed = {
        "state": "submitted",
        "submitted_at": NOW,
        "submitted_by_id": nation,
        "created_at": NOW,
    }
    plans = Plan.objects.bulk_create(
        Plan(organisation=body, document_id=document, title="方案", **handed) for body in bodies
    )
    measures = Measure.objects.bulk_create(
        Measure(plan=plan, number=1, text=f"印发办法{plan.organisation_id}") for plan in plans
    )
    mine = dict(Obligation.objects.order_by("-pk").values_list("organisation", "pk"))
    through = Measure.obligations.through
    through.objects.bulk_create(
        through(measure=measure, obligation_id=mine[plan.organisation_id])
        for measure, plan in zip(measures, plans, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    branch = Organisation.objects.filter(branch=True).exclude(pk=top.pk).order_by("path")[7]
    leaf = Organisation.objects.filter(branch=False).order_by("path").last()
    posts = {
        ("supervisor", "nation"): top,
        ("manager", "nation"): top,
        ("supervisor", "branch"): branch,
        ("manager", "branch"): branch,
        ("manager", "leaf"): leaf,
        ("staff", "leaf"): leaf,
    }
    return {name: make_member(body, name[0], "-".join(name)).pk for name, body in posts.items()}


@pytest.fixture
def planned(posts, db):
    """A person of each role, by role and place."""
    return {name: User.objects.get(pk=pk) for name, pk in posts.items()}


def read(user, ids):
    """The rows of these obligations, and every statement that read them."""
    rows = Obligation.objects.exportable_by(user).filter(pk__in=ids).order_by("pk")
    assert user.held_memberships is not None
    with CaptureQueriesContext(connection) as captured:
        found = list(overview.ledger([rows], user))
    return found, [query["sql"] for query in captured.captured_queries]


def test_measures_are_read_by_the_ids_of_the_batch_and_not_by_the_bodies_in_view(planned):
    for name, user in planned.items():
        ids = list(
            Obligation.objects.exportable_by(user)
            .filter(measures__isnull=False)
            .order_by("pk")
            .values_list("pk", flat=True)[:FEW]
        )
        rows, statements = read(user, ids)
        assert [bool(row.measures) for row in rows] == [True] * len(ids), name
        texts = [
            statement for statement in statements if '"directives_measure"."text"' in statement
        ]
        assert len(texts) == 1, name
        assert "directives_organisation" not in texts[0], name


def test_a_person_of_whatever_role_asks_no_more_than_the_system(planned):
    for name, user in planned.items():
        ids = list(
            Obligation.objects.exportable_by(user).order_by("pk").values_list("pk", flat=True)[:FEW]
        )
        _rows, statements = read(user, ids)
        with CaptureQueriesContext(connection) as captured:
            list(overview.ledger([Obligation.objects.filter(pk__in=ids).order_by("pk")], None))
        assert len(statements) == len(captured.captured_queries), name


def test_what_a_batch_reads_walks_no_big_table(planned):
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    for name, user in planned.items():
        ids = list(
            Obligation.objects.exportable_by(user).order_by("pk").values_list("pk", flat=True)[:FEW]
        )
        _rows, statements = read(user, ids)
        plans = [
            plan_of(statement.replace("%", "%%"))
            for statement in statements
            if re.match(r"\W*SELECT", statement)
        ]
        assert scanned(plans, *BIG) == [], name
        if name[0] == "staff":
            continue  # sees one body's plans, which are as few
        seen = [plan.text for plan in plans if 'FROM "directives_plan"' in plan.text]
        assert all(
            re.search(r"directives_plan USING INTEGER PRIMARY KEY|directives_plan_pkey", text)
            for text in seen
        ), (name, seen)


def test_a_draft_shows_in_the_file_of_its_own_body_alone(planned, sign_in):
    leaf = planned["staff", "leaf"].held_memberships[0].organisation
    Plan.objects.filter(organisation=leaf).update(state="draft", submitted_at=None)
    query = {"export": "csv", "q": leaf.code}
    told = {
        name: f"印发办法{leaf.pk}"
        in b"".join(sign_in(user).get(reverse("obligations"), query)).decode()
        for name, user in planned.items()
        if name in (("staff", "leaf"), ("supervisor", "nation"), ("manager", "nation"))
    }
    assert told == {
        ("staff", "leaf"): True,
        ("supervisor", "nation"): False,
        ("manager", "nation"): False,
    }
