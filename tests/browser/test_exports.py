"""Taking lists away as people do it.

Columns chosen with the keyboard alone and without scripts, a long file watched until it is ready.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from openpyxl import load_workbook
from playwright.sync_api import expect

from directives.core import jobs
from directives.downloads import exporting
from directives.models import Export, ListChoice, User
from tests.browser.conftest import NARROW, WIDE, Desk
from tests.browser.test_axe import Setting, violations
from tests.browser.test_pages import faults_of, tab_to
from tests.browser.world import World

COLUMNS = "/exports/columns/ledger/?next=/obligations/"


def headings(path: Path) -> list[str]:
    return [cell.value for cell in load_workbook(path).worksheets[1][1]]


@pytest.fixture
def files(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.mark.once
def test_columns_are_chosen_with_the_keyboard_alone(
    world: World, desk: Callable[..., Desk], tmp_path: Path
) -> None:
    one = desk()
    one.be(User.objects.get(username="supervisor"))
    page = one.page
    one.go(COLUMNS)
    for untick in ("number", "clause"):
        tab_to(page, f"input[value={untick}]", most=80)
        page.keyboard.press("Space")
    tab_to(page, "li:has([value=items]) [data-move='-1']", most=80)
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("现为第几列： 3")
    expect(page.locator("li:has([value=items]) [data-move='-1']")).to_be_focused()
    tab_to(page, "button[value=xlsx]", most=120)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "ledger.xlsx")
    assert headings(tmp_path / "ledger.xlsx")[:3] == ["分项", "重点任务", "具体措施"]
    assert one.clicks() == 0
    assert ListChoice.objects.get().columns[:2] == ["items", "directive"]


@pytest.mark.once
def test_columns_are_chosen_without_scripts(world: World, desk: Callable[..., Desk]) -> None:
    one = desk(NARROW, java_script_enabled=False)
    one.be(User.objects.get(username="supervisor"))
    page = one.page
    one.go(COLUMNS)
    expect(page.locator("[data-move]").first).to_be_hidden()
    page.fill("[name=at-percent]", "0")
    one.press("保存", exact=True)
    page.wait_for_url("**/obligations/")
    assert ListChoice.objects.get().columns[0] == "percent"


def test_a_long_file_is_watched_until_it_is_ready(
    world: World,
    desk: Callable[..., Desk],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: None,
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE_ROWS", 5)
    one = desk()
    one.be(User.objects.get(username="supervisor"))
    page = one.page
    one.go("/obligations/")
    one.follow("下载 Excel")
    one.press("生成导出文件")
    expect(page.locator("#export h2")).to_have_text("等待中")
    jobs.run("export", Export.objects.get().pk)
    # Without a press: the page looks by itself.
    expect(page.locator("#export h2")).to_have_text("可下载")
    with page.expect_download() as download:
        one.follow("下载")
    assert download.value.suggested_filename.startswith("责任事项台账")
    download.value.save_as(tmp_path / "long.xlsx")
    assert (
        load_workbook(tmp_path / "long.xlsx").worksheets[1].max_row
        == Export.objects.get().total + 1
    )
    one.go("/exports/")
    one.press("删除")
    expect(page.locator(".empty")).to_be_visible()
    assert Export.objects.count() == 0


@pytest.mark.once
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_the_pages_of_files(
    language: str, world: World, desk: Callable[..., Desk], files: None
) -> None:
    one = desk(language=language)
    boss = User.objects.get(username="supervisor")
    one.be(boss)
    row = Export.objects.create(
        by=boss,
        list="ledger",
        format="xlsx",
        language=language,
        asked_at=world.plan.created_at,
        state="running",
        done=2500,
        total=10_000,
        started_at=world.plan.created_at,
        told=[["亮灯", "逾期"]],
    )
    pages = [
        f"/exports/{row.pk}/",
        "/exports/",
        "/exports/new/?list=ledger&format=csv&query=light%3Dred",
        COLUMNS,
        "/exports/columns/matrix/",
    ]
    faults = [fault for path in pages for fault in faults_of(one, path)]
    faults += [
        fault
        for path in pages
        for fault in violations(one, path, Setting(language, WIDE, "light", False))
    ]
    assert faults == [], "\n".join(faults)
    assert not default_storage.exists("exports")
