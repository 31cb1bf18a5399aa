"""Choosing organisations one by one, or by subtree, level and kind."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from directives.base.numbers import whole_number
from directives.models import Organisation, User
from directives.models.organisations import KINDS, LEVELS, OrganisationQuerySet
from directives.models.scope import any_of, in_subtree_of, in_supervised


@dataclass(frozen=True, slots=True)
class BodyGroup:
    """All organisations below a body (id), of a level, of a kind. Empty fields do not limit."""

    below: int | None = None
    level: str = ""
    kind: str = ""

    @property
    def key(self) -> str:
        """The value that a form field holds for this group."""
        return f"{self.below or ''}:{self.level}:{self.kind}"

    @classmethod
    def of(cls, key: str) -> "BodyGroup | None":
        """Return the pick with this key; None if the text is no valid key."""
        below, _colon, level_and_kind = key[:100].partition(":")
        level, _colon, kind = level_and_kind.partition(":")
        if below and whole_number(below) is None:
            return None
        if level not in {"", *dict(LEVELS)} or kind not in {"", *dict(KINDS)}:
            return None
        return cls(int(below) if below else None, level, kind)

    @property
    def condition(self) -> Q:
        """The condition on rows of `Organisation`."""
        condition = Q(path__gt="")  # all rows; an empty Q would be dropped when joined by OR
        if self.level:
            condition &= Q(level=self.level)
        if self.kind:
            condition &= Q(kind=self.kind)
        if self.below:
            condition &= in_subtree_of(self.below, "path") & ~Q(pk=self.below)
        return condition


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen directives (ids) and the organisations to which they are assigned."""

    directives: frozenset[int] = frozenset()
    groups: tuple[BodyGroup, ...] = ()
    bodies: frozenset[int] = frozenset()
    addressed: bool = False  # each directive goes only to the bodies that its text addresses

    def to_json(self) -> dict[str, Any]:
        return {
            "directives": sorted(self.directives),
            "picks": [group.key for group in self.groups],
            "bodies": sorted(self.bodies),
            "addressed": self.addressed,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Choice":
        groups = tuple(group for key in values.get("picks", ()) if (group := BodyGroup.of(key)))
        return cls(
            frozenset(values.get("directives", ())),
            groups,
            frozenset(values.get("bodies", ())),
            values.get("addressed", False),
        )


def candidates(user: User) -> OrganisationQuerySet:
    """The bodies to which the user may assign: all strictly below those they supervise."""
    return Organisation.objects.filter(in_supervised(user, ""))


def chosen_bodies(user: User, choice: Choice, today: date) -> OrganisationQuerySet:
    """The bodies of a choice that exist today and to which the user may assign."""
    conditions = [group.condition for group in choice.groups]
    is_chosen = any_of([*conditions, Q(pk__in=sorted(choice.bodies))])
    return candidates(user).existing_on(today).filter(is_chosen)
