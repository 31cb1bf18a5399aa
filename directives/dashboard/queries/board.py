"""The dashboard: the state of the work in a subtree, who is late and why.

Every figure has the URL of its rows. The dashboard is about one document if one is chosen or there
is only one, otherwise about all documents that the user sees.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from directives.base.states import COLOURS, YELLOW
from directives.core import captions
from directives.core.scope import Lights
from directives.dashboard.queries import counts, facts
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.counts import BoardLights, Body, Task, Vantage
from directives.dashboard.queries.facts import Facts, Period
from directives.dashboard.queries.figures import (
    Activity,
    BoardLine,
    CoverageFigure,
    DueDay,
    Figure,
    HeatCell,
    LabelledFigure,
)
from directives.dashboard.queries.late import Late
from directives.dashboard.queries.trend import RIGHT, Trend
from directives.dashboard.queries.weeks import ON_WALL as WIDE_WEEKS
from directives.dashboard.queries.weeks import Change, Weeks, change, weeks
from directives.models import Document, Organisation, Section
from directives.models.obligations import CLOCKS
from directives.obligations.queries.filters import CAUSES, ON, UNDATED, ObligationFilter

LATE_ROWS = 8
NEXT_DAYS = 5
WORST_DOCUMENTS = 20  # lines before “n more”
NAMED = 2  # documents or sections named in the headline


@dataclass(frozen=True)
class Board:
    """Everything that the dashboard shows.

    `document` is None if the board is about all `documents`, or there is none. `ground` and the
    fields after it are empty if nothing was assigned or nothing matches the filter.
    """

    view: Vantage
    choice: BoardChoice
    document: Document | None
    documents: tuple[Document, ...]
    sections: tuple[Section, ...]
    today: date
    since: date  # the last working day
    places: tuple[Organisation, ...] = ()  # the bodies from which the user may start
    ground: BoardLights = counts.BARE
    facts: Facts = field(default_factory=Facts)
    tasks: tuple[tuple[Task, Lights], ...] | None = None  # lights by directive, if read
    unreceived: int = 0  # of these, rows that are not acknowledged
    late: tuple[Late, ...] = ()
    trend: Trend | None = None
    workdays_left: int = 0  # until the reports of the cycle are due; negative if past
    read: bool = False  # the rows were read because there are few under the filter
    first_copy: date | None = None  # if an earlier day was chosen that has no copy

    @property
    def document_id(self) -> int | None:
        return self.document.pk if self.document else None

    @property
    def across(self) -> bool:
        """Whether the board is about several documents together."""
        return self.document is None and bool(self.documents)

    @property
    def fictional(self) -> bool:
        """Whether one of the documents is fictional."""
        documents = (self.document,) if self.document else self.documents
        return any(document.fictional for document in documents)

    @property
    def now(self) -> bool:
        """Whether the board shows the current state, so that its figures have rows."""
        return self.choice.on is None

    @property
    def day(self) -> date:
        return self.choice.on or self.today

    @property
    def marks_known(self) -> bool:
        """Whether there are marks for everything in view, or for the rows that were read."""
        return self.now and (self.read or not (self.view.counted and self.choice.narrows))

    @property
    def one_section(self) -> bool:
        """Whether all rows are of one section, so that there is nothing to compare."""
        return self.marks_known and self.choice.narrows and len(self.section_lines) == 1

    @property
    def unmarked(self) -> bool:
        """Whether the board is a branch under a filter, for which there are no marks."""
        return self.now and not self.marks_known

    @cached_property
    def filter(self) -> ObligationFilter:
        choice = self.choice
        return ObligationFilter(
            document=self.document_id,
            section=choice.section,
            directive=choice.directive,
            body=self.view.body.pk,
            kind=choice.kind,
            about=choice.about,
        )

    @cached_property
    def lights(self) -> Lights:
        return self.ground.over(self.view.body.pk)

    def figure(self, n: int, of: int | None = None, **narrowing: Any) -> Figure:
        return Figure(n, self.lights.total if of is None else of, self.filter, narrowing)

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """The counts of the whole board: by light, grey and on time, and all."""
        lights = self.lights
        counts = {colour: lights.count(colour) for colour in COLOURS}
        counts |= {ON: lights.on_time, "grey": lights.closed + lights.undue}
        by_light = {light: self.figure(n, light=light) for light, n in counts.items()}
        return by_light | {"all": self.figure(lights.total)}

    @property
    def directives_owed(self) -> int:
        return len(self.tasks) if self.tasks is not None else self.facts.directives

    @property
    def bodies_owing(self) -> int:
        return self.facts.marks["bodies", ""]

    @property
    def missed(self) -> tuple[LabelledFigure, ...]:
        """Red rows by the clock that ran out first; they add up to all red rows."""
        counted = (
            (clock, self.facts.of("reason", (f"{clock}_overdue", f"{clock}_returned_overdue")))
            for clock in CLOCKS
        )
        return tuple(
            LabelledFigure(captions.OVERDUE_LABELS[clock], self.figure(n, clock=clock))
            for clock, n in counted
            if n
        )

    @property
    def causes(self) -> tuple[LabelledFigure, ...]:
        """Yellow rows by cause."""
        counted = ((cause, self.facts.of("reason", codes)) for cause, codes in CAUSES.items())
        return tuple(
            LabelledFigure(captions.CAUSES[cause], self.figure(n, light=YELLOW, cause=cause))
            for cause, n in counted
            if n
        )

    @property
    def undated(self) -> Figure:
        """Open rows without a due date."""
        return self.figure(self.facts.marks["undated", ""], due=UNDATED)

    @cached_property
    def section_lines(self) -> tuple[BoardLine, ...]:
        lines = (
            BoardLine(
                section,
                self.ground.of(self.view.body.pk, section.pk),
                self.filter,
                {"section": section.pk},
            )
            for section in self.sections
        )
        return tuple(line for line in lines if line.lights.total)

    @property
    def lines(self) -> tuple[BoardLine, ...]:
        """The documents, or the sections if the board is about one document."""
        return self.document_lines if self.across else self.section_lines

    @cached_property
    def document_lines(self) -> tuple[BoardLine, ...]:
        """The documents with rows here, by number of red rows, then of yellow rows."""
        if not self.across:
            return ()
        lights = {row.pk: self.ground.of(self.view.body.pk, row.pk) for row in self.documents}
        lines = (
            BoardLine(row, lights[row.pk], self.filter, {"document": row.pk})
            for row in self.documents
        )
        owed = (line for line in lines if line.lights.total)
        return tuple(sorted(owed, key=lambda line: (-line.lights.red, -line.lights.yellow)))

    @cached_property
    def idle_documents(self) -> tuple[Document, ...]:
        """The documents without rows here, the newest first."""
        if not self.across:
            return ()
        owed = {line.thing.pk for line in self.document_lines}
        return tuple(document for document in self.documents if document.pk not in owed)

    @property
    def most_overdue(self) -> tuple[BoardLine, ...]:
        """The documents, or sections of one document, that the headline names as most overdue."""
        if not self.across:
            return self.worst_sections
        return tuple(line for line in self.document_lines[:NAMED] if line.lights.red)

    @property
    def most_red(self) -> int:
        return sum(line.lights.red for line in self.most_overdue)

    @cached_property
    def worst_sections(self) -> tuple[BoardLine, ...]:
        """The two sections with most overdue rows, if more than two have any."""
        late = [line for line in self.section_lines if line.lights.red]
        if len(late) <= NAMED:
            return ()
        worst = sorted(late, key=lambda line: -line.lights.red)[:NAMED]
        return tuple(sorted(worst, key=lambda line: line.thing.order))

    @cached_property
    def bodies(self) -> tuple[BoardLine, ...]:
        """The child bodies that have rows, ranked by the share on time.

        Bodies with equal shares have the same place; the larger one comes first.
        """
        owing = [
            (body, lights)
            for body in self.view.children
            if (lights := self.ground.over(body.pk)).total
        ]
        shares = sorted(
            ((lights.on_time / lights.total, lights.total, body, lights) for body, lights in owing),
            key=lambda entry: (-entry[0], -entry[1]),
        )
        placed: list[BoardLine] = []
        last, place = None, 0
        for number, (share, _total, body, lights) in enumerate(shares, 1):
            last, place = share, place if share == last else number
            placed.append(BoardLine(body, lights, self.filter, {"body": body.pk}, place=place))
        return tuple(placed)

    @cached_property
    def hottest(self) -> tuple[BoardLine, ...]:
        """The bodies by number of rows that are not on time, the most first."""
        return tuple(sorted(self.bodies, key=lambda line: -line.lights.yellow - line.lights.red))

    def with_cells(self, line: BoardLine) -> BoardLine:
        """Return the line of a body with a cell for each section."""
        return replace(line, cells=self.cells(line.thing))

    def cells(self, body: Body) -> tuple[HeatCell, ...]:
        return tuple(self._cell(body, part.thing) for part in self.section_lines)

    def _cell(self, body: Body, section: Section) -> HeatCell:
        lights = self.ground.of(body.pk, section.pk)
        line = BoardLine(section, lights, self.filter, {"body": body.pk, "section": section.pk})
        return HeatCell(section, line.off_time, lights.red)

    @property
    def own(self) -> int:
        """The number of rows of the body itself, without those of the bodies below."""
        return self.lights.total - sum(line.lights.total for line in self.bodies)

    @cached_property
    def directives(self) -> tuple[BoardLine, ...]:
        return tuple(
            BoardLine(task, lights, self.filter, {"directive": task.pk})
            for task, lights in self.tasks or ()
        )

    @property
    def coverage(self) -> tuple[CoverageFigure, ...]:
        """How much is acknowledged, planned and reported, and what is missing."""
        if not self.now:
            return ()
        missing = self.facts.marks["state", "assigned"] if self.marks_known else self.unreceived
        parts = [("receipt", self.lights.total, missing, {"state": "assigned"}, True)]
        plans = self.facts.marks["plan", ""]
        if self.marks_known and plans:
            parts.append(("plan", plans, self.facts.clock("plan"), {"owes": "plan"}, True))
        if self.marks_known and self.trend:
            curve = self.trend
            owed = {"owes": "report"}
            parts.append(("report", curve.expected, curve.missing, owed, curve.current))
        return tuple(
            CoverageFigure(
                captions.COVERED[kind],
                self.figure(whole - lacking, whole),
                self.figure(lacking, whole, **narrowing),
                exact,
            )
            for kind, whole, lacking, narrowing, exact in parts
        )

    @property
    def happened(self) -> tuple[Activity, ...]:
        """Recent activity: changed lights, then the actions of people in workflow order."""
        week = min(self.since, self.today - facts.WEEK)
        document, body = self.document_id, self.view.body.pk
        counts = ((kind, self.facts.acts.get(kind, (0, 0))) for kind in captions.ACT_LABELS)
        return tuple(
            Activity(kind, n, in_week, self.since, week, document, body)
            for kind, (n, in_week) in counts
            if in_week
        )

    @property
    def ahead(self) -> tuple[DueDay, ...]:
        return tuple(
            DueDay(day, clock, self.figure(n, owes=clock, on=day))
            for day, clock, n in self.facts.ahead[:NEXT_DAYS]
        )

    @property
    def cycles(self) -> tuple[Period, ...]:
        return self.facts.cycles

    @cached_property
    def weeks(self) -> Weeks | None:
        right = WIDE_WEEKS if self.choice.wall else RIGHT
        return weeks(self.facts, self.lights, self.day, right=right)

    @cached_property
    def change(self) -> Change | None:
        return change(self.facts, self.lights, self.day)
