"""Steps of supervisors, administrators and time.

Documents, assignments, indicators, exports, bodies.
"""

from collections.abc import Mapping, Sequence
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from directives.base.states import ASSIGNED, LIVE
from directives.documents.forms import packed
from directives.indicators.commands import Period
from directives.models import (
    Addressee,
    Directive,
    Document,
    Export,
    Figure,
    Indicator,
    JobProgress,
    ListChoice,
    Obligation,
    OpenSession,
    Organisation,
    Owing,
    Repair,
)
from directives.models.exports import UNFINISHED
from directives.models.jobs import STOPPED
from directives.models.jobs import UNFINISHED as UNDER_WAY
from directives.models.organisations import KINDS as BODY_KINDS
from directives.obligations.commands import bulk_issuing
from directives.obligations.forms.as_said import MEANS
from directives.obligations.forms.issuing import Draft
from directives.reports import commands as reporting
from tests.walk.tables import bodies
from tests.walk.walker import WHY, NothingToDo, Walker
from tests.walk.working import EXISTING, break_down, cycle_open, may_be_broken_down

PAPER = """关于第{number}项工作的意见
一、健全制度
各单位要建立请示报告制度?联席会议制度，完善督促检查制度。要定期开会。
二、加强领导
党委要加强领导。各单位可以开展试点?工作。
责任编辑：某某
"""  # whoever saved the page lost two marks of it
CADENCES = ("quarter", "half", "year")


def document_register(w: Walker) -> None:
    source = PAPER.format(number=w.random.randint(1, 10**9)).encode()
    fields = {"source": packed(source), "source_name": "意见.txt", "title": "关于某项工作的意见"}
    w.send("document_register", w.supervisor, **fields, again="on")


def document_correct_save(w: Walker) -> None:
    """Its title, number and so on; what stands in an empty field is taken away."""
    document = w.pick(Document.objects.all())
    form = {
        "title": w.words(),
        "number": w.random.choice(["", document.number]),
        "issuer": w.random.choice([document.issuer, "中华全国总工会"]),
        "issued_on": w.random.choice(["", w.day(-400, 0)]),
        "recipients": document.recipients,
        "annexes": document.annexes,
    }
    w.send("document_correct_save", w.supervisor, document.pk, version=document.version, **form)


def _unused_document(w: Walker) -> Document:
    """A document with a text on which nothing rests; one is registered if there is none."""
    texts = Document.objects.filter(source_name__endswith=".txt")
    unused = texts.filter(obligations=None, plans=None, cycles=None, indicators=None)
    if not unused.exists():
        document_register(w)
    return w.pick(unused)


def document_read_anew(w: Walker) -> None:
    document = _unused_document(w)
    lost = document.directives.exclude(version=1).count()
    w.send("document_read_anew", w.supervisor, document.pk, lost=lost, version=document.version)


def document_withdraw(w: Walker) -> None:
    """Another one is registered in its stead: other steps need documents."""
    document_register(w)
    document = _unused_document(w)
    w.send("document_withdraw", w.supervisor, document.pk, reason=WHY, version=document.version)


def repair_decide(w: Walker) -> None:
    repair = w.pick(Repair.objects.filter(state="proposed"))
    form = {
        "decision": w.random.choice(["confirm", "refuse"]),
        "reads": "、",
        "who": "周启明",
        "why": WHY,
    }
    w.send(
        "repair_decide", w.supervisor, repair.document_id, repair.pk, version=repair.version, **form
    )


def directive_correct_save(w: Walker) -> None:
    """A few are found to ask nothing of anybody, where nobody owes them."""
    directive, statement = w.pick(Directive.objects.all()), {}
    if w.random.random() < 0.1 and not directive.obligations.filter(state__in=LIVE).exists():
        statement = {"statement": "on"}
    form = {
        "kind": w.random.choice(["resource", "pilot", "evaluation"]),
        "modality": "要",
        "cadence": w.random.choice(["", "once"]),
    }
    rows = {
        "who-TOTAL_FORMS": 1,
        "who-INITIAL_FORMS": 1,
        "who-0-name": w.words(),
        "who-0-basis": "named",
        "who-0-source": "",
    }
    sent = {**form, **statement, **rows, "reason": WHY, "version": directive.version}
    w.send("directive_correct_save", w.supervisor, directive.pk, **sent)


