"""A backup is whole and private, or known as unfinished; what it holds is restored or refused."""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from directives.backups import files, keeping, making, manifest, restoring
from directives.backups.throwaway import folder
from directives.management.commands import worker
from directives.models import JobRun
from tests.core.test_files import PDF, bucket  # noqa: F401 - a fixture
from tests.factories import NOW
from tests.spare import spare_database, told

SQLITE = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
ACTS = [sys.executable, "-m", "tests.backups.acts"]
KILLS = 40
only_sqlite = pytest.mark.skipif(not SQLITE, reason="PostgreSQL keeps nothing beside a file")


def python(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return python(environment, "manage.py", *arguments)


def act(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return python(environment, "-m", "tests.backups.acts", *arguments)


@dataclass(frozen=True)
class Office:
    """An installation with work and evidence in it, and a backup of it that is never changed."""

    environment: dict[str, str]
    backup: Path
    said: str

    @property
    def media(self) -> Path:
        return Path(self.environment["QUNZHU_VAR"]) / "files"


def lay_tables(url: str, home: Path) -> None:
    """The tables of the tests' own database in another: faster than every migration again."""
    making.ENGINES[connection.vendor].dump(home / "tables")
    if SQLITE:
        (home / "tables").rename(url.removeprefix("sqlite:///"))
    else:
        subprocess.run(
            ["pg_restore", "--no-owner", "--dbname", url, str(home / "tables")],
            check=True,
        )
        connection.close()


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office")
    with spare_database(home) as environment:
        environment |= {"BACKUP_DIR": ""}
        with django_db_blocker.unblock():
            lay_tables(environment["DATABASE_URL"], home)
        assert act(environment, "fill").stderr == ""
        made = manage(environment, "backup", str(home / "备份"))
        assert (made.returncode, made.stderr) == (0, "")
        yield Office(environment, home / "备份", made.stdout)


@pytest.fixture
def place(tmp_path: Path, db: None) -> Iterator[dict[str, str]]:
    """An empty place to restore into."""
    folder = tmp_path / "new"
    folder.mkdir()
    with spare_database(folder) as environment:
        yield environment


def evidence(media: Path) -> dict[str, bytes]:
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*.txt")}


def copy_of(office: Office, tmp_path: Path) -> Path:
    """The backup, to be damaged."""
    return Path(shutil.copytree(office.backup, tmp_path / "damaged"))


def night(year: int, month: int, day: int) -> datetime:
    """Of a backup's name: in the office's own time."""
    return datetime(year, month, day, 2, 30)  # noqa: DTZ001


def inodes(folder: Path) -> set[int]:
    return {path.stat().st_ino for path in folder.rglob("*.txt")}


# Making


def test_a_backup_holds_the_database_and_every_file_and_is_private(office: Office):
    made = manifest.read_manifest(office.backup)
    assert evidence(office.backup / "files") == evidence(office.media)
    assert (len(made.files), made.faults, made.engine) == (3, [], connection.vendor)
    assert made.rows["directives_attachment"] == 3
    assert told(office.environment, "SELECT hash FROM directives_seal") == [(made.seal,)]
    assert f"{sum(made.rows.values()):,} rows, 3 files; read back, whole." in office.said
    paths = (office.backup, *office.backup.rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in paths} == {0}
    assert list(office.backup.parent.glob("*.part")) == []


def test_what_was_made_is_noted_and_is_not_the_backup_of_its_day(office: Office):
    """A backup made by hand elsewhere does not take the place of the one that is kept."""
    when = "last_day = '0001-01-01' AND last_ran_at > '2020-01-01'"
    statement = f"SELECT name FROM directives_jobrun WHERE {when}"
    assert ("backup",) in told(office.environment, statement)


def test_a_backup_never_overwrites(tmp_path: Path):
    (tmp_path / "old").write_text("the only copy")
    with pytest.raises(CommandError, match="exists already; name a new folder"):
        making.make(tmp_path / "old", now=NOW)
    assert (tmp_path / "old").read_text() == "the only copy"


@pytest.mark.parametrize(
    ("arguments", "kept_in", "words"),
    [
        (["{tmp}/nowhere/x"], "", "cannot be written: there is no folder"),
        ([], "", "Name a new folder, or set BACKUP_DIR"),
        (["--into", "{tmp}"], "/var/backups", "The worker makes the daily backup in /var/backups"),
    ],
)
def test_where_nothing_can_be_put_is_said_in_a_sentence(
    settings,
    tmp_path: Path,
    arguments,
    kept_in,
    words,
):
    settings.BACKUP_DIR = kept_in
    with pytest.raises(CommandError, match=words):
        call_command("backup", *(word.format(tmp=tmp_path) for word in arguments))
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_nothing_to_back_up():
    with pytest.raises(CommandError, match="nothing to back up"):
        manifest.contents(lambda statement: [], ["django_session"])


@pytest.mark.parametrize("point", ["database", "files", "end"])
def test_a_backup_that_is_killed_is_known_as_unfinished_and_cleared_by_the_next(
    office: Office,
    tmp_path: Path,
    point: str,
):
    assert act(office.environment, "kill", point, str(tmp_path)).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.suffix == keeping.PART
    assert keeping.backups(tmp_path) == {}
    with pytest.raises(
        CommandError,
        match="is not a backup" if point != "end" else "not what its manifest says|^$",
    ):
        making.read_back(left, manifest.read_manifest(left))
        raise CommandError  # killed at the very end it lacks its name alone
    result = manage(office.environment, "backup", "--into", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.iterdir()) == list(keeping.backups(tmp_path).values())


def test_a_file_that_is_deleted_after_the_database_was_copied_is_no_fault(
    office: Office,
    tmp_path: Path,
):
    """The database is copied again and names it no more; what came meanwhile is in both."""
    assert act(office.environment, "change", str(tmp_path / "x")).stderr == ""
    made = manifest.read_manifest(tmp_path / "x")
    assert (made.faults, made.rows["directives_attachment"]) == ([], 3)
    assert b"\n".join(evidence(office.media).values()).count("补充材料".encode()) == 1
    assert evidence(office.media).items() <= evidence(tmp_path / "x" / "files").items()


def test_evidence_that_was_lost_or_changed_before_is_told_every_time(
    place: dict[str, str],
    office: Office,
    tmp_path: Path,
):
    assert manage(place, "restore", str(office.backup)).returncode == 0
    lost, changed, _whole = sorted((Path(place["QUNZHU_VAR"]) / "files").rglob("*.txt"))
    lost.unlink()
    changed.write_text("别的内容")
    result = manage(place | {"BACKUP_DIR": ""}, "backup", str(tmp_path / "x"))
    assert result.returncode == 0
    assert f"{lost.name}: a row names it, and it is not in the storage" in result.stderr
    assert f"{changed.name}: its bytes are not those that were uploaded" in result.stderr
    assert len(manifest.read_manifest(tmp_path / "x").faults) == 2


def test_a_file_that_has_not_changed_takes_no_room_again(office: Office, tmp_path: Path):
    for second in range(2):
        moment = (NOW + timedelta(days=second)).isoformat()
        assert act(office.environment, "keep", str(tmp_path), moment).stderr == ""
    first, second = keeping.backups(tmp_path).values()
    assert inodes(first) == inodes(second)
    assert len(inodes(first)) == 3
    assert not inodes(first) & inodes(office.media)  # never with what people work on


def test_without_room_nothing_is_begun_and_the_old_ones_stay(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    db: None,
):
    old = tmp_path / "2020-01-01T000000"
    old.mkdir()
    (old / manifest.NAME).write_text("{}")
    monkeypatch.setattr(making, "demand_session", lambda connection: None)
    monkeypatch.setattr(making.shutil, "disk_usage", lambda path: SimpleNamespace(free=10_000_000))
    words = r"no room for a backup .* 10 MB are free\. Older backups stay"
    with pytest.raises(CommandError, match=words):
        making.make_in_folder(tmp_path, now=NOW)
    assert list(tmp_path.iterdir()) == [old]


def test_one_backup_at_a_time(tmp_path: Path):
    with (
        keeping.exclusive_access(tmp_path),
        pytest.raises(CommandError, match="Another backup is being made"),
    ):
        making.make(tmp_path / "x", now=NOW)
    with keeping.exclusive_access(tmp_path):
        assert list(tmp_path.iterdir()) == []


# Keeping


def test_of_two_years_of_nightly_backups_seven_days_four_weeks_and_six_months_stay():
    nights = [night(2024, 11, 1) + timedelta(days=number) for number in range(730)]
    kept = sorted(keeping.moments_to_keep(nights))
    assert kept[-1] == nights[-1]
    assert kept[-7:] == nights[-7:]
    ends = ((5, 31), (6, 30), (7, 31), (8, 31), (9, 30))
    months = [night(2026, month, day) for month, day in ends]
    weeks = [night(2026, 10, day) for day in (11, 18)]
    assert kept[:-7] == [*months, *weeks]


def test_the_last_one_stays_however_old_it_is():
    old = night(2001, 1, 1)
    assert keeping.moments_to_keep([old]) == {old}
    assert keeping.moments_to_keep([]) == set()


def test_only_backups_are_removed_and_only_whole_ones_count(tmp_path: Path):
    moments = [night(2026, 9, 1) + timedelta(days=number) for number in range(40)]
    nights = [moment.strftime(keeping.NAME) for moment in moments]
    for name in (
        *nights,
        "2026-10-12T000000",
        "我的文件",
        "2026-10-11T000000.part",
        "letters.part",
    ):
        (tmp_path / name).mkdir()
    for name in nights:
        (tmp_path / name / manifest.NAME).write_text("{}")
    assert len(keeping.backups(tmp_path)) == 40
    keeping.clear_unfinished(tmp_path)
    removed = keeping.clear_old(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {"2026-10-12T000000", "我的文件", "letters.part", *nights[-7:]}
    assert "2026-10-11T000000.part" not in left
    assert len(removed) + len(left) == 43


# By the worker


def test_the_worker_backs_up_once_a_day_and_not_at_its_start(
    db: None,
    settings,
    monkeypatch: pytest.MonkeyPatch,
):
    called: list[str] = []
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker, "call_command", lambda name, **options: called.append(name))
    settings.BACKUP_DIR = "/var/backups/x"
    backup = worker.backup_of(worker.new_name())
    backup.run_due()
    assert called == []
    for _twice in range(2):
        backup.chores[0].due = 0
        backup.run_due()
    assert called == ["backup"]


def test_where_a_timer_backs_up_the_worker_does_not(settings):
    settings.BACKUP_DIR = ""
    assert worker.backup_of("worker:x").chores == ()


def test_a_backup_that_failed_is_no_last_backup(
    db: None,
    settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def full(name: str, **options: object) -> None:
        raise CommandError("There is no room for a backup")

    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker, "call_command", full)
    settings.BACKUP_DIR = "/var/backups/x"
    backup = worker.backup_of("worker:x")
    backup.chores[0].due = 0
    backup.run_due()
    assert "There is no room for a backup" in caplog.text
    runs = JobRun.objects.filter(name="backup")
    assert list(runs.values_list("last_ran_at__year", "last_day", "held_by")) == [
        (1970, date.min, ""),
    ]
    assert backup.chores[0].due > time.monotonic() + 3000  # not every minute


def test_worker_or_timer_by_one_setting(tmp_path: Path):
    probe = "from django.conf import settings; print(settings.BACKUP_DIR)"
    told = {"SECRET_KEY": "0123456789" * 5, "ALLOWED_HOSTS": "x", "SITE_URL": "https://x"}
    common = {
        **os.environ,
        "QUNZHU_DOTENV": os.devnull,
        "QUNZHU_VAR": str(tmp_path / "var"),
        **told,
    }
    common.pop("BACKUP_DIR", None)
    shell = ("shell", "--no-imports", "-c", probe)
    production = manage(common | {"QUNZHU_ENV": "production"}, *shell)
    local = manage(common | {"QUNZHU_ENV": "local"}, *shell)
    assert (local.stdout, production.stdout) == (f"{common['QUNZHU_VAR']}/backups\n", "\n")


# Restoring


def test_a_restored_installation_has_every_row_and_file(office: Office, place: dict[str, str]):
    result = manage(place, "restore", str(office.backup))
    assert (result.returncode, result.stderr) == (0, "")
    made = manifest.read_manifest(office.backup)
    assert f"{sum(made.rows.values()):,} rows in {len(made.rows)} tables, 3 files" in result.stdout
    assert "1 sessions were ended" in result.stdout
    assert "1 background tasks were not finished" in result.stdout
    assert "migrate" not in result.stdout
    assert evidence(Path(place["QUNZHU_VAR"]) / "files") == evidence(office.backup / "files")
    assert told(place, "SELECT full_name FROM directives_user") == [("林晓岚",)]
    assert told(place, "SELECT count(*) FROM django_session") == [(0,)]
    again = manage(place, "restore", str(office.backup))
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)


def test_files_of_others_are_in_the_way_and_those_of_a_broken_off_restore_are_not(
    office: Office,
    place: dict[str, str],
):
    media = Path(place["QUNZHU_VAR"]) / "files"
    shutil.copytree(office.backup / "files", media)
    stranger = media / "evidence" / "别的.txt"
    stranger.write_text("somebody's")
    result = manage(place, "restore", str(office.backup))
    assert (
        result.returncode,
        "1 files that are not of this backup, evidence/别的.txt among them" in result.stderr,
    ) == (1, True)
    stranger.unlink()
    assert manage(place, "restore", str(office.backup)).returncode == 0


def dump_of(backup: Path) -> Path:
    return backup / making.ENGINES[connection.vendor].DUMP


def changed(**values: object) -> Callable[[Path], None]:
    def change(backup: Path) -> None:
        written = json.loads((backup / manifest.NAME).read_text())
        (backup / manifest.NAME).write_text(json.dumps(written | values))

    return change


def fewer_rows(backup: Path) -> None:
    rows = manifest.read_manifest(backup).rows
    changed(rows=rows | {"directives_user": rows["directives_user"] + 1})(backup)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda backup: dump_of(backup).unlink(), ": missing"),
        (
            lambda backup: os.truncate(dump_of(backup), dump_of(backup).stat().st_size - 4096),
            ": changed",
        ),
        (lambda backup: next((backup / "files").rglob("*.txt")).write_text("别的"), ": changed"),
        (fewer_rows, "directives_user: 2 rows in the manifest, 1 read"),
        (changed(engine="oracle"), "This is a backup of oracle"),
        (changed(format=2), "of a format that this release does not know"),
        (
            changed(migrations=["directives.9999_later"]),
            "of a newer release: directives.9999_later is unknown",
        ),
        (lambda backup: (backup / manifest.NAME).write_text('{"format": 1'), "cannot be read"),
        (lambda backup: (backup / manifest.NAME).unlink(), "is not a backup"),
    ],
)
def test_a_backup_that_is_not_what_it_says_is_refused_before_anything_is_written(
    office,
    tmp_path,
    monkeypatch,
    db,
    damage,
    words,
):
    backup = copy_of(office, tmp_path)
    damage(backup)
    engine = making.ENGINES[connection.vendor]
    for module, name in ((engine, "load"), (engine, "demand_empty"), (files, "restore_file")):
        monkeypatch.setattr(module, name, lambda *_any: pytest.fail("too late"))
    with pytest.raises(CommandError, match=words):
        restoring.restore(backup)


