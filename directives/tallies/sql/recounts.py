# ruff: noqa: S608 - nothing but names of our own tables and states enters these statements
"""Recounting from the obligations: a SELECT for each table of counts.

The ORM has no recursive queries, and no insertion of what a query returns. Reading all obligations
and counting in Python takes 2 and 3 times as long for one table, and holds no snapshot for the
comparison.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from directives.base.states import ACCEPTED, COLOURS, LIVE, OPEN, RED, SUBMITTED
from directives.models import (
    Document,
    DocumentTotal,
    Event,
    Figure,
    FigureTotal,
    ItemState,
    JobRun,
    Mark,
    Obligation,
    Organisation,
    OverallMark,
    Owing,
    Plan,
    ProgressReport,
    ReportEntry,
    Tally,
    Total,
)
from directives.models.obligations import CLOCKS
from directives.tallies.delta import ACT_OF, BETTER, WORSE
from directives.tallies.sql.upserts import COLUMNS, VALUES, WORDS, adding, exact

ACTS_DAYS = 14  # days before that of the last event for which acts are kept
# The JobRun whose `last_day` is the first day whose acts were kept by the last pruning
PRUNED = "prune_tallies"
WORK, BODIES, EVENTS, ENTRIES, REPORTS, ITEMS, PLANS, JOBS, DOCUMENTS = (
    model._meta.db_table
    for model in (
        Obligation,
        Organisation,
        Event,
        ReportEntry,
        ProgressReport,
        ItemState,
        Plan,
        JobRun,
        Document,
    )
)
OF_BODIES = (WORK, EVENTS, REPORTS, PLANS)
# `up`: each body with itself and every body above it; `branches`: only those with children.
UP = (
    "WITH RECURSIVE up(scope, body) AS ("
    f"SELECT id, id FROM {BODIES} UNION ALL "
    f"SELECT b.parent_id, up.body FROM up JOIN {BODIES} b ON b.id = up.scope WHERE b.parent_id IS "
    "NOT NULL), "
    f"branches(scope, body) AS (SELECT up.scope, up.body FROM up JOIN {BODIES} s ON s.id = "
    "up.scope AND s.branch)"
)


def _quoted(states: frozenset[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def is_counted(states: frozenset[str] = LIVE, row: str = "") -> str:
    """SQL for the condition on obligations in these states that figures count."""
    return f"{row}state IN ({_quoted(states)}) AND {row}parts = 0"


def day(expression: str) -> str:
    """SQL for the day in Asia/Shanghai of an instant."""
    if connection.vendor == "postgresql":
        return f"({expression} AT TIME ZONE 'Asia/Shanghai')::date"
    return f"date({expression}, '+8 hours')"


def _always() -> str:
    return "DATE '0001-01-01'" if connection.vendor == "postgresql" else "'0001-01-01'"


def member(column: str, name: str) -> str:
    """SQL for a member of a JSON column as text; empty if it is missing."""
    if connection.vendor == "postgresql":
        return f"COALESCE({column} ->> '{name}', '')"
    return f"COALESCE(json_extract({column}, '$.{name}'), '')"


def acts_since() -> str:
    """SQL for the first day whose acts are kept. It never decreases, even if the clock does."""
    pruned = f"(SELECT last_day FROM {JOBS} WHERE name = '{PRUNED}')"
    last = f"(SELECT at FROM {EVENTS} ORDER BY id DESC LIMIT 1)"
    if connection.vendor == "postgresql":
        return f"GREATEST({day(last)} - {ACTS_DAYS}, {pruned})"
    since = f"date({last}, '+8 hours', '-{ACTS_DAYS} days')"
    return f"MAX({since}, COALESCE({pruned}, {since}))"


def _summable_marks() -> Iterator[str]:
    """SELECTs of the marks of single bodies that are summed up over documents.

    The columns are organisation_id, document_id, topic, day, word, n.
    """
    live, open_ = is_counted(), is_counted(OPEN)
    plan = f"{live} AND (deliverable <> '' OR (plan_due_on IS NOT NULL AND {open_}))"
    work = [
        ("reason", _always(), "light_code", live),
        ("state", _always(), "state", live),
        ("plan", _always(), "''", plan),
        ("undated", _always(), "''", f"{open_} AND due_on IS NULL"),
        ("broken", _always(), "state", f"state IN ({_quoted(LIVE)}) AND parts > 0"),
    ]
    for clock, (field, stopped) in CLOCKS.items():
        running = f"{open_} AND {field} IS NOT NULL"
        if stopped:
            running += f" AND state NOT IN ({_quoted(stopped)})"
        work.append(("owes", field, f"'{clock}'", running))
    for topic, on, word, where in work:
        yield (
            f"SELECT organisation_id, document_id, '{topic}' AS topic, {on} AS day, {word} AS "
            "word, COUNT(*) AS n "
            f"FROM {WORK} WHERE {where} GROUP BY 1, 2, 4, 5"
        )
    yield from _acts()


def _marks_of_one_document() -> Iterator[str]:
    """SELECTs of the other marks of single bodies, with the same columns."""
    yield (
        f"SELECT organisation_id, document_id, 'bodies', {_always()}, '', 1 "
        f"FROM {WORK} WHERE {is_counted()} GROUP BY 1, 2"
    )
    handed_in = (
        f"CASE WHEN e.state IN ('{SUBMITTED}', '{ACCEPTED}') "
        f"THEN {day('e.submitted_at')} ELSE {_always()} END"
    )
    yield (
        f"SELECT r.organisation_id, r.document_id, 'report', {handed_in}, CAST(r.cycle_id AS "
        "varchar(24)), COUNT(*) "
        f"FROM {ENTRIES} e JOIN {REPORTS} r ON r.id = e.report_id GROUP BY 1, 2, 4, 5"
    )
    yield (
        f"SELECT o.organisation_id, o.document_id, 'item', {_always()}, CAST(i.item_id AS "
        "varchar(20)) || ':' || i.state, COUNT(*) "
        f"FROM {ITEMS} i JOIN {WORK} o ON o.id = i.obligation_id "
        f"WHERE {is_counted(row='o.')} GROUP BY 1, 2, 4, 5"
    )
    yield (
        f"SELECT organisation_id, document_id, 'filed', {_always()}, state, COUNT(*) "
        f"FROM {PLANS} WHERE live AND submitted_at IS NOT NULL GROUP BY 1, 2, 4, 5"
    )
    progress = (
        "CASE WHEN completed_at IS NOT NULL THEN ':whole' "
        "WHEN first_submitted_at IS NOT NULL THEN ':in' ELSE ':open' END"
    )
    yield (
        f"SELECT organisation_id, document_id, 'cycle', {_always()}, CAST(cycle_id AS "
        f"varchar(20)) || {progress}, COUNT(*) "
        f"FROM {REPORTS} GROUP BY 1, 2, 4, 5"
    )


def _acts() -> Iterator[str]:
    was, now = f"{member('before', 'light')} = '{RED}'", f"{member('after', 'light')} = '{RED}'"
    kept = (
        f"organisation_id IS NOT NULL AND document_id IS NOT NULL AND {day('at')} >= {acts_since()}"
    )
    cases = " ".join(f"WHEN '{act}' THEN '{word}'" for act, word in ACT_OF.items())
    for word, where in (
        (
            f"CASE subject_type || ':' || action {cases} END",
            f"subject_type || ':' || action IN ({_quoted(frozenset(ACT_OF))})",
        ),
        (
            f"CASE WHEN {now} THEN '{WORSE}' ELSE '{BETTER}' END",
            f"subject_type = 'obligation' AND ({was}) <> ({now})",
        ),
    ):
        yield (
            f"SELECT organisation_id, document_id, 'act', {day('at')}, {word}, COUNT(*) "
            f"FROM {EVENTS} WHERE {kept} AND {where} GROUP BY 1, 2, 4, 5"
        )


def _marks(model: type[Model]) -> str:
    """The SELECT of the right marks, of each document or over all documents."""
    if model is OverallMark:
        points = " UNION ALL ".join(_summable_marks())
        return (
            f"SELECT up.scope, w.topic, w.day, w.word, SUM(w.n) FROM ({points}) w "
            "JOIN branches up ON up.body = w.organisation_id GROUP BY 1, 2, 3, 4"
        )
    points = " UNION ALL ".join((*_summable_marks(), *_marks_of_one_document()))
    return (
        f"SELECT up.scope, w.document_id, w.topic, w.day, w.word, SUM(w.n) FROM ({points}) w "
        "JOIN branches up ON up.body = w.organisation_id "
        # The acts of a document that was deleted stay on record, its counts do not.
        f"WHERE w.document_id IN (SELECT id FROM {DOCUMENTS}) GROUP BY 1, 2, 3, 4, 5"
    )


def recount(model: type[Model]) -> str:
    """The SELECT of the right rows of a table; UP or `_only_one_body` must precede it."""
    if model is Tally:
        return (
            "SELECT up.scope, o.document_id, o.directive_id, b.kind, o.state, o.light, COUNT(*), "
            "SUM(o.percent) "
            f"FROM {WORK} o JOIN {BODIES} b ON b.id = o.organisation_id "
            "JOIN branches up ON up.body = o.organisation_id "
            f"WHERE {is_counted(row='o.')} GROUP BY 1, 2, 3, 4, 5, 6"
        )
    if model is Owing:
        return (
            f"SELECT organisation_id, document_id, COUNT(*) FROM {WORK} WHERE {is_counted()} "
            "GROUP BY 1, 2"
        )
    if model is Total:
        by_body = (
            "SELECT organisation_id, document_id, section_id, light, COUNT(*) AS n, "
            f"SUM(percent) AS percent FROM {WORK} WHERE {is_counted()} GROUP BY 1, 2, 3, 4"
        )
        return (
            "SELECT up.scope, w.document_id, w.section_id, w.light, SUM(w.n), SUM(w.percent) "
            f"FROM ({by_body}) w JOIN up ON up.body = w.organisation_id GROUP BY 1, 2, 3, 4"
        )
    if model is DocumentTotal:
        return _document_totals()
    if model is FigureTotal:
        return (
            "SELECT up.scope, f.indicator_id, f.year, f.period, f.number, COUNT(*), "
            f"{exact('sum', 'SUM(f.value)')} FROM {Figure._meta.db_table} f "
            "JOIN up ON up.body = f.organisation_id GROUP BY 1, 2, 3, 4, 5"
        )
    return _marks(model)


def _document_totals() -> str:
    sums = ", ".join(
        f"SUM(CASE WHEN w.light = '{colour}' THEN w.n ELSE 0 END)" for colour in COLOURS
    )
    by_body = (
        "SELECT organisation_id, document_id, light, COUNT(*) AS n, SUM(percent) AS percent "
        f"FROM {WORK} WHERE {is_counted()} GROUP BY 1, 2, 3"
    )
    return (
        f"SELECT up.scope, w.document_id, {sums}, SUM(w.percent) FROM ({by_body}) w "
        "JOIN up ON up.body = w.organisation_id GROUP BY 1, 2"
    )


def _only_one_body() -> str:
    """A WITH clause in place of UP that restricts a recount to one body, the value of every `%s`.

    Its common table expressions have the names of tables and hide them: a recount then only sees
    the rows of the body.
    """
    # In SQLite, the unqualified name would refer to the expression itself.
    real = "main." if connection.vendor == "sqlite" else ""
    parts = ", ".join(
        f"{table} AS (SELECT * FROM {real}{table} WHERE organisation_id = %s)"
        for table in OF_BODIES
    )
    return (
        f"WITH up(scope, body) AS (SELECT id, id FROM {BODIES} WHERE id = %s), "
        f"branches AS (SELECT * FROM up), {parts}"
    )


def fill(model: type[Model], *, body: int | None = None) -> int:
    """Add the recounted rows to a table: of all bodies, or of the obligations of one body itself.

    Returns the number of rows.
    """
    columns = COLUMNS[model]
    up, params = UP, None
    if body is not None:
        up, params = _only_one_body(), [body] * (1 + len(OF_BODIES))
    into = f"{model._meta.db_table} ({', '.join((*columns, *VALUES[model]))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {into} {up} SELECT * FROM ({recount(model)}) q WHERE true "
            f"{adding(model)}",
            params,
        )
        return int(cursor.rowcount)


def repair(model: type[Model]) -> int:
    """Add the difference between the recounted and the stored rows; returns how many differed.

    Rows are written in the order in which every writer locks them.
    """
    columns, values, table = COLUMNS[model], VALUES[model], model._meta.db_table
    negated = ", ".join((*columns, *(f"-{value}" for value in values)))
    stored = f"SELECT {negated} FROM {table} WHERE {_reproducible(model)}"
    names, keys = ", ".join((*columns, *values)), ", ".join(map(str, range(1, len(columns) + 1)))
    sums = [exact(value, f"SUM({value})") for value in values]
    wrong = " OR ".join(f"{total} <> 0" for total in sums)
    alphabet = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    order = ", ".join(f"{name}{alphabet}" if name in WORDS else name for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) {UP}, sides ({names}) AS (SELECT * FROM "
            f"({recount(model)}) r UNION ALL {stored}) "
            f"SELECT {', '.join((*columns, *sums))} FROM sides WHERE true GROUP BY {keys} HAVING "
            f"{wrong} ORDER BY {order} {adding(model)}"
        )
        return int(cursor.rowcount)


class Difference(NamedTuple):
    """A row that is only stored or only recounted: the values of its COLUMNS, and its counts."""

    is_stored: bool
    key: tuple[Any, ...]
    counts: tuple[int | Decimal, ...]


def differences(model: type[Model], limit: int) -> list[Difference]:
    """Where the stored rows differ from the recounted ones, in one snapshot."""
    width = 1 + len(COLUMNS[model])
    names, table = ", ".join((*COLUMNS[model], *VALUES[model])), model._meta.db_table
    stored = f"SELECT {names} FROM {table} WHERE {_reproducible(model)}"
    right = f"SELECT * FROM ({recount(model)}) r"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{UP} SELECT * FROM (SELECT 1 AS is_stored, s.* FROM ({stored} EXCEPT {right}) s "
            f"UNION ALL SELECT 0, m.* FROM ({right} EXCEPT {stored}) m) d "
            f"ORDER BY 2, 3, 4 LIMIT {limit}"
        )
        return [Difference(bool(row[0]), row[1:width], row[width:]) for row in cursor.fetchall()]


def first_kept_day() -> date | None:
    """The first day whose acts are kept; None if there are no events."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {acts_since()}")
        since = cursor.fetchone()[0]
    return None if since is None else date.fromisoformat(str(since))


def _reproducible(model: type[Model]) -> str:
    """The condition on rows that a recount can reproduce."""
    nonzero = "(" + " OR ".join(f"{value} <> 0" for value in VALUES[model]) + ")"
    if model in (Mark, OverallMark):
        return f"{nonzero} AND (topic <> 'act' OR day >= {acts_since()})"
    return nonzero
