"""What part of the work a person sees, and its lights, read from the tallies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Aggregate, BooleanField, Count, Func, Q, QuerySet, Sum

from directives.base.states import COLOURS, MANAGER, ON_TIME, STAFF, SUPERVISOR, VIEWER
from directives.models import Obligation, Organisation, Tally, Total, User
from directives.models.scope import in_subtree

Rows = TypeVar("Rows", bound=QuerySet[Any])
WIDE = 2  # levels of the tree from which nearly everything is seen


@dataclass(frozen=True, slots=True)
class Lights:
    """Counts of live obligations by light; `percent_sum` is the sum of their percents."""

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
        """The numerator of the share that is on time: all but the overdue and the near due or
        behind.
        """
        return sum(map(self.count, ON_TIME))

    @property
    def mean(self) -> int | None:
        """Mean percent done, rounded down; None where nothing is owed."""
        return self.percent_sum // self.total if self.total else None

    def count(self, colour: str) -> int:
        number: int = getattr(self, colour)
        return number

    @property
    def colours(self) -> tuple[tuple[str, int], ...]:
        """The lights that are lit, with their counts, in the order of a bar."""
        return tuple((colour, self.count(colour)) for colour in COLOURS if self.count(colour))

    def plus(self, other: "Lights") -> "Lights":
        counts = {colour: self.count(colour) + other.count(colour) for colour in COLOURS}
        return Lights(**counts, percent_sum=self.percent_sum + other.percent_sum)


NO_LIGHTS = Lights()


class FilterOnly(Func):
    """A condition that the planner may not use to look rows up, only to filter them.

    PostgreSQL still estimates how many rows meet it.
    """

    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Scope:
    """`trees` are the topmost bodies whose subtree the person oversees, `bodies` those for which
    they fill in besides.
    """

    trees: tuple[Organisation, ...] = ()
    bodies: tuple[Organisation, ...] = ()

    @classmethod
    def of(cls, user: User) -> "Scope":
        """The scope of a person, from their memberships; no further query."""
        seen = {
            m.organisation_id: m.organisation for m in user.in_role(MANAGER, SUPERVISOR, VIEWER)
        }
        trees = tuple(
            body
            for body in seen.values()
            if not any(_below(body, other) for other in seen.values())
        )
        worked_for = {m.organisation_id: m.organisation for m in user.in_role(STAFF, MANAGER)}
        bodies = tuple(
            body
            for body in worked_for.values()
            if not any(body.path.startswith(tree.path) for tree in trees)
        )
        return cls(trees, bodies)

    @property
    def branches(self) -> list[int]:
        """Trees (ids) for which all counts are kept."""
        return [tree.pk for tree in self.trees if tree.branch]

    @property
    def single(self) -> list[int]:
        """Ids of bodies of which only their own rows are in view, and which keep only totals."""
        return [
            *(tree.pk for tree in self.trees if not tree.branch),
            *(body.pk for body in self.bodies),
        ]

    def sees(self, body: Organisation) -> bool:
        """The body's obligations are in view."""
        return body in self.bodies or self.sees_below(body)

    def sees_below(self, body: Organisation) -> bool:
        """The whole subtree of the body is in view."""
        return any(body.path.startswith(tree.path) for tree in self.trees)

    @property
    def wide(self) -> bool:
        """Whether most of the tree is in view, so that most of the newest rows are."""
        return any(tree.depth < WIDE for tree in self.trees)

    def walked(self, rows: Rows, field: str) -> Rows:
        """The rows whose body is in view, for a list read from its newest row on.

        `field` leads to the body. Rows are only filtered by the condition, so that no engine
        collects the rows of all bodies to sort them.
        """
        return rows.filter(FilterOnly(self.condition(field)))

    def condition(self, field: str) -> Q:
        """Rows whose body is in view; `field` leads to the body ("" is the body itself)."""
        lead = f"{field}__" if field else ""
        condition = Q(**{f"{lead}pk__in": [body.pk for body in self.bodies]})
        for tree in self.trees:
            condition |= in_subtree(tree.path, f"{lead}path")
        return condition


def _below(body: Organisation, other: Organisation) -> bool:
    return body.pk != other.pk and body.path.startswith(other.path)


def sum_lights(rows: Iterable[Mapping[str, Any]], key: str) -> dict[int, Lights]:
    """Lights by the value of `key`, from rows with that key, light, n and p."""
    result: dict[int, Lights] = {}
    for row in rows:
        more = Lights(**{row["light"]: row["n"]}, percent_sum=row["p"])
        result[row[key]] = result.get(row[key], NO_LIGHTS).plus(more)
    return result


def lights_by(scope: Scope, by: str, **where: object) -> dict[int, Lights]:
    """Lights over the scope by document, section or directive id: from the tallies of the trees,
    and the few rows of own bodies.
    """
    key = f"{by}_id"
    # Only bodies that have children are tallied by directive.
    tallied_trees = [tree for tree in scope.trees if tree.branch or by != "directive"]
    counted = [body for body in (*scope.trees, *scope.bodies) if body not in tallied_trees]
    rows: list[Mapping[str, Any]] = []
    if tallied_trees:
        tallied = (Tally if by == "directive" else Total).objects.filter(
            scope__in=tallied_trees, **where
        )
        rows += _light_sums(tallied.values(key, "light"), Sum("count"), Sum("percent_sum"))
    if counted:
        owed = Obligation.objects.live().filter(organisation__in=counted, **where)
        rows += _light_sums(owed.values(key, "light"), Count("pk"), Sum("percent"))
    return sum_lights(rows, key)


def lights_of_bodies(
    scope: Scope, bodies: Iterable[Organisation], **where: object
) -> dict[int, Lights]:
    """Lights of each body by id: of its subtree where the scope covers it, of its own work where
    the person fills in for it.
    """
    trees = [body.pk for body in bodies if scope.sees_below(body)]
    own_bodies = [body.pk for body in bodies if body in scope.bodies]
    totals = Total.objects.filter(scope__in=trees, **where).values("scope_id", "light")
    result = sum_lights(_light_sums(totals, Sum("count"), Sum("percent_sum")), "scope_id")
    if own_bodies:
        owed = Obligation.objects.live().filter(organisation__in=own_bodies, **where)
        rows = owed.values("organisation_id", "light")
        result |= sum_lights(_light_sums(rows, Count("pk"), Sum("percent")), "organisation_id")
    return result


def _light_sums(
    rows: QuerySet[Any, Any], count: Aggregate, percent: Aggregate
) -> QuerySet[Any, Any]:
    sums: QuerySet[Any, Any] = rows.annotate(n=count, p=percent).order_by()
    return sums
