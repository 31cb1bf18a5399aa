"""A small office in which there is something to do at every address."""

from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.utils import timezone

from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.downloads.export_job import reach_of
from directives.models import (
    Attachment,
    Document,
    Export,
    Intake,
    JobProgress,
    Notice,
    OpenSession,
    Organisation,
    ReportEntry,
    Submission,
    User,
)
from directives.models.jobs import STOPPED
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_indicator,
    make_log,
    make_measure,
    make_member,
    make_obligations,
    make_plan,
    make_report,
    make_user,
)

PAPER = """关于一件事的意见
一、健全制度
各单位要建立请示报告制度?联席会议制度，完善督促检查制度。要定期开会。
二、加强领导
党委要加强领导。各单位可以开展试点?工作。
责任编辑：某某
"""  # whoever saved the page lost two marks of it
OF_WHO_DRAFTS = (
    {"state": "assigned"},
    {"state": "acknowledged"},
    {"state": "underway"},
    {"state": "suspended"},
)
OF_WHO_HANDED_IN = (
    {"state": "disputed", "reason": "x"},
    {"state": "closing", "percent": 100},
    {"state": "closed", "closed_on": TODAY},
    {"state": "underway"},
)


@dataclass(frozen=True, slots=True)
class Office:
    """A body that drafts, one that has handed everything in, and the centre above both.

    `people` by what they are.
    """

    people: dict[str, User]
    document: Document


def make_office() -> Office:
    centre = make_body("C000", kind="centre")
    drafts, handed, below = make_body("Q01", parent=centre), make_body("Q02", parent=centre), None
    below = make_body("Q01A", parent=drafts, level="provincial")
    people = {
        "staff": make_member(drafts, "staff", "staff", email="staff@example.org"),
        "manager": make_member(drafts, "manager", "manager", email="manager@example.org"),
        "supervisor": make_member(
            centre, "supervisor", "supervisor", email="supervisor@example.org"
        ),
        "administrator": make_user("administrator", is_staff=True, is_superuser=True),
    }
    far = make_member(handed, "staff", "far", email="far@example.org")
    source = PAPER.encode()
    document = register_document(
        reading=read(source, name="意见.txt"),
        source=source,
        source_name="意见.txt",
        by=None,
        now=NOW,
    )
    directives = list(document.directives.filter(statement=False)[:4])
    given = [
        (directive, drafts, fields)
        for directive, fields in zip(directives, OF_WHO_DRAFTS, strict=True)
    ]
    given += [
        (directive, handed, fields)
        for directive, fields in zip(directives, OF_WHO_HANDED_IN, strict=True)
    ]
    given += [(directives[0], below, {"state": "underway"})]
    rows = make_obligations(given)
    cycle, _indicator = make_cycle(document), make_indicator(document, centre)
    _work(drafts, document, cycle, rows[:4], people["staff"], submitted=False)
    _work(handed, document, cycle, rows[4:8], far, submitted=True)
    for person in people.values():
        _belongings(person, document)
    return Office(people, document)


def _work(
    body: Organisation, document: Document, cycle, rows, by: User, *, submitted: bool
) -> None:
    state = {"state": "submitted", "submitted_at": NOW, "submitted_by": by} if submitted else {}
    plan = make_plan(body, document, **state)
    measure = make_measure(plan, *rows)
    make_log(measure, by)
    report = make_report(body, cycle, *rows)
    if submitted:
        report.entries.update(**state)
        content = {
            "organisation": body.name_hans,
            "entries": [],
            "measures": [],
            "plan": {},
            "cycle": {},
        }
        told = {
            "organisation": body,
            "document": document,
            "number": 1,
            "content": content,
            "submitted_at": NOW,
            "submitted_by": by,
        }
        Submission.objects.create(plan=plan, **told)
        Submission.objects.create(report=report, **told)
    file = Attachment(
        report_entry=ReportEntry.objects.filter(report=report).first(),
        name="佐证材料.txt",
        size=2,
        sha256="0" * 64,
        by=by,
        at=NOW,
    )
    file.file.save("x.txt", ContentFile(b"ok"))


def _belongings(person: User, document: Document) -> None:
    """What is a person's own: a notice, files, a session elsewhere, acts that have stopped."""
    Notice.objects.create(
        user=person, kind="accepted", url="/", at=NOW, facts={"count": 1, "body": "x"}
    )
    export = Export(
        by=person,
        list="ledger",
        format="csv",
        language="zh-hans",
        asked_at=NOW,
        as_of=NOW,
        finished_at=timezone.now(),
    )
    export.reach, export.state, export.name = reach_of(person), "ready", "台账.csv"
    export.file.save("x.csv", ContentFile(b"ok"))
    JobProgress.objects.create(
        kind="issue", document=document, by=person, at=NOW, total=3, state=STOPPED, fault="x"
    )
    OpenSession.objects.create(key=f"elsewhere-{person.pk}", user=person, began_at=NOW)
    Intake.objects.create(
        kind="bodies",
        by=person,
        at=NOW,
        name="单位.csv",
        size=1,
        sha256="0",
        language="zh-hans",
        state="checked",
    )
