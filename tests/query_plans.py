"""What an engine means to do with a query.

Which tables it would read from end to end, and whether it would sort.

Plans depend on what the engine believes of its tables: fill them, call `analyze`, then ask.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext

# Not “FOR RIGHT PART OF”, nor “LAST TERM OF”: those sort part by part.
FULL_SORT = re.compile(r"USE TEMP B-TREE FOR ORDER BY")


@dataclass(slots=True)
class Plan:
    """`scanned` are the tables that are read from end to end.

    `sorts` says that all rows are gathered before the first is known.
    """

    text: str
    scanned: set[str] = field(default_factory=set)
    sorts: bool = False


def analyze() -> None:
    """Let the engine look at its tables, as it does by itself after a load."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def plan_of(query: QuerySet | str, params: Any = ()) -> Plan:
    """The plan of a queryset, or of a statement with its parameters."""
    statement, params = (query, params) if isinstance(query, str) else query.query.sql_with_params()
    return (
        _postgresql(statement, params)
        if connection.vendor == "postgresql"
        else _sqlite(statement, params)
    )


@contextmanager
def plans() -> Iterator[list[Plan]]:
    """The plans of every query that runs inside, known when it is left."""
    result: list[Plan] = []
    with CaptureQueriesContext(connection) as captured:
        yield result
    for query in captured.captured_queries:
        if query["sql"].lstrip("( ").startswith("SELECT"):
            result.append(plan_of(query["sql"].replace("%", "%%")))


def scanned(found: list[Plan], *tables: type[Model]) -> list[str]:
    """The plans, in words, that read one of these models' tables from end to end."""
    names = {model._meta.db_table for model in tables}
    return [plan.text for plan in found if plan.scanned & names]


def _sqlite(statement: str, params: Any) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", params)
        lines = [row[3] for row in cursor.fetchall()]
    plan, names = Plan("\n".join([statement, *lines])), _aliases(statement)
    for line in lines:
        found = re.match(r"SCAN (\w+)", line)
        # A walk in the order of an index may stop at the last row of a page; how far it goes is for
        # the test to say.
        if found:
            plan.scanned.add(names.get(found[1], found[1]))
        plan.sorts = plan.sorts or bool(FULL_SORT.search(line))
    return plan


def _aliases(statement: str) -> dict[str, str]:
    return {
        alias: table
        for table, alias in re.findall(r'"(directives_\w+)" (?:AS )?"?([UVWT]\d+)"?', statement)
    }


def _postgresql(statement: str, params: Any) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", params)
        found = cursor.fetchone()[0]
    root = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    plan = Plan(f"{statement}\n{json.dumps(root, indent=1)}")
    for node in _nodes(root):
        if node["Node Type"] == "Seq Scan":
            plan.scanned.add(node["Relation Name"])
        plan.sorts = plan.sorts or node["Node Type"] == "Sort"
    return plan


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
