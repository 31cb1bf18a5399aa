"""Changes to the counts, gathered over a transaction and written once, as its last act.

What was gathered in a part of the transaction that was rolled back is forgotten with it: each part
leaves a token among the things to be done on commit, and Django takes those of a savepoint away
when it rolls the savepoint back.

A gathering belongs to the atomic block that it was begun in, on the connection of that block, and
is joined from inside this block alone. What runs after a commit (`on_commit`), or in a thread or
task that took over the context, is outside it: nobody would write what it added. There `counted()`
starts a gathering and a transaction of its own; `pending_delta()`, and a delta that was kept, raise
TransactionManagementError.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connection, transaction

from directives.tallies.delta import Delta

Token = Callable[[], None]
Savepoints = tuple[str | None, ...]


def _token() -> Token:
    """Something that stays among the things to be done on commit for as long as the present
    savepoint is not rolled back.
    """
    token: Token = lambda: None  # noqa: E731 - each is an object of its own
    transaction.on_commit(token)
    return token


def _standing() -> set[Token]:
    """The tokens of savepoints that have not been rolled back."""
    # The stubs know the pairs of an older Django.
    return {function for _savepoints, function, _robust in connection.run_on_commit}  # type: ignore[misc]


@dataclass
class Part:
    """What was gathered under one stack of savepoints: not written yet, or written early, under the
    token beside it.
    """

    token: Token = field(default_factory=_token)
    delta: Delta = field(default_factory=Delta)
    early: list[tuple[Token, Delta]] = field(default_factory=list)


class Gathered:
    """The changes of one transaction, by the savepoints under which they were made.

    It belongs to the innermost atomic block that is open when it is made.
    """

    def __init__(self) -> None:
        self.block = connection.atomic_blocks[-1]
        self.parts: dict[Savepoints, Part] = {}

    @property
    def within(self) -> bool:
        """Whether what runs now is part of the transaction that will write these changes."""
        return self.block in connection.atomic_blocks

    def here(self) -> Delta:
        """The delta for changes made under the present savepoints."""
        savepoints = tuple(connection.savepoint_ids)
        if savepoints not in self.parts:
            self.parts[savepoints] = Part()
        return self.parts[savepoints].delta

    def due(self) -> Delta:
        """What remains to be written: not rolled back, and not written or rolled back since."""
        standing, due = _standing(), Delta()
        for part in self.parts.values():
            if part.token in standing:
                for delta in (
                    part.delta,
                    *(delta for token, delta in part.early if token not in standing),
                ):
                    due.merge(delta)
        return due

    def close(self) -> None:
        """Take nothing more: nobody would write it."""
        for part in self.parts.values():
            part.delta.close()

    def settle(self) -> None:
        """Write all that is due now."""
        self.due().apply()
        standing, token = _standing(), _token()
        for part in self.parts.values():
            if part.token in standing:
                still_written = [(at, delta) for at, delta in part.early if at in standing]
                lost = [delta for at, delta in part.early if at not in standing]
                part.early = [
                    *still_written,
                    *((token, delta) for delta in (*lost, part.delta.taken())),
                ]


_gathered: ContextVar[Gathered | None] = ContextVar("gathered", default=None)


def _present() -> Gathered | None:
    """The gathering of the running transaction; None if there is none."""
    gathered = _gathered.get()
    return gathered if gathered is not None and gathered.within else None


@contextmanager
def counted(*, savepoint: bool = True) -> Iterator[Delta]:
    """A transaction whose changes to the counts are written together, as its last act.

    One inside another joins it.

    Usable as a decorator. Without a savepoint, a failure inside undoes the part around it too: for
    what commands are made of.
    """
    outer = _present()
    with transaction.atomic(savepoint=savepoint or outer is None):
        gathered = outer or Gathered()
        # Reset before the block ends: its end may commit and run what waits for that.
        token = _gathered.set(gathered)
        try:
            yield gathered.here()
            if outer is None and not transaction.get_rollback():
                gathered.due().apply()
        finally:
            _gathered.reset(token)
            if outer is None:
                gathered.close()


def pending_delta() -> Delta:
    """The delta of the running transaction. Raises outside `counted`: nobody would write it."""
    gathered = _present()
    if gathered is None:
        raise transaction.TransactionManagementError("counts change inside tallies.counted() alone")
    return gathered.here()


def write_pending() -> None:
    """Write what has been gathered so far, before something counts the rows themselves."""
    gathered = _present()
    if gathered is not None:
        gathered.settle()
