"""Reporting cycles that are planned ahead, and opened when their days come."""

from datetime import UTC, date, datetime, timedelta

import pytest

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.workdays import Workdays
from directives.models import Cycle, Event, Notice, PlannedCycle, ProgressReport
from directives.models.reports import cycle_name
from directives.reports.commands import planned_cycles as planning
from directives.reports.commands.cycle_terms import CycleTerms, Rule, overlapping
from directives.reports.commands.cycles import open_cycle
from tests.factories import make_cycle, make_obligation, make_planned_cycle

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
TODAY = date(2026, 12, 1)
MARCH = CycleTerms(2027, "month", 3, date(2027, 3, 11), date(2027, 3, 25))
APRIL = CycleTerms(2027, "month", 4, date(2027, 4, 12), date(2027, 4, 26))


def days(rule, existing=()):
    cycles = rule.cycles(Workdays(), existing)
    return [(*terms.key, terms.due_on.isoformat()) for terms in cycles]


def test_every_month_by_the_25th_or_by_its_last_day():
    rule = Rule("month", date(2026, 12, 1), date(2027, 2, 28), due_day=25, due_after=False)
    assert days(rule) == [
        (2026, "month", 12, "2026-12-25"),
        (2027, "month", 1, "2027-01-25"),
        (2027, "month", 2, "2027-02-25"),
    ]
    last_days = Rule("month", date(2028, 1, 1), date(2028, 3, 31), due_day=31, due_after=False)
    assert [row[-1] for row in days(last_days)] == ["2028-01-31", "2028-02-29", "2028-03-31"]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (
            "quarter",
            [
                (2026, "quarter", 4, "2027-01-15"),
                (2027, "quarter", 1, "2027-04-15"),
                (2027, "quarter", 2, "2027-07-15"),
                (2027, "quarter", 3, "2027-10-15"),
            ],
        ),
        ("half", [(2026, "half", 2, "2027-01-15"), (2027, "half", 1, "2027-07-15")]),
        ("year", [(2026, "year", 1, "2027-01-15")]),
    ],
)
def test_periods_are_due_in_the_month_after_them(every, expected):
    assert days(Rule(every, date(2026, 12, 1), date(2027, 12, 31))) == expected


def test_weeks_and_chosen_dates_are_numbered_after_those_of_the_year():
    existing = [CycleTerms(2026, "turn", 4, date(2026, 11, 1), date(2026, 11, 10))]
    weekly = Rule("weeks", date(2026, 12, 14), date(2027, 1, 15), weeks=2)
    assert days(weekly, existing=existing) == [
        (2026, "turn", 5, "2026-12-14"),
        (2026, "turn", 6, "2026-12-28"),
        (2027, "turn", 1, "2027-01-11"),
    ]
    chosen = (date(2027, 5, 6), date(2027, 3, 1), date(2027, 3, 1), date(2029, 1, 1))
    dated = Rule("dates", date(2026, 12, 1), date(2027, 12, 31), dates=chosen)
    assert days(dated) == [(2027, "turn", 1, "2027-03-01"), (2027, "turn", 2, "2027-05-06")]


def test_a_due_day_that_is_not_worked_moves_on_and_takes_the_opening_along():
    holiday = Workdays(off=frozenset({date(2026, 12, 25)}))
    rule = Rule("month", TODAY, date(2026, 12, 31), due_day=25, due_after=False, open_days=10)
    (terms,) = rule.cycles(holiday, ())
    assert (terms.opens_on, terms.due_on) == (date(2026, 12, 18), date(2026, 12, 28))


def test_a_rule_ends_after_120_cycles():
    assert len(days(Rule("weeks", date(2026, 1, 1), date(2099, 1, 1)))) == 120


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ((2027, "month", 3), "2027年3月"),
        ((2027, "turn", 12), "2027年第12期"),
        ((2027, "quarter", 2), "2027年第二季度"),
    ],
)
def test_names_of_cycles(key, expected):
    assert cycle_name(*key) == expected


