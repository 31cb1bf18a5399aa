"""Every role's main pages, wide and narrow.

Nothing breaks, nothing sticks out, nothing is left in English, everybody can use them.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from directives.models import Document, LogEntry, Obligation, ReportEntry, User
from tests.browser.conftest import NARROW, PASSWORD, WIDE, Desk, forgiven
from tests.browser.test_axe import Setting, violations
from tests.browser.world import World

# What a Chinese page may say in Latin letters: file types, keys, the switch of languages, sizes,
# encodings.
LATIN = {
    "Excel",
    "Word",
    "WPS",
    "CSV",
    "PDF",
    "EN",
    "English",
    "Tab",
    "Ctrl",
    "Enter",
    "Alt",
    "xlsx",
    "csv",
    "txt",
    "pdf",
    "docx",
    "KB",
    "MB",
    "bytes",
    "UTF",
    "GB",
    "Big",
}
USERNAMES = {"staff", "manager", "supervisor", "viewer", "admin", "auditor"}
# All that can be read or heard, but for the words of the source as they were saved: their damage
# holds pinyin.
SEEN = """() => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const told = [document.title];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const place = texts.currentNode.parentElement;
    if (place.checkVisibility() && !place.closest(".src, del, script"))
      told.push(texts.currentNode.data);
  }
  for (const one of document.body.querySelectorAll(":not(mark)")) {
    for (const name of ["title", "aria-label", "placeholder", "alt"])
      told.push(one.getAttribute(name) || "");
  }
  return told.join("\\n");
}"""


def shared(world: World) -> list[str]:
    """Pages that everybody has."""
    document, directive = f"/documents/{world.document.pk}/", f"/directives/{world.directive.pk}/"
    return [
        *(
            "/",
            "/notices/",
            "/dashboard/",
            "/documents/",
            document,
            f"{document}matrix/",
            directive,
            "/obligations/",
            "/plans/",
            "/log/",
        ),
        *(
            "/reports/",
            "/organisations/",
            f"/organisations/{world.body.pk}/",
            "/events/",
            "/help/",
            "/help/lights/",
        ),
    ]


def filed(world: World) -> list[str]:
    """Pages of what a body has handed in."""
    return [
        *(
            f"/obligations/{world.obligation.pk}/",
            f"/plans/{world.plan.pk}/",
            f"/reports/{world.report.pk}/",
        ),
        f"/submissions/{world.submission.pk}/",
    ]


def pages_of(role: str, world: World) -> list[str]:
    if role == "auditor":
        return ["/", "/notices/", "/events/", "/exports/", "/help/", "/help/lights/"]
    document = f"/documents/{world.document.pk}/"
    own = {
        "supervisor": [
            *(
                f"/reports/{world.report.pk}/review/",
                f"/plans/{world.plan.pk}/review/",
                f"{document}issue/",
                f"{document}cycles/new/",
            ),
            *("/documents/new/", f"/directives/{world.directive.pk}/correct/"),
        ],
    }
    return shared(world) + (filed(world) if role != "admin" else []) + own.get(role, [])


ROLES = (
    ("staff", "zh-hans"),
    ("manager", "zh-hant"),
    ("supervisor", "zh-hans"),
    ("viewer", "zh-hant"),
    ("admin", "zh-hans"),
    ("auditor", "zh-hant"),
)


@pytest.mark.once
def test_the_pages_of_each_role(world: World, desk: Callable[..., Desk]) -> None:
    faults = []
    for role, language in ROLES:
        one = desk(WIDE, language)
        one.be(User.objects.get(username=role))
        faults += [
            f"{role}: {fault}" for path in pages_of(role, world) for fault in faults_of(one, path)
        ]
    assert faults == [], "\n".join(faults)


def faults_of(desk: Desk, path: str) -> list[str]:
    """What is wrong with a page.

    Its status, things that stick out at either width, words in English.
    """
    page, faults = desk.page, []
    page.set_viewport_size(NARROW)
    if (status := desk.go(path)) != 200:
        faults.append(f"{path}: HTTP {status}")
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > size["width"]:
            faults.append(f"{path}: {width} px wide at {size['width']}")
    return faults + [f"{path}: says {word}" for word in english(page)]


def english(page: Page) -> list[str]:
    words = set(re.findall(r"[A-Za-z][A-Za-z']+", page.evaluate(SEEN)))
    return sorted(words - LATIN - USERNAMES)


@pytest.mark.once
def test_the_page_before_the_door(sample: Document, desk: Callable[..., Desk]) -> None:
    for language in ("zh-hans", "zh-hant"):
        assert faults_of(desk(WIDE, language), "/accounts/login/") == []


@pytest.mark.once
def test_wcag(world: World, desk: Callable[..., Desk]) -> None:
    """Work in hand: a report that was begun, a plan that waits, an obligation of today.

    tests/browser/test_axe.py has every page.
    """
    one = desk()
    found = list(violations(one, "/accounts/login/", Setting("zh-hans", WIDE, "light", False)))
    for role, size in (("staff", NARROW), ("supervisor", WIDE)):
        one.be(User.objects.get(username=role))
        found += [
            line
            for path in chosen(role, world)
            for line in violations(one, path, Setting("zh-hans", size, "light", False))
        ]
    assert found == [], "\n".join(found)


def chosen(role: str, world: World) -> list[str]:
    document = f"/documents/{world.document.pk}/"
    if role == "staff":
        return [
            "/",
            f"/reports/{world.report.pk}/",
            f"/plans/{world.plan.pk}/",
            "/log/",
            f"/obligations/{world.fresh.pk}/",
        ]
    return [
        *(
            "/dashboard/",
            "/obligations/",
            document,
            f"{document}matrix/",
            f"/reports/{world.report.pk}/review/",
            f"{document}issue/",
        ),
        *("/organisations/", "/reports/"),
    ]


@pytest.mark.once
def test_the_search_is_reached_on_a_phone(world: World, desk: Callable[..., Desk]) -> None:
    one = desk(NARROW)
    one.be(User.objects.get(username="staff"))
    one.go("/")
    assert one.page.locator(".seek > summary").is_visible()
    one.page.locator(".seek > summary").click()
    one.page.fill("#q-small", "九.2.2")
    one.page.locator(".seek").get_by_role("button", name="搜索").click()
    expect(one.page).to_have_url(re.compile(r"/obligations/\?q="))
    expect(one.page.locator("main")).to_contain_text("九.2.2")


@pytest.mark.once
def test_without_scripts(world: World, desk: Callable[..., Desk]) -> None:
    """Receipt, an entry and the log need no JavaScript."""
    one = desk(NARROW, java_script_enabled=False)
    one.be(User.objects.get(username="staff"))
    page = one.page
    one.go("/")
    with page.expect_navigation():
        page.locator(".todo").get_by_role("button", name="签收").click()
    assert Obligation.objects.get(pk=world.fresh.pk).state == "acknowledged"

    one.go(f"/reports/{world.report.pk}/")
    row = page.locator(f"#e-{world.entry.pk}")
    row.locator("[name=progress]").fill("没有脚本也能填")
    row.locator("input.pct").fill("35")
    with page.expect_navigation():
        row.get_by_role("button", name="保存").click()
    expect(page.locator(f"#w-{world.entry.pk}")).to_have_value("没有脚本也能填")
    entry = ReportEntry.objects.get(pk=world.entry.pk)
    assert (entry.progress, entry.percent) == ("没有脚本也能填", 35)

    one.go("/")
    page.locator("#quick textarea").fill("没有脚本也能记")
    with page.expect_navigation():
        page.locator("#quick").get_by_role("button", name="保存").click()
    assert LogEntry.objects.latest("pk").text == "没有脚本也能记"


@pytest.mark.once
def test_with_the_keyboard_alone(world: World, desk: Callable[..., Desk]) -> None:
    """Sign in, pass the menu by the first link, and acknowledge: no mouse."""
    one = desk()
    page = one.page
    one.go("/accounts/login/")
    tab_to(page, "[name=login]")
    page.keyboard.type("staff")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{one.url}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, ".todo form[action='/obligations/acknowledge/'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".todo form[action='/obligations/acknowledge/']")).to_have_count(0)
    assert Obligation.objects.get(pk=world.fresh.pk).state == "acknowledged"
    assert one.clicks() == 0


def tab_to(page: Page, target: str, most: int = 40) -> None:
    """Press Tab until the thing has the focus; it must be reachable, and shown while it has it."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("target => document.activeElement.matches(target)", target):
            return
    raise AssertionError(f"{target} was not reached by {most} presses of Tab")


