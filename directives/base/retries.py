"""Waiting for a database that is away: a restart, a failover, a lock that another writer holds."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connections

# Errors of the database itself: it went away, or aborted a statement
DATABASE_ERRORS = (OperationalError, InterfaceError, InternalError)
# Seconds before each attempt
PAUSES = (0, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60)
T = TypeVar("T")


def retry_while_away(act: Callable[[], T]) -> T:
    """Call `act`, again after pauses while the database is away. Raises the last error."""
    for pause in PAUSES:
        time.sleep(pause)
        try:
            return act()
        except DATABASE_ERRORS:
            close_connections()
    return act()


def close_connections() -> None:
    """Close this thread's connections, which may be broken: the next query opens new ones."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
