"""Checks of the database and its replicas: connection, migrations, cache table, clocks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from directives.base.replicas import replica
from directives.health.findings import Finding, fine, warning, wrong
from qunzhu_tracker.starting import why_unusable

TOLERATED_DIFFERENCE = timedelta(seconds=5)  # between two clocks
HARMFUL_DIFFERENCE = timedelta(seconds=60)  # with more, a living worker looks dead


def check_database(now: datetime) -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        message = why_unusable(error) or f"The database does not answer: {error}."
        yield wrong(
            message,
            "Nothing works until it does. A backup is restored as deploy/README.md says.",
        )
        return
    version = ".".join(str(part) for part in _version())
    options = connection.settings_dict
    server = connection.vendor == "postgresql"
    host = f" on {options['HOST'] or 'this machine'}:{options['PORT'] or 5432}" if server else ""
    yield fine(f"{connection.display_name} {version}, {options['NAME']}{host}")


def _version() -> tuple[int, ...]:
    version = connection.get_database_version()
    return version if connection.vendor == "sqlite" else (version[0], version[1])


def unapplied_migrations() -> list[str]:
    """The migrations of this release that the database lacks, as app.name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def check_migrations(now: datetime) -> Iterator[Finding]:
    if names := unapplied_migrations():
        message = f"{len(names)} are not carried out, the first is {names[0]}: no node is ready"
        yield wrong(message, "manage.py migrate")
    else:
        yield fine("all are carried out")


def check_cache(now: datetime) -> Iterator[Finding]:
    """The cache table, which counts sign-ins to limit them."""
    table = settings.CACHES["default"]["LOCATION"]
    if table not in connection.introspection.table_names():
        message = f"the table “{table}” is missing: nobody can sign in"
        yield wrong(message, "manage.py createcachetable")
        return
    cache.get("doctor")
    yield fine("sign-ins can be counted")


def check_clock(now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with the database's; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        yield fine("one machine")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (database_time,) = cursor.fetchone()
    difference = abs(timezone.now() - database_time)
    message = f"this machine and the database are {difference.total_seconds():.1f} s apart"
    if difference > TOLERATED_DIFFERENCE:
        make_finding = wrong if difference > HARMFUL_DIFFERENCE else warning
        yield make_finding(
            message,
            "Have both set by chrony or systemd-timesyncd: lights and heartbeats go by them.",
        )
    else:
        yield fine(message)


def check_replicas(now: datetime) -> Iterator[Finding]:
    for alias in settings.REPLICAS:
        state = replica(alias).state()
        if state is None:
            yield warning(
                f"{alias} cannot be read, or is no replica: everything is read from the primary",
                "See to that server, or correct DATABASE_REPLICA_URL.",
            )
        elif state.lag > settings.REPLICA_MAX_LAG:
            yield warning(
                f"{alias} is {state.lag:.0f} s behind, and is not read",
                "See to its disk and its network.",
            )
        else:
            yield fine(f"{alias} is {state.lag:.1f} s behind")
    if not settings.REPLICAS:
        yield fine("none")
