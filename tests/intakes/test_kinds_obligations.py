"""The ledger of obligations brought back, and new pairs assigned from a table."""

from datetime import date

import pytest

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ACKNOWLEDGED, WITHDRAWN
from directives.catalogue.kinds import KINDS
from directives.core.transitions import change_obligations
from directives.models import Event, ItemState, Notice, Obligation
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME, WRONG
from directives.obligations.imports.split_bodies import split_bodies
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)
from tests.intakes.bringing import bring

OBLIGATIONS = KINDS["obligations"]
LATER = date(2027, 6, 30)


@pytest.fixture
def ledger(cast):
    section = make_section(make_document(), number="九")
    one, two = (
        make_directive(section, code="九.1.1", items=("报告制度",)),
        make_directive(section, code="九.1.2"),
    )
    return [
        make_obligation(one, cast.body, leader="顾明远"),
        make_obligation(two, cast.body),
        make_obligation(one, cast.child),
    ]


def line(row, **cells):
    """A line of the ledger as it went out."""
    return {
        "clause": row.directive.code,
        "body": f"{row.organisation.name_hans}（牵头）",
        "leader": row.leader,
        "contact": row.contact,
        "due_on": row.due_on,
        "note": row.note,
        "percent": 3,
        "id": row.pk,
        "version": row.version,
    } | cells


def place(ledger):
    return {"document": ledger[0].document_id}


def test_who_brings_the_ledger_back(cast):
    people = (cast.supervisor, cast.staff, cast.manager, cast.viewer, cast.admin, cast.outsider)
    assert [OBLIGATIONS.may(who) for who in people] == [True, True, True, False, False, False]


def test_only_edited_cells_change(cast, ledger):
    table = [
        line(ledger[0], leader="周启明", due_on=LATER),
        line(ledger[1]),
        line(ledger[2], note=None),
    ]
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert imported.verdicts == [CHANGED, SAME, SAME]
    assert imported.planned[0].before == {"leader": "顾明远", "due_on": "2026-12-31"}
    assert imported.planned[0].after == {"leader": "周启明", "due_on": "2027-06-30"}
    imported.apply()
    row = Obligation.objects.get(pk=ledger[0].pk)
    assert (row.leader, row.due_on, row.original_due_on, row.version, row.state) == (
        "周启明",
        LATER,
        date(2026, 12, 31),
        2,
        "underway",
    )
    event = Event.objects.get(subject_type="obligation", subject_id=row.pk)
    assert (event.action, event.by, event.before["leader"], event.after["leader"]) == (
        "import",
        cast.supervisor,
        "顾明远",
        "周启明",
    )
    assert tallies.drift() == []
    imported.undo()
    row.refresh_from_db()
    assert (row.leader, row.due_on, row.version) == ("顾明远", date(2026, 12, 31), 3)
    assert tallies.drift() == []


def test_new_lines_are_assigned(cast, ledger):
    table = [
        {"clause": "九.1.1", "body": "Q02", "part": "lead", "due_on": LATER, "leader": "李"},
        {
            "clause": "九.1.2",
            "body": "共青團中央",
            "deliverable": "plan",
            "plan_due_on": date(2026, 11, 2),
        },
        {"clause": "九.1.1", "body": "Q01", "leader": "顾明远"},
    ]
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert imported.verdicts == [NEW, NEW, SAME]
    imported.apply()
    made = Obligation.objects.filter(organisation=cast.sibling).order_by("directive__code")
    assert [(row.part, row.leader, row.due_on, row.deliverable, row.state) for row in made] == [
        ("lead", "李", LATER, "", "assigned"),
        ("responsible", "", None, "plan", "assigned"),
    ]
    assert (
        made[0].acknowledge_by,
        made[0].issued_on,
        ItemState.objects.filter(obligation=made[0]).count(),
    ) == (
        date(2026, 10, 16),
        TODAY,
        1,
    )
    assert list(
        Notice.objects.filter(kind="issued").values_list("user__username", "facts__count")
    ) == [("stranger", 2)]
    assert tallies.drift() == []
    imported.undo()
    assert not Obligation.objects.filter(organisation=cast.sibling).exists()
    assert tallies.drift() == []


