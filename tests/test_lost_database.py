"""The database goes away under a running node: 503 within a second, worded for who reads and who
writes, and back by itself.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.migrated import migrated_database
from tests.node import Answer, Node, environment, made_world
from tests.spare import PATIENCE, spare_port, wait_for

ROOT = Path(__file__).resolve().parent.parent
TYPED = "走访了三个村，写了很久的一段话"
SOON = 1.0  # seconds; the test allows a busy machine as much again
READING = "This page cannot be shown now. Wait a minute, then reload it"
WRITING = (
    "Nothing was saved. Wait a minute, go back and press the button again. "
    "Your text is still in the form, and below."
)


class Server:
    """A throw-away PostgreSQL of its own that can be stopped, paused and started, with a copy of
    the database under test.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qunzhu-lost.", dir="/tmp"))
        self.port = spare_port()
        self.start()
        given = connection.settings_dict
        where = ["-h", given["HOST"], "-p", str(given["PORT"]), "-U", given["USER"]]
        dump = subprocess.run(["pg_dump", *where, given["NAME"]], check=True, capture_output=True)
        there = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-q", "qunzhu"]
        subprocess.run(["psql", *there], input=dump.stdout, check=True, capture_output=True)

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/qunzhu"

    def start(self) -> None:
        subprocess.run(
            [ROOT / "deploy/pgtmp.sh", "start", self.folder, str(self.port)],
            check=True,
            capture_output=True,
        )

    def stop(self) -> None:
        subprocess.run(
            [ROOT / "deploy/pgtmp.sh", "stop", self.folder, "fast"], check=True, capture_output=True
        )

    def signal(self, number: int) -> None:
        """To each of its processes."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, number)

    def end(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            subprocess.run(
                [ROOT / "deploy/pgtmp.sh", "stop", self.folder], check=False, capture_output=True
            )
        shutil.rmtree(self.folder)

    # What may become of it, each until the block ends

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    @contextmanager
    def crowded(self) -> Iterator[None]:
        """No connection is left for anybody, and what the node had was cut."""
        with psycopg.connect(self.url.replace("/qunzhu", "/postgres"), autocommit=True) as admin:
            admin.execute("ALTER DATABASE qunzhu ALLOW_CONNECTIONS false")
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'qunzhu'"
            )
            yield
            admin.execute("ALTER DATABASE qunzhu ALLOW_CONNECTIONS true")


@pytest.fixture
def server(transactional_db) -> Iterator[Server]:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no server: see the tests below")
    made = Server()
    try:
        yield made
    finally:
        made.end()


def log_work(node: Node, world: dict, *, htmx: bool = False) -> Answer:
    form = {"measure": world["measure"], "text": TYPED, "on": "2026-10-13"}
    return node.browser(world["sessions"]["staff"]).send("/log/add/", form, htmx=htmx)


def asked(node: Node, world: dict) -> dict[str, Answer]:
    """What people meet at one moment: a page, a form, a save from within a page, sign-in, the
    admin; and what a proxy asks.
    """
    staff, admin = (
        lambda name=name: node.browser(world["sessions"][name]) for name in ("staff", "admin")
    )
    entry = {"progress": TYPED, "percent": "40", "version": world["entry_version"]}
    requests: dict[str, Callable[[], Answer]] = {
        "page": lambda: staff().read("/log/"),
        "fragment": lambda: staff().read("/obligations/", **{"HX-Request": "true"}),
        "form": lambda: log_work(node, world),
        "save": lambda: staff().send(f"/entries/{world['entry']}/save/", entry, htmx=True),
        "sign-in": lambda: node.browser().send(
            "/accounts/login/", {"login": "staff", "password": "of-the-cloud-7"}
        ),
        "admin": lambda: admin().read("/admin/directives/user/"),
        "upload": lambda: staff().send(
            "/files/add/", {"parent": f"plan-{world['plan']}"}, ("files", "a.csv", b"a,b\n")
        ),
        "readyz": lambda: node.browser().read("/readyz"),
    }
    with ThreadPoolExecutor(len(requests)) as threads:
        begun = {name: threads.submit(send) for name, send in requests.items()}
        return {name: answer.result() for name, answer in begun.items()}


def test_a_lost_postgresql_is_told_within_a_second_and_comes_back(
    tmp_path: Path, server: Server
) -> None:
    told = environment(tmp_path, server.url, WEB_THREADS="8")
    world = made_world(told)
    with Node(told, tmp_path / "node.log") as node:
        for fate in (server.stopped, server.paused, server.crowded):
            assert log_work(node, world).status == 302
            with fate():
                answers = asked(node, world)
                again = asked(node, world)  # what was in hand is cut; these begin with nothing
            it_says_so(fate.__name__, answers)
            it_says_so(fate.__name__, again)
            assert wait_for(
                lambda: node.browser(world["sessions"]["staff"]).read("/log/").status == 200, 10
            )
            assert log_work(node, world).status == 302
        assert "Traceback" not in node.words
        lines = [
            line for line in node.words.splitlines() if "Service Unavailable: /log/add/" in line
        ]
        assert len(lines) == 6 and all("Error: " in line for line in lines)


def it_says_so(fate: str, answers: dict[str, Answer]) -> None:
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(
        answers, 503
    ), fate
    late = {name: answer.seconds for name, answer in answers.items() if answer.seconds > 2 * SOON}
    assert late == {}, fate
    for name in ("page", "admin", "fragment"):
        assert READING in answers[name].text, (fate, name)
    for name in ("form", "save", "sign-in", "upload"):
        assert WRITING in answers[name].text, (fate, name)
    assert (TYPED in answers["form"].text, TYPED in answers["save"].text) == (True, True)
    assert "of-the-cloud-7" not in answers["sign-in"].text


@pytest.mark.torture
def test_a_request_in_hand_is_held_only_so_long(tmp_path: Path, server: Server) -> None:
    """It waits for a lock: the server ends that.

    It waits for a server that is paused meanwhile: the node ends that.
    """
    told = environment(tmp_path, server.url, DB_STATEMENT_TIMEOUT="3")
    world = made_world(told)
    with (
        Node(told, tmp_path / "node.log") as node,
        psycopg.connect(server.url) as blocker,
        ThreadPoolExecutor(1) as threads,
    ):
        blocker.execute("LOCK TABLE directives_logentry")
        answer = log_work(node, world)
        assert (answer.status, "The database is too busy" in answer.text, TYPED in answer.text) == (
            503,
            True,
            True,
        )
        assert 2.9 < answer.seconds < 8
        begun = threads.submit(log_work, node, world)
        time.sleep(1)
        with server.paused():
            answer = begun.result()
        assert (answer.status, WRITING in answer.text, TYPED in answer.text) == (503, True, True)
        assert 7.5 < answer.seconds < 15
        blocker.rollback()
        assert wait_for(lambda: log_work(node, world).status == 302, 10)
        assert "Traceback" not in node.words


@pytest.fixture
def local_node(tmp_path: Path, transactional_db) -> Iterator[tuple[Node, dict, Path]]:
    """A node on a SQLite of its own, its world, and the file."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL: see the tests above")
    with migrated_database(tmp_path) as url:
        told = environment(tmp_path, url, CONN_MAX_AGE="0")
        world = made_world(told)
        with Node(told, tmp_path / "node.log") as node:
            yield node, world, Path(url.removeprefix("sqlite:///"))


