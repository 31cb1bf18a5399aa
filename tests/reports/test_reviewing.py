"""Reviewing.

A verdict on each entry, and what it does to the obligation, its clock and the report.
"""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.models import Event, Notice, Obligation, Plan, Verdict
from directives.plans import commands as planning
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing
from directives.reports.commands.reviewing import Decision
from tests.factories import (
    NOW,
    make_directive,
    make_document,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)

DUE = date(2026, 10, 15)
LATER = NOW + timedelta(hours=5)
AFTER = LATER + timedelta(minutes=5)


class HandedIn:
    """A report of `count` entries, handed in by the manager."""

    def __init__(self, cast, count=3, by=None):
        section = make_section(make_document())
        self.rows = [
            make_obligation(make_directive(section), cast.body, percent=10, progress="原进展")
            for _ in range(count)
        ]
        cycle = reporting.open_cycle(
            document=section.document,
            year=2026,
            period="quarter",
            number=3,
            opens_on=date(2026, 9, 17),
            due_on=DUE,
            by=None,
            now=NOW,
        )
        self.report = reporting.begin(report=cycle.reports.get(), by=cast.staff, now=NOW)
        self.entries = list(self.report.entries.order_by("obligation__directive__order"))
        for number, entry in enumerate(self.entries):
            fields = EntryFields(
                progress=f"进展{number}", problems="缺人", next_steps="补人", percent=60
            )
            reporting.save_entry(entry=entry, fields=fields, version=1, by=cast.staff, now=NOW)
        self.submission = reporting.hand_in(report=self.report, by=by or cast.manager, now=NOW)

    def decide(self, by, *decisions, now=LATER):
        given = {self.entries[number].pk: decision for number, *decision in decisions}
        return reviewing.decide(report=self.report, decisions=given, by=by, now=now)

    def again(self, cast):
        """The returned first entry, revised and handed in once more."""
        entry = self.report.entries.get(pk=self.entries[0].pk)
        revised = EntryFields(progress="改后的进展", problems="缺人", next_steps="补人", percent=60)
        reporting.save_entry(
            entry=entry, fields=revised, version=entry.version, by=cast.staff, now=AFTER
        )
        reporting.hand_in(report=self.report, by=cast.manager, now=AFTER)

    def states(self):
        return list(
            self.report.entries.order_by("obligation__directive__order").values_list(
                "state", flat=True
            )
        )


@pytest.fixture
def handed_in(cast):
    return HandedIn(cast)


def test_accepting_writes_the_words_and_the_percentage_to_the_obligation(cast, handed_in):
    handed_in.decide(cast.supervisor, (0, True, ""))
    row = Obligation.objects.get(pk=handed_in.rows[0].pk)
    assert (row.percent, row.progress, row.problems, row.next_steps) == (
        60,
        "进展0",
        "缺人",
        "补人",
    )
    assert (row.report_due_on, row.report_returned) == (None, False)
    untouched = Obligation.objects.get(pk=handed_in.rows[1].pk)
    assert (untouched.percent, untouched.progress) == (10, "原进展")
    assert tallies.drift() == []
    assert Verdict.objects.values_list("submission", "entry", "accepted", "by", "at").get() == (
        handed_in.submission.pk,
        handed_in.entries[0].pk,
        True,
        cast.supervisor.pk,
        LATER,
    )


def test_returning_gives_the_clock_back_with_its_reason(cast, handed_in):
    handed_in.decide(cast.supervisor, (0, False, "未写明进度"), (1, True, ""), (2, True, ""))
    row = Obligation.objects.get(pk=handed_in.rows[0].pk)
    assert (row.report_due_on, row.report_returned, row.percent, row.progress) == (
        DUE,
        True,
        10,
        "原进展",
    )
    assert (row.light, row.light_code) == ("yellow", "report_returned")
    assert handed_in.states() == ["returned", "accepted", "accepted"]
    entry = handed_in.report.entries.get(pk=handed_in.entries[0].pk)
    assert (entry.reason, entry.decided_by) == ("未写明进度", cast.supervisor)
    told = Notice.objects.filter(user=cast.staff, kind__in=("returned", "accepted")).order_by("id")
    code = handed_in.rows[0].directive.code
    assert [(n.kind, n.facts["count"], n.facts["reason"]) for n in told] == [
        ("returned", 1, f"{code} 未写明进度"),
        ("accepted", 2, ""),
    ]
    handed_in.report.refresh_from_db()
    assert handed_in.report.completed_at is None


def test_the_report_is_complete_when_every_entry_is_accepted(cast, handed_in):
    handed_in.decide(cast.supervisor, (0, False, "未写明进度"), (1, True, ""), (2, True, ""))
    handed_in.again(cast)
    [verdict] = handed_in.decide(cast.supervisor, (0, True, ""), now=LATER + timedelta(days=1))
    assert verdict.submission.number == 2
    handed_in.report.refresh_from_db()
    assert (handed_in.report.first_submitted_at, handed_in.report.completed_at) == (
        NOW,
        LATER + timedelta(days=1),
    )
    assert set(Obligation.objects.values_list("report_due_on", "report_returned", "percent")) == {
        (None, False, 60)
    }
    assert tallies.drift() == []


