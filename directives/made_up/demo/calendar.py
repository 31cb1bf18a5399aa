"""When everything of the demo happens, in days from its last day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache

from django.conf import settings
from django.utils import timezone

from directives.base.clocks import Facts, Light, compute_light
from directives.base.workdays import Workdays
from directives.core.transitions import tolerances
from directives.made_up.sample.story import moment
from directives.models import CalendarDay

BEGAN, REGISTERED, ISSUED, DISPUTED, ACKNOWLEDGED, WITHDRAWN = -230, -229, -225, -223, -222, -219
PLANNED, PLAN_DECIDED, PLAN_DUE = -190, -166, -165
# Bodies that report late in both cycles are still heard from before their lights turn yellow.
LAST_OPENED, LAST_DUE = -115, -89
SUSPENDED = -50
CURRENT_OPENED, CURRENT_DUE_IN = -24, 9  # the second in working days from today
HISTORY = (-88, *range(-84, -14, 7), *range(-14, 0))  # days on which totals were copied
RECENT = -14  # from that day on, the record has everything that happened
PLANNED_LATE = -6  # a plan long overdue
REVISED, REVISION_RETURNED = -10, -4  # a plan that was taken up again
LOGGED = (-150, -128, -108, -8)  # days of the work log
LATER = {"fresh": -9, "newest": -2}  # days on which further directives were issued


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days and instants of the demo, which ends at `now`."""

    now: datetime

    @cached_property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @cached_property
    def workdays(self) -> Workdays:
        return CalendarDay.objects.workdays(self.today)

    @cache  # noqa: B019 - one calendar lives as long as its demo
    def day(self, number: int) -> date:
        return self.today + timedelta(days=number)

    @cache  # noqa: B019
    def at(self, number: int, hour: int) -> datetime:
        """An hour of a day, never later than now."""
        return min(moment(self.day(number), hour), self.now)

    def stamp(self, number: int | None, hour: int) -> datetime | None:
        """As `at`; None for what has not happened."""
        return None if number is None else self.at(number, hour)

    def receipt(self, number: int) -> date:
        """The last day to acknowledge receipt of what was issued that day."""
        return self.workdays.add(self.day(number), settings.ACKNOWLEDGE_DAYS)

    @cached_property
    def current_due(self) -> date:
        """When the reports of the current cycle are due, too far ahead to be near due."""
        return self.workdays.add(self.today, CURRENT_DUE_IN)

    @cached_property
    def last_due(self) -> date:
        return self.day(LAST_DUE)

    @lru_cache(maxsize=20_000)  # noqa: B019
    def light(self, facts: Facts, number: int) -> Light:
        """The light that these facts have on a day."""
        return compute_light(
            facts, today=self.day(number), workdays=self.workdays, tolerances=tolerances()
        )
