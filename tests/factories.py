"""Rows for tests, as plain functions.

Each makes the least that is legal, and takes what the test cares about.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from directives import tallies
from directives.base.duties import ADMINISTRATIVE, DUTIES
from directives.base.states import HANDED_IN
from directives.core.transitions import relight
from directives.models import (
    CalendarDay,
    Cycle,
    Directive,
    Document,
    Extension,
    Indicator,
    Item,
    ItemState,
    LogEntry,
    Measure,
    Membership,
    Obligation,
    Organisation,
    Plan,
    PlannedCycle,
    ProgressReport,
    ReplyRequest,
    ReportEntry,
    Section,
    User,
)
from directives.models.organisations import STEP
from directives.replies.commands.clock import set_reply_clocks

TODAY = date(2026, 10, 13)  # a Tuesday
NOW = datetime(2026, 10, 13, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
_numbers = count(1)


def make_body(code: str = "", *, parent: Organisation | None = None, **fields: Any) -> Organisation:
    code = code or f"B{next(_numbers):04}"
    fields = {
        "name_hans": f"单位{code}",
        "name_hant": f"單位{code}",
        "kind": "mass_organisation",
    } | fields
    return Organisation.objects.create(code=code, parent=parent, **fields)


def make_user(username: str = "", **fields: Any) -> User:
    username = username or f"user{next(_numbers)}"
    return User.objects.create_user(username, password=None, **({"full_name": username} | fields))


def make_administrator(username: str = "", *duties: str) -> User:
    """Somebody with these duties of the installation.

    Without any, with both administrative ones.
    """
    held = {DUTIES[key].field: True for key in duties or ADMINISTRATIVE}
    return make_user(
        username,
        is_staff=not {*held}.isdisjoint(DUTIES[key].field for key in ADMINISTRATIVE),
        **held,
    )


def make_member(body: Organisation, role: str, username: str = "", **fields: Any) -> User:
    """A person with one role in a body."""
    user = make_user(username, **fields)
    Membership.objects.create(user=user, organisation=body, role=role)
    return user


def make_document(**fields: Any) -> Document:
    """A document of the topmost body, as the system registers one."""
    number = next(_numbers)
    title = f"关于第{number}件事的意见"
    defaults = {
        "title": title,
        "title_hans": title,
        "title_hant": title,
        "script": "hans",
        "source": b"x",
        "source_name": "x.txt",
        "sha256": f"{number:064}",
        "text_read": "x",
        "text_repaired": "x",
        "registered_at": NOW,
    }
    if "organisation" not in fields:
        defaults["organisation"] = (
            Organisation.objects.filter(parent=None).order_by("-branch", "path").first()
        )
    return Document.objects.create(**(defaults | fields))


def make_section(document: Document | None = None, number: str = "一", **fields: Any) -> Section:
    document = document or make_document()
    order = fields.pop("order", next(_numbers))
    title = fields.pop("title", "健全制度")
    return Section.objects.create(
        document=document,
        number=number,
        order=order,
        title=title,
        title_hans=title,
        title_hant=title,
        **fields,
    )


def make_directive(
    section: Section | None = None, *, items: tuple[str, ...] = (), **fields: Any
) -> Directive:
    section = section or make_section()
    number = next(_numbers)
    text = fields.pop("text", f"各单位要办好第{number}件事。")
    defaults = {
        "code": f"{section.number}.1.{number}",
        "paragraph": 1,
        "sentence": number,
        "order": number,
        "text": text,
        "text_hans": text,
        "text_hant": text,
        "search_key": text,
        "kind": "institution",
        "modality": "要",
    }
    directive = Directive.objects.create(
        document=section.document, section=section, **(defaults | fields)
    )
    for place, name in enumerate(items, 1):
        Item.objects.create(
            directive=directive,
            number=place,
            name=name,
            name_hans=name,
            name_hant=name,
            start=0,
            end=1,
        )
    return directive


def make_obligation(
    directive: Directive | None = None, organisation: Organisation | None = None, **fields: Any
) -> Obligation:
    """An obligation that counts in the tallies, with the light of TODAY."""
    return make_obligations([(directive or make_directive(), organisation or make_body(), fields)])[
        0
    ]


def make_obligations(
    given: Iterable[tuple[Directive, Organisation, dict[str, Any]]],
) -> list[Obligation]:
    """Obligations that count in the tallies, with the light of TODAY.

    Each of its directive, body and other fields.
    """
    workdays = CalendarDay.objects.workdays(TODAY)
    rows = []
    for directive, organisation, fields in given:
        defaults = {
            "issued_on": date(2026, 3, 2),
            "starts_on": date(2026, 3, 2),
            "due_on": date(2026, 12, 31),
            "state": "underway",
            "percent": 80,
            "heard_on": TODAY,
        }
        fields = defaults | fields
        row = Obligation(
            document=directive.document,
            section=directive.section,
            directive=directive,
            organisation=organisation,
            **({"original_due_on": fields["due_on"]} | fields),
        )
        relight(row, today=TODAY, workdays=workdays)
        rows.append(row)
    Obligation.objects.bulk_create(rows)
    items = Item.objects.filter(directive__in={row.directive_id for row in rows})
    of_directive = defaultdict(list)
    for item in items:
        of_directive[item.directive_id].append(item)
    ItemState.objects.bulk_create(
        [
            ItemState(obligation=row, item=item)
            for row in rows
            for item in of_directive[row.directive_id]
        ]
    )
    tallies.count_new(rows)
    return rows


def make_extension(obligation: Obligation, by: User | None = None, **fields: Any) -> Extension:
    """A request that waits for a decision."""
    defaults = {
        "old_due_on": obligation.due_on,
        "asked_due_on": date(2027, 6, 30),
        "reason": "需要更多时间",
        "asked_by": by,
        "asked_at": NOW,
    }
    return Extension.objects.create(obligation=obligation, **(defaults | fields))


def make_plan(
    organisation: Organisation | None = None, document: Document | None = None, **fields: Any
) -> Plan:
    submitted = NOW if fields.get("state") in HANDED_IN else None
    defaults = {"title": "实施方案", "created_at": NOW, "submitted_at": submitted}
    plan = Plan.objects.create(
        organisation=organisation or make_body(),
        document=document or make_document(),
        **(defaults | fields),
    )
    if plan.mark_key:
        with tallies.counted():
            tallies.pending_delta().count_mark(
                plan.organisation_id, plan.document_id, plan.mark_key
            )
    return plan


def make_measure(plan: Plan | None = None, *obligations: Obligation, **fields: Any) -> Measure:
    measure = Measure.objects.create(
        plan=plan or make_plan(), **({"number": next(_numbers), "text": "印发办法"} | fields)
    )
    measure.obligations.set(obligations)
    return measure


def make_log(measure: Measure, by: User, **fields: Any) -> LogEntry:
    return LogEntry.objects.create(
        measure=measure, by=by, **({"on": TODAY, "text": "召开会议", "created_at": NOW} | fields)
    )


def make_cycle(document: Document | None = None, **fields: Any) -> Cycle:
    defaults = {
        "year": 2026,
        "period": "quarter",
        "number": 3,
        "opens_on": date(2026, 9, 17),
        "due_on": date(2026, 10, 15),
        "created_at": NOW,
    }
    return Cycle.objects.create(document=document or make_document(), **(defaults | fields))


def make_planned_cycle(document: Document | None = None, **fields: Any) -> PlannedCycle:
    defaults = {
        "year": 2030,
        "period": "month",
        "number": 3,
        "opens_on": date(2030, 3, 20),
        "due_on": date(2030, 4, 3),
        "created_at": NOW,
    }
    return PlannedCycle.objects.create(document=document or make_document(), **(defaults | fields))


def make_report(
    organisation: Organisation, cycle: Cycle, *obligations: Obligation, **fields: Any
) -> ProgressReport:
    """A begun report with a blank entry for each obligation."""
    report = ProgressReport.objects.create(
        organisation=organisation,
        cycle=cycle,
        document=cycle.document,
        **({"begun_at": NOW} | fields),
    )
    entries = ReportEntry.objects.bulk_create(
        [ReportEntry(report=report, obligation=row) for row in obligations]
    )
    with tallies.counted():
        delta = tallies.pending_delta()
        for entry in entries:
            delta.count_mark(report.organisation_id, report.document_id, entry.mark_key)
        delta.count_mark(report.organisation_id, report.document_id, report.mark_key)
    return report


def make_input(obligation: Obligation, *, by: User, **fields: Any) -> ReplyRequest:
    """An input that a supervisor of the topmost body asks for, with the clock that it sets."""
    top = Organisation.objects.get(path=obligation.organisation.path[:STEP])
    request = ReplyRequest.objects.create(
        obligation=obligation,
        document=obligation.document,
        directive=obligation.directive,
        organisation=obligation.organisation,
        asked_by=by,
        **{
            "kind": "input",
            "text": "请提供配合材料",
            "due_on": date(2026, 11, 20),
            "asked_at": NOW,
            "asking_body": top,
            "asked_as": "supervisor",
            **fields,
        },
    )
    with tallies.counted():
        set_reply_clocks([obligation], by=None, now=NOW)
    return request


def make_indicator(document: Document, organisation: Organisation, **fields: Any) -> Indicator:
    """An indicator that is asked of the bodies at and below this one.

    Of those that owe something under the document.
    """
    number = next(_numbers)
    defaults = {
        "code": f"ZB-{number}",
        "name_hans": f"第{number}项人数",
        "name_hant": f"第{number}項人數",
        "unit": "人",
        "order": number,
    }
    return Indicator.objects.create(
        document=document, organisation=organisation, **(defaults | fields)
    )