@only_sqlite
@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_what_sqlite_left_of_another_database_is_recognised(
    office: Office,
    place: dict[str, str],
    ending: str,
):
    """A copy laid over a database beside its -wal is replaced by what the -wal says."""
    left = Path(place["DATABASE_URL"].removeprefix("sqlite:///") + ending)
    left.write_bytes(b"x")
    result = manage(place, "restore", str(office.backup))
    assert (result.returncode, f"{left} is left of another database" in result.stderr) == (1, True)
    assert list(left.parent.glob("*.sqlite3")) == []


def test_a_database_that_is_not_there_is_said_to_be_so(office: Office, place: dict[str, str]):
    address = "sqlite:////proc/x/y.sqlite3" if SQLITE else place["DATABASE_URL"] + "_none"
    result = manage(place | {"DATABASE_URL": address}, "restore", str(office.backup))
    assert (result.returncode, "Traceback" in result.stderr) == (1, False), result.stderr


# A bucket


def test_a_bucket_is_backed_up_and_restored_like_a_folder(bucket, tmp_path, settings):  # noqa: F811
    for name in ("evidence/2026/10/a.pdf", "intake/b.xlsx"):
        bucket.put_object(Key=name, Body=PDF)
    assert list(files.file_names()) == ["evidence/2026/10/a.pdf", "intake/b.xlsx"]
    assert files.describe_storage() == f"the bucket {bucket.name}"
    kept = {name: files.copy(name, tmp_path, None) for name in files.file_names()}
    bucket.delete_objects(Delete={"Objects": [{"Key": "intake/b.xlsx"}]})
    assert files.demand_no_other_files(kept) == {"evidence/2026/10/a.pdf"}
    files.restore_file("intake/b.xlsx", tmp_path)
    assert {name: files.info_of(name) for name in files.file_names()} == kept
    bucket.put_object(Key="c.pdf", Body=PDF)
    with pytest.raises(CommandError, match="1 files that are not of this backup, c.pdf among them"):
        files.demand_no_other_files(kept)


