"""The matrix of a document: directives as rows, organisations as columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum

from directives.base.numbers import whole_number
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.models import (
    Directive,
    Document,
    Mark,
    Obligation,
    Organisation,
    Tally,
    Total,
    User,
)
from directives.models.scope import in_view
from directives.obligations.queries.counting import Reach

PAGE_SIZE = 25  # directives and bodies on one page
DIRECTIVE_BATCH = 10  # directives in a batch of an export
BODY_BATCH = 300  # bodies in a batch of an export
DOWN = Order("d", (Column("order"), Column("pk")))
ACROSS = Order("b", (Column("path"), Column("pk")))
# Id, light and percent of obligations, by (directive id, organisation id).
Values = dict[tuple[int, int], tuple[int, str, int]]


@dataclass(frozen=True, slots=True)
class Cell:
    """The obligation of a body under a directive; `pk` is None if there is none."""

    body: Organisation
    pk: int | None = None
    light: str = ""
    percent: int = 0
    is_dimmed: bool = False  # its light is not the chosen one


@dataclass(frozen=True, slots=True)
class Row:
    """A directive and its cells, one for each body; `opens`: the first of its section."""

    directive: Directive
    cells: tuple[Cell, ...]
    starts_section: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of the matrix."""

    directives: Page
    bodies: Page
    rows: tuple[Row, ...]

    @property
    def empty(self) -> bool:
        return not self.rows or not self.bodies.rows


@dataclass(frozen=True, slots=True)
class Axes:
    """The directives and bodies that the filter of a matrix selects, and their obligations."""

    directives: QuerySet[Directive]
    bodies: QuerySet[Organisation]
    obligations: QuerySet[Obligation]
    light: str
    total: int | None  # number of bodies; None if there is no stored count


def axes(
    user: User,
    document: Document,
    *,
    section: str = "",
    kind: str = "",
    light: str = "",
    body: Organisation | None = None,
    query: Mapping[str, str] | None = None,
) -> Axes:
    """Return the axes of the part of a document's matrix that the user sees.

    With a `light`, the directives and bodies have at least one obligation with it. Bodies are in
    tree order, so that a page is read along the index of paths; `query`, the query string of the
    page, limits them to the paths from where the page begins.
    """
    reach = Reach.of(user, body)
    obligations = Obligation.objects.live().filter(document=document)
    directives: QuerySet[Directive] = Directive.objects.filter(
        document=document, statement=False
    ).select_related("section__part")
    in_section = {} if (pk := whole_number(section)) is None else {"section": pk}
    directives, obligations = directives.filter(**in_section), obligations.filter(**in_section)
    matching = obligations.filter(light=light) if light else obligations
    if light:
        directives = _with_light(directives, reach, matching, kind=kind, light=light)
    bodies = _bodies_in_reach(user, reach, PageRequest.from_query(query or {}, ACROSS, "b"))
    bodies = bodies.filter(kind=kind) if kind else bodies
    bodies = bodies.filter(Exists(matching.filter(organisation=OuterRef("pk"))))
    if in_section:
        conditions = {**in_section, **({"light": light} if light else {})}
        bodies = bodies.filter(_counted_in(document, conditions))
    return Axes(
        directives,
        bodies,
        obligations,
        light,
        None if in_section or kind or light else _count_bodies(reach, document, matching),
    )


def _counted_in(document: Document, conditions: Mapping[str, Any]) -> Exists:
    """Whether the stored count of a body and all below it is above 0.

    Bodies for which it is 0 need not be read.
    """
    counts = Total.objects.filter(document=document, count__gt=0, **conditions)
    return Exists(counts.filter(scope=OuterRef("pk")))


def _bodies_in_reach(user: User, reach: Reach, page_request: PageRequest) -> QuerySet[Organisation]:
    """The bodies in reach, selected by one range of paths where possible."""
    if not reach.ranges:
        return Organisation.objects.none()
    low, high = reach.ranges[0][0], max(high for _low, high in reach.ranges)
    if page_request.key and page_request.backwards:
        high = min(high, page_request.key[0])
    elif page_request.key:
        low = max(low, page_request.key[0])
    bodies = Organisation.objects.filter(path__gte=low, path__lte=high)
    return bodies if len(reach.ranges) == 1 else bodies.filter(in_view(user, ""))


