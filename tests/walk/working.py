"""Steps of bodies and of those above them: obligations, plans, reports, evidence."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Exists, OuterRef, Q, QuerySet

from directives.base.states import (
    ACCEPTED,
    ACKNOWLEDGED,
    ASSIGNED,
    AWAITING,
    CLOSED,
    DISPUTED,
    DRAFT,
    EDITABLE,
    EXTENDABLE,
    MANAGER,
    OBLIGATION_MOVES,
    OPEN,
    OWN_PAGE,
    REPORTABLE,
    STAFF,
    SUBMITTED,
    SUPERVISOR,
    UNDERWAY,
)
from directives.core.rules import has_manager
from directives.models import (
    Attachment,
    Document,
    Extension,
    ItemState,
    LogEntry,
    LookBack,
    LookBackRule,
    Measure,
    Membership,
    Notice,
    Obligation,
    Organisation,
    Owing,
    Plan,
    PlannedCycle,
    ProgressReport,
    ReportEntry,
)
from tests.walk.walker import WHY, NothingToDo, Walker

EXISTING = Q(organisation__valid_to=None)
EXISTING_REPORT = Q(report__organisation__valid_to=None)


def obligation_move(w: Walker) -> None:
    row = w.pick(Obligation.objects.filter(EXISTING))
    legal = [
        (name, move)
        for name, move in OBLIGATION_MOVES.items()
        if row.state in move.sources and name not in {*OWN_PAGE, "withdraw_part"}
    ]
    if not legal:
        raise NothingToDo
    action, move = w.random.choice(legal)
    by = w.supervisor if move.right == "oversee" else w.worker_of(row.organisation_id, STAFF)
    w.send("obligation_move", by, row.pk, action, version=row.version, reason=WHY)


def may_be_broken_down() -> QuerySet[Obligation]:
    return Obligation.objects.filter(
        EXISTING, state__in=(ACKNOWLEDGED, UNDERWAY), organisation__branch=True
    )


def break_down(w: Walker, row: Obligation, body: Organisation) -> None:
    by = w.worker_of(row.organisation_id, SUPERVISOR if has_supervisor(row) else MANAGER)
    form = {"version": row.version, "body": body.pk, "due_on": w.day(5, 90), "later": "1"}
    w.send("break_down_save", by, row.pk, **form)


def break_down_save(w: Walker) -> None:
    rows = may_be_broken_down()
    theirs = Obligation.objects.filter(
        directive=OuterRef("directive"),
        organisation__parent=OuterRef("organisation"),
        broken_from=None,
        state__in=OPEN,
    )
    linkable = rows.filter(Exists(theirs))
    row = w.pick(linkable if linkable.exists() else rows)
    parts = Obligation.objects.filter(directive=row.directive_id, broken_from__isnull=False)
    below = Organisation.objects.filter(valid_to=None, parent=row.organisation_id)
    free = below.exclude(pk__in=parts.values("organisation"))
    owing = free.filter(obligations__directive=row.directive_id)
    break_down(w, row, w.pick(owing if owing.exists() else free))


def has_supervisor(row: Obligation) -> bool:
    posts = Membership.objects.filter(organisation=row.organisation_id, role=SUPERVISOR)
    return posts.filter(user__is_active=True).exists()


def hand_over_save(w: Walker) -> None:
    row = w.pick(Obligation.objects.filter(EXISTING, state=DISPUTED))
    body = w.pick(Organisation.objects.filter(valid_to=None, parent__isnull=False))
    form = {"row": f"{row.pk}.{row.version}", "body": body.pk, "days": "anew", "reason": WHY}
    w.send("hand_over_save", w.supervisor, row.pk, **form)


def extension_ask(w: Walker) -> None:
    """For one or several of a body; some of them have passed, or wait already."""
    rows = Obligation.objects.filter(EXISTING, state__in=EXTENDABLE, due_on__isnull=False)
    row = w.pick(rows)
    alike = rows.filter(organisation=row.organisation_id, document=row.document_id)
    picked = {row.pk, *(other.pk for other in w.some(alike, 2))}
    by = w.worker_of(row.organisation_id, STAFF)
    w.send("extension_ask", by, pick=sorted(picked), due_on=w.day(10, 500), reason=WHY)


def extension_decide(w: Walker) -> None:
    rows = Extension.objects.waiting().filter(obligation__organisation__valid_to=None)
    if not rows.exists():
        extension_ask(w)
    picked = w.some(rows, 2)
    form = {"action": w.random.choice(["grant_extension", "refuse_extension"]), "reason": WHY}
    if w.random.random() < 0.5:
        form["due_on"] = w.day(30, 600)
    versions = {f"version-{one.pk}": one.version for one in picked}
    ids = [one.pk for one in picked]
    w.send("extension_decide", w.supervisor, pick=ids, **form, **versions)


def due_correct_save(w: Walker) -> None:
    rows = w.some(Obligation.objects.filter(EXISTING, state__in=OPEN), 2)
    versions = {f"version-{row.pk}": row.version for row in rows}
    ids, day = [row.pk for row in rows], w.day(-30, 400)
    w.send("due_correct_save", w.supervisor, pick=ids, due_on=day, reason=WHY, **versions)


def look_back_rule(w: Walker) -> None:
    document = w.pick(Document.objects.filter(organisation=w.centre))
    rule = LookBackRule.objects.filter(document=document).first()
    version = rule.version if rule else 0
    share = w.random.randint(0, 100)
    w.send("look_back_rule", w.supervisor, document.pk, share=share, version=version)


def _close(w: Walker) -> None:
    """Take an obligation without parts and items through all moves to its end."""
    plain = Obligation.objects.filter(EXISTING, parts=0, broken_from=None, item_states=None)
    row = w.pick(plain.filter(state__in=(ASSIGNED, ACKNOWLEDGED, UNDERWAY)))
    staff = w.worker_of(row.organisation_id, STAFF)
    for action in ("acknowledge", "start", "request_close", "close"):
        if row.state in OBLIGATION_MOVES[action].sources:
            by = w.supervisor if action == "close" else staff
            w.send("obligation_move", by, row.pk, action, version=row.version, reason=WHY)
            row.refresh_from_db()


def look_back_open(w: Walker) -> None:
    closed = Obligation.objects.filter(EXISTING, state=CLOSED, looked_back="")
    if not closed.exists():
        _close(w)
    row = w.pick(closed)
    w.send("look_back_open", w.supervisor, row.document_id, row=[row.pk])


def look_back_result(w: Walker) -> None:
    if not LookBack.objects.planned().exists():
        look_back_open(w)
    row = w.pick(LookBack.objects.planned())
    action = w.random.choice(["hold", "fail", "call_off"])
    form = {"version": row.version, "reason": WHY, "looked_on": w.today}
    w.send("look_back_result", w.supervisor, row.pk, action, **form)


def acknowledge_many(w: Walker) -> None:
    body = w.pick(
        Organisation.objects.filter(obligations__state=ASSIGNED, valid_to=None).distinct()
    )
    rows = w.some(Obligation.objects.filter(organisation=body, state=ASSIGNED), 3)
    w.send("acknowledge_many", w.worker_of(body, STAFF), pick=[row.pk for row in rows])


def item_state(w: Walker) -> None:
    item = w.pick(ItemState.objects.filter(obligation__state__in=OPEN).select_related("obligation"))
    state = w.random.choice(["not_started", "underway", "established"])
    by, row = w.worker_of(item.obligation.organisation_id), item.obligation
    w.send(
        "item_state",
        by,
        row.pk,
        item.pk,
        version=item.version,
        state=state,
        on=w.day(-9, 0),
        evidence=w.words(),
    )


# plans


def plan_start(w: Walker) -> None:
    begun = Plan.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document"), live=True
    )
    owing = w.pick(Owing.objects.filter(~Exists(begun), EXISTING, count__gt=0))
    w.send(
        "plan_start",
        w.worker_of(owing.organisation_id),
        organisation=owing.organisation_id,
        document=owing.document_id,
    )


def _plan(w: Walker, *states: str) -> Plan:
    return w.pick(
        Plan.objects.filter(EXISTING, live=True, state__in=states).select_related("organisation")
    )


def plan_save(w: Walker) -> None:
    plan = _plan(w, *EDITABLE)
    w.send(
        "plan_save",
        w.worker_of(plan.organisation_id),
        plan.pk,
        title=w.words(),
        summary="",
        version=plan.version,
    )


def plan_move(w: Walker) -> None:
    """A plan that is to be handed in has a measure, or is given one."""
    plan = _plan(w, *EDITABLE, AWAITING, AWAITING, ACCEPTED)
    if plan.state in EDITABLE and not plan.measures.exists():
        _add_measure(w, plan)
    if plan.state == AWAITING:
        action = w.random.choice(["sign", "sign", "decline", "recall"])
    else:
        action = (
            "revise"
            if plan.state == ACCEPTED
            else "ask_signature"
            if has_manager(plan.organisation)
            else "hand_in"
        )
    by = w.worker_of(plan.organisation_id, MANAGER if action in ("sign", "decline") else STAFF)
    w.send("plan_move", by, plan.pk, action, version=plan.version, reason=WHY)


def plan_decide(w: Walker) -> None:
    plan = _plan(w, SUBMITTED)
    w.send(
        "plan_decide",
        w.supervisor,
        plan.pk,
        verdict=w.random.choice(["accept", "return"]),
        reason=WHY,
        version=plan.version,
    )


def _served(w: Walker, plan: Plan) -> list[int]:
    owed = Obligation.objects.open().filter(
        organisation=plan.organisation_id, document=plan.document_id
    )
    return [row.pk for row in w.some(owed, 3)]


def measure_add(w: Walker) -> None:
    _add_measure(w, _plan(w, *EDITABLE))


def _add_measure(w: Walker, plan: Plan) -> None:
    w.send(
        "measure_add",
        w.worker_of(plan.organisation_id),
        plan.pk,
        text=w.words(),
        obligations=_served(w, plan),
    )


def _measure(w: Walker, **which: object) -> Measure:
    return w.pick(
        Measure.objects.filter(
            plan__live=True, plan__organisation__valid_to=None, **which
        ).select_related("plan")
    )


def measure_save(w: Walker) -> None:
    measure = _measure(w, plan__state__in=EDITABLE)
    by, served = w.worker_of(measure.plan.organisation_id), _served(w, measure.plan)
    w.send(
        "measure_save", by, measure.pk, text=w.words(), obligations=served, version=measure.version
    )


def measure_delete(w: Walker) -> None:
    measure = _measure(w, plan__state__in=EDITABLE, log=None)
    w.send("measure_delete", w.worker_of(measure.plan.organisation_id), measure.pk)


def measure_done(w: Walker) -> None:
    measure = _measure(w)
    done = {"done": "1"} if measure.done_on is None else {}
    w.send(
        "measure_done",
        w.worker_of(measure.plan.organisation_id),
        measure.pk,
        version=measure.version,
        **done,
    )


def log_add(w: Walker) -> None:
    measure = _measure(w)
    w.send(
        "log_add",
        w.worker_of(measure.plan.organisation_id),
        measure=measure.pk,
        text=w.words(),
        on=w.day(-3, 0),
    )


def _amend(w: Walker, act: str, **which: object) -> None:
    entries = LogEntry.objects.not_withdrawn().with_state().filter(**which)
    entry = w.pick(entries.select_related("by", "measure__plan"))
    w.send(act, entry.by, entry.pk, version=entry.version, text=w.words(), on=w.day(-3, 0))


def log_edit(w: Walker) -> None:
    _amend(w, "log_edit")


def log_correct(w: Walker) -> None:
    """Only what a submitted report has used is corrected; one is submitted if none was."""
    used = {"reported": True, "corrected_by": None}
    if not LogEntry.objects.not_withdrawn().with_state().filter(**used).exists():
        _submit_drafted(w)
    _amend(w, "log_correct", **used)


def log_withdraw(w: Walker) -> None:
    _amend(w, "log_withdraw")


# evidence


def attachment_add(w: Walker) -> None:
    model, home = w.random.choice(
        [
            (Plan.objects.filter(live=True, state__in=EDITABLE), "organisation_id"),
            (LogEntry.objects.select_related("measure__plan"), "measure.plan.organisation_id"),
            (
                ReportEntry.objects.filter(state__in=EDITABLE).select_related("report"),
                "report.organisation_id",
            ),
        ]
    )
    parent = body = w.pick(model)
    for name in home.split("."):
        body = getattr(body, name)
    kind = {Plan: "plan", LogEntry: "log_entry", ReportEntry: "report_entry"}[type(parent)]
    file = SimpleUploadedFile("佐证材料.txt", w.words().encode())
    w.send("attachment_add", w.worker_of(body), parent=f"{kind}-{parent.pk}", files=[file])


def attachment_remove(w: Walker) -> None:
    file = w.pick(
        Attachment.objects.select_related(
            "plan", "log_entry__measure__plan", "report_entry__report"
        )
    )
    home = (
        file.plan or (file.report_entry and file.report_entry.report) or file.log_entry.measure.plan
    )
    w.send("attachment_remove", w.worker_of(home.organisation_id), file.pk)


# reports


def cycle_open(w: Walker) -> None:
    document = w.pick(Document.objects.filter(obligations__state__in=REPORTABLE).distinct())
    period, last = w.random.choice([("quarter", 4), ("half", 2), ("year", 1)])
    terms = {
        "year": w.random.randint(2026, 2040),
        "period": period,
        "number": w.random.randint(1, last),
        "overlap_confirmed": "on",
    }
    w.send("cycle_open", w.supervisor, document.pk, opens_on=w.today, due_on=w.day(0, 20), **terms)


def cycle_plan_save(w: Walker) -> None:
    """Two months, which are planned unless they are so already."""
    document = w.pick(Document.objects.filter(obligations__state__in=REPORTABLE).distinct())
    form: dict[str, object] = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "overlap_confirmed": "on",
    }
    for number in range(2):
        terms = {
            "chosen": "on",
            "year": w.random.randint(2026, 2040),
            "period": "month",
            "number": w.random.randint(1, 12),
            "opens_on": w.day(1, 40),
            "due_on": w.day(41, 80),
        }
        form |= {f"form-{number}-{name}": value for name, value in terms.items()}
    w.send("cycle_plan_save", w.supervisor, document.pk, **form)


def _planned(w: Walker) -> PlannedCycle:
    return w.pick(PlannedCycle.objects.waiting())


def planned_cycle_save(w: Walker) -> None:
    planned = _planned(w)
    days = {"opens_on": w.day(1, 20), "due_on": w.day(20, 60), "overlap_confirmed": "on"}
    w.send("planned_cycle_save", w.supervisor, planned.pk, version=planned.version, **days)


def planned_cycle_delete(w: Walker) -> None:
    planned = _planned(w)
    w.send("planned_cycle_delete", w.supervisor, planned.pk, version=planned.version)


def planned_cycle_open(w: Walker) -> None:
    planned = _planned(w)
    w.send("planned_cycle_open", w.supervisor, planned.pk, version=planned.version)


def _report(w: Walker, **which: object) -> ProgressReport:
    return w.pick(ProgressReport.objects.filter(EXISTING, completed_at=None, **which).distinct())


def report_begin(w: Walker) -> None:
    report = _report(w, begun_at=None)
    w.send("report_begin", w.worker_of(report.organisation_id), report.pk)


def report_redraft(w: Walker) -> None:
    """Of a report with untouched entries, after something was logged for one of them."""
    untouched = {"entries__state": DRAFT, "entries__saved_at": None}
    report = _report(w, **untouched, entries__obligation__measures__plan__live=True)
    serving = Measure.objects.filter(
        obligations__entries__report=report, obligations__entries__saved_at=None, plan__live=True
    )
    by, measure = w.worker_of(report.organisation_id), w.pick(serving.distinct())
    w.send("log_add", by, measure=measure.pk, text=w.words(), on=w.today)
    w.send("report_redraft", by, report.pk)


def report_unchanged(w: Walker) -> None:
    """In a new cycle, after an entry was accepted in an earlier one."""
    accepted = w.pick(ReportEntry.objects.filter(state=ACCEPTED, obligation__state__in=REPORTABLE))
    organisation, document = accepted.report.organisation_id, accepted.report.document
    last = document.cycles.order_by("due_on").last()
    terms = {
        "year": w.random.randint(2041, 2099),
        "period": "year",
        "number": 1,
        "opens_on": w.today,
        "due_on": max(last.due_on, w.today) + timedelta(days=1),
        "overlap_confirmed": "on",
    }
    w.send("cycle_open", w.supervisor, document.pk, **terms)
    report = w.pick(
        ProgressReport.objects.filter(
            organisation=organisation, cycle__year=terms["year"], cycle__document=document
        )
    )
    by = w.worker_of(organisation)
    w.send("report_begin", by, report.pk)
    w.send("report_unchanged", by, report.pk, reason=w.words())


def _entry(w: Walker, *states: str, **which: object) -> ReportEntry:
    rows = ReportEntry.objects.filter(
        EXISTING_REPORT, state__in=states, obligation__state__in=REPORTABLE
    )
    return w.pick(rows.filter(**which).select_related("report__organisation").distinct())


def entry_save(w: Walker) -> None:
    _save_entry(w, _entry(w, *EDITABLE))


def _save_entry(w: Walker, entry: ReportEntry) -> None:
    form = {"progress": w.words(), "problems": WHY, "percent": w.random.randint(0, 100)}
    w.send(
        "entry_save",
        w.worker_of(entry.report.organisation_id),
        entry.pk,
        version=entry.version,
        **form,
    )


def _submit_drafted(w: Walker) -> None:
    """An entry that was drafted from the work log, by who needs nobody's signature."""
    entry = _entry(w, *EDITABLE, log_uses__log_entry__in=LogEntry.objects.not_withdrawn())
    body = entry.report.organisation
    _save_entry(w, entry)
    by = w.worker_of(body, MANAGER if has_manager(body) else STAFF)
    w.send("report_hand_in", by, entry.report_id)


