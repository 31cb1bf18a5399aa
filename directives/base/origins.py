"""Where what is done comes from.

Events of the record and lines of the log carry it, so that either leads to the other.

The middleware sets it for a request, the worker for a task; a ContextVar, because those who write
an event are many and none of them has the request. Nothing is set in a command that somebody runs:
its events come from no address.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`address` of a request, "" for a task; `request`: the id of the request, or the name of the
    task.
    """

    address: str = ""
    request: str = ""


NOWHERE = Origin()
_present: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    return _present.get()


def new_id() -> str:
    """The id of a request: random, and short enough to be read out on the telephone."""
    return secrets.token_hex(6)


@contextmanager
def use(origin: Origin) -> Iterator[None]:
    """What is done within this comes from there."""
    token = _present.set(origin)
    try:
        yield
    finally:
        _present.reset(token)
