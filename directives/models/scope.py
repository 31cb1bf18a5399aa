"""What a person may see, as conditions of queries: subtrees are ranges of `Organisation.path`."""

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
MANY = 20  # with more memberships, a condition uses a subquery instead of parameters for each
Range = tuple[str, str]  # of paths, both ends included


def in_subtree(path: str, field: str) -> Q:
    """Rows in the subtree of the body with this path; `field` leads to the path of the row."""
    return Q(**{f"{field}__gte": path, f"{field}__lte": path + PATH_END})


def any_of(conditions: Iterable[Q]) -> Q:
    """Rows that meet any of the conditions; none without conditions."""
    result = NO_ROWS
    for condition in conditions:
        result = condition if result is NO_ROWS else result | condition
    return result


def merge_ranges(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The ranges in order, without those inside another; ranges never overlap otherwise."""
    result: list[Range] = []
    from_widest = sorted(ranges, key=lambda limits: limits[1], reverse=True)
    for low, high in sorted(from_widest, key=lambda limits: limits[0]):
        if not result or high > result[-1][1]:
            result.append((low, high))
    return tuple(result)


def topmost(memberships: Iterable[Membership]) -> tuple[Membership, ...]:
    """One membership for each subtree that is not inside another one, in the order of paths."""
    tops: list[Membership] = []
    for m in sorted(memberships, key=lambda m: m.organisation.path):
        if not tops or not m.organisation.path.startswith(tops[-1].organisation.path):
            tops.append(m)
    return tuple(tops)


def in_subtrees(memberships: Iterable[Membership], field: str) -> Q:
    """Rows in the subtrees of these memberships: all of one person with some roles."""
    memberships = tuple(memberships)
    tops = topmost(memberships)
    if len(tops) <= MANY:
        return any_of(in_subtree(m.organisation.path, field) for m in tops)
    return Q(**{f"{field.removesuffix('path')}pk__in": _below(memberships)})


def _below(memberships: Sequence[Membership]) -> models.QuerySet:
    """Bodies in these subtrees, in a query whose number of parameters does not grow with them."""
    lengths = sorted({len(m.organisation.path) for m in memberships})
    paths = _as_query(memberships).values("organisation__path")
    bodies = Membership._meta.get_field("organisation").related_model._default_manager
    is_below = any_of(Q(In(Substr("path", 1, length), paths)) for length in lengths)
    return bodies.filter(is_below).values("pk")


def _as_query(memberships: Sequence[Membership]) -> models.QuerySet:
    roles = sorted({m.role for m in memberships})
    return Membership.objects.filter(user=memberships[0].user_id, role__in=roles)


def in_bodies(memberships: Iterable[Membership], field: str) -> Q:
    """Rows of the bodies of these memberships: all of one person with some roles."""
    memberships = tuple(memberships)
    ids = sorted({m.organisation_id for m in memberships})
    if len(ids) > MANY:
        return Q(**{f"{field}__in": _as_query(memberships).values("organisation")})
    return Q(**{f"{field}__in": ids}) if ids else NO_ROWS


def in_overseen(user: User, field: str) -> Q:
    """Rows of the subtrees that the person sees as manager, supervisor or viewer."""
    return in_subtrees(user.in_role(MANAGER, SUPERVISOR, VIEWER), field)


def in_worked_for(user: User, field: str) -> Q:
    """Rows of the bodies for which the person works, as staff or manager."""
    return in_bodies(user.in_role(STAFF, MANAGER), field)


def in_view(user: User, owner: str, *overseers: str) -> Q:
    """Rows of the bodies that the person works for and of the subtrees that they oversee.

    `owner` leads to the body ("" if the row is a body). By default, `overseers` are the roles of
    manager, supervisor and viewer.
    """
    above = user.in_role(*(overseers or (MANAGER, SUPERVISOR, VIEWER)))
    tops = tuple(m.organisation.path for m in topmost(above))
    works = user.in_role(STAFF, MANAGER)
    if all(m.organisation.path.startswith(tops) for m in works):
        works = ()  # they work within what they oversee, so one condition is enough
    conditions = [in_bodies(works, owner or "pk")] if works else []
    return any_of((*conditions, in_subtrees(above, f"{owner}__path" if owner else "path")))


class ScopedQuerySet(models.QuerySet):
    """A queryset with access control. `owner` leads to the organisation of a row."""

    owner = "organisation"

    def visible_to(self, user: User) -> Self:
        """The rows of bodies that this person works for and of subtrees that they oversee."""
        return self.filter(in_view(user, self.owner))

    def exportable_by(self, user: User) -> Self:
        """As `visible_to`, but without the subtrees in which the person is only a viewer."""
        return self.filter(in_view(user, self.owner, MANAGER, SUPERVISOR))
