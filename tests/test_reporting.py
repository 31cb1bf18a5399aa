"""Reporting: cycles open, entries are drafted, saved and handed in, and the report clock follows."""

from datetime import date

import pytest

from directives import reporting, tallies
from directives.models import Cycle, Event, Notice, Obligation, ProgressReport
from directives.refusals import Invalid, NotAllowed
from tests.factories import NOW, make_directive, make_document, make_obligation, make_section

DUE = date(2026, 10, 15)
THIRD = {"year": 2026, "period": "quarter", "number": 3, "opens_on": date(2026, 9, 17), "due_on": DUE}


@pytest.fixture
def section(db):
    return make_section(make_document())


def owe(section, body, **fields):
    return make_obligation(make_directive(section), body, **fields)


# opening


def test_a_cycle_makes_a_report_for_each_body_that_owes_something_and_starts_the_clock(cast, section):
    owing = [owe(section, cast.body), owe(section, cast.body, state="acknowledged"), owe(section, cast.child)]
    closed = owe(section, cast.sibling, state="closed", closed_on=date(2026, 9, 1))
    elsewhere = make_obligation(organisation=cast.sibling)
    cycle = reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    assert cycle.name == "2026年第三季度"
    assert sorted(cycle.reports.values_list("organisation__code", "begun_at")) == [("Q01", None), ("Q01A", None)]
    clocks = dict(Obligation.objects.values_list("pk", "report_due_on"))
    assert clocks == {**{row.pk: DUE for row in owing}, closed.pk: None, elsewhere.pk: None}
    assert set(Obligation.objects.filter(report_due_on=DUE).values_list("light", "version")) == {("yellow", 2)}
    assert tallies.drift() == []
    assert sorted(Notice.objects.values_list("user__username", "kind")) == [("below", "cycle"), ("manager", "cycle"), ("staff", "cycle")]
    assert Event.objects.filter(subject_type="cycle", action="open_cycle").count() == 1
    assert Event.objects.filter(subject_type="obligation", action="open_cycle").count() == 3


def test_a_clock_that_runs_already_is_left_alone(cast, section):
    row = owe(section, cast.body, report_due_on=date(2026, 7, 15))
    reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    row.refresh_from_db()
    assert (row.report_due_on, row.version) == (date(2026, 7, 15), 1)


def test_only_supervisors_open_cycles_and_only_for_bodies_below(cast, section):
    owe(section, cast.body)
    for person in (cast.staff, cast.manager, cast.viewer, cast.admin):
        with pytest.raises(NotAllowed):
            reporting.open_cycle(document=section.document, by=person, now=NOW, **THIRD)
    own = owe(make_section(), cast.centre)
    with pytest.raises(Invalid):
        reporting.open_cycle(document=own.document, by=cast.supervisor, now=NOW, **THIRD)
    assert Cycle.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"), [({"number": 5}, "number"), ({"period": "month"}, "number"), ({"due_on": date(2026, 9, 16)}, "due_on")]
)
def test_an_impossible_cycle_is_refused(cast, section, change, field):
    owe(section, cast.body)
    with pytest.raises(Invalid) as refused:
        reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **(THIRD | change))
    assert list(refused.value.errors) == [field]


def test_a_period_has_one_cycle(cast, section):
    owe(section, cast.body)
    reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    with pytest.raises(Invalid):
        reporting.open_cycle(document=section.document, by=cast.supervisor, now=NOW, **THIRD)
    assert ProgressReport.objects.count() == 1
