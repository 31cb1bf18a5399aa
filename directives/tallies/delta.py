"""Changes to the counts, and how they are written: few statements, in one order.

A change is kept by body. Which bodies stand above it is read when it is written, behind the gate that the tree's own changes
shut: so the counts go to those who are above it then. Every writer takes the tables, and the keys of each, in the same
order, and takes nothing after: two writers cannot wait for each other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.db import connection
from django.db.models import Model

from directives import gate
from directives.models import ALWAYS, FigureTotal, Mark, Obligation, Organisation, Owing, Tally, Total
from directives.models.obligations import CLOCKS
from directives.models.organisations import ancestors
from directives.states import LIVE, OPEN, RED

BATCH = 400  # rows of one statement
AT_ONCE = 3  # statements of one message
PLACES = FigureTotal._meta.get_field("sum").decimal_places
ACTS = {  # what happened: the acts that mean it, as subject:action
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
WORSE, BETTER = "worse", "better"  # acts besides: a light turned red, or was red and is no longer

Point = tuple[str, str, date]  # topic, word and day of a mark


def points_of(row: Obligation) -> Iterator[Point]:
    """The marks under which a live obligation counts."""
    yield "reason", row.light_code, ALWAYS
    yield "state", row.state, ALWAYS
    running = row.state in OPEN
    if row.deliverable or (running and row.plan_due_on):
        yield "plan", "", ALWAYS
    if running and row.due_on is None:
        yield "undated", "", ALWAYS
    for clock, (field, stopped) in CLOCKS.items():
        day = getattr(row, field)
        if running and day is not None and row.state not in stopped:
            yield "owes", clock, day


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one obligation counts: what the tallies need to know of it."""

    organisation_id: int
    document_id: int
    section_id: int
    directive_id: int
    state: str
    light: str
    percent: int
    points: tuple[Point, ...]

    @classmethod
    def of(cls, row: Obligation) -> "Standing":
        """The standing of an obligation as it is in memory."""
        place = (row.organisation_id, row.document_id, row.section_id, row.directive_id)
        return cls(*place, row.state, row.light, row.percent, tuple(points_of(row)))


@dataclass(frozen=True, slots=True)
class Held:
    """A body as it stands while its counts are written."""

    kind: str
    above: tuple[int, ...]  # the bodies above it, which all have children
    scopes: tuple[int, ...]  # the same, and itself if it has children


class Delta:
    """Changes to the counts, by body."""

    def __init__(self) -> None:
        self.work: Counter[tuple] = Counter()  # body, document, section, directive, state, light
        self.percents: Counter[tuple] = Counter()
        self.points: Counter[tuple] = Counter()  # body, document, topic, word, day
        self.figures: Counter[tuple] = Counter()  # body, indicator, year, period, number: reported once
        self.sums: Counter[tuple] = Counter()  # of what was reported, by the same

    def add(self, standing: Standing, sign: int = 1) -> None:
        """Count a standing in (+1) or out (−1). Withdrawn work counts nowhere."""
        if standing.state not in LIVE:
            return
        body, document = standing.organisation_id, standing.document_id
        key = (body, document, standing.section_id, standing.directive_id, standing.state, standing.light)
        self.work[key] += sign
        self.percents[key] += sign * standing.percent
        for point in standing.points:
            self.points[body, document, *point] += sign

    def swap(self, before: Standing, after: Standing, on: date) -> None:
        """Take the old standing out and put the new one in; a light that turns is an act of that day."""
        self.add(before, -1)
        self.add(after)
        if (before.light == RED) != (after.light == RED):
            self.point(after.organisation_id, after.document_id, ("act", WORSE if after.light == RED else BETTER, on))

    def point(self, body: int, document: int, point: Point, sign: int = 1) -> None:
        """Count one mark of a body."""
        self.points[body, document, *point] += sign

    def act(self, kind: str, action: str, body: int, document: int, on: date) -> None:
        """Count an act, if it is one that dashboards tell of; `kind` is the model's name."""
        word = ACT_OF.get(f"{kind}:{action}")
        if word:
            self.point(body, document, ("act", word, on))

    def figure(self, key: tuple[int, int, int, str, int], was: Decimal | None, now: Decimal | None) -> None:
        """Count a figure of a body (body, indicator, year, period, number) that said one thing and says another; None is nothing."""
        self.figures[key] += (now is not None) - (was is not None)
        self.sums[key] += (now or 0) - (was or 0)

    def merge(self, other: "Delta") -> None:
        """Take over what was gathered elsewhere."""
        self.work.update(other.work)
        self.percents.update(other.percents)
        self.points.update(other.points)
        self.figures.update(other.figures)
        self.sums.update(other.sums)

    def taken(self) -> "Delta":
        """What was gathered, as a delta of its own; nothing stays here."""
        other = Delta()
        other.merge(self)
        for gathered in (self.work, self.percents, self.points, self.figures, self.sums):
            gathered.clear()
        return other

    def apply(self) -> None:
        """Write the gathered changes, in few statements for a small change. What they say stays as it is."""
        if not (self.work or self.points or self.figures):
            return
        bodies = hold({key[0] for key in (*self.work, *self.points, *self.figures)})
        points = Counter(self.points)
        points.update(self._owe())
        tallies, tally_percents, totals, total_percents = Counter(), Counter(), Counter(), Counter()
        for (body, document, section, directive, state, light), n in self.work.items():
            percent = self.percents[body, document, section, directive, state, light]
            if not (n or percent):
                continue
            held = bodies[body]
            for scope in held.scopes:
                tallies[scope, document, directive, held.kind, state, light] += n
                tally_percents[scope, document, directive, held.kind, state, light] += percent
            for scope in (*held.above, body):
                totals[scope, document, section, light] += n
                total_percents[scope, document, section, light] += percent
        marks: Counter[tuple] = Counter()
        for (body, document, topic, word, day), n in points.items():
            for scope in bodies[body].scopes if n else ():
                marks[scope, document, topic, day, word] += n
        work = [*_upserts(Tally, tallies, tally_percents), *_upserts(Total, totals, total_percents), *_upserts(Mark, marks)]
        _write([*work, *_upserts(FigureTotal, *self._reported(bodies))])

    def _reported(self, bodies: dict[int, Held]) -> tuple[Counter[tuple], Counter[tuple]]:
        """Figures, how many and their sums, by their bodies and everybody above."""
        counts: Counter[tuple] = Counter()
        sums: Counter[tuple] = Counter()
        for (body, *place), n in self.figures.items():
            for scope in (*bodies[body].above, body):
                counts[scope, *place] += n
                sums[scope, *place] += self.sums[body, *place]
        return counts, sums

    def _owe(self) -> Counter[tuple]:
        """Keep how much each body owes; the first and the last obligation of a body is a mark of its own, returned here."""
        changes: Counter[tuple] = Counter()
        for (body, document, *_rest), n in self.work.items():
            changes[body, document] += n
        points: Counter[tuple] = Counter()
        for (body, document), now in upsert(Owing, changes, told=True):
            before = now - changes[body, document]
            if (before > 0) != (now > 0):
                points[body, document, "bodies", "", ALWAYS] += 1 if now > 0 else -1
        return points


