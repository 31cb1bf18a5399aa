"""Applied as a whole or not at all, each row with its event; taken back if nothing rests on it."""

from pathlib import Path

import pytest
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.core import jobs
from directives.core.notices import render_text
from directives.intakes import acts, applying, starting
from directives.models import Event, Intake, IntakeRow, Notice, Organisation
from directives.models.intakes import APPLIED, APPLYING, CHECKED, DISCARDED, UNDOING, UNDONE
from tests.factories import NOW, make_obligation, make_user
from tests.intakes.test_checking import TABLE


def test_every_row_is_applied_with_its_event(cast, bring, apply):
    intake = apply(bring(cast.admin, TABLE))
    assert (intake.state, intake.fault, intake.done, intake.applied_at) == (
        APPLIED,
        "",
        intake.done,
        NOW,
    )
    made = Organisation.objects.get(code="Q09")
    cast.sibling.refresh_from_db()
    assert (made.parent, cast.sibling.name_hans) == (cast.centre, "共青团中央委员会")
    subjects = set(Event.objects.filter(by=cast.admin).values_list("subject_type", "subject_id"))
    assert {
        ("organisation", made.pk),
        ("organisation", cast.sibling.pk),
        ("intake", intake.pk),
    } <= subjects
    left = IntakeRow.objects.filter(intake=intake).exclude(left=None)
    assert set(left.values_list("subject_id", "left")) >= {
        (made.pk, made.version),
        (cast.sibling.pk, cast.sibling.version),
    }


def test_with_one_wrong_row_none_is_applied(cast, bring):
    intake = bring(cast.admin, TABLE + "Q11,,中央,C000\n")
    with pytest.raises(Invalid):
        applying.apply(intake, by=cast.admin, now=NOW)
    intake.refresh_from_db()
    assert (intake.state, Organisation.objects.filter(code="Q09").count()) == (CHECKED, 0)


@pytest.mark.parametrize(("clashes", "state"), [(2, APPLIED), (3, CHECKED)])
def test_what_the_database_takes_back_is_begun_anew(
    cast, bring, apply, monkeypatch, clashes, state
):
    """As after a deadlock: all of the first turn is gone, and the worker finds it as it was."""
    begun, leave = [], applying.store_results

    def clash(rows):
        leave(rows)
        begun.append(Organisation.objects.filter(code="Q09").count())
        if len(begun) <= clashes:
            raise OperationalError("deadlock detected")

    monkeypatch.setattr(applying, "store_results", clash)
    intake = apply(bring(cast.admin, TABLE))
    assert intake.state == APPLYING
    for _turn in range(2):
        jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert (intake.state, begun) == (state, [1] * 3)
    assert (
        Notice.objects.filter(
            user=cast.admin, kind="act_done" if state == APPLIED else "act_stopped"
        ).count()
        == 1
    )
    assert Organisation.objects.filter(code="Q09").exists() == (state == APPLIED)
    assert tallies.drift() == []


def test_a_table_that_changes_nothing_is_not_applied(cast, bring):
    intake = bring(cast.admin, "编码,名称\nQ01,全国总工会\n")
    assert intake.counts == {"same": 1}
    with pytest.raises(Invalid):
        applying.apply(intake, by=cast.admin, now=NOW)


def test_what_changed_since_the_dry_run_is_not_overwritten_but_checked_again(cast, bring, apply):
    intake = bring(cast.admin, TABLE)
    Organisation.objects.filter(pk=cast.sibling.pk).update(
        name_hans="共青团", version=cast.sibling.version + 1
    )
    apply(intake)
    assert (intake.state, Organisation.objects.filter(code="Q09").exists()) == (CHECKED, False)
    assert "未导入任何一行" in intake.fault
    row = IntakeRow.objects.get(intake=intake, line=4)
    assert row.before["name_hans"] == "共青团"
    apply(intake)
    assert (intake.state, intake.fault) == (APPLIED, "")


def conflict(cast, bring):
    """A list of ours that comes back while a body was changed here."""
    body = cast.sibling
    table = f"编码,名称,编号,版本\nQ02,共青团中央委员会,{body.pk},{body.version}\n"
    Organisation.objects.filter(pk=body.pk).update(name_hans="共青团", version=body.version + 1)
    return bring(cast.admin, table)


def test_a_conflict_waits_for_a_choice(cast, bring, apply):
    intake = conflict(cast, bring)
    assert intake.counts == {"conflict": 1}
    with pytest.raises(Invalid):
        applying.apply(intake, by=cast.admin, now=NOW)
    applying.choose(intake, "mine", number=1)
    apply(intake)
    cast.sibling.refresh_from_db()
    assert (intake.state, cast.sibling.name_hans) == (APPLIED, "共青团中央委员会")


def test_a_conflict_may_be_left_as_it_stands_here(cast, bring):
    intake = conflict(cast, bring)
    assert applying.choose(intake, "theirs") == 1
    with pytest.raises(Invalid):  # nothing is left to apply
        applying.apply(intake, by=cast.admin, now=NOW)
    with pytest.raises(Invalid):
        applying.choose(intake, "both")


def test_an_intake_is_taken_back_as_a_whole(cast, bring, apply, undo):
    before = list(
        Organisation.objects.order_by("pk").values_list("code", "name_hans", "parent", "path")
    )
    intake = undo(apply(bring(cast.admin, TABLE)))
    assert (intake.state, intake.fault) == (UNDONE, "")
    assert (
        list(Organisation.objects.order_by("pk").values_list("code", "name_hans", "parent", "path"))
        == before
    )
    assert Event.objects.filter(action="undo_import", subject_id=intake.pk).count() == 1


