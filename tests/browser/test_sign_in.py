"""Signing in with a second step, and what is typed when a session ends, in a browser."""

from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from directives.models import LogEntry, ReportEntry, User
from tests.browser.conftest import PASSWORD, forgiven, until
from tests.factories import make_measure, make_plan
from tests.reports.test_report_pages import Office
from tests.signin.test_factors import code_of

MINUTE = 60_000  # milliseconds


@pytest.fixture
def office(live_server, cast, settings):
    settings.SESSION_IDLE_MINUTES = 30
    for person in (cast.staff, cast.manager, cast.supervisor):
        person.set_password(PASSWORD)
        person.save()
    return Office(cast)


def enter(one, name):
    """Fill in the sign-in page that is open."""
    one.page.fill("[name=login]", name)
    one.page.fill("[name=password]", PASSWORD)
    one.press("登录", exact=True)


def leave(one):
    one.context.clear_cookies(name="sessionid")


def prove(one):
    one.page.fill("[name=password]", PASSWORD)
    one.press("确认")


@pytest.mark.once
def test_the_app_is_set_up_and_signs_in(cast, office, desk):
    one = desk()
    one.go("/accounts/login/")
    enter(one, "supervisor")
    one.page.wait_for_url(f"{one.url}/")
    one.go("/accounts/2fa/")
    one.follow("设置应用")
    prove(one)
    assert one.page.locator("img.qr").evaluate("img => img.naturalWidth") > 0
    secret = one.page.locator(".secret").inner_text()
    one.page.fill("[name=code]", code_of(secret, 0))
    one.page.keyboard.press("Enter")
    expect(one.page.locator(".codes li")).to_have_count(10)
    leave(one)
    one.go("/accounts/login/")
    enter(one, "supervisor")
    expect(one.page.get_by_role("heading", name="第二步验证")).to_be_visible()
    one.page.fill("[name=code]", code_of(secret, 1))
    one.page.keyboard.press("Enter")
    one.page.wait_for_url(f"{one.url}/")


@pytest.mark.once
def test_a_passkey_is_added_is_the_second_step_and_signs_in_alone(cast, office, desk):
    one = desk()
    assert urlsplit(one.url).hostname == "localhost"
    keys = one.context.new_cdp_session(one.page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    one.go("/accounts/login/")
    enter(one, "supervisor")
    one.page.wait_for_url(f"{one.url}/")
    one.go("/accounts/2fa/webauthn/add/")
    prove(one)
    one.page.fill("[name=name]", "办公室电脑")
    one.press("添加通行密钥")
    expect(one.page.locator(".codes li")).to_have_count(10)
    assert Authenticator.objects.get(type="webauthn").wrap().name == "办公室电脑"
    leave(one)
    one.go("/accounts/login/")
    enter(one, "supervisor")
    one.press("使用通行密钥")
    one.page.wait_for_url(f"{one.url}/")
    leave(one)
    one.go("/accounts/login/")
    one.press("用通行密钥登录")
    one.page.wait_for_url(f"{one.url}/")
    assert "周启明" in one.page.locator(".me").inner_text()


@pytest.mark.once
def test_a_passkey_that_is_not_there_is_said_in_words(db, desk):
    one = desk()
    keys = one.context.new_cdp_session(one.page)
    keys.send("WebAuthn.enable")
    one.go("/accounts/login/")
    one.page.evaluate(
        "() => { navigator.credentials.get = async () => "
        "{ throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    one.press("用通行密钥登录")
    expect(one.page.locator("form [data-failed]")).to_contain_text("未能完成")


def row(page, entry):
    return page.locator(f"#e-{entry.pk}")


def words_of(entry):
    return ReportEntry.objects.get(pk=entry.pk).progress


@pytest.mark.once  # what the browser keeps
def test_a_session_that_ends_while_a_report_is_typed_loses_nothing(cast, office, desk):
    one, entry = desk(), office.entries[0]
    one.be(cast.staff)
    one.go(office.url)
    Session.objects.all().delete()
    with forgiven(one, "401"):
        row(one.page, entry).locator("[name=progress]").fill("已印发办法，覆盖全部基层单位")
        one.page.keyboard.press("Tab")
        expect(one.page.locator("#session [data-when=over]")).to_be_visible()
        typed_and_kept(one, entry)
    one.press("取回并保存")
    assert until(one.page, lambda: words_of(entry) == "已印发办法，覆盖全部基层单位")
    assert until(one.page, lambda: kept(one) == [])


def typed_and_kept(one, entry):
    """Until the page is open again, signed in."""
    assert (
        row(one.page, entry).locator("[name=progress]").input_value()
        == "已印发办法，覆盖全部基层单位"
    )
    assert (words_of(entry), one.page.locator("#saved").inner_text()) == ("", "")
    one.follow("重新登录")
    enter(one, "staff")
    one.page.wait_for_url(f"{one.url}/reports/*/")
    expect(one.page.locator(".kept")).to_contain_text("尚未保存")


def kept(one):
    """The names of words that this browser keeps."""
    return one.page.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('draft:'))"
    )


