"""Signed copies of the audit record."""

import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Refusal
from directives.core import audit
from directives.core.sealing.copying import Packed, newest, pack
from directives.models import Event, Seal, User
from directives.record.exports.events import COMMON, ORIGIN
from directives.record.queries.events import EventFilter, EventLine, event_line, with_names
from directives.tables.book import Book
from directives.tables.csv_writer import write_csv

AT_ONCE = 5_000  # events in a copy that a request makes
ROWS_PER_QUERY = 2_000  # events read by one query


def for_page(event_filter: EventFilter, *, by: User, now: datetime) -> tuple[BinaryIO, str]:
    """Return a copy of the events that the user may read, and the name of its file.

    Raises Refusal for more than AT_ONCE events.
    """
    newest_seal, total = newest(), Event.objects.order_by()[: AT_ONCE + 1].count()
    events = event_filter.apply(Event.objects.readable_by(by))
    ids = array("q", sorted(events.order_by("-id").values_list("id", flat=True)[: AT_ONCE + 1]))
    if len(ids) > AT_ONCE:
        text = _(
            "A signed copy with more than %(count)s entries is made on the server: %(command)s."
            " Or choose fewer: an action, some days."
        )
        raise Refusal(text % {"count": AT_ONCE, "command": command_of(event_filter)})
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        write_copy(
            file,
            ids,
            newest_seal,
            event_filter=event_filter,
            whole=len(ids) >= total and not filter_of(event_filter),
            by=by,
            now=now,
        )
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, f"{_('Audit log')} {timezone.localtime(now):%Y-%m-%d %H%M}.zip"


def for_command(file: BinaryIO, event_filter: EventFilter, *, now: datetime) -> Packed:
    """Write a copy of all events that the filter selects."""
    newest_seal, events = newest(), event_filter.apply(Event.objects.all())
    ids = array(
        "q", events.order_by("id").values_list("id", flat=True).iterator(chunk_size=ROWS_PER_QUERY)
    )
    return write_copy(
        file,
        ids,
        newest_seal,
        event_filter=event_filter,
        whole=not filter_of(event_filter),
        by=None,
        now=now,
    )


def write_copy(
    file: BinaryIO,
    ids: array,
    newest_seal: Seal | None,
    *,
    event_filter: EventFilter,
    whole: bool,
    by: User | None,
    now: datetime,
) -> Packed:
    """Write a copy of these events, and record that it was made, with the hash of its manifest.

    `whole`: these are all events up to the newest seal, so that a check of the copy can
    report missing ones.
    """
    conditions = filter_of(event_filter)
    about = {
        "instance": settings.SITE_URL,
        "made_at": now.isoformat(),
        "made_by": by.username if by else "manage.py export_record",
        "filter": conditions,
        "whole": whole,
    }
    copy = pack(file, ids, newest_seal, about=about, table=partial(_table, ids, now))
    facts = {
        "filter": conditions,
        "events": copy.events,
        "manifest": copy.manifest,
        "key": copy.key,
    }
    with transaction.atomic():
        audit.record_apart(
            "take_record", Seal, newest_seal.pk if newest_seal else 0, by=by, now=now, after=facts
        )
    return copy


def filter_of(event_filter: EventFilter) -> dict[str, Any]:
    """The conditions of the filter as JSON values, without empty ones."""
    values = {field.name: getattr(event_filter, field.name) for field in fields(event_filter)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value
    }


def command_of(event_filter: EventFilter) -> str:
    """The command that makes the same copy on the server."""
    options = (
        f"--{name} '{value}'" if name == "q" else f"--{name} {value}"
        for name, value in filter_of(event_filter).items()
    )
    return " ".join(("manage.py export_record", *options, "--output record.zip"))


def _table(ids: array, now: datetime, file: BinaryIO) -> int:
    return write_csv(Book(_("Audit log"), COMMON + ORIGIN, _lines(ids), now), file)


def _lines(ids: array) -> Iterator[EventLine]:
    for start in range(0, len(ids), ROWS_PER_QUERY):
        rows: QuerySet[Event] = Event.objects.filter(
            id__in=ids[start : start + ROWS_PER_QUERY].tolist()
        )
        yield from map(event_line, with_names(rows).order_by("id"))
