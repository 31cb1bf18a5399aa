"""What becomes of an obligation once it was assigned: receipt, items, moves (督办)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import (
    ACKNOWLEDGED,
    ASSIGNED,
    ESTABLISHED,
    ITEM_STATES,
    NOT_STARTED,
    OBLIGATION_MOVES,
    OPEN,
)
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import change_obligations, lock_rows, move
from directives.models import CalendarDay, ItemState, Obligation, User
from directives.tallies import counted, move_item


def _consequences(action: str, now: datetime) -> Mapping[str, Any]:
    """What else a move changes: receipt stops its clock, a refused dispute restarts it."""
    if action in {"acknowledge", "withdraw"}:
        return {"acknowledge_by": None}
    if action == "reassign":
        today = timezone.localdate(now)
        return {
            "acknowledge_by": CalendarDay.objects.workdays(today).add(
                today, settings.ACKNOWLEDGE_DAYS
            )
        }
    if action == "close":
        return {
            "percent": 100,
            "plan_due_on": None,
            "report_due_on": None,
            "plan_returned": False,
            "report_returned": False,
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
) -> Obligation:
    """Make one move of an obligation, with what follows from it, and notify those concerned.

    `version` is the one that the person saw; `open_reasons` say why items (ids of their states) are
    not established where the work is to be closed. The row must come with its organisation,
    directive and document. Raises NotAllowed, IllegalMove, Invalid (what is missing, all at once)
    or Stale, and KeyError for a move that does not exist.
    """
    if version is not None and version != obligation.version:
        raise Stale(theirs=obligation)
    step = OBLIGATION_MOVES[action]
    if step.settles and open_reasons:
        _excuse(obligation, open_reasons, by=by, now=now)
    moved = move(
        obligation, action, by=by, now=now, reason=reason, changes=_consequences(action, now)
    )
    if by is not None and action in notices.MOVES:
        notices.notify_moved(
            moved, action, upwards=step.right in {"receive", "work"}, reason=reason, now=now
        )
    return moved


def _excuse(
    obligation: Obligation, reasons: Mapping[int, str], *, by: User | None, now: datetime
) -> None:
    """Note why items that are not established may stay so; the move asks who may close it."""
    lock_rows(Obligation.objects.filter(pk=obligation.pk))
    items = (
        obligation.item_states.exclude(state=ESTABLISHED)
        .filter(pk__in=reasons)
        .select_related("obligation")
    )
    for item in items:
        given = reasons[item.pk].strip()
        if given == item.open_reason:
            continue
        before = {"open_reason": item.open_reason}
        fields = {"open_reason": given, "version": item.version + 1}
        if not ItemState.objects.filter(pk=item.pk, version=item.version).update(**fields):
            raise Stale(theirs=obligation)
        after = {"item": item.item_id, "open_reason": given}
        audit.record("item", item, by=by, now=now, before=before, after=after)


@counted()
def acknowledge_many(*, obligations: Sequence[Obligation], by: User | None, now: datetime) -> int:
    """Acknowledge receipt of many at once; rows past it are left. Returns how many.

    The rows must come with their organisation. Raises NotAllowed if one is not the person's to
    receive; nothing changes then.
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
    """Raise what stands against such a change, every fault at once."""
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
    """Say how far a body has got with one item, since when (`on`), and what shows it.

    Not started has no day. Raises NotAllowed, IllegalMove (work at rest), Invalid, or Stale with
    the row as it now stands.
    """
    on = None if state == NOT_STARTED else on
    # Nobody withdraws the work while one of its items moves: it would be counted as it was.
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
