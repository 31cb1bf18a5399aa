"""Whether made-up progress keeps the product's rules for items, states, days and lights."""

from collections.abc import Iterator
from datetime import date

from django.db.models import F, Q, QuerySet

from directives.base.states import ASSIGNED, CLOSED, CLOSING, DISPUTED, IN
from directives.core.last_heard import heard_days
from directives.core.transitions import LIGHT_FIELDS, relight
from directives.models import CalendarDay, ItemState, LogEntry, Measure, Obligation, ReportEntry


class BrokenSample(Exception):
    """The sample breaks rules; the message says which, and how many rows."""


def check(today: date) -> None:
    """Raise BrokenSample if there are rows that could not have been entered by this day."""
    faults = [*_items(today), *_states(), *_days(today), *_lights(today), *_heard()]
    if faults:
        raise BrokenSample("\n".join(faults))


def _items(today: date) -> Iterator[str]:
    for state in (CLOSING, CLOSED):
        unsettled = ItemState.objects.unsettled().filter(obligation__state=state)
        obligations = Obligation.objects.filter(pk__in=unsettled.values("obligation"))
        description = f"obligations {state} with items not established and no reason"
        yield from _faults(obligations, description)
    invalid = (
        Q(on__gt=today)
        | Q(on__lt=F("obligation__issued_on"))
        | Q(on__gt=F("obligation__closed_on"))
    )
    yield from _faults(ItemState.objects.filter(invalid), "items established on an impossible day")


def _states() -> Iterator[str]:
    rows = Obligation.objects.all()
    clocks = (
        Q(plan_due_on__isnull=False)
        | Q(report_due_on__isnull=False)
        | Q(plan_returned=True)
        | Q(report_returned=True)
    )
    closed = rows.filter(state=CLOSED)
    closed_but_due = closed.filter(clocks | ~Q(percent=100))
    yield from _faults(closed_but_due, "closed obligations that still owe something")
    waiting = Q(state__in=(ASSIGNED, DISPUTED))
    clock_stopped = rows.filter(waiting, acknowledge_by=None)
    yield from _faults(clock_stopped, "obligations without receipt whose clock stands")
    clock_running = rows.exclude(acknowledge_by=None).exclude(waiting)
    yield from _faults(clock_running, "obligations with receipt whose clock runs")


def _days(today: date) -> Iterator[str]:
    rows = Obligation.objects.all()
    yield from _faults(rows.filter(due_on__lt=F("starts_on")), "obligations due before they start")
    closed = rows.filter(Q(closed_on__gt=today) | Q(closed_on__lt=F("issued_on")))
    yield from _faults(closed, "obligations closed on an impossible day")
    logs = LogEntry.objects.filter(Q(on__gt=today) | Q(on__lt=F("measure__plan__created_at__date")))
    yield from _faults(logs, "log entries of an impossible day")
    yield from _faults(Measure.objects.filter(done_on__gt=today), "measures done in the future")
    entries = ReportEntry.objects.filter(
        Q(submitted_at__date__gt=today) | Q(decided_at__lt=F("submitted_at"), state__in=IN)
    )
    yield from _faults(entries, "report entries of an impossible moment")


def _lights(today: date) -> Iterator[str]:
    workdays = CalendarDay.objects.workdays(today)
    invalid = 0
    for row in Obligation.objects.all():
        stored = [getattr(row, name) for name in LIGHT_FIELDS[:3]]
        relight(row, today=today, workdays=workdays)
        invalid += stored != [getattr(row, name) for name in LIGHT_FIELDS[:3]]
    if invalid:
        yield f"{invalid} lights that the clocks do not give"


def _heard() -> Iterator[str]:
    days = heard_days(Obligation.objects.open())
    invalid = [row for row in Obligation.objects.open() if row.last_heard != days[row.pk]]
    if invalid:
        yield f"{len(invalid)} obligations heard from on another day than their history says"


def _faults(rows: QuerySet, description: str) -> Iterator[str]:
    count = rows.count()
    if count:
        yield f"{count} {description}"
