"""What every test may ask for: the cast, a signed-in browser, today."""

import gc
import os
import tempfile

# Playwright's own event loop makes Django believe that it runs inside async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# A process whose clock a test set on clears away "old" temporary files: those of the processes
# beside it are not among them.
if process := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix=f"{process}-")
    os.chmod(tempfile.tempdir, 0o755)  # PostgreSQL's own user must be able to enter

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import translation

from directives.health.upkeep import Upkeep, read_upkeep, upkeep_cache
from directives.models import BodyName, Membership, Organisation, User
from directives.models.body_names import names_of
from directives.models.organisations import step
from directives.web import middleware, refused
from tests import emptying, migrated

gc.disable()  # until all tests are collected

# Property tests are the same in each run, and a busy machine is no fault of theirs. For others:
# --hypothesis-profile=default
BUSY = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=BUSY
)
hypothesis.settings.load_profile("suite")

settings.PASSWORD_HASHERS = ["tests.hashing.QuickArgon2", *settings.PASSWORD_HASHERS[1:]]
# Else every client reads the headers of all static files when it is made: a fifth of the time of a
# test of pages.
settings.WHITENOISE_AUTOREFRESH = True

# Else whoever travels in time would have to sign in again; tests/signin has the real ones.
settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 14 * 24 * 60, 14 * 24

if connection.vendor == "sqlite":
    options = connection.settings_dict["OPTIONS"]
    connections.settings["default"]["OPTIONS"] = {
        **options,
        "timeout": 120,  # it has one writer: the others wait as long as it takes here, too
        "init_command": options["init_command"] + " PRAGMA synchronous=OFF;",  # gone after the run
    }


