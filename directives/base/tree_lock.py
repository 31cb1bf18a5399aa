"""The lock between transactions that write counts and those that change the organisation tree.

Counts depend on the tree and on the kinds of organisations. Transactions that write counts share
the lock; one that changes the tree holds it exclusively. SQLite has one writer anyway. The locks
are released at the end of the transaction, so they work behind PgBouncer too.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

TREE, REPAIR = 715_001, 715_002  # keys of advisory locks: any numbers that nothing else uses
SHARED, EXCLUSIVE = "pg_advisory_xact_lock_shared", "pg_advisory_xact_lock"  # functions


def share() -> None:
    """Take the lock in shared mode until the end of the transaction."""
    _lock(SHARED, TREE)


def share_and_fetch(statement: str, params: Sequence[int]) -> list[tuple[Any, ...]]:
    """Share the lock, and return the rows of a statement that is executed under it.

    PostgreSQL gets both in one round trip, and takes the snapshot of the second after the first.
    """
    with connection.cursor() as cursor:
        if can_batch_statements():
            _demand_transaction()
            cursor.execute(f"SELECT {SHARED}(%s);\n{statement}", [TREE, *params])
            cursor.nextset()
        else:
            _lock(SHARED, TREE)
            cursor.execute(statement, params)
        return cursor.fetchall()


def can_batch_statements() -> bool:
    """Whether one `execute` may contain several statements: PostgreSQL with client-side binding."""
    server_side = getattr(connection.features, "uses_server_side_binding", False)
    return connection.vendor == "postgresql" and not server_side


def hold_exclusively() -> None:
    """Take the lock exclusively until the end of the transaction.

    Call it before the transaction writes counts or bodies, and after it has locked the obligations
    that it will change: a transaction that has locked one of those may be waiting for this lock.
    """
    _lock(EXCLUSIVE, TREE)


def share_for_repair() -> None:
    """As `share`, but one at a time: two repairs would both add the same difference."""
    _lock(EXCLUSIVE, REPAIR)
    share()


def _demand_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "the tree is locked until the end of a transaction, and there is none"
        )


def _lock(function: str, key: int) -> None:
    _demand_transaction()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [key])
