"""Measures of a plan and lines of the log brought in as tables."""

from datetime import date, timedelta

import pytest

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import ACKNOWLEDGED, UNDERWAY
from directives.catalogue.kinds import KINDS
from directives.models import (
    Attachment,
    Event,
    LogEntry,
    Measure,
    Obligation,
    Plan,
    ProgressReport,
    Submission,
)
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME
from directives.plans.commands import MeasureContent, save_measure
from directives.reports import commands as reporting
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
from tests.intakes.bringing import bring

MEASURES, LOG = KINDS["measures"], KINDS["log"]
LATER = date(2026, 12, 1)


@pytest.fixture
def plan(cast):
    section = make_section(make_document(), number="九")
    rows = [
        make_obligation(
            make_directive(section, code=f"九.1.{number}"), cast.body, state=ACKNOWLEDGED
        )
        for number in (1, 2)
    ]
    made = make_plan(cast.body, section.document)
    make_measure(made, rows[0], number=1, text="印发办法", responsible="办公厅")
    make_measure(made, rows[1], number=2, text="开展培训")
    return made


def where(plan):
    return {"document": plan.document_id, "organisation": plan.organisation_id}


def numbered(plan):
    return list(plan.measures.order_by("number").values_list("number", "text"))


def test_measures_are_known_by_id_number_or_words(cast, plan):
    second = plan.measures.get(number=2)
    table = [
        {
            "number": 1,
            "text": "印发办法",
            "responsible": "组织部",
            "due_on": LATER,
            "directives": ("九.1.1", "九.1.2"),
        },
        {"text": "开展培训", "result": "培训通知", "directives": ("九.1.2",)},
        {"number": 7, "text": "督促检查", "directives": ("九.1.1",), "due_on": None},
    ]
    imported = bring(MEASURES, cast.staff, table, **where(plan))
    assert imported.verdicts == [CHANGED, CHANGED, NEW]
    assert imported.planned[0].before == {
        "responsible": "办公厅",
        "due_on": None,
        "directives": ["九.1.1"],
    }
    assert imported.planned[1].after == {"result": "培训通知"}
    imported.apply()
    assert numbered(plan) == [(1, "印发办法"), (2, "开展培训"), (3, "督促检查")]
    first = plan.measures.get(number=1)
    assert (first.responsible, first.due_on, first.version, first.obligations.count()) == (
        "组织部",
        LATER,
        2,
        2,
    )
    assert list(
        Event.objects.filter(subject_type="measure").order_by("id").values_list("action", flat=True)
    ) == ["save_measure", "save_measure", "add_measure"]
    imported.undo()
    assert numbered(plan) == [(1, "印发办法"), (2, "开展培训")]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.responsible, first.due_on, first.obligations.count(), second.result) == (
        "办公厅",
        None,
        1,
        "",
    )


def test_faults_of_measures(cast, plan):
    table = [
        {"text": "甲", "directives": ("九.1.9", "九.1.1")},
        {"id": 999_999, "text": "乙"},
        {"number": 1, "text": "丙"},
        {"number": 1, "text": "丁"},
    ]
    imported = bring(MEASURES, cast.staff, table, **where(plan))
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "directives"),
        (2, "id"),
        (4, "number"),
    ]


def test_only_the_bodys_own_people_while_the_plan_may_be_written(cast, plan):
    for who in (cast.stranger, cast.supervisor, cast.viewer, cast.admin):
        with pytest.raises(NotAllowed):
            bring(MEASURES, who, [{"text": "甲"}], **where(plan))
    imported = bring(
        MEASURES, cast.staff, [{"text": "甲", "directives": ("九.1.1",)}], **where(plan)
    )
    Plan.objects.filter(pk=plan.pk).update(state="submitted", submitted_at=NOW)
    with pytest.raises(IllegalMove):
        imported.apply()
    with pytest.raises(IllegalMove):
        bring(MEASURES, cast.staff, [{"text": "甲"}], **where(plan))
    with pytest.raises(Invalid):
        bring(
            MEASURES,
            cast.staff,
            [{"text": "甲"}],
            document=make_document().pk,
            organisation=cast.body.pk,
        )


def test_a_measure_that_changed_since_the_file_went_out(cast, plan):
    first, second = plan.measures.order_by("number")
    served = tuple(first.obligations.all())
    save_measure(
        first,
        content=MeasureContent("印发办法", "组织部", obligations=served),
        version=1,
        by=cast.staff,
        now=NOW,
    )
    table = [
        {"id": first.pk, "version": 1, "text": "印发办法", "responsible": "宣传部"},
        {"id": second.pk, "version": 1, "text": "开展轮训", "responsible": ""},
    ]
    imported = bring(MEASURES, cast.staff, table, **where(plan))
    assert imported.verdicts == [CONFLICT, CHANGED]
    assert (imported.planned[0].theirs, imported.planned[0].after) == (
        {"responsible": "组织部"},
        {"responsible": "宣传部"},
    )
    table[0] |= {"responsible": "办公厅", "text": "印发实施办法"}
    imported = bring(MEASURES, cast.staff, table, **where(plan))
    assert (imported.verdicts[0], imported.planned[0].after) == (CHANGED, {"text": "印发实施办法"})
    Measure.objects.filter(pk=second.pk).update(text="另改", version=2)
    with pytest.raises(Stale):
        imported.apply()


