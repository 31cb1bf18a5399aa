"""When an organisation was last heard from.

By which acts, what silence does to a light, and what that costs.
"""

from datetime import date, timedelta
from importlib import import_module
from random import Random

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directives import tallies
from directives.base.clocks import Reason
from directives.core.last_heard import heard_days
from directives.core.relighting import tick
from directives.core.transitions import change_obligations, relight
from directives.models import CalendarDay, Event, Obligation
from directives.obligations.commands import supervising
from directives.plans import commands as planning
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_directive,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

BEFORE = date(2026, 7, 1)  # 104 days ago: too long


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def owed(cast):
    """Two obligations without any day, of which nothing was heard for long.

    The first underway, the second acknowledged.
    """
    section = make_section()
    rows = [
        make_obligation(
            make_directive(section),
            cast.body,
            state=state,
            due_on=None,
            heard_on=BEFORE,
            percent=40,
        )
        for state in ("underway", "acknowledged")
    ]
    assert [(row.light, row.why) for row in rows] == [("yellow", Reason("silent", BEFORE))] * 2
    return rows


def measure_of(rows, **fields):
    return make_measure(make_plan(rows[0].organisation, rows[0].document, **fields), *rows)


def stored():
    return list(Obligation.objects.order_by("pk").values_list("heard_on", "light"))


HEARD, STILL = (TODAY, "green"), (BEFORE, "yellow")


def test_a_receipt_is_heard(cast, owed):
    row = make_obligation(
        make_directive(make_section()), cast.body, state="assigned", heard_on=BEFORE, due_on=None
    )
    supervising.acknowledge_many(obligations=[row], by=cast.staff, now=NOW)
    assert stored() == [STILL, STILL, HEARD]


def test_any_move_is_heard(cast, owed):
    supervising.move_obligation(obligation=owed[1], action="start", by=cast.staff, now=NOW)
    supervising.move_obligation(
        obligation=owed[0], action="suspend", by=cast.supervisor, now=NOW, reason="机构改革"
    )
    assert stored() == [(TODAY, "undue"), HEARD]
    assert tallies.drift() == []


def test_a_plan_handed_in_is_heard_of_all_that_it_answers(cast, owed):
    plan = measure_of(owed).plan
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    assert stored() == [HEARD, HEARD]
    assert tallies.drift() == []


def test_a_log_entry_is_heard_of_what_its_measure_serves_and_turns_the_light_at_once(cast, owed):
    measure = measure_of(owed[:1])
    # Of work long ago: said today.
    planning.log_work(measure, on=BEFORE, text="召开会议", by=cast.staff, now=NOW)
    assert stored() == [HEARD, STILL]
    turned = Event.objects.get(action="light")
    assert (turned.by, turned.before, turned.after) == (
        cast.staff,
        {"light": "yellow"},
        {"light": "green"},
    )
    assert tallies.drift() == []


def test_lines_of_a_table_are_heard_and_unheard_when_they_are_taken_back(cast, owed):
    measure = measure_of(owed)
    done = [
        planning.LoggedWork(measure, TODAY, "召开会议"),
        planning.LoggedWork(measure, TODAY, "印发办法"),
    ]
    entries = planning.log_many(work=done, by=cast.staff, now=NOW)
    assert stored() == [HEARD, HEARD]
    planning.delete_log(entries=entries, by=cast.staff, now=NOW + timedelta(days=1))
    # Nothing else is stored of either; that the second rests again is no word of the organisation.
    issued = owed[0].issued_on
    assert stored() == [(issued, "yellow"), (issued, "yellow")]
    assert tallies.drift() == []


def test_an_entry_handed_in_is_heard_and_a_draft_or_a_verdict_is_not(cast, owed):
    report = make_report(cast.body, make_cycle(owed[0].document), *owed)
    first, second = report.entries.order_by("obligation")
    for entry in (first, second):
        entry.report = report
        fields = EntryFields(progress="已印发", percent=60)
        reporting.save_entry(entry=entry, fields=fields, version=1, by=cast.staff, now=NOW)
    assert stored() == [STILL, STILL]
    reporting.hand_in(report=report, entries=[first.pk], by=cast.manager, now=NOW)
    assert stored() == [HEARD, STILL]
    Obligation.objects.filter(pk=owed[0].pk).update(heard_on=BEFORE)
    reviewing.decide(report=report, decisions={first.pk: (True, "")}, by=cast.supervisor, now=NOW)
    assert stored() == [STILL, STILL]
    assert tallies.drift() == []


def test_what_others_do_about_it_is_not_heard(cast, owed):
    change_obligations(owed, {"note": "重点"}, action="import", by=cast.supervisor, now=NOW)
    reporting.open_cycle(
        document=owed[0].document,
        year=2026,
        period="quarter",
        number=4,
        opens_on=TODAY,
        due_on=date(2027, 1, 5),
        by=cast.supervisor,
        now=NOW,
    )
    tick(now=NOW, everything=True)
    assert stored() == [STILL, STILL]


