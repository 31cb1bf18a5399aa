"""`bench --issue`: directives assigned to every body of a scale at once, also by another checkout.

Each time they are those of a new document, in a process of its own, which does what the worker
does: start the job, then one part after another. What counts is the time of a processor, of this
process and of the server of the database.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from directives.backups.throwaway import SQLITE, InstallationError, folder, server_of
from directives.base.states import SUPERVISOR
from directives.models import Addressee, Organisation
from directives.models.jobs import DONE
from tests.bench.desks import person
from tests.bench.places import Place, place
from tests.bench.results import Fact, table_of
from tests.factories import make_directive, make_document, make_section

WAYS = {
    "chosen": "to all organisations",
    "addressed": "chosen, to those addressed",
    "said": "as the document says",
}
NAMES = ("各级党委", "群团组织")  # which every checkout knows as classes
SLOWER = 1.1  # more than chance explains, of a processor's time
PROGRAM = Path(__file__).with_name("one_issue.py")
RUN = "import django, runpy, sys; django.setup(); runpy.run_path(sys.argv[1], run_name='__main__')"


@dataclass(frozen=True, slots=True)
class Issuing:
    """What is to be measured."""

    scale: str
    engine: str
    issue: int  # directives of each document
    rounds: int = 3
    keep: str | None = None
    before: str | None = None  # another checkout, in turn with this one on the same data
    database: str | None = None
    bodies: int = 100  # of the scale “sample”


@dataclass(frozen=True, slots=True)
class Issue:
    """What one bulk issue took. `serving`: seconds of a processor of the database's server."""

    way: str
    is_before: bool
    rows: int
    notices: int
    statements: int
    seconds: float
    computing: float
    serving: float
    peak: float

    @property
    def work(self) -> float:
        return self.computing + self.serving

    @property
    def per_row(self) -> float:
        """Microseconds of a processor for each obligation: not every way makes as many."""
        return 1e6 * self.work / self.rows


@dataclass(frozen=True, slots=True)
class Issued:
    """What a run found."""

    scale: str
    database: str
    bodies: int
    directives: int
    drift: int
    turns: list[Issue]

    def of(self, way: str, *, is_before: bool = False) -> list[Issue]:
        return [one for one in self.turns if (one.way, one.is_before) == (way, is_before)]

    def work(self, way: str, *, is_before: bool = False) -> float | None:
        """The median for a row; None if this way was not measured."""
        turns = self.of(way, is_before=is_before)
        return median(one.per_row for one in turns) if turns else None

    def times(self, way: str, other: str, *, is_before: bool = False) -> float | None:
        """How many times the work of the other way this one takes."""
        works = self.work(way), self.work(other, is_before=is_before)
        return round(works[0] / works[1], 2) if works[0] and works[1] else None


def _times(way: str, other: str, *, is_before: bool = False) -> Callable[[Issued], float | None]:
    return lambda found: found.times(way, other, is_before=is_before)


FACTS = (
    Fact("as the document says: × chosen to those addressed", _times("said", "addressed"), SLOWER),
    *(
        Fact(f"{name}: × before", _times(way, way, is_before=True), SLOWER)
        for way, name in WAYS.items()
        if way != "said"
    ),
    Fact(
        "as the document says: × chosen to those addressed before",
        _times("said", "addressed", is_before=True),
        SLOWER,
    ),
    Fact("tallies that drifted", lambda found: found.drift, 0),
)


def lay_issue(now: datetime, *, directives: int, seed: int) -> dict[str, Any]:
    """A new document of the topmost body, each directive for all committees and organisations."""
    root = Organisation.objects.filter(parent=None, branch=True).order_by("path").first()
    supervisor = person("bench-supervisor", root, SUPERVISOR)
    document = make_document(organisation=root, sha256=f"{seed:064}", registered_at=now)
    section = make_section(document)
    for _number in range(directives):
        directive = make_directive(section)
        for order, name in enumerate(NAMES):
            Addressee.objects.create(
                directive=directive,
                order=order,
                name=name,
                name_hans=name,
                name_hant=name,
                basis="named",
            )
    return {"document": document.pk, "by": supervisor.pk, "bodies": Organisation.objects.count()}


