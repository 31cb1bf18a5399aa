"""The work log (工作记录): entries by day, and the obligations that go underway with them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.base.states import ACKNOWLEDGED, OBLIGATION_MOVES, UNDERWAY
from directives.core import audit, evidence
from directives.core.closed import demand_open_measures
from directives.core.last_heard import note_heard, restore_heard
from directives.core.transitions import change_within
from directives.models import (
    Attachment,
    CloseOutEvidence,
    Event,
    LogEntry,
    LogUse,
    Measure,
    Obligation,
    Submission,
    User,
)
from directives.models.sql import delete_by_id, insert
from directives.plans.commands.plans import demand_right
from directives.tallies import counted


def log_faults(text: str, on: date, today: date) -> dict[str, str]:
    """The faults of a log entry, by field."""
    faults = {}
    if not text.strip():
        faults["text"] = _("Enter what was done.")
    if on > today:
        faults["on"] = _("This date has not come yet; choose today or earlier.")
    return faults


def check_log_entry(
    text: str, on: date, files: Sequence[UploadedFile] = (), *, today: date
) -> None:
    """Raise Invalid with every fault of a log entry and of its files."""
    errors = {name: [fault] for name, fault in log_faults(text, on, today).items()}
    if file_faults := [fault for upload in files for fault in evidence.faults(upload)]:
        errors["files"] = file_faults
    if errors:
        raise Invalid(errors)


def audit_values(entry: LogEntry) -> dict[str, Any]:
    """A log entry as the audit log stores it."""
    values = {"measure": entry.measure_id, "on": entry.on, "text": entry.text}
    return values | {"corrects": entry.corrects_id} if entry.corrects_id else values


def start_work(obligations: Iterable[Obligation], *, now: datetime) -> int:
    """Move acknowledged obligations to underway, as the system; returns how many.

    The obligations come with their organisation.
    """
    step = OBLIGATION_MOVES["start"]
    rows = [row for row in obligations if row.state in step.sources]
    # All at once, so that the tallies are written once.
    fields = {"state": step.target, "reason": "", "moved_at": now}
    return change_within(rows, fields, action="start", by=None, now=now)


@counted()
def log_work(
    measure: Measure,
    *,
    on: date,
    text: str,
    files: Sequence[UploadedFile] = (),
    by: User,
    now: datetime,
) -> LogEntry:
    """Add a log entry on a measure, with evidence. Any state of its plan allows it.

    The first entry starts work on the obligations that the measure serves. Raises NotAllowed, and
    Invalid with every fault at once.
    """
    demand_right(by, "work", measure)
    demand_open_measures([measure.pk])
    check_log_entry(text, on, files, today=timezone.localdate(now))
    entry = LogEntry(measure=measure, on=on, text=text.strip(), by=by, created_at=now)
    return write_log_entry(entry, files, by=by, now=now)


def write_log_entry(
    entry: LogEntry, files: Sequence[UploadedFile], *, by: User, now: datetime
) -> LogEntry:
    """Store a log entry that was checked, with its effects. Call it within `counted`."""
    entry.save()
    audit.record("log", entry, by=by, now=now, after=audit_values(entry))
    for upload in files:
        evidence.attach(entry, upload, by=by, now=now)
    served_obligations = list(entry.measure.obligations.select_related("organisation"))
    start_work(served_obligations, now=now)
    note_heard(served_obligations, by=by, now=now)
    return entry


def undo_logging(
    measures: Collection[int], written: datetime, *, action: str, by: User, now: datetime
) -> None:
    """Undo the effects of deleted log entries of these measures (ids), `written` at this instant.

    Obligations that no other entry keeps underway become acknowledged again, as of their previous
    move; the day when each was last heard of is computed again. Call it within `counted`.
    """
    logged = LogEntry.objects.not_withdrawn().filter(measure__obligations=OuterRef("pk"))
    started = Obligation.objects.filter(measures__in=measures, state=UNDERWAY, moved_at=written)
    started = Obligation.objects.filter(pk__in=started.exclude(Exists(logged)).values("pk"))
    rows = list(started.select_related("organisation"))
    moved_at: dict[int | None, datetime] = {}
    if rows:
        moves = Event.objects.filter(
            obligation_id__in=[row.pk for row in rows],
            action__in=OBLIGATION_MOVES.keys() - {"start"},
            at__lte=written,
        )
        moved_at = dict(moves.order_by().values_list("obligation_id").annotate(Max("at")))
    changes_by_id = {row.pk: {"moved_at": moved_at.get(row.pk)} for row in rows}
    change_within(
        rows, {"state": ACKNOWLEDGED}, changes_by_id=changes_by_id, action=action, by=by, now=now
    )
    heard_rows = Obligation.objects.open().filter(
        measures__in=measures, heard_on=timezone.localdate(written)
    )
    restore_heard(heard_rows.distinct().select_related("organisation"), by=by, now=now)


# many at once, from a table


@dataclass(frozen=True, slots=True)
class LoggedWork:
    """A log entry to be added; the measure comes with its plan."""

    measure: Measure
    on: date
    text: str


@counted()
def log_many(*, work: Sequence[LoggedWork], by: User, now: datetime) -> list[LogEntry]:
    """Add log entries, as `log_work` does, in few statements.

    Raises NotAllowed, and Invalid with the faults of an entry.
    """
    for plan in {line.measure.plan_id: line.measure.plan for line in work}.values():
        demand_right(by, "work", plan)
    demand_open_measures(line.measure.pk for line in work)
    today = timezone.localdate(now)
    for line in work:
        check_log_entry(line.text, line.on, today=today)
    entries = [
        LogEntry(
            measure=line.measure, on=line.on, text=line.text.strip(), by_id=by.pk, created_at=now
        )
        for line in work
    ]
    insert(LogEntry, entries)
    changes = [audit.Change(entry, {}, audit_values(entry)) for entry in entries]
    audit.record_many("log", changes, by=by, now=now)
    measures = {line.measure.pk for line in work}
    serving = Measure.obligations.through.objects.filter(measure__in=measures)
    rows = Obligation.objects.filter(pk__in=serving.values("obligation"))
    served_obligations = list(rows.select_related("organisation"))
    start_work(served_obligations, now=now)
    note_heard(served_obligations, by=by, now=now)
    return entries


@counted()
def delete_log(*, entries: Sequence[LogEntry], by: User, now: datetime) -> None:
    """Delete log entries that one person wrote at one instant, and undo their effects.

    They come with measure and plan. Raises NotAllowed, and Invalid if they have files or a report
    may have used them.
    """
    plans = {entry.measure.plan for entry in entries}
    for plan in plans:
        demand_right(by, "work", plan)
    demand_open_measures(entry.measure_id for entry in entries)
    ids = [entry.pk for entry in entries]
    if CloseOutEvidence.objects.filter(log_entry__in=ids).exists():
        raise Invalid(_("A close request names some of them as evidence."))
    if Attachment.objects.filter(log_entry__in=ids).exists():
        raise Invalid(_("They have files attached."))
    written = min(entry.created_at for entry in entries)
    for plan in plans:
        submissions = Submission.objects.filter(
            organisation=plan.organisation_id, document=plan.document_id, report__isnull=False
        )
        if submissions.filter(submitted_at__gte=written).exists():
            raise Invalid(_("A progress report was submitted since and may mention them."))
    changes = [audit.Change(entry, audit_values(entry)) for entry in entries]
    LogUse.objects.filter(log_entry__in=ids).delete()
    delete_by_id(LogEntry, ids)
    audit.record_many("take_back", changes, by=by, now=now)
    measures = {entry.measure_id for entry in entries}
    undo_logging(measures, written, action="undo_import", by=by, now=now)
