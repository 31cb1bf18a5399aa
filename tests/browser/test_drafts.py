"""Whatever a person typed is theirs until the server has it.

Every form keeps its words, says so, and sends them when it can.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import expect

from directives.models import CalendarDay, LogEntry, Measure, Plan, User
from directives.plans import commands as planning
from directives.reports.commands import EntryFields, save_entry
from tests.browser.conftest import PASSWORD, forgiven, until
from tests.factories import make_measure, make_plan
from tests.reports.test_report_pages import Office

WORDS = "召开推进会，研究了三项措施"
BADGE = "#drafts:not([hidden])"
FILES = re.compile(
    r"/(file|paper|offline|template|marked|source|faults)/$|^/(admin|accounts|files)/"
)
PAGES = 2  # of each kind that the crawl opens
KEPT = """() => Object.keys(localStorage)
  .filter((name) => name.startsWith("draft:"))
  .map((name) => localStorage.getItem(name)).join()"""
AGE = """() => {
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith("draft:"))) {
    const draft = JSON.parse(localStorage.getItem(name));
    localStorage.setItem(name, JSON.stringify({ ...draft, at: Date.now() - 8 * 86400000 }));
  }
}"""
UNTYPED = {"hidden", "file", "submit", "button", "password", "image", "reset"}


@pytest.fixture
def office(live_server, cast, settings):
    settings.SESSION_IDLE_MINUTES = 30
    for person in (cast.staff, cast.manager):
        person.set_password(PASSWORD)
        person.save()
    return Office(cast)


@pytest.fixture
def one(cast, office, desk):
    """A desk at which the staff of a body works."""
    one = desk()
    one.be(cast.staff)
    return one


@pytest.fixture
def measure(cast, office):
    return make_measure(
        make_plan(cast.body, office.section.document, state="draft"), office.rows[0]
    )


def sign_in_elsewhere(one, name="staff"):
    """In another tab, through the page; the token is another one from then on."""
    other = one.context.new_page()
    other.goto("/accounts/login/")
    other.fill("[name=login]", name)
    other.fill("[name=password]", PASSWORD)
    other.get_by_role("button", name="登录", exact=True).click()
    other.wait_for_url(f"{one.url}/")
    return other


def logged():
    return LogEntry.objects.filter(text=WORDS).count()


def kept(page):
    """All that this browser keeps, as one string."""
    return page.evaluate(KEPT)


# Every form


class Forms(HTMLParser):
    """The forms of a page that are posted and in which something can be typed, and its links."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self.path, self.links, self.all, self.typed, self.inside = path, set(), [], set(), None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a" and given.get("href"):
            self.links.add(
                urlsplit(urljoin(self.path, given["href"]))._replace(fragment="").geturl()
            )
        elif tag == "form":
            self.inside = len(self.all)
            self.all.append(given)
        elif (
            tag in {"textarea", "select"}
            or (tag == "input" and given.get("type", "text") not in UNTYPED)
        ) and given.get("name"):
            named = next(
                (
                    place
                    for place, form in enumerate(self.all)
                    if form.get("id") and form["id"] == given.get("form")
                ),
                None,
            )
            self.typed.add(
                given.get("form")
                if "form" in given and named is None
                else self.inside
                if "form" not in given
                else named
            )

    def handle_endtag(self, tag):
        self.inside = None if tag == "form" else self.inside

    def found(self) -> set[str]:
        """Addresses of the forms in which something is typed."""
        return {
            urljoin(self.path, form.get("action") or "")
            for place, form in enumerate(self.all)
            if form.get("method", "").lower() == "post"
            and "data-no-draft" not in form
            and ({place, form.get("id")} - {None}) & self.typed
        }


