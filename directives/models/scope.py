"""What a person may see, as conditions of queries: subtrees are ranges of `Organisation.path`."""

from collections.abc import Iterable, Sequence
from typing import Self

from django.db import models
from django.db.models import Q, Subquery, Value
from django.db.models.functions import Concat, Substr
from django.db.models.lookups import In

from directives.base.states import MANAGER, OVERSEEING, SUPERVISOR, WORKING
from directives.models.people import Membership, User

NO_ROWS = Q(pk__in=())
PATH_END = "zzzzzz"  # sorts after every step of a path
MANY = 20  # with more memberships, a condition uses a subquery instead of parameters for each
Range = tuple[str, str]  # of paths, both ends included


def subtree(path: str) -> Range:
    """The paths of the body with this path and of all bodies below it."""
    return path, path + PATH_END


def in_subtree(path: str, field: str) -> Q:
    """Rows in the subtree of the body with this path; `field` leads to the path of the row."""
    low, high = subtree(path)
    return Q(**{f"{field}__gte": low, f"{field}__lte": high})


def in_subtree_of(body: int, field: str) -> Q:
    """The same for a body of which only the id is known."""
    path = Subquery(_bodies().filter(pk=body).values("path"))
    return Q(**{f"{field}__gte": path, f"{field}__lte": Concat(path, Value(PATH_END))})


def _bodies() -> models.QuerySet:
    return Membership._meta.get_field("organisation").related_model._default_manager.all()


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
    is_below = any_of(Q(In(Substr("path", 1, length), paths)) for length in lengths)
    return _bodies().filter(is_below).values("pk")


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
    return in_subtrees(user.in_role(*OVERSEEING), field)


def in_worked_for(user: User, field: str) -> Q:
    """Rows of the bodies for which the person works, as staff or manager."""
    return in_bodies(user.in_role(*WORKING), field)


def in_view(user: User, owner: str, *overseers: str) -> Q:
    """Rows of the bodies that the person works for and of the subtrees that they oversee.

    `owner` leads to the body ("" if the row is a body). By default, `overseers` are the roles of
    manager, supervisor and viewer.
    """
    overseen = user.in_role(*(overseers or OVERSEEING))
    tops = tuple(m.organisation.path for m in topmost(overseen))
    working = user.in_role(*WORKING)
    if all(m.organisation.path.startswith(tops) for m in working):
        working = ()  # they work within what they oversee, so one condition is enough
    conditions = [in_bodies(working, owner or "pk")] if working else []
    return any_of((*conditions, in_subtrees(overseen, f"{owner}__path" if owner else "path")))


def in_supervised(user: User, owner: str) -> Q:
    """Rows of the bodies strictly below those that the person supervises.

    `owner` leads to the body ("" if the row is a body).
    """
    path, pk = (f"{owner}__path", owner) if owner else ("path", "pk")
    return any_of(
        in_subtree(m.organisation.path, path) & ~Q(**{pk: m.organisation_id})
        for m in user.in_role(SUPERVISOR)
    )


def is_above(user: User, path: str) -> bool:
    """Whether the body of this path is strictly below one that the person supervises."""
    return any(
        path != m.organisation.path and path.startswith(m.organisation.path)
        for m in user.in_role(SUPERVISOR)
    )


def covers(user: User, path: str, *roles: str) -> bool:
    """Whether the path is in the subtree of a body in which the person has one of these roles."""
    return any(path.startswith(m.organisation.path) for m in user.in_role(*roles))


class ScopedQuerySet(models.QuerySet):
    """A queryset with access control. `owner` leads to the organisation of a row."""

    owner = "organisation"

    def visible_to(self, user: User) -> Self:
        """The rows of bodies that this person works for and of subtrees that they oversee."""
        return self.filter(in_view(user, self.owner))

    def exportable_by(self, user: User) -> Self:
        """As `visible_to`, but without the subtrees in which the person is only a viewer."""
        return self.filter(in_view(user, self.owner, MANAGER, SUPERVISOR))
