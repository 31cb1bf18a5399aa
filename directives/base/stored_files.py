"""Files of rows: written atomically, and deleted if the transaction of their row fails.

If the process is killed in between, `core.clearing` deletes the file later.
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

PART_SUFFIX = ".part"  # of the name of a file that is being written

_stored: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("stored", default=None)


class WholeFileStorage(FileSystemStorage):
    """Django's storage, which here gives a file its name only once it is complete.

    If there is no room, the incomplete file is deleted.
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
    """Store the file of a row that is to be saved in this transaction."""
    file.save(name, content, save=False)
    note_stored(file.storage, file.name or "")
    stored = _stored.get()
    if stored is not None:
        # Once committed, the files must not be deleted, even if another callback fails.
        transaction.on_commit(stored.clear)


def note_stored(storage: Storage, name: str) -> None:
    """Remember a stored file, to be deleted if the transaction fails."""
    stored = _stored.get()
    if stored is not None:
        stored.append((storage, name))


@contextmanager
def deleted_on_failure() -> Iterator[list[tuple[Storage, str]]]:
    """Around a transaction: if it fails, delete the files that were stored within it.

    Yields the list of these files.
    """
    stored: list[tuple[Storage, str]] = []
    token = _stored.set(stored)
    try:
        yield stored
    except BaseException:
        delete_stored(stored)
        raise
    finally:
        _stored.reset(token)


def delete_stored(stored: list[tuple[Storage, str]]) -> None:
    """Delete the files of a transaction that is rolled back, and empty the list."""
    while stored:
        storage, name = stored.pop()
        storage.delete(name)
