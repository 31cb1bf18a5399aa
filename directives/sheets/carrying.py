"""The worker's part of an export: the file is written row by row as of one instant, and can be watched and called off meanwhile."""

import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Thread
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.db.models import F
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from directives import notices
from directives.models import CalendarDay, Export, User
from directives.models.exports import FAILED, READY, RUNNING, UNENDED
from directives.refusals import NotAllowed, Refusal
from directives.rules import may
from directives.sheets.book import Book
from directives.sheets.instant import aliases, one_instant
from directives.sheets.listed import Asked, arranged
from directives.sheets.lists import LISTS, listed
from directives.sheets.out import FORMATS

EVERY = 1.0  # seconds between two looks at whether it is still wanted

logger = logging.getLogger("directives.worker")


class CalledOff(Exception):
    """Nobody wants it any more, or another worker has it."""


def reach_of(user: User) -> list[list[str]]:
    """What the person can see, as roles in subtrees: while they hold all of it, they may see what they saw."""
    return sorted([m.role, m.organisation.path] for m in user.standing)


def dressed(book: Book, key: str, *, columns: list[str], paper: str, dated: Asked) -> Book:
    """The book as its reader wants it: the columns that they chose, the paper, links into the product."""
    shown = arranged(book.columns, LISTS[key].columns(dated), columns)
    return replace(book, columns=shown, paper=paper, site=settings.SITE_URL)


@dataclass
class Teller:
    """Notes beside the writing how far it has come, on a connection of its own, and hears whether it was called off."""

    export: Export
    done: int = 0
    total: int | None = None
    unwanted: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)

    def __enter__(self) -> "Teller":
        self.thread = Thread(target=self.keep, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.over.set()
        self.thread.join()

    def __call__(self, done: int) -> None:
        """So many rows are written. Raises CalledOff."""
        self.done = done
        if self.unwanted.is_set():
            raise CalledOff

    def keep(self) -> None:
        try:
            while not self.over.wait(EVERY):
                self.note()
        finally:
            connections.close_all()

    def note(self) -> None:
        try:
            wanted = mine(self.export).update(done=self.done, total=self.total)
        except DatabaseError as busy:  # it is told with the next look
            logger.info("Export %s could not tell how far it is: %s", self.export.pk, busy)
            return
        if not wanted:
            self.unwanted.set()


def mine(export: Export):
    """The row, while this very run of it is the one that counts."""
    return Export.objects.filter(pk=export.pk, state=RUNNING, started_at=export.started_at)


@task()
def carry_out(pk: int) -> None:
    """Write the file of an export. Bears being run again: it begins anew, because a file is of one instant."""
    export = _taken(pk, timezone.now())
    if export is None:
        return
    with translation.override(export.language):
        try:
            _carry_out(export)
        except CalledOff:
            logger.info("Export %s was called off", pk)
        except Http404:
            fail(export, _("What this list is about is no longer there, or out of your view."))
        except Refusal as refusal:
            fail(export, str(refusal))
        except Exception:
            fail(export, _("The file could not be written. The reason stands in the log of the server; ask for it once more."))
            raise


def _taken(pk: int, now: datetime) -> Export | None:
    """The export, taken in hand by this run; None if it is wanted no more."""
    fresh = {"state": RUNNING, "started_at": now, "done": 0, "version": F("version") + 1}
    taken = Export.objects.filter(pk=pk, state__in=UNENDED).update(**fresh)
    return Export.objects.get(pk=pk) if taken else None


def _carry_out(export: Export) -> None:
    for alias in aliases(export):
        with tempfile.TemporaryFile() as file:
            try:
                with Teller(export) as teller:
                    facts = _written(export, alias, teller, file)
                    teller(facts["done"])
            except (OperationalError, InterfaceError):
                if alias == DEFAULT_DB_ALIAS:
                    raise
                logger.warning("Export %s is read from the primary: %s failed under it", export.pk, alias)
                continue
            _handed_over(export, file, facts)
            return


def _written(export: Export, alias: str, teller: Teller, file: BinaryIO) -> dict:
    """Write the file; returns what is then known of the export."""
    with one_instant(alias) as as_of:
        person = User.objects.get(pk=export.by_id)
        if not may(person, "export"):
            raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
        today = timezone.localdate(as_of)
        asked = Asked(person, QueryDict(export.query), today, as_of, CalendarDay.objects.workdays(today))
        found = listed(export.list, asked, export.place)
        teller.total = found.total()
        book = dressed(found.make(), export.list, columns=export.columns, paper=export.paper, dated=asked)
        writing = FORMATS[export.format]
        rows = writing.write(replace(book, total=teller.total, tell=teller), file)
        name = f"{book.file_name}.{writing.ending}"[-200:]
        return {"done": rows, "total": rows, "as_of": as_of, "reach": reach_of(person), "name": name, "size": file.seek(0, os.SEEK_END)}


def place_of(export: Export) -> str:
    """Where its file is kept: one place for each export, so that a run that died leaves nothing beside it."""
    return f"exports/{export.asked_at:%Y/%m}/{export.pk}.{FORMATS[export.format].ending}"


def _handed_over(export: Export, file: BinaryIO, facts: dict) -> None:
    """Put the file where it is kept and tell its reader; if it was called off meanwhile, take it away again."""
    file.seek(0)
    default_storage.delete(place_of(export))
    kept = default_storage.save(place_of(export), File(file))
    now = timezone.now()
    with transaction.atomic():
        ready = mine(export).update(**facts, state=READY, file=kept, finished_at=now, version=F("version") + 1)
        if ready:
            name = facts["name"].rpartition(".")[0]
            notices.send([export.by], "export_ready", url=reverse("export", args=[export.pk]), now=now, facts={"name": name})
    if not ready:
        default_storage.delete(kept)


def fail(export: Export, fault: str) -> None:
    """It came to a stop; its page says why."""
    mine(export).update(state=FAILED, fault=fault, finished_at=timezone.now(), version=F("version") + 1)


def give_up(path: str, args: Sequence[int]) -> None:
    """A task that took too many workers with it is not tried again: if it was an export, say so."""
    if path != carry_out.module_path:
        return
    export = Export.objects.filter(pk=args[0], state=RUNNING).first()
    if export is not None:
        with translation.override(export.language):
            fail(export, _("The file could not be written: the worker ended three times while it wrote it. Tell the administrator."))
