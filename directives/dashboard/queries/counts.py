"""The lights behind a dashboard, by body and section, in a fixed number of queries.

Of all documents together (`document` None) they are by body and document. Today's are read from the
kept totals, those of an earlier day from its copies, filtered ones from the counts by directive.
Bodies without children keep only totals: where more is asked, their own few rows are counted.
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
    """A body as a dashboard names it."""

    pk: int
    code: str
    name_hans: str
    name_hant: str
    path: str
    parent_id: int | None = None
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Vantage:
    """From where one looks: at the whole subtree of a body, or only at what it owes itself."""

    body: Body
    whole: bool
    counted: bool  # everything in view is counted as work moves
    copied: bool  # what is in view is copied each day
    above: tuple[Body, ...]  # from where the person may look too, the highest first
    children: tuple[Body, ...]


def bodies_around(body: int) -> dict[int, Body]:
    """A body, those above it and those right below, by id: one query."""
    return {
        pk: Body(pk, code, hans, hant, path, parent, bool(branch))  # SQLite knows no booleans
        for pk, code, hans, hant, path, parent, branch in sql.bodies_around(body)
    }


def vantage(user: User, scope_id: int | None) -> Vantage | None:
    """From where the person looks: by itself the highest body that they oversee, else their own.

    None for a body out of their view, or where they have no place at all. One query.
    """
    scope = Scope.of(user)
    wanted = scope_id
    if wanted is None:
        places = [*sorted(scope.trees, key=lambda tree: tree.depth), *scope.bodies]
        wanted = places[0].pk if places else None
    near = {} if wanted is None else bodies_around(wanted)
    body = near.get(wanted or 0)
    if body is None:
        return None
    trees = tuple(tree.path for tree in scope.trees)
    whole = body.path.startswith(trees)
    if not whole and body.pk not in {own.pk for own in scope.bodies}:
        return None
    above = (near[pk] for pk in ancestors(body.path)[:-1] if pk in near)
    children = (other for other in near.values() if whole and other.parent_id == body.pk)
    return Vantage(
        body,
        whole,
        counted=whole and body.branch,
        copied=whole or not body.branch,
        above=tuple(other for other in above if other.path.startswith(trees)),
        children=tuple(sorted(children, key=lambda child: child.code)),
    )


Tallied = dict[str, int]  # what Lights are made of


@dataclass(frozen=True, slots=True)
class BoardLights:
    """Lights of a body and of those right below it: body → section → counts, and sums.

    Of all documents it is body → document → counts, for those right below the sums alone.
    """

    parts: dict[int, dict[int, Tallied]]
    sums: dict[int, Tallied]

    def over(self, body: int) -> Lights:
        """The sum over the sections, or over the documents."""
        return Lights(**self.sums[body]) if body in self.sums else NO_LIGHTS

    def of(self, body: int, part: int) -> Lights:
        """Those of a section, or of a document."""
        lights = self.parts.get(body, {}).get(part)
        return Lights(**lights) if lights else NO_LIGHTS


BARE = BoardLights({}, {})


def ground(rows: Iterable[tuple[int, int, str, int, int]]) -> BoardLights:
    """From rows of body, section or document, light, count and sum of percents."""
    parts: dict[int, dict[int, Tallied]] = {}
    sums: dict[int, Tallied] = {}
    for body, part, light, count, percents in rows:
        if body not in parts:
            parts[body], sums[body] = {}, {"percent_sum": 0}
        mine, total = parts[body], sums[body]
        if part not in mine:
            mine[part] = {"percent_sum": 0}
        cell = mine[part]
        cell[light] = cell.get(light, 0) + count
        cell["percent_sum"] += percents
        total[light] = total.get(light, 0) + count
        total["percent_sum"] += percents
    return BoardLights(parts, sums)


def near(view: Vantage) -> QuerySet:
    """The body and those right below it."""
    return Organisation.objects.filter(Q(pk=view.body.pk) | Q(parent=view.body.pk)).values("pk")


def ground_now(view: Vantage, document: int | None, choice: BoardChoice) -> BoardLights:
    """Today's lights of a body with children, and of those: one query, of all documents two."""
    if choice.by_directive:
        return ground(_filtered(view, document, choice))
    if document is None:
        own = DocumentTotal.objects.filter(scope=view.body.pk).values_list(
            "scope_id", "document_id", *LIGHTS
        )
        below = (
            DocumentTotal.objects.filter(scope__in=_right_below(view))
            .order_by()
            .values_list("scope_id")
        )
        return _over_documents(own, below.annotate(**{f"{name}_n": Sum(name) for name in LIGHTS}))
    rows = Total.objects.filter(scope__in=near(view), document=document, count__gt=0)
    if choice.section:
        rows = rows.filter(section=choice.section)
    return ground(rows.values_list("scope_id", "section_id", "light", "count", "percent_sum"))


def _right_below(view: Vantage) -> QuerySet:
    return Organisation.objects.filter(parent=view.body.pk).values("pk")


LIGHTS = (*COLOURS, "percent_sum")


def _by_column(rows: Iterable[tuple]) -> BoardLights:
    """From rows of body, section or document, and LIGHTS."""
    return ground(
        (body, part, colour, n, 0 if place else percents)  # the percents are of all five together
        for body, part, *counts, percents in rows
        for place, (colour, n) in enumerate(zip(COLOURS, counts, strict=True))
    )


