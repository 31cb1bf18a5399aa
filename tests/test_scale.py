"""What must hold for a nation: no hot page reads a big table whole, or grows with the bodies."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.db.models import Model
from django.test import Client

from directives.models import (
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
from tests.crowds import Crowd, make_crowd
from tests.effort import effort
from tests.factories import make_document
from tests.query_plans import Plan as QueryPlan
from tests.query_plans import plan_of, plans

BIG = (
    Obligation,
    ReportEntry,
    Event,
    Measure,
    Measure.obligations.through,
    LogEntry,
    Submission,
    Notice,
)
# Big in a nation, but of some pages in a test: there the engine may well read them whole.
KEPT = (Tally, Total, DocumentTotal, Mark, OverallMark, Plan, ProgressReport)


@dataclass(frozen=True)
class Page:
    """A hot page of the crowd: who asks for it, and its address."""

    who: str
    path: str


PAGES = {
    "dashboard of all": Page("supervisor", "/dashboard/?document={c.document.pk}"),
    "dashboard of all documents": Page("supervisor", "/dashboard/"),
    "ranking": Page("supervisor", "/dashboard/?document={c.document.pk}&all=1"),
    "dashboard of a branch": Page(
        "supervisor", "/dashboard/?document={c.document.pk}&scope={c.branch.pk}"
    ),
    "dashboard of a leaf": Page(
        "supervisor", "/dashboard/?document={c.document.pk}&scope={c.leaf.pk}"
    ),
    "dashboard of staff": Page("staff", "/dashboard/"),
    "list of everything": Page("supervisor", "/obligations/"),
    "list of a document": Page("supervisor", "/obligations/?document={c.document.pk}"),
    "list of a branch": Page(
        "supervisor", "/obligations/?document={c.document.pk}&body={c.branch.pk}&light=red"
    ),
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
    """The crowd's people at their browsers.

    Each has seen a page, so that nothing is done for the first time.
    """
    clients = {who: sign_in(getattr(crowd, who)) for who in ("supervisor", "staff")}
    for client in clients.values():
        client.get("/help/")
    return clients


def read_whole(
    client: Client, page: Page, crowd: Crowd, tables: tuple[type[Model], ...]
) -> set[str]:
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
    assert {
        name: more
        for name, tables in whole.items()
        if (more := tables - set(READ_WHOLE.get(name, {})))
    } == {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Then only what has no index to go by is read whole.
            cursor.execute("SET LOCAL enable_seqscan = off")
    whole = {
        name: read_whole(clients[page.who], page, crowd, BIG + KEPT) for name, page in PAGES.items()
    }
    assert {name: tables for name, tables in whole.items() if tables} == {}


FLAT = (  # pages whose cost for the database does not follow the number of bodies
    "dashboard of all",
    "dashboard of all documents",
    "ranking",
    "dashboard of a leaf",
    "dashboard of staff",
    "list of everything",
    "list of a document",
    "list of a directive",
    "list of staff",
    "matrix",
    "my work, staff",
    "my work, supervisor",
    "obligation",
    "report, filled in",
    "report, on the desk",
    "log",
    "record",
)
GROWS: dict[str, str] = {  # page: why it may, on one engine at least
    "dashboard of all": "on SQLite the oldest overdue rows are gathered body by body",
    "dashboard of all documents": "it gathers them in the same way",
    "ranking": "it shows the same rows",
    "list of everything": (
        "on SQLite the bodies that the filter offers are picked out of the whole tree"
    ),
    "list of a document": "it offers the same bodies",
    "report, on the desk": (
        "its texts are compared with those of the bodies beside it: at most 5,000 entries"
    ),
    "my work, supervisor": "on SQLite the reports that wait are gathered body by body",
}


def test_what_a_hot_page_costs_the_database_does_not_grow_with_the_work(db, sign_in):
    """Two crowds beside one another.

    The second has four times the bodies under the same branches.
    """
    small, large = make_crowd(branches=10, leaves=10), make_crowd(branches=10, leaves=40)
    crowds = [(crowd, signed_in(crowd, sign_in)) for crowd in (small, large)]
    grown = {}
    for name, page in ((name, PAGES[name]) for name in FLAT):
        before, after = (
            effort(partial(visit, clients[page.who], page, crowd)) for crowd, clients in crowds
        )
        grown[name] = round(after / before, 2)
    assert {name: ratio for name, ratio in grown.items() if ratio > 1.3 and name not in GROWS} == {}
    # The reports alone: neither requests to extend nor look-backs are gathered body by body.
    assert grown["my work, supervisor"] < 2.5


def test_rare_rows_of_a_directive_are_found_by_their_own_indexes(db):
    """Few or none of many thousand rows are supporting, or broken down."""
    rows = Obligation.objects.live().filter(directive=make_crowd().directives[5])
    found = {  # beginnings of names: PostgreSQL may take another index of what is broken down
        "obligation_supporting": rows.filter(part="supporting"),
        "obligation_broken_": rows.filter(parts__gt=0),
    }
    assert [index for index, rare in found.items() if index not in plan_of(rare).text] == []


def walked(plan: QueryPlan) -> set[str]:
    """The tables that a plan reads from end to end.

    SQLite calls it a scan too when it goes along an index as far as a page needs.
    """
    if connection.vendor == "postgresql":
        return plan.scanned
    bounded = "LIMIT" in plan.text.partition("\n")[0] and not plan.sorts
    return set() if bounded else plan.scanned
