"""“My work”.

One queue by due day with one next step each, for every role, in a fixed number of queries.
"""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from directives.core.notices import KINDS, render_text
from directives.models import CalendarDay, LogEntry, Membership, Notice, Obligation, ProgressReport
from directives.my_work.queries.my_work import load_my_work
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_indicator,
    make_log,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

SOON = date(2026, 10, 15)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def desk_of(user):
    return load_my_work(user, now=NOW, today=TODAY, workdays=CalendarDay.objects.workdays(TODAY))


def kinds(tasks):
    return [(task.kind, task.due_on, task.colour) for task in tasks]


def directives_of(number, document=None):
    section = make_section(document or make_document())
    return [make_directive(section) for _number in range(number)]


def make_return(body, *obligations, cycle=None, by=None):
    """A begun report whose entries were returned."""
    report = make_report(body, cycle or make_cycle(obligations[0].document), *obligations)
    report.entries.update(
        state="returned", reason="只写了“正在推进”", decided_by=by, decided_at=NOW
    )
    return report


# the queue


def test_receipts_are_one_task_for_a_document(cast):
    for directive in directives_of(3):
        make_obligation(directive, cast.body, state="assigned", acknowledge_by=SOON)
    (task,) = desk_of(cast.staff).queue
    assert (task.kind, task.due_on, task.title) == ("receipt", SOON, "3 项待签收")
    assert task.action.url == "/obligations/acknowledge/"
    assert dict(task.action.fields) == {
        "all": 1,
        "document": Obligation.objects.first().document_id,
        "body": cast.body.pk,
    }


def test_that_step_acknowledges_them(cast, sign_in, key):
    for directive in directives_of(3):
        make_obligation(directive, cast.body, state="assigned", acknowledge_by=SOON)
    (task,) = desk_of(cast.staff).queue
    answer = sign_in(cast.staff).post(
        task.action.url, dict(task.action.fields) | key() | {"next": "/"}
    )
    assert (answer.status_code, answer.url) == (302, "/")
    assert set(Obligation.objects.values_list("state", flat=True)) == {"acknowledged"}
    assert "receipt" not in {task.kind for task in desk_of(cast.staff).queue}


def test_the_manager_is_shown_them_but_does_not_acknowledge(cast):
    make_obligation(organisation=cast.body, state="assigned", acknowledge_by=SOON)
    (task,) = desk_of(cast.manager).queue
    assert task.action.fields == () and task.action.url.startswith("/obligations/?")


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (None, "编写方案"),
        ("draft", "继续填写"),
        ("returned", "修改"),
        ("awaiting", None),
        ("submitted", None),
    ],
)
def test_the_plan_by_its_state(cast, state, label):
    row = make_obligation(organisation=cast.body, plan_due_on=SOON)
    if state:
        make_plan(
            cast.body,
            row.document,
            state=state,
            reason="请补时间表" if state == "returned" else "",
            decided_by=cast.supervisor,
        )
    found = [str(task.action.label) for task in desk_of(cast.staff).queue if task.kind == "plan"]
    assert found == ([label] if label else [])


def test_a_report_says_how_many_are_ready_and_missing(cast):
    rows = [
        make_obligation(directive, cast.body, report_due_on=SOON) for directive in directives_of(4)
    ]
    report = make_report(cast.body, make_cycle(rows[0].document, due_on=SOON), *rows)
    first, second, third, _blank = report.entries.all()
    type(first).objects.filter(pk=first.pk).update(state="submitted", submitted_at=NOW)
    type(first).objects.filter(pk=second.pk).update(progress="已印发", percent=60)
    type(first).objects.filter(pk=third.pk).update(unchanged=True, percent=60)  # without its reason
    (task,) = desk_of(cast.staff).queue
    assert (task.kind, task.done, task.total, task.note) == (
        "report",
        2,
        4,
        "应报 4 项：已报 1，可报 1，待补 2",
    )


def test_a_report_not_begun_says_how_many_it_asks_for(cast):
    rows = [
        make_obligation(directive, cast.body, report_due_on=SOON) for directive in directives_of(2)
    ]
    make_report(cast.body, make_cycle(rows[0].document, due_on=SOON), begun_at=None)
    (task,) = desk_of(cast.staff).queue
    assert (str(task.action.label), task.total) == ("开始填报", 2)


