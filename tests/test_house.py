"""The house keeps its own rules: data flows one way through the rooms, and everything stays small enough to read."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "directives"

# The nouns, in the order in which their commands may call one another.
BESIDE = ("queries", "exports", "imports", "papers", "forms")
NOUNS = (
    "organisations", "documents", "obligations", "plans", "reports", "indicators", "record", "dashboard", "my_work", "intakes", "downloads",
)  # fmt: skip


def of_nouns(*kinds: str) -> tuple[str, ...]:
    return tuple(f"{noun}.{kind}" for noun in NOUNS for kind in kinds)


# A room imports only rooms that stand on a line above its own. directives/README.md tells what each is for.
LINES = (
    ("base",),
    ("documents.ingest",),
    ("models",),
    ("tallies",),
    ("core",),
    ("tables",),
    *((f"{noun}.commands",) for noun in NOUNS),
    ("health",),
    of_nouns("queries"),
    ("papers",),
    of_nouns("exports", "papers"),
    of_nouns("imports"),
    ("catalogue",),
    ("intakes", "downloads"),
    ("signin",),
    ("accounts",),
    of_nouns("forms"),
    ("web", "templatetags", "admin_lists", "admin_merging", "admin_passwords", "admin_site"),
    ("admin_accounts",),
    ("made_up",),
    ("bench",),
    ("backups",),
    (*of_nouns("views"), "admin"),
    ("management", "urls", "apps", "migrations"),
)
PLACE = {room: line for line, rooms in enumerate(LINES) for room in rooms}
SOURCES = sorted(path for path in APP.rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def room_in(module: str) -> str:
    """The room of a module below directives: of a noun its commands, queries, …; else its first part."""
    first, _dot, rest = module.partition(".")
    kind = f"{first}.{rest.partition('.')[0]}"
    return kind if kind in PLACE else first


def room_of(path: Path) -> str:
    return room_in(".".join(path.relative_to(APP).with_suffix("").parts).removesuffix(".__init__"))


def imported_rooms(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "directives":
            yield from (room_in(f"{node.module}.{alias.name}".partition(".")[2]) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (room_in(alias.name.partition(".")[2]) for alias in node.names if alias.name.startswith("directives."))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_data_flows_one_way(path):
    room = room_of(path)
    if room == "__init__" or path.name == "__init__.py" and room in NOUNS and room not in PLACE:
        return
    assert room in PLACE, f"{room} has no place: give it a line here and in directives/README.md"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    back = {other for other in imported_rooms(tree) if other != room and PLACE.get(other, 99) >= PLACE[room]}
    assert back - side_by_side(room) == set()


def side_by_side(room: str) -> set[str]:
    """The same of other nouns, which may be imported as long as no circle forms."""
    noun, _dot, kind = room.partition(".")
    return {f"{other}.{kind}" for other in NOUNS} if kind in BESIDE and noun in NOUNS else set()


@pytest.mark.parametrize("kind", BESIDE)
def test_nouns_form_no_circle(kind):
    needs = {f"{noun}.{kind}": set() for noun in NOUNS}
    for path in SOURCES:
        if (room := room_of(path)) in needs:
            needs[room] |= set(imported_rooms(ast.parse(path.read_text(encoding="utf-8")))) & needs.keys() - {room}
    assert list(TopologicalSorter(needs).static_order())


def test_the_arrow_test_sees_an_arrow_that_points_back():
    tree = ast.parse("from directives import web\nfrom directives.plans.views.log import log\nimport directives.admin")
    assert set(imported_rooms(tree)) == {"web", "plans.views", "admin"}
    assert PLACE["models"] < PLACE["plans.views"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_modules_and_functions_are_small(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    long = {node.name: size for node in functions(tree) if (size := node.end_lineno - node.lineno + 1) > 40}
    assert long == {}
    assert text.count("\n") <= 300
    assert path.name not in {"utils.py", "common.py", "helpers.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_nothing_is_imported_late_or_swallowed(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = [node.name for node in functions(tree) if any(isinstance(x, ast.Import | ast.ImportFrom) for x in ast.walk(node))]
    swallowed = [x.lineno for x in ast.walk(tree) if isinstance(x, ast.ExceptHandler) and isinstance(x.body[0], ast.Pass)]
    assert (late, swallowed) == ([], [])


def test_reading_a_document_needs_no_django():
    for path in [*(APP / "documents" / "ingest").rglob("*.py"), APP / "base" / "script.py"]:
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {node.module for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)}
        assert [name for name in names if name and name.startswith("django")] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_today_is_passed_in(path):
    """Only the edges may ask what time it is: the middleware, commands, background tasks."""
    # Called by the import-export library, which passes no time.
    admins = {"intakes/resources.py", "intakes/safe_resource.py", "tables/formats.py"}
    admins |= {"health/database.py"}  # which compares two clocks
    admins |= {"core/notices.py"}  # whose mail is a background task
    admins |= {"base/caching.py"}
    edges = {"management", "admin", "web", "downloads", "accounts", "signin"}
    place = path.relative_to(APP)
    if room_of(path) in edges or str(place) in admins or place.is_relative_to("core/jobs"):
        return
    asked = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"date.today", "timezone.now", "datetime.now", "datetime.today"}
    ]
    assert asked == []


def test_every_test_asserts():
    idle = []
    for path in TESTS:
        for node in functions(ast.parse(path.read_text(encoding="utf-8"))):
            told = (isinstance(x, ast.Assert) or (isinstance(x, ast.Call) and "assert" in ast.unparse(x.func)) for x in ast.walk(node))
            raises = (isinstance(x, ast.With) and "raises" in ast.unparse(x.items[0]) for x in ast.walk(node))
            expects = (
                isinstance(x, ast.Call) and ast.unparse(x.func).split(".")[-1].startswith(("expect", "check", "to_"))
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
            f"{path.name}: {mark}" for mark in ("style=", "<style", "onclick=", "onchange=", "onsubmit=", "javascript:") if mark in text
        ]
        found += [f"{path.name}: inline script" for part in text.split("<script")[1:] if "src=" not in part.split(">")[0]]
    assert found == []


def test_migrations_are_complete(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    assert (APP / "migrations" / "0001_initial.py").exists()


def test_what_may_fail_after_a_commit_has_a_name():
    """Django logs such a failure by the name of the callback; a partial has none, and would fail the page instead."""
    told = [path.name for path in SOURCES if re.search(r"on_commit\(\s*partial\([^\n]*robust=True", path.read_text("utf-8"))]
    assert told == []
