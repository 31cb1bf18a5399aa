"""The audit record as a page: everybody sees their own part of it, and all of it has words."""

import ast
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from directives.core import audit
from directives.core.transitions import move
from directives.models import Event, Membership, Unsealed
from directives.record.queries.changes import changed
from directives.record.queries.timeline import WORDS
from tests.factories import NOW, make_obligation
from tests.sources import APP, parsed


def test_what_changed_is_told_in_words(cast, sign_in):
    row = make_obligation(organisation=cast.body, state="assigned", percent=0)
    move(row, "acknowledge", by=cast.staff, now=NOW)
    audit.record(
        "change",
        row,
        by=cast.staff,
        now=NOW,
        before={"plan_returned": False, "part": "lead"},
        after={
            "plan_returned": True,
            "part": "supporting",
            "closed_on": "2026-10-18",
            "moved_at": NOW,
            "nonsense": ["甲", "乙"],
        },
    )
    told, moved = (line.changed for line in sign_in(cast.staff).get("/events/").context["rows"])
    assert ("状态", "已交办", "已签收") in moved
    assert told == (
        ("销号日期", "", "2026-10-18"),
        ("nonsense", "", "甲、乙"),
        ("责任类型", "牵头", "配合"),
        ("方案被退回", "否", "是"),
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [("2026-10-13T00:30:00Z", "2026-10-13 08:30"), (0, "0"), (None, ""), (["", "x"], "、x")],
)
def test_a_stored_value_in_words(value, said):
    event = Event(subject_type="plan", before={}, after={"submitted_at": value})
    with translation.override("zh-hans"):
        assert changed(event) == (("报送时间", "", said),)


def test_one_event_is_written_as_many_are(cast):
    rows = [make_obligation(organisation=cast.body) for _number in range(3)]
    before, after = (
        {"due_on": NOW.date(), "reason": "原因"},
        {"due_on": None, "items": [1, {"a": True}]},
    )
    told = [audit.Change(row, before, after) for row in rows]
    one = audit.record_many("change", told[:1], by=None, now=NOW, reason="理由")
    many = audit.record_many("change", told[1:], by=None, now=NOW, reason="理由")
    kept = list(
        Event.objects.order_by("id").values(
            "at", "by", "action", "subject_type", "organisation", "before", "after", "reason"
        )
    )
    assert kept == [kept[0]] * 3 and kept[0]["before"] == {
        "due_on": NOW.date().isoformat(),
        "reason": "原因",
    }
    ids = [*one, *many]
    assert ids == list(Event.objects.order_by("id").values_list("pk", flat=True))
    assert ids == list(Unsealed.objects.order_by("event_id").values_list("event_id", flat=True))


@pytest.fixture
def done(cast):
    """One act for the body, one for its sibling."""
    move(
        make_obligation(organisation=cast.body, state="assigned"),
        "acknowledge",
        by=cast.staff,
        now=NOW,
    )
    move(
        make_obligation(organisation=cast.sibling, state="assigned"),
        "dispute",
        by=cast.stranger,
        now=NOW + timedelta(days=1),
        reason="不归我们",
    )


def rows(client, query=""):
    return [
        (line.event.action, line.event.organisation.code)
        for line in client.get(f"/events/{query}").context["rows"]
    ]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("staff", [("acknowledge", "Q01")]),
        ("stranger", [("dispute", "Q02")]),
        ("below", []),
        ("outsider", []),
        ("supervisor", [("dispute", "Q02"), ("acknowledge", "Q01")]),
        ("viewer", [("dispute", "Q02"), ("acknowledge", "Q01")]),
        ("admin", [("dispute", "Q02"), ("acknowledge", "Q01")]),
    ],
)
def test_each_sees_their_own_part(cast, done, sign_in, name, seen):
    assert rows(sign_in(getattr(cast, name))) == seen


def test_administrators_see_who_did_what_and_when_and_no_words(cast, done, sign_in):
    event = Event.objects.get(action="dispute")
    assert (event.reason, bool(event.after)) == ("不归我们", True)
    pages = ["/events/", f"/directives/{event.directive_id}/"]
    pages += [
        reverse(f"admin:directives_event_{page}", args=args)
        for page, args in (("changelist", ()), ("change", (event.pk,)))
    ]
    told = [sign_in(cast.admin).get(page).content.decode() for page in pages]
    assert ["不归我们" in page or "待签收" in page for page in told] == [False] * 4
    assert "不归我们" in sign_in(cast.supervisor).get("/events/").content.decode()
    line = next(
        row
        for row in sign_in(cast.admin).get("/events/").context["rows"]
        if row.event.pk == event.pk
    )
    assert (line.event.by, line.event.reason, line.changed) == (cast.stranger, "", ())