def test_a_returned_entry_quotes_the_reviewer(cast, sign_in):
    row = make_obligation(organisation=cast.body, report_due_on=SOON, report_returned=True)
    report = make_return(cast.body, row, by=cast.supervisor)
    task = desk_of(cast.staff).queue[0]
    assert (task.kind, task.returned.reason, task.returned.by) == (
        "entry",
        "只写了“正在推进”",
        "周启明",
    )
    assert task.action.url == f"/reports/{report.pk}/#e-{report.entries.get().pk}"
    page = sign_in(cast.staff).get("/").content.decode()
    assert "只写了“正在推进”" in page and "周启明" in page


def test_a_filing_to_sign_is_something_to_do(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    page = sign_in(cast.manager).get("/").content.decode()
    assert "今日无待办事项。" in page
    make_plan(cast.body, row.document, state="awaiting")
    page = sign_in(cast.manager).get("/").content.decode()
    assert "1 件待您审签。" in page and "今日无待办事项。" not in page


def test_measures_that_are_late_or_near(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    plan = make_plan(
        cast.body, row.document, state="accepted", decided_by=cast.supervisor, decided_at=NOW
    )
    late = make_measure(plan, row, due_on=date(2026, 10, 9))
    make_measure(plan, row, due_on=date(2026, 10, 16))
    make_measure(plan, row, due_on=date(2026, 12, 1))
    make_measure(plan, row, due_on=date(2026, 10, 9), done_on=TODAY)
    first, second = desk_of(cast.staff).queue
    assert kinds([first, second]) == [
        ("measure", date(2026, 10, 9), ""),
        ("measure", date(2026, 10, 16), ""),
    ]
    assert first.code == row.directive.code
    sign_in(cast.staff).post(first.action.url, dict(first.action.fields) | key())
    late.refresh_from_db()
    assert late.done_on == TODAY


def test_lights_of_the_work_itself_and_no_second_line_for_a_plan_or_report(cast):
    first, second, third, fourth = directives_of(4)
    make_obligation(first, cast.body, due_on=date(2026, 9, 30))
    make_obligation(second, cast.body, percent=10)
    make_obligation(third, cast.body)
    late_plan = make_obligation(fourth, cast.body, plan_due_on=date(2026, 9, 1))
    assert kinds(desk_of(cast.staff).queue) == [
        ("plan", date(2026, 9, 1), "red"),
        ("obligation", date(2026, 9, 30), "red"),
        ("obligation", date(2026, 12, 31), "yellow"),
    ]
    assert late_plan.light == "red"


def test_nobody_sees_the_tasks_of_others(cast):
    for body in (cast.child, cast.sibling, cast.centre):
        make_obligation(organisation=body, state="assigned", acknowledge_by=SOON)
    make_log(make_measure(make_plan(cast.sibling)), cast.stranger)
    seen = {
        name: desk_of(getattr(cast, name))
        for name in ("staff", "manager", "stranger", "below", "outsider", "viewer", "admin")
    }
    assert {name: len(work.queue) for name, work in seen.items()} == {
        "staff": 0,
        "manager": 0,
        "stranger": 1,
        "below": 1,
        "outsider": 0,
        "viewer": 0,
        "admin": 0,
    }
    assert {name for name, work in seen.items() if work.log} == {"stranger"}


def test_the_strip_counts_what_is_due_on_ten_working_days(cast):
    rows = [
        make_obligation(directive, cast.body, report_due_on=SOON, due_on=date(2026, 10, 20))
        for directive in directives_of(2)
    ]
    make_report(cast.body, make_cycle(rows[0].document, due_on=SOON), *rows)
    days_ahead = desk_of(cast.staff).days_ahead
    assert [day.day.day for day in days_ahead] == [13, 14, 15, 16, 19, 20, 21, 22, 23, 26]
    assert [(day.day.day, day.tasks) for day in days_ahead if day.tasks] == [(15, 1)] + (
        [(20, 2)] if desk_of(cast.staff).queue[1:] else []
    )
    assert [day.day for day in days_ahead if day.report] == [SOON]


# the others


def test_what_waits_for_a_signature_comes_first_for_the_manager_alone(cast, sign_in):
    row = make_obligation(organisation=cast.body, report_due_on=SOON)
    report = make_report(cast.body, make_cycle(row.document, due_on=SOON), row)
    report.entries.update(state="awaiting")
    make_plan(cast.body, row.document, state="awaiting", title="总工会实施方案")
    assert [task.url.split("/")[1] for task in desk_of(cast.manager).signatures] == [
        "plans",
        "reports",
    ]
    assert desk_of(cast.staff).signatures == ()
    page = sign_in(cast.manager).get("/").content.decode()
    assert page.index("待您审签（2）") < page.index("总工会实施方案")


@pytest.mark.parametrize("wide", [1000, -1])
def test_the_inbox_of_a_supervisor(cast, sign_in, monkeypatch, wide):
    monkeypatch.setattr("directives.my_work.queries.inbox.MANY_BODIES", wide)
    first, second, third, fourth = directives_of(4)
    entry_row = make_obligation(first, cast.body)
    report = make_report(cast.body, make_cycle(entry_row.document), entry_row)
    report.entries.update(
        state="submitted", submitted_at=NOW - timedelta(days=2), submitted_by=cast.manager
    )
    ProgressReport.objects.settle_waiting()
    plan = make_plan(
        cast.child,
        entry_row.document,
        state="submitted",
        submitted_at=NOW - timedelta(days=3),
        submitted_by=cast.below,
    )
    dispute = make_obligation(
        second, cast.sibling, state="disputed", reason="不归我们", moved_at=NOW - timedelta(days=1)
    )
    closing = make_obligation(third, cast.sibling, state="closing", reason="已完成", moved_at=NOW)
    make_obligation(fourth, cast.sibling, due_on=date(2026, 9, 1))
    # Their own body's: another decides.
    make_obligation(fourth, cast.centre, state="closing", reason="本级", moved_at=NOW)
    found = desk_of(cast.supervisor).inbox
    assert [(line.kind, line.pk, line.n) for line in found.lines] == [
        ("plan", plan.pk, 1),
        ("report", report.pk, 1),
        ("dispute", dispute.pk, 1),
        ("close", closing.pk, 1),
    ]
    assert [(line.pk, line.n, line.url) for line in found.overdue] == [
        (cast.sibling.pk, 1, f"/obligations/?body={cast.sibling.pk}&light=red")
    ]
    page = sign_in(cast.supervisor).get("/").content.decode()
    assert (
        page.index(f"/plans/{plan.pk}/review/")
        < page.index(f"/reports/{report.pk}/review/")
        < page.index("不归我们")
    )
    assert {
        name: desk_of(getattr(cast, name)).inbox for name in ("staff", "manager", "viewer", "admin")
    } == dict.fromkeys(("staff", "manager", "viewer", "admin"))


def test_a_supervisor_is_not_asked_to_review_what_they_handed_in(cast):
    document = make_obligation(organisation=cast.body).document
    make_plan(
        cast.body, document, state="submitted", submitted_at=NOW, submitted_by=cast.supervisor
    )
    assert desk_of(cast.supervisor).inbox.lines == ()


def wait_for_review(body, at, by, obligation=None):
    """A report of one entry that was handed in."""
    row = obligation or make_obligation(organisation=body)
    report = make_report(body, make_cycle(row.document), row)
    report.entries.update(state="submitted", submitted_at=at, submitted_by=by)
    return report


def test_a_report_that_they_handed_in_themselves_waits_for_somebody_else(cast):
    wait_for_review(cast.body, NOW, cast.supervisor)
    other = wait_for_review(cast.sibling, NOW, cast.stranger)
    ProgressReport.objects.settle_waiting()
    found = desk_of(cast.supervisor).inbox
    assert ([line.pk for line in found.lines], found.reports) == ([other.pk], 1)


@pytest.mark.parametrize("wide", [1000, -1])
def test_the_inbox_reads_no_further_than_it_shows_and_says_how_many_wait(
    cast, sign_in, monkeypatch, wide
):
    monkeypatch.setattr("directives.my_work.queries.inbox.MANY_BODIES", wide)
    monkeypatch.setattr("directives.my_work.queries.inbox.SHOWN", 2)
    monkeypatch.setattr("directives.my_work.queries.inbox.COUNT_LIMIT", 4)
    reports = [
        wait_for_review(cast.child, NOW - timedelta(hours=number), cast.below)
        for number in range(3)
    ]
    # Their own body's: another decides.
    wait_for_review(cast.centre, NOW - timedelta(days=9), cast.viewer)
    for directive in directives_of(3):
        make_obligation(
            directive,
            cast.sibling,
            state="disputed",
            reason="不归我们",
            moved_at=NOW - timedelta(days=1),
        )
    ProgressReport.objects.settle_waiting()
    found = desk_of(cast.supervisor).inbox
    assert [line.kind for line in found.lines] == ["dispute", "dispute"]
    assert (found.reports, found.disputes, found.total_text, found.more_text, found.reviews) == (
        3,
        3,
        "6",
        "4",
        "3",
    )
    wait_for_review(cast.child, NOW, cast.below)
    ProgressReport.objects.settle_waiting()
    found = desk_of(cast.supervisor).inbox
    assert (found.total_text, found.more_text, found.reviews) == ("7+", "5+", "4+")
    Obligation.objects.filter(state="disputed").update(state="assigned")
    assert [line.pk for line in desk_of(cast.supervisor).inbox.lines] == [
        report.pk for report in reversed(reports[1:])
    ]
    page = sign_in(cast.supervisor).get("/").content.decode()
    assert "其后还有" in page and 'href="/reports/?state=review"' in page


def test_the_worst_bodies_are_those_right_below_with_their_subtrees(cast):
    past = date(2026, 9, 1)
    for directive in directives_of(3):
        make_obligation(directive, cast.child, due_on=past)
    for directive in directives_of(2):
        make_obligation(directive, cast.sibling, due_on=past)
    make_obligation(organisation=cast.centre, due_on=past)  # their own
    found = desk_of(cast.supervisor).inbox.overdue
    assert [(line.pk, line.n, line.url) for line in found] == [
        (cast.body.pk, 3, f"/dashboard/?scope={cast.body.pk}"),
        (cast.sibling.pk, 2, f"/obligations/?body={cast.sibling.pk}&light=red"),
    ]


def test_a_person_who_supervises_many_bodies_asks_as_many_queries_with_as_many_parameters(cast):
    bodies = [make_body(f"P{number:03}", parent=cast.centre) for number in range(30)]
    for body in bodies:
        Membership.objects.create(user=cast.outsider, organisation=body, role="supervisor")
        make_body(f"{body.code}A", parent=body)
    report = wait_for_review(bodies[7].children.get(), NOW, cast.below)
    wait_for_review(bodies[8], NOW, cast.below)  # of a body that they supervise themselves
    ProgressReport.objects.settle_waiting()
    user = type(cast.outsider).objects.get(pk=cast.outsider.pk)
    with CaptureQueriesContext(connection) as queries:
        assert [line.pk for line in desk_of(user).inbox.lines] == [report.pk]
    assert max(query["sql"].count("path") for query in queries) < 20


def test_every_role_is_told_what_to_do_when_there_is_nothing(cast, sign_in):
    wanted = {
        "staff": "还没有交办给本单位的任务",
        "manager": "还没有交办给本单位的任务",
        "supervisor": "已报送的均已审核",
        "viewer": "/dashboard/",
        "admin": "/admin/directives/user/",
        "outsider": "您还没有所属单位",
    }
    for name, words in wanted.items():
        answer = sign_in(getattr(cast, name)).get("/")
        assert (answer.status_code, name, words in answer.content.decode()) == (200, name, True)


def test_what_comes_next_when_everything_is_done(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    make_measure(
        make_plan(cast.body, row.document), row, text="开展数据填报培训", due_on=date(2026, 11, 30)
    )
    page = sign_in(cast.staff).get("/").content.decode()
    assert "下一件：11月30日（周一）" in page and "开展数据填报培训" in page


def test_one_page_for_a_person_with_several_places(cast):
    Membership.objects.create(user=cast.staff, organisation=cast.sibling, role="manager")
    Membership.objects.create(user=cast.staff, organisation=cast.centre, role="supervisor")
    directive = make_directive()
    make_obligation(directive, cast.body, state="assigned", acknowledge_by=SOON)
    make_obligation(directive, cast.sibling, state="assigned", acknowledge_by=SOON)
    work = desk_of(type(cast.staff).objects.get(pk=cast.staff.pk))
    assert work.has_several_bodies
    assert {(task.body.pk, bool(task.action.fields)) for task in work.queue} == {
        (cast.body.pk, True),
        (cast.sibling.pk, False),
    }
    assert work.inbox is not None


# queries


def fill(cast, body, number, *, document=None):
    rows = [
        make_obligation(
            directive, body, due_on=date(2026, 9, 30) + timedelta(days=place), report_due_on=SOON
        )
        for place, directive in enumerate(directives_of(number, document))
    ]
    plan = make_plan(body, rows[0].document)
    for row in rows:
        make_log(make_measure(plan, row, due_on=SOON), cast.staff)
        Notice.objects.create(
            user=cast.staff, kind="accepted", facts={"body": "总工会", "count": 1}, url="/", at=NOW
        )
    make_return(body, *rows, by=cast.supervisor)


@pytest.mark.parametrize(
    ("who", "expected"), [("staff", 11), ("manager", 12), ("supervisor", 10), ("viewer", 3)]
)
def test_queries_do_not_grow(cast, sign_in, django_assert_num_queries, who, expected):
    client = sign_in(getattr(cast, who))
    for number in (1, 3, 50):
        fill(cast, cast.body, number)
        with django_assert_num_queries(expected):
            assert client.get("/").status_code == 200


def test_queries_of_a_person_with_several_places(cast, sign_in, django_assert_num_queries):
    Membership.objects.create(user=cast.staff, organisation=cast.sibling, role="manager")
    Membership.objects.create(user=cast.staff, organisation=cast.centre, role="supervisor")
    fill(cast, cast.body, 3)
    fill(cast, cast.sibling, 3)
    client = sign_in(cast.staff)
    with django_assert_num_queries(17):
        client.get("/")


@pytest.mark.parametrize("number", [1, 3])
def test_figures_that_are_asked_for_cost_two_more_queries(
    cast, sign_in, django_assert_num_queries, number
):
    document = make_document()
    fill(cast, cast.body, 1, document=document)
    for cadence in ("year", "quarter", "half")[:number]:
        make_indicator(document, cast.centre, cadence=cadence)
    client = sign_in(cast.staff)
    with django_assert_num_queries(13):
        page = client.get("/").content.decode()
    assert page.count("填报数据") == number


def test_a_long_queue_is_cut_and_says_so(cast, sign_in):
    for directive in directives_of(53):
        make_obligation(directive, cast.body, due_on=date(2026, 9, 30))
    page = sign_in(cast.staff).get("/").content.decode()
    assert page.count('<div class="when">') == 50 and "另有 3 件" in page


# the log and the notices


def test_the_quick_log_writes_and_comes_back(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    measure = make_measure(make_plan(cast.body, row.document), row)
    client = sign_in(cast.staff)
    assert f'value="{measure.pk}"' in client.get("/").content.decode()
    sent = key() | {
        "measure": measure.pk,
        "text": "召开主席办公会",
        "on": "2026-10-13",
        "next": "/",
    }
    answer = client.post("/log/add/", sent)
    assert (answer.status_code, answer.url) == (302, "/")
    assert LogEntry.objects.values_list("text", flat=True).get() == "召开主席办公会"
    assert "召开主席办公会" in client.get("/").content.decode()


def make_notice(user, **fields):
    told = {"kind": "accepted", "facts": {"body": "总工会", "count": 2}, "url": "/reports/"}
    return Notice.objects.create(user=user, at=NOW, **(told | fields))


def test_opening_a_notice_marks_it_read_and_leads_on(cast, sign_in, key):
    notice = make_notice(cast.staff)
    client = sign_in(cast.staff)
    assert "总工会有 2 件审核通过。" in client.get("/").content.decode()
    answer = client.post(f"/notices/{notice.pk}/open/", key())
    assert (answer.status_code, answer.url) == (302, "/reports/")
    notice.refresh_from_db()
    assert notice.read_at == NOW
    assert "有 2 件审核通过" not in client.get("/").content.decode()
    assert "有 2 件审核通过" in client.get("/notices/").content.decode()


def test_a_notice_is_its_readers_alone_and_opened_by_a_form(cast, sign_in, key):
    notice = make_notice(cast.staff)
    assert sign_in(cast.manager).post(f"/notices/{notice.pk}/open/", key()).status_code == 404
    assert sign_in(cast.staff).get(f"/notices/{notice.pk}/open/").url == "/notices/"
    assert Notice.objects.get().read_at is None


def test_a_notice_leads_nowhere_outside(cast, sign_in, key):
    notice = make_notice(cast.staff, url="https://example.org/")
    assert sign_in(cast.staff).post(f"/notices/{notice.pk}/open/", key()).url == "/"


def test_all_notices_are_marked_read_at_once(cast, sign_in, key):
    for _number in range(3):
        make_notice(cast.staff)
    other = make_notice(cast.manager)
    client, sent = sign_in(cast.staff), key()
    assert client.post("/notices/read/", sent).url == "/"
    assert client.post("/notices/read/", sent).status_code == 302  # the same form again
    assert list(Notice.objects.filter(read_at=None)) == [other]


def test_the_list_of_notices_takes_the_same_queries_for_one_and_for_fifty(
    cast, sign_in, django_assert_num_queries
):
    client = sign_in(cast.staff)
    for number in (1, 50):
        for _number in range(number):
            make_notice(cast.staff)
        with django_assert_num_queries(4):
            client.get("/notices/")


@pytest.mark.once
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_can_be_put_into_words(cast, kind, language):
    facts = {
        "body": "全国总工会",
        "body_hant": "全國總工會",
        "document": "《意见》",
        "document_hant": "《意見》",
        "count": 2,
        "due": "2026-10-15",
        "what": "实施方案",
        "reason": "请改",
        "code": "九.3.3",
        "from": "全国妇联",
        "from_hant": "全國婦聯",
        "into": "共青团中央",
        "into_hant": "共青團中央",
        "over": 3,
        "withdrawn": 1,
        "name": "台账.xlsx",
        "act": "check",
        "who": "周启明",
        "person": "林晓岚",
        "right": "auditor",
    }
    with translation.override(language):
        said = render_text(make_notice(cast.staff, kind=kind, facts=facts))
    assert "%(" not in said and "2026-10-15" not in said
    assert language != "zh-hant" or "全国" not in said


def test_names_come_in_the_readers_script(cast, sign_in):
    make_obligation(make_directive(text="办好网站。"), cast.body, due_on=date(2026, 9, 1))
    Membership.objects.create(user=cast.staff, organisation=cast.sibling, role="staff")
    page = sign_in(cast.staff, "zh-hant").get("/").content.decode()
    assert "全國總工會" in page and "逾期" in page and "逾期 1 件優先辦理" in page


def test_looking_writes_nothing(cast, sign_in):
    make_notice(cast.staff)
    client = sign_in(cast.staff)
    client.get("/"), client.get("/notices/")
    assert Notice.objects.get().read_at is None
    assert client.post("/").status_code == 405


def test_staff_of_a_body_without_manager_see_the_same_steps(cast):
    alone = make_body("A01", parent=cast.centre)
    user = make_member(alone, "staff", "alone")
    row = make_obligation(organisation=alone, report_due_on=SOON)
    make_report(alone, make_cycle(row.document, due_on=SOON), row)
    assert kinds(desk_of(user).queue) == [("report", SOON, "yellow")]


# help


def test_the_help_marks_ones_own_role(cast, sign_in):
    page = sign_in(cast.manager).get("/help/").content.decode()
    assert page.count('<span class="tag a">您</span>') == 1
    assert (
        page.index('id="manager"')
        < page.index('<span class="tag a">')
        < page.index('id="supervisor"')
    )


def test_the_lights_are_told_with_the_settings_in_force(cast, sign_in, settings):
    (
        settings.NEAR_DAYS,
        settings.ACKNOWLEDGE_DAYS,
        settings.BEHIND_TOLERANCE,
        settings.SILENT_DAYS,
    ) = 7, 4, 15, 60
    page = sign_in(cast.staff).get("/help/lights/").content.decode()
    assert (
        "不超过 7 个工作日" in page
        and "交办后 4 个工作日内" in page
        and "低 15 个百分点以上" in page
        and "60 天内无任何动态" in page
    )
