"""What every request reads: its session, and the person of it."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from directives.base.duties import DUTIES
from directives.models import Membership, Organisation, User
from directives.models.people import SECOND_FACTORS, UNREAD_SHOWN
from directives.models.sql import prepared_cursor

SESSION = (
    "SELECT session_data, expire_date FROM django_session "
    "WHERE session_key = %s AND expire_date > %s"
)
EXPIRES = Session._meta.get_field("expire_date")
PERSON_COLUMNS = {
    *("id", "password", "username", "first_name", "last_name", "full_name", "email", "phone"),
    *("language", "is_active", "is_staff", "is_superuser", "made_up"),
    *("password_given", "password_set_at", "sign_ins_without_factor"),
    *(duty.field for duty in DUTIES.values()),
}


def _columns(model: type[Model], selected: Collection[str] | None = None) -> list[str]:
    """The columns of a table in their order: all, or those in `wanted`."""
    columns = [field.column for field in model._meta.concrete_fields if field.column is not None]
    return [name for name in columns if selected is None or name in selected]


COLUMNS: dict[type[Model], list[str]] = {
    User: _columns(User, PERSON_COLUMNS),
    Membership: _columns(Membership),
    Organisation: _columns(Organisation),
}
SELECTED = ", ".join(
    f"{model._meta.db_table}.{name}" for model, names in COLUMNS.items() for name in names
)
# Where the columns of a table begin in a row of PERSON
MEMBERSHIP_AT = len(COLUMNS[User])
BODY_AT = MEMBERSHIP_AT + len(COLUMNS[Membership])
REST_AT = BODY_AT + len(COLUMNS[Organisation])
PERSON = f"""
SELECT {SELECTED},
  (SELECT COUNT(*) FROM (
    SELECT 1 FROM directives_notice WHERE user_id = %s AND read_at IS NULL LIMIT {UNREAD_SHOWN}
  ) AS few),
  EXISTS (SELECT 1 FROM directives_document WHERE fictional),
  EXISTS (SELECT 1 FROM mfa_authenticator WHERE user_id = %s AND type IN {SECOND_FACTORS})
FROM directives_user
LEFT JOIN directives_membership ON directives_membership.user_id = directives_user.id
LEFT JOIN directives_organisation
  ON directives_organisation.id = directives_membership.organisation_id
WHERE directives_user.id = %s ORDER BY directives_membership.id
"""  # noqa: S608 - names of our own tables


def person(pk: int) -> User | None:
    """A person with what every page needs, in one query.

    That is: memberships with their bodies, the count of unread notices, whether the data is
    fictional. It runs in each request, so that a withdrawn membership has effect at once. With the
    ORM it is five queries, which take more than ten times as long.
    """
    with prepared_cursor(connection) as cursor:
        cursor.execute(PERSON, [pk, pk, pk])
        rows = cursor.fetchall()
    if not rows:
        return None
    alias, memberships = connection.alias, []
    user = User.from_db(alias, COLUMNS[User], rows[0][:MEMBERSHIP_AT])
    for row in rows:
        membership = Membership.from_db(alias, COLUMNS[Membership], row[MEMBERSHIP_AT:BODY_AT])
        if user.is_active and membership.pk is not None:  # None: they have no membership
            body = Organisation.from_db(alias, COLUMNS[Organisation], row[BODY_AT:REST_AT])
            membership.user, membership.organisation = user, body
            memberships.append(membership)
    unread, fictional, has_factor = rows[0][REST_AT:]
    user.held_memberships, user.unread = tuple(memberships), unread
    user.among_fiction, user.has_factor = bool(fictional), bool(has_factor)
    if user.password_set_at is not None and timezone.is_naive(user.password_set_at):
        user.password_set_at = user.password_set_at.replace(tzinfo=UTC)  # SQLite stores no zone
    return user


class StoredSession(NamedTuple):
    data: str  # encoded
    expires: datetime


def stored_session(key: str | None, now: datetime) -> StoredSession | None:
    """The session of this key; None if there is none, or it has ended.

    Django's own query takes 6 and 2 times as long.
    """
    with prepared_cursor(connection) as cursor:
        cursor.execute(SESSION, [key, EXPIRES.get_db_prep_value(now, connection)])
        row = cursor.fetchone()
    if row is None:
        return None
    data, expires = row
    # SQLite stores no zone.
    aware = expires if timezone.is_aware(expires) else expires.replace(tzinfo=UTC)
    return StoredSession(data, aware)
