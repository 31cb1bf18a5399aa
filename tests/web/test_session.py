"""The language switch, and the door that stays closed."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from directives.accounts import prefer_language
from directives.models import User


def test_switching_keeps_the_page_and_is_remembered(cast, sign_in):
    client = sign_in(cast.staff)
    response = client.post("/script/", {"language": "zh-hant", "next": "/reports/?light=red"})
    assert (response.status_code, response.url) == (302, "/reports/?light=red")
    assert response.cookies["language"].value == "zh-hant"
    assert User.objects.get(pk=cast.staff.pk).language == "zh-hant"
    assert User.objects.get(pk=cast.manager.pk).language == ""


def test_a_visitor_may_switch_too(client, db):
    response = client.post("/script/", {"language": "en", "next": "/accounts/login/"})
    assert (response.status_code, response.url) == (302, "/accounts/login/")


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""]
)
def test_the_switch_leads_nowhere_else(client, db, target):
    assert client.post("/script/", {"language": "en", "next": target}).url == "/"


def test_an_unknown_language_is_refused(cast, sign_in):
    assert sign_in(cast.staff).post("/script/", {"language": "xx"}).status_code == 400
    with pytest.raises(ValueError, match="unknown language"):
        prefer_language(by=cast.staff, language="xx")


def test_reading_never_switches(cast, sign_in):
    assert sign_in(cast.staff).get("/script/?language=en").url == "/"
    assert User.objects.get(pk=cast.staff.pk).language == ""


def test_nobody_signs_up(client, db):
    client.cookies["language"] = "zh-hans"
    assert "不开放注册" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"username": "new", "password1": "a-long-enough-1"})
    assert User.objects.filter(username="new").exists() is False


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/signup/",
        "/accounts/inactive/",
    ],
)
def test_the_pages_at_the_door_wear_the_products_look(client, db, address):
    client.cookies["language"] = "zh-hans"
    shown = client.get(address).content.decode()
    assert 'class="door' in shown
    assert "tracker.css" in shown


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
    ],
)
def test_the_pages_of_the_account_wear_the_products_look(cast, sign_in, address):
    cast.staff.set_password("a-long-enough-1")
    cast.staff.save()
    response = sign_in(cast.staff).get(address, follow=True)
    assert response.status_code == 200
    assert 'class="door' in response.content.decode()


def test_a_stale_form_says_what_to_do(cast, sign_in):
    client = Client(enforce_csrf_checks=True)
    client.cookies["language"] = "zh-hans"
    response = client.post("/accounts/login/", {"login": "staff", "password": "x"})
    assert response.status_code == 403
    assert "此页面已过期" in response.content.decode()


def test_a_page_that_is_not_there_says_what_to_do(cast, sign_in):
    response = sign_in(cast.staff).get("/nowhere/")
    assert response.status_code == 404
    assert "没有您可以查看的内容" in response.content.decode()


def test_the_page_for_our_own_faults_needs_no_database():
    with translation.override("zh-hans"):
        assert "系统出错了" in render_to_string("500.html")


def test_a_form_that_is_too_large_is_told_why(cast, sign_in, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = sign_in(cast.staff).post("/log/add/", {"text": "办" * 200})
    assert answer.status_code == 400
    assert "提交的内容超过上限" in answer.content.decode()
