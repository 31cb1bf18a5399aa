"""The ledger on screen, one obligation, its moves and items, receipt of many."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directives import tallies
from directives.base.states import OBLIGATION_MOVES
from directives.models import Event, ItemState, Notice, Obligation
from directives.obligations.queries.filters import ObligationFilter
from tests.factories import (
    NOW,
    make_body,
    make_cycle,
    make_directive,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

LIST = "/obligations/"


@pytest.fixture
def today():
    return timezone.localdate()


def fill(cast, count=1, **fields):
    """As many directives, each owed by body, child and sibling."""
    section = make_section()
    rows = []
    for _number in range(count):
        directive = make_directive(section, items=("报告制度", "评议制度"))
        rows += [
            make_obligation(directive, body, **fields)
            for body in (cast.body, cast.child, cast.sibling)
        ]
    return rows


def listed(response):
    return [row.pk for row in response.context["rows"]]


def test_each_person_sees_their_part_of_the_ledger(cast, sign_in):
    own, child, sibling = fill(cast)
    seen = {
        name: listed(sign_in(getattr(cast, name)).get(LIST))
        for name in ("staff", "manager", "supervisor", "viewer", "stranger", "below")
    }
    assert seen == {
        "staff": [own.pk],
        "manager": [own.pk, child.pk],
        "supervisor": [own.pk, child.pk, sibling.pk],
        "viewer": [own.pk, child.pk, sibling.pk],
        "stranger": [sibling.pk],
        "below": [child.pk],
    }
    assert listed(sign_in(cast.outsider).get(LIST)) == []


@pytest.mark.parametrize("rows", [1, 17])
def test_a_page_of_the_ledger_takes_a_constant_number_of_queries(
    cast, sign_in, django_assert_num_queries, rows
):
    fill(cast, rows)
    directive = Obligation.objects.first().directive
    client = sign_in(cast.supervisor)
    client.get(LIST)
    with django_assert_num_queries(6):
        assert len(listed(client.get(LIST))) == min(50, 3 * rows)
    with django_assert_num_queries(9):
        client.get(
            LIST,
            {
                "directive": directive.pk,
                "body": cast.body.pk,
                "light": "green",
                "q": "事",
                "sort": "light",
            },
        )


def test_every_condition_narrows_the_list(cast, sign_in, today):
    own, child, sibling = fill(cast)
    other = make_obligation(
        make_directive(make_section(), text="完善干部培训制度。", search_key="完善干部培训制度。"),
        cast.body,
    )
    Obligation.objects.filter(pk=child.pk).update(
        light="red",
        light_code="completion_overdue",
        due_on=date(2026, 3, 3),
        state="assigned",
        part="lead",
    )
    Obligation.objects.filter(pk=sibling.pk).update(state="withdrawn")
    Obligation.objects.filter(pk=other.pk).update(due_on=None)
    Obligation.objects.filter(pk=own.pk).update(light="yellow", light_code="silent")
    tallies.rebuild()
    client = sign_in(cast.supervisor)
    asked = {
        f"document={own.document_id}": [own, child],
        f"section={other.section_id}": [other],
        f"directive={other.directive_id}": [other],
        f"body={cast.body.pk}": [own, child, other],
        "kind=centre": [],
        "about=institution": [own, child, other],
        "about=pilot": [],
        "light=red": [child],
        "light=off_time": [own, child],
        "light=grey": [],
        "state=withdrawn": [sibling],
        "state=assigned": [child],
        "part=lead": [child],
        "clock=completion": [child],
        "clock=receipt": [],
        "owes=completion": [own, child],
        "cause=silent": [own],
        "due=none": [other],
        "due=2026-12-31": [own, child, other],
        "q=幹部": [other],
        "q=干部培训": [other],
        "q=北京市總工會": [child],
        "q=Q01A": [child],
        "q=%25": [],
        "light=purple&document=x&page=9": [own, child, other],
    }
    for query, rows in asked.items():
        assert (query, sorted(listed(client.get(f"{LIST}?{query}")))) == (
            query,
            sorted(row.pk for row in rows),
        )


def test_sorting(cast, sign_in):
    own, child, sibling = fill(cast)
    Obligation.objects.filter(pk=sibling.pk).update(light="red", due_on=date(2027, 1, 1))
    Obligation.objects.filter(pk=own.pk).update(due_on=None)
    client = sign_in(cast.supervisor)
    assert listed(client.get(LIST, {"sort": "light"})) == [sibling.pk, child.pk, own.pk]
    assert listed(client.get(LIST, {"sort": "due"})) == [child.pk, sibling.pk, own.pk]
    assert listed(client.get(LIST, {"sort": "body"})) == [own.pk, child.pk, sibling.pk]


def test_chips_count_every_light_with_its_denominator(cast, sign_in):
    own, child, _sibling = fill(cast)
    Obligation.objects.filter(pk=child.pk).update(light="red")
    tallies.rebuild()
    response = sign_in(cast.manager).get(LIST, {"light": "red"})
    assert [(chip.light, chip.count) for chip in response.context["list"].chips] == [
        ("red", 1),
        ("yellow", 0),
        ("green", 1),
        ("undue", 0),
        ("closed", 0),
    ]
    assert response.context["list"].lights.total == 2
    assert listed(response) == [child.pk]
    assert "逾期 <b>1</b>/2" in response.content.decode()
    assert own.pk != child.pk


def test_htmx_gets_the_fragment_and_the_way_back_the_page(cast, sign_in):
    fill(cast)
    client = sign_in(cast.staff)
    assert "<!DOCTYPE" not in client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    restored = client.get(
        LIST, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<!DOCTYPE" in restored.content.decode()


def test_a_section_of_another_document_is_left_out(cast, sign_in):
    row, *_others = fill(cast)
    elsewhere = make_obligation(organisation=cast.body)
    response = sign_in(cast.staff).get(
        LIST, {"document": row.document_id, "section": elsewhere.section_id, "light": "green"}
    )
    assert response.headers["Location"] == f"{LIST}?document={row.document_id}&light=green"


def test_the_empty_ledger_says_what_comes_next(cast, sign_in):
    assert "返回文件" in sign_in(cast.supervisor).get(LIST).content.decode()
    assert "本单位尚无责任事项" in sign_in(cast.staff).get(LIST).content.decode()
    assert "没有符合条件的责任事项" in sign_in(cast.staff).get(LIST, {"q": "无"}).content.decode()


def test_a_filter_that_makes_no_sense_asks_for_nothing():
    assert (
        ObligationFilter.of(
            {"document": "²", "section": "-1", "on": "tomorrow", "sort": "x", "light": "gray"}
        )
        == ObligationFilter()
    )
    assert not ObligationFilter.of({"sort": "due"}).is_set
    assert ObligationFilter.of({"light": "red"}).is_set


# one obligation


def page_of(row):
    return f"{LIST}{row.pk}/"


def everything(cast):
    """An obligation with a plan, a log, two cycles and an event."""
    row = make_obligation(make_directive(items=("报告制度", "评议制度")), cast.body)
    make_obligation(row.directive, cast.sibling, part="lead")
    measure = make_measure(make_plan(cast.body, row.document, state="submitted"), row)
    make_log(measure, cast.staff, text="召开专题会议")
    for number in (2, 3):
        report = make_report(cast.body, make_cycle(row.document, number=number), row)
        report.entries.update(progress=f"第{number}期进展", state="submitted", submitted_at=NOW)
    return row


def test_one_obligation_shows_all_that_hangs_on_it(cast, sign_in):
    row = everything(cast)
    text = sign_in(cast.supervisor).get(page_of(row)).content.decode()
    for words in (
        row.directive.text_hans,
        "报告制度",
        "评议制度",
        "召开专题会议",
        "第2期进展",
        "第3期进展",
        "共青团中央",
        "已建成 0/2",
    ):
        assert words in text
    assert text.index("第3期进展") < text.index("第2期进展")


def test_drafts_of_the_body_do_not_leak_upwards(cast, sign_in):
    row = everything(cast)
    row.measures.get().plan.__class__.objects.update(state="draft", submitted_at=None)
    row.entries.update(state="draft")
    for person, shown in ((cast.staff, True), (cast.supervisor, False)):
        text = sign_in(person).get(page_of(row)).content.decode()
        assert ("召开专题会议" in text, "第3期进展" in text, "印发办法" in text) == (
            shown,
            shown,
            shown,
        )


@pytest.mark.parametrize("more", [0, 2])
def test_the_page_takes_a_constant_number_of_queries(
    cast, sign_in, django_assert_num_queries, more
):
    row = everything(cast)
    for _number in range(more):
        make_log(make_measure(row.measures.first().plan, row), cast.staff)
        make_obligation(row.directive, make_body(parent=cast.centre))
    client = sign_in(cast.supervisor)
    client.get(page_of(row))
    with django_assert_num_queries(17):
        client.get(page_of(row))


def test_who_may_see_one_obligation(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    status = {
        name: sign_in(getattr(cast, name)).get(page_of(row)).status_code
        for name in ("staff", "supervisor", "viewer", "stranger", "below", "outsider")
    }
    assert status == {
        "staff": 200,
        "supervisor": 200,
        "viewer": 200,
        "stranger": 404,
        "below": 404,
        "outsider": 404,
    }


# moves


def move_url(row, action):
    return f"{page_of(row)}move/{action}/"


def test_acknowledging_stops_the_receipt_clock(cast, sign_in, key):
    row = make_obligation(
        organisation=cast.body, state="assigned", acknowledge_by=date(2026, 12, 1)
    )
    response = sign_in(cast.staff).post(move_url(row, "acknowledge"), {**key(), "version": 1})
    row.refresh_from_db()
    assert (response.status_code, response.headers["Location"]) == (302, page_of(row))
    assert (row.state, row.acknowledge_by, row.version) == ("acknowledged", None, 2)
    assert Event.objects.values_list("action", "by").get() == ("acknowledge", cast.staff.pk)
    assert tallies.drift() == []


def test_a_dispute_tells_the_supervisor_and_an_answer_tells_the_body(cast, sign_in, key):
    row = make_obligation(
        organisation=cast.body, state="assigned", acknowledge_by=date(2026, 12, 1)
    )
    sign_in(cast.staff).post(
        move_url(row, "dispute"), {**key(), "version": 1, "reason": "不属我单位职责"}
    )
    assert Notice.objects.values_list("user", "kind").get() == (cast.supervisor.pk, "move_dispute")
    sign_in(cast.supervisor).post(
        move_url(row, "reassign"), {**key(), "version": 2, "reason": "请承担"}
    )
    row.refresh_from_db()
    assert (row.state, row.reason, row.acknowledge_by > timezone.localdate()) == (
        "assigned",
        "请承担",
        True,
    )
    told = Notice.objects.filter(kind="move_reassign").values_list("user", flat=True)
    assert sorted(told) == sorted([cast.staff.pk, cast.manager.pk])


def test_verified_work_is_done_and_owes_nothing_more(cast, sign_in, key):
    row = make_obligation(
        organisation=cast.body, state="closing", percent=90, report_due_on=date(2026, 10, 15)
    )
    sign_in(cast.supervisor).post(
        move_url(row, "close"), {**key(), "version": 1, "reason": "已核验"}
    )
    row.refresh_from_db()
    assert (row.state, row.light, row.percent, row.report_due_on, row.closed_on) == (
        "closed",
        "closed",
        100,
        None,
        timezone.localdate(),
    )
    sign_in(cast.supervisor).post(
        move_url(row, "reopen"), {**key(), "version": 2, "reason": "回头看发现未落实"}
    )
    row.refresh_from_db()
    assert (row.state, row.closed_on) == ("underway", None)
    assert Notice.objects.filter(user=cast.staff).count() == 2
    assert tallies.drift() == []


def test_a_reason_is_demanded_and_what_was_typed_is_kept(cast, sign_in, key):
    row = make_obligation(organisation=cast.body)
    response = sign_in(cast.supervisor).post(
        move_url(row, "suspend"), {**key(), "version": 1, "reason": "  "}
    )
    assert response.status_code == 422
    assert list(response.context["refusal"].errors) == ["reason"]
    assert Obligation.objects.get().state == "underway"
    assert Event.objects.count() == 0


def test_the_second_of_two_people_sees_both_versions(cast, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    sign_in(cast.staff).post(move_url(row, "acknowledge"), {**key(), "version": 1})
    response = sign_in(cast.staff).post(
        move_url(row, "dispute"), {**key(), "version": 1, "reason": "不归我们"}
    )
    text = response.content.decode()
    assert response.status_code == 409
    assert "不归我们" in text
    assert "当前状态：已签收" in text
    assert Obligation.objects.get().state == "acknowledged"


def test_a_form_sent_twice_moves_once(cast, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    form, client = {**key(), "version": 1}, sign_in(cast.staff)
    first, second = (
        client.post(move_url(row, "acknowledge"), form),
        client.post(move_url(row, "acknowledge"), form),
    )
    assert (first.headers["Location"], second.headers["Location"]) == (page_of(row), page_of(row))
    assert Event.objects.count() == 1


def test_who_may_move(cast, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    got = {}
    for name in ("manager", "supervisor", "viewer", "stranger", "below", "outsider"):
        got[name] = (
            sign_in(getattr(cast, name))
            .post(move_url(row, "acknowledge"), {**key(), "version": 1})
            .status_code
        )
    assert got == {
        "manager": 403,
        "supervisor": 403,
        "viewer": 403,
        "stranger": 404,
        "below": 404,
        "outsider": 404,
    }
    assert sign_in(cast.staff).get(move_url(row, "acknowledge")).url == f"{LIST}{row.pk}/"
    assert (
        sign_in(cast.staff).post(move_url(row, "fly"), {**key(), "version": 1}).status_code == 404
    )
    assert (
        sign_in(cast.staff).post(move_url(row, "start"), {**key(), "version": 1}).status_code == 409
    )
    assert set(Event.objects.values_list("action", flat=True)) == {"refused"}


def test_a_page_offers_exactly_the_moves_that_are_open(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    offered = {}
    for name in ("staff", "manager", "supervisor", "viewer"):
        text = sign_in(getattr(cast, name)).get(page_of(row)).content.decode()
        offered[name] = [action for action in OBLIGATION_MOVES if move_url(row, action) in text]
    assert offered == {
        "staff": ["request_close"],
        "manager": ["request_close"],
        "supervisor": ["suspend"],
        "viewer": [],
    }


# receipt of many


def test_all_of_a_filter_are_acknowledged_at_once(cast, sign_in, key):
    rows = fill(cast, 3, state="assigned", acknowledge_by=date(2026, 12, 1))
    client = sign_in(cast.staff)
    assert client.get(LIST).context["list"].waiting == 3
    response = client.post(
        f"{LIST}acknowledge/",
        {**key(), "all": "1", "section": rows[0].section_id, "next": f"{LIST}?light=red"},
    )
    assert response.headers["Location"] == f"{LIST}?light=red"
    states = (
        Obligation.objects.order_by("organisation__code")
        .values_list("organisation__code", "state")
        .distinct()
    )
    assert sorted(set(states)) == [
        ("Q01", "acknowledged"),
        ("Q01A", "assigned"),
        ("Q02", "assigned"),
    ]
    assert Event.objects.filter(action="acknowledge").count() == 3
    assert tallies.drift() == []


def test_one_press_acknowledges_so_many_and_says_that_more_wait(cast, sign_in, key, monkeypatch):
    monkeypatch.setattr("directives.obligations.views.obligations.AT_ONCE", 2)
    fill(cast, 3, state="assigned", acknowledge_by=date(2026, 12, 1))
    text = (
        sign_in(cast.staff)
        .post(f"{LIST}acknowledge/", {**key(), "all": "1"}, follow=True)
        .content.decode()
    )
    assert ("已签收" in text, "其余" in text) == (True, True)
    assert Obligation.objects.filter(state="acknowledged", organisation=cast.body).count() == 2
    assert tallies.drift() == []


def test_nine_receipts_take_as_many_queries_as_two(cast, sign_in, key):
    client, taken = sign_in(cast.staff), []
    for count in (2, 9):
        fill(cast, count, state="assigned", acknowledge_by=date(2026, 12, 1))
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.post(f"{LIST}acknowledge/", {**key(), "all": "1"})
        taken.append(len(captured))
    assert Obligation.objects.filter(state="acknowledged").count() == 11
    assert taken[0] == taken[1]


def test_ticked_lines_are_acknowledged(cast, sign_in, key):
    first, *_rest, last = [
        make_obligation(organisation=cast.body, state="assigned") for _number in range(3)
    ]
    sign_in(cast.staff).post(f"{LIST}acknowledge/", {**key(), "pick": [first.pk, last.pk, "x"]})
    assert Obligation.objects.filter(state="acknowledged").count() == 2


def test_nothing_ticked_changes_nothing(cast, sign_in, key):
    make_obligation(organisation=cast.body, state="assigned")
    response = sign_in(cast.staff).post(f"{LIST}acknowledge/", key(), follow=True)
    assert "请先选择" in response.content.decode()
    assert Event.objects.count() == 0


def test_who_may_acknowledge_many(cast, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    got = {
        name: sign_in(getattr(cast, name))
        .post(f"{LIST}acknowledge/", {**key(), "pick": row.pk})
        .status_code
        for name in ("supervisor", "manager", "viewer")
    }
    assert got == {"supervisor": 403, "manager": 403, "viewer": 403}
    assert sign_in(cast.staff).get(f"{LIST}acknowledge/").url == LIST
    # Not in view: as if nothing were ticked.
    sign_in(cast.stranger).post(f"{LIST}acknowledge/", {**key(), "pick": row.pk})
    assert Obligation.objects.get().state == "assigned"


# items


@pytest.fixture
def item(cast):
    row = make_obligation(make_directive(items=("报告制度",)), cast.body)
    return row.item_states.get()


def item_url(item):
    return f"{LIST}{item.obligation_id}/items/{item.pk}/"


def established(key, **fields):
    return {
        **key(),
        "version": 1,
        "state": "established",
        "on": "2026-05-09",
        "evidence": "总工发〔2026〕5号",
        **fields,
    }


def test_an_item_is_established_on_a_day_with_evidence(cast, sign_in, key, item):
    response = sign_in(cast.staff).post(item_url(item), established(key))
    assert response.headers["Location"] == f"{LIST}{item.obligation_id}/#item-{item.pk}"
    stored = ItemState.objects.get()
    assert (stored.state, stored.on, stored.evidence, stored.version) == (
        "established",
        date(2026, 5, 9),
        "总工发〔2026〕5号",
        2,
    )
    event = Event.objects.get()
    assert (event.action, event.subject_type, event.obligation_id, event.organisation_id) == (
        "item",
        "itemstate",
        item.obligation_id,
        cast.body.pk,
    )
    assert event.after["state"] == "established"


def test_htmx_gets_the_one_line_back(cast, sign_in, key, item):
    response = sign_in(cast.manager).post(
        item_url(item), established(key), headers={"HX-Request": "true"}
    )
    text = response.content.decode()
    assert (response.status_code, text.strip()[:4], "已建成" in text, "<!DOCTYPE" in text) == (
        200,
        "<li ",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": ""}, "请填写建成日期"),
        ({"on": "2999-01-01"}, "此日期尚未到"),
        ({"state": "done"}, ""),
        ({"on": "soon"}, ""),
    ],
)
def test_what_an_item_cannot_say_is_refused_and_kept(cast, sign_in, key, item, fields, words):
    for headers in ({}, {"HX-Request": "true"}):
        response = sign_in(cast.staff).post(
            item_url(item), established(key, **fields), headers=headers
        )
        assert response.status_code == 422
        assert words in response.content.decode()
        assert "总工发〔2026〕5号" in response.content.decode()
    assert ItemState.objects.get().version == 1


def test_an_item_that_somebody_changed_first_shows_both(cast, sign_in, key, item):
    client = sign_in(cast.staff)
    client.post(
        item_url(item),
        {**key(), "version": 1, "state": "underway", "on": "", "evidence": "已成立专班"},
    )
    response = client.post(item_url(item), established(key))
    text = response.content.decode()
    assert response.status_code == 409
    assert ("已成立专班" in text, "总工发〔2026〕5号" in text) == (True, True)
    assert 'name="version" value="2"' in text


def test_work_at_rest_keeps_its_items(cast, sign_in, key, item):
    Obligation.objects.update(state="closed", closed_on=date(2026, 5, 1))
    assert sign_in(cast.staff).post(item_url(item), established(key)).status_code == 409
    assert ItemState.objects.get().state == "not_started"


def test_who_may_keep_an_item(cast, sign_in, key, item):
    got = {
        name: sign_in(getattr(cast, name)).post(item_url(item), established(key)).status_code
        for name in ("supervisor", "viewer", "stranger", "below", "outsider")
    }
    assert got == {"supervisor": 403, "viewer": 403, "stranger": 404, "below": 404, "outsider": 404}
    assert sign_in(cast.staff).get(item_url(item)).url == f"{LIST}{item.obligation_id}/"
    other = make_obligation(make_directive(items=("另一制度",)), cast.body).item_states.get()
    assert (
        sign_in(cast.staff)
        .post(f"{LIST}{item.obligation_id}/items/{other.pk}/", established(key))
        .status_code
        == 404
    )


def ways(response):
    return [(str(link.label), link.url, link.due) for link in response.context["details"].links]


def test_what_waits_for_the_reader_is_one_press_away(cast, sign_in):
    own, *_others = fill(cast, state="underway", plan_due_on=date(2026, 12, 1))
    address = f"{LIST}{own.pk}/"
    assert ways(sign_in(cast.staff).get(address)) == [("编写方案", "/plans/", True)]
    Obligation.objects.filter(pk=own.pk).update(plan_due_on=None)
    measure = make_measure(make_plan(cast.body, own.document), own)
    log = ("登记工作", f"/log/?measure={measure.pk}", False)
    assert ways(sign_in(cast.staff).get(address)) == [log]
    report = make_report(cast.body, make_cycle(own.document), own)
    entry = report.entries.get()
    write = f"/reports/{report.pk}/#e-{entry.pk}"
    assert ways(sign_in(cast.staff).get(address)) == [("填写进展", write, True), log]
    report.entries.update(
        state="returned",
        decided_at=NOW,
        decided_by=cast.supervisor,
        reason="请补充",
        submitted_at=NOW,
    )
    instruct = ("作批示", f"/instructions/new/?obligation={own.pk}", False)
    further = [("分解到下级", f"{address}break-down/", False), instruct]
    assert ways(sign_in(cast.manager).get(address)) == [("修改本项", write, True), log, *further]
    assert ways(sign_in(cast.supervisor).get(address)) == [instruct]
    report.entries.update(
        state="submitted", submitted_by=cast.staff, decided_at=None, decided_by=None
    )
    review = ("审核进展", f"/reports/{report.pk}/review/#e-{entry.pk}", True)
    assert ways(sign_in(cast.supervisor).get(address)) == [review, instruct]
    assert ways(sign_in(cast.viewer).get(address)) == []
    Obligation.objects.filter(pk=own.pk).update(state="closed", closed_on=date(2026, 10, 1))
    assert ways(sign_in(cast.supervisor).get(address))[1:] == [
        ("其他待核验销号", "/obligations/?state=closing&breakdown=all", False)
    ]


def test_verifying_stands_before_refusing(cast, sign_in):
    own, *_others = fill(cast, state="closing")
    assert [
        step.action
        for step in sign_in(cast.supervisor).get(f"{LIST}{own.pk}/").context["details"].steps
    ] == ["close", "refuse_close"]
