"""What must hold for the work of a nation: every hot statement stays within one document, and no hot page reads a big table whole.

A document is what the work would be distributed by, on the day that one PostgreSQL no longer holds it; docs/scale.md says why and how.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from directives.models import (
    Document,
    DocumentTotal,
    Event,
    LogEntry,
    Mark,
    Measure,
    Notice,
    Obligation,
    OverallMark,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    Tally,
    Total,
    User,
)
from directives.reporting import hand_in
from tests.conftest import Cast
from tests.crowds import Crowd, make_crowd
from tests.effort import effort
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)
from tests.plans import Plan as QueryPlan
from tests.plans import plans
from tests.shards import COLUMN, KEYS, held_by, loose

# How each table would lie in a cluster; docs/scale.md works it out.
READY = frozenset(
    ("obligation", "plan", "progressreport", "submission", "event", "tally", "total", "documenttotal", "mark", "owing", "tallyday")
)
BACKFILL = frozenset(  # get the document's column then
    ("reportentry", "itemstate", "measure", "measure_obligations", "logentry", "attachment", "verdict", "unsealed", "figure", "figuretotal")
)
REFERENCE = frozenset(
    (
        "organisation", "user", "user_groups", "user_user_permissions", "membership", "document", "section", "directive", "addressee",
        "item", "repair", "leftout", "cycle", "calendarday", "indicator",
    )
)  # fmt: skip
OVERALL = frozenset(("overallmark", "overallday"))  # of all documents together: counted up from the shards
LOCAL = OVERALL | frozenset(
    ("formkey", "notice", "jobrun", "jobprogress", "seal", "listchoice", "export", "intake", "intakerow", "matching")
)
DISTRIBUTED = frozenset(f"directives_{name}" for name in READY | BACKFILL)


@dataclass(frozen=True)
class World:
    """One document at work: what the hot pages show and the hot saves change."""

    document: Document
    rows: list[Obligation]  # of the staff's own body first
    plan: Plan
    measure: Measure
    report: ProgressReport
    theirs: ProgressReport  # of a body below, handed in
    entry: ReportEntry
    handed: ReportEntry


@pytest.fixture
def world(cast: Cast) -> World:
    for body in (cast.centre, cast.body, cast.child, cast.sibling):
        body.refresh_from_db()
    document = make_document(fictional=True)
    section = make_section(document)
    directives = [make_directive(section, items=("制度",)) for _ in range(3)]
    rows = [make_obligation(directive, body) for body in (cast.body, cast.child, cast.sibling) for directive in directives]
    rows.append(make_obligation(make_directive(section), cast.body, state="assigned", percent=0))
    plan = make_plan(cast.body, document, state="accepted", decided_by=cast.supervisor, decided_at=NOW)
    measure = make_measure(plan, rows[0])
    make_log(measure, cast.staff)
    cycle = make_cycle(document)
    report, theirs = make_report(cast.body, cycle, *rows[:3]), make_report(cast.child, cycle, *rows[3:6])
    filled = {"progress": "已印发办法", "percent": 90, "problems": "人手不足"}
    theirs.entries.update(**filled)
    report.entries.filter(obligation=rows[1]).update(**filled)
    hand_in(report=theirs, by=cast.below, now=NOW)
    entry, handed = report.entries.order_by("pk").first(), theirs.entries.order_by("pk").first()
    return World(document, rows, plan, measure, report, theirs, entry, handed)


Hot = Callable[[World], tuple[str, dict | None]]  # address, and what is sent: None reads


def reads(path: str) -> Hot:
    return lambda world: (path.format(w=world), None)


def saves(path: str, **sent: str) -> Hot:
    return lambda world: (path.format(w=world), {name.format(w=world): text.format(w=world) for name, text in sent.items()})


WORDS = {"progress": "已印发办法", "percent": "60", "version": "{w.entry.version}"}
VERDICT = {"verdict-{w.handed.pk}": "accept", "version-{w.handed.pk}": "{w.handed.version}"}
HOT: dict[str, tuple[str, Hot]] = {  # who, and what they ask for
    "dashboard of all": ("supervisor", reads("/dashboard/?document={w.document.pk}")),
    "ranking": ("supervisor", reads("/dashboard/?document={w.document.pk}&all=1")),
    "dashboard of a body": ("supervisor", reads("/dashboard/?document={w.document.pk}&scope={w.rows[0].organisation_id}")),
    "dashboard of a leaf": ("supervisor", reads("/dashboard/?document={w.document.pk}&scope={w.rows[3].organisation_id}")),
    "dashboard of staff": ("staff", reads("/dashboard/?document={w.document.pk}")),
    "list of a document": ("supervisor", reads("/obligations/?document={w.document.pk}")),
    "list of a document, filtered": (
        "supervisor", reads("/obligations/?document={w.document.pk}&body={w.rows[0].organisation_id}&light=green&sort=due"),
    ),
    "list of a document, staff": ("staff", reads("/obligations/?document={w.document.pk}")),
    "list of a directive": ("supervisor", reads("/obligations/?directive={w.rows[0].directive_id}")),
    "list of everything": ("supervisor", reads("/obligations/")),
    "list of everything, staff": ("staff", reads("/obligations/")),
    "matrix": ("supervisor", reads("/documents/{w.document.pk}/matrix/")),
    "my work, staff": ("staff", reads("/")),
    "my work, supervisor": ("supervisor", reads("/")),
    "obligation": ("staff", reads("/obligations/{w.rows[0].pk}/")),
    "report, filled in": ("staff", reads("/reports/{w.report.pk}/")),
    "report, on the desk": ("supervisor", reads("/reports/{w.theirs.pk}/review/")),
    "plan": ("staff", reads("/plans/{w.plan.pk}/")),
    "save an entry": ("staff", saves("/entries/{w.entry.pk}/save/", **WORDS)),
    "write in the log": ("staff", saves("/log/add/", measure="{w.measure.pk}", on="2026-10-12", text="召开会议")),
    "acknowledge": ("staff", saves("/obligations/{w.rows[9].pk}/move/acknowledge/", version="1")),
    "ask to close": ("staff", saves("/obligations/{w.rows[0].pk}/move/request_close/", reason="已完成", version="1")),
    "hand in": ("manager", saves("/reports/{w.report.pk}/hand-in/")),
    "accept": ("supervisor", saves("/reports/{w.theirs.pk}/decide/", **VERDICT)),
}  # fmt: skip
ANY_DOCUMENT = "asks for every document on purpose: each shard answers for its own, and the few rows of each are merged"
ONE_BODY = "reads the few rows of one body, by an index on the body, whatever document they are of: one short look-up a shard"
LOOSE: dict[str, dict[str, str]] = {  # page: table: why nothing holds it to one document
    "dashboard of staff": {"obligation": ONE_BODY},
    "list of a document, staff": {"obligation": ONE_BODY},
    "list of everything, staff": {"obligation": ONE_BODY},
    "my work, staff": dict.fromkeys(
        ("obligation", "plan", "progressreport", "reportentry", "measure", "measure_obligations", "logentry", "owing"), ONE_BODY
    ),
    "my work, supervisor": dict.fromkeys(("mark", "documenttotal", "progressreport", "reportentry"), ANY_DOCUMENT),
}


def ask(client: Client, hot: Hot, world: World, key: dict[str, str]) -> tuple[HttpResponse, list[str]]:
    path, sent = hot(world)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path) if sent is None else client.post(path, sent | key, headers={"HX-Request": "true"})
    return answer, [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_stays_within_one_document(name, world, cast, sign_in, key):
    who, hot = HOT[name]
    answer, statements = ask(sign_in(getattr(cast, who)), hot, world, key())
    assert answer.status_code in (200, 302), answer.content.decode()
    found = {table.removeprefix("directives_"): sql for sql in statements for table, sql in loose(sql, DISTRIBUTED).items()}
    allowed = LOOSE.get(name, {})
    unheld = {table: sql for table, sql in found.items() if table not in allowed}
    assert unheld == {}
    assert allowed.keys() == found.keys()  # an exception that is none any more is taken off the list


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ('SELECT * FROM "directives_obligation" WHERE "directives_obligation"."document_id" = 5', {"obligation": "column"}),
        ('SELECT * FROM "directives_obligation" WHERE "directives_obligation"."light" = \'red\'', {"obligation": ""}),
        ('SELECT * FROM "directives_obligation" WHERE ("directives_obligation"."document_id" = 5 OR 1 = 1)', {"obligation": ""}),
        ('SELECT * FROM "directives_obligation" WHERE NOT ("directives_obligation"."document_id" = 5)', {"obligation": ""}),
        ('SELECT * FROM "directives_obligation" WHERE "directives_obligation"."id" IN (1, 2)', {"obligation": "key"}),
        ("UPDATE directives_obligation SET light = 'red' WHERE document_id = 5 AND light_changes_on <= %s", {"obligation": "column"}),
        ("UPDATE directives_obligation SET document_id = 5", {"obligation": ""}),
        ("DELETE FROM directives_mark WHERE (day < '2026-01-01')", {"mark": ""}),
        (
            "INSERT INTO directives_tally (scope_id, document_id, count) VALUES (1, 2, 3) ON CONFLICT (scope_id) DO NOTHING",
            {"tally": "column"},
        ),
        ("INSERT INTO directives_reportentry (report_id, percent) VALUES (1, 2)", {"reportentry": "key"}),
        (  # the other table of a join has the document; they are joined by a key
            'SELECT * FROM "directives_reportentry" INNER JOIN "directives_progressreport" ON ("directives_reportentry"."report_id" = '
            '"directives_progressreport"."id") WHERE ("directives_progressreport"."document_id" = 1 AND "directives_reportentry"."state" '
            "IN ('draft', 'x OR y'))",
            {"reportentry": "key", "progressreport": "column"},
        ),
        (  # joined by the document, and that is given
            'SELECT * FROM "directives_obligation" T1 JOIN "directives_plan" T2 ON (T1."document_id" = T2."document_id") '
            'WHERE T2."document_id" IN (5) ORDER BY T1."document_id"',
            {"obligation": "column", "plan": "column"},
        ),
        (  # joined by what belongs to no document
            'SELECT * FROM "directives_obligation" T1 JOIN "directives_plan" T2 ON (T1."organisation_id" = T2."organisation_id") '
            'WHERE T2."document_id" = 5',
            {"obligation": "", "plan": "column"},
        ),
        (  # a select within refers to a row of the one around it
            'SELECT (SELECT U0."state" FROM "directives_reportentry" U0 WHERE U0."obligation_id" = ("directives_obligation"."id") LIMIT 1) '
            'FROM "directives_obligation" WHERE "directives_obligation"."document_id" = 5',
            {"reportentry": "key", "obligation": "column"},
        ),
        (  # each part of a union for itself
            'SELECT 1 FROM "directives_total" WHERE "directives_total"."document_id" = 5 UNION ALL SELECT 2 FROM "directives_mark" '
            'WHERE "directives_mark"."scope_id" = 5',
            {"total": "column", "mark": ""},
        ),
        ('SELECT 1 FROM "directives_total", "directives_mark" WHERE "document_id" = 5', {"total": "", "mark": ""}),  # of which of them?
    ],
)
def test_what_holds_a_statement_to_a_document_is_read_from_it(statement, how):
    assert {table.removeprefix("directives_"): held for table, held in held_by(statement, DISTRIBUTED).items()} == how


def tables() -> Iterator[str]:
    models = (model for model in apps.get_app_config("directives").get_models(include_auto_created=True))
    return (model._meta.db_table.removeprefix("directives_") for model in models)


def test_every_table_has_its_place_in_a_cluster():
    assert set(tables()) == READY | BACKFILL | REFERENCE | LOCAL
    assert len(READY) + len(BACKFILL) + len(REFERENCE) + len(LOCAL) == len(set(tables()))


def test_tables_that_are_ready_have_the_document():
    models = {model._meta.db_table.removeprefix("directives_"): model for model in apps.get_app_config("directives").get_models()}
    assert {name for name in READY if "document_id" in {field.attname for field in models[name]._meta.fields}} == READY


def test_what_is_unique_in_a_ready_table_is_unique_within_a_document():
    """A distributed table can only promise what one shard can see: the document, or a key that belongs to one."""
    for model in apps.get_app_config("directives").get_models():
        name = model._meta.db_table.removeprefix("directives_")
        for constraint in model._meta.constraints if name in READY | BACKFILL else ():
            columns = {model._meta.get_field(column).attname for column in getattr(constraint, "fields", ())}
            assert not columns or columns & (KEYS | {COLUMN}), constraint.name


# plans

BIG = (Obligation, ReportEntry, Event, Measure, Measure.obligations.through, LogEntry, Submission, Notice)
KEPT = (
    Tally,
    Total,
    DocumentTotal,
    Mark,
    OverallMark,
    Plan,
    ProgressReport,
)  # big in a nation, but of some pages in a test: there the engine may well read them whole


@dataclass(frozen=True)
class Page:
    """A hot page of the crowd: who asks for it, and its address."""

    who: str
    path: str


PAGES = {
    "dashboard of all": Page("supervisor", "/dashboard/?document={c.document.pk}"),
    "dashboard of all documents": Page("supervisor", "/dashboard/"),
    "ranking": Page("supervisor", "/dashboard/?document={c.document.pk}&all=1"),
    "dashboard of a branch": Page("supervisor", "/dashboard/?document={c.document.pk}&scope={c.branch.pk}"),
    "dashboard of a leaf": Page("supervisor", "/dashboard/?document={c.document.pk}&scope={c.leaf.pk}"),
    "dashboard of staff": Page("staff", "/dashboard/"),
    "list of everything": Page("supervisor", "/obligations/"),
    "list of a document": Page("supervisor", "/obligations/?document={c.document.pk}"),
    "list of a branch": Page("supervisor", "/obligations/?document={c.document.pk}&body={c.branch.pk}&light=red"),
    "list of a directive": Page("supervisor", "/obligations/?directive={c.directives[5].pk}"),
    "list of staff": Page("staff", "/obligations/"),
    "list of staff, by due day": Page("staff", "/obligations/?sort=due"),
    "matrix": Page("supervisor", "/documents/{c.document.pk}/matrix/"),
    "my work, staff": Page("staff", "/"),
    "my work, supervisor": Page("supervisor", "/"),
    "obligation": Page("staff", "/obligations/{c.row.pk}/"),
    "report, filled in": Page("staff", "/reports/{c.own.pk}/"),
    "report, on the desk": Page("supervisor", "/reports/{c.handed.pk}/review/"),
    "log": Page("staff", "/log/"),
    "record": Page("supervisor", "/events/"),
}
READ_WHOLE: dict[str, dict[str, str]] = {}  # page: table: why it may be read from end to end


def visit(client: Client, page: Page, crowd: Crowd) -> None:
    answer = client.get(page.path.format(c=crowd))
    assert answer.status_code == 200, page


def signed_in(crowd: Crowd, sign_in: Callable[[User], Client]) -> dict[str, Client]:
    """The crowd's people at their browsers; each has seen a page, so that nothing is done for the first time."""
    clients = {who: sign_in(getattr(crowd, who)) for who in ("supervisor", "staff")}
    for client in clients.values():
        client.get("/help/")
    return clients


