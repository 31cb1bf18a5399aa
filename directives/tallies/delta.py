"""Changes to the counts, and writing them in few statements.

Changes are gathered by body. The bodies above it are read when the changes are written, under a
lock that excludes changes of the tree. Every writer writes the tables, and the keys of each table,
in the same order, and locks nothing afterwards, so that two writers cannot deadlock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction

from directives.base.states import COLOURS, LIVE, OPEN, RED
from directives.models import (
    ALWAYS,
    DocumentTotal,
    FigureTotal,
    Mark,
    Obligation,
    OverallMark,
    Owing,
    Tally,
    Total,
)
from directives.models.obligations import CLOCKS
from directives.models.organisations import ancestors
from directives.tallies.sql.upserts import (
    BATCH,
    Statement,
    rows_under_lock,
    upsert_returning,
    upserts,
    write,
)

ACTS = {  # word of a mark → the audited actions that count as it, as subject_type:action
    "issued": ("obligation:issue",),
    "received": ("obligation:acknowledge",),
    "disputed": ("obligation:dispute",),
    "plans": ("plan:hand_in", "plan:sign"),
    "reports": ("reportentry:hand_in", "reportentry:sign"),
    "accepted": ("plan:accept", "reportentry:accept"),
    "returned": ("plan:return", "reportentry:return"),
    "closing": ("obligation:request_close",),
    "closed": ("obligation:close",),
}
ACT_OF = {act: word for word, acts in ACTS.items() for act in acts}
CLOSED = "the transaction of these counts is over; what comes later needs a counted() of its own"
# Topics that are not summed up over documents
OF_ONE_DOCUMENT = frozenset(("item", "filed", "cycle", "report", "bodies"))
WORSE, BETTER = "worse", "better"  # further words: a light turned red, or is no longer red

MarkKey = tuple[str, str, date]  # topic, word and day of a mark
WorkKey = tuple[int, int, int, int, str, str]  # body, document, section, directive, state, light
BodyMark = tuple[int, int, str, str, date]  # body, document, topic, word, day
FigureKey = tuple[int, int, int, str, int]  # body, indicator, year, period, number


def mark_keys_of(row: Obligation) -> Iterator[MarkKey]:
    """The marks under which a live obligation counts."""
    if row.parts:
        yield "broken", row.state, ALWAYS
        return
    yield "reason", row.light_code, ALWAYS
    yield "state", row.state, ALWAYS
    running = row.state in OPEN
    if row.deliverable or (running and row.plan_due_on):
        yield "plan", "", ALWAYS
    if running and row.due_on is None:
        yield "undated", "", ALWAYS
    for clock, (name, stopped) in CLOCKS.items():
        day = getattr(row, name)
        if running and day is not None and row.state not in stopped:
            yield "owes", clock, day


@dataclass(frozen=True, slots=True)
class Standing:
    """The keys under which one obligation is counted."""

    organisation_id: int
    document_id: int
    section_id: int
    directive_id: int
    state: str
    light: str
    percent: int
    is_counted: bool  # with its light, and not only by its marks
    mark_keys: tuple[MarkKey, ...]

    @classmethod
    def of(cls, row: Obligation) -> "Standing":
        """The standing that follows from the fields in memory."""
        place = (row.organisation_id, row.document_id, row.section_id, row.directive_id)
        marks = tuple(mark_keys_of(row)) if row.state in LIVE else ()
        return cls(*place, row.state, row.light, row.percent, row.is_counted, marks)


@dataclass(frozen=True, slots=True)
class CountedBody:
    """A body while its counts are written."""

    kind: str
    above: tuple[int, ...]  # ids of the bodies above it
    scopes: tuple[int, ...]  # the same, and its own if it has children: those with all counts


@dataclass
class Delta:
    """Changes to the counts, by body."""

    work: Counter[WorkKey] = field(default_factory=Counter)
    percents: Counter[WorkKey] = field(default_factory=Counter)
    marks: Counter[BodyMark] = field(default_factory=Counter)
    figures: Counter[FigureKey] = field(default_factory=Counter)  # how many were reported
    sums: Counter[FigureKey] = field(default_factory=Counter)  # their sum
    closed: bool = False  # the transaction is over: further changes are refused

    def _demand_open(self) -> None:
        if self.closed:
            raise transaction.TransactionManagementError(CLOSED)

    def add(self, standing: Standing, sign: int = 1) -> None:
        """Count a standing in (+1) or out (−1). Withdrawn obligations are not counted."""
        self._demand_open()
        body, document = standing.organisation_id, standing.document_id
        section, directive = standing.section_id, standing.directive_id
        if standing.is_counted:
            key = (body, document, section, directive, standing.state, standing.light)
            self.work[key] += sign
            self.percents[key] += sign * standing.percent
        for mark_key in standing.mark_keys:
            self.marks[body, document, *mark_key] += sign

    def swap(self, before: Standing, after: Standing, on: date) -> None:
        """Count the old standing out and the new one in, and a light that turns to or from red."""
        self.add(before, -1)
        self.add(after)
        if (before.light == RED) != (after.light == RED):
            word = WORSE if after.light == RED else BETTER
            self.count_mark(after.organisation_id, after.document_id, ("act", word, on))

    def count_mark(self, body: int, document: int, mark_key: MarkKey, sign: int = 1) -> None:
        """Count one mark of a body."""
        self._demand_open()
        self.marks[body, document, *mark_key] += sign

    def act(self, kind: str, action: str, body: int, document: int, on: date) -> None:
        """Count an act, if dashboards show it; `kind` is the name of the subject's model."""
        word = ACT_OF.get(f"{kind}:{action}")
        if word:
            self.count_mark(body, document, ("act", word, on))

    def figure(self, key: FigureKey, was: Decimal | None, now: Decimal | None) -> None:
        """Count the change of a reported figure; None: not reported."""
        self._demand_open()
        self.figures[key] += (now is not None) - (was is not None)
        # A Counter can add decimals; its stubs only know whole numbers.
        self.sums[key] += (now or 0) - (was or 0)  # type: ignore[assignment]

    def merge(self, other: "Delta") -> None:
        """Add the changes of another delta."""
        self._demand_open()
        self.work.update(other.work)
        self.percents.update(other.percents)
        self.marks.update(other.marks)
        self.figures.update(other.figures)
        self.sums.update(other.sums)

    def take_changes(self) -> "Delta":
        """Move the changes into a new delta."""
        other = Delta()
        other.merge(self)
        for counter in (self.work, self.percents, self.marks, self.figures, self.sums):
            counter.clear()
        return other

    def apply(self) -> None:
        """Write the changes; the delta itself is not changed."""
        bodies = lock_bodies(
            {body for counter in (self.work, self.marks, self.figures) for body, *_rest in counter}
        )
        if not bodies:
            return
        marks = Counter(self.marks)
        marks.update(self._write_owing())
        statements = [*self._light_statements(bodies), *_mark_statements(marks, bodies)]
        if self.figures:
            statements += upserts(FigureTotal, *self._figures_by_scope(bodies))
        write(statements)

    def _light_statements(self, bodies: dict[int, CountedBody]) -> Iterator[Statement]:
        """By light: by directive for bodies with children, by section and document for all."""
        tallies: Counter[tuple[int, int, int, str, str, str]] = Counter()
        tally_percents: Counter[tuple[int, int, int, str, str, str]] = Counter()
        totals: Counter[tuple[int, int, int, str]] = Counter()
        total_percents: Counter[tuple[int, int, int, str]] = Counter()
        percents: Counter[tuple[int, int]] = Counter()
        by_colour: dict[str, Counter[tuple[int, int]]] = {colour: Counter() for colour in COLOURS}
        for (body, document, section, directive, state, light), n in self.work.items():
            percent = self.percents[body, document, section, directive, state, light]
            if not (n or percent):
                continue
            kind, above = bodies[body].kind, bodies[body].above
            for scope in bodies[body].scopes:
                tallies[scope, document, directive, kind, state, light] += n
                tally_percents[scope, document, directive, kind, state, light] += percent
            for scope in (*above, body):
                totals[scope, document, section, light] += n
                total_percents[scope, document, section, light] += percent
                by_colour[light][scope, document] += n
                percents[scope, document] += percent
        yield from upserts(Tally, tallies, tally_percents)
        yield from upserts(Total, totals, total_percents)
        yield from upserts(DocumentTotal, *by_colour.values(), percents)

    def _figures_by_scope(
        self, bodies: dict[int, CountedBody]
    ) -> tuple[Counter[FigureKey], Counter[FigureKey]]:
        """Numbers and sums of figures, for their bodies and all bodies above."""
        counts: Counter[FigureKey] = Counter()
        sums: Counter[FigureKey] = Counter()
        for key, n in self.figures.items():
            body, indicator, year, period, number = key
            for scope in (*bodies[body].above, body):
                counts[scope, indicator, year, period, number] += n
                sums[scope, indicator, year, period, number] += self.sums[key]
        return counts, sums

    def _write_owing(self) -> Counter[BodyMark]:
        """Update `Owing`; returns the changes of the marks of bodies that owe anything at all."""
        changes: Counter[tuple[int, int]] = Counter()
        for (body, document, *_rest), n in self.work.items():
            changes[body, document] += n
        marks: Counter[BodyMark] = Counter()
        for (body, document), now in upsert_returning(Owing, changes):
            before = now - changes[body, document]
            if (before > 0) != (now > 0):
                marks[body, document, "bodies", "", ALWAYS] += 1 if now > 0 else -1
        return marks


def _mark_statements(
    body_marks: Counter[BodyMark], bodies: dict[int, CountedBody]
) -> Iterator[Statement]:
    """Marks of each document, and over all documents."""
    marks: Counter[tuple[int, int, str, date, str]] = Counter()
    overall: Counter[tuple[int, str, date, str]] = Counter()
    for (body, document, topic, word, day), n in body_marks.items():
        for scope in bodies[body].scopes if n else ():
            marks[scope, document, topic, day, word] += n
            if topic not in OF_ONE_DOCUMENT:
                overall[scope, topic, day, word] += n
    yield from upserts(Mark, marks)
    yield from upserts(OverallMark, overall)


def lock_bodies(ids: Iterable[int]) -> dict[int, CountedBody]:
    """These bodies by id. The tree does not change until the transaction ends."""
    sorted_ids, bodies = sorted(ids), {}
    for start in range(0, len(sorted_ids), BATCH):
        for pk, path, kind, branch in rows_under_lock(sorted_ids[start : start + BATCH]):
            above = tuple(ancestors(path)[:-1])
            bodies[pk] = CountedBody(kind, above, (*above, pk) if branch else above)
    return bodies
