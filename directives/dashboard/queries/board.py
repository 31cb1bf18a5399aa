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
from directives.dashboard.queries.facts import BoardCycle, Facts
from directives.dashboard.queries.figures import (
    Activity,
    BoardLine,
    CoverageFigure,
    DueDay,
    Figure,
    HeatCell,
    LabelledFigure,
)
from directives.dashboard.queries.overdue import OverdueRow
from directives.dashboard.queries.trend import RIGHT, Trend
from directives.dashboard.queries.weeks import ON_WALL as WIDE_WEEKS
from directives.dashboard.queries.weeks import Change, Weeks, change, weeks
from directives.models import Document, Organisation, Section
from directives.models.obligations import CLOCKS
from directives.obligations.queries.filters import (
    BROKEN_DOWN,
    CAUSES,
    ON,
    UNDATED,
    ObligationFilter,
)

LATE_ROWS = 8
NEXT_DAYS = 5
WORST_DOCUMENTS = 20  # lines before “n more”
NAMED_IN_HEADLINE = 2  # documents or sections named in the headline


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
    start_bodies: tuple[Organisation, ...] = ()  # the bodies from which the user may start
    lights_by_body: BoardLights = counts.NO_BOARD_LIGHTS
    facts: Facts = field(default_factory=Facts)
    tasks: tuple[tuple[Task, Lights], ...] | None = None  # lights by directive, if read
    unacknowledged: int = 0  # of these, rows that are not acknowledged
    overdue_rows: tuple[OverdueRow, ...] = ()
    trend: Trend | None = None
    workdays_left: int = 0  # until the reports of the cycle are due; negative if past
    has_rows_read: bool = False  # the rows were read because there are few under the filter
    first_copy: date | None = None  # if an earlier day was chosen that has no copy

    @property
    def document_id(self) -> int | None:
        return self.document.pk if self.document else None

    @property
    def several_documents(self) -> bool:
        """Whether the board is about several documents together."""
        return self.document is None and bool(self.documents)

    @property
    def fictional(self) -> bool:
        """Whether one of the documents is fictional."""
        documents = (self.document,) if self.document else self.documents
        return any(document.fictional for document in documents)

    @property
    def is_current(self) -> bool:
        """Whether the board shows the current state, so that its figures have rows."""
        return self.choice.on is None

    @property
    def day(self) -> date:
        return self.choice.on or self.today

    @property
    def has_marks(self) -> bool:
        """Whether there are marks for everything in view, or for the rows that were read."""
        return self.is_current and (
            self.has_rows_read or not (self.view.has_counts and self.choice.selects_part)
        )

    @property
    def one_section(self) -> bool:
        """Whether all rows are of one section, so that there is nothing to compare."""
        return self.has_marks and self.choice.selects_part and len(self.section_lines) == 1

    @property
    def lacks_marks(self) -> bool:
        """Whether the board is a branch under a filter, for which there are no marks."""
        return self.is_current and not self.has_marks

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
        return self.lights_by_body.over(self.view.body.pk)

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
    def directive_count(self) -> int:
        return len(self.tasks) if self.tasks is not None else self.facts.directives

    @property
    def body_count(self) -> int:
        return self.facts.marks["bodies", ""]

    @property
    def overdue_by_clock(self) -> tuple[LabelledFigure, ...]:
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

    @property
    def broken_down(self) -> Figure:
        """Rows that are broken down: their parts are counted, wherever these are."""
        return self.figure(self.facts.broken_down, breakdown=BROKEN_DOWN)

    @cached_property
    def section_lines(self) -> tuple[BoardLine, ...]:
        lines = (
            BoardLine(
                section,
                self.lights_by_body.of(self.view.body.pk, section.pk),
                self.filter,
                {"section": section.pk},
            )
            for section in self.sections
        )
        return tuple(line for line in lines if line.lights.total)

    @property
    def lines(self) -> tuple[BoardLine, ...]:
        """The documents, or the sections if the board is about one document."""
        return self.document_lines if self.several_documents else self.section_lines

    @cached_property
    def document_lines(self) -> tuple[BoardLine, ...]:
        """The documents with rows here, by number of red rows, then of yellow rows."""
        if not self.several_documents:
            return ()
        lights = {
            row.pk: self.lights_by_body.of(self.view.body.pk, row.pk) for row in self.documents
        }
        lines = (
            BoardLine(row, lights[row.pk], self.filter, {"document": row.pk})
            for row in self.documents
        )
        with_obligations = (line for line in lines if line.lights.total)
        return tuple(
            sorted(with_obligations, key=lambda line: (-line.lights.red, -line.lights.yellow))
        )

    @cached_property
    def idle_documents(self) -> tuple[Document, ...]:
        """The documents without rows here, the newest first."""
        if not self.several_documents:
            return ()
        with_obligations = {line.subject.pk for line in self.document_lines}
        return tuple(document for document in self.documents if document.pk not in with_obligations)

    @property
    def most_overdue(self) -> tuple[BoardLine, ...]:
        """The documents, or sections of one document, that the headline names as most overdue."""
        if not self.several_documents:
            return self.worst_sections
        return tuple(line for line in self.document_lines[:NAMED_IN_HEADLINE] if line.lights.red)

    @property
    def most_overdue_count(self) -> int:
        return sum(line.lights.red for line in self.most_overdue)

    @cached_property
    def worst_sections(self) -> tuple[BoardLine, ...]:
        """The two sections with most overdue rows, if more than two have any."""
        overdue = [line for line in self.section_lines if line.lights.red]
        if len(overdue) <= NAMED_IN_HEADLINE:
            return ()
        worst = sorted(overdue, key=lambda line: -line.lights.red)[:NAMED_IN_HEADLINE]
        return tuple(sorted(worst, key=lambda line: line.subject.order))

    @cached_property
    def bodies(self) -> tuple[BoardLine, ...]:
        """The child bodies that have rows, ranked by the share on time.

        Bodies with equal shares have the same place; the larger one comes first.
        """
        with_obligations = [
            (body, lights)
            for body in self.view.children
            if (lights := self.lights_by_body.over(body.pk)).total
        ]
        shares = sorted(
            (
                (lights.on_time / lights.total, lights.total, body, lights)
                for body, lights in with_obligations
            ),
            key=lambda entry: (-entry[0], -entry[1]),
        )
        ranked: list[BoardLine] = []
        last_share, rank = None, 0
        for number, (share, _total, body, lights) in enumerate(shares, 1):
            last_share, rank = share, rank if share == last_share else number
            ranked.append(BoardLine(body, lights, self.filter, {"body": body.pk}, rank=rank))
        return tuple(ranked)

    @cached_property
    def by_off_time(self) -> tuple[BoardLine, ...]:
        """The bodies by number of rows that are not on time, the most first."""
        return tuple(sorted(self.bodies, key=lambda line: -line.lights.yellow - line.lights.red))

    def with_cells(self, line: BoardLine) -> BoardLine:
        """Return the line of a body with a cell for each section."""
        return replace(line, cells=self.cells(line.subject))

    def cells(self, body: Body) -> tuple[HeatCell, ...]:
        return tuple(self._cell(body, part.subject) for part in self.section_lines)

    def _cell(self, body: Body, section: Section) -> HeatCell:
        lights = self.lights_by_body.of(body.pk, section.pk)
        line = BoardLine(section, lights, self.filter, {"body": body.pk, "section": section.pk})
        return HeatCell(section, line.off_time, lights.red)

    @property
    def own_count(self) -> int:
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
        if not self.is_current:
            return ()
        missing = self.facts.marks["state", "assigned"] if self.has_marks else self.unacknowledged
        parts = [("receipt", self.lights.total, missing, {"state": "assigned"}, True)]
        plans = self.facts.marks["plan", ""]
        if self.has_marks and plans:
            parts.append(("plan", plans, self.facts.clock("plan"), {"owes": "plan"}, True))
        if self.has_marks and self.trend:
            curve = self.trend
            owes_report = {"owes": "report"}
            parts.append(("report", curve.expected, curve.missing, owes_report, curve.is_newest))
        return tuple(
            CoverageFigure(
                captions.COVERED[kind],
                self.figure(total - without, total),
                self.figure(without, total, **conditions),
                exact,
            )
            for kind, total, without, conditions, exact in parts
        )

    @property
    def activities(self) -> tuple[Activity, ...]:
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
    def due_days(self) -> tuple[DueDay, ...]:
        return tuple(
            DueDay(day, clock, self.figure(n, owes=clock, on=day))
            for day, clock, n in self.facts.due_days[:NEXT_DAYS]
        )

    @property
    def cycles(self) -> tuple[BoardCycle, ...]:
        return self.facts.cycles

    @cached_property
    def weeks(self) -> Weeks | None:
        right = WIDE_WEEKS if self.choice.wall else RIGHT
        return weeks(self.facts, self.lights, self.day, right=right)

    @cached_property
    def change(self) -> Change | None:
        return change(self.facts, self.lights, self.day)
