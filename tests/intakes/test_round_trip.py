"""The ledger goes out, 500 of its cells are edited as in Excel: exactly these 500 change."""

import io
from datetime import date

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from directives import tallies
from directives.core.transitions import change_obligations
from directives.intakes import applying, undoing
from directives.models import Addressee, Event, IntakeRow, Obligation, ReportEntry
from directives.models.intakes import APPLIED, CHECKED, UNDONE
from tests.factories import (
    NOW,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

TERMS = ("part", "deliverable", "leader", "contact", "note", "starts_on", "plan_due_on", "due_on")
BODIES, CLAUSES = 40, 5  # 200 lines


@pytest.fixture
def document(cast):
    section = make_section(make_document(script="hant"), number="結")
    clauses = [
        make_directive(section, code=f"結.1.{number}", text=f"要建立第{number}項制度。")
        for number in range(CLAUSES)
    ]
    for number in range(BODIES):
        body = make_body(f"{number:03}", parent=cast.centre)
        for place, clause in enumerate(clauses):
            fields = {
                "leader": f"=领导{number}",
                "contact": "010-1234",
                "note": "与规划\n一致" if place else "",
                "part": "lead",
            }
            make_obligation(clause, body, **fields)
    return section.document


def taken(client, document):
    """The ledger as the page gives it, in a spreadsheet: the sheet, its columns by heading."""
    answer = client.get(reverse("obligations"), {"document": document.pk, "export": "xlsx"})
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = next(sheet for sheet in book if sheet.max_column >= 18)
    head = next(row for row in sheet.iter_rows() if [cell.value for cell in row].count("版本"))
    return book, sheet, head[0].row, {cell.value: cell.column for cell in head}


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def stood():
    return {
        row.pk: {name: getattr(row, name) for name in TERMS} for row in Obligation.objects.all()
    }


def edited(sheet, first, columns, cells):
    """Change so many cells, column by column; what each obligation is to say then."""
    wanted, values = (
        {},
        {"责任领导": "周启明", "责任人及电话": None, "完成时限": date(2027, 6, 30), "备注": "已改"},
    )
    names = {"责任领导": "leader", "责任人及电话": "contact", "完成时限": "due_on", "备注": "note"}
    lines = [
        line
        for line in range(first + 1, sheet.max_row + 1)
        if sheet.cell(line, columns["系统编号"]).value
    ]
    places = [(heading, line) for heading in values for line in lines][:cells]
    for heading, line in places:
        sheet.cell(line, columns[heading]).value = values[heading]
        pk = int(sheet.cell(line, columns["系统编号"]).value)
        wanted.setdefault(pk, {})[names[heading]] = values[heading] or ""
    return wanted


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_exactly_the_edited_cells_change(
    cast, document, sign_in, bring, django_capture_on_commit_callbacks, language
):
    client = sign_in(cast.supervisor, language)
    book, sheet, first, columns = taken(client, document)
    if language == "zh-hant":
        assert bring(
            cast.supervisor, saved(book), name="台帳.xlsx", kind="obligations", document=document.pk
        ).counts == {"same": 200}
        return
    wanted, before = edited(sheet, first, columns, 500), stood()
    assert sum(map(len, wanted.values())) == 500
    intake = bring(
        cast.supervisor, saved(book), name="台账.xlsx", kind="obligations", document=document.pk
    )
    assert (intake.state, intake.counts) == (CHECKED, {"changed": 200})
    rows = IntakeRow.objects.filter(intake=intake, verdict="changed")
    assert sum(len(row.after) for row in rows) == 500
    with django_capture_on_commit_callbacks(execute=True):
        applying.apply(intake, by=cast.supervisor, now=NOW)
    intake.refresh_from_db()
    assert (intake.state, intake.fault) == (APPLIED, "")
    after = stood()
    changed = {(pk, name) for pk in after for name in TERMS if after[pk][name] != before[pk][name]}
    assert changed == {(pk, name) for pk, fields in wanted.items() for name in fields}
    assert all(
        after[pk][name] == value for pk, fields in wanted.items() for name, value in fields.items()
    )
    assert Event.objects.filter(subject_type="obligation", action="import").count() == len(wanted)
    assert tallies.drift() == []
    with django_capture_on_commit_callbacks(execute=True):
        undoing.undo(intake, by=cast.supervisor, now=NOW)
    intake.refresh_from_db()
    assert (intake.state, stood()) == (UNDONE, before)


def test_a_ledger_that_was_not_edited_changes_nothing(cast, document, sign_in, bring):
    book, *_rest = taken(sign_in(cast.supervisor), document)
    change_obligations(
        Obligation.objects.select_related("organisation")[:50],
        {"leader": "新领导"},
        action="change",
        by=None,
        now=NOW,
    )
    intake = bring(
        cast.supervisor, saved(book), name="台账.xlsx", kind="obligations", document=document.pk
    )
    assert (intake.state, intake.counts) == (CHECKED, {"same": 200})


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
@pytest.mark.parametrize("kind", ["bodies", "measures", "entries", "directives"])
def test_other_lists_that_come_back_unedited_change_nothing(cast, sign_in, bring, kind, language):
    section = make_section(make_document(), number="九")
    row = make_obligation(make_directive(section, code="九.1.1"), cast.body)
    name = {"name": "全国总工会", "name_hans": "全国总工会", "name_hant": "全國總工會"}
    Addressee.objects.create(directive=row.directive, order=0, basis="inferred", **name)
    plan = make_plan(cast.body, section.document)
    make_measure(
        plan, row, number=1, text="印发实施办法", responsible="办公厅", due_on=date(2026, 12, 1)
    )
    report = make_report(cast.body, make_cycle(section.document), row)
    ReportEntry.objects.update(progress="=已开展", percent=40, unchanged_reason="")
    who, address, place = {
        "bodies": (cast.supervisor, reverse("organisations"), {}),
        "measures": (
            cast.staff,
            reverse("plan", args=[plan.pk]),
            {"document": plan.document_id, "organisation": cast.body.pk},
        ),
        "entries": (
            cast.staff,
            reverse("report", args=[report.pk]),
            {"cycle": report.cycle_id, "organisation": cast.body.pk},
        ),
        "directives": (
            cast.supervisor,
            reverse("document", args=[plan.document_id]),
            {"document": plan.document_id},
        ),
    }[kind]
    answer = sign_in(who, language).get(address, {"export": "xlsx"})
    data = b"".join(answer.streaming_content)
    intake = bring(
        cast.admin if kind == "bodies" else who, data, name="表.xlsx", kind=kind, **place
    )
    faults = [fault for row in IntakeRow.objects.filter(intake=intake) for fault in row.faults]
    unknown = [column[1] for table in intake.tables for column in table["columns"] if not column[3]]
    assert (unknown, intake.state, faults, set(intake.counts)) == ([], CHECKED, [], {"same"})


def test_cells_that_only_go_out_are_told_of_where_somebody_edited_them(
    cast, document, sign_in, bring
):
    book, sheet, first, columns = taken(sign_in(cast.supervisor), document)
    lines = [
        line
        for line in range(first + 1, sheet.max_row + 1)
        if sheet.cell(line, columns["系统编号"]).value
    ]
    edits = {
        "亮灯": ("逾期", 4),
        "完成状态": ("已销号", 1),
        "完成比例": (0.9, 2),
        "重点任务": ("另一件事", 1),
        "责任（配合）单位": ("某单位", 1),
    }
    for heading, (value, count) in edits.items():
        for line in lines[:count]:
            sheet.cell(line, columns[heading]).value = value
    change_obligations(
        Obligation.objects.filter(pk=sheet.cell(lines[1], columns["系统编号"]).value),
        {"percent": 10},
        action="change",
        by=None,
        now=NOW,
    )
    intake = bring(
        cast.supervisor, saved(book), name="台账.xlsx", kind="obligations", document=document.pk
    )
    assert intake.counts == {"same": 200}
    letters = {heading: sheet.cell(first, columns[heading]).column_letter for heading in edits}
    lights = [f"{letters['亮灯']}{line}" for line in lines[:4]]
    percents = [f"{letters['完成比例']}{lines[0]}", f"{letters['完成比例']}{lines[1]}"]
    told = {
        group["heading"]: (group["count"], group["places"]) for group in intake.untaken["groups"]
    }
    single = {
        heading: (1, [f"{letters[heading]}{lines[0]}"])
        for heading in ("完成状态", "重点任务", "责任（配合）单位")
    }
    assert told == single | {"亮灯": (4, lights), "完成比例": (2, percents)}
