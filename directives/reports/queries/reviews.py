"""What a supervisor reviews, entry by entry, and the copy of what was handed in with its verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from directives.base.states import SUBMITTED
from directives.core.deciders import Deciders, deciders
from directives.core.deciding import requesters
from directives.models import (
    Attachment,
    Plan,
    ProgressReport,
    ReportEntry,
    User,
)
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.reports.commands import Earlier, earlier_entries
from directives.reports.commands.reviewing import Decision
from directives.reports.queries.revisions import Revision, copies_of, returns_of, revision_of_entry


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """An entry that waits for a verdict. `chosen`: what the reviewer picked in a form that was not carried out."""

    entry: ReportEntry
    earlier: Earlier
    files: tuple[Attachment, ...]
    submission: int  # the number of the hand-in
    own: bool  # the reviewer asked for it: somebody else decides
    revision: Revision | None  # since it was returned
    chosen: Decision | None = None
    errors: Sequence[str] = ()

    @property
    def last(self) -> ReportEntry | None:
        return self.earlier.accepted

    @property
    def gain(self) -> int | None:
        """Percentage points since the last accepted entry."""
        return (
            None
            if self.earlier.percent is None or self.entry.percent is None
            else self.entry.percent - self.earlier.percent
        )


@dataclass(frozen=True, slots=True)
class ReportReview:
    """A report on the reviewer's desk."""

    report: ProgressReport
    lines: tuple[ReviewLine, ...]
    decided: int  # entries accepted already
    total: int  # entries of the report
    deciders: Deciders | None = None  # of those that the reviewer asked for themselves

    @property
    def waiting(self) -> int:
        """Entries that wait for this reviewer."""
        return sum(not line.own for line in self.lines)

    @property
    def not_in(self) -> int:
        """Entries that are not handed in, or returned."""
        return self.total - self.decided - len(self.lines)


def review_of_report(
    report: ProgressReport,
    user: User,
    *,
    chosen: Mapping[int, Decision] | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> ReportReview:
    """The entries of a report that wait for a verdict; `chosen` and `errors` are of a form to be shown again."""
    owed = report.entries.owed()
    states = list(owed.values_list("state", flat=True))
    rows = (
        owed.filter(state=SUBMITTED)
        .select_related("obligation__directive", "submitted_by")
        .prefetch_related("files")
    )
    earlier, numbers = earlier_entries(report), _numbers(report)
    lines, waiting = [], list(rows.order_by("obligation__directive__order"))
    returned = returns_of(report, waiting)
    copies = copies_of(report, returned)
    for row in waiting:
        row.report = report
        files, copy = tuple(row.files.all()), copies.get(row.pk)
        since = (
            revision_of_entry(returned[row.pk], copy, row, [file.name for file in files])
            if copy
            else None
        )
        before, pick = earlier.get(row.obligation_id, Earlier()), (chosen or {}).get(row.pk)
        wrong = (errors or {}).get(f"reason-{row.pk}", ())
        own = user.pk in requesters(row)
        lines.append(
            ReviewLine(row, before, files, numbers.get(row.pk, 0), own, since, pick, wrong)
        )
    others = next((deciders(line.entry, user) for line in lines if line.own), None)
    return ReportReview(report, tuple(lines), states.count("accepted"), len(states), others)


def codes_of_own_requests(report: ProgressReport, user: User) -> list[str]:
    """The codes of what waits for a verdict and is not this person's to decide, as they asked for it."""
    rows = report.entries.owed().filter(state=SUBMITTED).select_related("obligation__directive")
    ordered = rows.order_by("obligation__directive__order")
    return [row.obligation.directive.code for row in ordered if user.pk in requesters(row)]


def _numbers(report: ProgressReport) -> dict[int, int]:
    """By entry: the number of the submission by which it was last handed in."""
    numbers: dict[int, int] = {}
    for number, content in report.submissions.order_by("number").values_list("number", "content"):
        numbers |= {one["entry"]: number for one in content["entries"]}
    return numbers


def plan_to_review(user: User, pk: int) -> Plan | None:
    """A plan that was handed in, with its measures and what they serve; None if the person may not see it."""
    plans = (
        Plan.objects.visible_to(user)
        .select_related("organisation", "document", "submitted_by")
        .defer(*HEAVY_OF_DOCUMENT)
    )
    return plans.prefetch_related("measures__obligations__directive", "files").filter(pk=pk).first()