# Files whose tests take ten seconds and more, most of them starting servers or browsers.
LONG_FILES = {
    "test_axe.py",
    "test_backup.py",
    "test_bench.py",
    "test_cluster.py",
    "test_demo.py",
    "test_faults.py",
    "test_full_disk.py",
    "test_fuzz.py",
    "test_journey.py",
    "test_killed.py",
    "test_lost_database.py",
    "test_serve.py",
    "test_two_nodes.py",
    "test_walk.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that does not ask for the database is kept from it, so no engine can change what
    comes of it. One that starts processes which use the database asks for `django_db_setup`.
    """
    asking = {"db", "transactional_db", "live_server", "django_db_setup"}
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if not asking & set(item.fixturenames) and not {"django_db", "skipif"} & marks:
            item.add_marker("once")
    _begin_with_the_longest(items)


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Reorder the tests that commit, and those without a database, which pytest-django puts last:
    of both the files of long tests come first.

    Else the last of them runs alone, while the other process has nothing left to do.
    """
    committing = [place for place, item in enumerate(items) if _commits(item)]
    later = range(committing[-1] + 1 if committing else 0, len(items))
    for places in (committing, later):
        ordered = sorted((items[place] for place in places), key=_is_short)
        for place, item in zip(places, ordered, strict=True):
            items[place] = item


def _is_short(item: pytest.Item) -> bool:
    return item.path.name not in LONG_FILES


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    return bool(
        (mark and mark.kwargs.get("transaction"))
        or {"transactional_db", "live_server"} & set(item.fixturenames)
    )


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end.

    Looking for garbage among it took a tenth of the run.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of long tests, which tell of them as `record_property("figure", text)`."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(str(text))


@dataclass(frozen=True, slots=True)
class Cast:
    """A tree of bodies and one person for each role.

    centre ─ body ─ child
           └ sibling

    `staff` and `manager` belong to `body`, `supervisor` and `viewer` to `centre`; `outsider` has no
    place anywhere, `stranger` is staff of `sibling`, `below` staff of `child`.
    """

    centre: Organisation
    body: Organisation
    child: Organisation
    sibling: Organisation
    staff: User
    manager: User
    supervisor: User
    viewer: User
    admin: User
    outsider: User
    stranger: User
    below: User


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_cast() -> Cast:
    """Takes a third of what saving body by body does; tests/test_cast.py holds them equal."""
    centre = _body(None, "C000", "中共中央", "中共中央", kind="centre", branch=True)
    body = _body(centre, "Q01", "全国总工会", "全國總工會", branch=True)
    child = _body(body, "Q01A", "北京市总工会", "北京市總工會", level="provincial")
    sibling = _body(centre, "Q02", "共青团中央", "共青團中央")
    bodies = [centre, body, child, sibling]
    for lot in ([centre], [body], [child, sibling]):
        Organisation.objects.bulk_create(lot)
    for row in bodies:
        row.path = (row.parent.path if row.parent else "") + step(row.pk)
    Organisation.objects.bulk_update(bodies, ["path"])
    BodyName.objects.bulk_create(name for row in bodies for name in names_of(row))
    # As they stand, without the parents that they were made with.
    centre, body, child, sibling = Organisation.objects.filter(
        pk__in=[row.pk for row in bodies]
    ).order_by("pk")
    people = [
        User(username="staff", full_name="林晓岚"),
        User(username="manager", full_name="顾明远"),
        User(username="supervisor", full_name="周启明"),
        User(username="viewer", full_name="viewer"),
        User(username="admin", full_name="admin", is_staff=True, is_superuser=True),
        User(username="outsider", full_name="outsider"),
        User(username="stranger", full_name="stranger"),
        User(username="below", full_name="below"),
    ]
    for person in people:
        person.set_unusable_password()
    User.objects.bulk_create(people)
    staff, manager, supervisor, viewer, admin, outsider, stranger, below = people
    roles = [
        (staff, body, "staff"),
        (manager, body, "manager"),
        (supervisor, centre, "supervisor"),
        (viewer, centre, "viewer"),
        (stranger, sibling, "staff"),
        (below, child, "staff"),
    ]
    Membership.objects.bulk_create(
        Membership(user=user, organisation=place, role=role) for user, place, role in roles
    )
    return Cast(centre, body, child, sibling, *people)


def _body(
    parent: Organisation | None, code: str, name_hans: str, name_hant: str, **fields: Any
) -> Organisation:
    kind = fields.pop("kind", "mass_organisation")
    return Organisation(
        parent=parent, code=code, name_hans=name_hans, name_hant=name_hant, kind=kind, **fields
    )


@pytest.fixture(scope="module")
def module_transaction(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One transaction around the tests of a module, for what takes seconds to make."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def clean_cache(request: pytest.FixtureRequest) -> None:
    """Sign-in limits live in the cache: one test must not lock out the next."""
    for database in ("transactional_db", "db"):
        if database in request.fixturenames:
            request.getfixturevalue(database)
            cache.clear()
            return


@pytest.fixture(autouse=True)
def calendar_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages keep the calendar for a minute.

    In a test each reads its own, so that counts of queries do not depend on the order.
    """
    monkeypatch.setattr(middleware, "KEPT_SECONDS", 0)


@pytest.fixture(autouse=True)
def upkeep(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pages keep for some seconds how the background service does.

    In a test it does well, until the test says otherwise. Called without anything it is read anew
    for each page, as the database tells it.
    """
    well = Upkeep(lights_on=date.max, seen_at=datetime.max.replace(tzinfo=UTC))

    def change(**facts: object) -> None:
        monkeypatch.setattr(
            upkeep_cache, "get", (lambda now: replace(well, **facts)) if facts else read_upkeep
        )

    monkeypatch.setattr(upkeep_cache, "get", lambda now: well)
    return change


@pytest.fixture(autouse=True)
def own_key_of_the_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What is known of a record outside its database is of that database alone.

    Each test begins without.
    """
    monkeypatch.setattr(
        settings, "AUDIT_DIR", tmp_path_factory.getbasetemp() / f"record-{uuid4().hex}"
    )


@pytest.fixture(autouse=True)
def default_language() -> None:
    """A request leaves its reader's language active.

    One test must not speak in the language of the one before.
    """
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A client signed in as a person."""

    def open_client(user: User, language: str = "zh-hans") -> Client:
        client = Client()
        client.force_login(user, backend="directives.accounts.Door")
        client.cookies["language"] = language
        return client

    return open_client


@pytest.fixture
def refusals_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages 403 and 404 say the same whatever a person is refused: each is drawn once a person,
    where a test asks for hundreds and looks at their status alone.
    """
    for name in ("permission_denied", "page_not_found"):
        monkeypatch.setattr(refused, name, _drawn_once(getattr(refused, name)))


def _drawn_once(draw: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    statuses: dict[object, int] = {}

    def answer(request: HttpRequest, exception: Exception) -> HttpResponse:
        person = request.user.pk
        if person in statuses:
            return HttpResponse(status=statuses[person])
        response = draw(request, exception)
        statuses[person] = response.status_code
        return response

    return answer


@pytest.fixture
def key() -> Callable[[], dict[str, str]]:
    """The hidden field of a write form: a fresh idempotency key."""
    return lambda: {"idempotency_key": str(uuid4())}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Migrations run once; the other processes copy what they made."""
    migrated.share()


def pytest_unconfigure(config: pytest.Config) -> None:
    if connection.vendor == "postgresql" and not hasattr(config, "workerinput"):
        with suppress(psycopg.OperationalError):  # no server, so nothing to drop
            migrated.forget()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """As pytest-django has it, and what it made is remembered.

    A process that a test killed may leave a session open, and PostgreSQL then keeps the database.
    """
    with django_db_blocker.unblock():
        emptying.remember_what_migrations_filled()
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def flush_quickly() -> Iterator[None]:
    with emptying.only_filled_tables():
        yield