def crawl(user: User) -> dict[str, tuple[str, str]]:
    """Each write address that this person meets.

    Its name → the page of its form, and the form's address.
    """
    client, opened, todo, met = Client(), {}, ["/"], {}
    client.force_login(user, backend="directives.accounts.Door")
    while todo:
        address = todo.pop(0)
        kind = re.sub(r"\d+", "#", urlsplit(address).path)
        if (
            FILES.search(urlsplit(address).path)
            or "export=" in address
            or opened.get(kind, 0) >= PAGES
        ):
            continue
        opened[kind] = opened.get(kind, 0) + 1
        answer = client.get(address, follow=True)
        if answer.streaming or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = Forms(urlsplit(address).path, answer.content.decode())
        for action in page.found():
            met.setdefault(resolve(urlsplit(action).path).view_name, (address, action))
        todo += sorted(link for link in page.links if link.startswith("/") and link not in todo)
    return met


# What people type into; the crawl must meet at least these.
FORMS = {
    "staff": {"log_add", "measure_add", "plan_save", "entry_save", "obligation_move", "item_state"},
    "supervisor": {
        "issue_choose",
        "cycle_open",
        "directive_correct_save",
        "indicator_add",
        "report_decide",
    },
}
TYPE = """([action, words]) => {
  for (const form of document.forms) {
    if (form.getAttribute("method") !== "post"
      || new URL(form.getAttribute("action") || "", location).pathname !== action) continue;
    const free = [...form.elements].find(
      (one) => one.matches("textarea, input:not([type]), input[type=text]")
    );
    const other = "input[type=radio]:not(:checked), input[type=checkbox], select, "
      + "input[type=date], input[type=number]";
    const field = free || [...form.elements].find(
      (one) => one.matches(other) && (!one.options || one.options.length > 1)
    );
    if (!field) return "";
    if (free) field.value = words;
    else if (field.type === "radio" || field.type === "checkbox") field.checked = !field.checked;
    else if (field.tagName === "SELECT")
      field.selectedIndex = field.selectedIndex ? 0 : field.options.length - 1;
    else field.value = field.type === "date" ? "2031-05-06" : "7";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return field.name;
  }
  return null;
}"""


@pytest.mark.once
def test_every_form_keeps_its_words_and_is_red_until_they_are_saved(world, desk):
    planning.decide(
        plan=world.plan,
        accepted=False,
        reason="再具体些",
        by=User.objects.get(username="supervisor"),
        now=timezone.now(),
    )
    silent = [
        (name, view)
        for name in FORMS
        for view in silent_forms(desk(), User.objects.get(username=name))
    ]
    assert silent == []


def silent_forms(one, user):
    """The write addresses met by this person whose form keeps nothing, or says nothing."""
    met, silent = crawl(user), []
    assert FORMS[user.username] - met.keys() == set()
    one.be(user)
    for view, (address, action) in sorted(met.items()):
        one.go(address)
        one.page.route(
            "**/*",
            lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
        )
        field = one.page.evaluate(TYPE, [urlsplit(action).path, WORDS])
        choice = field != "" or view in FORMS[user.username]  # a list of one thing offers none
        if choice and not (
            field and until_kept(one.page, field) and one.page.locator(BADGE).count()
        ):
            silent.append(view)
        one.page.unroute("**/*")
        one.page.evaluate("localStorage.clear()")
    one.faults[:] = [
        fault for fault in one.faults if "ERR_FAILED" not in fault and "htmx:" not in fault
    ]
    return silent


def until_kept(page, field):
    for _look in range(10):
        if f'"{field}":[' in kept(page):
            return True
        page.wait_for_timeout(100)
    return False


# The session ends


@pytest.mark.once
def test_words_sent_after_the_end_are_stored_by_one_press_once(one, measure):
    one.go(f"/plans/{measure.plan_id}/")
    one.page.fill("[name=summary]", WORDS)
    Session.objects.all().delete()
    one.press("保存文字")
    one.page.fill("[name=login]", "staff")
    one.page.fill("[name=password]", PASSWORD)
    one.press("登录", exact=True)
    one.page.wait_for_url(f"{one.url}/plans/*/")
    expect(one.page.locator(".kept")).to_contain_text("尚未保存")
    one.press("取回并保存")
    assert until(one.page, lambda: Plan.objects.get().summary == WORDS)
    one.page.wait_for_load_state()
    expect(one.page.locator(".kept")).to_have_count(0)
    assert kept(one.page) == ""


