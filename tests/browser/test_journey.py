"""From giving a directive out to an accepted report and a ledger in Excel.

Through the pages alone, as people do it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote_plus

from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Locator, expect

from directives import tallies
from directives.core import sealing
from directives.models import (
    Attachment,
    Document,
    Event,
    LogEntry,
    Notice,
    Obligation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
)
from tests.browser.conftest import NARROW, Desk

CODES = ("九.2.2", "九.3.3", "九.3.4")
OURS, OTHERS = "全国总工会", "共青团中央"
DID = "召开常委会会议审议重大事项报告办法，形成会议纪要"
MEASURE = "印发重大事项报告办法"
BETTER = "已印发办法并组织培训，覆盖全部产业工会。"
MENDED = f"{DID}。覆盖全部十个产业工会，名单附后。"
ASKED = "请写明覆盖了哪些产业工会，并附名单。"


def test_from_issuing_to_an_accepted_report_and_a_ledger(
    sample: Document, desk: Callable[..., Desk], tmp_path: Path
) -> None:
    supervisor, staff, manager = desk(), desk(), desk()
    for person, name in ((supervisor, "supervisor"), (staff, "staff"), (manager, "manager")):
        person.sign_in(name)

    assign(supervisor)
    assert list(owed()) == [("assigned", 2 * len(CODES))]
    acknowledge(staff)
    write_plan(staff)
    sign_plan(manager)
    accept_plan(supervisor)
    assert Plan.objects.get().state == "accepted"

    phone = desk(NARROW)
    phone.sign_in("staff")
    log_work(phone, tmp_path)
    open_cycle(supervisor)

    report = begin_report(staff)
    fill_in(staff)
    hand_in_a_part(staff)
    sign_report(manager, report)
    review(supervisor, report, back=CODES[0])
    mend(staff)
    sign_report(manager, report)
    accept_the_rest(supervisor, report)

    report.refresh_from_db()
    assert report.completed_at is not None
    assert set(report.entries.values_list("state", flat=True)) == {"accepted"}
    assert list(
        Submission.objects.filter(report=report).order_by("number").values_list("number", flat=True)
    ) == [1, 2]
    compare_ledger(supervisor, tmp_path)
    what_is_left()


def owed() -> list[tuple[str, int]]:
    """How many obligations stand in each state."""
    states = list(Obligation.objects.values_list("state", flat=True))
    return sorted((state, states.count(state)) for state in set(states))


def assign(desk: Desk) -> None:
    """Section 九, to two bodies, in three steps."""
    page = desk.page
    desk.go("/documents/")
    page.get_by_role("link", name=re.compile("关于加强和改进党的群团工作的意见")).first.click()
    page.get_by_role("link", name="交办任务").first.click()
    for code in CODES:
        page.locator("label.tick", has=page.get_by_text(code, exact=True)).get_by_role(
            "checkbox"
        ).check()
    # The kinds of bodies are folded; a reader unfolds the one that they want.
    kind = page.locator("details.group", has=page.locator("label.tick", has_text=OURS)).last
    kind.locator("summary").click()
    for name in (OURS, OTHERS):
        kind.get_by_label(name, exact=True).check()
    expect(page.locator(".handin [data-count=directive]")).to_have_text(str(len(CODES)))
    expect(page.locator(".handin [data-count=body]")).to_have_text("2")
    desk.press("下一步：确定要求")

    today = timezone.localdate()
    page.get_by_label("实施方案", exact=True).check()
    page.fill("[name=plan_due_on]", str(today + timedelta(days=20)))
    page.fill("[name=due_on]", str(today + timedelta(days=200)))
    desk.press("下一步：预览")

    expect(page.locator("td b.plus")).to_have_count(2 * len(CODES))
    assert Obligation.objects.count() == 0
    desk.press(f"确认交办 {2 * len(CODES)} 项")
    expect(page.locator("table.ledger tbody tr")).to_have_count(2 * len(CODES))


def acknowledge(desk: Desk) -> None:
    page = desk.page
    desk.go("/")
    page.locator(".todo li", has_text=f"{len(CODES)} 项待签收").get_by_role(
        "button", name="签收"
    ).click()
    expect(page.locator(".todo li", has_text="待签收")).to_have_count(0)
    assert owed() == [("acknowledged", len(CODES)), ("assigned", len(CODES))]


def write_plan(desk: Desk) -> None:
    """A plan with one measure that serves every directive; sent to the manager."""
    page = desk.page
    page.locator(".todo").get_by_role("link", name="编写方案").click()
    desk.press("编写方案")
    new = page.locator("#m-new")
    new.get_by_label("具体措施").fill(MEASURE)
    new.get_by_label("责任人").fill("办公厅")
    new.get_by_label("完成时限").fill(str(timezone.localdate() + timedelta(days=60)))
    boxes = new.get_by_role("checkbox")
    expect(boxes).to_have_count(len(CODES))  # few enough to stand unfolded
    for box in boxes.all():
        box.check()
    desk.press("添加这条措施")
    row = page.locator("tbody[id^=m]", has_text=MEASURE)
    expect(row.locator("a.code")).to_have_text(list(CODES))
    assert Plan.objects.get().measures.get().obligations.count() == len(CODES)
    page.locator("#handin").get_by_role("button", name="送审签").click()
    expect(page.locator("#handin")).to_contain_text("待审签")
    assert Plan.objects.get().state == "awaiting"


def sign_plan(desk: Desk) -> None:
    page = desk.page
    desk.go("/")
    page.locator(".todo").get_by_role("link", name="审签").click()
    page.locator("#handin").get_by_role("button", name="签发").first.click()
    expect(page.locator("#handin")).to_contain_text("已报送")
    assert Plan.objects.get().state == "submitted"


def accept_plan(desk: Desk) -> None:
    page = desk.page
    desk.go("/plans/")
    page.get_by_role("link", name=re.compile(OURS)).first.click()
    page.locator("#handin").get_by_role("link", name="审核").click()
    page.get_by_text("通过", exact=True).click()
    desk.press("提交审核结论")
    expect(page.locator("#messages, .notice").first).to_be_visible()


def log_work(desk: Desk, folder: Path) -> None:
    """On a phone: after the words, two presses; pick the measure, write it down.

    The file is chosen beside.
    """
    page = desk.page
    minutes = folder / "会议纪要.txt"
    minutes.write_text("会议纪要", encoding="utf-8")
    desk.go("/")
    page.locator("#quick textarea").fill(DID)
    page.locator("#quick [name=files]").set_input_files(minutes)
    before = desk.clicks()
    page.locator("#quick label", has=page.locator("[name=measure]")).filter(
        has_text=MEASURE[:6]
    ).click()
    page.locator("#quick").get_by_role("button", name="保存").click()
    expect(page.locator(".log")).to_contain_text(DID[:20])
    assert desk.clicks() - before == 2
    entry = LogEntry.objects.get()
    assert (entry.text, entry.on) == (DID, timezone.localdate())
    assert Attachment.objects.get().name == "会议纪要.txt"


def open_cycle(desk: Desk) -> None:
    page = desk.page
    desk.go("/documents/")
    page.get_by_role("link", name=re.compile("关于加强和改进党的群团工作的意见")).first.click()
    page.get_by_role("link", name="填报周期").click()
    page.fill("[name=opens_on]", str(timezone.localdate()))
    page.fill("[name=due_on]", str(timezone.localdate() + timedelta(days=15)))
    desk.press("开启填报周期")
    expect(page.locator("table.tbl tbody tr")).to_have_count(1)
    assert ProgressReport.objects.count() == 2


def row_of(desk: Desk, code: str) -> Locator:
    page = desk.page
    return page.locator("[data-entry]", has=page.get_by_role("link", name=code, exact=True))


def entry_of(code: str) -> ReportEntry:
    return ReportEntry.objects.get(obligation__directive__code=code)


def begin_report(desk: Desk) -> ProgressReport:
    """The entries are drafted from the log, with its very words."""
    page = desk.page
    desk.go("/reports/")
    page.get_by_role("button", name="开始填报").or_(
        page.get_by_role("button", name="开始", exact=True)
    ).first.click()
    for code in CODES:
        expect(row_of(desk, code).locator("[name=progress]")).to_have_value(re.compile(DID))
    return ProgressReport.objects.get(begun_at__isnull=False)


@contextmanager
def saving(desk: Desk, words: str) -> Iterator[None]:
    """Waits for the save that carries these words: the page sends it by itself."""
    with desk.page.expect_response(
        lambda answer: (
            "/entries/" in answer.url and words in unquote_plus(answer.request.post_data or "")
        )
    ):
        yield


def fill_in(desk: Desk) -> None:
    """Percentages for two entries; the second of them gets other words.

    Each save is confirmed on the page and found in the table.
    """
    page = desk.page
    for code, percent in zip(CODES, (40, 60), strict=False):
        row = row_of(desk, code)
        row.locator("input.pct").fill(str(percent))
        with saving(desk, f"下一步推进{code}"):
            row.locator("[name=next_steps]").fill(f"下一步推进{code}")
            page.keyboard.press("Tab")
        expect(row.locator(".stands .tag")).to_have_text("可报")
    row = row_of(desk, CODES[1])
    with saving(desk, BETTER):
        # No key more: it is saved while the field still has the focus.
        row.locator("[name=progress]").fill(BETTER)
    expect(row.locator("[id^=n-]")).to_contain_text("保存")
    expect(page.locator("#saved")).to_contain_text("已自动保存")
    entry = entry_of(CODES[1])
    assert (entry.progress, entry.percent, entry.next_steps) == (
        BETTER,
        60,
        f"下一步推进{CODES[1]}",
    )
    assert (entry_of(CODES[0]).percent, entry_of(CODES[2]).percent) == (40, None)


def hand_in_a_part(desk: Desk) -> None:
    """Two of the three are ready and go first."""
    page = desk.page
    page.locator("#handin").get_by_role("button", name="先送审签 2 项").click()
    expect(row_of(desk, CODES[0]).locator(".stands .tag")).to_have_text("待审签")
    assert [entry_of(code).state for code in CODES] == ["awaiting", "awaiting", "draft"]


def sign_report(desk: Desk, report: ProgressReport) -> None:
    page = desk.page
    waiting = report.entries.filter(state="awaiting").count()
    desk.go("/")
    page.locator(".todo").get_by_role("link", name="审签").click()
    page.locator("#handin").get_by_role("button", name=f"签发报送 {waiting} 项").click()
    page.wait_for_url("**/submissions/*/")
    assert report.entries.filter(state="awaiting").count() == 0


def review(desk: Desk, report: ProgressReport, back: str) -> None:
    """One entry is returned with its reason, the other accepted."""
    page = desk.page
    desk.go(f"/reports/{report.pk}/")
    page.locator("#handin").get_by_role("link", name="审核").click()
    lines = page.locator(".review > li")
    expect(lines).to_have_count(2)
    returned = lines.filter(has=page.get_by_role("link", name=back, exact=True))
    returned.locator("textarea").fill(ASKED)  # a reason chooses the return
    expect(returned.get_by_role("radio", name="退回")).to_be_checked()
    desk.press("其余全部通过")
    expect(page.locator(".review > li")).to_have_count(0)
    states = {code: entry_of(code).state for code in CODES}
    assert states == {code: "returned" if code == back else "accepted" for code in CODES[:2]} | {
        CODES[2]: "draft"
    }
    assert entry_of(back).reason == ASKED


def mend(desk: Desk) -> None:
    """The reason stands on My work and in the report.

    What was asked for is written, the last entry completed, all handed in.
    """
    page = desk.page
    desk.go("/")
    expect(page.locator(".todo", has_text=ASKED)).to_have_count(1)
    page.locator(".todo li", has_text=ASKED).get_by_role("link").last.click()
    row = row_of(desk, CODES[0])
    expect(row.locator("blockquote")).to_contain_text(ASKED)
    row.locator("[name=progress]").fill(MENDED)
    with saving(desk, "15"):
        row_of(desk, CODES[2]).locator("input.pct").fill("15")
        page.keyboard.press("Tab")
    expect(row.locator(".stands .tag")).to_have_text("可报")
    assert entry_of(CODES[0]).progress == MENDED
    page.locator("#handin").get_by_role("button", name="整份送审签 2 项").click()
    expect(row.locator(".stands .tag")).to_have_text("待审签")


def accept_the_rest(desk: Desk, report: ProgressReport) -> None:
    page = desk.page
    desk.go(f"/reports/{report.pk}/review/")
    expect(page.locator(".review > li")).to_have_count(2)
    desk.press("其余全部通过")
    expect(page.locator(".review > li")).to_have_count(0)
    desk.go(f"/reports/{report.pk}/")
    expect(page.locator("#handin")).to_contain_text("全部通过")


def compare_ledger(desk: Desk, folder: Path) -> None:
    """The workbook of a filtered list holds, line for line, what the page shows."""
    page = desk.page
    desk.go("/obligations/")
    expect(page.locator("table.ledger tbody tr")).to_have_count(2 * len(CODES))
    page.locator("#f-document").select_option(index=1)
    page.wait_for_url(re.compile(rf"document={Document.objects.get().pk}\b"))
    page.locator("#f-q").fill(OURS)
    page.locator("form.filters").get_by_role("button", name="搜索").click()
    expect(page.locator("table.ledger tbody tr")).to_have_count(len(CODES))
    with page.expect_download() as download:
        desk.follow("下载 Excel")
    file = folder / "ledger.xlsx"
    download.value.save_as(file)
    assert download.value.suggested_filename.endswith(".xlsx")
    _cover, sheet = load_workbook(file).worksheets
    head, *lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    place = {
        name: head.index(name)
        for name in (
            "文件条款",
            "责任（配合）单位",
            "亮灯",
            "完成状态",
            "完成比例",
            "完成时限",
            "进展情况",
        )
    }
    wanted = ("文件条款", "责任（配合）单位", "亮灯", "完成状态", "完成比例")
    told = [[line[place[name]] for name in wanted] for line in lines]
    assert told == [line_of(row) for row in page.locator("table.ledger tbody tr").all()]
    assert [line[place["完成比例"]] for line in lines] == [0.4, 0.6, 0.15]
    assert lines[1][place["进展情况"]] == BETTER
    assert [line[place["完成时限"]].date() for line in lines] == [
        timezone.localdate() + timedelta(days=200)
    ] * len(CODES)


def line_of(row: Locator) -> list[object]:
    """A line of the page as the workbook would hold it."""
    cells = {
        name: row.locator(name).inner_text().strip()
        for name in (".code", ".of", ".why-col .light", ".why-col .why")
    }
    state, percent = (
        row.locator("td.nb").first.inner_text(),
        row.locator("td.num").first.inner_text(),
    )
    body, part = cells[".of"].split()
    return [
        cells[".code"],
        body if part == "责任" else f"{body}（{part}）",
        f"{cells['.why-col .light']}：{cells['.why-col .why']}",
        state.strip(),
        int(percent.strip().removesuffix("%")) / 100,
    ]


def what_is_left() -> None:
    """The counts hold, the record is whole, and every step stands in it."""
    assert tallies.drift() == []
    sealing.seal(now=timezone.now())
    assert sealing.verify() == []
    done = set(Event.objects.values_list("action", flat=True))
    assert {
        "issue",
        "acknowledge",
        "ask_signature",
        "sign",
        "accept",
        "return",
        "open_cycle",
    } <= done
    assert Notice.objects.filter(user__username="staff").exists()
    assert isinstance(LogEntry.objects.get().on, date)
