"""The two long acts that write: applying an intake and undoing it. What each does is a `Writing`; how it runs is the same.

All rows are written in one transaction: a process that is killed leaves nothing, and the next one begins anew. Whoever takes the
intake in hand meanwhile, or discards it, wins: the transaction finds that at its end, and is rolled back.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

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
    """What one of the two does, and what it leaves."""

    event: str  # in the record
    since: str  # the state of an intake before it,
    meanwhile: str
    to: str  # and after
    undoes: bool  # takes the last rows of the file first
    rows: Callable[[Intake], QuerySet[IntakeRow]]  # those concerned
    step: Callable[
        [TableKind, IntakeContext, list[IntakeRow]], None
    ]  # carries some hundred of them out
    clash: Words  # what the database found where it refused them


def begin(writing: WriteAct, intake: Intake, *, now: datetime) -> Intake:
    """Have it carried out once this transaction has committed. Raises Stale if the intake is in another state by now."""
    small = writing.rows(intake).count() <= AT_ONCE_ROWS
    return steps.begin(intake, writing.meanwhile, since=(writing.since,), at_once=small, now=now)


def write_all(writing: WriteAct, intake: Intake) -> bool:
    """Write every row in one transaction. Raises Refusal where something stands against it, and nothing was done."""
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
    for rows in _batches(
        writing.rows(intake).defer("faults"), writing.undoes
    ):  # no kind asks for them
        writing.step(kind, context, [settled(row) for row in rows])
        done += len(rows)
        beat(done)
    jobs.finish(intake, writing.to, done=done, fault="", **{f"{writing.to}_at": context.now})
    facts = {"name": intake.name, "kind": intake.kind, "sha256": intake.sha256, "rows": done}
    audit.record(
        writing.event,
        intake,
        by=intake.by,
        now=context.now,
        **{"before" if writing.undoes else "after": facts},
    )


def _batches(rows: QuerySet[IntakeRow], backwards: bool) -> Iterator[list[IntakeRow]]:
    order, beyond = ("-number", "number__lt") if backwards else ("number", "number__gt")
    batch = list(rows.order_by(order)[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(**{beyond: batch[-1].number}).order_by(order)[:BATCH])
