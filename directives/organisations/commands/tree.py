"""Moving a body with its subtree, and computing all paths of the tree; both update the tallies.

Commands that change the tree first take `tree_lock` exclusively. Others that count, such as
submissions, wait for it and then use the new paths.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, Sum, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext as _

from directives import tallies
from directives.base import tree_lock
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.core import audit
from directives.models import (
    FigureTotal,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    Total,
    User,
)
from directives.models.organisations import STEP, ancestors, step
from directives.models.sql import update_each

DEPTH = (Organisation._meta.get_field("path").max_length or 0) // STEP


@dataclass(frozen=True, slots=True)
class Moved:
    """A body that was moved, with the number of bodies below it and of their live obligations."""

    body: Organisation
    bodies: int
    obligations: int


def demand(by: User | None) -> None:
    """Raise NotAllowed unless `by` manages the register of bodies. None is the system."""
    if by is not None and not by.has_perm("directives.change_organisation"):
        raise NotAllowed(_("The register of organisations is managed by system administrators."))


@transaction.atomic
def move_body(
    body: Organisation,
    *,
    new_parent: Organisation | None,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> Moved:
    """Move a body with its subtree below another parent; None makes it a root.

    The number of statements does not depend on the size of the subtree. `version` is the one shown
    to the person. Raises NotAllowed, Stale, or Invalid.
    """
    demand(by)
    tree_lock.hold_exclusively()
    body = Organisation.objects.select_related("parent").get(pk=body.pk)
    if version not in (None, body.version):
        raise Stale(theirs=body)
    parent = Organisation.objects.get(pk=new_parent.pk) if new_parent else None
    subtree = Organisation.objects.under(body)
    longest = subtree.aggregate(longest=Max(Length("path")))["longest"]
    if parent is not None and parent.path.startswith(body.path):
        raise Invalid({"parent": [_("%(body)s would be below itself.") % {"body": body.name_hans}]})
    if parent is not None and len(parent.path) + longest - len(body.path) + STEP > DEPTH * STEP:
        text = _("The organisation tree would be deeper than %(count)s levels.")
        raise Invalid({"parent": [text % {"count": DEPTH}]})
    bodies = subtree.count() - 1
    if body.parent_id != (parent.pk if parent else None):
        _transplant(body, parent)
        before, after = {"parent_id": body.parent_id}, {"parent_id": parent.pk if parent else None}
        Organisation.objects.filter(pk=body.pk).update(**after, version=F("version") + 1)
        body.refresh_from_db()
        audit.record("move", body, by=by, now=now, before=before, after=after)
    obligations = Total.objects.filter(scope=body).aggregate(sum=Sum("count"))["sum"] or 0
    return Moved(body, bodies, obligations)


def _transplant(body: Organisation, parent: Organisation | None) -> None:
    """Move the tallies to the new ancestors, then write the paths and branches."""
    before, after = ancestors(body.path)[:-1], ancestors(parent.path) if parent else []
    if parent is not None and not parent.branch:
        tallies.open_scope(Organisation, parent)
        Organisation.objects.filter(pk=parent.pk).update(branch=True)
    _relocate(body, before, after)
    path = Concat(Value(parent.path if parent else ""), Substr("path", len(body.path) - STEP + 1))
    Organisation.objects.under(body).update(path=path)
    siblings = Organisation.objects.filter(parent=body.parent_id).exclude(pk=body.pk)
    if body.parent_id and not siblings.exists():
        Organisation.objects.filter(pk=body.parent_id).update(branch=False)
        tallies.close_scope(body.parent_id)


def _relocate(body: Organisation, before: Sequence[int], after: Sequence[int]) -> None:
    """Move the tallies of a body from its ancestors `before` to those `after`."""
    tallies.relocate(
        body,
        old_ancestors=[pk for pk in before if pk not in after],
        new_ancestors=[pk for pk in after if pk not in before],
    )


class Tree:
    """The parents of bodies while the bodies are moved one after another."""

    def __init__(self, bodies: dict[int, Organisation]) -> None:
        self.parent_ids = {
            pk: next(reversed(ancestors(body.path)[:-1]), None) for pk, body in bodies.items()
        }

    def chain(self, pk: int) -> list[int]:
        """The ancestors, the nearest first."""
        chain, parent_id = [], self.parent_ids[pk]
        while parent_id is not None:
            chain.append(parent_id)
            parent_id = self.parent_ids[parent_id]
        return chain


@transaction.atomic
def refresh_paths() -> int:
    """Compute every path from the parents; returns how many bodies moved.

    Bodies near the root move first, so that a new parent is already in its place. Reads every body;
    meant for a register that was just loaded.
    """
    tree_lock.hold_exclusively()
    bodies = {
        body.pk: body
        for body in Organisation.objects.only("id", "parent_id", "path", "branch").order_by("pk")
    }
    new_paths = dict(_paths(bodies))
    moved = sorted(
        (pk for pk in bodies if new_paths[pk] != bodies[pk].path),
        key=lambda pk: (len(new_paths[pk]), pk),
    )
    parents = {body.parent_id for body in bodies.values()}
    switched_branches = [body for body in bodies.values() if body.branch != (body.pk in parents)]
    counted_bodies = _counted_bodies() if moved or switched_branches else set()
    for body in switched_branches:
        if not body.branch and body.pk in counted_bodies:
            tallies.open_scope(Organisation, body)
        body.branch = True  # also of those that lose their last child, until it has moved
    _move_tallies(bodies, moved, counted_bodies)
    for body in switched_branches:
        body.branch = body.pk in parents
        if not body.branch:
            tallies.close_scope(body.pk)
    for pk in moved:
        bodies[pk].path = new_paths[pk]
    changed = {body.pk: body for body in (*switched_branches, *(bodies[pk] for pk in moved))}
    update_each(Organisation, [*changed.values()], ["path", "branch"])
    return len(moved)


def _paths(bodies: dict[int, Organisation]) -> Iterator[tuple[int, str]]:
    """The id and path of each body."""
    children: dict[int | None, list[int]] = {}
    for body in bodies.values():
        children.setdefault(body.parent_id, []).append(body.pk)
    queue = [(pk, "") for pk in children.get(None, ())]
    while queue:
        pk, parent_path = queue.pop()
        path = parent_path + step(pk)
        yield pk, path
        queue += [(child, path) for child in children.get(pk, ())]


def _counted_bodies() -> set[int]:
    """Bodies that may have tallies: few in a register that was just loaded."""
    with_work = (
        model.objects.order_by().values_list("organisation", flat=True).distinct()
        for model in (Obligation, Plan, ProgressReport)
    )
    with_tallies = (
        model.objects.order_by().values_list("scope", flat=True).distinct()
        for model in (Total, FigureTotal)
    )
    return set().union(*with_tallies, *with_work)


def _move_tallies(
    bodies: dict[int, Organisation], moved: list[int], counted_bodies: set[int]
) -> None:
    """Move the tallies of each body that has a new parent."""
    tree = Tree(bodies)
    for pk in moved:
        if tree.parent_ids[pk] == bodies[pk].parent_id:
            continue  # it moved with an ancestor
        before = tree.chain(pk)
        tree.parent_ids[pk] = bodies[pk].parent_id
        after = tree.chain(pk)
        if pk in counted_bodies:
            _relocate(bodies[pk], before, after)
