"""Writing the obligations of a checked table, and undoing it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed
from directives.base.states import CLOSED, RESPONSIBLE, WITHDRAWN
from directives.core.rules import may
from directives.core.transitions import change_obligations, lock_rows
from directives.models import Directive, Document, IntakeRow, Obligation, Organisation, User
from directives.models.documents import HEAVY
from directives.models.intakes import NEW
from directives.obligations.commands import issuing
from directives.obligations.commands.issuing import Pair, Terms
from directives.obligations.imports import progress
from directives.tables.comparing import (
    StoredRow,
    changed_since,
    demand_as_applied,
    demand_unchanged,
    json_value,
    stale,
    undoing_row,
)
from directives.tables.fields import IntakeContext, IntakeRows

PEOPLE = ("leader", "contact", "note")
DAYS = ("starts_on", "plan_due_on", "due_on")
BODY_TERMS = frozenset({"contact"})  # the terms that the organisation itself edits
NOT_ABOVE = gettext_lazy("Only supervisors of an organisation above edit this column.")
FINAL_STATES = (CLOSED, WITHDRAWN)  # states in which the terms no longer change
TERMS = ("part", "deliverable", *PEOPLE, *DAYS)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def pair_of(after: Mapping[str, Any], directive: Directive, body: Organisation) -> Pair:
    """Return the new obligation that a checked row describes."""
    terms = Terms(
        part=after.get("part") or RESPONSIBLE,
        deliverable=after.get("deliverable") or "",
        starts_on=_day(after.get("starts_on")),
        plan_due_on=_day(after.get("plan_due_on")),
        due_on=_day(after.get("due_on")),
    )
    return Pair(directive, body, terms, **{name: after.get(name) or "" for name in PEOPLE})


def _lock_obligations(rows: IntakeRows) -> dict[int, Obligation]:
    """Lock the stored obligations of these rows. Returns them by id, with their organisations."""
    stored = Obligation.objects.filter(pk__in=[row.subject_id for row in rows if row.subject_id])
    lock_rows(stored)
    return {row.pk: row for row in stored.select_related("organisation")}


def _as_stored(row: Obligation) -> StoredRow:
    return StoredRow(
        row.pk, row.version, "", {name: json_value(getattr(row, name)) for name in TERMS}
    )


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The terms among these values, as attributes of an obligation."""
    return {
        name: _day(value) if name in DAYS else value
        for name, value in values.items()
        if name in TERMS
    }


def _demand_right(by: User, obligation: Obligation, names: Iterable[str]) -> None:
    """Raise NotAllowed unless the user may edit all of these terms of an obligation."""
    if may(by, "issue", obligation):
        return
    if not (BODY_TERMS.issuperset(names) and may(by, "work", obligation)):
        raise NotAllowed(NOT_ABOVE)


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Change the terms of known obligations, and assign new pairs."""
    changed_rows = [row for row in rows if row.verdict != NEW]
    progress.write(context, changed_rows)
    stored, pairs = _lock_obligations(changed_rows), []
    changes_by_id: dict[int, dict[str, Any]] = {}
    for row in changed_rows:
        if row.subject_id is None or (obligation := stored.get(row.subject_id)) is None:
            raise stale(row)
        demand_unchanged(row, _as_stored(obligation))
        pairs.append((row, obligation))
        if fields := _fields(row.after):
            _demand_right(context.by, obligation, fields)
            first = obligation.original_due_on is None and fields.get("due_on")
            changes_by_id[obligation.pk] = fields | ({"original_due_on": first} if first else {})
    if changes_by_id:
        changed = [stored[pk] for pk in changes_by_id]
        change_obligations(
            changed,
            None,
            changes_by_id=changes_by_id,
            action="import",
            by=context.by,
            now=context.now,
        )
    for row, obligation in pairs:
        row.left = obligation.version
    if new := [row for row in rows if row.verdict == NEW]:
        _issue(context, new)


def _issue(context: IntakeContext, rows: IntakeRows) -> None:
    document = (
        Document.objects.select_related("organisation")
        .defer(*HEAVY)
        .get(pk=context.place["document"])
    )
    directives = {
        row.code: row
        for row in document.directives.filter(code__in={row.after["clause"] for row in rows})
    }
    bodies = {
        body.code: body
        for body in Organisation.objects.filter(code__in={row.after["body"] for row in rows})
    }
    pairs = [
        pair_of(row.after, directives[row.after["clause"]], bodies[row.after["body"]])
        for row in rows
    ]
    _demand_new(rows, pairs)
    created = issuing.issue_pairs(document=document, pairs=pairs, by=context.by, now=context.now)
    for row, obligation in zip(rows, created, strict=True):
        row.subject_id, row.left = obligation.pk, obligation.version


def _demand_new(rows: IntakeRows, pairs: list[Pair]) -> None:
    """Raise Stale if one of the pairs was assigned since the table was checked."""
    directives = {pair.directive.pk for pair in pairs}
    bodies = {pair.organisation.pk for pair in pairs}
    stored = Obligation.objects.filter(directive__in=directives, organisation__in=bodies)
    existing = set(stored.order_by().values_list("directive_id", "organisation_id"))
    for row, pair in zip(rows, pairs, strict=True):
        if (pair.directive.pk, pair.organisation.pk) in existing:
            raise stale(row)


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore the terms, and delete new obligations on which no work depends."""
    progress.undo(context, [row for row in rows if row.verdict != NEW])
    stored = _lock_obligations(rows)
    demand_as_applied(rows, stored, lambda obligation: _as_stored(obligation).values)
    pairs = [(row, stored[row.subject_id]) for row in rows if row.subject_id is not None]
    for row, obligation in pairs:
        if obligation.state in FINAL_STATES and obligation.version != row.left:
            raise changed_since(row)
    changes_by_id = {
        obligation.pk: fields | _first_day(row, obligation)
        for row, obligation in pairs
        if row.verdict != NEW and (fields := _fields(row.before))
    }
    if changes_by_id:
        changed = [stored[pk] for pk in changes_by_id]
        change_obligations(
            changed,
            None,
            changes_by_id=changes_by_id,
            action="undo_import",
            by=context.by,
            now=context.now,
        )
    if new := [(row, obligation) for row, obligation in pairs if row.verdict == NEW]:
        with undoing_row(new[0][0]):
            issuing.take_back(
                [obligation for _row, obligation in new], by=context.by, now=context.now
            )


def _first_day(row: IntakeRow, obligation: Obligation) -> dict[str, Any]:
    """Reset the original due date too, if this table set the first one."""
    set_by_row = (
        "due_on" in row.before
        and row.before["due_on"] is None
        and json_value(obligation.original_due_on) == row.after.get("due_on")
    )
    return {"original_due_on": None} if set_by_row else {}