@pytest.mark.once
def test_kept_words_are_shown_to_their_writer_alone_and_gone_when_they_sign_out(cast, office, desk):
    one, entry = desk(), office.entries[0]
    one.be(cast.staff)
    one.go(office.url)
    Session.objects.all().delete()
    with forgiven(one, "401"):
        row(one.page, entry).locator("[name=progress]").fill("只有我能看到")
        one.page.keyboard.press("Tab")
        expect(one.page.locator("#session [data-when=over]")).to_be_visible()
        one.follow("重新登录")
        enter(one, "manager")
        one.page.wait_for_url(f"{one.url}{office.url}")
    expect(one.page.locator(".kept")).to_have_count(0)
    leave(one)
    one.be(cast.staff)
    one.go(office.url)
    expect(one.page.locator(".kept")).to_have_count(1)
    one.page.locator(".me summary").click()
    one.press("退出登录", exact=True)
    expect(one.page.locator("#messages .kept")).to_contain_text("退出登录后将丢失")
    assert len(kept(one)) == 1
    one.press("放弃并退出登录")
    one.page.wait_for_url(f"{one.url}/accounts/login/**")
    assert kept(one) == []


@pytest.mark.once  # what the browser keeps
def test_work_that_is_logged_after_the_end_comes_back_by_one_press(cast, office, desk):
    measure = make_measure(make_plan(cast.body, office.section.document), office.rows[0])
    one = desk()
    one.be(cast.staff)
    one.go("/log/")
    Session.objects.all().delete()
    one.page.fill("#quick [name=text]", "召开推进会，研究了三项措施")
    one.press("保存", exact=True)
    enter(one, "staff")
    one.page.wait_for_url(f"{one.url}/log/")
    one.press("取回并保存")
    expect(one.page.locator("#rows")).to_contain_text("召开推进会，研究了三项措施")
    assert LogEntry.objects.filter(measure=measure, text="召开推进会，研究了三项措施").count() == 1
    expect(one.page.locator(".kept")).to_have_count(0)


@pytest.mark.once  # what the browser keeps
def test_an_old_page_goes_on_after_a_sign_in_elsewhere(cast, office, desk):
    one, entry = desk(), office.entries[0]
    one.go("/accounts/login/")
    enter(one, "staff")
    one.page.wait_for_url(f"{one.url}/")
    one.go(office.url)
    leave(one)
    other = one.context.new_page()
    other.goto("/accounts/login/")
    other.fill("[name=login]", "staff")
    other.fill("[name=password]", PASSWORD)
    other.get_by_role("button", name="登录", exact=True).click()
    other.wait_for_url(f"{one.url}/")
    row(one.page, entry).locator("[name=progress]").fill("换了令牌也能保存")
    one.page.keyboard.press("Tab")
    assert until(one.page, lambda: words_of(entry) == "换了令牌也能保存")


@pytest.mark.once
def test_the_end_is_told_in_time_with_a_button_that_puts_it_off(cast, office, desk):
    one = desk()
    one.be(cast.staff)
    one.page.clock.install()
    one.go(office.url)
    box = one.page.locator("#session")
    one.page.clock.fast_forward(20 * MINUTE)
    expect(box).to_be_hidden()
    one.page.clock.fast_forward(6 * MINUTE)
    expect(box.locator("[data-when=soon]")).to_contain_text("4 分钟后将自动退出登录")
    one.press("继续使用")
    expect(box).to_be_hidden()
    one.page.clock.fast_forward(26 * MINUTE)
    expect(box).to_be_visible()
    one.page.clock.fast_forward(10 * MINUTE)
    expect(box.locator("[data-when=over]")).to_be_visible()
    assert User.objects.get(pk=cast.staff.pk).is_active is True
