"""Requests to close (销号申请): what they rest on, and what was decided on them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.base.states import CLOSE_OUT_RESULTS, CLOSE_REQUESTED
from directives.core import audit
from directives.models import Attachment, CloseOut, CloseOutEvidence, LogEntry, Obligation, User
from directives.models.sql import insert


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ids of the log entries and of the files that a request names."""

    log: Collection[int] = ()
    files: Collection[int] = ()


def log_to_name(obligation: Obligation) -> QuerySet[LogEntry]:
    """The log entries that a request may name: those that the verifying supervisor sees."""
    entries = LogEntry.objects.current().filter(
        measure__obligations=obligation, measure__plan__submitted_at__isnull=False
    )
    return entries.order_by("-on", "-pk")


def files_to_name(obligation: Obligation) -> QuerySet[Attachment]:
    """The files that a request may name: of these log entries, and of submitted report entries."""
    is_submitted = Q(report_entry__obligation=obligation, report_entry__submitted_at__isnull=False)
    of_log = Q(log_entry__in=log_to_name(obligation).order_by().values("pk"))
    return Attachment.objects.filter(is_submitted | of_log).order_by("-at", "-pk")


def note_request(
    obligation: Obligation, *, text: str, evidence: Evidence, by: User | None, now: datetime
) -> CloseOut:
    """Keep a request to close with its evidence. Raises Invalid if that cannot be named."""
    log = list(log_to_name(obligation).filter(pk__in=evidence.log))
    files = list(files_to_name(obligation).filter(pk__in=evidence.files))
    if len(log) != len(set(evidence.log)) or len(files) != len(set(evidence.files)):
        gone = _("Some of the evidence is no longer there, or was not submitted. Choose again.")
        raise Invalid({"evidence": [gone]})
    close_out = CloseOut.objects.create(
        obligation=obligation,
        text=text.strip(),
        percent=obligation.percent,
        asked_by=by,
        asked_at=now,
    )
    insert(
        CloseOutEvidence,
        [
            *(CloseOutEvidence(close_out=close_out, log_entry=entry) for entry in log),
            *(CloseOutEvidence(close_out=close_out, file=file) for file in files),
        ],
    )
    if log or files:
        named = {"log": [entry.pk for entry in log], "files": [file.name for file in files]}
        audit.record("name_evidence", close_out, by=by, now=now, after=named)
    return close_out


def note_decision(
    obligation: Obligation, action: str, *, reason: str, by: User | None, now: datetime
) -> None:
    """Keep what a move of the obligation decided on its open request, if there is one."""
    CloseOut.objects.filter(obligation=obligation, state=CLOSE_REQUESTED).update(
        state=CLOSE_OUT_RESULTS[action], reason=reason.strip(), decided_by=by, decided_at=now
    )
