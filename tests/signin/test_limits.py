"""How often a password may be tried: failures alone count, and nobody shuts out somebody else."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.test import Client, RequestFactory
from django.utils import timezone

from directives.models import SignInAttempt
from directives.signin import limits
from directives.signin.addresses import client_address, subscriber_address

WORD = "白云-over-7-hills"


@pytest.fixture(autouse=True)
def named(cast):
    for person in (cast.staff, cast.manager):
        person.set_password(WORD)
        person.save()


def enter(name="staff", word=WORD, *, address="203.0.113.9", client=None):
    client = client or Client()
    client.cookies["language"] = "zh-hans"
    return client.post("/accounts/login/", {"login": name, "password": word}, REMOTE_ADDR=address)


def test_an_office_behind_one_address_signs_in_as_often_as_it_likes(cast):
    assert [enter().status_code for _person in range(36)] == [302] * 36
    assert SignInAttempt.objects.filter(succeeded=False).count() == 0


def test_a_password_is_guessed_five_times_and_the_owner_elsewhere_is_not_shut_out(cast):
    for _guess in range(5):
        assert "用户名或密码不正确" in enter(word="wrong-guess").content.decode()
    refused = enter()
    assert (refused.status_code, "请等待五分钟再试" in refused.content.decode()) == (200, True)
    assert enter(address="198.51.100.7").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert enter().status_code == 302


def test_a_browser_that_signed_in_before_is_not_shut_out_from_its_own_address(cast):
    owner = Client()
    assert enter(client=owner).status_code == 302
    owner.post("/accounts/logout/")
    for _guess in range(6):
        enter(word="wrong-guess")
    assert enter().status_code == 200
    assert enter(client=owner).status_code == 302


def test_many_failures_from_everywhere_stop_strangers_and_not_whoever_is_known(cast, monkeypatch):
    monkeypatch.setattr(limits, "ACCOUNT_LIMIT", (3, timedelta(hours=1)))
    assert enter(address="198.51.100.7").status_code == 302
    for number in range(4):
        enter(word="wrong-guess", address=f"203.0.113.{number}")
    assert enter(address="203.0.113.200").status_code == 200
    assert enter(address="198.51.100.7").status_code == 302


def test_one_address_fails_only_so_often_over_all_names(cast, monkeypatch):
    monkeypatch.setattr(limits, "PLACE_LIMIT", (3, timedelta(minutes=10)))
    for number in range(3):
        enter(f"nobody{number}", "wrong-guess")
    assert enter().status_code == 200
    assert enter(address="198.51.100.7").status_code == 302


def test_a_browser_is_known_for_its_own_account_only(cast):
    client = Client()
    enter(client=client)
    client.post("/accounts/logout/")
    for _guess in range(6):
        enter("manager", "wrong-guess", client=client)
    rows = SignInAttempt.objects.filter(account=limits.account_of("manager"))
    assert (rows.count(), set(rows.values_list("browser", flat=True))) == (5, {""})


def test_unknown_names_cost_and_get_the_same(cast, monkeypatch):
    hashed = []
    kind = type(get_hasher())
    encode, verify = kind.encode, kind.verify
    monkeypatch.setattr(
        kind, "encode", lambda self, *a, **k: hashed.append("once") or encode(self, *a, **k)
    )
    monkeypatch.setattr(
        kind, "verify", lambda self, *a, **k: hashed.append("once") or verify(self, *a, **k)
    )
    known = enter(word="wrong-guess")
    once, hashed[:] = list(hashed), []
    unknown = enter("nobody", "wrong-guess")
    assert (once, hashed) == (["once"], ["once"])
    assert known.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    assert len(known.content) == len(unknown.content) + len("staff") - len("nobody")


def test_strangers_get_no_mail(db, client):
    answer = client.post("/accounts/password/reset/", {"email": "stranger@example.org"})
    assert (answer.status_code, mail.outbox) == (302, [])


def test_too_many_requests_are_a_page_in_the_readers_language(cast, settings):
    settings.MFA_RATE_LIMITS = {"webauthn_login": "1/m/ip"}
    client = Client()
    client.cookies["language"] = "zh-hans"
    answers = [
        client.post("/accounts/2fa/webauthn/login/", {"credential": "{}"}) for _try in range(2)
    ]
    assert [answer.status_code for answer in answers] == [302, 429]
    assert "请等几分钟" in answers[1].content.decode()


@pytest.mark.parametrize(
    ("peer", "noted", "wanted"),
    [
        ("10.0.0.10", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.10", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.10", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.10", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.10", "nonsense", "10.0.0.10"),
        ("10.0.0.10", None, "10.0.0.10"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.10", "fe80::1%" + "x" * 500, "fe80::1"),
        ("::ffff:198.51.100.7", None, "198.51.100.7"),
    ],
)
def test_only_a_named_proxy_is_believed(settings, peer, noted, wanted):
    settings.PROXIES, settings.TRUSTED_PROXIES = 1, [ip_network("10.0.0.0/24")]
    headers = {"X-Forwarded-For": noted} if noted else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    assert client_address(request) == wanted


def test_two_proxies_each_add_one(settings):
    settings.PROXIES, settings.TRUSTED_PROXIES = 2, [ip_network("10.0.0.10")]
    asked = {"REMOTE_ADDR": "10.0.0.10", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 10.0.0.9"}
    assert client_address(RequestFactory().get("/", **asked)) == "203.0.113.9"
    assert (
        client_address(RequestFactory().get("/", **asked | {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}))
        == "10.0.0.10"
    )


def test_a_subscriber_of_ipv6_is_one_place(settings):
    settings.PROXIES = 0
    places = {
        subscriber_address(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:2::{number}"))
        for number in (1, 2, "ffff")
    }
    assert places == {"2001:db8:1:2::"}
