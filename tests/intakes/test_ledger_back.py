"""The ledger comes back edited: each cell that differs is taken over, or told of.

What is told is why not, and where the cell is edited.
"""

import re
from datetime import date

import pytest

from directives import tallies
from directives.base.workdays import Workdays
from directives.core.transitions import change_obligations
from directives.intakes import applying
from directives.models import Event, IntakeRow, Obligation, ProgressReport, ReportEntry
from directives.models.intakes import APPLIED, CHECKED, UNDONE
from directives.obligations.exports.ledger import Today, columns
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)
from tests.intakes.test_round_trip import saved, taken

WORDS = {
    "progress": "已印发办法",
    "problems": "=人手不足",
    "next_steps": "抓好\n落实",
    "percent": 80,
}


@pytest.fixture
def rows(cast):
    """Two obligations of one organisation and one of another, with words, items and measures."""
    section = make_section(
        make_document(
            title="关于工作的意见", title_hans="关于工作的意见", title_hant="關於工作的意見"
        ),
        number="九",
    )
    one = make_directive(section, code="九.1.1", items=("报告制度",), text="建立报告制度。")
    two = make_directive(section, code="九.1.2", text="办好第二件事。")
    people = {"leader": "顾明远", "contact": "=010-65001234", "note": "与规划一致"}
    made = [
        make_obligation(one, cast.body, part="lead", **people, **WORDS),
        make_obligation(two, cast.body, **WORDS),
        make_obligation(one, cast.sibling, part="supporting", **WORDS),
    ]
    plan = make_plan(cast.body, section.document, state="submitted")
    make_measure(plan, made[0], number=1, text="印发办法")
    make_measure(plan, made[0], number=2, text="举办培训")
    return made


@pytest.fixture
def report(cast, rows):
    """The one that is open."""
    return make_report(cast.body, make_cycle(rows[0].document), rows[0], rows[1])


@pytest.fixture
def come_back(rows, sign_in, bring):
    """Export the ledger, set cells of its first row, and bring it back, as the same person.

    The cells are given by heading.
    """

    def back(who, cells=(), *, language="zh-hans", edit=None):
        book, sheet, first, places = taken(sign_in(who, language), rows[0].document)
        for heading, value in dict(cells).items():
            sheet.cell(first + 1, places[heading]).value = value
        if edit:
            edit(sheet, first, places)
        return bring(
            who, saved(book), name="台账.xlsx", kind="obligations", document=rows[0].document_id
        )

    return back


def cells_of(intake):
    return [
        (cell["field"], cell["value"], cell["stands"])
        for row in intake.rows.all()
        for cell in row.untaken or ()
    ]


def changes_of(intake):
    return [row.after for row in intake.rows.filter(verdict__in=("changed", "conflict"))]


# every column

WHOLE = {"same": 3}
# heading → what the file says, the field, and whether a supervisor above (S) and the
# organisation's staff (B) may
EDITS = {
    "文件条款": ("九.9.9", "clause", ""),
    "重点任务": ("另一件事", "directive", ""),
    "分项": ("1. 报告制度（已建成）", "items", ""),
    "具体措施": ("1. 另一条", "measures", ""),
    "牵头单位": ("共青团中央", "leads", ""),
    "责任（配合）单位": ("全国总工会（配合）", "body", ""),
    "责任领导": ("周启明", "leader", "S"),
    "责任人及电话": ("林晓岚 010-1", "contact", "SB"),
    "完成时限": (date(2027, 6, 30), "due_on", "S"),
    "时限原文": ("明年", "due_words", ""),
    "原定时限": (date(2027, 6, 30), "original_due_on", ""),
    "延期次数": (3, "extensions", ""),
    "延期原因": ("因故", "extension_reasons", ""),
    "进展情况": ("在台账里改写", "progress", "B"),
    "存在问题": ("经费不足", "problems", "B"),
    "下一步打算": ("再办一期", "next_steps", "B"),
    "完成比例": (0.9, "percent", "B"),
    "完成状态": ("已销号", "state", ""),
    "亮灯": ("蓝灯", "light", ""),
    "回头看": ("不实", "looked_back", ""),
    "批示": ("请抓紧", "instructions", ""),
    "督办单": ("督办1号", "slip", ""),
    "分解自": ("共青团中央", "broken_from", ""),
    "备注": ("已改", "note", "S"),
    "版本": (99, "version", ""),
}