def test_a_table_in_parts_leaves_one_notice_a_person(cast, ledger, monkeypatch):
    monkeypatch.setattr("tests.intakes.bringing.CHUNK", 1)
    table = [{"clause": code, "body": "Q02"} for code in ("九.1.1", "九.1.2")]
    bring(OBLIGATIONS, cast.supervisor, table, **place(ledger)).apply()
    assert list(
        Notice.objects.filter(kind="issued").values_list("user__username", "facts__count")
    ) == [("stranger", 2)]


def test_every_fault_at_once(cast, ledger):
    statement = make_directive(
        ledger[0].section, code="九.1.9", statement=True, kind="statement", modality=""
    )
    make_body("Q09", parent=cast.centre, name_hans="旧单位", valid_to=date(2020, 1, 1))
    table = [
        {"clause": "九.9.9", "body": "Q02"},
        {"clause": "九.1.1", "body": "没有的单位"},
        {"clause": "九.1.1", "body": "C000"},
        {"clause": statement.code, "body": "Q02", "due_on": date(2020, 1, 1)},
        {"clause": "九.1.2", "body": "Q09", "deliverable": "plan"},
        line(ledger[0], id=999_999),
        line(ledger[0], clause="九.1.2"),
        line(ledger[1], body="共青团中央"),
        line(ledger[2], due_on=date(2026, 1, 1)),
        {"clause": "九.1.2", "body": "Q02"},
        {"clause": "九.1.2", "body": "Q02"},
    ]
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "clause"),
        (2, "body"),
        (3, "body"),
        (4, "clause"),
        (4, "due_on"),
        (5, "body"),
        (5, "plan_due_on"),
        (6, "id"),
        (7, "clause"),
        (8, "body"),
        (9, "due_on"),
        (11, "clause"),
    ]
    assert Obligation.objects.count() == 3


def test_another_supervisors_bodies_are_out_of_reach(cast, ledger):
    from_elsewhere = make_obligation(ledger[0].directive, make_body("Z01"))
    imported = bring(
        OBLIGATIONS, cast.supervisor, [line(from_elsewhere, note="改")], **place(ledger)
    )
    assert [field for _number, field, _text in imported.faults] == ["id"]
    imported = bring(OBLIGATIONS, cast.manager, [line(ledger[2], note="改")], **place(ledger))
    told = [
        (cell.field, cell.value, cell.stands)
        for cell in imported.planned[0].untaken
        if cell.field == "note"
    ]
    assert (imported.verdicts, told) == ([SAME], [("note", "改", "")])


def test_withdrawn_work_stays_as_it_is(cast, ledger):
    change_obligations(
        [ledger[0]], {"state": WITHDRAWN, "reason": "并入"}, action="withdraw", by=None, now=NOW
    )
    ledger[0].refresh_from_db()
    imported = bring(OBLIGATIONS, cast.supervisor, [line(ledger[0], note="改")], **place(ledger))
    assert imported.verdicts == [WRONG]


def test_cells_that_changed_here_meanwhile(cast, ledger):
    """Untouched cells never go back; edited ones conflict only where the same cell changed."""
    table = [line(ledger[0], note="甲"), line(ledger[1], leader="乙"), line(ledger[2])]
    change_obligations([ledger[0]], {"leader": "丙"}, action="change", by=None, now=NOW)
    change_obligations([ledger[1]], {"leader": "丁"}, action="change", by=None, now=NOW)
    change_obligations([ledger[2]], {"note": "戊"}, action="change", by=None, now=NOW)
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert imported.verdicts == [CHANGED, CONFLICT, SAME]
    assert imported.planned[0].after == {"note": "甲"}
    assert (imported.planned[1].after, imported.planned[1].theirs) == (
        {"leader": "乙"},
        {"leader": "丁"},
    )
    imported.apply()
    names = [(row.leader, row.note) for row in Obligation.objects.order_by("pk")]
    assert names == [("丙", "甲"), ("乙", ""), ("", "戊")]


