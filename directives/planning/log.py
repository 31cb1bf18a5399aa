"""The log of what was done, day by day (工作记录), and the work that begins with it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from directives import audit, evidence
from directives.hearing import hear
from directives.models import LogEntry, Measure, Obligation, User
from directives.planning.plans import demand
from directives.refusals import Invalid
from directives.states import OBLIGATION_MOVES
from directives.tallies import counted
from directives.transitions import change_within


def start_work(obligations: Sequence[Obligation], *, now: datetime) -> int:
    """Acknowledged obligations go underway, by the system; returns how many. They come with their body."""
    step = OBLIGATION_MOVES["start"]
    rows = [row for row in obligations if row.state in step.sources]
    # The row of the table for many obligations at once: one write of the tallies for all of them.
    return change_within(rows, {"state": step.target, "reason": "", "moved_at": now}, action="start", by=None, now=now)


@counted()
def log_work(measure: Measure, *, on: date, text: str, files: Sequence[UploadedFile] = (), by: User, now: datetime) -> LogEntry:
    """Write down what was done for a measure on a day, with evidence; possible in any state of its plan.

    The first record starts the work on what the measure serves. Raises NotAllowed, and Invalid with every fault at once.
    """
    demand(by, "work", measure)
    errors: dict[str, list[str]] = {}
    if not text.strip():
        errors["text"] = [_("Enter what was done.")]
    if on > timezone.localdate(now):
        errors["on"] = [_("This date has not come yet; choose today or earlier.")]
    faults = [fault for upload in files for fault in evidence.faults(upload)]
    if faults:
        errors["files"] = faults
    if errors:
        raise Invalid(errors)
    entry = LogEntry.objects.create(measure=measure, on=on, text=text.strip(), by=by, created_at=now)
    audit.record("log", entry, by=by, now=now, after={"measure": measure.pk, "on": on, "text": entry.text})
    for upload in files:
        evidence.attach(entry, upload, by=by, now=now)
    served = list(measure.obligations.select_related("organisation"))
    start_work(served, now=now)
    hear(served, by=by, now=now)
    return entry
