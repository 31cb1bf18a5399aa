"""What the address of a dashboard asks for: from where, which work, which period, which day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import quote_plus

from directives.base.numbers import iso_date, whole_number
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.organisations import KINDS
from directives.models.tallies import ALWAYS

NOBODY = 0  # the id of nothing: what is no number


@dataclass(frozen=True, slots=True)
class BoardChoice:
    """None, "" and False ask for nothing in particular; numbers are ids."""

    scope: int | None = None
    document: int | None = None
    section: int | None = None
    directive: int | None = None
    about: str = ""  # kind of directive
    kind: str = ""  # of body
    cycle: int | None = None  # whose reports are shown
    on: date | None = None  # as of the end of that day
    all: bool = False
    wall: bool = False
    directives: bool = False  # the table of directives too
    documents: bool = False  # every document, not the worst alone
    page: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str], today: date) -> "BoardChoice":
        """What an address asks for.

        A word that makes no sense is left out; so is a day that has not come or is not over.
        """
        read = parameters.get
        about, kind, day = read("about", ""), read("kind", ""), iso_date(read("on", ""))
        return cls(
            scope=_number(read("scope", "")),
            document=_number(read("document", "")),
            section=_number(read("section", "")),
            directive=_number(read("directive", "")),
            about=about if about in dict(DIRECTIVE_KINDS) else "",
            kind=kind if kind in dict(KINDS) else "",
            cycle=_number(read("cycle", "")),
            on=day if day and ALWAYS < day < today else None,
            all=bool(read("all")),
            wall=bool(read("wall")),
            directives=bool(read("directives")),
            documents=bool(read("documents")),
            page=_number(read("page", "")),
        )

    @property
    def by_directive(self) -> bool:
        """Something is asked for that only the counts by directive tell."""
        return bool(self.directive or self.about or self.kind)

    @property
    def narrows(self) -> bool:
        """Not all of a document is asked for."""
        return bool(self.section) or self.by_directive

    @property
    def about_word(self) -> str:
        return str(dict(DIRECTIVE_KINDS).get(self.about, ""))

    @property
    def kind_word(self) -> str:
        return str(dict(KINDS).get(self.kind, ""))

    def kept(self) -> "BoardChoice":
        """The part that copies of earlier days tell: the section alone."""
        return replace(self, directive=None, about="", kind="")

    def of_rows(self) -> dict[str, Any]:
        """The conditions on obligations."""
        conditions = {
            "section": self.section,
            "directive": self.directive,
            "directive__kind": self.about,
            "organisation__kind": self.kind,
        }
        return {name: value for name, value in conditions.items() if value}

    def of_tallies(self) -> dict[str, Any]:
        """The same on the counts by directive."""
        conditions = {
            "directive__section": self.section,
            "directive": self.directive,
            "directive__kind": self.about,
            "body_kind": self.kind,
        }
        return {name: value for name, value in conditions.items() if value}

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The address's parameters, without what was not asked for."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                yield field.name, "1" if value is True else str(value)


def _number(text: str) -> int | None:
    """An id from an address: None where none is given."""
    if not text:
        return None
    number = whole_number(text)
    return NOBODY if number is None else number


def link(choice: BoardChoice, **changes: Any) -> str:
    """The address of the dashboard under a choice, some of it changed."""
    return "?" + "&".join(
        f"{name}={quote_plus(value)}" for name, value in replace(choice, **changes).pairs
    )
