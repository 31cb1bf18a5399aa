"""Throw-away installations on this machine: a folder, a PostgreSQL, a web server."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from directives.models import User

HOST = "127.0.0.1"
START_SECONDS = 60  # how long a server may take to answer
WORKERS = 2
DATABASES = "postgresql"  # the folder of the throw-away cluster, inside the installation's
SQLITE, POSTGRESQL = "sqlite", "postgresql"


class InstallationError(Exception):
    """A throw-away installation did not start or did not answer as expected."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running web server: its port and process."""

    port: int
    pid: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def folder(keep: str | None) -> Iterator[Path]:
    """The folder to work in: `keep`, or a temporary one that is removed afterwards."""
    if keep:
        path = Path(keep).resolve()
        path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    path = Path(tempfile.mkdtemp(prefix="qunzhu-throwaway-"))
    path.chmod(0o755)  # PostgreSQL's own user must be able to enter
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def cluster(base: Path) -> Iterator[str]:
    """A temporary PostgreSQL that syncs to disk as a real one does; yields its address."""
    home, port = base / DATABASES, free_port()
    script = str(settings.BASE_DIR / "deploy" / "pgtmp.sh")
    started = subprocess.run(
        [script, "start", str(home), str(port), "durable"],
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode:
        raise InstallationError(f"PostgreSQL did not start:\n{started.stderr[-2000:]}")
    try:
        yield f"postgres://postgres@{HOST}:{port}"
    finally:
        subprocess.run([script, "stop", str(home), "fast"], capture_output=True, check=False)


@contextmanager
def server_of(engine: str, base: Path) -> Iterator[str]:
    """The address of a temporary PostgreSQL, or "" for SQLite, which has no server."""
    if engine == SQLITE:
        yield ""
        return
    with cluster(base) as address:
        yield address


@contextmanager
def served(environment: dict[str, str], root: Path | None = None) -> Iterator[Server]:
    """The product behind gunicorn with two workers, on a free port.

    `root` is another checkout; by default this one is served.
    """
    port = free_port()
    options = [
        f"--workers={WORKERS}",
        "--worker-class=gthread",
        "--threads=4",
        "--keep-alive=120",
        "--timeout=300",
        "--log-level=error",
    ]
    program = [sys.executable, "-m", "gunicorn", "qunzhu_tracker.wsgi:application"]
    command = [*program, f"--bind={HOST}:{port}", *options, "--no-control-socket"]
    server = subprocess.Popen(command, cwd=root or settings.BASE_DIR, env=environment)
    try:
        _wait(server, port)
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server: subprocess.Popen, port: int) -> None:
    """Return once the port answers. Raises InstallationError if the server ends or is slow."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise InstallationError("The web server did not start.")


def session_of(user: User) -> str:
    """Create a session of this person; returns its key, for the session cookie."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key
