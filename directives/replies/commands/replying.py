"""Replying to what is asked, and settling, returning or withdrawing it."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import REPLY_MOVES, REPLY_OWED
from directives.core import evidence, notices
from directives.core.last_heard import note_heard
from directives.core.rules import may
from directives.core.transitions import lock_obligations, move
from directives.models import Obligation, ReplyRequest, User
from directives.replies.commands.asking import TEXT_LIMIT, demand_open
from directives.replies.commands.clock import set_reply_clocks
from directives.tallies import counted


def _locked(request: ReplyRequest, version: int) -> list[Obligation]:
    """Lock the obligation, if it has one.

    Raises Stale if the request was changed since, IllegalMove if the obligation is not open.
    """
    if version != request.version:
        raise Stale(theirs=request)
    rows = lock_obligations([request.obligation_id] if request.obligation_id else [])
    demand_open(rows)
    return rows


@counted()
def reply(
    *,
    request: ReplyRequest,
    text: str,
    files: Sequence[UploadedFile] = (),
    version: int,
    by: User,
    now: datetime,
) -> ReplyRequest:
    """Reply to what is asked, with files.

    Raises NotAllowed, IllegalMove, Stale, or Invalid with every fault at once.
    """
    if not may(by, "work", request):
        raise NotAllowed(_("The staff and manager of the organisation itself reply."))
    rows = _locked(request, version)
    errors: dict[str, list[str]] = {}
    if not text.strip():
        errors["reply"] = [_("Enter the reply.")]
    elif len(text) > TEXT_LIMIT:
        errors["reply"] = [_("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}]
    if file_faults := [fault for upload in files for fault in evidence.faults(upload)]:
        errors["files"] = file_faults
    if errors:
        raise Invalid(errors)
    if files and request.state in REPLY_OWED:
        evidence.attach_all(request, files, by=by, now=now)
    move(request, "reply", by=by, now=now, changes={"reply": text.strip()})
    set_reply_clocks(rows, by=by, now=now)
    note_heard(rows, by=by, now=now)
    notices.notify_replied(request, now=now)
    return request


@counted()
def decide(
    *,
    request: ReplyRequest,
    action: str,
    reason: str = "",
    version: int,
    by: User | None,
    now: datetime,
) -> ReplyRequest:
    """Settle or return a reply, or withdraw what was asked; the clock runs again after a return.

    Raises KeyError for another action, and what `transitions.move` raises.
    """
    if action == "reply":
        raise KeyError(action)
    rows = _locked(request, version)
    move(request, action, by=by, now=now, reason=reason)
    set_reply_clocks(rows, by=by, now=now)
    notices.notify_reply_decided(request, action, reason=reason, now=now)
    return request


DECISIONS = tuple(action for action in REPLY_MOVES if action != "reply")
