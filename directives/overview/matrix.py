"""Directives × bodies: a page of the matrix of a document, read in a handful of queries whatever its size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from directives.models import Directive, Document, Obligation, Organisation, Total, User
from directives.overview.scope import Scope

SIDE = 25  # directives and bodies of one page


@dataclass(frozen=True, slots=True)
class Cell:
    """What a body owes under a directive; `pk` None: nothing. `dim`: it has another light than the filter asks for."""

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
        return not self.rows or not self.bodies.object_list


@dataclass(frozen=True, slots=True)
class Axes:
    """The directives and the bodies of a matrix under its filter, and what lies where they meet."""

    directives: QuerySet[Directive]
    bodies: QuerySet[Organisation]
    owed: QuerySet[Obligation]
    light: str


def axes(user: User, document: Document, *, section: str = "", kind: str = "", light: str = "") -> Axes:
    """The axes of a document's matrix over what this person sees; with a light, only lines in which it is lit."""
    scope = Scope.of(user)
    owed = Obligation.objects.live().filter(scope.condition("organisation"), document=document)
    directives = Directive.objects.filter(document=document, statement=False).select_related("section").order_by("order")
    if section.isdecimal():
        directives, owed = directives.filter(section=section), owed.filter(section=section)
    bodies = Organisation.objects.filter(scope.condition(""))
    if kind:
        bodies, owed = bodies.filter(kind=kind), owed.filter(organisation__kind=kind)
    lit = owed.filter(light=light) if light else owed
    if light:
        directives = directives.filter(Exists(lit.filter(directive=OuterRef("pk"))))
    totals = Total.objects.filter(scope=OuterRef("pk"), document=document).values("scope").annotate(n=Sum("count")).values("n")
    # Those that owe most stand first: a matrix in order of codes opens on its emptiest corner.
    bodies = bodies.filter(Exists(lit.filter(organisation=OuterRef("pk")))).order_by(Subquery(totals).desc(nulls_last=True), "code")
    return Axes(directives, bodies, owed, light)


def matrix_of(found: Axes, *, directives_page: str = "", bodies_page: str = "") -> Matrix:
    """One page of the matrix; a page out of range is the last."""
    down = Paginator(found.directives, SIDE).get_page(directives_page)
    across = Paginator(found.bodies, SIDE).get_page(bodies_page)
    return Matrix(down, across, tuple(rows_of(found, list(down), list(across))))


def rows_of(found: Axes, directives: Sequence[Directive], bodies: Sequence[Organisation]) -> Iterator[Row]:
    """The lines of the matrix for these directives and bodies."""
    owed = found.owed.filter(directive__in=directives, organisation__in=bodies)
    cells = {
        (directive, body): (pk, light, percent)
        for directive, body, pk, light, percent in owed.values_list("directive_id", "organisation_id", "pk", "light", "percent")
    }
    section = None
    for directive in directives:
        line = []
        for body in bodies:
            pk, light, percent = cells.get((directive.pk, body.pk), (None, "", 0))
            line.append(Cell(body, pk, light, percent, bool(found.light and light != found.light)))
        yield Row(directive, tuple(line), directive.section_id != section)
        section = directive.section_id
