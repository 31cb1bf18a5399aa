"""Opening a reporting cycle (填报周期)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid, NotAllowed
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
    PlannedCycle,
    ProgressReport,
    User,
)
from directives.models.obligations import ObligationQuerySet
from directives.models.scope import in_supervised
from directives.models.sql import insert
from directives.reports.commands.cycle_terms import CycleTerms, existing_terms, overlapping
from directives.tallies import counted, pending_delta

AT_ONCE = 5_000  # obligations up to which the request itself opens the cycle, not the worker
PART = 50  # organisations that are asked for a report at a time
OVERLAP = "overlap_confirmed"  # field: two cycles may be open at the same time
NO_SUCH_PERIOD = gettext_lazy("A year does not have that many of these periods.")


def demand_owner(document: Document, by: User | None) -> None:
    """Raise NotAllowed unless the user may open cycles of the document."""
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, "
                "or of one above it, open its cycles."
            )
        )


class NobodyOwes(Invalid):
    """No organisation has obligations that a cycle would ask about."""


def term_faults(
    terms: CycleTerms, others: Iterable[CycleTerms], *, overlap_confirmed: bool
) -> dict[str, list[str]]:
    """Every reason why such a cycle cannot be opened beside the others, by field."""
    others, errors = tuple(others), {}
    if not terms.exists:
        errors["number"] = [str(NO_SUCH_PERIOD)]
    elif terms.key in {other.key for other in others}:
        errors["number"] = [_("This document already has a reporting cycle for this period.")]
    if terms.due_on < terms.opens_on:
        errors["due_on"] = [_("The due date is before the start date.")]
    if not errors and not overlap_confirmed and (names := overlapping(terms, others)):
        text = _("It is open at the same time as: %(cycles)s. Confirm below to have both.")
        errors[OVERLAP] = [text % {"cycles": "、".join(names)}]
    return errors


def _reported(document: Document | None) -> ObligationQuerySet:
    """What the bodies report on in a new cycle: supporting ones give inputs when asked, instead."""
    return Obligation.objects.filter(document=document).reported(by_supporting=False)


def _obligations(document: Document, by: User | None) -> QuerySet[Obligation]:
    """The obligations that a cycle opened by this person asks about."""
    obligations = _reported(document)
    if by is None:
        return obligations
    return obligations.filter(in_supervised(by, "organisation"))


def _organisations(document: Document | None, by: User | None) -> QuerySet[Organisation]:
    """The organisations of these obligations, in tree order."""
    obligations = _reported(document).filter(organisation=OuterRef("pk"))
    organisations = Organisation.objects.filter(Exists(obligations)).order_by("path")
    if by is None:
        return organisations
    return organisations.filter(in_supervised(by, ""))


@counted()
def open_cycle(
    *,
    document: Document,
    year: int,
    period: str,
    number: int,
    opens_on: date,
    due_on: date,
    overlap_confirmed: bool = False,
    planned: PlannedCycle | None = None,
    by: User | None,
    now: datetime,
) -> Cycle:
    """Open a reporting cycle: create the reports, and start report clocks that do not run yet.

    `period` is a key of CYCLE_PERIODS, `number` which of the year. A supervisor opens it for the
    organisations below their own that have obligations; if there are many, the worker does so
    (`opening_job`). Without `by`, when the day of a `planned` one has come, every organisation that
    has obligations is asked. Raises NotAllowed, NobodyOwes, and Invalid if there is no such period,
    it has a cycle already, another one is open at the same time and this is not
    `overlap_confirmed`, or the due day is before the opening.
    """
    demand_owner(document, by)
    terms = CycleTerms(year, period, number, opens_on, due_on)
    others = existing_terms(document, besides=planned)
    if errors := term_faults(terms, others, overlap_confirmed=overlap_confirmed):
        raise Invalid(errors)
    cycle = Cycle(document=document, **asdict(terms), created_at=now, created_by=by)
    count = _request_all_reports(cycle, by=by, now=now)
    audit.record("open_cycle", cycle, by=by, now=now, after=asdict(terms) | {"reports": count})
    return cycle


def _request_all_reports(cycle: Cycle, *, by: User | None, now: datetime) -> int:
    """Store the cycle, and ask every organisation for its report or leave that to the worker.

    Returns the number of organisations. Raises Invalid if nobody has obligations.
    """
    document = cycle.document
    obligation_count = _obligations(document, by).order_by()[: AT_ONCE + 1].count()
    if not obligation_count:
        raise NobodyOwes(
            _(
                "No organisation below yours has obligations under this document; "
                "assign its directives first."
            )
        )
    cycle.save(force_insert=True)
    organisations = _organisations(document, by)
    if obligation_count > AT_ONCE:
        posts = [] if by is None else jobs.supervised_body_ids(by)
        parameters = {"cycle": cycle.pk, "posts": posts}
        total = organisations.count()
        jobs.start_job(
            "open_cycle", document=document, asked=parameters, total=total, by=by, now=now
        )
        return total
    rows = list(organisations)
    for start in range(0, len(rows), PART):
        _request_reports(cycle, rows[start : start + PART], by=by, now=now)
    return len(rows)


def _request_reports(
    cycle: Cycle, organisations: Sequence[Organisation], *, by: User | None, now: datetime
) -> None:
    """Ask these organisations for their reports: set the clocks, and tell their people."""
    reports = [
        ProgressReport(cycle=cycle, document=cycle.document, organisation=organisation)
        for organisation in organisations
    ]
    insert(ProgressReport, reports)
    for report in reports:
        pending_delta().count_mark(report.organisation_id, cycle.document_id, report.mark_key)
    without_clock = _reported(cycle.document).filter(
        organisation__in=organisations, report_due_on=None
    )
    without_clock = without_clock.select_related("organisation")
    fields = {"report_due_on": cycle.due_on}
    change_obligations(without_clock, fields, action="open_cycle", by=by, now=now)
    notices.notify_cycle_opened(cycle, reports, now=now)


def opening_job(cycle: Cycle) -> JobProgress | None:
    """The job by which the worker opens the rest of a cycle; None if there is nothing to do."""
    return JobProgress.objects.filter(
        kind="open_cycle", document=cycle.document_id, asked__cycle=cycle.pk, finished_at=None
    ).first()


def next_part(job: JobProgress) -> bool:
    """Ask the next organisations for their reports; returns whether more may follow."""
    cycle = Cycle.objects.select_related("document").get(pk=job.asked["cycle"])
    organisations = _organisations(job.document, job.by).filter(path__gt=job.reached)
    part = list(organisations[:PART])
    if part:
        reports = ProgressReport.objects.filter(cycle=cycle, organisation__in=part)
        with_report = set(reports.values_list("organisation_id", flat=True))
        without_report = [
            organisation for organisation in part if organisation.pk not in with_report
        ]
        _request_reports(cycle, without_report, by=job.by, now=JobRun.objects.as_of(job.at))
        job.made += len(without_report)
        job.done += len(part)
        job.reached = part[-1].path
    return len(part) == PART


ACT = jobs.in_parts(next_part)
