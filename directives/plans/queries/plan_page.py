"""The page of one plan: measures, coverage, submissions, and the moves that are open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils.functional import Promise

from directives.base.states import ACCEPTED, AWAITING, EDITABLE, OPEN, PLAN_MOVES, RETURNED
from directives.core import transitions
from directives.core.deciders import Deciders, deciders
from directives.core.files import FileList, file_list
from directives.core.rules import may
from directives.models import Measure, Obligation, Plan, Section, Submission, User, Verdict
from directives.plans.commands import Gap, gaps, owed_obligations
from directives.plans.commands.plans import earliest_plan_day
from directives.reports.queries.submissions import PersonName, submitter


@dataclass(frozen=True, slots=True)
class ServedDirective:
    """A directive that a measure serves; `pk` is the obligation's."""

    pk: int
    code: str


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure on the page of its plan; `pk` is 0 of one read from a submission."""

    number: int
    text: str
    responsible: str
    due_on: date | None
    result: str
    done_on: date | None
    serves: tuple[ServedDirective, ...]
    pk: int = 0
    measure: int = 0  # its id, also in a submission if it was stored there
    version: int = 0
    log_count: int = 0
    last_on: date | None = None


class Dated(Protocol):
    """A measure, of a plan or of a submission."""

    @property
    def due_on(self) -> date | None: ...

    @property
    def done_on(self) -> date | None: ...


def measure_overdue(measure: Dated, today: date) -> bool:
    """Whether a measure is not done and its day has passed (措施逾期). Measures have no light."""
    return measure.done_on is None and measure.due_on is not None and measure.due_on < today


@dataclass(frozen=True, slots=True)
class Coverage:
    """The open obligations, and those of them that no measure serves."""

    obligations: tuple[Obligation, ...]
    missing: tuple[Obligation, ...]

    @property
    def total(self) -> int:
        return len(self.obligations)

    @property
    def covered(self) -> int:
        return self.total - len(self.missing)


@dataclass(frozen=True, slots=True)
class PlanSubmission:
    """A submission of the plan, and the verdict on it if there is one."""

    submission: Submission
    verdict: Verdict | None

    @property
    def person(self) -> PersonName:
        """Who handed it in."""
        return submitter(self.submission)


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A move that the person may make now."""

    action: str
    label: str | Promise
    reasoned: bool
    is_main: bool  # shown as the main button


@dataclass(frozen=True, slots=True)
class PlanView:
    """The page of a plan, as one person sees it."""

    plan: Plan
    lines: tuple[MeasureLine, ...]
    coverage: Coverage
    gaps: tuple[Gap, ...]
    history: tuple[PlanSubmission, ...]
    steps: tuple[PlanStep, ...]
    files: FileList
    can_edit: bool  # may edit the plan now
    is_own: bool  # belongs to the organisation
    can_review: bool  # may give the verdict now
    as_submitted: bool  # shows what was handed in, because the organisation is revising it
    deciders: Deciders | None = None  # set if the reader handed it in, so cannot decide

    @property
    def signs(self) -> bool:
        """Whether the plan waits for this person's signature."""
        return any(step.action == "sign" for step in self.steps)

    @property
    def due_on(self) -> date | None:
        """The day by which the plan is due now; None once it was handed in."""
        return earliest_plan_day(self.coverage.obligations)

    def line(self, pk: int) -> MeasureLine | None:
        return next((line for line in self.lines if line.pk == pk), None)

    @property
    def returned_by(self) -> str:
        """Who returned it last: a reviewer under the name of that time, else the manager."""
        verdict = next((filed.verdict for filed in self.history if filed.verdict), None)
        if verdict and verdict.at == self.plan.decided_at:
            return verdict.reviewer
        return str(self.plan.decided_by)

    @property
    def returned(self) -> bool:
        """Whether the reason of the last return is still to be answered."""
        if not self.plan.reason or self.plan.state == ACCEPTED:
            return False
        last = self.history[0].verdict if self.history else None
        return self.plan.state == RETURNED or (last is not None and not last.accepted)


def measures_of(plan: Plan) -> list[Measure]:
    """The measures of a plan with what they serve, how often work was logged and when last."""
    serving = Obligation.objects.select_related("directive").order_by("directive__order")
    valid = Q(log__withdrawn_at=None)
    measures = plan.measures.annotate(
        log_count=Count("log", filter=valid), last_on=Max("log__on", filter=valid)
    )
    prefetched = measures.prefetch_related(Prefetch("obligations", queryset=serving))
    return list(prefetched.order_by("number"))


def measure_line(measure: Measure) -> MeasureLine:
    """The line of a measure that `measures_of` read."""
    names = (
        *("number", "text", "responsible", "due_on", "result", "done_on"),
        *("pk", "version", "log_count", "last_on"),
    )
    serves = tuple(ServedDirective(row.pk, row.directive.code) for row in measure.obligations.all())
    fields = {name: getattr(measure, name) for name in names}
    return MeasureLine(serves=serves, measure=measure.pk, **fields)


