"""What a signed-in person was refused stands in the record: who, which page, about what.

No words of it, and never without end.
"""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from directives import urls
from directives.core import denials
from directives.management.commands.worker import chores_of
from directives.models import Event, RefusalCount, User
from directives.web.refused import NUMBERED
from tests.factories import NOW, make_obligation, make_plan


def told() -> list[tuple]:
    return list(
        Event.objects.order_by("pk").values_list(
            "action", "by", "subject_type", "subject_id", "after"
        )
    )


def facts(where: str, status: int, method: str = "GET") -> dict:
    return {"where": where, "method": method, "status": status}


def test_what_a_role_does_not_allow(cast, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    there = reverse("obligation_move", args=[row.pk, "acknowledge"])
    answer = sign_in(cast.supervisor).post(
        there, {"version": "1", "reason": "一句话", **key()}, REMOTE_ADDR="203.0.113.9"
    )
    assert answer.status_code == 403
    assert told() == [
        ("refused", cast.supervisor.pk, "obligation", row.pk, facts("obligation_move", 403, "POST"))
    ]
    event = Event.objects.get()
    assert (event.address, event.request, event.reason) == (
        "203.0.113.9",
        answer["X-Request-ID"],
        "",
    )
    assert (event.organisation, event.document_id, event.directive_id, event.obligation_id) == (
        None,
        None,
        None,
        None,
    )


def test_what_is_hidden_is_told_from_what_there_is_not(cast, sign_in):
    """To whoever asks the answers are the same."""
    draft = make_plan(cast.body, state="draft")
    answers = [
        sign_in(cast.supervisor).get(f"/plans/{pk}/")
        for pk in (draft.pk, draft.pk + 1000, 10**18 - 1)
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert told() == [("refused", cast.supervisor.pk, "plan", draft.pk, facts("plan", 404))]
    assert sign_in(cast.supervisor).get("/events/").context["rows"] == []


def test_what_is_about_no_row_is_about_the_person(cast, sign_in):
    assert sign_in(cast.viewer).get("/obligations/?export=csv").status_code == 403
    assert told() == [
        ("refused", cast.viewer.pk, "user", cast.viewer.pk, facts("obligations", 403))
    ]


def test_the_admin_refuses_too(cast, sign_in):
    User.objects.filter(pk=cast.stranger.pk).update(is_staff=True)
    there = reverse("admin:directives_user_change", args=[cast.staff.pk])
    assert sign_in(User.objects.get(pk=cast.stranger.pk)).get(there).status_code == 403
    assert told() == [
        (
            "refused",
            cast.stranger.pk,
            "user",
            cast.staff.pk,
            facts("admin:directives_user_change", 403),
        )
    ]


def test_strangers_and_what_is_found_leave_no_line(cast, sign_in):
    assert (
        Client().get("/plans/1/").status_code,
        sign_in(cast.staff).get("/plans/").status_code,
    ) == (302, 200)
    assert sign_in(cast.staff).get("/nowhere/").status_code == 404
    assert told() == []


def test_every_number_in_an_address_is_known():
    """Of which table it is; the first beginning that fits."""
    unknown = [
        pattern.name
        for pattern in urls.urlpatterns
        if "<int:pk>" in str(pattern.pattern)
        and not str(pattern.pattern).startswith(tuple(NUMBERED))
    ]
    assert unknown == []
    assert list(NUMBERED).index("statistics/report/") < list(NUMBERED).index("statistics/")


def test_a_success_asks_nothing_more(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.staff)
    with django_assert_num_queries(2):  # who it is, and the page
        client.get("/help/lights/")
    assert RefusalCount.objects.count() == 0


# no end of it


def ask(by: User, times: int, now=NOW) -> None:
    for _time in range(times):
        denials.record_refusal(User, by.pk, by=by, now=now, **facts("plan", 403))


def test_so_many_are_listed_and_the_others_counted(cast):
    ask(cast.staff, denials.LISTED + 30)
    ask(cast.manager, 1)
    assert Event.objects.filter(by=cast.staff).count() == denials.LISTED
    assert Event.objects.filter(by=cast.manager).count() == 1
    ask(cast.staff, 1, NOW + denials.WINDOW)
    *_listed, more, last = Event.objects.filter(by=cast.staff).order_by("pk")
    assert (more.action, more.subject_id, more.after["left_out"]) == (
        "refused_more",
        cast.staff.pk,
        30,
    )
    assert last.action == "refused"


def test_the_worker_tells_of_the_others_when_nobody_asks_any_more(cast):
    ask(cast.staff, denials.LISTED + 3)
    ask(cast.manager, 2)
    denials.record_unlisted(now=NOW + denials.WINDOW - timedelta(seconds=1))
    assert RefusalCount.objects.count() == 2
    denials.record_unlisted(now=NOW + denials.WINDOW)
    denials.record_unlisted(now=NOW + denials.WINDOW)
    assert list(
        Event.objects.filter(action="refused_more").values_list("by", "after__left_out")
    ) == [(cast.staff.pk, 3)]
    assert RefusalCount.objects.count() == 0
    assert "counting of refusals" in [chore.name for chore in chores_of("x").chores]


@pytest.mark.parametrize(
    "error", [OperationalError("database is locked"), OSError(28, "No space left on device")]
)
def test_a_refusal_that_cannot_be_recorded_is_still_a_refusal(
    cast, sign_in, monkeypatch, caplog, error
):
    def fail(*arguments: object, **facts: object) -> None:
        raise error

    monkeypatch.setattr(denials, "record_refusal", fail)
    assert sign_in(cast.viewer).get("/obligations/?export=csv").status_code == 403
    assert "A refusal could not be recorded" in caplog.text


def test_a_refusal_has_words_and_the_administrator_sees_it(cast, sign_in):
    draft = make_plan(cast.body, state="draft")
    sign_in(cast.supervisor).get(f"/plans/{draft.pk}/")
    page = sign_in(cast.admin).get("/events/?action=refused").content.decode()
    assert ("被拒绝" in page, f"/plans/{draft.pk}/" in page, "<dt>请求的页面</dt>" in page) == (
        True,
        True,
        True,
    )
