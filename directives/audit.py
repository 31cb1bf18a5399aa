"""Writing the audit record. Call it in the transaction of the change that it tells of."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model

from directives.models import Event, Unsealed, User


@dataclass(frozen=True, slots=True)
class Change:
    """One change to tell of: the row it was made to, and the fields before and after."""

    subject: Model
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON holds them, so that the seal's hash does not depend on who wrote them."""
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False))


def _bearings(subject: Model) -> dict[str, Any]:
    """Which body, document, directive and obligation a row belongs to, so far as it knows."""
    name = subject._meta.model_name
    report = getattr(subject, "report", None) if name == "reportentry" else None
    obligation = subject if name == "obligation" else getattr(subject, "obligation", None)
    plan = getattr(subject, "plan", None) if name == "measure" else subject.measure.plan if name == "logentry" else None
    home = report or plan or obligation or subject
    return {
        "organisation_id": subject.pk if name == "organisation" else getattr(home, "organisation_id", None),
        "document_id": subject.pk if name == "document" else getattr(home, "document_id", None),
        "directive_id": subject.pk if name == "directive" else getattr(obligation or subject, "directive_id", None),
        "obligation_id": getattr(obligation, "pk", None),
    }


def record_many(action: str, changes: Iterable[Change], *, by: User | None, now: datetime, reason: str = "") -> list[Event]:
    """Write one event for each change. Raises if called outside a transaction: a record without its change is a lie."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an audit event is written in the transaction of its change")
    events = [
        Event(
            at=now,
            by=by,
            action=action,
            subject_type=change.subject._meta.model_name,
            subject_id=change.subject.pk,
            before=_plain(change.before),
            after=_plain(change.after),
            reason=reason,
            **_bearings(change.subject),
        )
        for change in changes
    ]
    Event.objects.bulk_create(events, batch_size=500)
    Unsealed.objects.bulk_create([Unsealed(event=event) for event in events], batch_size=500)
    return events


def record(
    action: str,
    subject: Model,
    *,
    by: User | None,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> Event:
    """Write the event of one change; see `record_many`."""
    return record_many(action, [Change(subject, before or {}, after or {})], by=by, now=now, reason=reason)[0]
