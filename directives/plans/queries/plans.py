"""Plans as lists show them, where one is still to be begun, and the choices of the quick log."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

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
from directives.base.states import HANDED_IN, MANAGER, OPEN, STAFF
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.core.scope import Scope
from directives.models import ALWAYS, Document, Mark, Measure, Obligation, Organisation, Plan, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import in_worked_for
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.plans.queries.plan_page import ServedDirective

LATEST = Order("latest", (Column("submitted_at", moment=True, down=True), Column("id", down=True)))
NUMBERS = ("measure_count", "owed_count", "covered_count")
SHOWN_FIRST = 5  # measures offered at once by the quick log


# the list


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """What of the list is wanted; empty values want everything."""

    state: str = ""
    document: Document | None = None
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], user: User) -> "PlanFilter":
        """The filter in an address; a value that means nothing filters nothing."""
        state, pk = query.get("state", ""), query.get("document", "")
        seen = Document.objects.visible_to(user).only(
            "title", "title_hans", "title_hant", "fictional"
        )
        document = seen.filter(pk=whole_number(pk)).first() if whole_number(pk) else None
        return cls(state if state in HANDED_IN else "", document, query.get("q", "").strip()[:100])


@dataclass(frozen=True, slots=True)
class PlanToStart:
    """A body of the person that owes something under a document and has no plan for it."""

    organisation: Organisation
    document: Document
    owed: int
    due_on: date | None


def visible_plans(user: User) -> QuerySet[Plan]:
    """The plans that this person sees, with body and document."""
    return _with_relations(Plan.objects.visible_to(user))


def _with_relations(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    return plans.select_related("organisation", "document").defer(*HEAVY_OF_DOCUMENT)


def _with_counts(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    """Plans with the number of their measures, of the directives owed, and of those that a measure serves."""
    open_ones = Obligation.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document"), state__in=OPEN
    )
    serving = Measure.obligations.through.objects.filter(
        measure__plan=OuterRef(OuterRef("pk")), obligation=OuterRef("pk")
    )
    total = open_ones.values("organisation").annotate(n=Count("pk")).values("n")
    covered = (
        open_ones.filter(Exists(serving)).values("organisation").annotate(n=Count("pk")).values("n")
    )
    measures = (
        Measure.objects.filter(plan=OuterRef("pk"))
        .order_by()
        .values("plan")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return plans.annotate(
        measure_count=Coalesce(Subquery(measures, output_field=IntegerField()), 0),
        owed_count=Coalesce(Subquery(total, output_field=IntegerField()), 0),
        covered_count=Coalesce(Subquery(covered, output_field=IntegerField()), 0),
    )


def own_plans(user: User) -> QuerySet[Plan]:
    """The live plans of the bodies for which the person fills in, newest first."""
    return _with_counts(
        visible_plans(user).filter(in_worked_for(user, "organisation"), live=True)
    ).order_by("-created_at")


def plans_below(user: User, wanted: PlanFilter) -> QuerySet[Plan]:
    """The plans that bodies below handed in, the latest first."""
    scope = Scope.of(user)
    rows = (
        scope.walked(_with_relations(Plan.objects.all()), "organisation")
        if scope.wide
        else visible_plans(user)
    )
    rows = rows.filter(live=True, submitted_at__isnull=False).exclude(
        in_worked_for(user, "organisation")
    )
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.document:
        rows = rows.filter(document=wanted.document)
    if wanted.q:
        text = to_hans(wanted.q)
        rows = rows.filter(
            Q(organisation__name_hans__icontains=text)
            | Q(organisation__code__iexact=wanted.q)
            | Q(title__icontains=wanted.q)
        )
    return rows


def plans_to_export(user: User, wanted: PlanFilter) -> Iterator[Plan]:
    """All of them with their numbers, streamed."""
    return _with_counts(LATEST.sort(plans_below(user, wanted))).iterator(chunk_size=500)


def plans_page(
    user: User, wanted: PlanFilter, counts: Mapping[str, int], query: Mapping[str, str]
) -> Page:
    """One page of them with their numbers; `counts` are those by state. At most three queries."""
    rows = plans_below(user, wanted)
    total = (
        (counts.get(wanted.state, 0) if wanted.state else sum(counts.values()))
        if not wanted.q
        else rows.order_by()[: COUNT_LIMIT + 1].count()
    )
    return read_page(
        rows,
        LATEST,
        PageRequest.from_query(query, LATEST),
        total=total if total <= COUNT_LIMIT else None,
        read=_with_numbers,
    )


def _with_numbers(rows: QuerySet[Plan]) -> list[Plan]:
    """The plans of a page with their numbers, which are worked out for no other plan."""
    plans = list(rows)
    numbered = {
        plan.pk: plan
        for plan in _with_counts(Plan.objects.filter(pk__in=[plan.pk for plan in plans]).only("pk"))
    }
    for plan in plans:
        for name in NUMBERS:
            setattr(plan, name, getattr(numbered[plan.pk], name))
    return plans


def state_counts(user: User, document: Document | None = None) -> Counter[str]:
    """How many plans handed in from below are in each state: from the kept counts, without those of the person's own bodies."""
    scope = Scope.of(user)
    of: dict[str, object] = {"document": document} if document else {}
    counts: Counter[str] = Counter()
    for state, count in Mark.objects.filter(
        scope__in=scope.branches, topic="filed", day=ALWAYS, **of
    ).values_list("word", "count"):
        counts[state] += count
    own = {m.organisation_id: m.organisation for m in user.in_role(STAFF, MANAGER)}
    branches = tuple(tree.path for tree in scope.trees if tree.branch)
    taken = [pk for pk, body in own.items() if branches and body.path.startswith(branches)]
    added = [tree.pk for tree in scope.trees if not tree.branch and tree.pk not in own]
    if taken or added:
        single = Plan.objects.filter(
            organisation__in=[*taken, *added], live=True, submitted_at__isnull=False, **of
        )
        for body, state in single.values_list("organisation_id", "state"):
            counts[state] += -1 if body in taken else 1
    return counts


