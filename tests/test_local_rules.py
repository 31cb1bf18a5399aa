"""Rules of this code base that no linter knows.

What may reach a page unescaped, which rows a view may ask for, what never runs.

Ruff's rules (pyproject.toml) hold eval, exec, shells and unsafe loaders everywhere;
tests/test_house.py holds inline scripts and styles.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern

from directives import urls
from tests.sources import APP, ROOT, parsed

pytestmark = pytest.mark.once

SOURCES = sorted(
    [
        *(ROOT / "directives").rglob("*.py"),
        *(ROOT / "qunzhu_tracker").rglob("*.py"),
        ROOT / "manage.py",
    ]
)
OF_NO_NOUN = [
    APP / "web" / f"{name}.py"
    for name in ("doors", "health", "help", "outages", "refused", "session")
]
VIEWS = sorted([*APP.glob("*/views.py"), *APP.glob("*/views/*.py"), *OF_NO_NOUN])
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Which take text for HTML that is escaped already. tests/test_escaping.py sends hostile words
# through each of them, and through the tags that put HTML together by `format_html`.
MARK_SAFE = {"intakes/safe_resource.py", "templatetags/markup.py"}
# Tables of hundreds of cells, joined from pieces that these modules escape themselves.
JOIN_ESCAPED = {
    "templatetags/board.py",
    "templatetags/ledger.py",
    "templatetags/matrix.py",
}
# Help texts of forms stand in the code; Django's own of passwords and import-export's hold lists.
UNESCAPED = {"_field.html", "admin/import_export/export.html", "admin/import_export/import.html"}
# Whoever may write a row of the cache may as well write the rows that the product trusts: Django's
# own cache does the same.
UNPICKLES = {"directives/base/caching.py"}
# Rows that a view asks for without `visible_to`, and why.
UNSCOPED = {
    ("doors.py", "_carry_out"): "keys of forms, each of one person",
    (
        "refused.py",
        "note",
    ): "whether what was refused is there at all, for the record; its answer is the same",
    ("obligations.py", "item_state"): "items of an obligation that was found with `visible_to`",
}
# Statements written by hand outside of `sql.py`, `sql/` and migrations, and why. What reads or
# writes rows of the product for speed belongs into the `sql.py` of its room.
STATEMENTS = {
    "directives/backups/manifest.py": "counts the rows of any table, in the snapshot of the copy",
    "directives/backups/postgresql.py": "snapshots, catalogues and statistics of the engine",
    "directives/backups/sqlite.py": "PRAGMA, and a connection of its own beside Django's",
    "directives/base/caching.py": "the table of Django's cache has no model",
    "directives/base/online.py": "timeouts of locks, and the catalogue of indexes and constraints",
    "directives/base/replicas.py": "positions in the log of PostgreSQL",
    "directives/base/tree_lock.py": "advisory locks",
    "directives/core/sealing/making.py": "an advisory lock",
    "directives/downloads/snapshot.py": "one snapshot for a whole transaction",
    "directives/health/database.py": "whether the engine answers, and its clock",
    "directives/made_up/demo/further_documents.py": "made-up rows by the million, copied in place",
    "directives/made_up/demo/indexes.py": "indexes and constraints that are made after the rows",
    "directives/made_up/demo/sink.py": "made-up rows by the million, as text of COPY",
    "directives/management/commands/migrate.py": "an advisory lock",
    "directives/signin/sessions.py": "PRAGMA",
    "qunzhu_tracker/databases.py": "PRAGMA",
    "qunzhu_tracker/pooling.py": "a cursor whose statements are those of others",
    "qunzhu_tracker/starting.py": "whether the engine answers",
}
STATEMENT = re.compile(
    r"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|COPY|SET|PRAGMA|BEGIN|COMMIT|ANALYZE|CREATE"
    r"|ALTER|DROP)\b"
)
EXECUTES = {"execute", "executemany", "executescript", "callproc", "raw", "extra", "RawSQL"}
GUARDS = {"require_GET", "require_POST", "posted", "write"}
# Pages whose form comes back to the same address.
BOTH = {"document_new", "issue_choose", "issue_terms", "issue_as_said"}
SECRETS = (
    re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\b(?:ghp|gho|ghs|glpat|xox[abp])[-_][0-9A-Za-z]{20,}"),
    re.compile(
        r"""^[ \t]*(?:SECRET_KEY|FACTOR_KEYS|[A-Z_]*PASSWORD)[ \t]*[=:]"""
        r"""[ \t]*["']?[^\s"'$<{(#]{12,}""",
        re.MULTILINE,
    ),
)
NO_SECRET = {"docs/screenshots.py"}  # of a database that lives for a minute


