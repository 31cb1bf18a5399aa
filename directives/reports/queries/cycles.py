"""The reporting cycles of a document, how far each is in, and the one that would come next."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from directives.base.workdays import Workdays
from directives.core.scope import Scope
from directives.documents.queries.register import bodies_owing
from directives.models import ALWAYS, Cycle, Document, Mark, ProgressReport, User

MONTHS = {"quarter": 3, "half": 6, "year": 12}  # length of a period
OPENS_BEFORE = timedelta(days=14)  # … its end
DUE_DAY = 15  # of the month after it


@dataclass(frozen=True, slots=True)
class CycleLine:
    """A cycle with its reports: how many there are, were handed in at least in part, and are accepted whole."""

    cycle: Cycle
    reports: int
    handed_in: int
    complete: int
    over: bool  # its due day has passed


def cycle_lines(document: Document, user: User, *, today: date) -> tuple[CycleLine, ...]:
    """The cycles of a document, newest first, counted over the bodies that the person sees. At most three queries."""
    counts = _counts(document, Scope.of(user))
    cycles = Cycle.objects.visible_to(user).filter(document=document).order_by("-due_on", "-pk")
    return tuple(_line(cycle, counts, today) for cycle in cycles)


def _line(cycle: Cycle, counts: Counter[str], today: date) -> CycleLine:
    waiting, handed_in, whole = (counts[f"{cycle.pk}:{word}"] for word in ("open", "in", "whole"))
    return CycleLine(
        cycle, waiting + handed_in + whole, handed_in + whole, whole, cycle.due_on < today
    )


def _counts(document: Document, scope: Scope) -> Counter[str]:
    """Reports by the word of their mark: the kept counts of the branches, and the few reports of single bodies."""
    found: Counter[str] = Counter()
    marks = Mark.objects.filter(
        scope__in=scope.branches, document=document, topic="cycle", day=ALWAYS
    )
    for word, count in marks.values_list("word", "count"):
        found[word] += count
    for report in (
        ProgressReport.objects.filter(document=document, organisation__in=scope.single)
        if scope.single
        else ()
    ):
        found[report.point[1]] += 1
    return found


def count_owing(document: Document, user: User) -> int:
    """How many bodies in view owe something under the document."""
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
    """The period after the last cycle, of the same length; without one, the quarter that today lies in."""
    period = last.period if last else "quarter"
    months = MONTHS[period]
    if last:
        year, number = (
            (last.year, last.number + 1) if last.number < 12 // months else (last.year + 1, 1)
        )
    else:
        year, number = today.year, (today.month - 1) // months + 1
    after = date(year + 1, 1, 1) if number * months == 12 else date(year, number * months + 1, 1)
    return NextCycle(
        year,
        period,
        number,
        after - OPENS_BEFORE,
        workdays.next_working(after.replace(day=DUE_DAY)),
    )
