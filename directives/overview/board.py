"""The dashboard: where the work of a subtree stands, who is late and why. Every figure knows the address of its rows."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from django.utils import timezone

from directives.models import Document, Obligation, Organisation, Section, User
from directives.overview import captions, counts
from directives.overview.counts import Body, Census, Ground, Group, Vantage
from directives.overview.figures import Cell, Covered, DueDay, Figure, Happened, Line, Named
from directives.overview.late import Late, late_rows
from directives.overview.obligations import ON, Filter
from directives.overview.scope import Lights, Scope
from directives.overview.trend import Trend, trend
from directives.states import GREEN, RED, YELLOW
from directives.workdays import Workdays

LATE_ROWS = 6
NEXT_DAYS = 5
TURNED = ("obligation:light", "obligation:")  # a light is turned by the tick, or along with any other act
EVENTS = {  # what happened: the acts that mean it
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


@dataclass(frozen=True)
class Board:
    """All that the dashboard shows. `ground`, `census` and the rest are empty where nothing has been issued yet."""

    view: Vantage
    document: Document | None
    documents: tuple[Document, ...]
    sections: tuple[Section, ...]
    ground: Ground
    since: datetime
    workdays_left: int = 0  # until the reports of the current cycle are due; below 0: past
    places: tuple[Organisation, ...] = ()  # from where else the person may look
    up: int | None = None  # the body above, where the person may look from there
    census: Census | None = None
    late: tuple[Late, ...] = ()
    trend: Trend | None = None
    happened: tuple[Happened, ...] = ()
    ahead: tuple[DueDay, ...] = ()
    directives: tuple[Line, ...] = ()

    @property
    def filter(self) -> Filter:
        return Filter(document=self.document.pk if self.document else None, body=self.view.body.pk)

    @cached_property
    def lights(self) -> Lights:
        return self.ground.over(self.view.body.pk)

    def figure(self, n: int, of: int | None = None, **asked: Any) -> Figure:
        return Figure(n, self.lights.total if of is None else of, replace(self.filter, **asked))

    def line(self, thing: Any, lights: Lights, **asked: Any) -> Line:
        return Line(thing, lights, self.figure(lights.total, lights.total, **asked))

    @cached_property
    def all(self) -> Figure:
        return self.figure(self.lights.total)

    @property
    def on_time(self) -> Figure:
        return self.figure(self.lights.on_time, light=ON)

    @property
    def green(self) -> Figure:
        return self.figure(self.lights.green, light="green")

    @property
    def yellow(self) -> Figure:
        return self.figure(self.lights.yellow, light="yellow")

    @property
    def red(self) -> Figure:
        return self.figure(self.lights.red, light="red")

    @property
    def closed(self) -> Figure:
        return self.figure(self.lights.closed, light="closed")

    @property
    def undue(self) -> Figure:
        return self.figure(self.lights.undue, light="undue")

    @property
    def grey(self) -> Figure:
        return self.figure(self.lights.closed + self.lights.undue, light="grey")

    @property
    def missed(self) -> tuple[Named, ...]:
        """Why rows are red: the clocks that have run out. One row may have missed two."""
        found = self.census.late.items() if self.census else ()
        return tuple(Named(captions.MISSED[clock], self.figure(n, clock=clock)) for clock, n in found if n)

    @property
    def causes(self) -> tuple[Named, ...]:
        """Why rows are yellow."""
        found = self.census.causes.items() if self.census else ()
        return tuple(Named(captions.CAUSES[cause], self.figure(n, light=YELLOW, cause=cause)) for cause, n in found if n)

    @cached_property
    def section_lines(self) -> tuple[Line, ...]:
        lines = [(section, self.ground.of(self.view.body.pk, section.pk)) for section in self.sections]
        return tuple(self.line(section, lights, section=section.pk) for section, lights in lines if lights.total)

    @cached_property
    def worst_sections(self) -> tuple[Line, ...]:
        """The two sections with most overdue rows, where there are more than two with any."""
        late = sorted((line for line in self.section_lines if line.lights.red), key=lambda line: -line.lights.red)
        return tuple(sorted(late[:2], key=lambda line: line.thing.order)) if len(late) > 2 else ()

    @property
    def worst_red(self) -> int:
        return sum(line.lights.red for line in self.worst_sections)

    @cached_property
    def bodies(self) -> tuple[Line, ...]:
        """The bodies right below that owe something, best first; of equal shares the larger body first."""
        below = [body for body in self.ground.bodies.values() if body.pk != self.view.body.pk]
        in_order = sorted(below, key=lambda body: body.code)
        lines = [self.line(body, self.ground.over(body.pk), body=body.pk) for body in in_order]
        ranked = sorted(lines, key=lambda line: (-line.lights.on_time / line.lights.total, -line.lights.total))
        return tuple(replace(line, place=place) for place, line in enumerate(ranked, 1))

    def with_cells(self, line: Line) -> Line:
        """The line of a body with its sections side by side."""
        return replace(line, cells=tuple(self._cell(line.thing, part.thing) for part in self.section_lines))

    def _cell(self, body: Body, section: Section) -> Cell:
        lights = self.ground.of(body.pk, section.pk)
        return Cell(section, self.line(section, lights, body=body.pk, section=section.pk).off_time, lights.red)

    @property
    def own(self) -> int:
        """What the body owes itself, beside the bodies below it."""
        return self.lights.total - sum(line.lights.total for line in self.bodies)

    @property
    def coverage(self) -> tuple[Covered, ...]:
        """Receipt, plan, report: what is done, and what is missing with its rows."""
        if self.census is None:
            return ()
        found, done = self.census, self.trend.cycle.done if self.trend else 0
        parts = [("receipt", found.live, found.unreceived, {"state": "assigned"})]
        if found.plan_owed:
            parts.append(("plan", found.plan_owed, found.plan_missing, {"owes": "plan"}))
        if self.trend:
            parts.append(("report", done + found.report_missing, found.report_missing, {"owes": "report"}))
        return tuple(
            Covered(captions.COVERED[kind], self.figure(whole - missing, whole), self.figure(missing, whole, **asked))
            for kind, whole, missing, asked in parts
        )


def board(user: User, *, scope: int | None, document: int | None, today: date, workdays: Workdays) -> Board | None:
    """The dashboard of a body for one document. None: the person may not look from there, or has no place at all.

    Without `scope` it is the highest body that the person oversees, without `document` the newest one.
    """
    sections = counts.sections_in_view(user)
    documents = tuple({section.document_id: section.document for section in sections}.values())
    chosen = next((row for row in documents if document in (None, row.pk)), None)
    if chosen is None and document is not None:
        return None
    view, ground = _standpoint(user, scope, chosen)
    if view is None:
        return None
    since = datetime.combine(workdays.add(today, -1), time.min, timezone.get_current_timezone())
    parts = tuple(section for section in sections if chosen and section.document_id == chosen.pk)
    scope_of = Scope.of(user)
    above = view.body.parent_id if view.whole and view.body.pk not in {tree.pk for tree in scope_of.trees} else None
    empty = Board(view, chosen, documents, parts, ground, since, places=(*scope_of.trees, *scope_of.bodies), up=above)
    return _filled(empty, today, workdays) if chosen and empty.lights.total else empty


def _standpoint(user: User, asked: int | None, document: Document | None) -> tuple[Vantage | None, Ground]:
    """From where to look, and the lights there. A body below one that the person oversees is found with its tallies."""
    view, ground = counts.vantage(user, asked), Ground({}, {})
    if document and view and not view.whole:
        return view, counts.ground_of_own(view.body, document.pk)
    body = view.body.pk if view else asked
    if document and body:
        ground = counts.ground_below(body, document.pk)
    if view is None and asked:
        found = ground.bodies.get(asked) or Organisation.objects.filter(pk=asked).first()
        if found is not None and Scope.of(user).sees_below(found):
            return Vantage(found if isinstance(found, Body) else Body.of(found), True), ground
    return view, ground


def _filled(empty: Board, today: date, workdays: Workdays) -> Board:
    """The board with what only obligations that were issued can fill."""
    view, document = empty.view, empty.document.pk
    census = counts.census(view, document, today)
    rows = counts.groups(view, document, today=today, since=empty.since)
    below = any(body != view.body.pk for body in empty.ground.bodies)
    board = replace(
        empty,
        census=census,
        late=late_rows(view, document)[:LATE_ROWS],
        trend=trend(rows, missing=census.report_missing, today=today),
        happened=_happened(counts.topics(rows, "event"), timezone.localdate(empty.since)),
    )
    due = sorted((row.day, row.key, row.n) for row in counts.topics(rows, "next"))
    ahead = tuple(DueDay(day, clock, board.figure(n, owes=clock, on=day)) for day, clock, n in due[:NEXT_DAYS])
    left = workdays.between(today, board.trend.cycle.due_on) if board.trend else 0
    if board.trend and board.trend.cycle.due_on < today:
        left = min(left, -1)
    return replace(board, ahead=ahead, workdays_left=left, directives=() if below else _directives(board))


def _happened(events: list[Group], since: date) -> tuple[Happened, ...]:
    """Turned lights first, then the acts of people in the order of the work."""
    turned = [(row.word.partition(">"), row.n) for row in events]
    worse = sum(n for (was, _to, now), n in turned if now == RED and was != RED)
    better = sum(n for (was, _to, now), n in turned if was == RED and now != RED)
    acts = [(kind, sum(row.n for row in events if row.key in keys), keys) for kind, keys in EVENTS.items()]
    lights = [Happened("worse", worse, since, TURNED, RED), Happened("better", better, since, TURNED, GREEN)]
    return tuple(one for one in [*lights, *(Happened(kind, n, since, keys) for kind, n, keys in acts)] if one.n)


def _directives(board: Board) -> tuple[Line, ...]:
    """The directives of a body without others below it, each with its obligation; one query of few rows."""
    names = ("code", "text", "text_hans", "text_hant", "order")
    own = ("state", "percent", "starts_on", "due_on", "light", "light_code", "light_on", "directive_id", "section_id")
    rows = Obligation.objects.live().filter(board.view.condition(), document=board.document.pk).select_related("directive")
    rows = rows.only(*own, *(f"directive__{name}" for name in names)).order_by("directive__order")
    return tuple(board.line(row, Lights(**{row.light: 1}, percent_sum=row.percent), directive=row.directive_id) for row in rows)