def test_without_a_record_of_the_change_every_difference_is_a_conflict(cast, ledger):
    Obligation.objects.filter(pk=ledger[0].pk).update(version=5)
    imported = bring(OBLIGATIONS, cast.supervisor, [line(ledger[0], note="甲")], **place(ledger))
    assert imported.verdicts == [CONFLICT]


def test_a_change_between_check_and_apply_stops_everything(cast, ledger):
    imported = bring(
        OBLIGATIONS,
        cast.supervisor,
        [line(ledger[0], leader="周"), line(ledger[1], note="甲")],
        **place(ledger),
    )
    change_obligations([ledger[1]], {"note": "乙"}, action="change", by=None, now=NOW)
    with pytest.raises(Stale, match="Sheet1"):
        imported.apply()
    assert Obligation.objects.get(pk=ledger[0].pk).leader == "顾明远"
    imported = bring(
        OBLIGATIONS, cast.supervisor, [{"clause": "九.1.1", "body": "Q02"}], **place(ledger)
    )
    make_obligation(ledger[0].directive, cast.sibling)
    with pytest.raises(Stale):
        imported.apply()


def test_the_command_asks_who_assigns(cast, ledger):
    imported = bring(
        OBLIGATIONS, cast.supervisor, [{"clause": "九.1.1", "body": "Q02"}], **place(ledger)
    )
    cast.supervisor.memberships.all().delete()
    imported.context = type(imported.context)(cast.outsider, NOW, TODAY, imported.context.place)
    with pytest.raises(NotAllowed):
        imported.apply()
    assert not Obligation.objects.filter(organisation=cast.sibling).exists()


@pytest.mark.parametrize("built", ["acknowledged", "measure", "changed"])
def test_undo_refuses_where_something_was_built(cast, ledger, built):
    imported = bring(
        OBLIGATIONS, cast.supervisor, [{"clause": "九.1.1", "body": "Q02"}], **place(ledger)
    )
    imported.apply()
    row = Obligation.objects.get(organisation=cast.sibling)
    if built == "measure":
        make_measure(make_plan(cast.sibling, row.document), row)
    else:
        fields = {"state": ACKNOWLEDGED} if built == "acknowledged" else {"note": "甲"}
        change_obligations([row], fields, action="acknowledge", by=None, now=NOW)
    with pytest.raises(Invalid, match="Sheet1"):
        imported.undo()
    assert Obligation.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("stored", "asked", "fault"),
    [
        ({}, {"plan_due_on": LATER}, True),
        ({}, {"deliverable": "plan"}, True),
        ({}, {"deliverable": "plan", "plan_due_on": LATER}, False),
        ({"deliverable": "plan", "plan_due_on": LATER}, {"deliverable": None}, True),
        ({"deliverable": "plan", "plan_due_on": LATER}, {"plan_due_on": None}, True),
        (
            {"plan_due_on": LATER},
            {"leader": "周启明"},
            False,
        ),  # it stood so before, and the row leaves it
    ],
)
def test_a_paper_and_its_day_go_together(cast, ledger, stored, asked, fault):
    if stored:
        change_obligations([ledger[0]], stored, action="change", by=None, now=NOW)
        ledger[0].refresh_from_db()
    imported = bring(OBLIGATIONS, cast.supervisor, [line(ledger[0], **asked)], **place(ledger))
    assert (imported.verdicts, [name for _row, name, _text in imported.faults]) == (
        ([WRONG], ["plan_due_on"]) if fault else ([CHANGED], [])
    )


def test_both_scripts_of_a_cell_are_one(cast, ledger):
    change_obligations([ledger[0]], {"note": "与发展规划一致"}, action="change", by=None, now=NOW)
    ledger[0].refresh_from_db()
    imported = bring(
        OBLIGATIONS, cast.supervisor, [line(ledger[0], note="與發展規劃一致")], **place(ledger)
    )
    assert imported.verdicts == [SAME]


