"""The two long acts that write: applying an intake and undoing it.

All rows are written in one transaction: if the process is killed nothing was done, and the next one
starts from the beginning. If another process takes the intake over meanwhile, or it is discarded,
the transaction finds that at its end and is rolled back.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet

from directives.base.refusals import Stale
from directives.core import audit, jobs
from directives.intakes import steps
from directives.intakes.steps import AT_ONCE_ROWS, context_of_act, kind_of, settled
from directives.models import Intake, IntakeRow
from directives.tables.book import Words
from directives.tables.fields import IntakeContext, TableKind
from directives.tallies import counted

BATCH = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WriteAct:
    """What one of the two does."""

    event: str  # in the record
    since: str  # the state of an intake before it,
    meanwhile: str
    to: str  # and after it
    undoes: bool  # begins with the last rows of the file
    rows: Callable[[Intake], QuerySet[IntakeRow]]  # that it is about
    step: Callable[[TableKind, IntakeContext, list[IntakeRow]], None]  # for a batch of them
    clash: Words  # the message if the database refuses them


def begin(writing: WriteAct, intake: Intake, *, now: datetime) -> Intake:
    """Have it carried out after this transaction. Raises Stale if the intake changed meanwhile."""
    small = writing.rows(intake).count() <= AT_ONCE_ROWS
    return steps.begin(intake, writing.meanwhile, since=(writing.since,), at_once=small, now=now)


def write_all(writing: WriteAct, intake: Intake) -> bool:
    """Carry it out for every row, in one transaction. Raises Refusal if a row is refused."""
    try:
        with jobs.heartbeat(intake) as beat:
            _write_all(writing, intake, beat)
    except IntegrityError as error:
        logger.exception("The table %s stands against what was entered meanwhile", intake.pk)
        raise Stale(str(writing.clash)) from error
    return False


@counted()
def _write_all(writing: WriteAct, intake: Intake, beat: Callable[[int], None]) -> None:
    kind, context, done = kind_of(intake), context_of_act(intake), 0
    for rows in _batches(writing.rows(intake).defer("faults"), writing.undoes):
        writing.step(kind, context, [settled(row) for row in rows])
        done += len(rows)
        beat(done)
    finished: dict[str, Any] = {f"{writing.to}_at": context.now}
    jobs.finish(intake, writing.to, done=done, fault="", **finished)
    facts = {"name": intake.name, "kind": intake.kind, "sha256": intake.sha256, "rows": done}
    before, after = (facts, None) if writing.undoes else (None, facts)
    audit.record(writing.event, intake, by=intake.by, now=context.now, before=before, after=after)


def _batches(rows: QuerySet[IntakeRow], backwards: bool) -> Iterator[list[IntakeRow]]:
    order, beyond = ("-number", "number__lt") if backwards else ("number", "number__gt")
    batch = list(rows.order_by(order)[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(**{beyond: batch[-1].number}).order_by(order)[:BATCH])
