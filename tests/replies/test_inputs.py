"""Inputs of supporting bodies: asking, replying, settling, and the clock of the reply."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.core import evidence
from directives.core.transitions import relight
from directives.models import (
    CalendarDay,
    Event,
    LogEntry,
    Notice,
    Obligation,
    ReplyRequest,
)
from directives.replies.commands import ask_inputs, decide, reply
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_input,
    make_log,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
)

SOON = date(2026, 11, 6)
LATER = SOON + timedelta(days=10)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def office(cast):
    """`lead` works for a body that leads the directive which `cast.body` supports."""
    directive, lead_body = make_directive(), make_body("L1", parent=cast.centre)
    make_obligation(directive, lead_body, part="lead")
    row = make_obligation(directive, cast.body, part="supporting")
    lead = make_member(lead_body, "staff", "lead")
    return directive, lead_body, lead, row


def asked(row, by, **terms):
    terms = {"text": "请提供配合材料", "due_on": SOON} | terms
    (request,) = ask_inputs(obligations=[row], by=by, now=NOW, **terms)
    return request


def clock(row):
    return Obligation.objects.values_list("reply_due_on", "light_code").get(pk=row.pk)


def test_the_lead_asks_and_the_clock_runs_until_the_reply(cast, office):
    _directive, lead_body, lead, row = office
    request = asked(row, lead)
    assert (request.asking_body, request.asked_as, request.state) == (lead_body, "lead", "asked")
    assert clock(row) == (SOON, "on_schedule")
    reply(request=request, text="材料如下。", version=1, by=cast.staff, now=NOW)
    assert clock(row)[0] is None
    assert tallies.drift() == []
    assert [
        *Event.objects.filter(subject_type="replyrequest").values_list("action", flat=True)
    ] == [
        "reply",
        "ask_input",
    ]


def test_the_clock_is_the_earliest_day_that_is_not_replied_to(cast, office):
    *_office, lead, row = office
    first, second = asked(row, lead), asked(row, lead, due_on=LATER)
    assert clock(row)[0] == SOON
    reply(request=first, text="好", version=1, by=cast.staff, now=NOW)
    assert clock(row)[0] == LATER
    decide(request=first, action="return", reason="不全", version=2, by=lead, now=NOW)
    assert clock(row)[0] == SOON  # what is returned keeps its day
    decide(request=second, action="withdraw", reason="不用了", version=1, by=lead, now=NOW)
    reply(request=first, text="补齐", version=3, by=cast.staff, now=NOW)
    decide(request=first, action="settle", version=4, by=lead, now=NOW)
    assert clock(row)[0] is None
    assert tallies.drift() == []


def test_an_overdue_reply_is_red_and_says_so(cast, office):
    *_office, lead, row = office
    asked(row, lead, due_on=TODAY)
    assert clock(row) == (TODAY, "reply_near")
    workdays = CalendarDay.objects.workdays(TODAY)
    row = Obligation.objects.get(pk=row.pk)
    relight(row, today=TODAY + timedelta(days=1), workdays=workdays)
    assert (row.light, row.light_code, row.light_on) == ("red", "reply_overdue", TODAY)


@pytest.mark.parametrize("who", ["staff", "manager", "viewer", "outsider", "stranger"])
def test_only_the_lead_or_a_supervisor_above_asks(cast, office, who):
    *_office, row = office
    with pytest.raises(NotAllowed):
        asked(row, getattr(cast, who))
    assert ReplyRequest.objects.count() == 0


def test_a_supervisor_above_asks_too(cast, office):
    *_office, row = office
    request = asked(row, cast.supervisor)
    assert (request.asking_body, request.asked_as) == (cast.centre, "supervisor")


def test_a_lead_asks_only_below_its_own_superior(cast, office):
    directive, *_office, lead, _row = office
    elsewhere = make_body(parent=make_body("T1"))
    row = make_obligation(directive, elsewhere, part="supporting")
    above = make_obligation(directive, cast.centre, part="supporting")
    for other in (row, above):
        with pytest.raises(NotAllowed):
            asked(other, lead)
    assert [*Obligation.objects.supporting(lead)] == [_row]


def test_only_supporting_bodies_are_asked_and_only_while_the_work_is_open(cast, office):
    directive, *_office, row = office
    responsible = make_obligation(directive, cast.child)
    with pytest.raises(NotAllowed):
        asked(responsible, cast.supervisor)
    Obligation.objects.filter(pk=row.pk).update(state="closed", closed_on=TODAY)
    with pytest.raises(IllegalMove):
        asked(row, cast.supervisor)


def test_what_was_closed_is_replied_to_no_more(cast, office):
    *_office, lead, row = office
    request = asked(row, lead)
    Obligation.objects.filter(pk=row.pk).update(state="closed", closed_on=TODAY)
    with pytest.raises(IllegalMove):
        reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    with pytest.raises(IllegalMove):
        decide(request=request, action="withdraw", reason="免", version=1, by=lead, now=NOW)


def test_every_fault_of_a_request_is_told_at_once(cast, office):
    *_office, row = office
    with pytest.raises(Invalid) as refused:
        ask_inputs(
            obligations=[], text=" ", due_on=TODAY - timedelta(1), by=cast.supervisor, now=NOW
        )
    assert sorted(refused.value.errors) == ["due_on", "text", "to"]


@pytest.mark.parametrize("who", ["supervisor", "viewer", "stranger"])
def test_only_the_body_itself_replies(cast, office, who):
    *_office, lead, row = office
    request = asked(row, lead)
    with pytest.raises(NotAllowed):
        reply(request=request, text="好", version=1, by=getattr(cast, who), now=NOW)
    with pytest.raises(NotAllowed):
        reply(request=request, text="好", version=1, by=lead, now=NOW)


def test_a_reply_has_a_text_and_is_not_given_on_an_old_page(cast, office):
    *_office, lead, row = office
    request = asked(row, lead)
    with pytest.raises(Invalid):
        reply(request=request, text=" ", version=1, by=cast.staff, now=NOW)
    with pytest.raises(Stale):
        reply(request=request, text="好", version=9, by=cast.staff, now=NOW)


def test_files_come_with_the_reply_and_stay_once_it_was_given(cast, office, settings, tmp_path):
    *_office, lead, row = office
    request, upload = asked(row, lead), SimpleUploadedFile("材料.txt", "内容".encode())
    reply(request=request, text="见附件", files=[upload], version=1, by=cast.staff, now=NOW)
    assert [file.name for file in request.files.all()] == ["材料.txt"]
    with pytest.raises(IllegalMove):
        evidence.remove(request.files.get(), by=cast.staff, now=NOW)


def test_who_replied_does_not_settle_it(cast, office):
    """Somebody who works for both bodies."""
    _directive, lead_body, lead, row = office
    request = asked(row, lead)
    lead.memberships.create(organisation=cast.body, role="staff")
    both = type(lead).objects.get(pk=lead.pk)
    reply(request=request, text="好", version=1, by=both, now=NOW)
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=both, now=NOW)
    colleague = make_member(lead_body, "manager")
    decide(request=request, action="settle", version=2, by=colleague, now=NOW)
    assert request.state == "settled"


@pytest.mark.parametrize("who", ["staff", "manager", "viewer", "stranger"])
def test_who_asked_settles(cast, office, who):
    *_office, lead, row = office
    request = asked(row, lead)
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=getattr(cast, who), now=NOW)
    with pytest.raises(Invalid):
        decide(request=request, action="return", version=2, by=lead, now=NOW)
    decide(request=request, action="return", reason="不全", version=2, by=lead, now=NOW)
    assert (request.state, request.reason) == ("returned", "不全")
    with pytest.raises(IllegalMove):
        decide(request=request, action="settle", version=3, by=lead, now=NOW)


def test_what_a_supervisor_asked_a_supervisor_of_that_body_settles(cast, office):
    *_office, lead, row = office
    request = asked(row, cast.supervisor)
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=lead, now=NOW)
    colleague = make_member(cast.centre, "supervisor")
    decide(request=request, action="settle", version=2, by=colleague, now=NOW)
    assert request.state == "settled"


def test_the_lead_sees_inputs_and_log_of_its_directive_and_nothing_else(cast, office):
    directive, *_office, lead, row = office
    request = asked(row, cast.supervisor)
    plan = make_plan(cast.body, directive.document, state="submitted")
    entry = make_log(make_measure(plan, row), cast.staff)
    elsewhere = make_obligation(make_directive(directive.section), cast.body, part="supporting")
    make_log(make_measure(plan, elsewhere), cast.staff)
    make_input(elsewhere, by=cast.supervisor)
    assert [*ReplyRequest.objects.visible_to(lead)] == [request]
    assert [*LogEntry.objects.visible_to(lead)] == [entry]
    assert [*LogEntry.objects.of_visible_bodies(lead)] == []
    assert [*Obligation.objects.visible_to(lead).filter(organisation=cast.body)] == []


def test_the_lead_sees_no_log_of_a_plan_that_is_still_written(cast, office):
    directive, *_office, lead, row = office
    plan = make_plan(cast.body, directive.document, state="draft")
    make_log(make_measure(plan, row), cast.staff)
    assert [*LogEntry.objects.visible_to(lead)] == []


def test_those_concerned_are_told(cast, office):
    *_office, lead, row = office
    request = asked(row, lead)
    told = Notice.objects.filter(kind="asked_input").values_list("user__username", flat=True)
    assert sorted(told) == ["manager", "staff"]
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    assert Notice.objects.get(kind="replied").user == lead
    decide(request=request, action="return", reason="不全", version=2, by=lead, now=NOW)
    assert Notice.objects.filter(kind="reply_return").count() == 2


def test_a_reply_counts_as_activity(cast, office):
    *_office, lead, row = office
    Obligation.objects.filter(pk=row.pk).update(heard_on=TODAY - timedelta(days=30))
    request = asked(row, lead)
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    assert Obligation.objects.get(pk=row.pk).heard_on == TODAY


def test_a_supporting_body_is_not_behind_schedule(cast):
    terms = {"percent": 0, "due_on": date(2026, 10, 31), "organisation": cast.body}
    assert make_obligation(**terms).light_code == "behind"
    assert make_obligation(**terms, part="supporting").light_code == "on_schedule"


def test_a_lead_without_superior_leads_for_those_below_it(cast, office):
    directive = make_directive()
    top = make_body("T2")
    make_obligation(directive, top, part="lead")
    row = make_obligation(directive, make_body(parent=top), part="supporting")
    beside = make_obligation(directive, cast.body, part="supporting")
    lead = make_member(top, "staff")
    assert [*Obligation.objects.supporting(lead)] == [row]
    assert beside not in Obligation.objects.supporting(lead)
