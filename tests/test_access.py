"""Every address × every member of the cast × their own, child, sibling and parent body.

One that is not in the table fails.

The table says who sees a thing and who may act on it, in the words of the permission table,
independently of the code: whoever does not see it gets 404, whoever sees it but may not act gets
403, and the others get an answer. What is refused changes no row of any table, and neither does a
page that is only looked at; no form changes a thing that its sender does not see.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directives import urls
from directives.base.duties import AUDITOR, SECURITY
from directives.core import denials, jobs
from directives.documents.commands.slow_reading import Upload, start_reading
from directives.downloads.export_job import reach_of
from directives.models import (
    Attachment,
    Cycle,
    Directive,
    Document,
    Event,
    Export,
    Extension,
    FormKey,
    Intake,
    JobProgress,
    LogEntry,
    LookBack,
    Measure,
    Notice,
    Obligation,
    OpenSession,
    Organisation,
    Plan,
    ProgressReport,
    Repair,
    ReplyRequest,
    ReportEntry,
    Submission,
    User,
)
from tests.factories import (
    NOW,
    make_administrator,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_extension,
    make_indicator,
    make_input,
    make_log,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_planned_cycle,
    make_report,
    make_section,
    make_user,
)

# Beside the cast: `middle` supervises the body itself, `foreign` the top of another tree; `lead` is
# staff of a body beside the others that leads the directive which they support; `auditor`
# has that duty and no role, `security` is the security administrator alone, `bare` may enter the
# admin and has no permission there.
PEOPLE = (
    "staff",
    "manager",
    "supervisor",
    "viewer",
    "admin",
    "security",
    "bare",
    "auditor",
    "outsider",
    "stranger",
    "below",
    "middle",
    "foreign",
    "lead",
)
WHERE = ("own", "child", "sibling", "parent", "foreign")
PARTS = 12  # of the table: the world is made once for each
EVERYBODY = frozenset(PEOPLE)
NOBODY: frozenset[str] = frozenset()


def by_where(own="", child="", sibling="", parent="", foreign="") -> dict[str, frozenset[str]]:
    return {
        place: frozenset(names.split())
        for place, names in zip(WHERE, (own, child, sibling, parent, foreign), strict=True)
    }


# Who sees a thing, by whose it is.
HANDED_IN = by_where(
    "staff manager supervisor viewer middle",
    "below manager supervisor viewer middle",
    "stranger supervisor viewer",
    "supervisor viewer",
    "foreign",
)
# Of supporting bodies, the lead sees the log of the directive and what they were asked.
LED = {
    where: names | ({"lead"} if where in ("own", "child", "sibling") else set())
    for where, names in HANDED_IN.items()
}
INSIDE = by_where("staff manager", "below", "stranger")  # drafts and the work on them
ENTER_THE_ADMIN = frozenset({"admin", "security", "bare"})
NOWHERE = frozenset({"outsider", "auditor"})
IN_THE_REGISTER = dict.fromkeys(WHERE, EVERYBODY - NOWHERE)
# A document of the centre that all of its tree owe something under, and one of the other tree.
OBLIGED = {
    **dict.fromkeys(WHERE, EVERYBODY - NOWHERE - {"foreign"}),
    "foreign": ENTER_THE_ADMIN | {"foreign"},
}
ASKED = {place: names - ENTER_THE_ADMIN for place, names in OBLIGED.items()}
OVERSEERS = {
    **dict.fromkeys(WHERE, frozenset({"manager", "supervisor", "viewer", "middle"})),
    "foreign": frozenset({"foreign"}),
}
ALL = dict.fromkeys(WHERE, EVERYBODY)
# Who may act on it.
AUTHOR = by_where("staff")  # of an entry of the work log, in the body for which they work
STAFF_ONLY = by_where("staff", "below", "stranger")
ABOVE = by_where("supervisor", "supervisor middle", "supervisor", "", "foreign")
SIGNS = by_where("manager")
SETTLES = by_where("supervisor", "supervisor", "supervisor", "supervisor", "foreign")
# Of an instruction, for the bodies of their subtree
LEADERS = by_where(
    "manager supervisor middle",
    "manager supervisor middle",
    "supervisor",
    "supervisor",
    "foreign",
)
ASKERS = by_where("supervisor middle lead", foreign="foreign")
# Of bodies with others below; the manager of a body without a supervisor is in test_breaking_down.
DELEGATES = by_where("middle", parent="supervisor")
EXPORTERS = dict.fromkeys(WHERE, EVERYBODY - ENTER_THE_ADMIN - NOWHERE - {"viewer"})
SUPERVISORS = dict.fromkeys(WHERE, frozenset({"supervisor", "middle", "foreign"}))
OWNERS = by_where("supervisor", foreign="foreign")
ASKER = by_where("supervisor")  # of a long act
ADMINISTRATORS = dict.fromkeys(WHERE, frozenset({"admin"}))


@dataclass(frozen=True)
class Row:
    """One address.

    The thing it is about, who sees that, who may act (None: whoever sees), and what a form sends.
    """

    thing: str = ""  # "": no object
    sees: dict = field(default_factory=lambda: HANDED_IN)
    acts: dict | None = None
    post: dict | None = None
    args: Callable = lambda world: ()
    query: Callable = lambda world: {}  # of a page


def pk(world):
    return (world["pk"],)


MOVE = {"reason": "已核实"}
ENTRY = {"progress": "办了", "percent": "50"}
LATER = {"due_on": "2027-12-31", "reason": "需要更多时间"}
MEASURE = {"text": "印发办法"}
TABLE = {
    # lists and pages of one's own: what is in them is each list's own test
    **dict.fromkeys(
        (
            "my_work",
            "notices",
            "dashboard",
            "documents",
            "organisations",
            "obligations",
            "plans",
            "log",
            "reports",
        ),
        Row(sees=ALL),
    ),
    **dict.fromkeys(("events", "help", "lights"), Row(sees=ALL)),
    "set_script": Row(sees=ALL, post={"language": "en"}),
    **dict.fromkeys(("healthz", "readyz"), Row(sees=ALL)),
    "notices_read": Row(sees=ALL, post={}),
    # the sign-in
    **dict.fromkeys(("second_factor", "sessions"), Row(sees=ALL)),
    **dict.fromkeys(("session_stay", "sessions_end"), Row(sees=ALL, post={})),
    "session_end": Row("session", by_where("staff"), post={}, args=pk),
    # files taken away
    "exports": Row(sees=ALL),
    "export_new": Row(sees=ALL, acts=EXPORTERS),
    "export_ask": Row(sees=ALL, acts=EXPORTERS, post={"list": "ledger", "format": "xlsx"}),
    "export": Row("export", by_where("staff"), args=pk),
    "export_file": Row("export", by_where("staff"), args=pk),
    "export_cancel": Row("export", by_where("staff"), post={}, args=pk),
    "export_delete": Row("export", by_where("staff"), post={}, args=pk),
    "export_columns": Row(sees=ALL, acts=EXPORTERS, args=lambda w: ("ledger",)),
    "export_columns_save": Row(
        sees=ALL,
        acts=EXPORTERS,
        post={"column": ["number"], "paper": "a3"},
        args=lambda w: ("ledger",),
    ),
    "notice_open": Row("notice", by_where("staff"), post={}, args=pk),
    # documents
    "document_new": Row(sees=ALL, acts=SUPERVISORS),
    "document_preview": Row("reading", ASKER, args=pk),
    "document_register": Row(sees=ALL, acts=SUPERVISORS, post={}),
    "document": Row("document", OBLIGED, args=pk),
    **dict.fromkeys(
        ("document_correct", "document_again"), Row("document", OBLIGED, OWNERS, args=pk)
    ),
    **dict.fromkeys(
        ("document_correct_save", "document_read_anew", "document_withdraw"),
        Row("document", OBLIGED, OWNERS, {}, pk),
    ),
    "document_source": Row("document", OBLIGED, args=pk),
    "document_text": Row("document", OBLIGED, args=pk),
    "desk": Row("document", OBLIGED, OWNERS, args=pk),
    "desk_act": Row("document", OBLIGED, OWNERS, {}, pk),
    "desk_undo": Row("document", OBLIGED, OWNERS, {}, pk),
    "desk_row": Row("document", OBLIGED, OWNERS, args=lambda w: (w["pk"], w["directive"])),
    **dict.fromkeys(
        ("desk_row_save", "desk_row_text"),
        Row("document", OBLIGED, OWNERS, {}, lambda w: (w["pk"], w["directive"])),
    ),
    "matrix": Row("document", OBLIGED, args=pk),
    "repair_decide": Row(
        "document", OBLIGED, OWNERS, {"decision": "confirmed"}, lambda w: (w["pk"], w["repair"])
    ),
    "issue_choose": Row("document", OBLIGED, OWNERS, args=pk),
    "issue_as_said": Row("document", OBLIGED, OWNERS, args=pk),
    "issue_as_said_preview": Row("document", OBLIGED, OWNERS, args=pk),
    "issue_as_said_confirm": Row("document", OBLIGED, OWNERS, {}, pk),
    "issue_terms": Row("document", OBLIGED, OWNERS, args=pk),
    "issue_preview": Row("document", OBLIGED, OWNERS, args=pk),
    "issue_confirm": Row("document", OBLIGED, OWNERS, {}, pk),
    "job": Row("job", ASKER, args=pk),
    **dict.fromkeys(("job_go_on", "job_call_off"), Row("job", ASKER, None, {}, pk)),
    # statistics
    "statistics": Row(sees=ALL),
    "indicator": Row("indicator", ASKED, args=pk),
    "indicator_missing": Row("indicator", ASKED, OVERSEERS, args=pk),
    "figures": Row("organisation", IN_THE_REGISTER, INSIDE, args=pk),
    "figures_save": Row("organisation", IN_THE_REGISTER, INSIDE, {}, pk),
    "indicators": Row("document", OBLIGED, OWNERS, args=pk),
    "indicator_add": Row("document", OBLIGED, OWNERS, {}, pk),
    "indicator_edit": Row("indicator", OBLIGED, OWNERS, args=pk),
    "indicator_save": Row("indicator", OBLIGED, OWNERS, {}, pk),
    "indicator_move": Row("indicator", OBLIGED, OWNERS, {}, lambda w: (w["pk"], "end")),
    "cycle_new": Row("document", OBLIGED, OWNERS, args=pk),
    "cycle_open": Row("document", OBLIGED, OWNERS, {}, pk),
    "cycle_plan": Row("document", OBLIGED, OWNERS, args=pk),
    "cycle_plan_save": Row("document", OBLIGED, OWNERS, {}, pk),
    "planned_cycle": Row("planned_cycle", OBLIGED, OWNERS, args=pk),
    **dict.fromkeys(
        ("planned_cycle_save", "planned_cycle_delete", "planned_cycle_open"),
        Row("planned_cycle", OBLIGED, OWNERS, {}, pk),
    ),
    "directive": Row("directive", OBLIGED, args=pk),
    "directive_correct": Row("directive", OBLIGED, OWNERS, args=pk),
    "directive_correct_save": Row("directive", OBLIGED, OWNERS, {}, pk),
    "organisation": Row("organisation", IN_THE_REGISTER, args=pk),
    # inputs and instructions
    "reply_requests": Row(sees=ALL),
    "reply_request": Row("request", LED, args=pk),
    "reply_give": Row("request", LED, INSIDE, {"reply": "已办理"}, pk),
    "reply_decide": Row("request", LED, SETTLES, MOVE, lambda w: (w["pk"], "withdraw")),
    "instruct": Row(
        "obligation", HANDED_IN, LEADERS, args=lambda w: (), query=lambda w: {"obligation": w["pk"]}
    ),
    "instruct_save": Row("obligation", HANDED_IN, LEADERS, {}),
    "support": Row("directive", OBLIGED, args=pk),
    "support_ask": Row("directive", OBLIGED, ASKERS, {}, pk),
    # obligations
    "obligation": Row("obligation", args=pk),
    "obligation_move": Row(
        "obligation", HANDED_IN, STAFF_ONLY, MOVE, lambda w: (w["pk"], "acknowledge")
    ),
    "break_down": Row("obligation", HANDED_IN, DELEGATES, args=pk),
    "break_down_save": Row("obligation", HANDED_IN, DELEGATES, {}, pk),
    "breakdown": Row("obligation", args=pk),
    "part_release": Row("obligation", HANDED_IN, by_where(), {}, pk),  # none is one
    "look_backs": Row("document", OBLIGED, SUPERVISORS, args=pk),
    "look_back_rule": Row("document", OBLIGED, OWNERS, {"share": "20"}, pk),
    "look_back_open": Row("document", OBLIGED, SUPERVISORS, {}, pk),
    "look_back_result": Row("look_back", HANDED_IN, ABOVE, {}, lambda w: (w["pk"], "hold")),
    "hand_over": Row("obligation", HANDED_IN, ABOVE, args=pk),
    "hand_over_save": Row("obligation", HANDED_IN, ABOVE, {}, pk),
    "acknowledge_many": Row(sees=ALL, post={"obligations": []}),
    "item_state": Row(
        "obligation", HANDED_IN, INSIDE, {"state": "underway"}, lambda w: (w["pk"], w["item_state"])
    ),
    # extensions
    **dict.fromkeys(("extensions", "extension_new", "due_correct"), Row(sees=ALL)),
    "extension_ask": Row("obligation", HANDED_IN, INSIDE, LATER),
    "extension_decide": Row("extension", HANDED_IN, ABOVE, {"action": "grant_extension"}),
    "due_correct_save": Row("obligation", HANDED_IN, ABOVE, LATER),
    # plans
    "plan_start": Row("organisation", OBLIGED, INSIDE, {}),
    "plan": Row("plan", args=pk),
    "plan_paper": Row("plan", args=pk),
    "plan_save": Row("plan", HANDED_IN, INSIDE, {"title": "方案"}, pk),
    "plan_move": Row("plan", HANDED_IN, INSIDE, MOVE, lambda w: (w["pk"], "recall")),
    "plan_review": Row("plan", HANDED_IN, ABOVE, args=pk),
    "plan_decide": Row("plan", HANDED_IN, ABOVE, {"verdict": "accept"}, pk),
    "measure_add": Row("plan", HANDED_IN, INSIDE, MEASURE, pk),
    "measure_edit": Row("measure", HANDED_IN, INSIDE, args=pk),
    "measure_save": Row("measure", HANDED_IN, INSIDE, MEASURE, pk),
    "measure_delete": Row("measure", HANDED_IN, INSIDE, {}, pk),
    "measure_done": Row("measure", HANDED_IN, INSIDE, {"done_on": "2026-10-01"}, pk),
    "log_add": Row("measure", HANDED_IN, INSIDE, {"text": "办了", "on": "2026-10-01"}),
    "log_entry": Row("log", LED, args=pk),
    **dict.fromkeys(
        ("log_edit", "log_correct"),
        Row("log", LED, AUTHOR, {"text": "更正", "on": "2026-10-01"}, pk),
    ),
    "log_withdraw": Row("log", LED, AUTHOR, {}, pk),
    # tables brought in: one's own; the kind of this one is for administrators
    "intakes": Row(sees=ALL),
    "intake_new": Row(sees=ALL, acts=ADMINISTRATORS, args=lambda w: ("bodies",)),
    "intake_upload": Row(sees=ALL, acts=ADMINISTRATORS, post={}, args=lambda w: ("bodies",)),
    **dict.fromkeys(
        ("intake", "intake_columns", "intake_faults", "intake_marked"),
        Row("intake", by_where("admin"), args=pk),
    ),
    "intake_template": Row(sees=ALL, acts=ADMINISTRATORS, args=lambda w: ("bodies",)),
    **dict.fromkeys(
        ("intake_match", "intake_check", "intake_names", "intake_apply", "intake_discard"),
        Row("intake", by_where("admin"), None, {}, pk),
    ),
    "intake_choose": Row("intake", by_where("admin"), None, {"choice": "mine"}, pk),
    "intake_undo": Row("intake", by_where("admin"), None, {}, pk),
    # files
    "attachment": Row("file", args=pk),
    "attachment_add": Row("entry", HANDED_IN, INSIDE, {}),
    "attachment_remove": Row("file", HANDED_IN, INSIDE, {}, pk),
    # reports
    "report": Row("report", args=pk),
    "report_paper": Row("report", args=pk),
    "report_offline": Row("report", HANDED_IN, INSIDE, args=pk),
    "report_begin": Row("report", HANDED_IN, INSIDE, {}, pk),
    "report_redraft": Row("report", HANDED_IN, INSIDE, {}, pk),
    "report_unchanged": Row("report", HANDED_IN, INSIDE, {"reason": "无变化"}, pk),
    "report_hand_in": Row("report", HANDED_IN, INSIDE, {}, pk),
    "report_sign": Row("report", HANDED_IN, SIGNS, {"action": "sign"}, pk),
    "report_review": Row("report", HANDED_IN, ABOVE, args=pk),
    "report_decide": Row("report", HANDED_IN, ABOVE, {}, pk),
    **dict.fromkeys(("submission", "submission_paper"), Row("submission", args=pk)),
    "entry_save": Row("entry", HANDED_IN, INSIDE, ENTRY, pk),
    "entry_recall": Row("entry", HANDED_IN, INSIDE, {}, pk),
}
OF_NO_BODY = frozenset({"", "notice", "job", "reading", "export", "intake", "session"})
OF_A_DOCUMENT = frozenset({"document", "directive", "indicator", "planned_cycle"})
# Who took what away stands in the record.
READS_THAT_ARE_RECORDED = {"attachment", "document_source", "export_file", "report_offline"}
RECORD = {"directives_event", "directives_unsealed"}
WORK = {
    "obligation": Obligation,
    "extension": Extension,
    "plan": Plan,
    "measure": Measure,
    "report": ProgressReport,
    "entry": ReportEntry,
    "submission": Submission,
    "log": LogEntry,
    "file": Attachment,
    "request": ReplyRequest,
}
# An object that is named in the form, not in the address.
NAMED_IN_FORM = {
    "plan_start": lambda w: {"document": w["document"], "organisation": w["pk"]},
    "log_add": lambda w: {"measure": w["pk"]},
    "instruct_save": lambda w: {"obligation": w["pk"]},
    **dict.fromkeys(
        ("extension_ask", "extension_decide", "due_correct_save"), lambda w: {"pick": w["pk"]}
    ),
    "attachment_add": lambda w: {"parent": f"report_entry-{w['pk']}"},
}


@pytest.fixture
def people(cast):
    """Everybody of PEOPLE, by name."""
    beside = {
        "middle": make_member(cast.body, "supervisor", "middle"),
        "foreign": make_member(make_body("F000"), "supervisor", "foreign"),
        "security": make_administrator("security", SECURITY),
        "auditor": make_administrator("auditor", AUDITOR),
        "bare": make_user("bare", is_staff=True),
        "lead": make_member(make_body("L000", parent=cast.centre), "staff", "lead"),
    }
    return {name: beside.get(name) or getattr(cast, name) for name in PEOPLE}


def paper_of(top: Organisation) -> dict[str, int]:
    """A document that a body registered, with one of each thing that is of the document alone."""
    document = make_document(organisation=top)
    directive = make_directive(make_section(document), items=("制度",))
    repair = Repair.objects.create(
        document=document,
        order=0,
        kind="shifted",
        line=1,
        start=0,
        before="?",
        after="，",
        state="proposed",
    )
    cycle, indicator = make_cycle(document), make_indicator(document, top)
    return {
        "document": document.pk,
        "directive": directive.pk,
        "repair": repair.pk,
        "cycle": cycle.pk,
        "planned_cycle": make_planned_cycle(document).pk,
        "indicator": indicator.pk,
    }


def work_of(
    body: Organisation, paper: dict[str, int], by: User, *, asked_by: User
) -> dict[str, int]:
    """One of each thing for a body; filings are handed in, so that those above may see them.

    The body supports the directive, and the supervisor of the topmost body asks it for an input.
    """
    document, cycle = (
        Document.objects.get(pk=paper["document"]),
        Cycle.objects.get(pk=paper["cycle"]),
    )
    obligation = make_obligation(
        Directive.objects.get(pk=paper["directive"]),
        body,
        state="assigned",
        percent=0,
        part="supporting",
    )
    plan = make_plan(body, document, state="submitted", submitted_at=NOW, submitted_by=by)
    measure = make_measure(plan, obligation)
    report = make_report(body, cycle, obligation)
    report.entries.update(state="submitted", submitted_at=NOW, submitted_by=by)
    entry = ReportEntry.objects.get(report=report)
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
    handed = Submission.objects.create(plan=plan, **told)
    Submission.objects.create(report=report, **told)
    file = Attachment(
        report_entry=entry, name="佐证材料.txt", size=2, sha256="0" * 64, by=by, at=NOW
    )
    file.file.save("x.txt", ContentFile(b"ok"))
    asked = make_input(obligation, by=asked_by)
    Obligation.objects.filter(pk=obligation.pk).update(version=1)  # which the forms name
    return {
        "request": asked.pk,
        "organisation": body.pk,
        "obligation": obligation.pk,
        "extension": make_extension(obligation, by).pk,
        "plan": plan.pk,
        "measure": measure.pk,
        "report": report.pk,
        "entry": entry.pk,
        "submission": handed.pk,
        "log": make_log(measure, by).pk,
        "file": file.pk,
        "item_state": obligation.item_states.get().pk,
        "look_back": LookBack.objects.create(
            obligation=obligation, proposed_on=NOW.date(), opened_by=by, opened_at=NOW
        ).pk,
    }


@pytest.fixture
def world(cast, people):
    """One of each thing for each of the four bodies, and of the other tree.

    The other tree's document is its own.
    """
    notice = Notice.objects.create(
        user=cast.staff, kind="accepted", url="/", at=NOW, facts={"count": 1, "body": "x"}
    )
    export = Export(
        by=cast.staff,
        list="ledger",
        format="csv",
        language="zh-hans",
        asked_at=NOW,
        as_of=NOW,
        finished_at=timezone.now(),
    )
    export.reach, export.state, export.name = reach_of(cast.staff), "ready", "台账.csv"
    export.file.save("x.csv", ContentFile(b"ok"))
    paper, other = paper_of(cast.centre), paper_of(Organisation.objects.get(code="F000"))
    job = JobProgress.objects.create(
        kind="issue", document_id=paper["document"], by=cast.supervisor, at=NOW, total=3
    )
    reading = start_reading(
        upload=Upload("关于某事的意见\n一、健全制度\n各单位要开会。\n".encode(), "意见.txt"),
        by=cast.supervisor,
        now=NOW,
    )
    jobs.run("job", reading.pk)
    session = OpenSession.objects.create(key="elsewhere", user=cast.staff, began_at=NOW)
    intake = Intake.objects.create(
        kind="bodies",
        by=cast.admin,
        at=NOW,
        name="单位.csv",
        size=1,
        sha256="0",
        language="zh-hans",
        state="checked",
    )
    own = {
        "notice": notice.pk,
        "job": job.pk,
        "reading": reading.pk,
        "export": export.pk,
        "intake": intake.pk,
        "session": session.pk,
    }
    bodies = {"own": cast.body, "child": cast.child, "sibling": cast.sibling, "parent": cast.centre}
    make_obligation(
        Directive.objects.get(pk=paper["directive"]),
        Organisation.objects.get(code="L000"),
        part="lead",
    )
    things = {
        where: own | paper | work_of(body, paper, cast.staff, asked_by=cast.supervisor)
        for where, body in bodies.items()
    }
    far = make_body("F001", parent=Organisation.objects.get(code="F000"))
    foreign = work_of(far, other, make_member(far, "staff"), asked_by=people["foreign"])
    return things | {"foreign": own | other | foreign}


@pytest.fixture(scope="module")
def noting(django_db_setup, django_db_blocker) -> Iterator[None]:
    """SQLite notes by itself which rows of which tables are changed.

    It begins outside a transaction: as long as one lasts in which a table was made, SQLite reads
    the whole schema anew after each savepoint that is rolled back.
    """
    row_of = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE changed (name TEXT, number INTEGER)")
        noted = list(product(connection.introspection.table_names(), row_of.items()))
        for table, (action, row) in noted:
            note = f"INSERT INTO changed VALUES ('{table}', {row}.rowid)"
            cursor.execute(
                f'CREATE TEMP TRIGGER "{action}_{table}" AFTER {action} ON main."{table}" '
                f"BEGIN {note}; END"
            )
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, (action, _row) in noted:
            cursor.execute(f'DROP TRIGGER temp."{action}_{table}"')
        cursor.execute("DROP TABLE temp.changed")


@pytest.fixture
def changes(noting, world, monkeypatch) -> Callable[[], set[tuple[str, int]]]:
    """The rows of all tables, by table and row ID, that were changed since it was last asked.

    That a refusal is put on record is told in tests/core/test_denials.py; here it writes nothing
    else.
    """
    monkeypatch.setattr(denials, "record_refusal", lambda *arguments, **facts: None)

    def since() -> set[tuple[str, int]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT name, number FROM changed")
            found = set(cursor.fetchall())
            cursor.execute("DELETE FROM changed")
        return found

    return since


def expected(row: Row, name: str, where: str) -> str:
    if name not in row.sees[where]:
        return "404"
    return "answered" if row.acts is None or name in row.acts[where] else "403"


def outcome(status: int, *, post: bool) -> str:
    if status in (403, 404):
        return str(status)
    fine = {200, 204, 302, 409, 422} if post else {200, 302}
    return "answered" if status in fine else f"HTTP {status}"


def ask(
    client: Client, name: str, row: Row, world: dict, changes: Callable[[], set], **form: object
) -> tuple[int, set]:
    """The status of the answer, and the rows that were changed for it."""
    things = {**world, "pk": world.get(row.thing)}
    address = reverse(name, args=row.args(things))
    with transaction.atomic():
        changes()
        if row.post is None:
            answer = client.get(address, row.query(things))
        else:
            named = NAMED_IN_FORM.get(name, lambda w: {})(things)
            answer = client.post(
                address,
                {"idempotency_key": str(uuid4()), "version": "1", **row.post, **named, **form},
            )
        if answer.streaming:  # a file that is sent stays open until it is read
            assert b"".join(answer.streaming_content)
        changed = changes()
        transaction.set_rollback(True)  # each asks of the same world
    return answer.status_code, changed


def test_every_address_is_in_the_table():
    assert sorted(TABLE) == sorted(pattern.name for pattern in urls.urlpatterns)


@pytest.mark.once
@pytest.mark.usefixtures("refusals_drawn_once")
@pytest.mark.parametrize("part", range(PARTS))
def test_who_may(people, world, changes, sign_in, part):
    found, wanted, wrongly = {}, {}, {}
    clients = {person: sign_in(people[person]) for person in PEOPLE}
    for name, person in product(sorted(TABLE)[part::PARTS], PEOPLE):
        row = TABLE[name]
        reads = row.post is None
        places = (
            ("own",)
            if row.thing in OF_NO_BODY
            else ("own", "foreign")
            if row.thing in OF_A_DOCUMENT
            else WHERE
        )
        for where in places:
            status, changed = ask(clients[person], name, row, world[where], changes)
            wanted[name, person, where] = expected(row, person, where)
            found[name, person, where] = outcome(status, post=not reads)
            tables = {table for table, _number in changed}
            if status >= 400 or reads:
                taken = status < 400 and name in READS_THAT_ARE_RECORDED
                wrongly[name, person, where] = tables - (RECORD if taken else set())
    assert found == wanted
    assert {key: tables for key, tables in wrongly.items() if tables} == {}


def names_of(world: dict, where: str) -> dict[str, object]:
    """Every name by which a form of the product asks for a row.

    Each is filled in with what is of one place.
    """
    its = world[where]
    entry, obligation, indicator = its["entry"], its["obligation"], its["indicator"]
    return {
        "pick": [obligation],
        "to": [obligation],
        "obligations": [obligation],
        "obligation": obligation,
        "measure": its["measure"],
        "entry": [entry],
        f"verdict-{entry}": "accept",
        f"version-{entry}": "1",
        "rest": "accept",
        "parent": f"report_entry-{entry}",
        "document": its["document"],
        "directive": [its["directive"]],
        "organisation": its["organisation"],
        "body": [its["organisation"]],
        f"value-{indicator}": "7",
        "pk": its["organisation"],
        "into": its["organisation"],
    }


@pytest.mark.once
@pytest.mark.parametrize("person", ["staff", "manager", "supervisor", "middle"])
def test_no_form_changes_what_its_sender_does_not_see(people, world, changes, sign_in, person):
    """Each form, sent about a thing of one's own, names the things of others.

    It does so in every field that takes a row.
    """
    client, reached, stored = sign_in(people[person]), {}, 0
    unseen = [where for where in WHERE if person not in HANDED_IN[where]]
    own = next(where for where in WHERE if person in HANDED_IN[where])
    rows = {
        (model._meta.db_table, world[where][thing])
        for where in unseen
        for thing, model in WORK.items()
    }
    for (name, row), where in product(TABLE.items(), {unseen[0], unseen[-1]}):
        if row.post is None:
            continue
        status, changed = ask(client, name, row, world[own], changes, **names_of(world, where))
        stored += status < 400 and bool(changed)
        if changed & rows:
            reached[name, where] = changed & rows
    assert reached == {}
    assert stored > 5


@pytest.mark.once
@pytest.mark.parametrize("part", range(PARTS))
def test_reading_a_write_address_changes_nothing_and_leads_to_its_form(
    people, world, sign_in, part
):
    for name in sorted(name for name, row in TABLE.items() if row.post is not None)[part::PARTS]:
        row = TABLE[name]
        address = reverse(name, args=row.args({**world["own"], "pk": world["own"].get(row.thing)}))
        sees = row.sees["own"]
        may = sees & (row.acts or row.sees)["own"] or sees  # nobody, as things are there
        client, events = sign_in(people[min(may)]), Event.objects.count()
        answer = client.get(address)
        assert answer.status_code == 302, name
        # A measure that is handed in leads on to its plan.
        page = client.get(answer.url, follow=True)
        assert (page.status_code, page.headers["Content-Type"]) == (
            200,
            "text/html; charset=utf-8",
        ), name
        assert (Event.objects.count(), FormKey.objects.count()) == (events, 0), name
        assert client.put(address).status_code == 405, name


@pytest.mark.once
@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_enters_without_signing_in(world, part):
    for name in sorted(TABLE)[part::PARTS]:
        row = TABLE[name]
        address = reverse(name, args=row.args({**world["own"], "pk": world["own"].get(row.thing)}))
        answer = (
            Client().get(address)
            if row.post is None
            else Client().post(address, {"language": "en"})
        )
        if name in ("healthz", "readyz"):  # a proxy asks, and learns a word
            assert (answer.status_code, len(answer.content.split())) == (200, 1), name
            continue
        wanted = "/" if name == "set_script" else f"{reverse('account_login')}?next={address}"
        assert (answer.status_code, answer.url) == (302, wanted), name
