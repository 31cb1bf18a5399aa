"""The two long acts on an intake, applying and undoing: what each does is an `Act`; how they run is the same.

An act is carried out after the page's transaction has committed, by the worker where there are many rows, in one transaction of
its own. A process that is killed leaves nothing; the next one begins anew. Whoever takes the intake in hand meanwhile wins: the
transaction finds that at its end, and takes all back.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.db.models import QuerySet
from django.utils import translation
from django_tasks.base import Task

from directives import audit
from directives.intake.fields import Asking, Kind, Words
from directives.intake.steps import AT_ONCE_ROWS, Superseded, asking_of, kind_of, settled, shift, take
from directives.models import Intake, IntakeRow
from directives.outages import outage_of
from directives.refusals import Refusal, Stale
from directives.tallies import counted

BATCH = 500
TURNS = 3  # times that an act is begun at most
STANDS = "UPDATE directives_intake SET done = %s WHERE id = %s AND version = %s"
Beat = Callable[[int], None]  # told how many rows are done

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Act:
    """What one of the two acts does, and what it leaves."""

    event: str  # in the record
    since: str  # the state of an intake before it,
    meanwhile: str
    to: str  # and after
    undoes: bool  # takes the last rows of the file first
    rows: Callable[[Intake], QuerySet[IntakeRow]]  # those concerned
    step: Callable[[Kind, Asking, list[IntakeRow]], None]  # carries some hundred of them out
    clash: Words  # what the database found where it refused them
    broken: Words  # what is told of a failure of ours
    refused: Callable[[Intake, Refusal, datetime], None]  # leaves the intake as it is after a refusal


def begin(act: Act, intake: Intake, task: Task, *, now: datetime) -> Intake:
    """Have it carried out once this transaction has committed. Raises Stale if the intake is in another state by now."""
    rows = act.rows(intake).count()
    shift(intake, act.meanwhile, since=(act.since,), fault="", done=0)
    later = partial(task.enqueue, intake.pk, now.isoformat()) if rows > AT_ONCE_ROWS else partial(run, act, intake.pk, now=now)
    transaction.on_commit(later)
    return intake


def run(act: Act, pk: int, *, now: datetime) -> None:
    """Carry every row out in one transaction; where something stands against it, that is noted on the intake and nothing was done."""
    try:
        intake = take(pk, act.meanwhile)
    except Superseded:
        return
    with translation.override(intake.language):
        try:
            _persist(act, intake, now)
        except Superseded:
            return
        except Refusal as refusal:
            act.refused(intake, refusal, now)
        except IntegrityError:
            logger.exception("The table %s stands against what was entered meanwhile", pk)
            act.refused(intake, Stale(str(act.clash)), now)
        except Exception as error:
            outage = outage_of(error)
            logger.warning("The act %s on the table %s failed: %s", act.event, pk, error, exc_info=outage is None)
            back(act, intake, outage.words if outage else str(act.broken))


def _persist(act: Act, intake: Intake, now: datetime) -> None:
    """Two writers of many rows may come into each other's way, and the database then takes one of them back: that one begins anew."""
    for left in reversed(range(TURNS)):
        try:
            with heartbeat(intake) as beat:
                _carry_out(act, copy(intake), now, beat)  # a copy: what becomes of it is undone with the transaction
            return
        except OperationalError as error:
            if not left:
                raise
            logger.warning("The act %s on the table %s is begun anew: %s", act.event, intake.pk, error)


@counted()
def _carry_out(act: Act, intake: Intake, now: datetime, beat: Beat) -> None:
    kind, asking, done = kind_of(intake), asking_of(intake, now), 0
    for rows in _batches(act.rows(intake).defer("faults"), act.undoes):  # no kind asks for them
        act.step(kind, asking, [settled(row) for row in rows])
        done += len(rows)
        beat(done)
    try:
        shift(intake, act.to, since=(act.meanwhile,), done=done, fault="", **{f"{act.to}_at": now})
    except Stale as stale:
        raise Superseded from stale
    facts = {"name": intake.name, "kind": intake.kind, "sha256": intake.sha256, "rows": done}
    audit.record(act.event, intake, by=intake.by, now=now, **{"before" if act.undoes else "after": facts})


def _batches(rows: QuerySet[IntakeRow], backwards: bool) -> Iterator[list[IntakeRow]]:
    order, beyond = ("-number", "number__lt") if backwards else ("number", "number__gt")
    batch = list(rows.order_by(order)[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(**{beyond: batch[-1].number}).order_by(order)[:BATCH])


def back(act: Act, intake: Intake, fault: str, to: str = "") -> bool:
    """Nothing was done: it is again as before the act, or in the state `to`. False where somebody else has it in hand by now."""
    written = act.rows(intake).count() if act.undoes else 0
    try:
        shift(intake, to or act.since, since=(act.meanwhile,), fault=fault, done=written)
    except Stale:
        return False
    return True


@contextmanager
def heartbeat(intake: Intake) -> Iterator[Beat]:
    """Tells readers how far a long transaction has come. They cannot see into it, so it is told over a connection of its own;
    SQLite has one writer, which is the transaction itself: there nothing is told until it ends."""
    if connection.vendor == "sqlite":
        yield lambda done: None
        return
    beside = connections.create_connection(DEFAULT_DB_ALIAS)
    with closing(beside):

        def beat(done: int) -> None:
            try:
                with beside.cursor() as cursor:
                    cursor.execute(STANDS, [done, intake.pk, intake.version])
            except DatabaseError:  # nobody is told, and that is all
                logger.warning("How far the table %s has come could not be noted", intake.pk)

        yield beat
