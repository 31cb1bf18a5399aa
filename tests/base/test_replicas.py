"""Which pages are read from a replica, and when they are read from the primary after all.

tests/cluster has real ones.
"""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from psycopg.errors import QueryCanceled

from directives.base import replicas
from directives.base.replicas import (
    COOKIE,
    UNREACHABLE,
    Replica,
    ReplicaMiddleware,
    ReplicaState,
    Router,
    log_position,
    reading_from,
)
from directives.models import FormKey, Membership, Obligation, User
from directives.signin.sessions import SessionStore
from directives.web.context import read_shell
from qunzhu_tracker.databases import databases
from qunzhu_tracker.environment import Environment
from tests.factories import NOW
from tests.test_access import TABLE

# Every page that is not read from a replica, and why not: it has a form of what it shows, it is
# one's own, it is about this node.
READ_WHERE_IT_IS_WRITTEN = {
    "my_work",
    "notices",
    "document_new",
    "document_preview",
    "document_correct",
    "document_again",
    "issue_choose",
    "issue_as_said",
    "issue_as_said_preview",
    "issue_terms",
    "issue_preview",
    "cycle_new",
    "cycle_plan",
    "planned_cycle",
    "directive_correct",
    "desk",
    "desk_row",
    "obligation",
    "hand_over",
    "look_backs",
    "extensions",
    "extension_new",
    "due_correct",
    "break_down",
    "plan",
    "measure_edit",
    "attachment",
    "report",
    "report_review",
    "plan_review",
    "help",
    "lights",
    "healthz",
    "readyz",
    "job",
    "exports",
    "export_new",
    "export",
    "export_file",
    "export_columns",
    "intakes",
    "intake_new",
    "intake",
    "intake_columns",
    "intake_faults",
    "intake_marked",
    "intake_template",
    "report_offline",
    "log_entry",
    "reply_request",
    "instruct",
    "support",
    "figures",
    "indicators",
    "indicator_edit",
    "second_factor",
    "sessions",
}
HERE = log_position("0/5000000")


class Still(Replica):
    """A replica that stands as it is told to; it answers for the database under test."""

    def __init__(self, standing: ReplicaState | None, alias: str = "default") -> None:
        super().__init__(alias)
        self.told, self.failures = standing, 0

    def state(self) -> ReplicaState | None:
        return self.told

    def fail(self, error: Exception) -> None:
        self.failures += 1
        self.told = None


@pytest.fixture
def still(settings, monkeypatch) -> Callable[..., list[Still]]:
    """Have these replicas, in this order."""

    def have(*standings: ReplicaState | None) -> list[Still]:
        found = {
            f"replica{number}": Still(standing, f"replica{number}")
            for number, standing in enumerate(standings, 1)
        }
        settings.REPLICAS, settings.REPLICA_MAX_LAG = list(found), 60
        monkeypatch.setattr(replicas, "replica", found.__getitem__)
        return list(found.values())

    return have


def ask(
    view: Callable,
    *,
    name: str = "dashboard",
    method: str = "get",
    written: str = "",
    session: str = "s",
) -> HttpResponse:
    """Send a request through the middleware to a view.

    What Django does when the middleware does nothing is done here.
    """
    request = getattr(RequestFactory(), method)("/")
    request.COOKIES = {"sessionid": session} | ({COOKIE: written} if written else {})
    request.resolver_match = SimpleNamespace(url_name=name)
    request.now = NOW

    def django(request):
        return middleware.process_view(request, view, (), {}) or view(request)

    middleware = ReplicaMiddleware(django)
    return middleware(request)


def where(request) -> HttpResponse:
    """The database that a page would be read from."""
    return HttpResponse(Router().db_for_read(Obligation))


def read_from(**asked) -> str:
    return ask(where, **asked).content.decode()


