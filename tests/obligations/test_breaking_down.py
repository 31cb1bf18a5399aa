"""An obligation is broken down to bodies below: what counts, whose percent it is, what follows."""

from datetime import timedelta
from random import Random

import pytest
from django.db import transaction

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Refusal, Stale
from directives.base.states import LIVE, OPEN
from directives.core.rules import may
from directives.core.scope import Scope, lights_by
from directives.core.transitions import change_obligations
from directives.models import Event, Membership, Notice, Obligation, Organisation
from directives.obligations.commands.delegating import (
    BrokenDown,
    PartTerms,
    Share,
    break_down,
    release,
)
from directives.obligations.commands.issuing import take_back
from directives.obligations.commands.supervising import move_obligation
from directives.obligations.exports.ledger import Today, columns
from directives.obligations.queries.filters import ALL, BROKEN_DOWN, ObligationFilter
from directives.obligations.queries.ledger import ledger
from directives.obligations.queries.listing import filter_options, listing
from directives.organisations.commands import merge_bodies
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_member,
    make_obligation,
    make_user,
)

LATER = NOW + timedelta(days=1)


@pytest.fixture
def places(cast):
    """Three bodies below cast.body, besides cast.child, and who may break its rows down."""
    made = [make_body(f"Q01{letter}", parent=cast.body, level="city") for letter in "BCD"]
    cast.body.refresh_from_db()
    return made


@pytest.fixture
def whole(cast, places):
    return make_obligation(organisation=cast.body, percent=30)


def current(row):
    return Obligation.objects.select_related("organisation", "directive", "document").get(pk=row.pk)


def boss(cast):
    """The manager of cast.body, which has no supervisor; read anew, with their memberships."""
    return type(cast.manager).objects.get(pk=cast.manager.pk)


def broken(row, bodies, by=None, **terms) -> BrokenDown:
    shares = [body if isinstance(body, Share) else Share(body) for body in bodies]
    found = break_down(
        obligation=current(row), shares=shares, terms=PartTerms(**terms), by=by, now=NOW
    )
    assert tallies.drift() == []
    return found


def facts(row):
    row = current(row)
    return row.state, row.parts, row.percent


def counted(user):
    return sum(lights.total for lights in lights_by(Scope.of(user), "document").values())


def listed(user, **conditions):
    obligation_filter = ObligationFilter(**conditions)
    return listing(user, filter_options(user, obligation_filter), {}, today=TODAY)


# breaking down


def test_the_parts_are_new_obligations_with_days_of_their_own(cast, places, whole):
    shares = [Share(places[0], TODAY + timedelta(days=9), "张三", "010-1"), Share(places[1])]
    made = broken(whole, shares, boss(cast), asks=" 办好本地的事 ", deliverable="")
    rows = list(Obligation.objects.filter(broken_from=whole).order_by("organisation__code"))
    assert [row.pk for row in made.new] == [row.pk for row in rows]
    assert [(row.organisation, row.due_on, row.leader, row.contact) for row in rows] == [
        (places[0], TODAY + timedelta(days=9), "张三", "010-1"),
        (places[1], whole.due_on, "", ""),
    ]
    assert {(r.state, r.asks, r.part, r.issued_on) for r in rows} == {
        ("assigned", "办好本地的事", "responsible", TODAY)
    }
    assert all(row.acknowledge_by for row in rows)
    assert facts(whole) == ("underway", 2, 0)


def test_the_whole_is_not_counted_but_its_parts_are_wherever_one_looks(cast, places, whole):
    boss_user, supervisor = boss(cast), cast.supervisor
    assert [counted(user) for user in (supervisor, boss_user)] == [1, 1]
    broken(whole, places, boss_user)
    assert [counted(user) for user in (supervisor, boss_user)] == [3, 3]
    for user in (supervisor, boss_user):
        shown = listed(user)
        assert (shown.total, shown.broken_down, len(shown.page.rows)) == ("3", 1, 3)
        assert [row.pk for row in listed(user, breakdown=BROKEN_DOWN).page.rows] == [whole.pk]
        assert len(listed(user, breakdown=ALL).page.rows) == 4
        assert len(listed(user, breakdown=ALL, part_of=whole.pk).page.rows) == 3
    staff = listed(cast.staff)
    assert (staff.total, staff.broken_down, list(staff.page.rows)) == ("0", 1, [])


