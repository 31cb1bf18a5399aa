"""The house keeps its own rules: data flows one way through the rooms, and everything stays small enough to read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "directives"

# A room imports only rooms that stand on a line above its own. directives/README.md tells what each is for.
LINES = (
    ("base",),
    ("ingest",),
    ("models",),
    ("tallies",),
    ("core",),
    ("organising",),
    ("issuing",),
    ("planning",),
    ("reporting",),
    ("reviewing", "amending"),
    ("supervising", "correcting", "statistics"),
    ("health",),
    ("overview",),
    ("sheets",),
    ("intake", "papers"),
    ("signin",),
    ("forms", "accounts", "clearing"),
    ("context", "middleware", "templatetags", "admin_lists", "admin_merging", "admin_passwords", "admin_site"),
    ("admin_accounts",),
    ("sample",),
    ("demo", "bench"),
    ("backups",),
    ("views", "admin"),
    ("management", "urls", "apps", "migrations"),
)
PLACE = {room: line for line, rooms in enumerate(LINES) for room in rooms}
SOURCES = sorted(path for path in APP.rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(APP).parts[0]
    return first.removesuffix(".py")


def imported_rooms(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "directives":
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("directives."))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_data_flows_one_way(path):
    room = room_of(path)
    if room == "__init__":
        return
    assert room in PLACE, f"{room} has no place: give it a line here and in directives/README.md"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    back = {other for other in imported_rooms(tree) if other != room and PLACE.get(other, 99) >= PLACE[room]}
    assert back == set()


def test_the_arrow_test_sees_an_arrow_that_points_back():
    tree = ast.parse("from directives import views\nfrom directives.sheets.out import sheet\nimport directives.admin")
    assert set(imported_rooms(tree)) == {"views", "sheets", "admin"}
    assert PLACE["models"] < PLACE["views"]


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
    for path in [*(APP / "ingest").rglob("*.py"), APP / "base" / "script.py"]:
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
    admins = {"intake/resources.py", "intake/safe_resource.py", "intake/formats.py"}
    admins |= {"health/database.py"}  # which compares two clocks
    admins |= {"core/notices.py"}  # whose mail is a background task
    admins |= {"base/caching.py"}
    edges = {"middleware", "management", "admin", "sheets", "context", "accounts", "signin"}
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
