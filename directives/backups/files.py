"""Copying the files of the default storage, a folder or a bucket, into a backup and back."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management.base import CommandError

from directives.backups.manifest import BLOCK, FILES, FileInfo, digest


def describe_storage() -> str:
    """The folder or the bucket of the storage, for messages."""
    bucket = getattr(default_storage, "bucket_name", None)
    return f"the bucket {bucket}" if bucket else str(settings.MEDIA_ROOT)


def file_names(folder: str = "") -> Iterator[str]:
    """Yield the name of every file of the storage, as rows store it."""
    try:
        folders, base_names = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was uploaded yet, or the folder was removed meanwhile
        return
    yield from (f"{folder}{name}" for name in sorted(base_names) if name)
    for name in sorted(folders):
        yield from file_names(f"{folder}{name}/")


def copy(name: str, backup: Path, previous: Path | None) -> FileInfo | None:
    """Copy a file into a backup, or link that of the `previous` backup if it has the same bytes.

    Returns None for a file that was deleted meanwhile.
    """
    target = backup / FILES / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if previous and (shared := _share(previous / FILES / name, name, target)):
            return shared
        with target.open("wb") as file:
            info = _stream(name, file)
            file.flush()
            os.fsync(file.fileno())
        return info
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return None


def _share(old: Path, name: str, target: Path) -> FileInfo | None:
    """Hard-link an unchanged file of the previous backup; returns None if that is impossible."""
    if not old.is_file() or old.stat().st_size != default_storage.size(name):
        return None
    info = info_of(name)
    if digest(old) != info:
        return None
    try:
        os.link(old, target)
    except OSError:  # the file system has no links: copy
        return None
    return info


def _stream(name: str, target: BinaryIO | None) -> FileInfo:
    """Read a file of the storage to its end, and copy it to the target, if any."""
    sha256, length = hashlib.sha256(), 0
    with default_storage.open(name) as source:
        while block := source.read(BLOCK):
            sha256.update(block)
            length += len(block)
            if target:
                target.write(block)
    return FileInfo(length, sha256.hexdigest())


def info_of(name: str) -> FileInfo:
    """The size and hash of a file in the storage."""
    return _stream(name, None)


def demand_no_other_files(files: dict[str, FileInfo]) -> set[str]:
    """The files that an interrupted restore has already put into the storage.

    Raises CommandError if the storage holds other files.
    """
    present = set(file_names())
    foreign = {name for name in present if name not in files or files[name] != info_of(name)}
    if foreign:
        raise CommandError(
            f"{describe_storage()} is not empty: it holds {len(foreign)} files that are not of"
            f" this backup, {min(foreign)} among them."
            " Restore into a new place: another QUNZHU_VAR or FILES_S3_BUCKET."
        )
    return present


def restore_file(name: str, backup: Path) -> None:
    """Copy a file of a backup into the storage, under its own name."""
    with (backup / FILES / name).open("rb") as source:
        saved_as = default_storage.save(name, File(source))
    if saved_as != name:
        raise CommandError(
            f"{name} was in {describe_storage()} already, and {saved_as} was written beside it."
        )
