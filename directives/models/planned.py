"""Statements that are asked all day long, planned once for each connection: PostgreSQL thinks
longer about them than it works.
"""

from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


class PreparedCursor(psycopg.Cursor):
    """Binds values on the server, so that the text of a statement and its plan are kept."""

    def execute(self, query: Any, params: Any = None, **_told: Any) -> "PreparedCursor":
        return super().execute(query, params, prepare=True)


def prepared_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor for statements whose plans are kept.

    They name every column that they give: one added to a table changes nothing then.

    Where queries are listed, it is an ordinary one, whose statements say their values. Behind
    PgBouncer nothing is kept (`prepare_threshold` in the settings says so).
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = PreparedCursor(connection.connection)
        return connection._prepare_cursor(cursor)  # type: ignore[attr-defined]  # private