def test_every_column_that_goes_out_is_among_these():
    known = {field for _value, field, _who in EDITS.values()}
    assert {column.key for column in columns(Today(TODAY, Workdays()), titled=False)} - known == {
        "number",
        "id",
    }


@pytest.mark.parametrize("role", ["supervisor", "staff"])
@pytest.mark.parametrize("heading", EDITS)
def test_an_edited_cell_is_taken_over_or_told_of(cast, report, come_back, heading, role):
    value, field, who = EDITS[heading]
    intake = come_back(getattr(cast, role), {heading: value})
    told = [cell["field"] for row in intake.rows.all() for cell in row.untaken or ()]
    if {"supervisor": "S", "staff": "B"}[role] in who:
        assert (told, [*changes_of(intake)[0]][-1:]) == ([], [field])
        return
    (row,) = [row for row in intake.rows.all() if row.untaken]
    (cell,) = row.untaken
    assert (intake.state, set(intake.counts), row.line, told) == (CHECKED, {"same"}, 2, [field])
    assert (
        cell["heading"],
        bool(cell["column"]),
        bool(cell["value"]),
        bool(cell["why"]),
        bool(cell["where"]),
    ) == (heading, *[True] * 4)


@pytest.mark.parametrize("role", ["supervisor", "staff", "manager"])
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_a_ledger_that_nobody_edited_says_nothing(
    cast, report, rows, sign_in, bring, role, language
):
    who = getattr(cast, role)
    book = b"".join(
        sign_in(who, language)
        .get("/obligations/", {"document": rows[0].document_id, "export": "xlsx"})
        .streaming_content
    )
    intake = bring(who, book, name="台账.xlsx", kind="obligations", document=rows[0].document_id)
    assert (intake.state, set(intake.counts), intake.untaken) == (CHECKED, {"same"}, None)


def test_a_table_is_summed_up_by_column_and_reason(cast, report, come_back):
    def edit(sheet, first, places):
        for line in (first + 1, first + 2, first + 3):
            sheet.cell(line, places["亮灯"]).value = "绿" if line > first + 3 else "蓝灯"
        sheet.cell(first + 2, places["完成状态"]).value = "已销号"

    found = come_back(cast.supervisor, edit=edit).untaken
    assert (found["rows"], found["cells"]) == (3, 4)
    assert [(group["heading"], group["count"], group["places"]) for group in found["groups"]] == [
        ("亮灯", 3, ["T2", "T3", "T4"]),
        ("完成状态", 1, ["S3"]),
    ]


def test_emptied_cells_of_our_own_ledger_are_told_of(cast, rows, come_back):
    intake = come_back(
        cast.supervisor,
        {"重点任务": None, "完成状态": None, "具体措施": None, "责任（配合）单位": None},
    )
    assert [field for field, value, _stands in cells_of(intake) if not value] == [
        "directive",
        "measures",
        "state",
        "body",
    ]


def test_cells_that_are_out_of_date_are_no_edits(cast, rows, report, come_back, sign_in, bring):
    book, *_rest = taken(sign_in(cast.staff), rows[0].document)
    change_obligations(
        rows[:1],
        {"progress": "新进展", "percent": 90, "state": "closing"},
        action="change",
        by=None,
        now=NOW,
    )
    intake = bring(
        cast.staff, saved(book), name="台账.xlsx", kind="obligations", document=rows[0].document_id
    )
    assert (intake.counts, intake.untaken) == ({"same": 2}, None)


def test_cells_of_a_new_row_that_no_assignment_holds_are_told_of(cast, rows, come_back):
    def edit(sheet, first, places):
        for heading, value in {
            "文件条款": "九.1.2",
            "责任（配合）单位": "Q02",
            "进展情况": "已开展",
            "完成状态": "推进中",
        }.items():
            sheet.cell(first + 4, places[heading]).value = value

    intake = come_back(cast.supervisor, edit=edit)
    assert (intake.counts, cells_of(intake)) == (
        {"same": 3, "new": 1},
        [("progress", "已开展", ""), ("state", "推进中", "")],
    )


# words go into the report


def entry_of(row):
    return ReportEntry.objects.get(obligation=row)


