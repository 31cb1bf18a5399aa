"""What a run found, what is asked of it, and how both are told: as Markdown and as JSON."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from directives.backups.throwaway import POSTGRESQL
from tests.bench.courses import ALL_BOARD, BOARD, DEEP, LIST, MATRIX, RANKING, SAVE, STAFF_LIST
from tests.bench.places import MIB, Memory
from tests.bench.race import Crowd, Times
from tests.bench.reading import LENGTH, Read
from tests.bench.writers import Written


@dataclass(frozen=True, slots=True)
class Line:
    """One course: milliseconds, ratios to the run's two floors, queries, bytes, how often asked."""

    name: str
    median_ms: float
    p95_ms: float
    per_constant: float
    per_rows: float
    queries: int
    bytes: int
    times: int


@dataclass(frozen=True, slots=True)
class Growth:
    """One course on the smaller and on the larger database, asked in turn."""

    name: str
    small_ms: float
    large_ms: float

    @property
    def ratio(self) -> float:
        return self.large_ms / self.small_ms


@dataclass(frozen=True, slots=True)
class Writing:
    """What the writers got done beside one another, and how many tallies drifted by it."""

    writers: int
    moves: dict[str, int]
    seconds: float
    median_ms: float
    drift: int

    @property
    def rate(self) -> float:
        """Accepted moves a second."""
        return sum(self.moves.values()) / self.seconds if self.seconds else 0.0

    @classmethod
    def of(cls, written: list[Written], drift: int) -> "Writing":
        moves: dict[str, int] = {}
        for one in written:
            for action, count in one.moves.items():
                moves[action] = moves.get(action, 0) + count
        slow = sorted(one.median_ms for one in written)[len(written) // 2]
        return cls(len(written), moves, max(one.seconds for one in written), slow, drift)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    scale: str
    database: str
    bodies: int
    documents: int
    directives: int
    obligations: int
    report_entries: int
    database_bytes: int
    page: int  # which page of the list the deep one is
    lines: list[Line]
    growth: list[Growth] = field(default_factory=list)
    against: str = ""
    crowd: Crowd | None = None
    writing: Writing | None = None
    before: list[Memory] = field(default_factory=list)
    after: list[Memory] = field(default_factory=list)
    reading: Read | None = None

    def line(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)

    def of_all(self) -> Line | None:
        """The dashboard of all documents, where there are several."""
        return next((line for line in self.lines if line.name == ALL_BOARD), None)


def lines_of(times: list[Times]) -> list[Line]:
    """One line for each course, with its ratios to the two floors."""
    constant, rows = times[0].median, times[1].median
    return [
        Line(
            one.course.name,
            round(one.median, 1),
            round(one.p95, 1),
            round(one.median / constant, 2),
            round(one.median / rows, 2),
            one.queries,
            one.size,
            len(one.took),
        )
        for one in times
    ]


def growth_of(small: list[Times], large: list[Times]) -> list[Growth]:
    return [
        Growth(a.course.name, round(a.median, 2), round(b.median, 2))
        for a, b in zip(small, large, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """One course in the checkout before and in this one: queries and medians in milliseconds."""

    name: str
    queries_before: int
    queries_after: int
    before_ms: float
    after_ms: float

    @property
    def ratio(self) -> float:
        return self.after_ms / self.before_ms


SLOWER = 1.10  # a median may differ so much by chance


def compared(before: list[Times], after: list[Times]) -> list[Compared]:
    return [
        Compared(
            old.course.name,
            old.queries,
            new.queries,
            round(old.median, 1),
            round(new.median, 1),
        )
        for old, new in zip(before, after, strict=True)
    ]


def comparison(rows: list[Compared]) -> str:
    head = "| | queries before | after | ms before | after | ratio |\n|---|--:|--:|--:|--:|--:|\n"
    return head + "".join(
        f"| {row.name} | {row.queries_before} | {row.queries_after}"
        f" | {row.before_ms} | {row.after_ms} | {row.ratio:.2f} |\n"
        for row in rows
    )


def worse(rows: list[Compared]) -> list[str]:
    """What asks more queries than before, or takes longer than chance explains."""
    return [
        f"{row.name}: {row.queries_after} queries ({row.queries_before}), {row.ratio:.2f} ×"
        for row in rows
        if row.queries_after > row.queries_before or row.ratio > SLOWER
    ]


# what is asked


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that must be so: what is measured, and its limit, highest or (`least`) lowest."""

    what: str
    measure: Callable[[Any], float | None]  # of what a run found; None: this run did not measure it
    limit: float
    least: bool = False

    def verdict(self, outcome: Any) -> str:
        found = self.measure(outcome)
        if found is None:
            return "not measured"
        return "met" if (found >= self.limit if self.least else found <= self.limit) else "not met"


def _per_rows(name: str) -> Callable[[Outcome], float]:
    return lambda outcome: outcome.line(name).per_rows


def _grown(name: str) -> Callable[[Outcome], float | None]:
    return lambda outcome: next(
        (round(one.ratio, 2) for one in outcome.growth if one.name == name), None
    )


def _deep(outcome: Outcome) -> float:
    return round(outcome.line(DEEP).median_ms / outcome.line(LIST).median_ms, 2)


def _moved(outcome: Outcome) -> float | None:
    return (
        round(outcome.writing.rate, 1)
        if outcome.writing and outcome.database == POSTGRESQL
        else None
    )


def _heaviest(outcome: Outcome) -> float | None:
    return max((one.rss for one in outcome.after), default=None)


FACTS = (
    Fact(f"{BOARD}: × the bare 50 rows", _per_rows(BOARD), 4),
    Fact(f"{BOARD}: queries", lambda outcome: outcome.line(BOARD).queries, 12),
    Fact(f"{BOARD}: growth from the smaller database", _grown(BOARD), 1.3),
    Fact(
        f"{ALL_BOARD}: × the bare 50 rows",
        lambda outcome: outcome.of_all() and outcome.of_all().per_rows,
        4,
    ),
    Fact(
        f"{ALL_BOARD}: queries", lambda outcome: outcome.of_all() and outcome.of_all().queries, 12
    ),
    Fact(f"{ALL_BOARD}: growth from the smaller database", _grown(ALL_BOARD), 1.3),
    Fact(f"{LIST}: × the bare 50 rows", _per_rows(LIST), 2.5),
    Fact(f"{STAFF_LIST}: × the bare 50 rows", _per_rows(STAFF_LIST), 2.5),
    Fact(f"{SAVE}: × the constant view", lambda outcome: outcome.line(SAVE).per_constant, 6),
    Fact(f"{RANKING}: × the bare 50 rows", _per_rows(RANKING), 6),
    Fact(f"{MATRIX}: × the bare 50 rows", _per_rows(MATRIX), 6),
    Fact(f"{DEEP}: × page 1", _deep, 1.5),
    Fact(
        "list at concurrency 8: share of the floor's requests/s",
        lambda o: round(o.crowd.share, 2) if o.crowd else None,
        0.4,
        least=True,
    ),
    Fact("accepted moves a second, all writers", _moved, 100, least=True),
    Fact(
        "tallies that drifted",
        lambda outcome: outcome.writing.drift if outcome.writing else None,
        0,
    ),
    Fact("heaviest web worker after the bench, MiB", _heaviest, 160),
    Fact(
        f"a document of {LENGTH:,} characters is read, ms",
        lambda outcome: outcome.reading.milliseconds if outcome.reading else None,
        1000,
    ),
    Fact(
        "share of the readings of tests/documents/readings that are exact",
        lambda outcome: round(outcome.reading.share, 3) if outcome.reading else None,
        1,
        least=True,
    ),
)


def unmet(outcome: Outcome) -> list[str]:
    """What is asked and not so."""
    return [fact.what for fact in FACTS if fact.verdict(outcome) == "not met"]


# how it is told


def markdown(outcome: Outcome) -> str:
    """All that was found, as the tables that docs/performance.md shows."""
    parts = [_heading(outcome), _lines(outcome), table_of(FACTS, outcome)]
    if outcome.growth:
        parts.append(_growth(outcome))
    return "\n\n".join([*parts, "\n".join(_rest(outcome))])


def _heading(outcome: Outcome) -> str:
    size = (
        f"{outcome.bodies:,} bodies × {outcome.directives} directives, "
        f"{outcome.documents} documents"
    )
    return (
        f"**{outcome.scale}, {outcome.database}**: {size}, "
        f"{outcome.obligations:,} obligations, "
        f"{outcome.report_entries:,} report entries; "
        f"the database takes {outcome.database_bytes / MIB:,.0f} MiB. "
        "gunicorn with 2 workers, one request at a time."
    )


def _lines(outcome: Outcome) -> str:
    head = (
        "| what | median ms | p95 ms "
        "| × constant | × 50 rows | queries | bytes | times |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    rows = (
        f"| {line.name} | {line.median_ms:,.1f} | {line.p95_ms:,.1f} "
        f"| {line.per_constant:,.1f} | {line.per_rows:,.2f} "
        f"| {line.queries} | {line.bytes:,} | {line.times} |"
        for line in outcome.lines
    )
    return "\n".join([head, *rows])


def table_of(facts: Iterable[Fact], outcome: Any) -> str:
    """What is asked, what was found, and whether it is so."""
    head = "| asked | found | limit | |\n|---|--:|--:|---|"
    rows = []
    for fact in facts:
        found = fact.measure(outcome)
        shown = "–" if found is None else f"{found:,g}"
        rows.append(
            f"| {fact.what} | {shown} | {'≥' if fact.least else '≤'} {fact.limit:g} "
            f"| {fact.verdict(outcome)} |"
        )
    return "\n".join([head, *rows])


def _growth(outcome: Outcome) -> str:
    head = (
        f"| from {outcome.against} to {outcome.scale} | {outcome.against} ms | {outcome.scale} ms "
        "| growth |\n"
        "|---|--:|--:|--:|"
    )
    rows = (
        f"| {one.name} | {one.small_ms:,.1f} | {one.large_ms:,.1f} | {one.ratio:,.2f} |"
        for one in outcome.growth
    )
    return "\n".join([head, *rows])


def _rest(outcome: Outcome) -> Iterator[str]:
    if outcome.page:
        yield f"- The deep page of the list is page {outcome.page:,}."
    if crowd := outcome.crowd:
        yield (
            f"- With {crowd.at_once} requests at once: "
            f"the bare 50 rows {crowd.floor:,.0f} requests/s, "
            f"the list of 50 {crowd.page:,.0f}, "
            f"which is {crowd.share:.0%}."
        )
    if writing := outcome.writing:
        told = ", ".join(f"{action} {count:,}" for action, count in writing.moves.items())
        yield (
            f"- {writing.writers} writer processes, a transaction for each move: "
            f"{writing.rate:,.1f} accepted moves/s "
            f"({told}; {writing.seconds:.1f} s; "
            f"median of one {writing.median_ms:,.1f} ms); "
            f"tallies that drifted: {writing.drift}."
        )
    if outcome.after:
        pairs = zip(outcome.before, outcome.after, strict=False)
        told = "; ".join(
            f"{a.rss:.0f} → {b.rss:.0f} (PSS {a.pss:.0f} → {b.pss:.0f})" for a, b in pairs
        )
        yield f"- Memory of each web worker, RSS in MiB, before and after all requests: {told}."
