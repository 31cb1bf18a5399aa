"""The states of an intake, and the context that its kind of table gets."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import NotAllowed, Refusal, Stale
from directives.catalogue.kinds import KINDS
from directives.core import jobs
from directives.models import Intake, IntakeRow, JobRun
from directives.models.intakes import CHANGED, CONFLICT, THEIRS
from directives.tables.fields import Fault, IntakeContext, TableKind

AT_ONCE_BYTES = 200 * 1024  # a larger file, or more rows, is left to the worker
AT_ONCE_ROWS = 2000


def kind_of(intake: Intake) -> TableKind:
    """The kind of the table. Raises NotAllowed if the user may no longer import it."""
    kind = KINDS[intake.kind]
    if not kind.may(intake.by):
        raise NotAllowed(_("You cannot import tables of this kind. Ask your system administrator."))
    return kind


def context_of(intake: Intake, now: datetime) -> IntakeContext:
    return IntakeContext(intake.by, now, timezone.localdate(now), intake.place)


def context_of_act(intake: Intake) -> IntakeContext:
    """The context of the job under way."""
    return context_of(intake, JobRun.objects.as_of(intake.asked_at or intake.at))


def shift(intake: Intake, to_state: str, *, from_states: Iterable[str], **fields: Any) -> Intake:
    """Change the state of an intake. Raises Stale if it was changed since this copy was read."""
    current_row = Intake.objects.filter(
        pk=intake.pk, version=intake.version, state__in=tuple(from_states)
    )
    if not current_row.update(state=to_state, version=intake.version + 1, **fields):
        raise Stale(theirs=Intake.objects.filter(pk=intake.pk).first())
    for name, value in {"state": to_state, "version": intake.version + 1, **fields}.items():
        setattr(intake, name, value)
    return intake


def begin(
    intake: Intake,
    state: str,
    *,
    from_states: Iterable[str],
    at_once: bool,
    now: datetime,
    **fields: Any,
) -> Intake:
    """Queue the job of this state; it starts after this transaction. Raises Stale."""
    shift(
        intake,
        state,
        from_states=from_states,
        fault="",
        done=0,
        moved_at=None,
        tries=0,
        asked_at=now,
        **fields,
    )
    jobs.enqueue(intake, at_once=at_once)
    return intake


def halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    """Return to the state before the job, from which it can be started again."""
    jobs.change_state(intake, intake.fact.back, fault=fault, moved_at=None)


def resolve_conflict(row: IntakeRow) -> IntakeRow:
    """Turn a decided conflict into a change, in memory only.

    If the stored values were chosen, only the cells without a conflict remain.
    """
    if row.verdict == CONFLICT:
        row.verdict = CHANGED
        if row.choice == THEIRS:
            row.before, row.after = (
                {name: values[name] for name in values if name not in row.theirs}
                for values in (row.before, row.after)
            )
    return row


def fault_as_json(fault: Fault) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(fault).items()}
