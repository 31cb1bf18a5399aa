"""Finds the code that a cell means, even if a spreadsheet removed its leading zeros."""

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
    """The code that a text means."""

    code: str = ""  # "" if there is none, or several
    several: tuple[str, ...] = ()  # the codes that it could be


class Codes:
    """Codes with the ids of the rows that they identify."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.ids = dict(ids)

    @cached_property
    def _short(self) -> dict[str, list[str]]:
        """Numeric codes that begin with a zero, by what a spreadsheet leaves of them."""
        short: dict[str, list[str]] = {}
        for code in self.ids:
            if code[:1] == "0" and code.isdecimal():
                short.setdefault(code.lstrip("0") or "0", []).append(code)
        return short

    def find(self, text: str) -> CodeMatch:
        """Find the code itself, or the only one that may have lost its zeros."""
        if text in self.ids:
            return CodeMatch(text)
        if not text.isdecimal():
            return CodeMatch()
        candidates = tuple(code for code in self._short.get(text, ()) if len(code) > len(text))
        if len(candidates) == 1:
            return CodeMatch(candidates[0])
        return CodeMatch(several=candidates)

    def id(self, code: str) -> int:
        return self.ids[code]


class BodyCodes(Codes):
    """The codes of all organisations, which can also be found by name."""

    def __init__(self, rows: Iterable[tuple[str, int]] | None = None) -> None:
        super().__init__(
            dict(
                Organisation.objects.order_by().values_list("code", "pk") if rows is None else rows
            )
        )

    @cached_property
    def _codes_by_name(self) -> dict[str, set[str]]:
        codes: dict[str, set[str]] = {}
        rows = Organisation.objects.order_by().values_list(
            "code", "name_hans", "name_hant", "full_name"
        )
        for code, *names in rows.iterator(chunk_size=2000):
            for name in filter(None, names):
                codes.setdefault(folded(name), set()).add(code)
        return codes

    def find(self, text: str) -> CodeMatch:
        match = super().find(text)
        if match.code or match.several or text.isascii():
            return match
        codes = tuple(sorted(self._codes_by_name.get(folded(text), ())))
        return CodeMatch(codes[0]) if len(codes) == 1 else CodeMatch(several=codes)


def own_numbers_remedy(remedy: str) -> str:
    """Extend the remedy of a wrong record ID: the column may number the rows of the file."""
    own_numbers = _(
        "If these are numbers of your own, choose “pass over” for this column "
        "under “Change the columns”."
    )
    return f"{remedy} {own_numbers}"


def ambiguous_code(field: str, text: str, match: CodeMatch) -> Fault:
    expected = _("One code; this could be any of: %(all)s") % {
        "all": join_words(match.several[:10])
    }
    remedy = _("Write the complete code, in a cell formatted as text.")
    return Fault(field, text, expected, remedy)


def unknown_body(field: str, text: str) -> Fault:
    expected = _("The code or full name of an organisation in the register")
    remedy = _("Correct it, or ask the system administrator to add the organisation first.")
    return Fault(field, text, expected, remedy)


def read_as(text: str, code: str) -> str:
    """Remark on a cell that was read as another code."""
    return _("“%(text)s” read as %(code)s") % {"text": text, "code": code}