def measure(plan: Issuing, say: Callable[[str], object]) -> Issued:
    """Make the whole run, the ways in turn. Raises InstallationError if one of them fails."""
    with ExitStack() as stack:
        base = stack.enter_context(folder(plan.keep))
        needs_server = plan.engine != SQLITE and not plan.database
        server = stack.enter_context(server_of(plan.engine, base)) if needs_server else ""
        where = place(plan.scale, base, server, plan.database)
        if where.fresh:
            say(f"Staging {plan.scale}")
            where.ask(do="fill", scale=plan.scale, bodies=plan.bodies, documents=1)
        turns, bodies = [], 0
        for number, (way, is_before) in enumerate(_turns(plan)):
            say(WAYS[way] + (", before" if is_before else ""))
            laid = where.ask(do="lay_issue", directives=plan.issue, seed=_seed(number))
            bodies = laid.pop("bodies")
            checkout = Path(plan.before).resolve() if is_before else settings.BASE_DIR
            turns.append(Issue(way, is_before, **_carry_out(where, checkout, {"way": way, **laid})))
            say(f"{turns[-1].rows:,} rows, {turns[-1].per_row:.0f} µs of a processor for each")
        say("Counting the tallies again")
        drift = where.ask(do="drift")["drift"]
        return Issued(plan.scale, plan.engine, bodies, plan.issue, drift, turns)


def _seed(number: int) -> int:
    """The bytes of each document differ, also in a database that was kept."""
    return os.getpid() * 1000 + number


def _turns(plan: Issuing) -> Iterator[tuple[str, bool]]:
    """Way, and whether by the other checkout: in turn, so that what slows one slows all alike."""
    for _round in range(plan.rounds):
        for way in WAYS:
            yield way, False
            if plan.before and way != "said":  # which not every checkout knows
                yield way, True


def _carry_out(where: Place, checkout: Path, job: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(PROGRAM)],
        input=json.dumps(job) + "\n",
        stdout=subprocess.PIPE,
        env=where.environment_of(checkout),
        cwd=checkout,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout) if done.returncode == 0 else {}
    if told.pop("state", "") != DONE:
        raise InstallationError(f"The issue “{job['way']}” failed; what it says stands above.")
    return told


def unmet(found: Issued) -> list[str]:
    """What is asked and not so."""
    return [fact.what for fact in FACTS if fact.verdict(found) == "not met"]


def markdown(found: Issued) -> str:
    """All that was found, as the tables that docs/performance.md shows."""
    said = (
        f"**{found.scale}, {found.database}**, {found.bodies:,} bodies: {found.directives} "
        "directives of a new document each time, the ways in turn."
    )
    head = (
        "| | rows | statements | seconds | of a processor | of the server | rows/s of both "
        "| peak MiB | times |\n|---" + "|--:" * 8 + "|"
    )
    kinds = [(way, is_before) for way in WAYS for is_before in (True, False)]
    lines = [_line(way, found.of(way, is_before=before)) for way, before in kinds]
    return "\n\n".join([said, "\n".join([head, *filter(None, lines)]), table_of(FACTS, found)])


def _line(way: str, turns: list[Issue]) -> str:
    if not turns:
        return ""
    middle = {
        name: median(getattr(one, name) for one in turns)
        for name in asdict(turns[0])
        if name != "way"
    }
    work = median(one.per_row for one in turns)
    return (
        f"| {WAYS[way]}{', before' if turns[0].is_before else ''} | {turns[-1].rows:,} "
        f"| {middle['statements']:,.0f} | {middle['seconds']:,.1f} | {middle['computing']:,.2f} "
        f"| {middle['serving']:,.2f} | {1e6 / work:,.0f} "
        f"| {max(one.peak for one in turns):,.0f} | {len(turns)} |"
    )
