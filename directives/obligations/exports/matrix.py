"""Exporting the matrix: directives as rows, or bodies as rows if there are too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
from directives.obligations.queries.matrix import Axes, BodyRow, Row, axes, rows_by_body, rows_of
from directives.tables.book import Book, Column, Note
from directives.tables.lists import FilteredList, ListRequest, Notes, Place, filter_in_words

MAX_BODY_COLUMNS = 200  # bodies as columns; more than these become rows
CELLS = 90_000  # cells written during a request: as many as 5,000 lines of the ledger have


def listed(request: ListRequest, place: Place) -> FilteredList:
    """The matrix of a document that the query string selects."""
    document = get_object_or_404(Document.objects.visible_to(request.user).defer(*HEAVY), **place)
    matrix_filter = MatrixFilter.of(request.GET)
    top_body = None
    if body := whole_number(matrix_filter.body):
        top_body = Organisation.objects.visible_to(request.user).filter(pk=body).first()
    matrix = axes(
        request.user,
        document,
        section=matrix_filter.section,
        kind=matrix_filter.body_kind,
        light=matrix_filter.light,
        body=top_body,
    )
    conditions = _conditions(document, matrix_filter, top_body)

    def bodies_fit() -> bool:
        bodies = matrix.bodies.order_by()[: MAX_BODY_COLUMNS + 1]
        return bodies.count() <= MAX_BODY_COLUMNS

    def at_most(limit: int) -> bool:
        bodies = matrix.bodies.order_by()[: max(limit, MAX_BODY_COLUMNS) + 1].count()
        directives = matrix.directives.count()
        rows = directives if bodies <= MAX_BODY_COLUMNS else bodies
        return rows <= limit and bodies * directives <= CELLS

    def total() -> int:
        return matrix.directives.count() if bodies_fit() else matrix.bodies.order_by().count()

    def make_book() -> Book:
        directives = tuple(matrix.directives.order_by("order", "pk"))
        book = _MatrixBook(document, matrix, directives, conditions, request.now)
        return book.with_body_columns() if bodies_fit() else book.with_body_rows()

    return FilteredList(conditions, at_most, total, make_book)


def _conditions(
    document: Document, matrix_filter: MatrixFilter, top_body: Organisation | None
) -> Notes:
    section = None
    if part := whole_number(matrix_filter.section):
        section = Section.objects.filter(document=document, pk=part).first()
    return filter_in_words(
        (_("Document"), localized(document, "title")),
        (
            _("Section"),
            section and f"{localized_text(section.number)} {localized(section, 'title')}",
        ),
        (_("Organisation and those below"), top_body and localized(top_body, "name")),
        (_("Kind of organisation"), dict(KINDS).get(matrix_filter.body_kind)),
        (pgettext("ledger", "Light"), LIGHT_WORDS.get(matrix_filter.light)),
    )


@dataclass(frozen=True, slots=True)
class _MatrixBook:
    """What both layouts of the matrix are made from."""

    document: Document
    matrix: Axes
    directives: Sequence[Directive]
    conditions: Notes
    as_of: datetime

    def with_body_columns(self) -> Book:
        bodies = list(self.matrix.bodies.order_by("path"))
        rows = rows_of(self.matrix, self.directives, bodies)
        return self._book(matrix_columns(bodies), rows, len(bodies))

    def with_body_rows(self) -> Book:
        why = _("More than %(count)s organisations: organisations run down, directives across.") % {
            "count": MAX_BODY_COLUMNS
        }
        rows = rows_by_body(self.matrix, self.directives, self.matrix.bodies)
        columns = transposed_columns(self.directives)
        return self._book(columns, rows, self.matrix.bodies.order_by().count(), (_("Layout"), why))

    def _book(
        self,
        columns: tuple[Column, ...],
        rows: Iterable[Row | BodyRow],
        body_count: int,
        *more_notes: Note,
    ) -> Book:
        notes = (
            *self.conditions,
            (_("Directives"), len(self.directives)),
            (_("Organisations"), body_count),
            *more_notes,
        )
        name = f"{_('Matrix')} {localized(self.document, 'title')}"
        return Book(name, columns, rows, self.as_of, notes, self.document.fictional)


def transposed_columns(directives: Iterable[Directive]) -> tuple[Column, ...]:
    """A column for the body, then one for each directive; cells without an obligation are empty."""

    def column_of(index: int, directive: Directive) -> Column:
        def cell(row: BodyRow) -> str:
            return cell_words(row.cells[index])

        return Column(
            f"directive-{directive.pk}",
            localized_text(directive.code),
            cell,
            width=12,
            light=lambda row: row.cells[index].light,
        )

    head = (
        Column("organisation", pgettext("body", "Code"), lambda row: row.body.code, width=12),
        Column("name", _("Organisation"), lambda row: localized(row.body, "name"), width=32),
    )
    return head + tuple(column_of(index, directive) for index, directive in enumerate(directives))
