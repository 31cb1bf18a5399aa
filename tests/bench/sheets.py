"""`bench --sheets`: the ledger as a workbook, then tables brought in.

The workbook beside the bare writer library and django-import-export.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from directives.backups.throwaway import folder, server_of
from tests.bench import intakes
from tests.bench.exports import Export
from tests.bench.people import WebExport
from tests.bench.places import place
from tests.bench.results import Fact, table_of

OUT, IN = "out", "in"
ENOUGH = 1_000  # rows of an export through the page that is compared
MANY = 10  # times the rows, for the long one
NAMES = {
    "bare": "XlsxWriter alone, `constant_memory`, fed constant rows of 18 cells",
    "ours": "the ledger, from the database, every column",
    "peer": "the same through django-import-export",
    "many": "the ledger over and over",
}


@dataclass(frozen=True, slots=True)
class Sheeting:
    """What is to be measured."""

    scale: str
    engine: str
    rows: int
    rounds: int = 3
    bodies: int = 100  # of the scale “sample”
    full: bool = False  # the long one too
    only: str = ""  # OUT or IN: that half alone
    keep: str | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that one run found, each way's turns in their order."""

    scale: str
    database: str
    ways: dict[str, list[Export]]
    brought: list[intakes.Brought] = field(default_factory=list)
    people: list[WebExport] = field(default_factory=list)

    def seconds(self, way: str) -> float | None:
        turns = self.ways.get(way)
        return median(turn.seconds for turn in turns) if turns else None

    def busy(self, way: str) -> float:
        return median(turn.busy for turn in self.ways[way])

    def peak(self, way: str) -> float | None:
        turns = self.ways.get(way)
        return max(turn.peak for turn in turns) if turns else None

    def own(self, way: str) -> float:
        return max(turn.own for turn in self.ways[way])


def measure(plan: Sheeting, say: Callable[[str], object]) -> Found:
    """Make the whole run, each way in a process of its own, the ways in turn.

    Raises InstallationError if one of them fails.
    """
    with ExitStack() as stack:
        base = stack.enter_context(folder(plan.keep))
        server = "" if plan.database else stack.enter_context(server_of(plan.engine, base))
        where = place(plan.scale, base, server, plan.database)
        if where.fresh:
            say(f"Staging {plan.scale}")
            where.ask(do="fill", scale=plan.scale, bodies=plan.bodies, documents=1)
        ways: dict[str, list[Export]] = {}
        for way in _turns(plan) if plan.only != IN else ():
            say(NAMES[way])
            rows = plan.rows * (MANY if way == "many" else 1)
            ways.setdefault(way, []).append(Export(**where.ask(do="export", way=way, rows=rows)))
        people = []
        if plan.only != IN:
            say("the ledger by people of each role")
            people = [
                WebExport(**one) for one in where.ask(do="people", rounds=plan.rounds)["exports"]
            ]
        brought = (
            intakes.measure(where, base, rows=plan.rows, rounds=plan.rounds, say=say)
            if plan.only != OUT
            else []
        )
        return Found(plan.scale, plan.engine, ways, brought, people)


def _turns(plan: Sheeting) -> Iterator[str]:
    """In turn, so that what slows the machine slows all alike; what takes long, once."""
    for turn in range(plan.rounds):
        yield from ("bare", "ours")
        if not turn:
            yield "peer"
    if plan.full:
        yield "many"


def _times(one: str, other: str) -> Callable[[Found], float | None]:
    """How many times as long one way takes as another."""
    return lambda found: round(found.seconds(one) / found.seconds(other), 2)


def _flat(found: Found) -> float | None:
    return round(found.own("many") / max(found.own("ours"), 1), 2) if "many" in found.ways else None


def _worst(found: Found) -> float | None:
    """Of those with so many rows that what a page costs by itself does not tell."""
    shares = [one.web / one.command for one in found.people if one.rows >= ENOUGH]
    return round(max(shares), 2) if shares else None


FACTS = (
    Fact(
        "export through the page, the worst of all roles: × the command's processor time",
        _worst,
        1.3,
    ),
    Fact("ledger: × the bare writer's time", _times("ours", "bare"), 1.25),
    Fact("ledger: MiB at its peak over idle", lambda found: round(found.peak("ours"), 1), 80),
    Fact("django-import-export: × the ledger's time", _times("peer", "ours"), 5, least=True),
    Fact(
        "ledger: share of django-import-export's memory",
        lambda found: round(found.peak("ours") / found.peak("peer"), 3),
        0.2,
    ),
    Fact("ledger, ten times as many rows: × its own memory", _flat, 1.25),
)


def unmet(found: Found) -> list[str]:
    """What is asked and not so."""
    out = [fact.what for fact in FACTS if fact.verdict(found) == "not met"] if found.ways else []
    return out + intakes.unmet(found.brought)


def markdown(found: Found) -> str:
    """All that was found, as the tables that docs/performance.md shows."""
    said = (
        f"**{found.scale}, {found.database}**: each step in a process of its own, "
        "the steps in turn."
    )
    out = [_ways(found), _people(found), table_of(FACTS, found)] if found.ways else []
    return "\n\n".join([said, *out, *([intakes.markdown(found.brought)] if found.brought else [])])


def _ways(found: Found) -> str:
    head = (
        "| what | rows | seconds | of a processor | rows/s "
        "| peak MiB over idle | of it its own | file, MB |\n"
        "|---" + "|--:" * 7 + "|"
    )
    lines = []
    for way, turns in found.ways.items():
        seconds, last = found.seconds(way), turns[-1]
        lines.append(
            f"| {NAMES[way]} | {last.rows:,} | {seconds:,.1f} | {found.busy(way):,.1f} "
            f"| {last.rows / seconds:,.0f} "
            f"| {found.peak(way):,.0f} | {found.own(way):,.0f} | {last.bytes / 1e6:,.1f} |"
        )
    return "\n".join([head, *lines])


def _people(found: Found) -> str:
    head = (
        "| who | bodies in view | rows | through the page, s of a processor "
        "| the command, s of a processor | × |\n"
        "|---" + "|--:" * 5 + "|"
    )
    lines = [
        f"| {one.role}, {one.body} | {one.bodies:,} | {one.rows:,} "
        f"| {one.web:,.2f} | {one.command:,.2f} | {one.web / one.command:.2f} |"
        for one in found.people
    ]
    return "\n".join([head, *lines])
