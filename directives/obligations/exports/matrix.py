"""Exporting the matrix: directives as rows, or bodies as rows if there are too many."""

from collections.abc import Iterable, Sequence

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.numbers import whole_number
from directives.base.wording import localized, localized_text
from directives.documents.exports import LIGHT_WORDS, cell_words, matrix_columns
from directives.documents.queries.filters import MatrixFilter
from directives.models import Directive, Document, Organisation, Section
from directives.models.documents import HEAVY
from directives.models.organisations import KINDS
from directives.obligations.queries.matrix import Axes, BodyRow, axes, rows_by_body, rows_of
from directives.tables.book import Book, Column
from directives.tables.lists import FilteredList, ListRequest, Notes, Place, filter_in_words

ACROSS = 200  # bodies as columns; more than these become rows
CELLS = 90_000  # cells written during a request: as many as 5,000 lines of the ledger have


def listed(request: ListRequest, place: Place) -> FilteredList:
    """The matrix of a document that the query string selects."""
    document = get_object_or_404(Document.objects.visible_to(request.user).defer(*HEAVY), **place)
    chosen = MatrixFilter.of(request.GET)
    top = None
    if body := whole_number(chosen.body):
        top = Organisation.objects.visible_to(request.user).filter(pk=body).first()
    matrix = axes(
        request.user,
        document,
        section=chosen.section,
        kind=chosen.body_kind,
        light=chosen.light,
        body=top,
    )
    conditions = _conditions(document, chosen, top)

    def fits() -> bool:
        return matrix.bodies.order_by()[: ACROSS + 1].count() <= ACROSS

    def few(limit: int) -> bool:
        bodies = matrix.bodies.order_by()[: max(limit, ACROSS) + 1].count()
        directives = matrix.directives.count()
        rows = directives if bodies <= ACROSS else bodies
        return rows <= limit and bodies * directives <= CELLS

    def total() -> int:
        return matrix.directives.count() if fits() else matrix.bodies.order_by().count()

    def make() -> Book:
        directives = list(matrix.directives.order_by("order", "pk"))
        name = f"{_('Matrix')} {localized(document, 'title')}"
        layout = _upright if fits() else _transposed
        return layout(name, matrix, directives, request, document, conditions)

    return FilteredList(conditions, few, total, make)


def _conditions(document: Document, chosen: MatrixFilter, top: Organisation | None) -> Notes:
    section = None
    if part := whole_number(chosen.section):
        section = Section.objects.filter(document=document, pk=part).first()
    return filter_in_words(
        (_("Document"), localized(document, "title")),
        (
            _("Section"),
            section and f"{localized_text(section.number)} {localized(section, 'title')}",
        ),
        (_("Organisation and those below"), top and localized(top, "name")),
        (_("Kind of organisation"), dict(KINDS).get(chosen.body_kind)),
        (pgettext("ledger", "Light"), LIGHT_WORDS.get(chosen.light)),
    )


def _upright(
    name: str,
    matrix: Axes,
    directives: Sequence[Directive],
    request: ListRequest,
    document: Document,
    conditions: Notes,
) -> Book:
    bodies = list(matrix.bodies.order_by("path"))
    notes = (
        *conditions,
        (_("Directives"), len(directives)),
        (_("Organisations"), len(bodies)),
    )
    rows = rows_of(matrix, directives, bodies)
    return Book(name, matrix_columns(bodies), rows, request.now, notes, document.fictional)


def _transposed(
    name: str,
    matrix: Axes,
    directives: Sequence[Directive],
    request: ListRequest,
    document: Document,
    conditions: tuple,
) -> Book:
    bodies = matrix.bodies.order_by().count()
    why = _("More than %(count)s organisations: organisations run down, directives across.") % {
        "count": ACROSS
    }
    notes = (
        *conditions,
        (_("Directives"), len(directives)),
        (_("Organisations"), bodies),
        (_("Layout"), why),
    )
    rows = rows_by_body(matrix, directives, matrix.bodies)
    columns = aside_columns(directives)
    return Book(name, columns, rows, request.now, notes, document.fictional)


def aside_columns(directives: Iterable[Directive]) -> tuple[Column, ...]:
    """A column for the body, then one for each directive; cells without an obligation are empty."""

    def under(place: int, directive: Directive) -> Column:
        def cell(row: BodyRow) -> str:
            return cell_words(row.cells[place])

        return Column(
            f"directive-{directive.pk}",
            localized_text(directive.code),
            cell,
            width=12,
            light=lambda row: row.cells[place].light,
        )

    head = (
        Column("organisation", pgettext("body", "Code"), lambda row: row.body.code, width=12),
        Column("name", _("Organisation"), lambda row: localized(row.body, "name"), width=32),
    )
    return head + tuple(under(place, directive) for place, directive in enumerate(directives))
