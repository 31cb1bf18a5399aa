"""Messages about the state of the installation, shown on every page."""

from collections.abc import Iterator
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

    words: str
    warns: bool = True
    url: str = ""
    label: str = ""


def banners(upkeep: Upkeep, user: User, now: datetime) -> tuple[Banner, ...]:
    """The most serious problem that concerns this person, and years missing in the calendar."""
    oversees = user.is_staff or user.supervises
    sentences = list(_of_lights(upkeep, now) or (_of_work(upkeep, now) if oversees else ()))
    messages = [Banner(_joined(*sentences, _help(user)))] if sentences else []
    if upkeep.missing_years and oversees:
        messages.append(_of_calendar(upkeep, user))
    return tuple(messages)


def _joined(*sentences: str) -> str:
    return ("" if (get_language() or "").startswith("zh") else " ").join(sentences)


def _of_lights(upkeep: Upkeep, now: datetime) -> tuple[str, ...]:
    if not upkeep.lights_late(now):
        return ()
    facts = {"day": format_day(upkeep.lights_on, timezone.localdate(now))}
    why = _silence(upkeep, now) or _("Today’s update has not finished.")
    return _("Lights, and the figures that follow from them, are as of %(day)s.") % facts, why


def _silence(upkeep: Upkeep, now: datetime) -> str:
    if not upkeep.silent(now):
        return ""
    if upkeep.seen_at is None:
        return _("The background service has never run.")
    facts = {"moment": format_moment(upkeep.seen_at, timezone.localdate(now))}
    return _("The background service has not run since %(moment)s.") % facts


def _of_work(upkeep: Upkeep, now: datetime) -> Iterator[str]:
    """The most serious problem except late lights."""
    today = timezone.localdate(now)
    if upkeep.full:
        yield _("The server’s disk is full; nothing can be saved.")
    elif upkeep.silent(now):
        yield _silence(upkeep, now)
        yield _("Large exports and imports, email and tomorrow’s lights are waiting for it.")
    elif upkeep.tasks_wait(now):
        facts = {"moment": format_moment(upkeep.waiting_since, today)}
        yield _("Tasks for the background service have been waiting since %(moment)s.") % facts
    elif upkeep.backup_late(now):
        facts = {"moment": format_moment(upkeep.backed_up_at, today)}
        yield _("The last backup was made on %(moment)s.") % facts


def _help(user: User) -> str:
    if user.is_staff:
        return _("Run “manage.py doctor” on the server and follow its advice.")
    return _("Tell the administrator.")


def _of_calendar(upkeep: Upkeep, user: User) -> Banner:
    years = {"years": "、".join(map(str, upkeep.missing_years))}
    words = _("The working days of %(years)s are not entered: Monday to Friday count.") % years
    if not working_calendar.keeps_calendar(user):
        then = _("The system administrator enters them once they are announced.")
        return Banner(_joined(words, then), warns=False)
    url = reverse("intake_new", args=["calendar"])
    return Banner(words, warns=False, url=url, label=_("Import working days"))
