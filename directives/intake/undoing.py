"""Taking an applied intake back, as long as nothing was built on what it wrote: every row or none, the last ones first."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tasks import task

from directives.intake import acts
from directives.intake.fields import Asking, Kind
from directives.intake.steps import kind_of
from directives.models import Intake, IntakeRow, User
from directives.models.intakes import APPLIED, UNDOING, UNDONE
from directives.refusals import Refusal


def written(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows that were written."""
    return IntakeRow.objects.filter(intake=intake).exclude(left=None)


@transaction.atomic
def undo(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Take back what it wrote, once this transaction has committed. Raises NotAllowed, Stale."""
    kind_of(intake)
    return acts.begin(ACT, intake, carry_out, now=now)


@task()
def carry_out(pk: int, now: str) -> None:
    """Take an intake back. Bears being run again."""
    run(pk, now=parse_datetime(now))


def _take_back(kind: Kind, asking: Asking, rows: list[IntakeRow]) -> None:
    kind.undo(asking, rows)


def _refused(intake: Intake, refusal: Refusal, now: datetime) -> None:
    acts.back(ACT, intake, _("It stays applied: %(reason)s") % {"reason": refusal})


ACT = acts.Act(
    event="undo_import", since=APPLIED, meanwhile=UNDOING, to=UNDONE, undoes=True, rows=written, step=_take_back, refused=_refused,
    clash=gettext_lazy("Something was entered here meanwhile that rests on these rows."),
    broken=gettext_lazy("Undoing failed, through no fault of yours. Try again; if it stays so, tell the administrator."),
)  # fmt: skip
run = partial(acts.run, ACT)
