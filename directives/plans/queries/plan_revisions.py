"""What was changed in a plan since it was returned: its own fields, and each measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.utils.translation import gettext as _

from directives.base.states import SUBMITTED
from directives.base.wording import format_day, join_words
from directives.models import Plan
from directives.plans.queries.plan_page import (
    MeasureLine,
    PlanSubmission,
    PlanView,
    submissions_of_plan,
    submitted_measures,
)
from directives.reports.queries.revisions import Change, Part, Revision


@dataclass(frozen=True, slots=True)
class PlanTexts:
    """The parts of a plan that are compared."""

    title: str
    summary: str
    files: tuple[str, ...]
    lines: tuple[MeasureLine, ...]

    @classmethod
    def of(cls, filed: PlanSubmission) -> "PlanTexts":
        content = filed.submission.content
        files = tuple(file["name"] for file in content["files"])
        return cls(
            content["title"], content["summary"], files, submitted_measures(filed.submission)
        )


def revision_for_page(view: PlanView) -> Revision | None:
    """What was changed since the last return, on the page of a plan."""
    if view.as_submitted:
        return None
    plan, files = view.plan, tuple(file.name for file in view.files.files)
    return _revision(view.history, PlanTexts(plan.title, plan.summary, files, view.lines))


def revision_for_review(plan: Plan) -> Revision | None:
    """What was changed in a plan that was returned and now waits for its verdict again.

    Two queries if it was ever decided on.
    """
    if plan.decided_at is None or plan.state != SUBMITTED:
        return None
    history = submissions_of_plan(plan)
    return _revision(history, PlanTexts.of(history[0]))


def _revision(history: Sequence[PlanSubmission], now: PlanTexts) -> Revision | None:
    """The changes since the last submission with a verdict, if that was a return."""
    decided = next((submission for submission in history if submission.verdict), None)
    if decided is None or decided.verdict is None or decided.verdict.accepted:
        return None
    before, verdict = PlanTexts.of(decided), decided.verdict
    plan_changes = (
        Change(_("Title"), before.title, now.title),
        Change(_("General requirements"), before.summary, now.summary),
        Change(_("Files"), join_words(before.files), join_words(now.files)),
    )
    parts = (Part(plan_changes), *_measures(before.lines, now.lines))
    number = decided.submission.number
    return Revision(number, verdict.reason, verdict.reviewer, verdict.at, parts)


def _measures(before: Sequence[MeasureLine], now: Sequence[MeasureLine]) -> list[Part]:
    """A part for each measure that was changed, added or deleted, and one that names the others."""
    old_lines = _paired(before, now)
    parts, unchanged = [], []
    for line in now:
        old, number = old_lines.get(line.number), {"number": line.number}
        changes = _changes(old, line)
        if old is None:
            parts.append(Part(changes, _("Measure %(number)s: added") % number))
        elif any(change.changed for change in changes):
            parts.append(Part(changes, _("Measure %(number)s") % number))
        else:
            unchanged.append(Change(_("Measure %(number)s") % number, line.text, line.text))
    paired = {old.number for old in old_lines.values()}
    parts += [
        Part(_changes(line, None), _("Measure %(number)s: deleted") % {"number": line.number})
        for line in before
        if line.number not in paired
    ]
    return [*parts, Part(tuple(unchanged))] if unchanged else parts


def _paired(before: Sequence[MeasureLine], now: Sequence[MeasureLine]) -> dict[int, MeasureLine]:
    """The same measures before, by the number that each has now.

    Paired by id; if the submission stored none, by text, else by number.
    """
    ids = {line.measure: line for line in before if line.measure}
    pairs = {line.number: ids[line.measure] for line in now if line.measure in ids}
    without_id = [line for line in before if not line.measure]
    for key in (attrgetter("text"), attrgetter("number")):
        unpaired = {key(line): line for line in without_id if line not in pairs.values()}
        for line in now:
            if line.number not in pairs and key(line) in unpaired:
                pairs[line.number] = unpaired.pop(key(line))
    return pairs


def _changes(old: MeasureLine | None, new: MeasureLine | None) -> tuple[Change, ...]:
    before, after = _texts(old), _texts(new)
    labels = (_("Specific measures"), _("Who"), _("Complete by"), _("Form of result"), _("Serves"))
    return tuple(map(Change, labels, before, after))


def _texts(line: MeasureLine | None) -> tuple[str, str, str, str, str]:
    """The fields of a measure as text."""
    if line is None:
        return ("", "", "", "", "")
    due_on = format_day(line.due_on) if line.due_on else ""
    codes = join_words(served.code for served in line.serves)
    return (line.text, line.responsible, due_on, line.result, codes)