def here(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def named(tree: ast.AST, *names: str) -> bool:
    """Whether one of these names is used or imported."""
    for node in ast.walk(tree):
        word = (
            node.id
            if isinstance(node, ast.Name)
            else node.attr
            if isinstance(node, ast.Attribute)
            else None
        )
        imported = (
            {alias.name for alias in node.names}
            if isinstance(node, ast.Import | ast.ImportFrom)
            else set()
        )
        if word in names or imported & set(names):
            return True
    return False


def trees() -> Iterator[tuple[Path, ast.Module]]:
    return ((path, parsed(path)) for path in SOURCES)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def unscoped(tree: ast.AST) -> set[str]:
    """Functions that ask for rows of a table and never say for whom."""
    return {
        function.name
        for function in functions(tree)
        if named(function, "objects", "_default_manager", "_base_manager")
        and not named(function, "visible_to")
    }


def docstrings(tree: ast.AST) -> set[ast.AST]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }


def has_statement(tree: ast.AST) -> bool:
    """Whether this holds the text of an SQL statement, or executes one."""
    words = docstrings(tree)
    return any(
        ast.unparse(node.func).rpartition(".")[2] in EXECUTES
        if isinstance(node, ast.Call)
        else isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in words
        and STATEMENT.match(node.value)
        for node in ast.walk(tree)
    )


def in_sql_module(path: Path) -> bool:
    return path.stem == "sql" or path.parent.name == "sql"


def test_statements_are_written_by_hand_in_sql_modules_alone():
    assert {
        here(path)
        for path, tree in trees()
        if has_statement(tree) and not in_sql_module(path) and path.parent.name != "migrations"
    } == STATEMENTS.keys()


def test_sets_of_rows_are_written_in_one_way():
    """By `insert` and `update_each`; what ignores conflicts only the ORM can say."""
    assert [
        f"{here(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith((".bulk_create", ".bulk_update"))
        and not any(keyword.arg == "ignore_conflicts" for keyword in node.keywords)
        and not in_sql_module(path)
        and path.parent.name != "migrations"
    ] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("cursor.execute(text)", True),
        ("text = f'SELECT id FROM {table}'", True),
        ("rows.extra(where=['id = 1'])", True),
        ("Q(RawSQL('id = 1', ()))", True),
        ('def f():\n    """UPDATE of rows."""\n    rows.filter(pk=1).update(n=2)', False),
    ],
)
def test_the_rule_sees_a_statement(code, found):
    assert has_statement(ast.parse(code)) == found


def test_every_form_is_guarded_against_forgery():
    assert [
        here(path)
        for path, tree in trees()
        if named(tree, "csrf_exempt", "csrf_protect", "ensure_csrf_cookie")
    ] == []
    assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE


def test_html_is_put_together_where_it_is_known_to_be():
    marks = {
        here(path).removeprefix("directives/")
        for path, tree in trees()
        if named(tree, "mark_safe", "SafeText") or calls(tree, "SafeString")
    }
    joins = {
        here(path).removeprefix("directives/")
        for path, tree in trees()
        if calls(tree, "join_escaped")
    }
    assert (marks, joins) == (MARK_SAFE, JOIN_ESCAPED)


def calls(tree: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name
        for node in ast.walk(tree)
    )


# Functions that escape their values, and the place of the pattern among their arguments.
PATTERNS = {"format_html": 0, "fast_format_html": 0, "format_html_join": 1}


def is_fixed(pattern: ast.expr) -> bool:
    """Whether this is text of the code: a literal, or a constant of its module."""
    if isinstance(pattern, ast.Name):
        return pattern.id.isupper()
    return isinstance(pattern, ast.Constant)


def test_no_value_enters_a_pattern_of_html():
    assert [
        f"{here(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (name := ast.unparse(node.func).split(".")[-1]) in PATTERNS
        and not is_fixed(node.args[PATTERNS[name]])
    ] == []


def test_the_rule_sees_a_value_in_a_pattern():
    calls = ("format_html(f'<b>{name}</b>')", "format_html('<b>' + name)", "format_html(pattern)")
    for code in calls:
        assert not is_fixed(ast.parse(code, mode="eval").body.args[0])


