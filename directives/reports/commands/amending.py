"""The work log amended by its authors: an entry edited or withdrawn, or corrected by another once a report had used it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, NotAllowed, Stale
from directives.base.states import LOG_ACTS, LOG_SIGNING, LOG_STATES
from directives.core import audit, evidence
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


def _opened(entry: LogEntry, act: str, version: int, by: User) -> LogEntry:
    """The entry as stored, held until the transaction ends, once it is found that this person may do this with it now."""
    if not may(by, "amend", entry):
        raise NotAllowed(_("An entry of the work log is changed only by its author."))
    # Nobody hands in, meanwhile, a report that was drafted from it.
    reports = ProgressReport.objects.filter(entries__log_uses__log_entry=entry).order_by("pk")
    list(
        ProgressReport.objects.filter(pk__in=reports.values("pk"))
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk")
    )
    rows = LogEntry.objects.select_for_update(no_key=True, of=("self",))
    held = rows.select_related("measure__plan__organisation", "measure__plan__document").get(
        pk=entry.pk
    )
    state = held.state
    if state == LOG_SIGNING and state not in LOG_ACTS[act]:
        raise IllegalMove(
            _("A report that was drafted from this entry waits to be signed. Recall it first.")
        )
    if state not in LOG_ACTS[act]:
        raise IllegalMove(
            _("This log entry is “%(state)s”: this cannot be done with it now.")
            % {"state": dict(LOG_STATES)[state]}
        )
    if held.version != version:
        raise Stale(theirs=held)
    return held


def _written(entry: LogEntry, *names: str) -> None:
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
    """Change day and words of an entry that no report used yet, and add files. Drafts made from it say it at once.

    `version` is the one that the person saw. Raises NotAllowed, IllegalMove, Stale, and Invalid with every fault at once.
    """
    held = _opened(entry, "edit", version, by)
    check_log_entry(text, on, files, today=timezone.localdate(now))
    after = {"on": on, "text": text.strip()}
    before = {name: getattr(held, name) for name in after if getattr(held, name) != after[name]}
    if before:
        held.on, held.text = after["on"], after["text"]
        _written(held, *before)
        audit.record(
            "edit_log",
            held,
            by=by,
            now=now,
            before=before,
            after={name: after[name] for name in before},
        )
    for upload in files:
        evidence.attach(held, upload, by=by, now=now)
    refresh_drafts(drafts_from([held]), by=by, now=now)
    return held


@counted()
def withdraw_log(entry: LogEntry, *, version: int, by: User, now: datetime) -> LogEntry:
    """Withdraw an entry that no report used yet: it stays on record and counts nowhere, as if it had not been written.

    Raises as `edit_log` does.
    """
    held = _opened(entry, "withdraw", version, by)
    held.withdrawn_at, held.withdrawn_by = now, by
    _written(held, "withdrawn_at", "withdrawn_by")
    audit.record(
        "withdraw_log", held, by=by, now=now, before=audit_values(held), after={"withdrawn_at": now}
    )
    undo_logging([held.measure_id], held.created_at, action="withdraw_log", by=by, now=now)
    refresh_drafts(drafts_from([held]), by=by, now=now)
    return held


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
    """Correct an entry that a report used, by another that names it; the one that was reported stays as it is.

    Returns the new entry. Raises as `edit_log` does.
    """
    held = _opened(entry, "correct", version, by)
    check_log_entry(text, on, files, today=timezone.localdate(now))
    line = LogEntry(
        measure=held.measure, corrects=held, on=on, text=text.strip(), by=by, created_at=now
    )
    correction = write_log_entry(line, files, by=by, now=now)
    _written(held)
    before = {"on": held.on, "text": held.text}
    after = {"on": correction.on, "text": correction.text, "corrected_by": correction.pk}
    audit.record("correct_log", held, by=by, now=now, before=before, after=after)
    refresh_drafts(drafts_from([held]), by=by, now=now)
    return correction
