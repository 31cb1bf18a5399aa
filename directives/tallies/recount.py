# ruff: noqa: S608 - nothing but names of our own tables and states enters these statements
"""The counts made anew from the obligations, and compared with them: in the database, a statement for each table."""

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import Model

from directives.models import Event, ItemState, Mark, Obligation, Organisation, Owing, ProgressReport, ReportEntry, Tally, Total
from directives.models.obligations import CLOCKS
from directives.models.scope import LAST
from directives.states import ACCEPTED, LIVE, OPEN, RED, SUBMITTED
from directives.tallies.delta import ACT_OF, BETTER, COLUMNS, WORSE, adding

ACTS_DAYS = 14  # days of acts that are kept, before that of the last event
TOLD = 200  # differences of one table that `drift` puts into words
WORK, BODIES, EVENTS, ENTRIES, REPORTS, ITEMS = (
    model._meta.db_table for model in (Obligation, Organisation, Event, ReportEntry, ProgressReport, ItemState)
)
# Each body with every body at or above it, and with those that keep all counts; UNDER: of one body alone, whatever it keeps.
UP = (
    "WITH RECURSIVE up(scope, body) AS ("
    f"SELECT id, id FROM {BODIES} UNION ALL "
    f"SELECT b.parent_id, up.body FROM up JOIN {BODIES} b ON b.id = up.scope WHERE b.parent_id IS NOT NULL), "
    f"branches(scope, body) AS (SELECT up.scope, up.body FROM up JOIN {BODIES} s ON s.id = up.scope AND s.branch)"
)
UNDER = (
    f"WITH up(scope, body) AS (SELECT s.id, b.id FROM {BODIES} s "
    f"JOIN {BODIES} b ON b.path >= s.path AND b.path <= s.path || '{LAST}' WHERE s.id = %s), "
    "branches(scope, body) AS (SELECT scope, body FROM up)"
)


