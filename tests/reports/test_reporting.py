"""Reporting.

Cycles open, entries are drafted, saved and handed in, and the report clock follows.
"""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.core.transitions import move
from directives.models import (
    Attachment,
    Cycle,
    Event,
    Notice,
    Obligation,
    ProgressReport,
    ReportEntry,
    Submission,
)
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing
from tests.factories import (
    NOW,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

LATER = NOW + timedelta(days=80)

DUE = date(2026, 10, 15)
THIRD = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": DUE,
}


@pytest.fixture
def section(db):
    return make_section(make_document())


def owe(section, body, **fields):
    return make_obligation(make_directive(section), body, **fields)


def accept(report, by):
    waiting = report.entries.filter(state="submitted").values_list("pk", flat=True)
    reviewing.decide(report=report, decisions=dict.fromkeys(waiting, (True, "")), by=by, now=LATER)


# opening


def test_a_cycle_makes_a_report_for_each_body_that_owes_something_and_starts_the_clock(
    cast, section
):
    owing = [
        owe(section, cast.body),
        owe(section, cast.body, state="acknowledged"),
        owe(section, cast.child),
    ]
    closed = owe(section, cast.sibling, state="closed", closed_on=date(2026, 9, 1))
    elsewhere = make_obligation(organisation=cast.sibling)
    cycle = reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    with translation.override("zh-hans"):
        assert cycle.name == "2026年第三季度"
    assert sorted(cycle.reports.values_list("organisation__code", "begun_at")) == [
        ("Q01", None),
        ("Q01A", None),
    ]
    clocks = dict(Obligation.objects.values_list("pk", "report_due_on"))
    assert clocks == {**{row.pk: DUE for row in owing}, closed.pk: None, elsewhere.pk: None}
    assert set(Obligation.objects.filter(report_due_on=DUE).values_list("light", "version")) == {
        ("yellow", 2)
    }
    assert tallies.drift() == []
    assert sorted(Notice.objects.values_list("user__username", "kind")) == [
        ("below", "cycle"),
        ("manager", "cycle"),
        ("staff", "cycle"),
    ]
    assert Event.objects.filter(subject_type="cycle", action="open_cycle").count() == 1
    assert Event.objects.filter(subject_type="obligation", action="open_cycle").count() == 3


def test_a_clock_that_runs_already_is_left_alone(cast, section):
    row = owe(section, cast.body, report_due_on=date(2026, 7, 15))
    reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    row.refresh_from_db()
    assert (row.report_due_on, row.version) == (date(2026, 7, 15), 1)


def test_only_supervisors_open_cycles_and_only_for_bodies_below(cast, section):
    owe(section, cast.body)
    for person in (cast.staff, cast.manager, cast.viewer, cast.admin):
        with pytest.raises(NotAllowed):
            reporting.open_cycle(document=section.document, by=person, now=NOW, **THIRD)
    own = owe(make_section(), cast.centre)
    with pytest.raises(Invalid):
        reporting.open_cycle(document=own.document, by=cast.supervisor, now=NOW, **THIRD)
    assert Cycle.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": 5}, "number"),
        ({"period": "week"}, "number"),
        ({"due_on": date(2026, 9, 16)}, "due_on"),
    ],
)
def test_an_impossible_cycle_is_refused(cast, section, change, field):
    owe(section, cast.body)
    with pytest.raises(Invalid) as refused:
        reporting.open_cycle(
            document=section.document, by=cast.supervisor, now=NOW, **(THIRD | change)
        )
    assert list(refused.value.errors) == [field]


def test_a_period_has_one_cycle(cast, section):
    owe(section, cast.body)
    reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    with pytest.raises(Invalid):
        reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    assert ProgressReport.objects.count() == 1


# filling in


@pytest.fixture
def filled(cast, section):
    """A begun report of three entries: written, blank, and one with a log."""
    return Filled(cast, section)


class Filled:
    """A cycle with one begun report of `body`."""

    def __init__(self, cast, section, count=3):
        self.rows = [owe(section, cast.body, percent=0) for _ in range(count)]
        self.cycle = reporting.open_cycle(
            document=section.document, by=cast.supervisor, now=NOW, **THIRD
        )
        self.report = reporting.begin(report=self.cycle.reports.get(), by=cast.staff, now=NOW)
        self.entries = list(self.report.entries.order_by("obligation__directive__order"))

    def write(self, by, *numbers, **fields):
        for number in numbers or range(len(self.entries)):
            entry = ReportEntry.objects.get(pk=self.entries[number].pk)
            given = EntryFields(**({"progress": "已印发", "percent": 60} | fields))
            reporting.save_entry(entry=entry, fields=given, version=entry.version, by=by, now=NOW)

    def states(self):
        return list(
            self.report.entries.order_by("obligation__directive__order").values_list(
                "state", flat=True
            )
        )