def hold(ids: Iterable[int]) -> dict[int, Held]:
    """These bodies as they stand, and as they will stand until the transaction ends."""
    wanted, held = sorted(ids), {}
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        places = ", ".join(["%s"] * len(batch))
        statement = f"SELECT id, path, kind, branch FROM {Organisation._meta.db_table} WHERE id IN ({places})"  # noqa: S608
        for pk, path, kind, branch in gate.enter_and_ask(statement, batch):
            above = tuple(ancestors(path)[:-1])
            held[pk] = Held(kind, above, (*above, pk) if branch else above)
    return held


def exact(column: str, expression: str) -> str:
    """A sum as it is to be written: SQLite adds decimals in floating point, and rounded to their places they are exact again."""
    return f"ROUND({expression}, {PLACES})" if column == "sum" else expression


COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Tally: ("scope_id", "document_id", "directive_id", "body_kind", "state", "light"),
    Total: ("scope_id", "document_id", "section_id", "light"),
    Mark: ("scope_id", "document_id", "topic", "day", "word"),
    Owing: ("organisation_id", "document_id"),
    FigureTotal: ("scope_id", "indicator_id", "year", "period", "number"),
}
WORDS = {"body_kind", "state", "light", "topic", "word", "period"}  # the columns that are text


def values_of(model: type[Model]) -> tuple[str, ...]:
    """The columns of a table that count."""
    if model is FigureTotal:
        return ("count", "sum")
    return ("count",) if model in (Mark, Owing) else ("count", "percent_sum")


def upsert(model: type[Model], counts: Counter, percents: Counter | None = None, *, told: bool = False) -> list[tuple]:
    """Add to the rows of these keys, making those that are missing. `told`: returns each key with its new count.

    Django's bulk_create can only overwrite.
    """
    if not told:
        _write(_upserts(model, counts, percents))
        return []
    result: list[tuple] = []
    for statement, params in _upserts(model, counts, percents):
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} RETURNING {', '.join(COLUMNS[model])}, count", params)
            result += [(tuple(row[:-1]), row[-1]) for row in cursor.fetchall()]
    return result


def _upserts(model: type[Model], counts: Counter, percents: Counter | None = None) -> list[tuple[str, list]]:
    """The statements that add to the rows of these keys, in the order of the keys, with their parameters."""
    if percents is None:
        rows = [(*key, n) for key, n in counts.items() if n]
    else:
        rows = [(*key, n, percents[key]) for key, n in counts.items() if n or percents[key]]
    rows.sort()
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    return [(_adding(model, len(batch)), [_plain(value) for row in batch for value in row]) for batch in batches]


def _write(statements: list[tuple[str, list]]) -> None:
    """Carry these out in their order; PostgreSQL is sent what little a move changes in one message."""
    with connection.cursor() as cursor:
        if len(statements) <= AT_ONCE and gate.at_once():
            statements = [(";\n".join(text for text, _params in statements), [one for _text, params in statements for one in params])]
        for text, params in statements:
            if text:
                cursor.execute(text, params)


@lru_cache(maxsize=500)
def _adding(model: type[Model], rows: int) -> str:
    """The statement for so many rows."""
    columns = (*COLUMNS[model], *values_of(model))
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * rows)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {places} {adding(model)}"  # noqa: S608 - our own tables


def adding(model: type[Model]) -> str:
    """The end of an INSERT that adds to the rows that are there."""
    table, columns, values = model._meta.db_table, COLUMNS[model], values_of(model)
    sums = ", ".join(f"{value} = {exact(value, f'{table}.{value} + EXCLUDED.{value}')}" for value in values)
    return f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET {sums}"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) and connection.vendor == "sqlite" else value
