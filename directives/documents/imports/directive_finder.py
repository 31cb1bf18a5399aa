"""Finding which directive of a document a table means by its code."""

import re
from functools import cached_property

from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.models import Directive
from directives.tables.fields import Fault

ENDS = "。.;；,"
TITLE = re.compile(r"^《[^》]*》\s*")


class DirectiveFinder:
    """The directives of one document by code, whatever the script in which the code is written."""

    def __init__(self, document: int) -> None:
        rows = Directive.objects.filter(document=document).order_by("order")
        self.rows = {
            row.pk: row
            for row in rows.only("pk", "code", "statement", "document_id", "section_id", "order")
        }
        self.codes = {fold(row.code): row.pk for row in self.rows.values()}
        self._met: dict[str, int | None] = {}

    @cached_property
    def _words(self) -> dict[str, int | None]:
        """By the folded text of a directive; None where several have the same."""
        words: dict[str, int | None] = {}
        for pk, text in (
            Directive.objects.filter(pk__in=self.rows).order_by().values_list("pk", "text_hans")
        ):
            key = fold(text).rstrip(ENDS)
            words[key] = None if key in words else pk
        return words

    def find(self, text: str) -> Directive | None:
        """The directive of a code, before which the document's title may stand, or of its very words."""
        if text not in self._met:
            key = fold(TITLE.sub("", text))
            self._met[text] = self.codes.get(key) or self._words.get(key.rstrip(ENDS))
        pk = self._met[text]
        return self.rows[pk] if pk else None

    def several(self, text: str) -> bool:
        """Whether these are the words of several directives."""
        key = fold(text).rstrip(ENDS)
        return key in self._words and self._words[key] is None


def unknown_words(field: str, text: str) -> Fault:
    """The fault of words that no directive says, or that several say."""
    remedy = _("Copy the text from the list of directives, or add a column with the codes.")
    return Fault(field, text, _("The text of one directive of the document"), remedy)


def unknown_directive(field: str, text: str) -> Fault:
    return Fault(
        field,
        text,
        _("The code of a directive of the document, as listed on its page"),
        _("Correct the code."),
    )
