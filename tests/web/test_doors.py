"""How every write is carried out: by POST, once, and wholly or not at all."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from directives.models import Event, FormKey, Obligation
from tests.factories import make_obligation


@pytest.fixture
def row(cast):
    return make_obligation(organisation=cast.body, state="assigned")


def acknowledge(client, row, key, **data):
    return client.post(
        f"/obligations/{row.pk}/move/acknowledge/",
        {"idempotency_key": key, "version": row.version, **data},
    )


def test_a_form_sent_twice_acts_once(cast, row, sign_in):
    client, key = sign_in(cast.staff), str(uuid4())
    first, second = acknowledge(client, row, key), acknowledge(client, row, key)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.url == second.url
    assert Event.objects.filter(action="acknowledge").count() == 1
    assert Obligation.objects.get().version == 2


@pytest.mark.parametrize(
    ("address", "form", "leads"),
    [
        ("/notices/read/", {}, "/"),
        (
            "/exports/columns/ledger/save/",
            {"column": "number", "version": "0"},
            "/exports/columns/ledger/?next=",
        ),
    ],
)
def test_a_way_back_is_an_address_and_never_the_name_of_a_view(cast, sign_in, address, form, leads):
    client, key = sign_in(cast.staff), str(uuid4())
    client.raise_request_exception = False
    answers = [
        client.post(address, {"idempotency_key": key, "next": "obligations", **form})
        for _time in range(2)
    ]
    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [
        (302, leads)
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_acts_once(cast, row, sign_in):
    key, answers, ready = str(uuid4()), [], Barrier(2)
    clients = [sign_in(cast.staff) for _ in range(2)]

    def send(client):
        ready.wait()
        answers.append(acknowledge(client, row, key).status_code)
        connections.close_all()

    threads = [Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert Event.objects.filter(action="acknowledge").count() == 1


@pytest.mark.parametrize("key", ["", "not-a-key"])
def test_a_form_without_a_key_changes_nothing(cast, row, sign_in, key):
    answer = acknowledge(sign_in(cast.staff), row, key)
    assert answer.status_code == 422
    assert "重新" in answer.content.decode()
    assert Obligation.objects.get().state == "assigned"


def test_a_refused_form_may_be_sent_again_with_its_key(cast, row, sign_in):
    client, key = sign_in(cast.staff), str(uuid4())
    dispute = f"/obligations/{row.pk}/move/dispute/"
    refused = client.post(dispute, {"idempotency_key": key, "version": 1, "reason": " "})
    assert (refused.status_code, FormKey.objects.count()) == (422, 0)
    assert (
        client.post(
            dispute, {"idempotency_key": key, "version": 1, "reason": "不归我们"}
        ).status_code
        == 302
    )
    assert Obligation.objects.get().state == "disputed"


def test_what_was_typed_is_given_back(cast, row, sign_in):
    client = sign_in(cast.staff)
    acknowledge(client, row, str(uuid4()))
    late = client.post(
        f"/obligations/{row.pk}/move/dispute/",
        {"idempotency_key": str(uuid4()), "version": 1, "reason": "写了很久的理由"},
    )
    assert late.status_code == 409
    assert "写了很久的理由" in late.content.decode()
    assert Obligation.objects.get().state == "acknowledged"


def test_one_persons_key_is_nothing_to_another(cast, row, sign_in):
    key = str(uuid4())
    acknowledge(sign_in(cast.staff), row, key)
    other = make_obligation(organisation=cast.sibling, state="assigned")
    answer = acknowledge(sign_in(cast.stranger), other, key)
    assert answer.status_code == 422
    assert Obligation.objects.get(pk=other.pk).state == "assigned"


def test_a_form_from_another_site_is_refused(cast, row):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff, backend="directives.accounts.Door")
    assert acknowledge(client, row, str(uuid4())).status_code == 403
    assert Obligation.objects.get().state == "assigned"
