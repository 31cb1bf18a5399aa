"""Adding, changing and deleting accounts of people (成员) from a table. Roles: see `rights`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid, NotAllowed
from directives.base.wording import join_words
from directives.core import audit
from directives.core.rules import can_administer, can_reset, keeps_accounts, keeps_rights
from directives.models import Membership, User
from directives.models.sql import insert, update_each
from directives.organisations.commands.rights import demand_other_confirmer

# A new password can be requested by mail, so an address gives access to the account.
MAIL = gettext_lazy(
    "Email addresses can be used to reset passwords, so only people who may set the password enter "
    "them."
)


def _demand_keeper(people: Collection[User], by: User | None) -> None:
    """Raise NotAllowed unless `by` manages accounts. None is the system."""
    if by is not None and people and not keeps_accounts(by):
        raise NotAllowed(_("Accounts are managed by the system administrator."))


def _demand_accounts(people: Collection[User], by: User | None) -> None:
    """As `_demand_keeper`; also refuse one's own account and accounts with more rights."""
    _demand_keeper(people, by)
    if by is None:
        return
    if any(person.pk == by.pk for person in people):
        raise NotAllowed(_("You cannot change your own account or roles with a table."))
    if stronger := [person.username for person in people if not can_administer(by, person)]:
        raise NotAllowed(
            _("These accounts have more rights than you: %(names)s.")
            % {"names": join_words(stronger[:10])}
        )


@transaction.atomic
def add_people(people: Sequence[User], *, by: User | None, now: datetime) -> None:
    """Add these accounts without passwords; an administrator sets the first one."""
    _demand_keeper(people, by)
    if by is not None and not keeps_rights(by) and any(person.email for person in people):
        raise NotAllowed(MAIL)
    for person in people:
        person.set_unusable_password()
        person.date_joined = now
    insert(User, people)
    added = [
        audit.Change(person, {}, {"username": person.username, "full_name": person.full_name})
        for person in people
    ]
    audit.record_many("add", added, by=by, now=now)


@transaction.atomic
def change_people(
    changes: Mapping[User, Mapping[str, Any]], *, by: User | None, now: datetime
) -> None:
    """Change these fields of accounts, which are locked and as stored."""
    _demand_accounts(changes, by)
    if by is not None and not all(
        can_reset(by, person) for person, fields in changes.items() if "email" in fields
    ):
        raise NotAllowed(MAIL)
    changed: list[audit.Change] = []
    by_fields: dict[tuple[str, ...], list[User]] = {}
    for person, fields in changes.items():
        if fields.get("is_active") is False:
            demand_other_confirmer(person, by)
        before = {name: getattr(person, name) for name in fields}
        changed.append(audit.Change(person, before, dict(fields)))
        for name, value in fields.items():
            setattr(person, name, value)
        by_fields.setdefault(tuple(fields), []).append(person)
    for names, people in by_fields.items():
        update_each(User, people, names)
    audit.record_many("change", changed, by=by, now=now)


@transaction.atomic
def remove_people(people: Sequence[User], *, by: User | None, now: datetime) -> None:
    """Delete accounts. Raises Invalid if one was used, or has a role."""
    _demand_accounts(people, by)
    used = [
        person.username for person in people if person.last_login or person.has_usable_password()
    ]
    if used:
        raise Invalid(
            _("These accounts have a password by now: %(names)s.")
            % {"names": join_words(used[:10])}
        )
    if Membership.objects.filter(user__in=people).exists():
        raise Invalid(_("These people were given roles since then."))
    deleted = [audit.Change(person, {"username": person.username}) for person in people]
    try:
        User.objects.filter(pk__in=[person.pk for person in people]).delete()
    except ProtectedError as error:
        raise Invalid(_("These people have already entered something.")) from error
    audit.record_many("delete", deleted, by=by, now=now)