def test_a_body_that_owes_the_directive_is_linked_and_keeps_its_terms(cast, places, whole):
    day = whole.due_on + timedelta(days=40)
    own = make_obligation(whole.directive, places[0], state="underway", percent=60, due_on=day)
    made = broken(whole, places[:2], boss(cast), asks="办好")
    assert ([row.pk for row in made.linked], len(made.new)) == ([own.pk], 1)
    linked = current(own)
    assert (
        linked.broken_from_id,
        linked.owed_before,
        linked.due_on,
        linked.state,
        linked.asks,
    ) == (
        whole.pk,
        True,
        day,
        "underway",
        "",
    )
    assert facts(whole) == ("underway", 2, 30)
    assert Obligation.objects.filter(directive=whole.directive).count() == 3


def test_a_row_that_was_withdrawn_is_assigned_again(cast, places, whole):
    broken(whole, places[:2], boss(cast))
    part = Obligation.objects.get(organisation=places[0])
    move_obligation(
        obligation=current(part), action="withdraw", by=boss(cast), now=NOW, reason="错"
    )
    assert facts(whole)[1] == 1
    made = broken(whole, places[:1], boss(cast), asks="再办")
    assert ([row.pk for row in made.again], made.new) == ([part.pk], [])
    assert (current(part).state, current(part).asks) == ("assigned", "再办")
    assert facts(whole)[1] == 2


def test_the_percent_is_the_mean_of_the_parts_rounded_down(cast, places, whole):
    broken(whole, places, boss(cast))
    parts = list(Obligation.objects.filter(broken_from=whole).select_related("organisation"))
    for part, percent in zip(parts, (50, 25, 0), strict=True):
        change_obligations([part], {"percent": percent}, action="test", by=None, now=NOW)
    assert facts(whole)[2] == 25
    change_obligations(parts[:2], {"percent": 100}, action="test", by=None, now=NOW)
    assert facts(whole)[2] == 66
    assert Event.objects.filter(action="parts", obligation_id=whole.pk).count() == 4
    assert tallies.drift() == []


def test_parts_of_parts_are_counted_alone_and_their_percent_rises_to_the_top(cast, places, whole):
    low = [make_body(f"Q01B{n}", parent=places[0]) for n in (1, 2)]
    broken(whole, places[:2], boss(cast))
    middle = Obligation.objects.get(organisation=places[0])
    change_obligations([middle], {"state": "acknowledged"}, action="test", by=None, now=NOW)
    broken(middle, low)
    assert counted(cast.supervisor) == 3
    part = Obligation.objects.get(organisation=low[0])
    change_obligations([part], {"percent": 81}, action="test", by=None, now=NOW)
    assert [facts(row)[2] for row in (middle, whole)] == [40, 20]
    assert tallies.drift() == []


# what is refused


@pytest.mark.parametrize("state", sorted(LIVE - {"acknowledged", "underway"}) + ["withdrawn"])
def test_a_row_that_is_not_acknowledged_and_open_is_not_broken_down(cast, places, state):
    more = {"closed_on": TODAY} if state == "closed" else {"reason": "x"}
    row = make_obligation(organisation=cast.body, state=state, **more)
    with pytest.raises(IllegalMove):
        broken(row, places, boss(cast))
    assert Obligation.objects.count() == 1


def test_every_fault_is_named_at_once_and_nothing_is_written(cast, places, whole):
    gone = make_body("Q01E", parent=cast.body, valid_to=TODAY - timedelta(days=1))
    shares = [
        Share(cast.centre),  # upward
        Share(cast.sibling),  # sideways
        Share(cast.body),  # to itself
        Share(gone),
        Share(places[0], TODAY - timedelta(days=1)),
        Share(places[1], whole.due_on + timedelta(days=1)),
    ]
    with pytest.raises(Invalid) as refused:
        broken(whole, shares, plan_due_on=TODAY)
    errors = refused.value.errors
    assert len(errors["bodies"]) == 4
    assert [key for key in errors if key.startswith("due-")] == [
        f"due-{places[0].pk}",
        f"due-{places[1].pk}",
    ]
    assert "plan_due_on" in errors
    assert (Obligation.objects.count(), facts(whole)) == (1, ("underway", 0, 30))
    later = [Share(places[1], whole.due_on + timedelta(days=1))]
    assert broken(whole, later, later=True).count == 1


