"""Finding which directive of a document a table means by its code."""

import re

from django.utils.translation import gettext as _

from directives.intake.fields import Fault
from directives.models import Directive
from directives.script import fold

TITLE = re.compile(r"^《[^》]*》\s*")


class Clauses:
    """The directives of one document by code, whatever the script in which the code is written."""

    def __init__(self, document: int) -> None:
        rows = Directive.objects.filter(document=document).order_by("order")
        self.rows = {row.pk: row for row in rows.only("pk", "code", "statement", "document_id", "section_id", "order")}
        self.codes = {fold(row.code): row.pk for row in self.rows.values()}
        self._met: dict[str, int | None] = {}

    def find(self, text: str) -> Directive | None:
        """The directive of a code; the document's title may stand before it."""
        if text not in self._met:
            self._met[text] = self.codes.get(fold(TITLE.sub("", text)))
        pk = self._met[text]
        return self.rows[pk] if pk else None


def unknown_clause(field: str, text: str) -> Fault:
    return Fault(field, text, _("The code of a directive of the document, as its page lists it."), _("Mend the code."))
