"""Sign-in: accounts are made by administrators, never by visitors; sessions, and whom each belongs to."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.contrib.sessions.backends.db import SessionStore as StoredSession
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.models import Membership, Organisation, User
from directives.models.people import UNREAD_SHOWN
from directives.models.planned import planned

PERSON = (
    "id", "password", "username", "first_name", "last_name", "full_name", "email", "phone", "language", "is_active", "is_staff",
    "is_superuser",
)  # fmt: skip
PARTS = ((User, PERSON), (Membership, None), (Organisation, None))  # None: every column


def _names(model: type[Model], names: tuple[str, ...] | None) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if names is None or field.column in names]


COLUMNS = tuple((model, _names(model, names)) for model, names in PARTS)
PLACES = ", ".join(f"{model._meta.db_table}.{name}" for model, names in COLUMNS for name in names)
# Written out because every request asks it: the ORM took several times as long to put it together as a database to answer it.
WHO = f"""
SELECT {PLACES},
  (SELECT COUNT(*) FROM (SELECT 1 FROM directives_notice WHERE user_id = %s AND read_at IS NULL LIMIT {UNREAD_SHOWN}) AS few),
  EXISTS (SELECT 1 FROM directives_document WHERE fictional)
FROM directives_user
LEFT JOIN directives_membership ON directives_membership.user_id = directives_user.id
LEFT JOIN directives_organisation ON directives_organisation.id = directives_membership.organisation_id
WHERE directives_user.id = %s ORDER BY directives_membership.id
"""  # noqa: S608 - names of our own tables


def _built(row: tuple) -> tuple[User, Membership, Organisation]:
    """The three instances of a row; the membership and its body have no key where there is none."""
    parts, start = [], 0
    for model, names in COLUMNS:
        parts.append(model.from_db(connection.alias, names, row[start : start + len(names)]))
        start += len(names)
    return tuple(parts)


def person(pk: int) -> User | None:
    """A person with what every page asks of them: memberships with their bodies, unread notices, whether the data is fictional.

    One query, read anew for each request: a membership that was withdrawn is gone with the next one.
    """
    with planned(connection) as cursor:
        cursor.execute(WHO, [pk, pk])
        rows = cursor.fetchall()
    if not rows:
        return None
    user, standing = _built(rows[0])[0], []
    for _user, membership, body in map(_built, rows):
        if user.is_active and membership.pk is not None:
            membership.user, membership.organisation = user, body
            standing.append(membership)
    user.standing, user.unread, user.among_fiction = tuple(standing), rows[0][-2], bool(rows[0][-1])
    return user


SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(StoredSession):
    """Django's sessions in the database. Only how one is loaded differs: written out, as every request asks it."""

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing, and no key any more, where there is none or it has ended."""
        with planned(connection) as cursor:
            cursor.execute(SESSION, [self.session_key, connection.ops.adapt_datetimefield_value(timezone.now())])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])


class Door(ModelBackend):
    """Signs in by name and password, and tells who a session belongs to."""

    def get_user(self, user_id: int) -> User | None:
        user = person(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class LongEnough(MinimumLengthValidator):
    """A password has so many characters. Django's own words for it are not translated."""

    def get_error_message(self) -> str:
        return _("This password is too short: use at least %(n)s characters.") % {"n": self.min_length}

    def get_help_text(self) -> str:
        return _("At least %(n)s characters.") % {"n": self.min_length}


class ClosedDoorAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def prefer_language(*, by: User, language: str) -> None:
    """Remember the language in which a person reads. Raises ValueError for one that the product does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"unknown language: {language!r}")
    User.objects.filter(pk=by.pk).update(language=language)
