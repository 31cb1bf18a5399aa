"""After a table was applied through its pages, dashboard, ledger and `tallies --check` agree."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from directives import tallies
from directives.models import Document, Intake, Obligation, Organisation, User
from directives.models.intakes import APPLIED, APPLYING, CHECKED, CHECKING
from tests.factories import make_directive, make_member, make_obligation, make_section, make_user
from tests.intakes.test_round_trip import saved, taken

BODIES, TASKS = 17, 2  # 34 pairs


@pytest.fixture
def bring(transactional_db: None, sign_in: Callable, key: Callable) -> Callable[..., Intake]:
    """Bring a table in by the forms of its pages, and have the worker do what they leave to it."""

    def settled(intake: Intake, busy: str) -> Intake:
        intake.refresh_from_db()
        if intake.state == busy:
            call_command("worker", once=True)
            intake.refresh_from_db()
        return intake

    def imported(by: User, kind: str, data: bytes, name: str = "表.csv", **place: int) -> Intake:
        client = sign_in(by)
        client.post(
            reverse("intake_upload", args=[kind]),
            key() | {"file": SimpleUploadedFile(name, data), **place},
        )
        intake = settled(Intake.objects.latest("pk"), CHECKING)
        assert intake.state == CHECKED
        client.post(reverse("intake_apply", args=[intake.pk]), key() | {"version": intake.version})
        return settled(intake, APPLYING)

    return imported


def table(*rows: Sequence[object]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def test_a_ledger_that_comes_back_with_another_day_is_counted(bring, cast, sign_in):
    rows = [
        make_obligation(make_directive(make_section()), body) for body in (cast.body, cast.child)
    ]
    document = rows[0].document
    book, sheet, head, columns = taken(sign_in(cast.supervisor), document)
    ids = {
        str(sheet.cell(line, columns["系统编号"]).value): line
        for line in range(head + 1, sheet.max_row + 1)
    }
    line = ids[str(rows[0].pk)]
    sheet.cell(line, columns["完成时限"]).value = date(2036, 6, 30)
    intake = bring(
        cast.supervisor, "obligations", saved(book), name="台账.xlsx", document=document.pk
    )
    assert (intake.state, intake.done, Obligation.objects.get(pk=rows[0].pk).due_on) == (
        APPLIED,
        1,
        date(2036, 6, 30),
    )
    assert tallies.drift() == []


def test_what_an_empty_office_assigns_by_table_is_everywhere_at_once(bring, sign_in):
    admin = make_user("admin", is_staff=True, is_superuser=True)
    codes = [f"Q{number:02}" for number in range(BODIES)]
    bodies = [["C0", "总部", ""], *([code, f"{code}局", "C0"] for code in codes)]
    bring(admin, "bodies", table(["单位编码", "单位名称", "上级单位"], *bodies))
    supervisor = make_member(Organisation.objects.get(code="C0"), "supervisor")
    tasks = [["工作意见", f"1.{number}", f"做好第{number}件事。"] for number in range(1, TASKS + 1)]
    bring(supervisor, "tasks", table(["文件名称", "任务编号", "任务内容"], *tasks))
    document = Document.objects.get()
    pairs = [[task[1], code, "2036-06-30"] for code in codes for task in tasks]
    ledger = table(["条款编号", "责任单位", "完成时限"], *pairs)
    intake = bring(supervisor, "obligations", ledger, document=document.pk)
    assert (intake.state, intake.done, Obligation.objects.count()) == (
        APPLIED,
        BODIES * TASKS,
        BODIES * TASKS,
    )
    client = sign_in(supervisor)
    board = client.get(reverse("dashboard"), {"document": document.pk}).context["board"]
    lines = client.get(reverse("obligations"), {"document": document.pk}).context["rows"]
    assert (board.lights.total, len(lines), tallies.drift()) == (BODIES * TASKS, BODIES * TASKS, [])
