"""Messages about the state of the installation, shown on every page."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from directives.base.wording import format_day, format_moment
from directives.core import working_calendar
from directives.health.upkeep import Upkeep
from directives.models import User


@dataclass(frozen=True, slots=True)
class Banner:
    """A message; `url` and `label` link to a page where the reader can solve the problem."""

    message: str
    warns: bool = True
    url: str = ""
    label: str = ""


def banners(upkeep: Upkeep, user: User, now: datetime) -> tuple[Banner, ...]:
    """The most serious problem that concerns this person, and years missing in the calendar."""
    oversees = user.is_staff or user.supervises
    blank = "" if (get_language() or "").startswith("zh") else " "
    messages = []
    if sentences := _problem(upkeep, now, only_lights=not oversees):
        advice = _("Tell the administrator.")
        if user.is_staff:
            advice = _("Run “manage.py doctor” on the server and follow its advice.")
        messages.append(Banner(blank.join((*sentences, advice))))
    if upkeep.missing_years and oversees:
        messages.append(_missing_years(upkeep.missing_years, user, blank))
    return tuple(messages)


def _problem(upkeep: Upkeep, now: datetime, *, only_lights: bool) -> tuple[str, ...]:
    """The most serious problem, in one or two sentences."""
    today, silence = timezone.localdate(now), ""
    if upkeep.silent(now) and upkeep.seen_at is None:
        silence = _("The background service has never run.")
    elif upkeep.silent(now):
        facts = {"moment": format_moment(upkeep.seen_at, today)}
        silence = _("The background service has not run since %(moment)s.") % facts
    if upkeep.lights_late(now):
        facts = {"day": format_day(upkeep.lights_on, today)}
        late = _("Lights, and the figures that follow from them, are as of %(day)s.") % facts
        return late, silence or _("Today’s update has not finished.")
    if only_lights:
        return ()
    if upkeep.full:
        return (_("The server’s disk is full; nothing can be saved."),)
    if silence:
        effect = _("Large exports and imports, email and tomorrow’s lights are waiting for it.")
        return silence, effect
    if upkeep.tasks_wait(now):
        facts = {"moment": format_moment(upkeep.waiting_since, today)}
        text = _("Tasks for the background service have been waiting since %(moment)s.")
        return (text % facts,)
    if upkeep.backup_late(now):
        facts = {"moment": format_moment(upkeep.backed_up_at, today)}
        return (_("The last backup was made on %(moment)s.") % facts,)
    return ()


def _missing_years(years: tuple[int, ...], user: User, blank: str) -> Banner:
    facts = {"years": "、".join(map(str, years))}
    message = _("The working days of %(years)s are not entered: Monday to Friday count.") % facts
    if not working_calendar.keeps_calendar(user):
        advice = _("The system administrator enters them once they are announced.")
        return Banner(f"{message}{blank}{advice}", warns=False)
    url = reverse("intake_new", args=["calendar"])
    return Banner(message, warns=False, url=url, label=_("Import working days"))
