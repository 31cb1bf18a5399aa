"""Opening a reporting cycle (填报周期)."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed
from directives.base.states import REPORTABLE, SUPERVISOR
from directives.core import audit, jobs, notices
from directives.core.rules import may
from directives.core.transitions import change_obligations
from directives.models import (
    Cycle,
    Document,
    JobProgress,
    JobRun,
    Obligation,
    Organisation,
    ProgressReport,
    User,
)
from directives.models.reports import PERIOD_NAMES
from directives.models.scope import any_of, in_subtree
from directives.tallies import counted, pending_delta

AT_ONCE = 5_000  # obligations that are asked about while the supervisor waits; more are left to the worker
PART = 50  # bodies of one part


def _check_period(
    document: Document, period: str, number: int, year: int, opens_on: date, due_on: date
) -> None:
    """Raise everything that stands against such a cycle."""
    errors: dict[str, list[str]] = {}
    if (period, number) not in PERIOD_NAMES:
        errors["number"] = [_("There is no such period: a year has four quarters and two halves.")]
    elif Cycle.objects.filter(document=document, year=year, period=period, number=number).exists():
        errors["number"] = [_("This document already has a reporting cycle for this period.")]
    if due_on < opens_on:
        errors["due_on"] = [_("The due date is before the start date.")]
    if errors:
        raise Invalid(errors)


def _owing(document: Document, by: User | None) -> QuerySet[Obligation]:
    """The obligations that a cycle opened by this person asks about."""
    owing = Obligation.objects.filter(document=document, state__in=REPORTABLE)
    if by is None:
        return owing
    posts = by.in_role(SUPERVISOR)
    return owing.filter(
        any_of(
            in_subtree(m.organisation.path, "organisation__path")
            & ~Q(organisation=m.organisation_id)
            for m in posts
        )
    )


def _bodies(document: Document, by: User | None) -> QuerySet[Organisation]:
    """The bodies of these obligations, in the order of the tree."""
    owing = Obligation.objects.filter(
        organisation=OuterRef("pk"), document=document, state__in=REPORTABLE
    )
    bodies = Organisation.objects.filter(Exists(owing))
    if by is not None:
        bodies = bodies.filter(
            any_of(
                in_subtree(m.organisation.path, "path") & ~Q(pk=m.organisation_id)
                for m in by.in_role(SUPERVISOR)
            )
        )
    return bodies.order_by("path")


@counted()
def open_cycle(
    *,
    document: Document,
    year: int,
    period: str,
    number: int,
    opens_on: date,
    due_on: date,
    by: User | None,
    now: datetime,
) -> Cycle:
    """Open a reporting cycle: a report for every body that owes something, and the report clock where none runs yet.

    `period` is quarter, half or year, `number` which of them. A supervisor opens it for the bodies below their own; where
    much is owed the worker goes from body to body (`job_of`). Raises NotAllowed, or Invalid: no such period, a cycle of that
    period exists, due before opening, nobody owes anything.
    """
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one above it, open its cycles."
            )
        )
    _check_period(document, period, number, year, opens_on, due_on)
    owing = _owing(document, by).order_by()[: AT_ONCE + 1].count()
    if not owing:
        raise Invalid(
            _(
                "No organisation below yours has obligations under this document; assign its directives first."
            )
        )
    cycle = Cycle.objects.create(
        document=document,
        year=year,
        period=period,
        number=number,
        opens_on=opens_on,
        due_on=due_on,
        created_at=now,
        created_by=by,
    )
    bodies = _bodies(document, by)
    after = {
        "year": year,
        "period": period,
        "number": number,
        "opens_on": opens_on,
        "due_on": due_on,
    }
    if by is not None and owing > AT_ONCE:
        asked = {"cycle": cycle.pk, "posts": jobs.supervised_body_ids(by)}
        job = jobs.start_job(
            "open_cycle", document=document, asked=asked, total=bodies.count(), by=by, now=now
        )
        audit.record("open_cycle", cycle, by=by, now=now, after=after | {"reports": job.total})
        return cycle
    reports = []
    for batch in _batches(bodies):
        reports += _ask(cycle, batch, by=by, now=now)
    audit.record("open_cycle", cycle, by=by, now=now, after=after | {"reports": len(reports)})
    return cycle


def _batches(bodies: QuerySet[Organisation]) -> Iterator[list[Organisation]]:
    found = list(bodies)
    return (found[start : start + PART] for start in range(0, len(found), PART))


def _ask(
    cycle: Cycle, bodies: list[Organisation], *, by: User | None, now: datetime
) -> list[ProgressReport]:
    """Ask these bodies for their reports: set the clocks, and tell their people."""
    reports = [
        ProgressReport(cycle=cycle, document=cycle.document, organisation=body) for body in bodies
    ]
    for report in ProgressReport.objects.bulk_create(reports, batch_size=500):
        pending_delta().point(report.organisation_id, cycle.document_id, report.point)
    waiting = Obligation.objects.filter(
        document=cycle.document_id,
        organisation__in=bodies,
        state__in=REPORTABLE,
        report_due_on=None,
    ).select_related("organisation")
    change_obligations(
        waiting, {"report_due_on": cycle.due_on}, action="open_cycle", by=by, now=now
    )
    if by is not None:  # loaded by the system, as the sample is: nobody is waiting for a message
        notices.notify_cycle_opened(cycle, reports, now=now)
    return reports


def opening_job(cycle: Cycle) -> JobProgress | None:
    """What the worker has still to do for a cycle that was just opened; None where everything is done."""
    return JobProgress.objects.filter(
        kind="open_cycle", document=cycle.document_id, asked__cycle=cycle.pk, finished_at=None
    ).first()


def next_part(job: JobProgress) -> bool:
    """Ask the next bodies for their reports."""
    cycle = Cycle.objects.select_related("document").get(pk=job.asked["cycle"])
    bodies = list(_bodies(job.document, job.by).filter(path__gt=job.reached)[:PART])
    if bodies:
        asked = set(
            ProgressReport.objects.filter(cycle=cycle, organisation__in=bodies).values_list(
                "organisation_id", flat=True
            )
        )
        unasked = [body for body in bodies if body.pk not in asked]
        reports = _ask(cycle, unasked, by=job.by, now=JobRun.objects.as_of(job.at))
        job.made, job.done, job.reached = (
            job.made + len(reports),
            job.done + len(bodies),
            bodies[-1].path,
        )
    return len(bodies) == PART


ACT = jobs.in_parts(next_part)
