"""The reporting cycles of a document with their progress, and a proposal for the next one."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from directives.base.workdays import Workdays
from directives.core.scope import Scope
from directives.documents.queries.register import bodies_owing
from directives.models import ALWAYS, Cycle, Document, Mark, ProgressReport, User

MONTHS = {"quarter": 3, "half": 6, "year": 12}  # length of a period
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


def count_owing(document: Document, user: User) -> int:
    """How many visible organisations have obligations under the document."""
    return bodies_owing(Scope.of(user), [document])[document.pk]


@dataclass(frozen=True, slots=True)
class NextCycle:
    """A proposal: the period, when it opens and when its reports are due."""

    year: int
    period: str
    number: int
    opens_on: date
    due_on: date


def next_cycle(last: Cycle | None, *, today: date, workdays: Workdays) -> NextCycle:
    """The period after the last cycle, of the same length; without one, today's quarter."""
    period = last.period if last else "quarter"
    months = MONTHS[period]
    if last is None:
        year, number = today.year, (today.month - 1) // months + 1
    elif last.number < 12 // months:
        year, number = last.year, last.number + 1
    else:
        year, number = last.year + 1, 1
    end = number * months
    after = date(year + 1, 1, 1) if end == 12 else date(year, end + 1, 1)
    due_on = workdays.next_working(after.replace(day=DUE_DAY))
    return NextCycle(year, period, number, after - OPENS_BEFORE, due_on)
