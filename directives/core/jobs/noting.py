"""Storing the state and the progress of a background job.

`save_progress`, `change_state` and `finish` raise Superseded if another process has taken the job.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.utils import timezone

from directives.base.refusals import Refusal
from directives.core import notices
from directives.models import Export, Intake, JobProgress
from directives.models.jobs import DONE
from directives.models.sql import update_where

logger = logging.getLogger("directives.worker")

Job = JobProgress | Intake | Export


class Superseded(Exception):
    """Another process has taken the job, or a person cancelled it: roll back and stop."""


class TooLong(Exception):
    """The job would take longer than a person should wait: leave it to the worker."""


@dataclass(frozen=True, slots=True)
class Act:
    """The functions of one kind of background job.

    `carry_out` does the next part and returns False if that was the last one, after calling
    `finish`; it raises Refusal if the job cannot go on. `halt`, if given, stores that the job
    stopped: it is called with the row, the new state, a message, and the refusal, if any.
    """

    carry_out: Callable[[Any], bool]
    halt: Callable[[Any, str, str, Refusal | None], None] | None = None


def save_progress(row: Job, **fields: Any) -> None:
    """Store fields of the job. Raises Superseded if another process has taken it."""
    fields = {"moved_at": timezone.now(), **fields}
    if not type(row).objects.filter(pk=row.pk, version=row.version).update(**fields):
        raise Superseded
    for name, value in fields.items():
        setattr(row, name, value)


def change_state(row: Job, state: str, **fields: Any) -> None:
    """Set the state of the job; any other process that runs it is superseded."""
    save_progress(row, state=state, version=row.version + 1, **fields)


def finish(row: Job, state: str = DONE, *, kind: str = "act_done", **fields: Any) -> None:
    """End the job and notify its requester. The last statement of the job's transaction."""
    act = row.act  # it may depend on the state
    change_state(row, state, tries=0, **fields)
    notify_requester(row, kind, act)


def notify_requester(row: Job, kind: str, act: str, reason: str = "") -> None:
    """Notify whoever requested the job, unless they wait for its page."""
    if row.by is not None and not row.awaited:
        facts = {"act": act, "what": row.about, "name": row.about, "reason": reason}
        notices.send([row.by], kind, url=row.get_absolute_url(), now=timezone.now(), facts=facts)


@contextmanager
def heartbeat(row: Job) -> Iterator[Callable[[int], None]]:
    """Yields a function that publishes how far a long transaction has come.

    Others cannot see into the transaction, so progress is written over a second connection. SQLite
    allows only one writer, the transaction itself: there, nothing is published until it ends.
    """
    if connection.vendor == "sqlite":
        yield lambda done: None
        return
    second = connections.create_connection(DEFAULT_DB_ALIAS)
    with closing(second):

        def beat(done: int) -> None:
            try:
                progress = {"done": done, "moved_at": timezone.now()}
                update_where(type(row), [row.pk], progress, using=second, version=row.version)
            except DatabaseError:  # only the display of progress is lost
                logger.warning(
                    "How far %s %s has come could not be noted", type(row).__name__, row.pk
                )

        yield beat
