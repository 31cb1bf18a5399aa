"""Finds the directive of a document that a cell of a table names."""

import re
from functools import cached_property

from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.models import Directive
from directives.tables.fields import Fault

END_MARKS = "。.;；,"
TITLE = re.compile(r"^《[^》]*》\s*")


class DirectiveFinder:
    """Finds the directives of one document by code or text, in any script."""

    def __init__(self, document: int) -> None:
        rows = Directive.objects.filter(document=document).order_by("order")
        self.rows = {
            row.pk: row
            for row in rows.only("pk", "code", "statement", "document_id", "section_id", "order")
        }
        self.codes = {fold(row.code): row.pk for row in self.rows.values()}
        self._ids_by_cell: dict[str, int | None] = {}

    @cached_property
    def _by_text(self) -> dict[str, int | None]:
        """Ids by folded text; None where several directives have the same."""
        ids: dict[str, int | None] = {}
        for pk, text in (
            Directive.objects.filter(pk__in=self.rows).order_by().values_list("pk", "text_hans")
        ):
            key = fold(text).rstrip(END_MARKS)
            ids[key] = None if key in ids else pk
        return ids

    def find(self, text: str) -> Directive | None:
        """The directive with this code, perhaps after the document's title, or with this text."""
        if text not in self._ids_by_cell:
            key = fold(TITLE.sub("", text))
            self._ids_by_cell[text] = self.codes.get(key) or self._by_text.get(
                key.rstrip(END_MARKS)
            )
        pk = self._ids_by_cell[text]
        return self.rows[pk] if pk else None

    def is_ambiguous(self, text: str) -> bool:
        """Whether several directives have this text."""
        key = fold(text).rstrip(END_MARKS)
        return key in self._by_text and self._by_text[key] is None


def unknown_text(field: str, text: str) -> Fault:
    remedy = _("Copy the text from the list of directives, or add a column with the codes.")
    return Fault(field, text, _("The text of one directive of the document"), remedy)


def unknown_directive(field: str, text: str) -> Fault:
    return Fault(
        field,
        text,
        _("The code of a directive of the document, as listed on its page"),
        _("Correct the code."),
    )
