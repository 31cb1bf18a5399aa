"""Signing in and out, and failing to, stand in the record with the address.

What was typed does not.
"""

import pytest
from django.test import Client

from directives.models import Event
from tests.signin.test_limits import WORD, enter, named  # noqa: F401 - a fixture

ADDRESS = "203.0.113.9"


def told() -> list[tuple]:
    return list(
        Event.objects.order_by("pk").values_list(
            "action", "by", "subject_type", "subject_id", "address"
        )
    )


def test_signing_in_and_out_are_on_record(cast):
    client = Client()
    enter(client=client)
    client.post("/accounts/logout/", REMOTE_ADDR="203.0.113.9")
    person = cast.staff.pk
    assert told() == [
        ("sign_in", person, "user", person, ADDRESS),
        ("sign_out", person, "user", person, ADDRESS),
    ]


def test_the_admin_has_a_door_out_too(cast, sign_in):
    sign_in(cast.admin).post("/admin/logout/", REMOTE_ADDR="203.0.113.9")
    assert told() == [("sign_out", cast.admin.pk, "user", cast.admin.pk, ADDRESS)]


@pytest.mark.parametrize(
    ("name", "subject"), [("staff", "user"), ("白云-over-7-hills", "signinattempt")]
)
def test_a_failed_sign_in_is_on_record_and_never_what_was_typed(cast, name, subject):
    enter(name, "wrong-guess")
    [(action, by, kind, _pk, address)] = told()
    assert (action, by, kind, address) == ("failed_sign_in", None, subject, ADDRESS)


def test_what_is_refused_without_being_tried_fills_no_record(cast):
    for _guess in range(9):
        enter(word="wrong-guess")
    assert len(told()) == 5
    enter()
    assert len(told()) == 5
    assert WORD not in str(list(Event.objects.values()))
    assert list(Event.objects.values_list("after", flat=True)) == [{}] * 5
