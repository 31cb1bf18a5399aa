"""The calendar of working days brought in as a table: the days of a year that was announced."""

from datetime import date, timedelta

import pytest
from django_tasks_db.models import DBTaskResult

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.core import jobs, relighting, working_calendar
from directives.intakes import applying
from directives.models import CalendarDay, Event, JobProgress, JobRun, Notice, Obligation, User
from directives.models.intakes import APPLIED, CHANGED, NEW, SAME, WRONG
from tests.factories import NOW, TODAY, make_administrator, make_obligation
from tests.intakes.bringing import bring as bring_rows

CALENDAR = KINDS["calendar"]
NEXT = date(2027, 1, 1)


@pytest.fixture
def keeper(cast):
    user = make_administrator("keeper")
    return User.objects.get(pk=user.pk)


def days(since=NEXT):
    return list(CalendarDay.objects.filter(day__gte=since).values_list("day", "working", "name"))


def row(day, working, name=None):
    return {"day": date.fromisoformat(day), "working": working, "name": name}


def test_who_brings_in_a_calendar(cast, keeper):
    people = (keeper, cast.admin, cast.supervisor, cast.manager, cast.staff, cast.outsider)
    assert [CALENDAR.may(User.objects.get(pk=who.pk)) for who in people] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_days_are_entered_changed_and_taken_back(keeper):
    CalendarDay.objects.create(day=date(2027, 2, 8), working=True, name="调休")
    table = [
        row("2027-01-01", "0", "元旦"),
        row("2027-02-08", "0", "春节"),
        row("2026-10-07", "0", "国庆节"),
    ]
    imported = bring_rows(CALENDAR, keeper, table)
    assert imported.verdicts == [NEW, CHANGED, SAME]
    assert (imported.planned[1].before, imported.planned[1].after) == (
        {"working": "1", "name": "调休"},
        {"working": "0", "name": "春节"},
    )
    imported.apply()
    assert days() == [(date(2027, 1, 1), False, "元旦"), (date(2027, 2, 8), False, "春节")]
    assert list(
        Event.objects.filter(by=keeper, subject_type="calendarday")
        .values_list("action", flat=True)
        .order_by("id")
    ) == ["add", "change"]
    imported.undo()
    assert days() == [(date(2027, 2, 8), True, "调休")]
    assert set(
        Event.objects.filter(by=keeper, subject_type="calendarday", action="delete").values_list(
            "before__name", flat=True
        )
    ) == {"2027-01-01 元旦"}


def test_a_day_that_stands_twice_is_a_fault(keeper):
    imported = bring_rows(CALENDAR, keeper, [row("2027-01-01", "0"), row("2027-01-01", "1")])
    assert imported.verdicts == [NEW, WRONG]
    assert imported.faults == [(2, "day", "每个日期只写一次；第 2 行已有此日期")]


def test_what_was_changed_since_stands_against_it(keeper):
    imported = bring_rows(CALENDAR, keeper, [row("2027-01-01", "0")])
    CalendarDay.objects.create(day=NEXT, working=False)
    with pytest.raises(Stale):
        imported.apply()
    CalendarDay.objects.filter(day=NEXT).delete()
    imported.apply()
    CalendarDay.objects.filter(day=NEXT).update(name="元旦")
    with pytest.raises(Invalid):
        imported.undo()
    assert days() == [(NEXT, False, "元旦")]


def test_only_administrators_enter_days(cast):
    with pytest.raises(NotAllowed):
        working_calendar.change_days(
            [CalendarDay(day=NEXT, working=False)], {}, by=cast.supervisor, now=NOW
        )
    assert days() == []


def test_the_table_as_it_ships_and_as_an_office_writes_it(keeper, bring):
    shipped = bring(
        keeper,
        "day,working,name_hans\n2027-01-01,0,元旦\n2027-02-07,1,春节调休\n",
        kind="calendar",
        name="2027.csv",
    )
    assert (shipped.counts, shipped.fault) == ({NEW: 2}, "")
    office = bring(
        keeper,
        "2027年放假安排,,\n日期,安排,节日\n2027年1月1日,放假,元旦\n2027.2.7,上班,春节调休\n",
        kind="calendar",
        name="放假.csv",
    )
    assert (office.counts, office.fault) == ({NEW: 2}, "")


def test_lights_follow_a_day_off(cast, keeper, monkeypatch):
    """Six working days are left, then a holiday takes one of them: near from then on."""
    monkeypatch.setattr(relighting, "BATCH", 1)
    monkeypatch.setattr(jobs.running, "TURN_SECONDS", 0)
    due = CalendarDay.objects.workdays(TODAY).add(TODAY, 6)
    for body in (cast.body, cast.child):
        make_obligation(organisation=body, due_on=due, percent=95)
    assert set(Obligation.objects.values_list("light", flat=True)) == {"green"}
    working_calendar.change_days([CalendarDay(day=due, working=False)], {}, by=keeper, now=NOW)
    working_calendar.change_days(
        [CalendarDay(day=NEXT, working=False)], {}, by=keeper, now=NOW
    )  # the one that waits does for both
    job = JobProgress.objects.get()
    jobs.run("job", job.pk)
    assert sorted(Obligation.objects.values_list("light", flat=True)) == ["green", "yellow"]
    job.refresh_from_db()
    assert (
        job.done,
        job.total,
        job.made,
        DBTaskResult.objects.filter(pk=job.task, status="READY").count(),
    ) == (1, 2, 1, 1)
    for _turn in range(2):
        jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.made, set(Obligation.objects.values_list("light", flat=True))) == (
        "done",
        2,
        {"yellow"},
    )
    assert Notice.objects.get().user == keeper


def test_what_waited_past_midnight_does_not_set_lights_back(cast):
    due = CalendarDay.objects.workdays(TODAY).add(TODAY, 6)
    make_obligation(organisation=cast.body, due_on=due, percent=95)
    tomorrow = NOW + timedelta(days=1)
    assert relighting.tick(now=tomorrow) == 1  # near since this day
    JobRun.objects.create(name="tick", last_ran_at=tomorrow, last_day=TODAY + timedelta(days=1))
    relighting.relight_all(by=None, now=NOW)
    jobs.run("job", JobProgress.objects.get().pk)
    assert Obligation.objects.get().light == "yellow"


@pytest.mark.parametrize(
    ("known", "today", "missing"),
    [
        ({2026}, date(2026, 10, 31), ()),
        ({2026}, date(2026, 11, 1), (2027,)),
        ({2026, 2027}, date(2026, 12, 31), ()),
        ({2026}, date(2027, 1, 1), (2027,)),
        ((), date(2027, 12, 1), (2027, 2028)),
    ],
)
def test_years_that_should_be_known_by_now(known, today, missing):
    assert working_calendar.missing_years(known, today) == missing


def test_an_applied_table_is_followed_by_every_light(
    keeper, bring, django_capture_on_commit_callbacks
):
    from_page = bring(keeper, "日期,安排\n2027-01-01,放假\n", kind="calendar", name="2027.csv")
    with django_capture_on_commit_callbacks(execute=True):
        applying.apply(from_page, by=keeper, now=NOW)
    from_page.refresh_from_db()
    assert (from_page.state, days()) == (APPLIED, [(NEXT, False, "")])
