"""What is cleared away by its age, what stays, and that nothing of what people wrote goes."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as installed
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives.core import clearing, evidence
from directives.management.commands.worker import DAILY
from directives.models import (
    Attachment,
    Event,
    FormKey,
    JobProgress,
    Notice,
    OpenSession,
    SignInAttempt,
    Submission,
)
from tests.factories import NOW, make_document, make_measure, make_obligation, make_plan


@pytest.fixture
def shelf(tmp_path: Path, settings) -> Path:
    """A storage and a folder of temporary files of their own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "temporary")
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir()
    return tmp_path


@pytest.fixture
def clear(db, shelf, capsys):
    """Run the command and return what it says."""

    def run(*arguments: str) -> str:
        call_command("clear_old", *arguments)
        said = capsys.readouterr()
        return said.out + said.err

    return run


def aged(path: Path, days: float) -> Path:
    at = timezone.now().timestamp() - days * 86_400
    os.utime(path, (at, at))
    return path


def put(name: str, content: bytes = b"%PDF-1.7 lost", days: float = 3) -> Path:
    return aged(Path(default_storage.path(default_storage.save(name, ContentFile(content)))), days)


def rows_of_each_age(cast, days: float) -> None:
    """One row of every sort, so many days old."""
    at = timezone.now() - timedelta(days=days)
    FormKey.objects.create(key=uuid4(), user=cast.staff, at=at)
    for read_at in (at, None):
        Notice.objects.create(user=cast.staff, kind="returned", url="/", at=at, read_at=read_at)
    Session.objects.create(session_key=uuid4().hex, session_data="", expire_date=at)
    OpenSession.objects.create(key=uuid4().hex, user=cast.staff, began_at=at)
    for succeeded in (False, True):
        SignInAttempt.objects.create(account="x", address="x", at=at, succeeded=succeeded)
    for status in ("SUCCESSFUL", "READY"):
        task = DBTaskResult.objects.create(
            status=status,
            args_kwargs={"args": [], "kwargs": {}},
            priority=0,
            task_path="x",
            queue_name="default",
            backend_name="default",
            exception_class_path="",
            traceback="",
        )
        DBTaskResult.objects.filter(pk=task.pk).update(finished_at=at)
    for finished_at in (at, None):
        JobProgress.objects.create(
            kind="issue",
            document=make_document(),
            by=cast.staff,
            at=at,
            total=1,
            finished_at=finished_at,
        )


@pytest.mark.parametrize("lot", [1, 500])
def test_each_sort_of_row_goes_at_its_age_and_not_before(cast, clear, monkeypatch, lot):
    monkeypatch.setattr(clearing, "BATCH", lot)
    for old in clearing.RETENTION_RULES:
        rows_of_each_age(cast, old.days - 0.5)
        rows_of_each_age(cast, old.days + 0.5)
    now = timezone.now()
    wanted = {old.what: clearing.expired_rows(old, now).count() for old in clearing.RETENTION_RULES}
    assert wanted == {
        "keys of forms": 9,
        "notices that were read": 3,
        "notices that nobody read": 1,
        "sessions": 17,
        "tasks of the worker": 11,
        "long acts that have ended": 6,
        "places of sessions": 13,
        "sign-ins that failed": 15,
        "places of sign-ins": 6,
    }
    waiting = (
        DBTaskResult.objects.filter(status="READY").count(),
        JobProgress.objects.filter(finished_at=None).count(),
    )
    dry = clear("--dry-run")
    assert {
        old.what: clearing.expired_rows(old, now).count() for old in clearing.RETENTION_RULES
    } == wanted
    assert clear() == dry
    assert [clearing.expired_rows(old, now).count() for old in clearing.RETENTION_RULES] == [
        0
    ] * len(clearing.RETENTION_RULES)
    assert FormKey.objects.count() == 2 * len(clearing.RETENTION_RULES) - 9
    assert (
        DBTaskResult.objects.filter(status="READY").count(),
        JobProgress.objects.filter(finished_at=None).count(),
    ) == waiting


def test_no_form_outlives_its_key():
    days = {old.what: old.days for old in clearing.RETENTION_RULES}
    assert days["keys of forms"] * 86_400 > installed.SESSION_COOKIE_AGE


def test_the_worker_does_it_every_day():
    assert "clear_old" in DAILY


def test_files_without_a_row_go_after_a_day(cast, clear):
    measure = make_measure(make_plan(cast.body), make_obligation(organisation=cast.body))
    upload = SimpleUploadedFile("佐证材料.txt", "办了".encode())
    known = evidence.attach(measure.plan, upload, by=cast.staff, now=NOW)
    lost = [
        put("evidence/2026/11/lost.pdf"),
        put("evidence/2026/11/lost.pdf.0123.part"),
        put("intake/2026/11/lost.xlsx"),
        put("exports/2026/11/77.csv"),
        put("django-import-export/0123"),
    ]
    young = [
        put("evidence/2026/11/young.pdf", days=0.9),
        put("django-import-export/4567", days=0.5),
    ]
    elsewhere = put("notes/of-the-office.txt")
    aged(Path(known.file.path), 400)
    assert "stored files without a row: 5" in clear("--dry-run")
    assert all(path.exists() for path in lost)
    assert "stored files without a row: 5" in clear()
    assert [path.exists() for path in (*lost, *young, elsewhere, Path(known.file.path))] == [
        False
    ] * 5 + [True] * 4
    assert "stored files without a row: 0" in clear()


def test_evidence_that_was_handed_in_outlives_its_row(
    cast, clear, django_capture_on_commit_callbacks
):
    plan = make_plan(cast.body)
    files = [
        evidence.attach(plan, SimpleUploadedFile("a.txt", text), by=cast.staff, now=NOW)
        for text in (b"handed in", b"lost row")
    ]
    paths = [aged(Path(file.file.path), 400) for file in files]
    Submission.objects.create(
        organisation=cast.body,
        document=plan.document,
        plan=plan,
        number=1,
        content={},
        submitted_at=NOW,
        submitted_by=cast.staff,
    )
    with django_capture_on_commit_callbacks(execute=True):
        evidence.remove(files[0], by=cast.staff, now=NOW)
    Attachment.objects.all().delete()
    clear()
    assert [path.exists() for path in paths] == [True, True]
    assert Event.objects.filter(action="attach").count() == 2


def test_a_database_that_knows_none_of_the_files_takes_none_away(clear):
    lost = [
        put(f"evidence/2026/11/{number}.pdf", bytes([number]))
        for number in range(clearing.FEW_FILES + 1)
    ]
    said = clear()
    assert "is this the database of these files?" in said
    assert all(path.exists() for path in lost)
    clear("--however-many")
    assert not any(path.exists() for path in lost)


def test_uploads_that_broke_off_go_after_a_day(clear, shelf):
    folder = shelf / "temporary"
    names = ("tmpab12.upload.xlsx", "intake-ab12", "tmpab12", "of-another-program.upload.xlsx")
    for name in names:
        (folder / name).write_bytes(b"x")
        aged(folder / name, 2)
    (folder / "sheets-ab12").mkdir()
    (folder / "sheets-ab12" / "sheet1.xml").write_bytes(b"x")
    aged(folder / "sheets-ab12", 2)
    (folder / "tmpcd34.upload.xlsx").write_bytes(b"x")
    assert "temporary files of this machine: 3" in clear()
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["of-another-program.upload.xlsx", "tmpab12", "tmpcd34.upload.xlsx"]
