"""Writing the audit record. Call these in the transaction of the change that they record."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model

from directives.base import event_codes, origins
from directives.core.sql import insert_event
from directives.models import Event, LogEntry, Unsealed, User
from directives.models.sql import insert_columns, insert_keyed

OWN = -1  # default of Change.home; no body has this id
JSON = DjangoJSONEncoder().encode  # the encoding of the column itself


@dataclass(frozen=True, slots=True)
class Change:
    """One change to record: the changed row, and its fields before and after.

    `home` is the id of the body whose record shows the event, or None for no body; by default it is
    the body of the row. A body that may have to be deleted again must not be referenced by events.
    """

    subject: Model
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    home: int | None = OWN


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they come back from JSON, so that the seal's hash is reproducible."""
    plain: dict[str, Any] = json.loads(JSON(values))
    return plain


def _related_ids(subject: Model) -> dict[str, Any]:
    """Ids of the body, document, directive and obligation that a row belongs to; None: unknown."""
    name = subject._meta.model_name
    report = getattr(subject, "report", None) if name == "reportentry" else None
    obligation = subject if name == "obligation" else getattr(subject, "obligation", None)
    plan = getattr(subject, "plan", None) if name == "measure" else None
    if isinstance(subject, LogEntry):
        plan = subject.measure.plan
    home = report or plan or obligation or subject
    ids = {
        "organisation_id": getattr(home, "organisation_id", None),
        "document_id": getattr(home, "document_id", None),
        "directive_id": getattr(obligation or subject, "directive_id", None),
        "obligation_id": getattr(obligation, "pk", None),
    }
    if name in ("organisation", "document", "directive"):
        ids[f"{name}_id"] = subject.pk
    return ids


def record_many(
    action: str, changes: Iterable[Change], *, by: User | None, now: datetime, reason: str = ""
) -> list[int]:
    """Write one event for each change; returns their ids.

    Raises TransactionManagementError outside a transaction: an event must not outlive its change.
    """
    rows = [_values(action, change, by, now, reason) for change in changes]
    if len(rows) < 2:
        return [_write(values) for values in rows]
    _demand_transaction()
    columns = {name: [values[name] for values in rows] for name in event_codes.FIELDS}
    macs = [event_codes.mac_of(values) for values in rows]
    ids = insert_columns(Event, columns, len(rows))
    insert_keyed(Unsealed, ids, mac=macs)
    written = [*zip(ids, macs, strict=True)]
    transaction.on_commit(lambda: event_codes.note_written(written), robust=True)
    return ids


def _demand_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "an audit event is written in the transaction of its change"
        )


def _values(
    action: str, change: Change, by: User | None, now: datetime, reason: str
) -> dict[str, Any]:
    """The values of an event by column (`event_codes.FIELDS`)."""
    subject, origin = change.subject, origins.current()
    ids = _related_ids(subject)
    if change.home != OWN:
        ids["organisation_id"] = change.home
    return {
        "at": now,
        "by_id": by.pk if by else None,
        "action": action,
        "subject_type": subject._meta.model_name,
        "subject_id": subject.pk,
        **ids,
        "before": _plain(change.before),
        "after": _plain(change.after),
        "reason": reason,
        "address": origin.address,
        "request": origin.request,
    }


def _write(values: dict[str, Any]) -> int:
    """Write one event; returns its id."""
    _demand_transaction()
    mac = event_codes.mac_of(values)
    pk = insert_event(values, mac)
    # A lambda, because Django logs the name of a callback that fails, and a partial has none.
    transaction.on_commit(lambda: event_codes.note_written([(pk, mac)]), robust=True)
    return pk


def record(
    action: str,
    subject: Model,
    *,
    by: User | None,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write the event of one change; see `record_many`."""
    _write(_values(action, Change(subject, before or {}, after or {}), by, now, reason))


def record_apart(
    action: str,
    subject: type[Model],
    pk: int,
    *,
    by: User | None,
    now: datetime,
    after: dict[str, Any],
    reason: str = "",
) -> None:
    """Write an event that appears only in the record as a whole, not in that of any body."""
    origin = origins.current()
    _write(
        dict.fromkeys(event_codes.FIELDS)
        | {
            "at": now,
            "by_id": by.pk if by else None,
            "action": action,
            "subject_type": subject._meta.model_name,
            "subject_id": pk,
            "before": {},
            "after": _plain(after),
            "reason": reason,
            "address": origin.address,
            "request": origin.request,
        }
    )


def record_taken(action: str, subject: Model, *, by: User, now: datetime, **facts: Any) -> None:
    """Record that somebody downloaded something or opened a source: the only write of a GET."""
    with transaction.atomic():
        record(action, subject, by=by, now=now, after=facts)
