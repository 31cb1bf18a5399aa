"""The folder of backups: which to keep, and removing the others and unfinished ones."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.core.management.base import CommandError

from directives.backups import manifest

NAME = "%Y-%m-%dT%H%M%S"  # name of a backup, in local time
PART = ".part"  # suffix of a backup that is being made or removed
# The newest backup of each of so many days, weeks and months is kept.
KEEP = (("%Y-%m-%d", 7), ("%G-W%V", 4), ("%Y-%m", 6))


def moments_to_keep(moments: Iterable[datetime]) -> set[datetime]:
    """The moments of the backups to keep; the newest is always one of them."""
    to_keep: set[datetime] = set()
    for period, number in KEEP:
        newest = {moment.strftime(period): moment for moment in sorted(moments)}
        to_keep.update(sorted(newest.values())[-number:])
    return to_keep


def backups(folder: Path) -> dict[datetime, Path]:
    """The complete backups in a folder, the oldest first."""
    complete = (path for path in folder.iterdir() if (path / manifest.NAME).is_file())
    dated = ((moment, path) for path in complete if (moment := _moment(path.name)))
    return dict(sorted(dated))


def _moment(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, NAME)  # noqa: DTZ007 - compared with one another alone
    except ValueError:
        return None


@contextmanager
def exclusive_access(folder: Path) -> Iterator[None]:
    """Allow one backup at a time in a folder; the lock ends with the process at the latest."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        text = f"Another backup is being made in {folder}. Try again when it has ended."
        raise CommandError(text) from error
    else:
        yield
    finally:
        os.close(handle)


def clear_unfinished(folder: Path) -> None:
    """Remove the remains of killed runs. Call it within `exclusive_access`."""
    for path in folder.glob(f"*{PART}"):
        if _moment(path.name.removesuffix(PART)):
            shutil.rmtree(path)


def clear_old(folder: Path) -> list[Path]:
    """Remove the backups that need not be kept, after a new one was read back; returns them."""
    by_moment = backups(folder)
    old = [path for moment, path in by_moment.items() if moment not in moments_to_keep(by_moment)]
    for path in old:
        # Renamed first: partly removed, it must not count as a backup.
        shutil.rmtree(path.rename(path.with_name(path.name + PART)))
    return old
