"""A body moved to another parent, or merged into another.

Counts, sight and record follow, whatever the tree.
"""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.core.transitions import move as move_on
from directives.models import (
    Event,
    Mark,
    Notice,
    Obligation,
    Organisation,
    ReportEntry,
    Tally,
    Total,
)
from directives.models.organisations import step
from directives.organisations import commands as organising
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_member,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)


def again(body: Organisation) -> Organisation:
    return Organisation.objects.get(pk=body.pk)


def paths_are_true() -> bool:
    """Each path is that of the parent and a step; a body is a branch if it has children."""
    bodies = {body.pk: body for body in Organisation.objects.all()}
    parents = {body.parent_id for body in bodies.values()}
    above = {
        pk: bodies[body.parent_id].path if body.parent_id else "" for pk, body in bodies.items()
    }
    return all(
        body.path == above[pk] + step(pk) and body.branch == (pk in parents)
        for pk, body in bodies.items()
    )


@pytest.fixture
def work(cast):
    """Everybody owes, has filed a plan and a report."""
    directives = [make_directive(make_section(), items=("联席会议制度",)) for _number in range(2)]
    cycle = make_cycle(directives[0].document)
    for body in (cast.centre, cast.body, cast.child, cast.sibling):
        rows = [make_obligation(directive, body, percent=30) for directive in directives]
        make_report(body, cycle, rows[0])
        make_plan(body, directives[0].document, state="submitted")
    return cast


@settings(max_examples=15)
@given(data=st.data())
def test_whatever_moves_wherever_the_counts_follow(work, data):
    with transaction.atomic():
        check_moves(data)
        transaction.set_rollback(True)


def check_moves(data: st.DataObject) -> None:
    bodies = list(Organisation.objects.all())
    bodies.append(make_body(parent=data.draw(st.sampled_from(bodies))))
    make_obligation(
        make_directive(make_section()), bodies[-1], percent=data.draw(st.integers(0, 100))
    )
    for _number in range(3):
        body, to = (
            again(data.draw(st.sampled_from(bodies))),
            data.draw(st.sampled_from([None, *bodies])),
        )
        if to is not None and again(to).path.startswith(body.path):
            with pytest.raises(Invalid):
                organising.move_body(body, new_parent=to, by=None, now=NOW)
        else:
            told = organising.move_body(body, new_parent=to, by=None, now=NOW)
            assert told.bodies == Organisation.objects.under(told.body).count() - 1
            assert told.obligations == Obligation.objects.live().under(told.body).count()
    assert (tallies.drift(), paths_are_true()) == ([], True)
    assert organising.refresh_paths() == 0


@settings(max_examples=10)
@given(data=st.data())
def test_a_register_that_turns_the_tree_over_carries_the_counts(work, data):
    """Parent and child swapped, chains turned round, roots made and unmade: all in one load."""
    codes = [body.code for body in Organisation.objects.all()]
    order, rows = data.draw(st.permutations(codes)), []
    for place, code in enumerate(order):
        parent = data.draw(st.sampled_from(["", *order[:place]]))
        rows.append(
            organising.BodyRow(
                place + 2,
                code=code,
                name_hans=code,
                kind=data.draw(st.sampled_from(["other", "committee"])),
                parent=parent,
            )
        )
    with transaction.atomic():
        organising.load_register(rows, by=None, now=NOW)
        assert (tallies.drift(), paths_are_true()) == ([], True)
        transaction.set_rollback(True)


def test_parent_and_child_change_places(work):
    organising.move_body(work.child, new_parent=None, by=None, now=NOW)
    organising.move_body(work.body, new_parent=again(work.child), by=None, now=NOW)
    assert (tallies.drift(), paths_are_true()) == ([], True)
    assert not Tally.objects.filter(scope=work.body).exists()
    assert Mark.objects.filter(scope=work.child, topic="filed").exists()


def test_those_above_see_what_moved(work):
    above = make_member(work.sibling, "supervisor")
    assert not Obligation.objects.filter(organisation=work.child).visible_to(above).exists()
    organising.move_body(work.child, new_parent=work.sibling, by=None, now=NOW)
    assert Obligation.objects.filter(organisation=work.child).visible_to(above).count() == 2


def test_a_province_is_moved_in_as_many_statements_as_a_body(work):
    here, there = make_body("X", parent=work.centre), make_body("Y", parent=work.centre)
    organising.move_body(work.body, new_parent=here, by=None, now=NOW)
    with CaptureQueriesContext(connection) as one:
        organising.move_body(work.body, new_parent=there, by=None, now=NOW)
    for number in range(60):
        make_obligation(make_directive(make_section()), make_body(f"Q01{number}", parent=work.body))
    with CaptureQueriesContext(connection) as many:
        told = organising.move_body(work.body, new_parent=here, by=None, now=NOW)
    assert told.bodies == 61
    assert len(many) == len(one)
    assert tallies.drift() == []