def _with_light(
    directives: QuerySet[Directive],
    reach: Reach,
    obligations: QuerySet[Obligation],
    *,
    kind: str,
    light: str,
) -> QuerySet[Directive]:
    """The directives with this light in reach, from stored counts and single bodies' rows."""
    kinds = {"body_kind": kind} if kind else {}
    tallies = Tally.objects.filter(
        scope__in=reach.branches,
        document=OuterRef("document"),
        directive=OuterRef("pk"),
        light=light,
        count__gt=0,
    )
    of_single_bodies = obligations.filter(
        directive=OuterRef("pk"),
        organisation__in=reach.single_bodies,
        **({"organisation__kind": kind} if kind else {}),
    )
    return directives.filter(Exists(tallies.filter(**kinds)) | Exists(of_single_bodies))


def _count_bodies(reach: Reach, document: Document, obligations: QuerySet[Obligation]) -> int:
    """The number of bodies in reach that have an obligation under the document."""
    total = 0
    if reach.single_bodies:
        of_single_bodies = obligations.filter(organisation__in=reach.single_bodies)
        total += of_single_bodies.values("organisation").distinct().count()
    if reach.branches:
        marks = Mark.objects.filter(scope__in=reach.branches, document=document, topic="bodies")
        total += marks.aggregate(n=Sum("count"))["n"] or 0
    return total


def matrix_of(axes: Axes, query: Mapping[str, str]) -> Matrix:
    """Return one page of the matrix: by its keys down (d…) and across (b…)."""
    directive_page = read_page(
        axes.directives,
        DOWN,
        PageRequest.from_query(query, DOWN, "d"),
        total=axes.directives.count(),
        size=PAGE_SIZE,
    )
    bodies = axes.bodies.only("code", "name_hans", "name_hant", "path")
    body_page = read_page(
        bodies, ACROSS, PageRequest.from_query(query, ACROSS, "b"), total=axes.total, size=PAGE_SIZE
    )
    return Matrix(
        directive_page, body_page, tuple(rows_of(axes, directive_page.rows, body_page.rows))
    )


def rows_of(
    axes: Axes, directives: Sequence[Directive], bodies: Sequence[Organisation]
) -> Iterator[Row]:
    """Yield the rows of the matrix for these directives and bodies, read in batches."""
    section = None
    size = PAGE_SIZE if len(bodies) <= PAGE_SIZE else DIRECTIVE_BATCH
    for start in range(0, len(directives), size):
        batch = directives[start : start + size]
        values = _values(axes, batch, bodies)
        for directive in batch:
            cells = tuple(_cell(axes, values, directive, body) for body in bodies)
            yield Row(directive, cells, directive.section_id != section)
            section = directive.section_id


def _cell(axes: Axes, values: Values, directive: Directive, body: Organisation) -> Cell:
    pk, light, percent = values.get((directive.pk, body.pk), (None, "", 0))
    return Cell(body, pk, light, percent, is_dimmed=bool(axes.light and light != axes.light))


def _values(axes: Axes, directives: Sequence[Directive], bodies: Sequence[Organisation]) -> Values:
    if not bodies:
        return {}
    obligations = axes.obligations.filter(directive__in=directives)
    if len(bodies) <= PAGE_SIZE:
        obligations = obligations.filter(organisation__in=bodies)
    else:  # too many ids for a query; the bodies are all between the first and the last path
        obligations = obligations.filter(
            organisation__path__gte=bodies[0].path, organisation__path__lte=bodies[-1].path
        )
    columns = ("directive_id", "organisation_id", "pk", "light", "percent")
    return {
        (directive, body): (pk, light, percent)
        for directive, body, pk, light, percent in obligations.order_by().values_list(*columns)
    }


@dataclass(frozen=True, slots=True)
class BodyRow:
    """A body and its cells, one for each directive of the matrix."""

    body: Organisation
    cells: tuple[Cell, ...]


def rows_by_body(
    axes: Axes, directives: Sequence[Directive], bodies: QuerySet[Organisation]
) -> Iterator[BodyRow]:
    """Yield the matrix with bodies as rows, in tree order, read in batches."""
    ordered = bodies.order_by("path").iterator(chunk_size=BODY_BATCH)
    while batch := list(islice(ordered, BODY_BATCH)):
        values = _values(axes, directives, batch)
        for body in batch:
            cells = (_cell(axes, values, directive, body) for directive in directives)
            yield BodyRow(body, tuple(cells))
