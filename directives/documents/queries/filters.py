"""Filters of the register's lists, as addresses carry them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from directives.base.states import COLOURS
from directives.models.documents import KINDS
from directives.models.organisations import KINDS as BODY_KINDS
from directives.models.organisations import LEVELS


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """The base of filters; unknown values of a choice are ignored."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        values = {field.name: query.get(field.name, "").strip()[:100] for field in fields(cls)}
        allowed = {
            "kind": dict(KINDS),
            "body_kind": dict(BODY_KINDS),
            "level": dict(LEVELS),
            "light": COLOURS,
        }
        return cls(
            **{name: text for name, text in values.items() if text in allowed.get(name, (text,))}
        )

    @property
    def is_set(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class DocumentFilter(AddressFilter):
    q: str = ""


@dataclass(frozen=True, slots=True)
class DirectiveFilter(AddressFilter):
    q: str = ""
    kind: str = ""
    section: str = ""  # id


@dataclass(frozen=True, slots=True)
class BodyFilter(AddressFilter):
    q: str = ""
    body_kind: str = ""
    level: str = ""
    abolished: str = ""  # "1": abolished bodies too
    under: str = ""  # id of the body whose tree is shown


@dataclass(frozen=True, slots=True)
class MatrixFilter(AddressFilter):
    section: str = ""  # id
    body: str = ""  # id of the body whose tree is shown
    body_kind: str = ""
    light: str = ""
