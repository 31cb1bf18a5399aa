"""Lists of plans, plans that are still to be started, and the choices of the quick log."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from directives.base.numbers import whole_number
from directives.base.script import to_hans
from directives.base.states import HANDED_IN, OPEN, WORKING
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.core.scope import Scope
from directives.models import ALWAYS, Document, Mark, Measure, Obligation, Organisation, Plan, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import in_worked_for
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.plans.queries.plan_page import ServedDirective

LATEST = Order("latest", (Column("submitted_at", moment=True, down=True), Column("id", down=True)))
COUNTS = ("measure_count", "owed_count", "covered_count")
SHOWN_FIRST = 5  # measures offered at once by the quick log


# the list


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Empty values filter nothing."""

    state: str = ""
    document: Document | None = None
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], user: User) -> "PlanFilter":
        """The filter in an address; a value that means nothing filters nothing."""
        state, pk = query.get("state", ""), query.get("document", "")
        names = ("title", "title_hans", "title_hant", "fictional")
        documents = Document.objects.visible_to(user).only(*names)
        document = documents.filter(pk=whole_number(pk)).first() if whole_number(pk) else None
        return cls(state if state in HANDED_IN else "", document, query.get("q", "").strip()[:100])


@dataclass(frozen=True, slots=True)
class PlanToStart:
    """An organisation of the person with obligations under a document but no plan for it."""

    organisation: Organisation
    document: Document
    obligations: int
    due_on: date | None


def visible_plans(user: User) -> QuerySet[Plan]:
    """The plans that this person sees, with organisation and document."""
    return _with_relations(Plan.objects.visible_to(user))


def _with_relations(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    return plans.select_related("organisation", "document").defer(*HEAVY_OF_DOCUMENT)


def _count(rows: QuerySet, by: str) -> Coalesce:
    """A column that counts these rows, which all have the same `by`."""
    count = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def _with_counts(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    """Annotate plans with their numbers of measures, open obligations and served ones (COUNTS)."""
    obligations = Obligation.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document"), state__in=OPEN
    )
    serving = Measure.obligations.through.objects.filter(
        measure__plan=OuterRef(OuterRef("pk")), obligation=OuterRef("pk")
    )
    return plans.annotate(
        measure_count=_count(Measure.objects.filter(plan=OuterRef("pk")), "plan"),
        owed_count=_count(obligations, "organisation"),
        covered_count=_count(obligations.filter(Exists(serving)), "organisation"),
    )


def own_plans(user: User) -> QuerySet[Plan]:
    """The live plans of the organisations for which the person fills in, newest first."""
    rows = visible_plans(user).filter(in_worked_for(user, "organisation"), live=True)
    return _with_counts(rows).order_by("-created_at")


def plans_below(user: User, plan_filter: PlanFilter) -> QuerySet[Plan]:
    """The plans that organisations below handed in."""
    scope = Scope.of(user)
    rows = (
        scope.filter_only(_with_relations(Plan.objects.all()), "organisation")
        if scope.sees_most
        else visible_plans(user)
    )
    rows = rows.filter(live=True, submitted_at__isnull=False).exclude(
        in_worked_for(user, "organisation")
    )
    if plan_filter.state:
        rows = rows.filter(state=plan_filter.state)
    if plan_filter.document:
        rows = rows.filter(document=plan_filter.document)
    if plan_filter.q:
        text = to_hans(plan_filter.q)
        rows = rows.filter(
            Q(organisation__name_hans__icontains=text)
            | Q(organisation__code__iexact=plan_filter.q)
            | Q(title__icontains=plan_filter.q)
        )
    return rows


def plans_to_export(user: User, plan_filter: PlanFilter) -> Iterator[Plan]:
    """All of `plans_below` with their counts, the latest first, streamed."""
    return _with_counts(LATEST.sort(plans_below(user, plan_filter))).iterator(chunk_size=500)


def plans_page(
    user: User, plan_filter: PlanFilter, counts: Mapping[str, int], query: Mapping[str, str]
) -> Page:
    """One page of them with their counts; `counts` are those by state. At most three queries."""
    rows = plans_below(user, plan_filter)
    if plan_filter.q:
        total = rows.order_by()[: COUNT_LIMIT + 1].count()
    else:
        total = counts.get(plan_filter.state, 0) if plan_filter.state else sum(counts.values())
    counted_total, page_request = (
        total if total <= COUNT_LIMIT else None,
        PageRequest.from_query(query, LATEST),
    )
    return read_page(rows, LATEST, page_request, total=counted_total, read=_counted_page)


def _counted_page(rows: QuerySet[Plan]) -> list[Plan]:
    """The plans of one page with their counts, which are computed for these plans alone."""
    plans = {plan.pk: plan for plan in rows}
    for counted in _with_counts(Plan.objects.filter(pk__in=plans).only("pk")):
        for name in COUNTS:
            setattr(plans[counted.pk], name, getattr(counted, name))
    return list(plans.values())


def state_counts(user: User, document: Document | None = None) -> Counter[str]:
    """How many plans handed in from below are in each state.

    From the kept counts, without those of the person's own organisations.
    """
    scope = Scope.of(user)
    of_document: dict[str, Any] = {"document": document} if document else {}
    counts: Counter[str] = Counter()
    marks = Mark.objects.filter(scope__in=scope.branches, topic="filed", day=ALWAYS, **of_document)
    for state, count in marks.values_list("word", "count"):
        counts[state] += count
    own_bodies = user.bodies_as(*WORKING)
    branches = tuple(tree.path for tree in scope.trees if tree.branch)
    # The tallies of branches count the person's own organisations, and lack single ones.
    excluded = [
        pk for pk, body in own_bodies.items() if branches and body.path.startswith(branches)
    ]
    leaf_bodies = [tree.pk for tree in scope.trees if not tree.branch and tree.pk not in own_bodies]
    if excluded or leaf_bodies:
        plans = Plan.objects.filter(
            organisation__in=[*excluded, *leaf_bodies], live=True, **of_document
        )
        submitted = plans.filter(submitted_at__isnull=False)
        for body, state in submitted.values_list("organisation_id", "state"):
            counts[state] += -1 if body in excluded else 1
    return counts


def plans_to_start(user: User) -> list[PlanToStart]:
    """Where the person's organisations owe something and have no plan, the nearest day first."""
    plan = Plan.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document"), live=True
    )
    obligations = Obligation.objects.open().filter(
        in_worked_for(user, "organisation"), ~Exists(plan)
    )
    pairs = obligations.order_by().values_list("organisation", "document")
    rows = list(pairs.annotate(n=Count("pk"), due=Min("plan_due_on")))
    if not rows:
        return []
    organisations = {m.organisation_id: m.organisation for m in user.held_memberships}
    documents = Document.objects.only("title", "title_hans", "title_hant").in_bulk(
        {document for _organisation, document, _count, _due in rows}
    )
    starts = [
        PlanToStart(organisations[organisation], documents[document], count, due)
        for organisation, document, count, due in rows
    ]
    return sorted(starts, key=lambda start: start.due_on or date.max)


