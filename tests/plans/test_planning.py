"""A plan from its beginning to the verdict.

Its words, its measures, its clocks, its ledger, and the log.
"""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.utils import translation

from directives import tallies
from directives.base.clocks import Reason
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.models import (
    Attachment,
    Event,
    LogEntry,
    Measure,
    Membership,
    Notice,
    Plan,
    Submission,
    Verdict,
)
from directives.plans import commands as planning
from directives.plans.commands import MeasureContent
from directives.plans.commands.moves import FOLLOW_UPS
from tests.factories import (
    NOW,
    TODAY,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

DUE = date(2026, 10, 20)
OTHERS = ["supervisor", "viewer", "admin", "outsider", "stranger", "below"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def work(cast):
    """Three obligations of the body under one document, two with a plan clock.

    A draft plan with one measure for the first.
    """
    section = make_section(
        make_document(title_hans="关于加强工作的意见", title_hant="關於加強工作的意見")
    )
    deliverable = {"deliverable": "plan", "plan_due_on": DUE}
    rows = [
        make_obligation(
            make_directive(section, code="九.1.1"), cast.body, state="acknowledged", **deliverable
        ),
        make_obligation(
            make_directive(section, code="九.1.2"), cast.body, state="assigned", **deliverable
        ),
        make_obligation(make_directive(section, code="九.1.3"), cast.body, state="acknowledged"),
    ]
    plan = make_plan(cast.body, section.document, due_on=DUE)
    make_measure(plan, rows[0], number=1, due_on=TODAY)
    return plan, rows


def fresh(rows):
    for row in rows:
        row.refresh_from_db()
    return rows


def content(*obligations, text="印发办法", **fields):
    return MeasureContent(text=text, obligations=obligations, **fields)


# starting


def test_a_plan_takes_its_kind_and_day_from_what_is_owed(cast):
    section = make_section(
        make_document(title_hans="关于加强工作的意见", title_hant="關於加強工作的意見")
    )
    make_obligation(make_directive(section), cast.body, deliverable="measures", plan_due_on=DUE)
    make_obligation(make_directive(section), cast.body, plan_due_on=DUE - timedelta(days=3))
    plan = planning.start_plan(
        document=section.document, organisation=cast.body, by=cast.staff, now=NOW
    )
    assert (plan.kind, plan.due_on, plan.state, plan.live) == (
        "measures",
        DUE - timedelta(days=3),
        "draft",
        True,
    )
    assert Event.objects.values_list("action", "subject_type", "organisation", "by").get() == (
        "start_plan",
        "plan",
        cast.body.pk,
        cast.staff.pk,
    )


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("zh-hans", "全国总工会贯彻落实《关于加强工作的意见》实施方案"),
        ("zh-hant", "全國總工會貫徹落實《關於加強工作的意見》實施方案"),
        ("en", "全国总工会贯彻落实《关于加强工作的意见》实施方案"),
    ],
)
def test_the_proposed_title_is_in_the_script_of_its_author(cast, language, title):
    document = make_document(
        title_hans="关于加强工作的意见", title_hant="關於加強工作的意見", script="hant"
    )
    make_obligation(
        make_directive(make_section(document)), cast.body, deliverable="plan", plan_due_on=DUE
    )
    with translation.override(language):
        assert (
            planning.start_plan(
                document=document, organisation=cast.body, by=cast.staff, now=NOW
            ).title
            == title
        )


def test_there_is_one_live_plan(cast, work):
    plan, _rows = work
    assert (
        planning.start_plan(
            document=plan.document, organisation=cast.body, by=cast.manager, now=NOW
        )
        == plan
    )
    assert Plan.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        make_plan(cast.body, plan.document)


def test_nothing_owed_nothing_to_plan(cast, work):
    with pytest.raises(Invalid):
        planning.start_plan(
            document=make_document(), organisation=cast.body, by=cast.staff, now=NOW
        )


