"""What is asked, as lists and pages show it: with the colour of its clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from directives.base.clocks import Facts, clock_colour
from directives.base.states import CLOSED_LIGHT, GREEN, INSTRUCTION, RED, REPLIED, UNDERWAY
from directives.base.workdays import Workdays
from directives.core.transitions import tolerances
from directives.models import ReplyRequest, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.replies import ReplyRequestQuerySet

LATEST = 10  # instructions on the page of a directive or body
RELATED = (
    *("obligation", "organisation", "directive", "document"),
    *("asking_body", "asked_by", "replied_by"),
)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request with its colour: that of its clock on its obligation while a reply is owed.

    Afterwards green until it is settled, then grey. `days` are the working days left, negative
    once it is late; None if no reply is owed.
    """

    request: ReplyRequest
    colour: str
    days: int | None

    @property
    def days_overdue(self) -> int:
        return max(0, -(self.days or 0)) if self.late else 0

    @property
    def late(self) -> bool:
        return self.colour == RED


def with_related(rows: ReplyRequestQuerySet) -> ReplyRequestQuerySet:
    """With what a line shows."""
    return rows.select_related(*RELATED).defer(*HEAVY_OF_DOCUMENT)


def request_line(request: ReplyRequest, *, today: date, workdays: Workdays) -> RequestLine:
    if not request.is_owed:
        return RequestLine(request, GREEN if request.state == REPLIED else CLOSED_LIGHT, None)
    row = request.obligation
    state, starts_on = (row.state, row.starts_on) if row else (UNDERWAY, date.min)
    facts = Facts(state, 0, starts_on, None, None, None, None, reply_due_on=request.due_on)
    colour = clock_colour("reply", facts, today=today, workdays=workdays, tolerances=tolerances())
    return RequestLine(request, colour, workdays.between(today, request.due_on))


def latest_instructions(
    user: User, *, today: date, workdays: Workdays, **of: Any
) -> tuple[RequestLine, ...]:
    """The latest instructions on a directive or to a body, as the person sees them."""
    visible = ReplyRequest.objects.visible_to(user).filter(kind=INSTRUCTION, **of)
    rows = with_related(visible).order_by("-asked_at", "-pk")[:LATEST]
    return request_lines(rows, today=today, workdays=workdays)


def request_lines(
    requests: Iterable[ReplyRequest], *, today: date, workdays: Workdays
) -> tuple[RequestLine, ...]:
    return tuple(request_line(row, today=today, workdays=workdays) for row in requests)
