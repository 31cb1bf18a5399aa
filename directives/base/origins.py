"""The origin of what is being done: the request or task.

Audit events and log lines contain it, so that one can be found by the other. The middleware sets it
for a request, the worker for a task; in a management command it is empty. It is a ContextVar,
because the code that writes events does not have the request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A request, a task, or neither."""

    address: str = ""  # IP address of the request
    request: str = ""  # id of the request, or name of the task


NOWHERE = Origin()
_present: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    return _present.get()


@contextmanager
def use(origin: Origin) -> Iterator[None]:
    """Within this, `current` is this origin."""
    token = _present.set(origin)
    try:
        yield
    finally:
        _present.reset(token)
