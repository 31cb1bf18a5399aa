"""Opening a reporting cycle (填报周期)."""

from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from directives import audit, notices
from directives.models import Cycle, Document, Obligation, ProgressReport, User
from directives.models.reports import PERIOD_NAMES
from directives.models.scope import any_of, inside
from directives.refusals import Invalid, NotAllowed
from directives.rules import may
from directives.states import REPORTABLE, SUPERVISOR
from directives.tallies import counted, gathering
from directives.transitions import change_obligations


def _check_period(document: Document, period: str, number: int, year: int, opens_on: date, due_on: date) -> None:
    """Raise everything that stands against such a cycle."""
    errors: dict[str, list[str]] = {}
    if (period, number) not in PERIOD_NAMES:
        errors["number"] = [_("There is no such period: a year has four quarters and two halves.")]
    elif Cycle.objects.filter(document=document, year=year, period=period, number=number).exists():
        errors["number"] = [_("This document already has a cycle for this period.")]
    if due_on < opens_on:
        errors["due_on"] = [_("The due day is before the opening day.")]
    if errors:
        raise Invalid(errors)


def _owing(document: Document, by: User | None) -> list[Obligation]:
    """The obligations that a cycle opened by this person asks about, with their bodies."""
    owing = Obligation.objects.filter(document=document, state__in=REPORTABLE)
    if by is not None:
        posts = by.in_role(SUPERVISOR)
        below = any_of(inside(m.organisation.path, "organisation__path") & ~Q(organisation=m.organisation_id) for m in posts)
        owing = owing.filter(below)
    return list(owing.select_related("organisation"))


@counted()
def open_cycle(
    *, document: Document, year: int, period: str, number: int, opens_on: date, due_on: date, by: User | None, now: datetime
) -> Cycle:
    """Open a reporting cycle: a report for every body that owes something, and the report clock where none runs yet.

    `period` is quarter, half or year, `number` which of them. A supervisor opens it for the bodies below their own.
    Raises NotAllowed, or Invalid: no such period, a cycle of that period exists, due before opening, nobody owes anything.
    """
    if not may(by, "issue"):
        raise NotAllowed(_("Reporting cycles are opened by supervisors."))
    _check_period(document, period, number, year, opens_on, due_on)
    owing = _owing(document, by)
    if not owing:
        raise Invalid(_("No body below yours owes anything under this document; assign its directives first."))
    cycle = Cycle.objects.create(
        document=document, year=year, period=period, number=number, opens_on=opens_on, due_on=due_on, created_at=now, created_by=by
    )
    bodies = {row.organisation_id: row.organisation for row in owing}
    reports = [ProgressReport(cycle=cycle, document=document, organisation=body) for body in bodies.values()]
    for report in ProgressReport.objects.bulk_create(reports, batch_size=500):
        gathering().point(report.organisation_id, document.pk, report.point)
    waiting = [row for row in owing if row.report_due_on is None]
    change_obligations(waiting, {"report_due_on": due_on}, action="open_cycle", by=by, now=now)
    after = {"year": year, "period": period, "number": number, "opens_on": opens_on, "due_on": due_on, "reports": len(reports)}
    audit.record("open_cycle", cycle, by=by, now=now, after=after)
    if by is not None:  # loaded by the system, as the sample is: nobody is waiting for a message
        notices.cycle_opened(cycle, reports, now=now)
    return cycle