def test_a_report_waits_since_the_oldest_hand_in_that_has_no_verdict(cast, handed_in):
    def since():
        return type(handed_in.report).objects.get(pk=handed_in.report.pk).waiting_since

    assert since() == NOW
    handed_in.decide(cast.supervisor, (0, False, "太空"), (1, True, ""))
    assert since() == NOW
    handed_in.again(cast)
    assert since() == NOW  # the third entry is still the first one's
    handed_in.decide(cast.supervisor, (2, True, ""), now=AFTER)
    assert since() == AFTER
    assert type(handed_in.report).objects.settle_waiting() == 1 and since() == AFTER
    handed_in.decide(cast.supervisor, (0, True, ""), now=AFTER + timedelta(minutes=1))
    assert since() is None
    assert type(handed_in.report).objects.settle_waiting() == 0 and since() is None


def test_a_return_without_a_reason_is_refused_whole(cast, handed_in):
    with pytest.raises(Invalid) as refused:
        handed_in.decide(cast.supervisor, (0, True, ""), (1, False, " "), (2, False, ""))
    assert sorted(refused.value.errors) == sorted(
        f"reason-{entry.pk}" for entry in handed_in.entries[1:]
    )
    assert handed_in.states() == ["submitted"] * 3
    assert Verdict.objects.count() == 0


def test_nothing_chosen_or_a_strange_entry_is_refused(cast, handed_in):
    with pytest.raises(Invalid):
        handed_in.decide(cast.supervisor)
    with pytest.raises(Invalid):
        reviewing.decide(
            report=handed_in.report, decisions={0: (True, "")}, by=cast.supervisor, now=LATER
        )


def test_only_a_supervisor_above_decides(cast, handed_in):
    for person in (
        cast.staff,
        cast.manager,
        cast.viewer,
        cast.stranger,
        cast.below,
        cast.admin,
        cast.outsider,
    ):
        with pytest.raises(NotAllowed):
            handed_in.decide(person, (0, True, ""))
    assert handed_in.states() == ["submitted"] * 3


def test_nobody_accepts_what_they_handed_in(cast):
    two_hats = make_member(cast.body, "manager", "two-hats")
    two_hats.memberships.create(organisation=cast.centre, role="supervisor")
    handed_in = HandedIn(cast, by=two_hats)
    with pytest.raises(NotAllowed):
        handed_in.decide(two_hats, (0, True, ""))
    handed_in.decide(cast.supervisor, (0, True, ""))


def test_an_entry_is_decided_once(cast, handed_in):
    handed_in.decide(cast.supervisor, (0, True, ""))
    with pytest.raises(IllegalMove):
        handed_in.decide(cast.supervisor, (0, False, "再看"))


def test_a_verdict_on_words_that_were_handed_in_anew_is_stale(cast, handed_in):
    read = handed_in.report.entries.get(pk=handed_in.entries[0].pk).version
    handed_in.decide(cast.supervisor, (0, False, "请改"))
    handed_in.again(cast)
    with pytest.raises(Stale):
        handed_in.decide(cast.supervisor, (0, *Decision(True, "", read)))


def test_entries_are_written_to_the_tallies_together(
    cast, handed_in, django_assert_max_num_queries
):
    with django_assert_max_num_queries(80):
        handed_in.decide(cast.supervisor, *((number, True, "") for number in range(3)))
    assert Event.objects.filter(action="review", subject_type="obligation").count() == 3
    assert tallies.drift() == []


def test_a_plan_is_decided_if_it_is_the_one_that_was_read(cast):
    plan = make_plan(cast.body, state="submitted", submitted_by=cast.manager, submitted_at=NOW)
    with pytest.raises(Stale):
        planning.decide(
            plan=plan,
            accepted=True,
            reason="",
            version=plan.version + 1,
            by=cast.supervisor,
            now=LATER,
        )
    assert Plan.objects.get().state == "submitted"


def test_a_verdict_belongs_to_the_submission_that_holds_the_entry(cast, handed_in):
    """Found by its instant; by its words, where the instant of the entry is another's."""
    handed_in.decide(cast.supervisor, (0, False, "未写明进度"))
    handed_in.again(cast)
    last = handed_in.report.submissions.get(number=2)
    # Nobody would.
    handed_in.report.entries.filter(pk=handed_in.entries[1].pk).update(submitted_at=AFTER)
    verdicts = handed_in.decide(
        cast.supervisor, (0, True, ""), (1, True, ""), now=AFTER + timedelta(hours=1)
    )
    assert [(row.submission, row.entry_id) for row in verdicts] == [
        (last, handed_in.entries[0].pk),
        (handed_in.submission, handed_in.entries[1].pk),
    ]
    assert tallies.drift() == []


def test_a_further_verdict_takes_one_statement_that_writes_its_words_to_its_obligation(cast):
    def taken(count):
        handed = HandedIn(cast, count=count)
        assert cast.supervisor.held_memberships  # read once
        with CaptureQueriesContext(connection) as statements:
            handed.decide(cast.supervisor, *((number, True, "") for number in range(count)))
        return len(statements)

    assert taken(9) - taken(3) == 6
    assert tallies.drift() == []
