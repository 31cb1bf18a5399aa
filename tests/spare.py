"""A free port, a second, empty database on the engine under test, threads that begin at once.

For tests of several at a time.
"""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import randbelow
from uuid import uuid4

import psycopg
from django.db import connection, connections

from tests.migrated import address, server

# Below those that Linux gives to whoever connects without asking for one.
PORTS = range(10_240, 32_768)
WORKERS = 32  # each of pytest's processes has ports of its own
PATIENCE = 120  # seconds, for what comes at once on a quiet machine; a busy one is no fault

given: set[int] = set()


def spare_port() -> int:
    """A port of 127.0.0.1 on which nothing listens, and which no other test is given meanwhile."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    while True:
        port = PORTS.start + WORKERS * randbelow(len(PORTS) // WORKERS) + worker
        if port not in given and _is_free(port):
            given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it comes about in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def spare_database(folder: Path) -> Iterator[dict[str, str]]:
    """The environment for processes of an installation in `folder`.

    Its own var/ and its own database, dropped afterwards.
    """
    name = f"spare_{uuid4().hex[:12]}"
    environment = {**os.environ, "QUNZHU_VAR": str(folder / "var"), "QUNZHU_DOTENV": os.devnull}
    if connection.vendor == "sqlite":
        yield {**environment, "DATABASE_URL": f"sqlite:///{folder / name}.sqlite3"}
        return
    with server() as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield environment | {"DATABASE_URL": address(name)}
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def told(environment: dict[str, str], statement: str) -> list[tuple]:
    """The rows of a statement, asked of the database of a `spare_database`."""
    url = environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=PATIENCE)) as database:
            return database.execute(statement).fetchall()
    with psycopg.connect(url) as database:
        return database.execute(statement).fetchall()


def side_by_side(work: Callable[[int], object], number: int) -> list:
    """What each of so many threads returns, all begun at the same moment.

    Each has a connection of its own.
    """
    start = threading.Barrier(number)

    def one(index: int) -> object:
        try:
            start.wait(PATIENCE)
            return work(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))
