"""Closed work is read-only, whichever way somebody writes; each refusal says why."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from directives.base.refusals import Refusal
from directives.core import evidence
from directives.models import (
    Attachment,
    Event,
    ItemState,
    LogEntry,
    Measure,
    Obligation,
    ReportEntry,
)
from directives.obligations.commands import supervising
from directives.plans.commands import log as logging
from directives.plans.commands import measures as planning
from directives.plans.commands import proposing
from directives.plans.commands.measures import MeasureContent
from directives.reports.commands import amending, handing_in, reviewing
from directives.reports.commands import entries as reporting
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)


class World:
    """A closed obligation with one of everything that hangs on it."""

    def __init__(self, cast: Any) -> None:
        self.cast, self.by = cast, {"by": cast.staff, "now": NOW}
        section = make_section(make_document(organisation=cast.centre))
        self.row = make_obligation(make_directive(section, items=("制度",)), cast.body)
        self.open = make_obligation(make_directive(section), cast.body)
        self.plan = make_plan(cast.body, section.document)
        self.measure = make_measure(self.plan, self.row)
        self.shared = make_measure(self.plan, self.row, self.open, number=2)
        self.log = make_log(self.measure, cast.staff)
        report = make_report(cast.body, make_cycle(section.document), self.row, self.open)
        self.entry = report.entries.get(obligation=self.row)
        self.item = ItemState.objects.get()
        self.item.obligation = self.row
        Obligation.objects.filter(pk=self.row.pk).update(
            state="closed", closed_on=TODAY, percent=100
        )
        self.row.refresh_from_db()

    def set_entry(self, **fields: Any) -> None:
        ReportEntry.objects.filter(pk=self.entry.pk).update(**fields)
        self.entry = ReportEntry.objects.select_related("report__organisation", "obligation").get(
            pk=self.entry.pk
        )

    def file_on(self, **parent: Any) -> Attachment:
        file = Attachment(name="a.txt", size=2, sha256="0", by=self.cast.staff, at=NOW, **parent)
        file.file.save("a.txt", ContentFile(b"ok"))
        return file


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.txt", "好".encode())


def content(*rows: Obligation) -> MeasureContent:
    return MeasureContent("另一措施", obligations=rows)


def item(w: World) -> None:
    supervising.set_item(item=w.item, state="underway", on=None, evidence="", version=1, **w.by)


def log_work(w: World) -> None:
    logging.log_work(w.measure, on=TODAY, text="又办", **w.by)


def log_many(w: World) -> None:
    logging.log_many(work=[logging.LoggedWork(w.measure, TODAY, "又办")], **w.by)


def delete_log(w: World) -> None:
    logging.delete_log(entries=[w.log], **w.by)


def edit_log(w: World) -> None:
    amending.edit_log(w.log, on=TODAY, text="改写", version=1, **w.by)


def withdraw_log(w: World) -> None:
    amending.withdraw_log(w.log, version=1, **w.by)


def attach_to_log(w: World) -> None:
    evidence.attach(w.log, upload(), **w.by)


def attach_to_entry(w: World) -> None:
    w.set_entry()
    evidence.attach_all(w.entry, [upload()], **w.by)


def remove_from_log(w: World) -> None:
    evidence.remove(w.file_on(log_entry=w.log), **w.by)


def remove_from_entry(w: World) -> None:
    evidence.remove(w.file_on(report_entry=w.entry), **w.by)


def add_measure(w: World) -> None:
    planning.add_measure(w.plan, content=content(w.row), **w.by)


def add_measures(w: World) -> None:
    planning.add_measures(w.plan, contents=[content(w.open, w.row)], **w.by)


def save_measure(w: World) -> None:
    planning.save_measure(w.measure, content=content(w.row), version=1, **w.by)


def unlink_measure(w: World) -> None:
    planning.save_measure(w.shared, content=content(w.open), version=1, **w.by)


def save_measures(w: World) -> None:
    planning.save_measures(w.plan, contents={w.shared: content(w.open)}, **w.by)


def mark_done(w: World) -> None:
    planning.mark_done(w.measure, done_on=TODAY, version=1, **w.by)


def delete_measure(w: World) -> None:
    LogEntry.objects.all().delete()
    planning.delete_measure(w.shared, **w.by)


def withdraw_proposals(w: World) -> None:
    proposing.withdraw_proposals(w.row.document, texts=["x"], by=w.cast.supervisor, now=NOW)


def save_entries(w: World) -> None:
    edit = reporting.EntryEdit(w.entry, reporting.EntryFields(progress="改"))
    reporting.save_entries([edit], **w.by)


def restore_entries(w: World) -> None:
    edit = reporting.EntryEdit(w.entry, reporting.EntryFields(progress="改"))
    reporting.restore_entries([edit], marks={}, **w.by)


def hand_in(w: World) -> None:
    w.set_entry(progress="办了", percent=90)
    handing_in.hand_in(report=w.entry.report, entries=[w.entry.pk], **w.by)


def sign(w: World) -> None:
    w.set_entry(state="awaiting", progress="办了", percent=90)
    report, by = w.entry.report, w.cast.manager
    handing_in.sign(report=report, entries=[w.entry.pk], by=by, now=NOW)


def return_entry(w: World) -> None:
    w.set_entry(state="submitted", submitted_at=NOW, submitted_by=w.cast.staff)
    reviewing.decide(
        report=w.entry.report,
        decisions={w.entry.pk: (False, "重写")},
        by=w.cast.supervisor,
        now=NOW,
    )


WAYS: tuple[Callable[[World], None], ...] = (
    *(item, log_work, log_many, delete_log, edit_log, withdraw_log),
    *(attach_to_log, attach_to_entry, remove_from_log, remove_from_entry),
    *(add_measure, add_measures, save_measure, unlink_measure, save_measures),
    *(mark_done, delete_measure, withdraw_proposals),
    *(save_entries, restore_entries, hand_in, sign, return_entry),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_of_writing_refuses_in_words(cast, way):
    world = World(cast)
    with pytest.raises(Refusal) as refusal:
        way(world)
    assert str(refusal.value)
    assert Event.objects.count() == 0
    assert Measure.objects.count() == 2
    stored = Obligation.objects.get(pk=world.row.pk)
    assert (stored.version, stored.state, stored.percent) == (1, "closed", 100)


@pytest.mark.parametrize(
    "way",
    [way for way in WAYS if way not in (delete_log, withdraw_proposals, sign, return_entry)],
    ids=lambda way: way.__name__,
)
def test_each_of_them_works_while_it_is_open(cast, way):
    """So that it is refused for no other reason."""
    world = World(cast)
    fields = {"state": "underway", "closed_on": None}
    Obligation.objects.filter(pk=world.row.pk).update(**fields)
    world.row.refresh_from_db()
    way(world)
    assert Event.objects.exists()


def test_what_serves_open_work_too_goes_on(cast):
    world = World(cast)
    logging.log_work(world.shared, on=TODAY, text="又办", **world.by)
    planning.save_measure(
        world.shared, content=content(world.row, world.open), version=1, **world.by
    )
    world.row.refresh_from_db()
    assert world.row.version == 1


def test_an_entry_that_was_submitted_before_is_accepted_and_changes_nothing(cast):
    world = World(cast)
    world.set_entry(progress="办了", percent=60)
    Obligation.objects.filter(pk=world.row.pk).update(state="underway", closed_on=None)
    report = world.entry.report
    handing_in.hand_in(report=report, entries=[world.entry.pk], by=cast.manager, now=NOW)
    Obligation.objects.filter(pk=world.row.pk).update(
        state="closed", closed_on=TODAY, percent=100, progress="已建成", version=9
    )
    reviewing.decide(
        report=report, decisions={world.entry.pk: (True, "")}, by=cast.supervisor, now=NOW
    )
    world.row.refresh_from_db()
    assert (world.row.percent, world.row.progress, world.row.version) == (100, "已建成", 9)


def test_a_page_that_was_open_is_told_why(cast, sign_in, key):
    world = World(cast)
    answer = sign_in(cast.staff).post(
        reverse("entry_save", args=[world.entry.pk]),
        {**key(), "version": 1, "progress": "改", "percent": "50"},
    )
    assert (answer.status_code, "已销号" in answer.content.decode()) == (409, True)
    assert ReportEntry.objects.get(pk=world.entry.pk).version == 1


def test_entries_of_closed_work_do_not_hold_up_a_signature(cast):
    world = World(cast)
    world.set_entry()
    ReportEntry.objects.update(state="awaiting", progress="办了", percent=90)
    made = handing_in.sign(report=world.entry.report, by=cast.manager, now=NOW)
    assert [entry["obligation"] for entry in made.content["entries"]] == [world.open.pk]
