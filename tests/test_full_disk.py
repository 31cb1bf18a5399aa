"""The disk is full under a running node: every act says so, gives back what was typed, leaves
nothing half done, and works again.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.migrated import migrated_database
from tests.node import Answer, Node, environment, hidden, made_world, python
from tests.node_world import BODIES, PASSWORD
from tests.small_disk import SmallDisk, small_disk
from tests.spare import PATIENCE

LARGE = 4 * 2**20  # bytes of a file that is too large to be held in memory
TYPED = "走访了三个村，写了很久的一段话"
# Tables in which nothing may be left half done.
ALIKE = ("directives_", "auth_", "django_tasks_db_")
FULL = "The server’s disk is full"
# PostgreSQL stands on a disk of its own; what it says when that is full, each table says here.
TRIGGER = """
CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$
"""


class Place:
    """A node whose database, files and temporary files lie on a small disk, and the people who use
    it.
    """

    def __init__(self, disk: SmallDisk, url: str, log: Path) -> None:
        self.disk, self.url = disk, url
        self.told = environment(disk.folder, url, DB_POOL_TIMEOUT="5")
        self.world = made_world(self.told)
        self.node = Node(self.told, log)
        self.people = {}

    def browser(self, name: str):
        return self.node.browser(self.world["sessions"].get(name, ""))

    def rows(self, statement: str) -> list[tuple]:
        if self.url.startswith("sqlite"):
            with closing(
                sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=PATIENCE)
            ) as database:
                return database.execute(statement).fetchall()
        with psycopg.connect(self.url) as database:
            return database.execute(statement).fetchall()

    def tables(self) -> list[str]:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
        if not self.url.startswith("sqlite"):
            listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return sorted(name for (name,) in self.rows(listed))

    def held(self) -> dict[str, object]:
        """How many rows each table holds, and which files there are."""
        counts = {
            name: self.rows(f"SELECT count(*) FROM {name}")[0][0]
            for name in self.tables()
            if name.startswith(ALIKE)
        }
        folders = [self.disk.folder / name for name in ("files", "temporary")]
        files = sorted(
            str(path.relative_to(self.disk.folder))
            for top in folders
            for path in top.rglob("*")
            if path.is_file()
        )
        return {**counts, "files": files}

    def fill(self, left: int = 0) -> None:
        if self.url.startswith("sqlite"):
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has no room of its own left
        elif not left:
            self._triggers(
                "CREATE TRIGGER no_room BEFORE INSERT OR UPDATE OR DELETE ON {} "
                "EXECUTE FUNCTION no_room()"
            )
        self.disk.fill(self.node.pids, left=left)

    def free(self) -> None:
        self.disk.free(self.node.pids)
        if not self.url.startswith("sqlite"):
            self._triggers("DROP TRIGGER IF EXISTS no_room ON {}")

    def _triggers(self, statement: str) -> None:
        with psycopg.connect(self.url) as database:
            database.execute(TRIGGER)
            for name in self.tables():
                database.execute(statement.format(name))


@pytest.fixture
def place(request, tmp_path: Path, transactional_db) -> Iterator[Place]:
    way = getattr(request, "param", "")
    with small_disk(tmp_path / "disk", way=way) as disk, migrated_database(disk.folder) as url:
        made = Place(disk, url, tmp_path / "node.log")
        with made.node:
            try:
                yield made
            finally:
                made.free()
                sys.stderr.write(made.node.words)  # shown where the test has failed


@dataclass(frozen=True)
class Act:
    """Something that a person does; `typed` is what they must get back.

    `prepare` is done while there is room.
    """

    who: str
    send: Callable[[Place, object], Answer]
    typed: str = ""
    prepare: Callable[[Place], object] = lambda place: None
    done: tuple[int, ...] = (302,)


def log_work(place: Place, _ready: object) -> Answer:
    form = {"measure": place.world["measure"], "text": TYPED, "on": "2026-10-13"}
    return place.browser("staff").send("/log/add/", form, ("files", "a.csv", b"a,b\n"))


def upload(place: Place, _ready: object) -> Answer:
    form = {"parent": f"plan-{place.world['plan']}", "note": TYPED}
    return place.browser("staff").send(
        "/files/add/", form, ("files", "large.csv", os.urandom(LARGE).hex().encode()[:LARGE])
    )


def save_entry(place: Place, version: object, *, htmx: bool = False) -> Answer:
    form = {"progress": TYPED, "percent": "40", "version": version}
    return place.browser("staff").send(f"/entries/{place.world['entry']}/save/", form, htmx=htmx)


def entry_version(place: Place) -> int:
    return place.rows(
        f"SELECT version FROM directives_reportentry WHERE id = {place.world['entry']}"
    )[0][0]


def export(place: Place, _ready: object) -> Answer:
    return place.browser("supervisor").read("/obligations/?export=xlsx")


def ask_for_export(place: Place, _ready: object) -> Answer:
    return place.browser("supervisor").send(
        "/exports/ask/", {"list": "ledger", "format": "csv", "query": ""}
    )


def sign_in(place: Place, _ready: object) -> Answer:
    return place.node.browser().send("/accounts/login/", {"login": "staff", "password": PASSWORD})


def admin_form(place: Place) -> dict[str, object]:
    page = place.browser("admin").read(
        f"/admin/directives/organisation/{place.world['body']}/change/"
    )
    form = {
        "code": "Q01",
        "name_hans": TYPED[:12],
        "name_hant": "走訪",
        "kind": "mass_organisation",
        "level": "provincial",
    }
    return form | {"seen": hidden(page, "seen"), "parent": place.world["centre"]}


def admin_save(place: Place, form: object) -> Answer:
    return place.browser("admin").send(
        f"/admin/directives/organisation/{place.world['body']}/change/", form
    )


def admin_upload(place: Place, _ready: object) -> Answer:
    form = {"format": "0", "resource": ""}
    return place.browser("admin").send(
        "/admin/directives/organisation/import/",
        form,
        ("import_file", "t.csv", BODIES.replace("Q09", "Q29").encode()),
    )


def admin_confirmation(place: Place) -> dict[str, str]:
    page = admin_upload(place, None)
    return {
        name: hidden(page, name)
        for name in ("import_file_name", "original_file_name", "format", "resource")
    }


def admin_confirm(place: Place, form: object) -> Answer:
    return place.browser("admin").send("/admin/directives/organisation/process_import/", form)


def bring_in(place: Place, _ready: object) -> Answer:
    return place.browser("admin").send(
        "/intakes/new/bodies/upload/", {}, ("file", "t.csv", BODIES.replace("Q09", "Q19").encode())
    )


def apply_intake(place: Place, _ready: object) -> Answer:
    [(version,)] = place.rows(
        f"SELECT version FROM directives_intake WHERE id = {place.world['intake']}"
    )
    return place.browser("admin").send(
        f"/intakes/{place.world['intake']}/apply/", {"version": version}
    )


ACTS = {
    "log with a file": Act("staff", log_work, TYPED),
    "upload": Act("staff", upload, TYPED),
    "entry": Act("staff", save_entry, TYPED, entry_version),
    "entry by htmx": Act(
        "staff",
        lambda place, ready: save_entry(place, ready, htmx=True),
        TYPED,
        entry_version,
        (200,),
    ),
    "export at once": Act("supervisor", export, done=(200,)),
    "export asked for": Act("supervisor", ask_for_export),
    "sign-in": Act("", sign_in, "staff"),
    "admin save": Act("admin", admin_save, TYPED[:12], admin_form),
    "admin upload": Act("admin", admin_upload, done=(200,)),
    "admin confirmation": Act("admin", admin_confirm, prepare=admin_confirmation),
    "table brought in": Act("admin", bring_in),
    "table applied": Act("admin", apply_intake),
}


def test_every_act_says_that_the_disk_is_full_and_works_again(place: Place) -> None:
    ready = {name: act.prepare(place) for name, act in ACTS.items()}
    place.fill()
    before = place.held()
    answers = {name: act.send(place, ready[name]) for name, act in ACTS.items()}
    found = {
        name: (answer.status, FULL in answer.text, ACTS[name].typed in answer.text)
        for name, answer in answers.items()
    }
    assert found == dict.fromkeys(ACTS, (507, True, True))
    assert PASSWORD not in answers["sign-in"].text
    assert place.held() == before
    assert place.browser("staff").read("/log/").status == 200  # what only reads goes on
    assert [
        line.count("Insufficient Storage")
        for line in place.node.words.splitlines()
        if " ERROR " in line
    ] == [1] * len(ACTS)
    assert "Traceback" not in place.node.words
    place.free()
    again = {
        name: act.send(place, ready[name]).status
        for name, act in ACTS.items()
        if name != "entry by htmx"
    }
    assert {name: status in ACTS[name].done for name, status in again.items()} == dict.fromkeys(
        again, True
    ), again
    the_worker_says_it_too(place)


def the_worker_says_it_too(place: Place) -> None:
    """The export that was asked for: on the page stands why there is no file; where not even that
    could be written, it is made later.
    """
    place.disk.fill(list)
    limit = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1)); "
        if place.disk.way == "limit"
        else ""
    )
    work = (
        "from django.core.management import execute_from_command_line as run; "
        "run(['manage.py', 'worker', '--once'])"
    )
    told = place.told | {"DJANGO_SETTINGS_MODULE": "qunzhu_tracker.settings"}
    python(told, "-c", limit + work, check=False)
    [(asked_for,)] = place.rows("SELECT id FROM directives_export")
    answer = place.browser("supervisor").read(f"/exports/{asked_for}/")
    page = answer.text
    assert answer.status == 200, page
    if place.url.startswith("sqlite"):
        assert "Ready" not in page
    else:
        assert "disk is full, so nothing was saved" in page, page
    place.free()
    python(told, "-c", work)
    states = [state for (state,) in place.rows("SELECT state FROM directives_export")]
    assert states == (["ready"] if place.url.startswith("sqlite") else ["stopped"])


@pytest.mark.torture
@pytest.mark.parametrize("place", ["", "limit"], indirect=True)
@pytest.mark.parametrize(
    "left", [4096, 8192, 16_384, 65_536, 2**18, 2**20, LARGE - 4096, LARGE + 65_536, 2 * LARGE]
)
def test_each_act_is_done_or_undone_whatever_room_is_left(place: Place, left: int) -> None:
    """The disk becomes full in the middle of an act: it is done and answered so, or nothing of it
    stays.
    """
    for name, act in ACTS.items():
        ready = act.prepare(place)
        before = place.held()
        place.fill(left)
        answer = act.send(place, ready)
        place.free()
        assert answer.status in (507, *act.done), (name, answer.status)
        if answer.status == 507:
            left_behind = {
                what: held for what, held in place.held().items() if held != before[what]
            }
            assert (FULL in answer.text, act.typed in answer.text, left_behind) == (
                True,
                True,
                {},
            ), name
    assert "Traceback" not in place.node.words


def test_a_limit_to_the_size_of_files_stands_in_for_a_small_disk(tmp_path: Path) -> None:
    """Where mounting is not allowed, this way is taken: it fails a write as a full disk does."""
    with small_disk(tmp_path / "disk", way="limit") as disk:
        writes = (
            f"import time; time.sleep(1); open({str(disk.folder / 'x')!r}, 'w').write('x' * 9000)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", writes], stderr=subprocess.PIPE, text=True
        ) as process:
            disk.fill(lambda: [process.pid], left=10)
            _out, told = process.communicate(timeout=PATIENCE)
    assert "File too large" in told
    assert disk.way == "limit"
