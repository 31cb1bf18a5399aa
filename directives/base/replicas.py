"""Reading pages from replicas of the database.

A page of `ON_REPLICA` is read from a replica that is alive, is not further behind than
REPLICA_MAX_LAG, and has this person's last write: after each write, a cookie holds the position in
the log (LSN) that a replica must have reached. If the replica fails, the view is called again on
the primary, which is safe for a GET. Writes, sessions, accounts, memberships and form keys are
always read from the primary. Without replicas, none of this runs.
"""

import logging
import re
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from psycopg.errors import QueryCanceled

# Dashboards, lists and exports. Pages with a form that edits what they show use the primary.
ON_REPLICA = frozenset({
    "dashboard", "documents", "document", "document_source", "document_text", "matrix", "directive",
    "organisations", "organisation", "obligations", "plans", "log", "reports", "submission",
    "events", "statistics", "indicator", "indicator_missing", "plan_paper", "report_paper",
    "submission_paper", "reply_requests", "breakdown",
})  # fmt: skip
# Models for access control, and those whose changes must be visible at once
ON_PRIMARY = frozenset({"user", "membership", "pendingright", "formkey", "jobrun", "notice"})

COOKIE = "written"
PLACE = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
UNREACHABLE = "FFFFFFFF/FFFFFFFF"  # a position that no replica reaches
STATE_VALID_FOR = 1.0  # seconds for which the measured state of a replica is used
RETRY_AFTER = 5.0  # seconds for which a failed replica is not used
NOTABLE_LAG = timedelta(seconds=5)  # from which lag on a page mentions it
POSITIONS_KEPT = 180  # remembered positions of the primary

logger = logging.getLogger(__name__)
_reading: ContextVar[str] = ContextVar("reading", default=DEFAULT_DB_ALIAS)


class Router:
    """Django's database router: reads go to the replica of the present page, else the primary."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        alias, meta = _reading.get(), model._meta
        stays = meta.app_label != "directives" or meta.model_name in ON_PRIMARY
        return DEFAULT_DB_ALIAS if stays or connections[DEFAULT_DB_ALIAS].in_atomic_block else alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


@contextmanager
def reading_from(alias: str) -> Iterator[None]:
    """Within this, `Router` reads from the replica of this alias."""
    token = _reading.set(alias)
    try:
        yield
    finally:
        _reading.reset(token)


def log_position(lsn: str) -> int:
    """The position in PostgreSQL's log of an LSN such as 16/B374D848, as a number."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) | int(low, 16)


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """The measured state of a replica."""

    replayed: int  # position in the log
    lag: float  # seconds behind the primary


