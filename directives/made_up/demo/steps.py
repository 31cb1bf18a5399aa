"""The steps in the life of an obligation: which command changed what on which day."""

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
    SUPPORTING,
    SUSPENDED,
    UNDERWAY,
    WITHDRAWN,
)
from directives.made_up.demo import calendar as days
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import LATE, PARTIAL, REVISED, SILENT, Course
from directives.made_up.demo.terms import Outcome, Terms
from directives.made_up.sentences import CLOSING_CONSENT, CLOSING_REQUEST

BODY, REVIEWER, SYSTEM = "body", "reviewer", "system"  # who takes a step
OBJECTION, WITHDRAWAL_REASON = "该项任务不属本单位职责，申请调整。", "经核实，同意不再承担。"
SUSPENSION_REASON = "机构调整期间暂停推进，待职责明确后恢复。"


class LifeState(Protocol):
    """What a step reads of a `lives.Life`."""

    calendar: Calendar
    terms: Terms
    course: Course
    outcome: Outcome
    log_days: tuple[int, ...]
    row: dict[str, Any]
    last: str | None
    current: str | None

    @property
    def percents(self) -> tuple[int, int]: ...


Change = Callable[[LifeState], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Step:
    """What a command changes at an hour of a day.

    `change` gives the fields that change, or None where the command does nothing.
    """

    day: int
    hour: int
    action: str
    by: str
    change: Change
    reason: str = ""


def steps_of(life: LifeState) -> Iterator[Step]:
    """Every step of the course and the outcome; one that the state forbids does nothing."""
    yield from _receipt_steps(life)
    yield from _heard_steps(life)
    if not life.terms.issued_late:
        yield from _plan_steps(life)
        if life.terms.part != SUPPORTING:
            yield from _last_report_steps(life)
            yield from _current_report_steps(life)
        yield from _closing_steps(life)


def _move_to(target: str, *sources: str, **fields: Any) -> Change:
    return lambda life: {"state": target, **fields} if life.row["state"] in sources else None


def _receipt_steps(life: LifeState) -> Iterator[Step]:
    outcome, issued_late = life.outcome, life.terms.issued_late
    acknowledged = _move_to(ACKNOWLEDGED, ASSIGNED, acknowledge_by=None)
    if outcome.work == "disputed":
        yield Step(outcome.on, 10, "dispute", BODY, _move_to(DISPUTED, ASSIGNED), OBJECTION)
    elif outcome.work == "withdrawn":
        yield Step(days.DISPUTED, 10, "dispute", BODY, _move_to(DISPUTED, ASSIGNED), OBJECTION)
        withdrawn = _move_to(WITHDRAWN, DISPUTED, acknowledge_by=None)
        yield Step(days.WITHDRAWN, 10, "withdraw", REVIEWER, withdrawn, WITHDRAWAL_REASON)
    elif outcome.work != "assigned" and life.course.receipt:
        yield Step(
            outcome.on if issued_late else days.ACKNOWLEDGED, 9, "acknowledge", BODY, acknowledged
        )


def _heard_steps(life: LifeState) -> Iterator[Step]:
    """The body is heard from by its plan and by what it logs."""
    days_of_plan = {
        ACCEPTED: (days.PLANNED,),
        RETURNED: (days.PLANNED,),
        LATE: (days.PLANNED_LATE,),
        REVISED: (days.PLANNED, days.REVISED),
    }
    submitted_day = days_of_plan.get(life.course.plan, ())
    log_days = life.log_days if life.terms.served and life.course.works else ()
    for day, hour in (*((day, 14) for day in submitted_day), *((day, 17) for day in log_days)):
        if day >= life.terms.issued:
            yield Step(day, hour, "heard", BODY, _unchanged)


def _unchanged(life: LifeState) -> dict[str, Any] | None:
    return {} if life.row["state"] in OPEN else None


def _plan_clock(life: LifeState, **fields: Any) -> dict[str, Any] | None:
    return fields if life.terms.deliverable and life.row["state"] in OPEN else None


def _plan_steps(life: LifeState) -> Iterator[Step]:
    plan = life.course.plan

    def filed(life: LifeState) -> dict[str, Any] | None:
        return _plan_clock(life, plan_due_on=None, plan_returned=False)

    def returned(life: LifeState) -> dict[str, Any] | None:
        """The first plan is due again as of its day; a revision has no day."""
        clock = {} if plan == REVISED else {"plan_due_on": life.calendar.day(days.PLAN_DUE)}
        return _plan_clock(life, plan_returned=True, **clock)

    if plan in (ACCEPTED, RETURNED, REVISED):
        yield Step(days.PLANNED, 14, "plan_handed_in", BODY, filed)
    if plan in (ACCEPTED, REVISED):
        yield Step(days.PLAN_DECIDED, 16, "start", SYSTEM, _move_to(UNDERWAY, ACKNOWLEDGED))
    if plan == RETURNED:
        yield Step(days.PLAN_DECIDED, 16, "plan_returned", REVIEWER, returned)
    if plan == REVISED:
        yield Step(days.REVISION_RETURNED, 16, "plan_returned", REVIEWER, returned)
    if plan == LATE:
        yield Step(days.PLANNED_LATE, 14, "plan_handed_in", BODY, filed)


def _last_report_steps(life: LifeState) -> Iterator[Step]:
    course, due = life.course, life.calendar.last_due

    def opened(life: LifeState) -> dict[str, Any] | None:
        return {"report_due_on": due} if life.row["state"] in REPORTABLE else None

    def submitted_day(life: LifeState) -> dict[str, Any] | None:
        reportable = life.row["state"] in REPORTABLE
        return {"report_due_on": None, "last": SUBMITTED} if reportable else None

    def decided_day(life: LifeState) -> dict[str, Any] | None:
        if life.last != SUBMITTED:
            return None
        if course.last == RETURNED and life.outcome.last_returned:
            return {"report_due_on": due, "report_returned": True, "last": RETURNED}
        return {"percent": life.percents[0], "shown_report": 1, "last": ACCEPTED}

    yield Step(days.LAST_OPENED, 9, "open_cycle", REVIEWER, opened)
    if course.last != SILENT:
        yield Step(course.last_submitted_day, 16, "report_clock", BODY, submitted_day)
        yield Step(course.last_decided_day, 11, "review", REVIEWER, decided_day)


def _current_report_steps(life: LifeState) -> Iterator[Step]:
    course, due = life.course, life.calendar.current_due

    def opened(life: LifeState) -> dict[str, Any] | None:
        becomes_due = life.row["state"] in REPORTABLE and life.row["report_due_on"] is None
        return {"report_due_on": due} if becomes_due else None

    def begun_day(life: LifeState) -> dict[str, Any] | None:
        return {"current": DRAFT} if life.row["state"] in REPORTABLE else None

    def submitted_day(life: LifeState) -> dict[str, Any] | None:
        stays_draft = course.current == PARTIAL and life.outcome.entry == "draft"
        ready = life.current == DRAFT and life.row["state"] in REPORTABLE and not stays_draft
        return {"report_due_on": None, "current": SUBMITTED} if ready else None

    def decided_day(life: LifeState) -> dict[str, Any] | None:
        if life.current != SUBMITTED:
            return None
        if life.outcome.entry == "returned":
            return {"report_due_on": due, "report_returned": True, "current": RETURNED}
        return {"percent": life.percents[1], "shown_report": 2, "current": ACCEPTED}

    yield Step(days.CURRENT_OPENED, 9, "open_cycle", REVIEWER, opened)
    if course.begun_day is not None:
        yield Step(course.begun_day, 9, "begin", BODY, begun_day)
    if course.submitted_day is not None:
        yield Step(course.submitted_day, 16, "report_clock", BODY, submitted_day)
    if course.decided_day is not None:
        yield Step(course.decided_day, 11, "review", REVIEWER, decided_day)


def _closing_steps(life: LifeState) -> Iterator[Step]:
    outcome = life.outcome
    if outcome.work == SUSPENDED:
        yield Step(
            days.SUSPENDED,
            10,
            "suspend",
            REVIEWER,
            _move_to(SUSPENDED, UNDERWAY),
            SUSPENSION_REASON,
        )
    if outcome.work in (CLOSING, CLOSED):
        requested = (
            outcome.on if outcome.work == CLOSING else max(outcome.on - 6, days.LAST_DUE + 1)
        )
        yield Step(
            requested, 9, "request_close", BODY, _move_to(CLOSING, UNDERWAY), CLOSING_REQUEST
        )
    if outcome.work == CLOSED:
        yield Step(outcome.on, 9, "close", REVIEWER, _closed, CLOSING_CONSENT)


def _closed(life: LifeState) -> dict[str, Any] | None:
    """Verified, unless its entry waits for its own verdict."""
    if life.row["state"] != CLOSING or life.current == SUBMITTED:
        return None
    return {
        "state": CLOSED,
        "percent": 100,
        "closed_on": life.calendar.day(life.outcome.on),
        "plan_due_on": None,
        "report_due_on": None,
        "plan_returned": False,
        "report_returned": False,
    }
