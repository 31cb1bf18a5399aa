"""Who sees which rows, however many memberships they have: one condition, no list of ids."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from directives.models import Membership, Obligation, Organisation, User
from directives.models.scope import MANY, merge_ranges
from tests.factories import make_body, make_directive, make_obligation, make_user

ROLES = ("staff", "manager", "supervisor", "viewer")


def test_nested_ranges_are_one():
    assert merge_ranges([("b", "bz"), ("a", "az"), ("a1", "a1z"), ("a1", "a1"), ("a", "a")]) == (
        ("a", "az"),
        ("b", "bz"),
    )
    assert merge_ranges([]) == ()


def tree(width=6):
    """A centre, bodies below it, and one body below each of those; each owes one directive."""
    centre = make_body()
    below = [make_body(parent=centre) for _number in range(width)]
    bodies = [centre, *below, *(make_body(parent=body) for body in below)]
    directive = make_directive()
    for body in bodies:
        make_obligation(directive, Organisation.objects.get(pk=body.pk))
    return list(Organisation.objects.order_by("pk"))


def seen_by_hand(places, bodies, overseers):
    """The bodies that these places show, as the rule says it in words."""
    return {
        body.pk
        for body in bodies
        if any(
            (role in overseers and body.path.startswith(at.path))
            or (role in ("staff", "manager") and body.pk == at.pk)
            for at, role in places
        )
    }


@settings(max_examples=40)
@given(data=st.data(), many=st.booleans())
def test_what_one_sees_is_what_the_rule_says(db, monkeypatch, data, many):
    bodies = list(Organisation.objects.order_by("pk")) or tree()
    if many:
        monkeypatch.setattr(
            "directives.models.scope.MANY", 0
        )  # as if everybody had more than can be spelt out
    else:
        monkeypatch.setattr("directives.models.scope.MANY", MANY)
    places = data.draw(
        st.sets(st.tuples(st.sampled_from(range(len(bodies))), st.sampled_from(ROLES)), max_size=6)
    )
    user = make_user()
    for place, role in places:
        Membership.objects.create(user=user, organisation=bodies[place], role=role)
    user = User.objects.get(pk=user.pk)
    at = [(bodies[place], role) for place, role in places]
    seen = (
        Obligation.objects.visible_to(user)
        .order_by("organisation")
        .values_list("organisation", flat=True)
    )
    assert list(seen) == sorted(seen_by_hand(at, bodies, ("manager", "supervisor", "viewer")))
    taken = (
        Obligation.objects.exportable_by(user)
        .order_by("organisation")
        .values_list("organisation", flat=True)
    )
    assert list(taken) == sorted(seen_by_hand(at, bodies, ("manager", "supervisor")))


@pytest.mark.parametrize("role", ["staff", "viewer"])
def test_a_thousand_memberships_take_no_more_parameters_than_fifty(db, role):
    sizes = []
    for count in (50, 200):
        user, centre = make_user(), make_body()
        paths = [(f"{centre.path}{count:02}{number:04}") for number in range(count)]
        made = Organisation.objects.bulk_create(
            Organisation(code=f"M{count}-{number}", name_hans="x", parent=centre, path=path)
            for number, path in enumerate(paths)
        )
        Membership.objects.bulk_create(
            Membership(user=user, organisation=body, role=role) for body in made
        )
        user = User.objects.get(pk=user.pk)
        with CaptureQueriesContext(connection) as captured:
            list(Obligation.objects.visible_to(user))
        sizes.append([len(query["sql"]) // 100 for query in captured.captured_queries])
    assert sizes[0] == sizes[1]
    assert len(sizes[0]) == 2
