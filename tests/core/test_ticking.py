"""The daily tick.

Light stored is light computed afresh, whatever happened and however long nobody ran it.
"""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from directives import tallies
from directives.base.clocks import Reason
from directives.base.refusals import Stale
from directives.base.states import OBLIGATION_MOVES
from directives.core import relighting
from directives.core.relighting import tick
from directives.core.transitions import LIGHT_FIELDS, change_obligations, move, relight
from directives.models import CalendarDay, Event, JobProgress, JobRun, Obligation, Unsealed
from tests.factories import NOW, TODAY, make_body, make_directive, make_obligation, make_section
from tests.spare import side_by_side


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def wrong_lights(now: datetime) -> list[int]:
    """Obligations whose stored light is not the one that the clocks give."""
    today = timezone.localdate(now)
    workdays = CalendarDay.objects.workdays(today)
    wrong = []
    for row in Obligation.objects.all():
        stored = [getattr(row, name) for name in LIGHT_FIELDS]
        relight(row, today=today, workdays=workdays)
        wrong += [row.pk] if [getattr(row, name) for name in LIGHT_FIELDS] != stored else []
    return wrong


def test_a_light_turns_red_on_the_day_after_its_date(cast):
    row = make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    assert row.light == "green"
    assert tick(now=later(17)) == 1  # 30 October itself: near, not overdue
    assert Obligation.objects.values_list("light", "version").get() == ("yellow", 2)
    assert tick(now=later(18)) == 1
    row.refresh_from_db()
    assert (row.light, row.why, row.version) == (
        "red",
        Reason("completion_overdue", date(2026, 10, 30)),
        3,
    )
    assert tallies.drift() == []


def test_it_writes_one_event_for_each_changed_light(cast):
    row = make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    make_obligation(organisation=cast.body, due_on=date(2027, 12, 31), percent=80)
    assert tick(now=later(18)) == 1
    event = Event.objects.get()
    assert (event.action, event.by, event.obligation_id, event.organisation_id) == (
        "light",
        None,
        row.pk,
        cast.body.pk,
    )
    assert (event.before["light"], event.after["light"]) == ("green", "red")
    assert Unsealed.objects.count() == 1


def test_running_it_twice_changes_nothing_the_second_time(cast):
    for percent in (0, 40, 95):
        make_obligation(organisation=cast.body, percent=percent)
    assert tick(now=later(200)) == 3
    assert tick(now=later(200)) == 0
    assert Event.objects.count() == 3


def test_it_touches_only_rows_whose_day_has_come(cast):
    make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    far = make_obligation(organisation=cast.body, due_on=date(2028, 12, 29), percent=95)
    tick(now=later(30))
    assert Obligation.objects.get(pk=far.pk).version == 1


def test_everything_is_relit_after_a_change_of_the_settings(cast, settings):
    make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    settings.NEAR_DAYS = 30
    assert tick(now=NOW) == 0
    assert tick(now=NOW, everything=True) == 1
    assert Obligation.objects.get().light == "yellow"
    assert tallies.drift() == []


def test_more_rows_than_one_batch(cast, monkeypatch):
    monkeypatch.setattr(relighting, "BATCH", 4)
    for _number in range(11):
        make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    assert tick(now=later(18)) == 11
    assert Event.objects.filter(action="light").count() == 11
    assert tallies.drift() == []


def test_rows_that_show_the_same_are_written_together(cast, django_assert_max_num_queries):
    for _number in range(30):
        make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    with django_assert_max_num_queries(15):
        assert tick(now=later(18)) == 30


# a worker that was late, was killed, or was not alone


DUE_DAYS = [date(2026, 10, day) for day in (19, 20, 21, 22, 23, 26)]


def due_one_after_another(cast) -> None:
    for due_on in DUE_DAYS:
        make_obligation(organisation=cast.body, due_on=due_on, percent=100)


def lights() -> list[tuple]:
    return list(Obligation.objects.order_by("due_on").values_list(*LIGHT_FIELDS))


def test_a_week_without_ticks_ends_as_a_week_of_ticks(cast):
    due_one_after_another(cast)
    with transaction.atomic():
        changed = [tick(now=later(day)) for day in range(1, 15)]
        assert sum(changed) > len(DUE_DAYS)
        daily, drift = lights(), tallies.drift()
        transaction.set_rollback(True)
    assert tick(now=later(14)) == len(DUE_DAYS)
    assert lights() == daily
    assert (wrong_lights(later(14)), drift, tallies.drift()) == ([], [], [])


