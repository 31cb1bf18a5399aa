"""Pages by key: every row once, in order, forward and backward, whatever the data."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directives.core.keyset import END, Column, Order, PageRequest, read_page
from directives.models import Obligation
from directives.obligations.queries.filters import DUE, ORDERS, with_urgency
from directives.obligations.queries.listing import _lines
from tests.factories import make_body, make_directive, make_section

DAY = date(2026, 3, 1)
COLOURS = ("green", "yellow", "red", "closed", "undue")


def fill(facts):
    """Obligations with these lights and due days.

    They lie over three bodies in a chain and as many directives of two documents.
    """
    Obligation.objects.all().delete()
    top = make_body()
    middle = make_body(parent=top)
    bodies = (top, middle, make_body(parent=middle))
    sections = (make_section(), make_section())
    rows = []
    for number, (light, due) in enumerate(facts):
        if number % 3 == 0:
            # Orders that tie, too.
            directive = make_directive(sections[number % 2], order=number % 4)
        on = None if due is None else DAY + timedelta(days=due)
        rows.append(
            Obligation(
                document=directive.document,
                section=directive.section,
                directive=directive,
                organisation=bodies[number % 3],
                issued_on=DAY,
                starts_on=DAY,
                due_on=on,
                original_due_on=on,
                light=light,
                light_code="on_schedule",
                state="underway",
            )
        )
    Obligation.objects.bulk_create(rows)


def walk(order, *, backwards, size, total):
    """The ids of every page, as a reader who turns the pages meets them."""
    query = {"before": END} if backwards else {}
    pages, seen = [], 0
    while True:
        rows = with_urgency(Obligation.objects.all())
        page = read_page(
            rows, order, PageRequest.from_query(query, order), total=total, read=_lines, size=size
        )
        pages.append([row.pk for row in page.rows])
        seen += len(page.rows)
        key = page.before if backwards else page.after
        if not key:
            return pages
        assert seen < 200, "the pages go round in a circle"
        query = {
            "before" if backwards else "after": key,
            "page": str(page.number + (-1 if backwards else 1)),
        }


@pytest.mark.parametrize("name", ORDERS)
@settings(max_examples=12)
@given(
    facts=st.lists(st.tuples(st.sampled_from(COLOURS), st.none() | st.integers(0, 2)), max_size=14),
    size=st.integers(1, 5),
    counted=st.booleans(),
)
def test_turning_the_pages_meets_every_row_once_and_in_order(db, name, facts, size, counted):
    fill(facts)
    order = ORDERS[name]
    whole = list(order.sort(with_urgency(Obligation.objects.all())).values_list("pk", flat=True))
    total = len(whole) if counted else None
    forward = walk(order, backwards=False, size=size, total=total)
    backward = walk(order, backwards=True, size=size, total=total)
    assert [pk for page in forward for pk in page] == whole
    assert [pk for page in reversed(backward) for pk in page] == whole
    assert len(whole) == len(facts)
    if counted:
        assert list(reversed(backward)) == forward  # both ways the same pages


def test_an_empty_day_comes_last_and_keeps_its_place_in_a_key():
    order = Order("due", (DUE, Column("pk")))
    row = Obligation(pk=7, due_on=None)
    assert order.values(order.key(row)) == (None, 7)
    assert order.values(order.key(Obligation(pk=8, due_on=DAY))) == (DAY, 8)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "e30",
        "5Yqg",
        "W10",
        "bnVsbA",
        "WyJkdWUiLCAiMjAyNiIsIDFd",
        "WyJkdWUiLCBudWxsLCBudWxsXQ",
        "²",
        "=" * 9,
    ],
)
def test_a_key_that_makes_no_sense_leads_to_the_first_page(key):
    order = Order("due", (DUE, Column("pk")))
    assert PageRequest.from_query({"after": key, "page": "7"}, order) == PageRequest(
        number=7 if key == "" else 1
    )


def test_a_key_serves_the_order_that_it_was_made_for_and_no_other():
    mine, other = Order("a", (Column("pk"),)), Order("b", (Column("pk"),))
    key = mine.key(Obligation(pk=3))
    assert (mine.values(key), other.values(key)) == ((3,), None)


def test_the_last_page_is_as_long_as_counting_makes_it(db):
    fill([("green", None)] * 7)
    rows, order = Obligation.objects.all(), ORDERS["tree"]
    last = read_page(rows, order, PageRequest(backwards=True), total=7, read=_lines, size=3)
    assert (len(last.rows), last.number, last.first, last.last, last.after) == (1, 3, 7, 7, "")
    unknown = read_page(rows, order, PageRequest(backwards=True), total=None, read=_lines, size=3)
    assert len(unknown.rows) == 3


def test_an_old_number_leads_to_its_page_and_no_further_than_the_last(db):
    fill([("green", None)] * 7)
    rows, order = Obligation.objects.all(), ORDERS["tree"]
    second, far = (
        read_page(
            rows,
            order,
            PageRequest.from_query({"page": number}, order),
            total=7,
            read=_lines,
            size=3,
        )
        for number in ("2", "99")
    )
    assert (second.number, second.first, len(second.rows)) == (2, 4, 3)
    assert (far.number, far.first, len(far.rows), far.after) == (3, 7, 1, "")
