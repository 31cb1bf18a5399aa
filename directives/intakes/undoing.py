"""Undoes an applied intake if nothing depends on what it wrote: every row, from the last."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Refusal
from directives.core import jobs
from directives.intakes import acts
from directives.intakes.steps import kind_of, shift
from directives.models import Intake, IntakeRow, User
from directives.models.intakes import APPLIED, UNDOING, UNDONE
from directives.tables.fields import IntakeContext, TableKind


def written_rows(intake: Intake) -> QuerySet[IntakeRow]:
    return IntakeRow.objects.filter(intake=intake).exclude(left=None)


@transaction.atomic
def undo(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Queue undoing every row. Raises NotAllowed, Stale."""
    kind_of(intake)
    return acts.begin(UNDO, intake, now=now)


@transaction.atomic
def cancel_undo(intake: Intake) -> Intake:
    """Cancel undoing. Raises Stale if it has finished."""
    return shift(
        intake, APPLIED, from_states=(UNDOING,), done=written_rows(intake).count(), moved_at=None
    )


def _undo_rows(kind: TableKind, context: IntakeContext, rows: list[IntakeRow]) -> None:
    kind.undo(context, rows)


def _halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    jobs.change_state(
        intake,
        APPLIED,
        fault=_("Could not undo the import: %(reason)s") % {"reason": fault},
        done=written_rows(intake).count(),
        moved_at=None,
    )


UNDO = acts.WriteAct(
    event="undo_import",
    from_state=APPLIED,
    busy_state=UNDOING,
    to_state=UNDONE,
    backwards=True,
    rows=written_rows,
    step=_undo_rows,
    conflict_message=gettext_lazy("Later entries depend on these rows."),
)
ACT = jobs.Act(partial(acts.write_all, UNDO), _halt)
