"""Looking back at closed work: what is proposed and why, what is planned, what comes of it."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.models import Attachment, CloseOut, Event, ItemState, LookBack, Obligation
from directives.models.reports import ReportEntry
from directives.obligations.commands.looking_back import (
    Rule,
    open_look_backs,
    record_look_back,
    save_rule,
)
from directives.obligations.commands.supervising import move_obligation
from directives.obligations.exports.ledger import columns
from directives.obligations.imports.readonly_columns import Today
from directives.obligations.queries.ledger import ledger
from directives.obligations.queries.looking_back import draw_of, is_drawn, proposals
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_directive,
    make_document,
    make_obligation,
    make_report,
    make_section,
)

FOUND = "现场查看，制度已执行。"


@pytest.fixture
def document(cast):
    return make_document(organisation=cast.centre)


@pytest.fixture
def section(document):
    return make_section(document)


def closed(section, body, *, on=TODAY, items=(), **fields):
    given = {"state": "closed", "closed_on": on, "percent": 100, "due_on": date(2026, 12, 31)}
    return make_obligation(make_directive(section, items=items), body, **(given | fields))


def with_evidence(row, cast):
    """So that nothing but what the test is about speaks against the row."""
    report = make_report(
        row.organisation, make_cycle(row.document, number=row.document.cycles.count() + 1), row
    )
    report.entries.update(state="accepted", percent=60, decided_by=cast.supervisor, decided_at=NOW)
    file = Attachment.objects.create(
        report_entry=ReportEntry.objects.get(report=report),
        name="a",
        size=1,
        sha256="0",
        by=cast.staff,
        at=NOW,
    )
    request = CloseOut.objects.create(
        obligation=row,
        text="完成",
        percent=90,
        asked_at=NOW,
        state="verified",
        reason="是",
        decided_at=NOW,
    )
    request.evidence.create(file=file)
    return row


def set_rule(cast, document, **changes):
    rule = Rule(**({"share": 0} | changes))
    return save_rule(document=document, rule=rule, version=0, by=cast.supervisor, now=NOW)


def proposed(cast, document, rule, today=TODAY):
    return {
        line.row: line.why for line in proposals(document, cast.supervisor, rule, today=today)[0]
    }


def planned(cast, row):
    (made,) = open_look_backs(
        obligations=[row], why={row.pk: ["random"]}, draw="x:1", by=cast.supervisor, now=NOW
    )
    return made


def result(cast, look_back, action, **changes):
    given = {"reason": FOUND, "looked_on": TODAY, "version": 1, "by": cast.supervisor, "now": NOW}
    return record_look_back(look_back=look_back, action=f"look_back_{action}", **(given | changes))


def test_each_risk_proposes_what_it_is_about(cast, document, section):
    fine = with_evidence(closed(section, cast.body), cast)
    bare = with_evidence(closed(section, cast.body), cast)
    bare.close_outs.get().evidence.all().delete()
    late = with_evidence(closed(section, cast.body, due_on=TODAY - timedelta(days=1)), cast)
    jumped = with_evidence(closed(section, cast.child), cast)
    ReportEntry.objects.filter(obligation=jumped).update(percent=100)
    excused = with_evidence(closed(section, cast.child, items=("制度",)), cast)
    ItemState.objects.update(open_reason="并入")
    make_obligation(make_directive(section), cast.body)  # open
    rule = set_rule(cast, document)
    assert proposed(cast, document, rule) == {
        bare: ("no_evidence",),
        late: ("overdue",),
        jumped: ("one_jump",),
        excused: ("excused",),
    }
    assert fine not in proposed(cast, document, rule)
    off = Rule(0, no_evidence=False, overdue=False, one_jump=False, excused=False)
    rule = save_rule(document=document, rule=off, version=1, by=cast.supervisor, now=NOW)
    assert proposed(cast, document, rule) == {}


def test_the_random_share_is_the_same_all_day_and_can_be_computed_again(cast, document, section):
    rows = [with_evidence(closed(section, cast.body), cast) for _number in range(30)]
    rule = set_rule(cast, document, share=30)
    first = proposed(cast, document, rule)
    assert first == proposed(cast, document, rule) != {}
    draw = draw_of(rule, TODAY)
    assert set(first) == {row for row in rows if is_drawn(draw, row.pk, 30)}
    assert set(first.values()) == {("random",)}
    assert set(first) != set(proposed(cast, document, rule, TODAY + timedelta(days=1)))
    assert (
        len(
            proposed(
                cast,
                document,
                save_rule(
                    document=document, rule=Rule(100), version=1, by=cast.supervisor, now=NOW
                ),
            )
        )
        == 30
    )


def test_only_what_is_below_and_was_not_looked_at_is_proposed(cast, document, section):
    row, own = closed(section, cast.body), closed(section, cast.centre)
    rule = set_rule(cast, document)
    assert own not in proposed(cast, document, rule)
    planned(cast, row)
    assert proposed(cast, document, rule) == {}


def test_who_sets_the_rule_and_what_is_refused(cast, document):
    given = {"document": document, "version": 0, "now": NOW}
    for by in (cast.staff, cast.manager, cast.viewer, cast.admin):
        with pytest.raises(NotAllowed):
            save_rule(rule=Rule(), by=by, **given)
    with pytest.raises(Invalid):
        save_rule(rule=Rule(101), by=cast.supervisor, **given)
    save_rule(rule=Rule(5), by=cast.supervisor, **given)
    with pytest.raises(Stale):
        save_rule(rule=Rule(6), by=cast.supervisor, **given)
    assert Event.objects.get(action="look_back_rule").after["share"] == 5


def test_what_holds_is_recorded_and_stays_closed(cast, section, sign_in):
    row = closed(section, cast.body)
    made = planned(cast, row)
    file = SimpleUploadedFile("照片.txt", "好".encode())
    result(cast, made, "hold", files=[file])
    row.refresh_from_db()
    assert (row.state, row.looked_back, made.state, made.text, made.looked_on, made.done_by) == (
        "closed",
        "holds",
        "holds",
        FOUND,
        TODAY,
        cast.supervisor,
    )
    assert Attachment.objects.get().look_back == made
    told = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert told == ["open_look_back", "look_back_hold", "attach", "looked_back"]
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    assert (
        FOUND in page
        and "照片.txt" in page
        and reverse("look_back_result", args=[made.pk, "hold"]) not in page
    )
    answer = sign_in(cast.staff).get(reverse("attachment", args=[Attachment.objects.get().pk]))
    assert b"".join(answer.streaming_content).decode() == "好"
    (line,) = ledger([Obligation.objects.all()], None)
    column = {column.key: column for column in columns(Today(TODAY, None), titled=False)}
    assert column["looked_back"].value(line) == "属实"
    assert tallies.drift() == []


def test_what_does_not_hold_is_reopened_in_the_same_act(cast, section):
    row = closed(section, cast.body)
    made = planned(cast, row)
    made = LookBack.objects.select_related(
        "obligation__organisation", "obligation__directive", "obligation__document"
    ).get(pk=made.pk)
    result(cast, made, "fail", reason="制度未执行。")
    row.refresh_from_db()
    assert (row.state, row.closed_on, row.reason, row.looked_back) == (
        "underway",
        None,
        "制度未执行。",
        "fails",
    )
    assert Event.objects.get(action="reopen").reason == "制度未执行。"
    assert tallies.drift() == []
    Obligation.objects.filter(pk=row.pk).update(state="closing")
    row.refresh_from_db()
    move_obligation(obligation=row, action="close", by=cast.supervisor, now=NOW, reason="已整改")
    assert row.looked_back == ""  # it can be proposed again


def test_reopening_by_hand_calls_a_planned_one_off(cast, section):
    row = closed(section, cast.body)
    planned(cast, row)
    row = Obligation.objects.select_related("organisation", "directive", "document").get()
    move_obligation(obligation=row, action="reopen", by=cast.supervisor, now=NOW, reason="有误")
    assert LookBack.objects.values_list("state", "text").get() == ("called_off", "有误")
    assert Event.objects.get(action="look_back_call_off").reason == "有误"


def test_refusals(cast, section):
    row = closed(section, cast.body)
    for by in (cast.staff, cast.manager, cast.viewer):
        with pytest.raises(NotAllowed):
            open_look_backs(obligations=[row], why={}, draw="", by=by, now=NOW)
    given = {"why": {}, "draw": "", "by": cast.supervisor, "now": NOW}
    with pytest.raises(Invalid):
        open_look_backs(obligations=[], **given)
    with pytest.raises(IllegalMove):
        open_look_backs(obligations=[make_obligation(organisation=cast.body)], **given)
    made = planned(cast, row)
    with pytest.raises(IllegalMove):
        open_look_backs(obligations=[row], **given)
    with pytest.raises(Invalid) as refusal:
        result(cast, made, "hold", reason=" ", looked_on=TODAY + timedelta(days=1))
    assert sorted(refusal.value.errors) == ["looked_on", "reason"]
    with pytest.raises(NotAllowed):
        result(cast, made, "hold", by=cast.manager)
    with pytest.raises(Stale):
        result(cast, made, "hold", version=7)
    result(cast, made, "hold")
    with pytest.raises(IllegalMove):
        result(cast, made, "fail", version=2)


def test_pages_from_the_rule_to_the_result(cast, document, section, sign_in, key):
    row = closed(section, cast.body)
    client, address = sign_in(cast.supervisor), reverse("look_backs", args=[document.pk])
    assert client.get(address).status_code == 200
    sent = {**key(), "version": 0, "share": "0", "no_evidence": "on"}
    assert client.post(reverse("look_back_rule", args=[document.pk]), sent).status_code == 302
    page = client.get(address).content.decode()
    assert f'value="{row.pk}"' in page and "无佐证材料销号" in page
    client.post(reverse("look_back_open", args=[document.pk]), {**key(), "row": [row.pk]})
    made = LookBack.objects.get()
    assert (made.why, made.draw.endswith(f":{made.proposed_on}")) == (["no_evidence"], True)
    assert reverse("obligation", args=[row.pk]) + "#look-backs" in client.get("/").content.decode()
    assert "#look-backs" not in sign_in(cast.manager).get("/").content.decode()
    sent = {**key(), "version": 1, "reason": FOUND, "looked_on": "2026-10-01"}
    answer = client.post(reverse("look_back_result", args=[made.pk, "fail"]), sent)
    assert answer.url == reverse("obligation", args=[row.pk])
    assert Obligation.objects.get().state == "underway"
    assert FOUND in client.get(address).content.decode()
    assert "回头看" in client.get(reverse("obligations")).content.decode()
