"""What a person may see, as conditions on a query. Subtrees are ranges of `Organisation.path`, never lists of ids."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from directives.models.people import Membership, User
from directives.states import MANAGER, STAFF, SUPERVISOR, VIEWER

NOTHING = Q(pk__in=())
LAST = "zzzzzz"  # sorts after every step of a path


def inside(path: str, field: str) -> Q:
    """Rows whose body lies in the subtree under `path`, the body itself included; `field` leads to the path."""
    return Q(**{f"{field}__gte": path, f"{field}__lte": path + LAST})


def any_of(conditions: Iterable[Q]) -> Q:
    """True where one of the conditions is; nothing where there is none."""
    result = NOTHING
    for condition in conditions:
        result = condition if result is NOTHING else result | condition
    return result


def subtrees(memberships: Iterable[Membership], field: str) -> Q:
    """Rows in the subtree of any of these memberships."""
    return any_of(inside(m.organisation.path, field) for m in memberships)


def own(memberships: Iterable[Membership], field: str) -> Q:
    """Rows of exactly the bodies of these memberships."""
    ids = sorted({m.organisation_id for m in memberships})
    return Q(**{f"{field}__in": ids}) if ids else NOTHING


def overseen(user: User, field: str) -> Q:
    """Rows of the subtrees that the person sees as manager, supervisor or viewer."""
    return subtrees(user.in_role(MANAGER, SUPERVISOR, VIEWER), field)


def worked(user: User, field: str) -> Q:
    """Rows of the bodies for which the person fills in, as staff or manager."""
    return own(user.in_role(STAFF, MANAGER), field)


class ScopedQuerySet(models.QuerySet):
    """Every row is reached through `visible_to`. `owner` names the path from the row to its organisation ("" = itself)."""

    owner = "organisation"

    def visible_to(self, user: User) -> "ScopedQuerySet":
        """The rows that this person may see: their own bodies', and the subtree's that they oversee."""
        return self.filter(worked(user, self.owner) | overseen(user, f"{self.owner}__path"))

    def exportable_by(self, user: User) -> "ScopedQuerySet":
        """The rows that this person may take away as a file: their own bodies', and the subtrees' that they manage or supervise."""
        return self.filter(worked(user, self.owner) | subtrees(user.in_role(MANAGER, SUPERVISOR), f"{self.owner}__path"))