def desk_act(w: Walker) -> None:
    """Rows are marked as read or changed at the desk; the last act is undone now and then."""
    document = w.pick(Document.objects.filter(directives__statement=False).distinct())
    rows = w.some(document.directives.filter(dropped=False, obligations=None), 2)
    form = {"act": w.random.choice(["read", "unread", "drop", "heading", "merge", "body"])}
    keys = [f"{row.pk}:{row.version}" for row in rows]
    w.send("desk_act", w.supervisor, document.pk, row=keys, name="市教育局", **form)
    last = document.desk_acts.filter(undone=False).order_by("-number").first()
    if last and (not w.stored["desk_undo"] or w.random.random() < 0.5):
        w.send("desk_undo", w.supervisor, document.pk, version=last.number)


def desk_row(w: Walker) -> None:
    """One row is cut, worded or read anew at the desk, or another one added behind it."""
    row = w.pick(Directive.objects.filter(dropped=False, statement=False, obligations=None))
    args = (row.document_id, row.pk)
    form = {"kind": "pilot", "modality": "要", "cadence": "", "reason": WHY}
    form |= {"who-TOTAL_FORMS": "0", "who-INITIAL_FORMS": "0", "version": str(row.version)}
    if w.random.random() < 0.5:
        w.send("desk_row_save", w.supervisor, *args, **form)
        return
    act, half = w.random.choice(["words", "split", "items", "add"]), len(row.text) // 2
    text = {
        "words": row.text.replace("要", "应", 1),
        "split": f"{row.text[:half]}\n{row.text[half:]}",
        "items": row.text[:4],
        "add": w.words(),
    }[act]
    w.send("desk_row_text", w.supervisor, *args, act=act, text=text, version=row.version)


def issue_confirm(w: Walker) -> None:
    """In three steps; some assignments are so large that the worker carries them out."""
    document = w.pick(Document.objects.filter(directives__statement=False).distinct())
    directives = w.some(document.directives.filter(statement=False), 3)
    bodies = w.some(Organisation.objects.exclude(pk=w.centre.pk).filter(valid_to=None), 5)
    deliverable = w.random.choice(["", "plan", "measures"])
    terms = {
        "part": w.random.choice(["responsible", "supporting"]),
        "lead": "",
        "deliverable": deliverable,
        "plan_due_on": w.day(0, 9) if deliverable else "",
    }
    terms["due_on"] = w.random.choice(["", w.day(1, 12), w.day(30, 400)])
    with patch.object(bulk_issuing, "AT_ONCE", w.random.choice([0, bulk_issuing.AT_ONCE])):
        _issue(w, document, directives, bodies, terms)


def _issue(
    w: Walker,
    document: Document,
    directives: Sequence[Directive],
    bodies: Sequence[Organisation],
    terms: Mapping[str, object],
) -> None:
    client = w.client_of(w.supervisor)
    chosen = {
        "directive": [row.pk for row in directives],
        "body": [row.pk for row in bodies],
        "act": "next",
    }
    client.post(reverse("issue_choose", args=[document.pk]), chosen)
    client.post(reverse("issue_terms", args=[document.pk]), terms)
    digest = Draft.of(client.session, document).digest
    w.send("issue_confirm", w.supervisor, document.pk, digest=digest)


def part_release(w: Walker) -> None:
    """A part that its body owed before; if there is none, one is assigned and broken down to."""
    linked = Obligation.objects.filter(EXISTING, owed_before=True)
    if not linked.exists():
        whole = w.pick(may_be_broken_down())
        parts = Obligation.objects.filter(directive=whole.directive_id, broken_from__isnull=False)
        below = Organisation.objects.filter(valid_to=None, parent=whole.organisation_id)
        body = w.pick(below.exclude(pk__in=parts.values("organisation")))
        terms = {"part": "responsible", "lead": "", "deliverable": "", "plan_due_on": ""}
        _issue(w, whole.document, [whole.directive], [body], terms | {"due_on": ""})
        break_down(w, whole, body)
    part = w.pick(linked)
    w.send("part_release", w.supervisor, part.pk, version=part.version)


def issue_as_said_confirm(w: Walker) -> None:
    """As the document says, also what nobody has read; it is said whom its names mean."""
    named = Addressee.objects.filter(directive__statement=False).exclude(name="")
    document = w.pick(Document.objects.filter(directives__addressees__in=named).distinct())
    bodies = Organisation.objects.exclude(pk=w.centre.pk).filter(valid_to=None)
    names = named.filter(directive__document=document).order_by("name").values_list("name")
    fields = {f"{MEANS}{name}": w.pick(bodies).code for (name,) in names.distinct()}
    fields |= {"unread": "on", "clear_past": "on", "due_on": w.day(30, 400)}
    client = w.client_of(w.supervisor)
    client.post(reverse("issue_as_said", args=[document.pk]), fields)
    preview = client.get(reverse("issue_as_said_preview", args=[document.pk]))
    if preview.status_code != 200:
        raise NothingToDo
    sent = {"digest": preview.context["digest"], "leads": w.random.choice(["present", "both"])}
    with patch.object(bulk_issuing, "AT_ONCE", w.random.choice([0, bulk_issuing.AT_ONCE])):
        w.send("issue_as_said_confirm", w.supervisor, document.pk, **sent)