def test_every_page_is_decided_upon():
    pages = {name for name, row in TABLE.items() if row.post is None}
    assert pages - replicas.ON_REPLICA == READ_WHERE_IT_IS_WRITTEN
    assert replicas.ON_REPLICA - pages == set()


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, "replica1"),
        ({"method": "head"}, "replica1"),
        ({"method": "post"}, "default"),
        ({"name": "obligation"}, "default"),
        ({"written": "0/5000000"}, "replica1"),
        ({"written": "0/5000001"}, "default"),
        ({"written": "1/0"}, "default"),
        ({"written": UNREACHABLE}, "default"),
        ({"written": "nonsense"}, "replica1"),
        ({"written": "0/5000001; DROP"}, "replica1"),
    ],
)
def test_which_request_is_answered_from_a_replica(still, monkeypatch, asked, wanted):
    monkeypatch.setattr(replicas, "note_write", lambda response: None)
    still(ReplicaState(HERE, 0.0))
    assert read_from(**asked) == wanted


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (ReplicaState(HERE, 60.0), "replica1"),
        (ReplicaState(HERE, 60.1), "default"),
        (None, "default"),
    ],
)
def test_a_replica_that_is_too_far_behind_or_away_is_not_read(still, standing, wanted):
    still(standing)
    assert read_from() == wanted


def test_the_same_person_keeps_the_same_replica_while_it_is_fit(still):
    one, two = still(ReplicaState(HERE, 0.0), ReplicaState(HERE, 0.0))
    chosen = {session: read_from(session=session) for session in map(str, range(20))}
    assert set(chosen.values()) == {"replica1", "replica2"}
    assert {session: read_from(session=session) for session in chosen} == chosen
    one.told = ReplicaState(HERE, 3600.0)
    assert {read_from(session=session) for session in chosen} == {"replica2"}
    two.told = None
    assert {read_from(session=session) for session in chosen} == {"default"}


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection"),
        InterfaceError("the connection is closed"),
        Http404(),
    ],
)
def test_a_page_that_fails_on_the_replica_is_made_again_from_the_primary(still, error):
    (one,) = still(ReplicaState(HERE, 12.0))
    seen = []

    def view(request):
        seen.append((Router().db_for_read(Obligation), request.lag))
        if seen[-1][0] != "default":
            raise error
        return HttpResponse("whole")

    answer = ask(view)
    assert (answer.status_code, answer.content, "X-Read-From" in answer) == (200, b"whole", False)
    assert seen == [("replica1", 12.0), ("default", 0.0)]
    assert one.failures == (0 if isinstance(error, Http404) else 1)


def test_a_page_that_takes_too_long_is_not_tried_twice(still):
    (one,) = still(ReplicaState(HERE, 0.0))
    tried = []

    def view(request):
        tried.append(1)
        raise OperationalError("canceling statement due to statement timeout") from QueryCanceled()

    with pytest.raises(OperationalError):
        ask(view)
    assert (len(tried), one.failures) == (1, 0)


def test_what_decides_who_may_come_in_never_leaves_the_primary(still):
    still(ReplicaState(HERE, 0.0))

    def view(request):
        router = Router()
        kept = {router.db_for_read(model) for model in (Session, User, Membership, FormKey)}
        return HttpResponse(
            f"{kept} {router.db_for_write(Obligation)} {router.db_for_read(Obligation)}"
        )

    assert ask(view).content.decode() == "{'default'} default replica1"


def test_within_a_transaction_everything_is_of_one_database(transactional_db):
    with reading_from("replica1"):
        assert Router().db_for_read(Obligation) == "replica1"
        connection.set_autocommit(False)
        connection.in_atomic_block = True
        try:
            assert Router().db_for_read(Obligation) == "default"
        finally:
            connection.in_atomic_block = False
            connection.set_autocommit(True)
    assert Router().db_for_read(Obligation) == "default"


def test_nothing_runs_without_a_replica(settings):
    assert (settings.REPLICAS, settings.DATABASE_ROUTERS) == ([], [])
    with pytest.raises(MiddlewareNotUsed):
        ReplicaMiddleware(where)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL has a place in its log"
)
def test_a_write_leaves_its_place_in_the_log(db, still):
    still(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        before = log_position(cursor.fetchone()[0])
    cookie = ask(where, name="log_add", method="post").cookies[COOKIE]
    assert log_position(cookie.value) >= before
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 180)
    refused = ask(lambda request: HttpResponse(status=409), name="log_add", method="post")
    assert COOKIE not in refused.cookies
    assert COOKIE not in ask(where).cookies


