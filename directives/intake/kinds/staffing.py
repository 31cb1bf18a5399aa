"""Writing the people of a checked table, and taking them back."""

from collections.abc import Mapping
from typing import Any

from directives import organising
from directives.intake.fields import Asking, Rows
from directives.intake.kinds.comparing import built_on, moved_on, stale
from directives.models import IntakeRow, Membership, Organisation, User
from directives.models.intakes import NEW
from directives.refusals import Invalid

PLAIN = ("full_name", "phone", "email", "language")
ACTIVE, LISTED = "active", "memberships"
YES, NO = "yes", "no"


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the account among the fields of a row."""
    plain = {name: values[name] for name in PLAIN if name in values}
    return plain | ({"is_active": values[ACTIVE] == YES} if ACTIVE in values else {})


def _added(row: IntakeRow) -> list[str]:
    """The roles that a row adds, as code:role."""
    return sorted(set(row.after.get(LISTED, ())).difference(row.before.get(LISTED, ())))


def _known(rows: Rows) -> dict[int, User]:
    return {user.pk: user for user in User.objects.filter(pk__in=[row.subject_id for row in rows if row.subject_id]).select_for_update()}


def write(asking: Asking, rows: Rows) -> None:
    """New accounts first, then what changes of known ones, then the roles."""
    known, changes, people = _known(rows), {}, {}
    names = {row.after["username"] for row in rows if row.verdict == NEW}
    people = {user.username: user for user in User.objects.filter(username__in=names)}
    made: dict[str, User] = {}
    for row in rows:
        if row.verdict == NEW and row.after["username"] not in people and row.after["username"] not in made:
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
    organising.add_people(list(made.values()), by=asking.by, now=asking.now)
    organising.change_people(changes, by=asking.by, now=asking.now)
    people |= made
    for row in rows:
        row.subject_id, row.left = row.subject_id or people[row.after["username"]].pk, 1
    _give(asking, rows, {user.pk: user for user in (*known.values(), *people.values())})


def _give(asking: Asking, rows: Rows, people: Mapping[int, User]) -> None:
    wanted = {(row.subject_id, role): row for row in rows for role in _added(row)}
    codes = {role.rpartition(":")[0] for _pk, role in wanted}
    bodies = {body.code: body for body in Organisation.objects.filter(code__in=codes)}
    stands = Membership.objects.filter(user__in=people).order_by().values_list("user", "organisation__code", "role")
    for pk, code, role in stands:
        if (pk, f"{code}:{role}") in wanted and wanted[pk, f"{code}:{role}"].verdict != NEW:
            raise stale(wanted[pk, f"{code}:{role}"])
    fresh = {(pk, f"{code}:{role}") for pk, code, role in stands}
    made = []
    for pk, role in wanted:
        code, _colon, word = role.rpartition(":")
        if (pk, role) not in fresh:
            made.append(Membership(user=people[pk], organisation=bodies[code], role=word))
    organising.give_roles(made, by=asking.by, now=asking.now)


def undo(asking: Asking, rows: Rows) -> None:
    """Roles that were added go, changed accounts say again what they said, new ones that nobody used are deleted."""
    known, changes = _known(rows), {}
    for row in rows:
        user = known.get(row.subject_id)
        fields = _fields(row.after) if user else {}
        if user is None or any(getattr(user, name) != value for name, value in fields.items()):
            raise moved_on(row)
        if row.verdict != NEW and _fields(row.before):
            changes[user] = _fields(row.before)
    _take(asking, rows)
    organising.change_people(changes, by=asking.by, now=asking.now)
    new = {row.subject_id: row for row in rows if row.verdict == NEW and _founds(row)}
    try:
        organising.remove_people([known[pk] for pk in new], by=asking.by, now=asking.now)
    except Invalid as refusal:
        raise built_on(next(iter(new.values())), str(refusal)) from refusal


def _founds(row: IntakeRow) -> bool:
    """Whether a new row makes the account: a further one of the same person only adds roles."""
    return ACTIVE in row.after


def _take(asking: Asking, rows: Rows) -> None:
    wanted = {(row.subject_id, role) for row in rows for role in _added(row)}
    found = Membership.objects.filter(user__in={pk for pk, _role in wanted}).select_related("user", "organisation")
    gone = [row for row in found if (row.user_id, f"{row.organisation.code}:{row.role}") in wanted]
    organising.take_roles(gone, by=asking.by, now=asking.now)
