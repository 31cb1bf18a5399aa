"""What every page says of the installation itself: to everybody that lights are old, more to those who can help."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from directives import calendaring
from directives.health.upkeep import Upkeep
from directives.models import User
from directives.wording import day, moment


@dataclass(frozen=True, slots=True)
class Banner:
    """A sentence, whether it warns, and where that can be mended by whoever reads it."""

    words: str
    warns: bool = True
    url: str = ""
    label: str = ""


def banners(upkeep: Upkeep, user: User, now: datetime) -> tuple[Banner, ...]:
    """The worst that this person should know, and that the calendar ends."""
    worst = _of_lights(upkeep, now)
    if not worst and (user.is_staff or user.supervises):
        worst = _of_work(upkeep, now)
    said = [Banner(f"{worst} {_help(user)}")] if worst else []
    if upkeep.missing_years and (user.is_staff or user.supervises):
        said.append(_of_calendar(upkeep, user))
    return tuple(said)


def _of_lights(upkeep: Upkeep, now: datetime) -> str:
    if not upkeep.lights_late(now):
        return ""
    facts = {"day": day(upkeep.lights_on)}
    if not upkeep.silent(now):
        return _("Lights, and figures that follow from them, are as of %(day)s: today’s update has not finished.") % facts
    if upkeep.seen_at is None:
        return _("Lights, and figures that follow from them, are as of %(day)s: the background service has never run.") % facts
    facts["moment"] = moment(upkeep.seen_at)
    return _("Lights, and figures that follow from them, are as of %(day)s: the background service has not run since %(moment)s.") % facts


def _of_work(upkeep: Upkeep, now: datetime) -> str:
    """What is wrong beside the lights, the worst first."""
    if upkeep.full:
        return _("The server’s disk is full: nothing more can be saved.")
    if upkeep.silent(now):
        if upkeep.seen_at is None:
            return _("The background service has never run: long exports and imports, notices and tomorrow’s lights wait for it.")
        seen = {"moment": moment(upkeep.seen_at)}
        return (
            _("The background service has not run since %(moment)s: long exports and imports, notices and tomorrow’s lights wait for it.")
            % seen
        )
    if upkeep.tasks_wait(now):
        return _("Work left to the background service has been waiting since %(moment)s.") % {"moment": moment(upkeep.waiting_since)}
    if upkeep.backup_late(now):
        return _("The last backup was made on %(moment)s.") % {"moment": moment(upkeep.backed_up_at)}
    return ""


def _help(user: User) -> str:
    if user.is_staff:
        return _("Run “manage.py doctor” on the server: it says what to do.")
    return _("Tell the administrator.")


def _of_calendar(upkeep: Upkeep, user: User) -> Banner:
    years = {"years": "、".join(map(str, upkeep.missing_years))}
    words = _("The working days of %(years)s are not entered yet: until they are, Monday to Friday are counted.") % years
    if not calendaring.keeps_calendar(user):
        return Banner(f"{words} {_('The administrator enters them once they are announced.')}", warns=False)
    return Banner(
        words,
        warns=False,
        url=reverse("intake_new", args=["calendar"]),
        label=_("Import working days"),
    )
