"""The authentication backend, and allauth's adapter: administrators create all accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
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
from directives.models import OpenSession, SignInAttempt, User
from directives.signin import limits
from directives.signin.addresses import client_address
from directives.signin.factors import lacks_factor
from directives.signin.sessions import SessionStore
from directives.signin.sql import person

__all__ = ["SessionStore"]  # SESSION_ENGINE names this module

# Labels of allauth's forms, translated in the product's catalogue, which takes precedence.
LABELS = (
    gettext_noop("Username"),
    gettext_noop("Password"),
    gettext_noop("Email"),
    gettext_noop("Email address"),
    gettext_noop("Current Password"),
    gettext_noop("New Password"),
    gettext_noop("New Password (again)"),
    gettext_noop("Authenticator code"),
    gettext_noop("Master key"),
    gettext_noop("Backup key"),
)


class Door(ModelBackend):
    """Checks passwords, loads the person of a session, and grants permissions of duties."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Made-up people cannot sign in to an installation in production."""
        made_up = getattr(user, "made_up", False)
        return super().user_can_authenticate(user) and not (settings.PRODUCTION and made_up)

    def get_group_permissions(
        self, user: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """Permissions of the person's duties, and of groups created on the server."""
        permissions = super().get_group_permissions(user, obj)
        if not isinstance(user, User) or not user.is_active or obj is not None:
            return permissions
        return permissions.union(*(DUTIES[key].permissions for key in user.duties))

    def get_user(self, user_id: int) -> User | None:
        user = person(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


def _record(action: str, subject: User | SignInAttempt, *, by: User | None) -> None:
    """Write an audit event. The typed name is left out: it may be a password."""
    with transaction.atomic():
        audit.record(action, subject, by=by, now=timezone.now())


@receiver(user_logged_out, dispatch_uid="signing out is on record")
def signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _record("sign_out", user, by=user)


class ClosedDoorAdapter(DefaultAccountAdapter):
    """allauth without sign-up, with our own count of failed passwords (`signin.limits`)."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _lazy(
            "Too many failed attempts. Wait five minutes and try again; "
            "if you forgot the password, ask your administrator for a new one."
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
        """The person of this name and password. Raises ValidationError after too many failures."""
        attempt = limits.begin_attempt(request, credentials.get("username", ""), now=timezone.now())
        if attempt is None:
            raise self.validation_error("too_many_login_attempts")
        user = authenticate(request, **credentials)
        if user is None:
            known = User.objects.filter(username=credentials.get("username", "")).first()
            _record("failed_sign_in", known or attempt, by=None)
            self.authentication_failed(request, **credentials)
        else:
            attempt.delete()
        return user

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Remember the browser; redirect people who need a second factor to its page."""
        response = super().post_login(request, user, **kwargs)
        limits.remember_place(request, response, user.username, now=timezone.now())
        if lacks_factor(user) and not user.password_given:
            query = urlencode({"next": response.url})
            response.headers["Location"] = f"{reverse('second_factor')}?{query}"
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Redirect to the start page: allauth would show the same form again."""
        return "/"

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Set a password that the person chose; record it, and end their other sessions."""
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
    """Remember the language in which a person reads. Raises ValueError for an unknown one."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"unknown language: {language!r}")
    User.objects.filter(pk=by.pk).update(language=language)
