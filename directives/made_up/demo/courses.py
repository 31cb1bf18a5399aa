"""What happens to a body as a whole: receipt, its plan, and its reports of two cycles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from directives.base.states import ACCEPTED, DRAFT, RETURNED, SUBMITTED
from directives.made_up.demo.calendar import CURRENT_OPENED, LAST_DUE, LAST_OPENED

NONE, LATE, REVISED = "none", "late", "revised"
SILENT, PARTIAL, REVIEWED = "silent", "partial", "reviewed"
Choice = TypeVar("Choice")
RESOLUTION = 1024  # of the weights of courses


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one body. Days are those of `calendar`; None: it has not happened.

    plan: accepted, returned, late (handed in long after its day), revised (returned once more),
        draft, none
    last: accepted, returned (some of it, and not handed in again), silent
    current: none (not begun), draft, partial, submitted, reviewed (accepted or returned by entry),
        accepted (every entry)
    """

    receipt: bool = True
    plan: str = ACCEPTED
    last: str = ACCEPTED
    current: str = NONE
    submitted_day: int | None = None
    decided_day: int | None = None

    @property
    def works(self) -> bool:
        """Work was begun: a plan was accepted."""
        return self.receipt and self.plan in (ACCEPTED, REVISED)

    @property
    def begun_day(self) -> int | None:
        """The day on which this report was begun: before the latest directives were issued."""
        if self.current == NONE:
            return None
        return -12 if self.submitted_day is None else min(self.submitted_day - 1, -10)

    @property
    def last_submitted_day(self) -> int:
        """When the last report was handed in: as early or late in its cycle as the current one."""
        after = (
            26
            if self.submitted_day is None
            else self.submitted_day - CURRENT_OPENED + len(self.current) % 3
        )
        return LAST_OPENED + min(after, 26)

    @property
    def last_decided_day(self) -> int:
        return max(min(self.last_submitted_day + 6, LAST_DUE), self.last_submitted_day + 1)


HOME = Course(current=PARTIAL, submitted_day=-6, decided_day=-2)
SUBMISSION_DAYS = (-22, -21, -20, -18, -17, -16, -13, -11, -9, -6, -4, -2)
DAY_WEIGHT = 2.2  # the weight of those who hand in on one of them


def _weighted(trouble: float) -> list[tuple[Course, float]]:
    """Every course with its weight. `trouble`, about 1, is how often things go wrong."""
    weighted = [(Course(), 26 * trouble), (Course(current=DRAFT), 12.0)]
    for number, day in enumerate(SUBMISSION_DAYS):
        decided_day = Course(submitted_day=day, decided_day=min(day + 3 + number % 3, -1))
        weighted.append((replace(decided_day, current=REVIEWED), 0.75 * DAY_WEIGHT))
        weighted.append((replace(decided_day, current=ACCEPTED), 0.95 * DAY_WEIGHT / trouble))
        if day > -10:
            weighted.append((Course(current=SUBMITTED, submitted_day=day), 0.8 * DAY_WEIGHT))
            weighted.append((Course(current=PARTIAL, submitted_day=day), 1.1 * DAY_WEIGHT))
    troubled = (
        (Course(receipt=False, plan=NONE, last=SILENT), 1.0),
        (Course(plan=NONE), 1.6),
        (Course(plan=NONE, last=SILENT), 1.0),
        (Course(plan=DRAFT), 1.0),
        (Course(plan=RETURNED), 1.8),
        (Course(plan=LATE), 1.8),
        (Course(plan=REVISED), 1.4),
        (Course(last=SILENT), 3.4),
        (Course(last=RETURNED), 2.4),
        (Course(last=RETURNED, current=DRAFT), 1.2),
    )
    return [*weighted, *((course, weight * trouble**1.5) for course, weight in troubled)]


def courses(trouble: float) -> Sequence[Course]:
    """Courses to draw from evenly, `RESOLUTION` of them."""
    return spread(_weighted(trouble), RESOLUTION)


def spread(weighted: Sequence[tuple[Choice, float]], size: int) -> list[Choice]:
    """A list of this size, in which each choice has a share of its weight."""
    total, cumulative = sum(weight for _choice, weight in weighted), 0.0
    result: list[Choice] = []
    for choice, weight in weighted:
        cumulative += weight
        result += [choice] * (round(cumulative / total * size) - len(result))
    return result