# the quick log


@dataclass(frozen=True, slots=True)
class MeasureChoice:
    """A measure to log on: its number in its plan, its words, the directives it serves."""

    pk: int
    number: int
    text: str
    serves: tuple[ServedDirective, ...]
    plan: Plan | None  # None where the page that offers it has no use for it
    done: bool

    @property
    def code(self) -> str:
        """The first directive that it serves."""
        return self.serves[0].code if self.serves else ""


@dataclass(frozen=True, slots=True)
class QuickChoices:
    """What the quick log offers: the measures used last, then the others.

    `today` is the day it proposes.
    """

    today: date
    first: tuple[MeasureChoice, ...]
    others: tuple[MeasureChoice, ...]

    @property
    def all_choices(self) -> tuple[MeasureChoice, ...]:
        return self.first + self.others


def quick_choices(user: User, today: date, *, first: int = 0) -> QuickChoices:
    """The measures on which the person may log: `first` (an id), then latest logged, then by day.

    Measures that are done come last. Two queries.
    """
    serving = Obligation.objects.select_related("directive").order_by("directive__order")
    last = Max("log__on", filter=Q(log__withdrawn_at=None))
    rows = Measure.objects.filter(in_worked_for(user, "plan__organisation"), plan__live=True)
    rows = rows.annotate(last_on=last).order_by(
        F("done_on").desc(nulls_first=True),
        F("last_on").desc(nulls_last=True),
        F("due_on").asc(nulls_last=True),
        "plan",
        "number",
    )
    rows = rows.select_related("plan__organisation")
    choices = [
        MeasureChoice(
            pk=row.pk,
            number=row.number,
            text=row.text,
            serves=tuple(
                ServedDirective(served.pk, served.directive.code)
                for served in row.obligations.all()
            ),
            plan=row.plan,
            done=row.done_on is not None,
        )
        for row in rows.prefetch_related(Prefetch("obligations", queryset=serving))
    ]
    choices.sort(key=lambda choice: choice.pk != first)
    shown = SHOWN_FIRST if len(choices) > SHOWN_FIRST + 1 else len(choices)
    return QuickChoices(today, tuple(choices[:shown]), tuple(choices[shown:]))
