"""The lights of a dashboard by body and section, in a fixed number of queries.

For all documents together (`document` None) they are by body and document. Today's lights come from
stored totals, those of an earlier day from daily copies, filtered ones from counts by directive.
Bodies without children have only totals; for anything else their few rows are counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Substr

from directives.base.states import ASSIGNED, COLOURS
from directives.core.scope import NO_LIGHTS, Lights, Scope
from directives.dashboard.queries import sql
from directives.dashboard.queries.choice import BoardChoice
from directives.models import (
    DocumentTotal,
    Obligation,
    Organisation,
    OverallDay,
    Tally,
    TallyDay,
    Total,
    User,
)
from directives.models.organisations import ancestors


@dataclass(frozen=True, slots=True)
class Body:
    """The names and the place in the tree of an organisation."""

    pk: int
    code: str
    name_hans: str
    name_hant: str
    path: str
    parent_id: int | None = None
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Vantage:
    """The body of a dashboard, shown with its whole subtree or only with its own obligations."""

    body: Body
    whole: bool
    has_counts: bool  # there are stored counts of everything in view
    has_copies: bool  # there are daily copies of everything in view
    ancestors: tuple[Body, ...]  # bodies above that the user may look at, the highest first
    children: tuple[Body, ...]


def bodies_around(body: int) -> dict[int, Body]:
    """A body, all above it and its children, by id, in one query."""
    return {
        pk: Body(pk, code, hans, hant, path, parent, bool(branch))  # SQLite returns an int
        for pk, code, hans, hant, path, parent, branch in sql.bodies_around(body)
    }


def vantage(user: User, scope_id: int | None) -> Vantage | None:
    """Return the view of a body, by default the highest that the user oversees, or their own.

    None if the user may not look at the body, or belongs to none. One query.
    """
    scope = Scope.of(user)
    body_id = scope_id
    if body_id is None:
        places = [*sorted(scope.trees, key=lambda tree: tree.depth), *scope.bodies]
        body_id = places[0].pk if places else None
    bodies = {} if body_id is None else bodies_around(body_id)
    body = bodies.get(body_id or 0)
    if body is None:
        return None
    trees = tuple(tree.path for tree in scope.trees)
    whole = body.path.startswith(trees)
    if not whole and body.pk not in {single.pk for single in scope.bodies}:
        return None
    ancestor_bodies = (bodies[pk] for pk in ancestors(body.path)[:-1] if pk in bodies)
    children = (other for other in bodies.values() if whole and other.parent_id == body.pk)
    return Vantage(
        body,
        whole,
        has_counts=whole and body.branch,
        has_copies=whole or not body.branch,
        ancestors=tuple(other for other in ancestor_bodies if other.path.startswith(trees)),
        children=tuple(sorted(children, key=lambda child: child.code)),
    )


LightCounts = dict[str, int]  # the arguments of Lights


@dataclass(frozen=True, slots=True)
class BoardLights:
    """The lights of a body and its children: body → section → counts, and sums by body.

    For all documents: body → document → counts; the children have only sums.
    """

    parts: dict[int, dict[int, LightCounts]]
    sums: dict[int, LightCounts]

    def over(self, body: int) -> Lights:
        """The lights of a body over all sections or documents."""
        return Lights(**self.sums[body]) if body in self.sums else NO_LIGHTS

    def of(self, body: int, part: int) -> Lights:
        """The lights of a body in one section or document."""
        lights = self.parts.get(body, {}).get(part)
        return Lights(**lights) if lights else NO_LIGHTS


NO_BOARD_LIGHTS = BoardLights({}, {})


def board_lights(rows: Iterable[tuple[int, int, str, int, int]]) -> BoardLights:
    """Sum rows of (body, section or document, light, count, sum of percents)."""
    parts: dict[int, dict[int, LightCounts]] = {}
    sums: dict[int, LightCounts] = {}
    for body, part, light, count, percents in rows:
        if body not in parts:
            parts[body], sums[body] = {}, {"percent_sum": 0}
        cells, total = parts[body], sums[body]
        if part not in cells:
            cells[part] = {"percent_sum": 0}
        cell = cells[part]
        cell[light] = cell.get(light, 0) + count
        cell["percent_sum"] += percents
        total[light] = total.get(light, 0) + count
        total["percent_sum"] += percents
    return BoardLights(parts, sums)


def body_and_children(view: Vantage) -> QuerySet:
    """The ids of the body and its children."""
    return Organisation.objects.filter(Q(pk=view.body.pk) | Q(parent=view.body.pk)).values("pk")


def lights_today(view: Vantage, document: int | None, choice: BoardChoice) -> BoardLights:
    """Today's lights of a body and its children: one query, or two for all documents."""
    if choice.by_directive:
        return board_lights(_filtered(view, document, choice))
    if document is None:
        of_body = DocumentTotal.objects.filter(scope=view.body.pk)
        below = DocumentTotal.objects.filter(scope__in=_children(view)).order_by()
        return _over_documents(
            of_body.values_list("scope_id", "document_id", *LIGHTS),
            below.values_list("scope_id").annotate(**LIGHT_SUMS),
        )
    rows = Total.objects.filter(scope__in=body_and_children(view), document=document, count__gt=0)
    if choice.section:
        rows = rows.filter(section=choice.section)
    return board_lights(rows.values_list("scope_id", "section_id", "light", "count", "percent_sum"))


