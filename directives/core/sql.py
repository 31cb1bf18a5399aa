# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Writing one audit event, as nearly every request does that changes something."""

from django.db import connection

from directives.models import Event
from directives.models.sql import prepared_cursor

FIELDS = tuple(field for field in Event._meta.concrete_fields if not field.primary_key)
COLUMNS = ", ".join(connection.ops.quote_name(str(field.column)) for field in FIELDS)
PLACES = ", ".join(["%s"] * len(FIELDS))
EVENT = f"INSERT INTO directives_event ({COLUMNS}) VALUES ({PLACES}) RETURNING id"
UNSEALED = "INSERT INTO directives_unsealed (event_id, mac)"
BOTH = f"WITH event AS ({EVENT}) {UNSEALED} SELECT id, %s FROM event RETURNING event_id"


def insert_event(event: Event, mac: str) -> None:
    """Insert an event, set its id, and insert its row in Unsealed: on PostgreSQL at once."""
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in FIELDS]
    together = connection.vendor == "postgresql"
    with prepared_cursor(connection) as cursor:
        cursor.execute(BOTH if together else EVENT, [*values, mac] if together else values)
        event.pk = cursor.fetchone()[0]
        if not together:
            cursor.execute(f"{UNSEALED} VALUES (%s, %s)", [event.pk, mac])
    event._state.adding, event._state.db = False, connection.alias