def test_a_part_of_another_row_and_the_row_above_are_not_linked(cast, places, whole):
    low = make_body("Q01B1", parent=places[0])
    broken(whole, places[:1])
    middle = Obligation.objects.get(organisation=places[0])
    change_obligations([middle], {"state": "acknowledged"}, action="test", by=None, now=NOW)
    broken(middle, [low])
    for body in (places[0], low):  # its part already; a part of another
        with pytest.raises(Invalid):
            broken(whole, [body])
    Organisation.objects.filter(pk=cast.body.pk).update(path=low.path + cast.body.path)
    lowest = Obligation.objects.get(organisation=low)
    change_obligations([lowest], {"state": "acknowledged"}, action="test", by=None, now=NOW)
    with pytest.raises(Invalid) as circle:
        broken(
            Obligation.objects.get(organisation=low), [Organisation.objects.get(pk=cast.body.pk)]
        )
    assert "全国总工会" in str(circle.value)


def test_the_day_of_the_whole_has_passed(cast, places):
    row = make_obligation(organisation=cast.body, due_on=TODAY - timedelta(days=2))
    with pytest.raises(Invalid) as refused:
        broken(row, places)
    assert [*refused.value.errors] == ["due_on"]
    broken(row, places, due_on=TODAY, later=True)


def test_a_stale_page_is_refused(cast, places, whole):
    with pytest.raises(Stale):
        break_down(
            obligation=current(whole),
            shares=[Share(places[0])],
            terms=PartTerms(),
            by=None,
            now=NOW,
            version=whole.version + 1,
        )


def test_more_bodies_than_the_limit_are_refused_in_words(cast, places, whole, monkeypatch):
    monkeypatch.setattr("directives.obligations.commands.delegating.MOST_BODIES", 2)
    with pytest.raises(Invalid, match="2"):
        broken(whole, places)


# who may


def test_the_own_supervisor_breaks_down_or_the_manager_of_a_body_without_one(cast, places, whole):
    own = make_member(cast.body, "supervisor")
    for user, allowed in (
        (own, True),
        (boss(cast), False),
        (cast.supervisor, False),
        (cast.staff, False),
    ):
        assert may(user, "delegate", current(whole)) == allowed
    Membership.objects.filter(user=own).delete()
    assert may(boss(cast), "delegate", current(whole))
    with pytest.raises(NotAllowed):
        broken(whole, places, cast.staff)


def test_the_manager_who_broke_it_down_oversees_the_new_parts_alone(cast, places, whole):
    linked = make_obligation(whole.directive, places[0], state="assigned")
    other = make_obligation(organisation=places[1], state="assigned")
    broken(whole, places[:2], boss(cast))
    new = Obligation.objects.get(organisation=places[1], directive=whole.directive)
    rights = {
        row.pk: [may(boss(cast), right, current(row)) for right in ("oversee", "release")]
        for row in (linked, other, new)
    }
    assert rights == {
        linked.pk: [False, True],
        other.pk: [False, False],
        new.pk: [True, False],
    }
    own = make_member(cast.body, "supervisor")
    assert not may(boss(cast), "oversee", current(new))
    assert may(own, "oversee", current(new))


# what follows


def test_the_whole_is_closed_after_its_parts_and_by_an_act_of_its_own(cast, places, whole):
    broken(whole, places[:2], boss(cast))
    asks = {"action": "request_close", "by": cast.staff, "now": NOW, "reason": "办完"}
    with pytest.raises(Invalid) as refused:
        move_obligation(obligation=current(whole), **asks)
    assert all(body.name_hans in str(refused.value) for body in places[:2])
    parts = Obligation.objects.filter(broken_from=whole).select_related("organisation")
    fields = {"state": "closed", "closed_on": TODAY, "percent": 100}
    change_obligations(list(parts), fields, action="close", by=None, now=NOW)
    assert facts(whole) == ("underway", 2, 100)
    move_obligation(obligation=current(whole), **asks)
    move_obligation(
        obligation=current(whole), action="close", by=cast.supervisor, now=NOW, reason="属实"
    )
    assert facts(whole) == ("closed", 2, 100)
    with pytest.raises(Invalid):
        move_obligation(
            obligation=current(parts[0]), action="reopen", by=cast.supervisor, now=NOW, reason="查"
        )
    move_obligation(
        obligation=current(whole), action="reopen", by=cast.supervisor, now=NOW, reason="查"
    )
    move_obligation(
        obligation=current(parts[0]), action="reopen", by=cast.supervisor, now=NOW, reason="查"
    )
    assert tallies.drift() == []


