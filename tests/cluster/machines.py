"""The machines of an installation, as processes on this one, set up with the very files of deploy/.

A primary and a streaming replica, PgBouncer, web nodes under gunicorn, a worker, nginx in front.
Each has a folder of its own and shares nothing on disk with another.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from directives.management.commands.serve import end_with_parent
from tests import migrated
from tests.spare import PATIENCE, spare_port

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
LAG_LIMIT = 3  # seconds; an hour behind is the same to the tracker, and takes longer
# What the shipped files say for a machine of 16 GB with a disk worth waiting for.
SMALL = [
    "shared_buffers=48MB",
    "effective_cache_size=256MB",
    "maintenance_work_mem=32MB",
    "fsync=off",
    "full_page_writes=off",
    "dynamic_shared_memory_type=mmap",
]
# PostgreSQL and PgBouncer refuse to run as root.
OTHER_USER = "postgres" if os.geteuid() == 0 else None


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds"
        time.sleep(0.05)


def program(name: str) -> str:
    """Where a program of the machine is; PostgreSQL's own are not on the path."""
    folders = [
        str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    ]
    found = shutil.which(
        name,
        path=os.pathsep.join(
            [*folders, "/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"]
        ),
    )
    assert found, f"{name} is not installed; tests/run installs it"
    return found


