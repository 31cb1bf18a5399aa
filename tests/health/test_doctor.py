"""`manage.py doctor`: each check, seen wrong, says so in a sentence with what to do."""

import json
import smtplib
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import checks, mail
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from directives.base import disk
from directives.base.replicas import ReplicaState
from directives.core import audit, notices, sealing
from directives.health import database, doctor, machine, work
from directives.health.findings import FINE, WARNING, WRONG, Check, Finding
from directives.management.commands import worker
from directives.models import JobRun, Obligation, Tally
from tests.core.test_worker import note
from tests.factories import NOW, TODAY, make_body, make_obligation

DAY = timedelta(days=1)
GIGABYTE = 1024**3
RETRIED = "2 mails could not be sent and are tried again"


def found(look: Callable, now: datetime = NOW) -> list[tuple[int, str]]:
    """The levels and words of a check's findings.

    Whatever is not well has a remedy, and nothing else.
    """
    findings = list(look(now))
    assert all(bool(finding.remedy) == (finding.level > FINE) for finding in findings)
    return [(finding.level, finding.message) for finding in findings]


# This machine


def test_settings_are_looked_at_as_django_does(settings, monkeypatch):
    settings.PRODUCTION = True
    told = [
        checks.Warning("short", id="security.W009"),
        checks.Error("bad", hint="mend", id="x.E1"),
        checks.Warning("no", id="security.W005"),
    ]
    monkeypatch.setattr(
        machine.checks,
        "run_checks",
        lambda include_deployment_checks: told if include_deployment_checks else [],
    )
    assert found(machine.check_settings) == [
        (WARNING, "short (security.W009)"),
        (WRONG, "bad (x.E1)"),
    ]
    settings.PRODUCTION = False
    assert [level for level, _words in found(machine.check_settings)] == [FINE]


def test_static_files_that_were_not_collected(settings, monkeypatch):
    storage = SimpleNamespace(manifest_name="staticfiles.json", exists=lambda name: False)
    monkeypatch.setattr(machine, "staticfiles_storage", storage)
    assert found(machine.check_static_files) == [(FINE, "served as they are")]
    settings.PRODUCTION = True
    ((level, words),) = found(machine.check_static_files)
    assert (level, words.endswith("no page can be shown")) == (WRONG, True)
    storage.exists = lambda name: True
    assert found(machine.check_static_files)[0][0] == FINE


@pytest.mark.parametrize(
    ("left", "level", "words"),
    [
        (20 * GIGABYTE, FINE, "20.0 GB free for"),
        (GIGABYTE, WARNING, "1.0 GB free"),
        (1024**2, WRONG, "1 MB free"),
    ],
)
def test_disks(settings, tmp_path, monkeypatch, left, level, words):
    settings.BACKUP_DIR = tmp_path
    monkeypatch.setattr(disk, "free_bytes", lambda path: left)
    ((told, said),) = found(machine.check_disks)
    assert (told, said.startswith(words), "files" in said, "backups" in said) == (
        level,
        True,
        True,
        True,
    )


