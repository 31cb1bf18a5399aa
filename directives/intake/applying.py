"""One confirmation applies every row of an intake or none: in one transaction, each row with its event, and one for the intake.

It is written after the confirmation was stored, by the worker where there are many rows. A process that is killed leaves nothing;
the next one begins anew. Whoever discards the intake meanwhile wins: the transaction finds that at its end, and takes all back.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_tasks import task

from directives import audit
from directives.intake import checking
from directives.intake.steps import AT_ONCE_ROWS, Superseded, asking_of, kind_of, shift, take
from directives.models import Intake, IntakeRow, User
from directives.models.intakes import APPLIED, APPLYING, CHANGED, CHECKED, CHECKING, CONFLICT, MINE, NEW, THEIRS, WRONG
from directives.models.writing import overwrite_each
from directives.refusals import Invalid, Refusal, Stale
from directives.tallies import counted

BATCH = 500
STANDS = "UPDATE directives_intake SET done = %s WHERE id = %s AND version = %s"
Beat = Callable[[int], None]  # told how many rows are done

logger = logging.getLogger(__name__)


def to_write(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows that change something."""
    rows = IntakeRow.objects.filter(intake=intake)
    return rows.filter(Q(verdict__in=(NEW, CHANGED)) | Q(verdict=CONFLICT, choice=MINE))


def obstacles(intake: Intake) -> list[str]:
    """What stands against applying it, in words."""
    rows = IntakeRow.objects.filter(intake=intake)
    if rows.filter(verdict=WRONG).exists():
        return [_("Some rows are wrong. Mend them in the file and upload it again: all rows are applied or none.")]
    if rows.filter(verdict=CONFLICT, choice="").exists():
        return [_("Some rows were changed here meanwhile. Choose for each of them which of the two holds.")]
    if not to_write(intake).exists():
        return [_("No row changes anything.")]
    return []


@transaction.atomic
def choose(intake: Intake, choice: str, *, number: int | None = None) -> int:
    """Of rows that were changed here meanwhile, take what the file says (MINE) or what stands here (THEIRS); all that are open,
    or one. Returns how many. Raises Invalid, Stale."""
    if choice not in (MINE, THEIRS):
        raise Invalid(_("Choose one of the two."))
    shift(intake, CHECKED, since=(CHECKED,))
    rows = IntakeRow.objects.filter(intake=intake, verdict=CONFLICT)
    return rows.filter(**{"choice": ""} if number is None else {"number": number}).update(choice=choice)


@transaction.atomic
def apply(intake: Intake, *, by: User, now: datetime) -> Intake:
    """Apply every row, once this transaction has committed. Raises NotAllowed, Invalid with what stands against it, Stale."""
    kind_of(intake)
    found = obstacles(intake)
    if found:
        raise Invalid({"rows": found})
    rows = to_write(intake).count()
    shift(intake, APPLYING, since=(CHECKED,), fault="", done=0)
    later = partial(carry_out.enqueue, intake.pk, now.isoformat()) if rows > AT_ONCE_ROWS else partial(run, intake.pk, now=now)
    transaction.on_commit(later)
    return intake


@task()
def carry_out(pk: int, now: str) -> None:
    """Apply an intake. Bears being run again: nothing is left of a run that did not come to its end."""
    run(pk, now=parse_datetime(now))


def run(pk: int, *, now: datetime) -> None:
    """Apply every row in one transaction; what stands against it is noted on the intake, and nothing was applied then."""
    try:
        intake = take(pk, APPLYING)
    except Superseded:
        return
    with translation.override(intake.language):
        try:
            with heartbeat(intake) as beat:
                _apply(intake, now, beat)
        except Superseded:
            return
        except Stale as stale:
            _check_again(intake, str(stale), now)
        except IntegrityError:
            logger.exception("The table %s could not be applied as it was checked", pk)
            _check_again(intake, _("Something was entered here meanwhile that these rows would enter once more."), now)
        except Refusal as refusal:
            _back(intake, str(refusal))
        except Exception:
            logger.exception("The table %s could not be applied", pk)
            _back(intake, _("Applying failed, through no fault of yours. Try again; if it stays so, tell the administrator."))


@counted()
def _apply(intake: Intake, now: datetime, beat: Beat) -> None:
    kind, asking, done = kind_of(intake), asking_of(intake, now), 0
    for rows in _batches(to_write(intake).defer("theirs", "faults")):  # no kind asks for them
        for row in rows:
            row.verdict = CHANGED if row.verdict == CONFLICT else row.verdict
        kind.write(asking, rows)
        leave(rows)
        done += len(rows)
        beat(done)
    try:
        shift(intake, APPLIED, since=(APPLYING,), applied_at=now, done=done, fault="")
    except Stale as stale:
        raise Superseded from stale
    facts = {"name": intake.name, "kind": intake.kind, "sha256": intake.sha256, "rows": done}
    audit.record("import", intake, by=intake.by, now=now, after=facts)


def _batches(rows: QuerySet[IntakeRow]) -> Iterator[list[IntakeRow]]:
    last = 0
    while batch := list(rows.filter(number__gt=last).order_by("number")[:BATCH]):
        last = batch[-1].number
        yield batch


def leave(rows: list[IntakeRow]) -> None:
    """Note what the rows made or changed, and the version that they left behind."""
    overwrite_each(rows, ["subject_id", "left"])


def _back(intake: Intake, fault: str) -> None:
    try:
        shift(intake, CHECKED, since=(APPLYING,), fault=fault, done=0)
    except Stale:
        return


def _check_again(intake: Intake, reason: str, now: datetime) -> None:
    """Something was changed since the dry run: nothing is applied, and the rows are checked anew."""
    fault = _("Nothing was applied: %(reason)s The rows have been checked anew; look at them again.") % {"reason": reason}
    try:
        shift(intake, CHECKING, since=(APPLYING,), fault=fault, done=0)
    except Stale:
        return
    checking.begin(intake.pk, size=intake.size, now=now)


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
