"""The dashboard: where the work of a subtree stands, who is late and why.

Every figure knows the address of its rows. The dashboard is of one document, where one is asked for
or there is only one, else of all documents that the person sees.
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
NAMED = 2  # documents or sections that the headline names


@dataclass(frozen=True)
class Board:
    """All that the dashboard shows.

    `ground`, `facts` and the rest are empty where nothing was issued or nothing matches;
    `document` is None where it is of all `documents`, and where there is none.
    """

    view: Vantage
    choice: BoardChoice
    document: Document | None
    documents: tuple[Document, ...]
    sections: tuple[Section, ...]
    today: date
    since: date  # the last working day
    places: tuple[Organisation, ...] = ()  # from where else the person may look
    ground: BoardLights = counts.BARE
    facts: Facts = field(default_factory=Facts)
    tasks: tuple[tuple[Task, Lights], ...] | None = (
        None  # lights by directive, where they were read
    )
    unreceived: int = 0  # rows not acknowledged, of those tasks
    late: tuple[Late, ...] = ()
    trend: Trend | None = None
    workdays_left: int = 0  # until the reports of the cycle are due; below 0: past
    read: bool = False  # the few rows under a filter were
    first_copy: date | None = None  # where an earlier day was asked for of which nothing is kept

    @property
    def document_id(self) -> int | None:
        return self.document.pk if self.document else None

    @property
    def across(self) -> bool:
        """It speaks of several documents together."""
        return self.document is None and bool(self.documents)

    @property
    def fictional(self) -> bool:
        """Some of the work that it speaks of is made up."""
        return any(
            document.fictional
            for document in ((self.document,) if self.document else self.documents)
        )

    @property
    def now(self) -> bool:
        """The board shows the work as it stands, so its figures have rows."""
        return self.choice.on is None

    @property
    def day(self) -> date:
        return self.choice.on or self.today

    @property
    def marks_known(self) -> bool:
        """Marks are known: of everything in view, or of the rows that were read."""
        return self.now and (self.read or not (self.view.counted and self.choice.narrows))

    @property
    def one_section(self) -> bool:
        """All of it is of one section, so that nothing is to be compared with others."""
        return self.marks_known and self.choice.narrows and len(self.section_lines) == 1

    @property
    def unmarked(self) -> bool:
        """A branch as it stands under a filter, of which less is known than of the whole."""
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
        """Why rows are red: the clock that ran out first. They add up to all that are."""
        counted = (
            (clock, self.facts.of("reason", (f"{clock}_overdue", f"{clock}_returned_overdue")))
            for clock in CLOCKS
        )
        return tuple(
            LabelledFigure(captions.MISSED[clock], self.figure(n, clock=clock))
            for clock, n in counted
            if n
        )

    @property
    def causes(self) -> tuple[LabelledFigure, ...]:
        """Why rows are yellow."""
        counted = ((cause, self.facts.of("reason", codes)) for cause, codes in CAUSES.items())
        return tuple(
            LabelledFigure(captions.CAUSES[cause], self.figure(n, light=YELLOW, cause=cause))
            for cause, n in counted
            if n
        )

    @property
    def undated(self) -> Figure:
        """Open rows without a day of completion."""
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
        """The parts side by side: the documents, of one document its sections."""
        return self.document_lines if self.across else self.section_lines

    @cached_property
    def document_lines(self) -> tuple[BoardLine, ...]:
        """The documents of which something is owed here, the most overdue first, then yellow."""
        if not self.across:
            return ()
        lines = (
            BoardLine(
                document,
                self.ground.of(self.view.body.pk, document.pk),
                self.filter,
                {"document": document.pk},
            )
            for document in self.documents
        )
        owed = (line for line in lines if line.lights.total)
        return tuple(sorted(owed, key=lambda line: (-line.lights.red, -line.lights.yellow)))

    @cached_property
    def idle_documents(self) -> tuple[Document, ...]:
        """The documents of which nothing has been assigned here, the newest first."""
        owed = {line.thing.pk for line in self.document_lines}
        return (
            tuple(document for document in self.documents if document.pk not in owed)
            if self.across
            else ()
        )

    @property
    def most_overdue(self) -> tuple[BoardLine, ...]:
        """The documents, of one the sections, with most overdue rows that the headline names."""
        return (
            tuple(line for line in self.document_lines[:NAMED] if line.lights.red)
            if self.across
            else self.worst_sections
        )

    @property
    def most_red(self) -> int:
        return sum(line.lights.red for line in self.most_overdue)

    @cached_property
    def worst_sections(self) -> tuple[BoardLine, ...]:
        """The two sections with most overdue rows, where there are more than two with any."""
        late = sorted(
            (line for line in self.section_lines if line.lights.red),
            key=lambda line: -line.lights.red,
        )
        return (
            tuple(sorted(late[:NAMED], key=lambda line: line.thing.order))
            if len(late) > NAMED
            else ()
        )

    @cached_property
    def bodies(self) -> tuple[BoardLine, ...]:
        """The bodies right below that owe something, the best first.

        Bodies with equal shares have the same place, the larger one first.
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
        """The bodies by how many of their rows are not on time, the most first."""
        return tuple(sorted(self.bodies, key=lambda line: -line.lights.yellow - line.lights.red))

    def with_cells(self, line: BoardLine) -> BoardLine:
        """The line of a body with its sections side by side."""
        return replace(line, cells=self.cells(line.thing))

    def cells(self, body: Body) -> tuple[HeatCell, ...]:
        return tuple(self._cell(body, part.thing) for part in self.section_lines)

    def _cell(self, body: Body, section: Section) -> HeatCell:
        lights = self.ground.of(body.pk, section.pk)
        return HeatCell(
            section,
            BoardLine(
                section, lights, self.filter, {"body": body.pk, "section": section.pk}
            ).off_time,
            lights.red,
        )

    @property
    def own(self) -> int:
        """What the body owes itself, beside the bodies below it."""
        return self.lights.total - sum(line.lights.total for line in self.bodies)

    @cached_property
    def directives(self) -> tuple[BoardLine, ...]:
        return tuple(
            BoardLine(task, lights, self.filter, {"directive": task.pk})
            for task, lights in self.tasks or ()
        )

    @property
    def coverage(self) -> tuple[CoverageFigure, ...]:
        """Receipt, plan, report: what is done, and what is missing with its rows."""
        if not self.now:
            return ()
        missing = self.facts.marks["state", "assigned"] if self.marks_known else self.unreceived
        parts = [("receipt", self.lights.total, missing, {"state": "assigned"}, True)]
        plans = self.facts.marks["plan", ""]
        if self.marks_known and plans:
            parts.append(("plan", plans, self.facts.clock("plan"), {"owes": "plan"}, True))
        if self.marks_known and self.trend:
            parts.append(
                (
                    "report",
                    self.trend.expected,
                    self.trend.missing,
                    {"owes": "report"},
                    self.trend.current,
                )
            )
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
        """Recent activity: turned lights, then the acts of people in the order of the work."""
        week, document, body = (
            min(self.since, self.today - facts.WEEK),
            self.document_id,
            self.view.body.pk,
        )
        counts = ((kind, self.facts.acts.get(kind, (0, 0))) for kind in captions.HAPPENED)
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
        return weeks(
            self.facts, self.lights, self.day, right=WIDE_WEEKS if self.choice.wall else RIGHT
        )

    @cached_property
    def change(self) -> Change | None:
        return change(self.facts, self.lights, self.day)
