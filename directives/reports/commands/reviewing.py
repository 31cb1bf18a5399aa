"""Review: a supervisor accepts or returns what was handed in, entry by entry, each return with its reason (审核)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ACCEPTED, SUBMITTED
from directives.core import audit, notices
from directives.core.rules import is_above
from directives.core.transitions import change_within, move_entries
from directives.models import Plan, ProgressReport, ReportEntry, Submission, User, Verdict
from directives.models.writing import insert, update_where
from directives.plans import commands as planning
from directives.reports.commands import report_clocks
from directives.reports.commands.handing_in import lock_report
from directives.tallies import counted, move_mark

NOTICE_REASON = 300  # characters of the reasons that a notice quotes
FULL_STOPS = "。．.；;"  # a reason that is quoted in a list ends without one


class Decision(NamedTuple):
    """A verdict on one entry. `version`: the version that the reviewer read; None: whichever there is."""

    accepted: bool
    reason: str = ""
    version: int | None = None


def _entries(report: ProgressReport, decisions: Mapping[int, Decision]) -> list[ReportEntry]:
    """The entries decided on, as they now stand; every missing reason at once."""
    rows = report.entries.select_related("obligation__directive")
    entries = list(rows.filter(pk__in=decisions).order_by("obligation__directive__order"))
    if not decisions:
        raise Invalid(_("Choose accept or return for at least one entry."))
    if len(entries) != len(decisions):
        raise Invalid({"entries": [_("A selected entry is not in this report.")]})
    bare = [
        entry
        for entry in entries
        if not decisions[entry.pk].accepted and not decisions[entry.pk].reason.strip()
    ]
    if bare:
        text = _("Explain why it is returned and what has to change.")
        raise Invalid({f"reason-{entry.pk}": [text] for entry in bare})
    for entry in entries:
        entry.report = report
        if decisions[entry.pk].version not in (None, entry.version):
            raise Stale(theirs=entry)
    return entries


@counted()
def decide(
    *, report: ProgressReport, decisions: Mapping[int, tuple], by: User, now: datetime
) -> list[Verdict]:
    """Accept or return entries of a report by their ids; each decision is (accepted, reason) or a Decision.

    Accepted words and percentages go to the obligations; returned entries get their clock back. Nobody decides on what they
    handed in themselves. Raises NotAllowed, Stale, IllegalMove, or Invalid with every return that has no reason
    (`reason-<entry id>`).
    """
    if not is_above(by, report):
        raise NotAllowed(_("Reports are reviewed by a supervisor above the organisation."))
    report = lock_report(report)
    given = {pk: Decision(*decision) for pk, decision in decisions.items()}
    entries = _entries(report, given)
    _move(entries, given, by, now)
    verdicts = _verdicts(report, entries, given, by, now)
    _apply(report, entries, given, by, now)
    _complete(report, by, now)
    _tell(report, entries, given, now)
    return verdicts


def _move(
    entries: list[ReportEntry], given: Mapping[int, Decision], by: User, now: datetime
) -> None:
    """What got the same verdict for the same reason moves together."""
    alike: dict[tuple[bool, str], list[ReportEntry]] = {}
    for entry in entries:
        alike.setdefault((given[entry.pk].accepted, given[entry.pk].reason), []).append(entry)
    for (accepted, reason), same in alike.items():
        move_entries(same, "accept" if accepted else "return", by=by, now=now, reason=reason)


def _submissions(report: ProgressReport, entries: list[ReportEntry]) -> dict[int, Submission]:
    """By entry: the submission by which it was last handed in, which bears its instant; else all are gone through."""
    by_entry: dict[int, Submission] = {}
    wanted, all_of_it = {entry.pk for entry in entries}, report.submissions.order_by("number")
    for submissions in (
        all_of_it.filter(submitted_at__in={entry.submitted_at for entry in entries}),
        all_of_it,
    ):
        for submission in submissions:
            by_entry |= {one["entry"]: submission for one in submission.content["entries"]}
        if wanted <= by_entry.keys():
            break
    return by_entry


def _verdicts(
    report: ProgressReport,
    entries: list[ReportEntry],
    given: Mapping[int, Decision],
    by: User,
    now: datetime,
) -> list[Verdict]:
    """One for each entry, on the submission by which it was last handed in."""
    by_entry = _submissions(report, entries)
    rows = []
    for entry in entries:
        accepted, reason = given[entry.pk].accepted, given[entry.pk].reason.strip()
        rows.append(
            Verdict(
                submission=by_entry[entry.pk],
                entry=entry,
                accepted=accepted,
                reason=reason,
                at=now,
                by=by,
                by_name=str(by),
            )
        )
    insert(rows)
    return rows


def _apply(
    report: ProgressReport,
    entries: list[ReportEntry],
    given: Mapping[int, Decision],
    by: User,
    now: datetime,
) -> None:
    """Write what was accepted, and every report clock, to the obligations: once, for all entries together."""
    clocks = report_clocks(report, [entry.obligation_id for entry in entries])
    each: dict[int, dict[str, Any]] = {}
    for entry in entries:
        fields: dict[str, Any] = dict(clocks[entry.obligation_id].fields())
        if given[entry.pk].accepted:
            words = {
                "problems": entry.problems,
                "next_steps": entry.next_steps,
                "percent": entry.percent,
            }
            fields |= {**words, "progress": entry.progress or entry.obligation.progress}
        each[entry.obligation_id] = fields
    change_within(
        [entry.obligation for entry in entries], None, each=each, action="review", by=by, now=now
    )


def _complete(report: ProgressReport, by: User, now: datetime) -> None:
    """Since when the rest waits; a report is complete on the day its last entry is accepted."""
    rest = report.entries.owed().aggregate(
        open=Count("pk", filter=~Q(state=ACCEPTED)), since=Min("submitted_at", filter=Q(state=SUBMITTED))
    )  # fmt: skip
    if rest["open"]:
        update_where(ProgressReport, [report.pk], {"waiting_since": rest["since"]})
        return
    before, report.completed_at = report.point, now
    update_where(
        ProgressReport,
        [report.pk],
        {"waiting_since": None, "completed_at": now, "version": report.version + 1},
    )
    move_mark(report.organisation_id, report.document_id, before, report.point)
    audit.record("complete", report, by=by, now=now, after={"completed_at": now})


def _tell(
    report: ProgressReport, entries: list[ReportEntry], given: Mapping[int, Decision], now: datetime
) -> None:
    """The body's people hear of what was returned and why, and of what was accepted."""
    url = reverse("report", args=[report.pk])
    returned = [entry for entry in entries if not given[entry.pk].accepted]
    if returned:
        quoted = "；".join(
            f"{entry.obligation.directive.code} {given[entry.pk].reason.strip().rstrip(FULL_STOPS)}"
            for entry in returned
        )
        notices.notify_decided(
            report, "returned", count=len(returned), reason=quoted[:NOTICE_REASON], url=url, now=now
        )
    if len(returned) < len(entries):
        notices.notify_decided(
            report, "accepted", count=len(entries) - len(returned), reason="", url=url, now=now
        )


@counted()
def decide_plan(
    *, plan: Plan, accepted: bool, reason: str, version: int | None = None, by: User, now: datetime
) -> Verdict:
    """Accept or return a plan; `version` is the one that the reviewer read. Raises what `plans.commands.decide` raises, and Stale."""
    if version not in (None, plan.version):
        raise Stale(theirs=plan)
    return planning.decide(plan, accepted=accepted, reason=reason, by=by, now=now)
