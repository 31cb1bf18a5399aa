"""Bodies entered from a table: made and changed some hundred at a time, and taken away again while nothing rests on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Invalid
from directives.base.wording import listed
from directives.core import audit
from directives.models import Organisation, User
from directives.models.organisations import step
from directives.models.writing import add_many, overwrite_each
from directives.organisations.commands.tree import demand, refresh_paths
from directives.tallies import close_scope, open_scope, recast

TIES = ("parent", "successor")  # given as codes
Tie = tuple[str, str, str]  # whose (code), which of TIES, to which (code; "" for none)


@dataclass(frozen=True, slots=True)
class BodyEntry:
    """One body as a table gives it: the fields to set, by the names of the columns, TIES by code ("" for none)."""

    code: str
    fields: Mapping[str, Any]
    body: Organisation | None = None  # None: it is to be made

    def tie(self, name: str) -> str:
        return self.fields.get(name) or ""

    @property
    def plain(self) -> dict[str, Any]:
        return {name: value for name, value in self.fields.items() if name not in TIES}


@transaction.atomic
def save_bodies(
    rows: Sequence[BodyEntry], *, late: Sequence[Tie] = (), by: User | None, now: datetime
) -> dict[str, Organisation]:
    """Make and change these bodies; returns them by code. The rows were checked, and hold stored bodies as they stand.

    A parent or successor that is not there yet is left out; `late` are such ties of earlier calls. Raises NotAllowed.
    """
    demand(by)
    tree_lock.hold_alone()
    codes = {code for row in rows for code in (row.code, *map(row.tie, TIES))} | {
        code for one in late for code in (one[0], one[2])
    }
    bodies = {body.code: body for body in Organisation.objects.filter(code__in=codes)}
    new = [row for row in rows if row.body is None]
    changed = [row for row in rows if row.body is not None]
    _found(new, bodies)
    _change(changed, bodies)
    ties: list[Tie] = [
        (row.code, name, row.tie(name)) for row in changed for name in TIES if name in row.fields
    ]
    ties += [(row.code, "successor", row.tie("successor")) for row in new if row.tie("successor")]
    _tie([*ties, *late], bodies)
    # Not held by its own record: it can be taken away again while nothing else rests on it.
    audit.record_many(
        "found",
        [audit.Change(bodies[row.code], {}, dict(row.fields), home=None) for row in new],
        by=by,
        now=now,
    )
    told = [audit.Change(row.body, _before(row), dict(row.fields)) for row in changed]
    audit.record_many("change", told, by=by, now=now)
    return {row.code: bodies[row.code] for row in rows}


def _before(row: BodyEntry) -> dict[str, Any]:
    """What a stored body said, as the table says it; the row holds it as it was."""
    ties = {
        name: getattr(getattr(row.body, name), "code", "") for name in TIES if name in row.fields
    }
    return {name: getattr(row.body, name) for name in row.plain} | ties


def _found(rows: Sequence[BodyEntry], bodies: dict[str, Organisation]) -> None:
    """Make new bodies, those nearest the root first; each stands under its parent at once."""
    waiting, fresh = {row.code: row for row in rows}, set()
    while waiting:
        wave = [row for row in waiting.values() if row.tie("parent") not in waiting]
        made = [
            Organisation(code=row.code, parent=bodies.get(row.tie("parent")), **row.plain)
            for row in wave
        ]
        add_many(made)
        for body in made:
            bodies[body.code] = body
            body.path = (body.parent.path if body.parent else "") + step(body.pk)
            del waiting[body.code]
        overwrite_each(made, ["path"])
        fresh.update(body.pk for body in made)
        _branch_out({body.parent for body in made if body.parent and not body.parent.branch}, fresh)


def _branch_out(parents: Iterable[Organisation], fresh: set[int]) -> None:
    """Bodies that got their first child are counted in full from now on; of `fresh` ones nothing is counted yet."""
    for parent in sorted(parents, key=lambda body: body.pk):
        if parent.pk not in fresh:
            open_scope(Organisation, parent)
        parent.branch = True
    Organisation.objects.filter(pk__in=[parent.pk for parent in parents]).update(branch=True)


def _change(rows: Sequence[BodyEntry], bodies: dict[str, Organisation]) -> None:
    """Write the plain fields of stored bodies; each counts one version on, whatever of it changes."""
    alike: dict[tuple[str, ...], list[Organisation]] = {}
    for row in rows:
        body, plain = bodies[row.code], row.plain
        if plain.get("kind", body.kind) != body.kind:
            recast(body, kind=plain["kind"])
        for name, value in plain.items():
            setattr(body, name, value)
        body.version += 1
        alike.setdefault(tuple(plain), []).append(body)
    for names, same in alike.items():
        overwrite_each(same, [*names, "version"])


def _tie(ties: Sequence[Tie], bodies: dict[str, Organisation]) -> None:
    """Link bodies to their parents and successors, and let the subtrees follow."""
    moved = False
    for code, name, target in ties:
        body, to = bodies[code], bodies.get(target)
        if target and to is None:
            continue  # it stands further down
        if getattr(body, f"{name}_id") != (to.pk if to else None):
            Organisation.objects.filter(pk=body.pk).update(**{name: to})
            moved = moved or name == "parent"
    if moved:
        refresh_paths()


@transaction.atomic
def delete_bodies(bodies: Sequence[Organisation], *, by: User | None, now: datetime) -> None:
    """Delete bodies on which nothing rests: no body below, nothing owed, filed or reported, nobody's membership, no record.

    Raises NotAllowed, or Invalid that names what rests on them.
    """
    demand(by)
    tree_lock.hold_alone()
    parents = {body.parent_id for body in bodies if body.parent_id}.difference(
        body.pk for body in bodies
    )
    told = [
        audit.Change(body, {"code": body.code, "name_hans": body.name_hans}, home=None)
        for body in bodies
    ]
    doomed = Organisation.objects.filter(pk__in=[body.pk for body in bodies])
    doomed.update(parent=None, successor=None)  # what they are to one another holds none of them
    try:
        doomed.delete()
    except ProtectedError as error:
        names = sorted({str(row._meta.verbose_name) for row in error.protected_objects})
        raise Invalid(
            _("These organisations are in use: %(what)s.") % {"what": listed(names)}
        ) from error
    audit.record_many("delete", told, by=by, now=now)
    kept = set(
        Organisation.objects.filter(parent__in=parents).order_by().values_list("parent", flat=True)
    )
    for parent in sorted(parents - kept):
        Organisation.objects.filter(pk=parent).update(branch=False)
        close_scope(parent)


@transaction.atomic
def detach_from_parents(bodies: Iterable[int]) -> None:
    """Let bodies (ids) stand without their parents, which are about to be deleted; the counts follow."""
    tree_lock.hold_alone()
    if Organisation.objects.filter(pk__in=list(bodies)).update(parent=None):
        refresh_paths()
