"""The tree of bodies: one body moved with its subtree, or every path made anew; the counts are carried along.

Whatever changes the tree holds `tree_lock` alone first: what is filed meanwhile waits, and is counted for those above it afterwards.
"""

from collections.abc import Iterator
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

DEPTH = Organisation._meta.get_field("path").max_length // STEP


@dataclass(frozen=True, slots=True)
class Moved:
    """A body that was moved, and what went with it: bodies below it, live obligations of all of them."""

    body: Organisation
    bodies: int
    obligations: int


def demand(by: User | None) -> None:
    """Raise NotAllowed to a person who does not keep the register of bodies. None is the system itself."""
    if by is not None and not by.has_perm("directives.change_organisation"):
        raise NotAllowed(_("The register of organisations is managed by system administrators."))


@transaction.atomic
def move_body(
    body: Organisation,
    *,
    to: Organisation | None,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> Moved:
    """Put a body with its whole subtree under another parent, or (None) make it a root; the counts go with it.

    As many statements for a province as for one body. `version` is the one that the person saw. Raises NotAllowed, Stale,
    or Invalid: under itself, or deeper than the tree may be.
    """
    demand(by)
    tree_lock.hold_alone()
    body = Organisation.objects.select_related("parent").get(pk=body.pk)
    if version not in (None, body.version):
        raise Stale(theirs=body)
    parent = Organisation.objects.get(pk=to.pk) if to else None
    subtree = Organisation.objects.under(body)
    longest = subtree.aggregate(longest=Max(Length("path")))["longest"]
    if parent is not None and parent.path.startswith(body.path):
        raise Invalid({"parent": [_("%(body)s would be below itself.") % {"body": body.name_hans}]})
    if parent is not None and len(parent.path) + longest - len(body.path) + STEP > DEPTH * STEP:
        raise Invalid(
            {
                "parent": [
                    _("The organisation tree would be deeper than %(count)s levels.")
                    % {"count": DEPTH}
                ]
            }
        )
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
    """Carry the counts from those above to those who will be, then write the paths of the subtree and who has children."""
    before, after = ancestors(body.path)[:-1], ancestors(parent.path) if parent else []
    if parent is not None and not parent.branch:
        tallies.open_scope(Organisation, parent)
        Organisation.objects.filter(pk=parent.pk).update(branch=True)
    tallies.relocate(
        body,
        left=[at for at in before if at not in after],
        joined=[at for at in after if at not in before],
    )
    path = Concat(Value(parent.path if parent else ""), Substr("path", len(body.path) - STEP + 1))
    Organisation.objects.under(body).update(path=path)
    if (
        body.parent_id
        and not Organisation.objects.filter(parent=body.parent_id).exclude(pk=body.pk).exists()
    ):
        Organisation.objects.filter(pk=body.parent_id).update(branch=False)
        tallies.close_scope(body.parent_id)


class Tree:
    """Who stands under whom, while bodies are being moved one after another."""

    def __init__(self, bodies: dict[int, Organisation]) -> None:
        self.above = {
            pk: next(reversed(ancestors(body.path)[:-1]), None) for pk, body in bodies.items()
        }

    def chain(self, pk: int) -> list[int]:
        """The bodies above, the nearest first."""
        found, above = [], self.above[pk]
        while above is not None:
            found.append(above)
            above = self.above[above]
        return found


@transaction.atomic
def refresh_paths() -> int:
    """Make every path anew from the parents, and carry the counts of what moved; returns how many bodies stand elsewhere now.

    Those nearest the root move first, so that what a body moves under stands already where it will stand. For a register that
    was loaded: it reads every body.
    """
    tree_lock.hold_alone()
    bodies = {
        body.pk: body
        for body in Organisation.objects.only("id", "parent_id", "path", "branch").order_by("pk")
    }
    wanted = dict(_paths(bodies))
    moved = sorted(
        (pk for pk in bodies if wanted[pk] != bodies[pk].path), key=lambda pk: (len(wanted[pk]), pk)
    )
    parents = {body.parent_id for body in bodies.values()}
    turned = [body for body in bodies.values() if body.branch != (body.pk in parents)]
    busy = _busy() if moved or turned else set()
    for body in turned:
        if not body.branch and body.pk in busy:
            tallies.open_scope(Organisation, body)
        body.branch = True  # also for those that lose their last child: they are counted in full until it has gone
    _carry(bodies, moved, busy)
    for body in turned:
        body.branch = body.pk in parents
        if not body.branch:
            tallies.close_scope(body.pk)
    for pk in moved:
        bodies[pk].path = wanted[pk]
    changed = {body.pk: body for body in (*turned, *(bodies[pk] for pk in moved))}
    Organisation.objects.bulk_update(changed.values(), ["path", "branch"], batch_size=500)
    return len(moved)


def _paths(bodies: dict[int, Organisation]) -> Iterator[tuple[int, str]]:
    children: dict[int | None, list[int]] = {}
    for body in bodies.values():
        children.setdefault(body.parent_id, []).append(body.pk)
    queue = [(pk, "") for pk in children.get(None, ())]
    while queue:
        pk, above = queue.pop()
        path = above + step(pk)
        yield pk, path
        queue += [(child, path) for child in children.get(pk, ())]


def _busy() -> set[int]:
    """Bodies that may be counted for something; of a register that was just loaded these are few."""
    own = (
        model.objects.order_by().values_list("organisation", flat=True).distinct()
        for model in (Obligation, Plan, ProgressReport)
    )
    kept = (
        model.objects.order_by().values_list("scope", flat=True).distinct()
        for model in (Total, FigureTotal)
    )
    return set().union(*kept, *own)


def _carry(bodies: dict[int, Organisation], moved: list[int], busy: set[int]) -> None:
    """Take what is counted of each body that has a new parent from those it leaves to those it joins."""
    tree = Tree(bodies)
    for pk in moved:
        if tree.above[pk] == bodies[pk].parent_id:
            continue  # it only went along with one above it
        before = tree.chain(pk)
        tree.above[pk] = bodies[pk].parent_id
        after = tree.chain(pk)
        if pk in busy:
            tallies.relocate(
                bodies[pk],
                left=[at for at in before if at not in after],
                joined=[at for at in after if at not in before],
            )
