"""Acts of the desk: what a person puts right in a reading before it is issued.

A code never changes. What was issued is not taken apart: an act that would change the words of a
row with obligations, or whether it requires something, is refused. `desk_words` has the acts on the
words of a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.base.script import to_hans, to_hant
from directives.base.wording import join_words
from directives.core import audit
from directives.documents.commands.correcting import (
    BY_HAND,
    STATEMENT,
    Correction,
    correct_directive,
)
from directives.documents.commands.desk_rows import (
    ADDRESSEES,
    ITEMS,
    Seen,
    Work,
    as_directive,
    as_statement,
    refuse_issued,
    state_of,
)
from directives.documents.ingest.modality import is_statement
from directives.models import DeskAct, Directive, Document, User
from directives.models.documents import INFERRED, NAMED, UNSTATED

DIRECTIVE, HEADING = "directive", "heading"
STATUSES = (DIRECTIVE, STATEMENT, HEADING)
ISSUED_AS = frozenset(("text", "statement", "dropped", ITEMS))  # what obligations rest on


# several rows at once


@transaction.atomic
def mark_read(
    *, document: Document, seen: Seen, read: bool = True, by: User | None, now: datetime
) -> DeskAct | None:
    """Note that a person compared these rows with the source, or that nobody did."""
    work = Work(document, "read" if read else "unread", by, now)
    who, when = (by.pk if by else None, now) if read else (None, None)
    for row in work.take(seen):
        if read != (row.checked_at is not None):
            checked = {"checked_by_id": who, "checked_at": when if who else None}
            work.change(row, state_of(row) | checked)
    return work.store()


@transaction.atomic
def set_status(
    *, document: Document, seen: Seen, status: str, by: User | None, now: datetime
) -> DeskAct | None:
    """Make rows directives, statements or headings; one that was dropped is restored by that."""
    work = Work(document, status, by, now)
    rows = work.take(seen)
    if status != DIRECTIVE:
        refuse_issued(rows)
    for row in rows:
        state = state_of(row) | {"dropped": False, "merged_into": "", "title": False}
        if status == DIRECTIVE:
            work.change(row, as_directive(state))
        else:
            work.change(row, as_statement(state, heading=status == HEADING))
    return work.store()


@transaction.atomic
def drop(*, document: Document, seen: Seen, by: User | None, now: datetime) -> DeskAct | None:
    """Leave rows out; they stay listed and can be restored."""
    work = Work(document, "drop", by, now)
    rows = work.take(seen)
    refuse_issued(rows)
    for row in rows:
        work.change(row, as_statement(state_of(row), heading=False, dropped=True))
    return work.store()


@transaction.atomic
def restore(*, document: Document, seen: Seen, by: User | None, now: datetime) -> DeskAct | None:
    """Take rows in again that were left out; whether they require something is read anew."""
    work = Work(document, "restore", by, now)
    for row in work.take(seen):
        if row.dropped:
            state = state_of(row) | {"dropped": False, "merged_into": ""}
            requires = not is_statement(to_hans(row.text))
            work.change(row, as_directive(state) if requires else state)
    return work.store()


@transaction.atomic
def set_kind(
    *, document: Document, seen: Seen, kind: str, by: User | None, now: datetime
) -> DeskAct | None:
    work = Work(document, "kind", by, now)
    for row in _requiring(work.take(seen)):
        work.change(row, state_of(row) | {"kind": kind})
    return work.store()


@transaction.atomic
def set_body(
    *,
    document: Document,
    seen: Seen,
    name: str,
    role: str,
    alone: bool = False,
    by: User | None,
    now: datetime,
) -> DeskAct | None:
    """Name a body in rows, with its role; `alone` in place of everybody who was named."""
    name = name.strip()
    if not name:
        raise Invalid({"name": [_("Enter the name of the organisation.")]})
    work = Work(document, "body", by, now)
    name = to_hant(name) if document.script == "hant" else to_hans(name)
    for row in _requiring(work.take(seen)):
        state = state_of(row)
        others = [who for who in state[ADDRESSEES] if who[1] != UNSTATED and not alone]
        others = [who for who in others if who[0] != name]
        basis = NAMED if name in _words_of(document, row) else INFERRED
        work.change(row, state | {ADDRESSEES: [*others, [name, basis, "", role]]})
    return work.store()


def _words_of(document: Document, row: Directive) -> str:
    """The words of a row and of the places that its addressees were read from."""
    places = [document.text_read[start:end] for start, end in row.places]
    return "\n".join([row.text, *places])


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day, or an interval, or only words; nothing clears it."""

    on: date | None = None
    every: str = ""
    words: str = ""


