"""The page of one thing that is asked, with its reply, files and history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from directives.base.states import OPEN, REPLY_MOVES
from directives.base.workdays import Workdays
from directives.core.deciders import Deciders, deciders
from directives.core.files import FileList, file_list
from directives.core.transitions import open_moves
from directives.models import Event, Obligation, ReplyRequest, User
from directives.models.replies import ReplyRequestQuerySet
from directives.record.queries.timeline import TimelineEntry, timeline
from directives.replies.queries.lines import RequestLine, request_line, with_related


@dataclass(frozen=True, slots=True)
class Step:
    """A decision that the person may make now."""

    action: str
    label: str | Promise
    reasoned: bool


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request as a person sees it."""

    line: RequestLine
    files: FileList
    may_reply: bool
    steps: tuple[Step, ...]
    sees_obligation: bool  # False: of the body, the person sees only what it was asked
    timeline: tuple[TimelineEntry, ...]
    deciders: Deciders | None = None  # if the user replied, and so may not settle it


def visible_requests(user: User) -> ReplyRequestQuerySet:
    """What the person may see of what is asked, with what a page shows."""
    rows = with_related(ReplyRequest.objects.visible_to(user))
    return rows.select_related("obligation__organisation", "decided_by")


def request_page(
    request: ReplyRequest, user: User, *, today: date, workdays: Workdays
) -> RequestPage:
    events = Event.objects.readable_by(user).filter(
        subject_type="replyrequest", subject_id=request.pk
    )
    row = request.obligation
    moves = open_moves(request, user) if row is None or row.state in OPEN else []
    sees = Obligation.objects.visible_to(user).filter(reply_requests=request)
    return RequestPage(
        line=request_line(request, today=today, workdays=workdays),
        files=file_list(request, user),
        may_reply="reply" in moves,
        steps=tuple(_steps(moves)),
        sees_obligation=sees.exists(),
        timeline=timeline(events),
        deciders=deciders(request, user),
    )


def _steps(moves: list[str]) -> Iterator[Step]:
    for action in moves:
        if action != "reply":
            yield Step(action, REPLY_MOVES[action].label, REPLY_MOVES[action].reasoned)