# The drill


def test_a_backup_is_restored_served_and_read_in_a_place_of_its_own(office: Office):
    before = told(office.environment, "SELECT count(*) FROM django_session")
    with folder(None) as scratch:
        result = manage(office.environment | {"TMPDIR": str(scratch)}, "restore_drill")
        assert (result.returncode, result.stderr) == (0, "")
        assert list(scratch.iterdir()) == []
    pages = "/readyz, /, /dashboard/, /documents/, /obligations/, /files/"
    assert f"3 obligations; {pages}" in result.stdout
    assert told(office.environment, "SELECT count(*) FROM django_session") == before


# The long form


@pytest.mark.torture
def test_backups_are_killed_at_any_moment_while_people_work(
    office: Office,
    place: dict[str, str],
    tmp_path: Path,
):
    """Whatever has the name of a backup is whole, whenever others were killed; it is restored."""
    moments = random.Random(9)
    kept = tmp_path / "kept"
    kept.mkdir()
    backing_up = [sys.executable, "manage.py", "backup", "--into", str(kept)]
    where = {"cwd": settings.BASE_DIR, "env": office.environment}
    people = [subprocess.Popen([*ACTS, "work", "3600"], **where) for _two in range(2)]
    try:
        for _number in range(KILLS):
            process = subprocess.Popen(
                backing_up,
                cwd=settings.BASE_DIR,
                env=office.environment,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(moments.uniform(0.5, 4))
            process.kill()
            process.wait()
            unfinished = set(kept.iterdir()) - set(keeping.backups(kept).values())
            assert {path.suffix for path in unfinished} <= {keeping.PART}
        assert manage(office.environment, *backing_up[2:]).returncode == 0
    finally:
        for person in people:
            person.kill()
            person.wait()
    whole = list(keeping.backups(kept).values())
    assert list(kept.iterdir()) == whole
    for backup in whole:
        making.read_back(backup, manifest.read_manifest(backup))
        assert manifest.read_manifest(backup).faults == []
    assert len(manifest.read_manifest(whole[-1]).files) > 100
    assert manage(place, "restore", str(whole[-1])).returncode == 0