def next_cycle(document, body, by):
    opening = THIRD | {"number": 4, "opens_on": date(2026, 12, 17), "due_on": date(2027, 1, 15)}
    cycle = reporting.open_cycle(document=document, by=None, now=LATER, **opening)
    return reporting.begin(report=cycle.reports.get(organisation=body), by=by, now=LATER)


def test_beginning_makes_an_entry_for_each_reportable_obligation_once(cast, section):
    rows = [owe(section, cast.body), owe(section, cast.body)]
    owe(section, cast.body, state="closed", closed_on=date(2026, 9, 1))
    owe(section, cast.child)
    cycle = reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    report = cycle.reports.get(organisation=cast.body)
    for _again in range(2):
        reporting.begin(report=report, by=cast.staff, now=NOW)
    assert sorted(report.entries.values_list("obligation_id", "origin", "progress", "percent")) == [
        (row.pk, "blank", "", None) for row in rows
    ]
    assert (report.begun_at, Event.objects.filter(action="begin").count()) == (NOW, 1)
    late = owe(section, cast.body)
    reporting.begin(report=report, by=cast.staff, now=LATER)
    assert report.entries.filter(obligation=late).count() == 1
    assert report.begun_at == NOW


def test_only_the_body_itself_begins_saves_and_hands_in(cast, filled):
    for person in (
        cast.supervisor,
        cast.viewer,
        cast.stranger,
        cast.below,
        cast.outsider,
        cast.admin,
    ):
        with pytest.raises(NotAllowed):
            reporting.begin(report=filled.report, by=person, now=NOW)
        with pytest.raises(NotAllowed):
            filled.write(person)
        with pytest.raises(NotAllowed):
            reporting.hand_in(report=filled.report, by=person, now=NOW)
        with pytest.raises(NotAllowed):
            reporting.redraft(report=filled.report, by=person, now=NOW)


def test_a_draft_is_drawn_from_the_log_by_day(cast, section):
    row = owe(section, cast.body)
    plan = make_plan(cast.body, section.document)
    first, second = make_measure(plan, row), make_measure(plan, row)
    make_log(first, cast.staff, on=date(2026, 10, 9), text="印发征求意见稿。")
    make_log(second, cast.staff, on=date(2026, 10, 9), text="召开座谈会")
    make_log(first, cast.staff, on=date(2025, 12, 31), text="启动起草；")
    make_log(
        make_measure(make_plan(cast.sibling, section.document), owe(section, cast.sibling)),
        cast.stranger,
        text="别家的事",
    )
    cycle = reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    entry = reporting.begin(
        report=cycle.reports.get(organisation=cast.body), by=cast.staff, now=NOW
    ).entries.get()
    assert (entry.origin, entry.drawn_from) == ("log", 3)
    assert entry.progress == "2025年12月31日，启动起草；10月9日，印发征求意见稿；召开座谈会。"


def test_the_next_report_carries_forward_what_was_accepted(cast, section):
    filled = Filled(cast, section, 2)
    plan = make_plan(cast.body, section.document)
    measure = make_measure(plan, filled.rows[1])
    make_log(measure, cast.staff, text="旧事", created_at=NOW - timedelta(days=1))
    filled.write(cast.staff, problems="经费不足", next_steps="年内办结")
    reporting.hand_in(report=filled.report, by=cast.manager, now=NOW)
    accept(filled.report, cast.supervisor)
    make_log(measure, cast.staff, on=date(2026, 11, 2), text="新事", created_at=LATER)
    report = next_cycle(section.document, cast.body, cast.staff)
    drafts = report.entries.order_by("obligation_id").values_list(
        "origin", "progress", "problems", "next_steps", "percent", "drawn_from"
    )
    assert list(drafts) == [
        ("carried", "已印发", "经费不足", "年内办结", 60, 0),
        ("log", "11月2日，新事。", "经费不足", "年内办结", 60, 1),
    ]