def test_without_its_last_part_the_whole_counts_again(cast, places, whole):
    broken(whole, places[:1], boss(cast))
    part = Obligation.objects.get(organisation=places[0])
    change_obligations([part], {"percent": 40}, action="test", by=None, now=NOW)
    change_obligations([current(part)], {"state": "underway"}, action="test", by=None, now=NOW)
    move_obligation(
        obligation=current(part), action="withdraw_part", by=boss(cast), now=NOW, reason="分错"
    )
    assert facts(whole) == ("underway", 0, 40)
    assert (counted(cast.supervisor), listed(cast.staff).total) == (1, "1")
    assert tallies.drift() == []


def test_a_linked_part_is_released_and_not_withdrawn(cast, places, whole):
    own = make_obligation(whole.directive, places[0], percent=60)
    broken(whole, places[:1], boss(cast))
    with pytest.raises(NotAllowed):
        move_obligation(
            obligation=current(own), action="withdraw_part", by=boss(cast), now=NOW, reason="x"
        )
    with pytest.raises(NotAllowed):
        release(part=current(own), by=cast.staff, now=NOW)
    release(part=current(own), by=boss(cast), now=NOW)
    assert (current(own).broken_from_id, current(own).state) == (None, "underway")
    assert (facts(whole)[1], counted(cast.supervisor)) == (0, 2)
    assert tallies.drift() == []


def test_what_is_withdrawn_takes_its_parts_along_but_those_owed_before_and_closed(cast, places):
    low = make_body("Q01B1", parent=places[0])
    top = make_obligation(organisation=cast.body)
    broken(top, places)
    first, second, third = Obligation.objects.filter(broken_from=top).order_by("organisation__code")
    change_obligations([first], {"state": "underway"}, action="test", by=None, now=NOW)
    broken(first, [low])
    change_obligations(
        [current(second)], {"state": "closed", "closed_on": TODAY}, action="test", by=None, now=NOW
    )
    fields = {"owed_before": True}
    change_obligations([current(third)], fields, action="test", by=None, now=NOW)
    change_obligations([current(top)], {"state": "assigned"}, action="test", by=None, now=NOW)
    move_obligation(
        obligation=current(top), action="withdraw", by=cast.supervisor, now=NOW, reason="撤回"
    )
    lowest = Obligation.objects.get(organisation=low)
    assert [current(row).state for row in (top, first, lowest)] == ["withdrawn"] * 3
    assert [current(row).broken_from_id for row in (second, third)] == [None, None]
    assert [current(row).state for row in (second, third)] == ["closed", "assigned"]
    assert (facts(top)[1], counted(cast.supervisor)) == (0, 2)
    assert tallies.drift() == []


def test_suspended_and_resumed_the_whole_takes_its_parts_underway_along(cast, places, whole):
    broken(whole, places[:2], boss(cast))
    first, second = Obligation.objects.filter(broken_from=whole).order_by("organisation__code")
    change_obligations([first], {"state": "underway"}, action="test", by=None, now=NOW)
    act = {"by": cast.supervisor, "now": NOW, "reason": "机构改革"}
    move_obligation(obligation=current(whole), action="suspend", **act)
    assert [current(row).state for row in (whole, first, second)] == [
        "suspended",
        "suspended",
        "assigned",
    ]
    move_obligation(obligation=current(whole), action="resume", **act)
    assert [current(row).state for row in (whole, first)] == ["underway", "underway"]
    assert tallies.drift() == []


def test_the_successor_of_a_merged_body_takes_over_its_part(cast, places, whole):
    heir = make_obligation(whole.directive, places[2], percent=10)
    broken(whole, places[:2])
    for body in places[:2]:  # the second time the successor's row is a part already
        merge_bodies(body, successor=places[2], by=None, now=NOW)
        assert tallies.drift() == []
    assert current(heir).broken_from_id == whole.pk
    assert facts(whole) == ("underway", 1, 10)
    alone = make_body("Q01F", parent=cast.body)
    merge_bodies(places[2], successor=alone, by=None, now=LATER)
    assert (current(heir).organisation, current(heir).broken_from_id) == (alone, whole.pk)
    assert tallies.drift() == []


