"""How many obligations a filter finds, by light: from the kept counts where they know it, else counted up to a limit.

Kept counts are of subtrees; what single bodies owe is counted from their own few rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Length, Substr

from directives.base.states import ASSIGNED, COLOURS, LEAD, LIVE, RED, STAFF, YELLOW
from directives.core.scope import NONE, Lights, Scope, gathered
from directives.models import ALWAYS, Mark, Obligation, Organisation, Tally, Total, User
from directives.models.organisations import STEP
from directives.models.scope import LAST, MANY, Range, merged
from directives.obligations.queries.filters import CAUSES, LIGHT_CHOICES, ObligationFilter

LEADS = 500  # leading bodies that a query names: each directive has one, or none
COUNT_LIMIT = 10_000  # rows that are counted one by one; beyond, a list says “more than”


@dataclass(frozen=True)
class Reach:
    """What of the tree is asked for: whole subtrees (`trees`, none inside another) and single bodies besides."""

    trees: tuple[Organisation, ...]
    bodies: tuple[Organisation, ...]

    @classmethod
    def of(cls, user: User, body: Organisation | None = None) -> "Reach":
        """What the person sees, or of that what lies in the subtree of a body."""
        scope = Scope.of(user)
        if body is None:
            return cls(scope.trees, scope.bodies)
        own = tuple(found for found in scope.bodies if found.path.startswith(body.path))
        if scope.sees_below(body):
            return cls((body,), ())
        return cls(tuple(tree for tree in scope.trees if tree.path.startswith(body.path)), own)

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """The same as ranges of paths, in their order."""
        trees = ((tree.path, tree.path + LAST) for tree in self.trees)
        return merged((*trees, *((body.path, body.path) for body in self.bodies)))

    @property
    def branches(self) -> list[int]:
        """The trees for which everything is kept."""
        return [tree.pk for tree in self.trees if tree.branch]

    @property
    def single(self) -> list[int]:
        """Bodies whose own rows are all that is asked for."""
        return [
            body.pk for body in (*(tree for tree in self.trees if not tree.branch), *self.bodies)
        ]

    @property
    def spelt(self) -> bool:
        """Few enough bodies to be named in a query."""
        return len(self.trees) + len(self.bodies) <= MANY


@dataclass(frozen=True, slots=True)
class Counts:
    """What is known of how many rows there are. None: more than COUNT_LIMIT, and not counted further."""

    lights: Lights | None  # under the filter but for its light
    total: int | None  # the same, all lights together
    shown: int | None  # under the whole filter
    waiting: int = 0  # of the rows shown, those that the reader may acknowledge


@dataclass(frozen=True, slots=True)
class CountedFilter:
    """What a filter asks for, as far as counts are kept of it."""

    chosen: ObligationFilter
    document: int | None  # that of the filter, or of the section or directive it names

    @property
    def where(self) -> dict[str, int]:
        """The condition on the document of kept counts."""
        return {"document": self.document} if self.document else {}

    @property
    def plain(self) -> bool:
        """Nothing is asked for but documents, sections, bodies and lights."""
        return self.counted and not (
            self.chosen.directive or self.chosen.about or self.chosen.kind or self.chosen.state
        )

    @property
    def counted(self) -> bool:
        """Nothing is asked for of which no count is kept by light."""
        asked = self.chosen
        marked = asked.clock or asked.owes or asked.cause or asked.due
        return not (asked.part or marked or asked.q) and (not asked.state or asked.state in LIVE)

    @property
    def marked(self) -> bool:
        """One mark of a subtree is asked for, and nothing else."""
        asked = self.chosen
        rest = (
            asked.section
            or asked.directive
            or asked.about
            or asked.kind
            or asked.state
            or asked.part
            or asked.q
        )
        return not rest and sum(map(bool, (asked.clock, asked.owes, asked.cause, asked.due))) == 1

    def tallies(self, light: bool = False) -> QuerySet:
        """The kept counts of this filter, of every scope; with `light`, only those of its lights."""
        asked, where = self.chosen, {"document": self.document, "count__gt": 0}
        if self.plain or not (asked.directive or asked.about or asked.kind or asked.state):
            model, where = Total, where | {"section": asked.section}
        else:
            model = Tally
            where |= {
                "directive": asked.directive,
                "directive__kind": asked.about,
                "directive__section": asked.section,
            }
            where |= {"body_kind": asked.kind, "state": asked.state}
        if light and asked.light:
            where["light__in"] = LIGHT_CHOICES[asked.light]
        return model.objects.filter(
            **{name: value for name, value in where.items() if value or name == "count__gt"}
        )

    @property
    def colour(self) -> str:
        """The one light that rows of this mark can show; "" where they may show any."""
        return RED if self.chosen.clock else YELLOW if self.chosen.cause else ""

    def marks(self) -> QuerySet[Mark]:
        """The marks of this filter, of every scope."""
        asked = self.chosen
        rows = Mark.objects.filter(count__gt=0, **self.where)
        if asked.owes:
            return rows.filter(
                topic="owes", word=asked.owes, **({"day": asked.on} if asked.on else {})
            )
        if asked.due:
            return rows.filter(topic="undated", day=ALWAYS)
        words = (
            CAUSES[asked.cause]
            if asked.cause
            else (f"{asked.clock}_overdue", f"{asked.clock}_returned_overdue")
        )
        return rows.filter(topic="reason", word__in=words, day=ALWAYS)


# The path of the body whose subtree is counted and that is nearest: the body itself, or the one above it. It is told by
# the body alone, so that an engine asks the counts before it reads the body's rows.
NEAREST = Case(
    When(organisation__branch=True, then=F("organisation__path")),
    default=Substr("organisation__path", 1, Length("organisation__path") - STEP),
)


def guided(rows: QuerySet[Obligation], known: CountedFilter) -> QuerySet[Obligation]:
    """The same rows, read only where the counts say that there are any: so a rare thing is found without walking the nation."""
    asked, marks = known.chosen, Mark.objects.filter(count__gt=0, **known.where)
    if asked.part == LEAD:
        leads = (
            Obligation.objects.filter(part=LEAD, **known.where)
            .order_by("directive")
            .values_list("pk", flat=True)[: LEADS + 1]
        )
        return rows.filter(pk__in=list(leads)) if len(leads) <= LEADS else rows
    if asked.section or (asked.light and not known.document):
        here = replace(
            known, chosen=ObligationFilter(section=asked.section, light=asked.light)
        ).tallies(light=True)
        rows = _told(rows, "here", here.filter(scope__path=OuterRef("organisation__path")))
    guides: dict[str, QuerySet] = (
        {"marked": known.marks()} if asked.clock or asked.cause or asked.owes or asked.due else {}
    )
    if asked.state in LIVE:
        guides["stands"] = marks.filter(topic="state", word=asked.state, day=ALWAYS)
    if asked.directive:
        guides["owed"] = replace(
            known, chosen=ObligationFilter(directive=asked.directive, light=asked.light)
        ).tallies(light=True)
    for name, guide in guides.items():
        rows = _told(
            rows.alias(nearest=NEAREST), name, guide.filter(scope__path=OuterRef("nearest"))
        )
    return rows


def _told(rows: QuerySet[Obligation], name: str, guide: QuerySet) -> QuerySet[Obligation]:
    """The rows of which the guide knows any. Not EXISTS: PostgreSQL would make a join of it and lose the order of the tree."""
    return rows.alias(**{name: Subquery(guide.order_by().values("count")[:1])}).filter(
        **{f"{name}__isnull": False}
    )


def counts(
    user: User, reach: Reach, known: CountedFilter, rows: QuerySet[Obligation], *, today: date
) -> Counts:
    """How many rows there are. `rows` are those in reach under the filter but for its light. At most three queries."""
    staff = [m.organisation_id for m in user.in_role(STAFF)]
    if known.counted and reach.spelt:
        found = _kept(reach, known, rows, staff)
    elif known.marked and reach.spelt and reach.branches:
        found = _marked(reach, known, rows)
    else:
        found = _bounded(rows, known.chosen.light)
    if not staff or not (reach.branches or not (known.counted and reach.spelt)):
        return found
    waits = rows.filter(
        organisation__in=staff, state=ASSIGNED, light__in=LIGHT_CHOICES[known.chosen.light]
    )
    return replace(found, waiting=waits.count())


def _shown(lights: Lights, light: str) -> int:
    return sum(lights.count(colour) for colour in LIGHT_CHOICES[light])


def _kept(
    reach: Reach, known: CountedFilter, rows: QuerySet[Obligation], staff: Iterable[int]
) -> Counts:
    """Exact counts: the kept ones of the branches, and the rows of single bodies."""
    lights, waiting, light = NONE, 0, known.chosen.light
    if reach.branches:
        kept = known.tallies().filter(scope__in=reach.branches).order_by().values("light")
        kept = kept.annotate(n=Sum("count"), p=Value(0), all=Value(0))
        lights = gathered(kept, "all").get(0, NONE)
    if reach.single:
        owed = _own(reach, rows, staff)
        lights = gathered(owed, "all").get(0, NONE).plus(lights)
        waiting = sum(row["waits"] for row in owed if row["light"] in LIGHT_CHOICES[light])
    return Counts(lights, lights.total, _shown(lights, light), waiting)


def _own(reach: Reach, rows: QuerySet[Obligation], staff: Iterable[int]) -> list[dict]:
    waits = Count("pk", filter=Q(state=ASSIGNED, organisation__in=staff)) if staff else Value(0)
    alone = rows.filter(organisation__in=reach.single).order_by().values("light")
    return list(alone.annotate(n=Count("pk"), p=Value(0), all=Value(0), waits=waits))


def _marked(reach: Reach, known: CountedFilter, rows: QuerySet[Obligation]) -> Counts:
    """Exact counts of a mark; its lights too where it tells them, or where the rows are few."""
    total = known.marks().filter(scope__in=reach.branches).aggregate(n=Sum("count"))["n"] or 0
    if reach.single:
        total += rows.filter(organisation__in=reach.single).count()
    if known.colour:
        lights = Lights(**{known.colour: total})
        return Counts(lights, total, _shown(lights, known.chosen.light))
    found = _bounded(rows, known.chosen.light) if total <= COUNT_LIMIT else Counts(None, None, None)
    return replace(found, total=total, shown=total if not known.chosen.light else found.shown)


def _bounded(rows: QuerySet[Obligation], light: str) -> Counts:
    """Counted one by one, up to the limit."""
    lights = _count(rows)
    if lights is not None:
        return Counts(lights, lights.total, _shown(lights, light))
    narrowed = _count(rows.filter(light__in=LIGHT_CHOICES[light])) if light else None
    return Counts(None, None, narrowed.total if narrowed else None)


def _count(rows: QuerySet[Obligation]) -> Lights | None:
    by_light = {colour: Count("pk", filter=Q(light=colour)) for colour in COLOURS}
    found = rows.order_by().only("pk", "light")[: COUNT_LIMIT + 1].aggregate(**by_light)
    lights = Lights(**found)
    return None if lights.total > COUNT_LIMIT else lights
