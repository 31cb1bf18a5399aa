"""Tables of every kind, as the pages bring them in: uploaded, matched, checked, applied, undone."""

import csv
import io
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile

from directives.base.states import ASSIGNED, CLOSED, EDITABLE, REPORTABLE, WITHDRAWN
from directives.catalogue.kinds import KINDS
from directives.models import (
    Document,
    Indicator,
    Intake,
    Measure,
    Obligation,
    Organisation,
    Owing,
    Plan,
    ProgressReport,
    User,
)
from directives.models.intakes import (
    APPLIED,
    APPLYING,
    CHECKED,
    CHECKING,
    UNDOING,
    UNDONE,
    UPLOADED,
)
from tests.walk.walker import NothingToDo, Walker

BUSY = (CHECKING, APPLYING, UNDOING)
Line = Sequence[object]


def bring(
    w: Walker, kind: str, by: User, heads: Sequence[str], lines: Sequence[Line], **place: int
) -> Intake:
    """Upload a table and have it checked. Some have an unknown heading and are matched by hand."""
    odd, fields = w.random.random() < 0.2, [field for field, _heading in heads]
    headings = [
        w.words() if odd and not place else heading for place, (_field, heading) in enumerate(heads)
    ]
    file = io.StringIO()
    csv.writer(file).writerows([headings, *lines])
    upload = SimpleUploadedFile("表.csv", file.getvalue().encode())
    if w.send("intake_upload", by, kind, file=upload, **place).status_code != 302:
        raise NothingToDo  # refused: nobody can bring such a table in now
    intake = settled(w, Intake.objects.filter(by=by).latest("pk"))
    if intake.state == UPLOADED:
        letters = {f"field-{chr(ord('A') + place)}": field for place, field in enumerate(fields)}
        w.send("intake_match", by, intake.pk, version=intake.version, **letters)
        intake = settled(w, intake)
    return intake


def settled(w: Walker, intake: Intake) -> Intake:
    """The intake, once the worker has done what is left to it."""
    intake.refresh_from_db()
    if intake.state in BUSY:
        w.work()
        intake.refresh_from_db()
    return intake


def apply(w: Walker, intake: Intake) -> Intake:
    """Apply a table that was checked; some are checked once more, some given up."""
    by = intake.by
    if w.random.random() < 0.1:
        w.send("intake_check", by, intake.pk, version=intake.version)
        intake = settled(w, intake)
    if intake.state != CHECKED or intake.counts.get("wrong") or w.random.random() < 0.1:
        w.send("intake_discard", by, intake.pk, version=intake.version)
        return intake
    w.send("intake_apply", by, intake.pk, version=intake.version)
    if settled(w, intake).state == APPLIED:
        w.tables[intake.kind, "apply"] += 1
        if not w.tables[intake.kind, "undo"] or w.random.random() < 0.5:
            undo(w, intake)
    return intake


def undo(w: Walker, intake: Intake) -> None:
    w.send("intake_undo", intake.by, intake.pk, version=intake.version)
    w.tables[intake.kind, "undo"] += settled(w, intake).state == UNDONE


def intake_undo(w: Walker) -> None:
    """One that was applied some time ago: what was built on it since may stand against it."""
    undo(w, w.pick(Intake.objects.filter(state=APPLIED, kind__in=KINDS).select_related("by")))


# the kinds


def bodies(w: Walker) -> None:
    """A new body, and another name, kind and parent for a known one."""
    new, known = (
        f"W{w.random.randint(0, 10**9)}",
        w.pick(Organisation.objects.exclude(pk=w.centre.pk)),
    )
    lines = [(new, w.words(), w.pick(Organisation.objects.filter(valid_to=None)).code, "其他")]
    parent = w.pick(Organisation.objects.exclude(path__startswith=known.path))
    lines.append(
        (known.code, w.words(), parent.code, w.random.choice(["群团组织", "其他", "军队"]))
    )
    heads = [
        ("code", "单位编码"),
        ("name_hans", "单位名称"),
        ("parent", "上级单位"),
        ("kind", "单位类别"),
    ]
    apply(w, bring(w, "bodies", w.admin, heads, lines))


def people(w: Walker) -> None:
    body = w.pick(Organisation.objects.filter(valid_to=None))
    heads = [("username", "用户名"), ("full_name", "姓名"), ("body", "所属单位"), ("role", "角色")]
    apply(
        w,
        bring(
            w,
            "people",
            w.admin,
            heads,
            [(f"p{w.random.randint(0, 10**9)}", "某某", body.code, "staff")],
        ),
    )


