"""One gate between those who write counts and those who change what counting rests upon: the tree of bodies, their kinds.

Whoever writes counts goes through it just before, with any number of others, and stays until the transaction ends. Whoever
changes the tree, or makes the counts anew, shuts it first: then nobody else is half way. SQLite has one writer anyway.
The locks are of the transaction, so that they hold behind a pooler too.
"""

from django.db import connection, transaction

GATE, REPAIR = 715_001, 715_002  # advisory locks; any numbers that nothing else here uses


def enter() -> None:
    """Wait while the gate is shut; nobody can shut it then until this transaction ends."""
    _lock("pg_advisory_xact_lock_shared", GATE)


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


def _lock(function: str, key: int) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the gate is held by a transaction, and there is none")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [key])
