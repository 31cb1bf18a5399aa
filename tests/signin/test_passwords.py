"""Which passwords are refused, which must be changed, and whose they are."""

import runpy
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as installed
from django.contrib.auth.password_validation import password_changed, validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone, translation

from directives.accounts import Door
from directives.made_up.sample.people import make_accounts
from directives.models import Event, OpenSession, User
from directives.signin.passwords import NotHadBefore
from tests.factories import NOW, make_body

WORD, OTHER = "白云-over-7-hills", "红叶-under-3-rivers"
DENGBAO = {"NAME": "directives.signin.passwords.Mixed"}


def said(password, user=None):
    with translation.override("zh-hans"):
        try:
            validate_password(password, user)
        except ValidationError as error:
            return " ".join(error.messages)
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PasswordPassword",
        "abcabcabcabc",
        "aaaaaaaaaaaaaa",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "asdfghjkl;123",
        "woaini1314520",
        "woaini5201314",
        "p@ssw0rd2026!",
        "qunzhutracker2026",
        "admin@123456789",
        "gonghui2026!!!",
        "123456789012",
        "Zonggonghui2025",
        "abcdefghijklmn",
        "iloveyou1314!",
        "zhongguo19491001",
    ],
)
def test_what_everybody_guesses_is_refused(db, password):
    assert "密码太容易被猜中" in said(password)


@pytest.mark.parametrize(
    "password",
    [WORD, OTHER, "correct horse battery", "3只猫在屋顶上看月亮呢呀哈", "Tr4m-via-Bergen-x"],
)
def test_what_nobody_guesses_is_not(db, password):
    assert said(password) == ""


def test_twelve_characters(db):
    assert "至少要有 12 个字符" in said("x7!kQ2#mZpL")
    assert said("x7!kQ2#mZpLw") == ""


def test_three_kinds_under_dengbao(db, settings):
    settings.AUTH_PASSWORD_VALIDATORS = [DENGBAO]
    assert "其中三种" in said("only small letters")
    assert said("Small Letters 7") == ""


def test_the_profile_of_dengbao_is_whole(monkeypatch, tmp_path):
    monkeypatch.setenv("PASSWORD_PROFILE", "dengbao")
    monkeypatch.setenv("QUNZHU_VAR", str(tmp_path))
    read = runpy.run_path(str(installed.BASE_DIR / "qunzhu_tracker" / "settings.py"))
    kinds = {
        one["NAME"].rpartition(".")[2]: one.get("OPTIONS", {})
        for one in read["AUTH_PASSWORD_VALIDATORS"]
    }
    assert (kinds["NotHadBefore"], "Mixed" in kinds, read["PASSWORD_DAYS"]) == (
        {"last": 5},
        True,
        90,
    )


def test_none_of_the_last_five(cast):
    rule, words = NotHadBefore(last=5), [f"{WORD}-{number}" for number in range(7)]
    for word in words:
        cast.staff.set_password(word)
        User.objects.filter(pk=cast.staff.pk).update(password=cast.staff.password)
        rule.password_changed(word, cast.staff)
    assert cast.staff.former_passwords.count() == 5
    refused = []
    for word in words:
        try:
            rule.validate(word, cast.staff)
        except ValidationError:
            refused.append(word)
    assert refused == words[2:]


def test_the_present_one_is_refused(cast):
    cast.staff.set_password(WORD)
    cast.staff.save()
    assert "不能与现在的密码相同" in said(WORD, cast.staff)


