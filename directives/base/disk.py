"""Free disk space, and recognising errors that mean that a disk is full.

Nothing here needs the database.
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

# Bytes; with less, any upload or transaction may fail
MINIMUM_FREE = 32 * 1024 * 1024
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Errors of SQLite when it cannot create or enlarge its log: a full disk is one possible reason.
SQLITE_DOUBTFUL = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
# Messages of SQLite after it rolled back a transaction by itself, as it does on a full disk.
ROLLED_BACK = ("no such savepoint", "no transaction is active")


def written_folders() -> dict[str, Path]:
    """The folders that the product writes to: "database", "files", "temporary files".

    A database server or an object storage has no folder here.
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
    """Free bytes on the disk of a folder, which need not exist yet."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def full_folders() -> dict[str, int]:
    """Those of `written_folders` with less than MINIMUM_FREE, with their free bytes."""
    free = {name: free_bytes(path) for name, path in written_folders().items()}
    return {name: left for name, left in free.items() if left < MINIMUM_FREE}


def exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and its causes, the outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def says_full(error: BaseException) -> bool:
    """Whether an exception of the file system, SQLite or PostgreSQL means that a disk is full."""
    return any(_says_full(cause) for cause in exception_chain(error))


def _says_full(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        doubtful = code in SQLITE_DOUBTFUL or was_rolled_back(error)
        return code == sqlite3.SQLITE_FULL or (doubtful and (_is_limited() or bool(full_folders())))
    if isinstance(error, psycopg.errors.DiskFull):
        return True
    return isinstance(error, OSError) and error.errno in FULL


def was_rolled_back(error: sqlite3.Error) -> bool:
    """Whether the error means that SQLite had rolled back the transaction by itself."""
    return any(words in str(error) for words in ROLLED_BACK)


def _is_limited() -> bool:
    """Whether the size of files is limited (ulimit -f), which SQLite reports as an I/O error."""
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
