"""The reporting cycles of a document with their progress, and a proposal for the next one."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from directives.base.workdays import Workdays
from directives.core.scope import Scope
from directives.documents.queries.register import bodies_owing
from directives.models import (
    ALWAYS,
    Cycle,
    Document,
    Mark,
    PlannedCycle,
    ProgressReport,
    User,
)
from directives.reports.commands.cycle_terms import (
    MONTHS,
    CycleTerms,
    Rule,
    existing_terms,
    overlapping,
)

OPENS_BEFORE = timedelta(days=14)  # the end of the period
DUE_DAY = 15  # of the month after the period


@dataclass(frozen=True, slots=True)
class CycleLine:
    """A cycle with the numbers of its reports: all, handed in at least in part, all accepted."""

    cycle: Cycle
    reports: int
    handed_in: int
    complete: int
    is_overdue: bool  # its due day has passed


def cycle_lines(document: Document, user: User, *, today: date) -> tuple[CycleLine, ...]:
    """The cycles of a document, newest first, counted over the organisations that the person sees.

    At most three queries.
    """
    counts = _counts(document, Scope.of(user))
    cycles = Cycle.objects.visible_to(user).filter(document=document).order_by("-due_on", "-pk")
    lines = []
    for cycle in cycles:
        waiting, begun, whole = (counts[f"{cycle.pk}:{word}"] for word in ("open", "in", "whole"))
        total, handed_in = waiting + begun + whole, begun + whole
        lines.append(CycleLine(cycle, total, handed_in, whole, is_overdue=cycle.due_on < today))
    return tuple(lines)


def _counts(document: Document, scope: Scope) -> Counter[str]:
    """Numbers of reports by “cycle:state”: tallies of branches, and single organisations."""
    counts: Counter[str] = Counter()
    marks = Mark.objects.filter(
        scope__in=scope.branches, document=document, topic="cycle", day=ALWAYS
    )
    for word, count in marks.values_list("word", "count"):
        counts[word] += count
    if scope.single_bodies:
        reports = ProgressReport.objects.filter(
            document=document, organisation__in=scope.single_bodies
        )
        for report in reports:
            _topic, word, _day = report.mark_key
            counts[word] += 1
    return counts


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A cycle that was planned and not opened yet.

    `is_missed`: its due day passed before it could be opened. `owes_nobody`: its day has come, but
    no organisation had obligations; it is tried again each day.
    """

    planned: PlannedCycle
    is_missed: bool
    owes_nobody: bool


def planned_lines(document: Document, *, today: date) -> tuple[PlannedLine, ...]:
    """The planned cycles of a document, the next one first. One query."""
    rows = PlannedCycle.objects.waiting().filter(document=document).order_by("opens_on", "pk")
    lines = []
    for row in rows:
        missed = row.due_on < today
        lines.append(PlannedLine(row, missed, owes_nobody=row.opens_on < today and not missed))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class ProposedCycle:
    """A cycle of a preview. `clashes`: names of cycles that are open at the same time."""

    terms: CycleTerms
    exists: bool
    clashes: tuple[str, ...]
    is_past: bool  # its opening day has come

    @property
    def chosen(self) -> bool:
        """Whether its row is ticked at first."""
        return not (self.exists or self.clashes or self.is_past)

    @property
    def initial(self) -> dict[str, Any]:
        """The first values of its row in the form."""
        return {**asdict(self.terms), "chosen": self.chosen}


def proposed_rule(document: Document, *, today: date) -> dict[str, Any]:
    """The first values of a rule: as often as the last cycle, from now to the end of next year."""
    last = Cycle.objects.filter(document=document).order_by("-due_on").first()
    every = last.period if last and last.period in MONTHS else "quarter"
    return {"every": every, "first_on": today, "last_on": date(today.year + 1, 12, 31)}


def proposed_cycles(
    document: Document, rule: Rule, *, today: date, workdays: Workdays
) -> tuple[ProposedCycle, ...]:
    """The cycles of a rule, beside those that exist. Two queries."""
    existing = existing_terms(document)
    keys, proposed = {terms.key for terms in existing}, rule.cycles(workdays, existing)
    return tuple(
        ProposedCycle(
            terms,
            terms.key in keys,
            tuple(overlapping(terms, (*existing, *proposed))),
            terms.opens_on <= today,
        )
        for terms in proposed
    )


def count_owing(document: Document, user: User) -> int:
    """How many visible organisations have obligations under the document."""
    return bodies_owing(Scope.of(user), [document])[document.pk]


def next_cycle(last: Cycle | PlannedCycle | None, *, today: date, workdays: Workdays) -> CycleTerms:
    """The period after the last cycle, of the same length; without one, today's quarter."""
    period = last.period if last and last.period in MONTHS else "quarter"
    months = MONTHS[period]
    if last is None or last.period != period:
        year, number = today.year, (today.month - 1) // months + 1
    elif last.number < 12 // months:
        year, number = last.year, last.number + 1
    else:
        year, number = last.year + 1, 1
    end = number * months
    after = date(year + 1, 1, 1) if end == 12 else date(year, end + 1, 1)
    due_on = workdays.next_working(after.replace(day=DUE_DAY))
    return CycleTerms(year, period, number, after - OPENS_BEFORE, due_on)
