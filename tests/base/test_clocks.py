"""Lights: a table of cases made by hand, the day of change against a walk, and the words."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directives.base import workdays as workdays_module
from directives.base.clocks import (
    _SHORT,
    _UNDATED,
    COLOUR_NAMES,
    PHRASES,
    STATES,
    Facts,
    Reason,
    Tolerances,
    clock_colour,
    compute_light,
    expected_percent,
    explain,
    overdue_days,
)
from directives.base.states import LIGHTS, OBLIGATION_STATES
from directives.base.workdays import Workdays, read_days, workdays_of

pytestmark = pytest.mark.once

DAYS = Path(workdays_module.__file__).parent.parent / "made_up" / "sample" / "calendar.csv"
CALENDAR = workdays_of(read_days(DAYS.read_text(encoding="utf-8")))
ONE_DAY = timedelta(days=1)
TUESDAY = date(2026, 10, 13)
YEAR_END = date(2026, 12, 31)
USUAL = Tolerances()

# Underway since 1 September, 40% done, due at the end of the year: on schedule on 13 October
# (34% expected).
GOING = Facts("underway", 40, date(2026, 9, 1), YEAR_END, None, None, None)


def d(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def lit(facts, today=TUESDAY, tolerances=USUAL, workdays=CALENDAR):
    return compute_light(facts, today=today, workdays=workdays, tolerances=tolerances)


def seen(facts, today=TUESDAY, **others):
    """(colour, code, day of the reason, day of change), with days as text."""
    result = lit(facts, today, **others)
    on, change = result.reason.on, result.changes_on
    return result.colour, result.reason.code, on and on.isoformat(), change and change.isoformat()


# changes of GOING, today, what is seen then
CASES = [
    # at rest
    ({"state": "closed"}, "2026-10-13", ("closed", "closed", None, None)),
    (
        {"state": "closed", "due_on": d("2026-10-01")},
        "2026-10-13",
        ("closed", "closed", None, None),
    ),
    ({"state": "withdrawn"}, "2026-10-13", ("closed", "withdrawn", None, None)),
    (
        {"state": "suspended", "plan_due_on": d("2026-10-01")},
        "2026-10-13",
        ("undue", "suspended", None, None),
    ),
    # not started: nothing shows before the first day
    ({}, "2026-08-31", ("undue", "not_started", "2026-09-01", "2026-09-01")),
    (
        {"plan_due_on": d("2026-08-20")},
        "2026-08-31",
        ("undue", "not_started", "2026-09-01", "2026-09-01"),
    ),
    ({"plan_due_on": d("2026-08-20")}, "2026-09-01", ("red", "plan_overdue", "2026-08-20", None)),
    # completion. 40% + 10 points: behind once 51% is expected, 62 days (of 121) after 1 September
    ({}, "2026-10-13", ("green", "on_schedule", "2026-12-31", "2026-11-02")),
    ({}, "2026-11-01", ("green", "on_schedule", "2026-12-31", "2026-11-02")),
    ({}, "2026-11-02", ("yellow", "behind", "2026-12-31", "2026-12-24")),
    ({"percent": 95}, "2026-11-02", ("green", "on_schedule", "2026-12-31", "2026-12-24")),
    ({}, "2026-12-24", ("yellow", "completion_near", "2026-12-31", "2027-01-01")),
    (
        {},
        "2026-12-31",
        ("yellow", "completion_near", "2026-12-31", "2027-01-01"),
    ),  # the due day itself
    ({}, "2027-01-01", ("red", "completion_overdue", "2026-12-31", None)),
    ({"percent": 100}, "2027-01-01", ("red", "completion_overdue", "2026-12-31", None)),
    ({"due_on": None}, "2026-10-13", ("green", "no_deadline", None, None)),
    # near: five working days, over National Day and the Saturday worked after it
    (
        {"due_on": d("2026-10-12"), "percent": 99},
        "2026-09-28",
        ("green", "on_schedule", "2026-10-12", "2026-09-29"),
    ),
    (
        {"due_on": d("2026-10-12"), "percent": 99},
        "2026-09-29",
        ("yellow", "completion_near", "2026-10-12", "2026-10-13"),
    ),
    # a due day on a day off: red from the next day, worked or not
    (
        {"report_due_on": d("2026-10-03")},
        "2026-10-03",
        ("yellow", "report_near", "2026-10-03", "2026-10-04"),
    ),
    (
        {"report_due_on": d("2026-10-03")},
        "2026-10-04",
        ("red", "report_overdue", "2026-10-03", None),
    ),
    # receipt: one working day
    (
        {"state": "assigned", "acknowledge_by": d("2026-10-10")},
        "2026-10-08",
        ("green", "on_schedule", "2026-12-31", "2026-10-09"),
    ),
    (
        {"state": "assigned", "acknowledge_by": d("2026-10-10")},
        "2026-10-09",
        ("yellow", "receipt_near", "2026-10-10", "2026-10-11"),
    ),
    (
        {"state": "assigned", "acknowledge_by": d("2026-10-10")},
        "2026-10-11",
        ("red", "receipt_overdue", "2026-10-10", None),
    ),
    # a dispute stops the receipt clock, and no other
    (
        {"state": "disputed", "acknowledge_by": d("2026-10-10")},
        "2026-10-13",
        ("green", "on_schedule", "2026-12-31", "2026-11-02"),
    ),
    (
        {"state": "disputed", "plan_due_on": d("2026-10-10")},
        "2026-10-13",
        ("red", "plan_overdue", "2026-10-10", None),
    ),
    # waiting for verification stops the completion clock, and no other
    ({"state": "closing"}, "2027-03-01", ("green", "awaiting_verification", None, None)),
    (
        {"state": "closing", "percent": 0},
        "2026-12-30",
        ("green", "awaiting_verification", None, None),
    ),
    (
        {"state": "closing", "report_due_on": d("2026-10-15")},
        "2026-10-13",
        ("yellow", "report_near", "2026-10-15", "2026-10-16"),
    ),
    (
        {"state": "closing", "report_due_on": d("2026-10-12")},
        "2026-10-13",
        ("red", "report_overdue", "2026-10-12", None),
    ),
    # returned: yellow at once, its clock goes on
    (
        {"plan_returned": True, "plan_due_on": d("2026-11-30")},
        "2026-10-13",
        ("yellow", "plan_returned", "2026-11-30", "2026-12-01"),
    ),
    (
        {"plan_returned": True, "plan_due_on": d("2026-10-12")},
        "2026-10-13",
        ("red", "plan_returned_overdue", "2026-10-12", None),
    ),
    (
        {"report_returned": True, "report_due_on": d("2026-10-14")},
        "2026-10-13",
        ("yellow", "report_returned", "2026-10-14", "2026-10-15"),
    ),
    (
        {"report_returned": True, "report_due_on": d("2026-09-24")},
        "2026-10-13",
        ("red", "report_returned_overdue", "2026-09-24", None),
    ),
    ({"plan_returned": True}, "2026-10-13", ("yellow", "plan_returned", None, "2027-01-01")),
    (
        {"plan_returned": True, "report_returned": True, "report_due_on": d("2026-10-30")},
        "2026-10-13",
        ("yellow", "report_returned", "2026-10-30", "2026-10-31"),
    ),
    # returned comes before near, near before behind
    (
        {"plan_due_on": d("2026-10-13"), "report_returned": True, "report_due_on": d("2026-10-20")},
        "2026-10-13",
        ("yellow", "report_returned", "2026-10-20", "2026-10-14"),
    ),
    (
        {"percent": 0, "plan_due_on": d("2026-10-14")},
        "2026-10-13",
        ("yellow", "plan_near", "2026-10-14", "2026-10-15"),
    ),
    # several: the one longest past, else the one nearest
    (
        {"plan_due_on": d("2026-09-08"), "report_due_on": d("2026-09-24")},
        "2026-10-13",
        ("red", "plan_overdue", "2026-09-08", None),
    ),
    (
        {"plan_due_on": d("2026-09-24"), "report_due_on": d("2026-09-08")},
        "2026-10-13",
        ("red", "report_overdue", "2026-09-08", None),
    ),
    (
        {"plan_due_on": d("2026-10-16"), "report_due_on": d("2026-10-15")},
        "2026-10-13",
        ("yellow", "report_near", "2026-10-15", "2026-10-16"),
    ),
    # the receipt clock turns near later than a plan due after it, and then takes over
    (
        {"state": "assigned", "acknowledge_by": d("2026-10-15"), "plan_due_on": d("2026-10-16")},
        "2026-10-13",
        ("yellow", "plan_near", "2026-10-16", "2026-10-14"),
    ),
    # ties: receipt, plan, report, completion
    (
        {
            "acknowledge_by": d("2026-10-12"),
            "plan_due_on": d("2026-10-12"),
            "report_due_on": d("2026-10-12"),
            "due_on": d("2026-10-12"),
        },
        "2026-10-13",
        ("red", "receipt_overdue", "2026-10-12", None),
    ),
    (
        {
            "plan_due_on": d("2026-10-12"),
            "report_due_on": d("2026-10-12"),
            "due_on": d("2026-10-12"),
        },
        "2026-10-13",
        ("red", "plan_overdue", "2026-10-12", None),
    ),
    (
        {"report_due_on": d("2026-10-12"), "due_on": d("2026-10-12")},
        "2026-10-13",
        ("red", "report_overdue", "2026-10-12", None),
    ),
    # leap days
    (
        {"due_on": d("2028-02-29"), "percent": 99},
        "2028-02-29",
        ("yellow", "completion_near", "2028-02-29", "2028-03-01"),
    ),
    (
        {"due_on": d("2028-02-29"), "percent": 99},
        "2028-03-01",
        ("red", "completion_overdue", "2028-02-29", None),
    ),
    # one day long, and due before it starts
    (
        {"due_on": d("2026-09-01"), "percent": 0},
        "2026-08-31",
        ("undue", "not_started", "2026-09-01", "2026-09-01"),
    ),
    (
        {"due_on": d("2026-09-01"), "percent": 0},
        "2026-09-01",
        ("yellow", "completion_near", "2026-09-01", "2026-09-02"),
    ),
    ({"due_on": d("2026-08-01")}, "2026-09-01", ("red", "completion_overdue", "2026-08-01", None)),
    # silence: 90 days since it was heard from, or since the work started
    (
        {"heard_on": d("2026-07-16")},
        "2026-10-13",
        ("green", "on_schedule", "2026-12-31", "2026-11-02"),
    ),
    (
        {"heard_on": d("2026-07-16"), "starts_on": d("2026-07-01"), "percent": 60},
        "2026-10-13",
        ("green", "on_schedule", "2026-12-31", "2026-10-14"),
    ),
    (
        {"heard_on": d("2026-07-16"), "starts_on": d("2026-07-01"), "percent": 60},
        "2026-10-14",
        ("yellow", "silent", "2026-07-16", "2026-11-08"),
    ),
    (
        {"due_on": None, "heard_on": d("2026-09-20")},
        "2026-12-18",
        ("green", "no_deadline", None, "2026-12-19"),
    ),
    (
        {"due_on": None, "heard_on": d("2026-09-20")},
        "2026-12-19",
        ("yellow", "silent", "2026-09-20", None),
    ),
    (
        {"due_on": None, "heard_on": d("2026-06-01")},
        "2026-11-29",
        ("green", "no_deadline", None, "2026-11-30"),
    ),
    (
        {"state": "closing", "heard_on": d("2026-05-01")},
        "2027-03-01",
        ("green", "awaiting_verification", None, None),
    ),
    (
        {"state": "suspended", "heard_on": d("2026-05-01")},
        "2027-03-01",
        ("undue", "suspended", None, None),
    ),
    (
        {"state": "closed", "heard_on": d("2026-05-01")},
        "2027-03-01",
        ("closed", "closed", None, None),
    ),
    # behind comes before silence, and so does everything that is near or came back
    (
        {"heard_on": d("2026-07-01"), "percent": 0},
        "2026-12-01",
        ("yellow", "behind", "2026-12-31", "2026-12-24"),
    ),
    (
        {"heard_on": d("2026-07-01"), "plan_returned": True},
        "2026-12-01",
        ("yellow", "plan_returned", None, "2027-01-01"),
    ),
    # as good as no end
    ({"due_on": date.max}, "9999-12-31", ("yellow", "completion_near", "9999-12-31", None)),
]


@pytest.mark.parametrize(("changes", "today", "expected"), CASES)
def test_light(changes, today, expected):
    assert seen(replace(GOING, **changes), date.fromisoformat(today)) == expected


def test_tolerances_are_settings():
    soon = replace(GOING, report_due_on=date(2026, 10, 16))
    assert seen(soon)[:2] == ("yellow", "report_near")
    assert seen(soon, tolerances=Tolerances(near_days=2)) == (
        "green",
        "on_schedule",
        "2026-12-31",
        "2026-10-14",
    )
    assert seen(soon, tolerances=Tolerances(near_days=0))[3] == "2026-10-16"
    assert seen(replace(GOING, percent=33))[1] == "on_schedule"
    assert seen(replace(GOING, percent=33), tolerances=Tolerances(behind_points=0))[1] == "behind"
    assert (
        seen(replace(GOING, percent=34), tolerances=Tolerances(behind_points=0))[1] == "on_schedule"
    )


def test_the_same_dates_without_the_calendar():
    """With plain Monday-Friday, 12 October is five working days from 5 October."""
    facts = replace(GOING, due_on=date(2026, 10, 12), percent=99)
    assert seen(facts, date(2026, 9, 29), workdays=Workdays()) == (
        "green",
        "on_schedule",
        "2026-10-12",
        "2026-10-05",
    )


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="unknown state: 'draft'"):
        lit(replace(GOING, state="draft"))


def test_states_and_colours_are_those_of_the_product():
    assert {state for state, _label in OBLIGATION_STATES} == STATES
    assert list(COLOUR_NAMES) == [colour for colour, _label in LIGHTS]


# The rule told once more, in the plainest way, with no thought for speed.


def plain_rule(
    facts: Facts, day: date, workdays: Workdays, tolerances: Tolerances
) -> tuple[str, Reason]:
    if facts.state in ("closed", "withdrawn"):
        return "closed", Reason(facts.state)
    if facts.state == "suspended":
        return "undue", Reason("suspended")
    if day < facts.starts_on:
        return "undue", Reason("not_started", facts.starts_on)
    dates = {
        "receipt": facts.acknowledge_by if facts.state != "disputed" else None,
        "plan": facts.plan_due_on,
        "report": facts.report_due_on,
        "completion": facts.due_on if facts.state != "closing" else None,
    }
    returned = [
        name
        for name, flag in (("plan", facts.plan_returned), ("report", facts.report_returned))
        if flag
    ]
    ordered = sorted(((on, rank, name) for rank, (name, on) in enumerate(dates.items()) if on))
    for on, _, name in ordered:
        if on < day:
            return "red", Reason(
                f"{name}_returned_overdue" if name in returned else f"{name}_overdue", on
            )
    for on, _, name in ordered:
        if name in returned:
            return "yellow", Reason(f"{name}_returned", on)
    for name in returned:
        return "yellow", Reason(f"{name}_returned")
    for on, _, name in ordered:
        left = sum(
            workdays.is_working(day + timedelta(days=n)) for n in range(1, (on - day).days + 1)
        )
        if left <= (tolerances.receipt_near_days if name == "receipt" else tolerances.near_days):
            return "yellow", Reason(f"{name}_near", on)
    if (
        dates["completion"]
        and facts.percent
        < expected_percent(facts.starts_on, facts.due_on, day) - tolerances.behind_points
    ):
        return "yellow", Reason("behind", facts.due_on)
    if facts.state == "closing":
        return "green", Reason("awaiting_verification")
    if (
        facts.heard_on
        and (day - max(facts.heard_on, facts.starts_on)).days >= tolerances.silent_days
    ):
        return "yellow", Reason("silent", facts.heard_on)
    return "green", (Reason("on_schedule", facts.due_on) if facts.due_on else Reason("no_deadline"))


FIRST, LAST = date(2025, 12, 1), date(2027, 3, 1)
DAYS = st.dates(FIRST, LAST)
HOLIDAY_DAYS = st.dates(date(2026, 9, 15), date(2026, 10, 20))
MAYBE_DAYS = st.none() | DAYS | HOLIDAY_DAYS
RANDOM_CALENDAR = st.builds(
    lambda off, on: Workdays(off - on, on),
    st.frozensets(HOLIDAY_DAYS, max_size=20),
    st.frozensets(HOLIDAY_DAYS, max_size=20),
)
FACTS = st.builds(
    Facts,
    state=st.sampled_from(sorted(STATES)) | st.sampled_from(["assigned", "underway", "closing"]),
    percent=st.integers(0, 100),
    starts_on=DAYS,
    due_on=MAYBE_DAYS,
    acknowledge_by=MAYBE_DAYS,
    plan_due_on=MAYBE_DAYS,
    report_due_on=MAYBE_DAYS,
    plan_returned=st.booleans(),
    report_returned=st.booleans(),
    heard_on=st.none() | DAYS,
)
TOLERANCES = st.builds(
    Tolerances, st.integers(0, 15), st.integers(0, 5), st.integers(0, 40), st.integers(1, 120)
)


@settings(max_examples=200)
@given(FACTS, DAYS | HOLIDAY_DAYS, st.just(CALENDAR) | RANDOM_CALENDAR, TOLERANCES)
def test_what_a_clock_says_alone_is_the_light_of_an_obligation_that_has_no_other(
    facts, today, workdays, tolerances
):
    """What pages say of one paper is what the ledger says of it."""
    fields = {
        "receipt": "acknowledge_by",
        "plan": "plan_due_on",
        "report": "report_due_on",
        "completion": "due_on",
    }
    none = dict.fromkeys(fields.values(), None) | {
        "plan_returned": False,
        "report_returned": False,
        "heard_on": None,
    }
    for name, field in fields.items():
        on, returned = getattr(facts, field), getattr(facts, f"{name}_returned", False)
        alone = replace(facts, percent=100, **none | {field: on})
        if returned:
            alone = replace(alone, **{f"{name}_returned": True})
        said = clock_colour(name, alone, today=today, workdays=workdays, tolerances=tolerances)
        assert (
            said
            == compute_light(alone, today=today, workdays=workdays, tolerances=tolerances).colour
        )


@settings(max_examples=400)
@given(FACTS, DAYS | HOLIDAY_DAYS, st.just(CALENDAR) | RANDOM_CALENDAR, TOLERANCES)
def test_light_follows_the_plain_rule(facts, today, workdays, tolerances):
    result = compute_light(facts, today=today, workdays=workdays, tolerances=tolerances)
    assert (result.colour, result.reason) == plain_rule(facts, today, workdays, tolerances)


@settings(max_examples=300)
@given(FACTS, DAYS | HOLIDAY_DAYS, st.just(CALENDAR) | RANDOM_CALENDAR, TOLERANCES)
def test_changes_on_is_the_first_day_that_differs(facts, today, workdays, tolerances):
    """Day by day past every date there is; after that nothing is left to pass."""

    def at(day):
        return compute_light(facts, today=day, workdays=workdays, tolerances=tolerances)

    now = at(today)
    day = today + ONE_DAY
    end = LAST + timedelta(days=121)  # the longest silence that is allowed
    while day <= end:
        then = at(day)
        if (then.colour, then.reason) != (now.colour, now.reason):
            break
        assert then.changes_on == now.changes_on
        day += ONE_DAY
    assert now.changes_on == (day if day <= end else None)


@settings(max_examples=40)
@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(0, 4000), st.integers(0, 100))
def test_changes_on_over_a_long_span(starts_on, span, percent):
    """Over years too, the plain rule agrees on the first and the last day of every stretch."""
    facts = Facts(
        "underway", percent, starts_on, starts_on + timedelta(days=span), None, None, None
    )
    start, stretches = starts_on - ONE_DAY, 0
    while start:
        result = lit(facts, start)
        end = (
            result.changes_on - ONE_DAY if result.changes_on else facts.due_on + timedelta(days=400)
        )
        for day in (start, start + (end - start) // 2, end):
            assert plain_rule(facts, day, CALENDAR, USUAL) == (result.colour, result.reason)
        start, stretches = result.changes_on, stretches + 1
    assert 3 <= stretches <= 5  # not started, (on schedule), (behind), near, overdue


@pytest.mark.parametrize(
    ("starts_on", "due_on", "today", "percent"),
    [
        ("2026-09-01", "2026-12-31", "2026-08-01", 0),
        ("2026-09-01", "2026-12-31", "2026-09-01", 0),
        ("2026-09-01", "2026-12-31", "2026-11-01", 50),  # 61 of 121 days: 50.4
        ("2026-09-01", "2026-12-31", "2026-12-30", 99),
        ("2026-09-01", "2026-12-31", "2026-12-31", 100),
        ("2026-09-01", "2026-12-31", "2030-01-01", 100),
        ("2024-02-28", "2024-03-01", "2024-02-29", 50),  # the leap day is half way
        ("2026-09-01", "2026-09-01", "2026-08-31", 0),
        ("2026-09-01", "2026-09-01", "2026-09-01", 100),
    ],
)
def test_expected_percent(starts_on, due_on, today, percent):
    assert expected_percent(d(starts_on), d(due_on), d(today)) == percent


@pytest.mark.parametrize(
    ("reason", "today", "days"),
    [
        (Reason("plan_overdue", date(2026, 9, 8)), "2026-10-13", 21),
        (Reason("completion_overdue", date(2026, 10, 9)), "2026-10-13", 3),
        (Reason("report_overdue", date(2026, 9, 30)), "2026-10-05", 0),  # only days off since
        (Reason("report_overdue", date(2026, 9, 30)), "2026-10-08", 1),
        (Reason("report_near", date(2026, 9, 30)), "2026-10-13", 0),
        (Reason("behind", date(2026, 9, 30)), "2026-10-13", 0),
        (Reason("closed"), "2026-10-13", 0),
    ],
)
def test_overdue_days(reason, today, days):
    assert overdue_days(reason, d(today), CALENDAR) == days


def test_reason_survives_json():
    for reason in (Reason("report_overdue", date(2026, 9, 24)), Reason("closed")):
        assert Reason.from_json(json.loads(json.dumps(reason.to_json()))) == reason
    assert Reason("report_overdue", date(2026, 9, 24)).to_json() == {
        "code": "report_overdue",
        "on": "2026-09-24",
    }
    assert Reason("closed").to_json() == {"code": "closed"}
    assert Reason.from_json({"code": "closed", "on": None}) == Reason("closed")


@pytest.mark.parametrize(
    "data", [{}, {"code": "late"}, {"code": "plan_overdue", "on": "24/9"}, {"code": None}]
)
def test_a_reason_that_was_not_stored_by_us_is_refused(data):
    with pytest.raises(ValueError):
        Reason.from_json(data)


def told(facts, today=TUESDAY):
    """The word and the sentence of a light, in the language of the code, with days as month.day."""
    result = lit(facts, today)
    words = explain(
        result.reason,
        result.colour,
        today=today,
        workdays=CALENDAR,
        starts_on=facts.starts_on,
        due_on=facts.due_on,
        percent=facts.percent,
    )
    params = {
        name: f"{value.month}.{value.day}" if isinstance(value, date) else value
        for name, value in words.params.items()
    }
    return words.word % params, words.why % params


@pytest.mark.parametrize(
    ("changes", "today", "expected"),
    [
        ({}, "2026-10-13", ("On schedule", "On schedule: 40% done, due on 12.31")),
        ({"due_on": None}, "2026-10-13", ("On schedule", "No completion date set; 40% done")),
        (
            {"state": "closing"},
            "2026-10-13",
            ("On schedule", "Close requested; waiting for verification"),
        ),
        ({"percent": 20}, "2026-10-13", ("Behind schedule", "20% done; 34% expected by now")),
        (
            {"heard_on": d("2026-07-02"), "starts_on": d("2026-07-01"), "percent": 60},
            "2026-10-13",
            ("No recent activity", "No activity since 7.2"),
        ),
        ({"percent": 20}, "2026-10-20", ("Behind schedule", "20% done; 40% expected by now")),
        (
            {"report_due_on": d("2026-10-15")},
            "2026-10-13",
            ("Near due", "Progress report due on 10.15"),
        ),
        ({"plan_due_on": d("2026-10-15")}, "2026-10-13", ("Near due", "Plan due on 10.15")),
        ({"acknowledge_by": d("2026-10-13")}, "2026-10-13", ("Near due", "Acknowledge by 10.13")),
        ({}, "2026-12-30", ("Near due", "Due for completion on 12.31; 40% done so far")),
        (
            {"plan_due_on": d("2026-09-08")},
            "2026-10-13",
            ("Working days overdue: 21", "Plan was due 9.8; not submitted"),
        ),
        (
            {"report_due_on": d("2026-10-02")},
            "2026-10-04",
            ("Overdue", "Progress report was due 10.2; not submitted"),
        ),
        (
            {"report_due_on": d("2026-09-24"), "report_returned": True},
            "2026-10-13",
            (
                "Working days overdue: 8",
                "Progress report was due 9.24; returned and not resubmitted",
            ),
        ),
        (
            {"due_on": d("2026-10-09")},
            "2026-10-13",
            ("Working days overdue: 3", "Was due for completion on 10.9; 40% done so far"),
        ),
        (
            {"report_due_on": d("2026-10-14"), "report_returned": True},
            "2026-10-13",
            ("Returned, to be revised", "Progress report returned; resubmit by 10.14"),
        ),
        (
            {"plan_returned": True},
            "2026-10-13",
            ("Returned, to be revised", "Plan returned; revise and resubmit"),
        ),
        ({"state": "closed"}, "2026-10-13", ("Closed", "Verified and closed")),
        ({"state": "withdrawn"}, "2026-10-13", ("Withdrawn", "The assignment was withdrawn")),
        ({"state": "suspended"}, "2026-10-13", ("Suspended", "Suspended; deadlines are paused")),
        ({}, "2026-08-01", ("Not due", "Starts on 9.1")),
    ],
)
def test_explain(changes, today, expected):
    assert told(replace(GOING, **changes), d(today)) == expected


def test_explain_tells_a_stored_reason_after_its_deadline_was_taken_away():
    words = explain(
        Reason("behind", YEAR_END),
        "yellow",
        today=TUESDAY,
        workdays=CALENDAR,
        starts_on=GOING.starts_on,
        due_on=None,
        percent=5,
    )
    assert words.why == "%(percent)s%% done; %(expected)s%% expected by now"
    assert words.params == {"percent": 5, "on": YEAR_END, "expected": 34}


@given(FACTS, DAYS, TOLERANCES)
def test_every_light_can_be_told_and_stored(facts, today, tolerances):
    result = compute_light(facts, today=today, workdays=CALENDAR, tolerances=tolerances)
    words = explain(
        result.reason,
        result.colour,
        today=today,
        workdays=CALENDAR,
        starts_on=facts.starts_on,
        due_on=facts.due_on,
        percent=facts.percent,
    )
    assert "%(" not in words.word % words.params + words.why % words.params
    assert Reason.from_json(result.reason.to_json()) == result.reason


def test_phrases_use_only_known_placeholders():
    used = {
        name
        for phrase in [*PHRASES.values(), *_UNDATED.values()]
        for name in re.findall(r"%\((\w+)\)s", phrase)
    }
    assert used == {"on", "percent", "expected"}
    assert set(_SHORT) | set(_UNDATED) <= set(PHRASES)
