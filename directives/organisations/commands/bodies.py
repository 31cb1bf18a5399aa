"""Changing one body, and adding, changing and deleting bodies in batches from a table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Invalid, Stale
from directives.base.wording import join_words
from directives.core import audit
from directives.models import Organisation, User
from directives.models.body_names import index_names
from directives.models.organisations import step
from directives.models.sql import insert, update_each
from directives.organisations.commands.tree import Moved, demand, move_body, refresh_paths
from directives.tallies import change_kind, close_scope, open_scope

LINKS = ("parent", "successor")  # fields whose values are codes of other bodies
NAMES = {"name_hans", "name_hant", "full_name"}  # fields by which a body is found in documents


class Link(NamedTuple):
    """A parent or successor of a body, both by code; `target` is "" for none."""

    code: str
    name: str  # one of LINKS
    target: str


@dataclass(frozen=True, slots=True)
class BodyEntry:
    """The fields of a body that a table sets; those of LINKS are codes, "" for none."""

    code: str
    fields: Mapping[str, Any]
    body: Organisation | None = None  # None for a new one

    def link(self, name: str) -> str:
        return self.fields.get(name) or ""

    @property
    def plain_fields(self) -> dict[str, Any]:
        return {name: value for name, value in self.fields.items() if name not in LINKS}


@transaction.atomic
def change_body(
    body: Organisation, fields: Mapping[str, Any], *, version: int, by: User | None, now: datetime
) -> Moved | None:
    """Change these fields of a body; returns what moved with it if its parent changed.

    `version` is the one shown to the person. Raises NotAllowed, Stale or Invalid.
    """
    demand(by)
    tree_lock.hold_exclusively()
    stored = Organisation.objects.select_related("parent", "successor").get(pk=body.pk)
    if stored.version != version:
        raise Stale(theirs=stored)
    plain_fields = {
        name: value
        for name, value in fields.items()
        if name != "parent" and getattr(stored, name) != value
    }
    moved = None
    if "parent" in fields and fields["parent"] != stored.parent:
        moved = move_body(stored, new_parent=fields["parent"], by=by, now=now, version=version)
    if plain_fields:
        if "kind" in plain_fields:
            change_kind(stored, kind=plain_fields["kind"])
        Organisation.objects.filter(pk=body.pk).update(**plain_fields, version=F("version") + 1)
        if NAMES.intersection(plain_fields):
            index_names([Organisation.objects.get(pk=body.pk)])
        before = {name: str(getattr(stored, name)) for name in plain_fields}
        after = {name: str(value) for name, value in plain_fields.items()}
        audit.record("change", stored, by=by, now=now, before=before, after=after)
    return moved


@transaction.atomic
def save_bodies(
    rows: Sequence[BodyEntry], *, late_links: Sequence[Link] = (), by: User | None, now: datetime
) -> dict[str, Organisation]:
    """Add and change these bodies; returns them by code.

    The rows are checked, and contain the bodies as stored. A parent or successor that does not
    exist yet is left out; `late_links` are those of earlier calls. Raises NotAllowed.
    """
    demand(by)
    tree_lock.hold_exclusively()
    codes = {code for row in rows for code in (row.code, *map(row.link, LINKS))}
    codes |= {code for link in late_links for code in (link.code, link.target)}
    bodies = {body.code: body for body in Organisation.objects.filter(code__in=codes)}
    new = [row for row in rows if row.body is None]
    changed = [(row, row.body) for row in rows if row.body is not None]
    changes = [audit.Change(body, _before(row, body), dict(row.fields)) for row, body in changed]
    _add(new, bodies)
    _change([row for row, _body in changed], bodies)
    links = [
        Link(row.code, name, row.link(name))
        for row, _body in changed
        for name in LINKS
        if name in row.fields
    ]
    for row in new:
        if row.link("successor"):
            links.append(Link(row.code, "successor", row.link("successor")))
    _set_links([*links, *late_links], bodies)
    # An event with a home would protect the body from being deleted when the import is undone.
    audit.record_many(
        "found",
        [audit.Change(bodies[row.code], {}, dict(row.fields), home=None) for row in new],
        by=by,
        now=now,
    )
    audit.record_many("change", changes, by=by, now=now)
    return {row.code: bodies[row.code] for row in rows}


def _before(row: BodyEntry, body: Organisation) -> dict[str, Any]:
    """The values of a stored body as the table writes them."""
    links = {name: getattr(getattr(body, name), "code", "") for name in LINKS if name in row.fields}
    return {name: getattr(body, name) for name in row.plain_fields} | links


def _add(rows: Sequence[BodyEntry], bodies: dict[str, Organisation]) -> None:
    """Add new bodies, level by level, each below its parent."""
    unsaved = {row.code: row for row in rows}
    new: set[int] = set()
    while unsaved:
        level = [row for row in unsaved.values() if row.link("parent") not in unsaved]
        added = [
            Organisation(code=row.code, parent=bodies.get(row.link("parent")), **row.plain_fields)
            for row in level
        ]
        insert(Organisation, added)
        index_names(added)
        for body in added:
            bodies[body.code] = body
            body.path = (body.parent.path if body.parent else "") + step(body.pk)
            del unsaved[body.code]
        update_each(Organisation, added, ["path"])
        new.update(body.pk for body in added)
        parents = {body.parent for body in added if body.parent}
        _make_branches({parent for parent in parents if not parent.branch}, new)


def _make_branches(parents: Collection[Organisation], new: set[int]) -> None:
    """Open the tallies of bodies that got their first child; `new` ones have none yet."""
    for parent in sorted(parents, key=lambda body: body.pk):
        if parent.pk not in new:
            open_scope(Organisation, parent)
        parent.branch = True
    Organisation.objects.filter(pk__in=[parent.pk for parent in parents]).update(branch=True)


def _change(rows: Sequence[BodyEntry], bodies: dict[str, Organisation]) -> None:
    """Write the fields of stored bodies other than LINKS, and increase their versions."""
    by_fields: dict[tuple[str, ...], list[Organisation]] = {}
    for row in rows:
        body, plain_fields = bodies[row.code], row.plain_fields
        if plain_fields.get("kind", body.kind) != body.kind:
            change_kind(body, kind=plain_fields["kind"])
        for name, value in plain_fields.items():
            setattr(body, name, value)
        body.version += 1
        by_fields.setdefault(tuple(plain_fields), []).append(body)
    for names, changed in by_fields.items():
        update_each(Organisation, changed, [*names, "version"])
        if NAMES.intersection(names):
            index_names(changed)


def _set_links(links: Sequence[Link], bodies: dict[str, Organisation]) -> None:
    """Set parents and successors, and move the subtrees."""
    moved = False
    for code, name, target in links:
        body, target_body = bodies[code], bodies.get(target)
        if target and target_body is None:
            continue  # it does not exist yet
        if getattr(body, f"{name}_id") != (target_body.pk if target_body else None):
            Organisation.objects.filter(pk=body.pk).update(**{name: target_body})
            moved = moved or name == "parent"
    if moved:
        refresh_paths()


@transaction.atomic
def delete_bodies(bodies: Sequence[Organisation], *, by: User | None, now: datetime) -> None:
    """Delete bodies that nothing refers to. Raises NotAllowed, or Invalid that names what does."""
    demand(by)
    tree_lock.hold_exclusively()
    parents = {body.parent_id for body in bodies if body.parent_id}.difference(
        body.pk for body in bodies
    )
    changes = [
        audit.Change(body, {"code": body.code, "name_hans": body.name_hans}, home=None)
        for body in bodies
    ]
    rows = Organisation.objects.filter(pk__in=[body.pk for body in bodies])
    rows.update(parent=None, successor=None)  # they may refer to one another
    try:
        rows.delete()
    except ProtectedError as error:
        names = sorted({str(row._meta.verbose_name) for row in error.protected_objects})
        raise Invalid(
            _("These organisations are in use: %(what)s.") % {"what": join_words(names)}
        ) from error
    audit.record_many("delete", changes, by=by, now=now)
    with_children = set(
        Organisation.objects.filter(parent__in=parents).order_by().values_list("parent", flat=True)
    )
    for parent in sorted(parents - with_children):
        Organisation.objects.filter(pk=parent).update(branch=False)
        close_scope(parent)


@transaction.atomic
def detach_from_parents(bodies: Iterable[int]) -> None:
    """Make bodies (ids) roots, because their parents are about to be deleted."""
    tree_lock.hold_exclusively()
    if Organisation.objects.filter(pk__in=list(bodies)).update(parent=None):
        refresh_paths()
