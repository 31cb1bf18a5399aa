"""The database cache, in which sign-in attempts are counted."""

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone


class StrictDatabaseCache(DatabaseCache):
    """Django's database cache, except that a failure to write raises an exception.

    Django's own reports it as a key that exists already, which the rate limiter of sign-ins takes
    for too many attempts: on a full disk nobody could sign in.
    """

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        """Store the value in one statement; False if `add` finds a value that has not expired."""
        if mode == "touch":
            # The stubs omit private methods.
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
