"""Editing the calendar of working days (工作日历): weekdays off, and weekend days worked (调休).

The State Council announces the days of a year in the autumn before. Lights count working days, so
after each change of the calendar the worker recomputes every light.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import NotAllowed
from directives.core import audit
from directives.core.relighting import relight_all
from directives.models import CalendarDay, User
from directives.models.sql import insert, update_each

ANNOUNCED = 11  # the month from which next year's days should be known


def keeps_calendar(user: User) -> bool:
    return user.is_active and user.is_staff and user.has_perm("directives.change_calendarday")


@transaction.atomic
def change_days(
    added_days: Sequence[CalendarDay],
    changes: Mapping[CalendarDay, Mapping[str, Any]],
    *,
    by: User,
    now: datetime,
    deleted: Sequence[CalendarDay] = (),
) -> None:
    """Add days, change fields of existing days, and delete others.

    The caller has locked the existing days and passes them unchanged. Raises NotAllowed.
    """
    if not keeps_calendar(by):
        raise NotAllowed(_("The working calendar is managed by system administrators."))
    insert(CalendarDay, added_days)
    added = [audit.Change(day, {}, recorded_values(day)) for day in added_days]
    audit.record_many("add", added, by=by, now=now)
    changed = []
    for day, fields in changes.items():
        before = {name: getattr(day, name) for name in fields}
        changed.append(audit.Change(day, before, dict(fields)))
        for name, value in fields.items():
            setattr(day, name, value)
    update_each(CalendarDay, [*changes], ["working", "name"])
    audit.record_many("change", changed, by=by, now=now)
    deletions = [audit.Change(day, recorded_values(day)) for day in deleted]
    audit.record_many("delete", deletions, by=by, now=now)
    CalendarDay.objects.filter(pk__in=[day.pk for day in deleted]).delete()
    relight_all(by=by, now=now)


def recorded_values(day: CalendarDay) -> dict[str, Any]:
    """The values of a day as the audit record holds them."""
    return {"name": str(day), "working": day.working}


def missing_years(published: Iterable[int], today: date) -> tuple[int, ...]:
    """Years whose days should have been announced by now and are not `published`."""
    due_years = (today.year, today.year + 1) if today.month >= ANNOUNCED else (today.year,)
    return tuple(sorted(set(due_years).difference(published)))
