"""Applies an intake: all rows or none, with an audit event for each and one for the intake."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid, Refusal, Stale
from directives.core import jobs
from directives.intakes import acts, checking, steps
from directives.intakes.steps import kind_of, shift
from directives.models import Intake, IntakeRow, User
from directives.models.intakes import (
    APPLIED,
    APPLYING,
    CHANGED,
    CHECKED,
    CONFLICT,
    MINE,
    NEW,
    THEIRS,
    WRONG,
)
from directives.models.sql import update_each
from directives.tables.fields import IntakeContext, TableKind

CHOICES = {MINE: MINE, THEIRS: THEIRS, "again": ""}  # value of the form → stored value
# Every cell that the file changes is in conflict: both have the same keys in the same order.
ALL_CONTESTED = Q(before=F("theirs"))


def rows_to_write(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows that change something."""
    rows = IntakeRow.objects.filter(intake=intake)
    return rows.filter(
        Q(verdict__in=(NEW, CHANGED))
        | Q(verdict=CONFLICT) & (Q(choice=MINE) | Q(choice=THEIRS) & ~ALL_CONTESTED)
    )


def obstacles(intake: Intake) -> list[str]:
    """The reasons why an intake cannot be applied, translated."""
    rows = IntakeRow.objects.filter(intake=intake)
    if rows.filter(verdict=WRONG).exists():
        return [
            _(
                "Some rows have errors. Correct them in the file and upload it again: all rows "
                "are imported or none."
            )
        ]
    if rows.filter(verdict=CONFLICT, choice="").exists():
        return [
            _("Some rows were changed here since the export. Choose which value to keep for each.")
        ]
    if not rows_to_write(intake).exists():
        return [_("No row needs a change.")]
    return []


@transaction.atomic
def choose(intake: Intake, choice: str, *, number: int | None = None) -> int:
    """Decide conflicts for the file (MINE) or the stored values (THEIRS); return how many rows.

    It decides one row, or all that are undecided; "again" makes all undecided. Other cells of
    these rows are imported either way. Raises Invalid, Stale.
    """
    if choice not in CHOICES:
        raise Invalid(_("Choose one of the two."))
    shift(intake, CHECKED, from_states=(CHECKED,))
    rows = IntakeRow.objects.filter(intake=intake, verdict=CONFLICT)
    if number is not None:
        rows = rows.filter(number=number)
    elif CHOICES[choice]:
        rows = rows.filter(choice="")
    return rows.update(choice=CHOICES[choice])


@transaction.atomic
def apply(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Queue applying every row. Raises NotAllowed, Invalid, Stale."""
    kind_of(intake)
    if reasons := obstacles(intake):
        raise Invalid({"rows": reasons})
    return acts.begin(APPLY, intake, now=now)


def store_results(rows: list[IntakeRow]) -> None:
    """Store the ids and versions of what the rows wrote."""
    update_each(IntakeRow, rows, ["subject_id", "left"])


def _write(kind: TableKind, context: IntakeContext, rows: list[IntakeRow]) -> None:
    kind.write(context, rows)
    store_results(rows)


def _halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    """Check the rows again if something was changed since the check."""
    if isinstance(refusal, Stale):
        text = _(
            "Nothing was imported: %(reason)s The rows have been checked again; please look at "
            "them again."
        )
        checking.restart(intake, text % {"reason": fault})
    else:
        steps.halt(intake, state, fault, refusal)


APPLY = acts.WriteAct(
    event="import",
    from_state=CHECKED,
    busy_state=APPLYING,
    to_state=APPLIED,
    backwards=False,
    rows=rows_to_write,
    step=_write,
    conflict_message=gettext_lazy(
        "The same entries were made here since then; importing would duplicate them."
    ),
)
ACT = jobs.Act(partial(acts.write_all, APPLY), _halt)
