"""The lights behind a dashboard, by body and section: a fixed number of queries, whatever the number of bodies and rows.

Of all documents together (`document` None) they are by body and document. Today's are read from the kept totals, those of an
earlier day from its copies, filtered ones from the counts by directive.
Bodies without children keep only totals: where more is asked, their own few rows are counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connections
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Substr

from directives.base.states import ASSIGNED, COLOURS
from directives.core.scope import NO_LIGHTS, Lights, Scope
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
from directives.models.scope import in_subtree

BODY = ("code", "name_hans", "name_hant", "path", "parent_id", "branch")


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
    above: tuple[Body, ...] = ()  # from where the person may look too, the highest first
    children: tuple[Body, ...] = ()

    @property
    def counted(self) -> bool:
        """Everything of what is in view is counted as work moves."""
        return self.whole and self.body.branch

    @property
    def copied(self) -> bool:
        """What is in view is copied each day."""
        return self.whole or not self.body.branch

    def condition(self, field: str = "organisation") -> Q:
        """Rows in view; `field` leads to their body."""
        return (
            in_subtree(self.body.path, f"{field}__path")
            if self.counted
            else Q(**{field: self.body.pk})
        )


def vantage(user: User, asked: int | None) -> Vantage | None:
    """From where the person looks; None for a body that is out of their view, or where they have no place at all. One query.

    Asked for nothing, it is the highest body that they oversee, else the first for which they fill in.
    """
    scope = Scope.of(user)
    own = next(iter(sorted(scope.trees, key=lambda body: body.depth)), None) or next(
        iter(scope.bodies), None
    )
    wanted = asked if asked is not None else own and own.pk
    if wanted is None:
        return None
    found = _around(wanted)
    body = found.get(wanted)
    if body is None:
        return None
    trees = tuple(tree.path for tree in scope.trees)
    whole = body.path.startswith(trees)
    if not whole and wanted not in {own.pk for own in scope.bodies}:
        return None
    higher = tuple(
        found[pk]
        for pk in ancestors(body.path)[:-1]
        if pk in found and found[pk].path.startswith(trees)
    )
    children = (
        sorted((one for one in found.values() if one.parent_id == wanted), key=lambda one: one.code)
        if whole
        else ()
    )
    return Vantage(body, whole, higher, tuple(children))


TABLE = Organisation._meta.db_table
CELLS = ", ".join(f"b.{name}" for name in ("id", *BODY))
# The body with those above it, by steps along the tree, and those right below: each step is one row by its key.
AROUND = (
    f"WITH RECURSIVE up(id, parent_id) AS (SELECT id, parent_id FROM {TABLE} WHERE id = %s UNION ALL "  # noqa: S608 - names of our own table
    f"SELECT b.id, b.parent_id FROM up JOIN {TABLE} b ON b.id = up.parent_id) "
    f"SELECT {CELLS} FROM up JOIN {TABLE} b ON b.id = up.id UNION ALL SELECT {CELLS} FROM {TABLE} b WHERE b.parent_id = %s"
)


def _around(body: int) -> dict[int, Body]:
    with connections[Organisation.objects.db].cursor() as cursor:
        cursor.execute(AROUND, [body, body])
        return {row[0]: Body(*row[:-1], bool(row[-1])) for row in cursor.fetchall()}


Tallied = dict[str, int]  # what Lights are made of


@dataclass(frozen=True, slots=True)
class BoardLights:
    """The lights of a body and of the bodies right below it: body → section → counts, and their sums.

    Of all documents it is body → document → counts, for those right below the sums alone.
    """

    parts: dict[int, dict[int, Tallied]]
    sums: dict[int, Tallied]

    def over(self, body: int) -> Lights:
        """The sum over the sections, or over the documents."""
        return Lights(**self.sums[body]) if body in self.sums else NO_LIGHTS

    def of(self, body: int, part: int) -> Lights:
        """Those of a section, or of a document."""
        found = self.parts.get(body, {}).get(part)
        return Lights(**found) if found else NO_LIGHTS


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
    """Today's lights of a body that has children, and of those, under the filter: one query, of all documents two."""
    if choice.narrow:
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
    leaves = Obligation.objects.live().filter(
        organisation__parent=view.body.pk, organisation__branch=False, **of
    )
    leaves = (
        leaves.filter(**choice.of_rows())
        .order_by()
        .values_list("organisation_id", part_of_leaf, "light")
    )
    return kept.union(leaves.annotate(n=Count("pk"), p=Sum("percent")), all=True)


