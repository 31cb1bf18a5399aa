"""Making a backup: copy the database as of one instant, then every file, then read it back."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from directives.backups import files, keeping, postgresql, sqlite
from directives.backups.manifest import (
    FILES,
    Contents,
    FileInfo,
    Manifest,
    demand_none,
    differences,
    digest,
)
from directives.base.online import demand_session

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
ROUNDS = 3  # attempts: a file may be deleted between the copies of the database and of files
GROWTH = 2  # estimate: a copy of the database is at most so many times as large as the previous one
LEFT_FREE = 256 * 1024**2  # bytes on the disk that a backup leaves free


def make_in_folder(folder: Path, *, now: datetime) -> tuple[Path, Manifest]:
    """Make a backup in a folder of backups, then remove those that need not be kept.

    If it raises CommandError, none is removed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with keeping.exclusive_access(folder):
        keeping.clear_unfinished(folder)
        older = list(keeping.backups(folder).values())
        target = folder / timezone.localtime(now).strftime(keeping.NAME)
        manifest = _make(target, older[-1] if older else None, now)
        keeping.clear_old(folder)
    return target, manifest


def make(target: Path, *, now: datetime) -> Manifest:
    """Make a backup in a new folder.

    Raises CommandError, and leaves nothing behind, if it cannot be made or read back.
    """
    if not target.parent.is_dir():
        raise CommandError(f"{target} cannot be written: there is no folder {target.parent}.")
    with keeping.exclusive_access(target.parent):
        return _make(target, None, now)


def _make(target: Path, previous: Path | None, now: datetime) -> Manifest:
    demand_session(connection)
    if target.exists():
        raise CommandError(f"{target} exists already; name a new folder.")
    with _unfinished(target) as part:
        demand_room(part, previous)
        manifest = _copy(part, previous, now)
        manifest.write(part)
        for path in part.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        read_back(part, manifest)
        part.rename(target)
    return manifest


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """The folder in which a backup is made; it is removed at the end unless it was renamed."""
    part = target.with_name(target.name + keeping.PART)
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    try:
        part.mkdir(mode=0o700)
        yield part
    except OSError as error:
        raise CommandError(f"{target} could not be made: {error}. Older backups stay.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def demand_room(part: Path, previous: Path | None) -> None:
    """Raise CommandError unless the disk has room for the backup and LEFT_FREE bytes more."""
    engine, names = ENGINES[connection.vendor], files.file_names()
    database = engine.size()
    if previous:
        names = (name for name in names if not (previous / FILES / name).is_file())
    # The previous backup may be of another engine.
    if previous and (previous_dump := previous / engine.DUMP).is_file():
        database = min(database, GROWTH * previous_dump.stat().st_size)
    needed = database + sum(map(_size, names)) + LEFT_FREE
    free = shutil.disk_usage(part).free
    if free < needed:
        raise CommandError(
            f"There is no room for a backup in {part.parent}:"
            f" it needs about {needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free."
            " Older backups stay. Make room, or name a folder on another disk (BACKUP_DIR)."
        )


def _size(name: str) -> int:
    try:
        return files.default_storage.size(name)
    except FileNotFoundError:  # deleted since it was listed
        return 0


def _copy(part: Path, previous: Path | None, now: datetime) -> Manifest:
    """Copy the database, then the files, so that every file that a row refers to is in the backup.

    If a file was deleted in between, the database, which no longer refers to it, is copied again.
    """
    engine, copied_files = ENGINES[connection.vendor], {}
    missing: set[str] = set()
    for _round in range(ROUNDS):
        dump = part / engine.DUMP
        dump.unlink(missing_ok=True)
        dumped = engine.dump(dump)
        for name in files.file_names():
            if name not in copied_files and (info := files.copy(name, part, previous)):
                copied_files[name] = info
        missing_before, missing = missing, dumped.file_hashes.keys() - copied_files.keys()
        if missing <= missing_before:  # these were missing in the round before, too
            break
    return Manifest(
        made_at=timezone.localtime(now).isoformat(timespec="seconds"),
        engine=connection.vendor,
        release=release(),
        storage=files.describe_storage(),
        database=digest(dump),
        rows=dumped.rows,
        migrations=dumped.migrations,
        seal=dumped.seal,
        files=copied_files,
        faults=faults(dumped, copied_files),
    )


def faults(dumped: Contents, copied_files: dict[str, FileInfo]) -> list[str]:
    """Messages about evidence files that were missing or changed before the backup."""
    lines = []
    for name, sha256 in sorted(dumped.file_hashes.items()):
        if name not in copied_files:
            lines.append(f"{name}: a row names it, and it is not in the storage")
        elif sha256 not in ("", copied_files[name].sha256):
            lines.append(f"{name}: its bytes are not those that were uploaded")
    return lines


def release() -> str:
    """The commit of the checkout; "" if the code is not a git checkout."""
    git = shutil.which("git")
    if git is None or not (settings.BASE_DIR / ".git").exists():
        return ""
    command, folder = [git, "rev-parse", "HEAD"], settings.BASE_DIR
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return completed.stdout.strip()


def read_back(folder: Path, manifest: Manifest) -> None:
    """Compare a backup with its manifest, byte for byte and row for row.

    Raises CommandError with every difference.
    """
    engine = ENGINES[manifest.engine]
    expected = {folder / engine.DUMP: manifest.database}
    expected |= {folder / FILES / name: info for name, info in manifest.files.items()}
    faults = [line for path, info in expected.items() if (line := _difference(path, info))]
    if not faults:
        faults = differences(manifest.rows, engine.read_back(folder / engine.DUMP))
    demand_none(faults, f"The backup {folder} is not what its manifest says:")


def _difference(path: Path, info: FileInfo) -> str:
    if not path.is_file():
        return f"{path}: missing"
    return "" if digest(path) == info else f"{path}: changed"
