"""Writes the file of an export in the worker.

It is written row by row from one snapshot of the data. Meanwhile its progress is stored, and it can
be cancelled.
"""

import logging
import os
import tempfile
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import Event, Thread
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.duties import AUDITOR
from directives.base.refusals import NotAllowed, Refusal
from directives.base.retries import DATABASE_ERRORS, close_connections, retry_while_away
from directives.catalogue.lists import LISTS, find_list
from directives.core import jobs
from directives.core.rules import may
from directives.downloads.snapshot import aliases, interrupt_query, snapshot_of
from directives.health.upkeep import old_lights
from directives.models import CalendarDay, Export, User
from directives.models.exports import READY
from directives.tables.book import Book
from directives.tables.formats import FORMATS
from directives.tables.lists import ListQuery, ListRequest, select_columns

Facts = dict[str, Any]  # fields of an Export

PROGRESS_INTERVAL = 1.0  # seconds between two updates of the progress

logger = logging.getLogger("directives.worker")


def reach_of(user: User) -> list[list[str]]:
    """The user's roles, each with the path of the subtree in which they hold it.

    While they hold all of them, they may see every row that they could see.
    """
    roles = [
        [membership.role, membership.organisation.path] for membership in user.held_memberships
    ]
    return sorted([*roles, [AUDITOR, ""]] if user.is_auditor else roles)


def personal_book(
    book: Book, key: str, *, columns: list[str], paper: str, request: ListRequest
) -> Book:
    """Return the book with the columns and the paper that the user chose, and with links."""
    selected = select_columns(book.columns, LISTS[key].columns(request), columns)
    return replace(book, columns=selected, paper=paper, site=settings.SITE_URL)


@dataclass
class ProgressNotes:
    """Stores the progress of the writing, in a thread with a connection of its own.

    When it finds the export cancelled it interrupts the query that runs on `source`, the
    connection from which the rows are read.
    """

    export: Export
    source: BaseDatabaseWrapper | None = None
    rows_written: int = 0
    total: int | None = None
    first_row_at: datetime | None = None
    cancelled: Event = field(default_factory=Event)
    finished: Event = field(default_factory=Event)

    def __enter__(self) -> "ProgressNotes":
        self.thread = Thread(target=self.note_until_finished, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.finished.set()
        self.thread.join()

    def __call__(self, rows_written: int) -> None:
        """Take the number of rows written. Raises Superseded if the export was cancelled."""
        self.rows_written, self.first_row_at = rows_written, self.first_row_at or timezone.now()
        if self.cancelled.is_set():
            raise jobs.Superseded

    def note_until_finished(self) -> None:
        try:
            while not self.finished.wait(PROGRESS_INTERVAL):
                self.save_progress()
        finally:
            connections.close_all()

    def save_progress(self) -> None:
        # The time left is estimated from the first row: counting and sorting come before it.
        started_at = self.first_row_at or self.export.started_at
        try:
            jobs.save_progress(
                self.export, started_at=started_at, done=self.rows_written, total=self.total
            )
        except jobs.Superseded:
            self.cancelled.set()
            if self.source is not None:
                interrupt_query(self.source)
        except Error as error:  # tried again next time, on a new connection if this one is broken
            logger.info("The progress of export %s could not be stored: %s", self.export.pk, error)
            close_connections()


def carry_out(export: Export) -> bool:
    """Write the whole file of an export, from one snapshot of the data."""
    jobs.save_progress(export, started_at=timezone.now(), done=0, total=None)
    try:
        with tempfile.TemporaryFile() as file:
            _store(export, file, _write_from_any(export, file))
    except Http404 as error:
        raise Refusal(
            _("The subject of this list no longer exists, or is outside your scope.")
        ) from error
    return False


ACT = jobs.Act(carry_out)


def _write_from_any(export: Export, file: BinaryIO) -> Facts:
    """Write the file from the first database that does not fail."""
    *replicas, primary = aliases(export)
    for alias in replicas:
        try:
            return _write_and_note(export, alias, file)
        except DATABASE_ERRORS as error:
            logger.warning(
                "Export %s starts again: database %s failed: %s", export.pk, alias, error
            )
            jobs.save_progress(export, started_at=timezone.now(), done=0, total=None)
            file.seek(0)
            file.truncate()
    return _write_and_note(export, primary, file)


def _write_and_note(export: Export, alias: str, file: BinaryIO) -> Facts:
    try:
        with ProgressNotes(export) as notes:
            facts = _write(export, alias, notes, file)
            notes(facts["done"])
    except DATABASE_ERRORS as error:
        if notes.cancelled.is_set():  # its thread interrupted the query
            raise jobs.Superseded from error
        raise
    return facts


def _write(export: Export, alias: str, notes: ProgressNotes, file: BinaryIO) -> Facts:
    """Write the file; return the fields that the finished export gets."""
    notes.source = connections[alias]
    with snapshot_of(alias) as as_of:
        user = User.objects.get(pk=export.by_id)
        if not may(user, "export", export.list):
            raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
        today = timezone.localdate(as_of)
        workdays = CalendarDay.objects.workdays(today)
        request = ListQuery(user, QueryDict(export.query), today, as_of, workdays)
        filtered_list = find_list(export.list, request, export.place)
        notes.total = filtered_list.total()
        book = personal_book(
            filtered_list.make_book(),
            export.list,
            columns=export.columns,
            paper=export.paper,
            request=request,
        )
        book = replace(book, lights_on=old_lights(as_of, using=alias))
        file_format = FORMATS[export.format]
        rows = file_format.write(replace(book, on_progress=notes), file)
        name = f"{book.file_name}.{file_format.extension}"[-200:]
        return {
            "done": rows,
            "total": rows,
            "as_of": as_of,
            "reach": reach_of(user),
            "name": name,
            "size": file.seek(0, os.SEEK_END),
        }


def file_path_of(export: Export) -> str:
    """The path in the storage: the same for every run, so that a killed one leaves no file."""
    return f"exports/{export.asked_at:%Y/%m}/{export.pk}.{FORMATS[export.format].extension}"


def _store(export: Export, file: BinaryIO, facts: Facts) -> None:
    """Store the file and notify the user; delete it again if the export was cancelled meanwhile."""
    file.seek(0)
    default_storage.delete(file_path_of(export))
    stored = default_storage.save(file_path_of(export), File(file))
    try:
        retry_while_away(partial(_finish, export, {**facts, "file": stored}))
    except jobs.Superseded:
        # If it is ready, the commit succeeded, but the connection broke before the answer.
        finished = Export.objects.filter(pk=export.pk, state=READY, version=export.version + 1)
        if not finished.exists():
            default_storage.delete(stored)
            raise


@transaction.atomic
def _finish(export: Export, facts: Facts) -> None:
    # A copy: if the transaction is rolled back, the export must be unchanged.
    jobs.finish(copy(export), READY, kind="export_ready", finished_at=timezone.now(), **facts)
