"""Disputed obligations are handed over to another organisation in one act."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.models import CalendarDay, Event, Notice, Obligation
from directives.obligations.commands.handing_over import hand_over
from directives.obligations.commands.supervising import move_obligation
from tests.factories import (
    NOW,
    TODAY,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

WHY = "属邻县职责。"
DUE = date(2026, 12, 31)


@pytest.fixture
def directive(cast):
    document = make_document(organisation=cast.centre)
    return make_directive(make_section(document), items=("制度",))


def disputed(directive, body, **fields):
    given = {"state": "disputed", "reason": "不归我们", "percent": 0, "part": "lead"}
    return make_obligation(directive, body, **(given | {"note": "急件"} | fields))


def over(cast, rows, **changes):
    given = {"body": cast.sibling, "days": "keep", "reason": WHY, "by": cast.supervisor}
    return hand_over(obligations=rows, now=NOW, **(given | changes))


def test_one_act_withdraws_the_disputed_row_and_gives_the_other_body_one_on_its_terms(
    cast, directive
):
    row = disputed(directive, cast.body, deliverable="plan", plan_due_on=date(2026, 11, 20))
    measure = make_measure(make_plan(cast.body, directive.document), row)
    (made,) = over(cast, [row])
    row.refresh_from_db()
    assert (row.state, row.reason, row.handed_to, row.asked_by) == ("withdrawn", WHY, made, None)
    assert list(measure.obligations.all()) == [row]
    made.refresh_from_db()
    assert (made.organisation, made.state, made.part, made.deliverable, made.note) == (
        cast.sibling,
        "assigned",
        "lead",
        "plan",
        "急件",
    )
    days = (made.issued_on, made.starts_on, made.plan_due_on, made.due_on, made.original_due_on)
    assert days == (TODAY, row.starts_on, date(2026, 11, 20), DUE, DUE)
    assert made.acknowledge_by > TODAY
    assert made.item_states.count() == 1
    story = Event.objects.order_by("pk").values_list("action", "obligation_id", "reason")
    assert list(story) == [("issue", made.pk, ""), ("redirect", row.pk, WHY)]
    assert Event.objects.get(action="issue").after["handed_from"] == [row.pk]
    assert Event.objects.get(action="redirect").after["handed_to"] == made.pk
    told = Notice.objects.order_by("kind", "user").values_list("kind", "user")
    working = sorted([cast.staff.pk, cast.manager.pk, cast.stranger.pk])
    assert list(told) == [
        *(("handed_over", pk) for pk in working),
        ("issued", cast.stranger.pk),
    ]
    assert tallies.drift() == []


def test_the_days_start_again_with_as_many_working_days_as_there_were(cast, directive):
    row = disputed(directive, cast.body, issued_on=date(2026, 9, 1), starts_on=date(2026, 9, 1))
    (made,) = over(cast, [row], days="anew")
    workdays = CalendarDay.objects.workdays(TODAY)
    had = workdays.between(date(2026, 9, 1), DUE)
    assert (made.starts_on, made.due_on) == (TODAY, workdays.add(TODAY, had))
    assert made.original_due_on == made.due_on > DUE


def test_a_day_that_has_passed_is_not_kept(cast, directive):
    row = disputed(directive, cast.body, due_on=TODAY - timedelta(days=1))
    with pytest.raises(Invalid) as refusal:
        over(cast, [row])
    assert list(refusal.value.errors) == ["days"]
    assert directive.code in str(refusal.value)
    assert over(cast, [row], days="anew")[0].due_on > TODAY


def test_several_rows_of_several_bodies_go_together_and_the_terms_are_those_of_the_lead(
    cast, directive
):
    other = make_directive(directive.section)
    rows = [
        disputed(directive, cast.child, part="supporting", due_on=date(2026, 11, 1)),
        disputed(directive, cast.body),
        disputed(other, cast.body),
    ]
    first, second, third = over(cast, rows)
    assert (first, first.part, first.due_on, third.directive) == (second, "lead", DUE, other)
    assert Obligation.objects.filter(organisation=cast.sibling).count() == 2
    assert {row.handed_to for row in Obligation.objects.filter(state="withdrawn")} == {first, third}
    counts = Notice.objects.filter(kind="handed_over", user=cast.stranger)
    assert sorted(notice.facts["count"] for notice in counts) == [1, 2]
    assert tallies.drift() == []


def test_a_body_that_has_the_directive_is_named_or_linked(cast, directive):
    row, owed = disputed(directive, cast.body), make_obligation(directive, cast.sibling, percent=40)
    with pytest.raises(Invalid, match=directive.code) as refusal:
        over(cast, [row])
    assert list(refusal.value.errors) == ["body"]
    assert Event.objects.count() == 0
    assert over(cast, [row], link=True) == [owed]
    row.refresh_from_db()
    owed.refresh_from_db()
    assert (row.handed_to, owed.version, owed.percent) == (owed, 1, 40)
    assert not Notice.objects.filter(kind="issued").exists()
    assert tallies.drift() == []


def test_what_was_handed_away_before_can_come_back(cast, directive):
    row = disputed(directive, cast.body)
    (made,) = over(cast, [row])
    move_obligation(
        obligation=made, action="dispute", by=cast.stranger, now=NOW, reason="也不归我们"
    )
    (back,) = over(cast, [made], body=cast.body, reason="经研究仍由你们承担")
    assert (back.pk, back.state, back.handed_to) == (row.pk, "assigned", None)
    made.refresh_from_db()
    assert (made.state, made.handed_to) == ("withdrawn", row)
    assert tallies.drift() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda cast: {"body": cast.body}, "body"),
        (lambda cast: {"reason": " "}, "reason"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_changed(cast, directive, change, field):
    row = disputed(directive, cast.body)
    with pytest.raises(Invalid) as refusal:
        over(cast, [row], **change(cast))
    assert list(refusal.value.errors) == [field]
    assert (Obligation.objects.count(), Event.objects.count()) == (1, 0)


def test_an_abolished_body_and_one_that_disputes_it_too_are_refused(cast, directive):
    row = disputed(directive, cast.body)
    disputed(directive, cast.child)
    with pytest.raises(Invalid, match="异议"):
        over(cast, [row], body=cast.child, link=True)
    cast.sibling.valid_to = TODAY
    cast.sibling.save()
    with pytest.raises(Invalid, match="撤销"):
        over(cast, [row])


def test_who_may(cast, directive):
    row = disputed(directive, cast.body, asked_by=cast.supervisor)
    with pytest.raises(NotAllowed, match="本人"):
        over(cast, [row])
    with pytest.raises(NotAllowed):
        over(cast, [row], body=cast.centre)
    Obligation.objects.update(asked_by=None)
    row.refresh_from_db()
    for by in (cast.staff, cast.manager, cast.viewer, cast.admin):
        with pytest.raises(NotAllowed):
            over(cast, [row], by=by)
    assert Obligation.objects.count() == 1


def test_only_what_is_disputed_is_handed_over(cast, directive):
    row = make_obligation(directive, cast.body, state="assigned")
    with pytest.raises(IllegalMove):
        over(cast, [row])
    assert Obligation.objects.count() == 1


def test_the_move_has_no_other_door(cast, directive):
    row = disputed(directive, cast.body)
    with pytest.raises(IllegalMove):
        move_obligation(obligation=row, action="redirect", by=cast.supervisor, now=NOW, reason=WHY)


def test_what_was_withdrawn_is_assigned_again_unless_its_body_is_gone(cast, directive):
    row = make_obligation(directive, cast.body, state="withdrawn", reason="撤回")
    move_obligation(
        obligation=row, action="reinstate", by=cast.supervisor, now=NOW, reason="仍需承担"
    )
    assert (row.state, row.acknowledge_by > TODAY) == ("assigned", True)
    assert Notice.objects.filter(kind="move_reinstate").count() == 2
    move_obligation(obligation=row, action="withdraw", by=cast.supervisor, now=NOW, reason="撤回")
    cast.body.valid_to = TODAY
    cast.body.save()
    row = Obligation.objects.select_related("organisation", "directive", "document").get()
    with pytest.raises(Invalid, match="撤销"):
        move_obligation(
            obligation=row, action="reinstate", by=cast.supervisor, now=NOW, reason="仍需承担"
        )
    assert tallies.drift() == []


def test_a_part_of_another_obligation_stays_its_part(cast, directive):
    whole = make_obligation(directive, cast.centre)
    row = disputed(directive, cast.body, part="responsible", broken_from=whole, asks="办好本级")
    Obligation.objects.filter(pk=whole.pk).update(parts=1)
    tallies.rebuild()
    (made,) = over(cast, [row])
    assert (made.broken_from_id, made.asks) == (whole.pk, "办好本级")
    assert Obligation.objects.get(pk=whole.pk).parts == 1
    assert tallies.drift() == []


# pages


def form_of(row, body, **changes):
    given = {"row": f"{row.pk}.{row.version}", "body": body.pk, "days": "keep", "reason": WHY}
    return given | changes


def test_the_page_lists_what_is_disputed_finds_the_body_and_shows_both_ends(
    cast, directive, sign_in, key
):
    row, second = (
        disputed(directive, cast.body),
        disputed(make_directive(directive.section), cast.child),
    )
    client, address = sign_in(cast.supervisor), reverse("hand_over", args=[row.pk])
    assert address in client.get(reverse("obligation", args=[row.pk])).content.decode()
    page = client.get(address).content.decode()
    assert f'value="{row.pk}.1" checked' in page and f'value="{second.pk}.1">' in page
    found = client.get(address, {"q": cast.child.code}, headers={"HX-Request": "true"})
    assert [line.body for line in found.context["details"].bodies] == [cast.child]
    answer = client.post(
        reverse("hand_over_save", args=[row.pk]), {**key(), **form_of(row, cast.sibling)}
    )
    made = Obligation.objects.get(organisation=cast.sibling)
    assert answer.url == reverse("obligation", args=[made.pk])
    # The body that gave it up is told the name, without a link to what it does not see.
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    assert cast.sibling.name_hans in page and answer.url not in page
    page = client.get(answer.url).content.decode()
    assert reverse("obligation", args=[row.pk]) in page


def test_a_refused_form_keeps_what_was_typed(cast, directive, sign_in, key):
    row = disputed(directive, cast.body)
    make_obligation(directive, cast.sibling)
    client, address = sign_in(cast.supervisor), reverse("hand_over_save", args=[row.pk])
    answer = client.post(address, {**key(), **form_of(row, cast.sibling)})
    page = answer.content.decode()
    assert (answer.status_code, WHY in page, 'name="link"' in page) == (422, True, True)
    assert f'value="{cast.sibling.pk}" checked' in page
    answer = client.post(address, {**key(), **form_of(row, cast.sibling), "body": "", "reason": ""})
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["body", "reason"])
    answer = client.post(address, {**key(), **form_of(row, cast.sibling), "row": f"{row.pk}.7"})
    assert answer.status_code == 409
    assert Event.objects.count() == 0
    assert (
        client.post(address, {**key(), **form_of(row, cast.sibling, link="on")}).status_code == 302
    )
    answer = client.post(address, {**key(), **form_of(row, cast.sibling, link="on")})
    assert (answer.status_code, Event.objects.count()) == (409, 1)
    assert client.get(reverse("hand_over", args=[row.pk])).status_code == 302