def test_files_that_cannot_be_written(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    assert found(machine.check_files)[0][0] == FINE
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def refuse(*arguments: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(machine.default_storage, "save", refuse)
    assert found(machine.check_files) == [
        (WRONG, f"{tmp_path} cannot be written: [Errno 13] Permission denied"),
    ]


def test_mail(settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert found(machine.check_mail)[0][0] == FINE
    settings.PRODUCTION = True
    assert found(machine.check_mail)[0][0] == WARNING
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert (
        "the mail server 127.0.0.1:1 lets nothing in: [Errno 111]"
        in found(machine.check_mail)[0][1]
    )

    def refuse(self: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"no")

    monkeypatch.setattr(mail.backends.smtp.EmailBackend, "open", refuse, raising=False)
    assert found(machine.check_mail)[0][0] == WRONG
    monkeypatch.setattr(mail.backends.smtp.EmailBackend, "open", lambda self: True)
    assert found(machine.check_mail) == [(FINE, "the mail server 127.0.0.1:1 answers")]


# The database


def test_a_database_that_does_not_answer(db, monkeypatch):
    assert found(database.check_database)[0][0] == FINE

    def gone() -> None:
        raise OperationalError("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", gone)
        told = found(database.check_database)
    assert told == [(WRONG, "The database does not answer: the server went away.")]


def test_a_migration_that_is_missing(db):
    assert found(database.check_migrations) == [(FINE, "all are carried out")]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'directives' AND name >= '0016'")
    assert found(database.check_migrations)[0][0] == WRONG
    assert "the first is directives.0016_" in found(database.check_migrations)[0][1]


def test_a_cache_table_that_is_missing(db, settings):
    assert found(database.check_cache)[0][0] == FINE
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "elsewhere"}}
    assert found(database.check_cache) == [
        (WRONG, "the table “elsewhere” is missing: nobody can sign in"),
    ]


@pytest.mark.parametrize(("apart", "level"), [(1, FINE), (20, WARNING), (600, WRONG)])
def test_two_clocks(monkeypatch, apart, level):
    @contextmanager
    def cursor():
        yield SimpleNamespace(
            execute=lambda sql: None,
            fetchone=lambda: (timezone.now() + timedelta(seconds=apart),),
        )

    monkeypatch.setattr(database, "connection", SimpleNamespace(vendor="postgresql", cursor=cursor))
    assert found(database.check_clock)[0][0] == level


@pytest.mark.parametrize(
    ("standing", "level"),
    [(None, WARNING), (ReplicaState(1, 99.0), WARNING), (ReplicaState(1, 0.5), FINE)],
)
def test_replicas(settings, monkeypatch, standing, level):
    settings.REPLICAS, settings.REPLICA_MAX_LAG = ["replica1"], 60
    monkeypatch.setattr(
        database,
        "replica",
        lambda alias: SimpleNamespace(state=lambda: standing),
    )
    assert found(database.check_replicas)[0][0] == level
    settings.REPLICAS = []
    assert found(database.check_replicas) == [(FINE, "none")]


# The work


def test_a_worker_that_does_not_run(db):
    assert found(work.check_worker) == [
        (WRONG, "none is running, the last was seen never: lights stand still, long work waits"),
    ]
    worker.record("worker:a", NOW)
    assert found(work.check_worker) == [(FINE, "1 running, last seen 2026-10-13 08:30")]
    assert found(work.check_worker, NOW + timedelta(minutes=2))[0][0] == WARNING
    assert found(work.check_worker, NOW + timedelta(minutes=6))[0][0] == WRONG


def test_tasks_that_wait_and_tasks_that_failed(db):
    note.enqueue("x")
    DBTaskResult.objects.update(enqueued_at=NOW - timedelta(minutes=50))
    assert found(work.check_queue) == [(FINE, "1 tasks wait")]
    assert found(work.check_queue, NOW + timedelta(minutes=11)) == [
        (WARNING, "1 tasks wait, the oldest since 2026-10-13 07:40"),
    ]
    DBTaskResult.objects.update(status=TaskResultStatus.FAILED, finished_at=NOW)
    assert found(work.check_queue)[1] == (WARNING, "failed within a day: note 1")
    assert len(found(work.check_queue, NOW + 2 * DAY)) == 1


def test_mails_that_are_tried_again_whichever_release_queued_them(db):
    for failures in (0, 1, 2):
        notices.mail.enqueue(7, *[failures] * bool(failures))
    assert found(work.check_queue)[1] == (WARNING, RETRIED)
    earlier = DBTaskResult.objects.filter(args_kwargs__args__1=2)
    assert earlier.update(task_path="directives.notices.mail") == 1
    assert found(work.check_queue)[1] == (WARNING, RETRIED)
    DBTaskResult.objects.update(status=TaskResultStatus.FAILED, finished_at=NOW)
    assert found(work.check_queue)[1] == (WARNING, "failed within a day: mail 3")


def test_lights_of_an_earlier_day(cast):
    make_obligation(organisation=cast.body)
    assert found(work.check_lights) == [(FINE, "as of 2026-10-13")]
    Obligation.objects.update(light_changes_on=TODAY + 3 * DAY)
    worker.record("tick", NOW)
    words = "as of 2026-10-13: 1 obligations wait for the light of a later day"
    assert found(work.check_lights, NOW + 10 * DAY) == [(WRONG, words)]


def test_seals_that_are_behind(db):
    audit.record("create", make_body("X"), by=None, now=NOW)
    assert found(work.check_seals, NOW + timedelta(minutes=5))[0][0] == FINE
    late = NOW + timedelta(minutes=11)
    assert found(work.check_seals, late) == [
        (WARNING, "1 events of the record have no seal, the oldest of 2026-10-13 08:30"),
    ]
    sealing.seal(now=late)
    assert found(work.check_seals, late)[0][0] == FINE


def test_the_key_of_the_record(db, settings, tmp_path):
    settings.AUDIT_DIR, settings.AUDIT_ANCHORS = tmp_path / "record", []
    assert found(work.check_key)[0] == (FINE, f"no seal was made with {tmp_path / 'record'}")
    audit.record("create", make_body("X"), by=None, now=NOW)
    sealing.seal(now=NOW)
    fine = (FINE, "seal number 1 stands as it was made here")
    assert found(work.check_key) == [fine]
    settings.PRODUCTION = True
    assert found(work.check_key) == [fine, (WARNING, "the newest seal is told nowhere outside")]
    settings.AUDIT_ANCHORS = [f"file://{tmp_path / 'anchors'}"]
    assert found(work.check_key) == [fine, (WARNING, "anchors were last written never")]
    sealing.anchor(now=NOW)
    assert found(work.check_key, NOW + 9 * DAY) == [fine]
    audit.record("create", make_body("Y"), by=None, now=NOW)
    sealing.seal(now=NOW)
    assert found(work.check_key, NOW + timedelta(minutes=59))[0][0] == FINE
    assert found(work.check_key, NOW + timedelta(minutes=61))[1] == (
        WARNING,
        "anchors were last written 2026-10-13 08:30",
    )
    (tmp_path / "record" / "state").chmod(0o640)
    assert found(work.check_key)[0] == (
        WRONG,
        f"{tmp_path / 'record'} can be read by others than this user",
    )
    (tmp_path / "record" / "state").chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("directives.core.sealing.status.is_in_database", lambda mark: False)
        assert found(work.check_key)[0] == (
            WRONG,
            "the database does not have seal number 2, which was made here",
        )
    (tmp_path / "record" / "state").write_text("{")
    assert found(work.check_key)[0] == (WRONG, f"{tmp_path / 'record' / 'state'} is damaged")


def test_backups(db):
    assert found(work.check_backup) == [(WARNING, "none was ever made")]
    JobRun.objects.create(name="backup", last_ran_at=NOW, last_day=TODAY)
    assert found(work.check_backup, NOW + DAY)[0][0] == FINE
    assert found(work.check_backup, NOW + 4 * DAY)[0][0] == WRONG


@pytest.mark.parametrize(
    ("on", "level"),
    [
        (datetime(2026, 10, 31, tzinfo=UTC), FINE),
        (datetime(2026, 11, 1, tzinfo=UTC), WARNING),
        (datetime(2027, 2, 1, tzinfo=UTC), WRONG),
    ],
)
def test_a_calendar_that_ends(db, on, level):
    assert found(work.check_calendar, on)[0][0] == level


def test_counts_that_drifted_and_a_record_that_was_changed(cast):
    make_obligation(organisation=cast.body)
    assert found(work.check_counts) == [(FINE, "every count agrees with a recount")]
    Tally.objects.update(count=7)
    assert {level for level, _words in found(work.check_counts)} == {WRONG}
    audit.record("create", cast.body, by=None, now=NOW)
    sealing.seal(now=NOW)
    assert found(work.check_record)[0][0] == FINE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("directives.core.sealing.verifying.hash_seal", lambda seal: "other")
        assert "the seal itself was changed" in found(work.check_record)[0][1]


# The command


def run(capsys: pytest.CaptureFixture, **options: object) -> tuple[int, str]:
    code = 0
    try:
        call_command("doctor", **options)
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


def one(level: int) -> tuple[Check, ...]:
    return (Check("thing", lambda now: [Finding(level, "is so", "do this" if level else "")]),)


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (FINE, "ok       thing         is so\nNothing is wrong.\n"),
        (
            WARNING,
            (
                "WARNING  thing         is so\n                       → do this\n"
                "It works; something wants seeing to.\n"
            ),
        ),
        (
            WRONG,
            "WRONG    thing         is so\n                       → do this\nSomething is wrong.\n",
        ),
    ],
)
def test_the_exit_code_is_the_worst(capsys, monkeypatch, level, said):
    monkeypatch.setattr(doctor, "CHECKS", one(level) + one(FINE)[:0])
    code, out = run(capsys)
    assert (code, out.partition("\n")[2]) == (level, said)
    code, out = run(capsys, as_json=True)
    told = json.loads(out)
    assert (code, told["state"], told["findings"][0]["check"]) == (
        level,
        {0: "ok", 1: "warning", 2: "wrong"}[level],
        "thing",
    )


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(monkeypatch):
    def broken(now: datetime) -> list[Finding]:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(doctor, "CHECKS", (Check("first", broken), *one(FINE)))
    assert [(name, finding.level) for name, finding in doctor.examine(NOW)] == [
        ("first", WRONG),
        ("thing", FINE),
    ]


