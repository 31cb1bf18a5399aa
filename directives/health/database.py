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

APART = timedelta(seconds=5)  # that two clocks may differ
FAR_APART = timedelta(seconds=60)  # with more a living worker looks dead


def look_at_database(now: datetime) -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        words = why_unusable(error) or f"The database does not answer: {error}."
        yield wrong(
            words,
            "Nothing works until it does. A backup is restored as deploy/README.md says.",
        )
        return
    version = ".".join(str(part) for part in _version())
    where = connection.settings_dict
    server = connection.vendor == "postgresql"
    host = f" on {where['HOST'] or 'this machine'}:{where['PORT'] or 5432}" if server else ""
    yield fine(f"{connection.display_name} {version}, {where['NAME']}{host}")


def _version() -> tuple[int, ...]:
    version = connection.get_database_version()
    return version if connection.vendor == "sqlite" else (version[0], version[1])


def unapplied_migrations() -> list[str]:
    """The migrations of this release that the database lacks, as app.name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def look_at_migrations(now: datetime) -> Iterator[Finding]:
    if names := unapplied_migrations():
        words = f"{len(names)} are not carried out, the first is {names[0]}: no node is ready"
        yield wrong(words, "manage.py migrate")
    else:
        yield fine("all are carried out")


def look_at_cache(now: datetime) -> Iterator[Finding]:
    """The cache table, which counts sign-ins to limit them."""
    table = settings.CACHES["default"]["LOCATION"]
    if table not in connection.introspection.table_names():
        words = f"the table “{table}” is missing: nobody can sign in"
        yield wrong(words, "manage.py createcachetable")
        return
    cache.get("doctor")
    yield fine("sign-ins can be counted")


def look_at_clock(now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with the database's; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        yield fine("one machine")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    apart = abs(timezone.now() - theirs)
    words = f"this machine and the database are {apart.total_seconds():.1f} s apart"
    if apart > APART:
        tell = wrong if apart > FAR_APART else warning
        yield tell(
            words,
            "Have both set by chrony or systemd-timesyncd: lights and heartbeats go by them.",
        )
    else:
        yield fine(words)


def look_at_replicas(now: datetime) -> Iterator[Finding]:
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
