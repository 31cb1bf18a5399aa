"""Later days of completion: asked for, granted or refused, and corrections of wrong ones (延期)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.base.states import OBLIGATION_ACTS, REQUESTED
from directives.base.wording import format_day
from directives.core import audit, notices
from directives.core.transitions import (
    change_obligations,
    demand_act,
    demand_state,
    lock_obligations,
    move,
)
from directives.models import Extension, Obligation, Organisation, User
from directives.models.sql import insert
from directives.tallies import counted

Versions = Mapping[int, int]  # the version that the user saw, by id of the row


def fault_of_asking(row: Obligation, asked_due_on: date | None, today: date) -> str:
    """Why this day cannot be asked for in place of the present one; empty if it can."""
    if row.due_on is None:
        return _("No completion date is set, so there is nothing to extend.")
    if row.due_on < today:
        text = _(
            "It was due on %(day)s. An extension is requested before that day has passed; now only"
            " a supervisor above can correct a wrong date."
        )
        return text % {"day": format_day(row.due_on, today)}
    if asked_due_on is not None and asked_due_on <= row.due_on:
        text = _("It is due on %(day)s; choose a later date.")
        return text % {"day": format_day(row.due_on, today)}
    return ""


def _demand(faults: Iterable[tuple[Obligation, str]], field: str = "pick") -> None:
    """Raise Invalid with the fault of each row; the codes say which rows, if there are several."""
    rows = list(faults)
    texts = [
        fault if len(rows) == 1 else _("%(word)s: %(why)s") % {"word": _label(row), "why": fault}
        for row, fault in rows
        if fault
    ]
    if texts:
        raise Invalid({field: texts})


def _label(row: Obligation) -> str:
    return f"{row.directive.code} {row.organisation.name_hans}"


@counted()
def ask_extension(
    *,
    obligations: Sequence[Obligation],
    due_on: date,
    reason: str,
    by: User | None,
    now: datetime,
) -> list[Extension]:
    """Ask for a later day of completion of one or several obligations.

    Raises NotAllowed, IllegalMove, or Invalid with the fault of each row: its day has passed, the
    new one is not later, or it waits for a decision already.
    """
    if not obligations:
        raise Invalid({"pick": [_("Select at least one row first.")]})
    rows = lock_obligations(row.pk for row in obligations)
    for row in rows:
        demand_act(row, "ask_extension", by=by, reason=reason)
    _demand_extendable(rows, due_on, timezone.localdate(now))
    requests = [
        Extension(
            obligation=row,
            old_due_on=day,
            asked_due_on=due_on,
            reason=reason.strip(),
            asked_by=by,
            asked_at=now,
        )
        for row in rows
        if (day := row.due_on) is not None
    ]
    insert(Extension, requests)
    changes = [
        audit.Change(extension, {"asked_due_on": extension.old_due_on}, {"asked_due_on": due_on})
        for extension in requests
    ]
    audit.record_many("ask_extension", changes, by=by, now=now, reason=reason.strip())
    _notify("extension_asked", rows, upwards=True, by=by, now=now, due=due_on, reason=reason)
    return requests


def _demand_extendable(rows: Sequence[Obligation], due_on: date, today: date) -> None:
    requests = Extension.objects.filter(obligation__in=rows, state=REQUESTED)
    waiting = set(requests.values_list("obligation", flat=True))
    twice = _("An extension was requested already and waits for a decision.")
    _demand(
        (row, twice if row.pk in waiting else fault_of_asking(row, due_on, today)) for row in rows
    )


@counted()
def decide_extensions(
    *,
    extensions: Sequence[Extension],
    action: str,
    versions: Versions,
    by: User | None,
    now: datetime,
    due_on: date | None = None,
    reason: str = "",
) -> list[Extension]:
    """Grant or refuse requests; `due_on` is the day granted, None the one asked for in each.

    Granting sets the day of the obligation and counts the extension; the original day stays.
    Raises NotAllowed, IllegalMove, Invalid (no reason to refuse, a day that has passed or is not
    later than the present one), or Stale.
    """
    if not extensions:
        raise Invalid({"pick": [_("Select at least one row first.")]})
    by_id = {
        row.pk: row for row in lock_obligations(extension.obligation_id for extension in extensions)
    }
    granted = []
    for extension in sorted(extensions, key=lambda request: request.pk):
        if versions.get(extension.pk, extension.version) != extension.version:
            raise Stale(theirs=extension)
        extension.obligation = by_id[extension.obligation_id]
        changes = {}
        if action == "grant_extension":
            demand_state(extension.obligation, OBLIGATION_ACTS["ask_extension"])
            changes = {"granted_due_on": due_on or extension.asked_due_on}
            granted.append((extension, changes["granted_due_on"]))
        move(extension, action, by=by, now=now, reason=reason, changes=changes)
    _extend(granted, by=by, now=now, reason=reason)
    _notify_decided(extensions, action, by=by, now=now, reason=reason)
    return list(extensions)


def _fault_of_day(row: Obligation, day: date, today: date) -> str:
    """Why the day of completion cannot be extended to this day; empty if it can."""
    if day < today:
        return _("This date has passed; choose today or later.")
    if row.due_on is not None and day <= row.due_on:
        text = _("It is due on %(day)s; choose a later date.")
        return text % {"day": format_day(row.due_on, today)}
    return ""


def _extend(
    granted: Sequence[tuple[Extension, date]], *, by: User | None, now: datetime, reason: str
) -> None:
    today = timezone.localdate(now)
    _demand(
        (
            (extension.obligation, _fault_of_day(extension.obligation, day, today))
            for extension, day in granted
        ),
        "due_on",
    )
    fields = {
        extension.obligation_id: {
            "due_on": day,
            "extensions_granted": extension.obligation.extensions_granted + 1,
        }
        for extension, day in granted
    }
    rows = [extension.obligation for extension, _day in granted]
    change_obligations(
        rows, None, changes_by_id=fields, action="extend", by=by, now=now, reason=reason.strip()
    )


@counted()
def correct_due(
    *,
    obligations: Sequence[Obligation],
    due_on: date,
    reason: str,
    versions: Versions,
    by: User | None,
    now: datetime,
) -> int:
    """Put a wrong day of completion right, also after it has passed. The original day stays.

    Returns how many rows changed. Raises NotAllowed, IllegalMove, Invalid (no reason, or a day
    before the directive was assigned), or Stale.
    """
    if not obligations:
        raise Invalid({"pick": [_("Select at least one row first.")]})
    rows = lock_obligations(row.pk for row in obligations)
    for row in rows:
        demand_act(row, "correct_due", by=by, reason=reason)
        if versions.get(row.pk, row.version) != row.version:
            raise Stale(theirs=row)
    _demand(((row, _fault_of_correction(row, due_on)) for row in rows), "due_on")
    changed = [row for row in rows if row.due_on != due_on]
    first = {row.pk: {"original_due_on": due_on} for row in changed if not row.original_due_on}
    change_obligations(
        changed,
        {"due_on": due_on},
        changes_by_id=first,
        action="correct_due",
        by=by,
        now=now,
        reason=reason.strip(),
    )
    _notify("due_corrected", changed, upwards=False, by=by, now=now, due=due_on, reason=reason)
    return len(changed)


def _fault_of_correction(row: Obligation, day: date) -> str:
    earliest = max(row.issued_on, row.starts_on)
    if day >= earliest:
        return ""
    return _("Choose %(day)s or later: the work does not begin before.") % {
        "day": format_day(earliest)
    }


def _notify(
    kind: str,
    rows: Sequence[Obligation],
    *,
    upwards: bool,
    by: User | None,
    now: datetime,
    due: date,
    reason: str,
) -> None:
    """One notice for each body and document, however many rows were changed together."""
    if by is None:
        return
    groups: dict[tuple[Organisation, int], list[Obligation]] = {}
    for row in rows:
        groups.setdefault((row.organisation, row.document_id), []).append(row)
    for group in groups.values():
        notices.notify_due(group, kind, upwards=upwards, due=due, reason=reason.strip(), now=now)


def _notify_decided(
    extensions: Sequence[Extension], action: str, *, by: User | None, now: datetime, reason: str
) -> None:
    days: dict[date, list[Obligation]] = {}
    for extension in extensions:
        days.setdefault(extension.granted_due_on or extension.asked_due_on, []).append(
            extension.obligation
        )
    kind = "extension_granted" if action == "grant_extension" else "extension_refused"
    for day, rows in days.items():
        _notify(kind, rows, upwards=False, by=by, now=now, due=day, reason=reason)