def test_a_write_whose_place_cannot_be_asked_is_answered_all_the_same(still, monkeypatch):
    def gone():
        raise OperationalError("the primary went away")

    still(None)
    monkeypatch.setattr(connection, "cursor", gone)
    answer = ask(lambda request: HttpResponse(status=302), name="log_add", method="post")
    assert (answer.status_code, answer.cookies[COOKIE].value) == (302, UNREACHABLE)


# How far behind


def seen_by(replica: Replica, *, flushed: int, now: float) -> None:
    replica.primary_positions.append((now, flushed))


@pytest.mark.parametrize(
    ("replayed", "clock", "committed", "wanted"),
    [
        (
            900,
            5000.0,
            1000.0,
            0.0,
        ),  # an idle primary: nothing is missing, however old the last transaction is
        (899, 5000.0, 1000.0, 10.0),  # the primary was there ten seconds ago
        (899, 5000.0, 4997.0, 3.0),  # the last transaction that it replayed is three seconds old
        (500, 5000.0, 1000.0, 40.0),
        (499, 5000.0, 1400.0, 3600.0),  # an hour
        (499, 5000.0, None, float("inf")),  # nothing is known
        (899, 5000.0, 5000.5, 0.0),  # clocks are not better than that
    ],
)
def test_how_far_a_replica_is_behind(replayed, clock, committed, wanted):
    one = Replica("replica1")
    for now, flushed in ((60.0, 500), (90.0, 800), (100.0, 900)):
        seen_by(one, flushed=flushed, now=now)
    assert one.lag(100.0, replayed, clock, committed) == wanted


