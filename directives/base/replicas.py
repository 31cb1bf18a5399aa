"""Reading from a copy of the database: which pages are, and when they are read from the primary
after all.

A page of `ON_REPLICA` is read from a replica that is alive, is not further behind than
REPLICA_MAX_LAG, and has what this person wrote last: each write leaves the place in the log (LSN)
that a replica must have reached, in a cookie. When a replica dies under a page, the page is made
once more from the primary, which a GET allows. Writes, sessions, accounts, memberships and form
keys never leave the primary. Without a replica nothing of this runs.
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
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from psycopg.errors import QueryCanceled

# Dashboards, lists and what is exported from them. Pages with a form of what they show are read
# where they are written.
ON_REPLICA = frozenset({
    "dashboard", "documents", "document", "document_source", "matrix", "directive",
    "organisations", "organisation", "obligations", "plans", "log", "reports", "submission",
    "events", "statistics", "indicator", "indicator_missing", "plan_paper", "report_paper",
    "submission_paper",
})  # fmt: skip
# Who may come in, and what must be seen at once.
ON_PRIMARY = frozenset({"user", "membership", "pendingright", "formkey", "jobrun", "notice"})

COOKIE = "written"
PLACE = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
UNREACHABLE = "FFFFFFFF/FFFFFFFF"  # a place that no replica reaches
FRESH = 1.0  # seconds for which a look at a replica holds
REST = 5.0  # seconds for which a replica that failed is left alone
NOTABLE_LAG = timedelta(seconds=5)  # a page that is this far behind says so
TRAIL = 180  # looks at the primary that are remembered

logger = logging.getLogger(__name__)
_reading: ContextVar[str] = ContextVar("reading", default=DEFAULT_DB_ALIAS)


class Router:
    """Django's question which database: the replica that the page in hand is read from, else the
    primary.
    """

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
    """Within this, what may be read from the replica of this alias is."""
    token = _reading.set(alias)
    try:
        yield
    finally:
        _reading.reset(token)


def log_position(lsn: str) -> int:
    """The place in PostgreSQL's log that an LSN such as 16/B374D848 names."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) | int(low, 16)


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """A replica as it was seen: the place that it has replayed, and how far that is behind the
    primary, in seconds.
    """

    replayed: int
    lag: float


class Replica:
    """One replica as one process knows it.

    A look costs a query on either server, at most once in FRESH seconds.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.seen: ReplicaState | None = None
        self.seen_at = self.due = 0.0  # monotonic
        # Where the primary was, and when
        self.trail: deque[tuple[float, int]] = deque(maxlen=TRAIL)
        self.lock = threading.Lock()

    def state(self) -> ReplicaState | None:
        """How it stands now, None while it cannot be read.

        One thread looks; the others go by what it saw last.
        """
        if time.monotonic() >= self.due and self.lock.acquire(blocking=False):
            try:
                self.look()
            finally:
                self.lock.release()
        seen = self.seen
        return seen and replace(seen, lag=seen.lag + time.monotonic() - self.seen_at)

    def look(self) -> None:
        began = time.monotonic()
        try:
            self.seen, self.seen_at = self.measure(began), began
            self.due = time.monotonic() + FRESH
        except (OperationalError, InterfaceError) as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Leave it alone for a while."""
        if self.seen is not None:
            logger.warning("%s is not read for now: %s", self.alias, str(error).strip())
        self.seen, self.due = None, time.monotonic() + REST
        connections[self.alias].close()

    def measure(self, now: float) -> ReplicaState | None:
        """Ask both servers.

        None for one that is no replica (any more): it was promoted, and has a life of its own.
        """
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT pg_current_wal_flush_lsn()::text, extract(epoch FROM "
                "clock_timestamp())::float8"
            )
            flushed, clock = cursor.fetchone()
        self.trail.append((now, log_position(flushed)))
        with connections[self.alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text, extract(epoch FROM "
                "pg_last_xact_replay_timestamp())::float8"
            )
            copies, replayed, committed = cursor.fetchone()
        return (
            ReplicaState(
                log_position(replayed), self.lag(now, log_position(replayed), clock, committed)
            )
            if copies and replayed
            else None
        )

    def lag(self, now: float, replayed: int, clock: float, committed: float | None) -> float:
        """By how many seconds it is behind, at most.

        The age of the last transaction that it replayed grows while nobody writes, so it is asked
        first whether anything is missing at all, and then since when the primary has been further
        than the replica is.
        """
        if replayed >= self.trail[-1][1]:
            return 0.0
        ages = [now - when for when, there in self.trail if there <= replayed]
        ages += [] if committed is None else [clock - committed]
        return max(0.0, min(ages, default=float("inf")))


@cache
def replica(alias: str) -> Replica:
    return Replica(alias)


def lag_of(request: object) -> timedelta:
    """How far behind the primary the database is from which this page is read; nothing if that is
    too little to speak of.
    """
    lag = timedelta(seconds=getattr(request, "lag", 0.0))
    return lag if lag >= NOTABLE_LAG else timedelta(0)


def data_as_of(request: object, now: datetime) -> datetime:
    """The instant whose data a page or an export shows."""
    return now - lag_of(request)


class LaggingRequest(HttpRequest):
    lag: float  # seconds that what it reads is behind the primary


class ReplicaMiddleware:
    """Carries out the view of a page that may be read from a replica; notes after a write up to
    where a replica must have come.
    """

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
        """The page from a replica. None has Django carry out the view, and then on the primary."""
        chosen, request.lag = choose_replica(request)
        if chosen is None:
            return None
        try:
            with reading_from(chosen.alias):
                response = view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if isinstance(
                error.__cause__, QueryCanceled
            ):  # it takes too long: it would on the primary, too
                raise
            chosen.fail(error)
        except Http404:
            logger.debug("%s has no %s, or not yet", chosen.alias, request.path)
        else:
            response["X-Read-From"] = chosen.alias
            return response
        request.lag = 0.0
        return None


def choose_replica(request: HttpRequest) -> tuple[Replica | None, float]:
    """The replica for this request and its lag in seconds; None for the primary.

    The same person keeps the same replica, so that time never runs back.
    """
    match = request.resolver_match
    if request.method not in ("GET", "HEAD") or match is None or match.url_name not in ON_REPLICA:
        return None, 0.0
    written = request.COOKIES.get(COOKIE, "")
    wanted = log_position(written) if PLACE.fullmatch(written) else 0
    candidates = []
    for candidate in map(replica, settings.REPLICAS):
        standing = candidate.state()
        if standing and standing.lag <= settings.REPLICA_MAX_LAG and standing.replayed >= wanted:
            candidates.append((candidate, standing.lag))
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return candidates[zlib.crc32(session.encode()) % len(candidates)] if candidates else (None, 0.0)


def note_write(response: HttpResponse) -> None:
    """Remember in the browser where the log stood after this write, for as long as a replica that
    is read may lack it.

    The place of the next record, not that of the last one on disk: with synchronous_commit off the
    write may be on its way there.
    """
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            (written,) = cursor.fetchone()
    except DatabaseError:
        # The write is done and must be answered: until the cookie ends this person reads the
        # primary.
        written = UNREACHABLE
    response.set_cookie(
        COOKIE,
        written,
        max_age=2 * settings.REPLICA_MAX_LAG + 60,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
