"""Reporting cycles that are planned ahead, and opened when their days come."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.core import audit
from directives.models import Cycle, Document, PlannedCycle, User
from directives.reports.commands.cycle_terms import CycleTerms, existing_terms
from directives.reports.commands.cycles import (
    OVERLAP,
    NobodyOwes,
    demand_owner,
    open_cycle,
    term_faults,
)


def _faults(
    terms: CycleTerms, others: Sequence[CycleTerms], *, today: date, overlap_confirmed: bool
) -> dict[str, list[str]]:
    """Why this cycle cannot be planned, by field."""
    errors = term_faults(terms, others, overlap_confirmed=overlap_confirmed)
    if terms.opens_on <= today:
        errors["opens_on"] = [_("This day has come already: open the cycle now instead.")]
    return errors


def _all_faults(
    document: Document, cycles: Sequence[CycleTerms], *, today: date, overlap_confirmed: bool
) -> dict[str, list[str]]:
    """Why these cycles cannot be planned together, each text with the name of its cycle."""
    others, errors = [*existing_terms(document)], dict[str, list[str]]()
    for terms in cycles:
        faults = _faults(terms, others, today=today, overlap_confirmed=overlap_confirmed)
        for field, texts in faults.items():
            errors.setdefault(field if field == OVERLAP else "__all__", []).extend(
                _("%(cycle)s: %(fault)s") % {"cycle": terms.name, "fault": text} for text in texts
            )
        others.append(terms)
    if not cycles:
        errors["__all__"] = [_("Choose at least one cycle.")]
    return errors


@transaction.atomic
def plan_cycles(
    *,
    document: Document,
    cycles: Sequence[CycleTerms],
    overlap_confirmed: bool = False,
    by: User | None,
    now: datetime,
) -> list[PlannedCycle]:
    """Store cycles that `open_planned` opens when their days come.

    Raises NotAllowed, and Invalid with the faults of all cycles, each with the name of its cycle.
    """
    demand_owner(document, by)
    today = timezone.localdate(now)
    errors = _all_faults(document, cycles, today=today, overlap_confirmed=overlap_confirmed)
    if errors:
        raise Invalid(errors)
    rows = [
        PlannedCycle(document=document, **asdict(terms), created_at=now, created_by=by)
        for terms in cycles
    ]
    for row in rows:
        row.save(force_insert=True)
        audit.record("plan_cycle", row, by=by, now=now, after=asdict(CycleTerms.of(row)))
    return rows


@transaction.atomic
def change_planned(
    *,
    planned: PlannedCycle,
    opens_on: date,
    due_on: date,
    overlap_confirmed: bool = False,
    version: int,
    by: User | None,
    now: datetime,
) -> PlannedCycle:
    """Change the days of a planned cycle. Raises NotAllowed, Invalid by field, or Stale."""
    demand_owner(planned.document, by)
    _lock(planned, version)
    terms = replace(CycleTerms.of(planned), opens_on=opens_on, due_on=due_on)
    others = existing_terms(planned.document, besides=planned)
    today = timezone.localdate(now)
    if errors := _faults(terms, others, today=today, overlap_confirmed=overlap_confirmed):
        raise Invalid(errors)
    before = {"opens_on": planned.opens_on, "due_on": planned.due_on}
    after = {"opens_on": opens_on, "due_on": due_on}
    _update(planned, version, **after)
    audit.record("change_cycle", planned, by=by, now=now, before=before, after=after)
    return planned


def _lock(planned: PlannedCycle, version: int) -> None:
    """Lock the row, so that nobody opens it meanwhile. Raises Stale if somebody already did."""
    rows = PlannedCycle.objects.waiting().select_for_update().filter(pk=planned.pk)
    if rows.values_list("version", flat=True).first() != version:
        raise Stale(theirs=PlannedCycle.objects.filter(pk=planned.pk).first())


def _update(planned: PlannedCycle, version: int, **fields: object) -> None:
    """Update a locked row."""
    PlannedCycle.objects.filter(pk=planned.pk).update(**fields, version=version + 1)
    for name, value in {**fields, "version": version + 1}.items():
        setattr(planned, name, value)


@transaction.atomic
def delete_planned(*, planned: PlannedCycle, version: int, by: User | None, now: datetime) -> None:
    """Delete a planned cycle. Raises NotAllowed, or Stale if it was opened or changed since."""
    demand_owner(planned.document, by)
    _lock(planned, version)
    audit.record("unplan_cycle", planned, by=by, now=now, before=asdict(CycleTerms.of(planned)))
    PlannedCycle.objects.filter(pk=planned.pk).delete()


@transaction.atomic
def open_now(*, planned: PlannedCycle, version: int, by: User | None, now: datetime) -> Cycle:
    """Open a planned cycle. Raises as `open_cycle` does, or Stale if it was opened meanwhile."""
    _lock(planned, version)
    opens_on = min(planned.opens_on, timezone.localdate(now))
    cycle = open_cycle(
        document=planned.document,
        **asdict(replace(CycleTerms.of(planned), opens_on=opens_on)),
        overlap_confirmed=True,  # when it was planned
        planned=planned,
        by=by,
        now=now,
    )
    _update(planned, version, cycle=cycle)
    return cycle


def open_planned(*, now: datetime) -> int:
    """Open the planned cycles whose day has come; returns how many.

    One that nobody owes a report for stays planned and is tried again the next day. Safe to run
    twice and by two workers: the second finds it opened.
    """
    opened = 0
    rows = PlannedCycle.objects.due_to_open(timezone.localdate(now))
    for planned in rows.select_related("document__organisation").order_by("pk"):
        try:
            open_now(planned=planned, version=planned.version, by=None, now=now)
        except (NobodyOwes, Stale):
            continue
        opened += 1
    return opened
