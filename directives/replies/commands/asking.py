"""Asking supporting bodies for inputs (配合材料), and writing instructions (批示)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.base.states import INPUT, INSTRUCTION, LEAD, MANAGER, OPEN, SUPERVISOR, WORKING
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import lock_obligations
from directives.models import Obligation, Organisation, ReplyRequest, User
from directives.models.sql import insert
from directives.replies.commands.clock import set_reply_clocks
from directives.tallies import counted

TEXT_LIMIT = 2000
ACTIONS = {INPUT: "ask_input", INSTRUCTION: "instruct"}
Asker = tuple[Organisation | None, str]  # for which body, and in what capacity


def _check(text: str, due_on: date, targets: Sequence[object], today: date) -> None:
    """Raise Invalid with every fault at once."""
    errors: dict[str, list[str]] = {}
    if not text.strip():
        errors["text"] = [_("Enter what is asked.")]
    elif len(text) > TEXT_LIMIT:
        errors["text"] = [_("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}]
    if due_on < today:
        errors["due_on"] = [_("This date has passed; choose today or later.")]
    if not targets:
        errors["to"] = [_("Choose at least one organisation.")]
    if errors:
        raise Invalid(errors)


def demand_open(rows: Iterable[Obligation]) -> None:
    """Raise IllegalMove, naming the bodies, for obligations that are closed or withdrawn."""
    if names := [row.organisation.name_hans for row in rows if row.state not in OPEN]:
        raise IllegalMove(
            _("The obligation is closed or withdrawn: %(names)s.") % {"names": "、".join(names)}
        )


def _nearest(by: User, path: str, role: str, *, strictly: bool = False) -> Organisation | None:
    """The lowest body at or above this path in which the person has the role."""
    bodies = (m.organisation for m in by.in_role(role))
    above = (
        body
        for body in bodies
        if path.startswith(body.path) and not (strictly and body.path == path)
    )
    return max(above, key=lambda body: len(body.path), default=None)


def _lead_of(by: User, row: Obligation) -> Organisation | None:
    """The lead body for which the person asks; None if they work for none that leads this row."""
    if not Obligation.objects.filter(pk=row.pk).supporting(by).exists():
        return None
    bodies = {m.organisation_id: m.organisation for m in by.in_role(*WORKING)}
    leading = Obligation.objects.live().filter(directive=row.directive_id, part=LEAD)
    pk = leading.filter(organisation__in=bodies).values_list("organisation", flat=True).first()
    return bodies.get(pk) if pk else None


def _input_asker(by: User | None, row: Obligation) -> Asker:
    if by is None:
        return row.organisation.parent, SUPERVISOR
    lead = _lead_of(by, row)
    if lead is not None:
        return lead, LEAD
    return _nearest(by, row.organisation.path, SUPERVISOR, strictly=True), SUPERVISOR


def _instructing(by: User | None, body: Organisation) -> Asker:
    if by is None:
        return body.parent, SUPERVISOR
    supervised = _nearest(by, body.path, SUPERVISOR)
    if supervised is not None:
        return supervised, SUPERVISOR
    return _nearest(by, body.path, MANAGER), MANAGER


@counted()
def ask_inputs(
    *,
    obligations: Sequence[Obligation],
    text: str,
    due_on: date,
    by: User | None,
    now: datetime,
) -> list[ReplyRequest]:
    """Ask supporting bodies for an input by a day.

    Raises NotAllowed, IllegalMove (an obligation is closed or withdrawn), or Invalid with every
    fault at once.
    """
    for row in obligations:
        if not may(by, "ask_input", row):
            raise NotAllowed(
                _("Inputs are asked for by the lead organisation, or by a supervisor above.")
            )
    _check(text, due_on, obligations, timezone.localdate(now))
    rows = lock_obligations(row.pk for row in obligations)
    demand_open(rows)
    made = [_request(INPUT, row, _input_asker(by, row)) for row in rows]
    return _store(made, rows, text, due_on, by=by, now=now)


@counted()
def instruct(
    *,
    obligations: Sequence[Obligation] = (),
    bodies: Sequence[Organisation] = (),
    text: str,
    due_on: date,
    by: User | None,
    now: datetime,
) -> list[ReplyRequest]:
    """Write an instruction on obligations, or on bodies as a whole; each replies for itself.

    Raises NotAllowed, IllegalMove (an obligation is closed or withdrawn), or Invalid with every
    fault at once.
    """
    for target in (*obligations, *bodies):
        if not may(by, "instruct", target):
            raise NotAllowed(
                _("Instructions are written by the manager or supervisor of the organisation.")
            )
    _check(text, due_on, (*obligations, *bodies), timezone.localdate(now))
    rows = lock_obligations(row.pk for row in obligations)
    demand_open(rows)
    made = [_request(INSTRUCTION, row, _instructing(by, row.organisation)) for row in rows]
    for body in bodies:
        asking_body, asked_as = _instructing(by, body)
        made.append(
            ReplyRequest(
                kind=INSTRUCTION, organisation=body, asking_body=asking_body, asked_as=asked_as
            )
        )
    return _store(made, rows, text, due_on, by=by, now=now)


def _request(kind: str, row: Obligation, asker: Asker) -> ReplyRequest:
    asking_body, asked_as = asker
    return ReplyRequest(
        kind=kind,
        obligation=row,
        document=row.document,
        directive=row.directive,
        organisation=row.organisation,
        asking_body=asking_body,
        asked_as=asked_as,
    )


def _store(
    requests: list[ReplyRequest],
    rows: Sequence[Obligation],
    text: str,
    due_on: date,
    *,
    by: User | None,
    now: datetime,
) -> list[ReplyRequest]:
    """Store what is asked, set the clocks of the obligations, and tell those who reply."""
    for request in requests:
        request.text, request.due_on = text.strip(), due_on
        request.asked_at, request.asked_by = now, by
    insert(ReplyRequest, requests)
    changes = [
        audit.Change(request, {}, {"text": request.text, "due_on": due_on}) for request in requests
    ]
    audit.record_many(ACTIONS[requests[0].kind], changes, by=by, now=now)
    set_reply_clocks(rows, by=by, now=now)
    if by is not None:
        notices.notify_asked(requests, now=now)
    return requests
