# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""What is done for a kind of long act, and what an act says of itself while it is carried out.

`save_progress`, `change_state` and `finish` raise Superseded where the row is in other hands.
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

logger = logging.getLogger("directives.worker")


Job = JobProgress | Intake | Export


class Superseded(Exception):
    """Another process has the act in hand, or a person called it off: stop, and leave nothing."""


class TooLong(Exception):
    """It would take longer than a person should wait: the worker carries it out."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done for one kind of long act.

    `carry_out` carries out the next part; False if it was the last, which it ended with `finish`.
    It raises Refusal where something stands against it. `halt` leaves the row as its page shows it
    when the act stops: row, state, why, the refusal.
    """

    carry_out: Callable[[Any], bool]
    halt: Callable[[Any, str, str, Refusal | None], None] | None = None


def save_progress(row: Job, **fields: Any) -> None:
    """Store fields of the job. Raises Superseded if another process has it in hand."""
    fields = {"moved_at": timezone.now(), **fields}
    if not type(row).objects.filter(pk=row.pk, version=row.version).update(**fields):
        raise Superseded
    for name, value in fields.items():
        setattr(row, name, value)


def change_state(row: Job, state: str, **fields: Any) -> None:
    """Bring the job into another state; whoever had it in hand is superseded."""
    save_progress(row, state=state, version=row.version + 1, **fields)


def finish(row: Job, state: str = DONE, *, kind: str = "act_done", **fields: Any) -> None:
    """End the job, as the last act of the transaction that does it. The requester is notified."""
    act = row.act
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

    Readers cannot see into the transaction, so progress is written over a connection of its own.
    SQLite allows one writer, the transaction itself: nothing is published until it ends.
    """
    if connection.vendor == "sqlite":
        yield lambda done: None
        return
    table = row._meta.db_table
    statement = f"UPDATE {table} SET done = %s, moved_at = %s WHERE id = %s AND version = %s"
    beside = connections.create_connection(DEFAULT_DB_ALIAS)
    with closing(beside):

        def beat(done: int) -> None:
            try:
                with beside.cursor() as cursor:
                    cursor.execute(statement, [done, timezone.now(), row.pk, row.version])
            except DatabaseError:  # nobody is told, and that is all
                logger.warning("How far %s %s has come could not be noted", table, row.pk)

        yield beat
