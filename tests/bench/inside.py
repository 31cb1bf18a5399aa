"""The part of the bench that runs in its own database: a line of JSON for each job and result."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management import call_command
from django.db import connection

from directives import tallies
from directives.backups.throwaway import POSTGRESQL
from tests.bench.desks import Desk
from tests.bench.exports import export
from tests.bench.issues import lay_issue
from tests.bench.people import web_exports
from tests.bench.stage import populate, prepare
from tests.bench.tables import Laid, lay_table, turn
from tests.bench.writers import write

Clock = Callable[[], datetime]


def fill(clock: Clock, *, scale: str, bodies: int, documents: int) -> dict[str, Any]:
    """Make the tables of an empty database and fill them."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    populate(scale, bodies=bodies, documents=documents, now=clock())
    if connection.vendor == POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute(
                "VACUUM ANALYZE"
            )  # as the server itself does within minutes of such a load
    return {}


def lay_out(clock: Clock, *, reviews: int, writers: int) -> dict[str, Any]:
    """Sign people in and lay out their papers; a kept database is brought up to date first."""
    call_command("migrate", verbosity=0)
    return asdict(prepare(clock(), reviews=reviews, writers=writers))


def move(clock: Clock, *, desks: list[dict], supervisor: int, seconds: float) -> dict[str, Any]:
    """One writer: it says that it is ready, and begins at the word."""
    print("ready", flush=True)  # noqa: T201 - its end of the pipe
    sys.stdin.readline()
    return asdict(write([Desk(**desk) for desk in desks], supervisor, seconds=seconds, clock=clock))


def drift(clock: Clock) -> dict[str, Any]:
    """How many tallies differ from a recount."""
    return {"drift": len(tallies.drift())}


def sheet(clock: Clock, *, way: str, rows: int) -> dict[str, Any]:
    """The ledger written in one way."""
    return asdict(export(clock(), way=way, rows=rows))


def people(clock: Clock, *, rounds: int) -> dict[str, Any]:
    """The ledger taken away by people of each role."""
    return {"exports": [asdict(one) for one in web_exports(clock(), rounds=rounds)]}


def table(clock: Clock, *, way: str, laid: dict[str, Any]) -> dict[str, Any]:
    """One step of bringing a table in, or what it is compared with."""
    return asdict(turn(clock(), way=way, laid=Laid(**laid)))


def lay(clock: Clock, **what: Any) -> dict[str, Any]:
    """Write a table that is to be brought in."""
    return asdict(lay_table(clock(), **what))


def issue(clock: Clock, *, directives: int, seed: int) -> dict[str, Any]:
    """A document that is to be assigned to everybody; a kept database is brought up to date."""
    call_command("migrate", verbosity=0)
    return lay_issue(clock(), directives=directives, seed=seed)


JOBS = {
    "fill": fill,
    "lay_out": lay_out,
    "move": move,
    "drift": drift,
    "export": sheet,
    "people": people,
    "lay_table": lay,
    "table": table,
    "lay_issue": issue,
}


def work(line: str, clock: Clock) -> str:
    """Do the job of this line; returns what came of it."""
    job = json.loads(line)
    return json.dumps(JOBS[job.pop("do")](clock, **job))
