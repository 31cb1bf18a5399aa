"""Closing asks for its items: each is established, or it is said why it is not.

Whichever way work is closed.
"""

from datetime import timedelta
from random import Random

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from directives import tallies
from directives.base.refusals import Invalid, Refusal
from directives.base.states import ITEM_STATES, OBLIGATION_MOVES, OWN_PAGE
from directives.core.transitions import move
from directives.models import Event, ItemState, Obligation
from directives.obligations.commands import supervising
from directives.obligations.exports.ledger import _items
from directives.obligations.imports.obligations import OBLIGATIONS
from directives.obligations.queries.ledger import ledger
from tests.factories import NOW, TODAY, make_directive, make_obligation
from tests.intakes.bringing import bring

ITEMS = ("报告制度", "例会制度", "公开制度")
REASON = "相关内容已并入现行制度。"


@pytest.fixture
def row(cast):
    """Underway, with three items: the first is established."""
    made = make_obligation(make_directive(items=ITEMS), cast.body, percent=90)
    ItemState.objects.filter(obligation=made, item__number=1).update(state="established", on=TODAY)
    tallies.rebuild()
    return made


def open_ones(row):
    return list(
        row.item_states.exclude(state="established")
        .order_by("item__number")
        .values_list("pk", flat=True)
    )


def url_of(row, action):
    return reverse("obligation_move", args=[row.pk, action])


def test_every_item_that_is_missing_is_named_with_what_else_is_missing_and_nothing_typed_is_lost(
    cast, row, sign_in, key
):
    first, second = open_ones(row)
    typed = {**key(), "version": 1, "reason": " ", f"open-{first}": REASON}
    answer = sign_in(cast.staff).post(url_of(row, "request_close"), typed)
    assert (answer.status_code, sorted(answer.context["refusal"].errors)) == (
        422,
        sorted(["reason", f"open-{second}"]),
    )
    page = answer.content.decode()
    assert (
        REASON in page
        and "例会制度" in page
        and "公开制度" in page
        and "未建立：请说明仍可销号的原因。" in page
    )
    assert (Obligation.objects.get().state, Event.objects.count()) == ("underway", 0)
    assert set(ItemState.objects.values_list("open_reason", flat=True)) == {""}


def test_a_sentence_that_stands_against_several_items_is_said_once_at_the_head(
    cast, row, sign_in, key
):
    answer = sign_in(cast.staff).post(
        url_of(row, "request_close"), {**key(), "version": 1, "reason": "已完成"}
    )
    assert str(answer.context["refusal"]) == "未建立：请说明仍可销号的原因。"
    # The reason that was given is not wrong.
    assert answer.content.decode().count('class="row bad"') == len(open_ones(row))


def test_with_a_reason_for_each_it_is_asked_for_verified_and_shown(cast, row, sign_in, key):
    first, second = open_ones(row)
    given = {f"open-{first}": REASON, f"open-{second}": "由上级统一建立。"}
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    assert [f'name="open-{pk}"' in page for pk in (first, second)] == [True, True]
    answer = sign_in(cast.staff).post(
        url_of(row, "request_close"), {**key(), "version": 1, "reason": "已完成", **given}
    )
    assert answer.status_code == 302
    told = Event.objects.filter(action="item").order_by("pk")
    assert [(event.by, event.after["open_reason"]) for event in told] == [
        (cast.staff, REASON),
        (cast.staff, "由上级统一建立。"),
    ]
    page = sign_in(cast.supervisor).get(reverse("obligation", args=[row.pk])).content.decode()
    # The reasons stand in the form of whoever verifies.
    assert REASON in page and f'name="open-{second}"' in page
    answer = sign_in(cast.supervisor).post(
        url_of(row, "close"), {**key(), "version": 2, "reason": "已核验", **given}
    )
    assert (answer.status_code, Obligation.objects.get().state) == (302, "closed")
    assert (
        "未建立原因：相关内容已并入现行制度。"
        in sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    )
    (line,) = ledger([Obligation.objects.all()], None)
    assert "2. 例会制度（未启动：相关内容已并入现行制度。）" in _items(line)
    assert tallies.drift() == []


@pytest.mark.parametrize(
    ("action", "state", "who"),
    [("request_close", "underway", "staff"), ("close", "closing", "supervisor")],
)
def test_the_one_door_asks_whoever_comes_through_it(cast, row, action, state, who):
    Obligation.objects.update(state=state)
    row.refresh_from_db()
    missing = [f"open-{pk}" for pk in open_ones(row)]
    for by in (getattr(cast, who), None):
        with pytest.raises(Invalid) as refused:
            move(row, action, by=by, now=NOW, reason="已完成")
        assert list(refused.value.errors) == missing
    ItemState.objects.update(state="established", on=TODAY)
    move(row, action, by=None, now=NOW, reason="已完成")
    assert Obligation.objects.get().state == OBLIGATION_MOVES[action].target


