"""A small office in full swing on the real document.

Something of everything, made by the product's own commands.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from directives.core import relighting
from directives.core.transitions import move
from directives.models import (
    Directive,
    Document,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    User,
)
from directives.obligations.commands import issuing
from directives.plans import commands as planning
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing

MONTHS_AGO = timedelta(days=120)
LONG = (
    "召开主席办公会审议《重大事项报告办法（征求意见稿）》，书面征求各产业工会和省级工会意见，"
    "汇总修改后提交常委会会议审定并印发"
)


@dataclass(frozen=True, slots=True)
class World:
    """What the tests open. `fresh` has not been acknowledged, `entry` can still be written."""

    document: Document
    directive: Directive
    obligation: Obligation
    fresh: Obligation
    plan: Plan
    report: ProgressReport
    entry: ReportEntry
    submission: Submission
    body: Organisation


def build(document: Document) -> World:
    """Section 九 given to three bodies.

    全国总工会 has a plan in review, a log, and a report of which a part came back.
    """
    now = timezone.now()
    began, today = now - MONTHS_AGO, timezone.localdate(now)
    staff, manager, supervisor = (
        User.objects.get(username=name) for name in ("staff", "manager", "supervisor")
    )
    bodies = list(Organisation.objects.filter(code__in=("Q01", "Q02", "P11")))
    rows = assigned(document, bodies, supervisor, began, today)
    own = [row for row in rows if row.organisation.code == "Q01"]
    *kept, fresh = own
    for row in kept:
        move(row, "acknowledge", by=staff, now=began + timedelta(days=1))
        move(row, "start", by=staff, now=began + timedelta(days=2))
    plan = planned(document, kept, staff, manager, began + timedelta(days=3))
    report = reported(document, staff, manager, supervisor, now)
    relighting.tick(now=now, everything=True)
    return World(
        document=document,
        directive=kept[3].directive,
        obligation=kept[3],
        fresh=fresh,
        plan=plan,
        report=report,
        entry=report.entries.filter(state="draft").order_by("obligation__directive__order").last(),
        submission=Submission.objects.filter(report=report).get(),
        body=own[0].organisation,
    )


def assigned(
    document: Document, bodies: list[Organisation], by: User, began: datetime, today: date
) -> list[Obligation]:
    directives = list(
        document.directives.filter(section__number="九", statement=False).order_by("order")
    )
    plan_due_on = timezone.localdate(began) + timedelta(days=20)
    for part, due_on in (
        (directives[:2], today + timedelta(days=4)),
        (directives[2:], today + timedelta(days=150)),
    ):
        terms = issuing.Terms(
            deliverable="plan", plan_due_on=plan_due_on, due_on=due_on, first_leads=True
        )
        issuing.issue(
            document=document, directives=part, organisations=bodies, terms=terms, by=by, now=began
        )
    return list(
        Obligation.objects.select_related("organisation", "directive").order_by(
            "organisation", "directive__order"
        )
    )


def planned(
    document: Document, rows: list[Obligation], staff: User, manager: User, now: datetime
) -> Plan:
    plan = planning.start_plan(
        organisation=rows[0].organisation, document=document, by=staff, now=now
    )
    for number, row in enumerate(rows):
        due_on = timezone.localdate() + timedelta(days=5 + 20 * number)
        content = planning.MeasureContent(
            text=f"{LONG}（{number + 1}）",
            responsible="办公厅",
            due_on=due_on,
            result="办法",
            obligations=(row,),
        )
        measure = planning.add_measure(plan, content=content, by=staff, now=now)
        files = (
            [ContentFile("纪要".encode(), name="常委会会议纪要（第三次，定稿）.txt")]
            if number == 0
            else []
        )
        planning.log_work(
            measure, on=timezone.localdate(now), text=LONG, files=files, by=staff, now=now
        )
    plan.refresh_from_db()
    planning.move_plan(plan, "ask_signature", by=staff, now=now)
    plan.refresh_from_db()
    planning.move_plan(plan, "sign", by=manager, now=now)
    plan.refresh_from_db()
    return plan


def reported(
    document: Document, staff: User, manager: User, supervisor: User, now: datetime
) -> ProgressReport:
    """Five entries handed in: one of them returned, one accepted, three in review.

    The others are still drafts.
    """
    today = timezone.localdate(now)
    opening = {
        "year": today.year,
        "period": "quarter",
        "number": 1,
        "opens_on": today - timedelta(days=10),
        "due_on": today + timedelta(days=3),
    }
    cycle = reporting.open_cycle(
        document=document, by=supervisor, now=now - timedelta(days=10), **opening
    )
    report = reporting.begin(report=cycle.reports.get(organisation__code="Q01"), by=staff, now=now)
    entries = list(report.entries.order_by("obligation__directive__order"))
    for percent, entry in enumerate(entries[:5], 3):
        fields = EntryFields(LONG, "人手不足", "下一步组织培训", 10 * percent)
        reporting.save_entry(entry=entry, fields=fields, version=entry.version, by=staff, now=now)
    chosen = [entry.pk for entry in entries[:5]]
    reporting.hand_in(report=report, entries=chosen, by=staff, now=now)
    reporting.sign(report=report, entries=chosen, by=manager, now=now)
    decisions = {
        chosen[0]: reviewing.Decision(False, "请写明覆盖范围。"),
        chosen[1]: reviewing.Decision(True),
    }
    reviewing.decide(report=report, decisions=decisions, by=supervisor, now=now)
    return report