def test_a_look_holds_for_a_second_and_ages(monkeypatch):
    one, looks = Replica("replica1"), []
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(replicas.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(one, "measure", lambda now: looks.append(now) or ReplicaState(HERE, 2.0))
    assert one.state() == ReplicaState(HERE, 2.0)
    clock.now = 100.75
    assert (one.state().lag, looks) == (2.75, [100.0])
    clock.now = 101.5
    assert (one.state().lag, looks) == (2.0, [100.0, 101.5])
    one.lock.acquire()  # another thread looks, and it takes long
    clock.now = 171.5
    assert one.state().lag == 72.0


def test_a_replica_that_failed_is_left_alone_for_a_while(monkeypatch, caplog):
    one, looks = Replica("default"), []
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(replicas.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(replicas, "connections", {"default": SimpleNamespace(close=lambda: None)})

    def measure(now):
        looks.append(now)
        if now in (102.0, 103.0):
            raise OperationalError("connection refused")
        return ReplicaState(HERE, 0.0)

    monkeypatch.setattr(one, "measure", measure)
    for moment, there in (
        (100.0, True),
        (102.0, False),
        (103.0, False),
        (106.9, False),
        (107.0, True),
    ):
        clock.now = moment
        assert (one.state() is not None) == there
    assert looks == [100.0, 102.0, 107.0]
    assert caplog.text.count("default is not read for now: connection refused") == 1


@pytest.mark.parametrize(("lag", "told"), [(0.0, False), (4.9, False), (12.0, True)])
def test_a_page_that_is_behind_says_of_when_its_data_is(cast, lag, told):
    request = RequestFactory().get("/")
    request.user, request.session = cast.viewer, SessionStore()
    request.now, request.lag = NOW, lag
    shell = read_shell(request)
    assert (shell.behind, shell.as_of) == (told, NOW - timedelta(seconds=lag if told else 0))


def test_a_dashboard_that_is_behind_says_so(cast, sign_in, monkeypatch):
    client = sign_in(cast.viewer)
    assert "数据截至" in client.get("/dashboard/").content.decode()
    monkeypatch.setattr("directives.web.context.lag_of", lambda request: timedelta(hours=12))
    answer = client.get("/dashboard/")
    as_of = timezone.localtime(answer.context["shell"].as_of)
    assert as_of <= timezone.now() - timedelta(hours=12)
    text = answer.content.decode()
    assert "newer work appears" not in text
    assert f"数据截至 {as_of:%H:%M}" in text and "新办事项稍后显示" in text


# The databases, from the environment

POSTGRESQL = "postgres://u:p@db.example.org:5432/app"


def built(monkeypatch, tmp_path, *, web=False, **words):
    for name in (
        "DATABASE_URL",
        "DATABASE_REPLICA_URL",
        "DB_PGBOUNCER",
        "DB_POOL_MAX",
        "CONN_MAX_AGE",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    return databases(Environment(), var=tmp_path, web=web)


def test_a_web_process_has_a_pool_and_short_timeouts(monkeypatch, tmp_path):
    found = built(monkeypatch, tmp_path, web=True, DATABASE_URL=POSTGRESQL, DB_POOL_MAX="6")[
        "default"
    ]
    pool = found["OPTIONS"]["pool"]
    assert (pool["min_size"], pool["max_size"], pool["timeout"], pool["name"]) == (1, 6, 0.7, "web")
    assert pool["connection_class"].answer_within == 20
    assert (
        found["OPTIONS"]["options"]
        == "-c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    )
    assert (
        found["CONN_MAX_AGE"],
        found["CONN_HEALTH_CHECKS"],
        found["DISABLE_SERVER_SIDE_CURSORS"],
    ) == (0, True, False)


def test_a_web_process_keeps_its_connections_to_sqlite_and_every_save_is_on_the_disk(
    monkeypatch, tmp_path
):
    found = [
        built(monkeypatch, tmp_path, web=web, DATABASE_URL="sqlite:///office.sqlite3")["default"]
        for web in (True, False)
    ]
    assert [one["CONN_MAX_AGE"] for one in found] == [60, 0]
    assert "synchronous=FULL" in found[0]["OPTIONS"]["init_command"]


def test_the_worker_has_one_connection_and_takes_its_time(monkeypatch, tmp_path):
    found = built(monkeypatch, tmp_path, DATABASE_URL=POSTGRESQL)["default"]
    assert ("pool" in found["OPTIONS"], found["CONN_MAX_AGE"]) == (False, 60)
    assert (
        found["OPTIONS"]["options"]
        == "-c statement_timeout=0s -c idle_in_transaction_session_timeout=600s"
    )


def test_behind_pgbouncer_nothing_lives_in_a_session(monkeypatch, tmp_path):
    found = built(
        monkeypatch,
        tmp_path,
        web=True,
        DATABASE_URL=POSTGRESQL,
        DB_PGBOUNCER="true",
        DATABASE_REPLICA_URL=POSTGRESQL,
    )
    assert "options" not in found["default"]["OPTIONS"]
    assert (
        found["default"]["OPTIONS"]["prepare_threshold"],
        found["default"]["DISABLE_SERVER_SIDE_CURSORS"],
    ) == (None, True)
    assert (
        "statement_timeout=15s" in found["replica1"]["OPTIONS"]["options"]
    )  # which is asked directly


def test_replicas_are_counted_and_fail_fast(monkeypatch, tmp_path):
    found = built(
        monkeypatch,
        tmp_path,
        DATABASE_URL=POSTGRESQL,
        DATABASE_REPLICA_URL=f"{POSTGRESQL},postgres://u:p@other:5433/app",
    )
    assert list(found) == ["default", "replica1", "replica2"]
    assert (
        found["replica2"]["HOST"],
        found["replica2"]["PORT"],
        found["replica2"]["OPTIONS"]["connect_timeout"],
    ) == ("other", 5433, 2)
    assert "default_transaction_read_only=on" in found["replica2"]["OPTIONS"]["options"]
    assert "pool" not in found["replica2"]["OPTIONS"]


def test_sqlite_has_no_replica(monkeypatch, tmp_path):
    assert list(built(monkeypatch, tmp_path)) == ["default"]
    with pytest.raises(ImproperlyConfigured, match="SQLite has no replicas"):
        built(monkeypatch, tmp_path, DATABASE_REPLICA_URL=POSTGRESQL)
    with pytest.raises(ImproperlyConfigured, match="must name PostgreSQL servers"):
        built(
            monkeypatch, tmp_path, DATABASE_URL=POSTGRESQL, DATABASE_REPLICA_URL="sqlite:////tmp/x"
        )
