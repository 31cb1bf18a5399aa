"""Pages of what is asked: the list, one request, who supports, and drawing inputs in."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from directives.models import CalendarDay, Obligation, ReplyRequest, ReportEntry
from directives.my_work.queries.my_work import load_my_work
from directives.replies.commands import decide, reply
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_input,
    make_log,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_report,
)

LATER = date(2026, 11, 6)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def office(cast):
    """`lead` works for a body that leads the directive which `cast.body` supports."""
    directive, lead_body = make_directive(), make_body("L1", parent=cast.centre)
    make_obligation(directive, lead_body, part="lead")
    row = make_obligation(directive, cast.body, part="supporting")
    return directive, make_member(lead_body, "staff", "lead"), row


def key() -> dict[str, str]:
    return {"idempotency_key": str(uuid4())}


def desk_of(user):
    return load_my_work(user, now=NOW, today=TODAY, workdays=CalendarDay.objects.workdays(TODAY))


def test_a_lead_asks_on_the_page_of_the_directive(office, sign_in):
    directive, lead, row = office
    client, page = sign_in(lead), reverse("support", args=[directive.pk])
    assert "要求提供配合材料" in client.get(page).content.decode()
    terms = {"to": row.pk, "text": "请报送数据", "due_on": str(LATER)}
    answer = client.post(reverse("support_ask", args=[directive.pk]), terms | key())
    assert (answer.status_code, answer.url) == (302, page)
    assert ReplyRequest.objects.get().text == "请报送数据"
    shown = client.get(page).context["view"]
    assert (shown.asked, shown.replied, shown.late) == (1, 0, 0)


def test_a_request_that_is_refused_keeps_what_was_typed(office, sign_in):
    directive, lead, row = office
    terms = {"to": row.pk, "text": "请报送数据", "due_on": "2026-10-01"}
    address = reverse("support_ask", args=[directive.pk])
    answer = sign_in(lead).post(address, terms | key())
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["due_on"])
    assert "请报送数据" in answer.content.decode()


def test_the_page_shows_late_inputs_and_the_last_log(cast, office, sign_in):
    directive, lead, row = office
    make_input(row, by=cast.supervisor, due_on=date(2026, 10, 9))
    plan = make_plan(cast.body, directive.document, state="submitted")
    make_log(make_measure(plan, row), cast.staff, on=date(2026, 10, 12))
    (line,) = sign_in(lead).get(reverse("support", args=[directive.pk])).context["view"].lines
    assert (line.late, line.replied, line.logged_on) == (1, 0, date(2026, 10, 12))


def test_a_supporting_body_sees_only_itself_there(cast, office, sign_in):
    directive, _lead, row = office
    make_obligation(directive, cast.sibling, part="supporting")
    client = sign_in(cast.staff)
    view = client.get(reverse("support", args=[directive.pk])).context["view"]
    assert ([line.obligation for line in view.lines], view.may_ask) == ([row], False)
    assert client.post(reverse("support_ask", args=[directive.pk]), key()).status_code == 403


@pytest.mark.parametrize("number", [1, 3])
def test_queries_of_the_page_do_not_grow(cast, office, sign_in, django_assert_num_queries, number):
    directive, lead, _row = office
    for _number in range(number):
        row = make_obligation(directive, make_body(parent=cast.centre), part="supporting")
        make_input(row, by=cast.supervisor)
    client = sign_in(lead)
    with django_assert_num_queries(10):
        client.get(reverse("support", args=[directive.pk]))


def test_the_lead_reads_a_log_entry_without_what_is_around_it(cast, office, sign_in):
    directive, lead, row = office
    other = make_obligation(make_directive(directive.section), cast.body)
    plan = make_plan(cast.body, directive.document, state="submitted")
    entry = make_log(make_measure(plan, row, other, text="措施的全文"), cast.staff)
    page = sign_in(lead).get(reverse("log_entry", args=[entry.pk])).content.decode()
    assert directive.code in page
    for hidden in (other.directive.code, "措施的全文", reverse("plan", args=[plan.pk])):
        assert hidden not in page
    assert other.directive.code in sign_in(cast.staff).get(f"/log/{entry.pk}/").content.decode()


def test_reply_and_return_on_the_page(cast, office, sign_in):
    _directive, lead, row = office
    request = make_input(
        row, by=lead, asked_as="lead", asking_body=lead.memberships.get().organisation
    )
    page = reverse("reply_request", args=[request.pk])
    staff = sign_in(cast.staff)
    give = reverse("reply_give", args=[request.pk])
    assert staff.post(give, {"version": 1, "reply": ""} | key()).status_code == 422
    assert staff.post(give, {"version": 1, "reply": "材料如下"} | key()).url == page
    decision = reverse("reply_decide", args=[request.pk, "return"])
    client = sign_in(lead)
    assert client.post(decision, {"version": 2, "reason": ""} | key()).status_code == 422
    assert client.post(decision, {"version": 1, "reason": "不全"} | key()).status_code == 409
    assert client.post(decision, {"version": 2, "reason": "不全"} | key()).url == page
    assert "不全" in staff.get(page).content.decode()


def test_what_is_asked_waits_on_my_work(cast, office):
    _directive, lead, row = office
    lead_body = lead.memberships.get().organisation
    request = make_input(row, by=lead, asked_as="lead", asking_body=lead_body, due_on=TODAY)
    (task,) = [task for task in desk_of(cast.manager).queue if task.kind == "reply"]
    assert (task.due_on, task.colour, task.url) == (TODAY, "yellow", f"/requests/{request.pk}/")
    assert desk_of(lead).replies is None
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    assert [task.kind for task in desk_of(cast.staff).queue] == []
    assert desk_of(lead).replies.requests == (request,)
    decide(request=request, action="return", reason="不全", version=2, by=lead, now=NOW)
    (task,) = desk_of(cast.staff).queue
    assert task.returned.reason == "不全"


def test_nothing_waits_on_who_is_gone(cast, office):
    _directive, _lead, row = office
    asker = make_member(cast.centre, "supervisor", "gone")
    request = make_input(row, by=asker)
    reply(request=request, text="好", version=1, by=cast.staff, now=NOW)
    assert desk_of(cast.supervisor).replies is None
    asker.is_active = False
    asker.save()
    assert desk_of(cast.supervisor).replies.requests == (request,)


def test_nothing_is_asked_of_work_that_was_closed(cast, office):
    _directive, _lead, row = office
    make_input(row, by=cast.supervisor)
    Obligation.objects.filter(pk=row.pk).update(state="closed", closed_on=TODAY)
    assert [task.kind for task in desk_of(cast.staff).queue] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 3), ("?kind=instruction", 0), ("?state=waiting", 2), ("?state=late", 1),
     ("?state=replied", 1), ("?q=数据", 1), ("?kind=none&state=none", 3)],
)  # fmt: skip
def test_the_list_and_its_filter(cast, office, sign_in, query, found):
    directive, _lead, row = office
    make_input(row, by=cast.supervisor, text="请报送数据")
    make_input(row, by=cast.supervisor, due_on=date(2026, 10, 9))
    make_input(row, by=cast.supervisor, state="replied", reply="好", replied_at=NOW)
    make_input(make_obligation(directive, cast.sibling, part="supporting"), by=cast.supervisor)
    client = sign_in(cast.staff)
    assert len(client.get(reverse("reply_requests") + query).context["lines"]) == found
    assert [*ReplyRequest.objects.visible_to(cast.stranger)] != []
    assert len(sign_in(cast.outsider).get(reverse("reply_requests")).context["lines"]) == 0


def test_the_list_is_exported(cast, office, sign_in):
    _directive, _lead, row = office
    make_input(row, by=cast.supervisor, text="请报送数据")
    answer = sign_in(cast.manager).get(reverse("reply_requests") + "?export=csv")
    assert "请报送数据" in b"".join(answer.streaming_content).decode()


def test_an_input_is_drawn_into_the_entry_of_the_lead(cast, office, sign_in):
    directive, lead, row = office
    lead_body = lead.memberships.get().organisation
    request = make_input(row, by=lead, asked_as="lead", asking_body=lead_body)
    reply(request=request, text="已培训300人。", version=1, by=cast.staff, now=NOW)
    own = Obligation.objects.get(organisation=lead_body)
    report = make_report(lead_body, make_cycle(directive.document), own)
    entry, client = ReportEntry.objects.get(), sign_in(lead)
    page = client.get(reverse("report", args=[report.pk])).content.decode()
    assert "已培训300人。" in page
    save = reverse("entry_save", args=[entry.pk])
    typed = {"progress": "本单位已部署。", "percent": "40", "version": 1, "draw": request.pk}
    assert client.post(save, typed | key()).status_code == 302
    entry.refresh_from_db()
    assert entry.progress == f"本单位已部署。\n{cast.body.name_hans}：已培训300人。"
    client.post(save, typed | {"progress": entry.progress, "version": 2} | key())
    entry.refresh_from_db()
    assert entry.progress.count("300") == 1


def test_only_inputs_of_the_directive_are_drawn_in(cast, office, sign_in):
    directive, lead, row = office
    elsewhere = make_obligation(make_directive(directive.section), cast.body, part="supporting")
    strange = make_input(elsewhere, by=cast.supervisor)
    reply(request=strange, text="别处", version=1, by=cast.staff, now=NOW)
    lead_body = lead.memberships.get().organisation
    own = Obligation.objects.get(organisation=lead_body)
    make_report(lead_body, make_cycle(directive.document), own)
    entry = ReportEntry.objects.get()
    typed = {"progress": "办", "percent": "40", "version": 1, "draw": strange.pk}
    answer = sign_in(lead).post(reverse("entry_save", args=[entry.pk]), typed | key())
    assert answer.status_code == 404
    entry.refresh_from_db()
    assert entry.progress == ""
