"""Handing disputed obligations over to another organisation, which takes them in their place."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives import tallies
from directives.base.refusals import Invalid
from directives.base.states import DISPUTED, LEAD, LIVE
from directives.base.wording import join_words
from directives.base.workdays import Workdays
from directives.core import notices
from directives.core.transitions import lock_rows, move, relight
from directives.models import CalendarDay, Obligation, Organisation, User
from directives.obligations.commands.delegating import carry_down
from directives.obligations.commands.issuing import (
    acknowledgement_day,
    demand_issue,
    fault_of_organisation,
    store_assigned,
)

KEEP, ANEW = "keep", "anew"
DAYS = (
    (KEEP, gettext_lazy("Keep the dates")),
    (ANEW, gettext_lazy("Start the dates again from today")),
)


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of an obligation that go over with it."""

    starts_on: date
    plan_due_on: date | None
    due_on: date | None

    @property
    def fields(self) -> dict[str, Any]:
        names = ("starts_on", "plan_due_on", "due_on")
        return {name: getattr(self, name) for name in names} | {"original_due_on": self.due_on}


def dates_of(row: Obligation, days: str, *, today: date, workdays: Workdays) -> Dates:
    """The days that the next organisation gets: the same, or as many working days from today."""
    if days == KEEP:
        return Dates(row.starts_on, row.plan_due_on, row.due_on)

    def moved(day: date) -> date:
        return workdays.add(today, max(0, workdays.between(row.issued_on, day)))

    return Dates(
        moved(row.starts_on),
        moved(row.plan_due_on) if row.plan_due_on else None,
        moved(row.due_on) if row.due_on else None,
    )


@tallies.counted()
def hand_over(
    *,
    obligations: Sequence[Obligation],
    body: Organisation,
    days: str,
    reason: str,
    by: User | None,
    now: datetime,
    link: bool = False,
) -> list[Obligation]:
    """Withdraw disputed obligations, and assign their directives to another organisation instead.

    Part, deliverable and remarks go along; plans, measures and reports stay where they are. Each
    withdrawn row points to the one that takes its place. `days` is KEEP or ANEW; the deadline of
    acknowledgement is always a new one. A row that was withdrawn from the organisation before is
    assigned again. With `link`, one that it has already takes the place unchanged; without, that is
    refused. The rows are of one document, with organisation, directive and document loaded.

    Returns the rows that took the place of the others, in their order. Raises NotAllowed,
    IllegalMove, Stale, or Invalid with every fault at once.
    """
    today = timezone.localdate(now)
    demand_issue(body, by)
    rows = sorted(obligations, key=lambda row: row.pk)
    lock_rows(Obligation.objects.filter(pk__in=[row.pk for row in rows]))
    existing = _existing(rows, body)
    if faults := _faults(rows, body, days, existing, link=link, reason=reason, today=today):
        raise Invalid(faults)
    linked = {pk for pk, row in existing.items() if row.state in LIVE}
    targets = _targets(rows, body, days, existing, reason=reason, by=by, now=now)
    for row in rows:
        taken_by = targets[row.directive_id]
        changes = {"handed_to": taken_by, "acknowledge_by": None}
        move(row, "redirect", by=by, now=now, reason=reason, changes=changes)
        carry_down(row, "withdraw", by=by, now=now, reason=reason.strip())
    _notify(rows, [row for pk, row in targets.items() if pk not in linked], body, reason, by, now)
    return [targets[row.directive_id] for row in obligations]


def _notify(
    rows: Sequence[Obligation],
    assigned: Sequence[Obligation],
    body: Organisation,
    reason: str,
    by: User | None,
    now: datetime,
) -> None:
    """Notify each organisation that gave something up, and the one that has it now."""
    if by is None:
        return
    for giver, count in Counter(row.organisation for row in rows).items():
        notices.notify_redirected(giver, body, count=count, reason=reason, now=now)
    notices.notify_issued(document=rows[0].document, obligations=assigned, by=by, now=now)


def _existing(rows: Iterable[Obligation], body: Organisation) -> dict[int, Obligation]:
    """What the organisation has of these directives already, by directive."""
    rows_of_body = Obligation.objects.filter(
        directive__in={row.directive_id for row in rows}, organisation=body
    )
    in_order = rows_of_body.select_related("organisation", "directive", "document").order_by("pk")
    return {row.directive_id: row for row in in_order}