def test_a_tick_that_ends_half_way_is_made_good_by_the_next(cast, monkeypatch):
    due_one_after_another(cast)
    monkeypatch.setattr(relighting, "BATCH", 2)
    batches, whole = [], relighting._tick_batch

    def killed_in_the_second(ids, **day):
        batches.append(ids)
        if len(batches) == 2:
            raise SystemExit
        return whole(ids, **day)

    monkeypatch.setattr(relighting, "_tick_batch", killed_in_the_second)
    with pytest.raises(SystemExit):
        tick(now=later(14))
    assert Event.objects.filter(action="light").count() == 2
    assert tick(now=later(14)) == len(DUE_DAYS) - 2
    assert Event.objects.filter(action="light").count() == len(DUE_DAYS)
    assert (wrong_lights(later(14)), tallies.drift()) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_end_as_one(cast, monkeypatch):
    due_one_after_another(cast)
    monkeypatch.setattr(relighting, "BATCH", 1)
    changed = side_by_side(lambda _number: tick(now=later(14)), 2)
    assert sum(changed) == len(DUE_DAYS)
    assert Event.objects.filter(action="light").count() == len(DUE_DAYS)
    assert set(Obligation.objects.values_list("light", "version")) == {("red", 2)}
    assert (wrong_lights(later(14)), tallies.drift()) == ([], [])


def test_lights_asked_for_before_a_tick_turn_on_its_day(cast):
    """Every light is worked out anew behind the tick of a later day.

    Each that turns is counted on the day of its event.
    """
    relighting.relight_all(by=None, now=NOW)
    JobRun.objects.create(name="tick", last_ran_at=later(18), last_day=TODAY + timedelta(days=18))
    # As issued on the day that was asked on.
    make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    assert relighting.next_part(JobProgress.objects.get()) is False
    assert Event.objects.get(action="light").at == later(18)
    assert wrong_lights(later(18)) == []
    assert tallies.drift() == []


def test_a_move_decided_on_the_old_light_is_stale(cast):
    row = make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    assert tick(now=later(18)) == 1
    with pytest.raises(Stale):
        move(row, "suspend", by=cast.supervisor, now=later(18), reason="机构改革")
    assert tallies.drift() == []


def test_the_command_says_how_many_and_leaves_its_mark(cast, capsys, time_machine):
    make_obligation(organisation=cast.body, due_on=date(2026, 10, 30), percent=95)
    time_machine.move_to(later(18), tick=False)
    call_command("tick")
    assert capsys.readouterr().out == "1 lights changed, 0 reporting cycles opened.\n"
    assert JobRun.objects.get(name="tick").last_day == date(2026, 10, 31)
    call_command("tick", everything=True)
    assert capsys.readouterr().out == "0 lights changed, 0 reporting cycles opened.\n"


def random_obligation(random: Random, bodies: list, directives: list) -> None:
    """A pair that may have any mixture of clocks."""
    directive, body = random.choice(directives), random.choice(bodies)
    if Obligation.objects.filter(directive=directive, organisation=body).exists():
        return
    starts = TODAY + timedelta(days=random.randint(-60, 40))
    clock = lambda: random.choice([None, starts + timedelta(days=random.randint(0, 150))])  # noqa: E731
    make_obligation(
        directive,
        body,
        state="assigned",
        issued_on=starts,
        starts_on=starts,
        due_on=clock(),
        percent=random.choice([0, 35, 100]),
        acknowledge_by=clock(),
        plan_due_on=clock(),
        report_due_on=clock(),
    )


def random_change(random: Random, now: datetime) -> None:
    """One legal move of some obligation, or a change of its clocks and percent."""
    row = random.choice(list(Obligation.objects.select_related("organisation")))
    legal = [action for action, step in OBLIGATION_MOVES.items() if row.state in step.sources]
    if legal and random.random() < 0.6:
        move(row, random.choice(legal), by=None, now=now, reason="已核实")
        return
    day = max(timezone.localdate(now), row.issued_on) + timedelta(days=random.randint(0, 60))
    fields = random.choice(
        [
            {"percent": random.randint(0, 100)},
            {"due_on": day},
            {"plan_due_on": None},
            {"plan_due_on": day, "plan_returned": True},
            {"report_due_on": day},
            {"report_due_on": None, "report_returned": False},
        ]
    )
    change_obligations([row], fields, action="test", by=None, now=now)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_of_moves_and_ticks_leaves_no_drift(cast, seed):
    random, now = Random(seed), NOW
    bodies = [cast.centre, cast.body, cast.child, cast.sibling]
    directives = [make_directive(make_section()) for _number in range(4)]
    while now < later(366):
        random_obligation(random, bodies, directives)
        for _number in range(random.randint(0, 3)):
            random_change(random, now)
        if random.random() < 0.7:  # on some days nobody runs it
            tick(now=now)
            assert wrong_lights(now) == []
            assert tick(now=now) == 0
        now += timedelta(days=random.choice([1, 1, 3, 9, 20]))
    assert tallies.drift() == []
    # The sibling becomes a branch.
    assert make_body("late", parent=cast.sibling).parent == cast.sibling
    assert tallies.drift() == []
