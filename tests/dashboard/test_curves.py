"""The words under a curve: the due day is written where it stands clear of the last day."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.utils import translation

from directives.dashboard.queries.facts import BoardCycle
from directives.dashboard.queries.trend import Trend
from directives.templatetags.curves import report_curve


def under_axis(opens_on, due_on, today):
    """The words under the axis of a cycle's curve, in Chinese."""
    cycle = BoardCycle(1, "2027 quarter 1", opens_on, due_on)
    with translation.override("zh-hans"):
        drawn = report_curve(SimpleNamespace(trend=Trend(cycle, 10, None, today), today=today))
    return [
        part.split("<")[0].split(">")[1] for part in drawn.split("<text ")[1:] if 'y="324"' in part
    ]


@pytest.mark.parametrize(
    ("opens_on", "due_on", "words"),
    [
        (date(2026, 10, 30), date(2026, 12, 4), ["10月30日", "12月4日", "12月16日"]),
        # Days of another year are longer.
        (date(2026, 11, 23), date(2027, 1, 20), ["11月23日", "2027年2月1日"]),
        # Nor is it written over the first.
        (date(2026, 11, 23), date(2026, 11, 24), ["11月23日", "12月6日"]),
    ],
)
def test_the_due_day_keeps_clear_of_the_days_at_both_ends(opens_on, due_on, words):
    assert under_axis(opens_on, due_on, date(2026, 11, 24)) == words
