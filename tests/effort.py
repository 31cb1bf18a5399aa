"""How much a page makes the engine do, in the engine's own measure.

It does not vary with what else the machine is doing.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

STEP = 20  # instructions of SQLite's machine between two looks


def effort(act: Callable[[], Any]) -> int:
    """SQLite: instructions of its machine, by the score.

    PostgreSQL: rows that were read, kept or not, by every select.
    """
    return _rows_read(act) if connection.vendor == "postgresql" else _instructions(act)


def _instructions(act: Callable[[], Any]) -> int:
    count = 0

    def look() -> int:
        nonlocal count
        count += 1
        return 0  # go on

    connection.ensure_connection()
    connection.connection.set_progress_handler(look, STEP)
    try:
        act()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count


def _rows_read(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    statements = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].lstrip("( ").startswith(("SELECT", "WITH"))
    ]
    return sum(_read_by(node) for statement in statements for node in _nodes(_analysed(statement)))


def _analysed(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def _read_by(node: dict[str, Any]) -> int:
    if "Scan" not in node["Node Type"]:
        return 0
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return (node["Actual Rows"] + dropped) * node["Actual Loops"]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
