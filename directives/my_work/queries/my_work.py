"""“My work”: what a person has to do, in all their places at once, and what they did last."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.states import GREEN, MANAGER, RED, STAFF, YELLOW
from directives.base.workdays import Workdays
from directives.core.transitions import tolerances
from directives.indicators.queries.figures_due import FiguresDue, figures_due
from directives.models import LogEntry, Notice, User
from directives.my_work.queries.inbox import Inbox, inbox
from directives.my_work.queries.tasks import Days, Task, queue, to_sign
from directives.my_work.queries.work import (
    MeasureLine,
    PersonalWork,
    logged_by,
    obligations_of,
    plans_of,
    reports_of,
)
from directives.plans.queries.plans import SHOWN_FIRST, MeasureChoice, QuickChoices

SHOWN = 50  # tasks of the queue
NOTICES = 5  # unread notices shown at once
STRIP = 10  # working days ahead
HOURS = (
    (5, _("Hello")),
    (12, _("Good morning")),
    (14, _("Good day")),
    (18, _("Good afternoon")),
    (24, _("Good evening")),
)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One working day of the strip, with how many tasks are due; `report`: a report is."""

    day: date
    tasks: int
    report: bool


@dataclass(frozen=True)
class MyWork:
    """The page of a person. Parts that are not theirs are empty, `inbox` None."""

    today: date
    now: datetime
    desk: PersonalWork
    signatures: tuple[Task, ...]
    queue: tuple[Task, ...]
    strip: tuple[DayAhead, ...]
    inbox: Inbox | None
    quick: QuickChoices | None
    log: tuple[LogEntry, ...]
    notices: tuple[Notice, ...]
    figures: tuple[FiguresDue, ...] = ()  # statistics still to be reported

    @property
    def greeting(self) -> str | Promise:
        hour = timezone.localtime(self.now).hour
        return next(words for until, words in HOURS if hour < until)

    @property
    def shown(self) -> tuple[Task, ...]:
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
    def other(self) -> int:
        """Of work that has not started."""
        return (
            len(self.queue)
            - self.red
            - self.yellow
            - self.on_schedule
            - self.measures_overdue
            - self.measures_ahead
        )

    @property
    def due_today(self) -> int:
        return sum(task.due_on == self.today for task in self.queue)

    @property
    def report(self) -> Task | None:
        """The report that is due next and not late."""
        return next(
            (
                task
                for task in self.queue
                if task.kind == "report" and task.due_on and task.due_on >= self.today
            ),
            None,
        )

    @property
    def several(self) -> bool:
        """The person fills in for more than one body, so that each task names its own."""
        return len(self.desk.bodies) > 1

    @property
    def next_measure(self) -> MeasureLine | None:
        """What comes next when nothing is to be done now."""
        ahead = [
            row
            for row in self.desk.measures
            if row.done_on is None and row.due_on and row.due_on >= self.today
        ]
        return min(ahead, key=lambda row: row.due_on or date.max, default=None)


def load_my_work(user: User, *, now: datetime, today: date, workdays: Workdays) -> MyWork:
    """Everything on the page of a person, in at most twelve queries besides the calendar.

    Two more where figures are asked for.
    """
    desk, days = PersonalWork({}), Days(today, workdays, tolerances())
    tasks: tuple[Task, ...] = ()
    if user.works:
        desk = _read_work(user)
        tasks = queue(desk, days)
    return MyWork(
        today=today,
        now=now,
        desk=desk,
        signatures=tuple(to_sign(desk, days)) if user.works else (),
        queue=tasks,
        strip=_strip(tasks, days) if user.works else (),
        inbox=inbox(user),
        quick=_quick(desk, today) if user.works else None,
        log=tuple(logged_by(user)) if user.works else (),
        figures=figures_due(user, today=today),
        notices=tuple(Notice.objects.visible_to(user).filter(read_at=None)[:NOTICES]),
    )


def _read_work(user: User) -> PersonalWork:
    return PersonalWork(
        bodies={m.organisation_id: m.organisation for m in user.in_role(STAFF, MANAGER)},
        receives=frozenset(m.organisation_id for m in user.in_role(STAFF)),
        signs=frozenset(m.organisation_id for m in user.in_role(MANAGER)),
        obligations=obligations_of(user),
        plans=plans_of(user),
        reports=reports_of(user),
    )


def _strip(tasks: tuple[Task, ...], days: Days) -> tuple[DayAhead, ...]:
    """The next ten working days, today included where it is one."""
    day, ahead = days.workdays.next_working(days.today), []
    for _number in range(STRIP):
        due = [task for task in tasks if task.due_on == day]
        ahead.append(DayAhead(day, len(due), any(task.kind == "report" for task in due)))
        day = days.workdays.add(day, 1)
    return tuple(ahead)


def _quick(desk: PersonalWork, today: date) -> QuickChoices:
    """The quick log's choices from the measures at hand, as `plans.quick_choices` sorts them."""
    far = date.min
    measures = sorted(
        desk.measures,
        key=lambda row: (
            row.done_on is not None,
            -(row.logged_on or far).toordinal(),
            row.due_on or date.max,
            row.number,
        ),
    )
    choices = [
        MeasureChoice(row.pk, row.number, row.text, row.serves, None, row.done_on is not None)
        for row in measures
    ]
    shown = SHOWN_FIRST if len(choices) > SHOWN_FIRST + 1 else len(choices)
    return QuickChoices(today, tuple(choices[:shown]), tuple(choices[shown:]))
