"""Sign-in: accounts are made by administrators, never by visitors; sessions, and whom each belongs to."""

from datetime import UTC
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_out
from django.db import connection, transaction
from django.db.models import Model
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import gettext_noop

from directives.base.duties import DUTIES
from directives.core import audit
from directives.models import Membership, OpenSession, Organisation, SignInAttempt, User
from directives.models.people import SECOND_FACTORS, UNREAD_SHOWN
from directives.models.planned import prepared_cursor
from directives.signin import limits
from directives.signin.addresses import client_address
from directives.signin.factors import lacks_factor
from directives.signin.sessions import SessionStore

__all__ = ["SessionStore"]  # SESSION_ENGINE names this module

# Labels of allauth's forms in the product's words: its catalogue comes before theirs.
LABELS = (
    gettext_noop("Username"), gettext_noop("Password"), gettext_noop("Email"), gettext_noop("Email address"),
    gettext_noop("Current Password"), gettext_noop("New Password"), gettext_noop("New Password (again)"),
    gettext_noop("Authenticator code"), gettext_noop("Master key"), gettext_noop("Backup key"),
)  # fmt: skip
PERSON = (
    "id", "password", "username", "first_name", "last_name", "full_name", "email", "phone", "language", "is_active", "is_staff",
    "is_superuser", "made_up", "password_given", "password_set_at", "sign_ins_without_factor",
    *(duty.field for duty in DUTIES.values()),
)  # fmt: skip
PARTS = ((User, PERSON), (Membership, None), (Organisation, None))  # None: every column


def _names(model: type[Model], names: tuple[str, ...] | None) -> list[str]:
    return [
        field.column
        for field in model._meta.concrete_fields
        if names is None or field.column in names
    ]


COLUMNS = tuple((model, _names(model, names)) for model, names in PARTS)
PLACES = ", ".join(f"{model._meta.db_table}.{name}" for model, names in COLUMNS for name in names)
# Written out because every request asks it: the ORM took several times as long to put it together as a database to answer it.
WHO = f"""
SELECT {PLACES},
  (SELECT COUNT(*) FROM (SELECT 1 FROM directives_notice WHERE user_id = %s AND read_at IS NULL LIMIT {UNREAD_SHOWN}) AS few),
  EXISTS (SELECT 1 FROM directives_document WHERE fictional),
  EXISTS (SELECT 1 FROM mfa_authenticator WHERE user_id = %s AND type IN {SECOND_FACTORS})
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
    with prepared_cursor(connection) as cursor:
        cursor.execute(WHO, [pk, pk, pk])
        rows = cursor.fetchall()
    if not rows:
        return None
    user, standing = _built(rows[0])[0], []
    for _user, membership, body in map(_built, rows):
        if user.is_active and membership.pk is not None:
            membership.user, membership.organisation = user, body
            standing.append(membership)
    user.held_memberships, user.unread, user.among_fiction = (
        tuple(standing),
        rows[0][-3],
        bool(rows[0][-2]),
    )
    user.has_factor = bool(rows[0][-1])
    if user.password_set_at is not None and timezone.is_naive(user.password_set_at):
        user.password_set_at = user.password_set_at.replace(tzinfo=UTC)  # as SQLite has it
    return user


class Door(ModelBackend):
    """Signs in by name and password, tells who a session belongs to, and what their duties let them do in the admin."""

    def user_can_authenticate(self, user: User) -> bool:
        """Made-up people are no people of a real installation."""
        return super().user_can_authenticate(user) and not (settings.PRODUCTION and user.made_up)

    def get_group_permissions(self, user: User, obj: Model | None = None) -> set[str]:
        """Those of the person's duties, beside those of groups that somebody made on the machine."""
        found = super().get_group_permissions(user, obj)
        return (
            found.union(*(DUTIES[key].permissions for key in user.duties))
            if user.is_active and obj is None
            else found
        )

    def get_user(self, user_id: int) -> User | None:
        user = person(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


def _tell(action: str, subject: User | SignInAttempt, *, by: User | None) -> None:
    """Write it into the record. What was typed as a name is not told: it may be a password."""
    with transaction.atomic():
        audit.record(action, subject, by=by, now=timezone.now())


@receiver(user_logged_out, dispatch_uid="signing out is on record")
def signed_out(sender: Any, request: HttpRequest, user: User | None, **told: Any) -> None:
    if user is not None:
        _tell("sign_out", user, by=user)


class ClosedDoorAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves; passwords that fail are counted in our own way."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _lazy(
            "Too many failed attempts. Wait five minutes and try again; if you forgot the password, ask your administrator for a new one."
        ),
        "username_password_mismatch": _lazy("The name or the password is not right."),
        "rate_limited": _lazy("Too many attempts. Wait a few minutes, then try again."),
    }

    def format_email_subject(self, subject: str) -> str:
        return f"{settings.SITE_NAME} · {subject}"

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Whose name and password these are. Raises ValidationError after too many that were wrong."""
        attempt = limits.begin(request, credentials.get("username", ""), now=timezone.now())
        if attempt is None:
            raise self.validation_error("too_many_login_attempts")
        user = authenticate(request, **credentials)
        if user is None:
            known = User.objects.filter(username=credentials.get("username", "")).first()
            _tell("failed_sign_in", known or attempt, by=None)
            self.authentication_failed(request, **credentials)
        else:
            attempt.delete()
        return user

    def post_login(self, request: HttpRequest, user: User, **told: Any) -> HttpResponse:
        """Remember from where, and lead to the second factor whoever is asked for one."""
        response = super().post_login(request, user, **told)
        limits.remember(request, response, user.username, now=timezone.now())
        if lacks_factor(user) and not user.password_given:
            query = urlencode({"next": response.url})
            response.headers["Location"] = f"{reverse('second_factor')}?{query}"
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to the work: allauth would show the same form again."""
        return "/"

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """A person's own choice: told of, and the end of their sessions elsewhere."""
        user.password_given = False
        super().set_password(user, password)
        elsewhere = OpenSession.objects.filter(user=user).exclude(
            key=self.request.session.session_key or ""
        )
        audit.record(
            "change_password",
            user,
            by=user,
            now=timezone.now(),
            after={"sessions_ended": elsewhere.end()},
        )


def prefer_language(*, by: User, language: str) -> None:
    """Remember the language in which a person reads. Raises ValueError for one that the product does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"unknown language: {language!r}")
    User.objects.filter(pk=by.pk).update(language=language)
