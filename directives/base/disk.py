"""The disks that this process writes to: how much is free on each, and whether a failure says that
one is full.

It asks the file systems alone, so that it can be called while the database is away.
"""

import errno
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings

# Bytes; with less than this an upload or a transaction may fail at any moment
MINIMUM_FREE = 32 * 1024 * 1024
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What SQLite says where it could not enlarge its log, or make it: full if the disk is.
SQLITE_DOUBTFUL = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
# … and after it has taken a whole transaction back by itself, as it does when it finds no room, and
# somebody went on within it.
TAKEN_BACK = ("no such savepoint", "no transaction is active")


def written_folders() -> dict[str, Path]:
    """The folders that the product writes to on this machine, by what is kept there: "database",
    "files", "temporary files".
    """
    folders = {}
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folders["database"] = Path(database["NAME"]).parent
    if not settings.STORAGES["default"].get("OPTIONS", {}).get("bucket_name"):
        folders["files"] = Path(settings.MEDIA_ROOT)
    folders["temporary files"] = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    return folders


def free_bytes(path: Path) -> int:
    """Bytes that may still be written there; of a folder that is not made yet, of the one in which
    it would be.
    """
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def is_full(path: Path) -> bool:
    """Whether too little is left there for the product to write safely."""
    return free_bytes(path) < MINIMUM_FREE


def full_folders() -> dict[str, int]:
    """The places that are full, with the bytes that are left on each; empty while there is room
    everywhere.
    """
    return {
        name: free
        for name, path in written_folders().items()
        if (free := free_bytes(path)) < MINIMUM_FREE
    }


def exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it was raised from, the outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def says_full(error: BaseException) -> bool:
    """Whether an exception of the file system, SQLite or PostgreSQL means that a disk is full."""
    return any(_says_full(cause) for cause in exception_chain(error))


def _says_full(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        doubtful = code in SQLITE_DOUBTFUL or was_taken_back(error)
        return code == sqlite3.SQLITE_FULL or (doubtful and (_is_limited() or bool(full_folders())))
    if isinstance(error, psycopg.errors.DiskFull):
        return True
    return isinstance(error, OSError) and error.errno in FULL


def was_taken_back(error: sqlite3.Error) -> bool:
    """Whether SQLite had ended the transaction by itself before."""
    return any(words in str(error) for words in TAKEN_BACK)


def _is_limited() -> bool:
    """Whether this process may write files up to a size only, which SQLite meets as an error of
    the disk.
    """
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
