"""Sessions: they end when unused for a while, and after a working day at the latest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseSession
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from directives.core import audit
from directives.models import OpenSession, User
from directives.models.sign_ins import OpenSessionQuerySet
from directives.signin.addresses import client_address
from directives.signin.factors import lacks_factor
from directives.signin.sql import stored_session

PRECISION = timedelta(minutes=1)  # an end that moves by less is not stored
NOTE_TIMEOUT = 250  # milliseconds that a page waits for SQLite's one writer
AGENT_LENGTH = 200  # characters
logger = getLogger(__name__)


@contextmanager
def _short_timeout() -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    patience = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {NOTE_TIMEOUT}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")


class SessionStore(DatabaseSession):
    """Django's sessions in the database.

    A session ends when it was not used for a while. Requests that a script makes by itself, such as
    those of a page that follows a task, do not prolong it (`resting`).
    """

    until: datetime | None = None  # as it is stored
    resting = False

    def load(self) -> dict[str, Any]:
        """The data of the session; if it has ended, {}, and the session loses its key."""
        stored = stored_session(self.session_key, timezone.now())
        if stored is None:
            self._session_key = None
            return {}
        self.until = stored.expires
        return self.decode(stored.data)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """When the session ends if no further request uses it."""
        if self.resting and self.until is not None:
            return self.until
        end = timezone.now() + timedelta(minutes=settings.SESSION_IDLE_MINUTES)
        began = self.get("began")
        return min(end, self.last_end) if began else end

    @property
    def last_end(self) -> datetime:
        """When the session ends at the latest."""
        return datetime.fromtimestamp(self["began"], tz=UTC) + timedelta(
            hours=settings.SESSION_HOURS
        )

    def go_on(self) -> None:
        """Prolong the session. A page is shown even if this cannot be stored."""
        end = self.get_expiry_date()
        if self.until is not None and abs(end - self.until) < PRECISION:
            return
        try:
            with _short_timeout():
                self.model.objects.filter(pk=self.session_key).update(expire_date=end)
        except DatabaseError as error:
            logger.warning("a session was not noted to go on: %s", str(error).strip())
            return
        self.until = end
        # Sessions of releases before this rule have none.
        self.setdefault("began", int(timezone.now().timestamp()))


@receiver(user_logged_in, dispatch_uid="a session begins")
@transaction.atomic
def begin(sender: type[User], request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Store when and from where a session began; count sign-ins without a second factor."""
    now = timezone.now()
    request.session["began"] = int(now.timestamp())
    if request.session.session_key is None:
        request.session.create()
    key = request.session.session_key
    assert key is not None
    agent = request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH]
    OpenSession.objects.create(
        key=key,
        user=user,
        began_at=now,
        address=client_address(request),
        agent=agent,
    )
    if request.resolver_match is not None:  # a session that a command makes has no page
        audit.record("sign_in", user, by=user, now=now)
    if lacks_factor(user):
        User.objects.filter(pk=user.pk).update(
            sign_ins_without_factor=F("sign_ins_without_factor") + 1
        )


@transaction.atomic
def end_sessions(sessions: OpenSessionQuerySet, *, by: User, now: datetime) -> int:
    """End these sessions of a person; returns how many."""
    count = sessions.end()
    if count:
        audit.record("end_sessions", by, by=by, now=now, after={"count": count})
    return count
