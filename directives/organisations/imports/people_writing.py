"""Applying a checked table of people, and undoing it."""

from collections.abc import Iterable, Mapping
from typing import Any

from directives.base.states import ROLES
from directives.models import IntakeRow, Membership, Organisation, PendingRight, User
from directives.models.intakes import NEW
from directives.organisations import commands as organising
from directives.tables.comparing import changed_since, stale, undoing_row
from directives.tables.fields import IntakeContext, IntakeRows

PLAIN = ("full_name", "phone", "email", "language")
ACTIVE, ENDED, LISTED = "active", "ended", "memberships"
YES, NO = "yes", "no"
RoleKey = tuple[int, str]  # id of the person, code:role


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row as fields of the account."""
    plain = {name: values[name] for name in PLAIN if name in values}
    return plain | ({"is_active": values[ACTIVE] == YES} if ACTIVE in values else {})


def role_in_words(role: str) -> str:
    """A role such as Q01:staff with its translated name."""
    code, _colon, role_key = role.rpartition(":")
    return f"{code} {dict(ROLES)[role_key]}"


def _gained(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> set[str]:
    """The roles, as code:role, that are in `later` and not in `earlier`."""
    return set(later.get(LISTED, ())).difference(earlier.get(LISTED, ()))


def _locked(rows: IntakeRows) -> dict[int | None, User]:
    # no_key: inserting rows that refer to these people does not wait.
    people = User.objects.select_for_update(no_key=True)
    return {**people.in_bulk([row.subject_id for row in rows if row.subject_id])}


def _has_values(user: User | None, fields: Mapping[str, Any]) -> bool:
    return user is not None and all(getattr(user, name) == fields[name] for name in fields)


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Add new accounts, change stored ones, then remove and give roles."""
    people_by_id = _locked(rows)
    changes: dict[User, dict[str, Any]] = {}
    names = {row.after["username"] for row in rows if row.verdict == NEW}
    people = {user.username: user for user in User.objects.filter(username__in=names)}
    added: dict[str, User] = {}
    for row in rows:
        if row.verdict == NEW:
            name = row.after["username"]
            if name not in people and name not in added:
                added[name] = User(username=name, **_fields(row.after))
            elif _makes_account(row):
                raise stale(row)  # the name was taken meanwhile
        else:
            user, before = people_by_id.get(row.subject_id), _fields(row.before)
            if user is None or not _has_values(user, before):
                raise stale(row)
            if before:
                changes[user] = _fields(row.after)
    organising.add_people(list(added.values()), by=context.by, now=context.now)
    organising.change_people(changes, by=context.by, now=context.now)
    people |= added
    for row in rows:
        row.subject_id, row.left = row.subject_id or people[row.after["username"]].pk, 1
    _write_roles(
        context, rows, {user.pk: user for user in (*people_by_id.values(), *people.values())}
    )


def _write_roles(context: IntakeContext, rows: IntakeRows, people: Mapping[int, User]) -> None:
    added_roles, ended_roles = _added_roles(rows), _ended_roles(rows)
    memberships = _memberships(people)
    for key, row in (added_roles | ended_roles).items():
        if (key in memberships) != (key in ended_roles) and row.verdict != NEW:
            raise stale(row)
    organising.take_roles([memberships[key] for key in ended_roles], by=context.by, now=context.now)
    missing = [key for key in added_roles if key not in memberships]
    organising.give_roles(_new_memberships(missing, people), by=context.by, now=context.now)


def _added_roles(rows: IntakeRows) -> dict[RoleKey, IntakeRow]:
    return {
        (row.subject_id or 0, role): row
        for row in rows
        for role in sorted(_gained(row.before, row.after))
    }


def _ended_roles(rows: IntakeRows) -> dict[RoleKey, IntakeRow]:
    return {
        (row.subject_id or 0, role): row
        for row in rows
        for role in sorted(_gained(row.after, row.before))
    }


def _memberships(people: Iterable[int]) -> dict[RoleKey, Membership]:
    rows = Membership.objects.filter(user__in=people).select_related("user", "organisation")
    return {(row.user_id, f"{row.organisation.code}:{row.role}"): row for row in rows}


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore roles and changed accounts, and delete new accounts that nobody used."""
    people_by_id = _locked(rows)
    changes: dict[User, dict[str, Any]] = {}
    for row in rows:
        user = people_by_id.get(row.subject_id)
        if user is None or not _has_values(user, _fields(row.after)):
            raise changed_since(row)
        if row.verdict != NEW and _fields(row.before):
            changes[user] = _fields(row.before)
    _undo_roles(context, rows, {user.pk: user for user in people_by_id.values()})
    organising.change_people(changes, by=context.by, now=context.now)
    new = {row.subject_id: row for row in rows if row.verdict == NEW and _makes_account(row)}
    with undoing_row(next(iter(new.values()), rows[0])):
        organising.remove_people([people_by_id[pk] for pk in new], by=context.by, now=context.now)


def _makes_account(row: IntakeRow) -> bool:
    """Whether a new row adds the account; further rows of the person only add roles."""
    return ACTIVE in row.after


def _undo_roles(context: IntakeContext, rows: IntakeRows, people: Mapping[int, User]) -> None:
    added_roles, ended_roles = _added_roles(rows), _ended_roles(rows)
    memberships = _memberships(people)
    restored_row = next((row for key, row in ended_roles.items() if key in memberships), None)
    if restored_row is not None:
        raise changed_since(restored_row)
    to_remove = [memberships[key] for key in added_roles if key in memberships]
    organising.take_roles(to_remove, by=context.by, now=context.now)
    pending = PendingRight.objects.filter(person__in=people, organisation__isnull=False)
    for right in pending.select_related("organisation"):
        body = right.organisation
        if body and (right.person_id, f"{body.code}:{right.right}") in added_roles:
            organising.decline_right(right, by=context.by, now=context.now)
    organising.give_roles(_new_memberships(ended_roles, people), by=context.by, now=context.now)


def _new_memberships(roles: Iterable[RoleKey], people: Mapping[int, User]) -> list[Membership]:
    split = [(people[pk], *role.rpartition(":")) for pk, role in roles]
    codes = {code for _user, code, _colon, _role in split}
    bodies = {body.code: body for body in Organisation.objects.filter(code__in=codes)}
    return [
        Membership(user=user, organisation=bodies[code], role=role)
        for user, code, _colon, role in split
    ]
