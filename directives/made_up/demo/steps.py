"""The steps of a life: which command did what to an obligation on which day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from directives.base.states import (
    ACCEPTED,
    ACKNOWLEDGED,
    ASSIGNED,
    CLOSED,
    CLOSING,
    DISPUTED,
    DRAFT,
    OPEN,
    REPORTABLE,
    RETURNED,
    SUBMITTED,
    SUSPENDED,
    UNDERWAY,
    WITHDRAWN,
)
from directives.made_up.demo import calendar as days
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import LATE, PARTIAL, REVISED, SILENT, Course
from directives.made_up.demo.terms import Fate, Terms
from directives.made_up.sentences import CLOSING_CONSENT, CLOSING_REQUEST

OWN, ABOVE, SYSTEM = "own", "above", "system"  # who takes a step
OBJECTION, WITHDREW = "该项任务不属本单位职责，申请调整。", "经核实，同意不再承担。"
PAUSED = "机构调整期间暂停推进，待职责明确后恢复。"


class Living(Protocol):
    """What a step must know of a life: see `lives.Life`."""

    calendar: Calendar
    terms: Terms
    course: Course
    fate: Fate
    logged: tuple[int, ...]
    row: dict[str, Any]
    last: str | None
    this: str | None

    @property
    def percents(self) -> tuple[int, int]: ...


Change = Callable[[Living], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Step:
    """What a command does to an obligation at an hour of a day.

    `change` gives the fields that change, or None where the command does nothing.
    """

    day: int
    hour: int
    action: str
    by: str
    change: Change
    reason: str = ""


def steps_of(life: Living) -> Iterator[Step]:
    """Every step of the course and the fate; one that the state forbids does nothing."""
    yield from _received(life)
    yield from _heard(life)
    if not life.terms.later:
        yield from _planned(life)
        yield from _reported_last(life)
        yield from _reported_now(life)
        yield from _moved(life)


def _to(target: str, *sources: str, **more: Any) -> Change:
    return lambda life: {"state": target, **more} if life.row["state"] in sources else None


def _received(life: Living) -> Iterator[Step]:
    fate, later = life.fate, life.terms.later
    acknowledged = _to(ACKNOWLEDGED, ASSIGNED, acknowledge_by=None)
    if fate.work == "disputed":
        yield Step(fate.on, 10, "dispute", OWN, _to(DISPUTED, ASSIGNED), OBJECTION)
    elif fate.work == "withdrawn":
        yield Step(days.DISPUTED, 10, "dispute", OWN, _to(DISPUTED, ASSIGNED), OBJECTION)
        withdrawn = _to(WITHDRAWN, DISPUTED, acknowledge_by=None)
        yield Step(days.WITHDRAWN, 10, "withdraw", ABOVE, withdrawn, WITHDREW)
    elif fate.work != "assigned" and life.course.receipt:
        yield Step(fate.on if later else days.ACKNOWLEDGED, 9, "acknowledge", OWN, acknowledged)


def _heard(life: Living) -> Iterator[Step]:
    """The body is heard from by its plan and by what it logs."""
    days_of_plan = {
        ACCEPTED: (days.PLANNED,),
        RETURNED: (days.PLANNED,),
        LATE: (days.PLANNED_LATE,),
        REVISED: (days.PLANNED, days.REVISED),
    }
    handed = days_of_plan.get(life.course.plan, ())
    logged = life.logged if life.terms.served and life.course.works else ()
    for day, hour in (*((day, 14) for day in handed), *((day, 17) for day in logged)):
        if day >= life.terms.issued:
            yield Step(day, hour, "heard", OWN, _unchanged)


def _unchanged(life: Living) -> dict[str, Any] | None:
    return {} if life.row["state"] in OPEN else None


def _plan_clock(life: Living, **fields: Any) -> dict[str, Any] | None:
    return fields if life.terms.deliverable and life.row["state"] in OPEN else None


def _planned(life: Living) -> Iterator[Step]:
    plan = life.course.plan

    def filed(life: Living) -> dict[str, Any] | None:
        return _plan_clock(life, plan_due_on=None, plan_returned=False)

    def returned(life: Living) -> dict[str, Any] | None:
        """The first plan is due again as of its day; a revision has no day."""
        clock = {} if plan == REVISED else {"plan_due_on": life.calendar.day(days.PLAN_DUE)}
        return _plan_clock(life, plan_returned=True, **clock)

    if plan in (ACCEPTED, RETURNED, REVISED):
        yield Step(days.PLANNED, 14, "plan_handed_in", OWN, filed)
    if plan in (ACCEPTED, REVISED):
        yield Step(days.PLAN_DECIDED, 16, "start", SYSTEM, _to(UNDERWAY, ACKNOWLEDGED))
    if plan == RETURNED:
        yield Step(days.PLAN_DECIDED, 16, "plan_returned", ABOVE, returned)
    if plan == REVISED:
        yield Step(days.REVISION_RETURNED, 16, "plan_returned", ABOVE, returned)
    if plan == LATE:
        yield Step(days.PLANNED_LATE, 14, "plan_handed_in", OWN, filed)


def _reported_last(life: Living) -> Iterator[Step]:
    course, due = life.course, life.calendar.last_due

    def opened(life: Living) -> dict[str, Any] | None:
        return {"report_due_on": due} if life.row["state"] in REPORTABLE else None

    def handed(life: Living) -> dict[str, Any] | None:
        reportable = life.row["state"] in REPORTABLE
        return {"report_due_on": None, "last": SUBMITTED} if reportable else None

    def decided(life: Living) -> dict[str, Any] | None:
        if life.last != SUBMITTED:
            return None
        if course.last == RETURNED and life.fate.last_returned:
            return {"report_due_on": due, "report_returned": True, "last": RETURNED}
        return {"percent": life.percents[0], "words": 1, "last": ACCEPTED}

    yield Step(days.LAST_OPENED, 9, "open_cycle", ABOVE, opened)
    if course.last != SILENT:
        yield Step(course.last_handed, 16, "report_clock", OWN, handed)
        yield Step(course.last_decided, 11, "review", ABOVE, decided)


def _reported_now(life: Living) -> Iterator[Step]:
    course, due = life.course, life.calendar.this_due

    def opened(life: Living) -> dict[str, Any] | None:
        waits = life.row["state"] in REPORTABLE and life.row["report_due_on"] is None
        return {"report_due_on": due} if waits else None

    def begun(life: Living) -> dict[str, Any] | None:
        return {"this": DRAFT} if life.row["state"] in REPORTABLE else None

    def handed(life: Living) -> dict[str, Any] | None:
        kept = course.this == PARTIAL and life.fate.entry == "draft"
        ready = life.this == DRAFT and life.row["state"] in REPORTABLE and not kept
        return {"report_due_on": None, "this": SUBMITTED} if ready else None

    def decided(life: Living) -> dict[str, Any] | None:
        if life.this != SUBMITTED:
            return None
        if life.fate.entry == "returned":
            return {"report_due_on": due, "report_returned": True, "this": RETURNED}
        return {"percent": life.percents[1], "words": 2, "this": ACCEPTED}

    yield Step(days.THIS_OPENED, 9, "open_cycle", ABOVE, opened)
    if course.begun is not None:
        yield Step(course.begun, 9, "begin", OWN, begun)
    if course.handed is not None:
        yield Step(course.handed, 16, "report_clock", OWN, handed)
    if course.decided is not None:
        yield Step(course.decided, 11, "review", ABOVE, decided)


def _moved(life: Living) -> Iterator[Step]:
    fate = life.fate
    if fate.work == SUSPENDED:
        yield Step(days.SUSPENDED, 10, "suspend", ABOVE, _to(SUSPENDED, UNDERWAY), PAUSED)
    if fate.work in (CLOSING, CLOSED):
        requested = fate.on if fate.work == CLOSING else max(fate.on - 6, days.LAST_DUE + 1)
        yield Step(requested, 9, "request_close", OWN, _to(CLOSING, UNDERWAY), CLOSING_REQUEST)
    if fate.work == CLOSED:
        yield Step(fate.on, 9, "close", ABOVE, _closed, CLOSING_CONSENT)


def _closed(life: Living) -> dict[str, Any] | None:
    """Verified, unless its entry waits for its own verdict."""
    if life.row["state"] != CLOSING or life.this == SUBMITTED:
        return None
    return {
        "state": CLOSED,
        "percent": 100,
        "closed_on": life.calendar.day(life.fate.on),
        "plan_due_on": None,
        "report_due_on": None,
        "plan_returned": False,
        "report_returned": False,
    }
