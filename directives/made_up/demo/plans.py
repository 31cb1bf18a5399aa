"""The plan of each body, its measures and what was logged on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from directives.base.states import ACCEPTED, DRAFT, IMPLEMENTATION_PLAN, OPEN, RETURNED, SUBMITTED
from directives.made_up import sentences
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.courses import LATE, NONE, REVISED, Course
from directives.made_up.demo.draw import BodyDraw
from directives.made_up.demo.sink import Cells, Sink, sink
from directives.made_up.demo.terms import MEASURE_STRIDE, SERVES
from directives.made_up.demo.work import Work
from directives.models import LogEntry, Measure, Plan

VARIANTS = 6  # plans of bodies of one kind and level that read differently
STATES = {ACCEPTED: ACCEPTED, RETURNED: RETURNED, LATE: SUBMITTED, REVISED: RETURNED, DRAFT: DRAFT}


@dataclass(frozen=True, slots=True)
class PlanMeasure:
    """A measure of the plans of many bodies; `cells` and `log` are pieces of its rows."""

    number: int
    places: tuple[int, ...]  # of the directives that it serves
    content: sentences.MeasureText
    due_on: date
    cells: Cells
    log: tuple[Cells, ...]


@dataclass
class Plans:
    """Writes plans, their measures and the work log of each measure."""

    work: Work

    def __post_init__(self) -> None:
        first = self.work.first
        self.next_plan, self.next_measure = first[Plan], first[Measure]
        self.rows = sink(
            Plan,
            "id document_id organisation_id kind title summary live state due_on submitted_at "
            "submitted_by_id decided_at decided_by_id reason created_at version",
        )
        self.measures = sink(
            Measure, "id plan_id number text responsible result due_on done_on version"
        )
        self.served_obligations = sink(Measure.obligations.through, "measure_id obligation_id")
        self.log = sink(LogEntry, "measure_id by_id on text created_at version")
        # The measures of a plan, by kind and level of the body, and variant.
        self.shared: dict[tuple[str, str, int], list[PlanMeasure]] = {}

    def _measure(
        self, words: sentences.BodyWords, number: int, variant: int, rng: Random
    ) -> PlanMeasure:
        calendar, directives = self.work.calendar, self.work.directives
        places = tuple(range(number * MEASURE_STRIDE, number * MEASURE_STRIDE + SERVES))
        directive = directives[places[0]]
        papers = sentences.papers_for(item.name_hans for item in directive.items.all())
        subject = words, self.work.matters[places[0]], rng.choice(papers) if papers else ""
        content, due_on = sentences.measure_text(rng, *subject), calendar.day(60 + 15 * variant)
        cells = self.measures.cells(number + 1, *content, due_on, None, 1)
        log = []
        for day in self.work.draws.log_days:
            text = sentences.log_text(rng, *subject, stage=days.LOGGED.index(day) + variant % 3)
            log.append(self.log.cells(calendar.day(day), text, calendar.at(day, 17), 1))
        return PlanMeasure(number + 1, places, content, due_on, cells, tuple(log))

    def write(self, index: int, node: TreeNode, body_draw: BodyDraw) -> int | None:
        """Write the plan of a body. Returns its id, or None where the body has none."""
        if body_draw.course.plan == NONE:
            return None
        pk, self.next_plan = self.next_plan, self.next_plan + 1
        participants, calendar = self.work.participants, self.work.calendar
        submitted_day, decided_day = plan_moments(body_draw.course)
        state = STATES[body_draw.course.plan]
        document = self.work.cycles[0].document_id
        cells = self.rows.cells(
            *(pk, document, node.pk, IMPLEMENTATION_PLAN, self.title(node), "", True, state),
            calendar.day(days.PLAN_DUE),
            *(
                calendar.stamp(submitted_day, 14),
                None if submitted_day is None else participants.signer(node),
            ),
            *(
                calendar.stamp(decided_day, 16),
                None if decided_day is None else participants.reviewer(node),
            ),
            sentences.PLAN_RETURN if state == RETURNED else "",
            *(calendar.at(days.PLANNED - 6, 10), 1 if state == DRAFT else 3),
        )
        self.rows.add(cells)
        self._measures(index, node, body_draw, pk)
        return pk

    def title(self, node: TreeNode) -> str:
        return f"{node.body.name.hans}贯彻落实《{self.work.cycles[0].document.title_hans}》实施方案"

    def measures_of(self, node: TreeNode, body_draw: BodyDraw) -> Sequence[PlanMeasure]:
        """The measures of a body's plan; bodies of its kind and level share those of a variant."""
        kind, level, variant = node.body.kind, node.body.level, body_draw.random_bytes[3] % VARIANTS
        key = kind, level, variant
        if key not in self.shared:
            rng = Random(f"{self.work.seed} plans {key}")  # noqa: S311 - made-up words, not secrets
            words = sentences.body_words(kind, level)
            numbers = range(len(self.work.directives) // MEASURE_STRIDE)
            self.shared[key] = [self._measure(words, number, variant, rng) for number in numbers]
        return self.shared[key]

    def _measures(self, index: int, node: TreeNode, body_draw: BodyDraw, plan: int) -> None:
        first, by = self.work.obligation(index, 0), self.work.participants.writer(node)
        for measure in self.measures_of(node, body_draw):
            pk, self.next_measure = self.next_measure, self.next_measure + 1
            self.measures.add(self.measures.ids(pk, plan), measure.cells)
            for place in measure.places:
                self.served_obligations.add(self.served_obligations.ids(pk, first + place))
            for cells in measure.log if body_draw.course.works else ():
                self.log.add(self.log.ids(pk, by), cells)

    def copy(self, index: int, node: TreeNode, body_draw: BodyDraw) -> dict[str, Any]:
        """The plan as its submission keeps it."""
        first, due_on = self.work.obligation(index, 0), self.work.calendar.day(days.PLAN_DUE)
        served_obligations = [
            (place, life)
            for place, life in enumerate(body_draw.lives)
            if life.row["state"] in OPEN and not life.terms.issued_late
        ]

        def obligations(places: Iterable[int]) -> list[dict[str, Any]]:
            directives = self.work.directives
            return [{"id": first + place, "code": directives[place].code} for place in places]

        clocks = {
            str(first + place): due_on.isoformat()
            for place, life in served_obligations
            if life.terms.deliverable
        }
        measures = [
            {
                "number": measure.number,
                **measure.content._asdict(),
                "done_on": None,
                "due_on": measure.due_on.isoformat(),
                "obligations": obligations(measure.places),
            }
            for measure in self.measures_of(node, body_draw)
        ]
        return {
            "kind": "plan",
            "deliverable": IMPLEMENTATION_PLAN,
            "title": self.title(node),
            "summary": "",
            "due_on": due_on.isoformat(),
            "files": [],
            "measures": measures,
            "obligations": obligations(place for place, _life in served_obligations),
            "clocks": {} if body_draw.course.plan == REVISED else clocks,
        }

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.rows, self.measures, self.served_obligations, self.log)


def plan_moments(course: Course) -> tuple[int | None, int | None]:
    """The days on which the plan was handed in, and decided on."""
    if course.plan in (ACCEPTED, RETURNED):
        return days.PLANNED, days.PLAN_DECIDED
    if course.plan == REVISED:
        return days.REVISED, days.REVISION_RETURNED
    return (days.PLANNED_LATE, None) if course.plan == LATE else (None, None)