def calendar(w: Walker) -> None:
    """All lights are worked out anew behind it."""
    heads = [("day", "日期"), ("working", "安排"), ("name", "名称")]
    apply(w, bring(w, "calendar", w.admin, heads, [(w.day(400, 4000), "0", w.words())]))
    w.work()


def tasks(w: Walker) -> None:
    title = w.words()
    body = w.pick(Organisation.objects.exclude(parent=None))
    lead, stranger = body.name_hans, w.words()
    lines = [
        (
            title,
            "一、健全制度",
            "建立重大事项报告制度。",
            "请示报告制度、联席会议制度",
            lead,
            "印发办法",
        ),
        (title, "", "定期开会。", "", stranger, ""),
    ]
    heads = [
        ("document", "文件名称"),
        ("section", "部分"),
        ("text", "任务内容"),
        ("items", "分项"),
        ("leads", "牵头单位"),
        ("measures", "具体措施"),
    ]
    place = {"assign": "on"} if w.random.random() < 0.5 else {}
    intake = bring(w, "tasks", w.supervisor, heads, lines, **place)
    if intake.state == CHECKED and (not w.stored["intake_names"] or w.random.random() < 0.5):
        means = {"name-1": stranger, "means-1": body.code}
        w.send("intake_names", w.supervisor, intake.pk, version=intake.version, **means)
        intake = settled(w, intake)
    apply(w, intake)


def directives(w: Walker) -> None:
    document = w.pick(Document.objects.all())
    rows = w.some(document.directives.filter(statement=False), 3)
    heads = [("code", "条款编号"), ("cadence", "频次"), ("addressees", "责任主体")]
    lines = [(row.code, w.random.choice(["定期", "一次", ""]), w.words()) for row in rows]
    apply(w, bring(w, "directives", w.supervisor, heads, lines, document=document.pk))


LEDGER = [
    ("clause", "条款编号"),
    ("body", "责任单位"),
    ("due_on", "完成时限"),
    ("note", "备注"),
    ("id", "编号"),
    ("version", "版本"),
]


def obligations(w: Walker) -> None:
    """The ledger comes back with other terms, and with pairs that are assigned by it."""
    document = w.pick(Document.objects.filter(directives__statement=False).distinct())
    changeable = Obligation.objects.exclude(state__in=(CLOSED, WITHDRAWN)).filter(document=document)
    known = (
        w.some(changeable.select_related("directive", "organisation"), 4)
        if changeable.exists()
        else []
    )
    lines = [
        (row.directive.code, row.organisation.code, w.day(30, 300), w.words(), row.pk, row.version)
        for row in known
    ]
    for directive in w.some(document.directives.filter(statement=False), 3):
        body = w.pick(Organisation.objects.filter(valid_to=None).exclude(pk=w.centre.pk))
        if not Obligation.objects.filter(directive=directive, organisation=body).exists():
            lines.append((directive.code, body.code, w.day(1, 200), "", "", ""))
    apply(w, bring(w, "obligations", w.supervisor, LEDGER, lines, document=document.pk))


def conflict(w: Walker) -> None:
    """Two copies of a ledger come back one after the other.

    They have different words in the same rows.
    """
    document = w.pick(Document.objects.filter(obligations__state=ASSIGNED).distinct())
    rows = w.some(
        Obligation.objects.filter(document=document, state=ASSIGNED).select_related(
            "directive", "organisation"
        ),
        3,
    )
    first_lines, second_lines = (
        [
            (
                row.directive.code,
                row.organisation.code,
                row.due_on or "",
                w.words(),
                row.pk,
                row.version,
            )
            for row in rows
        ]
        for _table in "12"
    )
    first = bring(w, "obligations", w.supervisor, LEDGER, first_lines, document=document.pk)
    w.send("intake_apply", w.supervisor, first.pk, version=first.version)
    second = bring(w, "obligations", w.supervisor, LEDGER, second_lines, document=document.pk)
    if second.counts.get("conflict"):
        w.send(
            "intake_choose",
            w.supervisor,
            second.pk,
            version=second.version,
            choice=w.random.choice(["mine", "mine", "theirs"]),
        )
    apply(w, settled(w, second))


def _plan(w: Walker, **which: object) -> Plan:
    return w.pick(Plan.objects.filter(live=True, organisation__valid_to=None, **which).distinct())


