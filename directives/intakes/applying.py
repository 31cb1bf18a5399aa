"""One confirmation applies every row of an intake or none, each row with its event, and one for the intake."""

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
from directives.models.writing import update_each
from directives.tables.fields import IntakeContext, TableKind

CHOICES = {MINE: MINE, THEIRS: THEIRS, "again": ""}  # as a page asks → as it is kept
# Of a conflict, every cell that the file changes: both hold the same ones in the same order then.
ALL_CONTESTED = Q(before=F("theirs"))


def to_write(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows that change something."""
    rows = IntakeRow.objects.filter(intake=intake)
    return rows.filter(
        Q(verdict__in=(NEW, CHANGED))
        | Q(verdict=CONFLICT) & (Q(choice=MINE) | Q(choice=THEIRS) & ~ALL_CONTESTED)
    )


def obstacles(intake: Intake) -> list[str]:
    """What stands against applying it, in words."""
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
    if not to_write(intake).exists():
        return [_("No row needs a change.")]
    return []


@transaction.atomic
def choose(intake: Intake, choice: str, *, number: int | None = None) -> int:
    """Of cells that were changed here as well, take what the file says (MINE) or what stands here (THEIRS); other cells of these
    rows are taken over either way. For all rows that are open, or for one; "again" opens all. Returns how many rows.

    Raises Invalid, Stale.
    """
    if choice not in CHOICES:
        raise Invalid(_("Choose one of the two."))
    shift(intake, CHECKED, since=(CHECKED,))
    rows = IntakeRow.objects.filter(intake=intake, verdict=CONFLICT)
    if number is not None:
        rows = rows.filter(number=number)
    elif CHOICES[choice]:
        rows = rows.filter(choice="")
    return rows.update(choice=CHOICES[choice])


@transaction.atomic
def apply(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Apply every row, once this transaction has committed. Raises NotAllowed, Invalid with what stands against it, Stale."""
    kind_of(intake)
    found = obstacles(intake)
    if found:
        raise Invalid({"rows": found})
    return acts.begin(APPLY, intake, now=now)


def leave(rows: list[IntakeRow]) -> None:
    """Note what the rows made or changed, and the version that they left behind."""
    update_each(rows, ["subject_id", "left"])


def _write(kind: TableKind, context: IntakeContext, rows: list[IntakeRow]) -> None:
    kind.write(context, rows)
    leave(rows)


def _halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    """Where something was changed since the dry run, the rows are checked anew."""
    if isinstance(refusal, Stale):
        text = _(
            "Nothing was imported: %(reason)s The rows have been checked again; please look at "
            "them again."
        )
        checking.again(intake, text % {"reason": fault})
    else:
        steps.halt(intake, state, fault, refusal)


APPLY = acts.WriteAct(
    event="import", since=CHECKED, meanwhile=APPLYING, to=APPLIED, undoes=False, rows=to_write, step=_write,
    clash=gettext_lazy("The same entries were made here since then; importing would duplicate them."),
)  # fmt: skip
ACT = jobs.Act(partial(acts.write_all, APPLY), _halt)
