"""State changes, and all other changes of obligations.

`move` makes a move of the tables in `base/states`: in one transaction it checks the right, updates
the row where id, state and version match, writes the audit event and updates light and tallies. If
no row was updated, somebody changed it first, and `Stale` is raised.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.clocks import Facts, Tolerances, compute_light
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import (
    ACCEPTED,
    CLOSED,
    ENTRY_MOVES,
    OBLIGATION_ACTS,
    OBLIGATION_MOVES,
    OPEN,
    REPLIED,
    RETURNED,
    SUBMITTED,
    SUPPORTING,
    Move,
)
from directives.base.workdays import Workdays
from directives.core import audit, parts
from directives.core.deciding import TABLES, demand_other_decider, is_own_request, requester_fields
from directives.core.rules import may
from directives.models import (
    CalendarDay,
    Extension,
    LookBack,
    Obligation,
    Plan,
    ReplyRequest,
    ReportEntry,
    User,
)
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.sql import update_where
from directives.tallies import Standing, count_items, counted, move_mark, pending_delta

Subject = TypeVar("Subject", Obligation, Plan, ReportEntry, Extension, ReplyRequest, LookBack)
LIGHT_FACTS = (
    "state",
    "percent",
    "starts_on",
    "due_on",
    "acknowledge_by",
    "plan_due_on",
    "report_due_on",
    "plan_returned",
    "report_returned",
    "reply_due_on",
)
BATCH = 500  # rows of one update
# Actions on an obligation that count as activity. Log entries do too: see `last_heard.note_heard`.
HEARD_ACTIONS = frozenset(OBLIGATION_MOVES) | {"plan_handed_in", "report_clock"}
SILENT = "silent"  # the reason code of a light
# Fields that are not recorded, because every event has its time and its author
UNRECORDED = frozenset({"heard_on", "asked_by_id"})
LIGHT_FIELDS = ("light", "light_code", "light_on", "light_changes_on")


def tolerances() -> Tolerances:
    """The tolerances of the lights from the settings."""
    return Tolerances(
        near_days=settings.NEAR_DAYS,
        behind_points=settings.BEHIND_TOLERANCE,
        silent_days=settings.SILENT_DAYS,
    )


def facts_of(obligation: Obligation) -> Facts:
    """What the light of an obligation depends on, from its fields in memory."""
    return Facts(
        **{name: getattr(obligation, name) for name in LIGHT_FACTS},
        heard_on=obligation.last_heard,
        supporting=obligation.part == SUPPORTING,
    )


def relight(obligation: Obligation, *, today: date, workdays: Workdays) -> None:
    """Compute the light of an obligation and set its fields in memory."""
    light = compute_light(
        facts_of(obligation), today=today, workdays=workdays, tolerances=tolerances()
    )
    obligation.light = light.colour
    obligation.light_code, obligation.light_on = light.reason.code, light.reason.on
    obligation.light_changes_on = light.changes_on


def can_move(subject: Subject, action: str, by: User | None) -> bool:
    """Whether this move is legal now and this person may make it, so that its button is shown."""
    return _is_open(subject, TABLES[type(subject)][action], by)


def can_act(obligation: Obligation, action: str, by: User | None) -> bool:
    """The same of an act that leaves the state as it is."""
    return _is_open(obligation, OBLIGATION_ACTS[action], by)


def _is_open(subject: Subject, step: Move, by: User | None) -> bool:
    return (
        subject.state in step.sources
        and may(by, step.right, subject)
        and not is_own_request(subject, step, by)
    )


def open_moves(subject: Subject, by: User | None) -> list[str]:
    """Every move that this person may make now, in the order of the table."""
    return [action for action in TABLES[type(subject)] if can_move(subject, action, by)]


def _checked(
    subject: Subject, action: str, by: User | None, reason: str, checked_right: str = ""
) -> Move:
    """The move, if it is allowed. Raises as `move` does.

    `checked_right` is a right that the caller has already checked.
    """
    return _demand(subject, TABLES[type(subject)][action], by, reason, checked_right)


def demand_state(subject: Subject, step: Move) -> None:
    """Raise IllegalMove unless the row is in a state from which this is possible."""
    if subject.state not in step.sources:
        words = {"move": step.label, "state": subject.get_state_display()}
        raise IllegalMove(_("“%(move)s” is not possible while this is “%(state)s”.") % words)


def demand_act(obligation: Obligation, action: str, *, by: User | None, reason: str) -> None:
    """Raise as `move` does unless the person may do this, which leaves the state as it is."""
    _demand(obligation, OBLIGATION_ACTS[action], by, reason)


def _demand(
    subject: Subject, step: Move, by: User | None, reason: str, checked_right: str = ""
) -> Move:
    if step.right != checked_right and not may(by, step.right, subject):
        raise NotAllowed(_("You don’t have permission to: %(move)s.") % {"move": step.label})
    demand_state(subject, step)
    if is_own_request(subject, step, by):
        raise NotAllowed(_("You requested this yourself; another person decides."))
    errors: dict[str, list[str]] = {}
    if step.reasoned and not reason.strip():
        errors["reason"] = [_("Give a reason: the recipient will act on it.")]
    if step.settles and isinstance(subject, Obligation):
        errors |= _open_items(subject)
        if open_parts := parts.open_parts_in_words(subject):
            errors["__all__"] = [open_parts]
    if isinstance(subject, Obligation) and subject.broken_from_id and step.target in OPEN:
        errors |= _closed_above(subject)
    if errors:
        raise Invalid(errors)
    return step


def _open_items(obligation: Obligation) -> dict[str, list[str]]:
    """Items that prevent closing, as errors by form field (`open-<id>`).

    Locks the obligation, so that no item changes before the move is made.
    """
    lock_rows(Obligation.objects.filter(pk=obligation.pk))
    text = _("Not established: explain why it can still be closed.")
    ids = obligation.item_states.unsettled().values_list("pk", flat=True)
    return {f"open-{pk}": [text] for pk in ids}


def _closed_above(part: Obligation) -> dict[str, list[str]]:
    """Why a part that is not open cannot be opened again: the row above it is not open.

    Locks both, so that the row above is not closed before the move is made.
    """
    if part.state in OPEN:
        return {}
    lock_rows(Obligation.objects.filter(pk__in=[part.pk, *parts.rows_above([part.broken_from_id])]))
    above = parts.closed_above(part)
    return {"__all__": [parts.closed_above_in_words(above)]} if above else {}


def _marks(
    subject: Subject, action: str, step: Move, by: User | None, now: datetime, reason: str
) -> dict[str, Any]:
    """The fields that record who moved a row, when and why."""
    if isinstance(subject, Obligation):
        marks: dict[str, Any] = {"reason": reason.strip(), "moved_at": now}
        marks |= requester_fields(action, by)
        if step.target == CLOSED:
            marks["closed_on"] = timezone.localdate(now)
        elif subject.state == CLOSED:
            marks["closed_on"] = None
        return marks
    if isinstance(subject, LookBack):
        marks = {"looked_on": timezone.localdate(now), "done_at": now, "done_by": by}
        return {**marks, "text": reason.strip()}
    if isinstance(subject, Extension):
        return {"decided_at": now, "decided_by": by, "decision_reason": reason.strip()}
    if isinstance(subject, ReplyRequest):
        if step.target == REPLIED:
            return {"replied_at": now, "replied_by": by, "reason": ""}
        return {"decided_at": now, "decided_by": by, "reason": reason.strip()}
    marks = {} if action == "sign" or step.decides else requester_fields(action, by)
    if step.target == SUBMITTED:
        return {**marks, "submitted_at": now, "submitted_by": by, "reason": ""}
    if step.target in (ACCEPTED, RETURNED):
        return {**marks, "decided_at": now, "decided_by": by, "reason": reason.strip()}
    return marks


@counted(savepoint=False)
def move(
    subject: Subject,
    action: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    changes: Mapping[str, Any] | None = None,
) -> Subject:
    """Make one move and return the row with its new values.

    `changes` are further fields of the row to set with the move. Raises NotAllowed, IllegalMove,
    Invalid (a reason is missing) or Stale (the stored version or state differs from the one in
    memory); nothing is changed then.
    """
    step = _checked(subject, action, by, reason)
    marks = _marks(subject, action, step, by, now, reason)
    fields = {**marks, **(changes or {}), "state": step.target}
    if isinstance(subject, Obligation):
        change_within([subject], fields, action=action, by=by, now=now, reason=reason)
        return subject
    if isinstance(subject, Extension | ReplyRequest | LookBack):
        audit.record_many(action, [_write_row(subject, fields)], by=by, now=now, reason=reason)
        return subject
    recorded = _write_filings([subject], fields, action, timezone.localdate(now))
    audit.record_many(action, recorded, by=by, now=now, reason=reason)
    return subject


@counted(savepoint=False)
def move_entries(
    entries: Sequence[ReportEntry],
    action: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    checked_right: str = "",
) -> None:
    """Make the same move with entries of one report, as `move` does, in few statements.

    The caller has locked the report. `checked_right` is a right over the report that the caller has
    already checked.
    """
    demand_other_decider(entries, ENTRY_MOVES[action], by)
    steps = [_checked(entry, action, by, reason, checked_right) for entry in entries]
    # Entries with the same state and version are written in one statement.
    same_state: dict[tuple[str, int], list[ReportEntry]] = {}
    for entry in entries:
        same_state.setdefault((entry.state, entry.version), []).append(entry)
    by_entry: dict[int, audit.Change] = {}
    for group in same_state.values():
        fields = {**_marks(group[0], action, steps[0], by, now, reason), "state": steps[0].target}
        written = _write_filings(group, fields, action, timezone.localdate(now))
        by_entry |= {change.subject.pk: change for change in written}
    recorded = [by_entry[entry.pk] for entry in entries]
    audit.record_many(action, recorded, by=by, now=now, reason=reason)


def _write_filings(
    filings: Sequence[Plan | ReportEntry],
    fields: Mapping[str, Any],
    action: str,
    today: date,
) -> list[audit.Change]:
    """Update filings with the same state and version, and the counts; returns what to record."""
    model, first = type(filings[0]), filings[0]
    names = [name for name in fields if name not in UNRECORDED]
    before = [{name: _plain(getattr(filing, name)) for name in names} for filing in filings]
    after = {name: _plain(fields[name]) for name in names}
    stored, changes = {**fields, "version": first.version + 1}, []
    for start in range(0, len(filings), BATCH):
        ids = [filing.pk for filing in filings[start : start + BATCH]]
        if update_where(model, ids, stored, state=first.state, version=first.version) != len(ids):
            rows = model.objects.filter(pk__in=ids)
            changed = (row for row in rows if row.version != stored["version"])
            raise Stale(theirs=next(changed, None))
    for filing, was in zip(filings, before, strict=True):
        home = filing.report if isinstance(filing, ReportEntry) else filing
        place, mark_key = (home.organisation_id, home.document_id), filing.mark_key
        for name, value in stored.items():
            setattr(filing, name, value)
        move_mark(*place, mark_key, filing.mark_key)
        pending_delta().act(str(model._meta.model_name), action, *place, today)
        changes.append(audit.Change(filing, was, after))
    return changes


def _write_row(row: Extension | ReplyRequest | LookBack, fields: Mapping[str, Any]) -> audit.Change:
    """Update a row that no count counts; returns what to record."""
    before = {name: _plain(getattr(row, name)) for name in fields}
    stored = {**fields, "version": row.version + 1}
    if not update_where(type(row), [row.pk], stored, state=row.state, version=row.version):
        raise Stale(theirs=type(row)._default_manager.filter(pk=row.pk).first())
    for name, value in stored.items():
        setattr(row, name, value)
    return audit.Change(row, before, {name: _plain(fields[name]) for name in fields})


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


@counted()
def change_obligations(
    obligations: Iterable[Obligation],
    fields: Mapping[str, Any] | None,
    *,
    action: str,
    by: User | None,
    now: datetime,
    reason: str = "",
    changes_by_id: Mapping[int, Mapping[str, Any]] | None = None,
) -> int:
    """Change fields of obligations, with light, tallies, version and one audit event each.

    `fields` are set on all of them, `changes_by_id` further ones by obligation. Returns how many
    rows changed. Raises Stale, and changes nothing, if a row was changed since it was read. The
    caller checks the right.
    """
    return change_within(
        obligations,
        fields,
        action=action,
        by=by,
        now=now,
        reason=reason,
        changes_by_id=changes_by_id,
    )


def change_within(
    obligations: Iterable[Obligation],
    fields: Mapping[str, Any] | None,
    *,
    action: str,
    by: User | None,
    now: datetime,
    reason: str = "",
    changes_by_id: Mapping[int, Mapping[str, Any]] | None = None,
) -> int:
    """As `change_obligations`, without a savepoint: for use within commands that are `counted`."""
    if not (rows := sorted(obligations, key=lambda row: row.pk)):
        return 0
    workdays = CalendarDay.objects.workdays(today := timezone.localdate(now))
    delta, changes = pending_delta(), []
    recounted: dict[int, list[Obligation]] = {-1: [], 1: []}  # no longer counted, or counted now
    above: set[int | None] = set()  # rows of which changed ones are, or were, parts
    same_values: dict[tuple[Any, ...], list[Obligation]] = {}  # rows that one statement can write
    for row in rows:
        new_values = {**(fields or {}), **((changes_by_id or {}).get(row.pk, {}))}
        new_values |= {"heard_on": max(row.last_heard, today)} if action in HEARD_ACTIONS else {}
        counted_before, state = Standing.of(row), row.state
        above.add(row.broken_from_id)
        changes.append(_set_fields(row, new_values, today=today, workdays=workdays))
        written = (*new_values, *LIGHT_FIELDS)
        key = (written, state, row.version, repr([_plain(getattr(row, name)) for name in written]))
        same_values.setdefault(key, []).append(row)
        above.add(row.broken_from_id)
        if row.is_counted != counted_before.is_counted:
            recounted[1 if row.is_counted else -1].append(row)
        delta.swap(counted_before, Standing.of(row), today)
        delta.act("obligation", action, row.organisation_id, row.document_id, today)
    _lock_with_wholes(rows, above)
    for (written, state, *_same), group in same_values.items():
        _write(group, written, state)
    for sign, group in recounted.items():
        count_items(delta, group, sign)
    audit.record_many(action, changes, by=by, now=now, reason=reason)
    follow_parts(above, now)
    return len(rows)


def _lock_with_wholes(rows: Sequence[Obligation], above: Collection[int | None]) -> None:
    """Lock several rows, or one with those (ids) that it is a part of, and these with theirs."""
    ids = {row.pk for row in rows} | parts.rows_above(above)
    if len(ids) > 1:
        lock_rows(Obligation.objects.filter(pk__in=ids))


def follow_parts(ids: Collection[int | None], now: datetime) -> None:
    """Give locked rows (ids) that are broken down the number and the percent of their parts."""
    whole_ids = [pk for pk in ids if pk is not None]
    if not whole_ids:
        return
    figures = parts.figures_of(whole_ids)
    rows = Obligation.objects.filter(pk__in=figures)
    changed = [
        row
        for row in rows
        if any(getattr(row, name) != value for name, value in figures[row.pk].items())
    ]
    change_within(changed, None, changes_by_id=figures, action="parts", by=None, now=now)


def _set_fields(
    row: Obligation, fields: Mapping[str, Any], *, today: date, workdays: Workdays
) -> audit.Change:
    """Set fields of an obligation in memory, and its light; returns what to record."""
    light = row.light
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    names = [name for name in changed if name not in UNRECORDED]
    before = {name: _plain(getattr(row, name)) for name in names}
    after = {name: _plain(fields[name]) for name in names}
    for name, value in fields.items():
        setattr(row, name, value)
    relight(row, today=today, workdays=workdays)
    if row.light != light:
        before["light"], after["light"] = light, row.light
    return audit.Change(row, before, after)


def lock_rows(rows: QuerySet[Obligation]) -> None:
    """Lock the rows in the order of their ids, so that two writers cannot deadlock."""
    if connection.features.has_select_for_update:
        list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))


def lock_obligations(ids: Iterable[int]) -> list[Obligation]:
    """These obligations as stored, locked until the transaction ends.

    They have their organisation, directive and document, without the long texts of the document.
    """
    rows = Obligation.objects.filter(pk__in=set(ids)).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",))
    related = locked.select_related("organisation", "directive", "document")
    return list(related.defer(*HEAVY_OF_DOCUMENT))


def _write(rows: list[Obligation], names: tuple[str, ...], state: str) -> None:
    """Update obligations with the same state, version and new values, in batches. Raises Stale."""
    version = rows[0].version
    fields = {name: getattr(rows[0], name) for name in names} | {"version": version + 1}
    for start in range(0, len(rows), BATCH):
        ids = [row.pk for row in rows[start : start + BATCH]]
        if update_where(Obligation, ids, fields, state=state, version=version) != len(ids):
            raise Stale(theirs=_first_different(ids, fields))
    for row in rows:
        row.version += 1


def _first_different(ids: list[int], fields: dict[str, Any]) -> Obligation | None:
    """The first of these rows that does not have these values."""
    for row in Obligation.objects.filter(pk__in=ids).order_by("pk"):
        if any(getattr(row, name) != value for name, value in fields.items()):
            return row
    return None
