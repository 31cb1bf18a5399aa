"""Every lamp on “my work” is the ledger's: the same rule, over random rows.

A measure, which has no light, shows none.
"""

from datetime import date, timedelta
from random import Random

import pytest

from directives.models import CalendarDay, Obligation, ReportEntry
from directives.my_work.queries.my_work import load_my_work
from directives.obligations.queries.filters import URGENCY
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

FIELDS = {
    "receipt": "acknowledge_by",
    "plan": "plan_due_on",
    "report": "report_due_on",
    "completion": "due_on",
}


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def desk_of(user):
    return load_my_work(user, now=NOW, today=TODAY, workdays=CalendarDay.objects.workdays(TODAY))


def near_day(random):
    return TODAY + timedelta(days=random.choice([*range(-4, 10), 40]))


def make_row(random, clock, document, body, on):
    """An obligation on which one clock runs."""
    returned = clock in ("plan", "report") and random.random() < 0.3
    starts = TODAY + timedelta(days=random.choice([-60, -60, -60, 3]))
    states = {"receipt": ["assigned"], "completion": ["acknowledged", "underway", "closing"]}
    state = random.choice(
        states.get(clock, ["acknowledged", "underway", "underway", "closing", "suspended"])
    )
    days = dict.fromkeys(FIELDS.values()) | {FIELDS[clock]: on}
    flags = {f"{clock}_returned": True} if returned else {}
    return make_obligation(
        make_directive(make_section(document)),
        body,
        state=state,
        percent=100,
        issued_on=min(starts, on),
        starts_on=starts,
        **days,
        **flags,
    )


def ask(random, rows):
    """The report that asks for these rows.

    It is begun where one was returned, and sometimes else.
    """
    cycle = make_cycle(rows[0].document, due_on=rows[0].report_due_on)
    begun = any(row.report_returned for row in rows) or random.random() < 0.5
    report = make_report(
        rows[0].organisation, cycle, *(rows if begun else ()), begun_at=NOW if begun else None
    )
    for row in rows:
        if row.report_returned:
            handed = {
                "state": random.choice(["returned", "awaiting"]),
                "submitted_at": NOW,
                "reason": "请补充",
            }
            ReportEntry.objects.filter(report=report, obligation=row).update(**handed)


@pytest.mark.parametrize("seed", range(4))
def test_the_lamp_of_a_task_is_the_light_of_its_row(cast, seed):
    random = Random(seed)
    for _number in range(25):
        clock, document = random.choice(list(FIELDS)), make_document()
        row = make_row(random, clock, document, cast.body, near_day(random))
        if clock == "report":
            ask(random, [row])
        if clock == "plan" and random.random() < 0.5:
            state = "returned" if row.plan_returned else random.choice(["draft", "awaiting"])
            make_plan(
                cast.body,
                document,
                state=state,
                due_on=row.plan_due_on,
                reason="请补充",
                decided_by=cast.supervisor,
            )
    lights = dict(Obligation.objects.values_list("document", "light"))
    work = desk_of(cast.manager)
    tasks = (*work.queue, *work.signatures)
    shown = [(task.kind, _document(task), task.colour) for task in tasks]
    assert shown == [(kind, document, lights[document]) for kind, document, _colour in shown]
    assert {kind for kind, *_rest in shown} >= {"receipt", "plan", "report", "sign"}


def _document(task):
    if task.kind == "entry":
        return ReportEntry.objects.get(pk=task.url.partition("#e-")[2]).report.document_id
    return task.row.document_id if task.row else task.document.pk


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("clock", ["receipt", "plan", "report"])
def test_of_many_rows_the_most_urgent_light_is_shown(cast, clock, seed):
    random, document = Random(seed), make_document()
    cycle_due = near_day(random)
    rows = [
        make_row(
            random, clock, document, cast.body, cycle_due if clock == "report" else near_day(random)
        )
        for _number in range(5)
    ]
    if clock == "report":
        ask(random, rows)
    found = [task for task in desk_of(cast.manager).queue if task.kind == clock]
    assert [task.colour for task in found] == [
        min((row.light for row in rows), key=URGENCY.__getitem__)
    ]


def test_a_measure_has_no_light_and_is_overdue_in_words_of_its_own(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    plan = make_plan(
        cast.body, row.document, state="accepted", decided_by=cast.supervisor, decided_at=NOW
    )
    make_measure(plan, row, due_on=date(2026, 10, 9), text="印发办法")
    make_measure(plan, row, due_on=date(2026, 10, 16), text="召开会议")
    work = desk_of(cast.staff)
    assert [(task.kind, task.colour, task.overdue) for task in work.queue] == [
        ("measure", "", True),
        ("measure", "", False),
    ]
    assert (
        work.red,
        work.yellow,
        work.on_schedule,
        work.measures_overdue,
        work.measures_ahead,
    ) == (0, 0, 0, 1, 1)
    client = sign_in(cast.staff)
    for url in ("/", f"/plans/{plan.pk}/"):
        page = client.get(url).content.decode()
        start = page.index('class="todo"' if url == "/" else "<tbody")
        queue = page[start : page.index("召开会议", start)]
        assert "措施逾期" in queue and 'href="#L-r"' not in queue, url
    assert sign_in(cast.supervisor).get("/dashboard/").context["board"].figures["red"].n == 0