def test_redrafting_leaves_what_was_typed(cast, filled):
    filled.write(cast.staff, 0)
    plan = make_plan(cast.body, filled.report.document)
    measure = make_measure(plan, *filled.rows)
    make_log(measure, cast.staff, on=date(2026, 10, 12), text="开会")
    assert reporting.redraft(report=filled.report, by=cast.staff, now=NOW) == 2
    assert reporting.redraft(report=filled.report, by=cast.staff, now=NOW) == 0
    texts = filled.report.entries.order_by("obligation__directive__order").values_list(
        "progress", flat=True
    )
    assert list(texts) == ["已印发", "10月12日，开会。", "10月12日，开会。"]
    assert Event.objects.filter(action="redraft").count() == 2


def test_all_that_was_carried_over_is_marked_unchanged_at_once(cast, section):
    filled = Filled(cast, section, 3)
    filled.write(cast.staff)
    reporting.hand_in(report=filled.report, by=cast.manager, now=NOW)
    accept(filled.report, cast.supervisor)
    report = next_cycle(section.document, cast.body, cast.staff)
    typed = report.entries.earliest("pk")
    reporting.save_entry(
        entry=typed, fields=EntryFields("又印发", percent=70), version=1, by=cast.staff, now=LATER
    )
    late = owe(section, cast.body)  # has nothing that could be unchanged
    reporting.begin(report=report, by=cast.staff, now=LATER)
    mark = {"report": report, "now": LATER}
    for person in (cast.supervisor, cast.viewer, cast.stranger):
        with pytest.raises(NotAllowed):
            reporting.mark_unchanged(reason="无新进展", by=person, **mark)
    with pytest.raises(Invalid) as refused:
        reporting.mark_unchanged(reason=" ", by=cast.staff, **mark)
    assert list(refused.value.errors) == ["reason"]
    assert reporting.mark_unchanged(reason="无新进展 ", by=cast.staff, **mark) == 2
    assert reporting.mark_unchanged(reason="无新进展", by=cast.staff, **mark) == 0
    names = ("unchanged", "unchanged_reason", "progress", "percent", "version")
    stored = report.entries.exclude(obligation=late).order_by("pk").values_list(*names)
    assert list(stored) == [
        (False, "", "又印发", 70, 2),
        (True, "无新进展", "已印发", 60, 2),
        (True, "无新进展", "已印发", 60, 2),
    ]
    assert report.entries.get(obligation=late).unchanged is False
    assert Event.objects.filter(action="save", at=LATER).count() == 3


def test_saving_keeps_words_version_and_audit(cast, filled):
    entry = filled.entries[0]
    reporting.save_entry(
        entry=entry, fields=EntryFields(progress="第一稿"), version=1, by=cast.staff, now=NOW
    )
    stored = ReportEntry.objects.get(pk=entry.pk)
    assert (stored.progress, stored.version, stored.origin, stored.saved_by, stored.saved_at) == (
        "第一稿",
        2,
        "typed",
        cast.staff,
        NOW,
    )
    event = Event.objects.filter(action="save").get()
    assert (event.before, event.after, event.obligation_id) == (
        {"progress": ""},
        {"progress": "第一稿"},
        entry.obligation_id,
    )
    reporting.save_entry(
        entry=stored, fields=EntryFields(progress="第一稿"), version=2, by=cast.staff, now=LATER
    )
    assert ReportEntry.objects.get(pk=entry.pk).version == 2


def test_the_second_of_two_writers_sees_what_the_first_wrote(cast, filled):
    mine, theirs = (ReportEntry.objects.get(pk=filled.entries[0].pk) for _ in range(2))
    reporting.save_entry(
        entry=theirs, fields=EntryFields(progress="甲写的"), version=1, by=cast.manager, now=NOW
    )
    with pytest.raises(Stale) as stale:
        reporting.save_entry(
            entry=mine, fields=EntryFields(progress="乙写的"), version=1, by=cast.staff, now=NOW
        )
    assert (stale.value.theirs.progress, stale.value.theirs.saved_by) == ("甲写的", cast.manager)
    assert ReportEntry.objects.get(pk=mine.pk).progress == "甲写的"


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_percentage_outside_its_range_is_refused(cast, filled, percent):
    with pytest.raises(Invalid) as refused:
        filled.write(cast.staff, 0, percent=percent)
    assert list(refused.value.errors) == ["percent"]


