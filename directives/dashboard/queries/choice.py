"""The query string of a dashboard: the body, the filter, the reporting cycle and the day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import quote_plus

from directives.base.numbers import iso_date, whole_number
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.organisations import KINDS
from directives.models.tallies import ALWAYS

NO_ID = 0  # the id of no row, for a value that is no number


@dataclass(frozen=True, slots=True)
class BoardChoice:
    """What a dashboard shows. None, "" and False do not limit it; numbers are ids."""

    scope: int | None = None
    document: int | None = None
    section: int | None = None
    directive: int | None = None
    about: str = ""  # kind of directive
    kind: str = ""  # of body
    cycle: int | None = None  # whose reports are shown
    on: date | None = None  # as of the end of that day
    all: bool = False  # every body
    wall: bool = False  # laid out for a large screen
    directives: bool = False  # the table of directives too
    documents: bool = False  # every document, not only the worst
    page: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str], today: date) -> "BoardChoice":
        """Return the choice of a query string, without invalid values and days not before today.

        An id that is no number is kept as NO_ID, which no row has.
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
        """Whether the filter needs the counts by directive."""
        return bool(self.directive or self.about or self.kind)

    @property
    def selects_part(self) -> bool:
        """Whether the filter selects a part of a document."""
        return bool(self.section) or self.by_directive

    @property
    def about_word(self) -> str:
        return str(dict(DIRECTIVE_KINDS).get(self.about, ""))

    @property
    def kind_word(self) -> str:
        return str(dict(KINDS).get(self.kind, ""))

    def without_tally_filters(self) -> "BoardChoice":
        """The part of the filter that daily copies support: the section."""
        return replace(self, directive=None, about="", kind="")

    def row_conditions(self) -> dict[str, Any]:
        """The conditions on obligations."""
        conditions = {
            "section": self.section,
            "directive": self.directive,
            "directive__kind": self.about,
            "organisation__kind": self.kind,
        }
        return {name: value for name, value in conditions.items() if value}

    def tally_conditions(self) -> dict[str, Any]:
        """The conditions on the counts by directive."""
        conditions = {
            "directive__section": self.section,
            "directive": self.directive,
            "directive__kind": self.about,
            "body_kind": self.kind,
        }
        return {name: value for name, value in conditions.items() if value}

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The parameters of the query string, without empty ones."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                yield field.name, "1" if value is True else str(value)


def _number(text: str) -> int | None:
    """Return the id in a parameter: None if it is empty, NO_ID if it is no number."""
    if not text:
        return None
    number = whole_number(text)
    return NO_ID if number is None else number


def link(choice: BoardChoice, **changes: Any) -> str:
    """Return the query string of a choice with these changes."""
    return "?" + "&".join(
        f"{name}={quote_plus(value)}" for name, value in replace(choice, **changes).pairs
    )
