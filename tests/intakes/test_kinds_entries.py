"""A progress report filled in from a table."""

import pytest

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.catalogue.kinds import KINDS
from directives.models import Event, ReportEntry
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME, WRONG
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)
from tests.intakes.bringing import bring

ENTRIES = KINDS["entries"]


@pytest.fixture
def report(cast):
    section = make_section(make_document(), number="結")
    rows = [
        make_obligation(make_directive(section, code=f"結.1.{number}"), cast.body)
        for number in (1, 2, 3)
    ]
    make_log(
        make_measure(make_plan(cast.body, section.document), rows[0]), cast.staff, text="印发通知"
    )
    cycle = make_cycle(section.document)
    return cycle.reports.create(document=section.document, organisation=cast.body)


@pytest.fixture
def begun(cast, report):
    with tallies.counted():
        tallies.pending_delta().count_mark(
            report.organisation_id, report.document_id, report.mark_key
        )
    return reporting.begin(report=report, by=cast.staff, now=NOW)


def where(report):
    return {"cycle": report.cycle_id, "organisation": report.organisation_id}


def entry(report, code):
    return report.entries.get(obligation__directive__code=code)


def test_rows_are_saved_as_typed(cast, begun):
    table = [
        {"code": "结.1.1", "progress": "已印发", "percent": 60, "problems": None},
        {"code": "結.1.2", "unchanged_reason": "等上级部署"},
        {"code": "結.1.3", "progress": None, "percent": None},
    ]
    imported = bring(ENTRIES, cast.staff, table, **where(begun))
    assert imported.verdicts == [CHANGED, CHANGED, SAME]
    imported.apply()
    first, second = entry(begun, "結.1.1"), entry(begun, "結.1.2")
    assert (first.progress, first.percent, first.origin, first.saved_at, first.saved_by) == (
        "已印发",
        60,
        "typed",
        NOW,
        cast.staff,
    )
    assert (second.unchanged, second.unchanged_reason, second.origin, second.version) == (
        True,
        "等上级部署",
        "blank",
        2,
    )
    assert (
        Event.objects.filter(
            action="save", subject_type="reportentry", organisation=cast.body
        ).count()
        == 2
    )
    imported.undo()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (
        first.progress.endswith("印发通知。"),
        first.percent,
        second.unchanged,
        second.unchanged_reason,
    ) == (True, None, False, "")
    assert Event.objects.filter(action="undo_import").count() == 2


def test_a_report_that_nobody_began_is_begun(cast, report):
    with tallies.counted():
        tallies.pending_delta().count_mark(
            report.organisation_id, report.document_id, report.mark_key
        )
    imported = bring(
        ENTRIES, cast.staff, [{"code": "結.1.2", "progress": "甲", "percent": 10}], **where(report)
    )
    assert imported.verdicts == [NEW]
    imported.apply()
    assert report.entries.count() == 3
    assert (entry(report, "結.1.2").progress, entry(report, "結.1.2").percent) == ("甲", 10)
    assert tallies.drift() == []
    imported.undo()
    assert (entry(report, "結.1.2").progress, entry(report, "結.1.2").saved_at) == ("", None)


def test_faults_of_a_report(cast, begun):
    ReportEntry.objects.filter(obligation__directive__code="結.1.3").update(
        state="submitted", submitted_at=NOW
    )
    table = [
        {"code": "九.9.9", "progress": "甲"},
        {"code": "結.1.1", "percent": 120},
        {"code": "結.1.3", "progress": "甲"},
        {"code": "結.1.2", "progress": "甲"},
        {"code": "結.1.2", "progress": "乙"},
    ]
    imported = bring(ENTRIES, cast.staff, table, **where(begun))
    found = [(number, field) for number, field, _text in imported.faults]
    assert found == [(1, "code"), (2, "percent"), (3, "progress"), (5, "code")]
    assert imported.verdicts == [WRONG, WRONG, WRONG, CHANGED, WRONG]


def test_only_the_bodys_own_people(cast, begun):
    for who in (cast.stranger, cast.supervisor, cast.viewer, cast.admin, cast.below):
        with pytest.raises(NotAllowed):
            bring(ENTRIES, who, [{"code": "結.1.1", "progress": "甲"}], **where(begun))
    with pytest.raises(Invalid):
        bring(
            ENTRIES,
            cast.staff,
            [],
            cycle=make_cycle(begun.document, number=1).pk,
            organisation=cast.body.pk,
        )


def test_what_somebody_typed_meanwhile_is_never_overwritten(cast, begun):
    fields = EntryFields(progress="别人写的", percent=30)
    reporting.save_entry(
        entry=entry(begun, "結.1.1"), fields=fields, version=1, by=cast.manager, now=NOW
    )
    row = {
        "code": "結.1.1",
        "id": entry(begun, "結.1.1").pk,
        "version": 1,
        "progress": "我写的",
        "problems": "人手不足",
    }
    imported = bring(ENTRIES, cast.staff, [row], **where(begun))
    assert imported.verdicts == [CONFLICT]
    assert imported.planned[0].theirs == {"progress": "别人写的"}
    imported.apply(mine=False)
    assert entry(begun, "結.1.1").progress == "别人写的"


def test_an_entry_handed_in_after_the_check_stays(cast, begun):
    imported = bring(ENTRIES, cast.staff, [{"code": "結.1.1", "progress": "甲"}], **where(begun))
    ReportEntry.objects.update(state="submitted", submitted_at=NOW)
    with pytest.raises(IllegalMove):
        imported.apply()
    ReportEntry.objects.update(state="draft")
    imported.apply()
    ReportEntry.objects.update(state="submitted")
    with pytest.raises(Invalid, match="Sheet1"):
        imported.undo()
    assert entry(begun, "結.1.1").progress == "甲"
