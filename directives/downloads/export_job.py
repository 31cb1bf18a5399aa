"""The worker's part of an export: the file is written row by row as of one instant, and can be watched and called off meanwhile."""

import logging
import os
import tempfile
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import Event, Thread
from typing import BinaryIO

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
from directives.tables.lists import ListRequest, chosen_columns

EVERY = 1.0  # seconds between two looks at whether it is still wanted

logger = logging.getLogger("directives.worker")


def reach_of(user: User) -> list[list[str]]:
    """What the person can see, as roles in subtrees and the duty of all: while they hold all of it, they may see what they saw."""
    posts = [[m.role, m.organisation.path] for m in user.held_memberships]
    return sorted([*posts, [AUDITOR, ""]] if user.is_auditor else posts)


def personal_book(
    book: Book, key: str, *, columns: list[str], paper: str, dated: ListRequest
) -> Book:
    """The book as its reader wants it: the columns that they chose, the paper, links into the product."""
    shown = chosen_columns(book.columns, LISTS[key].columns(dated), columns)
    return replace(book, columns=shown, paper=paper, site=settings.SITE_URL)


@dataclass
class ProgressNotes:
    """Notes beside the writing how far it has come, on a connection of its own, and hears whether it was called off.

    `source` is the connection on which the rows are read: nobody waits for its answer once the file is unwanted.
    """

    export: Export
    source: BaseDatabaseWrapper | None = None
    done: int = 0
    total: int | None = None
    first_at: datetime | None = None  # when rows began to come
    unwanted: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)

    def __enter__(self) -> "ProgressNotes":
        self.thread = Thread(target=self.keep, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.over.set()
        self.thread.join()

    def __call__(self, done: int) -> None:
        """So many rows are written. Raises Superseded."""
        self.done, self.first_at = done, self.first_at or timezone.now()
        if self.unwanted.is_set():
            raise jobs.Superseded

    def keep(self) -> None:
        try:
            while not self.over.wait(EVERY):
                self.note()
        finally:
            connections.close_all()

    def note(self) -> None:
        # The time left is judged from the first row on: counting and sorting before it say nothing of the rest.
        began = self.first_at or self.export.started_at
        try:
            jobs.save_progress(self.export, started_at=began, done=self.done, total=self.total)
        except jobs.Superseded:
            self.unwanted.set()
            if self.source is not None:
                interrupt_query(self.source)
        except (
            Error
        ) as away:  # it is told with the next look, on a new connection if this one is broken
            logger.info("Export %s could not tell how far it is: %s", self.export.pk, away)
            close_connections()


def carry_out(export: Export) -> bool:
    """Write the file of an export; one that was killed in the middle is begun anew, because a file is of one instant."""
    jobs.save_progress(export, started_at=timezone.now(), done=0, total=None)
    try:
        with tempfile.TemporaryFile() as file:
            _handed_over(export, file, _read(export, file))
    except Http404 as gone:
        raise Refusal(
            _("The subject of this list no longer exists, or is outside your scope.")
        ) from gone
    return False


ACT = jobs.Act(carry_out)


def _read(export: Export, file: BinaryIO) -> dict:
    """Write the file from the first database that gives every row: a replica that fails under it is nobody's fault."""
    *copies, primary = aliases(export)
    for alias in copies:
        try:
            return _told_of(export, alias, file)
        except DATABASE_ERRORS as error:
            logger.warning(
                "Export %s is begun anew: %s failed under it: %s", export.pk, alias, error
            )
            jobs.save_progress(export, started_at=timezone.now(), done=0, total=None)
            file.seek(0)
            file.truncate()
    return _told_of(export, primary, file)


def _told_of(export: Export, alias: str, file: BinaryIO) -> dict:
    """Write the file, and note meanwhile how far it has come; returns what is then known of the export."""
    try:
        with ProgressNotes(export) as teller:
            facts = _written(export, alias, teller, file)
            teller(facts["done"])
    except DATABASE_ERRORS as error:
        if teller.unwanted.is_set():  # it was the teller that broke it off
            raise jobs.Superseded from error
        raise
    return facts


def _written(export: Export, alias: str, teller: ProgressNotes, file: BinaryIO) -> dict:
    """Write the file; returns what is then known of the export."""
    teller.source = connections[alias]
    with snapshot_of(alias) as as_of:
        person = User.objects.get(pk=export.by_id)
        if not may(person, "export", export.list):
            raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
        today = timezone.localdate(as_of)
        asked = ListRequest(
            person, QueryDict(export.query), today, as_of, CalendarDay.objects.workdays(today)
        )
        found = find_list(export.list, asked, export.place)
        teller.total = found.total()
        book = personal_book(
            found.make_book(), export.list, columns=export.columns, paper=export.paper, dated=asked
        )
        writing = FORMATS[export.format]
        book = replace(book, lights_on=old_lights(as_of, using=alias))
        rows = writing.write(replace(book, on_progress=teller), file)
        name = f"{book.file_name}.{writing.extension}"[-200:]
        return {
            "done": rows,
            "total": rows,
            "as_of": as_of,
            "reach": reach_of(person),
            "name": name,
            "size": file.seek(0, os.SEEK_END),
        }


def place_of(export: Export) -> str:
    """Where its file is kept: one place for each export, so that a run that died leaves nothing beside it."""
    return f"exports/{export.asked_at:%Y/%m}/{export.pk}.{FORMATS[export.format].extension}"


def _handed_over(export: Export, file: BinaryIO, facts: dict) -> None:
    """Put the file where it is kept and tell its reader; if it was called off meanwhile, take it away again."""
    file.seek(0)
    default_storage.delete(place_of(export))
    kept = default_storage.save(place_of(export), File(file))
    try:
        retry_while_away(partial(_finished, export, {**facts, "file": kept}))
    except jobs.Superseded:
        # One that is ready came to its end: the commit went through, and the answer to it was lost.
        if not Export.objects.filter(
            pk=export.pk, state=READY, version=export.version + 1
        ).exists():
            default_storage.delete(kept)
            raise


@transaction.atomic
def _finished(export: Export, facts: dict) -> None:
    # On a copy: where the transaction is rolled back, the export is as it was.
    jobs.finish(copy(export), READY, kind="export_ready", finished_at=timezone.now(), **facts)