def test_work_without_items_is_closed_as_before(cast):
    row = make_obligation(organisation=cast.body)
    supervising.move_obligation(
        obligation=row, action="request_close", by=cast.staff, now=NOW, reason="已完成"
    )
    assert row.state == "closing"


def test_who_may_not_close_gives_no_reasons(cast, row, sign_in, key):
    given = {f"open-{pk}": REASON for pk in open_ones(row)}
    form = {**key(), "version": 1, "reason": "已完成", **given}
    assert sign_in(cast.supervisor).post(url_of(row, "request_close"), form).status_code == 403
    assert set(ItemState.objects.values_list("open_reason", "version")) == {("", 1)}


def test_an_item_that_is_established_needs_no_reason(cast, row):
    item = ItemState.objects.select_related("obligation__organisation").get(pk=open_ones(row)[0])
    ItemState.objects.filter(pk=item.pk).update(open_reason=REASON)
    item.refresh_from_db(fields=["open_reason"])
    supervising.set_item(
        item=item, state="established", on=TODAY, evidence="", version=1, by=cast.staff, now=NOW
    )
    assert ItemState.objects.get(pk=item.pk).open_reason == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemState.objects.filter(pk=item.pk).update(open_reason=REASON)


ENDS = ("dispute", "withdraw", "suspend")  # lead away from closing


def unsettled():
    return ItemState.objects.unsettled().filter(obligation__state="closed")


def by_move(random, cast, row, now):
    legal = [
        action
        for action, step in OBLIGATION_MOVES.items()
        if row.state in step.sources and action not in {*ENDS, *OWN_PAGE, "withdraw_part"}
    ]
    reasons = {
        item.pk: random.choice(["", REASON])
        for item in row.item_states.all()
        if random.random() < 0.7
    }
    if legal:
        action = random.choice([*legal, *(name for name in legal if "close" in name)])
        supervising.move_obligation(
            obligation=row, action=action, by=None, now=now, reason="核实", open_reasons=reasons
        )


def by_item(random, cast, row, now):
    item = random.choice(list(row.item_states.select_related("obligation__organisation")))
    state = random.choice([code for code, _label in ITEM_STATES])
    on = None if state == "not_started" else timezone.localdate(now)
    supervising.set_item(
        item=item, state=state, on=on, evidence="", version=item.version, by=None, now=now
    )


def by_table(random, cast, row, now):
    """A ledger that comes back, in which somebody says that it is closed."""
    cells = {
        "clause": row.directive.code,
        "body": row.organisation.code,
        "state": "closed",
        "percent": 100,
        "note": f"{now:%j%f}",
    }
    found = bring(OBLIGATIONS, cast.supervisor, [cells], now=now, document=row.document_id)
    if not found.faults:
        found.apply()


def by_admin(random, cast, row, now, client):
    url = reverse("admin:directives_obligation_change", args=[row.pk])
    days = {
        "starts_on": row.starts_on,
        "due_on": row.due_on or "",
        "plan_due_on": row.plan_due_on or "",
    }
    names = ("part", "deliverable", "leader", "contact", "note")
    client.post(
        url,
        {name: getattr(row, name) for name in names}
        | days
        | {"state": "closed", "percent": 100, "contact": f"{now:%j}"},
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_no_way_leaves_closed_work_with_an_item_neither_established_nor_excused(
    cast, seed, sign_in
):
    random, client = Random(seed), sign_in(cast.admin)
    rows = [
        make_obligation(make_directive(items=ITEMS[:number]), cast.body, state="assigned")
        for number in (1, 2, 3)
    ]
    ways, reached, now = [*4 * [by_move], *2 * [by_item], by_table, by_admin], set(), NOW
    for _number in range(100):
        pk, way = random.choice(rows).pk, random.choice(ways)
        row = Obligation.objects.select_related("organisation", "directive", "document").get(pk=pk)
        given = (client,) if way is by_admin else ()
        try:
            with transaction.atomic():
                way(random, cast, row, now, *given)
        except Refusal:
            continue
        assert not unsettled().exists(), way.__name__
        reached.add(Obligation.objects.get(pk=pk).state)
        now += timedelta(hours=1)
    assert {"closing", "closed"} <= reached
    # Every way was gone.
    assert set(Event.objects.values_list("action", flat=True)) >= {
        "close",
        "item",
        "import",
        "change",
    }
    assert tallies.drift() == []