def _over_documents(own: Iterable[tuple], below: Iterable[tuple]) -> BoardLights:
    """From the LIGHTS of the body by document, and those of the bodies right below as sums."""
    made = _by_column(own)
    return BoardLights(
        made.parts,
        made.sums | {body: dict(zip(LIGHTS, counts, strict=True)) for body, *counts in below},
    )


def of_document(document: int | None) -> dict[str, int]:
    """The condition on rows that know their document."""
    return {} if document is None else {"document": document}


def _filtered(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet:
    """From the counts by directive, and from the rows of children that keep none."""
    of = of_document(document)
    part, part_of_leaf = (
        ("directive__section_id", "section_id") if document else ("document_id", "document_id")
    )
    kept = Tally.objects.filter(
        scope__in=near(view), count__gt=0, **of, **choice.of_tallies()
    ).order_by()
    kept = kept.values_list("scope_id", part, "light").annotate(
        n=Sum("count"), p=Sum("percent_sum")
    )
    leaves = (
        Obligation.objects.live()
        .filter(organisation__parent=view.body.pk, organisation__branch=False, **of)
        .filter(**choice.of_rows())
        .order_by()
        .values_list("organisation_id", part_of_leaf, "light")
    )
    return kept.union(leaves.annotate(n=Count("pk"), p=Sum("percent")), all=True)


def ground_on(on: date, view: Vantage, document: int | None, choice: BoardChoice) -> BoardLights:
    """The lights at the end of an earlier day: one query, or two.

    They are of the newest copy of each body on or before it.
    """
    if document is None:
        return _all_on(on, view)
    same = {name: OuterRef(name) for name in ("scope", "document", "section")}
    last = TallyDay.objects.filter(**same, day__lte=on).order_by("-day").values("day")[:1]
    bodies = near(view) if view.counted else (view.body.pk,)
    rows = TallyDay.objects.filter(scope__in=bodies, document=document, day=Subquery(last))
    if choice.section:
        rows = rows.filter(section=choice.section)
    return _by_column(rows.values_list("scope_id", "section_id", *LIGHTS))


def _all_on(on: date, view: Vantage) -> BoardLights:
    """The same of all documents."""
    same = {name: OuterRef(name) for name in ("scope", "document", "section")}
    last = TallyDay.objects.filter(**same, day__lte=on).order_by("-day").values("day")[:1]
    own = (
        TallyDay.objects.filter(scope=view.body.pk, day=Subquery(last))
        .order_by()
        .values_list("scope_id", "document_id")
        .annotate(**{f"{name}_n": Sum(name) for name in LIGHTS})
    )
    if not view.counted:
        return _over_documents(own, ())
    newest = (
        OverallDay.objects.filter(scope=OuterRef("scope"), day__lte=on)
        .order_by("-day")
        .values("day")[:1]
    )
    below = OverallDay.objects.filter(scope__in=_right_below(view), day=Subquery(newest))
    return _over_documents(own, below.values_list("scope_id", *LIGHTS))


def first_copy(view: Vantage, document: int | None) -> date | None:
    """The first day of which a copy is kept."""
    copies: QuerySet = OverallDay.objects.filter(scope=view.body.pk)
    if document is not None:
        copies = TallyDay.objects.filter(scope=view.body.pk, document=document)
    return copies.order_by("day").values_list("day", flat=True).first()


# by directive


SAID = 80  # characters of a directive's text that a table shows, at most


@dataclass(frozen=True, slots=True)
class Task:
    """A directive as a dashboard names it; of a single body also its obligation there."""

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
    """Lights by directive in the document's order, and how many rows are not acknowledged.

    From the kept counts: one query.
    """
    # The names join the groups; they are the same throughout a group, and so group no further.
    names = {f"its_{name}": F(f"directive__{name}") for name in ("code", "order", "section_id")}
    texts = {
        f"its_{name}": Substr(f"directive__{name}", 1, SAID)
        for name in ("text", "text_hans", "text_hant")
    }
    kept = (
        Tally.objects.filter(
            scope=view.body.pk, document=document, count__gt=0, **choice.of_tallies()
        )
        .order_by()
        .values_list("directive_id", "light")
        .annotate(n=Sum("count"), p=Sum("percent_sum"))
        .annotate(waiting=Sum("count", filter=Q(state=ASSIGNED), default=0))
        .annotate(**names, **texts)
    )
    lights: dict[Task, dict[str, int]] = {}
    unreceived = 0
    for directive, light, n, percents, waiting, *words in kept:
        unreceived += waiting
        cell = lights.setdefault(Task(directive, *words), {"percent_sum": 0})
        cell[light] = n
        cell["percent_sum"] += percents
    ordered = sorted(lights.items(), key=lambda item: item[0].order)
    return [(task, Lights(**cell)) for task, cell in ordered], unreceived


def unreceived(view: Vantage, choice: BoardChoice) -> int:
    """How many rows of all documents are not acknowledged, under the filter: one query."""
    kept = Tally.objects.filter(
        scope=view.body.pk, state=ASSIGNED, count__gt=0, **choice.of_tallies()
    )
    return kept.aggregate(n=Sum("count", default=0))["n"]
