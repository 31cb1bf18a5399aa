"""Directives × bodies: a page of a document's matrix, in a handful of queries."""

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

SIDE = 25  # directives and bodies of one page
TOGETHER = 10  # directives of a file that are read at once
ASIDE = 300  # bodies of a file that are read at once
DOWN = Order("d", (Column("order"), Column("pk")))
ACROSS = Order("b", (Column("path"), Column("pk")))


@dataclass(frozen=True, slots=True)
class Cell:
    """What a body owes under a directive; `pk` None: nothing. `dim`: not of the light asked for."""

    body: Organisation
    pk: int | None = None
    light: str = ""
    percent: int = 0
    dim: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A directive and its cells, one for each body of the page; `opens` its section."""

    directive: Directive
    cells: tuple[Cell, ...]
    opens: bool


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
    """The directives and the bodies of a matrix under its filter, and what lies where they meet."""

    directives: QuerySet[Directive]
    bodies: QuerySet[Organisation]
    owed: QuerySet[Obligation]
    light: str
    total: int | None  # bodies, where a count is kept of them


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
    """The axes of a document's matrix over what this person sees, of a light where it is lit.

    Bodies stand in the order of the tree, so that a page of them is read along the index of their
    paths: with the `query` of an address, only from where the page that it asks for begins.
    """
    reach = Reach.of(user, body)
    owed = Obligation.objects.live().filter(document=document)
    directives: QuerySet[Directive] = Directive.objects.filter(
        document=document, statement=False
    ).select_related("section")
    part = {} if (pk := whole_number(section)) is None else {"section": pk}
    directives, owed = directives.filter(**part), owed.filter(**part)
    lit = owed.filter(light=light) if light else owed
    if light:
        directives = _lit(directives, reach, lit, kind=kind, light=light)
    bodies = _within(user, reach, PageRequest.from_query(query or {}, ACROSS, "b"))
    bodies = bodies.filter(kind=kind) if kind else bodies
    bodies = bodies.filter(Exists(lit.filter(organisation=OuterRef("pk"))))
    if part:
        bodies = bodies.filter(
            _counted_in(document, {**part, **({"light": light} if light else {})})
        )
    return Axes(
        directives,
        bodies,
        owed,
        light,
        None if part or kind or light else _counted(reach, document, lit),
    )


def _counted_in(document: Document, filters: Mapping[str, Any]) -> Exists:
    """Whether the counts of a body and all below it name any row.

    Where they name none, the rows need not be read.
    """
    counts = Total.objects.filter(document=document, count__gt=0, **filters)
    return Exists(counts.filter(scope=OuterRef("pk")))


def _within(user: User, reach: Reach, turn: PageRequest) -> QuerySet[Organisation]:
    """The bodies in reach, as one range of paths where they are one."""
    if not reach.ranges:
        return Organisation.objects.none()
    low, high = reach.ranges[0][0], max(high for _low, high in reach.ranges)
    low = max(low, turn.after[0]) if turn.after else low
    high = min(high, turn.before[0]) if turn.before else high
    near = Organisation.objects.filter(path__gte=low, path__lte=high)
    return near if len(reach.ranges) == 1 else near.filter(in_view(user, ""))


def _lit(
    directives: QuerySet[Directive],
    reach: Reach,
    lit: QuerySet[Obligation],
    *,
    kind: str,
    light: str,
) -> QuerySet[Directive]:
    """The directives with this light in reach: from the counts, and single bodies' rows."""
    kinds = {"body_kind": kind} if kind else {}
    kept = Tally.objects.filter(
        scope__in=reach.branches,
        document=OuterRef("document"),
        directive=OuterRef("pk"),
        light=light,
        count__gt=0,
    )
    alone = lit.filter(
        directive=OuterRef("pk"),
        organisation__in=reach.single,
        **({"organisation__kind": kind} if kind else {}),
    )
    return directives.filter(Exists(kept.filter(**kinds)) | Exists(alone))


def _counted(reach: Reach, document: Document, owed: QuerySet[Obligation]) -> int:
    """How many bodies in reach owe anything under the document."""
    marks = Mark.objects.filter(scope__in=reach.branches, document=document, topic="bodies")
    alone = (
        owed.filter(organisation__in=reach.single).values("organisation").distinct().count()
        if reach.single
        else 0
    )
    return alone + (marks.aggregate(n=Sum("count"))["n"] or 0 if reach.branches else 0)


def matrix_of(axes: Axes, query: Mapping[str, str]) -> Matrix:
    """One page of the matrix: by its keys down (d…) and across (b…)."""
    down = read_page(
        axes.directives,
        DOWN,
        PageRequest.from_query(query, DOWN, "d"),
        total=axes.directives.count(),
        size=SIDE,
    )
    bodies = axes.bodies.only("code", "name_hans", "name_hant", "path")
    across = read_page(
        bodies, ACROSS, PageRequest.from_query(query, ACROSS, "b"), total=axes.total, size=SIDE
    )
    return Matrix(down, across, tuple(rows_of(axes, down.rows, across.rows)))


def rows_of(
    axes: Axes, directives: Sequence[Directive], bodies: Sequence[Organisation]
) -> Iterator[Row]:
    """The lines of the matrix for these directives and bodies, read some at a time."""
    section = None
    for start in range(0, len(directives), SIDE if len(bodies) <= SIDE else TOGETHER):
        some = directives[start : start + (SIDE if len(bodies) <= SIDE else TOGETHER)]
        cells = _cells(axes, some, bodies)
        for directive in some:
            line = []
            for body in bodies:
                pk, light, percent = cells.get((directive.pk, body.pk), (None, "", 0))
                line.append(
                    Cell(body, pk, light, percent, bool(axes.light and light != axes.light))
                )
            yield Row(directive, tuple(line), directive.section_id != section)
            section = directive.section_id


def _cells(
    axes: Axes, directives: Sequence[Directive], bodies: Sequence[Organisation]
) -> dict[tuple[int, int], tuple[int, str, int]]:
    if not bodies:
        return {}
    owed = axes.owed.filter(directive__in=directives)
    if len(bodies) <= SIDE:
        owed = owed.filter(organisation__in=bodies)
    else:  # a file names no thousands of bodies: they are those between its first and its last
        owed = owed.filter(
            organisation__path__gte=bodies[0].path, organisation__path__lte=bodies[-1].path
        )
    columns = ("directive_id", "organisation_id", "pk", "light", "percent")
    return {
        (directive, body): (pk, light, percent)
        for directive, body, pk, light, percent in owed.order_by().values_list(*columns)
    }


@dataclass(frozen=True, slots=True)
class BodyRow:
    """A body and its cells, one for each directive."""

    body: Organisation
    cells: tuple[Cell, ...]


def rows_by_body(
    axes: Axes, directives: Sequence[Directive], bodies: QuerySet[Organisation]
) -> Iterator[BodyRow]:
    """The matrix with bodies down, in the order of the tree, read some at a time."""
    walk = bodies.order_by("path").iterator(chunk_size=ASIDE)
    while some := list(islice(walk, ASIDE)):
        cells = _cells(axes, directives, some)
        for body in some:
            owed = (cells.get((directive.pk, body.pk), (None, "", 0)) for directive in directives)
            yield BodyRow(
                body,
                tuple(
                    Cell(body, pk, light, percent, bool(axes.light and light != axes.light))
                    for pk, light, percent in owed
                ),
            )
