"""A free port, a second, empty database on the engine under test, threads that begin at once: for tests of several at a time."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.db import connection, connections


def spare_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def spare_database(folder: Path) -> Iterator[dict[str, str]]:
    """The environment for processes of an installation in `folder`: its own var/ and its own database, dropped afterwards."""
    name = f"spare_{uuid4().hex[:12]}"
    environment = {**os.environ, "QUNZHU_VAR": str(folder / "var"), "QUNZHU_DOTENV": os.devnull}
    if connection.vendor == "sqlite":
        yield {**environment, "DATABASE_URL": f"sqlite:///{folder / name}.sqlite3"}
        return
    server = connection.settings_dict
    host, port, user, password = server["HOST"], server["PORT"], server["USER"], server["PASSWORD"]
    with psycopg.connect(host=host, port=port, user=user, password=password, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environment, "DATABASE_URL": f"postgres://{quote(user)}:{quote(password)}@{host}:{port}/{name}"}
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def side_by_side(work: Callable[[int], object], number: int) -> list:
    """What each of so many threads returns, all begun at the same moment, each with a connection of its own."""
    start = threading.Barrier(number)

    def one(index: int) -> object:
        try:
            start.wait(10)
            return work(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))