def test_without_a_database_the_rest_is_still_looked_at(monkeypatch):
    down = Check("database", lambda now: [Finding(WRONG, "gone", "start it")], offline=True)
    deep = Check("deep", lambda now: [Finding(FINE, "deep")], deep=True, offline=True)
    monkeypatch.setattr(doctor, "CHECKS", (*one(FINE), down, *one(FINE), deep))
    assert [name for name, _finding in doctor.examine(NOW)] == ["thing", "database"]
    assert [name for name, _finding in doctor.examine(NOW, deep=True)] == [
        "thing",
        "database",
        "deep",
    ]


def test_a_whole_page_of_a_well_installation(
    db,
    settings,
    tmp_path,
    capsys,
    monkeypatch,
    time_machine,
):
    settings.MEDIA_ROOT = settings.BACKUP_DIR = tmp_path
    time_machine.move_to(NOW, tick=False)
    for name in ("worker:a", "tick", "backup"):
        worker.record(name, NOW)
    monkeypatch.setattr(
        database, "TOLERATED_DIFFERENCE", timedelta.max
    )  # PostgreSQL's clock does not travel
    code, out = run(capsys, deep=True)
    names = [line.split()[1] for line in out.splitlines()[1:-1] if not line.startswith(" ")]
    assert names == [check.name.split()[0] for check in doctor.CHECKS]
    assert (code, out.splitlines()[-1]) == (0, "Nothing is wrong.")
