"""The terms on which each directive was issued, and the outcomes of obligations on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from directives.base.states import IMPLEMENTATION_PLAN, LEAD, RESPONSIBLE, RETURNED, SUPPORTING
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Body
from directives.made_up.demo.courses import HOME, PARTIAL, REVIEWED, Course, spread
from directives.made_up.sample.people import HOME as HOME_BODY

CHOICES = 256  # outcomes to draw from evenly: one byte of a hash chooses
DUE_PAST = (-70, -55, -40, -26, -12, -5, -3, -1)  # completion days that are behind us
DUE_SOON = (4, 5, 3)
SERVES = 4  # directives that a measure serves
PARTS = 5  # after so many directives the parts repeat
MEASURE_STRIDE = 12  # directives from one measure's first to the next one's


@dataclass(frozen=True, slots=True)
class Terms:
    """Days of the calendar; without `due` no day was set. `served` by a measure of every plan."""

    issued: int = days.ISSUED
    starts: int = days.ISSUED
    due: int | None = None
    deliverable: str = ""
    served: bool = False
    part: str = RESPONSIBLE

    @property
    def issued_late(self) -> bool:
        """Issued when the reports of this cycle were begun already."""
        return self.issued > days.CURRENT_OPENED


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one obligation within the course of its body.

    work: go, assigned, disputed, withdrawn, suspended, closing, closed
    on: the day of its last step
    points_ahead: percentage points ahead of the share of time elapsed
    entry: the entry of the current cycle, if the body hands in: in, draft, returned
    last_returned: the entry of the last cycle was returned
    """

    work: str = "go"
    on: int = 0
    points_ahead: int = 0
    entry: str = "in"
    last_returned: bool = False


def all_terms(directives: int) -> list[Terms]:
    """The terms of so many directives, in their order."""
    measures = directives // MEASURE_STRIDE
    return [
        replace(
            terms_of(place),
            served=place // MEASURE_STRIDE < measures and place % MEASURE_STRIDE < SERVES,
        )
        for place in range(directives)
    ]


def terms_of(place: int) -> Terms:
    """The terms of the directive at this place, from 0, varied so that every colour occurs."""
    if place % 10 == 9:
        issued = days.LATER["fresh" if place % 20 == 9 else "newest"]
        return Terms(issued, issued, 200)
    if place % 13 == 4:
        return Terms(due=DUE_PAST[place // 13])
    if place % 33 == 6:
        return Terms(due=DUE_SOON[place // 33])
    if place % 12 == 7:
        return Terms(starts=30, due=300)
    if place % 11 == 3:
        return Terms()
    return Terms(
        due=(150, 400, 39)[place % 3], deliverable=IMPLEMENTATION_PLAN if place % 8 == 2 else ""
    )


def part_of(body: Body, place: int) -> str:
    """HOME_BODY leads everywhere; mass organisations support one directive in five."""
    if body.code == HOME_BODY:
        return LEAD
    supports = body.kind == "mass_organisation" and place % PARTS == 3
    return SUPPORTING if supports else RESPONSIBLE


def outcomes(course: Course, terms: Terms, trouble: float) -> Sequence[Outcome]:
    """CHOICES outcomes to draw from evenly. `trouble`, about 1: how often things go wrong."""
    if terms.issued_late:
        return spread(list(_issued_late(course, terms, trouble)), CHOICES)
    entries = _entries(course)
    last = ((True, 0.35), (False, 0.65)) if course.last == RETURNED else ((False, 1.0),)
    weighted = [
        (replace(outcome, entry=entry, last_returned=returned), weight * probability * share)
        for (outcome, weight), (entry, probability), (returned, share) in product(
            _work(course, terms, trouble), entries, last
        )
    ]
    return spread(weighted, CHOICES)


def _issued_late(course: Course, terms: Terms, trouble: float) -> Iterator[tuple[Outcome, float]]:
    """Outcomes of what was issued in the last days: acknowledged, assigned, or disputed."""
    is_fresh = terms.issued == days.LATER["fresh"]
    if course.receipt:
        yield Outcome("go", terms.issued + 1), 88.0 if is_fresh else 55.0
        yield Outcome("disputed", terms.issued + 1), 3.0
    yield Outcome("assigned"), 14.0 * trouble if is_fresh else 42.0


def _entries(course: Course) -> Sequence[tuple[str, float]]:
    if course == HOME:
        return (("in", 0.52), ("draft", 0.42), ("returned", 0.06))
    if course.current == PARTIAL:
        return (("in", 0.6), ("draft", 0.4))
    return (("in", 0.92), ("returned", 0.08)) if course.current == REVIEWED else (("in", 1.0),)


def _work(course: Course, terms: Terms, trouble: float) -> Iterator[tuple[Outcome, float]]:
    if not course.works:
        yield Outcome(points_ahead=-14), 97.0
        yield Outcome("withdrawn"), 0.5
        return
    yield Outcome("withdrawn"), 0.5
    yield Outcome("suspended"), 1.4
    if terms.starts > 0:
        yield Outcome(), 98.0
    elif terms.due is not None and terms.due < 0:
        yield Outcome("closed", max(terms.due - 4, -88)), 52.0
        yield Outcome("closed", max(terms.due - 1, -84)), 26.0
        yield Outcome("closing", max(terms.due - 1, -20)), 6.0
        yield Outcome(points_ahead=-14), 17.0 * trouble
    elif terms.due is not None and terms.due < 10:
        yield Outcome("closed", -18), 30.0
        yield Outcome("closed", -4), 12.0
        yield Outcome("closing", -2), 16.0
        yield Outcome(points_ahead=-6), 40.0
    else:
        yield from _running(trouble)


def _running(trouble: float) -> Iterator[tuple[Outcome, float]]:
    for on in (-86, -74, -66, -59, -52, -45, -38, -31, -20, -8, -3):
        yield Outcome("closed", on), 0.9
    yield Outcome("closing", -9), 1.4
    yield Outcome("closing", -2), 1.4
    for points_ahead, weight in ((12, 18.0), (6, 30.0), (1, 26.0)):
        yield Outcome(points_ahead=points_ahead), weight
    for points_ahead, weight in ((-18, 5.5), (-34, 2.5)):
        yield Outcome(points_ahead=points_ahead), weight * trouble
