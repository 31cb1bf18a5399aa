"""Working days beyond the calendar's end carry a mark that says so, wherever they are shown."""

from datetime import date

import pytest
from django.urls import reverse

from directives.base.workdays import Workdays
from directives.models import CalendarDay
from tests.factories import make_cycle, make_obligation, make_report

TODAY = "2026-10-13 00:30"
ENDS = "2027年工作日历尚未公布"


@pytest.fixture(autouse=True)
def calendar(db, time_machine):
    """The calendar ends with 2026."""
    time_machine.move_to(TODAY, tick=False)
    CalendarDay.objects.get_or_create(day=date(2026, 10, 1), defaults={"working": False})


@pytest.mark.parametrize(
    ("day", "published", "estimated"),
    [
        (date(2026, 12, 31), {2026}, False),
        (date(2027, 1, 1), {2026}, True),
        (date(2025, 1, 1), {2026}, False),
        (date(2027, 1, 1), set(), False),
    ],
)
def test_a_day_is_estimated_beyond_the_last_year_that_was_announced(day, published, estimated):
    assert Workdays(published=frozenset(published)).is_estimated(day) is estimated


@pytest.mark.parametrize(("due_on", "marked"), [("2026-12-31", False), ("2027-06-30", True)])
def test_the_page_of_an_obligation_marks_working_days_left(cast, sign_in, due_on, marked):
    row = make_obligation(organisation=cast.body, due_on=date.fromisoformat(due_on))
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).text
    assert "个工作日" in page
    assert (ENDS in page, f"{reverse('lights')}#calendar" in page) == (marked, marked)


@pytest.mark.parametrize(("due_on", "marked"), [("2026-10-20", False), ("2027-01-20", True)])
def test_my_work_and_the_report_mark_them(cast, sign_in, due_on, marked):
    row = make_obligation(organisation=cast.body)
    cycle = make_cycle(row.document, due_on=date.fromisoformat(due_on))
    report = make_report(cast.body, cycle, row)
    client = sign_in(cast.staff)
    for address in ("/", reverse("report", args=[report.pk])):
        assert (ENDS in client.get(address).text) is marked, address


def test_the_help_explains_the_mark(cast, sign_in):
    assert 'id="calendar"' in sign_in(cast.staff).get(reverse("lights")).text
