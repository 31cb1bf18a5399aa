"""The reporting cycles of a document, how far each is in, and the one that would come next."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q

from directives.models import Cycle, Document, Obligation, ProgressReport, User
from directives.states import REPORTABLE
from directives.workdays import Workdays

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
    """The cycles of a document, newest first, counted over the bodies that the person sees. Two queries."""
    seen = ProgressReport.objects.visible_to(user).filter(document=document).order_by().values("cycle")
    counted = seen.annotate(
        n=Count("pk"),
        handed=Count("pk", filter=Q(first_submitted_at__isnull=False)),
        whole=Count("pk", filter=Q(completed_at__isnull=False)),
    )
    counts = {row["cycle"]: (row["n"], row["handed"], row["whole"]) for row in counted}
    cycles = Cycle.objects.visible_to(user).filter(document=document).order_by("-due_on", "-pk")
    return tuple(CycleLine(cycle, *counts.get(cycle.pk, (0, 0, 0)), cycle.due_on < today) for cycle in cycles)


def owing(document: Document, user: User) -> int:
    """How many bodies in view owe something that a new cycle would ask about."""
    rows = Obligation.objects.visible_to(user).filter(document=document, state__in=REPORTABLE)
    return rows.aggregate(n=Count("organisation", distinct=True))["n"]


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
        year, number = (last.year, last.number + 1) if last.number < 12 // months else (last.year + 1, 1)
    else:
        year, number = today.year, (today.month - 1) // months + 1
    after = date(year + 1, 1, 1) if number * months == 12 else date(year, number * months + 1, 1)
    return NextCycle(year, period, number, after - OPENS_BEFORE, workdays.next_working(after.replace(day=DUE_DAY)))
