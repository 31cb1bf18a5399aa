"""“My work”: the tasks of a user in all their organisations, and what they did last."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.states import GREEN, MANAGER, RED, STAFF, WORKING, YELLOW
from directives.base.workdays import Workdays
from directives.core.transitions import tolerances
from directives.indicators.queries.figures_due import FiguresDue, figures_due
from directives.models import LogEntry, LookBack, Notice, User
from directives.my_work.queries.inbox import Inbox, inbox
from directives.my_work.queries.receipts import Unacknowledged, unacknowledged
from directives.my_work.queries.replies import Replies, replies_to_settle
from directives.my_work.queries.tasks import Days, Task, queue, to_sign
from directives.my_work.queries.work import (
    MeasureLine,
    PersonalWork,
    logged_by,
    obligations_of,
    plans_of,
    reports_of,
    requests_of,
)
from directives.obligations.queries.looking_back import planned_look_backs
from directives.plans.queries.plans import SHOWN_FIRST, MeasureChoice, QuickChoices

SHOWN = 50  # tasks shown
NOTICES = 5  # unread notices shown
DAYS_AHEAD = 10  # working days shown ahead
HOURS = (
    (5, _("Hello")),
    (12, _("Good morning")),
    (14, _("Good day")),
    (18, _("Good afternoon")),
    (24, _("Good evening")),
)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One working day ahead, with the number of tasks due; `report`: a report is due."""

    day: date
    tasks: int
    report: bool


@dataclass(frozen=True)
class MyWork:
    """The page of a user. Parts that the user has no role for are empty, `inbox` None."""

    today: date
    now: datetime
    personal: PersonalWork
    signatures: tuple[Task, ...]
    queue: tuple[Task, ...]
    days_ahead: tuple[DayAhead, ...]
    inbox: Inbox | None
    quick: QuickChoices | None
    log: tuple[LogEntry, ...]
    notices: tuple[Notice, ...]
    unacknowledged: tuple[Unacknowledged, ...] = ()
    replies: Replies | None = None  # that the user settles or returns
    look_backs: tuple[LookBack, ...] = ()  # planned
    figures: tuple[FiguresDue, ...] = ()  # statistics that have to be reported

    @property
    def greeting(self) -> str | Promise:
        hour = timezone.localtime(self.now).hour
        return next(words for until, words in HOURS if hour < until)

    @property
    def shown_tasks(self) -> tuple[Task, ...]:
        return self.queue[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.queue) - SHOWN)

    def _colour(self, colour: str) -> int:
        return sum(task.colour == colour for task in self.queue)

    @cached_property
    def red(self) -> int:
        return self._colour(RED)

    @cached_property
    def yellow(self) -> int:
        return self._colour(YELLOW)

    @property
    def on_schedule(self) -> int:
        return self._colour(GREEN)

    def _measures(self, *, overdue: bool) -> int:
        return sum(task.kind == "measure" and task.overdue == overdue for task in self.queue)

    @property
    def measures_overdue(self) -> int:
        return self._measures(overdue=True)

    @property
    def measures_ahead(self) -> int:
        return self._measures(overdue=False)

    @property
    def not_started(self) -> int:
        """The number of tasks of obligations that are not due yet."""
        counted = self.red + self.yellow + self.on_schedule
        return len(self.queue) - counted - self.measures_overdue - self.measures_ahead

    @property
    def due_today(self) -> int:
        return sum(task.due_on == self.today for task in self.queue)

    @property
    def report(self) -> Task | None:
        """The next report that is due and not late."""
        reports = (task for task in self.queue if task.kind == "report")
        return next((row for row in reports if row.due_on and row.due_on >= self.today), None)

    @property
    def has_several_bodies(self) -> bool:
        """Whether the user works for several bodies, so that each task names its body."""
        return len(self.personal.bodies) > 1

    @property
    def next_measure(self) -> MeasureLine | None:
        """The measure that is due next; shown if there are no tasks."""
        upcoming = [
            row
            for row in self.personal.measures
            if row.done_on is None and row.due_on and row.due_on >= self.today
        ]
        return min(upcoming, key=lambda row: row.due_on or date.max, default=None)


def load_my_work(user: User, *, now: datetime, today: date, workdays: Workdays) -> MyWork:
    """Return the page of a user, in at most sixteen queries besides the calendar.

    Two more if figures have to be reported.
    """
    work, days = PersonalWork({}), Days(today, workdays, tolerances())
    tasks: tuple[Task, ...] = ()
    if user.works:
        work = _read_work(user)
        tasks = queue(work, days)
    return MyWork(
        today=today,
        now=now,
        personal=work,
        signatures=tuple(to_sign(work, days)) if user.works else (),
        queue=tasks,
        days_ahead=_days_ahead(tasks, days) if user.works else (),
        inbox=inbox(user),
        quick=_quick(work, today) if user.works else None,
        replies=replies_to_settle(user),
        log=tuple(logged_by(user)) if user.works else (),
        look_backs=planned_look_backs(user),
        unacknowledged=unacknowledged(user, today=today),
        figures=figures_due(user, today=today),
        notices=tuple(Notice.objects.visible_to(user).filter(read_at=None)[:NOTICES]),
    )


def _read_work(user: User) -> PersonalWork:
    return PersonalWork(
        bodies=user.bodies_as(*WORKING),
        receives=frozenset(user.bodies_as(STAFF)),
        signs=frozenset(user.bodies_as(MANAGER)),
        obligations=obligations_of(user),
        plans=plans_of(user),
        reports=reports_of(user),
        requests=requests_of(user),
    )


def _days_ahead(tasks: tuple[Task, ...], days: Days) -> tuple[DayAhead, ...]:
    """The next ten working days, with today if it is one."""
    day, days_ahead = days.workdays.next_working(days.today), []
    for _number in range(DAYS_AHEAD):
        due_tasks = [task for task in tasks if task.due_on == day]
        days_ahead.append(
            DayAhead(day, len(due_tasks), any(task.kind == "report" for task in due_tasks))
        )
        day = days.workdays.add(day, 1)
    return tuple(days_ahead)


def _quick(work: PersonalWork, today: date) -> QuickChoices:
    """The choices of the quick log, sorted as by `plans.quick_choices`."""
    measures = sorted(
        work.measures,
        key=lambda row: (
            row.done_on is not None,
            -(row.logged_on or date.min).toordinal(),
            row.due_on or date.max,
            row.number,
        ),
    )
    choices = [
        MeasureChoice(row.pk, row.number, row.text, row.serves, None, row.done_on is not None)
        for row in measures
    ]
    count = SHOWN_FIRST if len(choices) > SHOWN_FIRST + 1 else len(choices)
    return QuickChoices(today, tuple(choices[:count]), tuple(choices[count:]))
