"""Work of many bodies, written set-wise.

Enough of it for an engine to have a reason to choose an index.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import uuid4

from django.db import connection

from directives import tallies
from directives.models import (
    Cycle,
    Directive,
    Document,
    Event,
    LogEntry,
    Measure,
    Notice,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    User,
)
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_member,
    make_section,
)
from tests.query_plans import analyze

LIGHTS = ("green", "green", "green", "yellow", "red", "undue")
CODES = {
    "green": "on_schedule",
    "yellow": "behind",
    "red": "report_overdue",
    "undue": "not_started",
}
WORDS = "已印发办法并组织实施，召开推进会三次，逐项明确责任单位和完成时限。"


@dataclass(frozen=True, slots=True)
class Crowd:
    """A tree of bodies that owe every directive of a document.

    With plans, a cycle's reports and their record.
    """

    root: Organisation
    branch: Organisation
    leaf: Organisation
    document: Document
    cycle: Cycle
    directives: list[Directive]
    supervisor: User
    staff: User
    writer: User
    row: Obligation  # of the leaf
    own: ProgressReport  # the leaf's
    handed: ProgressReport  # another's, handed in


_numbers = count(1)


def make_crowd(*, branches: int = 30, leaves: int = 20, directives: int = 12) -> Crowd:
    """So many branches of so many leaves, each owing so many directives.

    Half of the reports are handed in.
    """
    crowd = next(_numbers)
    root = make_body(f"R{crowd}", kind="centre")
    kin = [
        make_body(f"R{crowd}-{number:02}", parent=root, kind="committee", level="provincial")
        for number in range(branches)
    ]
    bodies = [
        make_body(f"R{crowd}-{n:02}-{m:02}", parent=parent, level="county")
        for n, parent in enumerate(kin)
        for m in range(leaves)
    ]
    document = make_document(fictional=True)
    sections = [make_section(document, number) for number in ("一", "二", "三")]
    asked = [
        make_directive(sections[number % 3], order=number, code=f"X{number:02}")
        for number in range(directives)
    ]
    supervisor = make_member(root, "supervisor", f"supervisor-{crowd}")
    staff, writer = (
        make_member(bodies[7], "staff", f"staff-{crowd}"),
        make_member(bodies[8], "manager", f"writer-{crowd}"),
    )
    _older_documents()
    rows = _obligations(document, asked, bodies)
    _plans(document, bodies, rows, writer)
    cycle = make_cycle(document)
    _reports(document, cycle, bodies, rows, writer)
    Notice.objects.bulk_create(
        Notice(user=user, kind="accepted", facts={}, url="/", at=NOW, read_at=NOW)
        for user in (staff, writer)
        for _n in range(300)
    )
    analyze()
    tallies.rebuild()
    analyze()
    root.refresh_from_db()
    branch, row = (
        Organisation.objects.get(pk=kin[1].pk),
        Obligation.objects.filter(organisation=bodies[7]).order_by("pk").first(),
    )
    own, handed = (ProgressReport.objects.get(organisation=body) for body in (bodies[7], bodies[9]))
    return Crowd(
        root, branch, bodies[7], document, cycle, asked, supervisor, staff, writer, row, own, handed
    )


def _older_documents() -> None:
    """Some documents that nobody works on any more."""
    for _number in range(3):
        make_directive(make_section(make_document()))


def _obligations(
    document: Document, asked: list[Directive], bodies: list[Organisation]
) -> list[Obligation]:
    rows = []
    for body in bodies:
        for directive in asked:
            light = LIGHTS[(body.pk * 7 + directive.pk * 3) % len(LIGHTS)]
            due = date(2026, 12, 31) + timedelta(days=(body.pk * directive.pk) % 200)
            rows.append(
                Obligation(
                    document=document,
                    section_id=directive.section_id,
                    directive=directive,
                    organisation=body,
                    state="underway",
                    percent=(body.pk + directive.pk) % 100,
                    issued_on=date(2026, 3, 2),
                    starts_on=date(2026, 3, 2),
                    due_on=due,
                    original_due_on=due,
                    light=light,
                    light_code=CODES[light],
                    light_on=due,
                    progress=WORDS,
                    light_changes_on=TODAY + timedelta(days=5),
                )
            )
    return Obligation.objects.bulk_create(rows, batch_size=500)


def _plans(
    document: Document, bodies: list[Organisation], rows: list[Obligation], by: User
) -> None:
    given = {
        "state": "accepted",
        "submitted_at": NOW,
        "submitted_by": by,
        "decided_at": NOW,
        "decided_by": by,
        "created_at": NOW,
    }
    plans = Plan.objects.bulk_create(
        Plan(document=document, organisation=body, title="实施方案", **given) for body in bodies
    )
    owner = {plan.organisation_id: plan for plan in plans}
    lines = (
        Measure(plan=owner[row.organisation_id], number=n, text="印发办法")
        for n, row in enumerate(rows)
    )
    measures = Measure.objects.bulk_create(lines, batch_size=500)
    serves = Measure.obligations.through
    pairs = zip(measures, rows, strict=True)
    serves.objects.bulk_create(
        (serves(measure=measure, obligation=row) for measure, row in pairs), batch_size=500
    )
    logs = (
        LogEntry(measure=measure, on=TODAY, text=WORDS, by=by, created_at=NOW)
        for measure in measures
    )
    LogEntry.objects.bulk_create(logs, batch_size=500)


def _reports(
    document: Document, cycle: Cycle, bodies: list[Organisation], rows: list[Obligation], by: User
) -> None:
    """Reports of the bodies: every second one is handed in; every entry has its events."""
    reports = {}
    for place, body in enumerate(bodies):
        handed_in = NOW if place % 2 else None
        reports[body.pk] = ProgressReport(
            cycle=cycle,
            document=document,
            organisation=body,
            begun_at=NOW,
            first_submitted_at=handed_in,
            waiting_since=handed_in,
        )
    ProgressReport.objects.bulk_create(reports.values(), batch_size=500)
    entries = []
    for row in rows:
        report = reports[row.organisation_id]
        given = (
            {"state": "submitted", "submitted_at": NOW, "submitted_by": by}
            if report.first_submitted_at
            else {}
        )
        entries.append(
            ReportEntry(report=report, obligation=row, progress=WORDS, percent=50, **given)
        )
    ReportEntry.objects.bulk_create(entries, batch_size=500)
    copies = (
        Submission(
            organisation_id=pk,
            document=document,
            report=report,
            number=1,
            content={"entries": []},
            submitted_at=NOW,
            submitted_by=by,
        )
        for pk, report in reports.items()
        if report.first_submitted_at
    )
    Submission.objects.bulk_create(copies, batch_size=500)
    events = (
        Event(
            at=NOW,
            by=by,
            action="save",
            subject_type="reportentry",
            subject_id=entry.pk,
            document_id=document.pk,
            organisation_id=entry.obligation.organisation_id,
            directive_id=entry.obligation.directive_id,
            obligation_id=entry.obligation_id,
            after={"key": str(uuid4())},
        )
        for entry in entries
    )
    Event.objects.bulk_create(events, batch_size=500)
    assert connection.in_atomic_block  # it is a test's, and goes with it