def _faults(
    rows: Sequence[Obligation],
    body: Organisation,
    days: str,
    existing: Mapping[int, Obligation],
    *,
    link: bool,
    reason: str,
    today: date,
) -> dict[str, list[str]]:
    """Every fault by field; empty if there is none."""
    faults: dict[str, list[str]] = {}
    if not rows:
        faults["rows"] = [_("Select at least one row first.")]
    if len({row.document_id for row in rows}) > 1:
        faults["rows"] = [_("Hand over the directives of one document at a time.")]
    if fault := fault_of_organisation(body, today):
        faults["body"] = [fault]
    if any(row.organisation_id == body.pk for row in rows):
        faults["body"] = [_("This organisation disputes it. Choose another one.")]
    elif taken := _taken(rows, existing, link=link):
        faults["body"] = [taken]
    if not reason.strip():
        faults["reason"] = [_("Give a reason: the recipient will act on it.")]
    if days == KEEP and (
        passed := _codes(row for row in rows if row.due_on and row.due_on < today)
    ):
        text = _("The due date of %(codes)s has passed. Start the dates again.")
        faults["days"] = [text % {"codes": passed}]
    return faults


def _taken(rows: Iterable[Obligation], existing: Mapping[int, Obligation], *, link: bool) -> str:
    """Why what the organisation has already stands in the way; empty if it does not."""
    owed = {pk: row for pk, row in existing.items() if row.state in LIVE}
    if disputed := _codes(
        row for row in rows if row.directive_id in owed and owed[row.directive_id].state == DISPUTED
    ):
        return _("The organisation disputes this itself: %(codes)s.") % {"codes": disputed}
    codes = _codes(row for row in rows if row.directive_id in owed)
    if not codes or link:
        return ""
    return _(
        "The organisation is already responsible for %(codes)s. Link to what it has, or choose"
        " another organisation."
    ) % {"codes": codes}


def _codes(rows: Iterable[Obligation]) -> str:
    return join_words(dict.fromkeys(row.directive.code for row in rows))


def _targets(
    rows: Sequence[Obligation],
    body: Organisation,
    days: str,
    existing: Mapping[int, Obligation],
    *,
    reason: str,
    by: User | None,
    now: datetime,
) -> dict[int, Obligation]:
    """The row that takes the place of the others, by directive; those that do not exist are made.

    If several organisations dispute the same directive, the terms are those of the lead.
    """
    today = timezone.localdate(now)
    workdays = CalendarDay.objects.workdays(today)
    models: dict[int, Obligation] = {}
    for row in sorted(rows, key=lambda row: (row.part != LEAD, row.pk)):
        models.setdefault(row.directive_id, row)
    targets, created = {}, []
    for pk, row in models.items():
        terms = _terms(row, days, today=today, workdays=workdays)
        if pk not in existing:
            created.append(_unsaved(row, body, terms, now))
            targets[pk] = created[-1]
            continue
        targets[pk] = existing[pk]
        if existing[pk].state not in LIVE:
            changes = terms | {"handed_to": None}
            move(existing[pk], "reinstate", by=by, now=now, reason=reason, changes=changes)
    for row in created:
        relight(row, today=today, workdays=workdays)
    store_assigned(created, by=by, now=now, origin_of=lambda made: _origin(made, rows))
    return targets


def _origin(made: Obligation, rows: Sequence[Obligation]) -> dict[str, Any]:
    return {"handed_from": [row.pk for row in rows if row.directive_id == made.directive_id]}


def _terms(row: Obligation, days: str, *, today: date, workdays: Workdays) -> dict[str, Any]:
    """What goes over with an obligation, as fields of the one that takes its place."""
    return {
        "part": row.part,
        "deliverable": row.deliverable,
        "note": row.note,
        "broken_from_id": row.broken_from_id,
        "owed_before": False,
        "asks": row.asks,
        "issued_on": today,
        "acknowledge_by": acknowledgement_day(today, workdays),
        **dates_of(row, days, today=today, workdays=workdays).fields,
    }


def _unsaved(
    row: Obligation, body: Organisation, terms: dict[str, Any], now: datetime
) -> Obligation:
    return Obligation(
        document=row.document,
        section_id=row.section_id,
        directive=row.directive,
        organisation=body,
        moved_at=now,
        **terms,
    )
