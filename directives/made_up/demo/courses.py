"""What happens to a body as a whole: receipt, its plan, and its reports of two cycles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from directives.base.states import ACCEPTED, DRAFT, RETURNED, SUBMITTED
from directives.made_up.demo.calendar import LAST_DUE, LAST_OPENED, THIS_OPENED

NONE, LATE, REVISED = "none", "late", "revised"
SILENT, PARTIAL, REVIEWED = "silent", "partial", "reviewed"
Thing = TypeVar("Thing")
RESOLUTION = 1024  # of the weights of courses


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one body. Days are those of `calendar`; None: it has not happened.

    plan: accepted, returned, late (handed in long after its day), revised (returned once more),
        draft, none
    last: accepted, returned (some of it, and not handed in again), silent
    this: none (not begun), draft, partial, submitted, reviewed (accepted or returned by entry),
        accepted (every entry)
    """

    receipt: bool = True
    plan: str = ACCEPTED
    last: str = ACCEPTED
    this: str = NONE
    handed: int | None = None
    decided: int | None = None

    @property
    def works(self) -> bool:
        """Work was begun: a plan was accepted."""
        return self.receipt and self.plan in (ACCEPTED, REVISED)

    @property
    def begun(self) -> int | None:
        """The day on which this report was begun: before the latest directives were issued."""
        if self.this == NONE:
            return None
        return -12 if self.handed is None else min(self.handed - 1, -10)

    @property
    def last_handed(self) -> int:
        """When the last report was handed in: who is early now was early then."""
        after = 26 if self.handed is None else self.handed - THIS_OPENED + len(self.this) % 3
        return LAST_OPENED + min(after, 26)

    @property
    def last_decided(self) -> int:
        return max(min(self.last_handed + 6, LAST_DUE), self.last_handed + 1)


HOME = Course(this=PARTIAL, handed=-6, decided=-2)
HAND_IN_DAYS = (-22, -21, -20, -18, -17, -16, -13, -11, -9, -6, -4, -2)
EACH_DAY = 2.2  # the weight of those who hand in on one of them


def _weighted(trouble: float) -> list[tuple[Course, float]]:
    """Every course with its weight. `trouble`, about 1, is how often things go wrong."""
    weighted = [(Course(), 26 * trouble), (Course(this=DRAFT), 12.0)]
    for number, day in enumerate(HAND_IN_DAYS):
        decided = Course(handed=day, decided=min(day + 3 + number % 3, -1))
        weighted.append((replace(decided, this=REVIEWED), 0.75 * EACH_DAY))
        weighted.append((replace(decided, this=ACCEPTED), 0.95 * EACH_DAY / trouble))
        if day > -10:
            weighted.append((Course(this=SUBMITTED, handed=day), 0.8 * EACH_DAY))
            weighted.append((Course(this=PARTIAL, handed=day), 1.1 * EACH_DAY))
    awry = (
        (Course(receipt=False, plan=NONE, last=SILENT), 1.0),
        (Course(plan=NONE), 1.6),
        (Course(plan=NONE, last=SILENT), 1.0),
        (Course(plan=DRAFT), 1.0),
        (Course(plan=RETURNED), 1.8),
        (Course(plan=LATE), 1.8),
        (Course(plan=REVISED), 1.4),
        (Course(last=SILENT), 3.4),
        (Course(last=RETURNED), 2.4),
        (Course(last=RETURNED, this=DRAFT), 1.2),
    )
    return [*weighted, *((course, weight * trouble**1.5) for course, weight in awry)]


def courses(trouble: float) -> Sequence[Course]:
    """Courses to draw from evenly, `RESOLUTION` of them."""
    return spread(_weighted(trouble), RESOLUTION)


def spread(weighted: Sequence[tuple[Thing, float]], size: int) -> list[Thing]:
    """A list of this size, in which each thing comes as often as its weight asks for."""
    total, gone = sum(weight for _thing, weight in weighted), 0.0
    result: list[Thing] = []
    for thing, weight in weighted:
        gone += weight
        result += [thing] * (round(gone / total * size) - len(result))
    return result