def _among(states: frozenset[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def day(expression: str) -> str:
    """The day in Asia/Shanghai of an instant."""
    return f"({expression} AT TIME ZONE 'Asia/Shanghai')::date" if connection.vendor == "postgresql" else f"date({expression}, '+8 hours')"


def _always() -> str:
    return "DATE '0001-01-01'" if connection.vendor == "postgresql" else "'0001-01-01'"


def _member(column: str, name: str) -> str:
    """A member of a JSON column, as text; empty where there is none."""
    found = f"{column} ->> '{name}'" if connection.vendor == "postgresql" else f"json_extract({column}, '$.{name}')"
    return f"COALESCE({found}, '')"


def acts_since() -> str:
    """The first day of which acts are kept."""
    last = f"(SELECT at FROM {EVENTS} ORDER BY id DESC LIMIT 1)"
    return f"{day(last)} - {ACTS_DAYS}" if connection.vendor == "postgresql" else f"date({last}, '+8 hours', '-{ACTS_DAYS} days')"


def _points() -> Iterator[str]:
    """Every mark of a body by itself: organisation_id, document_id, topic, day, word, n."""
    live, open_ = f"state IN ({_among(LIVE)})", f"state IN ({_among(OPEN)})"
    plan = f"{live} AND (deliverable <> '' OR (plan_due_on IS NOT NULL AND {open_}))"
    work = [("reason", _always(), "light_code", live), ("state", _always(), "state", live), ("plan", _always(), "''", plan)]
    for clock, (field, stopped) in CLOCKS.items():
        runs = f"{open_} AND {field} IS NOT NULL" + (f" AND state NOT IN ({_among(stopped)})" if stopped else "")
        work.append(("owes", field, f"'{clock}'", runs))
    for topic, on, word, where in work:
        yield (
            f"SELECT organisation_id, document_id, '{topic}' AS topic, {on} AS day, {word} AS word, COUNT(*) AS n "
            f"FROM {WORK} WHERE {where} GROUP BY 1, 2, 4, 5"
        )
    yield f"SELECT organisation_id, document_id, 'bodies', {_always()}, '', 1 FROM {WORK} WHERE {live} GROUP BY 1, 2"
    handed_in = f"CASE WHEN e.state IN ('{SUBMITTED}', '{ACCEPTED}') THEN {day('e.submitted_at')} ELSE {_always()} END"
    yield (
        f"SELECT r.organisation_id, r.document_id, 'report', {handed_in}, CAST(r.cycle_id AS varchar(24)), COUNT(*) "
        f"FROM {ENTRIES} e JOIN {REPORTS} r ON r.id = e.report_id GROUP BY 1, 2, 4, 5"
    )
    yield (
        f"SELECT o.organisation_id, o.document_id, 'item', {_always()}, CAST(i.item_id AS varchar(20)) || ':' || i.state, COUNT(*) "
        f"FROM {ITEMS} i JOIN {WORK} o ON o.id = i.obligation_id WHERE o.{live} GROUP BY 1, 2, 4, 5"
    )
    yield from _acts()


def _acts() -> Iterator[str]:
    was, now = f"{_member('before', 'light')} = '{RED}'", f"{_member('after', 'light')} = '{RED}'"
    told = f"organisation_id IS NOT NULL AND document_id IS NOT NULL AND {day('at')} >= {acts_since()}"
    word = " ".join(f"WHEN '{act}' THEN '{word}'" for act, word in ACT_OF.items())
    for said, where in (
        (f"CASE subject_type || ':' || action {word} END", f"subject_type || ':' || action IN ({_among(frozenset(ACT_OF))})"),
        (f"CASE WHEN {now} THEN '{WORSE}' ELSE '{BETTER}' END", f"subject_type = 'obligation' AND ({was}) <> ({now})"),
    ):
        yield (
            f"SELECT organisation_id, document_id, 'act', {day('at')}, {said}, COUNT(*) FROM {EVENTS} "
            f"WHERE {told} AND {where} GROUP BY 1, 2, 4, 5"
        )


def recount(model: type[Model]) -> str:
    """The SELECT of what a table should say; it needs `up` and `branches`."""
    live = f"state IN ({_among(LIVE)})"
    if model is Tally:
        return (
            "SELECT up.scope, o.document_id, o.directive_id, b.kind, o.state, o.light, COUNT(*), SUM(o.percent) "
            f"FROM {WORK} o JOIN {BODIES} b ON b.id = o.organisation_id "
            f"JOIN branches up ON up.body = o.organisation_id WHERE o.{live} GROUP BY 1, 2, 3, 4, 5, 6"
        )
    if model is Owing:
        return f"SELECT organisation_id, document_id, COUNT(*) FROM {WORK} WHERE {live} GROUP BY 1, 2"
    if model is Total:
        each = (
            "SELECT organisation_id, document_id, section_id, light, COUNT(*) AS n, SUM(percent) AS percent "
            f"FROM {WORK} WHERE {live} GROUP BY 1, 2, 3, 4"
        )
        return (
            f"SELECT up.scope, w.document_id, w.section_id, w.light, SUM(w.n), SUM(w.percent) FROM ({each}) w "
            "JOIN up ON up.body = w.organisation_id GROUP BY 1, 2, 3, 4"
        )
    return (
        f"SELECT up.scope, w.document_id, w.topic, w.day, w.word, SUM(w.n) FROM ({' UNION ALL '.join(_points())}) w "
        f"JOIN branches up ON up.body = w.organisation_id GROUP BY 1, 2, 3, 4, 5"
    )


def hold_all(mode: str) -> None:
    """Let writers wait until the transaction ends, so that counts and recount are of one moment. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(sorted(model._meta.db_table for model in COLUMNS))} IN {mode} MODE")


def fill(model: type[Model], *, scope: int | None = None) -> int:
    """Write what a table should say: all of it, or what it says of one body. Returns the number of rows."""
    columns = COLUMNS[model]
    values = "count" if model in (Mark, Owing) else "count, percent_sum"
    up, params = (UP, None) if scope is None else (UNDER, [scope])
    into = f"{model._meta.db_table} ({', '.join(columns)}, {values})"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} {up} SELECT * FROM ({recount(model)}) q WHERE true {adding(model)}", params)
        return cursor.rowcount


@transaction.atomic
def rebuild() -> int:
    """Make every count anew; returns the number of rows written. Writers wait until it is done."""
    hold_all("EXCLUSIVE")
    for model in COLUMNS:
        model.objects.all().delete()
    return sum(fill(model) for model in COLUMNS)


def never_counted() -> bool:
    """Work is owed, and nothing counts it: the tables are new."""
    return Obligation.objects.exists() and not Owing.objects.exists()


@transaction.atomic
def drift() -> list[str]:
    """Every count that differs from a recount, in words, up to some hundreds a table; empty when all is well."""
    hold_all("SHARE")
    return [line for model in COLUMNS for line in _differences(model)]


def _differences(model: type[Model]) -> Iterator[str]:
    columns = COLUMNS[model]
    values = ("count",) if model in (Mark, Owing) else ("count", "percent_sum")
    nonzero = " OR ".join(f"{value} <> 0" for value in values)
    kept = f"SELECT {', '.join((*columns, *values))} FROM {model._meta.db_table} WHERE ({nonzero})"
    if model is Mark:
        kept += f" AND (topic <> 'act' OR day >= {acts_since()})"
    should = recount(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{UP} SELECT * FROM (SELECT 1 AS is_kept, k.* FROM ({kept} EXCEPT SELECT * FROM ({should}) r) k "
            f"UNION ALL SELECT 0, m.* FROM (SELECT * FROM ({should}) r EXCEPT {kept}) m) d ORDER BY 2, 3, 4 LIMIT {2 * TOLD}"
        )
        found = cursor.fetchall()
    width = len(columns) + 1
    sides: dict[tuple, dict[int, tuple]] = {}
    for row in found:
        sides.setdefault(tuple(row[1:width]), {})[row[0]] = tuple(int(value) for value in row[width:])
    nothing = (0,) * len(values)
    for key, side in sides.items():
        named = dict(zip(columns, key, strict=True))
        yield f"{model.__name__} {named}: {side.get(1, nothing)}, recount {side.get(0, nothing)}"
