"""Review (审核): a supervisor accepts or returns entries, each return with a reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ACCEPTED, CLOSED, SUBMITTED
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import change_within, move_entries
from directives.models import ProgressReport, ReportEntry, Submission, User, Verdict
from directives.models.sql import insert, update_where
from directives.reports.commands.handing_in import lock_report, report_clocks
from directives.tallies import counted, move_mark

NOTICE_REASON = 300  # characters of the reasons that a notice quotes
FULL_STOPS = "。．.；;"  # removed from the end of a reason that is quoted in a list


class Decision(NamedTuple):
    """A verdict on one entry. `version` is the one that the reviewer read; None: any."""

    accepted: bool
    reason: str = ""
    version: int | None = None


Decisions = Mapping[int, Decision]  # by id of the entry


def _decided_entries(report: ProgressReport, decisions: Decisions) -> list[ReportEntry]:
    """The entries to decide on, as stored.

    Raises Invalid with every missing reason at once, and Stale.
    """
    if not decisions:
        raise Invalid(_("Choose accept or return for at least one entry."))
    rows = report.entries.select_related("obligation__directive")
    entries = list(rows.filter(pk__in=decisions).order_by("obligation__directive__order"))
    if len(entries) != len(decisions):
        raise Invalid({"entries": [_("A selected entry is not in this report.")]})
    text = _("Explain why it is returned and what has to change.")
    without_reason = {
        f"reason-{entry.pk}": [text]
        for entry in entries
        if not decisions[entry.pk].accepted and not decisions[entry.pk].reason.strip()
    }
    if without_reason:
        raise Invalid(without_reason)
    if closed := {
        f"reason-{entry.pk}": [_("The obligation is closed: accept the entry, or reopen it first.")]
        for entry in entries
        if not decisions[entry.pk].accepted and entry.obligation.state == CLOSED
    }:
        raise Invalid(closed)
    for entry in entries:
        entry.report = report
        if decisions[entry.pk].version not in (None, entry.version):
            raise Stale(theirs=entry)
    return entries


@counted()
def decide(
    *,
    report: ProgressReport,
    decisions: Mapping[int, Decision | tuple[bool, str]],
    by: User,
    now: datetime,
) -> list[Verdict]:
    """Accept or return entries of a report, by id; a decision may be a tuple (accepted, reason).

    Accepted texts and percentages are copied to the obligations, unless these are closed; returned
    entries get their due day back. Nobody decides on what they handed in themselves. Raises
    NotAllowed, Stale, IllegalMove, or Invalid with every return that has no reason
    (`reason-<entry id>`).
    """
    if not may(by, "review", report):
        raise NotAllowed(_("Reports are reviewed by a supervisor above the organisation."))
    report = lock_report(report)
    by_entry = {pk: Decision(*decision) for pk, decision in decisions.items()}
    entries = _decided_entries(report, by_entry)
    same_verdict: dict[tuple[bool, str], list[ReportEntry]] = {}  # same verdict for the same reason
    for entry in entries:
        same_verdict.setdefault(by_entry[entry.pk][:2], []).append(entry)
    for (accepted, reason), group in same_verdict.items():
        move_entries(group, "accept" if accepted else "return", by=by, now=now, reason=reason)
    verdicts = _add_verdicts(report, entries, by_entry, by=by, now=now)
    _change_obligations(report, entries, by_entry, by=by, now=now)
    _complete(report, by=by, now=now)
    _notify(report, entries, by_entry, now=now)
    return verdicts


def _submissions(report: ProgressReport, entries: list[ReportEntry]) -> dict[int, Submission]:
    """The submission by which each entry was last handed in, by entry (id).

    It usually bears the instant of the entry; if not, all submissions are read.
    """
    by_entry: dict[int, Submission] = {}
    all_submissions = report.submissions.order_by("number")
    same_instant = all_submissions.filter(
        submitted_at__in={entry.submitted_at for entry in entries}
    )
    for submissions in (same_instant, all_submissions):
        for submission in submissions:
            by_entry |= {copy["entry"]: submission for copy in submission.content["entries"]}
        if all(entry.pk in by_entry for entry in entries):
            break
    return by_entry


def _add_verdicts(
    report: ProgressReport,
    entries: list[ReportEntry],
    decisions: Decisions,
    *,
    by: User,
    now: datetime,
) -> list[Verdict]:
    """Add a verdict on each entry, on the submission by which it was last handed in."""
    submissions = _submissions(report, entries)
    verdicts = [
        Verdict(
            submission=submissions[entry.pk],
            entry=entry,
            accepted=decisions[entry.pk].accepted,
            reason=decisions[entry.pk].reason.strip(),
            at=now,
            by=by,
            by_name=str(by),
        )
        for entry in entries
    ]
    insert(Verdict, verdicts)
    return verdicts


def _change_obligations(
    report: ProgressReport,
    entries: list[ReportEntry],
    decisions: Decisions,
    *,
    by: User,
    now: datetime,
) -> None:
    """Write accepted values and report clocks to the obligations, for all entries at once."""
    clocks = report_clocks(report, [entry.obligation_id for entry in entries])
    changes_by_id: dict[int, dict[str, Any]] = {}
    open_entries = [entry for entry in entries if entry.obligation.state != CLOSED]
    for entry in open_entries:
        changes_by_id[entry.obligation_id] = fields = clocks[entry.obligation_id]._asdict()
        if decisions[entry.pk].accepted:
            fields |= {
                "problems": entry.problems,
                "next_steps": entry.next_steps,
                "progress": entry.progress or entry.obligation.progress,
            }
            if not entry.obligation.parts:  # else its parts say it
                fields["percent"] = entry.percent
    obligations = [entry.obligation for entry in open_entries]
    change_within(obligations, None, changes_by_id=changes_by_id, action="review", by=by, now=now)


def _complete(report: ProgressReport, *, by: User, now: datetime) -> None:
    """Update since when the rest waits, or mark the report as complete if all is accepted."""
    open_entries = report.entries.owed().aggregate(
        open=Count("pk", filter=~Q(state=ACCEPTED)),
        since=Min("submitted_at", filter=Q(state=SUBMITTED)),
    )
    if open_entries["open"]:
        update_where(ProgressReport, [report.pk], {"waiting_since": open_entries["since"]})
        return
    before, report.completed_at = report.mark_key, now
    marks = {"waiting_since": None, "completed_at": now, "version": report.version + 1}
    update_where(ProgressReport, [report.pk], marks)
    move_mark(report.organisation_id, report.document_id, before, report.mark_key)
    audit.record("complete", report, by=by, now=now, after={"completed_at": now})


def _notify(
    report: ProgressReport, entries: list[ReportEntry], decisions: Decisions, *, now: datetime
) -> None:
    """Tell the organisation's people what was returned and why, and what was accepted."""
    url = reverse("report", args=[report.pk])
    reasons = [
        f"{entry.obligation.directive.code} {decisions[entry.pk].reason.strip().rstrip(FULL_STOPS)}"
        for entry in entries
        if not decisions[entry.pk].accepted
    ]
    if reasons:
        reason = "；".join(reasons)[:NOTICE_REASON]
        notices.notify_decided(
            report, "returned", count=len(reasons), reason=reason, url=url, now=now
        )
    if accepted := len(entries) - len(reasons):
        notices.notify_decided(report, "accepted", count=accepted, reason="", url=url, now=now)