def test_an_administrator_with_a_role_reads_what_it_lets_them_read(cast, done, sign_in):
    Membership.objects.create(user=cast.admin, organisation=cast.body, role="staff")
    told = {
        row.event.action: bool(row.changed)
        for row in sign_in(cast.admin).get("/events/").context["rows"]
    }
    assert (told["acknowledge"], told["dispute"]) == (True, False)
    exported = b"".join(sign_in(cast.admin).get("/events/?export=csv").streaming_content).decode(
        "utf-8-sig"
    )
    assert ("共青团中央" in exported, "不归我们" in exported) == (True, False)


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("?action=dispute", [("dispute", "Q02")]),
        ("?q=周启明", []),
        ("?q=林晓岚", [("acknowledge", "Q01")]),
        ("?q=共青團", [("dispute", "Q02")]),
        ("?since=2026-10-14", [("dispute", "Q02")]),
        ("?until=2026-10-13", [("acknowledge", "Q01")]),
        ("?since=2026-02-30&action=nonsense", [("dispute", "Q02"), ("acknowledge", "Q01")]),
    ],
)
def test_the_filter(cast, done, sign_in, query, seen):
    assert rows(sign_in(cast.supervisor), query) == seen


def test_an_event_of_an_account_names_its_person(cast, done, sign_in):
    cast.below.full_name = "王小明"
    cast.below.save()
    for account in (cast.below, cast.stranger):
        audit.record("set_password", account, by=cast.admin, now=NOW)
    shown = sign_in(cast.admin).get("/events/?subject=user&action=set_password").context["rows"]
    assert [line.name for line in shown] == [cast.stranger.username, "王小明"]


def test_the_file_holds_what_the_page_shows(cast, done, sign_in):
    answer = sign_in(cast.supervisor).get("/events/?action=dispute&export=xlsx")
    cells = [
        [cell.value for cell in row]
        for row in load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        .worksheets[1]
        .iter_rows()
    ]
    assert len(cells) == 2
    assert (cells[1][1], cells[1][4], cells[1][5]) == ("stranger", "共青团中央", "不归我们")


def test_a_short_record_is_short_however_high_its_numbers_stand(cast, sign_in):
    """Numbers are used up by what was rolled back.

    And by a record of which old months lie elsewhere.
    """
    told = {
        "at": NOW,
        "action": "acknowledge",
        "subject_type": "obligation",
        "before": {},
        "after": {},
        "organisation": cast.body,
    }
    for number in (9_000_000, 9_000_009):
        Event.objects.create(pk=number, subject_id=1, **told)
    answer = sign_in(cast.supervisor).get("/events/?q=全国总工会&export=xlsx")
    assert (answer.status_code, answer.streaming) == (200, True)
    answer.getvalue()


def test_the_count_of_queries_does_not_grow(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.supervisor)
    for _more in range(2):
        for _row in range(1 + 2 * _more):
            move(
                make_obligation(organisation=cast.body, state="assigned"),
                "acknowledge",
                by=cast.staff,
                now=NOW,
            )
        with django_assert_num_queries(3):
            assert client.get("/events/").status_code == 200


def test_every_action_that_the_code_records_has_words():
    actions = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if (
                name in {"audit.record", "audit.record_many"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                actions.add(node.args[0].value)
            if name.endswith(
                ("change_obligations", "change_within", "audit.record", "audit.record_many")
            ):
                actions |= {
                    k.value.value
                    for k in node.keywords
                    if k.arg == "action" and isinstance(k.value, ast.Constant)
                }
    assert len(actions) > 20
    assert sorted(actions - WORDS.keys()) == []


def test_an_empty_record_does_not_blame_the_filter(cast, sign_in):
    client = sign_in(cast.viewer)
    page = client.get("/events/").content.decode()
    assert "还没有记录" in page and "没有符合的记录" not in page
    assert "没有符合的记录" in client.get("/events/", {"q": "不存在"}).content.decode()


def test_what_is_taken_away_follows_the_filter(cast, done, sign_in):
    """The links stand above the list: htmx, which swaps the list alone, gets them beside it."""
    client = sign_in(cast.supervisor)
    whole = client.get("/events/?action=dispute").content.decode()
    part = client.get("/events/?action=dispute", headers={"HX-Request": "true"}).content.decode()
    link = "?action=dispute&amp;export=xlsx"
    assert (whole.count(link), whole.count('id="taking"'), "hx-swap-oob" in whole) == (1, 1, False)
    assert (part.count(link), 'id="taking" hx-swap-oob="true"' in part) == (1, True)
