"""Files beside rows: written whole or not at all, and gone with the transaction that was to keep
them.

A process that is killed between a file and its row leaves the file alone: `clearing` finds it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from django.db import transaction
from django.db.models.fields.files import FieldFile

PART_SUFFIX = ".part"  # the end of the name of a file that is being written

_kept: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("kept", default=None)


class WholeFileStorage(FileSystemStorage):
    """Django's storage on a disk.

    A file has its name only once it is whole; of one that finds no room nothing stays.
    """

    def _save(self, name: str, content: File) -> str:
        part = f"{name}.{uuid4().hex}{PART_SUFFIX}"
        try:
            super()._save(part, content)  # type: ignore[misc]  # the stubs leave it out
            if self.exists(name):
                name = self.get_available_name(name)
            os.rename(self.path(part), self.path(name))
        except OSError:
            self.delete(part)
            raise
        return name


def store_file(file: FieldFile, name: str, content: File) -> None:
    """Store the content of a row that is to be saved in this transaction."""
    file.save(name, content, save=False)
    note_stored(file.storage, file.name or "")
    kept = _kept.get()
    if kept is not None:
        # First of what follows the commit: a failure after it takes no file from its row.
        transaction.on_commit(kept.clear)


def note_stored(storage: Storage, name: str) -> None:
    """Remember a stored file, to be deleted if the transaction fails."""
    kept = _kept.get()
    if kept is not None:
        kept.append((storage, name))


@contextmanager
def deleted_on_failure() -> Iterator[list[tuple[Storage, str]]]:
    """Around a transaction: deletes what `store_file` stored within it if it fails.

    Yields the files that were stored.
    """
    kept: list[tuple[Storage, str]] = []
    token = _kept.set(kept)
    try:
        yield kept
    except BaseException:
        delete_stored(kept)
        raise
    finally:
        _kept.reset(token)


def delete_stored(kept: list[tuple[Storage, str]]) -> None:
    """Delete what was stored for a transaction that is taken back."""
    while kept:
        storage, name = kept.pop()
        storage.delete(name)