def test_silence_comes_with_time_and_counts_from_the_assignment(cast):
    make_obligation(
        organisation=cast.body, due_on=None, issued_on=TODAY, starts_on=TODAY, heard_on=None
    )
    assert tick(now=NOW + timedelta(days=89)) == 0
    assert tick(now=NOW + timedelta(days=90)) == 1
    assert Obligation.objects.get().why == Reason("silent", TODAY)
    assert tick(now=NOW + timedelta(days=400)) == 0
    assert tallies.drift() == []


def test_how_long_is_a_setting(cast, settings):
    settings.SILENT_DAYS = 7
    assert (
        make_obligation(
            organisation=cast.body, due_on=None, heard_on=TODAY - timedelta(days=7)
        ).light
        == "yellow"
    )


@pytest.mark.parametrize("state", ["closed", "withdrawn", "suspended", "closing"])
def test_work_at_rest_may_be_silent(cast, state):
    row = make_obligation(
        organisation=cast.body, state=state, due_on=None, heard_on=BEFORE, closed_on=TODAY
    )
    assert row.light_code != "silent"


def test_a_record_costs_one_statement_more_on_its_first_day(cast):
    section = make_section()
    rows = [make_obligation(make_directive(section), cast.body) for _number in range(3)]
    measure = measure_of(rows)

    def cost():
        with CaptureQueriesContext(connection) as asked:
            planning.log_work(measure, on=TODAY, text="召开会议", by=cast.staff, now=NOW)
        return len(asked)

    cost()  # reads the plan and its body once
    later = cost()
    Obligation.objects.update(heard_on=TODAY - timedelta(days=5))
    assert (cost(), cost()) == (later + 1, later)
    assert {row.version for row in Obligation.objects.all()} == {1}  # nobody's form is stale for it


def test_a_light_that_turned_silent_since_the_rows_were_read_turns_back(cast, owed):
    measure = measure_of(owed[:1])
    row = Obligation.objects.get(pk=owed[0].pk)
    row.light, row.light_code = "green", "no_deadline"  # as somebody read it before the tick
    with tallies.counted():
        planning.log.note_heard([row], by=cast.staff, now=NOW)
    assert stored() == [HEARD, STILL]
    assert measure.log.count() == 0
    assert tallies.drift() == []


def test_the_migration_tells_the_day_from_what_is_stored(cast, owed):
    migration = import_module("directives.migrations.0018_heard")
    row = make_obligation(
        organisation=cast.body, moved_at=NOW - timedelta(days=40), due_on=date(2028, 12, 29)
    )
    measure = measure_of(owed)
    planning.log_work(
        measure, on=BEFORE, text="召开会议", by=cast.staff, now=NOW - timedelta(days=3)
    )
    told = dict(Obligation.objects.values_list("pk", "heard_on"))
    Obligation.objects.update(heard_on=None, light_changes_on=None)
    migration.fill(apps, connection.schema_editor())
    found = dict(Obligation.objects.values_list("pk", "heard_on"))
    assert found == told | {row.pk: TODAY - timedelta(days=40)}
    silent = {pk: day + timedelta(days=90) for pk, day in found.items()}
    green = Obligation.objects.filter(light="green")
    assert (
        dict(green.values_list("pk", "light_changes_on"))
        == {one.pk: silent[one.pk] for one in green}
        != {}
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_stored_day_is_the_one_that_the_history_tells(cast, seed):
    """Random acts of everybody over a year.

    The day is never forgotten, and the light is right every morning.
    """
    random, now, section = Random(seed), NOW, make_section()
    alone = make_member(cast.sibling, "supervisor", "alone")
    rows = [
        make_obligation(
            make_directive(section),
            cast.body,
            state="assigned",
            due_on=None,
            heard_on=None,
            issued_on=TODAY,
            starts_on=TODAY,
            percent=0,
        )
        for _number in range(4)
    ]
    measure = measure_of(rows[:2])
    while now < NOW + timedelta(days=365):
        act = random.choice(["log", "move", "plan", "terms", "rest"])
        row = random.choice(
            list(Obligation.objects.select_related("organisation", "directive", "document"))
        )
        if act == "log":
            planning.log_work(
                measure, on=timezone.localdate(now), text="召开会议", by=cast.staff, now=now
            )
        elif act == "move" and row.state in ("assigned", "underway", "suspended"):
            action = {"assigned": "acknowledge", "underway": "suspend", "suspended": "resume"}[
                row.state
            ]
            supervising.move_obligation(
                obligation=row, action=action, by=None, now=now, reason="核实"
            )
        elif act == "plan" and measure.plan.state == "draft":
            planning.move_plan(measure.plan, "hand_in", by=cast.manager, now=now)
        elif act == "terms":
            change_obligations(
                [row], {"percent": random.randint(0, 90)}, action="import", by=alone, now=now
            )
        tick(now=now)
        assert {one.pk: one.last_heard for one in Obligation.objects.all()} == heard_days(
            Obligation.objects.all()
        )
        for one in Obligation.objects.all():
            shown = (one.light, one.light_code, one.light_on)
            relight(
                one, today=timezone.localdate(now), workdays=CalendarDay.objects.workdays(TODAY)
            )
            assert (one.light, one.light_code, one.light_on) == shown
        now += timedelta(days=random.choice([1, 20, 60, 95]))
    assert tallies.drift() == []
