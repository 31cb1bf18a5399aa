"""From where each event was written and each line of the log comes.

The address and the id of the request, the name of a task.
"""

import logging
import re
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from directives.base import event_codes, origins
from directives.base.origins import NOWHERE, Origin
from directives.catalogue import acts
from directives.core import audit, jobs
from directives.management.commands import worker
from directives.models import Event, JobProgress
from directives.plans.views import log as log_views
from tests.base.test_log_lines import failing, terminal  # noqa: F401 - a fixture
from tests.factories import NOW, make_document, make_obligation

HERE = Origin("203.0.113.9", "abc")
logger = logging.getLogger("directives")
ID = re.compile(r"[0-9a-f]{12}")


def acknowledge(client: Client, cast, key, **more):
    row = make_obligation(organisation=cast.body, state="assigned")
    return client.post(
        reverse("obligation_move", args=[row.pk, "acknowledge"]), {"version": "1", **key()}, **more
    )


def test_an_event_says_from_which_address_and_in_which_request(cast, sign_in, key):
    answer = acknowledge(sign_in(cast.staff), cast, key, REMOTE_ADDR="2001:db8::1")
    event = Event.objects.latest("pk")
    assert answer.status_code == 302 and ID.fullmatch(answer["X-Request-ID"])
    assert (event.action, event.address, event.request) == (
        "acknowledge",
        "2001:db8::1",
        answer["X-Request-ID"],
    )
    assert origins.current() == NOWHERE


def test_only_a_named_proxy_says_for_whom_it_asks(cast, sign_in, key, settings):
    settings.PROXIES, client = 1, sign_in(cast.staff)
    acknowledge(client, cast, key, headers={"X-Forwarded-For": "203.0.113.9"})
    acknowledge(
        client, cast, key, REMOTE_ADDR="198.51.100.7", headers={"X-Forwarded-For": "203.0.113.9"}
    )
    told = (
        Event.objects.filter(action="acknowledge").order_by("pk").values_list("address", flat=True)
    )
    assert list(told) == ["203.0.113.9", "198.51.100.7"]


def test_no_two_requests_have_one_id_and_none_is_the_browsers(client):
    given = [
        client.get("/healthz", headers={"X-Request-ID": "mine"})["X-Request-ID"]
        for _time in range(3)
    ]
    assert len(set(given) - {"mine"}) == 3


def test_many_events_of_one_request_say_the_same(cast):
    rows = [make_obligation(organisation=cast.body) for _number in range(3)]
    with origins.use(HERE), transaction.atomic():
        audit.record_many("change", [audit.Change(row) for row in rows], by=None, now=NOW)
        audit.record("change", rows[0], by=None, now=NOW)
    assert list(Event.objects.values_list("address", "request")) == [("203.0.113.9", "abc")] * 4


def test_one_event_is_one_statement_as_before(cast, django_assert_num_queries):
    row = make_obligation(organisation=cast.body)
    with (
        django_assert_num_queries(1 if connection.vendor == "postgresql" else 2),
        origins.use(HERE),
        transaction.atomic(savepoint=False),
    ):
        audit.record("change", row, by=None, now=NOW)
    assert Event.objects.latest("pk").address == HERE.address


def test_an_event_from_before_is_hashed_as_it_was():
    row = {
        "id": 7,
        "at": datetime(2026, 10, 13, 1, tzinfo=UTC),
        "by_id": None,
        "action": "x",
        "subject_type": "plan",
        "subject_id": 1,
        "organisation_id": None,
        "document_id": None,
        "directive_id": None,
        "obligation_id": None,
        "before": {},
        "after": {},
        "reason": "",
    }
    before = (
        b'{"action":"x","after":{},"at":"2026-10-13T01:00:00Z","before":{},"by_id":null,"directive_id":null,"document_id":null,'
        b'"id":7,"obligation_id":null,"organisation_id":null,"reason":"","subject_id":1,"subject_type":"plan"}'
    )
    assert event_codes.canonical_bytes(row | {"address": "", "request": ""}) == before
    told = [
        event_codes.canonical_bytes(row | {"address": address, "request": request})
        for address in ("", "a")
        for request in ("", "a")
    ]
    assert len(set(told)) == 4


