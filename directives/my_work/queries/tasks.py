"""The work of a user as a queue by due day, each task with its reason and next step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.clocks import Facts, Tolerances, clock_colour
from directives.base.states import ASSIGNED, AWAITING, DRAFT, GREEN, RED, RETURNED, YELLOW
from directives.base.workdays import Workdays
from directives.core.captions import Caption
from directives.core.transitions import facts_of
from directives.dashboard.queries.figures import obligations_url
from directives.models import Obligation, Organisation
from directives.my_work.queries.work import (
    DirectiveText,
    EntryLine,
    MeasureLine,
    PersonalWork,
    PlanLine,
    ReportLine,
    Returned,
    Title,
)
from directives.obligations.queries.filters import URGENCY, ObligationFilter
from directives.plans.queries.plan_page import measure_overdue
from directives.replies.queries.lines import request_line

MEASURES_AHEAD = 10  # working days before its due day on which a measure becomes a task
RETURNED_SHOWN = 5  # returned entries of one report that are tasks of their own
Kind = Literal["receipt", "plan", "report", "entry", "measure", "obligation", "sign", "reply"]


@dataclass(frozen=True, slots=True)
class Action:
    """The next step: a link, or with `fields` a form that is posted to the URL."""

    label: Caption
    url: str
    fields: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the queue.

    The colour is that of the clock of its most urgent obligation. A measure has no light: its
    colour is empty, and `overdue` says whether its due day has passed.
    """

    kind: Kind
    body: Organisation
    due_on: date | None
    colour: str
    action: Action
    code: str = ""
    url: str = ""  # of the code
    title: Caption = ""
    directive_text: DirectiveText | None = None  # text of the directive
    document: Title | None = None
    note: Caption = ""
    returned: Returned | None = None
    row: Obligation | None = None  # whose light and reason are shown
    done: int = 0
    total: int = 0
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """Today, with what is needed to work out clocks."""

    today: date
    workdays: Workdays
    tolerances: Tolerances

    def colour(self, clock: str, obligation_facts: Iterable[Facts]) -> str:
        """The colour of this clock for the most urgent of these obligations."""
        colours = (
            clock_colour(
                clock,
                facts,
                today=self.today,
                workdays=self.workdays,
                tolerances=self.tolerances,
            )
            for facts in obligation_facts
        )
        return min(colours, key=URGENCY.__getitem__, default=GREEN)

    def left(self, due_on: date) -> int:
        return self.workdays.between(self.today, due_on)


def queue(work: PersonalWork, days: Days) -> tuple[Task, ...]:
    """Every task of the user by due day; on the same day, red ones come first."""
    tasks = [
        *_receipts(work, days),
        *_plans(work, days),
        *_reports(work, days),
        *_returned(work, days),
        *_measures(work, days),
        *_replies(work, days),
        *_obligations(work),
    ]
    return tuple(
        sorted(
            tasks,
            key=lambda task: (
                task.due_on or date.max,
                URGENCY.get(task.colour, len(URGENCY)),
                task.kind,
                task.code,
            ),
        )
    )


def _by_document(rows: Iterable[Obligation]) -> dict[tuple[int, int], list[Obligation]]:
    """Group the rows by body and document."""
    grouped: dict[tuple[int, int], list[Obligation]] = {}
    for row in rows:
        grouped.setdefault((row.organisation_id, row.document_id), []).append(row)
    return grouped


def _title(row: Obligation) -> Title:
    document = row.document
    return Title(document.pk, document.title, document.title_hans, document.title_hant)


