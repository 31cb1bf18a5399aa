"""Cells that were changed both here and in the file.

What stands here, or what the file says, and the rest of their rows either way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest

from directives import tallies
from directives.base.refusals import Invalid
from directives.core import relighting
from directives.core.transitions import change_obligations
from directives.documents.commands import correcting
from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.intakes import applying, pages
from directives.intakes.steps import resolve_conflict
from directives.models import (
    Event,
    Figure,
    IntakeRow,
    Measure,
    Obligation,
    Organisation,
    ReportEntry,
    User,
)
from directives.models.intakes import APPLIED, UNDONE
from directives.plans.commands import MeasureContent, save_measure
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_indicator,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

YEAR = Period(2025, "year")


@dataclass(frozen=True)
class Met:
    """A row of ours whose first field was changed here, while the file edits both its fields."""

    by: User
    place: dict[str, int]
    table: str
    said: Callable[[], tuple]  # both fields as they stand here
    here: str  # what the first says here,
    file: str  # and in the file
    subject: str


def obligations(cast):
    row = make_obligation(organisation=cast.body, leader="甲", contact="010-1")
    table = f"责任领导,责任人及电话,编号,版本\n丙,010-2,{row.pk},{row.version}\n"
    change_obligations(
        Obligation.objects.filter(pk=row.pk).select_related("organisation"),
        {"leader": "乙"},
        action="change",
        by=None,
        now=NOW,
    )
    said = Obligation.objects.values_list("leader", "contact").get
    return Met(
        cast.supervisor, {"document": row.document_id}, table, said, "乙", "丙", "obligation"
    )


def measures(cast):
    row = make_obligation(organisation=cast.body)
    measure = make_measure(
        make_plan(cast.body, row.document),
        row,
        number=1,
        text="印发办法",
        responsible="甲",
        result="010-1",
    )
    table = f"措施,责任人,成果形式,编号,版本\n印发办法,丙,010-2,{measure.pk},1\n"
    content = MeasureContent("印发办法", "乙", result="010-1", obligations=(row,))
    save_measure(measure, content=content, version=1, by=cast.staff, now=NOW)
    said = Measure.objects.values_list("responsible", "result").get
    place = {"document": row.document_id, "organisation": cast.body.pk}
    return Met(cast.staff, place, table, said, "乙", "丙", "measure")


def entries(cast):
    row = make_obligation(organisation=cast.body)
    report = make_cycle(row.document).reports.create(document=row.document, organisation=cast.body)
    with tallies.counted():
        tallies.pending_delta().count_mark(
            report.organisation_id, report.document_id, report.mark_key
        )
    reporting.begin(report=report, by=cast.staff, now=NOW)
    entry = ReportEntry.objects.get()
    told = {"progress": "甲", "problems": "010-1"}
    reporting.save_entry(entry=entry, fields=EntryFields(**told), version=1, by=cast.staff, now=NOW)
    table = f"编码,进展情况,存在问题,编号,版本\n{row.directive.code},丙,010-2,{entry.pk},2\n"
    entry = ReportEntry.objects.get()
    reporting.save_entry(
        entry=entry,
        fields=EntryFields(**told | {"progress": "乙"}),
        version=2,
        by=cast.manager,
        now=NOW,
    )
    said = ReportEntry.objects.values_list("progress", "problems").get
    return Met(
        cast.staff,
        {"cycle": report.cycle_id, "organisation": cast.body.pk},
        table,
        said,
        "乙",
        "丙",
        "reportentry",
    )


def figures(cast):
    directive = make_directive()
    make_obligation(directive, cast.body)
    indicator = make_indicator(
        directive.document, cast.centre, code="ZZ-01", name_hans="基层组织数"
    )
    figure = ReportedFigure(indicator, cast.body, YEAR, Decimal(1), "010-1")
    statistics.file_figures([figure], by=cast.staff, now=NOW)
    table = "指标,单位,时期,数值,备注,版本\nZZ-01,Q01,2025,3,010-2,1\n"
    statistics.file_figures(
        [ReportedFigure(indicator, cast.body, YEAR, Decimal(2), "010-1", 1)], by=cast.staff, now=NOW
    )

    def said():
        figure = Figure.objects.get()
        return str(int(figure.value)), figure.note

    return Met(cast.staff, {"document": directive.document_id}, table, said, "2", "3", "figure")


def readings(cast):
    directive = make_directive(
        make_section(make_document(), number="九"),
        code="九.1.1",
        cadence="once",
        kind="institution",
    )

    def said():
        directive.refresh_from_db()
        return directive.kind, {"once": "010-1", "regular": "010-2"}[directive.cadence]

    table = f"编码,类别,频次,编号,版本\n九.1.1,resource,regular,{directive.pk},1\n"
    correction = correcting.reading_of(directive)
    correction = type(correction)(
        "pilot", correction.modality, "once", False, correction.addressees
    )
    correcting.correct_directive(
        directive=directive, correction=correction, version=1, by=cast.supervisor, now=NOW
    )
    return Met(
        cast.supervisor,
        {"document": directive.document_id},
        table,
        said,
        "pilot",
        "resource",
        "directive",
    )


KINDS = {
    "obligations": obligations,
    "measures": measures,
    "entries": entries,
    "statistics": figures,
    "directives": readings,
}


@pytest.mark.parametrize("choice", ["theirs", "mine"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_contests_is_taken_over_whatever_is_chosen(
    cast, bring, apply, undo, kind, choice
):
    met = KINDS[kind](cast)
    assert met.said() == (met.here, "010-1")
    intake = bring(met.by, met.table, name="表.csv", kind=kind, **met.place)
    assert (intake.fault, intake.counts) == ("", {"conflict": 1})
    assert applying.choose(intake, choice) == 1
    view = pages.view_of(intake, {}, NOW)
    assert (
        view.row_count,
        view.lines[0].uncontested_count,
        [change.contested for change in view.lines[0].changes],
    ) == (1, 1, [True, False])
    apply(intake)
    assert (intake.state, intake.fault, intake.done) == (APPLIED, "", 1)
    assert met.said() == (met.here if choice == "theirs" else met.file, "010-2")
    told = Event.objects.filter(subject_type=met.subject).latest("id")
    changed = [name for name, value in told.after.items() if told.before.get(name, "") != value]
    assert (
        len(changed)
        == len(resolve_conflict(IntakeRow.objects.get(intake=intake)).after)
        == (1 if choice == "theirs" else 2)
    )
    undo(intake)
    assert (intake.state, intake.fault, met.said()) == (UNDONE, "", (met.here, "010-1"))
    assert tallies.drift() == []


def test_of_a_row_contested_throughout_nothing_is_written(cast, bring, apply, undo):
    """The record does not tell what a body was: every cell that differs is contested."""
    body = cast.sibling
    table = (
        "编码,名称,全称,编号,版本\n"
        f"Q02,团中央,共青团中央委员会,{body.pk},{body.version}\n"
        f"Q01,全总,,{cast.body.pk},{cast.body.version}\n"
    )
    Organisation.objects.filter(pk=body.pk).update(name_hans="共青团", version=body.version + 1)
    intake = bring(cast.admin, table)
    assert intake.counts == {"conflict": 1, "changed": 1}
    applying.choose(intake, "theirs")
    assert pages.view_of(intake, {}, NOW).conflicts == pages.Conflicts(
        undecided=0, for_file=0, for_stored=1, without_effect=1
    )
    apply(intake)
    body.refresh_from_db()
    assert (intake.state, intake.done, body.name_hans, body.full_name) == (APPLIED, 1, "共青团", "")
    undo(intake)
    cast.body.refresh_from_db()
    assert (intake.state, cast.body.name_hans) == (UNDONE, "全国总工会")


def days(cast, bring):
    """The day of completion was changed here; the file moves it, the start and the leader."""
    row = make_obligation(
        organisation=cast.body, leader="甲", starts_on=date(2026, 3, 1), due_on=date(2026, 12, 31)
    )
    table = (
        f"责任领导,开始时间,完成时限,编号,版本\n丙,2027-03-01,2027-12-31,{row.pk},{row.version}\n"
    )
    found = Obligation.objects.filter(pk=row.pk).select_related("organisation")
    change_obligations(found, {"due_on": date(2026, 11, 30)}, action="change", by=None, now=NOW)
    return row, bring(cast.supervisor, table, kind="obligations", document=row.document_id)


def test_days_stay_together(cast, bring, apply, undo):
    """Work would start after it is to end, were one of the days taken without the other."""
    row, intake = days(cast, bring)
    assert set(IntakeRow.objects.get(intake=intake).theirs) == {"starts_on", "due_on"}
    applying.choose(intake, "theirs")
    apply(intake)
    row.refresh_from_db()
    assert (row.leader, row.starts_on, row.due_on) == ("丙", date(2026, 3, 1), date(2026, 11, 30))
    undo(intake)
    row.refresh_from_db()
    assert (row.leader, row.due_on, tallies.drift()) == ("甲", date(2026, 11, 30), [])


def test_a_choice_can_be_changed_until_it_is_applied(cast, bring, apply):
    row, intake = days(cast, bring)
    for choice, number, changed in (
        ("theirs", None, 1),
        ("mine", None, 0),
        ("mine", 1, 1),
        ("again", None, 1),
        ("theirs", 1, 1),
    ):
        assert applying.choose(intake, choice, number=number) == changed
    applying.choose(intake, "again")
    with pytest.raises(Invalid):
        applying.apply(intake, by=cast.supervisor, now=NOW)
    applying.choose(intake, "mine")
    apply(intake)
    row.refresh_from_db()
    assert (row.starts_on, row.due_on) == (date(2027, 3, 1), date(2027, 12, 31))


def test_a_contested_cell_that_changes_once_more_stands_against_the_file_alone(cast, bring, apply):
    """Who keeps what stands here keeps it as it stands when the rest is written."""
    row, intake = days(cast, bring)
    applying.choose(intake, "theirs")
    found = Obligation.objects.filter(pk=row.pk).select_related("organisation")
    change_obligations(found, {"due_on": date(2026, 10, 31)}, action="change", by=None, now=NOW)
    apply(intake)
    row.refresh_from_db()
    assert (intake.state, row.leader, row.due_on) == (APPLIED, "丙", date(2026, 10, 31))


@pytest.mark.parametrize("since", ["light", "other field", "same field", "closed"])
def test_what_was_not_touched_since_can_be_taken_back(cast, bring, apply, undo, since):
    """A light that changes overnight is nobody's work; what somebody wrote over, or closed, is."""
    row = make_obligation(
        organisation=cast.body, leader="甲", state="underway", due_on=date(2026, 12, 31)
    )
    relighting.tick(now=NOW, everything=True)
    row.refresh_from_db()
    intake = apply(
        bring(
            cast.supervisor,
            f"责任领导,编号,版本\n乙,{row.pk},{row.version}\n",
            kind="obligations",
            document=row.document_id,
        )
    )
    left = IntakeRow.objects.get(intake=intake).left
    found = Obligation.objects.filter(pk=row.pk).select_related("organisation")
    if since == "light":
        relighting.tick(now=NOW + timedelta(days=400))
    else:
        closed = {"state": "closed", "closed_on": NOW.date()}
        changed = {
            "other field": {"note": "另记"},
            "same field": {"leader": "丙"},
            "closed": closed,
        }[since]
        change_obligations(found, changed, action="change", by=None, now=NOW)
    row.refresh_from_db()
    assert row.version == left + 1
    undo(intake)
    row.refresh_from_db()
    wanted = {"same field": (APPLIED, "丙"), "closed": (APPLIED, "乙")}.get(since, (UNDONE, "甲"))
    assert ((intake.state, row.leader), tallies.drift()) == (wanted, [])


def test_tables_are_taken_back_one_after_another(cast, bring, apply, undo):
    row = make_obligation(organisation=cast.body, leader="甲")
    place = {"kind": "obligations", "document": row.document_id}
    first = apply(bring(cast.supervisor, f"责任领导,编号\n王乙,{row.pk}\n", **place))
    second = apply(bring(cast.supervisor, f"责任领导,编号\n王丙,{row.pk}\n", **place))
    assert undo(first).state == APPLIED
    assert [undo(intake).state for intake in (second, first)] == [UNDONE, UNDONE]
    row.refresh_from_db()
    assert row.leader == "甲"
