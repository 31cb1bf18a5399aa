"""Giving, confirming and taking roles in bodies (成员) and duties of the installation (三员).

The admin and imports of people use only these commands. Giving a right may need the confirmation
of a second person; taking one never does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from directives.base.duties import ADMINISTRATIVE, AUDITOR, DUTIES, SECURITY
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.wording import join_words
from directives.core import audit, notices
from directives.core.rules import can_give, keeps_rights
from directives.models import Membership, PendingRight, User
from directives.models.people import CONFIRMED_RIGHTS
from directives.models.sql import insert

NEEDS_CONFIRMATION = frozenset(key for key, _label in CONFIRMED_RIGHTS)


def separation_fault(person: User, *, role: str = "", duty: str = "") -> str:
    """The message if separation of duties forbids the person this role or duty; else ""."""
    if not settings.SEPARATE_DUTIES:
        return ""
    if role and person.is_auditor:
        return _("%(person)s is an auditor, and an auditor has no role in an organisation.") % {
            "person": person
        }
    other_duties = [str(DUTIES[key].name) for key in person.duties if duty and key != duty]
    if other_duties:
        text = _(
            "%(person)s is %(held)s and cannot also be %(wanted)s. Remove the other duty first."
        )
        return text % {"person": person, "held": other_duties[0], "wanted": DUTIES[duty].name}
    if duty == AUDITOR and person.memberships.exists():
        return _(
            "%(person)s has a role in an organisation; an auditor may not have one. Remove the "
            "roles first."
        ) % {"person": person}
    return ""


def confirmers(by: User | None) -> list[User]:
    """Who may confirm rights that `by` gives to others; [] if no confirmation is needed."""
    if by is None or not settings.CONFIRM_RIGHTS:
        return []
    keepers = User.objects.filter(
        Q(is_security_administrator=True) | Q(is_superuser=True), is_active=True
    ).exclude(pk=by.pk)
    if settings.PRODUCTION:
        keepers = keepers.filter(made_up=False)  # these cannot sign in
    return list(keepers.order_by("pk"))


def demand_other_confirmer(person: User, by: User | None) -> None:
    """Raise NotAllowed if this person is the only one who can confirm rights given by `by`."""
    remaining = confirmers(by)
    if by is not None and not by.is_superuser and [other.pk for other in remaining] == [person.pk]:
        raise NotAllowed(
            _(
                "%(person)s is the only other person who can confirm rights. Only the server "
                "operator can remove this."
            )
            % {"person": person}
        )


def _demand_giver(by: User | None, people: Collection[User]) -> None:
    """Raise NotAllowed unless `by` may decide on the rights of these people."""
    if by is None or not people:
        return
    if not keeps_rights(by):
        raise NotAllowed(_("Roles and duties are granted by the security administrator."))
    if any(person.pk == by.pk for person in people):
        raise NotAllowed(_("You cannot change your own roles or duties."))
    if stronger := [person.username for person in people if not can_give(by, person)]:
        raise NotAllowed(
            _("These accounts have more rights than you: %(names)s.")
            % {"names": join_words(stronger[:10])}
        )


def _locked(people: Iterable[User]) -> dict[int, User]:
    """The people as stored, locked, so that nobody gets a role and a duty at the same time."""
    pks = {person.pk for person in people}
    return {
        person.pk: person
        for person in User.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    }


def _must_wait(right: str, person: User, possible_confirmers: Collection[User]) -> bool:
    """Whether the right needs confirmation, and there is somebody who can give it."""
    return right in NEEDS_CONFIRMATION and any(
        confirmer.pk != person.pk for confirmer in possible_confirmers
    )


def _unconfirmed(right: str, by: User | None) -> dict[str, bool]:
    """The entry in the audit event of a right that nobody could confirm."""
    unconfirmed = by is not None and settings.CONFIRM_RIGHTS and right in NEEDS_CONFIRMATION
    return {"alone": True} if unconfirmed else {}


# roles in bodies


@transaction.atomic
def give_roles(
    memberships: Sequence[Membership], *, by: User | None, now: datetime
) -> list[PendingRight]:
    """Give these roles; returns those that have to be confirmed first.

    Raises NotAllowed, or Invalid because of the separation of duties.
    """
    people = _locked(row.user for row in memberships)
    _demand_giver(by, people.values())
    reasons = [separation_fault(people[row.user_id], role=row.role) for row in memberships]
    if any(reasons):
        raise Invalid(" ".join(filter(None, dict.fromkeys(reasons))))
    possible_confirmers = confirmers(by)
    pending_roles = [
        row for row in memberships if _must_wait(row.role, row.user, possible_confirmers)
    ]
    new_roles = [
        row for row in memberships if not _must_wait(row.role, row.user, possible_confirmers)
    ]
    insert(Membership, new_roles)
    changes = [
        audit.Change(row, {}, {"name": str(row), "role": row.role, **_unconfirmed(row.role, by)})
        for row in new_roles
    ]
    audit.record_many("add", changes, by=by, now=now)
    if by is None:
        return []
    rights = [
        PendingRight(person=row.user, right=row.role, organisation=row.organisation)
        for row in pending_roles
    ]
    return _request(rights, possible_confirmers, by=by, now=now)


@transaction.atomic
def take_roles(memberships: Sequence[Membership], *, by: User | None, now: datetime) -> None:
    _demand_giver(by, [row.user for row in memberships])
    changes = [audit.Change(row, {"name": str(row), "role": row.role}) for row in memberships]
    audit.record_many("delete", changes, by=by, now=now)
    Membership.objects.filter(pk__in=[row.pk for row in memberships]).delete()


# duties of the installation


@transaction.atomic
def give_duty(person: User, key: str, *, by: User | None, now: datetime) -> PendingRight | None:
    """Give a duty; returns it if it has to be confirmed first.

    Raises NotAllowed, or Invalid because of the separation of duties.
    """
    stored = _locked([person])[person.pk]
    _demand_giver(by, [stored])
    if fault := separation_fault(stored, duty=key):
        raise Invalid({DUTIES[key].field: [fault]})
    if key in stored.duties:
        return None
    possible_confirmers = confirmers(by)
    if by is not None and _must_wait(key, stored, possible_confirmers):
        return _request(
            [PendingRight(person=stored, right=key)], possible_confirmers, by=by, now=now
        )[0]
    _set_duty(stored, key, True, by=by, now=now, extra=_unconfirmed(key, by))
    return None


@transaction.atomic
def take_duty(person: User, key: str, *, by: User | None, now: datetime) -> None:
    """Take a duty away. Raises NotAllowed."""
    stored = _locked([person])[person.pk]
    _demand_giver(by, [stored])
    if key == SECURITY:
        demand_other_confirmer(stored, by)
    if key in stored.duties:
        _set_duty(stored, key, False, by=by, now=now)


def _set_duty(
    person: User,
    key: str,
    has_duty: bool,
    *,
    by: User | None,
    now: datetime,
    extra: Mapping[str, bool] | None = None,
) -> None:
    """Store a duty, and whether the person may enter the admin; `extra` goes into the event."""
    field = DUTIES[key].field
    before = {field: not has_duty, "is_staff": person.is_staff}
    setattr(person, field, has_duty)
    if key in ADMINISTRATIVE:
        administers = any(duty in person.duties for duty in ADMINISTRATIVE)
        person.is_staff = person.is_superuser or administers
    person.save(update_fields=[field, "is_staff"])
    after = {field: has_duty, "is_staff": person.is_staff, **(extra or {})}
    action = "give_duty" if has_duty else "take_duty"
    audit.record(action, person, by=by, now=now, before=before, after=after)


# a second person


def _request(
    rights: Sequence[PendingRight],
    possible_confirmers: Collection[User],
    *,
    by: User,
    now: datetime,
) -> list[PendingRight]:
    """Store rights that wait for confirmation, and notify those who may confirm them.

    Rights that are waiting already do not change.
    """
    people = [right.person_id for right in rights]
    pending = {_key(right): right for right in PendingRight.objects.filter(person__in=people)}
    new = [right for right in rights if _key(right) not in pending]
    for right in new:
        right.asked_by, right.asked_at = by, now
        right.save()
    audit.record_many(
        "ask_right", [audit.Change(right, {}, _as_recorded(right)) for right in new], by=by, now=now
    )
    readers = [
        confirmer
        for confirmer in possible_confirmers
        if any(right.person_id != confirmer.pk for right in new)
    ]
    if new:
        notices.notify_rights_waiting(readers, by=by, count=len(new), now=now)
    return [pending.get(_key(right), right) for right in rights]


def _key(right: PendingRight) -> tuple[int, str, int | None]:
    return right.person_id, right.right, right.organisation_id


def _as_recorded(right: PendingRight) -> dict[str, str]:
    values = {"person": str(right.person), "right": right.right}
    return values | {"body": right.organisation.name_hans} if right.organisation else values


def _pop(right: PendingRight) -> PendingRight:
    """Delete the pending right and return it. Raises Stale if it was decided already."""
    rows = PendingRight.objects.select_for_update(of=("self",)).select_related("person", "asked_by")
    stored = rows.filter(pk=right.pk, version=right.version).first()
    if stored is None:
        raise Stale(_("Another user decided this first."))
    PendingRight.objects.filter(pk=stored.pk).delete()
    return stored


@transaction.atomic
def confirm_right(right: PendingRight, *, by: User, now: datetime) -> None:
    """Give a pending right. Neither its requester nor its receiver may confirm it.

    Raises NotAllowed, Stale, or Invalid because of the separation of duties.
    """
    pending = _pop(right)
    if by.pk == pending.asked_by_id:
        raise NotAllowed(
            _("The person who requested a right cannot confirm it; a second person must.")
        )
    person = _locked([pending.person])[pending.person_id]
    _demand_giver(by, [person])
    body, key = pending.organisation, pending.right
    if fault := separation_fault(person, role=key) if body else separation_fault(person, duty=key):
        raise Invalid(fault)
    after = _as_recorded(pending) | {"asked_by": str(pending.asked_by)}
    audit.record("confirm_right", right, by=by, now=now, after=after)
    if body is None:
        if key not in person.duties:
            _set_duty(person, key, True, by=by, now=now)
    elif not Membership.objects.filter(user=person, organisation=body, role=key).exists():
        row = Membership.objects.create(user=person, organisation=body, role=key)
        audit.record("add", row, by=by, now=now, after={"name": str(row), "role": row.role})
    notices.notify_right_decided(pending, "right_confirmed", by=by, now=now)


@transaction.atomic
def decline_right(right: PendingRight, *, by: User, now: datetime) -> None:
    """Withdraw one's own pending right, or decline that of somebody else.

    Raises NotAllowed or Stale.
    """
    pending = _pop(right)
    withdrawn = by.pk == pending.asked_by_id
    if not keeps_rights(by) or by.pk == pending.person_id:
        raise NotAllowed(_("Roles and duties are granted by the security administrator."))
    action = "withdraw_right" if withdrawn else "decline_right"
    audit.record(action, right, by=by, now=now, after=_as_recorded(pending))
    if not withdrawn:
        notices.notify_right_decided(pending, "right_declined", by=by, now=now)
