"""The rule that nobody decides on their own request.

The table of moves says which requests a move decides; the row stores who made the request.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from directives.base.refusals import NotAllowed
from directives.base.states import (
    ASKED,
    ENTRY_MOVES,
    EXTENSION_MOVES,
    LOOK_BACK_MOVES,
    OBLIGATION_MOVES,
    PLAN_MOVES,
    REPLY_MOVES,
    Move,
)
from directives.base.wording import join_words
from directives.core.rules import may
from directives.models import (
    Extension,
    LookBack,
    Obligation,
    Plan,
    ReplyRequest,
    ReportEntry,
    User,
)

TABLES: dict[type[Model], Mapping[str, Move]] = {
    Obligation: OBLIGATION_MOVES,
    Plan: PLAN_MOVES,
    ReportEntry: ENTRY_MOVES,
    Extension: EXTENSION_MOVES,
    ReplyRequest: REPLY_MOVES,
    LookBack: LOOK_BACK_MOVES,
}
Subject = Obligation | Plan | ReportEntry | Extension | ReplyRequest | LookBack


def requesters_of_move(subject: Subject, step: Move) -> set[int]:
    """Ids of the people who requested what this move decides."""
    return {getattr(subject, f"{ASKED[act]}_id") for act in step.decides} - {None}


def is_own_request(subject: Subject, step: Move, person: User | None) -> bool:
    """Whether this person requested what the move decides, and so may not make it."""
    return person is not None and person.pk in requesters_of_move(subject, step)


def _deciding_moves(subject: Subject) -> list[Move]:
    """The moves that would decide on what waits now."""
    return [
        step
        for step in TABLES[type(subject)].values()
        if step.decides and subject.state in step.sources
    ]


def requesters(subject: Subject) -> set[int]:
    """Ids of the people who requested what waits for a decision."""
    return {
        person for step in _deciding_moves(subject) for person in requesters_of_move(subject, step)
    }


def waits_on_own_request(subject: Subject, by: User) -> bool:
    """Whether this person could decide here, had they not requested it themselves."""
    return any(
        is_own_request(subject, step, by) and may(by, step.right, subject)
        for step in _deciding_moves(subject)
    )


def demand_other_decider(entries: Sequence[ReportEntry], step: Move, by: User | None) -> None:
    """Raise NotAllowed, naming every entry that the person requested themselves."""
    if own_codes := [
        entry.obligation.directive.code for entry in entries if is_own_request(entry, step, by)
    ]:
        raise NotAllowed(
            _("You requested or submitted these yourself; another person decides. %(codes)s")
            % {"codes": join_words(own_codes)}
        )


def requester_fields(action: str, by: User | None) -> dict[str, Any]:
    """The fields in which a move stores who requested a decision."""
    return {"asked_by_id": by.pk if by is not None and ASKED.get(action) == "asked_by" else None}
