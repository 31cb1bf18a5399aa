"""Looking back at closed work (回头看): the rule of a document, what is opened, what is found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from secrets import token_hex
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import (
    CLOSED,
    LOOK_BACK_FAILS,
    LOOK_BACK_PLANNED,
)
from directives.core import audit, evidence
from directives.core.rules import may
from directives.core.transitions import change_within, move
from directives.models import Document, LookBack, LookBackRule, Obligation, User
from directives.models.sql import insert
from directives.obligations.commands.supervising import move_obligation
from directives.tallies import counted


@dataclass(frozen=True, slots=True)
class Rule:
    """What a person sets of a rule."""

    share: int = 10
    no_evidence: bool = True
    overdue: bool = True
    one_jump: bool = True
    excused: bool = True


@transaction.atomic
def save_rule(
    *, document: Document, rule: Rule, version: int, by: User | None, now: datetime
) -> LookBackRule:
    """Set by which rule look-backs of a document are proposed. A new rule has version 0.

    Raises NotAllowed, Invalid, or Stale with the rule as it is now.
    """
    if not may(by, "own", document):
        raise NotAllowed(_("Supervisors of the organisation that registered the document do this."))
    if not 0 <= rule.share <= 100:
        raise Invalid({"share": [_("The percentage is a whole number from 0 to 100.")]})
    values = asdict(rule)
    stored = LookBackRule.objects.filter(document=document).first()
    if version != (stored.version if stored else 0):
        raise Stale(theirs=stored)
    before = {name: getattr(stored, name) for name in values} if stored else {}
    if stored is None:
        try:
            stored = LookBackRule.objects.create(document=document, seed=token_hex(8), **values)
        except IntegrityError as error:
            raise Stale from error
    else:
        same = LookBackRule.objects.filter(pk=stored.pk, version=version)
        if not same.update(**values, version=version + 1):
            raise Stale
        stored.refresh_from_db()
    audit.record("look_back_rule", document, by=by, now=now, before=before, after=values)
    return stored


@counted()
def open_look_backs(
    *,
    obligations: Sequence[Obligation],
    why: Mapping[int, Collection[str]],
    draw: str,
    by: User,
    now: datetime,
) -> list[LookBack]:
    """Plan to look back at closed obligations. `why` are the reasons by id, `draw` the day's seed.

    The rows come with their organisation. Raises NotAllowed, IllegalMove, Invalid or Stale.
    """
    if not obligations:
        raise Invalid({"rows": [_("Select at least one row first.")]})
    for row in obligations:
        if not may(by, "oversee", row):
            raise NotAllowed(_("Closed work is looked back at by a supervisor above."))
        if row.state != CLOSED:
            raise IllegalMove(_("Only closed obligations are looked back at."))
        if row.looked_back == LOOK_BACK_PLANNED:
            raise IllegalMove(_("Some of these are planned already."))
    made = [
        LookBack(
            obligation=row,
            why=sorted(why.get(row.pk, ())),
            proposed_on=timezone.localdate(now),
            draw=draw,
            opened_by=by,
            opened_at=now,
        )
        for row in obligations
    ]
    fields = {"looked_back": LOOK_BACK_PLANNED}
    change_within(obligations, fields, action="open_look_back", by=by, now=now)
    insert(LookBack, made)
    return made


@counted()
def record_look_back(
    *,
    look_back: LookBack,
    action: str,
    reason: str,
    looked_on: date | None,
    files: Sequence["UploadedFile[Any]"] = (),
    version: int,
    by: User,
    now: datetime,
) -> LookBack:
    """Record what a look-back found, in words; what does not hold is reopened for that reason.

    `action` is a key of LOOK_BACK_MOVES. The look-back comes with its obligation, and that with
    organisation, directive and document. Raises NotAllowed, IllegalMove, Stale, or Invalid with
    every fault at once.
    """
    row = look_back.obligation
    if version != look_back.version:
        raise Stale(theirs=look_back)
    if may(by, "oversee", row) and (
        errors := _faults(reason, looked_on, files, timezone.localdate(now))
    ):
        raise Invalid(errors)
    changes = {"looked_on": looked_on}
    move(look_back, action, by=by, now=now, reason=reason, changes=changes)
    for upload in files:
        evidence.keep(look_back, upload, by=by, now=now)
    fields = {"looked_back": look_back.state}
    change_within([row], fields, action="looked_back", by=by, now=now)
    if look_back.state == LOOK_BACK_FAILS:
        move_obligation(obligation=row, action="reopen", by=by, now=now, reason=reason)
    return look_back


def _faults(
    reason: str, looked_on: date | None, files: Sequence["UploadedFile[Any]"], today: date
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not reason.strip():
        errors["reason"] = [_("Say what was found.")]
    if looked_on is None:
        errors["looked_on"] = [_("Enter the date.")]
    elif looked_on > today:
        errors["looked_on"] = [_("This date has not come yet; choose today or earlier.")]
    if file_faults := [fault for upload in files for fault in evidence.faults(upload)]:
        errors["files"] = file_faults
    return errors
