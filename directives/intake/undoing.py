"""Taking an applied intake back, as long as nothing was built on what it wrote: every row or none, in one transaction."""

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_tasks import task

from directives import audit
from directives.intake.applying import BATCH, Beat, heartbeat
from directives.intake.steps import AT_ONCE_ROWS, Superseded, asking_of, kind_of, shift, take
from directives.models import Intake, IntakeRow, User
from directives.models.intakes import APPLIED, CHANGED, CONFLICT, UNDOING, UNDONE
from directives.refusals import Refusal, Stale
from directives.tallies import counted

logger = logging.getLogger(__name__)


@transaction.atomic
def undo(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Take back what it wrote, once this transaction has committed. Raises NotAllowed, Stale."""
    kind_of(intake)
    rows = IntakeRow.objects.filter(intake=intake).exclude(left=None).count()
    shift(intake, UNDOING, since=(APPLIED,), fault="", done=0)
    later = partial(carry_out.enqueue, intake.pk, now.isoformat()) if rows > AT_ONCE_ROWS else partial(run, intake.pk, now=now)
    transaction.on_commit(later)
    return intake


@task()
def carry_out(pk: int, now: str) -> None:
    """Take an intake back. Bears being run again."""
    run(pk, now=parse_datetime(now))


def run(pk: int, *, now: datetime) -> None:
    """Take every row back in one transaction; what stands against it is noted on the intake, which then stays applied."""
    try:
        intake = take(pk, UNDOING)
    except Superseded:
        return
    with translation.override(intake.language):
        try:
            with heartbeat(intake) as beat:
                _undo(intake, now, beat)
        except Superseded:
            return
        except Refusal as refusal:
            _stays(intake, _("It stays applied: %(reason)s") % {"reason": refusal})
        except Exception:
            logger.exception("The table %s could not be taken back", pk)
            _stays(intake, _("Undoing failed, through no fault of yours. Try again; if it stays so, tell the administrator."))


@counted()
def _undo(intake: Intake, now: datetime, beat: Beat) -> None:
    kind, asking, done = kind_of(intake), asking_of(intake, now), 0
    for rows in _backwards(intake):
        for row in rows:
            row.verdict = CHANGED if row.verdict == CONFLICT else row.verdict
        kind.undo(asking, rows)
        done += len(rows)
        beat(done)
    try:
        shift(intake, UNDONE, since=(UNDOING,), undone_at=now, done=done, fault="")
    except Stale as stale:
        raise Superseded from stale
    audit.record("undo_import", intake, by=intake.by, now=now, before={"name": intake.name, "kind": intake.kind, "rows": done})


def _backwards(intake: Intake) -> Iterator[list[IntakeRow]]:
    """The rows that were written, the last ones first."""
    rows = IntakeRow.objects.filter(intake=intake).exclude(left=None).order_by("-number")
    first: int | None = None
    while batch := list((rows if first is None else rows.filter(number__lt=first))[:BATCH]):
        first = batch[-1].number
        yield batch


def _stays(intake: Intake, fault: str) -> None:
    try:
        shift(intake, APPLIED, since=(UNDOING,), fault=fault, done=0)
    except Stale:
        return