class Replica:
    """A replica as this process knows it.

    Measuring takes a query on both servers, and is done at most once in STATE_VALID_FOR seconds.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.last_state: ReplicaState | None = None
        self.measured_at = self.next_refresh = 0.0  # monotonic
        # Times (monotonic) with the position of the primary
        self.primary_positions: deque[tuple[float, int]] = deque(maxlen=POSITIONS_KEPT)
        self.lock = threading.Lock()

    def state(self) -> ReplicaState | None:
        """The present state; None while the replica cannot be read.

        One thread measures; others use the last measurement.
        """
        if time.monotonic() >= self.next_refresh and self.lock.acquire(blocking=False):
            try:
                self.refresh()
            finally:
                self.lock.release()
        last_state = self.last_state
        return last_state and replace(
            last_state, lag=last_state.lag + time.monotonic() - self.measured_at
        )

    def refresh(self) -> None:
        began = time.monotonic()
        try:
            self.last_state, self.measured_at = self.measure(began), began
            self.next_refresh = time.monotonic() + STATE_VALID_FOR
        except (OperationalError, InterfaceError) as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Do not use the replica for RETRY_AFTER seconds."""
        if self.last_state is not None:
            logger.warning("%s is not read for now: %s", self.alias, str(error).strip())
        self.last_state, self.next_refresh = None, time.monotonic() + RETRY_AFTER
        connections[self.alias].close()

    def measure(self, now: float) -> ReplicaState | None:
        """Ask both servers; None if the other one is no replica, as after a promotion."""
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT pg_current_wal_flush_lsn()::text, extract(epoch FROM "
                "clock_timestamp())::float8"
            )
            flushed, clock = cursor.fetchone()
        self.primary_positions.append((now, log_position(flushed)))
        with connections[self.alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text, extract(epoch FROM "
                "pg_last_xact_replay_timestamp())::float8"
            )
            is_replica, replayed, committed = cursor.fetchone()
        if not (is_replica and replayed):
            return None
        position = log_position(replayed)
        return ReplicaState(position, self.lag(now, position, clock, committed))

    def lag(self, now: float, replayed: int, clock: float, committed: float | None) -> float:
        """An upper bound of the lag in seconds.

        The age of the last replayed transaction also grows while nobody writes. So the lag is 0 if
        nothing is missing, and at most the time since the primary was at the replica's position.
        """
        if replayed >= self.primary_positions[-1][1]:
            return 0.0
        ages = [now - moment for moment, position in self.primary_positions if position <= replayed]
        if committed is not None:
            ages.append(clock - committed)
        return max(0.0, min(ages, default=float("inf")))


@cache
def replica(alias: str) -> Replica:
    return Replica(alias)


def lag_of(request: object) -> timedelta:
    """How far behind the primary this page is read; zero below NOTABLE_LAG."""
    lag = timedelta(seconds=getattr(request, "lag", 0.0))
    return lag if lag >= NOTABLE_LAG else timedelta(0)


class LaggingRequest(HttpRequest):
    lag: float  # seconds by which the database it reads is behind the primary


class ReplicaMiddleware:
    """Call the views of `ON_REPLICA` on a replica, and set the cookie after a write."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.REPLICAS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS") and response.status_code < 400:
            note_write(response)
        return response

    def process_view(
        self,
        request: LaggingRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """The response read from a replica; None lets Django call the view on the primary."""
        source, request.lag = choose_replica(request)
        if source is None:
            return None
        try:
            with reading_from(source.alias):
                response = view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            # A statement timeout would occur on the primary too.
            if isinstance(error.__cause__, QueryCanceled):
                raise
            source.fail(error)
        except Http404:
            logger.debug("%s has no %s, or not yet", source.alias, request.path)
        else:
            response["X-Read-From"] = source.alias
            return response
        request.lag = 0.0
        return None


def choose_replica(request: HttpRequest) -> tuple[Replica | None, float]:
    """The replica for this request and its lag in seconds; None for the primary.

    A session always gets the same replica, so that later pages never show older data.
    """
    match = request.resolver_match
    if request.method not in ("GET", "HEAD") or match is None or match.url_name not in ON_REPLICA:
        return None, 0.0
    written = request.COOKIES.get(COOKIE, "")
    required_position = log_position(written) if PLACE.fullmatch(written) else 0
    candidates = []
    for candidate in map(replica, settings.REPLICAS):
        state = candidate.state()
        if state and state.lag <= settings.REPLICA_MAX_LAG and state.replayed >= required_position:
            candidates.append((candidate, state.lag))
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return candidates[zlib.crc32(session.encode()) % len(candidates)] if candidates else (None, 0.0)


def note_write(response: HttpResponse) -> None:
    """Set a cookie with the position of the log after this write, valid until replicas have it.

    It is the position of the next record, not of the last one on disk: with synchronous_commit off
    the write may not be on disk yet.
    """
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            (written,) = cursor.fetchone()
    except DatabaseError:
        # The write has succeeded; until the cookie expires, this person reads from the primary.
        written = UNREACHABLE
    response.set_cookie(
        COOKIE,
        written,
        max_age=2 * settings.REPLICA_MAX_LAG + 60,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
