# ruff: noqa: S608 - nothing but names of our own tables and words of our own tables of words enters these statements
"""What a dashboard says of a body besides its lights, read in one query: why rows are red, what runs out when, what came in, what happened.

Of a body that has children it is read from the kept marks, of a single body counted from its own few rows, into the same shape.
Of all documents together (`document` None) nothing is said of reporting cycles, which are of one document each.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from directives.base.states import COLOURS, IN, ON_TIME, RED
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.counts import Vantage
from directives.models import (
    ALWAYS,
    Cycle,
    Directive,
    Event,
    Mark,
    Obligation,
    Organisation,
    OverallDay,
    OverallMark,
    ProgressReport,
    ReportEntry,
    Tally,
    TallyDay,
)
from directives.models.scope import PATH_END
from directives.tallies import BETTER, WORSE
from directives.tallies.delta import ACT_OF, mark_keys_of
from directives.tallies.recount import day, member

AHEAD = timedelta(days=45)  # how far ahead “what comes next” looks
BACK = timedelta(days=400)  # cycles that opened before are not shown
WEEK = timedelta(days=7)
WEEKS = 13  # of the curve of the share on time
ONCE = ("reason", "state", "plan", "bodies", "undated")  # topics that know no day


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting cycle; `handed` counts the entries that are in, by the day they came."""

    pk: int
    period: str  # "2026 quarter 3"
    opens_on: date
    due_on: date
    handed: dict[date, int] = field(default_factory=dict)
    entries: int = 0  # begun, in or not

    @property
    def done(self) -> int:
        return sum(self.handed.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """The lights of a subtree at the end of a day."""

    day: date
    on_time: int
    total: int
    red: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`marks` by topic and word. `acts`: what happened, by word: since the last working day, and in a week."""

    marks: Counter[tuple[str, str]] = field(default_factory=Counter)
    ahead: tuple[tuple[date, str, int], ...] = ()  # day, clock, rows
    acts: dict[str, tuple[int, int]] = field(default_factory=dict)
    cycles: tuple[Period, ...] = ()  # newest first
    days: tuple[Kept, ...] = ()  # earlier days, oldest first
    directives: int = 0

    def clock(self, name: str) -> int:
        """Rows on which this clock runs."""
        return self.marks["owed", name]

    def of(self, topic: str, words: Iterable[str]) -> int:
        return sum(self.marks[topic, word] for word in words)

    def kept(self, on: date) -> Kept | None:
        """What stood at the end of that day; None before the first copy."""
        return next((one for one in reversed(self.days) if one.day <= on), None)


Row = tuple[str, str, date | None, int, int]
DIRECTIVES, CYCLES, TALLIES, MARKS, OVERALL_MARKS, DAYS, OVERALL_DAYS, WORK, ENTRIES, REPORTS, EVENTS, BODIES = (
    model._meta.db_table
    for model in (
        Directive, Cycle, Tally, Mark, OverallMark, TallyDay, OverallDay, Obligation, ReportEntry, ProgressReport, Event, Organisation,
    )
)  # fmt: skip


@dataclass
class Asking:
    """Parts of one question, each of five columns (topic, word, day and two numbers), and their parameters in order.

    Written as SQL: Django takes longer to put such a union together than either engine to answer it.
    """

    parts: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def add(self, sql: str, *params: Any) -> None:
        self.parts.append(f"SELECT {sql}")
        self.params += [param.isoformat() if type(param) is date else param for param in params]

    def rows(self) -> list[Row]:
        if not self.parts:
            return []
        with connections[Mark.objects.db].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(self.parts), self.params)
            found = cursor.fetchall()
        return [
            (topic, word, date.fromisoformat(day) if isinstance(day, str) else day, n, int(p))
            for topic, word, day, n, p in found
        ]


def _asking(view: Vantage, document: int | None, choice: BoardChoice, today: date) -> Asking:
    """The cycles, and every day of which a copy is kept, from the one that holds for the first day of the curve."""
    asking, start = Asking(), today - WEEKS * WEEK
    if document is not None:
        asking.add(
            "'cycle', CAST(id AS text) || ' ' || CAST(due_on AS text) || ' ' || CAST(year AS text) || ' ' || period || ' ' || "
            "CAST(number AS text), "
            f"opens_on, 0, 0 FROM {CYCLES} WHERE document_id = %s AND opens_on BETWEEN %s AND %s",
            document, today - BACK, today,
        )  # fmt: skip
    if choice.narrow or not view.copied:
        return asking
    here, params, table = "scope_id = %s", [view.body.pk], OVERALL_DAYS
    for column, value in (("document_id", document), ("section_id", choice.section)):
        if value is not None:
            here, params, table = f"{here} AND {column} = %s", [*params, value], DAYS
    on_time, total = "+".join(sorted(ON_TIME)), "+".join(COLOURS)
    asking.add(
        f"'day', CAST(SUM(red) AS text), day, SUM({on_time}), SUM({total}) FROM {table} WHERE {here} AND day < %s AND "
        f"day >= COALESCE((SELECT MAX(day) FROM {table} WHERE {here} AND day <= %s), %s) GROUP BY day",
        *params, today, *params, start, start,
    )  # fmt: skip
    return asking


def of_branch(
    view: Vantage, document: int | None, choice: BoardChoice, *, today: date, since: date
) -> Facts:
    """From the kept marks: one query."""
    asking = _asking(view, document, choice, today)
    if not choice.narrows and choice.on is None:
        recent = min(since, today - WEEK)
        if document is None:
            asking.add(
                f"topic, word, day, count, 0 FROM {OVERALL_MARKS} WHERE scope_id = %s AND count > 0 AND (topic <> 'act' OR day >= %s)",
                view.body.pk, recent,
            )  # fmt: skip
        else:
            _ask_marks(asking, view.body.pk, document, recent, today - BACK)
    return _facts(asking.rows(), today, since)


def _ask_marks(asking: Asking, body: int, document: int, recent: date, back: date) -> None:
    """The marks of one document, and how many of its directives are owed."""
    once = ", ".join(f"'{topic}'" for topic in ONCE)
    asking.add(
        f"topic, word, day, count, 0 FROM {MARKS} WHERE scope_id = %s AND document_id = %s AND count > 0 "
        f"AND (topic IN ({once}, 'owes') "
        "OR (topic = 'act' AND day >= %s) OR (topic = 'report' AND (day = %s OR day >= %s)))",
        body, document, recent, ALWAYS, back,
    )  # fmt: skip
    asking.add(
        f"'directives', '', NULL, COUNT(*), 0 FROM {DIRECTIVES} d WHERE d.document_id = %s AND EXISTS (SELECT 1 FROM {TALLIES} t "
        "WHERE t.scope_id = %s AND t.document_id = %s AND t.directive_id = d.id AND t.count > 0)",
        document, body, document,
    )  # fmt: skip


def of_rows(
    view: Vantage,
    rows: Sequence[Obligation],
    document: int | None,
    choice: BoardChoice,
    *,
    today: date,
    since: date,
) -> Facts:
    """From the rows of one body, or under a filter of the few below it: one query besides."""
    asking = _asking(view, document, choice, today)
    counted: Counter[tuple[str, str, date]] = Counter(
        point for row in rows for point in mark_keys_of(row)
    )
    counted["directives", "", ALWAYS] = len({row.directive_id for row in rows})
    counted["bodies", "", ALWAYS] = len({row.organisation_id for row in rows})
    if document is not None:
        _ask_entries(asking, view, document, choice)
    if not choice.narrows:
        first = connections[Mark.objects.db].ops.adapt_datetimefield_value(
            midnight(min(since, today - WEEK))
        )
        lights = [member(f"e.{side}", "light") for side in ("before", "after")]
        word = f"e.subject_type || ':' || e.action || '>' || {lights[0]} || '>' || {lights[1]}"
        of, which = ("= %s", [document]) if document else ("IS NOT NULL", [])
        asking.add(
            f"'event', {word}, {day('e.at')}, COUNT(*), 0 FROM {EVENTS} e "
            f"WHERE e.organisation_id = %s AND e.document_id {of} AND e.at >= %s "
            f"GROUP BY {word}, {day('e.at')}",
            view.body.pk, *which, first,
        )  # fmt: skip
    given = [(topic, word, on, n, 0) for (topic, word, on), n in counted.items()]
    return _facts([*_acts(asking.rows()), *given], today, since)


def _ask_entries(asking: Asking, view: Vantage, document: int, choice: BoardChoice) -> None:
    """Report entries of the body, or of those below it, by cycle and the day they came in."""
    states = ", ".join(f"'{state}'" for state in sorted(IN))
    came = f"CASE WHEN e.state IN ({states}) THEN {day('e.submitted_at')} END"
    tables = f"{ENTRIES} e JOIN {REPORTS} r ON r.id = e.report_id JOIN {WORK} o ON o.id = e.obligation_id JOIN {DIRECTIVES} d "
    tables += "ON d.id = o.directive_id"
    narrowing = {
        "o.section_id": choice.section,
        "o.directive_id": choice.directive,
        "d.kind": choice.about,
    }
    asked = {column: value for column, value in narrowing.items() if value}
    bodies, place = "= %s", [view.body.pk]
    if view.counted:
        kind = " AND kind = %s" if choice.kind else ""
        bodies = f"IN (SELECT id FROM {BODIES} WHERE path >= %s AND path <= %s{kind})"
        place = [view.body.path, view.body.path + PATH_END, *filter(None, [choice.kind])]
    asking.add(
        f"'report', CAST(r.cycle_id AS text), {came}, COUNT(*), 0 FROM {tables} WHERE r.organisation_id {bodies} AND r.document_id = %s "
        f"{''.join(f'AND {column} = %s ' for column in asked)} GROUP BY r.cycle_id, {came}",
        *place, document, *asked.values(),
    )  # fmt: skip


def _acts(rows: Iterable[Row]) -> Iterable[Row]:
    """Events as the acts that are counted."""
    for topic, word, on, n, p in rows:
        if topic != "event":
            yield topic, word, on, n, p
            continue
        act, was, now = word.split(">")
        if act in ACT_OF:
            yield "act", ACT_OF[act], on, n, 0
        if act.startswith("obligation:") and (was == RED) != (now == RED):
            yield "act", WORSE if now == RED else BETTER, on, n, 0


def midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, timezone.get_current_timezone())


def _facts(rows: Iterable[Row], today: date, since: date) -> Facts:
    marks: Counter[tuple[str, str]] = Counter()
    acts: dict[str, tuple[int, int]] = {}
    ahead, handed, told, days, directives = [], [], [], [], 0
    for topic, word, on, n, p in rows:
        if topic == "cycle":
            told.append((word, on))
        elif topic == "report":
            handed.append((word, on if on != ALWAYS else None, n))
        elif topic == "day":
            days.append(Kept(on, n, p, int(word)))
        elif topic == "act":
            late, week = acts.get(word, (0, 0))
            acts[word] = (late + n * (on >= since), week + n)
        elif topic == "directives":
            directives = n
        elif topic == "owes":
            marks["owed", word] += n
            if today <= on <= today + AHEAD:
                ahead.append((on, word, n))
        else:
            marks[topic, word] += n
    return Facts(
        marks,
        tuple(sorted(ahead)),
        acts,
        _periods(told, handed),
        tuple(sorted(days, key=lambda one: one.day)),
        directives,
    )


def _periods(
    told: Iterable[tuple[str, date]], reports: Iterable[tuple[str, date | None, int]]
) -> tuple[Period, ...]:
    handed: dict[str, dict[date, int]] = {}
    entries: Counter[str] = Counter()
    for cycle, on, n in reports:
        entries[cycle] += n
        if on is not None:
            of_day = handed.setdefault(cycle, {})
            of_day[on] = of_day.get(on, 0) + n
    found = []
    for words, opens_on in told:
        pk, due_on, period = words.split(" ", 2)
        found.append(
            Period(
                int(pk),
                period,
                opens_on,
                date.fromisoformat(due_on),
                handed.get(pk, {}),
                entries[pk],
            )
        )
    return tuple(sorted(found, key=lambda cycle: (cycle.opens_on, cycle.pk), reverse=True))
