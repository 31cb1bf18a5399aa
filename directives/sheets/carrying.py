"""The worker's part of an export: the file is written row by row as of one instant, and can be watched and called off meanwhile."""

import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, repeat
from threading import Event, Thread
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from directives import notices
from directives.health.upkeep import old_lights
from directives.models import CalendarDay, Export, User
from directives.models.exports import FAILED, READY, RUNNING, UNENDED, WAITING
from directives.refusals import NotAllowed, Refusal
from directives.rules import may
from directives.sheets.book import Book
from directives.sheets.instant import BROKEN, aliases, interrupt, leave, one_instant, patiently
from directives.sheets.listed import Asked, arranged
from directives.sheets.lists import LISTS, listed
from directives.sheets.out import FORMATS

EVERY = 1.0  # seconds between two looks at whether it is still wanted
SETTLED = timedelta(seconds=30)  # a run that a living worker began is younger when its task is put back
AGAIN = 3  # times that it is begun anew on the primary, when that fails under it

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

    def __enter__(self) -> "Teller":
        self.thread = Thread(target=self.keep, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.over.set()
        self.thread.join()

    def __call__(self, done: int) -> None:
        """So many rows are written. Raises CalledOff."""
        self.done, self.first_at = done, self.first_at or timezone.now()
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
            # The time left is judged from the first row on: counting and sorting before it say nothing of the rest.
            if not _clocked(self.export, self.first_at or self.export.started_at, done=self.done, total=self.total):
                self.unwanted.set()
                if self.source is not None:
                    interrupt(self.source)
        except Error as away:  # it is told with the next look, on a new connection if this one is broken
            logger.info("Export %s could not tell how far it is: %s", self.export.pk, away)
            leave()


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
    with tempfile.TemporaryFile() as file:
        _handed_over(export, file, _read(export, file))


def _read(export: Export, file: BinaryIO) -> dict:
    """Write the file from the first database that gives every row. One that fails under it is nobody's fault: it is begun anew."""
    failure: Exception | None = None
    for alias in chain(aliases(export), repeat(DEFAULT_DB_ALIAS, AGAIN)):
        if failure is not None:
            patiently(partial(_begun_anew, export, timezone.now()))
            file.seek(0)
            file.truncate()
        try:
            with Teller(export) as teller:
                facts = _written(export, alias, teller, file)
                teller(facts["done"])
            return facts
        except BROKEN as error:
            if teller.unwanted.is_set():
                raise CalledOff from error
            failure = error
            logger.warning("Export %s is begun anew: %s failed under it: %s", export.pk, alias, error)
    raise failure


def _begun_anew(export: Export, now: datetime) -> bool:
    """Another run of the same export: its clock and its rows begin again. Raises CalledOff if it is wanted no more."""
    if not _clocked(export, now, done=0, total=None):
        raise CalledOff
    return True


def _clocked(export: Export, began: datetime, **facts: int | None) -> bool:
    """Note of this run what is known, and when its rows began; False if it is not the one that counts any more."""
    # `began` among them: a commit went through and the answer to it was lost.
    runs = Export.objects.filter(pk=export.pk, state=RUNNING, started_at__in=(export.started_at, began))
    if not runs.update(started_at=began, **facts):
        return False
    export.started_at = began
    return True


def _written(export: Export, alias: str, teller: Teller, file: BinaryIO) -> dict:
    """Write the file; returns what is then known of the export."""
    teller.source = connections[alias]
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
        book = replace(book, lights_on=old_lights(as_of, using=alias))
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
    if not patiently(partial(_told, export, {**facts, "file": kept})):
        default_storage.delete(kept)


def _told(export: Export, facts: dict) -> bool:
    """Note that the file is there and tell its reader; False if it was called off meanwhile."""
    now, name = timezone.now(), facts["name"].rpartition(".")[0]
    with transaction.atomic():
        if mine(export).update(**facts, state=READY, finished_at=now, version=F("version") + 1):
            notices.send([export.by], "export_ready", url=reverse("export", args=[export.pk]), now=now, facts={"name": name})
            return True
    # Told already, when a commit went through and the answer to it was lost.
    return Export.objects.filter(pk=export.pk, state=READY, started_at=export.started_at).exists()


def fail(export: Export, fault: str) -> None:
    """It came to a stop; its page says why."""
    mine(export).update(state=FAILED, fault=fault, finished_at=timezone.now(), version=F("version") + 1)


def put_back(path: str, args: Sequence[int], *, now: datetime) -> None:
    """A task whose worker died waits in the queue again: if it was an export, so does that, for as long as others come first."""
    if path == carry_out.module_path:
        ended = Export.objects.filter(pk=args[0], state=RUNNING, started_at__lt=now - SETTLED)  # not one that was taken up since
        ended.update(state=WAITING, started_at=None, done=0, total=None)


def give_up(path: str, args: Sequence[int]) -> None:
    """A task that took too many workers with it is not tried again: if it was an export, say so."""
    if path != carry_out.module_path:
        return
    export = Export.objects.filter(pk=args[0], state=RUNNING).first()
    if export is not None:
        with translation.override(export.language):
            fail(export, _("The file could not be written: the worker ended three times while it wrote it. Tell the administrator."))
