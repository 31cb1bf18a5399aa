"""Instructions (批示): who writes them on what, their clock, and where they stand."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.models import CalendarDay, Event, Notice, Obligation, ReplyRequest
from directives.my_work.queries.my_work import load_my_work
from directives.obligations.queries.ledger import ledger
from directives.replies.commands import decide, instruct, reply
from tests.factories import NOW, TODAY, make_directive, make_member, make_obligation

LATER = date(2026, 11, 6)


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def row(cast):
    return make_obligation(organisation=cast.body)


def key() -> dict[str, str]:
    return {"idempotency_key": str(uuid4())}


def written(by, *, rows=(), bodies=(), due_on=LATER):
    return instruct(
        obligations=rows, bodies=bodies, text="请抓紧办理", due_on=due_on, by=by, now=NOW
    )


def desk_of(user):
    return load_my_work(user, now=NOW, today=TODAY, workdays=CalendarDay.objects.workdays(TODAY))


@pytest.mark.parametrize(
    ("who", "where", "may"),
    [
        ("staff", "body", False),
        ("manager", "body", True),
        ("manager", "child", True),
        ("manager", "sibling", False),
        ("supervisor", "body", True),
        ("supervisor", "centre", True),
        ("viewer", "body", False),
        ("stranger", "sibling", False),
        ("outsider", "body", False),
    ],
)
def test_managers_and_supervisors_write_for_their_subtree(cast, who, where, may):
    body, by = getattr(cast, where), getattr(cast, who)
    row = make_obligation(organisation=body)
    for target in ({"rows": [row]}, {"bodies": [body]}):
        if may:
            assert written(by, **target)[0].organisation == body
        else:
            with pytest.raises(NotAllowed):
                written(by, **target)
    assert ReplyRequest.objects.count() == (2 if may else 0)


def test_one_instruction_to_several_bodies_is_replied_to_by_each(cast):
    directive = make_directive()
    rows = [make_obligation(directive, body) for body in (cast.body, cast.sibling)]
    first, second = written(cast.supervisor, rows=rows)
    assert (first.directive, first.document) == (directive, directive.document)
    assert set(Obligation.objects.values_list("reply_due_on", flat=True)) == {LATER}
    reply(request=first, text="已办", version=1, by=cast.staff, now=NOW)
    clocks = dict(Obligation.objects.values_list("organisation", "reply_due_on"))
    assert clocks == {cast.body.pk: None, cast.sibling.pk: LATER}
    assert second.state == "asked"
    assert tallies.drift() == []
    assert Event.objects.filter(action="instruct").count() == 2


def test_an_instruction_on_a_body_has_a_light_of_its_own(cast, row):
    (request,) = written(cast.supervisor, bodies=[cast.body], due_on=TODAY)
    assert (request.obligation, request.document) == (None, None)
    assert Obligation.objects.get(pk=row.pk).reply_due_on is None
    (task,) = [task for task in desk_of(cast.staff).queue if task.kind == "reply"]
    assert (task.colour, task.code) == ("yellow", "批示")
    reply(request=request, text="已办", version=1, by=cast.manager, now=NOW)
    assert desk_of(cast.supervisor).replies.requests == (request,)
    decide(request=request, action="settle", version=2, by=cast.supervisor, now=NOW)
    assert desk_of(cast.supervisor).replies is None


def test_it_is_settled_by_who_wrote_it_or_a_supervisor_of_that_body(cast, row):
    (request,) = written(cast.manager, rows=[row])
    assert (request.asked_as, request.asking_body) == ("manager", cast.body)
    reply(request=request, text="已办", version=1, by=cast.staff, now=NOW)
    colleague = make_member(cast.body, "manager")
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=colleague, now=NOW)
    decide(request=request, action="return", reason="不实", version=2, by=cast.manager, now=NOW)
    reply(request=request, text="改", version=3, by=cast.staff, now=NOW)
    decide(request=request, action="settle", version=4, by=cast.supervisor, now=NOW)
    assert request.state == "settled"


def test_who_left_the_post_settles_no_more(cast, row):
    (request,) = written(cast.manager, rows=[row])
    reply(request=request, text="已办", version=1, by=cast.staff, now=NOW)
    cast.manager.memberships.all().delete()
    gone = type(cast.manager).objects.get(pk=cast.manager.pk)
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=gone, now=NOW)


def test_nobody_settles_their_own_reply(cast, row):
    (request,) = written(cast.manager, rows=[row])
    reply(request=request, text="自己办了", version=1, by=cast.manager, now=NOW)
    with pytest.raises(NotAllowed):
        decide(request=request, action="settle", version=2, by=cast.manager, now=NOW)


def test_faults_are_told_and_closed_work_gets_no_instruction(cast, row):
    with pytest.raises(Invalid) as refused:
        instruct(text="", due_on=TODAY - timedelta(1), by=cast.supervisor, now=NOW)
    assert sorted(refused.value.errors) == ["due_on", "text", "to"]
    Obligation.objects.filter(pk=row.pk).update(state="closed", closed_on=TODAY)
    with pytest.raises(IllegalMove):
        written(cast.supervisor, rows=[row])


def test_the_people_of_the_body_are_told(cast, row):
    written(cast.supervisor, rows=[row])
    told = Notice.objects.filter(kind="asked_instruction")
    assert sorted(told.values_list("user__username", flat=True)) == ["manager", "staff"]


def test_it_stands_in_the_ledger_until_it_is_withdrawn(cast, row):
    (request,) = written(cast.supervisor, rows=[row])
    (line,) = ledger([Obligation.objects.filter(pk=row.pk)], cast.manager)
    assert line.instructions == (("请抓紧办理", LATER, "asked"),)
    reason = {"reason": "不用了", "version": 1}
    decide(request=request, action="withdraw", **reason, by=cast.supervisor, now=NOW)
    (line,) = ledger([Obligation.objects.filter(pk=row.pk)], cast.manager)
    assert line.instructions == ()


def test_the_ledger_has_a_column(cast, row, sign_in):
    written(cast.supervisor, rows=[row])
    answer = sign_in(cast.manager).get(reverse("obligations") + "?export=csv")
    text = b"".join(answer.streaming_content).decode()
    assert ",批示,督办单," in text
    assert f"请抓紧办理（{LATER}前回复；待回复）" in text


@pytest.mark.parametrize("name", ["obligation", "directive", "body"])
def test_it_is_written_on_the_page_of_each(cast, row, sign_in, name):
    pk = {"obligation": row.pk, "directive": row.directive_id, "body": cast.body.pk}[name]
    client, address = sign_in(cast.supervisor), reverse("instruct")
    assert client.get(address, {name: pk}).status_code == 200
    back = reverse("organisation" if name == "body" else name, args=[pk])
    assert f"{address}?{name}={pk}" in client.get(back).content.decode()
    terms = {name: pk, "to": row.pk, "text": "请抓紧办理", "due_on": str(LATER)}
    assert client.post(reverse("instruct_save"), terms | key()).url == back
    request = ReplyRequest.objects.get()
    assert (request.kind, request.obligation) == ("instruction", None if name == "body" else row)
    assert "请抓紧办理" in client.get(back).content.decode()


def test_a_form_that_is_refused_keeps_what_was_typed(cast, row, sign_in):
    terms = {"directive": row.directive_id, "text": "请抓紧办理", "due_on": "2026-10-01"}
    answer = sign_in(cast.supervisor).post(reverse("instruct_save"), terms | key())
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["to"])
    terms["to"] = row.pk
    answer = sign_in(cast.supervisor).post(reverse("instruct_save"), terms | key())
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["due_on"])
    assert "请抓紧办理" in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "status"),
    [("supervisor", 200), ("manager", 200), ("staff", 403), ("viewer", 403), ("stranger", 404)],
)
def test_who_opens_the_form(cast, row, sign_in, who, status):
    client = sign_in(getattr(cast, who))
    assert client.get(reverse("instruct"), {"obligation": row.pk}).status_code == status
    assert client.post(reverse("instruct_save"), {"obligation": row.pk} | key()).status_code == (
        422 if status == 200 else status
    )


def test_an_instruction_is_no_input(cast, sign_in):
    """The lead of a directive sees none of the instructions to a supporting body."""
    directive = make_directive()
    lead = make_member(cast.sibling, "staff", "lead")
    make_obligation(directive, cast.sibling, part="lead")
    row = make_obligation(directive, cast.body, part="supporting")
    written(cast.supervisor, rows=[row])
    assert [*ReplyRequest.objects.visible_to(lead)] == []
    assert [*ReplyRequest.objects.visible_to(cast.staff)] != []