@pytest.mark.once
def test_what_was_refused_for_the_end_is_sent_by_itself_after_a_sign_in_in_another_tab(
    one, office, measure
):
    one.go(f"/plans/{measure.plan_id}/")
    Session.objects.all().delete()
    with forgiven(one, "401"):
        one.page.fill("#m-new [name=text]", WORDS)
        one.page.locator("#m-new [type=checkbox]").first.check(force=True)
        one.press("添加这条措施")
        expect(one.page.locator("#session [data-when=over]")).to_be_visible()
        expect(one.page.locator(BADGE)).to_contain_text("尚未保存")
        sign_in_elsewhere(one)
        assert until(one.page, lambda: Measure.objects.filter(text=WORDS).count() == 1)
    expect(one.page.locator(BADGE)).to_have_count(0)
    assert kept(one.page) == ""


@pytest.mark.once
def test_a_form_out_of_date_is_sent_again_by_itself_and_never_called_forbidden(one, office):
    one.go(office.url)
    entry = office.entries[0]
    one.context.clear_cookies(name="csrftoken")
    with forgiven(one, "403"):
        one.page.locator(f"#e-{entry.pk} [name=progress]").fill(WORDS)
        one.page.keyboard.press("Tab")
        assert until(one.page, lambda: type(entry).objects.get(pk=entry.pk).progress == WORDS)
        expect(one.page.locator("#messages")).not_to_contain_text("您不能进行这项操作")
        expect(one.page.locator(BADGE)).to_have_count(0)


@pytest.mark.once
def test_a_page_form_out_of_date_says_so_and_its_words_are_stored_by_one_press(one, measure):
    one.go("/log/")
    one.page.fill("#quick [name=text]", WORDS)
    one.context.clear_cookies(name="csrftoken")
    with forgiven(one, "403"):
        one.press("保存", exact=True)
        expect(one.page.locator("h1")).to_contain_text("此页面已过期")
    expect(one.page.locator("main")).to_contain_text(WORDS)
    one.follow("返回原页")
    one.press("取回并保存")
    expect(one.page.locator("#rows")).to_contain_text(WORDS)
    assert (logged(), kept(one.page)) == (1, "")


@pytest.mark.once
def test_what_one_person_typed_is_neither_sent_nor_shown_as_anothers(one, measure):
    one.go("/log/")
    one.page.fill("#quick [name=text]", WORDS)
    one.context.clear_cookies(name="sessionid")
    sign_in_elsewhere(one, "manager")
    one.press("保存", exact=True)
    one.page.wait_for_load_state()
    assert until(
        one.page,
        lambda: "没有提交任何内容" in one.page.locator("#messages").inner_text() or logged(),
    )
    assert logged() == 0
    one.go("/log/")
    expect(one.page.locator(".kept")).to_have_count(0)
    assert WORDS in kept(one.page)


# The admin


@pytest.mark.once
def test_words_of_the_admin_sent_after_the_end_are_stored_by_one_press(one, cast):
    cast.admin.set_password(PASSWORD)
    cast.admin.save()
    one.be(cast.admin)
    address = "/admin/directives/calendarday/add/"
    one.go(address)
    one.page.fill("#id_day", "2031-05-06")
    one.page.fill("#id_name", WORDS)
    expect(one.page.locator(BADGE)).to_contain_text("尚未保存")
    Session.objects.all().delete()
    one.page.locator("[name=_save]").click()
    one.page.fill("[name=login]", cast.admin.username)
    one.page.fill("[name=password]", PASSWORD)
    one.press("登录", exact=True)
    one.page.wait_for_url(f"{one.url}{address}")
    one.press("取回并保存")
    one.page.wait_for_url(f"{one.url}/admin/directives/calendarday/")
    assert (CalendarDay.objects.filter(name=WORDS).count(), kept(one.page)) == (1, "")


