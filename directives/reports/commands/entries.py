"""Filling in a report: start it, draft its entries again, save one entry or many from a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import DRAFT, EDITABLE, RETURNED
from directives.core import audit
from directives.core.closed import demand_open_entries
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
from directives.models.reports import CARRIED, FROM_LOG, TYPED
from directives.models.sql import update_each, update_where
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
    """The fields of an entry that a person writes. `percent`: 0–100, None if not given."""

    progress: str = ""
    problems: str = ""
    next_steps: str = ""
    percent: int | None = None
    unchanged: bool = False
    unchanged_reason: str = ""


NAMES = tuple(EntryFields.__dataclass_fields__)
MARKS = ("origin", "drawn_from", "saved_at", "saved_by")


def lacks(
    entry: ReportEntry, last_percent: int | None, last_file_at: datetime | None = None
) -> tuple[str, ...]:
    """What is missing before the entry may be handed in, as keys of LACKS; empty when it is ready.

    `last_percent` is that of the last accepted entry: a lower one must be explained under problems.
    A returned entry lacks its revision until it is saved or a file is added; `last_file_at` is when
    the last file was added.
    """
    missing = []
    edits = (entry.saved_at, last_file_at)
    returned_at = entry.decided_at if entry.state == RETURNED else None
    if returned_at and not any(at is not None and at > returned_at for at in edits):
        missing.append("revision")
    if entry.unchanged and not entry.unchanged_reason.strip():
        missing.append("unchanged_reason")
    if not entry.unchanged and not entry.progress.strip():
        missing.append("progress")
    if entry.percent is None:
        missing.append("percent")
    elif last_percent is not None and entry.percent < last_percent and not entry.problems.strip():
        missing.append("problems")
    return tuple(missing)


def _check_writer(report: ProgressReport, by: User | None) -> None:
    if not may(by, "draft", report):
        raise NotAllowed(NOT_YOURS)


# drafts


@counted()
def begin(*, report: ProgressReport, by: User | None, now: datetime) -> ProgressReport:
    """Add a drafted entry for each obligation to report on.

    Repeating it adds entries for obligations assigned since, and changes nothing else.
    """
    _check_writer(report, by)
    if report.completed_at is not None:
        return report
    obligations = Obligation.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    ).reported(by_supporting=report.cycle.asks_supporting)
    unreported = obligations.exclude(entries__report=report).order_by("directive__order")
    missing = list(unreported.only("parts", "percent"))
    if not missing and report.begun_at is not None:
        return report
    count = _add_entries(report, missing, now=now)
    begun_at = report.begun_at or now
    same_version = ProgressReport.objects.filter(pk=report.pk, version=report.version)
    if not same_version.update(begun_at=begun_at, version=report.version + 1):
        raise Stale(theirs=ProgressReport.objects.filter(pk=report.pk).first())
    report.begun_at, report.version = begun_at, report.version + 1
    mark_key = ("report", str(report.cycle_id), ALWAYS)
    pending_delta().count_mark(report.organisation_id, report.document_id, mark_key, count)
    audit.record("begin", report, by=by, now=now, after={"begun_at": begun_at, "entries": count})
    return report


def _add_entries(
    report: ProgressReport, obligations: Sequence[Obligation], *, now: datetime
) -> int:
    """Add drafted entries for these obligations; returns how many."""
    drafted = drafts(report, [row.pk for row in obligations])
    of_parts = {row.pk: {"percent": row.percent} for row in obligations if row.parts}
    ReportEntry.objects.bulk_create(
        [
            ReportEntry(report=report, obligation_id=pk, **draft.fields() | of_parts.get(pk, {}))
            for pk, draft in drafted.items()
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    from_log = {pk: draft for pk, draft in drafted.items() if draft.log}
    if from_log:
        stored = report.entries.filter(obligation__in=from_log).values_list("pk", "obligation")
        note_uses({pk: from_log[obligation] for pk, obligation in stored}, now=now)
    return len(drafted)


@transaction.atomic
def redraft(*, report: ProgressReport, by: User | None, now: datetime) -> int:
    """Draft entries that nobody has edited again from the present log; returns how many changed."""
    _check_writer(report, by)
    unedited = list(report.entries.owed().filter(state=DRAFT, saved_at=None))
    return _redraft(
        report, unedited, ("progress", "problems", "next_steps", "percent"), by=by, now=now
    )


def drafts_from(log: Iterable[LogEntry]) -> list[ReportEntry]:
    """Editable report entries whose progress is still the draft from any of these log entries."""
    ids = LogUse.objects.filter(log_entry__in=log).values("entry")
    drafted = ReportEntry.objects.owed().filter(pk__in=ids, origin=FROM_LOG, state__in=EDITABLE)
    return list(drafted.select_related("report__cycle"))


def refresh_drafts(drafted: Iterable[ReportEntry], *, by: User | None, now: datetime) -> None:
    """Draft the progress of these entries (`drafts_from`) again; other fields stay."""
    by_report: dict[ProgressReport, list[ReportEntry]] = {}
    for entry in drafted:
        by_report.setdefault(entry.report, []).append(entry)
    for report, entries in by_report.items():
        _redraft(report, entries, ("progress",), by=by, now=now)


def _redraft(
    report: ProgressReport,
    entries: Sequence[ReportEntry],
    names: Sequence[str],
    *,
    by: User | None,
    now: datetime,
) -> int:
    """Draft these fields again from the present log; returns how many entries changed."""
    new_drafts = drafts(report, [entry.obligation_id for entry in entries])
    changes, drafted = [], {}
    for entry in entries:
        draft = new_drafts[entry.obligation_id]
        fields = draft.fields()
        after = {name: fields[name] for name in (*names, "origin", "drawn_from")}
        before = {name: getattr(entry, name) for name in after}
        if before != after:
            as_read = ReportEntry.objects.filter(
                pk=entry.pk, version=entry.version, saved_at=entry.saved_at
            )
            if not as_read.update(**after, version=entry.version + 1):
                continue
            entry.report = report
            changes.append(audit.Change(entry, before, after))
        drafted[entry.pk] = draft
    note_uses(drafted, now=now)
    audit.record_many("redraft", changes, by=by, now=now)
    return len(changes)


# one entry, as it is typed


def _check_fields(fields: EntryFields) -> None:
    """Raise Invalid for values that cannot be stored; `lacks` names what is not ready."""
    errors: dict[str, list[str]] = {}
    if fields.percent is not None and not 0 <= fields.percent <= 100:
        errors["percent"] = [_("The percentage is a whole number from 0 to 100.")]
    if len(fields.unchanged_reason) > 200:
        errors["unchanged_reason"] = [_("At most 200 characters.")]
    if errors:
        raise Invalid(errors)


def _with_percent_of_parts(entry: ReportEntry, fields: EntryFields) -> EntryFields:
    """The fields with the percentage of the parts, if the obligation is broken down.

    Raises Invalid if a person typed another one.
    """
    obligation = entry.obligation
    if not obligation.parts:
        return fields
    if fields.percent not in (None, entry.percent, obligation.percent):
        values = {
            "code": obligation.directive.code,
            "parts": obligation.parts,
            "percent": obligation.percent,
        }
        text = _(
            "%(code)s is broken down: its percentage is the mean of its %(parts)s parts,"
            " %(percent)s%%."
        )
        raise Invalid({"percent": [text % values]})
    return replace(fields, percent=obligation.percent)


def save_entry(
    *, entry: ReportEntry, fields: EntryFields, version: int, by: User | None, now: datetime
) -> ReportEntry:
    """Save what a person typed; returns the saved entry.

    An unfinished entry is saved too: `lacks` names what is still missing. Raises NotAllowed;
    IllegalMove once the entry is handed in; Invalid for a percentage outside 0–100, or one that is
    not that of the parts; Stale, with the stored entry, if somebody else saved it since `version`.
    """
    _check_writer(entry.report, by)
    if entry.state not in EDITABLE:
        raise _not_editable(entry)
    _check_fields(fields)
    fields = _with_percent_of_parts(entry, fields)
    change = _change_to(entry, fields)
    if not change.after:
        return entry
    origin = TYPED if "progress" in change.after else entry.origin
    marks = {"origin": origin, "saved_at": now, "saved_by": by, "version": version + 1}
    values = {**change.after, **marks}
    # No savepoint: a stale save writes nothing that would have to be undone.
    with transaction.atomic(savepoint=False):
        if update_where(ReportEntry, [entry.pk], values, version=version, state=entry.state):
            for name, value in values.items():
                setattr(entry, name, value)
            audit.record("save", entry, by=by, now=now, before=change.before, after=change.after)
            return entry
    raise Stale(theirs=ReportEntry.objects.select_related("saved_by").filter(pk=entry.pk).first())


def _not_editable(entry: ReportEntry) -> IllegalMove:
    return IllegalMove(
        _("This entry is “%(state)s” and cannot be edited now.")
        % {"state": entry.get_state_display()}
    )


def _change_to(entry: ReportEntry, fields: EntryFields) -> audit.Change:
    """The fields that differ, before and after."""
    after = {
        name: getattr(fields, name)
        for name in NAMES
        if getattr(entry, name) != getattr(fields, name)
    }
    return audit.Change(entry, {name: getattr(entry, name) for name in after}, after)


# many at once, from a table


class EntryEdit(NamedTuple):
    """A locked entry and its new fields."""

    entry: ReportEntry
    fields: EntryFields


def lock_entries(
    report: ProgressReport, entries: Iterable[int | None], by: User | None
) -> dict[int | None, ReportEntry]:
    """These entries (ids) of a report, locked until the transaction ends.

    Raises NotAllowed unless the person fills the report in.
    """
    _check_writer(report, by)
    rows = report.entries.filter(pk__in=set(entries)).select_related("obligation")
    locked: dict[int | None, ReportEntry] = {}
    for row in rows.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        row.report = report
        locked[row.pk] = row
    return locked


@transaction.atomic
def save_entries(edits: Iterable[EntryEdit], *, by: User | None, now: datetime) -> None:
    """Save locked entries from a table; unchanged ones are not written.

    Raises IllegalMove for one that is handed in.
    """
    edits, changes = list(edits), []
    demand_open_entries(entry for entry, _fields in edits)
    for entry, typed in edits:
        change = _change_to(entry, _with_percent_of_parts(entry, typed))
        if not change.after:
            continue
        if entry.state not in EDITABLE:
            raise _not_editable(entry)
        entry.origin = TYPED if "progress" in change.after else entry.origin
        entry.saved_at, entry.saved_by = now, by
        changes.append(change)
    _write(changes)
    audit.record_many("save", changes, by=by, now=now)


@transaction.atomic
def mark_unchanged(*, report: ProgressReport, reason: str, by: User | None, now: datetime) -> int:
    """Mark all entries that were carried over and not edited as unchanged, for the same reason.

    Returns how many there were. Raises NotAllowed, or Invalid without a reason.
    """
    _check_writer(report, by)
    if not reason.strip():
        raise Invalid({"reason": [_("Say why nothing has changed.")]})
    untouched = report.entries.filter(state=DRAFT, saved_at=None, origin=CARRIED)
    locked = lock_entries(report, untouched.values_list("pk", flat=True), by)
    edits = []
    for entry in locked.values():
        texts = {name: getattr(entry, name) for name in NAMES}
        texts |= {"unchanged": True, "unchanged_reason": reason.strip()}
        edits.append(EntryEdit(entry, EntryFields(**texts)))
    save_entries(edits, by=by, now=now)
    return len(edits)


@transaction.atomic
def restore_entries(
    edits: Iterable[EntryEdit],
    *,
    marks: Mapping[int, Mapping[str, Any]],
    by: User | None,
    now: datetime,
) -> None:
    """Restore locked entries to former fields, and to former MARKS (by entry id)."""
    edits, changes = list(edits), []
    demand_open_entries(entry for entry, _fields in edits)
    for entry, fields in edits:
        changes.append(_change_to(entry, fields))
        for name, value in marks.get(entry.pk, {}).items():
            setattr(entry, name, value)
    _write(changes)
    audit.record_many("undo_import", changes, by=by, now=now)


@transaction.atomic
def redraft_entries(
    report: ProgressReport, entries: Sequence[ReportEntry], *, by: User | None, now: datetime
) -> None:
    """Make locked entries drafts again, as if nobody had edited them."""
    new_drafts = drafts(report, [entry.obligation_id for entry in entries])
    edits, marks = [], {}
    for entry in entries:
        draft = new_drafts[entry.obligation_id]
        fields = draft.fields()
        marks[entry.pk] = {name: fields.pop(name) for name in ("origin", "drawn_from")}
        marks[entry.pk] |= {"saved_at": None, "saved_by": None}
        edits.append(EntryEdit(entry, EntryFields(**fields)))
    restore_entries(edits, marks=marks, by=by, now=now)
    note_uses({entry.pk: new_drafts[entry.obligation_id] for entry in entries}, now=now)


def _write(changes: Sequence[audit.Change]) -> None:
    entries = []
    for change in changes:
        assert isinstance(change.subject, ReportEntry)
        for name, value in change.after.items():
            setattr(change.subject, name, value)
        change.subject.version += 1
        entries.append(change.subject)
    update_each(ReportEntry, entries, [*NAMES, *MARKS, "version"])
