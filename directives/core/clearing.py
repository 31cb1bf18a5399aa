"""Deleting what has expired: technical rows, files without a row, abandoned uploads.

What people wrote is never deleted, nor are the audit record, submissions and daily counts.
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

AT_ONCE = 20_000  # keys of one read
BATCH = 500  # rows of one DELETE, so that no writer waits for long
FEW_FILES = 20  # files without a row that are no sign of a wrong database
MINIMUM_AGE = timedelta(days=1)  # a younger file may still get its row, an upload may still end
ENDED = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)
EVIDENCE = str(Attachment.file.field.upload_to).split("/")[0]
# Tables uploaded into the admin, until their import is confirmed
UNCONFIRMED = MediaStorage().MEDIA_FOLDER
# Long documents that wait to be registered, and what the worker read in them
READINGS = "readings"
# Uploads, tables being read, workbooks being written
TEMPORARY = ("tmp*.upload*", "intake-*", "sheets-*")


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Rows that are deleted when they are `days` old, and why then."""

    what: str
    days: int
    why: str
    rows: Callable[[datetime], QuerySet[Any]]  # the rows older than this instant


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


def expired_rows(rule: RetentionRule, now: datetime) -> QuerySet[Any]:
    return rule.rows(now - timedelta(days=rule.days)).order_by()


def delete_expired(rule: RetentionRule, now: datetime) -> int:
    """Delete the expired rows in small lots; returns how many.

    A row that no longer matches when its lot is deleted, such as a renewed session, is kept.
    """
    rows, count = expired_rows(rule, now), 0
    while keys := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        deleted = sum(
            rows.filter(pk__in=keys[start : start + BATCH]).delete()[0]
            for start in range(0, len(keys), BATCH)
        )
        count += deleted
        if not deleted or len(keys) < AT_ONCE:
            break
    return count


# Files


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """Names of stored files that no row refers to, and the number of files that rows refer to."""

    orphaned: list[str]
    referenced: int

    @property
    def doubtful(self) -> bool:
        """Whether the database may not be the one of these files: a new one, or an older copy."""
        return len(self.orphaned) > max(FEW_FILES, self.referenced)


def find_orphaned_files(now: datetime) -> StoredFiles:
    """Search all stored files for those without a row.

    Submitted evidence is kept without a row, because the audit record names it by its hash.
    """
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]
    fields_by_folder = {str(field.upload_to).split("/")[0]: field for field in fields}
    orphaned_files, count = [], 0
    for top in (*fields_by_folder, UNCONFIRMED, READINGS):
        for folder, names in _walk(top):
            referenced = _referenced_names(fields_by_folder.get(top), folder)
            orphaned = [
                name
                for name in names
                if name not in referenced
                and default_storage.get_modified_time(name) < now - MINIMUM_AGE
            ]
            orphaned_files += _not_on_record(orphaned) if top == EVIDENCE and orphaned else orphaned
            count += len(referenced)
    return StoredFiles(sorted(orphaned_files), count)


def _walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """The folder and all folders below it, each with the full names of its files."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, [f"{folder}/{name}" for name in files]
    for name in folders:
        yield from _walk(f"{folder}/{name}")


def _referenced_names(field: FileField | None, folder: str) -> set[str]:
    """The files of the folder that rows refer to."""
    if field is None:
        return set()
    rows = field.model._base_manager.filter(**{f"{field.name}__startswith": f"{folder}/"})
    return set(rows.values_list(field.name, flat=True))


def _not_on_record(names: list[str]) -> list[str]:
    """Those of these files that may be deleted.

    The others are copies of evidence that the record knows and that has lost its row.
    """
    hashes = {name: _hash_of(name) for name in names}
    digests = set(hashes.values())
    events = Event.objects.filter(action__in=("attach", "remove_file")).order_by()
    removed = events.filter(before__sha256__in=digests).values_list("before__sha256", flat=True)
    attached = events.filter(after__sha256__in=digests).values_list("after__sha256", flat=True)
    with_row = Attachment.objects.filter(sha256__in=digests).values_list("sha256", flat=True)
    on_record = set(removed) | (set(attached) - set(with_row))
    return [name for name in names if hashes[name] not in on_record]


def _hash_of(name: str) -> str:
    digest = sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.hexdigest()


def abandoned_temporary_files(now: datetime) -> Iterator[Path]:
    """Our temporary files on this machine whose process was killed."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    for pattern in TEMPORARY:
        for path in folder.glob(pattern):
            status = path.lstat()
            if status.st_uid == os.geteuid() and status.st_mtime < (now - MINIMUM_AGE).timestamp():
                yield path


def delete_temporary(path: Path) -> None:
    """Delete a temporary file or folder."""
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
