# ruff: noqa: S608 - only names of tables and columns and constants are formatted into the SQL
"""The statements of the dashboard.

`bodies_around` walks up the tree by keys: the ORM needs two queries, which take 7 and 2 times as
long. `read` gets everything except the lights in one query, a union of parts with five columns each
(topic, word, day and two numbers): a query of the ORM for each part takes 10 and 5 times as long.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Model
from django.utils import timezone

from directives.base.states import COLOURS, IN, ON_TIME
from directives.models import (
    ALWAYS,
    Cycle,
    Directive,
    Event,
    Mark,
    Obligation,
    Organisation,
    OverallDay,
    OverallMark,
    ProgressReport,
    ReportEntry,
    Tally,
    TallyDay,
)
from directives.models.scope import subtree
from directives.models.sql import field_of
from directives.tallies.sql.recounts import day, member

BACK = timedelta(days=400)  # cycles that opened earlier are not shown
ONCE = ("reason", "state", "plan", "bodies", "undated", "broken")  # topics without a day


class FactRow(NamedTuple):
    """One row of the result; the day is ALWAYS for topics without a day."""

    topic: str
    word: str
    on: date
    n: int
    p: int


class Part(NamedTuple):
    """A part of the statement: a SELECT of five columns, or a condition, and its parameters."""

    sql: str
    params: tuple[Any, ...]


def table(model: type[Model]) -> str:
    return model._meta.db_table


def read(parts: Iterable[Part]) -> list[FactRow]:
    """The rows of all parts, in one query."""
    parts = list(parts)
    if not parts:
        return []
    params = [param for part in parts for param in part.params]
    with connections[Mark.objects.db].cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT {part.sql}" for part in parts),
            [param.isoformat() if type(param) is date else param for param in params],
        )
        rows = cursor.fetchall()
    return [FactRow(topic, word, _date(on), n, int(p)) for topic, word, on, n, p in rows]


def _date(value: date | str | None) -> date:
    """The date that the database returned, which is a text on SQLite."""
    return date.fromisoformat(value) if isinstance(value, str) else value or ALWAYS


def cycles(document: int, today: date) -> Part:
    """Reporting cycles by opening day; the word is: id, due day, year, period, number."""
    words = ("id", "due_on", "year", "period", "number")
    word = " || ' ' || ".join(f"CAST({column} AS text)" for column in words)
    sql = (
        f"'cycle', {word}, opens_on, 0, 0 FROM {table(Cycle)} "
        "WHERE document_id = %s AND opens_on BETWEEN %s AND %s"
    )
    return Part(sql, (document, today - BACK, today))


def copies(body: int, document: int | None, section: int | None, first: date, today: date) -> Part:
    """The lights in daily copies: red (the word), on time and total.

    The first copy is the newest one on or before the `first` day.
    """
    days: type[OverallDay] | type[TallyDay] = OverallDay
    where, params = "scope_id = %s", [body]
    for column, value in (("document_id", document), ("section_id", section)):
        if value is not None:
            where, params, days = f"{where} AND {column} = %s", [*params, value], TallyDay
    sql = (
        f"'day', CAST(SUM(red) AS text), day, SUM({'+'.join(sorted(ON_TIME))}), "
        f"SUM({'+'.join(COLOURS)}) FROM {table(days)} WHERE {where} AND day < %s AND day >= "
        f"COALESCE((SELECT MAX(day) FROM {table(days)} WHERE {where} AND day <= %s), %s) "
        "GROUP BY day"
    )
    return Part(sql, (*params, today, *params, first, first))


def overall_marks(body: int, recent: date) -> Part:
    """The marks over all documents; of marks of acts only recent ones."""
    sql = (
        f"topic, word, day, count, 0 FROM {table(OverallMark)} "
        "WHERE scope_id = %s AND count > 0 AND (topic <> 'act' OR day >= %s)"
    )
    return Part(sql, (body, recent))


def marks(body: int, document: int, recent: date, today: date) -> Part:
    """The marks of one document; of marks of acts only recent ones."""
    once = ", ".join(f"'{topic}'" for topic in ONCE)
    sql = (
        f"topic, word, day, count, 0 FROM {table(Mark)} "
        "WHERE scope_id = %s AND document_id = %s AND count > 0 "
        f"AND (topic IN ({once}, 'owes') OR (topic = 'act' AND day >= %s) "
        "OR (topic = 'report' AND (day = %s OR day >= %s)))"
    )
    return Part(sql, (body, document, recent, ALWAYS, today - BACK))


def directives_owed(body: int, document: int) -> Part:
    """How many directives of a document have obligations in the subtree of a body."""
    sql = (
        f"'directives', '', NULL, COUNT(*), 0 FROM {table(Directive)} d WHERE d.document_id = %s "
        f"AND EXISTS (SELECT 1 FROM {table(Tally)} t WHERE t.scope_id = %s "
        "AND t.document_id = %s AND t.directive_id = d.id AND t.count > 0)"
    )
    return Part(sql, (document, body, document))


def events(body: int, document: int | None, since: date) -> Part:
    """The events of a body by day; the word is subject:action>light before>light after."""
    start = datetime.combine(since, time.min, timezone.get_current_timezone())
    before, after = member("e.before", "light"), member("e.after", "light")
    word = f"e.subject_type || ':' || e.action || '>' || {before} || '>' || {after}"
    of, params = ("= %s", (document,)) if document else ("IS NOT NULL", ())
    sql = (
        f"'event', {word}, {day('e.at')}, COUNT(*), 0 FROM {table(Event)} e "
        f"WHERE e.organisation_id = %s AND e.document_id {of} AND e.at >= %s "
        f"GROUP BY {word}, {day('e.at')}"
    )
    at = field_of(Event, "at").get_db_prep_value(start, connections[Mark.objects.db])
    return Part(sql, (body, *params, at))


def entries(bodies: Part, document: int, **narrowing: object) -> Part:
    """Report entries by cycle and day of submission, which is ALWAYS if not submitted.

    `bodies` is the condition on their body. `narrowing` limits columns of the obligation (o) or
    the directive (d), such as `o__section_id`.
    """
    states = ", ".join(f"'{state}'" for state in sorted(IN))
    submitted = f"CASE WHEN e.state IN ({states}) THEN {day('e.submitted_at')} END"
    narrowed = {name.replace("__", "."): value for name, value in narrowing.items() if value}
    sql = (
        f"'report', CAST(r.cycle_id AS text), {submitted}, COUNT(*), 0 FROM {table(ReportEntry)} e "
        f"JOIN {table(ProgressReport)} r ON r.id = e.report_id "
        f"JOIN {table(Obligation)} o ON o.id = e.obligation_id "
        f"JOIN {table(Directive)} d ON d.id = o.directive_id "
        f"WHERE r.organisation_id {bodies.sql} AND r.document_id = %s "
        f"{''.join(f'AND {column} = %s ' for column in narrowed)}"
        f"GROUP BY r.cycle_id, {submitted}"
    )
    return Part(sql, (*bodies.params, document, *narrowed.values()))


def body(pk: int) -> Part:
    """The condition on a column that it is this body."""
    return Part("= %s", (pk,))


def below(path: str, kind: str) -> Part:
    """The condition on a column that the body is in a subtree, and of a kind if one is given."""
    of_kind = " AND kind = %s" if kind else ""
    bodies = f"SELECT id FROM {table(Organisation)} WHERE path >= %s AND path <= %s{of_kind}"
    return Part(f"IN ({bodies})", (*subtree(path), *([kind] if kind else [])))


BODY = ("id", "code", "name_hans", "name_hant", "path", "parent_id", "branch")


def bodies_around(body: int) -> list[tuple[Any, ...]]:
    """Return the columns BODY of a body, of all above it, and of its children, found by keys."""
    name, columns = table(Organisation), ", ".join(f"b.{column}" for column in BODY)
    sql = (
        f"WITH RECURSIVE up(id, parent_id) AS (SELECT id, parent_id FROM {name} WHERE id = %s "
        f"UNION ALL SELECT b.id, b.parent_id FROM up JOIN {name} b ON b.id = up.parent_id) "
        f"SELECT {columns} FROM up JOIN {name} b ON b.id = up.id "
        f"UNION ALL SELECT {columns} FROM {name} b WHERE b.parent_id = %s"
    )
    with connections[Organisation.objects.db].cursor() as cursor:
        cursor.execute(sql, [body, body])
        return cursor.fetchall()
