"""Remembering what names in documents mean, and forgetting it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.script import fold
from directives.core import audit
from directives.core.rules import supervises
from directives.models import BodyAlias, Organisation, User


def demand(owner: Organisation | None, by: User) -> None:
    """Raise NotAllowed unless `by` may say what names mean in the documents of this body.

    System administrators may, and supervisors of the body; in all documents the former alone.
    """
    if by.has_perm("directives.change_bodyalias"):
        return
    if owner is None or not supervises(by, owner):
        raise NotAllowed(_("Supervisors of the organisation decide what names mean."))


@transaction.atomic
def remember(
    name: str,
    bodies: Sequence[Organisation],
    *,
    owner: Organisation | None,
    by: User,
    now: datetime,
) -> BodyAlias:
    """Say what a name means in documents of `owner` and of bodies below; None is everywhere.

    It replaces what was said before. Raises NotAllowed, or Invalid without a name or a body.
    """
    demand(owner, by)
    if not fold(name) or not bodies:
        raise Invalid(_("Say which organisations the name means."))
    alias = BodyAlias.objects.select_for_update().filter(key=fold(name), owner=owner).first()
    before = _recorded(alias) if alias else {}
    is_new = alias is None
    alias = alias or BodyAlias(owner=owner, version=0)
    if is_new or before != _values(name.strip(), owner, bodies):
        alias.name = name.strip()
        _save(alias, bodies, before, by=by, now=now)
    return alias


@transaction.atomic
def save_alias(
    alias: BodyAlias, bodies: Sequence[Organisation], *, by: User, now: datetime
) -> BodyAlias:
    """Store a new or changed alias with its bodies. Raises NotAllowed, or Stale.

    Its `version` is the one that was shown to the person.
    """
    demand(alias.owner, by)
    before: dict[str, object] = {}
    if alias.pk:
        stored = BodyAlias.objects.select_for_update().get(pk=alias.pk)
        if stored.version != alias.version:
            raise Stale(theirs=stored)
        demand(stored.owner, by)
        before = _recorded(stored)
    else:
        alias.version = 0
    _save(alias, bodies, before, by=by, now=now)
    return alias


def _save(
    alias: BodyAlias,
    bodies: Sequence[Organisation],
    before: dict[str, object],
    *,
    by: User,
    now: datetime,
) -> None:
    action = "change" if alias.pk else "add"
    alias.version += 1
    alias.save()
    alias.bodies.set(bodies)
    change = audit.Change(alias, before, _recorded(alias), home=alias.owner_id)
    audit.record_many(action, [change], by=by, now=now)


@transaction.atomic
def forget(alias: BodyAlias, *, version: int, by: User, now: datetime) -> None:
    """Delete what was said of a name. Raises NotAllowed, or Stale if it was changed since."""
    stored = BodyAlias.objects.select_for_update().filter(pk=alias.pk, version=version).first()
    if stored is None:
        raise Stale
    demand(stored.owner, by)
    change = audit.Change(stored, _recorded(stored), home=stored.owner_id)
    audit.record_many("delete", [change], by=by, now=now)
    stored.delete()


def _recorded(alias: BodyAlias) -> dict[str, object]:
    return _values(alias.name, alias.owner, alias.bodies.all())


def _values(
    name: str, owner: Organisation | None, bodies: Iterable[Organisation]
) -> dict[str, object]:
    """What the audit record holds of an alias; bodies are written by code."""
    codes = sorted(body.code for body in bodies)
    return {"name": name, "owner": owner.code if owner else "", "bodies": codes}
