"""A supporting body owes the inputs that it is asked for, not a report."""

from datetime import date

import pytest

from directives import tallies
from directives.models import Cycle, Obligation, ProgressReport, ReportEntry
from directives.reports.commands import begin, hand_in
from directives.reports.commands.cycles import open_cycle
from directives.reports.queries.reports import report_rows
from tests.factories import NOW, TODAY, make_cycle, make_directive, make_obligation

DUE = date(2026, 10, 30)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def opened(document, by, **terms):
    terms = {
        "year": 2026,
        "period": "quarter",
        "number": 4,
        "opens_on": TODAY,
        "due_on": DUE,
    } | terms
    return open_cycle(document=document, **terms, by=by, now=NOW)


def test_a_new_cycle_asks_no_supporting_body(cast):
    directive = make_directive()
    own = make_obligation(directive, cast.body)
    make_obligation(directive, cast.sibling, part="supporting")
    opened(directive.document, cast.supervisor)
    assert [report.organisation for report in ProgressReport.objects.all()] == [cast.body]
    with_clock = Obligation.objects.filter(report_due_on=DUE)
    assert [*with_clock] == [own]
    assert tallies.drift() == []


def test_its_report_has_no_entry_for_what_the_body_only_supports(cast):
    directive = make_directive()
    own = make_obligation(directive, cast.body)
    make_obligation(make_directive(directive.section), cast.body, part="supporting")
    opened(directive.document, cast.supervisor)
    report = ProgressReport.objects.get()
    assert report_rows([report], cast.staff, today=TODAY)[0].counts.total == 1
    begin(report=report, by=cast.staff, now=NOW)
    assert [entry.obligation for entry in ReportEntry.objects.all()] == [own]


def test_a_cycle_from_before_still_asks_them(cast):
    directive = make_directive()
    row = make_obligation(directive, cast.body, part="supporting", report_due_on=DUE)
    cycle = make_cycle(directive.document, due_on=DUE, asks_supporting=True)
    report = ProgressReport.objects.create(
        cycle=cycle, document=cycle.document, organisation=cast.body
    )
    assert report_rows([report], cast.staff, today=TODAY)[0].counts.total == 1
    with tallies.counted():
        tallies.pending_delta().count_mark(cast.body.pk, cycle.document_id, report.mark_key)
    begin(report=report, by=cast.staff, now=NOW)
    ReportEntry.objects.update(progress="办了", percent=50)
    later = make_cycle(directive.document, number=4, due_on=date(2026, 12, 30))
    ProgressReport.objects.create(cycle=later, document=cycle.document, organisation=cast.body)
    cast.manager.is_active = False
    cast.manager.save()
    hand_in(report=report, entries=[ReportEntry.objects.get().pk], by=cast.staff, now=NOW)
    row.refresh_from_db()
    assert row.report_due_on is None  # the later cycle does not ask for an entry


def test_cycles_in_the_database_ask_supporting_bodies(db):
    """As those do that were opened before the column was added."""
    assert Cycle._meta.get_field("asks_supporting").db_default is True
    assert Cycle().asks_supporting is False
