"""The cache in the database, in which sign-ins are counted."""

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone


class StrictDatabaseCache(DatabaseCache):
    """Django's, but for one thing: what cannot be written raises.

    Django's own takes a full disk for a key that is there already, and the limiter of sign-ins that
    for too many attempts.
    """

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        """Store the value in one statement.

        False where `add` finds a value that has not expired.
        """
        if mode == "touch":
            # The stubs leave out what is private.
            return super()._base_set(mode, key, value, timeout)  # type: ignore[misc]
        alias = router.db_for_write(self.cache_model_class)
        connection = connections[alias]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        now = timezone.now().replace(microsecond=0)
        until = self.get_backend_timeout(timeout)
        expires = (
            datetime.max.replace(tzinfo=UTC)
            if until is None
            else datetime.fromtimestamp(until, tz=UTC)
        )
        stored = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii")
        stamp = connection.ops.adapt_datetimefield_value
        statement = (
            f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"  # noqa: S608 - the name in our own settings
            " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = "
            "excluded.expires"
        )
        values = [key, stored, stamp(expires.replace(microsecond=0))]
        if mode == "add":
            statement += f" WHERE {table}.expires < %s"
            values.append(stamp(now))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608
            (count,) = cursor.fetchone()
            if count > self._max_entries:
                self._cull(alias, cursor, now, count)  # type: ignore[attr-defined]
            cursor.execute(statement, values)
            return cursor.rowcount == 1
