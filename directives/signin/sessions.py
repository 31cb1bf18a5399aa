"""Sessions: they end when unused for a while, and after a working day at the latest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as StoredSession
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from directives.core import audit
from directives.models import OpenSession, User
from directives.models.sign_ins import OpenSessionQuerySet
from directives.models.sql import prepared_cursor
from directives.signin.addresses import client_address
from directives.signin.factors import lacks_factor

SESSION = (
    "SELECT session_data, expire_date FROM django_session "
    "WHERE session_key = %s AND expire_date > %s"
)
UNTIL = "UPDATE django_session SET expire_date = %s WHERE session_key = %s"
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


class SessionStore(StoredSession):
    """Django's sessions in the database, loaded by plain SQL, because every request does so.

    A session ends when it was not used for a while. Requests that a script makes by itself, such as
    those of a page that follows a task, do not prolong it (`resting`).
    """

    until: datetime | None = None  # as it is stored
    resting = False

    def load(self) -> dict[str, Any]:
        """The data of the session; if it has ended, {}, and the session loses its key."""
        with prepared_cursor(connection) as cursor:
            cursor.execute(
                SESSION,
                [self.session_key, connection.ops.adapt_datetimefield_value(timezone.now())],
            )
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        data, until = row
        # SQLite stores no zone.
        self.until = until if timezone.is_aware(until) else until.replace(tzinfo=UTC)
        return self.decode(data)

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
            with _short_timeout(), connection.cursor() as cursor:
                cursor.execute(
                    UNTIL, [connection.ops.adapt_datetimefield_value(end), self.session_key]
                )
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
