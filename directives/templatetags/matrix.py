"""The cells of the matrix of directives and bodies: hundreds on a page."""

from collections.abc import Iterable, Iterator
from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from directives.base.wording import in_script, localized
from directives.models import Document
from directives.obligations.queries.matrix import Cell, Row
from directives.templatetags.markup import join_escaped
from directives.templatetags.tracker import SYMBOLS, colour_word, lamp

register = template.Library()


class MatrixWriter:
    """Writes the cells of one page; what is the same in several cells is made once."""

    def __init__(self, document: Document, bodies: Iterable, assigns: bool) -> None:
        """`assigns`: an empty cell links to the form that assigns the directive to the body."""
        self.base = reverse("obligations")
        self.assign = reverse("issue_choose", args=[document.pk]) if assigns else ""
        self.names = {body.pk: localized(body, "name") for body in bodies}
        self.lights = {colour: (colour_word(colour), lamp(colour)) for colour in SYMBOLS}
        self.label = gettext("%(code)s, %(body)s: %(light)s, %(percent)s%%")
        self.void = escape(gettext("Not assigned. Assign it"))

    def filled_cell(self, cell: Cell, code: str) -> str:
        word, mark = self.lights[cell.light]
        values = {
            "code": code,
            "body": self.names[cell.body.pk],
            "light": word,
            "percent": cell.percent,
        }
        label = escape(self.label % values)
        css_class = ' class="dim"' if cell.is_dimmed else ""
        return (
            f'<td{css_class}><a href="{self.base}{cell.pk}/" aria-label="{label}" title="{label}">'
            f"{mark}</a></td>"
        )

    def empty_cell(self, row: Row, cell: Cell) -> str:
        if not self.assign:
            return '<td class="void"></td>'
        url = f"{self.assign}?directive={row.directive.pk}&amp;body={cell.body.pk}"
        return (
            f'<td class="void"><a href="{url}" tabindex="-1" title="{self.void}">'
            f'<span class="sr">{self.void}</span></a></td>'
        )

    def cells(self, row: Row) -> SafeString:
        code = in_script(row.directive.code, get_language())
        return join_escaped(
            self.filled_cell(cell, code) if cell.pk else self.empty_cell(row, cell)
            for cell in row.cells
        )


@register.simple_tag
def cells_of(
    document: Document, bodies: Iterable, rows: Iterable[Row], assigns: bool
) -> Iterator[tuple[Row, SafeString]]:
    """Each row of a matrix with the HTML of its cells."""
    writer = MatrixWriter(document, bodies, assigns)
    return ((row, writer.cells(row)) for row in rows)
