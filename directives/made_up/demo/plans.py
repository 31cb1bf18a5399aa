"""The plan of each body, its measures and what was logged on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from directives.base.states import ACCEPTED, DRAFT, IMPLEMENTATION_PLAN, OPEN, RETURNED, SUBMITTED
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.courses import LATE, NONE, REVISED, Course
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.sink import Cells, Sink, sink
from directives.made_up.demo.terms import EACH, SERVES
from directives.made_up.demo.work import Work
from directives.made_up.sample import words
from directives.models import LogEntry, Measure, Plan

VARIANTS = 3
REASON = "方案缺少分阶段目标，请逐项补充时间节点和成果形式。"
STATES = {ACCEPTED: ACCEPTED, RETURNED: RETURNED, LATE: SUBMITTED, REVISED: RETURNED, DRAFT: DRAFT}


@dataclass(frozen=True, slots=True)
class Line:
    """A measure as every plan has it, in one of its wordings."""

    number: int
    places: tuple[int, ...]  # of the directives that it serves
    text: str
    responsible: str
    result: str
    cells: Cells
    log: tuple[Cells, ...]


@dataclass
class Plans:
    """Writes plans. Each measure has a record of the day for each day on which the bodies of the lot log."""

    work: Work

    def __post_init__(self) -> None:
        first = self.work.first
        self.next_plan, self.next_measure = first[Plan], first[Measure]
        self.rows = sink(
            Plan, "id", "document_id", "organisation_id", "kind", "title", "summary", "live", "state", "due_on", "submitted_at",
            "submitted_by_id", "decided_at", "decided_by_id", "reason", "created_at", "version",
        )  # fmt: skip
        self.measures = sink(
            Measure,
            "id",
            "plan_id",
            "number",
            "text",
            "responsible",
            "result",
            "due_on",
            "done_on",
            "version",
        )
        self.served = sink(Measure.obligations.through, "measure_id", "obligation_id")
        self.log = sink(LogEntry, "measure_id", "by_id", "on", "text", "created_at", "version")
        rng = Random(self.work.seed + 1)  # noqa: S311 - made-up words, not secrets
        numbers = range(len(self.work.directives) // EACH)
        self.lines = [
            [self._line(number, variant, rng) for number in numbers] for variant in range(VARIANTS)
        ]

    def _line(self, number: int, variant: int, rng: Random) -> Line:
        calendar, directives = self.work.calendar, self.work.directives
        places = tuple(range(number * EACH, number * EACH + SERVES))
        directive = directives[places[0]]
        items = [item.name_hans for item in directive.items.all()]
        text, office, result = (
            words.measure_text(rng, directive, items[0] if items else ""),
            words.office(rng),
            rng.choice(words.RESULTS),
        )
        cells = self.measures.cells(
            number + 1, text, office, result, calendar.day(60 + 30 * variant), None, 1
        )
        log = tuple(
            self.log.cells(
                calendar.day(day),
                words.log_text(rng, directive, place=place + variant),
                calendar.at(day, 17),
                1,
            )
            for place, day in enumerate(self.work.lot.logged)
        )
        return Line(number + 1, places, text, office, result, cells, log)

    def write(self, index: int, placed: Placed, drawn: Drawn) -> int | None:
        """The plan of a body, if it has one; returns its id."""
        if drawn.course.plan == NONE:
            return None
        pk, self.next_plan = self.next_plan, self.next_plan + 1
        crew, at = self.work.crew, self.work.calendar.at
        handed, decided = plan_moments(drawn.course)
        state = STATES[drawn.course.plan]
        self.rows.add(
            self.rows.cells(
                pk, self.work.cycles[0].document_id, placed.pk, IMPLEMENTATION_PLAN, self.title(placed), "", True, state,
                self.work.calendar.day(days.PLAN_DUE), None if handed is None else at(handed, 14),
                None if handed is None else crew.signer(placed), None if decided is None else at(decided, 16),
                None if decided is None else crew.reviewer(placed), REASON if state == RETURNED else "", at(days.PLANNED - 6, 10),
                1 + 2 * (state != DRAFT),
            )
        )  # fmt: skip
        self._lines(index, placed, drawn, pk)
        return pk

    def title(self, placed: Placed) -> str:
        return (
            f"{placed.body.name.hans}贯彻落实《{self.work.cycles[0].document.title_hans}》实施方案"
        )

    def lines_of(self, drawn: Drawn) -> Sequence[Line]:
        return self.lines[drawn.luck[3] % VARIANTS]

    def _lines(self, index: int, placed: Placed, drawn: Drawn, plan: int) -> None:
        base, by = self.work.obligation(index, 0), self.work.crew.writer(placed)
        for line in self.lines_of(drawn):
            pk, self.next_measure = self.next_measure, self.next_measure + 1
            self.measures.add(self.measures.ids(pk, plan), line.cells)
            for place in line.places:
                self.served.add(self.served.ids(pk, base + place))
            for cells in line.log if drawn.course.works else ():
                self.log.add(self.log.ids(pk, by), cells)

    def copy(self, index: int, placed: Placed, drawn: Drawn) -> dict[str, Any]:
        """The plan as its submission keeps it."""
        codes, base = self.work.directives, self.work.obligation(index, 0)
        rows = [
            (place, life)
            for place, life in enumerate(drawn.lives)
            if life.row["state"] in OPEN and not life.terms.later
        ]

        def named(place: int) -> dict[str, Any]:
            return {"id": base + place, "code": codes[place].code}

        due = self.work.calendar.day(days.PLAN_DUE).isoformat()
        revised = drawn.course.plan == REVISED
        return {
            "kind": "plan", "deliverable": IMPLEMENTATION_PLAN, "title": self.title(placed), "summary": "", "due_on": due, "files": [],
            "measures": [
                {
                    "number": line.number, "text": line.text, "responsible": line.responsible, "result": line.result, "done_on": None,
                    "due_on": self.work.calendar.day(60 + 30 * (drawn.luck[3] % VARIANTS)).isoformat(),
                    "obligations": [named(place) for place in line.places],
                }
                for line in self.lines_of(drawn)
            ],
            "obligations": [named(place) for place, _life in rows],
            "clocks": {} if revised else {str(base + place): due for place, life in rows if life.terms.deliverable},
        }  # fmt: skip

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.rows, self.measures, self.served, self.log)

    def flush(self) -> None:
        for out in self.sinks:
            out.flush()


def plan_moments(course: Course) -> tuple[int | None, int | None]:
    """The days on which the plan was handed in, and decided on."""
    if course.plan in (ACCEPTED, RETURNED):
        return days.PLANNED, days.PLAN_DECIDED
    if course.plan == REVISED:
        return days.REVISED, days.REVISION_RETURNED
    return (days.PLANNED_LATE, None) if course.plan == LATE else (None, None)
