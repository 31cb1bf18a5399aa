"""The databases of an installation, from the environment: the primary and replicas.

A web process gets a pool of connections and short timeouts; the worker and the commands get one
connection and long ones. Behind PgBouncer in transaction mode (DB_PGBOUNCER) nothing that lives in
a session is used: no server-side cursors, no prepared statements, no startup options. The timeouts
then stand in PgBouncer's own file: deploy/README.md says where.
"""

from pathlib import Path
from typing import Any

from qunzhu_tracker.environment import Environment, WrongSetting
from qunzhu_tracker.pooling import bounded

SQLITE = {
    # IMMEDIATE: a transaction takes the write lock at its start, so that two writers wait instead
    # of failing.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL: what was answered is on the disk. With NORMAL it is only when the log is next copied
    # into the database.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    " PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=27103364; PRAGMA cache_size=-20000;",
}
# How long a connection may take to come about, and how long a sent packet may stay unanswered
# (milliseconds), before it has failed. A connection on which an answer is awaited asks whether its
# machine is still there. A replica fails fast: the primary can answer in its stead.
ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
PATIENCE = ALIVE | {"connect_timeout": 5, "tcp_user_timeout": 30_000}
MARGIN = (
    5  # seconds beyond the server's own timeout after which a page waits for no answer any more
)
IMPATIENCE = ALIVE | {"connect_timeout": 2, "tcp_user_timeout": 5_000}


def databases(env: Environment, *, var: Path, web: bool) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `default` is the primary; each replica is `replica1`, `replica2`, …

    Raises WrongSetting, also for a replica of anything but PostgreSQL.
    """
    primary = env.db("DATABASE_URL", default=f"sqlite:///{var / 'qunzhu.sqlite3'}")
    copies = env.dbs("DATABASE_REPLICA_URL")
    if primary["ENGINE"].endswith("sqlite3"):
        if copies:
            raise WrongSetting(
                "DATABASE_REPLICA_URL",
                env.str("DATABASE_REPLICA_URL"),
                "DATABASE_URL must name a PostgreSQL too: SQLite has no replicas",
            )
        # Closing the last connection copies the whole log into the database, and opening one reads
        # the schema: not for each page.
        age = env.int("CONN_MAX_AGE", default=60) if web else 0
        return {
            "default": primary
            | {"OPTIONS": SQLITE, "CONN_MAX_AGE": age, "TEST": {"NAME": str(var / "test.sqlite3")}}
        }
    configured = {"default": _primary(env, primary, web=web)}
    for number, copy in enumerate(copies, 1):
        if copy["ENGINE"] != primary["ENGINE"]:
            raise WrongSetting(
                "DATABASE_REPLICA_URL",
                env.str("DATABASE_REPLICA_URL"),
                "it must name PostgreSQL servers, as DATABASE_URL does",
            )
        configured[f"replica{number}"] = _replica(env, copy, web=web)
    return configured


def _primary(env: Environment, database: dict[str, Any], *, web: bool) -> dict[str, Any]:
    pooler = env.bool("DB_PGBOUNCER", default=False)
    # PgBouncer hands a connection from one process to another between transactions, and with it
    # what was prepared there.
    prepared = {
        "prepare_threshold": None if pooler else 5
    }  # see models.planned; the ORM's own statements are never prepared
    options = PATIENCE | {"application_name": _name(web)} | prepared | database.get("OPTIONS", {})
    if not pooler:
        options.setdefault("options", _timeouts(env, web=web))
    largest = env.int("DB_POOL_MAX", default=8) if web else 0
    if largest:
        options["pool"] = _pool(env, largest)
    age = 0 if largest else env.int("CONN_MAX_AGE", default=60)
    return database | {
        "OPTIONS": options,
        "CONN_MAX_AGE": age,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pooler,
    }


def _pool(env: Environment, largest: int) -> dict[str, Any]:
    """What Django hands to psycopg's pool, which looks at a connection before a request gets it."""
    statement = env.int("DB_STATEMENT_TIMEOUT", default=15)
    return {
        "name": "web",
        "min_size": min(env.int("DB_POOL_MIN", default=1), largest),
        "max_size": largest,
        "timeout": env.float("DB_POOL_TIMEOUT", default=0.7),
        "connection_class": bounded(statement + MARGIN if statement else None),
        # Then the next request tries anew: it does not wait for a pause that grows with the outage.
        "reconnect_timeout": 1,
    }


def _replica(env: Environment, database: dict[str, Any], *, web: bool) -> dict[str, Any]:
    """Without a pool or PgBouncer: both make a reader wait for a server that is gone."""
    options = (
        IMPATIENCE
        | {"application_name": _name(web), "prepare_threshold": None}
        | database.get("OPTIONS", {})
    )
    options.setdefault("options", _timeouts(env, web=web) + " -c default_transaction_read_only=on")
    age = env.int("CONN_MAX_AGE", default=60)
    return database | {
        "OPTIONS": options,
        "CONN_MAX_AGE": age,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIRROR": "default"},
    }


def _name(web: bool) -> str:
    """What pg_stat_activity shows."""
    return "qunzhu web" if web else "qunzhu work"


def _timeouts(env: Environment, *, web: bool) -> str:
    """What the server is told when a connection begins. 0 is for ever.

    The tick of a nation and a dump take their time.
    """
    statement = (
        env.int("DB_STATEMENT_TIMEOUT", default=15)
        if web
        else env.int("DB_WORK_STATEMENT_TIMEOUT", default=0)
    )
    idle = 30 if web else 600  # a transaction in which nothing happens keeps others waiting
    return f"-c statement_timeout={statement}s -c idle_in_transaction_session_timeout={idle}s"