def ground_then(view: Vantage, document: int | None, choice: BoardChoice) -> BoardLights:
    """The lights at the end of an earlier day, from the newest copy of each body on or before it: one query, or two."""
    if document is None:
        return _all_then(view, choice.on)
    same = {name: OuterRef(name) for name in ("scope", "document", "section")}
    last = TallyDay.objects.filter(**same, day__lte=choice.on).order_by("-day").values("day")[:1]
    bodies = near(view) if view.counted else (view.body.pk,)
    rows = TallyDay.objects.filter(scope__in=bodies, document=document, day=Subquery(last))
    if choice.section:
        rows = rows.filter(section=choice.section)
    return _by_column(rows.values_list("scope_id", "section_id", *LIGHTS))


def _all_then(view: Vantage, on: date) -> BoardLights:
    """The same of all documents."""
    same = {name: OuterRef(name) for name in ("scope", "document", "section")}
    last = TallyDay.objects.filter(**same, day__lte=on).order_by("-day").values("day")[:1]
    own = (
        TallyDay.objects.filter(scope=view.body.pk, day=Subquery(last))
        .order_by()
        .values_list("scope_id", "document_id")
    )
    own = own.annotate(**{f"{name}_n": Sum(name) for name in LIGHTS})
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
    if document is None:
        rows = OverallDay.objects.filter(scope=view.body.pk)
    else:
        rows = TallyDay.objects.filter(scope=view.body.pk, document=document)
    return rows.order_by("day").values_list("day", flat=True).first()


# by directive


NAMES = ("code", "order", "section_id", "text", "text_hans", "text_hant")
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
    """Lights by directive from the kept counts, in the document's order, and how many have not been acknowledged: one query."""
    kept = Tally.objects.filter(
        scope=view.body.pk, document=document, count__gt=0, **choice.of_tallies()
    ).order_by()
    kept = kept.values_list("directive_id", "light").annotate(n=Sum("count"), p=Sum("percent_sum"))
    kept = kept.annotate(waiting=Sum("count", filter=Q(state="assigned"), default=0))
    told = [F(f"directive__{name}") for name in NAMES[:3]] + [
        Substr(f"directive__{name}", 1, SAID) for name in NAMES[3:]
    ]
    lights: dict[Task, dict[str, int]] = {}
    unreceived = 0
    for directive, light, n, percents, waiting, *names in _with_names(kept, told):
        unreceived += waiting
        cell = lights.setdefault(Task(directive, *names), {"percent_sum": 0})
        cell[light] = n
        cell["percent_sum"] += percents
    ordered = sorted(lights.items(), key=lambda found: found[0].order)
    return [(task, Lights(**cell)) for task, cell in ordered], unreceived


def unreceived(view: Vantage, choice: BoardChoice) -> int:
    """How many rows of all documents have not been acknowledged, under the filter, from the kept counts: one query."""
    kept = Tally.objects.filter(
        scope=view.body.pk, state=ASSIGNED, count__gt=0, **choice.of_tallies()
    )
    return kept.aggregate(n=Sum("count", default=0))["n"]


def _with_names(kept: QuerySet, told: Iterable) -> QuerySet:
    """The names join the groups; they are the same throughout a group, so grouping by them groups no further."""
    return kept.annotate(**{f"told_{place}": name for place, name in enumerate(told)})
