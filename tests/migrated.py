"""A database with every table and no row but what migrations make: made once, then copied.

On SQLite it is a file in `.pytest_cache`, named by the content of the migrations and the models. On
PostgreSQL it is a database that lasts as long as the run, made from a dump beside that file.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection

CACHE = settings.BASE_DIR / ".pytest_cache"
# Set by the process that starts the run, inherited by its workers.
RUN = os.environ.setdefault("QUNZHU_TEST_RUN", uuid4().hex[:12])
TABLES = "QUNZHU_TEST_TABLES"  # by which the bench finds the file
DAY = 24 * 60 * 60
ON_POSTGRESQL = f"migrated_{RUN}"


def share() -> None:
    """Have Django's test database copied from the one made first."""
    creation = connection.creation
    create, create_empty = creation.create_test_db, creation._create_test_db

    def create_or_copy(*arguments: Any, **options: Any) -> str:
        with _one_at_a_time():
            if connection.vendor == "sqlite":
                os.environ[TABLES] = str(_file())
            if not _is_made():
                name = create(*arguments, **options)
                _keep()
                return name
            if connection.vendor == "sqlite":
                creation._create_test_db = create_copy
            else:
                connection.settings_dict["TEST"]["TEMPLATE"] = ON_POSTGRESQL
            return create(*arguments, **options)  # whose `migrate` finds nothing to do

    def create_copy(*arguments: Any, **options: Any) -> str:
        name = create_empty(*arguments, **options)
        shutil.copyfile(_file(), name)
        return name

    creation.create_test_db = create_or_copy


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """The address of a migrated database of its own, in `folder` on SQLite; dropped afterwards."""
    if connection.vendor == "sqlite":
        path = shutil.copyfile(_file(), folder / "qunzhu.sqlite3")
        yield f"sqlite:///{path}"
        return
    name = f"copy_{uuid4().hex[:12]}"
    with server() as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {ON_POSTGRESQL}")
        try:
            yield address(name)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def server() -> psycopg.Connection:
    """A connection to the PostgreSQL server under test, by which databases are made and dropped."""
    at = connection.settings_dict
    return psycopg.connect(
        host=at["HOST"],
        port=at["PORT"],
        user=at["USER"],
        password=at["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


def address(name: str) -> str:
    """The DATABASE_URL of a database of the PostgreSQL server under test."""
    at = connection.settings_dict
    return (
        f"postgres://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{name}"
    )


def forget() -> None:
    """Drop what the run shared on PostgreSQL."""
    with server() as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {ON_POSTGRESQL} WITH (FORCE)")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_made() -> bool:
    if connection.vendor == "sqlite":
        return _file().exists()
    with server() as admin:
        found = "SELECT 1 FROM pg_database WHERE datname = %s"
        if admin.execute(found, [ON_POSTGRESQL]).fetchone() is not None:
            return True
        if not dump().exists():
            return False
        admin.execute(f"CREATE DATABASE {ON_POSTGRESQL}")
    read_back(address(ON_POSTGRESQL))
    return True


def dump() -> Path:
    """What a migrated PostgreSQL database holds, as statements, if one was made before."""
    return _file().with_suffix(".sql")


def read_back(url: str) -> None:
    """Fill an empty database from the dump."""
    command = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    subprocess.run([*command, f"--file={dump()}", url], check=True, capture_output=True)


def _write_dump() -> None:
    """Without pg_dump, or of a server that is newer than it, there is none: each run migrates."""
    if shutil.which("pg_dump") is None:
        return
    made = CACHE / f"{uuid4().hex}.sql"
    command = ["pg_dump", "--no-owner", f"--file={made}", address(ON_POSTGRESQL)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        made.rename(dump())


def _keep() -> None:
    """Keep a copy of the test database as it stands."""
    if connection.vendor == "postgresql":
        connection.close()  # a template has no session
        with server() as admin:
            name = connection.settings_dict["NAME"]
            admin.execute(f"CREATE DATABASE {ON_POSTGRESQL} TEMPLATE {name}")
        _write_dump()
        return
    for other in CACHE.glob("migrated-*"):
        if other.stat().st_mtime < time.time() - DAY:
            other.unlink()
    made = CACHE / f"{uuid4().hex}.sqlite3"
    with closing(sqlite3.connect(made)) as database:
        connection.connection.backup(database)
        database.execute("PRAGMA journal_mode = DELETE")  # the whole of it in one file
    made.rename(_file())


@cache
def _file() -> Path:
    """Named by the content of all that migrations run and read, and of the models, after which
    permissions are named.
    """
    places = [Path(app.path) for app in apps.get_app_configs()]
    files = [path for place in places for path in place.glob("migrations/*.py")]
    files += [path for place in places for path in place.glob("models*.py")]
    files += [path for place in places for path in place.glob("models/**/*.py")]
    for place in (settings.BASE_DIR / "directives" / "base", settings.BASE_DIR / "qunzhu_tracker"):
        files += place.glob("**/*.py")
    files += (settings.BASE_DIR / "directives" / "made_up" / "sample").glob("*.csv")
    digest = hashlib.sha256(repr((django.VERSION, sqlite3.sqlite_version)).encode())
    for path in sorted(files):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return CACHE / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
