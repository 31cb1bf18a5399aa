"""One gate between those who write counts and those who change what counting rests upon: the tree of bodies, their kinds.

Whoever writes counts goes through it just before, with any number of others, and stays until the transaction ends. Whoever
changes the tree, or makes the counts anew, shuts it first: then nobody else is half way. SQLite has one writer anyway.
The locks are of the transaction, so that they hold behind a pooler too.
"""

from collections.abc import Sequence

from django.db import connection, transaction

GATE, REPAIR = 715_001, 715_002  # advisory locks; any numbers that nothing else here uses


def enter() -> None:
    """Wait while the gate is shut; nobody can shut it then until this transaction ends."""
    _lock("pg_advisory_xact_lock_shared", GATE)


def enter_and_ask(statement: str, params: Sequence[int]) -> list[tuple]:
    """Enter, then read: the rows of a statement that sees whatever was changed behind the gate.

    PostgreSQL is sent both at once. It takes up the second with a view of its own once the first has got its lock.
    """
    with connection.cursor() as cursor:
        if at_once():
            _demand_transaction()
            cursor.execute(
                f"SELECT pg_advisory_xact_lock_shared(%s);\n{statement}", [GATE, *params]
            )
            cursor.nextset()
        else:
            enter()
            cursor.execute(statement, params)
        return cursor.fetchall()


def at_once() -> bool:
    """Whether several statements may be sent in one message: to PostgreSQL, where parameters are put in on this side."""
    return connection.vendor == "postgresql" and not connection.features.uses_server_side_binding


def shut() -> None:
    """Wait until everybody has left; nobody can enter until this transaction ends.

    Call it before the transaction writes counts or bodies, and after it has locked the obligations that it will change:
    whoever holds one of those may be waiting at the gate.
    """
    _lock("pg_advisory_xact_lock", GATE)


def repair() -> None:
    """As `enter`, but one at a time: of two who mend the same count each would add what is missing."""
    _lock("pg_advisory_xact_lock", REPAIR)
    enter()


def _demand_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "the gate is held by a transaction, and there is none"
        )


def _lock(function: str, key: int) -> None:
    _demand_transaction()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [key])
