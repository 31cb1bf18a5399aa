"""The terms on which each directive was issued, and what may become of obligations on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from directives.base.states import IMPLEMENTATION_PLAN, RETURNED
from directives.made_up.demo import calendar as days
from directives.made_up.demo.courses import HOME, PARTIAL, REVIEWED, Course, spread

CHOICES = 256  # fates to draw from evenly: one byte of a hash chooses
PAST = (-70, -55, -40, -26, -12, -5, -3, -1)  # completion days that are behind us
NEAR = (4, 5, 3)
SERVES = 4  # directives that a measure serves
EACH = 12  # of so many in turn: a plan of a hundred directives has eight measures


@dataclass(frozen=True, slots=True)
class Terms:
    """Days of the calendar; without `due` no day was set. `served` by a measure of every plan."""

    issued: int = days.ISSUED
    starts: int = days.ISSUED
    due: int | None = None
    deliverable: str = ""
    served: bool = False

    @property
    def later(self) -> bool:
        """Issued when the reports of this cycle were begun already."""
        return self.issued > days.THIS_OPENED


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one obligation within the course of its body.

    work: go, assigned, disputed, withdrawn, suspended, closing, closed
    on: the day of its last step
    ahead: percentage points before the share of time gone
    entry: that of this cycle, where the body hands in: in, draft, returned
    last_returned: that of the last cycle was returned
    """

    work: str = "go"
    on: int = 0
    ahead: int = 0
    entry: str = "in"
    last_returned: bool = False


def all_terms(directives: int) -> list[Terms]:
    """The terms of so many directives, in their order."""
    measures = directives // EACH
    return [
        replace(terms_of(place), served=place // EACH < measures and place % EACH < SERVES)
        for place in range(directives)
    ]


def terms_of(place: int) -> Terms:
    """The terms of the directive at this place, counted from 0: of every colour something."""
    if place % 10 == 9:
        issued = days.LATER["fresh" if place % 20 == 9 else "newest"]
        return Terms(issued, issued, 200)
    if place % 13 == 4:
        return Terms(due=PAST[place // 13])
    if place % 33 == 6:
        return Terms(due=NEAR[place // 33])
    if place % 12 == 7:
        return Terms(starts=30, due=300)
    if place % 11 == 3:
        return Terms()
    return Terms(
        due=(150, 400, 39)[place % 3], deliverable=IMPLEMENTATION_PLAN if place % 8 == 2 else ""
    )


def fates(course: Course, terms: Terms, trouble: float) -> Sequence[Fate]:
    """`CHOICES` fates to draw from evenly. `trouble`, about 1, is how often things go wrong."""
    if terms.later:
        return spread(list(_received(course, terms, trouble)), CHOICES)
    entries = _entries(course)
    last = ((True, 0.35), (False, 0.65)) if course.last == RETURNED else ((False, 1.0),)
    weighted = [
        (replace(fate, entry=entry, last_returned=back), weight * often * share)
        for (fate, weight), (entry, often), (back, share) in product(
            _work(course, terms, trouble), entries, last
        )
    ]
    return spread(weighted, CHOICES)


def _received(course: Course, terms: Terms, trouble: float) -> Iterator[tuple[Fate, float]]:
    """What was issued in the last days: received, not yet, or disputed."""
    fresh = terms.issued == days.LATER["fresh"]
    if course.receipt:
        yield Fate("go", terms.issued + 1), 88.0 if fresh else 55.0
        yield Fate("disputed", terms.issued + 1), 3.0
    yield Fate("assigned"), 14.0 * trouble if fresh else 42.0


def _entries(course: Course) -> Sequence[tuple[str, float]]:
    if course == HOME:
        return (("in", 0.52), ("draft", 0.42), ("returned", 0.06))
    if course.this == PARTIAL:
        return (("in", 0.6), ("draft", 0.4))
    return (("in", 0.92), ("returned", 0.08)) if course.this == REVIEWED else (("in", 1.0),)


def _work(course: Course, terms: Terms, trouble: float) -> Iterator[tuple[Fate, float]]:
    if not course.works:
        yield Fate(ahead=-14), 97.0
        yield Fate("withdrawn"), 0.5
        return
    yield Fate("withdrawn"), 0.5
    yield Fate("suspended"), 1.4
    if terms.starts > 0:
        yield Fate(), 98.0
    elif terms.due is not None and terms.due < 0:
        yield Fate("closed", max(terms.due - 4, -88)), 52.0
        yield Fate("closed", max(terms.due - 1, -84)), 26.0
        yield Fate("closing", max(terms.due - 1, -20)), 6.0
        yield Fate(ahead=-14), 17.0 * trouble
    elif terms.due is not None and terms.due < 10:
        yield Fate("closed", -18), 30.0
        yield Fate("closed", -4), 12.0
        yield Fate("closing", -2), 16.0
        yield Fate(ahead=-6), 40.0
    else:
        yield from _running(trouble)


def _running(trouble: float) -> Iterator[tuple[Fate, float]]:
    for on in (-86, -74, -66, -59, -52, -45, -38, -31, -20, -8, -3):
        yield Fate("closed", on), 0.9
    yield Fate("closing", -9), 1.4
    yield Fate("closing", -2), 1.4
    for ahead, weight in ((12, 18.0), (6, 30.0), (1, 26.0)):
        yield Fate(ahead=ahead), weight
    for ahead, weight in ((-18, 5.5), (-34, 2.5)):
        yield Fate(ahead=ahead), weight * trouble
