"""Later days of completion: who asks, who decides, what stays, and what the pages say."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from directives import tallies
from directives.base.clocks import Reason
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.core.deciders import deciders
from directives.core.transitions import move
from directives.models import Event, Extension, Membership, Notice, Obligation, User
from directives.my_work.queries.inbox import inbox
from directives.obligations.commands.extending import (
    ask_extension,
    correct_due,
    decide_extensions,
)
from directives.obligations.queries.ledger import ledger
from tests.factories import NOW, TODAY, make_directive, make_extension, make_obligation

DUE, LATER, LATEST = date(2026, 10, 30), date(2026, 11, 30), date(2026, 12, 15)
WHY = "试点单位尚在论证"


def at(day: date) -> datetime:
    return NOW + timedelta(days=(day - TODAY).days)


def asked(row, by, due_on=LATER, now=NOW):
    return ask_extension(obligations=[row], due_on=due_on, reason=WHY, by=by, now=now)[0]


def decided(one, by, action="grant_extension", **more):
    return decide_extensions(
        extensions=[one], action=action, versions={}, by=by, **({"now": NOW} | more)
    )[0]


@pytest.fixture
def row(cast):
    return make_obligation(organisation=cast.body, due_on=DUE, percent=95)


# asking


@pytest.mark.parametrize("name", ["staff", "manager"])
@pytest.mark.parametrize("day", [TODAY, DUE])
def test_the_body_asks_until_and_on_the_day_itself(cast, row, name, day):
    one = asked(row, getattr(cast, name), now=at(day))
    assert (one.state, one.old_due_on, one.asked_due_on, one.reason) == (
        "requested",
        DUE,
        LATER,
        WHY,
    )
    row.refresh_from_db()
    assert (row.due_on, row.original_due_on, row.extensions_granted) == (DUE, DUE, 0)
    event = Event.objects.get(action="ask_extension")
    assert (event.obligation_id, event.organisation_id, event.before, event.after) == (
        row.pk,
        cast.body.pk,
        {"asked_due_on": "2026-10-30"},
        {"asked_due_on": "2026-11-30"},
    )


def test_after_the_day_it_is_refused_in_words(cast, row):
    with pytest.raises(Invalid, match="10月30日.*期满前"):
        asked(row, cast.staff, now=at(DUE + timedelta(days=1)))
    assert not Extension.objects.exists()


@pytest.mark.parametrize("name", ["supervisor", "viewer", "stranger", "below", "outsider", "admin"])
def test_nobody_else_asks(cast, row, name):
    with pytest.raises(NotAllowed):
        asked(row, getattr(cast, name))


@pytest.mark.parametrize("state", ["closing", "closed", "disputed", "withdrawn"])
def test_what_is_closed_or_disputed_is_not_extended(cast, state):
    closed = {"closed_on": TODAY} if state == "closed" else {}
    row = make_obligation(organisation=cast.body, state=state, reason="因故", **closed)
    with pytest.raises(IllegalMove):
        asked(row, cast.staff, date(2027, 6, 30))


@pytest.mark.parametrize(
    ("due_on", "wanted"), [(DUE, DUE), (DUE, TODAY), (None, LATER)], ids=["same", "earlier", "none"]
)
def test_only_a_later_day_is_asked_for(cast, due_on, wanted):
    row = make_obligation(organisation=cast.body, due_on=due_on)
    with pytest.raises(Invalid):
        asked(row, cast.staff, wanted)


def test_a_reason_is_demanded(cast, row):
    with pytest.raises(Invalid):
        ask_extension(obligations=[row], due_on=LATER, reason=" ", by=cast.staff, now=NOW)


def test_one_request_waits_at_most(cast, row):
    one = asked(row, cast.staff)
    with pytest.raises(Invalid, match="已申请延期"):
        asked(row, cast.manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_extension(row, cast.staff)
    decided(one, cast.supervisor, "refuse_extension", reason="仍按原时限")
    assert asked(row, cast.manager).state == "requested"


def test_several_are_asked_for_together_or_none(cast, row):
    other = make_obligation(organisation=cast.body, due_on=LATER)
    passed = make_obligation(organisation=cast.body, due_on=date(2026, 10, 1))
    request = {"due_on": LATEST, "reason": WHY, "by": cast.staff, "now": NOW}
    with pytest.raises(Invalid, match=passed.directive.code):
        ask_extension(obligations=[row, other, passed], **request)
    assert not Extension.objects.exists()
    ask_extension(obligations=[row, other], **request)
    assert list(Extension.objects.order_by("pk").values_list("obligation", "old_due_on")) == [
        (row.pk, DUE),
        (other.pk, LATER),
    ]
    assert Event.objects.filter(action="ask_extension").count() == 2


# deciding


def test_granting_sets_the_day_and_keeps_the_original_one(cast, row):
    one = decided(asked(row, cast.staff), cast.supervisor, reason="同意")
    row.refresh_from_db()
    assert (row.due_on, row.original_due_on, row.extensions_granted) == (LATER, DUE, 1)
    assert (one.state, one.granted_due_on, one.decision_reason, one.decided_by, one.version) == (
        "granted",
        LATER,
        "同意",
        cast.supervisor,
        2,
    )
    assert row.why == Reason("on_schedule", LATER)
    assert list(Event.objects.order_by("pk").values_list("action", "by")) == [
        ("ask_extension", cast.staff.pk),
        ("grant_extension", cast.supervisor.pk),
        ("extend", cast.supervisor.pk),
    ]
    assert tallies.drift() == []


def test_a_red_row_is_green_again_when_the_request_is_granted_late(cast, row):
    one, now = asked(row, cast.staff, now=at(DUE)), at(DUE + timedelta(days=3))
    decided(one, cast.supervisor, now=now)
    assert Obligation.objects.get().light == "green"


def test_another_day_can_be_granted(cast, row):
    decided(asked(row, cast.staff), cast.supervisor, due_on=LATEST)
    row.refresh_from_db()
    assert (row.due_on, row.original_due_on) == (LATEST, DUE)


@pytest.mark.parametrize("due_on", [TODAY - timedelta(days=1), DUE, date(2026, 3, 1)])
def test_never_one_before_today_or_not_later(cast, row, due_on):
    one = asked(row, cast.staff)
    with pytest.raises(Invalid):
        decided(one, cast.supervisor, due_on=due_on)
    assert Extension.objects.get().state == "requested"
    assert Obligation.objects.get().due_on == DUE


def test_a_day_asked_for_that_has_passed_by_now_is_not_granted(cast, row):
    one = asked(row, cast.staff)
    with pytest.raises(Invalid):
        decided(one, cast.supervisor, now=at(LATER + timedelta(days=1)))


def test_a_refusal_has_a_reason_and_changes_no_day(cast, row):
    one = asked(row, cast.staff)
    with pytest.raises(Invalid):
        decided(one, cast.supervisor, "refuse_extension")
    decided(one, cast.supervisor, "refuse_extension", reason="仍按原时限")
    row.refresh_from_db()
    assert (row.due_on, row.extensions_granted, row.version) == (DUE, 0, 1)


@pytest.mark.parametrize("name", ["staff", "manager", "viewer", "stranger", "below", "outsider"])
@pytest.mark.parametrize("action", ["grant_extension", "refuse_extension"])
def test_only_supervisors_above_decide(cast, row, name, action):
    one = asked(row, cast.staff)
    with pytest.raises(NotAllowed):
        decided(one, getattr(cast, name), action, reason="不")


def test_nobody_decides_their_own(cast, row):
    one = asked(row, cast.staff)
    Membership.objects.create(user=cast.staff, organisation=cast.centre, role="supervisor")
    two_hats = User.objects.get(pk=cast.staff.pk)
    with pytest.raises(NotAllowed, match="本人"):
        decided(one, two_hats)
    assert inbox(two_hats).lines == ()
    assert deciders(one, two_hats).people == (cast.supervisor,)
    assert decided(one, cast.supervisor).state == "granted"


def test_what_was_decided_is_not_decided_again(cast, row):
    one = decided(asked(row, cast.staff), cast.supervisor)
    with pytest.raises(IllegalMove):
        decided(one, cast.supervisor, "refuse_extension", reason="不")


def test_a_stale_request_is_not_decided(cast, row):
    asked(row, cast.staff)
    stale = Extension.objects.select_related("obligation__organisation").get()
    decided(Extension.objects.get(), cast.supervisor)
    with pytest.raises(Stale):
        decided(stale, cast.supervisor)
    assert Obligation.objects.get().extensions_granted == 1


def test_a_row_closed_meanwhile_is_not_extended_and_waits_for_nobody(cast, row):
    one = asked(row, cast.staff)
    move(row, "request_close", by=cast.staff, now=NOW, reason="已完成")
    assert [line.kind for line in inbox(cast.supervisor).lines] == ["close"]
    with pytest.raises(IllegalMove):
        decided(one, cast.supervisor)
    move(Obligation.objects.get(), "refuse_close", by=cast.supervisor, now=NOW, reason="未完成")
    assert [line.kind for line in inbox(cast.supervisor).lines] == ["extension"]


# a wrong day


def test_a_wrong_day_is_put_right_after_it_passed(cast):
    rows = [
        make_obligation(organisation=body, due_on=date(2025, 12, 31), issued_on=date(2025, 3, 3))
        for body in (cast.body, cast.sibling)
    ]
    right = {"due_on": LATER, "reason": "年份有误", "versions": {}, "now": NOW}
    with pytest.raises(NotAllowed):
        correct_due(obligations=rows, by=cast.manager, **right)
    with pytest.raises(Invalid):
        correct_due(obligations=rows, by=cast.supervisor, **(right | {"reason": ""}))
    assert correct_due(obligations=rows, by=cast.supervisor, **right) == 2
    assert set(
        Obligation.objects.values_list("due_on", "original_due_on", "extensions_granted", "light")
    ) == {(LATER, date(2025, 12, 31), 0, "green")}
    assert set(Event.objects.values_list("action", "reason")) == {("correct_due", "年份有误")}
    assert tallies.drift() == []


def test_a_day_before_the_work_begins_is_no_correction(cast, row):
    with pytest.raises(Invalid, match="3月2日"):
        correct_due(
            obligations=[row],
            due_on=date(2026, 3, 1),
            reason="有误",
            versions={},
            by=cast.supervisor,
            now=NOW,
        )


def test_a_correction_of_what_changed_meanwhile_is_stale(cast, row):
    with pytest.raises(Stale):
        correct_due(
            obligations=[row],
            due_on=LATER,
            reason="有误",
            versions={row.pk: 7},
            by=cast.supervisor,
            now=NOW,
        )


# who is told, and what the pages say


def test_notices_of_each_step_go_to_those_concerned(cast, row):
    asked_for = asked(row, cast.staff)
    decided(asked_for, cast.supervisor, reason="同意")
    again = asked(Obligation.objects.get(), cast.staff, LATEST)
    decided(again, cast.supervisor, "refuse_extension", reason="不同意")
    correct_due(
        obligations=[row],
        due_on=LATEST,
        reason="有误",
        versions={},
        by=cast.supervisor,
        now=NOW,
    )
    told = {
        kind: sorted(Notice.objects.filter(kind=kind).values_list("user__username", flat=True))
        for kind in Notice.objects.values_list("kind", flat=True)
    }
    body = ["manager", "staff"]
    assert told == {
        "extension_asked": ["supervisor", "supervisor"],
        "extension_granted": body,
        "extension_refused": body,
        "due_corrected": body,
    }


def test_one_notice_tells_of_several_rows(cast, row):
    rows = [row, *(make_obligation(organisation=cast.body, due_on=DUE) for _n in range(2))]
    document = row.document
    Obligation.objects.update(document=document)
    ask_extension(obligations=rows, due_on=LATER, reason=WHY, by=cast.staff, now=NOW)
    notice = Notice.objects.get()
    assert all(one.directive.code in notice.facts["code"] for one in rows)
    assert notice.url == reverse("extensions")


def test_asked_and_granted_over_the_pages(cast, row, sign_in, key):
    staff, supervisor = sign_in(cast.staff), sign_in(cast.supervisor)
    there = reverse("obligation", args=[row.pk])
    Obligation.objects.update(due_on="2099-01-05", original_due_on="2099-01-05")
    assert f"{reverse('extension_new')}?pick={row.pk}" in staff.get(there).text
    page = staff.get(reverse("extension_new"), {"pick": row.pk})
    assert f'value="{row.pk}" checked' in page.text
    sent = {"pick": row.pk, "due_on": "2099-06-30", "reason": WHY}
    assert staff.post(reverse("extension_ask"), sent | key()).url == there
    one = Extension.objects.get()
    page = supervisor.get(there).text
    assert WHY in page and 'value="2099-06-30"' in page
    assert "grant_extension" not in staff.get(there).text
    assert [line.url for line in inbox(cast.supervisor).lines] == [there]
    sent = {"pick": one.pk, "action": "grant_extension", f"version-{one.pk}": 1, "next": there}
    assert supervisor.post(reverse("extension_decide"), sent | key()).url == there
    row.refresh_from_db()
    assert row.due_on == date(2099, 6, 30)
    page = staff.get(there).text
    assert "2099年1月5日" in page and "2099年6月30日" in page


def test_a_form_with_faults_keeps_what_was_typed(cast, row, sign_in, key):
    sent = {"pick": row.pk, "due_on": "2020-01-01", "reason": WHY}
    page = sign_in(cast.staff).post(reverse("extension_ask"), sent | key())
    assert (page.status_code, WHY in page.text) == (422, True)
    assert not Extension.objects.exists()


def test_the_page_says_why_a_row_can_no_longer_be_extended(cast, row, sign_in):
    Obligation.objects.update(due_on="2026-01-05", issued_on="2026-01-01")
    page = sign_in(cast.staff).get(reverse("extension_new"), {"pick": row.pk}).text
    assert "期满前" in page and 'name="pick"' not in page


def test_the_page_of_requests_shows_each_its_own(cast, row, sign_in):
    asked(row, cast.staff)
    other = make_extension(make_obligation(organisation=cast.sibling), cast.stranger)
    page = sign_in(cast.supervisor).get(reverse("extensions"))
    assert [one.pk for one in page.context["requests"].to_decide] == [
        Extension.objects.get(obligation=row).pk,
        other.pk,
    ]
    page = sign_in(cast.stranger).get(reverse("extensions"))
    assert [one.pk for one in page.context["requests"].waiting] == [other.pk]
    assert page.context["requests"].to_decide == ()
    for person in (cast.outsider, cast.viewer, cast.below):
        found = sign_in(person).get(reverse("extensions")).context["requests"]
        assert len(found.waiting) == (2 if person == cast.viewer else 0)
        assert found.to_decide == ()


def test_rows_with_the_same_wrong_day_are_listed_to_be_corrected_together(cast, row, sign_in):
    alike = make_obligation(row.directive, cast.sibling, due_on=DUE)
    make_obligation(row.directive, cast.child, due_on=LATER)
    page = sign_in(cast.supervisor).get(reverse("due_correct"), {"pick": row.pk})
    assert [(one.row.pk, one.picked) for one in page.context["choices"]] == [
        (row.pk, True),
        (alike.pk, False),
    ]
    assert (
        sign_in(cast.manager).get(reverse("due_correct"), {"pick": row.pk}).context["choices"] == ()
    )


def test_list_and_ledger_show_both_days_and_count_extensions(cast, row, sign_in):
    decided(asked(row, cast.staff), cast.supervisor)
    plain = make_obligation(make_directive(row.directive.section), cast.body)
    page = sign_in(cast.staff).get(reverse("obligations")).text
    assert "11月30日" in page and "10月30日" in page
    lines = {line.pk: line for line in ledger([Obligation.objects.all()], None)}
    assert [
        (line.due_on, line.original_due_on, line.extensions_granted, line.extension_reasons)
        for line in (lines[row.pk], lines[plain.pk])
    ] == [(LATER, DUE, 1, (WHY,)), (plain.due_on, plain.due_on, 0, ())]
