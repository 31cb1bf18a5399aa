"""The pages on which a supervisor reviews reports and plans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from directives.base.states import ACCEPTED, SUBMITTED
from directives.core.deciders import Deciders, deciders
from directives.core.deciding import requesters
from directives.models import Attachment, Plan, ProgressReport, ReportEntry, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.reports.commands import Earlier, earlier_entries
from directives.reports.commands.reviewing import Decision
from directives.reports.queries.flags import Flag, flags_of
from directives.reports.queries.revisions import Revision, revisions_of


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """An entry that waits for a verdict."""

    entry: ReportEntry
    earlier: Earlier
    files: tuple[Attachment, ...]
    submission: int  # the number of the hand-in
    is_own_request: bool  # the reviewer handed it in or requested it, so somebody else decides
    revision: Revision | None  # since it was returned
    flags: tuple[Flag, ...] = ()
    decision: Decision | None = None  # in a form that was refused and is shown again
    errors: Sequence[str] = ()

    @property
    def last_accepted(self) -> ReportEntry | None:
        return self.earlier.accepted

    @property
    def percent_gain(self) -> int | None:
        """Percentage points since the last accepted entry."""
        if self.earlier.percent is None or self.entry.percent is None:
            return None
        return self.entry.percent - self.earlier.percent


@dataclass(frozen=True, slots=True)
class ReportReview:
    """A report as its reviewer sees it."""

    report: ProgressReport
    lines: tuple[ReviewLine, ...]
    accepted: int  # entries accepted already
    total: int  # entries of the report
    deciders: Deciders | None = None  # of entries that the reviewer must not decide

    @property
    def waiting(self) -> int:
        """Entries that wait for this reviewer."""
        return sum(not line.is_own_request for line in self.lines)

    @property
    def flagged(self) -> int:
        """Entries with at least one flag."""
        return sum(bool(line.flags) for line in self.lines)

    @property
    def not_submitted(self) -> int:
        """Entries that are not handed in, or returned."""
        return self.total - self.accepted - len(self.lines)


def review_of_report(
    report: ProgressReport,
    user: User,
    *,
    today: date,
    decisions: Mapping[int, Decision] | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> ReportReview:
    """The entries of a report that wait for a verdict.

    `decisions` and `errors` are of a form that is shown again.
    """
    decisions, errors = decisions or {}, errors or {}
    entries = report.entries.owed()
    states = list(entries.values_list("state", flat=True))
    earlier, numbers, waiting = earlier_entries(report), _numbers(report), _waiting(report)
    file_names = {entry: [file.name for file in entry.files.all()] for entry in waiting}
    revisions = revisions_of(report, file_names)
    flags = flags_of(report, waiting, earlier, user=user, today=today)
    lines = tuple(
        ReviewLine(
            entry=entry,
            earlier=earlier.get(entry.obligation_id, Earlier()),
            files=tuple(entry.files.all()),
            submission=numbers.get(entry.pk, 0),
            is_own_request=user.pk in requesters(entry),
            revision=revisions.get(entry.pk),
            flags=flags[entry.pk],
            decision=decisions.get(entry.pk),
            errors=errors.get(f"reason-{entry.pk}", ()),
        )
        for entry in waiting
    )
    other_deciders = next(
        (deciders(line.entry, user) for line in lines if line.is_own_request), None
    )
    return ReportReview(report, lines, states.count(ACCEPTED), len(states), other_deciders)


def _waiting(report: ProgressReport) -> list[ReportEntry]:
    """The entries that wait for a verdict, with their obligations and files."""
    rows = report.entries.owed().filter(state=SUBMITTED).order_by("obligation__directive__order")
    entries = list(
        rows.select_related("obligation__directive", "submitted_by").prefetch_related("files")
    )
    for entry in entries:
        entry.report = report
    return entries


def codes_of_own_requests(report: ProgressReport, user: User) -> list[str]:
    """The codes of waiting entries that this person must not decide, as they requested them."""
    rows = report.entries.owed().filter(state=SUBMITTED).select_related("obligation__directive")
    ordered = rows.order_by("obligation__directive__order")
    return [row.obligation.directive.code for row in ordered if user.pk in requesters(row)]


def _numbers(report: ProgressReport) -> dict[int, int]:
    """The number of the submission by which each entry was last handed in, by entry (id)."""
    numbers: dict[int, int] = {}
    for number, content in report.submissions.order_by("number").values_list("number", "content"):
        numbers |= {copy["entry"]: number for copy in content["entries"]}
    return numbers


def plan_to_review(user: User, pk: int) -> Plan | None:
    """A plan with its measures and what they serve; None if the person may not see it."""
    plans = Plan.objects.visible_to(user).filter(pk=pk).defer(*HEAVY_OF_DOCUMENT)
    plans = plans.select_related("organisation", "document", "submitted_by")
    return plans.prefetch_related("measures__obligations__directive", "files").first()