def test_what_was_built_upon_keeps_the_whole_intake_applied(cast, bring, apply, undo):
    intake = apply(bring(cast.admin, TABLE))
    make_obligation(organisation=Organisation.objects.get(code="Q09"))
    undo(intake)
    assert (intake.state, Organisation.objects.filter(code="Q09").exists()) == (APPLIED, True)
    assert ("Q09" in intake.fault, intake.done) == (True, 2)  # rows that stay written


def test_who_may_no_longer_bring_it_in_applies_nothing(cast, bring):
    intake = bring(cast.admin, TABLE)
    intake.by = make_user()
    with pytest.raises(NotAllowed):
        applying.apply(intake, by=intake.by, now=NOW)


def test_of_two_who_apply_one_is_told(cast, bring, apply):
    intake = bring(cast.admin, TABLE)
    copy = Intake.objects.select_related("by").get(pk=intake.pk)
    apply(intake)
    with pytest.raises((Stale, Invalid)):
        applying.apply(copy, by=cast.admin, now=NOW)
    jobs.run("intake", intake.pk)  # a task that is run again
    assert Organisation.objects.filter(code="Q09").count() == 1


def test_a_discarded_intake_is_gone_even_while_it_is_applied(
    cast, bring, monkeypatch, django_capture_on_commit_callbacks
):
    intake = bring(cast.admin, TABLE)
    with django_capture_on_commit_callbacks(execute=False):
        applying.apply(intake, by=cast.admin, now=NOW)
    leave = applying.store_results

    def meanwhile(rows):
        leave(rows)
        Intake.objects.filter(pk=intake.pk).update(state=DISCARDED, version=99)

    monkeypatch.setattr(applying, "store_results", meanwhile)
    jobs.run("intake", intake.pk)
    assert Organisation.objects.filter(code="Q09").count() == 0


def test_discarding_takes_file_and_rows(cast, bring, django_capture_on_commit_callbacks):
    intake = bring(cast.admin, TABLE)
    path = Path(intake.file.path)
    with django_capture_on_commit_callbacks(execute=True):
        starting.discard(intake)
    assert (path.exists(), IntakeRow.objects.filter(intake=intake).count(), intake.state) == (
        False,
        0,
        DISCARDED,
    )


def test_a_failure_of_ours_is_told_and_leaves_nothing(cast, bring, apply, monkeypatch, caplog):
    intake = bring(cast.admin, TABLE)

    def broken(*_args):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(applying, "store_results", broken)
    apply(intake)
    assert (intake.state, Organisation.objects.filter(code="Q09").exists()) == (CHECKED, False)
    assert f"apply-{intake.pk}-" in intake.fault
    assert f"Incident apply-{intake.pk}-" in caplog.text
    assert "the disk is full" in caplog.text
    assert Notice.objects.count() == 0  # its author is looking at the page


def test_a_failure_at_the_very_end_leaves_it_as_it_was(cast, bring, apply, monkeypatch):
    """The counts are written last, when the intake already counts as applied."""
    intake = bring(cast.admin, TABLE)
    monkeypatch.setattr(acts.audit, "record", lambda *_args, **_options: 1 / 0)
    apply(intake)
    assert (intake.state, intake.fault != "", Organisation.objects.filter(code="Q09").exists()) == (
        CHECKED,
        True,
        False,
    )


def test_a_parent_that_stands_batches_further_down_is_tied_when_it_comes(cast, bring, apply):
    lines = "".join(f"Y{number:03},单位{number},C000\n" for number in range(600))
    intake = apply(
        bring(
            cast.admin,
            f"编码,名称,上级单位\nY900,甲,Y901\nQ02,共青团中央,Y901\n{lines}Y901,乙,C000\n",
        )
    )
    above = Organisation.objects.get(code="Y901")
    cast.sibling.refresh_from_db()
    assert (intake.state, Organisation.objects.get(code="Y900").parent, cast.sibling.parent) == (
        APPLIED,
        above,
        above,
    )
    assert cast.sibling.path.startswith(above.path)


def test_many_rows_are_left_to_the_worker(cast, bring, apply, undo, monkeypatch):
    monkeypatch.setattr(acts, "AT_ONCE_ROWS", 1)
    intake = apply(bring(cast.admin, TABLE))
    assert (intake.state, DBTaskResult.objects.get(pk=intake.task).status) == (APPLYING, "READY")
    jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert intake.state == APPLIED
    undo(intake)
    jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert (intake.state, Organisation.objects.filter(code="Q09").exists()) == (UNDONE, False)
    told = [render_text(notice) for notice in Notice.objects.order_by("pk")]
    assert told == ["导入表格：已完成。单位.csv", "撤销导入：已完成。单位.csv"]


def test_what_is_being_undone_may_be_kept_after_all(cast, bring, apply, monkeypatch, sign_in, key):
    monkeypatch.setattr(acts, "AT_ONCE_ROWS", 1)
    intake = apply(bring(cast.admin, TABLE))
    jobs.run("intake", intake.pk)
    client, address = sign_in(cast.admin), f"/intakes/{intake.pk}/"
    intake.refresh_from_db()
    client.post(f"{address}undo/", {**key(), "version": intake.version})
    intake.refresh_from_db()
    assert (
        intake.state,
        f'action="{address}discard/"' in client.get(address).content.decode(),
    ) == (UNDOING, True)
    assert client.post(f"{address}discard/", {**key(), "version": intake.version}).url == address
    jobs.run("intake", intake.pk)
    intake.refresh_from_db()
    assert (intake.state, intake.done, Organisation.objects.filter(code="Q09").exists()) == (
        APPLIED,
        2,
        True,
    )