def _await_signature(w: Walker) -> None:
    """Where no entry waits to be signed, one is sent to a manager."""
    if ReportEntry.objects.filter(EXISTING_REPORT, state=AWAITING).exists():
        return
    managed = Membership.objects.filter(role=MANAGER, user__is_active=True)
    entry = _entry(w, *EDITABLE, report__organisation__in=managed.values("organisation"))
    _save_entry(w, entry)
    by = w.worker_of(entry.report.organisation_id, STAFF)
    w.send("report_hand_in", by, entry.report_id)


def entry_recall(w: Walker) -> None:
    _await_signature(w)
    entry = _entry(w, AWAITING)
    w.send("entry_recall", w.worker_of(entry.report.organisation_id, STAFF), entry.pk)


def report_hand_in(w: Walker) -> None:
    report = _report(w, entries__state__in=EDITABLE, entries__saved_at__isnull=False)
    w.send("report_hand_in", w.worker_of(report.organisation_id, STAFF), report.pk)


def report_sign(w: Walker) -> None:
    _await_signature(w)
    report = _report(w, entries__state=AWAITING)
    action = w.random.choice(["sign", "sign", "decline"])
    w.send(
        "report_sign",
        w.worker_of(report.organisation_id, MANAGER),
        report.pk,
        action=action,
        reason=WHY,
    )


