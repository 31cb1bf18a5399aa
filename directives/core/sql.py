# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Writing one audit event, as nearly every request does that changes something."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from directives.models import Event
from directives.models.sql import prepared_cursor

FIELDS = tuple(field for field in Event._meta.concrete_fields if not field.primary_key)
COLUMNS = ", ".join(connection.ops.quote_name(str(field.column)) for field in FIELDS)
PLACES = ", ".join(["%s"] * len(FIELDS))
EVENT = f"INSERT INTO directives_event ({COLUMNS}) VALUES ({PLACES}) RETURNING id"
UNSEALED = "INSERT INTO directives_unsealed (event_id, mac)"
BOTH = f"WITH event AS ({EVENT}) {UNSEALED} SELECT id, %s FROM event RETURNING event_id"


def insert_event(values: Mapping[str, Any], mac: str) -> int:
    """Insert an event and its row in Unsealed, on PostgreSQL at once; returns its id.

    Two instances saved by the ORM take 1.5 and 1.3 times as long, with a statement more on
    PostgreSQL.
    """
    params = [field.get_db_prep_save(values[field.attname], connection) for field in FIELDS]
    together = connection.vendor == "postgresql"
    with prepared_cursor(connection) as cursor:
        cursor.execute(BOTH if together else EVENT, [*params, mac] if together else params)
        pk: int = cursor.fetchone()[0]
        if not together:
            cursor.execute(f"{UNSEALED} VALUES (%s, %s)", [pk, mac])
    return pk