def submitted_measures(submission: Submission) -> tuple[MeasureLine, ...]:
    """The measures as a submission stores them."""
    return tuple(
        MeasureLine(
            number=copy["number"],
            text=copy["text"],
            responsible=copy["responsible"],
            due_on=_day(copy["due_on"]),
            result=copy["result"],
            done_on=_day(copy["done_on"]),
            serves=tuple(ServedDirective(row["id"], row["code"]) for row in copy["obligations"]),
            measure=copy.get("id", 0),
        )
        for copy in submission.content["measures"]
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def submissions_of_plan(plan: Plan) -> tuple[PlanSubmission, ...]:
    """The submissions of a plan with their verdicts, newest first."""
    verdicts = Prefetch("verdicts", queryset=Verdict.objects.select_related("by"))
    rows = plan.submissions.select_related("submitted_by").prefetch_related(verdicts)
    return tuple(
        PlanSubmission(row, next(iter(row.verdicts.all()), None))
        for row in rows.order_by("-number")
    )


def coverage(plan: Plan, lines: Iterable[MeasureLine]) -> Coverage:
    """The open obligations of the plan, and those that none of these lines serves yet."""
    rows = tuple(owed_obligations(plan))
    served = {served.pk for line in lines for served in line.serves}
    return Coverage(rows, tuple(row for row in rows if row.pk not in served))


def _steps(plan: Plan, user: User) -> tuple[PlanStep, ...]:
    """The person's moves. Verdicts are given on the page of the review.

    People who can hand in directly are not offered to ask for a signature.
    """
    actions = [a for a in transitions.open_moves(plan, user) if a not in ("accept", "return")]
    if "hand_in" in actions:
        actions.remove("ask_signature")
    is_main = {"ask_signature", "hand_in", "sign"}
    return tuple(
        PlanStep(action, PLAN_MOVES[action].label, PLAN_MOVES[action].reasoned, action in is_main)
        for action in actions
    )


def plan_view(plan: Plan, user: User) -> PlanView:
    """The page of a plan.

    While it is revised, those above see what was handed in last, not the draft.
    """
    measures, history, is_own = (
        measures_of(plan),
        submissions_of_plan(plan),
        may(user, "work", plan),
    )
    as_submitted = not is_own and plan.state in EDITABLE | {AWAITING} and bool(history)
    can_edit = is_own and plan.state in EDITABLE and plan.live
    files, lines = file_list(plan, user), tuple(measure_line(measure) for measure in measures)
    if as_submitted:
        content = history[0].submission.content
        plan.title, plan.summary = content["title"], content["summary"]
        submitted_file_ids = {row["id"] for row in content["files"]}
        files = replace(
            files, files=tuple(row for row in files.files if row.pk in submitted_file_ids)
        )
        lines = submitted_measures(history[0].submission)
    return PlanView(
        plan=plan,
        lines=lines,
        coverage=coverage(plan, lines),
        gaps=tuple(gaps(measures)) if can_edit else (),
        history=history,
        steps=_steps(plan, user),
        files=files,
        can_edit=can_edit,
        is_own=is_own,
        can_review=transitions.can_move(plan, "accept", user),
        deciders=deciders(plan, user),
        as_submitted=as_submitted,
    )


# what a measure may serve


@dataclass(frozen=True, slots=True)
class ObligationOption:
    """An obligation that a measure may serve; `served`: by any measure already."""

    obligation: Obligation
    served: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class SectionOptions:
    """The options of one section of the document."""

    section: Section
    options: tuple[ObligationOption, ...]


def obligation_options(
    plan: Plan, measure: Measure | None, chosen: Iterable[int]
) -> tuple[SectionOptions, ...]:
    """What a measure may serve, by section.

    A single obligation is ticked in advance for a new measure.
    """
    selected, rows = set(chosen), list(servable_obligations(plan, measure))
    links = Measure.obligations.through.objects.filter(measure__plan=plan)
    served = set(links.values_list("obligation_id", flat=True))
    is_only_option = measure is None and len(rows) == 1
    groups: dict[Section, list[ObligationOption]] = {}
    for row in rows:
        option = ObligationOption(row, row.pk in served, row.pk in selected or is_only_option)
        groups.setdefault(row.directive.section, []).append(option)
    return tuple(SectionOptions(section, tuple(options)) for section, options in groups.items())


def servable_obligations(plan: Plan, measure: Measure | None) -> QuerySet[Obligation]:
    """The organisation's open obligations, and those that the measure serves already."""
    servable = Q(state__in=OPEN) | (Q(measures=measure) if measure else Q(pk__in=()))
    rows = Obligation.objects.filter(organisation=plan.organisation_id, document=plan.document_id)
    rows = rows.filter(servable).distinct().select_related("directive__section")
    return rows.order_by("directive__order")
