"""The one door: every move of every state, who may make it, and what it leaves behind."""

import pytest

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import (
    ENTRY_MOVES,
    FILING_STATES,
    OBLIGATION_MOVES,
    OBLIGATION_STATES,
    PLAN_MOVES,
)
from directives.core.transitions import move
from directives.models import Event, Obligation, Tally, Total
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_member,
    make_obligation,
    make_plan,
    make_report,
)

HOLDERS = {
    "receive": "staff",
    "work": "staff",
    "oversee": "supervisor",
    "oversee_part": "supervisor",
    "delegate": "manager",  # cast.body has no supervisor of its own
    "draft": "staff",
    "sign": "manager",
    "hand_in": "manager",
    "review": "supervisor",
}
OBLIGATION_CASES = [
    (action, state) for action in OBLIGATION_MOVES for state, _label in OBLIGATION_STATES
]
PLAN_CASES = [(action, state) for action in PLAN_MOVES for state, _label in FILING_STATES]


def _fields(state, action=""):
    """The fields of an obligation in this state; one that is withdrawn as a part is one."""
    whole = {"broken_from": make_obligation()} if action == "withdraw_part" else {}
    return whole | {
        "state": state,
        "reason": "因故" if state == "disputed" else "",
        "closed_on": NOW.date() if state == "closed" else None,
    }


@pytest.mark.parametrize(("action", "state"), OBLIGATION_CASES)
def test_every_obligation_move_from_every_state(cast, action, state):
    row = make_obligation(organisation=cast.body, **_fields(state, action))
    step = OBLIGATION_MOVES[action]
    by = getattr(cast, HOLDERS[step.right])
    if state not in step.sources:
        with pytest.raises(IllegalMove):
            move(row, action, by=by, now=NOW, reason="已核实")
        assert Event.objects.count() == 0
        assert tallies.drift() == []
        return
    move(row, action, by=by, now=NOW, reason="已核实")
    stored = Obligation.objects.get(pk=row.pk)
    assert (stored.state, stored.version) == (step.target, 2)
    assert Event.objects.values_list("action", "by", "organisation", "obligation_id").get() == (
        action,
        by.pk,
        cast.body.pk,
        row.pk,
    )
    assert tallies.drift() == []


@pytest.mark.parametrize(("action", "state"), PLAN_CASES)
def test_every_plan_and_entry_move_from_every_state(cast, action, state):
    marks = {"state": state, "reason": "请改" if state == "returned" else ""}
    if state == "accepted":
        marks |= {"decided_by": cast.supervisor, "decided_at": NOW}
    obligation = make_obligation(organisation=cast.body)
    subjects = [make_plan(cast.body, **marks)]
    if action in ENTRY_MOVES:
        entry = make_report(cast.body, make_cycle(obligation.document), obligation).entries.get()
        type(entry).objects.filter(pk=entry.pk).update(**marks)
        entry.refresh_from_db()
        subjects.append(entry)
    step = PLAN_MOVES[action]
    for subject in subjects:
        by = getattr(cast, HOLDERS[step.right])
        if state not in step.sources:
            with pytest.raises(IllegalMove):
                move(subject, action, by=by, now=NOW, reason="请改")
            continue
        move(subject, action, by=by, now=NOW, reason="请改")
        assert type(subject).objects.values_list("state", "version").get(pk=subject.pk) == (
            step.target,
            2,
        )


@pytest.mark.parametrize("action", OBLIGATION_MOVES)
def test_nobody_else_may_move_an_obligation(cast, action):
    step = OBLIGATION_MOVES[action]
    row = make_obligation(organisation=cast.body, **_fields(sorted(step.sources)[0], action))
    others = {
        "staff",
        "manager",
        "supervisor",
        "viewer",
        "admin",
        "outsider",
        "stranger",
        "below",
    } - {HOLDERS[step.right]}
    if step.right == "work":
        others -= {"manager"}
    for name in others:
        with pytest.raises(NotAllowed):
            move(row, action, by=getattr(cast, name), now=NOW, reason="x")
    assert Event.objects.count() == 0


def test_a_move_that_needs_a_reason_is_refused_without_one(cast):
    row = make_obligation(organisation=cast.body, state="assigned")
    with pytest.raises(Invalid) as refused:
        move(row, "dispute", by=cast.staff, now=NOW, reason="  ")
    assert list(refused.value.errors) == ["reason"]
    assert Obligation.objects.get().state == "assigned"


def test_the_second_of_two_people_is_told_so(cast):
    row = make_obligation(organisation=cast.body, state="assigned")
    mine, theirs = Obligation.objects.get(pk=row.pk), Obligation.objects.get(pk=row.pk)
    move(theirs, "acknowledge", by=cast.staff, now=NOW)
    with pytest.raises(Stale) as stale:
        move(mine, "dispute", by=cast.staff, now=NOW, reason="不归我们")
    assert stale.value.theirs.state == "acknowledged"
    assert tallies.drift() == []


def test_nobody_accepts_their_own_submission(cast):
    two_hats = make_member(cast.centre, "supervisor", "two-hats")
    plan = make_plan(cast.body, state="submitted", submitted_by=two_hats, submitted_at=NOW)
    with pytest.raises(NotAllowed):
        move(plan, "accept", by=two_hats, now=NOW)
    assert move(plan, "accept", by=cast.supervisor, now=NOW).state == "accepted"


def test_a_supervisor_has_no_say_over_their_own_body(cast):
    own = make_obligation(organisation=cast.centre, state="closing")
    with pytest.raises(NotAllowed):
        move(own, "close", by=cast.supervisor, now=NOW, reason="已核实")


def test_tallies_follow_a_move_through_every_ancestor(cast):
    row = make_obligation(make_directive(), cast.child, state="closing", percent=100)
    move(row, "close", by=cast.supervisor, now=NOW, reason="已核实")
    live = Tally.objects.filter(count__gt=0).values_list(
        "scope__code", "state", "light", "count", "percent_sum"
    )
    assert sorted(live) == [
        ("C000", "closed", "closed", 1, 100),
        ("Q01", "closed", "closed", 1, 100),
    ]
    totals = Total.objects.filter(count__gt=0).values_list("scope__code", "light", "count")
    assert sorted(totals) == [("C000", "closed", 1), ("Q01", "closed", 1), ("Q01A", "closed", 1)]


def test_withdrawn_work_counts_nowhere(cast):
    row = make_obligation(organisation=cast.body, state="assigned")
    move(row, "withdraw", by=cast.supervisor, now=NOW, reason="分工调整")
    assert Total.objects.filter(count__gt=0).count() == 0
    assert tallies.drift() == []
