"""The house keeps its own rules.

Data flows one way through the rooms, and everything stays small enough to read.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.sources import APP, ROOT, parsed

pytestmark = pytest.mark.once


# A noun may import these of another, in no circle.
BESIDE = ("queries", "exports", "imports", "papers", "forms")
# The nouns, in the order in which their commands may call one another.
NOUNS = (
    "organisations",
    "documents",
    "obligations",
    "plans",
    "replies",
    "reports",
    "indicators",
    "record",
    "dashboard",
    "my_work",
    "intakes",
    "downloads",
)


def of(package: str, *modules: str) -> tuple[str, ...]:
    return tuple(f"{package}.{module}" for module in modules)


def of_nouns(*kinds: str) -> tuple[str, ...]:
    return tuple(f"{noun}.{kind}" for noun in NOUNS for kind in kinds)


# A room imports only rooms that stand on a line above its own. directives/README.md tells what each
# is for.
LINES = (
    of("base", "origins"),
    of("base", "states", "duties", "workdays", "script", "refusals", "numbers", "differences"),
    of(
        "base",
        "replicas",
        "online",
        "tree_lock",
        "disk",
        "stored_files",
        "log_lines",
        "migration_losses",
        "retries",
        "static_files",
        "caching",
        "child_processes",
    ),
    of("base", "clocks", "outages", "uploads", "event_codes", "contents", "viruses"),
    ("base.wording", "base.body_names", "documents.ingest"),
    ("models",),
    of("core", "sql"),
    of("core", "rules", "audit", "addressing", "keyset", "captions"),
    ("tallies", *of("core", "sealing", "deciding", "denials", "parts")),
    of("core", "transitions"),
    of("core", "copies", "scope", "deciders", "who_may", "clearing", "closed"),
    of("core", "notices", "evidence", "last_heard"),
    of("core", "jobs", "files"),
    of("core", "relighting"),
    of("core", "working_calendar"),
    of("tables", "book"),
    of("tables", "lists", "row_writer", "csv_writer"),
    of("tables", "xlsx"),
    of("tables", "formats"),
    ("tables",),
    *((f"{noun}.commands",) for noun in NOUNS),
    ("health",),
    of_nouns("queries"),
    ("papers",),
    of_nouns("exports"),
    of_nouns("imports", "papers"),
    ("catalogue",),
    ("intakes", "downloads"),
    ("catalogue.acts",),
    ("signin",),
    ("accounts",),
    of_nouns("forms"),
    ("web", "templatetags"),
    ("administration",),
    of("made_up", "sentences", "indicators"),
    ("made_up.sample",),
    ("made_up.demo",),
    ("backups",),
    (*of_nouns("views"), "admin"),
    ("management", "urls", "apps", "migrations"),
)
PLACE = {room: line for line, rooms in enumerate(LINES) for room in rooms}
SOURCES = sorted(path for path in APP.rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


# Only the edges: the middleware, commands, background tasks, and what the import-export library
# calls, which passes no time.
MAY_ASK_THE_TIME = (
    "management/",
    "admin.py",
    "web/context.py",
    "web/middleware.py",
    "documents/commands/slow_reading.py",
    "documents/commands/slow_registering.py",
    "downloads/export_job.py",
    "downloads/exporting.py",
    "downloads/snapshot.py",
    "accounts.py",
    "signin/",
    "core/jobs/",
    "core/notices.py",
    "base/caching.py",
    "intakes/resources.py",
    "intakes/safe_resource.py",
    "tables/admin_formats.py",
    "health/database.py",  # which compares two clocks
)
CLOCKS = {"date.today", "timezone.now", "datetime.now", "datetime.today"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    return ((path, parsed(path)) for path in SOURCES)


def here(path: Path) -> str:
    return path.relative_to(APP).as_posix()


def room_in(module: str) -> str:
    """The room of a module below directives: of a noun its commands, queries, …

    Else its first part.
    """
    first, _dot, rest = module.partition(".")
    kind = f"{first}.{rest.partition('.')[0]}"
    return kind if kind in PLACE else first


def room_of(path: Path) -> str:
    return room_in(".".join(path.relative_to(APP).with_suffix("").parts).removesuffix(".__init__"))


def imported_rooms(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "directives":
            yield from (
                room_in(f"{node.module}.{alias.name}".partition(".")[2]) for alias in node.names
            )
        elif isinstance(node, ast.Import):
            yield from (
                room_in(alias.name.partition(".")[2])
                for alias in node.names
                if alias.name.startswith("directives.")
            )


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_data_flows_one_way():
    placed, back = {}, {}
    for path, tree in trees():
        if not tree.body:  # of a package that says nothing itself
            continue
        room = room_of(path)
        placed[here(path)] = room in PLACE
        arrows = {
            other
            for other in imported_rooms(tree)
            if other != room and PLACE.get(other, 99) >= PLACE.get(room, 0)
        }
        back[here(path)] = arrows - side_by_side(room)
    assert [path for path, known in placed.items() if not known] == [], (
        "give it a line in LINES and in directives/README.md"
    )
    assert {path: arrows for path, arrows in back.items() if arrows} == {}
    assert len(placed) > 300


def side_by_side(room: str) -> set[str]:
    """The same of other nouns, which may be imported as long as no circle forms."""
    noun, _dot, kind = room.partition(".")
    return {f"{other}.{kind}" for other in NOUNS} if kind in BESIDE and noun in NOUNS else set()


def test_only_the_command_of_the_bench_imports_from_the_tests():
    assert [
        here(path)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] == "tests"
        and here(path) != "management/commands/bench.py"
    ] == []


@pytest.mark.parametrize("kind", BESIDE)
def test_nouns_form_no_circle(kind):
    needs = {f"{noun}.{kind}": set() for noun in NOUNS}
    for path in SOURCES:
        if (room := room_of(path)) in needs:
            needs[room] |= set(imported_rooms(parsed(path))) & needs.keys() - {room}
    assert list(TopologicalSorter(needs).static_order())


def test_the_arrow_test_sees_an_arrow_that_points_back():
    tree = ast.parse(
        "from directives import web\nfrom directives.plans.views.log import log\n"
        "import directives.admin"
    )
    assert set(imported_rooms(tree)) == {"web", "plans.views", "admin"}
    assert PLACE["models"] < PLACE["plans.views"]


def test_modules_and_functions_are_small():
    written = [(path, node) for path, tree in trees() for node in functions(tree)]
    assert [
        f"{here(path)}:{node.lineno} {node.name}"
        for path, node in written
        if node.end_lineno - node.lineno >= 40
    ] == []
    lines = {here(path): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert {path: count for path, count in lines.items() if count > 500} == {}
    assert [
        here(path) for path in SOURCES if path.name in {"utils.py", "common.py", "helpers.py"}
    ] == []


def test_nothing_is_imported_late_or_swallowed():
    late, swallowed = [], []
    for path, tree in trees():
        inside = [
            node
            for node in functions(tree)
            if any(isinstance(x, ast.Import | ast.ImportFrom) for x in ast.walk(node))
        ]
        late += [f"{here(path)}:{node.lineno} {node.name}" for node in inside]
        handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
        swallowed += [
            f"{here(path)}:{node.lineno}" for node in handlers if isinstance(node.body[0], ast.Pass)
        ]
    assert (late, swallowed) == ([], [])


def test_reading_a_document_needs_no_django():
    for path in [*(APP / "documents" / "ingest").rglob("*.py"), APP / "base" / "script.py"]:
        names = {
            alias.name
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {
            node.module for node in ast.walk(parsed(path)) if isinstance(node, ast.ImportFrom)
        }
        assert [name for name in names if name and name.startswith("django")] == []


def test_today_is_passed_in():
    asked = []
    for path, tree in trees():
        if here(path).startswith(MAY_ASK_THE_TIME):
            continue
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        asked += [
            f"{here(path)}:{node.lineno}" for node in calls if ast.unparse(node.func) in CLOCKS
        ]
    assert asked == []


def test_every_test_asserts():
    idle = []
    for path in TESTS:
        for node in functions(parsed(path)):
            told = (
                isinstance(x, ast.Assert)
                or (isinstance(x, ast.Call) and "assert" in ast.unparse(x.func))
                for x in ast.walk(node)
            )
            raises = (
                isinstance(x, ast.With) and "raises" in ast.unparse(x.items[0])
                for x in ast.walk(node)
            )
            expects = (
                isinstance(x, ast.Call)
                and ast.unparse(x.func).split(".")[-1].startswith(("expect", "check", "to_"))
                for x in ast.walk(node)
            )
            if node.name.startswith("test_") and not (any(told) or any(raises) or any(expects)):
                idle.append(f"{path.name}:{node.lineno} {node.name}")
    assert idle == []


def test_templates_have_no_inline_script_or_style():
    found = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8").lower()
        found += [
            f"{path.name}: {mark}"
            for mark in ("style=", "<style", "onclick=", "onchange=", "onsubmit=", "javascript:")
            if mark in text
        ]
        found += [
            f"{path.name}: inline script"
            for part in text.split("<script")[1:]
            if "src=" not in part.split(">")[0]
        ]
    assert found == []


def test_migrations_are_complete(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    assert (APP / "migrations" / "0001_initial.py").exists()


def test_what_may_fail_after_a_commit_has_a_name():
    """Django logs such a failure by the name of the callback.

    A partial has none, and would fail the page instead.
    """
    told = [
        path.name
        for path in SOURCES
        if re.search(r"on_commit\(\s*partial\([^\n]*robust=True", path.read_text("utf-8"))
    ]
    assert told == []
