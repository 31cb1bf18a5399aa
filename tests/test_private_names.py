"""Names of libraries that these do not document: where each is used, and in which version.

Whoever raises a version reads these places again, and then writes the new one here.
tests/tables/test_row_writer.py says more of XlsxWriter.
"""

import ast
import re
from collections import defaultdict
from importlib.metadata import version

import pytest

from tests.sources import APP, ROOT, parsed

pytestmark = pytest.mark.once

# Documented, though they look private
DOCUMENTED = {
    *("_meta", "_state", "_default_manager", "_base_manager"),  # of models
    "_save",  # of storages
    *("_asdict", "_replace"),  # of named tuples
}
# Not documented, though they do not look so
HIDDEN = {
    "adapt_datetimefield_value",
    "atomic_blocks",
    "auto_created",
    "can_migrate",
    "connections.create_connection",
    "fields_cache",
    "get_db_converters",
    "local_fields",
    "local_many_to_many",
    "queries_logged",
    "run_on_commit",
    "savepoint_ids",
}
USED: dict[str, dict[str, set[str]]] = {
    "Django": {
        "directives/administration/base.py": {"auto_created"},
        "directives/administration/site.py": {"_boolean_icon"},
        "directives/base/caching.py": {
            *("_base_set", "_cull", "_max_entries", "_table"),
            "adapt_datetimefield_value",
        },
        "directives/base/migration_losses.py": {
            *("can_migrate", "local_fields", "local_many_to_many"),
        },
        "directives/core/jobs/noting.py": {"connections.create_connection"},
        "directives/models/sql.py": {"_prepare_cursor", "queries_logged"},
        "directives/reports/commands/handing_in.py": {"fields_cache"},
        "directives/reports/commands/sql.py": {"get_db_converters"},
        "directives/tallies/gathering.py": {"atomic_blocks", "run_on_commit", "savepoint_ids"},
    },
    "django-import-export": {"directives/administration/table_admin.py": {"_storage"}},
    "XlsxWriter": {"directives/tables/row_writer.py": {"_get_xf_index", "_write_single_row"}},
    "python-docx": {
        "directives/papers/layout.py": {"_blob", "_p", "_r", "_sectPr", "_tbl", "_tr"},
    },
    # A catalogue of words as the standard library reads it
    "python": {"directives/management/commands/translations.py": {"_catalog"}},
}
# Patches of Django's long-term release keep its private names.
VERSIONS = {
    "Django": "5.2.",
    "django-import-export": "4.4.3",
    "XlsxWriter": "3.3.1",
    "python-docx": "1.2.0",
}
SOURCES = sorted([*APP.rglob("*.py"), *(ROOT / "qunzhu_tracker").rglob("*.py")])


def own_names(tree: ast.AST) -> set[str]:
    """Private names that a module defines itself."""
    defined = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    assigned = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return defined | assigned


def foreign_names(tree: ast.AST) -> set[str]:
    """Names of libraries that a module uses and that are not documented."""
    own = own_names(tree)
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    hidden = {name for node in attributes for name in {node.attr, ast.unparse(node)} & HIDDEN}
    return hidden | {
        node.attr
        for node in attributes
        if re.match("_[a-z]", node.attr)
        and node.attr not in DOCUMENTED
        and (node.attr not in own or is_foreign(node))
    }


def is_foreign(node: ast.Attribute) -> bool:
    """Whether a private name is patched into something else, or is that of a base class."""
    value = ast.unparse(node.value)
    patched = isinstance(node.ctx, ast.Store) and value not in ("self", "cls")
    return patched or value == "super()"


def test_private_names_of_libraries_are_used_where_they_are_listed():
    listed: dict[str, set[str]] = defaultdict(set)
    for places in USED.values():
        for path, names in places.items():
            listed[path] |= names
    found = {
        path.relative_to(ROOT).as_posix(): foreign_names(parsed(path))
        for path in SOURCES
        if "migrations" not in path.parts
    }
    assert {path: names for path, names in found.items() if names} == listed


@pytest.mark.parametrize("library", VERSIONS)
def test_private_names_were_read_in_the_installed_version(library):
    assert version(library).startswith(VERSIONS[library])


def test_the_rule_sees_a_private_name():
    tree = ast.parse(
        "connection._prepare_cursor(cursor)\nfield._blob = b''\nself._own = self._own\n"
        "super()._base_set(key)\nconnection.run_on_commit\nself._table"
    )
    assert foreign_names(tree) == {
        *("_prepare_cursor", "_blob", "_base_set", "run_on_commit", "_table"),
    }