def large_cycle(w: Walker) -> None:
    """A cycle that the worker goes on with."""
    with patch.object(reporting.cycles, "AT_ONCE", 0):
        cycle_open(w)
    w.work()


# statistics


def _indicator(w: Walker, indicator: Indicator | None = None) -> dict[str, object]:
    cadence = indicator.cadence if indicator else w.random.choice(CADENCES)
    places = indicator.places if indicator else w.random.choice([0, 2])
    form = {"name": w.words(), "unit": "人", "places": places, "cadence": cadence}
    return {
        **form,
        "aggregation": w.random.choice(["sum", "mean"]),
        "code": f"ZB-{w.random.randint(0, 10**9)}",
    }


def indicator_add(w: Walker) -> None:
    w.send(
        "indicator_add",
        w.supervisor,
        w.pick(Document.objects.all()).pk,
        organisation=w.centre.pk,
        **_indicator(w),
    )


def indicator_save(w: Walker) -> None:
    indicator = w.pick(Indicator.objects.all())
    w.send(
        "indicator_save",
        w.supervisor,
        indicator.pk,
        version=indicator.version,
        **_indicator(w, indicator),
    )


def indicator_move(w: Walker) -> None:
    indicator = w.pick(Indicator.objects.all())
    action = w.random.choice(["up", "down", "resume" if indicator.ended_at else "end"])
    w.send("indicator_move", w.supervisor, indicator.pk, action, version=indicator.version)


def figures_save(w: Walker) -> None:
    indicator = w.pick(Indicator.objects.filter(ended_at=None))
    owing = Owing.objects.filter(
        document=indicator.document_id, count__gt=0, organisation__valid_to=None
    )
    body, period = w.pick(owing).organisation_id, Period.last_ended(w.today, indicator.cadence)
    form = {"document": indicator.document_id, "period": period.key}
    stands = Figure.objects.filter(
        organisation=body, year=period.year, period=period.cadence, number=period.number
    )
    for figure in stands.filter(indicator__document=indicator.document_id):
        form |= {
            f"value-{figure.indicator_id}": f"{figure.value:.0f}",
            f"seen-{figure.indicator_id}": figure.version,
        }
    w.send(
        "figures_save",
        w.worker_of(body),
        body,
        **form | {f"value-{indicator.pk}": w.random.randint(0, 10**6)},
    )


# files


def export_ask(w: Walker) -> None:
    key, format_ = (
        w.random.choice(["ledger", "organisations", "log", "reports", "plans"]),
        w.random.choice(["xlsx", "csv"]),
    )
    w.send("export_ask", w.supervisor, list=key, format=format_, query="")


def export_cancel(w: Walker) -> None:
    w.send(
        "export_cancel",
        w.supervisor,
        w.pick(Export.objects.filter(by=w.supervisor, state__in=UNFINISHED)).pk,
    )


def export_delete(w: Walker) -> None:
    w.send(
        "export_delete",
        w.supervisor,
        w.pick(Export.objects.filter(by=w.supervisor).exclude(state__in=UNFINISHED)).pk,
    )


def export_columns_save(w: Walker) -> None:
    choice = ListChoice.objects.filter(user=w.supervisor, list="ledger").first()
    form = {
        "paper": w.random.choice(["a3", "a4"]),
        "column": w.random.sample(["number", "light", "state"], 2),
    }
    w.send(
        "export_columns_save",
        w.supervisor,
        "ledger",
        version=choice.version if choice else 0,
        **form,
    )


# the admin: addresses of Django's own, without a key of the form


def body_changed(w: Walker) -> None:
    """Another name, kind or place in the tree."""
    body = w.pick(Organisation.objects.exclude(pk=w.centre.pk))
    form = {
        name: getattr(body, name) or ""
        for name in ("code", "name_hant", "full_name", "level", "valid_from", "valid_to")
    }
    parent = (
        w.pick(Organisation.objects.exclude(path__startswith=body.path))
        if w.random.random() < 0.5
        else body.parent
    )
    form |= {
        "name_hans": w.words(),
        "parent": parent.pk if parent else "",
        "successor": body.successor_id or "",
    }
    form |= {"kind": w.random.choice(BODY_KINDS)[0], "seen": body.version}
    w.send("admin:directives_organisation_change", w.admin, body.pk, **form)


