"""How many obligations a filter selects, by light: from stored counts, or counted up to a limit.

Counts are stored for subtrees. Bodies without a subtree have few rows, which are counted.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Length, Substr

from directives.base.states import ASSIGNED, COLOURS, LEAD, LIVE, RED, STAFF, YELLOW
from directives.core.scope import Lights, Scope
from directives.models import ALWAYS, Mark, Obligation, Organisation, Tally, Total, User
from directives.models.organisations import STEP
from directives.models.scope import MANY, Range, merge_ranges, subtree
from directives.obligations.queries.filters import (
    BROKEN_DOWN,
    CAUSES,
    LIGHT_CHOICES,
    ObligationFilter,
)

LEADS = 500  # obligations of leads whose ids a query lists; a directive has at most one or so
COUNT_LIMIT = 10_000  # rows that are counted one by one; a longer list says “more than”


@dataclass(frozen=True, slots=True)
class Reach:
    """The selected part of the tree: subtrees, none inside another, and single bodies."""

    trees: tuple[Organisation, ...] = ()
    ranges: tuple[Range, ...] = ()  # of paths, in their order
    branches: tuple[int, ...] = ()  # trees (ids) with stored counts
    single_bodies: tuple[int, ...] = ()  # bodies (ids) that have only their own rows
    is_listable: bool = True  # few enough bodies to list in a query

    @classmethod
    def of(cls, user: User, body: Organisation | None = None) -> "Reach":
        """The part that the user sees, or what of it lies in the subtree of a body."""
        scope = Scope.of(user)
        trees, bodies = scope.trees, scope.bodies
        if body is not None and scope.sees_below(body):
            trees, bodies = (body,), ()
        elif body is not None:
            trees = tuple(tree for tree in trees if tree.path.startswith(body.path))
            bodies = tuple(single for single in bodies if single.path.startswith(body.path))
        below = [subtree(tree.path) for tree in trees]
        childless = [tree for tree in trees if not tree.branch]
        return cls(
            trees,
            merge_ranges([*below, *((single.path, single.path) for single in bodies)]),
            tuple(tree.pk for tree in trees if tree.branch),
            tuple(single.pk for single in (*childless, *bodies)),
            len(trees) + len(bodies) <= MANY,
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are; None means more than COUNT_LIMIT."""

    lights: Lights | None  # of the filter without its light
    total: int | None  # the same for all lights together
    matching: int | None  # of the whole filter
    waiting: int = 0  # of `shown`, those that the user may acknowledge
    broken_down: int = 0  # rows that the filter without its light leaves out: their parts count


@dataclass(frozen=True, slots=True)
class CountedFilter:
    """A filter, with the document (id) if all its rows are of one document."""

    filter: ObligationFilter
    document: int | None  # that of the filter, or of the section or directive it names

    @property
    def of_document(self) -> dict[str, int]:
        """The condition on the document of stored counts."""
        return {"document": self.document} if self.document else {}

    @property
    def has_light_counts(self) -> bool:
        """Whether there are stored counts by light for this filter."""
        conditions = self.filter
        if conditions.clock or conditions.owes or conditions.cause or conditions.due:
            return False
        if conditions.breakdown or conditions.part_of:
            return False
        return not (conditions.part or conditions.q) and (
            not conditions.state or conditions.state in LIVE
        )

    @property
    def is_single_mark(self) -> bool:
        """Whether the filter asks for exactly one mark and nothing else."""
        conditions = self.filter
        if conditions.section or conditions.directive or conditions.about or conditions.kind:
            return False
        if conditions.state or conditions.part or conditions.q:
            return False
        if conditions.breakdown or conditions.part_of:
            return False
        return (
            sum(map(bool, (conditions.clock, conditions.owes, conditions.cause, conditions.due)))
            == 1
        )

    def tallies(self, *, matching_light: bool = False) -> QuerySet[Total] | QuerySet[Tally]:
        """The stored counts of this filter in every scope; with `lit`, only those of its lights."""
        conditions = self.filter
        where: dict[str, object] = {"document": self.document}
        if conditions.directive or conditions.about or conditions.kind or conditions.state:
            model: type[Total] | type[Tally] = Tally
            where |= {
                "directive": conditions.directive,
                "directive__kind": conditions.about,
                "directive__section": conditions.section,
                "body_kind": conditions.kind,
                "state": conditions.state,
            }
        else:
            model = Total
            where["section"] = conditions.section
        if matching_light and conditions.light:
            where["light__in"] = LIGHT_CHOICES[conditions.light]
        return model.objects.filter(
            count__gt=0, **{name: value for name, value in where.items() if value}
        )

    def marks(self) -> QuerySet[Mark]:
        """The marks of this filter in every scope."""
        conditions = self.filter
        rows = Mark.objects.filter(count__gt=0, **self.of_document)
        if conditions.owes:
            rows = rows.filter(topic="owes", word=conditions.owes)
            return rows.filter(day=conditions.on) if conditions.on else rows
        if conditions.due:
            return rows.filter(topic="undated", day=ALWAYS)
        overdue = (f"{conditions.clock}_overdue", f"{conditions.clock}_returned_overdue")
        words = CAUSES[conditions.cause] if conditions.cause else overdue
        return rows.filter(topic="reason", word__in=words, day=ALWAYS)


