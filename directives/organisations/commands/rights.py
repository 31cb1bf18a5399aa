"""Who holds which role in a body (成员) and which duty of the installation (三员): given, confirmed by a second person, taken away.

Every door gives rights by these commands: the admin, tables of people, whatever comes. Taking away is never delayed.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from directives.base.duties import ADMINISTRATIVE, AUDITOR, DUTIES, SECURITY
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.wording import listed
from directives.core import audit, notices
from directives.core.rules import can_give, keeps_rights
from directives.models import Membership, PendingRight, User
from directives.models.people import CONFIRMED

WAITING = frozenset(key for key, _label in CONFIRMED)


def why_separate(person: User, *, role: str = "", duty: str = "") -> str:
    """Why the separation of duties keeps this role or duty from the person, in a sentence; "" where it does not."""
    if not settings.SEPARATE_DUTIES:
        return ""
    if role and person.is_auditor:
        return _("%(person)s is an auditor, and an auditor has no role in an organisation.") % {
            "person": person
        }
    others = [str(DUTIES[key].name) for key in person.duties if duty and key != duty]
    if others:
        told = {"person": person, "held": others[0], "wanted": DUTIES[duty].name}
        return (
            _("%(person)s is %(held)s and cannot also be %(wanted)s. Remove the other duty first.")
            % told
        )
    if duty == AUDITOR and person.memberships.exists():
        return _(
            "%(person)s has a role in an organisation; an auditor may not have one. Remove the "
            "roles first."
        ) % {"person": person}
    return ""


def confirmers(by: User | None) -> list[User]:
    """Who could confirm what `by` gives, but for whoever gets it; nobody where nothing is confirmed."""
    if by is None or not settings.CONFIRM_RIGHTS:
        return []
    keepers = User.objects.filter(
        Q(is_security_administrator=True) | Q(is_superuser=True), is_active=True
    ).exclude(pk=by.pk)
    if settings.PRODUCTION:
        keepers = keepers.filter(made_up=False)  # who cannot sign in confirms nothing
    return list(keepers.order_by("pk"))


def demand_second_left(person: User, by: User | None) -> None:
    """Raise NotAllowed where `by` would have nobody left to confirm what they give, once this person cannot."""
    others = confirmers(by)
    if by is not None and not by.is_superuser and [one.pk for one in others] == [person.pk]:
        raise NotAllowed(
            _(
                "%(person)s is the only other person who can confirm rights. Only the server "
                "operator can remove this."
            )
            % {"person": person}
        )


def _demand_giver(by: User | None, people: Collection[User]) -> None:
    """Raise NotAllowed where `by` may not say which rights these people have."""
    if by is None or not people:
        return
    if not keeps_rights(by):
        raise NotAllowed(_("Roles and duties are granted by the security administrator."))
    if any(person.pk == by.pk for person in people):
        raise NotAllowed(_("You cannot change your own roles or duties."))
    if above := [person.username for person in people if not can_give(by, person)]:
        raise NotAllowed(
            _("These accounts have more rights than you: %(names)s.")
            % {"names": listed(above[:10])}
        )


def _locked(people: Iterable[User]) -> dict[int, User]:
    """These people as they stand, kept so: a role and a duty that exclude one another are not given at once."""
    pks = {person.pk for person in people}
    return {
        person.pk: person
        for person in User.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    }


def _must_wait(right: str, person: User, others: Collection[User]) -> bool:
    """Whether one of the others, who could confirm it, is not the person themselves."""
    return right in WAITING and any(one.pk != person.pk for one in others)


def _alone(right: str, by: User | None) -> dict[str, bool]:
    """What the event says of a right that should have been confirmed where nobody was there to."""
    return (
        {"alone": True} if by is not None and settings.CONFIRM_RIGHTS and right in WAITING else {}
    )


# roles in bodies


@transaction.atomic
def give_roles(
    memberships: Sequence[Membership], *, by: User | None, now: datetime
) -> list[PendingRight]:
    """Make these memberships, which come with person and body; returns what waits for a second person instead.

    Raises NotAllowed, or Invalid where duties are separate.
    """
    people = _locked(row.user for row in memberships)
    _demand_giver(by, people.values())
    if refused := [
        why for row in memberships if (why := why_separate(people[row.user_id], role=row.role))
    ]:
        raise Invalid(" ".join(dict.fromkeys(refused)))
    others = confirmers(by)
    waiting = [row for row in memberships if _must_wait(row.role, row.user, others)]
    given = [row for row in memberships if not _must_wait(row.role, row.user, others)]
    Membership.objects.bulk_create(given, batch_size=500)
    told = [
        audit.Change(row, {}, {"name": str(row), "role": row.role, **_alone(row.role, by)})
        for row in given
    ]
    audit.record_many("add", told, by=by, now=now)
    return _ask(
        [
            PendingRight(person=row.user, right=row.role, organisation=row.organisation)
            for row in waiting
        ],
        others,
        by=by,
        now=now,
    )


@transaction.atomic
def take_roles(memberships: Sequence[Membership], *, by: User | None, now: datetime) -> None:
    """Take these memberships away; they come with person and body."""
    _demand_giver(by, [row.user for row in memberships])
    told = [audit.Change(row, {"name": str(row), "role": row.role}) for row in memberships]
    audit.record_many("delete", told, by=by, now=now)
    Membership.objects.filter(pk__in=[row.pk for row in memberships]).delete()


# duties of the installation


@transaction.atomic
def give_duty(person: User, key: str, *, by: User | None, now: datetime) -> PendingRight | None:
    """Give a duty; returns what waits for a second person instead. Raises NotAllowed, or Invalid where duties are separate."""
    stored = _locked([person])[person.pk]
    _demand_giver(by, [stored])
    if why := why_separate(stored, duty=key):
        raise Invalid({DUTIES[key].field: [why]})
    if key in stored.duties:
        return None
    others = confirmers(by)
    if _must_wait(key, stored, others):
        return _ask([PendingRight(person=stored, right=key)], others, by=by, now=now)[0]
    _set_duty(stored, key, True, by=by, now=now, **_alone(key, by))
    return None


@transaction.atomic
def take_duty(person: User, key: str, *, by: User | None, now: datetime) -> None:
    """Take a duty away. Raises NotAllowed."""
    stored = _locked([person])[person.pk]
    _demand_giver(by, [stored])
    if key == SECURITY:
        demand_second_left(stored, by)
    if key in stored.duties:
        _set_duty(stored, key, False, by=by, now=now)


def _set_duty(
    person: User, key: str, held: bool, *, by: User | None, now: datetime, **more: Any
) -> None:
    """Store it. Who administers enters the admin, and who no longer does no longer enters it."""
    field, entered = DUTIES[key].field, person.is_staff
    setattr(person, field, held)
    if key in ADMINISTRATIVE:
        person.is_staff = person.is_superuser or any(one in person.duties for one in ADMINISTRATIVE)
    person.save(update_fields=[field, "is_staff"])
    before, after = (
        {field: not held, "is_staff": entered},
        {field: held, "is_staff": person.is_staff},
    )
    audit.record(
        "give_duty" if held else "take_duty",
        person,
        by=by,
        now=now,
        before=before,
        after=after | more,
    )


# a second person


def _ask(
    rights: Sequence[PendingRight], others: Collection[User], *, by: User | None, now: datetime
) -> list[PendingRight]:
    """Let these rights wait for one of the others, and tell them. What waits already goes on waiting."""
    people = [right.person_id for right in rights]
    known = {_key(right): right for right in PendingRight.objects.filter(person__in=people)}
    fresh = [right for right in rights if _key(right) not in known]
    for right in fresh:
        right.asked_by, right.asked_at = by, now
        right.save()
    audit.record_many(
        "ask_right", [audit.Change(right, {}, _said(right)) for right in fresh], by=by, now=now
    )
    readers = [one for one in others if any(right.person_id != one.pk for right in fresh)]
    if fresh:
        notices.rights_wait(readers, by=by, count=len(fresh), now=now)
    return [known.get(_key(right), right) for right in rights]


def _key(right: PendingRight) -> tuple[int, str, int | None]:
    return right.person_id, right.right, right.organisation_id


def _said(right: PendingRight) -> dict[str, str]:
    """A waiting right as the record says it."""
    said = {"person": str(right.person), "right": right.right}
    return said | {"body": right.organisation.name_hans} if right.organisation else said


def _decided(right: PendingRight) -> PendingRight:
    """Take the right from those that wait. Raises Stale where somebody was first."""
    rows = PendingRight.objects.select_for_update(of=("self",)).select_related("person", "asked_by")
    found = rows.filter(pk=right.pk, version=right.version).first()
    if found is None:
        raise Stale(_("Another user decided this first."))
    PendingRight.objects.filter(pk=found.pk).delete()
    return found


@transaction.atomic
def confirm_right(right: PendingRight, *, by: User, now: datetime) -> None:
    """Give what waited: by somebody who gives rights, who neither asked for it nor gets it.

    Raises NotAllowed, Stale, or Invalid where duties are separate by now.
    """
    found = _decided(right)
    if by.pk == found.asked_by_id:
        raise NotAllowed(
            _("The person who requested a right cannot confirm it; a second person must.")
        )
    person = _locked([found.person])[found.person_id]
    _demand_giver(by, [person])
    role = found.right if found.organisation_id else ""
    if why := why_separate(person, role=role, duty="" if role else found.right):
        raise Invalid(why)
    audit.record(
        "confirm_right",
        right,
        by=by,
        now=now,
        after=_said(found) | {"asked_by": str(found.asked_by)},
    )
    if not role:
        if found.right not in person.duties:
            _set_duty(person, found.right, True, by=by, now=now)
    elif not Membership.objects.filter(
        user=person, organisation=found.organisation, role=role
    ).exists():
        row = Membership.objects.create(user=person, organisation=found.organisation, role=role)
        audit.record("add", row, by=by, now=now, after={"name": str(row), "role": row.role})
    notices.right_decided(found, "right_confirmed", by=by, now=now)


@transaction.atomic
def decline_right(right: PendingRight, *, by: User, now: datetime) -> None:
    """Give it to nobody: who asked takes it back, or somebody else who gives rights declines it. Raises NotAllowed or Stale."""
    found = _decided(right)
    own = by.pk == found.asked_by_id
    if not keeps_rights(by) or by.pk == found.person_id:
        raise NotAllowed(_("Roles and duties are granted by the security administrator."))
    audit.record(
        "withdraw_right" if own else "decline_right", right, by=by, now=now, after=_said(found)
    )
    if not own:
        notices.right_decided(found, "right_declined", by=by, now=now)
