"""`bench --sheets`: tables brought in, beside the bare parse and a bulk insert of the same run."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.places import Place
from tests.bench.results import Fact, table_of
from tests.bench.tables import Laid, Turn

CASES = {"log": "log entries, all new", "obligations": "the ledger back, 500 cells edited"}
WAYS = {
    "parse": "openpyxl alone, `read_only`, every row a tuple",
    "read": "the same through the limited process",
    "insert": "`bulk_create` of as many rows of a dry run",
    "entries": "`bulk_create` of as many log entries",
    "check": "dry run",
    "apply": "apply",
    "undo": "take back",
}
ORDER = (
    "parse",
    "read",
    "insert",
    "check",
    "entries",
    "apply",
    "undo",
)  # in turn, so that what slows the machine slows all alike
TIMES, HELD, READ = (
    2,
    300,
    1.3,
)  # the limits: of the two floors together, MiB, and of the bare parse alone


@dataclass(slots=True)
class Brought:
    """What one table took, each step's turns in their order."""

    kind: str
    rows: int
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def seconds(self, way: str) -> float:
        return median(turn.seconds for turn in self.turns[way])

    def computing(self, way: str) -> float:
        return median(turn.computing for turn in self.turns[way])

    def times(self, way: str, insert: str) -> float:
        """How many times as long as parsing and one insert together."""
        return round(self.seconds(way) / (self.seconds("parse") + self.seconds(insert)), 2)

    @property
    def reading(self) -> float:
        """How many times as long as the bare parse reading through the limited process takes."""
        return round(self.seconds("read") / self.seconds("parse"), 2)

    def work(self, way: str, insert: str) -> float:
        """The same of what a processor did here, whatever else the machine did.

        The server of a database is not counted.
        """
        return round(self.computing(way) / (self.computing("parse") + self.computing(insert)), 2)

    def held(self, way: str) -> float:
        """MiB at the peak: the process without SQLite's map of its file, and the reader's."""
        return round(max(turn.peak - turn.mapped + turn.child for turn in self.turns[way]), 1)


def measure(
    where: Place,
    base: Path,
    *,
    rows: int,
    rounds: int,
    say: Callable[[str], object],
    cases: Sequence[str] = tuple(CASES),
) -> list[Brought]:
    """Bring each table in as often as asked, every step in a process of its own."""
    found = []
    for kind in cases:
        say(f"Writing a table: {CASES[kind]}")
        laid = Laid(**where.ask(do="lay_table", kind=kind, rows=rows, path=str(base)))
        brought = Brought(kind, laid.rows)
        for _round in range(rounds):
            for way in ORDER:
                say(f"{CASES[kind]}: {WAYS[way]}")
                brought.turns.setdefault(way, []).append(
                    Turn(**where.ask(do="table", way=way, laid=asdict(laid)))
                )
        found.append(brought)
    return found


def facts(found: Brought) -> tuple[Fact, ...]:
    """What is asked of one table."""
    name = CASES[found.kind]
    return (
        Fact(
            f"{name}: dry run, × (bare parse + bulk insert)",
            lambda it: it.times("check", "insert"),
            TIMES,
        ),
        Fact(
            f"{name}: apply, × (bare parse + bulk insert)",
            lambda it: it.times("apply", "entries"),
            TIMES,
        ),
        Fact(
            f"{name}: read through the limited process, × bare parse", lambda it: it.reading, READ
        ),
        Fact(f"{name}: MiB at the peak, dry run", lambda it: it.held("check"), HELD),
        Fact(f"{name}: MiB at the peak, apply", lambda it: it.held("apply"), HELD),
    )


def unmet(found: Sequence[Brought]) -> list[str]:
    """What is asked and not so."""
    return [fact.what for one in found for fact in facts(one) if fact.verdict(one) == "not met"]


def markdown(found: Sequence[Brought]) -> str:
    """All that was found, as the tables that docs/performance.md shows."""
    return "\n\n".join(
        part for one in found for part in (_steps(one), table_of(facts(one), one), _work(one))
    )


def _work(one: Brought) -> str:
    dry, applied = one.work("check", "insert"), one.work("apply", "entries")
    return (
        f"In seconds of a processor: dry run {dry:g} times the two together, "
        f"apply {applied:g} times."
    )


def _steps(one: Brought) -> str:
    head = (
        f"| {CASES[one.kind]}, {one.rows:,} rows | seconds | of a processor | "
        "peak MiB | of it mapped | "
        "reader, MiB | changes | times |"
    )
    lines = [head, "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for way, turns in one.turns.items():
        peak, mapped, child = (
            max(getattr(turn, name) for turn in turns) for name in ("peak", "mapped", "child")
        )
        changed = f"{turns[-1].rows:,}" if way in ("check", "apply", "undo") else "–"
        lines.append(
            f"| {WAYS[way]} | {one.seconds(way):,.1f} | {one.computing(way):,.1f} | "
            f"{peak:,.0f} | {mapped:,.0f} | "
            f"{child:,.0f} | {changed} "
            f"| {len(turns)} |"
        )
    return "\n".join(lines)