def test_queries_do_not_grow_with_the_rows(cast, ledger, django_assert_max_num_queries):
    bodies = [make_body(f"Y{number}", parent=cast.centre) for number in range(150)]
    table = [
        {"clause": code, "body": body.code} for body in bodies for code in ("九.1.1", "九.1.2")
    ]
    with django_assert_max_num_queries(15):
        imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    with django_assert_max_num_queries(40):
        imported.apply()
    assert Obligation.objects.count() == 303


# tables that people made themselves: one row a task, several bodies in a cell


def test_a_row_that_names_several_bodies_is_a_row_for_each():
    row = {
        "clause": "九.1.1",
        "leads": "市总工会",
        "body": "市总工会、团市委\n市妇联（配合单位）",
        "supporting": "市科协；团市委",
    }
    said = [(one["body"], one.get("part"), one["leads"]) for one in split_bodies(row)]
    assert said == [
        ("市总工会", "lead", None),
        ("团市委", "responsible", None),
        ("市妇联", "supporting", None),
        ("市科协", "supporting", None),
    ]


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ({"body": "甲、乙"}, [("甲", "lead"), ("乙", "responsible")]),  # the first one leads
        ({"body": "甲、乙", "part": "supporting"}, [("甲", "supporting"), ("乙", "supporting")]),
        ({"body": "甲（责任）、乙（牵头）"}, [("甲", "responsible"), ("乙", "lead")]),
        ({"leads": "甲、乙", "body": None}, [("甲", "lead"), ("乙", "lead")]),
        ({"leads": "甲", "body": "乙"}, [("甲", "lead"), ("乙", None)]),
        ({"body": "甲（机关）"}, [("甲（机关）", None)]),
        ({"body": "甲、乙", "id": 7}, [("甲、乙", None)]),
        ({"body": "甲"}, [("甲", None)]),
    ],
)
def test_who_leads_where_several_are_named(row, parts):
    assert [(one["body"], one.get("part")) for one in split_bodies(row)] == parts


def parted(*rows):
    return [one for row in rows for one in split_bodies(row)]


def test_the_lead_beside_the_body_of_each_row_is_assigned_once(cast, ledger):
    one = make_directive(ledger[0].directive.section, code="九.1.3", text="办好第三件事。")
    table = parted(
        *(
            {"directive": "办好第三件事", "leads": "Q02", "body": body, "due_on": LATER}
            for body in ("Q01", "Q01A", "Q02")
        )
    )
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert imported.verdicts == [NEW, NEW, SAME, NEW, SAME]
    imported.apply()
    made = (
        Obligation.objects.filter(directive=one)
        .order_by("organisation__code")
        .values_list("organisation__code", "part", "due_on")
    )
    assert list(made) == [
        ("Q01", "responsible", LATER),
        ("Q01A", "responsible", LATER),
        ("Q02", "lead", LATER),
    ]


def test_a_lead_whose_own_row_says_something_else_is_asked_back(cast, ledger):
    make_directive(ledger[0].directive.section, code="九.1.3")
    table = parted(
        {"clause": "九.1.3", "leads": "Q02", "body": "Q01"},
        {"clause": "九.1.3", "leads": None, "body": "Q02", "note": "另报"},
    )
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert imported.faults == [(3, "clause", "每项任务、每个单位只占一行；与表中第 2 行重复")]


def test_a_lead_that_stands_is_not_changed_by_the_rows_of_others(cast, ledger):
    table = parted({"clause": "九.1.2", "leads": "全 国 总 工 会", "body": "Q02", "due_on": LATER})
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert (imported.verdicts, imported.planned[0].subject) == ([SAME, NEW], ledger[1].pk)


def test_words_that_no_directive_says_are_asked_back(cast, ledger):
    same = [
        make_directive(ledger[0].directive.section, code=code, text="各单位要抓好落实。")
        for code in ("九.1.4", "九.1.5")
    ]
    table = [
        {"directive": text, "body": "Q02"}
        for text in ("从未提出的任务", "各单位要抓好落实", same[0].code)
    ]
    imported = bring(OBLIGATIONS, cast.supervisor, table, **place(ledger))
    assert [(number, field) for number, field, _expected in imported.faults] == [
        (1, "directive"),
        (2, "directive"),
    ]
