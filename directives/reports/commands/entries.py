"""Filling in a report: its entries are begun, drafted anew, and saved as they are typed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import DRAFT, EDITABLE, REPORTABLE, RETURNED
from directives.core import audit
from directives.core.rules import may
from directives.models import (
    ALWAYS,
    LogEntry,
    LogUse,
    Obligation,
    ProgressReport,
    ReportEntry,
    User,
)
from directives.models.reports import FROM_LOG, TYPED
from directives.models.writing import update_where
from directives.reports.commands.drafting import drafts, note_uses
from directives.tallies import counted, pending_delta

# What an entry can lack before it may be handed in.
LACKS = {
    "revision": pgettext_lazy("lack", "The requested revision"),
    "progress": pgettext_lazy("lack", "Progress"),
    "unchanged_reason": pgettext_lazy("lack", "Reason for no change"),
    "percent": pgettext_lazy("lack", "Percent complete"),
    "problems": gettext_lazy("Reason the percentage fell (under problems)"),
}
NOT_YOURS = gettext_lazy("A report is filled in by the staff and manager of its own organisation.")


@dataclass(frozen=True, slots=True)
class EntryFields:
    """What a person writes in an entry. `percent`: 0–100, None while not given."""

    progress: str = ""
    problems: str = ""
    next_steps: str = ""
    percent: int | None = None
    unchanged: bool = False
    unchanged_reason: str = ""


NAMES = tuple(EntryFields.__dataclass_fields__)


def lacks(entry: ReportEntry | EntryFields, last_percent: int | None) -> tuple[str, ...]:
    """What is missing before the entry may be handed in, as keys of LACKS; empty when it is ready.

    `last_percent` is that of the last accepted entry: falling below it must be explained under problems.
    """
    missing = []
    if entry.unchanged and not entry.unchanged_reason.strip():
        missing.append("unchanged_reason")
    if not entry.unchanged and not entry.progress.strip():
        missing.append("progress")
    if entry.percent is None:
        missing.append("percent")
    elif last_percent is not None and entry.percent < last_percent and not entry.problems.strip():
        missing.append("problems")
    return tuple(missing)


def unrevised(
    state: str, decided_at: datetime | None, saved_at: datetime | None, filed_at: datetime | None
) -> bool:
    """Whether an entry was returned and nobody has touched it since; `filed_at`: when its last file was added."""
    touched = [at for at in (saved_at, filed_at) if at is not None]
    return (
        state == RETURNED
        and decided_at is not None
        and max(touched, default=decided_at) <= decided_at
    )


def missing(
    entry: ReportEntry, last_percent: int | None, filed_at: datetime | None
) -> tuple[str, ...]:
    """As `lacks`, and "revision" for an entry that is `unrevised`."""
    untouched = unrevised(entry.state, entry.decided_at, entry.saved_at, filed_at)
    return (("revision",) if untouched else ()) + lacks(entry, last_percent)


def _check_writer(report: ProgressReport, by: User | None) -> None:
    if not may(by, "draft", report):
        raise NotAllowed(NOT_YOURS)


@counted()
def begin(*, report: ProgressReport, by: User | None, now: datetime) -> ProgressReport:
    """Make an entry for each obligation that is to be reported on, drafted from the log or the last report.

    Doing it again adds entries for what was assigned since, and changes nothing else.
    """
    _check_writer(report, by)
    if report.completed_at is not None:
        return report
    owed = Obligation.objects.filter(
        organisation=report.organisation_id, document=report.document_id, state__in=REPORTABLE
    )
    missing = list(
        owed.exclude(entries__report=report)
        .order_by("directive__order")
        .values_list("pk", flat=True)
    )
    if not missing and report.begun_at is not None:
        return report
    fresh = drafts(report, missing)
    made = [
        ReportEntry(report=report, obligation_id=pk, **draft.fields())
        for pk, draft in fresh.items()
    ]
    ReportEntry.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    logged = {pk: draft for pk, draft in fresh.items() if draft.log}
    if logged:
        stored = report.entries.filter(obligation__in=logged).values_list("pk", "obligation")
        note_uses({pk: logged[obligation] for pk, obligation in stored}, now=now)
    begun_at = report.begun_at or now
    alike = ProgressReport.objects.filter(pk=report.pk, version=report.version)
    if not alike.update(begun_at=begun_at, version=report.version + 1):
        raise Stale(theirs=ProgressReport.objects.filter(pk=report.pk).first())
    report.begun_at, report.version = begun_at, report.version + 1
    pending_delta().point(
        report.organisation_id,
        report.document_id,
        ("report", str(report.cycle_id), ALWAYS),
        len(made),
    )
    audit.record(
        "begin", report, by=by, now=now, after={"begun_at": begun_at, "entries": len(made)}
    )
    return report


@transaction.atomic
def redraft(*, report: ProgressReport, by: User | None, now: datetime) -> int:
    """Draft the untouched entries anew from the log as it now is; returns how many changed. What was typed stays."""
    _check_writer(report, by)
    untouched = report.entries.filter(state=DRAFT, saved_at=None)
    return _redraft(
        report, list(untouched), ("progress", "problems", "next_steps", "percent"), by, now
    )


def drafts_from(log: Iterable[LogEntry]) -> list[ReportEntry]:
    """The report entries whose progress was drafted from any of these log entries, and which nobody typed in or handed in since."""
    ids = LogUse.objects.filter(log_entry__in=log).values("entry")
    return list(
        ReportEntry.objects.filter(pk__in=ids, origin=FROM_LOG, state__in=EDITABLE).select_related(
            "report__cycle"
        )
    )


def refresh_drafts(stale: Iterable[ReportEntry], *, by: User | None, now: datetime) -> None:
    """Let the progress of these drafts (`drafts_from`) say what the log says now; what people typed in other fields stays."""
    by_report: dict[ProgressReport, list[ReportEntry]] = {}
    for entry in stale:
        by_report.setdefault(entry.report, []).append(entry)
    for report, entries in by_report.items():
        _redraft(report, entries, ("progress",), by, now)


def _redraft(
    report: ProgressReport,
    entries: list[ReportEntry],
    names: Sequence[str],
    by: User | None,
    now: datetime,
) -> int:
    """Draft these fields anew, from the log as it now is; returns how many entries changed."""
    fresh = drafts(report, [entry.obligation_id for entry in entries])
    changes, drafted = [], {}
    for entry in entries:
        draft = fresh[entry.obligation_id]
        after = {
            name: value
            for name, value in draft.fields().items()
            if name in (*names, "origin", "drawn_from")
        }
        before = {name: getattr(entry, name) for name in after}
        drafted[entry.pk] = draft
        if before == after:
            continue
        alike = ReportEntry.objects.filter(
            pk=entry.pk, version=entry.version, saved_at=entry.saved_at
        )
        if alike.update(**after, version=entry.version + 1):
            entry.report = report
            changes.append(audit.Change(entry, before, after))
        else:
            del drafted[entry.pk]
    note_uses(drafted, now=now)
    audit.record_many("redraft", changes, by=by, now=now)
    return len(changes)


def _check_fields(fields: EntryFields) -> None:
    """Raise what cannot even be stored; what is merely not ready yet is `lacks`'s to tell."""
    errors: dict[str, list[str]] = {}
    if fields.percent is not None and not 0 <= fields.percent <= 100:
        errors["percent"] = [_("The percentage is a whole number from 0 to 100.")]
    if len(fields.unchanged_reason) > 200:
        errors["unchanged_reason"] = [_("At most 200 characters.")]
    if errors:
        raise Invalid(errors)