def test_only_administrators_move_and_a_stale_form_moves_nothing(work):
    with pytest.raises(NotAllowed):
        organising.move_body(work.child, new_parent=work.sibling, by=work.supervisor, now=NOW)
    with pytest.raises(Stale):
        organising.move_body(work.child, new_parent=work.sibling, by=work.admin, now=NOW, version=9)
    organising.move_body(work.child, new_parent=work.sibling, by=work.admin, now=NOW, version=1)
    event = Event.objects.get(action="move")
    assert (event.before, event.after, event.by) == (
        {"parent_id": work.body.pk},
        {"parent_id": work.sibling.pk},
        work.admin,
    )
    assert again(work.child).version == 2


def test_a_tree_may_not_be_deeper_than_a_path_is_long(db):
    chain = [make_body("T0")]
    for number in range(1, 12):
        chain.append(make_body(f"T{number}", parent=again(chain[-1])))
    other = make_body("other")
    with pytest.raises(Invalid):
        organising.move_body(chain[0], new_parent=other, by=None, now=NOW)
    assert paths_are_true()


def test_a_new_child_stands_where_its_parent_is_now(work):
    """The parent in memory knows its old place."""
    old = again(work.child)
    organising.move_body(work.child, new_parent=work.sibling, by=None, now=NOW)
    make_body("late", parent=old)
    old.save()
    assert paths_are_true()
    assert tallies.drift() == []


def test_a_merger_hands_the_work_over(work):
    double = make_directive(make_section())
    only = make_obligation(make_directive(make_section()), work.child, percent=55)
    held, theirs = make_obligation(double, work.child), make_obligation(double, work.sibling)
    clocks = (only.due_on, only.state, only.percent, only.light, only.light_on)
    done = organising.merge_bodies(work.child, successor=work.sibling, by=work.admin, now=NOW)
    assert (done.transferred, done.withdrawn) == (1, 3)
    only.refresh_from_db()
    held.refresh_from_db()
    assert (
        only.organisation,
        (only.due_on, only.state, only.percent, only.light, only.light_on),
    ) == (work.sibling, clocks)
    assert (held.state, held.reason) == ("withdrawn", "北京市总工会已并入共青团中央。")
    assert Obligation.objects.get(pk=theirs.pk).version == 1
    ended = again(work.child)
    assert (ended.valid_to, ended.successor) == (TODAY, work.sibling)
    assert ReportEntry.objects.filter(report__organisation=work.child).count() == 1
    assert (
        Event.objects.filter(
            subject_type="organisation", action="merge", subject_id=ended.pk
        ).count()
        == 1
    )
    assert {n.user for n in Notice.objects.filter(kind="merged")} == {work.below, work.stranger}
    assert tallies.drift() == []


def test_what_a_merger_leaves_closed_stays_closed(work):
    double = make_directive(make_section())
    held = make_obligation(double, work.child, state="closed", closed_on=TODAY, percent=100)
    make_obligation(double, work.sibling)
    organising.merge_bodies(work.child, successor=work.sibling, by=None, now=NOW)
    held.refresh_from_db()
    assert (held.state, held.organisation) == ("closed", work.child)
    assert tallies.drift() == []


def test_what_stands_against_a_merger_is_said(work):
    def against(body, into):
        with pytest.raises(Invalid) as refused:
            organising.merge_bodies(again(body), successor=again(into), by=None, now=NOW)
        return len(refused.value.errors["into"])

    assert against(work.body, work.sibling) == 1  # has a child
    assert against(work.child, work.child) == 1
    with pytest.raises(NotAllowed):
        organising.merge_bodies(work.child, successor=work.sibling, by=work.supervisor, now=NOW)
    with pytest.raises(Stale):
        organising.merge_bodies(work.child, successor=work.sibling, by=None, now=NOW, version=4)
    organising.merge_bodies(work.child, successor=work.sibling, by=None, now=NOW)
    assert against(work.child, work.centre) == 1  # is gone already
    assert against(work.sibling, work.child) == 2  # into one that is gone, and that it followed
    Organisation.objects.filter(pk=work.child.pk).update(valid_to=None)
    assert against(work.sibling, work.child) == 1  # a circle of successors
    assert tallies.drift() == []


def test_work_goes_on_with_the_successor(work):
    row = make_obligation(make_directive(make_section()), work.child, state="assigned")
    organising.merge_bodies(work.child, successor=work.sibling, by=None, now=NOW)
    row = Obligation.objects.select_related("organisation").get(pk=row.pk)
    move_on(row, "acknowledge", by=work.stranger, now=NOW + timedelta(hours=1))
    assert Total.objects.filter(scope=work.child).exclude(count=0).count() == 0
    assert tallies.drift() == []