@pytest.mark.parametrize(
    ("fields", "last", "missing"),
    [
        ({"progress": "有进展", "percent": 0}, None, ()),
        ({"progress": " ", "percent": 10}, None, ("progress",)),
        ({"progress": "有进展"}, None, ("percent",)),
        ({"unchanged": True, "percent": 50}, 50, ("unchanged_reason",)),
        ({"unchanged": True, "unchanged_reason": "无节点", "percent": 50}, 50, ()),
        ({"progress": "有进展", "percent": 60}, 70, ("problems",)),
        ({"progress": "有进展", "percent": 60, "problems": "口径调整"}, 70, ()),
        ({}, 70, ("progress", "percent")),
    ],
)
def test_what_an_entry_lacks(fields, last, missing):
    assert reporting.lacks(ReportEntry(**fields), last) == missing


# handing in


def test_staff_send_for_signature_and_the_manager_signs_one_submission(cast, filled):
    filled.write(cast.staff, 0, 1)
    assert reporting.hand_in(report=filled.report, by=cast.staff, now=NOW) is None
    assert filled.states() == ["awaiting", "awaiting", "draft"]
    assert set(Obligation.objects.values_list("report_due_on", flat=True)) == {DUE}
    assert Notice.objects.filter(kind="to_sign").values_list("user", "facts__count").get() == (
        cast.manager.pk,
        2,
    )
    submission = reporting.sign(report=filled.report, by=cast.manager, now=LATER)
    assert filled.states() == ["submitted", "submitted", "draft"]
    assert (submission.number, submission.submitted_by, submission.organisation) == (
        1,
        cast.manager,
        cast.body,
    )
    assert [one["entry"] for one in submission.content["entries"]] == [
        entry.pk for entry in filled.entries[:2]
    ]
    clocks = Obligation.objects.order_by("pk").values_list("report_due_on", "report_returned")
    assert list(clocks) == [(None, False), (None, False), (DUE, False)]
    filled.report.refresh_from_db()
    assert (filled.report.first_submitted_at, filled.report.completed_at) == (LATER, None)
    assert (
        Notice.objects.filter(kind="handed_in").values_list("user", flat=True).get()
        == cast.supervisor.pk
    )
    assert tallies.drift() == []


def test_the_copy_holds_every_word_and_cannot_be_changed(cast, filled):
    filled.write(cast.staff, 0, problems="缺经费", next_steps="报批")
    submission = reporting.hand_in(report=filled.report, by=cast.manager, now=NOW)
    [copy] = submission.content["entries"]
    directive = filled.rows[0].directive
    assert (copy["code"], copy["text"], copy["part"]) == (
        directive.code,
        directive.text,
        "responsible",
    )
    assert (copy["progress"], copy["problems"], copy["next_steps"], copy["percent"]) == (
        "已印发",
        "缺经费",
        "报批",
        60,
    )
    assert submission.content["cycle"] == {
        "year": 2026,
        "period": "quarter",
        "number": 3,
        "due_on": "2026-10-15",
    }
    with pytest.raises(DatabaseError), transaction.atomic():
        Submission.objects.filter(pk=submission.pk).update(number=9)


def test_hand_ins_are_numbered_and_may_name_their_entries(cast, filled):
    filled.write(cast.staff)
    first = reporting.hand_in(
        report=filled.report, entries=[filled.entries[1].pk], by=cast.manager, now=NOW
    )
    second = reporting.hand_in(report=filled.report, by=cast.manager, now=LATER)
    assert (first.number, second.number) == (1, 2)
    assert filled.states() == ["submitted"] * 3
    assert [one["entry"] for one in second.content["entries"]] == [
        filled.entries[0].pk,
        filled.entries[2].pk,
    ]


def test_staff_of_a_body_without_a_manager_hand_in_directly(cast, section):
    owe(section, cast.child)
    cycle = reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    report = reporting.begin(report=cycle.reports.get(), by=cast.below, now=NOW)
    entry = report.entries.get()
    reporting.save_entry(
        entry=entry,
        fields=EntryFields(progress="办了", percent=5),
        version=1,
        by=cast.below,
        now=NOW,
    )
    assert reporting.hand_in(report=report, by=cast.below, now=NOW).number == 1


def test_an_entry_that_is_not_ready_is_named_with_what_it_lacks(cast, filled):
    filled.write(cast.staff, 0, progress="")
    with pytest.raises(Invalid):
        reporting.hand_in(report=filled.report, by=cast.manager, now=NOW)
    with pytest.raises(Invalid) as refused:
        reporting.hand_in(
            report=filled.report, entries=[filled.entries[0].pk], by=cast.manager, now=NOW
        )
    assert list(refused.value.errors) == [filled.rows[0].directive.code]
    with pytest.raises(Invalid):
        reporting.hand_in(report=filled.report, entries=[0], by=cast.manager, now=NOW)
    assert filled.states() == ["draft"] * 3