def status_of(url: str) -> int | None:
    """The HTTP status, None while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Cluster:
    """All of it. `processes` holds what runs, by name."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qunzhu-cluster."))
        self.folder.chmod(0o755)  # the other user must be able to enter
        self.ports = {
            name: spare_port()
            for name in ("primary", "replica", "pgbouncer", "node1", "node2", "nginx")
        }
        self.processes: dict[str, subprocess.Popen] = {}
        self.shared_memory: set[str] = set()

    # Folders, processes

    def room(self, name: str, *, other: bool) -> Path:
        """The folder of one machine, owned by whom its program runs as."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if other and OTHER_USER:
            entry = pwd.getpwnam(OTHER_USER)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        return folder

    def start(
        self,
        name: str,
        arguments: list[str],
        *,
        other: bool = False,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Start a program whose words go to NAME.log.

        It ends with this process, whatever happens.
        """
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                arguments,
                cwd=ROOT if not other else self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=end_with_parent,
                **self.user(other=other),
            )

    def user(self, *, other: bool) -> dict[str, object]:
        return (
            {"user": OTHER_USER, "group": OTHER_USER, "extra_groups": []}
            if other and OTHER_USER
            else {}
        )

    def run(self, arguments: list[str]) -> None:
        subprocess.run(
            arguments,
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
            **self.user(other=True),
        )

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(timeout=PATIENCE)

    def kill(self, name: str) -> None:
        """As when the machine loses its power: every process of it at once.

        PostgreSQL's children have groups of their own.
        """
        process = self.processes.pop(name)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.killpg(process.pid, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        process.wait(timeout=10)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    # PostgreSQL

    def start_postgresql(self, name: str) -> None:
        self.start(name, [program("postgres"), "-D", str(self.folder / name / "data")], other=True)
        wait_for(lambda: self.answers(name), f"{name} accepts connections")
        self.shared_memory.add(
            (self.folder / name / "data" / "postmaster.pid").read_text().split("\n")[6].split()[-1]
        )

    def answers(self, name: str) -> bool:
        assert self.processes[name].poll() is None, self.log(name)
        try:
            self.sql(name, "SELECT 1", database="postgres")
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, name: str, database: str = "qunzhu") -> psycopg.Connection:
        where = {
            "host": "127.0.0.1",
            "port": self.ports[name],
            "user": "postgres",
            "dbname": database,
            "connect_timeout": 3,
        }
        return psycopg.connect(**where, autocommit=True, prepare_threshold=None)

    @contextmanager
    def holding(self, name: str, statement: str) -> Iterator[None]:
        """Within this, a session has executed the statement and lives on."""
        with self.connect(name) as connection:
            connection.execute(statement)
            yield

    def sql(self, name: str, statement: str, *, database: str = "qunzhu") -> list[tuple]:
        """The rows of a statement, asked of one server by name."""
        with self.connect(name, database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def configure(self, name: str, *shipped: str) -> None:
        """The shipped files first, then what is smaller here."""
        folder = self.folder / name
        local = [
            *SMALL,
            "listen_addresses='127.0.0.1'",
            f"port={self.ports[name]}",
            f"unix_socket_directories='{folder}'",
        ]
        text = "\n".join(
            [
                *((DEPLOY / "postgresql" / file).read_text(encoding="utf-8") for file in shipped),
                *local,
            ]
        )
        with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n" + text + "\n")

    def start_primary(self) -> None:
        folder = self.room("primary", other=True)
        self.run(
            [
                program("initdb"),
                "-D",
                str(folder / "data"),
                *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            ]
        )
        self.configure("primary", "primary.conf")
        self.start_postgresql("primary")
        self.sql("primary", "CREATE DATABASE qunzhu", database="postgres")

    def start_replica(self) -> None:
        """Made with pg_basebackup, as the runbook says."""
        folder = self.room("replica", other=True)
        source = ["-h", "127.0.0.1", "-p", str(self.ports["primary"]), "-U", "postgres"]
        self.run(
            [
                program("pg_basebackup"),
                *source,
                "-D",
                str(folder / "data"),
                "-R",
                *["-X", "stream", "-C", "-S", "replica1", "-c", "fast"],
            ]
        )
        self.configure("replica", "primary.conf", "replica.conf")
        self.start_postgresql("replica")

    # PgBouncer, nginx

    def write_pgbouncer(self, server: str) -> None:
        """The shipped file with the addresses of here, pointing at `server`."""
        text = (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8")
        for before, after in {
            "host=10.0.0.21 port=5432 dbname=qunzhu": (
                f"host=127.0.0.1 port={self.ports[server]} dbname=qunzhu user=postgres"
            ),
            "listen_port = 6432": (
                f"listen_port = {self.ports['pgbouncer']}\nadmin_users = postgres"
            ),
            "auth_type = scram-sha-256\nauth_file = /etc/pgbouncer/userlist.txt": "auth_type = any",
        }.items():
            assert before in text, f"pgbouncer.ini no longer says {before}"
            text = text.replace(before, after)
        (self.room("pgbouncer", other=True) / "pgbouncer.ini").write_text(text, encoding="utf-8")

    def start_pgbouncer(self) -> None:
        self.write_pgbouncer("primary")
        self.start(
            "pgbouncer",
            [program("pgbouncer"), str(self.folder / "pgbouncer" / "pgbouncer.ini")],
            other=True,
        )

    def start_nginx(self) -> None:
        """The shipped file without TLS, which needs a name and a certificate."""
        folder = self.room("nginx", other=True)
        text = (DEPLOY / "nginx" / "nodes.conf").read_text(encoding="utf-8")
        for before, after in {
            "server {\n    listen 80;\n    return 301 https://$host$request_uri;\n}\n": "",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.ports['nginx']};",
            (
                "    ssl_certificate /etc/ssl/qunzhu/fullchain.pem;\n"
                "    ssl_certificate_key /etc/ssl/qunzhu/privkey.pem;\n"
            ): "",
            "10.0.0.11:8000": f"127.0.0.1:{self.ports['node1']}",
            "10.0.0.12:8000": f"127.0.0.1:{self.ports['node2']}",
            "include qunzhu-proxy.conf;": f"include {folder}/qunzhu-proxy.conf;",
        }.items():
            assert before in text, f"nodes.conf no longer says {before}"
            text = text.replace(before, after)
        shutil.copy(DEPLOY / "nginx" / "proxy.conf", folder / "qunzhu-proxy.conf")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        whole = (
            f"pid {folder}/pid;\ndaemon off;\nevents {{}}\nhttp {{\n"
            f"access_log {folder}/access.log;\n{paths}\n{text}}}\n"
        )
        (folder / "nginx.conf").write_text(whole, encoding="utf-8")
        self.start(
            "nginx",
            [program("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
            other=True,
        )

    # The tracker

    def environment(self, name: str, database: str = "qunzhu") -> dict[str, str]:
        """What a node or the worker is told: PgBouncer for the primary, the replica itself."""
        server = f"postgres://postgres:x@127.0.0.1:{self.ports['pgbouncer']}/{database}"
        kept = {
            key: os.environ[key]
            for key in ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV")
            if key in os.environ
        }
        return kept | {
            "QUNZHU_DOTENV": os.devnull,
            "QUNZHU_VAR": str(self.folder / name),
            "SECRET_KEY": "of the whole cluster" * 3,
            "DATABASE_URL": server,
            "DB_PGBOUNCER": "true",
            "REPLICA_MAX_LAG": str(LAG_LIMIT),
            "DATABASE_REPLICA_URL": f"postgres://postgres:x@127.0.0.1:{self.ports['replica']}/qunzhu",
        }

    def direct(self) -> dict[str, str]:
        """What a migration is told: the primary itself."""
        server = f"postgres://postgres:x@127.0.0.1:{self.ports['primary']}/qunzhu"
        return self.environment("office") | {
            "DATABASE_URL": server,
            "DB_PGBOUNCER": "false",
            "DATABASE_REPLICA_URL": "",
        }

    def python(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess:
        run = [sys.executable, *arguments]
        return subprocess.run(
            run,
            cwd=ROOT,
            env=environment or self.direct(),
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    def manage(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess:
        return self.python("manage.py", *arguments, environment=environment)

    def world(self, action: str) -> dict:
        done = self.python("-m", "tests.cluster.world", action)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start_node(self, name: str) -> None:
        """gunicorn with the shipped settings.

        Its workers are replaced often, so that this too happens under load.
        """
        local = {
            "WEB_BIND": f"127.0.0.1:{self.ports[name]}",
            "WEB_WORKERS": "2",
            "WEB_MAX_REQUESTS": "300",
        }
        arguments = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "deploy/gunicorn.conf.py",
            "qunzhu_tracker.wsgi:application",
        ]
        self.start(name, arguments, environment=self.environment(name) | local)

    def wait_until_ready(self, name: str) -> None:
        wait_for(
            lambda: status_of(f"http://127.0.0.1:{self.ports[name]}/readyz") == 200,
            f"{name} is ready",
        )

    def start_worker(self) -> None:
        self.start(
            "worker",
            [sys.executable, "manage.py", "worker"],
            environment=self.environment("worker", "qunzhu_work"),
        )

    # From nothing to everything, and back

    def begin(self) -> None:
        self.start_primary()
        if migrated.dump().exists():  # `migrate` finds nothing to do then
            migrated.read_back(self.direct()["DATABASE_URL"])
        for command in (["migrate", "--verbosity=0"], ["createcachetable"]):
            done = self.manage(*command)
            assert done.returncode == 0, done.stderr
        self.start_replica()
        self.start_pgbouncer()
        for name in ("node1", "node2"):
            self.start_node(name)
        self.start_worker()
        self.start_nginx()

    def end(self) -> None:
        """Nothing stays: no process, no file, no shared memory."""
        for name in ("nginx", "node1", "node2", "worker", "pgbouncer", "replica", "primary"):
            if name not in self.processes:
                continue
            process = self.processes.pop(name)
            process.send_signal(signal.SIGINT if name in ("primary", "replica") else signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)
        for segment in self.shared_memory:
            subprocess.run(["ipcrm", "-m", segment], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