def test_templates_escape():
    shown = {path: path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert {
        path.relative_to(ROOT / "templates").as_posix()
        for path, text in shown.items()
        if re.search(r"\|\s*safe\b", text)
    } == UNESCAPED
    assert [
        here(path)
        for path, text in shown.items()
        if re.search(r"\bautoescape\s+off\b|\|\s*safeseq\b", text)
    ] == []


def test_nothing_that_arrives_is_run_or_unpickled():
    """Beside what ruff refuses: it allows these inside of what it does not take for a call."""
    found = {
        here(path)
        for path, tree in trees()
        if named(tree, "pickle", "marshal", "shelve", "dill", "yaml", "eval", "exec")
    }
    assert found == UNPICKLES
    shells = [
        here(path)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg == "shell"
        and not (isinstance(node.value, ast.Constant) and not node.value.value)
    ]
    assert shells == []


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.name)
def test_views_ask_for_rows_that_their_reader_sees(path):
    assert unscoped(parsed(path)) == {function for name, function in UNSCOPED if name == path.name}


def test_the_rule_sees_a_row_that_is_found_by_its_number_alone():
    tree = ast.parse(
        "def plan(request, pk):\n    return get_object_or_404(Plan.objects.all(), pk=pk)"
    )
    assert unscoped(tree) == {"plan"}
    tree = ast.parse(
        "def plan(request, pk):\n"
        "    return get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)"
    )
    assert unscoped(tree) == set()


def decorators(view: Callable) -> set[str]:
    """The names of the decorators of a view, as its module spells them."""
    path = Path(import_module(view.__module__).__file__)
    found = next(
        function
        for function in parsed(path).body
        if isinstance(function, ast.FunctionDef) and function.name == view.__name__
    )
    return {
        ast.unparse(each).partition("(form=")[0].removesuffix("()") for each in found.decorator_list
    }


@pytest.mark.parametrize("pattern", urls.urlpatterns, ids=lambda pattern: pattern.name)
def test_every_view_says_which_method_it_answers(pattern: URLPattern):
    told = decorators(pattern.callback)
    if pattern.name in BOTH:
        assert "require_http_methods(['GET', 'POST'])" in told
        return
    assert len(told & GUARDS) == 1


def test_nobody_is_sent_where_a_stranger_wants():
    """A function that redirects and reads an address from the request asks whether it is ours.

    It asks Django, or `doors.safe_address`.
    """
    loose = []
    for path in SOURCES:
        for function in functions(parsed(path)):
            text = ast.unparse(function)
            sends = re.search(r"\b(?:redirect|HttpResponse\w*Redirect)\(", text)
            reads = re.search(
                r"""(?:GET|POST)(?:\.get\(|\[)'(?:next|then|back|url|to)'|headers.*'Referer'""",
                text,
            )
            if (
                sends
                and reads
                and "url_has_allowed_host_and_scheme" not in text
                and "safe_address(" not in text
            ):
                loose.append(f"{here(path)}: {function.name}")
    assert loose == []


def test_templates_handle_no_event_in_an_attribute_and_load_nothing_from_elsewhere():
    events, elsewhere = [], []
    for path in TEMPLATES:
        text = re.sub(r"\{[{%#].*?[#%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        events += [here(path)] if re.search(r"<[^>]*\son[a-z]+\s*=", text) else []
        elsewhere += (
            [here(path)]
            if re.search(r"""\b(?:src|href|action|data|hx-\w+)\s*=\s*["']?(?:https?:)?//""", text)
            else []
        )
    assert (events, elsewhere) == ([], [])


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no repository")
def test_no_secret_is_in_the_repository():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = []
    for name in listed:
        path = ROOT / name
        if (
            name.startswith("tests/")
            or name in NO_SECRET
            or not path.is_file()
            or path.stat().st_size > 2_000_000
        ):
            continue  # passwords in tests are made up; what opens them is thrown away with them
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [
            f"{name}: {match[0][:40]}" for secret in SECRETS for match in secret.finditer(text)
        ]
    assert found == []
    assert len(listed) > 500


@pytest.mark.parametrize(
    "words",
    [
        "-----BEGIN PRIVATE KEY-----",
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        'SECRET_KEY = "0123456789abcdef"',
    ],
)
def test_the_rule_knows_a_secret(words):
    assert [secret for secret in SECRETS if secret.search(words)]
