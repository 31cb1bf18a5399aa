"""Credibility flags: each rule at its edge, and that they only show."""

from datetime import date

import pytest

from directives.models import Attachment, ItemState, LogUse, ReportEntry
from directives.reports.commands import Earlier
from directives.reports.queries.flags import flags_of
from tests.factories import (
    NOW,
    make_body,
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

TODAY = date(2026, 10, 20)
LONG = "市总工会印发了实施办法，并召开推进会部署落实"


class Desk:
    """A report with an entry for each of `count` directives, as its reviewer reads it."""

    def __init__(self, cast, count=1, items=(), **entry):
        self.user = cast.supervisor
        self.document = make_document()
        self.cycle = make_cycle(self.document)
        section = make_section(self.document)
        self.directives = [make_directive(section, items=items) for _ in range(count)]
        self.rows = [make_obligation(directive, cast.body) for directive in self.directives]
        self.report = make_report(cast.body, self.cycle, *self.rows)
        self.change(**{"progress": LONG, "percent": 60} | entry)

    def change(self, **fields):
        self.report.entries.update(state="submitted", submitted_at=NOW, **fields)

    @property
    def entries(self):
        rows = self.report.entries.select_related("obligation__directive").order_by("pk")
        return list(rows.prefetch_related("files"))

    def flags(self, earlier=None):
        entries = self.entries
        before = {entry.obligation_id: earlier for entry in entries} if earlier else {}
        found = flags_of(self.report, entries, before, user=self.user, today=TODAY)
        return [[flag.code for flag in found[entry.pk]] for entry in entries]

    def rules(self):
        found = flags_of(self.report, self.entries, {}, user=self.user, today=TODAY)
        return [flag.rule for flags in found.values() for flag in flags]


def file_of(cast):
    return {"size": 1, "sha256": "0", "by": cast.staff, "at": NOW}


def accepted(cast, progress, percent):
    """The last accepted entry, of a cycle before."""
    cycle = make_cycle(number=2, opens_on=date(2026, 6, 17), due_on=date(2026, 7, 15))
    row = make_obligation(make_directive(make_section(cycle.document)), cast.body)
    entry = make_report(cast.body, cycle, row).entries.get()
    entry.progress, entry.percent = progress, percent
    return Earlier(accepted=entry, percent=percent)


def test_an_honest_entry_has_no_flag(cast):
    assert Desk(cast).flags(accepted(cast, "上季度开展了调研，形成了初稿并征求意见", 40)) == [[]]


def test_complete_without_a_file(cast):
    desk = Desk(cast, percent=100)
    assert desk.flags() == [["no_evidence"]]
    Attachment.objects.create(report_entry=desk.entries[0], name="办法.pdf", **file_of(cast))
    assert desk.flags() == [[]]


def test_a_file_of_the_log_is_evidence_too(cast):
    desk = Desk(cast, percent=100)
    log = make_log(make_measure(make_plan(cast.body, desk.document), desk.rows[0]), cast.staff)
    LogUse.objects.create(entry=desk.entries[0], log_entry=log, at=NOW)
    assert desk.flags() == [["no_evidence"]]
    Attachment.objects.create(log_entry=log, name="照片.jpg", **file_of(cast))
    assert desk.flags() == [[]]


def test_complete_with_items_that_are_not_established(cast):
    desk = Desk(cast, items=("制度", "机制"), percent=100)
    state = ItemState.objects.first()
    ItemState.objects.exclude(pk=state.pk).update(state="established", on=TODAY)
    assert desk.flags() == [["no_evidence", "items"]]
    assert "2 个分项中有 1 个未建立" in desk.rules()[1]
    ItemState.objects.update(state="established", on=TODAY)
    assert desk.flags() == [["no_evidence"]]


@pytest.mark.parametrize(
    ("before", "unchanged", "expected"),
    [
        (LONG, False, ["same_as_last"]),
        (LONG.replace("了", "", 1), False, ["same_as_last"]),
        (LONG[:15], False, []),
        (LONG, True, []),
    ],
)
def test_text_as_last_time(cast, before, unchanged, expected):
    desk = Desk(cast, unchanged=unchanged, unchanged_reason="无新进展" if unchanged else "")
    assert desk.flags(accepted(cast, before, 60)) == [expected]


@pytest.mark.parametrize(
    ("before", "expected"),
    [(61, ["fell"]), (60, []), (11, []), (10, ["jumped"]), (0, ["jumped"])],
)
def test_percent_that_fell_or_jumped(cast, before, expected):
    assert Desk(cast).flags(Earlier(percent=before)) == [expected]


def test_green_with_a_late_measure(cast):
    desk = Desk(cast)
    row = desk.rows[0]
    measure = make_measure(make_plan(cast.body, desk.document), row, due_on=TODAY)
    row.light = "green"
    row.save()
    assert desk.flags() == [[]]
    measure.due_on = date(2026, 10, 19)
    measure.save()
    assert desk.flags() == [["milestone"]]
    row.light = "yellow"
    row.save()
    assert desk.flags() == [[]]
    measure.done_on, row.light = TODAY, "green"
    measure.save()
    row.save()
    assert desk.flags() == [[]]


def test_text_of_an_organisation_beside_it(cast):
    desk = Desk(cast, progress=f"{LONG}12次")
    row = make_obligation(desk.directives[0], cast.sibling)
    other = make_report(cast.sibling, desk.cycle, row)
    other.entries.update(progress=f"{LONG}，8次。", state="draft")
    assert desk.flags() == [[]]
    other.entries.update(state="submitted", submitted_at=NOW)
    assert desk.flags() == [["same_as_other"]]
    assert "共青团中央" in desk.rules()[0]
    far = make_body("X1", parent=cast.sibling)
    other.entries.update(progress="另一件事")
    row = make_obligation(desk.directives[0], far)
    make_report(far, desk.cycle, row).entries.update(
        progress=LONG, state="submitted", submitted_at=NOW
    )
    assert desk.flags() == [[]]


def test_entries_all_alike(cast):
    assert Desk(cast, 4).flags() == [[]] * 4
    assert Desk(cast, 5).flags() == [["alike"]] * 5
    assert Desk(cast, 5, progress="已完成").flags() == [[]] * 5


@pytest.mark.parametrize("count", [1, 3])
def test_flags_take_five_queries(cast, django_assert_num_queries, count):
    desk = Desk(cast, count, percent=100)
    other = make_report(
        cast.sibling,
        desk.cycle,
        *(make_obligation(directive, cast.sibling) for directive in desk.directives),
    )
    other.entries.update(progress=LONG, state="submitted", submitted_at=NOW)
    for row in desk.rows:
        row.light = "green"
        row.save()
    entries = desk.entries
    cast.supervisor.held_memberships  # noqa: B018 - loaded once for a request
    with django_assert_num_queries(5):
        flags_of(desk.report, entries, {}, user=cast.supervisor, today=TODAY)


def test_flags_stand_on_the_review_page_and_decide_nothing(cast, sign_in):
    desk = Desk(cast, percent=100)
    page = sign_in(cast.supervisor).get(f"/reports/{desk.report.pk}/review/")
    assert [flag.code for flag in page.context["review"].lines[0].flags] == ["no_evidence"]
    assert page.context["review"].flagged == 1
    assert "100%无佐证材料" in page.text
    assert set(ReportEntry.objects.values_list("state", flat=True)) == {"submitted"}
