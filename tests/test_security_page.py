"""docs/security.md claims nothing without a test.

Every row of its tables names code and tests that are there.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CLAUSE = re.compile(r"V\d+\.\d+\.\d+|8\.1\.\d\.\d+ ?[a-g]?\)?")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and CLAUSE.match(line.removeprefix("| "))
]


@cache
def found_in(name: str) -> frozenset[str]:
    """The tests of a module, or the steps of tests/security."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name == "tests/security":
        return frozenset(re.findall(r"^step '([^']+)'", text, re.MULTILINE))
    found = (node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_there_are_forty_clauses_of_two_standards():
    clauses = [row[0] for row in ROWS]
    assert len(clauses) == len(set(clauses)) >= 40
    assert min(sum(clause.startswith(mark) for clause in clauses) for mark in ("V", "8.1.4.")) >= 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_clause_names_code_and_tests_that_are_there(row):
    _clause, _asks, code, proof = row
    assert named(code) and named(proof)
    assert [name for name in named(code) if not (ROOT / name).exists()] == []
    for each in named(proof):
        name, _colons, test = each.partition("::")
        assert (ROOT / name).is_file(), each
        assert test in found_in(name), each


def test_every_other_file_that_the_page_names_is_there():
    files = [
        name.partition("::")[0]
        for name in re.findall(
            r"`((?:directives|qunzhu_tracker|tests|deploy|docs|templates)/[\w./-]+)", PAGE
        )
    ]
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert len(files) > 80
