"""Where the bench runs: a database of its own, the product behind gunicorn on it.

Also what that takes of the machine.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from directives.backups.throwaway import InstallationError, Server

SETTINGS = "tests.bench.settings"
FORMER_SETTINGS = "directives.bench.settings"  # of checkouts up to the release of December 2026
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """What one web worker holds, in MiB: all of it, and its fair part of what is shared."""

    rss: float
    pss: float


@dataclass(frozen=True, slots=True)
class Place:
    """A database to measure, and the environment in which the product uses it."""

    scale: str
    environment: dict[str, str]
    fresh: bool  # nothing is in it yet

    def open(self) -> subprocess.Popen:
        """A process of the bench in this database, that waits for its job; see `inside`."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "--inside"]
        return subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def environment_of(self, checkout: Path) -> dict[str, str]:
        """The environment in which another checkout serves this database."""
        here = (checkout / SETTINGS.replace(".", "/")).with_suffix(".py").exists()
        return {
            **self.environment,
            "DJANGO_SETTINGS_MODULE": SETTINGS if here else FORMER_SETTINGS,
        }

    def ask(self, **job: Any) -> dict[str, Any]:
        """Have a job done in this database; returns what came of it."""
        with self.open() as process:
            told, _nothing = process.communicate(json.dumps(job) + "\n")
        if process.returncode:
            raise InstallationError(
                f"The job “{job['do']}” failed; what it says of it stands above."
            )
        return json.loads(told.splitlines()[-1])

    def size(self) -> int:
        """How many bytes the database takes on the disk."""
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            file = Path(url.removeprefix("sqlite:///"))
            return sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]


def memory(server: Server) -> list[Memory]:
    """Every web worker's memory, as the kernel counts it; empty where it does not tell."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    if not children.exists():
        return []
    return [_memory(int(pid)) for pid in children.read_text(encoding="ascii").split()]


def _memory(pid: int) -> Memory:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return Memory(round(sizes["Rss"], 1), round(sizes["Pss"], 1))


def place(
    scale: str, base: Path, server: str, url: str | None = None, *, suffix: str = ""
) -> Place:
    """The database of a scale in the bench's folder, or the one that `url` names.

    It is made empty where there is none. `suffix` tells a second one of the same scale apart.
    """
    var = base / f"var-{scale}{suffix}"
    var.mkdir(exist_ok=True)
    fresh = False
    if url is None and server:
        url, fresh = f"{server}/bench_{scale}{suffix}", _create(server, f"bench_{scale}{suffix}")
    elif url is None:
        file = var / "bench.sqlite3"
        url, fresh = f"sqlite:///{file}", not file.exists()
        if fresh and (tables := os.environ.get("QUNZHU_TEST_TABLES")):  # migrated already
            shutil.copyfile(tables, file)
    environment = {
        **os.environ,
        "QUNZHU_DOTENV": os.devnull,
        "QUNZHU_ENV": "local",
        "QUNZHU_VAR": str(var),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "LOG_LEVEL": "ERROR",
    }
    return Place(scale, environment, fresh)


def _create(server: str, name: str) -> bool:
    """Make a database if there is none of the name; true if it was made."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        connection.execute(f'CREATE DATABASE "{name}"')
        return True