def measures(w: Walker) -> None:
    plan = _plan(w, state__in=EDITABLE)
    owed = (
        Obligation.objects.live()
        .filter(organisation=plan.organisation_id, document=plan.document_id)
        .select_related("directive")
    )
    lines = [("", w.words(), w.some(owed, 2)[0].directive.code, "")]
    known = plan.measures.first()
    if known is not None:
        lines.append((known.pk, w.words(), w.some(owed, 2)[0].directive.code, known.version))
    heads = [("id", "编号"), ("text", "措施内容"), ("directives", "对应任务"), ("version", "版本")]
    place = {"document": plan.document_id, "organisation": plan.organisation_id}
    apply(w, bring(w, "measures", w.worker_of(plan.organisation_id), heads, lines, **place))


def log(w: Walker) -> None:
    plan = _plan(w, measures__isnull=False)
    measure = w.pick(Measure.objects.filter(plan=plan))
    heads, place = (
        [("measure", "措施序号"), ("on", "日期"), ("text", "工作内容")],
        {"document": plan.document_id},
    )
    lines = [(measure.number, w.day(-5, 0), w.words()), (measure.number, w.day(-5, 0), w.words())]
    apply(
        w,
        bring(
            w,
            "log",
            w.worker_of(plan.organisation_id),
            heads,
            lines,
            **place,
            organisation=plan.organisation_id,
        ),
    )


def entries(w: Walker) -> None:
    """Some of these reports are begun by the table."""
    report = w.pick(ProgressReport.objects.filter(completed_at=None, organisation__valid_to=None))
    owed = {
        "organisation": report.organisation_id,
        "document": report.document_id,
        "state__in": REPORTABLE,
    }
    rows = w.some(Obligation.objects.filter(**owed).select_related("directive"), 3)
    heads = [
        ("code", "条款编号"),
        ("progress", "进展情况"),
        ("percent", "完成比例"),
        ("problems", "存在问题"),
    ]
    lines = [
        (row.directive.code, w.words(), f"{w.random.randint(0, 100)}%", "有困难") for row in rows
    ]
    place = {"cycle": report.cycle_id, "organisation": report.organisation_id}
    apply(w, bring(w, "entries", w.worker_of(report.organisation_id), heads, lines, **place))


def own_ledger(w: Walker) -> None:
    """Staff bring back the ledger of their own organisation.

    Contacts, and words that go into its open report.
    """
    report = w.pick(ProgressReport.objects.filter(completed_at=None, organisation__valid_to=None))
    owed = Obligation.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    heads = [
        ("clause", "条款编号"),
        ("body", "责任单位"),
        ("contact", "责任人及电话"),
        ("progress", "进展情况"),
        ("percent", "完成比例"),
        ("id", "编号"),
        ("version", "版本"),
    ]
    lines = [
        (
            row.directive.code,
            row.organisation.code,
            w.words(),
            w.words(),
            f"{w.random.randint(0, 100)}%",
            row.pk,
            row.version,
        )
        for row in w.some(owed.select_related("directive", "organisation"), 3)
    ]
    apply(
        w,
        bring(
            w,
            "obligations",
            w.worker_of(report.organisation_id),
            heads,
            lines,
            document=report.document_id,
        ),
    )


def statistics(w: Walker) -> None:
    """Figures of years that are past, of several bodies."""
    indicator = w.pick(Indicator.objects.filter(ended_at=None))
    owing = w.some(
        Owing.objects.filter(document=indicator.document_id, count__gt=0).select_related(
            "organisation"
        ),
        3,
    )
    if not owing:
        raise NothingToDo
    part = {"quarter": "Q1", "half": "H1", "year": ""}[indicator.cadence]
    lines = [
        (
            indicator.code,
            owed.organisation.code,
            f"{w.random.randint(2019, 2025)}{part}",
            w.random.randint(0, 10**6),
        )
        for owed in owing
    ]
    heads = [
        ("indicator", "指标编码"),
        ("body", "单位编码"),
        ("period", "统计期"),
        ("value", "数值"),
    ]
    apply(w, bring(w, "statistics", w.supervisor, heads, lines, document=indicator.document_id))


OF_KINDS = {
    f"table of {step.__name__}": step
    for step in (
        bodies,
        people,
        calendar,
        tasks,
        directives,
        obligations,
        own_ledger,
        measures,
        log,
        entries,
        statistics,
    )
}
STEPS = OF_KINDS | {"intake_undo": intake_undo, "conflict": conflict}