def test_the_successor_of_a_merged_body_takes_over_the_parts_of_its_row(cast, places):
    row = make_obligation(organisation=places[0])
    low = make_body("Q01B1", parent=places[0])
    broken(row, [low])
    heir = make_obligation(row.directive, places[1], percent=10)
    low.refresh_from_db()
    Organisation.objects.filter(pk=low.pk).update(parent=places[1])
    merge_bodies(places[0], successor=places[1], by=None, now=NOW)
    assert (current(heir).parts, current(row).state, current(row).parts) == (1, "withdrawn", 0)


def test_an_import_that_made_a_part_is_not_undone(cast, places, whole):
    row = make_obligation(whole.directive, places[0], state="assigned")
    broken(whole, places[:1])
    with pytest.raises(Invalid):
        take_back([current(row)], by=None, now=NOW)


def test_people_are_told(cast, places, whole):
    linked = make_obligation(whole.directive, cast.child)
    staff = make_member(places[0], "staff")
    broken(whole, [places[0], cast.child], boss(cast))
    told = {notice.user: notice for notice in Notice.objects.all()}
    assert {user: notice.kind for user, notice in told.items()} == {
        staff: "broken_down",
        cast.below: "linked",
    }
    assert told[cast.below].url == f"/obligations/{linked.pk}/"


def test_the_ledger_names_the_body_that_broke_it_down(cast, places, whole):
    broken(whole, places[:1])
    part = Obligation.objects.filter(broken_from=whole)
    dated = Today(TODAY, None)
    cell = next(c for c in columns(dated, titled=False) if c.key == "broken_from")
    assert [cell.value(row) for row in ledger([part], None)] == ["全国总工会"]
    assert [cell.value(row) for row in ledger([Obligation.objects.filter(pk=whole.pk)], None)] == [
        ""
    ]


# at random


@pytest.mark.parametrize("seed", range(4))
def test_after_any_sequence_of_acts_the_counts_are_right(cast, places, seed):
    random = Random(seed)
    bodies = [cast.body, cast.child, *places, make_body("Q01B1", parent=places[0])]
    for _number in range(2):
        make_obligation(make_directive(items=("制度",)), cast.body)
    person = make_user()
    done = 0
    for _step in range(60):
        row = random.choice(list(Obligation.objects.select_related("organisation")))
        act = random.choice(["break", "break", "state", "percent", "withdraw", "close", "release"])
        try:
            with transaction.atomic():
                if act == "break":
                    some = random.sample(bodies, random.randint(1, 3))
                    shares = [Share(Organisation.objects.get(pk=body.pk)) for body in some]
                    break_down(
                        obligation=current(row), shares=shares, terms=PartTerms(), by=None, now=NOW
                    )
                elif act == "release":
                    release(part=current(row), by=None, now=NOW)
                elif act == "percent" and not current(row).parts:
                    fields = {"percent": random.randint(0, 100)}
                    change_obligations([current(row)], fields, action="test", by=None, now=NOW)
                elif act != "percent":
                    moves = {
                        "state": ["acknowledge", "start", "suspend", "resume", "reopen"],
                        "withdraw": ["withdraw", "withdraw_part"],
                        "close": ["request_close", "close"],
                    }[act]
                    for item in row.item_states.all():
                        item.open_reason = "已并入"
                        item.save()
                    move_obligation(
                        obligation=current(row),
                        action=random.choice(moves),
                        by=None,
                        now=NOW,
                        reason=f"{person}",
                    )
                done += 1
        except Refusal:
            pass
        check_invariants()
    assert done > 10


def check_invariants():
    assert tallies.drift() == []
    for row in Obligation.objects.all():
        live = [part for part in row.broken_into.all() if part.state in LIVE]
        assert row.parts == len(live)
        if row.state not in OPEN:
            assert not [part for part in live if part.state in OPEN]
        if live and row.state != "closed":
            assert row.percent == sum(part.percent for part in live) // len(live)
