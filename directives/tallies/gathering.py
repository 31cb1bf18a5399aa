"""Gathering the changes to the counts over a transaction, to write them once, at its end.

Changes under a savepoint that is rolled back are dropped: for each savepoint a token is registered
with `transaction.on_commit`, and Django removes the tokens of a savepoint when it rolls it back.

A gathering belongs to the atomic block in which it was begun. Code that runs after the commit
(`on_commit`), or in a thread that inherited the context, is outside of it, and nobody would write
its changes. There `counted()` starts a new gathering and transaction, while `pending_delta()`, and
a delta of the finished gathering, raise TransactionManagementError.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connection, transaction

from directives.tallies.delta import Delta

Token = Callable[[], None]
Savepoints = tuple[str | None, ...]


def _token() -> Token:
    """A callback that stays registered as long as the present savepoint is not rolled back."""
    token: Token = lambda: None  # noqa: E731 - each call makes another object
    transaction.on_commit(token)
    return token


@dataclass
class Part:
    """The changes made under one stack of savepoints."""

    token: Token = field(default_factory=_token)
    delta: Delta = field(default_factory=Delta)  # not written yet
    # Written before the end of the transaction, with the token of the savepoint of the writing
    written_early: list[tuple[Token, Delta]] = field(default_factory=list)


@dataclass
class Gathering:
    """The changes of one transaction, by the savepoints under which they were made."""

    block: transaction.Atomic  # in which it was begun
    # How many callbacks were registered by then. They stay as long as the block runs, and there
    # are thousands where one transaction holds many commands.
    before: int = field(default_factory=lambda: len(connection.run_on_commit))
    parts: defaultdict[Savepoints, Part] = field(default_factory=lambda: defaultdict(Part))

    def live_tokens(self) -> set[Token]:
        """The tokens of savepoints that have not been rolled back."""
        callbacks = connection.run_on_commit[self.before :]
        # The stubs describe the pairs of an older Django.
        return {function for _savepoints, function, _robust in callbacks}  # type: ignore[misc]

    def due(self) -> Delta:
        """The changes that were not rolled back and remain to be written.

        Changes that were written early are due again if that writing was rolled back.
        """
        live, due = self.live_tokens(), Delta()
        for part in self.parts.values():
            if part.token in live:
                due.merge(part.delta)
                for token, delta in part.written_early:
                    if token not in live:
                        due.merge(delta)
        return due

    def write_early(self) -> None:
        """Write all that is due, before the end of the transaction."""
        self.due().apply()
        live, new_token = self.live_tokens(), _token()
        for part in self.parts.values():
            if part.token in live:
                early = [(t if t in live else new_token, delta) for t, delta in part.written_early]
                part.written_early = [*early, (new_token, part.delta.take_changes())]


_current: ContextVar[Gathering | None] = ContextVar("gathered", default=None)


def _present() -> Gathering | None:
    """The gathering of the running transaction, if any."""
    gathering = _current.get()
    if gathering is None or gathering.block not in connection.atomic_blocks:
        return None
    return gathering


@contextmanager
def counted(*, savepoint: bool = True) -> Iterator[None]:
    """A transaction at whose end the changes to the counts are written; also a decorator.

    Within another `counted` it joins that one. Functions that are only called by commands can do
    without a savepoint; then a failure rolls back the calling command too.
    """
    if _present() is not None:
        with transaction.atomic(savepoint=savepoint):
            yield
        return
    with transaction.atomic():
        gathering = Gathering(connection.atomic_blocks[-1])
        # Reset before the block ends, because its end may commit and run on_commit callbacks.
        token = _current.set(gathering)
        try:
            yield
            if gathering.parts and not transaction.get_rollback():
                gathering.due().apply()
        finally:
            _current.reset(token)
            for part in gathering.parts.values():
                part.delta.closed = True


def pending_delta() -> Delta:
    """The delta of the running transaction. Raises TransactionManagementError outside `counted`."""
    gathering = _present()
    if gathering is None:
        raise transaction.TransactionManagementError("counts change inside tallies.counted() alone")
    return gathering.parts[tuple(connection.savepoint_ids)].delta


def write_pending() -> None:
    """Write the changes gathered so far, for code that is about to count the rows themselves."""
    gathering = _present()
    if gathering is not None:
        gathering.write_early()
