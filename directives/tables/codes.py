"""Finding what a table means by a code: as it stands, or as it was before a spreadsheet took its leading zeros."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from directives.base.wording import join_words
from directives.models import Organisation
from directives.tables.cells import folded
from directives.tables.fields import Fault


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """The known code that a text means ("" where it means none), and the known ones among which it does not say which."""

    code: str = ""
    several: tuple[str, ...] = ()
    mended: bool = False  # the text is not the code itself


class Codes:
    """Known codes with the ids of what they stand for."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self.known = dict(known)

    @cached_property
    def _short(self) -> dict[str, list[str]]:
        """Codes of digits alone that begin with a zero, by what Excel leaves of them."""
        short: dict[str, list[str]] = {}
        for code in self.known:
            if code[:1] == "0" and code.isdecimal():
                short.setdefault(code.lstrip("0") or "0", []).append(code)
        return short

    def find(self, text: str) -> CodeMatch:
        """The code meant by a text; one that lost its zeros only where there is no other that it could be."""
        if text in self.known:
            return CodeMatch(text)
        longer = (
            tuple(code for code in self._short.get(text, ()) if len(code) > len(text))
            if text.isdecimal()
            else ()
        )
        if len(longer) == 1:
            return CodeMatch(longer[0], mended=True)
        return CodeMatch(several=longer)

    def id(self, code: str) -> int:
        return self.known[code]


class BodyCodes(Codes):
    """All bodies of the register: by code, and by name where a table names no codes."""

    def __init__(self, rows: Iterable[tuple[str, int]] | None = None) -> None:
        super().__init__(
            dict(
                Organisation.objects.order_by().values_list("code", "pk") if rows is None else rows
            )
        )

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        named: dict[str, set[str]] = {}
        rows = Organisation.objects.order_by().values_list(
            "code", "name_hans", "name_hant", "full_name"
        )
        for code, *names in rows.iterator(chunk_size=2000):
            for name in filter(None, names):
                named.setdefault(folded(name), set()).add(code)
        return named

    def find(self, text: str) -> CodeMatch:
        found = super().find(text)
        if found.code or found.several or text.isascii():
            return found
        codes = tuple(sorted(self._named.get(folded(text), ())))
        return CodeMatch(codes[0], mended=True) if len(codes) == 1 else CodeMatch(several=codes)


def own_numbers_remedy(remedy: str) -> str:
    """The remedy of a fault of record IDs, for tables whose column of this name counts their own rows."""
    return f"{remedy} {_('If these are numbers of your own, choose “pass over” for this column under “Change the columns”.')}"


def ambiguous_code(field: str, text: str, found: CodeMatch) -> Fault:
    """The fault of a text that could be several codes."""
    return Fault(
        field, text, _("One code; this could be any of: %(all)s") % {"all": join_words(found.several[:10])},
        _("Write the complete code, in a cell formatted as text."),
    )  # fmt: skip


def unknown_body(field: str, text: str) -> Fault:
    expected = _("The code or full name of an organisation in the register")
    return Fault(
        field,
        text,
        expected,
        _("Correct it, or ask the system administrator to add the organisation first."),
    )


def read_as(text: str, code: str) -> str:
    """What is told of a row whose code was mended."""
    return _("“%(text)s” read as %(code)s") % {"text": text, "code": code}