def plans_to_start(user: User) -> list[PlanToStart]:
    """Where the person's bodies owe something and have no plan, the nearest day first."""
    condition = in_worked_for(user, "organisation")
    rows = Obligation.objects.open().filter(
        condition, ~Exists(_live(OuterRef("organisation"), OuterRef("document")))
    )
    pairs = (
        rows.values_list("organisation", "document")
        .annotate(n=Count("pk"), due=Min("plan_due_on"))
        .order_by()
    )
    pairs = list(pairs)
    if not pairs:
        return []
    bodies = {m.organisation_id: m.organisation for m in user.held_memberships}
    documents = Document.objects.only("title", "title_hans", "title_hant").in_bulk(
        {pair[1] for pair in pairs}
    )
    starts = [
        PlanToStart(bodies[body], documents[document], number, due)
        for body, document, number, due in pairs
    ]
    return sorted(starts, key=lambda start: start.due_on or date.max)


def _live(organisation: OuterRef, document: OuterRef) -> QuerySet[Plan]:
    return Plan.objects.filter(organisation=organisation, document=document, live=True)


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
    """What the quick log offers: the measures used last, then the others. `today` is the day it proposes."""

    today: date
    first: tuple[MeasureChoice, ...]
    rest: tuple[MeasureChoice, ...]

    @property
    def every(self) -> tuple[MeasureChoice, ...]:
        return self.first + self.rest


def quick_choices(user: User, today: date, *, first: int = 0) -> QuickChoices:
    """The measures on which the person may log, those logged last in front, then by day; `first` (an id) before all.

    Measures that are done come at the end. Two queries.
    """
    serving = Obligation.objects.select_related("directive").order_by("directive__order")
    last = Max("log__on", filter=Q(log__withdrawn_at=None))
    rows = Measure.objects.filter(
        in_worked_for(user, "plan__organisation"), plan__live=True
    ).annotate(last_on=last)
    recent, near = F("last_on").desc(nulls_last=True), F("due_on").asc(nulls_last=True)
    ordered = rows.order_by(
        F("done_on").desc(nulls_first=True), recent, near, "plan", "number"
    ).select_related("plan__organisation")
    choices = [
        MeasureChoice(
            row.pk, row.number, row.text, tuple(ServedDirective(served.pk, served.directive.code) for served in row.obligations.all()),
            row.plan, row.done_on is not None,
        )
        for row in ordered.prefetch_related(Prefetch("obligations", queryset=serving))
    ]  # fmt: skip
    choices.sort(key=lambda choice: choice.pk != first)
    shown = SHOWN_FIRST if len(choices) > SHOWN_FIRST + 1 else len(choices)
    return QuickChoices(today, tuple(choices[:shown]), tuple(choices[shown:]))