def _children(view: Vantage) -> QuerySet:
    return Organisation.objects.filter(parent=view.body.pk).values("pk")


LIGHTS = (*COLOURS, "percent_sum")
LIGHT_SUMS = {f"{name}_n": Sum(name) for name in LIGHTS}


def _by_column(rows: Iterable[tuple]) -> BoardLights:
    """Sum rows of (body, section or document, *LIGHTS)."""
    return board_lights(
        (body, part, colour, n, 0 if place else percents)  # one sum for all lights: added once
        for body, part, *counts, percents in rows
        for place, (colour, n) in enumerate(zip(COLOURS, counts, strict=True))
    )


def _over_documents(of_body: Iterable[tuple], below: Iterable[tuple]) -> BoardLights:
    """Join rows of (body, document, *LIGHTS) of the body and of (body, *LIGHTS) of its children."""
    lights = _by_column(of_body)
    sums = {body: dict(zip(LIGHTS, counts, strict=True)) for body, *counts in below}
    return BoardLights(lights.parts, lights.sums | sums)


def of_document(document: int | None) -> dict[str, int]:
    """The condition on rows with a document; none for all documents."""
    return {} if document is None else {"document": document}


def _filtered(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet:
    """Filtered rows for `ground`, from counts by directive and rows of bodies without counts."""
    document_condition = of_document(document)
    part, part_of_leaf = (
        ("directive__section_id", "section_id") if document else ("document_id", "document_id")
    )
    stored = Tally.objects.filter(
        scope__in=body_and_children(view),
        count__gt=0,
        **document_condition,
        **choice.tally_conditions(),
    ).order_by()
    stored = stored.values_list("scope_id", part, "light").annotate(
        n=Sum("count"), p=Sum("percent_sum")
    )
    leaves = (
        Obligation.objects.counted()
        .filter(organisation__parent=view.body.pk, organisation__branch=False, **document_condition)
        .filter(**choice.row_conditions())
        .order_by()
        .values_list("organisation_id", part_of_leaf, "light")
    )
    return stored.union(leaves.annotate(n=Count("pk"), p=Sum("percent")), all=True)


def lights_on_day(
    on: date, view: Vantage, document: int | None, choice: BoardChoice
) -> BoardLights:
    """The lights at the end of an earlier day, from the newest copies on or before it.

    One query, or two for all documents.
    """
    if document is None:
        return _all_on(on, view)
    bodies = body_and_children(view) if view.has_counts else (view.body.pk,)
    rows = TallyDay.objects.filter(scope__in=bodies, document=document, day=_newest_copy(on))
    if choice.section:
        rows = rows.filter(section=choice.section)
    return _by_column(rows.values_list("scope_id", "section_id", *LIGHTS))


def _newest_copy(on: date) -> Subquery:
    """The day of the newest copy, on or before a day, of the scope, document and section."""
    same = {name: OuterRef(name) for name in ("scope", "document", "section")}
    copies = TallyDay.objects.filter(**same, day__lte=on)
    return Subquery(copies.order_by("-day").values("day")[:1])


def _all_on(on: date, view: Vantage) -> BoardLights:
    """The lights at the end of an earlier day over all documents."""
    copies = TallyDay.objects.filter(scope=view.body.pk, day=_newest_copy(on)).order_by()
    of_body = copies.values_list("scope_id", "document_id").annotate(**LIGHT_SUMS)
    if not view.has_counts:
        return _over_documents(of_body, ())
    earlier = OverallDay.objects.filter(scope=OuterRef("scope"), day__lte=on)
    newest = Subquery(earlier.order_by("-day").values("day")[:1])
    below = OverallDay.objects.filter(scope__in=_children(view), day=newest)
    return _over_documents(of_body, below.values_list("scope_id", *LIGHTS))


def first_copy(view: Vantage, document: int | None) -> date | None:
    """The day of the first copy; None if there is none."""
    copies: QuerySet = OverallDay.objects.filter(scope=view.body.pk)
    if document is not None:
        copies = TallyDay.objects.filter(scope=view.body.pk, document=document)
    return copies.order_by("day").values_list("day", flat=True).first()


# by directive


TEXT_LENGTH = 80  # characters of a directive's text in a table


@dataclass(frozen=True, slots=True)
class Task:
    """A directive; `row` is its obligation if the dashboard is about a single body."""

    pk: int
    code: str
    order: int
    section_id: int
    text: str
    text_hans: str
    text_hant: str
    row: Obligation | None = None


def by_directive(
    view: Vantage, document: int, choice: BoardChoice
) -> tuple[list[tuple[Task, Lights]], int]:
    """Lights by directive in document order, and how many rows are not acknowledged. One query."""
    # Annotations are grouped by too, which changes nothing: they depend only on the directive.
    names = {f"its_{name}": F(f"directive__{name}") for name in ("code", "order", "section_id")}
    texts = {
        f"its_{name}": Substr(f"directive__{name}", 1, TEXT_LENGTH)
        for name in ("text", "text_hans", "text_hant")
    }
    counts = (
        Tally.objects.filter(
            scope=view.body.pk, document=document, count__gt=0, **choice.tally_conditions()
        )
        .order_by()
        .values_list("directive_id", "light")
        .annotate(n=Sum("count"), p=Sum("percent_sum"))
        .annotate(waiting=Sum("count", filter=Q(state=ASSIGNED), default=0))
        .annotate(**names, **texts)
    )
    lights: dict[Task, dict[str, int]] = {}
    unreceived = 0
    for directive, light, n, percents, waiting, *words in counts:
        unreceived += waiting
        cell = lights.setdefault(Task(directive, *words), {"percent_sum": 0})
        cell[light] = n
        cell["percent_sum"] += percents
    ordered = sorted(lights.items(), key=lambda item: item[0].order)
    return [(task, Lights(**cell)) for task, cell in ordered], unreceived


def unacknowledged(view: Vantage, choice: BoardChoice) -> int:
    """How many rows of all documents are not acknowledged under the filter. One query."""
    counts = Tally.objects.filter(
        scope=view.body.pk, state=ASSIGNED, count__gt=0, **choice.tally_conditions()
    )
    return counts.aggregate(n=Sum("count", default=0))["n"]