def test_cycles_overlap_where_both_are_open_on_a_day_between():
    assert overlapping(MARCH, [APRIL, MARCH]) == []
    long = CycleTerms(2027, "quarter", 1, date(2027, 3, 20), date(2027, 4, 15))
    assert overlapping(long, [APRIL, MARCH]) == ["2027年4月", "2027年3月"]


@pytest.fixture
def document(cast):
    return make_obligation(organisation=cast.body).document


def plan(document, *cycles, by, **options):
    return planning.plan_cycles(document=document, cycles=cycles, by=by, now=NOW, **options)


def test_planned_cycles_are_stored_and_recorded(cast, document):
    plan(document, MARCH, APRIL, by=cast.supervisor)
    stored = PlannedCycle.objects.values_list("number", "opens_on", "due_on", "created_by")
    assert list(stored) == [
        (terms.number, terms.opens_on, terms.due_on, cast.supervisor.pk) for terms in (MARCH, APRIL)
    ]
    event = Event.objects.filter(action="plan_cycle").earliest("id")
    assert event.after == {
        "year": 2027,
        "period": "month",
        "number": 3,
        "opens_on": "2027-03-11",
        "due_on": "2027-03-25",
    }
    assert (Cycle.objects.count(), ProgressReport.objects.count()) == (0, 0)


def test_all_that_is_wrong_with_a_row_of_cycles_is_told_at_once(cast, document):
    make_cycle(
        document, year=2027, period="month", number=4, opens_on=APRIL.opens_on, due_on=APRIL.due_on
    )
    past = CycleTerms(2026, "month", 12, TODAY, date(2026, 12, 25))
    backwards = CycleTerms(2027, "month", 5, date(2027, 5, 25), date(2027, 5, 11))
    none = CycleTerms(2027, "half", 3, date(2027, 6, 11), date(2027, 6, 25))
    with pytest.raises(Invalid) as refused:
        plan(document, MARCH, APRIL, past, backwards, none, by=cast.supervisor)
    assert refused.value.errors == {
        "__all__": [
            "2027年4月：本文件在此时段已有填报周期。",
            "2026年12月：该日期已到，请直接开启填报周期。",
            "2027年5月：报送时限早于开始日期。",
            "2027 half 3：一年没有这么多个该周期。",
        ]
    }
    assert PlannedCycle.objects.count() == 0
    with pytest.raises(Invalid, match="请至少选择一个填报周期"):
        plan(document, by=cast.supervisor)


def test_cycles_open_at_the_same_time_are_wanted_twice(cast, document):
    quarter = CycleTerms(2027, "quarter", 1, date(2027, 3, 20), date(2027, 4, 15))
    with pytest.raises(Invalid) as refused:
        plan(document, MARCH, quarter, by=cast.supervisor)
    assert list(refused.value.errors) == ["overlap_confirmed"]
    plan(document, MARCH, quarter, by=cast.supervisor, overlap_confirmed=True)
    assert PlannedCycle.objects.count() == 2
    opening = {"document": document, "by": cast.supervisor, "now": NOW}
    terms = {"year": 2027, "period": "half", "number": 1}
    dates = {"opens_on": date(2027, 4, 1), "due_on": date(2027, 4, 20)}
    with pytest.raises(Invalid) as refused:
        open_cycle(**opening, **terms, **dates)
    assert list(refused.value.errors) == ["overlap_confirmed"]
    assert open_cycle(**opening, **terms, **dates, overlap_confirmed=True).number == 1


def test_only_those_who_open_the_cycles_of_a_document_plan_them(cast, document):
    planned = make_planned_cycle(document)
    for person in (cast.staff, cast.manager, cast.viewer, cast.stranger):
        common = {"by": person, "now": NOW}
        with pytest.raises(NotAllowed):
            planning.plan_cycles(document=document, cycles=[MARCH], **common)
        common |= {"planned": planned, "version": 1}
        with pytest.raises(NotAllowed):
            planning.change_planned(opens_on=MARCH.opens_on, due_on=MARCH.due_on, **common)
        with pytest.raises(NotAllowed):
            planning.delete_planned(**common)
        with pytest.raises(NotAllowed):
            planning.open_now(**common)
    assert PlannedCycle.objects.waiting().count() == 1


