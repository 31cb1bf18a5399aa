"""The second factor: who needs one, by when, and what the database knows of it."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import InvalidToken
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from directives.models import Event, OpenSession, User
from directives.signin import factors
from tests.sources import ROOT

WORD = "白云-over-7-hills"


def code_of(secret, step=1):
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[step]))


@pytest.fixture
def supervisor(cast):
    cast.supervisor.set_password(WORD)
    cast.supervisor.save()
    return cast.supervisor


def enter(user):
    client = Client()
    client.cookies["language"] = "zh-hans"
    return client, client.post("/accounts/login/", {"login": user.username, "password": WORD})


def test_a_role_that_needs_a_factor_gets_a_few_sign_ins_and_then_nothing_else(supervisor, settings):
    settings.SECOND_FACTOR, settings.SECOND_FACTOR_GRACE = ["supervisor"], 2
    for left in ("还可不设而登录 1 次", "最后一次可以不设"):
        client, answer = enter(supervisor)
        assert answer.url == "/session/second-step/?next=%2F"
        page = client.get(answer.url).content.decode()
        assert (left in page, "以后再设" in page) == (True, True)
        assert client.get("/").status_code == 200
    client, answer = enter(supervisor)
    page = client.get(answer.url).content.decode()
    assert ("设置完成之前不能打开其他页面" in page, "以后再设" in page) == (True, False)
    assert (client.get("/").url, client.get("/admin/").url) == ("/session/second-step/",) * 2
    assert client.get("/accounts/2fa/totp/activate/", follow=True).status_code == 200
    TOTP.activate(supervisor, generate_totp_secret())
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("role", "who"), [("administrator", "admin"), ("supervisor", "supervisor")]
)
def test_who_needs_one_is_said_by_role(cast, settings, role, who):
    people = ("staff", "manager", "supervisor", "viewer", "admin")
    assert [name for name in people if factors.needs_factor(getattr(cast, name))] == []
    settings.SECOND_FACTOR = [role]
    assert [name for name in people if factors.needs_factor(getattr(cast, name))] == [who]


def test_the_app_is_set_up_signs_in_and_is_on_record(supervisor):
    client, _answer = enter(supervisor)
    client.post("/accounts/reauthenticate/", {"password": WORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert done.url == "/accounts/2fa/recovery-codes/"
    assert list(
        Event.objects.filter(action="add_factor").values_list("by", "after__type").order_by("id")
    ) == [
        (supervisor.pk, "totp"),
        (supervisor.pk, "recovery_codes"),
    ]
    client, answer = enter(supervisor)
    assert (answer.url, client.get("/").status_code) == ("/accounts/2fa/authenticate/", 302)
    assert (
        "验证码不正确"
        in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    )
    event = Event.objects.latest("pk")
    assert (event.action, event.by, event.subject_id, event.after) == (
        "failed_factor",
        None,
        supervisor.pk,
        {"type": "totp"},
    )
    assert event.address != ""
    assert (
        client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, 2)}).status_code == 302
    )
    assert client.get("/").status_code == 200


def test_a_recovery_code_opens_once_also_where_its_secret_was_plain(supervisor, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(factors, "encrypted", lambda plain: plain)
        TOTP.activate(supervisor, generate_totp_secret())
        code = RecoveryCodes.activate(supervisor).generate_codes()[0]
    assert secrets_of(supervisor, sealed=False) == 2
    for wanted in (302, 200):
        client, _answer = enter(supervisor)
        assert client.post("/accounts/2fa/authenticate/", {"code": code}).status_code == wanted
    assert secrets_of(supervisor, sealed=True) == 2


def secrets_of(user, *, sealed):
    rows = Authenticator.objects.filter(user=user).values_list("data", flat=True)
    held = [row[name] for row in rows for name in factors.SECRETS if name in row]
    return sum(secret.startswith(factors.ENCRYPTED_PREFIX) is sealed for secret in held)


def test_the_database_holds_no_secret_and_keys_rotate(supervisor, settings, capsys):
    secret = generate_totp_secret()
    row = TOTP.activate(supervisor, secret).instance
    assert secret not in str(Authenticator.objects.values_list("data", flat=True).get())
    settings.FACTOR_KEYS = ["a new key"]
    assert factors.decrypted(row.data["secret"]) == secret  # SECRET_KEY still opens
    call_command("encrypt_factors")
    call_command("encrypt_factors")
    assert capsys.readouterr().out.split("\n")[:2] == ["Encrypted anew: 1", "Encrypted anew: 0"]
    row.refresh_from_db()
    settings.SECRET_KEY = "another"
    assert factors.decrypted(row.data["secret"]) == secret
    settings.FACTOR_KEYS = []
    with pytest.raises(InvalidToken):
        factors.decrypted(row.data["secret"])


def test_the_last_factor_of_a_role_that_needs_one_stays(supervisor, settings):
    row = TOTP.activate(supervisor, generate_totp_secret()).instance
    adapter = factors.FactorAdapter()
    assert adapter.can_delete_authenticator(row) is True
    settings.SECOND_FACTOR = ["supervisor"]
    assert adapter.can_delete_authenticator(row) is False
    Authenticator.objects.create(
        user=supervisor, type="webauthn", data={"name": "x", "credential": {}}
    )
    assert adapter.can_delete_authenticator(row) is True


def test_an_administrator_takes_a_lost_factor_away_but_not_their_own(cast, supervisor, sign_in):
    client, elsewhere = sign_in(cast.admin), sign_in(supervisor)
    for person in (supervisor, cast.admin):
        TOTP.activate(person, generate_totp_secret())
    chosen = {"action": "forget_factors", "_selected_action": [supervisor.pk, cast.admin.pk]}
    assert client.post("/admin/directives/user/", chosen).status_code == 302
    assert list(Authenticator.objects.values_list("user", flat=True)) == [cast.admin.pk]
    assert (
        elsewhere.get("/").status_code,
        OpenSession.objects.filter(user=supervisor).count(),
    ) == (302, 0)
    assert Event.objects.get(action="remove_factor").by == cast.admin


def test_the_pages_of_the_factor_are_ours_and_need_no_inline_script(supervisor):
    client, _answer = enter(supervisor)
    client.post("/accounts/reauthenticate/", {"password": WORD})
    TOTP.activate(supervisor, generate_totp_secret())
    RecoveryCodes.activate(supervisor)
    Authenticator.objects.create(
        user=supervisor, type="webauthn", data={"name": "我的钥匙", "credential": {}}
    )
    names = (
        "mfa_index",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_deactivate_totp",
        "mfa_list_webauthn",
        "mfa_reauthenticate",
        "account_reauthenticate",
    )
    for name in names:
        page = client.get(reverse(name))
        shown = page.content.decode()
        assert (name, page.status_code, 'class="door' in shown) == (name, 200, True)
        assert "<script" not in shown.replace('<script src="', "").replace(
            "<script id=", ""
        ).replace("<script type=", "")
    ours = {
        path.relative_to(ROOT / "templates" / "mfa")
        for path in (ROOT / "templates" / "mfa").rglob("*.html")
    }
    assert len(ours) == 12


def test_a_passkey_signs_in_before_anybody_is_known(db, client):
    answer = client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})
    assert (answer.status_code, "request_options" in answer.json()) == (200, True)


def test_a_person_has_a_factor_as_their_row_says(supervisor):
    assert User.objects.get(pk=supervisor.pk).has_factor is False
    RecoveryCodes.activate(supervisor)
    assert User.objects.get(pk=supervisor.pk).has_factor is False
    TOTP.activate(supervisor, generate_totp_secret())
    assert User.objects.get(pk=supervisor.pk).has_factor is True
