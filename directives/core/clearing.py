"""What is cleared away by its age: rows that the machinery leaves behind, files that no row knows,
uploads that broke off.

What people wrote is never cleared. The record, submissions and counts of days have no age here.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db.models import FileField, QuerySet
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from import_export.tmp_storages import MediaStorage

from directives.models import (
    Attachment,
    Event,
    FormKey,
    JobProgress,
    Notice,
    OpenSession,
    SignInAttempt,
)

AT_ONCE = 20_000  # rows that are looked for at a time
LOT = 500  # rows of one statement: no writer waits for long
FEW = 20  # files without a row that may be there whatever else is
YOUNG = timedelta(days=1)  # a file may still get its row, an upload its end
ENDED = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)
EVIDENCE = str(Attachment.file.field.upload_to).split("/")[0]
# Tables that the admin was given and that nobody has confirmed
UNCONFIRMED = MediaStorage().MEDIA_FOLDER
# Uploads, tables that are read, workbooks that are written
TEMPORARY = ("tmp*.upload*", "intake-*", "sheets-*")


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Rows that go when they are so many days old, and why then."""

    what: str
    days: int
    why: str
    rows: Callable[[datetime], QuerySet[Any]]  # those from before this instant


RETENTION_RULES = (
    RetentionRule(
        "keys of forms",
        30,
        "a form is of no use when the session has ended in which it was opened: two weeks",
        lambda before: FormKey.objects.filter(at__lt=before),
    ),
    RetentionRule(
        "notices that were read",
        365,
        "last year's round of reports can still be looked up",
        lambda before: Notice.objects.filter(at__lt=before, read_at__isnull=False),
    ),
    RetentionRule(
        "notices that nobody read",
        730,
        "whoever has not signed in for two years begins anew",
        lambda before: Notice.objects.filter(at__lt=before, read_at__isnull=True),
    ),
    RetentionRule(
        "sessions",
        0,
        "they have ended",
        lambda before: Session.objects.filter(expire_date__lt=before),
    ),
    RetentionRule(
        "places of sessions",
        7,
        "none lasts that long",
        lambda before: OpenSession.objects.filter(began_at__lt=before).exclude(
            key__in=Session.objects.values("session_key")
        ),
    ),
    RetentionRule(
        "sign-ins that failed",
        1,
        "they are counted over an hour",
        lambda before: SignInAttempt.objects.filter(at__lt=before, succeeded=False),
    ),
    RetentionRule(
        "places of sign-ins",
        90,
        "they are known no longer",
        lambda before: SignInAttempt.objects.filter(at__lt=before, succeeded=True),
    ),
    RetentionRule(
        "tasks of the worker",
        14,
        "what they did stands elsewhere; a failure may be looked into for two weeks",
        lambda before: DBTaskResult.objects.filter(status__in=ENDED, finished_at__lt=before),
    ),
    RetentionRule(
        "long acts that have ended",
        90,
        "their pages are looked at while the work begins",
        lambda before: JobProgress.objects.filter(finished_at__lt=before),
    ),
)


def expired_rows(old: RetentionRule, now: datetime) -> QuerySet[Any]:
    """The rows that have come to this age."""
    return old.rows(now - timedelta(days=old.days)).order_by()


def delete_expired(old: RetentionRule, now: datetime) -> int:
    """Delete them in small lots; returns how many.

    One that changed meanwhile, such as a session that goes on, stays.
    """
    rows, count = expired_rows(old, now), 0
    while keys := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        deleted = sum(
            rows.filter(pk__in=keys[start : start + LOT]).delete()[0]
            for start in range(0, len(keys), LOT)
        )
        count += deleted
        if not deleted or len(keys) < AT_ONCE:
            break
    return count


# Files


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The names of stored files that no row knows and none can come to know any more, and how many
    files rows know.
    """

    lost: list[str]
    known: int

    @property
    def doubtful(self) -> bool:
        """Whether this may be the wrong database for these files: a new one, or an older copy."""
        return len(self.lost) > max(FEW, self.known)


def find_lost_files(now: datetime) -> StoredFiles:
    """Look through all stored files.

    Evidence that was handed in outlives its row: the record names it by its hash.
    """
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]
    tops = {str(field.upload_to).split("/")[0]: field for field in fields}
    lost_files, count = [], 0
    for top in (*tops, UNCONFIRMED):
        for folder, names in _folders(top):
            known = _known(tops.get(top), folder)
            lost = [
                name
                for name in names
                if name not in known and default_storage.get_modified_time(name) < now - YOUNG
            ]
            lost_files += _not_on_record(lost) if top == EVIDENCE and lost else lost
            count += len(known)
    return StoredFiles(sorted(lost_files), count)


def _folders(folder: str) -> Iterator[tuple[str, list[str]]]:
    """A folder and those within it, each with the full names of its files."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, [f"{folder}/{name}" for name in files]
    for name in folders:
        yield from _folders(f"{folder}/{name}")


def _known(field: FileField | None, folder: str) -> set[str]:
    """The files of a folder that rows name."""
    if field is None:
        return set()
    within = field.model._base_manager.filter(**{f"{field.name}__startswith": f"{folder}/"})
    return set(within.values_list(field.name, flat=True))


def _not_on_record(names: list[str]) -> list[str]:
    """Those of these files whose content was never removed from under a submission, nor lost its
    row in another way.
    """
    hashes = {name: _hash_of(name) for name in names}
    wanted = set(hashes.values())
    files = Event.objects.filter(action__in=("attach", "remove_file")).order_by()
    on_record = set(
        files.filter(before__sha256__in=wanted).values_list("before__sha256", flat=True)
    )
    attached = set(files.filter(after__sha256__in=wanted).values_list("after__sha256", flat=True))
    on_record |= attached - set(
        Attachment.objects.filter(sha256__in=wanted).values_list("sha256", flat=True)
    )
    return [name for name in names if hashes[name] not in on_record]


def _hash_of(name: str) -> str:
    digest = sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.hexdigest()


def abandoned_temporary_files(now: datetime) -> Iterator[Path]:
    """Temporary files of ours on this machine that a process left behind when it was killed."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    for pattern in TEMPORARY:
        for path in folder.glob(pattern):
            status = path.lstat()
            if status.st_uid == os.geteuid() and status.st_mtime < (now - YOUNG).timestamp():
                yield path


def delete_temporary(path: Path) -> None:
    """Delete a temporary file, or a folder of them."""
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