def test_ninety_days(cast, sign_in, settings):
    settings.PASSWORD_DAYS = 90
    cast.staff.set_password(WORD)
    cast.staff.save()
    with time_machine.travel(timezone.now() + timedelta(days=89)):
        assert sign_in(cast.staff).get("/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert sign_in(cast.staff).get("/").url == "/accounts/password/change/"


# Passwords that somebody else knows


@pytest.fixture
def administrator(cast, sign_in):
    return sign_in(cast.admin)


def change(client, old, new):
    return client.post(
        "/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new}
    )


def test_a_password_that_was_given_is_changed_before_anything_else(cast, administrator):
    form = {
        "username": "new",
        "full_name": "新人",
        "usable_password": "true",
        "password1": WORD,
        "password2": WORD,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    assert administrator.post("/admin/directives/user/add/", form).status_code == 302
    client = Client()
    assert client.post("/accounts/login/", {"login": "new", "password": WORD}).status_code == 302
    assert (client.get("/").url, client.get("/admin/").url, client.get("/documents/").url) == (
        "/accounts/password/change/",
    ) * 3
    htmx = client.get("/dashboard/", headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"] == "/accounts/password/change/"
    assert client.post("/script/", {"language": "zh-hant"}).status_code == 302
    assert change(client, WORD, WORD).status_code == 200  # not the same again
    assert change(client, WORD, OTHER).url == "/"
    assert client.get("/").status_code == 200
    assert Event.objects.filter(action="change_password", by__username="new").count() == 1


def test_a_password_that_an_administrator_sets_is_given_and_ends_their_sessions(
    cast, administrator, sign_in
):
    cast.staff.set_password(OTHER)
    cast.staff.save()
    client = sign_in(cast.staff)
    form = {"usable_password": "true", "password1": WORD, "password2": WORD}
    assert (
        administrator.post(f"/admin/directives/user/{cast.staff.pk}/password/", form).status_code
        == 302
    )
    assert User.objects.get(pk=cast.staff.pk).password_given is True
    assert (client.get("/").status_code, OpenSession.objects.filter(user=cast.staff).count()) == (
        302,
        0,
    )
    event = Event.objects.get(action="set_password")
    assert (event.by, event.subject_id, event.after) == (
        cast.admin,
        cast.staff.pk,
        {"sessions_ended": 1},
    )


@pytest.mark.parametrize(
    "address", ["/admin/password_change/", "/admin/directives/user/{}/password/"]
)
def test_ones_own_is_changed_where_everybody_changes_it(cast, administrator, address):
    answer = administrator.get(address.format(cast.admin.pk))
    assert (answer.status_code, answer.url) == (302, "/accounts/password/change/")


def test_a_new_password_ends_the_sessions_elsewhere_and_not_this_one(cast, sign_in):
    cast.staff.set_password(WORD)
    cast.staff.save()
    here, there = sign_in(cast.staff), sign_in(cast.staff)
    assert change(here, WORD, OTHER).status_code == 302
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    assert Event.objects.get(action="change_password").after == {"sessions_ended": 1}


def test_django_calls_what_notes_a_change(cast):
    before = timezone.now()
    password_changed(WORD, cast.staff)
    assert User.objects.get(pk=cast.staff.pk).password_set_at >= before


def test_demo_accounts_stay_out_of_production(db, settings):
    make_body("Q01")
    make_body("C000")
    staff = make_accounts(WORD, now=NOW)[0]
    client = Client()
    assert client.post("/accounts/login/", {"login": "staff", "password": WORD}).status_code == 302
    assert client.get("/").status_code == 200
    settings.PRODUCTION = True
    assert (Door().get_user(staff.pk), client.get("/").status_code) == (None, 302)
    refused = Client().post("/accounts/login/", {"login": "staff", "password": WORD})
    assert (refused.status_code, refused.wsgi_request.user.is_authenticated) == (200, False)


def test_a_forgotten_password_is_chosen_anew_by_mail(client, cast, mailoutbox):
    """In the product's words, from the page to the letter.

    Who has no account gets the same page and no letter.
    """
    cast.staff.email = "lin@example.org"
    cast.staff.save()
    client.cookies["language"] = "zh-hant"
    assert "使用者名稱" in client.get("/accounts/login/").content.decode()
    pages = [
        client.post("/accounts/password/reset/", {"email": f"{name}@example.org"}, follow=True)
        for name in ("lin", "nobody")
    ]
    assert [page.content.decode().count("連結已在發送途中") for page in pages] == [1, 1]
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == (["lin@example.org"], "落實跟蹤 · 設定新密碼")
    assert f"帳號「{cast.staff.username}」" in letter.body
    link = next(line for line in letter.body.splitlines() if line.startswith("http"))
    page = client.get(link, follow=True)
    done = client.post(
        page.request["PATH_INFO"], {"password1": WORD, "password2": WORD}, follow=True
    )
    assert "新密碼已設定" in done.content.decode()
    assert User.objects.get(pk=cast.staff.pk).check_password(WORD)
    assert "連結已失效" in client.get(link, follow=True).content.decode()
