"""Working days: the shipped calendar, counts against a day-by-day count, faults in a table."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directives.base import workdays as module
from directives.base.workdays import CalendarDay, Workdays, read_days, workdays_of

pytestmark = pytest.mark.once

CALENDAR = (Path(module.__file__).parent.parent / "made_up" / "sample" / "calendar.csv").read_text(
    encoding="utf-8"
)
SHIPPED = workdays_of(read_days(CALENDAR))
PLAIN = Workdays()
ONE_DAY = timedelta(days=1)

# Days in all, less Saturdays and Sundays, less weekdays off, plus weekend days worked: as the
# yearly notices give them.
WORKED_IN_YEAR = {
    2015: 249, 2016: 250, 2017: 249, 2018: 250, 2019: 250, 2020: 249,
    2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248,
}  # fmt: skip


def brute_between(workdays: Workdays, a: date, b: date) -> int:
    if b < a:
        return -brute_between(workdays, b, a)
    return sum(workdays.is_working(a + timedelta(days=n)) for n in range(1, (b - a).days + 1))


def brute_add(workdays: Workdays, day: date, n: int) -> date:
    step = ONE_DAY if n > 0 else -ONE_DAY
    for _ in range(abs(n)):
        day += step
        while not workdays.is_working(day):
            day += step
    return day


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2015-02-15", True),  # Sunday worked before Spring Festival
        ("2015-09-03", False),  # Thursday, the 70th anniversary of victory
        ("2015-09-06", True),  # Sunday worked for it
        ("2020-01-31", False),  # Spring Festival, as lengthened that year
        ("2020-02-29", False),  # leap day, a Saturday
        ("2024-02-29", True),  # leap day, a Thursday
        ("2024-02-09", True),  # the eve of Spring Festival was no day off in 2024
        ("2025-01-28", False),  # … and was in 2025
        ("2026-02-14", True),  # Saturday worked
        ("2026-02-23", False),  # Monday, the last day of Spring Festival
        ("2026-09-20", True),  # Sunday worked for National Day
        ("2026-09-25", False),  # Friday, Mid-autumn
        ("2026-10-03", False),  # Saturday within National Day
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # Saturday worked
        ("2026-10-11", False),
        ("2027-02-08", True),  # not published: Monday-Friday
        ("2027-02-13", False),
    ],
)
def test_is_working(day, working):
    assert SHIPPED.is_working(date.fromisoformat(day)) is working


@pytest.mark.parametrize(("year", "worked"), WORKED_IN_YEAR.items())
def test_worked_days_of_each_year(year, worked):
    assert SHIPPED.between(date(year - 1, 12, 31), date(year, 12, 31)) == worked


def test_shipped_calendar_holds_only_exceptions_in_order():
    days = read_days(CALENDAR)
    assert [entry.day for entry in days] == sorted(entry.day for entry in days)
    assert [entry.day for entry in days if entry.working == (entry.day.weekday() < 5)] == []
    assert [entry.day for entry in days if not entry.name_hans] == []
    assert days[0] == CalendarDay(date(2015, 1, 1), False, "元旦")


def test_published_years():
    assert SHIPPED.published == frozenset(range(2015, 2027))


def test_an_exception_counts_before_its_year_is_published():
    calendar = Workdays(off=frozenset({date(2027, 1, 1)}))
    assert calendar.is_working(date(2027, 1, 1)) is False
    assert calendar.published == frozenset()
    assert calendar.between(date(2026, 12, 31), date(2027, 1, 4)) == 1


@pytest.mark.parametrize(
    ("a", "b", "days"),
    [
        ("2026-09-08", "2026-10-13", 21),
        ("2026-09-30", "2026-10-08", 1),
        ("2026-10-09", "2026-10-10", 1),  # Saturday worked
        ("2026-10-09", "2026-10-13", 3),
        ("2026-10-10", "2026-10-11", 0),
        ("2026-10-13", "2026-10-13", 0),
        ("2026-10-13", "2026-10-09", -3),
        ("2024-02-28", "2024-03-01", 2),  # over a leap day
        ("2023-02-28", "2023-03-01", 1),
        ("2026-12-31", "2027-01-04", 2),  # into a year without a notice: 1 January counts
    ],
)
def test_between(a, b, days):
    assert SHIPPED.between(date.fromisoformat(a), date.fromisoformat(b)) == days


@pytest.mark.parametrize(
    ("day", "n", "result"),
    [
        ("2026-10-13", 0, "2026-10-13"),
        ("2026-10-11", 0, "2026-10-11"),  # a day off stays for 0
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-10-09", 3, "2026-10-13"),
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-10-03", -1, "2026-09-30"),
        ("2026-10-12", -1, "2026-10-10"),
        ("2026-02-13", 2, "2026-02-24"),  # Saturday 14 worked, then Spring Festival
        ("2024-02-28", 1, "2024-02-29"),
        ("2026-12-31", 1, "2027-01-01"),
    ],
)
def test_add(day, n, result):
    assert SHIPPED.add(date.fromisoformat(day), n) == date.fromisoformat(result)


@pytest.mark.parametrize(
    ("day", "result"),
    [
        ("2026-10-01", "2026-10-08"),
        ("2026-10-08", "2026-10-08"),
        ("2026-10-10", "2026-10-10"),
        ("2026-10-11", "2026-10-12"),
    ],
)
def test_next_working(day, result):
    assert SHIPPED.next_working(date.fromisoformat(day)) == date.fromisoformat(result)


@pytest.mark.parametrize(
    ("day", "n", "result"),
    [
        ("2026-10-16", 5, "2026-10-10"),
        ("2026-10-08", 1, "2026-09-30"),
        ("2026-10-08", 0, "2026-10-08"),
        ("2026-10-11", 0, "2026-10-10"),  # Sunday: nothing is left once Saturday has come
        ("0001-01-02", 9, "0001-01-01"),
    ],
)
def test_countdown_start(day, n, result):
    assert SHIPPED.countdown_start(date.fromisoformat(day), n) == date.fromisoformat(result)


DAYS = st.dates(date(2014, 6, 1), date(2028, 6, 1))
EXCEPTIONS = st.frozensets(st.dates(date(2024, 1, 1), date(2024, 3, 31)), max_size=40)


@st.composite
def calendars(draw: st.DrawFn) -> Workdays:
    """The shipped calendar, or one with any pattern of days in a leap year's first quarter."""
    if draw(st.booleans()):
        return SHIPPED
    off = draw(EXCEPTIONS)
    return Workdays(off=off, on=draw(EXCEPTIONS) - off, published=frozenset({2024}))