@transaction.atomic
def set_deadline(
    *, document: Document, seen: Seen, deadline: Deadline, by: User | None, now: datetime
) -> DeskAct | None:
    """Set by when rows are to be done. Without new words, those of the document stay."""
    work = Work(document, "deadline", by, now)
    clears = deadline == Deadline()
    for row in _requiring(work.take(seen)):
        due = {
            "due_on": deadline.on.isoformat() if deadline.on else None,
            "due_every": deadline.every,
            "due_words": "" if clears else deadline.words.strip() or row.due_words,
            "due_rule": "" if clears else BY_HAND,
        }
        state = state_of(row)
        if any(state[name] != due[name] for name in due if name != "due_rule"):
            work.change(row, state | due)
    return work.store()


def _requiring(rows: Sequence[Directive]) -> Sequence[Directive]:
    """The same rows. Raises Invalid if one requires nothing."""
    codes = [row.code for row in rows if row.statement]
    if codes:
        text = _("%(codes)s: not a directive. Make it a directive first.")
        raise Invalid(text % {"codes": join_words(codes)})
    return rows


# the reading of a row, and undo


@transaction.atomic
def correct_reading(
    *,
    document: Document,
    directive: Directive,
    correction: Correction,
    version: int,
    reason: str,
    by: User | None,
    now: datetime,
) -> DeskAct | None:
    """Correct a row as on its own page, so that it can be undone."""
    work = Work(document, "reading", by, now)
    (row,) = work.load([directive.pk])
    before = state_of(row)
    correct_directive(
        directive=row, correction=correction, version=version, by=by, now=now, reason=reason
    )
    (row,) = work.load([directive.pk])
    if (after := state_of(row)) == before:
        return None
    work.changes[row.pk] = before, after
    return work.keep()  # `correct_directive` recorded it


@transaction.atomic
def undo(*, document: Document, number: int, by: User | None, now: datetime) -> DeskAct:
    """Take back the latest act of a document that was not taken back.

    `number` is the act that the person saw. Raises Invalid if there is none or a later one, or if
    somebody changed its rows since.
    """
    work = Work(document, "undo", by, now)
    last = DeskAct.objects.filter(document=document, undone=False).order_by("-number").first()
    if last is None or last.number != number:
        raise Invalid(_("There is another act to undo by now. Look at the page again."))
    rows = work.load(map(int, last.after))
    states = {row.pk: state_of(row) for row in rows}
    for pk, after in last.after.items():
        state = states.get(int(pk))
        if state is None or any(state[name] != value for name, value in after.items()):
            raise Invalid(_("These rows were changed since; the act is not undone."))
    if any(ISSUED_AS.intersection(after) for after in last.after.values()):
        refuse_issued(rows)
    added = [row for row in rows if last.before[str(row.pk)] is None]
    for row in rows:
        if (before := last.before[str(row.pk)]) is not None:
            work.change(row, states[row.pk] | before)
    work.write()
    work.record()
    _remove(work, added)
    last.undone = True
    last.save(update_fields=["undone"])
    return last


def _remove(work: Work, added: Sequence[Directive]) -> None:
    """Delete the rows that an act added."""
    changes = [audit.Change(row, {"code": row.code, "text": row.text}) for row in added]
    audit.record_many("desk_remove", changes, by=work.by, now=work.now)
    Directive.objects.filter(pk__in=[row.pk for row in added]).delete()
