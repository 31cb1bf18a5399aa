"""The lock between those who write counts and those who change what counting rests upon.

What it rests upon is the tree of organisations and their kinds. Any number of transactions that
write counts share the lock; one that changes the tree, or makes the counts anew, holds it alone.
SQLite has one writer anyway. The locks end with the transaction, so they hold behind a pooler too.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

TREE, REPAIR = 715_001, 715_002  # advisory locks; any numbers that nothing else here uses


def share() -> None:
    """Wait while somebody holds the tree alone; nobody can until this transaction ends."""
    _lock("pg_advisory_xact_lock_shared", TREE)


def share_and_fetch(statement: str, params: Sequence[int]) -> list[tuple[Any, ...]]:
    """The rows of a statement that sees whatever was changed before the lock was got.

    PostgreSQL is sent both at once: it takes the snapshot of the second statement after the first.
    """
    with connection.cursor() as cursor:
        if can_batch_statements():
            _demand_transaction()
            cursor.execute(
                f"SELECT pg_advisory_xact_lock_shared(%s);\n{statement}", [TREE, *params]
            )
            cursor.nextset()
        else:
            share()
            cursor.execute(statement, params)
        return cursor.fetchall()


def can_batch_statements() -> bool:
    """Whether one message may hold several statements: PostgreSQL, parameters bound by the client.

    Only PostgreSQL's features know `uses_server_side_binding`.
    """
    return connection.vendor == "postgresql" and not getattr(
        connection.features, "uses_server_side_binding", False
    )


def hold_alone() -> None:
    """Wait until nobody shares the lock; nobody can share it until this transaction ends.

    Call it before the transaction writes counts or bodies, and after it has locked the obligations
    that it will change: whoever holds one of those may be waiting for this lock.
    """
    _lock("pg_advisory_xact_lock", TREE)


def share_for_repair() -> None:
    """As `share`, but one at a time: each of two repairs would add what the counts lack."""
    _lock("pg_advisory_xact_lock", REPAIR)
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
