"""What a dashboard shows besides lights: why rows are red, what is due, what happened.

For a body with children it comes from the stored marks, for a single body from its few rows. For
all documents together (`document` None) there are no cycles, as each belongs to one document.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from directives.base.states import RED
from directives.dashboard.queries import sql
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.counts import Vantage
from directives.dashboard.queries.sql import FactRow, Part
from directives.models import ALWAYS, Obligation
from directives.tallies import BETTER, WORSE
from directives.tallies.delta import ACT_OF, mark_keys_of

AHEAD = timedelta(days=45)  # period of “what comes next”
WEEK = timedelta(days=7)
WEEKS = 13  # in the curve of the share on time


@dataclass(frozen=True, slots=True)
class BoardCycle:
    """A reporting cycle; `handed` counts the submitted entries by day of submission."""

    pk: int
    period: str  # "2026 quarter 3"
    opens_on: date
    due_on: date
    submitted_by_day: dict[date, int] = field(default_factory=dict)
    entries: int = 0  # started, submitted or not

    @property
    def submitted_count(self) -> int:
        return sum(self.submitted_by_day.values())


@dataclass(frozen=True, slots=True)
class DayCopy:
    """The lights of a subtree at the end of a day."""

    day: date
    on_time: int
    total: int
    red: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The marks, events and cycles of a body, or of its rows."""

    marks: Counter[tuple[str, str]] = field(default_factory=Counter)  # by topic and word
    due_days: tuple[tuple[date, str, int], ...] = ()  # day, clock, rows
    # what happened, by word: since the last working day, and in a week
    acts: dict[str, tuple[int, int]] = field(default_factory=dict)
    cycles: tuple[BoardCycle, ...] = ()  # newest first
    copies: tuple[DayCopy, ...] = ()  # earlier days, oldest first
    directives: int = 0

    def clock(self, name: str) -> int:
        """The number of rows on which this clock runs."""
        return self.marks["owed", name]

    def of(self, topic: str, words: Iterable[str]) -> int:
        return sum(self.marks[topic, word] for word in words)

    @property
    def broken_down(self) -> int:
        """The number of rows that are broken down, and so not counted themselves."""
        return sum(n for (topic, _word), n in self.marks.items() if topic == "broken")

    def copy_on(self, on: date) -> DayCopy | None:
        """The newest copy on or before the day; None if there is none."""
        return next((kept for kept in reversed(self.copies) if kept.day <= on), None)


def _cycles_and_copies(
    view: Vantage, document: int | None, choice: BoardChoice, today: date
) -> Iterator[Part]:
    if document is not None:
        yield sql.cycles(document, today)
    if view.has_copies and not choice.by_directive:
        yield sql.copies(view.body.pk, document, choice.section, today - WEEKS * WEEK, today)


def of_branch(
    view: Vantage, document: int | None, choice: BoardChoice, *, today: date, since: date
) -> Facts:
    """Read the facts from the stored marks, in one query."""
    parts, recent = [*_cycles_and_copies(view, document, choice, today)], min(since, today - WEEK)
    if not choice.selects_part and choice.on is None:
        if document is None:
            parts.append(sql.overall_marks(view.body.pk, recent))
        else:
            parts.append(sql.marks(view.body.pk, document, recent, today))
            parts.append(sql.directives_owed(view.body.pk, document))
    return _facts(sql.read(parts), today, since)


def broken_down(rows: Iterable[Obligation]) -> Counter[tuple[str, str]]:
    """The marks of the rows that are broken down, of a body that may have no others."""
    return Counter(
        (topic, word) for row in rows if row.parts for topic, word, _day in mark_keys_of(row)
    )


def of_rows(
    view: Vantage,
    rows: Sequence[Obligation],
    document: int | None,
    choice: BoardChoice,
    *,
    today: date,
    since: date,
) -> Facts:
    """Count the facts from these rows, and read the rest in one query.

    The rows are those of one body, or the few in its subtree under a filter.
    """
    mark_counts: Counter[tuple[str, str, date]] = Counter(
        mark for row in rows for mark in mark_keys_of(row)
    )
    counted_rows = [row for row in rows if row.is_counted]
    mark_counts["directives", "", ALWAYS] = len({row.directive_id for row in counted_rows})
    mark_counts["bodies", "", ALWAYS] = len({row.organisation_id for row in counted_rows})
    parts = [*_cycles_and_copies(view, document, choice, today)]
    if document is not None:
        bodies = (
            sql.below(view.body.path, choice.kind) if view.has_counts else sql.body(view.body.pk)
        )
        conditions = {"o__section_id": choice.section, "o__directive_id": choice.directive}
        parts.append(sql.entries(bodies, document, **conditions, d__kind=choice.about))
    if not choice.selects_part:
        parts.append(sql.events(view.body.pk, document, min(since, today - WEEK)))
    counted = (FactRow(topic, word, on, n, 0) for (topic, word, on), n in mark_counts.items())
    return _facts([*_acts(sql.read(parts)), *counted], today, since)


def _acts(rows: Iterable[FactRow]) -> Iterator[FactRow]:
    """Turn events into counts of acts."""
    for row in rows:
        if row.topic != "event":
            yield row
            continue
        act, was, now = row.word.split(">")
        if act in ACT_OF:
            yield FactRow("act", ACT_OF[act], row.on, row.n, 0)
        if act.startswith("obligation:") and (was == RED) != (now == RED):
            yield FactRow("act", WORSE if now == RED else BETTER, row.on, row.n, 0)


def _facts(rows: Iterable[FactRow], today: date, since: date) -> Facts:
    marks: Counter[tuple[str, str]] = Counter()
    acts: dict[str, tuple[int, int]] = {}
    due_days: list[tuple[date, str, int]] = []
    cycles: list[tuple[str, date]] = []
    submissions: list[tuple[str, date | None, int]] = []
    daily_copies: list[DayCopy] = []
    directives = 0
    for topic, word, on, n, p in rows:
        if topic == "cycle":
            cycles.append((word, on))
        elif topic == "report":
            submissions.append((word, on if on != ALWAYS else None, n))
        elif topic == "day":
            daily_copies.append(DayCopy(on, n, p, int(word)))
        elif topic == "act":
            recent, week = acts.get(word, (0, 0))
            acts[word] = (recent + n * (on >= since), week + n)
        elif topic == "directives":
            directives = n
        elif topic == "owes":
            marks["owed", word] += n
            if today <= on <= today + AHEAD:
                due_days.append((on, word, n))
        else:
            marks[topic, word] += n
    return Facts(
        marks,
        tuple(sorted(due_days)),
        acts,
        _periods(cycles, submissions),
        tuple(sorted(daily_copies, key=lambda kept: kept.day)),
        directives,
    )


def _periods(
    cycles: Iterable[tuple[str, date]], reports: Iterable[tuple[str, date | None, int]]
) -> tuple[BoardCycle, ...]:
    submitted_by_cycle: dict[str, dict[date, int]] = {}
    entries: Counter[str] = Counter()
    for cycle, on, n in reports:
        entries[cycle] += n
        if on is not None:
            of_day = submitted_by_cycle.setdefault(cycle, {})
            of_day[on] = of_day.get(on, 0) + n
    periods = []
    for words, opens_on in cycles:
        pk, due_on, period = words.split(" ", 2)
        periods.append(
            BoardCycle(
                int(pk),
                period,
                opens_on,
                date.fromisoformat(due_on),
                submitted_by_cycle.get(pk, {}),
                entries[pk],
            )
        )
    return tuple(sorted(periods, key=lambda cycle: (cycle.opens_on, cycle.pk), reverse=True))