@pytest.mark.django_db(transaction=True)
def test_the_worker_names_its_task(cast, monkeypatch):
    seen = []
    noting = jobs.Act(lambda row: seen.append(origins.current()))
    monkeypatch.setitem(acts.ACTS, "issue", noting)
    job = JobProgress.objects.create(
        kind="issue", document=make_document(), by=cast.supervisor, at=NOW, total=3
    )
    jobs.enqueue(job)
    worker.task_worker("worker-x", batch=True).run()
    assert seen == [Origin(request=f"job-{job.pk}")]


def test_a_daily_command_is_named(db, monkeypatch):
    seen = []
    monkeypatch.setattr(
        worker, "call_command", lambda command, verbosity: seen.append(origins.current())
    )
    worker.run_daily("tick", "worker-x", datetime(2099, 1, 1, tzinfo=UTC))
    assert seen == [Origin(request="tick")]


# the log, and the pages of failures


def test_each_line_of_the_log_names_the_request(cast, sign_in, terminal, monkeypatch):  # noqa: F811
    """One of the view, one of Django's own when the answer is known, one of no request."""

    def view(*arguments: object) -> None:
        logger.warning("a line")
        raise ValueError("ours")

    monkeypatch.setattr(log_views, "_page", view)
    client = sign_in(cast.staff)
    client.raise_request_exception = False
    answer = client.get("/log/")
    logger.warning("another")
    told = re.findall(r"^\d{4}-.*? \[(.*?)\]", terminal.getvalue(), re.MULTILINE)
    assert told == [answer["X-Request-ID"]] * 2 + ["-"]


@pytest.mark.parametrize(("error", "status"), [(ValueError("ours"), 500), (OSError(28, "x"), 507)])
def test_the_page_of_a_failure_names_the_request(cast, sign_in, monkeypatch, error, status):
    monkeypatch.setattr(log_views, "_page", failing(error))
    client = sign_in(cast.staff)
    client.raise_request_exception = False
    answer = client.get("/log/")
    assert (answer.status_code, answer["X-Request-ID"] in answer.content.decode()) == (status, True)


def test_the_page_of_a_refusal_names_the_request(cast, sign_in):
    answer = sign_in(cast.viewer).get("/obligations/?export=csv")
    assert (answer.status_code, answer["X-Request-ID"] in answer.content.decode()) == (403, True)
    forged = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert (forged.status_code, forged["X-Request-ID"] in forged.content.decode()) == (403, True)


# who sees it


def test_administrators_see_from_where_and_others_do_not(cast, sign_in, key):
    answer = acknowledge(sign_in(cast.staff), cast, key, REMOTE_ADDR="203.0.113.9")
    for person, sees in ((cast.admin, True), (cast.supervisor, False), (cast.staff, False)):
        page = sign_in(person).get("/events/").content.decode()
        assert ("203.0.113.9" in page, answer["X-Request-ID"] in page) == (sees, sees)
    held = b"".join(sign_in(cast.supervisor).get("/events/?export=csv").streaming_content).decode(
        "utf-8-sig"
    )
    assert ("全国总工会" in held, "203.0.113.9" in held, "请求" in held.splitlines()[0]) == (
        True,
        False,
        False,
    )


def test_the_file_of_an_administrator_has_it_and_may_be_arranged(cast, sign_in, key):
    acknowledge(sign_in(cast.staff), cast, key, REMOTE_ADDR="203.0.113.9")
    cast.admin.memberships.create(organisation=cast.centre, role="supervisor")
    held = b"".join(sign_in(cast.admin).get("/events/?export=csv").streaming_content).decode(
        "utf-8-sig"
    )
    assert "203.0.113.9" in held
    offered = {
        person.username: "来自地址"
        in sign_in(person).get("/exports/columns/events/").content.decode()
        for person in (cast.admin, cast.staff)
    }
    assert offered == {"admin": True, "staff": False}


# the schema
