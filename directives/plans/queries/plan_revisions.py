"""What was changed in a plan since it was returned: its own words, and measure by measure."""

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
class PlanWords:
    """A plan as it stands: what is compared of it."""

    title: str
    summary: str
    files: tuple[str, ...]
    lines: tuple[MeasureLine, ...]

    @classmethod
    def of(cls, filed: PlanSubmission) -> "PlanWords":
        content = filed.submission.content
        files = tuple(file["name"] for file in content["files"])
        return cls(
            content["title"], content["summary"], files, submitted_measures(filed.submission)
        )


def revision_for_page(it: PlanView) -> Revision | None:
    """What was changed since the return that still matters, on the page of a plan."""
    if it.as_filed:
        return None
    files = tuple(file.name for file in it.files.files)
    return _revision(it.history, PlanWords(it.plan.title, it.plan.summary, files, it.lines))


def revision_for_review(plan: Plan) -> Revision | None:
    """What was changed since the return of a plan that waits for its verdict again; two queries if it was ever decided on."""
    if plan.decided_at is None or plan.state != SUBMITTED:
        return None
    history = submissions_of_plan(plan)
    return _revision(history, PlanWords.of(history[0]))


def _revision(history: Sequence[PlanSubmission], now: PlanWords) -> Revision | None:
    """Since the last submission that was decided on, if it was returned."""
    filed = next((filed for filed in history if filed.verdict), None)
    if filed is None or filed.verdict is None or filed.verdict.accepted:
        return None
    before, verdict = PlanWords.of(filed), filed.verdict
    own = Part(
        (
            Change(_("Title"), before.title, now.title),
            Change(_("General requirements"), before.summary, now.summary),
            Change(_("Files"), join_words(before.files), join_words(now.files)),
        )
    )
    parts = (own, *_measures(before.lines, now.lines))
    return Revision(filed.submission.number, verdict.reason, verdict.reviewer, verdict.at, parts)


def _measures(before: Sequence[MeasureLine], now: Sequence[MeasureLine]) -> list[Part]:
    """A part for each measure that was changed, added or taken out, and one that names the others."""
    former = _paired(before, now)
    parts, same = [], []
    for line in now:
        old = former.get(line.number)
        changes = _changes(old, line)
        if old is None:
            parts.append(Part(changes, _("Measure %(number)s: added") % {"number": line.number}))
        elif any(change.changed for change in changes):
            parts.append(Part(changes, _("Measure %(number)s") % {"number": line.number}))
        else:
            same.append(
                Change(_("Measure %(number)s") % {"number": line.number}, line.text, line.text)
            )
    kept = {old.number for old in former.values()}
    gone = [line for line in before if line.number not in kept]
    parts += [
        Part(_changes(line, None), _("Measure %(number)s: deleted") % {"number": line.number})
        for line in gone
    ]
    return [*parts, Part(tuple(same))] if same else parts


def _paired(before: Sequence[MeasureLine], now: Sequence[MeasureLine]) -> dict[int, MeasureLine]:
    """By number of a measure as it is now: the same measure as it was. By its id; where that was not kept by its words or number."""
    ids = {line.measure: line for line in before if line.measure}
    pairs = {line.number: ids[line.measure] for line in now if line.measure in ids}
    nameless = [line for line in before if not line.measure]
    for way in (attrgetter("text"), attrgetter("number")):
        known = {way(line): line for line in nameless if line not in pairs.values()}
        for line in now:
            if line.number not in pairs and way(line) in known:
                pairs[line.number] = known.pop(way(line))
    return pairs


def _changes(old: MeasureLine | None, new: MeasureLine | None) -> tuple[Change, ...]:
    def both(label: str, name: str) -> Change:
        return Change(label, getattr(old, name, ""), getattr(new, name, ""))

    def due(line: MeasureLine | None) -> str:
        return format_day(line.due_on) if line and line.due_on else ""

    def codes(line: MeasureLine | None) -> str:
        return join_words(served.code for served in line.serves) if line else ""

    return (
        both(_("Specific measures"), "text"),
        both(_("Who"), "responsible"),
        Change(_("Complete by"), due(old), due(new)),
        both(_("Form of result"), "result"),
        Change(_("Serves"), codes(old), codes(new)),
    )