def test_undo_of_measures_refuses_where_work_was_logged(cast, plan):
    imported = bring(
        MEASURES, cast.staff, [{"text": "甲", "directives": ("九.1.1",)}], **where(plan)
    )
    imported.apply()
    make_log(Measure.objects.get(text="甲"), cast.staff)
    with pytest.raises(Invalid, match="Sheet1"):
        imported.undo()
    assert numbered(plan)[-1] == (3, "甲")


# the log


def test_log_lines_are_added_once_and_start_the_work(cast, plan):
    make_log(plan.measures.get(number=2), cast.staff, on=TODAY, text="发通知")
    table = [
        {"measure": "1", "on": TODAY, "text": "召开会议"},
        {"measure": "印发办法", "on": TODAY - timedelta(days=1), "text": "起草文件"},
        {"measure": "措施2", "on": TODAY, "text": "发通知"},
        {"measure": "1.", "on": TODAY, "text": "召开会议"},
    ]
    imported = bring(LOG, cast.staff, table, **where(plan))
    assert imported.verdicts == [NEW, NEW, SAME, SAME]
    imported.apply()
    assert LogEntry.objects.count() == 3
    entry = LogEntry.objects.get(text="召开会议")
    assert (entry.measure.number, entry.on, entry.by, entry.created_at) == (
        1,
        TODAY,
        cast.staff,
        NOW,
    )
    event = Event.objects.get(action="log", subject_id=entry.pk)
    assert (event.organisation_id, event.document_id, event.after["text"]) == (
        cast.body.pk,
        plan.document_id,
        "召开会议",
    )
    states = list(Obligation.objects.order_by("directive__code").values_list("state", flat=True))
    assert states == [UNDERWAY, ACKNOWLEDGED]
    assert tallies.drift() == []
    imported.undo()
    assert list(LogEntry.objects.values_list("text", flat=True)) == ["发通知"]
    assert set(Obligation.objects.values_list("state", flat=True)) == {ACKNOWLEDGED}
    assert tallies.drift() == []


def test_an_import_is_undone_after_a_draft_was_made_from_it(cast, plan):
    imported = bring(
        LOG, cast.staff, [{"measure": "1", "on": TODAY, "text": "召开会议"}], **where(plan)
    )
    imported.apply()
    report = ProgressReport.objects.create(
        organisation=cast.body, cycle=make_cycle(plan.document), document=plan.document
    )
    reporting.begin(report=report, by=cast.staff, now=NOW)
    assert sorted(report.entries.values_list("origin", "progress")) == [
        ("blank", ""),
        ("log", "10月13日，召开会议。"),
    ]
    imported.undo()
    assert list(report.entries.values_list("origin", "progress")) == [("blank", "")] * 2


def test_the_day_of_what_was_heard_goes_back_with_an_import(cast, plan):
    then = TODAY - timedelta(days=30)
    Obligation.objects.update(heard_on=then, issued_on=then, starts_on=then)
    imported = bring(
        LOG, cast.staff, [{"measure": "1", "on": TODAY, "text": "召开会议"}], **where(plan)
    )
    imported.apply()
    imported.undo()
    assert set(Obligation.objects.values_list("state", "heard_on")) == {(ACKNOWLEDGED, then)}


def test_faults_of_the_log(cast, plan):
    make_measure(plan, number=3, text="开展培训")
    table = [
        {"measure": "9", "on": TODAY, "text": "甲"},
        {"measure": "开展培训", "on": TODAY, "text": "甲"},
        {"measure": "1", "on": TODAY + timedelta(days=1), "text": "甲"},
    ]
    imported = bring(LOG, cast.staff, table, **where(plan))
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "measure"),
        (2, "measure"),
        (3, "on"),
    ]
    with pytest.raises(NotAllowed):
        bring(LOG, cast.stranger, table, **where(plan))


def test_a_measure_that_moved_since_the_check_takes_no_line(cast, plan):
    imported = bring(LOG, cast.staff, [{"measure": "1", "on": TODAY, "text": "甲"}], **where(plan))
    Measure.objects.filter(number=1).update(text="另一项措施")
    with pytest.raises(Stale):
        imported.apply()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("built", ["file", "report", "version"])
def test_undo_of_the_log_refuses_where_something_was_built(cast, plan, built):
    imported = bring(LOG, cast.staff, [{"measure": "1", "on": TODAY, "text": "甲"}], **where(plan))
    imported.apply()
    entry = LogEntry.objects.get()
    if built == "file":
        Attachment.objects.create(
            log_entry=entry, name="x", size=1, sha256="0", by=cast.staff, at=NOW
        )
    elif built == "report":
        report = make_report(cast.body, make_cycle(plan.document))
        Submission.objects.create(
            organisation=cast.body,
            document=plan.document,
            report=report,
            number=1,
            content={},
            submitted_at=NOW,
            submitted_by=cast.staff,
        )
    else:
        LogEntry.objects.update(version=2)
    with pytest.raises(Invalid):
        imported.undo()
    assert LogEntry.objects.exists()


def test_queries_of_the_log_do_not_grow_with_the_rows(cast, plan, django_assert_max_num_queries):
    table = [
        {
            "measure": str(1 + number % 2),
            "on": TODAY - timedelta(days=number % 30),
            "text": f"第{number}次",
        }
        for number in range(400)
    ]
    with django_assert_max_num_queries(16):
        imported = bring(LOG, cast.staff, table, **where(plan))
    with django_assert_max_num_queries(40):
        imported.apply()
    assert LogEntry.objects.count() == 400