@pytest.mark.once
def test_rows_that_were_added_in_the_admin_come_back_with_what_was_chosen(one, cast):
    one.be(cast.admin)
    one.go(f"/admin/directives/user/{cast.staff.pk}/change/")
    rows = one.page.locator("#memberships-group tr.form-row:not(.empty-form)")
    before = rows.count()
    one.page.locator("#memberships-group .add-row a").click()
    row = rows.nth(before)
    row.locator("select[name$=-role]").select_option("viewer")
    row.locator(".select2-selection").click()
    one.page.locator(".select2-search__field").last.fill(cast.sibling.name_hans)
    one.page.locator(".select2-results__option", has_text=cast.sibling.name_hans).first.click()
    one.page.wait_for_timeout(400)
    one.page.on("dialog", lambda dialog: dialog.accept())
    one.page.reload()
    assert rows.count() == before
    one.press("取回", exact=True)
    assert rows.count() == before + 1
    assert rows.nth(before).locator("select[name$=-role]").input_value() == "viewer"
    chosen = rows.nth(before).locator(".select2-selection__rendered")
    expect(chosen).to_contain_text(cast.sibling.name_hans)
    one.page.locator("[name=_save]").click()
    one.page.wait_for_url(f"{one.url}/admin/directives/user/")
    assert kept(one.page) == ""


# Several forms, several tabs


@pytest.mark.once
def test_a_plan_is_not_handed_in_without_the_text_that_is_being_typed(one, measure):
    one.go(f"/plans/{measure.plan_id}/")
    one.page.fill("[name=summary]", WORDS)
    one.page.locator("#handin form button").last.click()
    expect(one.page.locator("#messages .kept")).to_contain_text("本页还有内容尚未保存")
    assert Plan.objects.get().state == "draft"
    one.press("查看未保存的内容")
    assert (
        one.page.evaluate("document.activeElement.form.getAttribute('action')")
        == f"/plans/{measure.plan_id}/save/"
    )
    one.press("保存文字")
    one.page.wait_for_load_state()
    assert until(one.page, lambda: Plan.objects.get().summary == WORDS)


@pytest.mark.once
def test_saving_the_text_of_a_plan_keeps_the_measure_that_is_begun(one, measure):
    one.go(f"/plans/{measure.plan_id}/")
    one.page.fill("#m-new [name=text]", WORDS)
    one.page.fill("[name=summary]", "先建机制")
    one.press("保存文字")
    expect(one.page.locator("#messages .kept")).to_contain_text("本页还有内容尚未保存")
    one.press("不带这些内容，继续")
    assert until(one.page, lambda: Plan.objects.get().summary == "先建机制")
    one.page.wait_for_load_state()
    expect(one.page.locator("#m-new .kept")).to_have_count(1)
    one.press("取回并保存")
    assert until(
        one.page,
        lambda: (
            one.page.locator("#m-new [name=text]").input_value() == WORDS
            or Measure.objects.count() == 2
        ),
    )


@pytest.mark.once
def test_two_tabs_keep_words_of_their_own_and_going_back_finds_them(one, measure):
    second = one.context.new_page()
    for page, words in ((one.page, WORDS), (second, "另一件事已办")):
        page.goto("/log/")
        page.fill("#quick [name=text]", words)
    one.page.wait_for_timeout(500)
    second.close()
    one.page.get_by_role("link", name="报告", exact=True).first.click()
    one.page.wait_for_url("**/reports/")
    one.page.go_back()
    one.page.wait_for_url("**/log/")
    typed, offers = one.page.locator("#quick [name=text]"), one.page.locator(".kept")
    # Some browsers fill in a form by themselves when they go back: then only the other tab's words
    # are offered.
    assert until(one.page, lambda: offers.count() == (1 if typed.input_value() == WORDS else 2))
    assert WORDS in kept(one.page) and "另一件事已办" in kept(one.page)


