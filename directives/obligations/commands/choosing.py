"""Which bodies are meant: named one by one, or by their subtree, level and kind."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, Subquery, Value
from django.db.models.functions import Concat

from directives.base.numbers import whole_number
from directives.base.states import SUPERVISOR
from directives.models import Organisation, User
from directives.models.organisations import KINDS, LEVELS, OrganisationQuerySet
from directives.models.scope import PATH_END, any_of, in_subtree


@dataclass(frozen=True, slots=True)
class Pick:
    """All bodies below a body (id), of a level, of a kind; what is empty takes all."""

    below: int | None = None
    level: str = ""
    kind: str = ""

    @property
    def key(self) -> str:
        """As a form carries it."""
        return f"{self.below or ''}:{self.level}:{self.kind}"

    @classmethod
    def of(cls, key: str) -> "Pick | None":
        """The pick of a key; None for a text that is none."""
        below, _colon, rest = key[:100].partition(":")
        level, _colon, kind = rest.partition(":")
        sound = (not below or whole_number(below) is not None) and level in {"", *dict(LEVELS)}
        return (
            cls(int(below) if below else None, level, kind)
            if sound and kind in {"", *dict(KINDS)}
            else None
        )

    @property
    def condition(self) -> Q:
        """Rows of `Organisation` that are meant."""
        condition = Q(path__gt="")  # an empty one would vanish beside others, where it takes all
        if self.level:
            condition &= Q(level=self.level)
        if self.kind:
            condition &= Q(kind=self.kind)
        if self.below:
            path = Subquery(Organisation.objects.filter(pk=self.below).values("path"))
            condition &= Q(path__gt=path, path__lte=Concat(path, Value(PATH_END)))
        return condition


@dataclass(frozen=True, slots=True)
class Choice:
    """Directives (ids) and the bodies that shall owe them."""

    directives: frozenset[int] = frozenset()
    picks: tuple[Pick, ...] = ()
    bodies: frozenset[int] = frozenset()
    addressed: bool = False  # each directive goes only to those whom its words address

    def to_json(self) -> dict[str, Any]:
        picks = [pick.key for pick in self.picks]
        return {
            "directives": sorted(self.directives),
            "picks": picks,
            "bodies": sorted(self.bodies),
            "addressed": self.addressed,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Choice":
        picks = tuple(pick for key in kept.get("picks", ()) if (pick := Pick.of(key)))
        return cls(
            frozenset(kept.get("directives", ())),
            picks,
            frozenset(kept.get("bodies", ())),
            kept.get("addressed", False),
        )


def candidates(user: User) -> OrganisationQuerySet:
    """The bodies to which this person may give work: all strictly below those they supervise."""
    posts = user.in_role(SUPERVISOR)
    return Organisation.objects.filter(
        any_of(in_subtree(m.organisation.path, "path") & ~Q(pk=m.organisation_id) for m in posts)
    )


def chosen_bodies(user: User, choice: Choice, today: date) -> OrganisationQuerySet:
    """The bodies of a choice that exist today and are the person's to give work to."""
    meant = any_of((*(pick.condition for pick in choice.picks), Q(pk__in=sorted(choice.bodies))))
    return candidates(user).existing_on(today).filter(meant)
