"""The folder of backups: which of them stay, and nothing is left of a run that was killed."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.core.management.base import CommandError

from directives.backups import manifest

NAME = "%Y-%m-%dT%H%M%S"  # of a backup, in the office's own time
PART = ".part"  # behind the name of a backup that is being made or removed
KEEP = (
    ("%Y-%m-%d", 7),
    ("%G-W%V", 4),
    ("%Y-%m", 6),
)  # the newest of each of so many days, weeks and months


def staying(moments: Iterable[datetime]) -> set[datetime]:
    """Those of the backups made at these moments that are kept. The newest always is."""
    kept: set[datetime] = set()
    for period, number in KEEP:
        newest = {moment.strftime(period): moment for moment in sorted(moments)}
        kept.update(sorted(newest.values())[-number:])
    return kept


def backups(folder: Path) -> dict[datetime, Path]:
    """The whole backups in a folder, the oldest first."""
    whole = (path for path in folder.iterdir() if (path / manifest.NAME).is_file())
    by_moment = {_moment(path.name): path for path in whole}
    return {
        moment: by_moment[moment] for moment in sorted(moment for moment in by_moment if moment)
    }


def _moment(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, NAME)  # noqa: DTZ007 - compared with one another alone
    except ValueError:
        return None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; the kernel lets go of it however the process ends."""
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
    """Remove what killed runs left. Call it within `alone`: then nobody is at work on it."""
    for path in folder.glob(f"*{PART}"):
        if _moment(path.name.removesuffix(PART)):
            shutil.rmtree(path)


def clear_old(folder: Path) -> list[Path]:
    """Remove the backups that need not stay, and return them: after a new one was read back."""
    by_moment = backups(folder)
    old = [path for moment, path in by_moment.items() if moment not in staying(by_moment)]
    for path in old:
        part = path.rename(
            path.with_name(path.name + PART),
        )  # killed in the middle, it is no backup any more
        shutil.rmtree(part)
    return old