def test_the_manager_sends_back_with_a_reason_and_staff_take_back(cast, filled):
    filled.write(cast.staff)
    reporting.hand_in(report=filled.report, by=cast.staff, now=NOW)
    with pytest.raises(Invalid):
        reporting.decline(report=filled.report, reason=" ", by=cast.manager, now=NOW)
    with pytest.raises(NotAllowed):
        reporting.decline(report=filled.report, reason="再改", by=cast.staff, now=NOW)
    assert (
        reporting.decline(
            report=filled.report,
            entries=[filled.entries[0].pk],
            reason="再改",
            by=cast.manager,
            now=NOW,
        )
        == 1
    )
    assert (
        reporting.recall(
            report=filled.report, entries=[filled.entries[1].pk], by=cast.staff, now=NOW
        )
        == 1
    )
    assert filled.states() == ["returned", "draft", "awaiting"]
    assert set(Obligation.objects.values_list("report_due_on", "report_returned")) == {(DUE, False)}


def test_what_waits_for_a_signature_is_not_edited(cast, filled):
    filled.write(cast.staff)
    reporting.hand_in(report=filled.report, by=cast.staff, now=NOW)
    with pytest.raises(IllegalMove):
        filled.write(cast.staff, progress="改")
    with pytest.raises(IllegalMove):
        reporting.hand_in(
            report=filled.report, entries=[filled.entries[0].pk], by=cast.staff, now=NOW
        )


def test_handing_in_one_cycle_leaves_the_clock_of_the_next(cast, filled):
    report = next_cycle(filled.report.document, cast.body, cast.staff)
    filled.write(cast.staff)
    reporting.hand_in(report=filled.report, by=cast.manager, now=LATER)
    assert set(Obligation.objects.values_list("report_due_on", flat=True)) == {report.cycle.due_on}


def test_a_draft_on_work_that_was_withdrawn_is_not_waited_for(cast, filled):
    move(
        Obligation.objects.get(pk=filled.rows[2].pk),
        "suspend",
        by=cast.supervisor,
        now=NOW,
        reason="机构改革",
    )
    filled.write(cast.staff)
    assert (
        len(reporting.hand_in(report=filled.report, by=cast.manager, now=NOW).content["entries"])
        == 2
    )
    accept(filled.report, cast.supervisor)
    filled.report.refresh_from_db()
    assert filled.report.completed_at == LATER


def test_a_returned_entry_waits_for_its_revision(cast, filled):
    filled.write(cast.staff)
    reporting.hand_in(report=filled.report, by=cast.manager, now=NOW)
    entry = filled.entries[0]
    reviewing.decide(
        report=filled.report,
        decisions={entry.pk: (False, "请附文件")},
        by=cast.supervisor,
        now=LATER,
    )
    with pytest.raises(Invalid):
        reporting.hand_in(report=filled.report, by=cast.manager, now=LATER)
    at = LATER + timedelta(minutes=1)
    Attachment.objects.create(
        report_entry=entry, file="x", name="x.pdf", size=1, sha256="0" * 64, by=cast.staff, at=at
    )
    [copy] = reporting.hand_in(report=filled.report, by=cast.manager, now=at).content["entries"]
    assert (copy["entry"], [file["name"] for file in copy["files"]]) == (entry.pk, ["x.pdf"])


def test_many_entries_are_handed_in_with_as_many_statements_as_few(cast):
    def taken(count):
        section = make_section(make_document())
        for _number in range(count):
            owe(section, cast.body)
        cycle = reporting.open_cycle(
            document=section.document, by=cast.supervisor, now=NOW, **THIRD
        )
        report = reporting.begin(report=cycle.reports.get(), by=cast.staff, now=NOW)
        report.entries.update(progress="完成", percent=40, saved_at=NOW)
        counts = []
        for by, act in ((cast.staff, reporting.hand_in), (cast.manager, reporting.sign)):
            assert by.held_memberships  # read once
            with CaptureQueriesContext(connection) as statements:
                act(report=report, by=by, now=LATER)
            counts.append(len(statements))
        assert set(report.entries.values_list("state", "version")) == {("submitted", 3)}
        return counts

    assert taken(3) == taken(9)
    assert Event.objects.filter(subject_type="reportentry", action="sign").count() == 12
    assert tallies.drift() == []
