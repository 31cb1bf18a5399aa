"""Writing the audit record. Call it in the transaction of the change that it tells of."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model

from directives.models import Event, Unsealed, User

FIELDS = tuple(field for field in Event._meta.concrete_fields if not field.primary_key)
COLUMNS = ", ".join(connection.ops.quote_name(field.column) for field in FIELDS)
PLACES = ", ".join(["%s"] * len(FIELDS))
# Written out, as most moves and every save write one event: the ORM took longer over it than a database.
EVENT = f"INSERT INTO directives_event ({COLUMNS}) VALUES ({PLACES}) RETURNING id"  # noqa: S608 - names of our own tables
UNSEALED = "INSERT INTO directives_unsealed (event_id)"
BOTH = f"WITH told AS ({EVENT}) {UNSEALED} SELECT id FROM told RETURNING event_id"  # noqa: S608 - the same
OWN = -1  # no body has this id


@dataclass(frozen=True, slots=True)
class Change:
    """One change to tell of: the row it was made to, and the fields before and after.

    `home` is the id of the body in whose record it stands, or None, where that is not the row's own: a body that may have to be
    deleted again must not be held by its record.
    """

    subject: Model
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    home: int | None = OWN


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
            **_bearings(change.subject) | ({} if change.home == OWN else {"organisation_id": change.home}),
        )
        for change in changes
    ]
    if len(events) == 1:
        _write(events[0])
    else:
        Event.objects.bulk_create(events, batch_size=500)
        Unsealed.objects.bulk_create([Unsealed(event=event) for event in events], batch_size=500)
    return events


def _write(event: Event) -> None:
    """Insert one event and its line among what awaits a seal, in one statement where the engine can."""
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in FIELDS]
    together = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(BOTH if together else EVENT, values)
        event.pk = cursor.fetchone()[0]
        if not together:
            cursor.execute(f"{UNSEALED} VALUES (%s)", [event.pk])
    event._state.adding, event._state.db = False, connection.alias


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
