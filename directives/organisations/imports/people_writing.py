"""Writing the people of a checked table, and taking them back."""

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


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the account among the fields of a row."""
    plain = {name: values[name] for name in PLAIN if name in values}
    return plain | ({"is_active": values[ACTIVE] == YES} if ACTIVE in values else {})


def role_in_words(role: str) -> str:
    """Q01:staff, for people."""
    code, _colon, word = role.rpartition(":")
    return f"{code} {dict(ROLES)[word]}"


def _gained(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> set[str]:
    """The roles, as code:role, that a person holds later and not earlier."""
    return set(later.get(LISTED, ())).difference(earlier.get(LISTED, ()))


def _known(rows: IntakeRows) -> dict[int, User]:
    known = User.objects.select_for_update(
        no_key=True
    )  # what they do meanwhile refers to them, and does not wait
    return known.in_bulk([row.subject_id for row in rows if row.subject_id])


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """New accounts first, then what changes of known ones, then the roles that end or are given."""
    known, changes = _known(rows), {}
    names = {row.after["username"] for row in rows if row.verdict == NEW}
    people = {user.username: user for user in User.objects.filter(username__in=names)}
    made: dict[str, User] = {}
    for row in rows:
        if (
            row.verdict == NEW
            and row.after["username"] not in people
            and row.after["username"] not in made
        ):
            made[row.after["username"]] = User(username=row.after["username"], **_fields(row.after))
        elif row.verdict == NEW and _founds(row):
            raise stale(row)  # somebody took the name meanwhile
        elif row.verdict != NEW:
            user = known.get(row.subject_id)
            before = _fields(row.before)
            if user is None or any(getattr(user, name) != value for name, value in before.items()):
                raise stale(row)
            if before:
                changes[user] = _fields(row.after)
    organising.add_people(list(made.values()), by=context.by, now=context.now)
    organising.change_people(changes, by=context.by, now=context.now)
    people |= made
    for row in rows:
        row.subject_id, row.left = row.subject_id or people[row.after["username"]].pk, 1
    _give(context, rows, {user.pk: user for user in (*known.values(), *people.values())})


def _give(context: IntakeContext, rows: IntakeRows, people: Mapping[int, User]) -> None:
    given = {
        (row.subject_id, role): row
        for row in rows
        for role in sorted(_gained(row.before, row.after))
    }
    ended = {(row.subject_id, role): row for row in rows for role in _gained(row.after, row.before)}
    stands = _standing(people)
    for key, row in (given | ended).items():
        if (key in stands) != (key in ended) and row.verdict != NEW:
            raise stale(row)
    organising.take_roles([stands[key] for key in ended], by=context.by, now=context.now)
    organising.give_roles(
        _made([key for key in given if key not in stands], people), by=context.by, now=context.now
    )


def _standing(people: Iterable[int]) -> dict[tuple[int, str], Membership]:
    found = Membership.objects.filter(user__in=people).select_related("user", "organisation")
    return {(row.user_id, f"{row.organisation.code}:{row.role}"): row for row in found}


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Roles that were added go, those that ended come back, changed accounts say again what they said, new ones that nobody used are
    deleted."""
    known, changes = _known(rows), {}
    for row in rows:
        user = known.get(row.subject_id)
        fields = _fields(row.after) if user else {}
        if user is None or any(getattr(user, name) != value for name, value in fields.items()):
            raise changed_since(row)
        if row.verdict != NEW and _fields(row.before):
            changes[user] = _fields(row.before)
    _take(context, rows, known)
    organising.change_people(changes, by=context.by, now=context.now)
    new = {row.subject_id: row for row in rows if row.verdict == NEW and _founds(row)}
    with undoing_row(next(iter(new.values()), rows[0])):
        organising.remove_people([known[pk] for pk in new], by=context.by, now=context.now)


def _founds(row: IntakeRow) -> bool:
    """Whether a new row makes the account: a further one of the same person only adds roles."""
    return ACTIVE in row.after


def _take(context: IntakeContext, rows: IntakeRows, people: Mapping[int, User]) -> None:
    ours = {(row.subject_id, role) for row in rows for role in _gained(row.before, row.after)}
    ended = {
        (row.subject_id, role): row
        for row in rows
        for role in sorted(_gained(row.after, row.before))
    }
    stands = _standing(people)
    again = next((row for key, row in ended.items() if key in stands), None)
    if again is not None:
        raise changed_since(again)
    organising.take_roles(
        [stands[key] for key in ours if key in stands], by=context.by, now=context.now
    )
    for right in PendingRight.objects.filter(
        person__in=people, organisation__isnull=False
    ).select_related("organisation"):
        if (right.person_id, f"{right.organisation.code}:{right.right}") in ours:
            organising.decline_right(right, by=context.by, now=context.now)
    organising.give_roles(_made(ended, people), by=context.by, now=context.now)


def _made(roles: Iterable[tuple[int, str]], people: Mapping[int, User]) -> list[Membership]:
    """Memberships to be made: of whom, as code:role."""
    apart = [(people[pk], *role.rpartition(":")) for pk, role in roles]
    bodies = {
        body.code: body
        for body in Organisation.objects.filter(code__in={code for _user, code, *_rest in apart})
    }
    return [
        Membership(user=user, organisation=bodies[code], role=word)
        for user, code, _colon, word in apart
    ]
