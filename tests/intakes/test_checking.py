"""The dry run: what is found of each row, every fault at once, and nothing changed."""

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives.core import jobs
from directives.intakes import checking, starting
from directives.models import Event, Intake, IntakeRow, Matching, Organisation
from directives.models.intakes import CHECKED, CHECKING, DISCARDED, UNREADABLE, UPLOADED
from tests.factories import NOW

TABLE = (
    "编码,名称,级别,上级单位\n"
    "Q01,全国总工会,中央,C000\n"
    "Q09,全国台联,中央,C000\n"
    "Q02,共青团中央委员会,中央,C000\n"
)


def rows(intake):
    return list(IntakeRow.objects.filter(intake=intake))


def test_every_row_is_new_changed_or_same(cast, bring):
    intake = bring(cast.admin, TABLE)
    assert (intake.state, intake.fault, intake.total) == (CHECKED, "", 3)
    assert intake.counts == {"same": 1, "new": 1, "changed": 1}
    changed = rows(intake)[2]
    assert (changed.before["name_hans"], changed.after["name_hans"]) == (
        "共青团中央",
        "共青团中央委员会",
    )
    assert (changed.line, changed.subject_id) == (4, cast.sibling.pk)


def test_a_dry_run_changes_nothing(cast, bring):
    before = (list(Organisation.objects.values()), Event.objects.count())
    bring(cast.admin, TABLE)
    assert (list(Organisation.objects.values()), Event.objects.count()) == before


def test_every_fault_is_told_at_once_with_its_place(cast, bring):
    intake = bring(
        cast.admin,
        "编码,名称,级别,成立日期\nQ09,,星级,2025年2月30日\nQ10,乙,中央,2025-01-01\n1E+15,丙,,尽快\n",
    )
    wrong = [row for row in rows(intake) if row.verdict == "wrong"]
    places = [
        (row.line, fault["column"], fault["heading"], fault["value"])
        for row in wrong
        for fault in row.faults
    ]
    assert intake.counts == {"wrong": 2, "new": 1}
    assert places == [
        (2, "B", "名称", ""),
        (2, "C", "级别", "星级"),
        (2, "D", "成立日期", "2025年2月30日"),
        (4, "A", "编码", "1E+15"),
        (4, "D", "成立日期", "尽快"),
    ]
    assert all(fault["expected"] and fault["remedy"] for row in wrong for fault in row.faults)


def test_keys_that_stand_twice_are_faults_of_their_rows(cast, bring):
    intake = bring(cast.admin, "编码,名称\nQ09,甲\nQ10,乙\nQ09,丙\n")
    assert [row.verdict for row in rows(intake)].count("wrong") >= 1
    assert sum(intake.counts.values()) == 3


def test_titles_sums_notes_and_repeated_headings_are_no_rows(cast, bring):
    table = (
        "单位名册,,\n,,\n"
        "代码,名称,级别\nQ09,甲,中央\n代码,名称,级别\nQ10,乙,中央\n"
        "合计,,2\n注：截至三月,,\n"
    )
    intake = bring(cast.admin, table)
    assert (intake.counts, [row.line for row in rows(intake)]) == ({"new": 2}, [4, 6])
    assert len(intake.remarks) == 3


@pytest.mark.parametrize(
    ("table", "passed"),
    [
        ("编码,名称\n乙,1\n", False),
        ("编码,名称\nA,1\n", False),
        ("编码,名称,全称\n乙,1,2\n", False),
        ("编码,名称,全称\nB,1,2\n", False),
        ("编码,名称,全称\n甲,乙,1\n", True),
        ("编码,名称,全称\n栏次,1,2\n", True),
        ("编码,名称,全称\n1,2,3\n", True),
    ],
)
def test_a_row_of_data_is_no_row_of_the_numbers_of_columns(cast, bring, table, passed):
    intake = bring(cast.admin, table)
    assert (intake.counts == {}, any("重复的标题" in remark for remark in intake.remarks)) == (
        passed,
        passed,
    )


def test_columns_that_are_not_known_are_asked_about(cast, bring):
    intake = bring(cast.admin, "编码,名称,星座\nQ09,甲,天秤\n")
    assert (intake.state, intake.tables[0]["columns"][2][1:4]) == (UPLOADED, ["星座", ["天秤"], ""])
    assert rows(intake) == []


def test_columns_that_must_be_there_are_asked_for(cast, bring):
    assert bring(cast.admin, "编码,级别\nQ09,中央\n").state == UPLOADED


def test_a_file_that_cannot_be_read_says_why(cast, bring):
    intake = bring(cast.admin, b"MZ\x90\x00", name="表.xlsx")
    assert intake.state == UNREADABLE
    assert intake.fault
    assert Matching.objects.count() == 0


def test_what_was_matched_once_is_matched_at_once(cast, bring, django_capture_on_commit_callbacks):
    table = "编码,叫什么,星座\nQ09,甲,天秤\n"
    intake = bring(cast.admin, table)
    with django_capture_on_commit_callbacks(execute=True):
        starting.match(
            intake, {"A": "code", "B": "name_hans"}, language="zh-hans", by=cast.admin, now=NOW
        )
    intake.refresh_from_db()
    assert (intake.state, intake.counts) == (CHECKED, {"new": 1})
    again = bring(cast.admin, table)
    assert (again.state, again.counts) == (CHECKED, {"new": 1})
    assert "星座" in "".join(again.remarks)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_tables_come_in_any_encoding_of_the_office(cast, bring, encoding):
    assert bring(cast.admin, TABLE.encode(encoding)).counts == {"same": 1, "new": 1, "changed": 1}


def test_a_long_table_is_left_to_the_worker_and_bears_being_begun_again(cast, bring, monkeypatch):
    monkeypatch.setattr(checking, "AT_ONCE_ROWS", 2)
    intake = bring(cast.admin, TABLE)
    assert (intake.state, intake.total, rows(intake)) == (CHECKING, 3, [])
    spare, queued = DBTaskResult.objects.order_by("enqueued_at")
    assert (intake.task, spare.run_after.year, queued.run_after.year) == (
        queued.pk,
        timezone.now().year,
        9999,
    )
    jobs.run(
        "intake", intake.pk, queued=spare.pk
    )  # what was meant for a web process that died has nothing to do
    assert rows(intake) == []
    for _attempt in range(2):
        Intake.objects.filter(pk=intake.pk).update(state=CHECKING, moved_at=None)
        jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert (intake.state, intake.done, len(rows(intake))) == (CHECKED, 3, 3)


def test_a_run_that_finds_the_table_in_other_hands_stops(cast, bring, monkeypatch):
    intake = bring(cast.admin, TABLE)
    Intake.objects.filter(pk=intake.pk).update(state=CHECKING, moved_at=None)
    found = checking._row

    def meanwhile(*args):
        Intake.objects.filter(pk=intake.pk).update(state=DISCARDED, version=99)
        return found(*args)

    monkeypatch.setattr(checking, "_row", meanwhile)
    jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert (intake.state, rows(intake)) == (DISCARDED, [])


def test_a_failure_of_ours_is_told(cast, bring, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(checking, "_row", broken)
    intake = bring(cast.admin, TABLE)
    assert (intake.state, "the disk is full" in caplog.text) == (UNREADABLE, True)
    assert "系统错误" in intake.fault
