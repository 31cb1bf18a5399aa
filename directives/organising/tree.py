"""The tree of bodies: paths made from the parents, and the counts carried along when a body moves."""

from collections.abc import Iterator

from django.db import transaction

from directives import tallies
from directives.models import Organisation, Total
from directives.models.organisations import ancestors, step


class Tree:
    """Who stands under whom, while bodies are being moved one after another."""

    def __init__(self, bodies: dict[int, Organisation]) -> None:
        self.above = {pk: next(reversed(ancestors(body.path)[:-1]), None) for pk, body in bodies.items()}

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

    Those nearest the root move first, so that what a body moves under stands already where it will stand. The bodies are
    locked until the transaction ends: what is filed meanwhile is counted for those above it afterwards.
    """
    rows = Organisation.objects.select_for_update().only("id", "parent_id", "path", "branch").order_by("pk")
    bodies = {body.pk: body for body in rows}
    wanted = dict(_paths(bodies))
    moved = sorted((pk for pk in bodies if wanted[pk] != bodies[pk].path), key=lambda pk: (len(wanted[pk]), pk))
    parents = {body.parent_id for body in bodies.values()}
    turned = [body for body in bodies.values() if body.branch != (body.pk in parents)]
    counted = set(Total.objects.order_by().values_list("scope", flat=True).distinct()) if moved or turned else set()
    for body in turned:
        if not body.branch and body.pk in counted:
            tallies.open_scope(Organisation, body)
        body.branch = True  # also for those that lose their last child: they are counted in full until it has gone
    _carry(bodies, moved, counted)
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


def _carry(bodies: dict[int, Organisation], moved: list[int], counted: set[int]) -> None:
    """Take what is counted of each body that has a new parent from those it leaves to those it joins."""
    tree = Tree(bodies)
    for pk in moved:
        if tree.above[pk] == bodies[pk].parent_id:
            continue  # it only went along with one above it
        before = tree.chain(pk)
        tree.above[pk] = bodies[pk].parent_id
        after = tree.chain(pk)
        if pk in counted:
            tallies.relocate(bodies[pk], left=[at for at in before if at not in after], joined=[at for at in after if at not in before])