def opened(day):
    now = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    return planning.open_planned(now=now), Cycle.objects.count(), ProgressReport.objects.count()


def test_a_planned_cycle_opens_on_its_day_and_once(cast, document):
    plan(document, MARCH, APRIL, by=cast.supervisor)
    assert opened(MARCH.opens_on - timedelta(days=1)) == (0, 0, 0)
    assert opened(MARCH.opens_on) == (1, 1, 1)
    assert opened(MARCH.opens_on) == (0, 1, 1)
    cycle = Cycle.objects.get()
    assert (cycle.number, cycle.opens_on, cycle.due_on, cycle.created_by) == (
        3,
        MARCH.opens_on,
        MARCH.due_on,
        None,
    )
    assert PlannedCycle.objects.get(number=3).cycle == cycle
    row = document.obligations.get()
    assert row.report_due_on == MARCH.due_on
    assert Notice.objects.filter(kind="cycle").count() == 2


def test_after_an_outage_a_cycle_opens_late_but_not_after_its_due_day(cast, document):
    plan(document, MARCH, APRIL, by=cast.supervisor)
    assert opened(MARCH.due_on + timedelta(days=1)) == (0, 0, 0)
    assert opened(APRIL.opens_on + timedelta(days=7)) == (1, 1, 1)
    assert Cycle.objects.get().number == 4


def test_a_cycle_that_nobody_owes_waits_for_the_day_after(cast, document):
    plan(document, MARCH, by=cast.supervisor)
    document.obligations.update(state="closed", closed_on=TODAY)
    assert opened(MARCH.opens_on) == (0, 0, 0)
    document.obligations.update(state="underway")
    assert opened(MARCH.opens_on + timedelta(days=1)) == (1, 1, 1)


def test_what_was_opened_meanwhile_is_neither_changed_nor_opened_again(cast, document):
    (planned,) = plan(document, MARCH, by=cast.supervisor)
    opened(MARCH.opens_on)
    common = {"planned": planned, "version": 1, "by": cast.supervisor, "now": NOW}
    with pytest.raises(Stale):
        planning.change_planned(opens_on=APRIL.opens_on, due_on=APRIL.due_on, **common)
    with pytest.raises(Stale):
        planning.delete_planned(**common)
    with pytest.raises(Stale):
        planning.open_now(**common)
    assert (Cycle.objects.count(), PlannedCycle.objects.count()) == (1, 1)


def test_the_days_of_a_planned_cycle_are_changed(cast, document):
    (planned,) = plan(document, MARCH, by=cast.supervisor)
    common = {"planned": planned, "by": cast.supervisor, "now": NOW}
    with pytest.raises(Invalid) as refused:
        planning.change_planned(opens_on=TODAY, due_on=date(2026, 11, 1), version=1, **common)
    assert set(refused.value.errors) == {"opens_on", "due_on"}
    planning.change_planned(opens_on=APRIL.opens_on, due_on=APRIL.due_on, version=1, **common)
    stored = PlannedCycle.objects.get()
    assert (stored.opens_on, stored.due_on, stored.version) == (APRIL.opens_on, APRIL.due_on, 2)
    planning.delete_planned(version=2, **common)
    assert PlannedCycle.objects.count() == 0
    assert Event.objects.filter(action="unplan_cycle").count() == 1


def test_a_cycle_is_opened_before_its_day_by_hand(cast, document):
    (planned,) = plan(document, MARCH, by=cast.supervisor)
    cycle = planning.open_now(planned=planned, version=1, by=cast.supervisor, now=NOW)
    assert (cycle.opens_on, cycle.created_by) == (TODAY, cast.supervisor)
    assert cycle.due_on == MARCH.due_on
