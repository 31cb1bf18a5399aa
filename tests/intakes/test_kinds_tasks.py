"""A document registered from its table of tasks."""

import pytest

from directives.base.refusals import Invalid, NotAllowed
from directives.catalogue.kinds import KINDS
from directives.models import Directive, Document, Event
from directives.models.intakes import NEW, WRONG
from tests.factories import make_obligation
from tests.intakes.bringing import bring

TASKS = KINDS["tasks"]
TABLE = [
    {
        "document": "2026年重点任务",
        "section": "一、健全制度",
        "text": "建立重大事项报告制度。",
        "items": ("重大事项报告制度",),
        "addressees": ("各单位",),
    },
    {"document": None, "section": None, "text": "不得摊派。", "addressees": None},
    {"document": None, "section": "二、督促落实", "text": "总体进展良好。", "kind": "statement"},
]


def test_a_table_becomes_a_document_in_its_own_words(cast, monkeypatch):
    monkeypatch.setattr("tests.intakes.bringing.CHUNK", 2)
    imported = bring(TASKS, cast.supervisor, TABLE)
    assert imported.verdicts == [NEW, NEW, NEW]
    imported.apply()
    document = Document.objects.get()
    assert (document.title, document.script, document.registered_by) == (
        "2026年重点任务",
        "hans",
        cast.supervisor,
    )
    sections = [
        (row.number, row.title, row.directives.count())
        for row in document.sections.order_by("order")
    ]
    assert sections == [("一", "健全制度", 2), ("二", "督促落实", 1)]
    first, second, third = document.directives.order_by("order")
    assert (first.code, first.text, first.kind, first.items.get().name) == (
        "一.1",
        "建立重大事项报告制度。",
        "institution",
        "重大事项报告制度",
    )
    assert (
        second.code,
        second.kind,
        second.addressees.get().basis,
        third.code,
        third.statement,
    ) == (
        "一.2",
        "prohibition",
        "unstated",
        "二.1",
        True,
    )
    assert [row.subject_id for row in imported.rows] == [first.pk, second.pk, third.pk]
    assert Event.objects.get(action="register").subject_id == document.pk


def test_undo_deletes_the_document_while_nothing_rests_on_it(cast, monkeypatch):
    monkeypatch.setattr("tests.intakes.bringing.CHUNK", 1)
    imported = bring(TASKS, cast.supervisor, TABLE)
    imported.apply()
    row = make_obligation(Directive.objects.get(code="一.1"), cast.body)
    with pytest.raises(Invalid):
        imported.undo()
    assert Directive.objects.count() == 3
    row.delete()
    imported.undo()
    assert not Document.objects.exists()


def test_faults_of_a_task_table(cast):
    table = [
        {"document": "甲", "code": "1", "text": "做一件事。"},
        {"document": "乙", "code": "2", "text": "做两件事。"},
        {"document": "甲", "code": "1", "text": "做三件事。"},
    ]
    imported = bring(TASKS, cast.supervisor, table)
    assert [(number, field) for number, field, _text in imported.faults] == [
        (2, "document"),
        (3, "code"),
    ]
    assert imported.verdicts == [NEW, WRONG, WRONG]


def test_the_same_table_is_registered_once_and_by_supervisors(cast):
    bring(TASKS, cast.supervisor, TABLE).apply()
    with pytest.raises(Invalid, match="2026年重点任务"):
        bring(TASKS, cast.supervisor, TABLE).apply()
    assert [TASKS.may(who) for who in (cast.supervisor, cast.staff, cast.admin)] == [
        True,
        False,
        False,
    ]
    with pytest.raises(NotAllowed):
        bring(TASKS, cast.staff, [{"text": "做事。"}]).apply()
    assert Document.objects.count() == 1


def test_one_task_over_several_rows_is_one_directive_with_all_their_items(cast):
    table = [
        {
            "code": "1",
            "text": "健全制度",
            "items": ("联席会议",),
            "addressees": ("总工会",),
            "section": "一、加强领导",
        },
        {
            "code": "1",
            "text": "健全制度",
            "items": ("述职评议",),
            "addressees": ("总工会", "团市委"),
            "section": "一、加强领导",
        },
        {
            "code": "２",
            "text": "改进作风",
            "items": None,
            "addressees": None,
            "section": "一、加强领导",
        },
    ]
    imported = bring(TASKS, cast.supervisor, table)
    assert [row.label for row in imported.planned] == [
        "1 健全制度",
        "1 健全制度 · 与表中第 2 行同为一项任务",
        "２ 改进作风",
    ]
    rows = imported.apply()
    first, second = Directive.objects.order_by("order")
    assert ([item.name for item in first.items.order_by("number")], second.items.count()) == (
        ["联席会议", "述职评议"],
        0,
    )
    assert [one.name for one in first.addressees.all()] == ["总工会", "团市委"]
    assert [row.subject_id for row in rows] == [first.pk, first.pk, second.pk]
    imported.undo()
    assert Document.objects.count() == 0


def test_two_tasks_with_one_number_are_told_by_the_line_of_the_file(cast):
    imported = bring(
        TASKS,
        cast.supervisor,
        [{"code": "1", "text": "健全制度"}, {"code": "1", "text": "改进作风"}],
    )
    assert imported.verdicts == [NEW, WRONG]
    assert imported.faults == [(2, "code", "只出现一次的编号；与表中第 2 行重复")]
