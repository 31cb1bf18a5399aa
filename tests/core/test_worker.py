"""The worker runs the queue, seals every minute and does the daily jobs once a day.

It takes over from one that died.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.core import audit, jobs, notices
from directives.management.commands import worker
from directives.models import (
    DocumentTotal,
    JobRun,
    Mark,
    Notice,
    OverallMark,
    Owing,
    Seal,
    Tally,
    Total,
    Unsealed,
)
from directives.tallies import recount
from tests.conftest import Cast
from tests.factories import NOW, make_body, make_obligation
from tests.migrated import migrated_database
from tests.node import environment
from tests.spare import PATIENCE, side_by_side, told, wait_for

ran: list[str] = []


@task()
def note(text: str) -> None:
    ran.append(text)


@task()
def fail() -> None:
    raise ZeroDivisionError("on purpose")


@pytest.fixture
def daily(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The daily jobs as they are called, none of them carried out."""
    called: list[str] = []
    monkeypatch.setattr(worker, "call_command", lambda name, **options: called.append(name))
    return called


@pytest.fixture(autouse=True)
def within_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's connection is in a transaction from beginning to end.

    The worker would take it for a stuck one and close it.
    """
    ran.clear()
    for module in (worker, db_worker):
        monkeypatch.setattr(module, "close_old_connections", lambda: None)


def left_running(owners: list[str], started_at: datetime = NOW) -> DBTaskResult:
    """A task that the last of these workers took, and has not finished."""
    row = DBTaskResult.objects.get(pk=note.enqueue("again").id)
    row.status, row.worker_ids, row.started_at = TaskResultStatus.RUNNING, owners, started_at
    row.save()
    return row


def test_once_empties_the_queue_and_leaves_no_heartbeat(db: None, daily: list[str]) -> None:
    note.enqueue("first")
    note.enqueue("second")
    call_command("worker", "--once")
    assert ran == ["first", "second"]
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {
        TaskResultStatus.SUCCESSFUL
    }
    assert not JobRun.objects.filter(name__startswith=worker.PREFIX).exists()


def test_a_task_that_fails_is_kept_logged_and_stops_no_other(
    db: None, daily: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    failing = fail.enqueue()
    note.enqueue("after")
    call_command("worker", "--once")
    assert ran == ["after"]
    assert DBTaskResult.objects.get(pk=failing.id).status == TaskResultStatus.FAILED
    assert "ZeroDivisionError: on purpose" in caplog.text


def test_events_are_sealed(db: None, daily: list[str]) -> None:
    audit.record("create", make_body("X"), by=None, now=NOW)
    call_command("worker", "--once")
    assert (Seal.objects.count(), Unsealed.objects.count()) == (1, 0)


def test_the_newest_seal_is_told_outside(
    db: None, daily: list[str], settings: Any, tmp_path: Path
) -> None:
    settings.AUDIT_ANCHORS = [f"file://{tmp_path / 'anchors'}"]
    audit.record("create", make_body("X"), by=None, now=NOW)
    call_command("worker", "--once")
    call_command("worker", "--once")
    assert (tmp_path / "anchors").read_text().startswith("qunzhu-seal number=1 total=1 ")
    assert (tmp_path / "anchors").read_text().count("\n") == 1


def test_more_events_than_one_seal_holds_are_sealed_at_once(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = [worker.BATCH, worker.BATCH, 3]
    monkeypatch.setattr(worker, "seal", lambda *, now: sealed.pop(0))
    worker.seal_events(NOW)
    assert sealed == []


def test_a_chore_that_fails_is_logged_with_its_traceback_and_stops_nothing(
    db: None, daily: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*, now: datetime) -> int:
        raise RuntimeError("no seal today")

    monkeypatch.setattr(worker, "seal", broken)
    note.enqueue("still")
    call_command("worker", "--once")
    assert "The sealing of events failed" in caplog.text
    assert "Traceback" in caplog.text
    assert "RuntimeError: no seal today" in caplog.text
    assert (daily, ran) == (list(worker.DAILY), ["still"])


def test_daily_jobs_run_once_in_a_shanghai_day(db: None, daily: list[str]) -> None:
    # 23:59 in Shanghai.
    with time_machine.travel(datetime(2026, 10, 13, 15, 59, tzinfo=UTC), tick=False):
        call_command("worker", "--once")
        call_command("worker", "--once")
        assert daily == list(worker.DAILY)
        assert JobRun.objects.get(name="tick").last_day == date(2026, 10, 13)
    # 00:01, still the 13th in London.
    with time_machine.travel(datetime(2026, 10, 13, 16, 1, tzinfo=UTC), tick=False):
        call_command("worker", "--once")
        assert daily == list(worker.DAILY) * 2
        assert JobRun.objects.get(name="tick").last_day == date(2026, 10, 14)


def test_a_daily_job_that_fails_is_tried_again(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []

    def broken_tick(name: str, **options: object) -> None:
        called.append(name)
        if name == "tick":
            raise ValueError("no tick")

    monkeypatch.setattr(worker, "call_command", broken_tick)
    call_command("worker", "--once")
    assert JobRun.objects.get(name="tick").last_ran_at == worker.NEVER
    call_command("worker", "--once")
    assert called == [*worker.DAILY, "tick"]
    assert "ValueError: no tick" in caplog.text


def test_a_chore_waits_for_its_time(db: None, daily: list[str]) -> None:
    chores = worker.chores_of(worker.new_name())
    chores.run_due()
    for chore in chores.chores:
        chore.run = lambda now: daily.append("again")
    daily.clear()
    chores.run_due()
    assert daily == []
    chores.chores[0].due -= worker.CHORE_SECONDS
    chores.run_due()
    assert daily == ["again"]


def test_of_several_workers_exactly_one_takes_a_daily_job(transactional_db: None) -> None:
    names = [worker.PREFIX + str(index) for index in range(6)]
    for name in names:
        worker.record(name, NOW)
    taken = side_by_side(lambda index: worker.claim("tick", by=names[index], now=NOW), len(names))
    assert sorted(taken) == [False] * 5 + [True]
    assert JobRun.objects.get(name="tick").held_by == names[taken.index(True)]


def test_two_workers_run_a_daily_job_once_between_them(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def slow(name: str, **options: object) -> None:
        called.append(name)
        time.sleep(0.3)

    monkeypatch.setattr(worker, "call_command", slow)
    names = [worker.new_name(), worker.new_name()]
    for name in names:
        worker.record(name, NOW)
    side_by_side(
        lambda index: [worker.run_daily(command, names[index], NOW) for command in worker.DAILY], 2
    )
    assert sorted(called) == sorted(worker.DAILY)
    assert set(JobRun.objects.filter(name__in=worker.DAILY).values_list("held_by", "last_day")) == {
        ("", timezone.localdate(NOW))
    }


def test_a_daily_job_is_left_to_a_living_worker_and_taken_over_from_a_dead_one(
    db: None, daily: list[str]
) -> None:
    first, second = worker.new_name(), worker.new_name()
    worker.record(first, NOW)
    assert worker.claim("tick", by=first, now=NOW)
    worker.run_daily("tick", second, NOW + worker.STALE)
    assert daily == []
    worker.run_daily("tick", second, NOW + worker.STALE + timedelta(seconds=1))
    assert daily == ["tick"]


def test_the_heart_beats_while_a_daily_job_takes_its_time(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: set[datetime] = set()
    command = worker.Command()

    def slow(name: str, **options: object) -> None:
        if name == "tick":

            def beaten() -> bool:
                beats.update(
                    JobRun.objects.filter(name__startswith=worker.PREFIX).values_list(
                        "last_ran_at", flat=True
                    )
                )
                return len(beats) >= 3

            wait_for(beaten)
        if name == worker.DAILY[-1]:
            command.ask_to_stop(signal.SIGTERM, None)

    monkeypatch.setattr(worker, "call_command", slow)
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.5)
    command.work()
    assert len(beats) >= 3
    assert not JobRun.objects.filter(name__startswith=worker.PREFIX).exists()


def test_what_a_dead_worker_left_is_run_again(
    db: None, daily: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    silent, gone = worker.PREFIX + "silent", worker.PREFIX + "gone"
    worker.record(silent, datetime.now(UTC) - worker.STALE - timedelta(seconds=5))
    rows = [left_running([silent]), left_running([gone])]
    call_command("worker", "--once")
    assert ran == ["again", "again"]
    for row in rows:
        row.refresh_from_db()
        assert (row.status, len(row.worker_ids)) == (TaskResultStatus.SUCCESSFUL, 2)
    assert f"{silent} died running it" in caplog.text
    assert not JobRun.objects.filter(name=silent).exists()


@pytest.mark.parametrize(
    ("boot", "counts"), [("this", True), ("before", False), ("", False), (None, False)]
)
def test_a_death_counts_unless_the_machine_went_too_or_it_was_asked_to_stop(
    db: None, monkeypatch: pytest.MonkeyPatch, boot: str | None, counts: bool
) -> None:
    """The last: its heartbeat is not there, as after a restore."""
    silent, living, now = worker.PREFIX + "silent", worker.PREFIX + "living", datetime.now(UTC)
    worker.beat(living, lambda: "this", now)
    if boot is not None:
        worker.beat(silent, lambda: boot, now - worker.STALE - timedelta(seconds=5))
    rescued: list[bool] = []
    monkeypatch.setattr(jobs, "rescue", lambda task, *, counts, now: rescued.append(counts))
    left_running([silent])
    worker.rescue_tasks(now)
    assert rescued == [counts]


def test_what_a_living_or_a_foreign_worker_runs_is_left_alone(db: None, daily: list[str]) -> None:
    living = worker.PREFIX + "living"
    worker.record(living, datetime.now(UTC) - timedelta(seconds=worker.BEAT_SECONDS))
    left_running([living])
    left_running(["somebody else's"])
    call_command("worker", "--once")
    assert ran == []
    assert DBTaskResult.objects.running().count() == 2


def test_a_task_that_kills_every_worker_is_given_up(
    db: None, daily: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    row = left_running([worker.PREFIX + str(number) for number in range(jobs.running.TRIES)])
    call_command("worker", "--once")
    row.refresh_from_db()
    assert (ran, row.status) == ([], TaskResultStatus.FAILED)
    assert row.task_result.errors[0].traceback == "3 workers died running this task"
    assert "is given up: 3 workers died running this task" in caplog.text


FORMER_MAIL, FORMER_ACT = "directives.notices.mail", "directives.jobs.running.carry_out"


def test_a_mail_that_an_earlier_release_queued_is_sent(cast: Cast, mailoutbox: list[Any]) -> None:
    cast.staff.email = "staff@example.org"
    cast.staff.save()
    notice = Notice.objects.create(
        user=cast.staff, kind="accepted", url="/", at=NOW, facts={"count": 1, "body": "x"}
    )
    task = DBTaskResult.objects.get(pk=notices.mail.enqueue(notice.pk).id)
    DBTaskResult.objects.filter(pk=task.pk).update(task_path=FORMER_MAIL)
    call_command("worker", "--once")
    task.refresh_from_db()
    assert (task.status, [message.to for message in mailoutbox]) == (
        TaskResultStatus.SUCCESSFUL,
        [["staff@example.org"]],
    )


def test_an_act_that_a_worker_of_an_earlier_release_left_gets_another_task(db: None) -> None:
    left = left_running([worker.PREFIX + "dead"])
    DBTaskResult.objects.filter(pk=left.pk).update(task_path=FORMER_ACT)
    jobs.rescue(DBTaskResult.objects.get(pk=left.pk), counts=False, now=NOW)
    assert not DBTaskResult.objects.filter(pk=left.pk).exists()


def test_tasks_stand_where_they_are_looked_for() -> None:
    tasks = {
        jobs.present_path(FORMER_MAIL): notices.mail,
        jobs.present_path(FORMER_ACT): jobs.carry_out,
    }
    assert {path: task.module_path for path, task in tasks.items()} == {
        path: path for path in tasks
    }


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None
) -> Iterator[dict[str, str]]:
    """The environment of an installation of its own, with a migrated database.

    It is on the engine under test.
    """
    folder = tmp_path_factory.mktemp("office")
    with migrated_database(folder) as url:
        yield environment(folder, url, LOG_LEVEL="WARNING")  # as the product itself sets it


def heartbeats(environment: dict[str, str]) -> int:
    return told(environment, "SELECT count(*) FROM directives_jobrun WHERE name LIKE 'worker:%'")[
        0
    ][0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(office: dict[str, str], number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        env=office,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        there = wait_for(lambda: heartbeats(office) == 1 or process.poll() is not None)
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()
    assert (there, process.returncode, output) == (True, 0, "")
    assert heartbeats(office) == 0


def test_a_worker_counts_what_was_never_counted(cast):
    make_obligation(organisation=cast.child)
    for model in (Tally, Total, Mark, Owing):
        model.objects.all().delete()
    call_command("worker", once=True)
    assert tallies.drift() == []


def test_a_worker_counts_what_an_upgrade_has_newly_to_count(cast):
    make_obligation(organisation=cast.child, due_on=None)
    Mark.objects.filter(topic="undated").delete()
    JobRun.objects.filter(name=recount.COUNTED).delete()  # as the code before left it
    assert tallies.never_counted()
    call_command("worker", once=True)
    assert (tallies.drift(), tallies.never_counted()) == ([], False)


def test_a_worker_counts_a_new_table_whose_first_moves_came_before_it(cast):
    make_obligation(organisation=cast.child)
    for model in (DocumentTotal, OverallMark):
        model.objects.all().delete()
    JobRun.objects.filter(name=recount.COUNTED).delete()  # as the code before left it
    make_obligation(organisation=cast.child)  # counted by a web process that was started first
    assert DocumentTotal.objects.exists() and tallies.drift() != []
    call_command("worker", once=True)
    assert tallies.drift() == []