def read_whole(client: Client, page: Page, crowd: Crowd, tables: tuple[type[Model], ...]) -> set[str]:
    """Those of the tables that a page reads from end to end."""
    with plans() as found:
        visit(client, page, crowd)
    names = {model._meta.db_table for model in tables}
    return {table.removeprefix("directives_") for plan in found for table in walked(plan) & names}


def test_no_hot_page_reads_a_big_table_whole(db, sign_in):
    crowd = make_crowd()
    make_document()  # a second one, so that the dashboard speaks of several
    clients = signed_in(crowd, sign_in)
    whole = {name: read_whole(clients[page.who], page, crowd, BIG) for name, page in PAGES.items()}
    assert {name: more for name, tables in whole.items() if (more := tables - set(READ_WHOLE.get(name, {})))} == {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # then only what has no index to go by is read whole
    whole = {name: read_whole(clients[page.who], page, crowd, BIG + KEPT) for name, page in PAGES.items()}
    assert {name: tables for name, tables in whole.items() if tables} == {}


FLAT = (  # pages whose cost for the database does not follow the number of bodies
    "dashboard of all", "dashboard of all documents", "ranking", "dashboard of a leaf", "dashboard of staff", "list of everything",
    "list of a document",
    "list of a directive", "list of staff", "matrix", "my work, staff", "my work, supervisor", "obligation", "report, filled in",
    "report, on the desk", "log", "record",
)  # fmt: skip
GROWS: dict[str, str] = {  # page: why it may, on one engine at least
    "dashboard of all": "on SQLite the oldest overdue rows are gathered body by body",
    "dashboard of all documents": "it gathers them in the same way",
    "ranking": "it shows the same rows",
    "list of everything": "on SQLite the bodies that the filter offers are picked out of the whole tree",
    "list of a document": "it offers the same bodies",
    "my work, supervisor": "on SQLite the reports that wait are gathered body by body",
}


def test_what_a_hot_page_costs_the_database_does_not_grow_with_the_work(db, sign_in):
    """Two crowds beside one another, the second with four times the bodies under the same branches."""
    small, large = make_crowd(branches=10, leaves=10), make_crowd(branches=10, leaves=40)
    crowds = [(crowd, signed_in(crowd, sign_in)) for crowd in (small, large)]
    grown = {}
    for name, page in ((name, PAGES[name]) for name in FLAT):
        before, after = (effort(partial(visit, clients[page.who], page, crowd)) for crowd, clients in crowds)
        grown[name] = round(after / before, 2)
    assert {name: ratio for name, ratio in grown.items() if ratio > 1.3 and name not in GROWS} == {}


def walked(plan: QueryPlan) -> set[str]:
    """The tables that a plan reads from end to end. SQLite calls it a scan too when it goes along an index as far as a page needs."""
    if connection.vendor == "postgresql":
        return plan.scanned
    bounded = "LIMIT" in plan.text.partition("\n")[0] and not plan.sorts
    return set() if bounded else plan.scanned