# The path of the nearest body with stored counts: the body itself or its parent. It depends only on
# the body, so the database can check the counts before it reads the body's obligations.
NEAREST = Case(
    When(organisation__branch=True, then=F("organisation__path")),
    default=Substr("organisation__path", 1, Length("organisation__path") - STEP),
)


def guided(rows: QuerySet[Obligation], counted_filter: CountedFilter) -> QuerySet[Obligation]:
    """Limit the rows to subtrees with matching stored counts, which selects the same rows.

    Rare rows are then found without scanning every organisation.
    """
    conditions = counted_filter.filter
    if conditions.breakdown or conditions.part_of:  # few, found by indexes; not all are counted
        return rows
    if conditions.part == LEAD:
        leads = Obligation.objects.filter(part=LEAD, **counted_filter.of_document).order_by(
            "directive"
        )
        ids = list(leads.values_list("pk", flat=True)[: LEADS + 1])
        return rows.filter(pk__in=ids) if len(ids) <= LEADS else rows
    guides: dict[str, QuerySet] = {}
    if conditions.section or (conditions.light and not counted_filter.document):
        narrow_filter = ObligationFilter(section=conditions.section, light=conditions.light)
        totals = replace(counted_filter, filter=narrow_filter).tallies(matching_light=True)
        guides["here"] = totals.filter(scope__path=OuterRef("organisation__path"))
    nearest: dict[str, QuerySet] = {}
    if conditions.clock or conditions.cause or conditions.owes or conditions.due:
        nearest["marked"] = counted_filter.marks()
    if conditions.state in LIVE:
        marks = Mark.objects.filter(count__gt=0, **counted_filter.of_document)
        nearest["in_state"] = marks.filter(topic="state", word=conditions.state, day=ALWAYS)
    if conditions.directive:
        narrow_filter = ObligationFilter(directive=conditions.directive, light=conditions.light)
        nearest["owed"] = replace(counted_filter, filter=narrow_filter).tallies(matching_light=True)
    if nearest:
        rows = rows.alias(nearest=NEAREST)
        guides |= {
            name: guide.filter(scope__path=OuterRef("nearest")) for name, guide in nearest.items()
        }
    for name, guide in guides.items():
        # Not EXISTS: PostgreSQL would turn it into a join and lose the order of the tree.
        counted = Subquery(guide.order_by().values("count")[:1])
        rows = rows.alias(**{name: counted}).filter(**{f"{name}__isnull": False})
    return rows


def counts(
    user: User,
    reach: Reach,
    counted_filter: CountedFilter,
    rows: QuerySet[Obligation],
    broken_down: QuerySet[Obligation] | None = None,
) -> Counts:
    """Count the rows of a filter in at most three queries.

    `rows` are the rows in reach that the filter without its light selects, and `broken_down` those
    that it leaves out, to be counted where the counts are stored ones.
    """
    staff = [*user.bodies_as(STAFF)]
    has_counts = counted_filter.has_light_counts and reach.is_listable
    if has_counts:
        counted = _stored(reach, counted_filter, rows, staff, broken_down)
    elif counted_filter.is_single_mark and reach.is_listable and reach.branches:
        counted = _marked(reach, counted_filter, rows)
    else:
        counted = _bounded(rows, counted_filter.filter.light)
    if not staff or (has_counts and not reach.branches):
        return counted
    waiting = rows.filter(organisation__in=staff, state=ASSIGNED)
    waiting = waiting.filter(light__in=LIGHT_CHOICES[counted_filter.filter.light])
    return replace(counted, waiting=waiting.count())