def _changed(entry: ReportEntry, fields: EntryFields) -> Sequence[str]:
    return [name for name in NAMES if getattr(entry, name) != getattr(fields, name)]


def save_entry(
    *, entry: ReportEntry, fields: EntryFields, version: int, by: User | None, now: datetime
) -> ReportEntry:
    """Save what a person typed, if nobody else did since `version`; returns the entry as it then stands.

    An unfinished entry is saved too: `lacks` says what is still missing. Raises NotAllowed; IllegalMove once the entry is
    handed in; Invalid for a percentage outside 0–100; Stale with the entry as somebody else left it.
    """
    _check_writer(entry.report, by)
    if entry.state not in EDITABLE:
        state = entry.get_state_display()
        raise IllegalMove(
            _("This entry is “%(state)s” and cannot be edited now.") % {"state": state}
        )
    _check_fields(fields)
    names = _changed(entry, fields)
    if not names:
        return entry
    before = {name: getattr(entry, name) for name in names}
    after = {name: getattr(fields, name) for name in names}
    origin = TYPED if "progress" in names else entry.origin
    marks = {**after, "origin": origin, "saved_at": now, "saved_by": by, "version": version + 1}
    with transaction.atomic(
        savepoint=False
    ):  # a save that comes too late has written nothing, so nothing is to be undone
        if update_where(ReportEntry, [entry.pk], marks, version=version, state=entry.state):
            for name, value in marks.items():
                setattr(entry, name, value)
            audit.record("save", entry, by=by, now=now, before=before, after=after)
            return entry
    raise Stale(theirs=ReportEntry.objects.select_related("saved_by").filter(pk=entry.pk).first())


# many at once, from a table

MARKS = ("origin", "drawn_from", "saved_at", "saved_by")


@dataclass(frozen=True, slots=True)
class EntryEdit:
    """An entry behind its lock, and what it is to say."""

    entry: ReportEntry
    fields: EntryFields


def lock_entries(
    report: ProgressReport, entries: Iterable[int], by: User | None
) -> dict[int, ReportEntry]:
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
def save_entries(written: Iterable[EntryEdit], *, by: User | None, now: datetime) -> None:
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
            changes.append(_change(entry, before, after))
    _write(changes)
    audit.record_many("save", changes, by=by, now=now)


@transaction.atomic
def restore_entries(
    written: Iterable[EntryEdit],
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
        changes.append(_change(row.entry, before, after))
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
            EntryEdit(
                entry,
                EntryFields(**{name: value for name, value in draft.items() if name in NAMES}),
            )
        )
    restore_entries(written, marks=marks, by=by, now=now)
    note_uses({entry.pk: fresh[entry.obligation_id] for entry in entries}, now=now)


def _change(
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
