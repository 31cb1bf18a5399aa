"""One body changed in the register: its plain fields, its kind, its place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from directives.base import tree_lock
from directives.base.refusals import Stale
from directives.core import audit
from directives.models import Organisation, User
from directives.organisations.commands.tree import Moved, demand, move_body
from directives.tallies import change_kind


@transaction.atomic
def change_body(
    body: Organisation, fields: Mapping[str, Any], *, version: int, by: User | None, now: datetime
) -> Moved | None:
    """Give a body new values of these fields; returns what a new parent moved.

    `version` is the one that the person saw. Raises NotAllowed, Stale or Invalid.
    """
    demand(by)
    tree_lock.hold_alone()
    stored = Organisation.objects.select_related("parent", "successor").get(pk=body.pk)
    if stored.version != version:
        raise Stale(theirs=stored)
    plain = {
        name: value
        for name, value in fields.items()
        if name != "parent" and getattr(stored, name) != value
    }
    moved = None
    if "parent" in fields and fields["parent"] != stored.parent:
        moved = move_body(stored, to=fields["parent"], by=by, now=now, version=version)
    if plain:
        if "kind" in plain:
            change_kind(stored, kind=plain["kind"])
        Organisation.objects.filter(pk=body.pk).update(**plain, version=F("version") + 1)
        before = {name: str(getattr(stored, name)) for name in plain}
        after = {name: str(value) for name, value in plain.items()}
        audit.record("change", stored, by=by, now=now, before=before, after=after)
    return moved