def test_words_go_into_the_open_report_and_come_out_again(
    cast, rows, report, come_back, apply, undo
):
    intake = come_back(
        cast.staff,
        {
            "进展情况": "已办两期",
            "存在问题": None,
            "下一步打算": "再办",
            "完成比例": "90%",
            "责任人及电话": "林",
        },
    )
    assert changes_of(intake) == [
        {
            "contact": "林",
            "cycle": report.cycle_id,
            "progress": "已办两期",
            "next_steps": "再办",
            "percent": 90,
        },
    ]
    assert apply(intake).state == APPLIED
    entry, obligation = entry_of(rows[0]), Obligation.objects.get(pk=rows[0].pk)
    assert (entry.progress, entry.problems, entry.next_steps, entry.percent, entry.saved_by) == (
        "已办两期",
        "",
        "再办",
        90,
        cast.staff,
    )
    assert (obligation.contact, obligation.progress, obligation.percent, obligation.version) == (
        "林",
        "已印发办法",
        80,
        2,
    )
    events = Event.objects.filter(subject_type__in=("reportentry", "obligation")).order_by("id")
    told = [(event.subject_type, event.action) for event in events]
    assert told == [("reportentry", "save"), ("obligation", "import")]
    assert tallies.drift() == []
    assert undo(intake).state == UNDONE
    entry.refresh_from_db()
    assert (entry.progress, entry.percent, entry.saved_at, entry.origin) == (
        "",
        None,
        None,
        "blank",
    )
    assert Obligation.objects.get(pk=rows[0].pk).contact == "=010-65001234"


def test_words_alone_leave_the_obligation_as_it_is(cast, rows, report, come_back, apply, undo):
    intake = apply(come_back(cast.manager, {"进展情况": "已办两期"}))
    assert (
        intake.state,
        entry_of(rows[0]).progress,
        Obligation.objects.get(pk=rows[0].pk).version,
    ) == (APPLIED, "已办两期", 1)
    assert not Event.objects.filter(subject_type="obligation").exists()
    assert (undo(intake).state, entry_of(rows[0]).progress) == (UNDONE, "")


def test_a_report_that_nobody_began_is_begun(cast, rows, come_back, apply, undo):
    cycle = make_cycle(rows[0].document)
    report = ProgressReport.objects.create(
        cycle=cycle, document=rows[0].document, organisation=cast.body
    )
    with tallies.counted():
        tallies.pending_delta().count_mark(
            report.organisation_id, report.document_id, report.mark_key
        )
    make_log(
        make_measure(make_plan(cast.body, make_document()), rows[0]), cast.staff, text="印发通知"
    )
    intake = apply(come_back(cast.staff, {"进展情况": "已办两期"}))
    report.refresh_from_db()
    assert (intake.state, report.begun_at is not None, report.entries.count()) == (APPLIED, True, 2)
    assert entry_of(rows[0]).progress == "已办两期"
    assert tallies.drift() == []
    undo(intake)
    assert (entry_of(rows[0]).saved_at, entry_of(rows[0]).progress) == (None, "")


def test_words_that_were_typed_in_the_report_are_contested(cast, rows, report, come_back, apply):
    fields = EntryFields(progress="别人写的")
    entry = ReportEntry.objects.select_related("report__organisation").get(obligation=rows[0])
    reporting.save_entry(entry=entry, fields=fields, version=1, by=cast.manager, now=NOW)
    intake = come_back(cast.staff, {"进展情况": "已办两期", "下一步打算": "再办"})
    (row,) = intake.rows.filter(verdict="conflict")
    assert (row.theirs, row.after["next_steps"]) == ({"progress": "别人写的"}, "再办")
    applying.choose(intake, "theirs")
    assert apply(intake).state == APPLIED
    assert (entry_of(rows[0]).progress, entry_of(rows[0]).next_steps) == ("别人写的", "再办")


def test_where_every_word_is_contested_keeping_them_writes_nothing(cast, rows, report, come_back):
    ReportEntry.objects.filter(obligation=rows[0]).update(
        progress="别人写的", saved_at=NOW, saved_by=cast.manager
    )
    intake = come_back(cast.staff, {"进展情况": "已办两期"})
    applying.choose(intake, "theirs")
    assert applying.rows_to_write(intake).count() == 0


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("none", "没有开启的填报周期"),
        ("later", "没有开启的填报周期"),
        ("two", "有多份进展报告正在填报"),
        ("in", "已报送"),
        ("closed", "不填报进展"),
        ("unchanged", "较上期无变化"),
    ],
)
def test_words_that_go_into_no_report_say_where_they_belong(cast, rows, come_back, case, why):
    document = rows[0].document
    if case == "later":
        make_report(
            cast.body, make_cycle(document, opens_on=date(2026, 12, 1), due_on=date(2026, 12, 31))
        )
    elif case != "none":
        report = make_report(cast.body, make_cycle(document), *rows[:2])
        if case == "two":
            make_report(
                cast.body, make_cycle(document, number=2, due_on=date(2026, 9, 30)), *rows[:2]
            )
        ReportEntry.objects.filter(report=report).update(
            **{"in": {"state": "submitted"}, "unchanged": {"unchanged": True}}.get(case, {})
        )
    if case == "closed":
        change = {"state": "closed", "closed_on": TODAY}
        change_obligations(
            Obligation.objects.filter(pk=rows[0].pk), change, action="close", by=None, now=NOW
        )
    intake = come_back(cast.staff, {"进展情况": "已办两期", "完成比例": 0.95})
    assert [(field, value) for field, value, _stands in cells_of(intake)] == [
        ("progress", "已办两期"),
        ("percent", "95%"),
    ]
    assert [why in group["why"] for group in intake.untaken["groups"]] == [True, True]
    assert (intake.counts, [bool(group["where"]) for group in intake.untaken["groups"]]) == (
        {"same": 2},
        [True, True],
    )


