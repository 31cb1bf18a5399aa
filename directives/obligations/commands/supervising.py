"""What happens to an obligation after it is assigned: receipt, items, moves (督办)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import (
    ACKNOWLEDGED,
    ASSIGNED,
    CLOSE_OUT_RESULTS,
    ESTABLISHED,
    ITEM_STATES,
    NOT_STARTED,
    OBLIGATION_MOVES,
    OPEN,
    OWN_PAGE,
)
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import change_obligations, lock_rows, move
from directives.models import CalendarDay, ItemState, LookBack, Obligation, User
from directives.obligations.commands.closing import Evidence, note_decision, note_request
from directives.obligations.commands.delegating import carry_down
from directives.obligations.commands.issuing import acknowledgement_day, fault_of_organisation
from directives.tallies import counted, move_item

NO_EVIDENCE = Evidence()


def _new_receipt_day(now: datetime) -> date:
    """The day by which what is assigned again today has to be acknowledged."""
    today = timezone.localdate(now)
    return acknowledgement_day(today, CalendarDay.objects.workdays(today))


def _consequences(action: str, now: datetime) -> Mapping[str, Any]:
    """The fields that a move changes besides the state.

    Acknowledging stops the clock of acknowledgement; refusing a dispute and assigning again restart
    it.
    """
    if action in {"acknowledge", "withdraw", "withdraw_part"}:
        return {"acknowledge_by": None}
    if action == "reassign":
        return {"acknowledge_by": _new_receipt_day(now)}
    if action == "reinstate":
        return {"acknowledge_by": _new_receipt_day(now), "handed_to": None}
    if action == "close":
        return {
            "percent": 100,
            "plan_due_on": None,
            "report_due_on": None,
            "plan_returned": False,
            "report_returned": False,
            "looked_back": "",
        }
    return {}


@counted()
def move_obligation(
    *,
    obligation: Obligation,
    action: str,
    by: User | None,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    open_reasons: Mapping[int, str] | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Obligation:
    """Make one move of an obligation with its consequences, and notify those concerned.

    Its parts, if it is broken down, follow as `delegating.carry_down` says.

    `version` is the one that the user saw. `open_reasons` say why items are not established when
    the work is closed, by id of the ItemState; `evidence` is what a request to close rests on. The
    row must have its organisation, directive and document loaded. Raises NotAllowed, IllegalMove,
    Invalid (everything missing at once), Stale, and KeyError for an unknown action.
    """
    if version is not None and version != obligation.version:
        raise Stale(theirs=obligation)
    step = OBLIGATION_MOVES[action]
    if action in OWN_PAGE:
        raise IllegalMove(_("“%(move)s” has a page of its own.") % {"move": step.label})
    if action == "reinstate":
        _demand_existing(obligation, timezone.localdate(now))
    if step.settles and open_reasons:
        _excuse(obligation, open_reasons, by=by, now=now)
    moved = move(
        obligation, action, by=by, now=now, reason=reason, changes=_consequences(action, now)
    )
    carry_down(moved, action, by=by, now=now, reason=reason.strip())
    _note_close_out(moved, action, reason, evidence, by=by, now=now)
    if by is not None and action in notices.MOVES:
        notices.notify_moved(
            moved, action, upwards=step.right in {"receive", "work"}, reason=reason, now=now
        )
    return moved


def _note_close_out(
    row: Obligation, action: str, reason: str, evidence: Evidence, *, by: User | None, now: datetime
) -> None:
    """Keep what a move says of a request to close, or of a planned look-back."""
    if action == "request_close":
        note_request(row, text=reason, evidence=evidence, by=by, now=now)
    elif action in CLOSE_OUT_RESULTS:
        note_decision(row, action, reason=reason, by=by, now=now)
    elif action == "reopen":
        _call_off(row, reason=reason, by=by, now=now)


def _call_off(obligation: Obligation, *, reason: str, by: User | None, now: datetime) -> None:
    """Call off a planned look-back at work that was reopened meanwhile."""
    for look_back in LookBack.objects.planned().filter(obligation=obligation):
        look_back.obligation = obligation
        move(look_back, "look_back_call_off", by=by, now=now, reason=reason)


def _demand_existing(obligation: Obligation, today: date) -> None:
    if fault := fault_of_organisation(obligation.organisation, today):
        raise Invalid(fault)


def _excuse(
    obligation: Obligation, reasons: Mapping[int, str], *, by: User | None, now: datetime
) -> None:
    """Store why items are not established. The move itself checks the right to close."""
    lock_rows(Obligation.objects.filter(pk=obligation.pk))
    items = (
        obligation.item_states.exclude(state=ESTABLISHED)
        .filter(pk__in=reasons)
        .select_related("obligation")
    )
    for item in items:
        reason = reasons[item.pk].strip()
        if reason == item.open_reason:
            continue
        before = {"open_reason": item.open_reason}
        fields = {"open_reason": reason, "version": item.version + 1}
        if not ItemState.objects.filter(pk=item.pk, version=item.version).update(**fields):
            raise Stale(theirs=obligation)
        after = {"item": item.item_id, "open_reason": reason}
        audit.record("item", item, by=by, now=now, before=before, after=after)


@counted()
def acknowledge_many(*, obligations: Sequence[Obligation], by: User | None, now: datetime) -> int:
    """Acknowledge receipt of several obligations at once. Returns how many changed.

    Rows in a later state are skipped. The rows must have their organisation loaded. Raises
    NotAllowed, and changes nothing, if the user may not acknowledge one of them.
    """
    for row in obligations:
        if not may(by, "receive", row):
            raise NotAllowed(_("Staff of the organisation itself acknowledge receipt."))
    waiting = [row for row in obligations if row.state == ASSIGNED]
    fields = {
        "state": ACKNOWLEDGED,
        "reason": "",
        "moved_at": now,
        **_consequences("acknowledge", now),
    }
    return change_obligations(waiting, fields, action="acknowledge", by=by, now=now)


def _check_item(item: ItemState, state: str, on: date | None, by: User | None, today: date) -> None:
    """Raise NotAllowed, IllegalMove, or Invalid with every fault at once."""
    if not may(by, "work", item.obligation):
        raise NotAllowed(
            _("Items are updated by the staff and manager of the organisation itself.")
        )
    if item.obligation.state not in OPEN:
        raise IllegalMove(
            _("The obligation is closed or withdrawn; its items can no longer be changed.")
        )
    errors: dict[str, list[str]] = {}
    if state not in dict(ITEM_STATES):
        errors["state"] = [_("There is no such state.")]
    if state == ESTABLISHED and on is None:
        errors["on"] = [_("Enter the date it was established.")]
    if on is not None and on > today:
        errors["on"] = [_("This date has not come yet.")]
    if errors:
        raise Invalid(errors)


@counted()
def set_item(
    *,
    item: ItemState,
    state: str,
    on: date | None,
    evidence: str,
    version: int,
    by: User | None,
    now: datetime,
) -> ItemState:
    """Set the state of one item, the day it was reached (`on`), and the evidence.

    `on` is ignored for "not started". Raises NotAllowed, IllegalMove (the obligation is not open),
    Invalid, or Stale with the current row.
    """
    on = None if state == NOT_STARTED else on
    # Lock the obligation: if it were withdrawn meanwhile, its items would be counted wrongly.
    locked = Obligation.objects.select_for_update(no_key=True).filter(pk=item.obligation_id)
    item.obligation.state = locked.values_list("state", flat=True).get()
    _check_item(item, state, on, by, timezone.localdate(now))
    fields = {"state": state, "on": on, "evidence": evidence.strip()}
    if state == ESTABLISHED:
        fields["open_reason"] = ""
    before = {name: getattr(item, name) for name in fields}
    rows = ItemState.objects.filter(pk=item.pk, version=version)
    if not rows.update(**fields, version=version + 1):
        raise Stale(theirs=ItemState.objects.select_related("item").get(pk=item.pk))
    for name, value in {**fields, "version": version + 1}.items():
        setattr(item, name, value)
    move_item(item, before["state"])
    changed = {name: value for name, value in fields.items() if before[name] != value}
    audit.record(
        "item",
        item,
        by=by,
        now=now,
        before={name: before[name] for name in changed},
        after={"item": item.item_id, **changed},
    )
    return item