def report_decide(w: Walker) -> None:
    report, form = _report(w, entries__state=SUBMITTED), {}
    for entry in w.some(report.entries.filter(state=SUBMITTED), 4):
        verdict = w.random.choice(["accept", "return"])
        form |= {
            f"verdict-{entry.pk}": verdict,
            f"reason-{entry.pk}": WHY,
            f"version-{entry.pk}": entry.version,
        }
    w.send("report_decide", w.supervisor, report.pk, **form)


# one's own page


def set_script(w: Walker) -> None:
    w.send("set_script", w.supervisor, language=w.random.choice(["zh-hans", "zh-hant", "en"]))


def notice_open(w: Walker) -> None:
    notice = w.pick(Notice.objects.filter(user__is_active=True).select_related("user"))
    w.send("notice_open", notice.user, notice.pk)
    w.send("notices_read", notice.user)


STEPS = {
    step.__name__: step
    for step in (
        obligation_move,
        hand_over_save,
        look_back_rule,
        look_back_open,
        look_back_result,
        extension_ask,
        extension_decide,
        due_correct_save,
        acknowledge_many,
        item_state,
        plan_start,
        plan_save,
        plan_move,
        plan_decide,
        measure_add,
        measure_save,
        measure_delete,
        measure_done,
        log_add,
        log_edit,
        log_correct,
        log_withdraw,
        attachment_add,
        attachment_remove,
        cycle_open,
        cycle_plan_save,
        planned_cycle_save,
        planned_cycle_delete,
        planned_cycle_open,
        report_begin,
        report_redraft,
        report_unchanged,
        entry_save,
        entry_recall,
        report_hand_in,
        report_sign,
        report_decide,
        set_script,
        notice_open,
        break_down_save,
    )
}