def bodies_merged(w: Walker) -> None:
    """One without bodies below it, and new to the walk: else nobody would be left in the end."""
    new = Organisation.objects.filter(branch=False, valid_to=None, code__startswith="W")
    if not new.exists():
        bodies(w)
    body = w.pick(new)
    into = w.pick(Organisation.objects.filter(valid_to=None).exclude(pk__in=[body.pk, w.centre.pk]))
    w.send(
        "admin:directives_organisation_merge",
        w.admin,
        body.pk,
        into=into.code,
        version=body.version,
        confirm="1",
    )


def terms_changed(w: Walker) -> None:
    row = w.pick(Obligation.objects.filter(state=ASSIGNED))
    form = {
        name: getattr(row, name) or ""
        for name in ("part", "deliverable", "starts_on", "plan_due_on", "due_on")
    }
    w.send(
        "admin:directives_obligation_change",
        w.admin,
        row.pk,
        **form,
        leader=w.words(),
        contact="",
        note="",
        version=row.version,
    )


def table_in_admin(w: Walker) -> None:
    """Terms by Django's import: shown in a dry run, then confirmed."""
    rows = w.some(Obligation.objects.filter(state=ASSIGNED).select_related("organisation"), 4)
    lines = [f"{row.directive_id},{row.organisation.code},{w.words()},{w.words()}" for row in rows]
    file = SimpleUploadedFile(
        "表.csv", "\n".join(["directive,organisation,leader,contact", *lines]).encode()
    )
    shown = w.send("admin:directives_obligation_import", w.admin, import_file=file, format="0")
    form = shown.context.get("confirm_form")
    if form is None:
        raise NothingToDo
    w.send(
        "admin:directives_obligation_process_import",
        w.admin,
        **{name: value for name, value in form.initial.items() if value},
    )


def day_off(w: Walker) -> None:
    """Every light is worked out anew behind it."""
    w.send(
        "admin:directives_calendarday_add",
        w.admin,
        day=w.day(400, 4000),
        working="",
        name=w.words(),
    )


def time(w: Walker) -> None:
    """The worker comes to its daily work, the tick among it."""
    w.wait()
    w.work()


def queue(w: Walker) -> None:
    w.work()


def _job(w: Walker) -> JobProgress:
    """An issue or a cycle that the worker has not carried out to its end."""
    rows = JobProgress.objects.filter(state__in=UNDER_WAY, by__isnull=False)
    rows = rows.exclude(kind="relight")
    if not rows.exists():
        with patch.object(reporting.cycles, "AT_ONCE", 0):
            cycle_open(w)
    return w.pick(rows)


def job_go_on(w: Walker) -> None:
    """An act has stopped; who asked for it goes on with it."""
    job = _job(w)
    JobProgress.objects.filter(pk=job.pk).update(state=STOPPED, fault=WHY)
    w.send("job_go_on", job.by, job.pk, version=job.version)


def job_call_off(w: Walker) -> None:
    job = _job(w)
    w.send("job_call_off", job.by, job.pk, version=job.version)


def sessions_end(w: Walker) -> None:
    """A second session of somebody is ended, by itself or with all others."""
    by = w.supervisor
    w.send("session_stay", by)
    elsewhere = Client()
    elsewhere.force_login(by, backend="directives.accounts.Door")
    row = OpenSession.objects.get(key=elsewhere.session.session_key)
    if w.random.random() < 0.5:
        w.send("session_end", by, row.pk)
    else:
        w.send("sessions_end", by)


STEPS = {
    step.__name__: step
    for step in (
        job_go_on,
        job_call_off,
        document_register,
        document_correct_save,
        document_read_anew,
        document_withdraw,
        repair_decide,
        directive_correct_save,
        desk_act,
        desk_row,
        issue_confirm,
        part_release,
        issue_as_said_confirm,
        large_cycle,
        indicator_add,
        indicator_save,
        indicator_move,
        figures_save,
        export_ask,
        export_cancel,
        export_delete,
        export_columns_save,
        body_changed,
        bodies_merged,
        terms_changed,
        table_in_admin,
        day_off,
        time,
        queue,
        sessions_end,
    )
}