def _stored(
    reach: Reach,
    counted_filter: CountedFilter,
    rows: QuerySet[Obligation],
    staff: Collection[int],
    broken_down: QuerySet[Obligation] | None,
) -> Counts:
    """Exact counts: the stored ones of the branches, and the rows of single bodies.

    Rows that are broken down are counted along, in the first query.
    """
    matching_lights, counted, waiting = (
        LIGHT_CHOICES[counted_filter.filter.light],
        Counter[str](),
        0,
    )
    if reach.branches:
        tallies = counted_filter.tallies().filter(scope__in=reach.branches).order_by()
        by_light = tallies.values_list("light").annotate(n=Sum("count"))
        counted.update(dict(_with_broken_down(by_light, broken_down)))
        broken_down = None
    if reach.single_bodies:
        acknowledgeable = (
            Count("pk", filter=Q(state=ASSIGNED, organisation__in=staff)) if staff else Value(0)
        )
        of_single_bodies = (
            rows.filter(organisation__in=reach.single_bodies).order_by().values_list("light")
        )
        of_light = of_single_bodies.annotate(n=Count("pk"), waits=acknowledgeable)
        for light, count, waits in _with_broken_down(of_light, broken_down, waits=Value(0)):
            counted[light] += count
            waiting += waits if light in matching_lights else 0
    broken = counted.pop(BROKEN_DOWN, 0)
    total, matching = counted.total(), sum(counted[light] for light in matching_lights)
    return Counts(Lights(**counted), total, matching, waiting, broken)


def _with_broken_down(
    by_light: QuerySet, broken_down: QuerySet[Obligation] | None, **more: Value
) -> QuerySet:
    """Rows of (light, number, …), and one with the number of those that are broken down."""
    if broken_down is None:
        return by_light
    counted = broken_down.order_by().annotate(word=Value(BROKEN_DOWN)).values_list("word")
    return by_light.union(counted.annotate(n=Count("pk"), **more), all=True)


def _marked(reach: Reach, counted_filter: CountedFilter, rows: QuerySet[Obligation]) -> Counts:
    """Exact counts of a mark; by light if it implies one light, or if the rows are few."""
    conditions = counted_filter.filter
    total = (
        counted_filter.marks().filter(scope__in=reach.branches).aggregate(n=Sum("count"))["n"] or 0
    )
    if reach.single_bodies:
        total += rows.filter(organisation__in=reach.single_bodies).count()
    if conditions.clock or conditions.cause:
        colour = RED if conditions.clock else YELLOW
        matching = total if colour in LIGHT_CHOICES[conditions.light] else 0
        return Counts(Lights(**{colour: total}), total, matching)
    counted = _bounded(rows, conditions.light) if total <= COUNT_LIMIT else Counts(None, None, None)
    return replace(counted, total=total, matching=counted.matching if conditions.light else total)


def _bounded(rows: QuerySet[Obligation], light: str) -> Counts:
    """Count the rows up to the limit."""
    lights = _count(rows)
    if lights is not None:
        return Counts(lights, lights.total, sum(map(lights.count, LIGHT_CHOICES[light])))
    with_light = _count(rows.filter(light__in=LIGHT_CHOICES[light])) if light else None
    return Counts(None, None, with_light.total if with_light else None)


def _count(rows: QuerySet[Obligation]) -> Lights | None:
    """The lights of the rows; None if there are more than COUNT_LIMIT."""
    by_light = {colour: Count("pk", filter=Q(light=colour)) for colour in COLOURS}
    lights = Lights(**rows.order_by().only("pk", "light")[: COUNT_LIMIT + 1].aggregate(**by_light))
    return None if lights.total > COUNT_LIMIT else lights
