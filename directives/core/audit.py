"""Writing the audit record. Call it in the transaction of the change that it tells of."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model

from directives.base import event_codes, origins
from directives.models import Event, LogEntry, Unsealed, User
from directives.models.sql import (
    EncodedJSON,
    insert_columns,
    insert_keyed,
    prepared_cursor,
    repeated,
)

FIELDS = tuple(field for field in Event._meta.concrete_fields if not field.primary_key)
COLUMNS = ", ".join(connection.ops.quote_name(str(field.column)) for field in FIELDS)
PLACES = ", ".join(["%s"] * len(FIELDS))
# Written out, as most moves and every save write one event: the ORM took longer over it than a
# database.
EVENT = f"INSERT INTO directives_event ({COLUMNS}) VALUES ({PLACES}) RETURNING id"  # noqa: S608 - names of our own tables
UNSEALED = "INSERT INTO directives_unsealed (event_id, mac)"
BOTH = f"WITH told AS ({EVENT}) {UNSEALED} SELECT id, %s FROM told RETURNING event_id"  # noqa: S608 - the same
OWN = -1  # no body has this id
JSON = DjangoJSONEncoder().encode  # as the column itself has it


@dataclass(frozen=True, slots=True)
class Change:
    """One change to tell of: the row it was made to, and the fields before and after.

    `home` is the id of the body in whose record it stands, or None, where that is not the row's
    own: a body that may have to be deleted again must not be held by its record.
    """

    subject: Model
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    home: int | None = OWN


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON holds them, so that the seal's hash does not depend on who wrote them."""
    plain: dict[str, Any] = json.loads(
        json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)
    )
    return plain


def _bearings(subject: Model) -> dict[str, Any]:
    """Which body, document, directive and obligation a row belongs to, so far as it knows."""
    name = subject._meta.model_name
    report = getattr(subject, "report", None) if name == "reportentry" else None
    obligation = subject if name == "obligation" else getattr(subject, "obligation", None)
    plan = (
        getattr(subject, "plan", None)
        if name == "measure"
        else subject.measure.plan
        if isinstance(subject, LogEntry)
        else None
    )
    home = report or plan or obligation or subject
    return {
        "organisation_id": subject.pk
        if name == "organisation"
        else getattr(home, "organisation_id", None),
        "document_id": subject.pk if name == "document" else getattr(home, "document_id", None),
        "directive_id": subject.pk
        if name == "directive"
        else getattr(obligation or subject, "directive_id", None),
        "obligation_id": getattr(obligation, "pk", None),
    }


def record_many(
    action: str, changes: Iterable[Change], *, by: User | None, now: datetime, reason: str = ""
) -> list[int]:
    """Write one event for each change; returns their ids.

    Raises if called outside a transaction: a record without its change is a lie.
    """
    _within()
    listed = list(changes)
    if len(listed) < 2:
        return [_write(_event(action, change, by, now, reason)).pk for change in listed]
    columns = _columns(action, listed, by, now, reason)
    codes = _codes(columns, listed)
    ids = insert_columns(Event, columns, len(listed))
    insert_keyed(Unsealed, ids, mac=codes)
    _note(zip(ids, codes, strict=True))
    return ids


def _codes(columns: dict[str, list[Any]], changes: Sequence[Change]) -> list[str]:
    """The code of each event of these columns, in which before and after are JSON already."""
    values = columns | {
        "before": [change.before for change in changes],
        "after": [change.after for change in changes],
    }
    return [
        event_codes.mac_of(dict(zip(values, row, strict=True)))
        for row in zip(*values.values(), strict=True)
    ]


def _note(written: Iterable[tuple[int, str]]) -> None:
    """Note them outside the database once they are committed; a writer never fails by that."""
    noted = list(written)
    # No partial: Django asks a callback that fails for its name, and a partial has none.
    transaction.on_commit(lambda: event_codes.note_written(noted), robust=True)


def _within() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "an audit event is written in the transaction of its change"
        )


def _event(action: str, change: Change, by: User | None, now: datetime, reason: str) -> Event:
    subject, home = change.subject, {} if change.home == OWN else {"organisation_id": change.home}
    origin = origins.current()
    return Event(
        at=now,
        by=by,
        action=action,
        subject_type=str(subject._meta.model_name),
        subject_id=subject.pk,
        before=_plain(change.before),
        after=_plain(change.after),
        reason=reason,
        address=origin.address,
        request=origin.request,
        **_bearings(subject) | home,
    )


def _columns(
    action: str, changes: Sequence[Change], by: User | None, now: datetime, reason: str
) -> dict[str, list[Any]]:
    """Many events, an attribute each: what they have in common is said once."""
    rows, subjects = len(changes), [change.subject for change in changes]
    bearings, origin = [_bearings(subject) for subject in subjects], origins.current()
    homes = [
        bearing["organisation_id"] if change.home == OWN else change.home
        for change, bearing in zip(changes, bearings, strict=True)
    ]
    return {
        "at": repeated(now, rows),
        "by_id": repeated(by.pk if by else None, rows),
        "action": repeated(action, rows),
        "subject_type": [subject._meta.model_name for subject in subjects],
        "subject_id": [subject.pk for subject in subjects],
        "organisation_id": homes,
        "document_id": [bearing["document_id"] for bearing in bearings],
        "directive_id": [bearing["directive_id"] for bearing in bearings],
        "obligation_id": [bearing["obligation_id"] for bearing in bearings],
        "before": [EncodedJSON(JSON(change.before)) for change in changes],
        "after": [EncodedJSON(JSON(change.after)) for change in changes],
        "reason": repeated(reason, rows),
        "address": repeated(origin.address, rows),
        "request": repeated(origin.request, rows),
    }


def _write(event: Event) -> Event:
    """Insert one event and its line among what awaits a seal, in one statement where the engine
    can.
    """
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in FIELDS]
    mac = event_codes.mac_of({name: getattr(event, name) for name in event_codes.FIELDS})
    together = connection.vendor == "postgresql"
    with prepared_cursor(connection) as cursor:
        cursor.execute(BOTH if together else EVENT, [*values, mac] if together else values)
        event.pk = cursor.fetchone()[0]
        if not together:
            cursor.execute(f"{UNSEALED} VALUES (%s, %s)", [event.pk, mac])
    _note([(event.pk, mac)])
    event._state.adding, event._state.db = False, connection.alias
    return event


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
    _within()
    return _write(_event(action, Change(subject, before or {}, after or {}), by, now, reason))


def record_apart(
    action: str,
    subject: type[Model],
    pk: int,
    *,
    by: User | None,
    now: datetime,
    after: dict[str, Any],
    reason: str = "",
) -> Event:
    """Write an event that stands in the whole record alone: in that of no body, on no page of what
    it is about.
    """
    _within()
    origin = origins.current()
    values = {
        "subject_type": subject._meta.model_name,
        "subject_id": pk,
        "after": _plain(after),
        "reason": reason,
    }
    return _write(
        Event(
            at=now, by=by, action=action, address=origin.address, request=origin.request, **values
        )
    )


def record_taken(action: str, subject: Model, *, by: User, now: datetime, **facts: Any) -> None:
    """Write that somebody took something away, or looked at a source: the one thing that a GET
    writes.
    """
    with transaction.atomic():
        record(action, subject, by=by, now=now, after=facts)