def test_two_people_on_one_entry(world: World, desk: Callable[..., Desk]) -> None:
    """The second sees both versions, nothing is overwritten.

    The page can still hand in after a row was drawn anew.
    """
    first, second = desk(), desk()
    for one, name in ((first, "manager"), (second, "staff")):
        one.be(User.objects.get(username=name))
        one.go(f"/reports/{world.report.pk}/")
    for one, text, percent in ((first, "负责人先写的", "41"), (second, "填报员后写的", "42")):
        row = one.page.locator(f"#e-{world.entry.pk}")
        row.locator("[name=progress]").fill(text)
        row.locator("input.pct").fill(percent)
        with forgiven(one, "409"):
            one.page.keyboard.press("Tab")
            expect(row.locator(".clash" if one is second else ".stands .tag")).to_contain_text(
                "负责人先写的" if one is second else "可报"
            )
    clash = second.page.locator(f"#e-{world.entry.pk} .clash")
    expect(clash).to_contain_text("填报员后写的")
    entry = ReportEntry.objects.get(pk=world.entry.pk)
    assert (entry.progress, entry.percent) == ("负责人先写的", 41)
    clash.get_by_role("link", name="采用对方内容").click()
    expect(second.page.locator(f"#w-{world.entry.pk}")).to_have_value("负责人先写的")
    second.page.locator("#handin").get_by_role("button", name="先送审签").click()
    expect(second.page.locator(f"#e-{world.entry.pk} .stands .tag")).to_have_text("待审签")
    assert ReportEntry.objects.get(pk=world.entry.pk).state == "awaiting"