@given(calendars(), DAYS, st.integers(-600, 600))
def test_between_equals_a_day_by_day_count(calendar, a, span):
    b = a + timedelta(days=span)
    assert calendar.between(a, b) == brute_between(calendar, a, b)


@given(calendars(), DAYS | st.dates(date(2024, 1, 1), date(2024, 3, 31)), st.integers(-120, 120))
def test_add_equals_a_day_by_day_walk(calendar, day, n):
    result = calendar.add(day, n)
    assert result == brute_add(calendar, day, n)
    if n > 0:
        assert calendar.between(day, result) == n


@given(calendars(), DAYS | st.dates(date(2024, 1, 1), date(2024, 3, 31)), st.integers(0, 30))
def test_countdown_starts_on_the_first_day_with_so_few_left(calendar, day, n):
    start = calendar.countdown_start(day, n)
    assert calendar.between(start, day) <= n
    assert calendar.between(start - ONE_DAY, day) == n + 1


@given(calendars(), DAYS)
def test_next_working_is_the_first_from_the_day(calendar, day):
    result = calendar.next_working(day)
    assert calendar.is_working(result) is True
    assert [
        n for n in range((result - day).days) if calendar.is_working(day + timedelta(days=n))
    ] == []


def test_calendars_with_the_same_days_are_equal_and_hash_alike():
    again = workdays_of(read_days(CALENDAR))
    again.add(date(2026, 1, 1), 7)
    assert again == SHIPPED
    assert hash(again) == hash(SHIPPED)
    assert PLAIN != SHIPPED


def test_beyond_the_last_year():
    assert PLAIN.between(date(9999, 12, 30), date.max) == 1
    with pytest.raises(OverflowError):
        PLAIN.add(date.max, 1)
    with pytest.raises(OverflowError):
        PLAIN.add(date.min, -1)


def test_a_day_cannot_be_both_off_and_on():
    with pytest.raises(ValueError, match="2026-10-10"):
        Workdays(off=frozenset({date(2026, 10, 10)}), on=frozenset({date(2026, 10, 10)}))


def test_a_calendar_as_excel_saves_it():
    text = "\ufeffday,working,name_hans\r\n2027-01-01,0,元旦\r\n\r\n2027-01-03, 1 ,元旦调休\r\n"
    assert workdays_of(read_days(text)) == Workdays(
        frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}), frozenset({2027})
    )


def test_a_calendar_without_rows_is_monday_to_friday():
    assert workdays_of(read_days("day,working,name_hans\n")) == PLAIN


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the columns must be day,working,name_hans"),
        ("date,working,name\n", "line 1: the columns must be"),
        ("day,working,name_hans\n2027-02-29,0,春节\n", "line 2: '2027-02-29' is not a date"),
        ("day,working,name_hans\n2027-02-08,休,春节\n", "line 2: working must be 0 or 1"),
        ("day,working,name_hans\n2027-02-08,0\n", "line 2: 3 columns expected, 2 found"),
        (
            "day,working,name_hans\n2027-02-08,0,春节\n2027-02-08,1,春节\n",
            "line 3: 2027-02-08 is given twice",
        ),
    ],
)
def test_a_calendar_names_the_fault(text, fault):
    with pytest.raises(ValueError, match=fault):
        workdays_of(read_days(text))