@pytest.mark.parametrize("name", OTHERS)
def test_only_the_body_itself_writes(cast, work, name):
    plan, rows = work
    by, measure = getattr(cast, name), plan.measures.get()
    for attempt in (
        lambda: planning.start_plan(document=plan.document, organisation=cast.body, by=by, now=NOW),
        lambda: planning.save_plan(plan, title="x", summary="", version=1, by=by, now=NOW),
        lambda: planning.add_measure(plan, content=content(), by=by, now=NOW),
        lambda: planning.save_measure(measure, content=content(), version=1, by=by, now=NOW),
        lambda: planning.delete_measure(measure, by=by, now=NOW),
        lambda: planning.mark_done(measure, done_on=TODAY, version=1, by=by, now=NOW),
        lambda: planning.log_work(measure, on=TODAY, text="x", by=by, now=NOW),
        *(
            lambda a=action: planning.move_plan(plan, a, by=by, now=NOW, reason="x")
            for action in FOLLOW_UPS
        ),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert (Event.objects.count(), Measure.objects.count(), LogEntry.objects.count()) == (0, 1, 0)


# words and measures


def test_saving_the_words_of_a_plan(cast, work):
    plan, _rows = work
    planning.save_plan(plan, title=" 方案 ", summary="总体要求", version=1, by=cast.staff, now=NOW)
    assert Plan.objects.values_list("title", "summary", "version").get() == ("方案", "总体要求", 2)
    event = Event.objects.get()
    assert (event.before, event.after) == (
        {"title": "实施方案", "summary": ""},
        {"title": "方案", "summary": "总体要求"},
    )
    with pytest.raises(Stale) as stale:
        planning.save_plan(plan, title="我的", summary="", version=1, by=cast.manager, now=NOW)
    assert stale.value.theirs.title == "方案"
    with pytest.raises(Invalid):
        planning.save_plan(plan, title=" ", summary="", version=2, by=cast.staff, now=NOW)


def test_measures_are_added_changed_and_taken_out(cast, work):
    plan, rows = work
    first = plan.measures.get()
    second = planning.add_measure(
        plan, content=content(rows[1], rows[2], due_on=DUE), by=cast.staff, now=NOW
    )
    third = planning.add_measure(plan, content=content(), by=cast.staff, now=NOW)
    assert (second.number, third.number) == (2, 3)
    saved = planning.save_measure(
        third,
        content=content(rows[0], text="办班", responsible="组织部", result="通知"),
        version=1,
        by=cast.manager,
        now=NOW,
    )
    assert (saved.version, list(saved.obligations.all())) == (2, [rows[0]])
    with pytest.raises(Stale) as stale:
        planning.save_measure(third, content=content(), version=1, by=cast.staff, now=NOW)
    assert stale.value.theirs.text == "办班"
    planning.delete_measure(first, by=cast.staff, now=NOW)
    assert list(plan.measures.values_list("number", "text")) == [(1, "印发办法"), (2, "办班")]
    assert list(Event.objects.order_by("id").values_list("action", flat=True)) == [
        "add_measure",
        "add_measure",
        "save_measure",
        "delete_measure",
    ]
    assert Event.objects.get(action="save_measure").after["obligations"] == [rows[0].pk]


def test_a_measure_serves_only_this_bodys_work_under_this_document(cast, work):
    plan, _rows = work
    foreign = [
        make_obligation(organisation=cast.body),
        make_obligation(make_directive(make_section(plan.document)), cast.sibling),
    ]
    for row in foreign:
        with pytest.raises(Invalid) as refused:
            planning.add_measure(plan, content=content(row, text=" "), by=cast.staff, now=NOW)
        assert sorted(refused.value.errors) == ["obligations", "text"]


def test_a_measure_with_a_log_stays(cast, work):
    measure = work[0].measures.get()
    make_log(measure, cast.staff)
    with pytest.raises(Invalid):
        planning.delete_measure(measure, by=cast.staff, now=NOW)
    assert Measure.objects.count() == 1


@pytest.mark.parametrize("state", ["awaiting", "submitted", "accepted"])
def test_what_is_on_its_way_is_not_rewritten(cast, work, state):
    plan, _rows = work
    measure = plan.measures.get()
    Plan.objects.update(state=state, decided_by=cast.supervisor, decided_at=NOW)
    for attempt in (
        lambda: planning.save_plan(plan, title="x", summary="", version=1, by=cast.staff, now=NOW),
        lambda: planning.add_measure(plan, content=content(), by=cast.staff, now=NOW),
        lambda: planning.save_measure(
            measure, content=content(), version=1, by=cast.staff, now=NOW
        ),
        lambda: planning.delete_measure(measure, by=cast.staff, now=NOW),
    ):
        with pytest.raises(IllegalMove):
            attempt()
    assert (
        planning.mark_done(measure, done_on=TODAY, version=1, by=cast.staff, now=NOW).done_on
        == TODAY
    )
    assert planning.log_work(measure, on=TODAY, text="开会", by=cast.staff, now=NOW).pk


def test_done_and_not_done(cast, work):
    measure = work[0].measures.get()
    with pytest.raises(Invalid):
        planning.mark_done(
            measure, done_on=TODAY + timedelta(days=1), version=1, by=cast.staff, now=NOW
        )
    planning.mark_done(measure, done_on=TODAY, version=1, by=cast.staff, now=NOW)
    with pytest.raises(Stale):
        planning.mark_done(measure, done_on=None, version=1, by=cast.staff, now=NOW)
    planning.mark_done(measure, done_on=None, version=2, by=cast.staff, now=NOW)
    assert Measure.objects.values_list("done_on", "version").get() == (None, 3)
    assert [event.after for event in Event.objects.order_by("id")] == [
        {"done_on": "2026-10-13"},
        {"done_on": None},
    ]


# handing in


def test_a_plan_is_not_handed_in_empty(cast, work):
    plan, _rows = work
    make_measure(plan, number=2)
    make_measure(plan, number=3, text=" ")
    for action, by in (("ask_signature", cast.staff), ("hand_in", cast.manager)):
        with pytest.raises(Invalid) as refused:
            planning.move_plan(plan, action, by=by, now=NOW)
        assert len(refused.value.errors["__all__"]) == 3
    plan.measures.all().delete()
    with pytest.raises(Invalid) as refused:
        planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    assert len(refused.value.errors["__all__"]) == 1
    assert (plan.state, Submission.objects.count(), Notice.objects.count()) == ("draft", 0, 0)


def test_staff_ask_and_the_manager_signs(cast, work):
    plan, rows = work
    planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    assert list(Notice.objects.values_list("user", "kind", "url")) == [
        (cast.manager.pk, "to_sign", f"/plans/{plan.pk}/")
    ]
    with pytest.raises(NotAllowed):
        planning.move_plan(plan, "sign", by=cast.staff, now=NOW)
    planning.move_plan(plan, "sign", by=cast.manager, now=NOW)
    assert Plan.objects.values_list("state", "submitted_by", "submitted_at", "due_on").get() == (
        "submitted",
        cast.manager.pk,
        NOW,
        DUE,
    )
    assert Notice.objects.filter(user=cast.supervisor, kind="handed_in").count() == 1
    assert [(row.plan_due_on, row.plan_returned) for row in fresh(rows)] == [(None, False)] * 3
    assert tallies.drift() == []
    submission = Submission.objects.get()
    assert (
        submission.number,
        submission.plan,
        submission.organisation,
        submission.submitted_by,
    ) == (1, plan, cast.body, cast.manager)
    names = {
        name: submission.content.pop(name)
        for name in ("organisation", "document", "directives", "asked_by", "submitted_by", "signed")
    }
    assert (names["asked_by"]["id"], names["submitted_by"]["id"], names["signed"]) == (
        cast.staff.pk,
        cast.manager.pk,
        True,
    )
    assert submission.content == {
        "kind": "plan",
        "deliverable": "plan",
        "title": "实施方案",
        "summary": "",
        "due_on": "2026-10-20",
        "measures": [
            {
                "id": plan.measures.get().pk,
                "number": 1,
                "text": "印发办法",
                "responsible": "",
                "due_on": "2026-10-13",
                "result": "",
                "done_on": None,
                "obligations": [{"id": rows[0].pk, "code": "九.1.1"}],
            }
        ],
        "files": [],
        "obligations": [{"id": row.pk, "code": row.directive.code} for row in rows],
        "clocks": {str(rows[0].pk): "2026-10-20", str(rows[1].pk): "2026-10-20"},
    }


def test_the_manager_declines_with_a_reason_and_staff_take_back(cast, work):
    plan, rows = work
    planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    with pytest.raises(Invalid):
        planning.move_plan(plan, "decline", by=cast.manager, now=NOW)
    planning.move_plan(plan, "decline", by=cast.manager, now=NOW, reason="补成果")
    assert (plan.state, plan.reason) == ("returned", "补成果")
    assert Notice.objects.filter(user=cast.staff, kind="declined").get().facts["reason"] == "补成果"
    planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    planning.move_plan(plan, "recall", by=cast.staff, now=NOW)
    assert plan.state == "draft"
    assert [row.plan_due_on for row in fresh(rows)] == [DUE, DUE, None]
    assert Submission.objects.count() == 0


def test_without_a_manager_staff_hand_in_themselves(cast, work):
    plan, _rows = work
    with pytest.raises(NotAllowed):
        planning.move_plan(plan, "hand_in", by=cast.staff, now=NOW)
    Membership.objects.filter(user=cast.manager).delete()
    with pytest.raises(Invalid):
        planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    planning.move_plan(plan, "hand_in", by=cast.staff, now=NOW)
    assert plan.state == "submitted"


def test_the_second_of_two_people_is_told(cast, work):
    plan = work[0]
    mine = Plan.objects.get()
    planning.save_plan(plan, title="新题", summary="", version=1, by=cast.staff, now=NOW)
    with pytest.raises(Stale):
        planning.move_plan(mine, "hand_in", by=cast.manager, now=NOW)
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("action", ["accept", "return", "open"])
def test_a_verdict_is_not_a_move_of_the_body(cast, work, action):
    with pytest.raises(KeyError):
        planning.move_plan(work[0], action, by=cast.supervisor, now=NOW)


# the verdict


def test_a_return_sets_every_clock_again(cast, work):
    plan, rows = work
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    with pytest.raises(Invalid):
        planning.decide(plan, accepted=False, reason=" ", by=cast.supervisor, now=NOW)
    verdict = planning.decide(plan, accepted=False, reason="补责任人", by=cast.supervisor, now=NOW)
    assert (verdict.submission.number, verdict.accepted, verdict.reason, verdict.entry) == (
        1,
        False,
        "补责任人",
        None,
    )
    assert (plan.state, plan.reason, plan.decided_by) == ("returned", "补责任人", cast.supervisor)
    assert [(row.plan_due_on, row.plan_returned) for row in fresh(rows)] == [
        (DUE, True),
        (DUE, True),
        (None, False),
    ]
    assert rows[0].why == Reason("plan_returned", date(2026, 10, 20))
    assert set(Notice.objects.filter(kind="returned").values_list("user", flat=True)) == {
        cast.staff.pk,
        cast.manager.pk,
    }
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    assert [(row.plan_due_on, row.plan_returned) for row in fresh(rows)] == [(None, False)] * 3
    assert list(Submission.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert tallies.drift() == []


def test_accepting_starts_what_was_acknowledged(cast, work):
    plan, rows = work
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    planning.decide(plan, accepted=True, reason="", by=cast.supervisor, now=NOW)
    assert [row.state for row in fresh(rows)] == ["underway", "assigned", "underway"]
    assert Event.objects.filter(action="start", by=None).count() == 2
    assert Verdict.objects.values_list("accepted", "by").get() == (True, cast.supervisor.pk)
    assert tallies.drift() == []


def test_a_revised_plan_is_returned_without_a_day(cast, work):
    plan, rows = work
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    planning.decide(plan, accepted=True, reason="", by=cast.supervisor, now=NOW)
    planning.move_plan(plan, "revise", by=cast.staff, now=NOW, reason="分工调整")
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    planning.decide(plan, accepted=False, reason="再改", by=cast.supervisor, now=NOW)
    assert [(row.plan_due_on, row.plan_returned) for row in fresh(rows)] == [
        (None, True),
        (None, True),
        (None, False),
    ]


@pytest.mark.parametrize("name", ["staff", "manager", "viewer", "admin", "outsider", "stranger"])
def test_only_a_supervisor_above_decides(cast, work, name):
    plan = work[0]
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    with pytest.raises(NotAllowed):
        planning.decide(plan, accepted=True, reason="", by=getattr(cast, name), now=NOW)
    assert Verdict.objects.count() == 0


def test_submissions_never_change(cast, work):
    planning.move_plan(work[0], "hand_in", by=cast.manager, now=NOW)
    for attempt in (
        lambda: Submission.objects.update(number=9),
        lambda: Submission.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


# the log


def test_the_first_record_starts_the_work_it_serves(cast, work):
    plan, rows = work
    measure = plan.measures.get()
    files = [
        SimpleUploadedFile("纪要.pdf", b"%PDF-1.7"),
        SimpleUploadedFile("名单.txt", "甲".encode()),
    ]
    entry = planning.log_work(
        measure, on=TODAY, text=" 召开会议 ", files=files, by=cast.staff, now=NOW
    )
    assert (entry.text, entry.on, entry.by) == ("召开会议", TODAY, cast.staff)
    assert list(Attachment.objects.values_list("name", "log_entry")) == [
        ("纪要.pdf", entry.pk),
        ("名单.txt", entry.pk),
    ]
    assert [row.state for row in fresh(rows)] == ["underway", "assigned", "acknowledged"]
    assert list(Event.objects.order_by("id").values_list("action", "by")) == [
        ("log", cast.staff.pk),
        ("attach", cast.staff.pk),
        ("attach", cast.staff.pk),
        ("start", None),
    ]
    planning.log_work(measure, on=TODAY, text="再开会", by=cast.manager, now=NOW)
    assert Event.objects.filter(action="start").count() == 1
    assert tallies.drift() == []


def test_every_fault_of_a_record_is_told_and_nothing_kept(cast, work):
    measure = work[0].measures.get()
    files = [
        SimpleUploadedFile("a.exe", b"MZ"),
        SimpleUploadedFile("b.pdf", b""),
        SimpleUploadedFile("c.pdf", b"%PDF-1"),
    ]
    with pytest.raises(Invalid) as refused:
        planning.log_work(
            measure, on=TODAY + timedelta(days=1), text=" ", files=files, by=cast.staff, now=NOW
        )
    assert {name: len(texts) for name, texts in refused.value.errors.items()} == {
        "text": 1,
        "on": 1,
        "files": 2,
    }
    assert (LogEntry.objects.count(), Attachment.objects.count(), Event.objects.count()) == (
        0,
        0,
        0,
    )
