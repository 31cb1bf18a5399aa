"""How fast the main pages are, beside two bare floors, in one run on a throw-away database."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from directives.bench.race import HOST, BenchError, figures, run, table
from directives.bench.stage import stage

SETTINGS = "directives.bench.settings"
START_SECONDS = 60  # how long the web server may take to answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def scratch() -> Iterator[dict[str, str]]:
    """An environment whose files are a new folder's and whose database is new: SQLite, or beside the one that DATABASE_URL names."""
    folder = Path(tempfile.mkdtemp(prefix="qunzhu-bench-"))
    url = f"sqlite:///{folder / 'bench.sqlite3'}"
    name = f"bench_{os.getpid()}_{time.time_ns()}" if connection.vendor == "postgresql" else ""
    try:
        if name:
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}"')
            parts = urlsplit(os.environ["DATABASE_URL"])
            url = urlunsplit(parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}"))
        yield {
            **os.environ, "QUNZHU_DOTENV": os.devnull, "QUNZHU_ENV": "local", "QUNZHU_VAR": str(folder), "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": SETTINGS, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
    finally:
        if name:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of the product in this environment; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"manage.py {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def served(environment: dict[str, str]) -> Iterator[int]:
    """The product behind gunicorn with two workers, on a free port of this machine."""
    port = free_port()
    options = ["--workers=2", "--worker-class=gthread", "--threads=4", "--log-level=error", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "qunzhu_tracker.wsgi:application", f"--bind={HOST}:{port}", *options]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait(server: subprocess.Popen, port: int) -> None:
    """Return once the port answers; raise CommandError if the server ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError("The web server did not start.")


class Command(BaseCommand):
    help = "Time the main pages beside two bare floors, on a throw-away database with every directive at every body of the sample."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=30, help="requests of each kind; the export runs in one round of five")
        parser.add_argument("--bodies", type=int, default=100, help="bodies that owe every directive of the sample; default: 100")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the figures as JSON")
        parser.add_argument("--stage", action="store_true", help=SUPPRESS)  # in the throw-away database: fill it

    def handle(self, *, rounds: int, bodies: int, as_json: bool, stage: bool, **options: Any) -> None:
        if stage:
            self.stage(bodies)
            return
        if rounds < 1 or bodies < 2:
            raise CommandError("--rounds is at least 1, --bodies at least 2.")
        with scratch() as environment:
            manage(environment, "migrate", "-v0")
            manage(environment, "createcachetable")
            staged = json.loads(manage(environment, "bench", "--stage", f"--bodies={bodies}"))
            with served(environment) as port:
                try:
                    lines = figures(run(port, staged, rounds))
                except BenchError as error:
                    raise CommandError(str(error)) from error
        facts = {"database": connection.vendor} | {name: staged[name] for name in ("bodies", "directives", "obligations")}
        if as_json:
            self.stdout.write(json.dumps({**facts, "lines": lines}, ensure_ascii=False))
            return
        told = "{bodies} bodies × {directives} directives = {obligations:,} obligations, {database}".format(**facts)
        self.stdout.write(f"{told}, gunicorn with 2 workers, one request at a time\n\n{table(lines)}")

    def stage(self, bodies: int) -> None:
        """Fill the throw-away database, and only that: any other is refused."""
        if os.environ.get("DJANGO_SETTINGS_MODULE") != SETTINGS:
            raise CommandError("--stage is for the bench's own database.")
        self.stdout.write(json.dumps(stage(timezone.now(), bodies=bodies)))
