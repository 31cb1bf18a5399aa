"""The part of the organisation tree that a person sees, and the lights in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Aggregate, BooleanField, Count, Func, Q, QuerySet, Sum

from directives.base.states import (
    COLOURS,
    ON_TIME,
    OVERSEEING,
    WORKING,
)
from directives.models import Obligation, Organisation, Tally, Total, User
from directives.models.scope import in_subtree, topmost

Rows = TypeVar("Rows", bound=QuerySet[Any])
WIDE = 2  # a body above this depth has most of the tree below it


@dataclass(frozen=True, slots=True)
class Lights:
    """Counts of obligations by light; `percent_sum` sums up their percents complete."""

    green: int = 0
    yellow: int = 0
    red: int = 0
    closed: int = 0
    undue: int = 0
    percent_sum: int = 0

    @property
    def total(self) -> int:
        return self.green + self.yellow + self.red + self.closed + self.undue

    @property
    def on_time(self) -> int:
        """The numerator of the share that is on time: all but red and yellow."""
        return sum(map(self.count, ON_TIME))

    @property
    def mean(self) -> int | None:
        """Mean percent complete, rounded down; None if nothing is owed."""
        return self.percent_sum // self.total if self.total else None

    def count(self, colour: str) -> int:
        number: int = getattr(self, colour)
        return number

    @property
    def colours(self) -> tuple[tuple[str, int], ...]:
        """The colours with a count, in the order of a bar."""
        return tuple((colour, self.count(colour)) for colour in COLOURS if self.count(colour))

    def plus(self, other: "Lights") -> "Lights":
        counts = {colour: self.count(colour) + other.count(colour) for colour in COLOURS}
        return Lights(**counts, percent_sum=self.percent_sum + other.percent_sum)


NO_LIGHTS = Lights()


class FilterOnly(Func):
    """A condition that the query planner may only filter with, not look up rows in an index.

    PostgreSQL still estimates how many rows match.
    """

    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person sees: the subtrees of `trees`, and the single `bodies` they work for besides.

    `trees` are the topmost bodies in which they are manager, supervisor or viewer.
    """

    trees: tuple[Organisation, ...] = ()
    bodies: tuple[Organisation, ...] = ()

    @classmethod
    def of(cls, user: User) -> "Scope":
        """The scope of a person, from their loaded memberships."""
        tops = {m.organisation_id for m in topmost(user.in_role(*OVERSEEING))}
        trees = tuple(body for pk, body in user.bodies_as(*OVERSEEING).items() if pk in tops)
        oversees = cls(trees)
        worked_for = user.bodies_as(*WORKING).values()
        bodies = tuple(body for body in worked_for if not oversees.sees_below(body))
        return cls(trees, bodies)

    @property
    def branches(self) -> list[int]:
        """Ids of the trees that have children, for which all counts are kept."""
        return [tree.pk for tree in self.trees if tree.branch]

    @property
    def single_bodies(self) -> list[int]:
        """Ids of the visible bodies without visible children, for which only totals are kept."""
        return [
            *(tree.pk for tree in self.trees if not tree.branch),
            *(body.pk for body in self.bodies),
        ]

    def sees(self, body: Organisation) -> bool:
        """Whether the body's obligations are visible."""
        return body in self.bodies or self.sees_below(body)

    def sees_below(self, body: Organisation) -> bool:
        """Whether the whole subtree of the body is visible."""
        return any(body.path.startswith(tree.path) for tree in self.trees)

    @property
    def sees_most(self) -> bool:
        """Whether most of the tree is visible, and so most of the newest rows."""
        return any(tree.depth < WIDE for tree in self.trees)

    def filter_only(self, rows: Rows, field: str) -> Rows:
        """The rows whose body is visible, for a list that is read from its newest row on.

        `field` leads to the body. The condition only filters, so that no engine collects the rows
        of all bodies to sort them.
        """
        return rows.filter(FilterOnly(self.condition(field)))

    def condition(self, field: str) -> Q:
        """Rows whose body is visible; `field` leads to the body ("" is the body itself)."""
        lead = f"{field}__" if field else ""
        condition = Q(**{f"{lead}pk__in": [body.pk for body in self.bodies]})
        for tree in self.trees:
            condition |= in_subtree(tree.path, f"{lead}path")
        return condition


def sum_lights(rows: Iterable[Mapping[str, Any]], key: str) -> dict[int, Lights]:
    """Lights by the value of `key`, from rows with `key`, light, n (count) and p (percent sum)."""
    result: dict[int, Lights] = {}
    for row in rows:
        more = Lights(**{row["light"]: row["n"]}, percent_sum=row["p"])
        result[row[key]] = result.get(row[key], NO_LIGHTS).plus(more)
    return result


def lights_by(scope: Scope, by: str, **where: object) -> dict[int, Lights]:
    """Lights of the scope by document, section or directive id; `by` is one of these words.

    Trees are read from the tallies, and the few rows of single bodies from the obligations.
    """
    key = f"{by}_id"
    # Only bodies that have children are tallied by directive.
    tallied_trees = [tree for tree in scope.trees if tree.branch or by != "directive"]
    other_bodies = [body for body in (*scope.trees, *scope.bodies) if body not in tallied_trees]
    rows: list[Mapping[str, Any]] = []
    if tallied_trees:
        tallies = (Tally if by == "directive" else Total).objects
        tallied = tallies.filter(scope__in=tallied_trees, **where)
        rows += _light_sums(tallied.values(key, "light"), Sum("count"), Sum("percent_sum"))
    if other_bodies:
        owed = Obligation.objects.counted().filter(organisation__in=other_bodies, **where)
        rows += _light_sums(owed.values(key, "light"), Count("pk"), Sum("percent"))
    return sum_lights(rows, key)


def lights_of_bodies(
    scope: Scope, bodies: Iterable[Organisation], **where: object
) -> dict[int, Lights]:
    """Lights of each body by id: of its subtree if that is visible, else of its own work."""
    trees = [body.pk for body in bodies if scope.sees_below(body)]
    own_bodies = [body.pk for body in bodies if body in scope.bodies]
    totals = Total.objects.filter(scope__in=trees, **where).values("scope_id", "light")
    result = sum_lights(_light_sums(totals, Sum("count"), Sum("percent_sum")), "scope_id")
    if own_bodies:
        owed = Obligation.objects.counted().filter(organisation__in=own_bodies, **where)
        rows = owed.values("organisation_id", "light")
        result |= sum_lights(_light_sums(rows, Count("pk"), Sum("percent")), "organisation_id")
    return result


def _light_sums(
    rows: QuerySet[Any, Any], count: Aggregate, percent: Aggregate
) -> QuerySet[Any, Any]:
    sums: QuerySet[Any, Any] = rows.annotate(n=count, p=percent).order_by()
    return sums