def test_a_percentage_that_cannot_be_read_is_told_of_and_stops_nothing(cast, report, come_back):
    intake = come_back(cast.staff, {"完成比例": "过半", "进展情况": "已办两期"})
    assert (cells_of(intake), intake.counts["changed"]) == ([("percent", "过半", "80%")], 1)


def test_words_that_the_report_says_already_change_nothing(cast, rows, report, come_back, apply):
    apply(come_back(cast.staff, {"进展情况": "已办两期"}))
    again = come_back(cast.staff, {"进展情况": "已办两期"})
    assert (again.counts, again.untaken) == ({"same": 2}, None)


def test_an_entry_that_changed_since_the_check_stops_everything(
    cast, rows, report, come_back, apply
):
    intake = come_back(cast.staff, {"进展情况": "已办两期", "责任人及电话": "林"})
    ReportEntry.objects.filter(obligation=rows[0]).update(progress="抢先", saved_at=NOW, version=2)
    assert apply(intake).state == CHECKED
    assert (entry_of(rows[0]).progress, Obligation.objects.get(pk=rows[0].pk).contact) == (
        "抢先",
        "=010-65001234",
    )


def test_undo_refuses_once_the_report_was_handed_in(cast, rows, report, come_back, apply, undo):
    intake = apply(come_back(cast.staff, {"进展情况": "已办两期"}))
    ReportEntry.objects.filter(obligation=rows[0]).update(state="submitted")
    assert (undo(intake).state, entry_of(rows[0]).progress) == (APPLIED, "已办两期")


# who


def test_who_lost_the_right_since_the_check_writes_nothing(cast, rows, come_back, apply):
    intake = come_back(cast.staff, {"责任人及电话": "林"})
    cast.staff.memberships.update(organisation=cast.sibling)
    assert apply(intake).state == CHECKED
    assert Obligation.objects.get(pk=rows[0].pk).contact == "=010-65001234"


def test_staff_assign_nothing(cast, rows, come_back):
    def edit(sheet, first, places):
        (
            sheet.cell(first + 3, places["文件条款"]).value,
            sheet.cell(first + 3, places["责任（配合）单位"]).value,
        ) = "九.1.2", "Q02"

    intake = come_back(cast.staff, edit=edit)
    assert (
        intake.counts,
        IntakeRow.objects.get(intake=intake, verdict="wrong").faults[0]["heading"],
    ) == (
        {"same": 2, "wrong": 1},
        "文件条款",
    )


def test_rows_of_others_are_out_of_reach(cast, rows, come_back):
    def edit(sheet, first, places):
        sheet.cell(first + 1, places["系统编号"]).value = rows[2].pk

    assert come_back(cast.staff, edit=edit).counts == {"wrong": 1, "same": 1}


@pytest.mark.parametrize("role", ["supervisor", "staff"])
def test_queries_do_not_grow_with_the_rows(
    cast, report, rows, come_back, role, django_assert_max_num_queries
):
    section, counts = rows[0].section, []
    come_back(getattr(cast, role))
    for size in (1, 3):
        for _number in range(size):
            make_obligation(make_directive(section), cast.body, **WORDS)

        def edit(sheet, first, places):
            for line in range(first + 1, sheet.max_row + 1):
                sheet.cell(line, places["进展情况"]).value = "改写"

        with django_assert_max_num_queries(200) as asked:
            come_back(getattr(cast, role), edit=edit)
        counts.append(
            len([query for query in asked if not re.match("SAVEPOINT|RELEASE", query["sql"])])
        )
    assert counts[0] == counts[1]
