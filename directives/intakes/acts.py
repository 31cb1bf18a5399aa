"""The background jobs that write the rows of an intake: applying it and undoing it.

All rows are written in one transaction: if the process is killed nothing was done, and the next run
starts from the beginning. If another process takes the job meanwhile, or the intake is discarded,
`jobs.finish` raises Superseded and the transaction is rolled back.
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
from directives.intakes.steps import AT_ONCE_ROWS, context_of_act, kind_of, resolve_conflict
from directives.models import Intake, IntakeRow
from directives.tables.book import StrOrPromise
from directives.tables.fields import IntakeContext, TableKind
from directives.tallies import counted

BATCH = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WriteAct:
    """How one of the two writes."""

    event: str  # action of the audit event
    from_state: str  # of the intake before, while and after it runs
    busy_state: str
    to_state: str
    backwards: bool  # begins with the last rows of the file
    rows: Callable[[Intake], QuerySet[IntakeRow]]
    step: Callable[[TableKind, IntakeContext, list[IntakeRow]], None]  # writes a batch of rows
    conflict_message: StrOrPromise  # shown if rows violate a constraint of the database


def begin(act: WriteAct, intake: Intake, *, now: datetime) -> Intake:
    """Queue the job. Raises Stale if the intake changed meanwhile."""
    small = act.rows(intake).count() <= AT_ONCE_ROWS
    return steps.begin(
        intake, act.busy_state, from_states=(act.from_state,), at_once=small, now=now
    )


def write_all(act: WriteAct, intake: Intake) -> bool:
    """Write every row in one transaction. Raises Refusal if a row is refused."""
    try:
        with jobs.heartbeat(intake) as beat:
            _write_all(act, intake, beat)
    except IntegrityError as error:
        logger.exception("Import %s conflicts with rows entered since its check", intake.pk)
        raise Stale(str(act.conflict_message)) from error
    return False


@counted()
def _write_all(act: WriteAct, intake: Intake, beat: Callable[[int], None]) -> None:
    kind, context, rows_done = kind_of(intake), context_of_act(intake), 0
    for rows in _batches(act.rows(intake).defer("faults"), act.backwards):
        act.step(kind, context, [resolve_conflict(row) for row in rows])
        rows_done += len(rows)
        beat(rows_done)
    finished: dict[str, Any] = {f"{act.to_state}_at": context.now}
    jobs.finish(intake, act.to_state, done=rows_done, fault="", **finished)
    summary = {"name": intake.name, "kind": intake.kind, "sha256": intake.sha256, "rows": rows_done}
    before, after = (summary, None) if act.backwards else (None, summary)
    audit.record(act.event, intake, by=intake.by, now=context.now, before=before, after=after)


def _batches(rows: QuerySet[IntakeRow], backwards: bool) -> Iterator[list[IntakeRow]]:
    order, lookup = ("-number", "number__lt") if backwards else ("number", "number__gt")
    batch = list(rows.order_by(order)[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(**{lookup: batch[-1].number}).order_by(order)[:BATCH])
