"""What a person may see, as conditions on a query.

Subtrees are ranges of `Organisation.path`, never lists of ids.
"""

from collections.abc import Iterable, Sequence
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Substr
from django.db.models.lookups import In

from directives.base.states import MANAGER, STAFF, SUPERVISOR, VIEWER
from directives.models.people import Membership, User

NO_ROWS = Q(pk__in=())
PATH_END = "zzzzzz"  # sorts after every step of a path
MANY = 20  # ranges that one condition spells out; above it the query reads the memberships itself
Range = tuple[str, str]  # of paths, both ends included


def in_subtree(path: str, field: str) -> Q:
    """Rows whose body lies in the subtree under `path`, the body itself included; `field` leads to
    the path.
    """
    return Q(**{f"{field}__gte": path, f"{field}__lte": path + PATH_END})


def any_of(conditions: Iterable[Q]) -> Q:
    """True where one of the conditions is; nothing where there is none."""
    result = NO_ROWS
    for condition in conditions:
        result = condition if result is NO_ROWS else result | condition
    return result


def merge_ranges(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The ranges in order, without those that lie inside another.

    Subtrees never overlap otherwise.
    """
    result: list[Range] = []
    for low, high in sorted(
        sorted(ranges, key=lambda found: found[1], reverse=True), key=lambda found: found[0]
    ):
        if not result or high > result[-1][1]:
            result.append((low, high))
    return tuple(result)


def topmost(memberships: Iterable[Membership]) -> tuple[Membership, ...]:
    """One membership for each subtree that lies in no other one."""
    paths = {m.organisation.path: m for m in memberships}
    return tuple(
        paths[low] for low, _high in merge_ranges((path, path + PATH_END) for path in paths)
    )


def in_subtrees(memberships: Iterable[Membership], field: str) -> Q:
    """Rows in the subtree of any of these memberships, which are one person's in all of their roles
    named here.
    """
    memberships = tuple(memberships)
    tops = topmost(memberships)
    if len(tops) <= MANY:
        return any_of(in_subtree(m.organisation.path, field) for m in tops)
    return Q(**{f"{field.removesuffix('path')}pk__in": _below(memberships)})


def _below(memberships: Sequence[Membership]) -> models.QuerySet:
    """Bodies in the subtrees of one person's many memberships, as a query with as many parameters
    for a thousand as for one.
    """
    lengths = sorted({len(m.organisation.path) for m in memberships})
    paths = _same(memberships).values("organisation__path")
    bodies = Membership._meta.get_field("organisation").related_model._default_manager
    return bodies.filter(
        any_of(Q(In(Substr("path", 1, length), paths)) for length in lengths)
    ).values("pk")


def _same(memberships: Sequence[Membership]) -> models.QuerySet:
    """These memberships, as a query."""
    return Membership.objects.filter(
        user=memberships[0].user_id, role__in=sorted({m.role for m in memberships})
    )


def in_bodies(memberships: Iterable[Membership], field: str) -> Q:
    """Rows of exactly the bodies of these memberships, which are one person's in all of their roles
    named here.
    """
    memberships = tuple(memberships)
    ids = sorted({m.organisation_id for m in memberships})
    if len(ids) > MANY:
        return Q(**{f"{field}__in": _same(memberships).values("organisation")})
    return Q(**{f"{field}__in": ids}) if ids else NO_ROWS


def in_overseen(user: User, field: str) -> Q:
    """Rows of the subtrees that the person sees as manager, supervisor or viewer."""
    return in_subtrees(user.in_role(MANAGER, SUPERVISOR, VIEWER), field)


def in_worked_for(user: User, field: str) -> Q:
    """Rows of the bodies for which the person fills in, as staff or manager."""
    return in_bodies(user.in_role(STAFF, MANAGER), field)


def in_view(user: User, owner: str, *overseers: str) -> Q:
    """Rows of the person's own bodies, and of the subtrees that they oversee, in one condition;
    `owner` leads to the body ("" = itself).
    """
    above = user.in_role(*(overseers or (MANAGER, SUPERVISOR, VIEWER)))
    tops = tuple(m.organisation.path for m in topmost(above))
    works = user.in_role(STAFF, MANAGER)
    if all(m.organisation.path.startswith(tops) for m in works):
        works = ()  # what they fill in lies in what they oversee: one condition instead of two
    conditions = [in_bodies(works, owner or "pk")] if works else []
    return any_of((*conditions, in_subtrees(above, f"{owner}__path" if owner else "path")))


class ScopedQuerySet(models.QuerySet):
    """Every row is reached through `visible_to`.

    `owner` names the path from the row to its organisation ("" = itself).
    """

    owner = "organisation"

    def visible_to(self, user: User) -> Self:
        """The rows that this person may see: their own bodies', and the subtree's that they
        oversee.
        """
        return self.filter(in_view(user, self.owner))

    def exportable_by(self, user: User) -> Self:
        """The rows that this person may take away as a file: their own bodies', and the subtrees'
        that they manage or supervise.
        """
        return self.filter(in_view(user, self.owner, MANAGER, SUPERVISOR))
