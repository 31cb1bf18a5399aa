"""Where the bench runs: a database of its own, the product behind gunicorn on it, and what that takes of the machine."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

SETTINGS = "directives.bench.settings"
HOST = "127.0.0.1"
START_SECONDS = 60  # how long a server may take to answer
WORKERS = 2
DATABASES = "postgresql"  # the folder of the throw-away cluster, inside the bench's own
SQLITE, POSTGRESQL = "sqlite", "postgresql"
MIB = 1024 * 1024


class BenchError(Exception):
    """Something did not answer as it must; its figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one web worker holds, in MiB: all of it, and its fair part of what it shares with the others."""

    rss: float
    pss: float


@dataclass(frozen=True, slots=True)
class Place:
    """A database to measure, and the environment in which the product's commands and servers use it."""

    scale: str
    environment: dict[str, str]
    fresh: bool  # nothing is in it yet

    def open(self) -> subprocess.Popen:
        """A process of the bench in this database, that waits for its job; see `inside`."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "--inside"]
        return subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **job: Any) -> dict[str, Any]:
        """Have a job done in this database; returns what came of it."""
        with self.open() as process:
            told, _nothing = process.communicate(json.dumps(job) + "\n")
        if process.returncode:
            raise BenchError(f"The job “{job['do']}” failed; what it says of it stands above.")
        return json.loads(told.splitlines()[-1])

    def size(self) -> int:
        """How many bytes the database takes on the disk."""
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            file = Path(url.removeprefix("sqlite:///"))
            return sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]


@dataclass(frozen=True, slots=True)
class Served:
    """The product as it is served: on which port, by which process."""

    port: int
    pid: int

    def memory(self) -> list[Memory]:
        """Every web worker's memory, as the kernel counts it; empty where it does not tell."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        if not children.exists():
            return []
        return [_memory(int(pid)) for pid in children.read_text(encoding="ascii").split()]


def _memory(pid: int) -> Memory:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return Memory(round(sizes["Rss"], 1), round(sizes["Pss"], 1))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def folder(keep: str | None) -> Iterator[Path]:
    """The bench's own folder: the one to keep, or a new one that is gone afterwards."""
    if keep:
        path = Path(keep).resolve()
        path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    path = Path(tempfile.mkdtemp(prefix="qunzhu-bench-"))
    path.chmod(0o755)  # PostgreSQL's own user must be able to enter
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def cluster(base: Path) -> Iterator[str]:
    """A PostgreSQL of the bench's own that waits for the disk as a real one does; yields its address without a database."""
    home, port = base / DATABASES, free_port()
    script = str(settings.BASE_DIR / "deploy" / "pgtmp.sh")
    started = subprocess.run(
        [script, "start", str(home), str(port), "durable"],
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode:
        raise BenchError(f"PostgreSQL did not start:\n{started.stderr[-2000:]}")
    try:
        yield f"postgres://postgres@{HOST}:{port}"
    finally:
        subprocess.run([script, "stop", str(home), "fast"], capture_output=True, check=False)


@contextmanager
def server_of(engine: str, base: Path) -> Iterator[str]:
    """Where PostgreSQL is, for the time of the bench: "" for SQLite, which has none."""
    if engine == SQLITE:
        yield ""
        return
    with cluster(base) as address:
        yield address


def place(scale: str, base: Path, server: str, url: str | None = None) -> Place:
    """The database of a scale in the bench's folder, or the one that `url` names; made empty where there is none."""
    var = base / f"var-{scale}"
    var.mkdir(exist_ok=True)
    fresh = False
    if url is None and server:
        url, fresh = f"{server}/bench_{scale}", _create(server, f"bench_{scale}")
    elif url is None:
        file = var / "bench.sqlite3"
        url, fresh = f"sqlite:///{file}", not file.exists()
    environment = {
        **os.environ, "QUNZHU_DOTENV": os.devnull, "QUNZHU_ENV": "local", "QUNZHU_VAR": str(var), "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": SETTINGS, "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    return Place(scale, environment, fresh)


def _create(server: str, name: str) -> bool:
    """Make a database if there is none of the name; true if it was made."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        connection.execute(f'CREATE DATABASE "{name}"')
        return True


@contextmanager
def served(where: Place) -> Iterator[Served]:
    """The product behind gunicorn with two workers, on a free port of this machine."""
    port = free_port()
    options = [
        f"--workers={WORKERS}",
        "--worker-class=gthread",
        "--threads=4",
        "--keep-alive=120",
        "--timeout=300",
        "--log-level=error",
    ]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "qunzhu_tracker.wsgi:application",
        f"--bind={HOST}:{port}",
        *options,
    ]
    server = subprocess.Popen(
        [*command, "--no-control-socket"], cwd=settings.BASE_DIR, env=where.environment
    )
    try:
        _wait(server, port)
        yield Served(port, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server: subprocess.Popen, port: int) -> None:
    """Return once the port answers; raise BenchError if the server ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise BenchError("The web server did not start.")
