"""Editing, withdrawing and, once a report has used them, correcting entries of the work log."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, NotAllowed, Stale
from directives.base.states import LOG_ACTS, LOG_SIGNING, LOG_STATES
from directives.core import audit, evidence
from directives.core.closed import demand_open_measures, is_named_evidence
from directives.core.rules import may
from directives.models import LogEntry, ProgressReport, User
from directives.plans.commands.log import (
    audit_values,
    check_log_entry,
    undo_logging,
    write_log_entry,
)
from directives.reports.commands import drafts_from, refresh_drafts
from directives.tallies import counted


def _lock(entry: LogEntry, act: str, version: int, by: User) -> LogEntry:
    """The entry as stored, locked until the transaction ends.

    Raises NotAllowed, IllegalMove or Stale unless this person may do this to it now.
    """
    if not may(by, "amend", entry):
        raise NotAllowed(_("An entry of the work log is changed only by its author."))
    # Reports drafted from it are locked, so that none is handed in meanwhile.
    reports = ProgressReport.objects.filter(entries__log_uses__log_entry=entry).order_by("pk")
    locked = ProgressReport.objects.filter(pk__in=reports.values("pk")).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))
    rows = LogEntry.objects.select_for_update(no_key=True, of=("self",))
    stored = rows.select_related("measure__plan__organisation", "measure__plan__document").get(
        pk=entry.pk
    )
    state = stored.state
    if state not in LOG_ACTS[act]:
        if state == LOG_SIGNING:
            raise IllegalMove(
                _("A report that was drafted from this entry waits to be signed. Recall it first.")
            )
        raise IllegalMove(
            _("This log entry is “%(state)s”: this cannot be done with it now.")
            % {"state": dict(LOG_STATES)[state]}
        )
    demand_open_measures([stored.measure_id])
    if act != "correct" and is_named_evidence(stored):
        raise IllegalMove(_("A close request names this entry as evidence; it stays as it is."))
    if stored.version != version:
        raise Stale(theirs=stored)
    return stored


def _save(entry: LogEntry, *names: str) -> None:
    entry.version += 1
    entry.save(update_fields=[*names, "version"])


@counted()
def edit_log(
    entry: LogEntry,
    *,
    on: date,
    text: str,
    files: Sequence[UploadedFile] = (),
    version: int,
    by: User,
    now: datetime,
) -> LogEntry:
    """Change the day and text of an entry that no report has used yet, and add files.

    Drafts made from it are updated. `version` is the one that the person saw. Raises NotAllowed,
    IllegalMove, Stale, and Invalid with every fault at once.
    """
    stored = _lock(entry, "edit", version, by)
    check_log_entry(text, on, files, today=timezone.localdate(now))
    former: dict[str, Any] = {"on": stored.on, "text": stored.text}
    stored.on, stored.text = on, text.strip()
    before = {name: value for name, value in former.items() if value != getattr(stored, name)}
    if before:
        _save(stored, *before)
        after = {name: getattr(stored, name) for name in before}
        audit.record("edit_log", stored, by=by, now=now, before=before, after=after)
    for upload in files:
        evidence.attach(stored, upload, by=by, now=now)
    refresh_drafts(drafts_from([stored]), by=by, now=now)
    return stored


@counted()
def withdraw_log(entry: LogEntry, *, version: int, by: User, now: datetime) -> LogEntry:
    """Withdraw an entry that no report has used yet: it stays on record but counts nowhere.

    Raises what `edit_log` raises.
    """
    stored = _lock(entry, "withdraw", version, by)
    stored.withdrawn_at, stored.withdrawn_by = now, by
    _save(stored, "withdrawn_at", "withdrawn_by")
    audit.record(
        "withdraw_log",
        stored,
        by=by,
        now=now,
        before=audit_values(stored),
        after={"withdrawn_at": now},
    )
    undo_logging([stored.measure_id], stored.created_at, action="withdraw_log", by=by, now=now)
    refresh_drafts(drafts_from([stored]), by=by, now=now)
    return stored


@counted()
def correct_log(
    entry: LogEntry,
    *,
    on: date,
    text: str,
    files: Sequence[UploadedFile] = (),
    version: int,
    by: User,
    now: datetime,
) -> LogEntry:
    """Correct an entry that a report has used by a new entry that refers to it.

    Returns the new entry; the reported one stays as it is. Raises what `edit_log` raises.
    """
    stored = _lock(entry, "correct", version, by)
    check_log_entry(text, on, files, today=timezone.localdate(now))
    correction = LogEntry(
        measure=stored.measure, corrects=stored, on=on, text=text.strip(), by=by, created_at=now
    )
    write_log_entry(correction, files, by=by, now=now)
    _save(stored)
    before = {"on": stored.on, "text": stored.text}
    after = {"on": correction.on, "text": correction.text, "corrected_by": correction.pk}
    audit.record("correct_log", stored, by=by, now=now, before=before, after=after)
    refresh_drafts(drafts_from([stored]), by=by, now=now)
    return correction