@pytest.mark.torture  # it waits as long as a writer does
def test_a_sqlite_that_another_has_locked_is_read_and_says_that_it_is_busy(local_node) -> None:
    node, world, path = local_node
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert node.browser(world["sessions"]["staff"]).read("/log/").status == 200
        answer = log_work(node, world)
    assert (answer.status, "The database is too busy" in answer.text, TYPED in answer.text) == (
        503,
        True,
        True,
    )
    assert 15 < answer.seconds < PATIENCE
    assert log_work(node, world).status == 302


def test_a_sqlite_that_is_no_database_any_more_is_told_and_comes_back(local_node) -> None:
    node, world, path = local_node
    kept = [
        (file, file.rename(file.with_name(file.name + ".kept")))
        for file in sorted(path.parent.glob(path.name + "*"))
    ]
    fates: tuple[Callable[[], object], ...] = (
        path.mkdir,
        lambda: path.write_bytes(b"no database at all" * 500),
    )
    for fate in fates:
        fate()
        answers = {
            "page": node.browser(world["sessions"]["staff"]).read("/log/"),
            "form": log_work(node, world),
        }
        assert {name: answer.status for name, answer in answers.items()} == {
            "page": 503,
            "form": 503,
        }
        assert (
            READING in answers["page"].text,
            WRITING in answers["form"].text,
            TYPED in answers["form"].text,
        ) == (True, True, True)
        path.rmdir() if path.is_dir() else path.unlink()
    for file, held in kept:
        held.rename(file)
    assert log_work(node, world).status == 302
    assert "Traceback" not in node.words