def _first(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _receipts(work: PersonalWork, days: Days) -> Iterator[Task]:
    assigned = (row for row in work.obligations if row.state == ASSIGNED)
    for (body, document), rows in _by_document(assigned).items():
        due = _first(row.acknowledge_by for row in rows)
        fields = (("all", 1), ("document", document), ("body", body))
        receive = Action(_("Acknowledge receipt"), reverse("acknowledge_many"), fields)
        rows_url = obligations_url(ObligationFilter(document=document, body=body, state=ASSIGNED))
        colour = days.colour("receipt", map(facts_of, rows))
        yield Task(
            "receipt",
            work.bodies[body],
            due,
            colour,
            receive if body in work.receives else Action(_("View"), rows_url),
            code=pgettext("task", "Acknowledgement"),
            url=rows_url,
            title=_("%(n)s directives to acknowledge") % {"n": len(rows)},
            document=_title(rows[0]),
            note=_("If a directive is not yours, dispute it on its page and give a reason."),
        )


def _plans(work: PersonalWork, days: Days) -> Iterator[Task]:
    plans = {(plan.body, plan.document): plan for plan in work.plans}
    for (body, document), rows in _by_document(filter(_owes_plan, work.obligations)).items():
        plan = plans.get((body, document))
        if plan is None or plan.state in (DRAFT, RETURNED):
            yield _plan(work.bodies[body], rows, days, plan)


def _owes_plan(row: Obligation) -> bool:
    return row.plan_due_on is not None or row.plan_returned


def _plan(
    body: Organisation, rows: Sequence[Obligation], days: Days, plan: PlanLine | None
) -> Task:
    due, document = _first(row.plan_due_on for row in rows), _title(rows[0])
    url = reverse("plan", args=[plan.pk]) if plan else reverse("plans")
    returned = plan.returned if plan and plan.state == RETURNED else None
    label = _("Revise") if returned else _("Continue writing") if plan else _("Write the plan")
    note = _("%(n)s measures so far") % {"n": len(plan.measures)} if plan else _("Not started")
    return Task(
        "plan",
        body,
        due,
        days.colour("plan", map(facts_of, rows)),
        Action(label, url),
        code=pgettext("task", "Plan"),
        url=url,
        title=plan.title if plan else _("Implementation plan"),
        document=document,
        note=note,
        returned=returned,
    )


def _reports(work: PersonalWork, days: Days) -> Iterator[Task]:
    rows_by_document = _by_document(
        row for row in work.obligations if row.report_due_on is not None
    )
    for report in work.reports:
        url, body = reverse("report", args=[report.pk]), work.bodies[report.body]
        if not report.begun:
            rows = rows_by_document.get((report.body, report.document.pk), [])
            note = _("%(n)s entries; drafts are made from the log") % {"n": len(rows)}
            colour = days.colour("report", (_facts_for_report(row, report.due_on) for row in rows))
            yield Task(
                "report",
                body,
                report.due_on,
                colour,
                Action(_("Start"), url),
                code=pgettext("task", "Report"),
                url=url,
                title=report.name,
                document=report.document,
                note=note,
                total=len(rows),
            )
        elif report.count(DRAFT, RETURNED):
            yield _report(report, body, url, days)


def _facts_for_report(row: Obligation, due_on: date) -> Facts:
    """The facts of an obligation as if this report were all that is due."""
    return replace(facts_of(row), report_due_on=due_on, report_returned=False)


def _facts_of_entries(report: ReportLine, *states: str) -> Iterator[Facts]:
    """The facts of the obligations of entries in these states."""
    return (entry.facts(report.due_on) for entry in report.entries if entry.state in states)


def _report(report: ReportLine, body: Organisation, url: str, days: Days) -> Task:
    facts = {
        "total": len(report.entries),
        "in": report.in_hand,
        "ready": report.ready,
        "missing": report.missing,
    }
    note = (
        _("%(total)s entries: %(in)s submitted, %(ready)s ready, %(missing)s to complete") % facts
    )
    label = pgettext("report", "Submit") if not report.missing else _("Continue")
    colour = days.colour("report", _facts_of_entries(report, DRAFT, RETURNED))
    return Task(
        "report",
        body,
        report.due_on,
        colour,
        Action(label, url),
        code=pgettext("task", "Report"),
        url=url,
        title=report.name,
        document=report.document,
        note=note,
        done=report.in_hand + report.ready,
        total=len(report.entries),
    )


def _returned(work: PersonalWork, days: Days) -> Iterator[Task]:
    for report in work.reports:
        returned_entries = [entry for entry in report.entries if entry.state == RETURNED]
        for entry in returned_entries[:RETURNED_SHOWN]:
            yield _entry(entry, report, work.bodies[report.body], days)


def _entry(entry: EntryLine, report: ReportLine, body: Organisation, days: Days) -> Task:
    url = f"{reverse('report', args=[report.pk])}#e-{entry.pk}"
    note = _("%(report)s; resubmit only this entry") % {"report": report.name}
    colour = days.colour("report", [entry.facts(report.due_on)])
    return Task(
        "entry",
        body,
        report.due_on,
        colour,
        Action(_("Revise this entry"), url),
        code=entry.code,
        url=url,
        directive_text=entry.directive,
        note=note,
        returned=entry.returned,
    )


def _measures(work: PersonalWork, days: Days) -> Iterator[Task]:
    for plan in work.plans:
        for measure in plan.measures:
            due = measure.due_on if measure.done_on is None else None
            if due and days.left(due) <= MEASURES_AHEAD:
                yield _measure(measure, work.bodies[plan.body], days)


def _measure(measure: MeasureLine, body: Organisation, days: Days) -> Task:
    done = Action(
        _("Mark as done"),
        reverse("measure_done", args=[measure.pk]),
        (("done", 1), ("version", measure.version)),
    )
    overdue = measure_overdue(measure, days.today)
    note = (
        _("Past its due date; not marked as done") if overdue else _("A measure of the plan is due")
    )
    return Task(
        "measure",
        body,
        measure.due_on,
        "",
        done if overdue else Action(_("Log progress"), "#quick"),
        code=measure.code or pgettext("task", "Measure"),
        url=f"{reverse('log')}?measure={measure.pk}",
        title=measure.text,
        note=note,
        overdue=overdue,
    )


def _replies(work: PersonalWork, days: Days) -> Iterator[Task]:
    """The inputs and instructions that are not replied to."""
    for request in work.requests:
        url = reverse("reply_request", args=[request.pk])
        line = request_line(request, today=days.today, workdays=days.workdays)
        returned = None
        if request.state == RETURNED:
            decided_by = str(request.decided_by) if request.decided_by else ""
            returned = Returned(request.reason, decided_by, request.decided_at)
        yield Task(
            "reply",
            work.bodies[request.organisation_id],
            request.due_on,
            line.colour,
            Action(pgettext("move", "Reply"), url),
            code=request.directive.code if request.directive else request.get_kind_display(),
            url=url,
            title=request.text,
            note=_("%(kind)s to reply to") % {"kind": request.get_kind_display()},
            returned=returned,
        )


def _obligations(work: PersonalWork) -> Iterator[Task]:
    """Obligations that are late, near due, behind or without activity.

    Missing plans and reports are tasks of their own.
    """
    for row in work.obligations:
        cause = row.light_code.partition("_")[0]
        if row.light not in (RED, YELLOW) or row.state == ASSIGNED:
            continue
        if cause not in ("completion", "behind", "silent"):
            continue
        url = reverse("obligation", args=[row.pk])
        is_completion = cause == "completion"
        yield Task(
            "obligation",
            work.bodies[row.organisation_id],
            row.due_on,
            row.light,
            Action(_("Open"), url) if is_completion else Action(_("Log progress"), "#quick"),
            code=row.directive.code,
            url=url,
            directive_text=DirectiveText(row.directive.text_hans, row.directive.text_hant),
            row=row,
        )


def to_sign(work: PersonalWork, days: Days) -> Iterator[Task]:
    """The plans and reports that wait for the user's signature."""
    yield from _plans_to_sign(work, days)
    yield from _reports_to_sign(work, days)


def _plans_to_sign(work: PersonalWork, days: Days) -> Iterator[Task]:
    rows_by_document = _by_document(filter(_owes_plan, work.obligations))
    for plan in work.plans:
        if plan.state == AWAITING and plan.body in work.signs:
            rows = rows_by_document.get((plan.body, plan.document), [])
            url = reverse("plan", args=[plan.pk])
            note = _("%(n)s measures so far") % {"n": len(plan.measures)}
            yield Task(
                "sign",
                work.bodies[plan.body],
                _first(row.plan_due_on for row in rows),
                days.colour("plan", map(facts_of, rows)),
                Action(_("Read and sign"), url),
                code=pgettext("task", "Plan"),
                url=url,
                title=plan.title,
                note=note,
                document=_title(rows[0]) if rows else None,
            )


def _reports_to_sign(work: PersonalWork, days: Days) -> Iterator[Task]:
    for report in work.reports:
        waiting = report.count(AWAITING)
        if waiting and report.body in work.signs:
            url = reverse("report", args=[report.pk])
            note = _("%(n)s of %(total)s entries for you to sign") % {
                "n": waiting,
                "total": len(report.entries),
            }
            colour = days.colour("report", _facts_of_entries(report, AWAITING))
            yield Task(
                "sign",
                work.bodies[report.body],
                report.due_on,
                colour,
                Action(_("Read and sign"), url),
                code=pgettext("task", "Report"),
                url=url,
                title=report.name,
                document=report.document,
                note=note,
            )
