"""What happened, in words: people's acts, without what the product notes for itself."""

from datetime import timedelta

from directives.core import audit
from directives.models import Event
from directives.record.queries.timeline import timeline
from tests.factories import NOW, make_obligation


def told(row):
    return [
        (one.action, one.light, one.change)
        for one in timeline(Event.objects.filter(obligation_id=row.pk))
    ]


def test_the_bookkeeping_of_a_moment_is_told_with_the_act_and_not_beside_it(cast):
    row = make_obligation(organisation=cast.body)
    later = NOW + timedelta(days=1)
    audit.record("save", row, by=cast.staff, now=NOW, before={"percent": 0}, after={"percent": 30})
    audit.record("hand_in", row, by=cast.staff, now=NOW)
    audit.record(
        "report_clock",
        row,
        by=cast.staff,
        now=NOW,
        before={"light": "red"},
        after={"light": "green"},
    )
    audit.record("accept", row, by=cast.supervisor, now=later, after={"state": "accepted"})
    audit.record(
        "review", row, by=cast.supervisor, now=later, before={"percent": 0}, after={"percent": 30}
    )
    assert told(row) == [("accept", "", "完成比例 0% → 30%"), ("hand_in", "green", "")]


def test_bookkeeping_of_another_moment_is_lent_to_nobody(cast):
    row = make_obligation(organisation=cast.body)
    audit.record("hand_in", row, by=cast.staff, now=NOW)
    audit.record(
        "report_clock", row, by=cast.staff, now=NOW + timedelta(hours=1), after={"light": "green"}
    )
    assert told(row) == [("hand_in", "", "")]
