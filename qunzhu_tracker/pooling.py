"""The pool of a web process: a request waits only so long for a connection that works, or an
answer.

A server that is paused, or whose disk hangs, accepts what is sent and never answers: neither its
own statement timeout nor TCP ends that wait, so it is ended here.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, Cursor, OperationalError
from psycopg.pq import TransactionStatus

LOOK = 0.4  # seconds in which a connection that lay idle must answer before a request gets it


class PatientConnection(Connection):
    """A connection that is closed when an answer takes longer than `answer_within` seconds; None
    waits for ever.
    """

    answer_within: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = self.answer_within if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except OperationalError:
            # What it would still answer belongs to nobody.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise

    def execute(self, *args: Any, **kwargs: Any) -> Cursor:
        """The pool's look at an idle connection before a request gets it. Django executes on
        cursors, never on the connection.

        With one that is broken all idle ones are made anew: they broke with it.
        """
        self.answer_within = LOOK
        try:
            return super().execute(*args, **kwargs)
        except OperationalError:
            pool = connections[DEFAULT_DB_ALIAS].pool  # type: ignore[attr-defined]  # PostgreSQL's
            pool.drain()
            raise
        finally:
            self.answer_within = type(self).answer_within


def bounded(seconds: float | None) -> type[PatientConnection]:
    """The class of connections on which an answer is awaited so long."""
    return type("BoundedConnection", (PatientConnection,), {"answer_within": seconds})
