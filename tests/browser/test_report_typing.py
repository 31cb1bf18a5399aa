"""Typing a report in a browser.

Saved as it is typed, focus kept, two people's words side by side, nothing lost at hand-in.
"""

import pytest
from playwright.sync_api import expect

from directives.models import ReportEntry
from tests.browser.conftest import forgiven, until
from tests.reports.test_report_pages import Office


@pytest.fixture
def office(live_server, cast):
    return Office(cast)


@pytest.fixture
def open_report(office, desk):
    """The report at a desk of its own, signed in as a person."""

    def open_as(user, width=1440):
        one = desk({"width": width, "height": 900})
        one.be(user)
        one.go(office.url)
        return one

    return open_as


def row(page, entry):
    return page.locator(f"#e-{entry.pk}")


def stored(entry):
    return ReportEntry.objects.get(pk=entry.pk)


def said(entry):
    """What stands in the place of progress."""
    return ReportEntry.objects.values_list("unchanged", "unchanged_reason", "percent").get(
        pk=entry.pk
    )


@pytest.mark.once  # what keys and focus do; tests/reports saves on both engines
def test_words_are_saved_as_they_are_typed_and_the_focus_stays(cast, office, open_report):
    page, entry = open_report(cast.staff).page, office.entries[0]
    words = row(page, entry).locator("[name=progress]")
    words.press_sequentially("已印发办法")
    row(page, entry).get_by_text("待补： 完成比例").wait_for()
    # On a slow machine it was saved before the last word already.
    assert until(page, lambda: stored(entry).progress == "已印发办法")
    assert words.input_value() == "已印发办法"
    assert page.evaluate("document.activeElement.id") == f"w-{entry.pk}"
    row(page, entry).locator("[name=percent]").fill("40")
    page.keyboard.press("Control+Enter")
    row(page, entry).get_by_text("可报").wait_for()
    assert page.evaluate("document.activeElement.id") == f"w-{office.entries[1].pk}"
    # The counts follow when the typing pauses.
    expect(page.locator("#chips")).to_contain_text("可报 1")


@pytest.mark.once  # what keys and focus do; tests/reports saves on both engines
def test_what_the_pause_in_typing_has_saved_is_not_sent_again_on_leaving_the_field(
    cast, office, open_report
):
    page, entry = open_report(cast.staff).page, office.entries[0]
    sent = []
    page.on("request", lambda request: "/save/" in request.url and sent.append(request.url))
    row(page, entry).locator("[name=progress]").fill("已印发办法")
    row(page, entry).get_by_text("待补： 完成比例").wait_for()
    page.keyboard.press("Tab")
    page.wait_for_timeout(1000)  # leaving a field sends after 0.2 s
    assert len(sent) == 1


@pytest.mark.once  # what keys and focus do; tests/reports saves on both engines
def test_alt_n_folds_the_row_and_asks_why(cast, office, open_report):
    page, entry = open_report(cast.staff).page, office.entries[0]
    row(page, entry).locator("[name=progress]").focus()
    page.keyboard.press("Alt+n")
    reason = page.locator(f"#r-{entry.pk}")
    reason.wait_for()
    reason.fill("本季度无节点")
    row(page, entry).locator("[name=percent]").fill("10")
    page.keyboard.press("Tab")
    row(page, entry).locator(".tag", has_text="无变化").wait_for()
    assert until(page, lambda: said(entry) == (True, "本季度无节点", 10))


def test_two_people_on_one_entry_see_both_versions(cast, office, open_report):
    desks, entry = [open_report(person) for person in (cast.staff, cast.manager)], office.entries[0]
    staff, manager = (one.page for one in desks)
    with forgiven(desks[0], "409"), forgiven(desks[1], "409"):
        both_versions(staff, manager, entry)
    assert stored(entry).problems == ""


def both_versions(staff, manager, entry):
    row(manager, entry).locator("[name=progress]").fill("负责人写的")
    manager.keyboard.press("Tab")
    row(manager, entry).get_by_text("待补： 完成比例").wait_for()
    row(staff, entry).locator("[name=progress]").fill("填报员写的")
    staff.keyboard.press("Tab")
    clash = row(staff, entry).locator(".clash")
    clash.wait_for()
    assert "负责人写的" in clash.inner_text() and "填报员写的" in clash.inner_text()
    assert stored(entry).progress == "负责人写的"
    clash.get_by_role("button", name="保留本人内容").click()
    clash.wait_for(state="detached")
    assert stored(entry).progress == "填报员写的"
    row(manager, entry).locator("[name=problems]").fill("还有问题")
    manager.keyboard.press("Tab")
    row(manager, entry).locator(".clash").get_by_role("link", name="采用对方内容").click()
    row(manager, entry).locator(".clash").wait_for(state="detached")
    assert row(manager, entry).locator("[name=progress]").input_value() == "填报员写的"


def test_handing_in_first_saves_what_is_being_typed(cast, office, open_report):
    office.write(cast.staff)
    page, entry = open_report(cast.manager, width=390).page, office.entries[0]
    row(page, entry).locator(".unfold").click()  # on a phone a ready entry is folded
    row(page, entry).locator("[name=progress]").fill("最后一句")
    page.evaluate("document.querySelector('#handin form[data-leave]').requestSubmit()")
    page.wait_for_url("**/submissions/*/")
    assert "最后一句" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
