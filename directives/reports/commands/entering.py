"""Entries of a report filled in from a table, set-wise; and set back as they were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, NotAllowed
from directives.base.states import EDITABLE
from directives.core import audit
from directives.core.rules import may
from directives.models import ProgressReport, ReportEntry, User
from directives.models.reports import TYPED
from directives.reports.commands.drafting import drafts, note_uses
from directives.reports.commands.entries import NAMES, EntryFields

MARKS = ("origin", "drawn_from", "saved_at", "saved_by")


@dataclass(frozen=True, slots=True)
class Written:
    """An entry behind its lock, and what it is to say."""

    entry: ReportEntry
    fields: EntryFields


def held(report: ProgressReport, entries: Iterable[int], by: User | None) -> dict[int, ReportEntry]:
    """These entries of a report, until the transaction ends. Raises NotAllowed to whoever does not fill it in."""
    if not may(by, "draft", report):
        raise NotAllowed(
            _("A report is filled in by the staff and manager of its own organisation.")
        )
    rows = (
        report.entries.filter(pk__in=set(entries))
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    found = {row.pk: row for row in rows.select_related("obligation")}
    for row in found.values():
        row.report = report
    return found


@transaction.atomic
def save_entries(written: Iterable[Written], *, by: User | None, now: datetime) -> None:
    """Save what a table says of entries that are `held`; those that say so already stay. Raises IllegalMove for one handed in."""
    changes = []
    for row in written:
        entry, names = (
            row.entry,
            [name for name in NAMES if getattr(row.entry, name) != getattr(row.fields, name)],
        )
        if names and entry.state not in EDITABLE:
            raise IllegalMove(
                _("This entry is “%(state)s” and cannot be edited now.")
                % {"state": entry.get_state_display()}
            )
        if names:
            before, after = (
                {name: getattr(at, name) for name in names} for at in (entry, row.fields)
            )
            entry.origin = TYPED if "progress" in names else entry.origin
            entry.saved_at, entry.saved_by = now, by
            changes.append(_changed(entry, before, after))
    _write(changes)
    audit.record_many("save", changes, by=by, now=now)


@transaction.atomic
def set_back(
    written: Iterable[Written],
    *,
    marks: Mapping[int, Mapping[str, Any]],
    by: User | None,
    now: datetime,
) -> None:
    """Let entries that are `held` say again what they said, with the marks (by entry id) that they bore."""
    changes = []
    for row in written:
        names = [name for name in NAMES if getattr(row.entry, name) != getattr(row.fields, name)]
        before, after = (
            {name: getattr(at, name) for name in names} for at in (row.entry, row.fields)
        )
        for name, value in marks.get(row.entry.pk, {}).items():
            setattr(row.entry, name, value)
        changes.append(_changed(row.entry, before, after))
    _write(changes)
    audit.record_many("undo_import", changes, by=by, now=now)


@transaction.atomic
def redraft_entries(
    report: ProgressReport, entries: Iterable[ReportEntry], *, by: User | None, now: datetime
) -> None:
    """Let entries that are `held` say what a draft says that nobody touched."""
    entries = list(entries)
    fresh = drafts(report, [entry.obligation_id for entry in entries])
    written, marks = [], {}
    for entry in entries:
        draft = fresh[entry.obligation_id].fields()
        marks[entry.pk] = {
            "origin": draft["origin"],
            "drawn_from": draft["drawn_from"],
            "saved_at": None,
            "saved_by": None,
        }
        written.append(
            Written(
                entry,
                EntryFields(**{name: value for name, value in draft.items() if name in NAMES}),
            )
        )
    set_back(written, marks=marks, by=by, now=now)
    note_uses({entry.pk: fresh[entry.obligation_id] for entry in entries}, now=now)


def _changed(
    entry: ReportEntry, before: Mapping[str, Any], after: Mapping[str, Any]
) -> audit.Change:
    for name, value in after.items():
        setattr(entry, name, value)
    entry.version += 1
    return audit.Change(entry, dict(before), dict(after))


def _write(changes: list[audit.Change]) -> None:
    ReportEntry.objects.bulk_update(
        [change.subject for change in changes], [*NAMES, *MARKS, "version"], batch_size=200
    )