@pytest.mark.once
def test_leaving_with_unsaved_words_warns_and_saved_ones_let_go(one, measure):
    asked = []
    one.go("/log/")
    one.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    one.page.locator("#quick [name=text]").press_sequentially(WORDS)
    one.page.get_by_role("link", name="报告", exact=True).first.click()
    one.page.wait_for_url("**/reports/")
    assert asked == ["beforeunload"]
    one.go("/log/")
    one.press("取回")
    one.press("保存", exact=True)
    expect(one.page.locator("#rows")).to_contain_text(WORDS)
    assert asked == ["beforeunload"]


# No network


@pytest.mark.once
def test_without_a_network_the_badge_is_red_and_words_are_sent_when_it_is_back(one, office):
    one.go(office.url)
    entry = office.entries[0]
    with forgiven(one, "ERR_INTERNET_DISCONNECTED", "htmx:"):
        one.context.set_offline(True)
        one.page.locator(f"#e-{entry.pk} [name=progress]").fill(WORDS)
        one.page.keyboard.press("Tab")
        expect(one.page.locator(BADGE)).to_contain_text("网络已断开")
        assert one.page.locator("#saved").inner_text() == ""
        one.page.wait_for_timeout(500)
    one.context.set_offline(False)
    assert until(one.page, lambda: type(entry).objects.get(pk=entry.pk).progress == WORDS)
    expect(one.page.locator(BADGE)).to_have_count(0)


@pytest.mark.once
def test_a_form_pressed_without_a_network_is_sent_when_it_is_back(one, measure):
    one.go("/log/")
    one.page.fill("#quick [name=text]", WORDS)
    one.context.set_offline(True)
    one.press("保存", exact=True)
    expect(one.page.locator(BADGE)).to_contain_text("网络已断开")
    one.context.set_offline(False)
    expect(one.page.locator("#rows")).to_contain_text(WORDS)
    assert (logged(), kept(one.page)) == (1, "")


# Until they are thrown away


@pytest.mark.once
def test_words_go_after_a_week_or_by_a_press(one, measure):
    one.go("/log/")
    one.page.fill("#quick [name=text]", WORDS)
    assert until(one.page, lambda: WORDS in kept(one.page))
    one.go("/log/")
    expect(one.page.locator(".kept")).to_have_count(1)
    one.press("放弃")
    assert kept(one.page) == ""
    one.page.fill("#quick [name=text]", WORDS)
    assert until(one.page, lambda: WORDS in kept(one.page))
    one.page.evaluate(AGE)
    one.go("/log/")
    expect(one.page.locator(".kept")).to_have_count(0)
    assert kept(one.page) == ""


@pytest.mark.once
def test_words_that_met_another_version_stay_unsaved_until_one_is_chosen(cast, one, office):
    one.go(office.url)
    entry = office.entries[0]
    save_entry(
        entry=entry,
        fields=EntryFields(progress="别人写的"),
        version=entry.version,
        by=cast.manager,
        now=timezone.now(),
    )
    row = one.page.locator(f"#e-{entry.pk}")
    with forgiven(one, "409"):
        row.locator("[name=progress]").fill(WORDS)
        one.page.keyboard.press("Tab")
        row.locator(".clash").wait_for()
        assert until(one.page, lambda: WORDS in kept(one.page))  # it is kept when the typing pauses
        expect(one.page.locator(BADGE)).to_contain_text("尚未保存")
    row.locator(".clash").get_by_role("button", name="保留本人内容").click()
    expect(one.page.locator(BADGE)).to_have_count(0)
    assert kept(one.page) == ""
    assert type(entry).objects.get(pk=entry.pk).progress == WORDS
