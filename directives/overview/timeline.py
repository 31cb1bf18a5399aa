"""What happened to a thing, in words: the audit record, gathered so that one act on many bodies is one line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from directives.models import Event, Organisation, User
from directives.states import COLOURS, OBLIGATION_MOVES, PLAN_MOVES

LIMIT = 20  # happenings of one timeline
READ = 200  # acts that are read to make them

WORDS: dict[str, str | Promise] = {
    **{action: move.label for action, move in (PLAN_MOVES | OBLIGATION_MOVES).items()},
    "register": pgettext_lazy("event", "Registered"),
    "issue": pgettext_lazy("event", "Assigned"),
    "correct": pgettext_lazy("event", "Reading corrected"),
    "reword": pgettext_lazy("event", "Words follow a decided repair"),
    "repair_confirmed": pgettext_lazy("event", "Repair confirmed"),
    "repair_refused": pgettext_lazy("event", "Repair refused"),
    "item": pgettext_lazy("event", "Item updated"),
    "log": pgettext_lazy("event", "Work logged"),
    "light": pgettext_lazy("event", "Light changed"),
    "add": pgettext_lazy("event", "Added"),
    "change": pgettext_lazy("event", "Changed"),
    "delete": pgettext_lazy("event", "Deleted"),
    "import": pgettext_lazy("event", "Imported"),
    "found": pgettext_lazy("event", "Body added"),
    "move": pgettext_lazy("event", "Moved in the tree"),
    "start_plan": pgettext_lazy("event", "Plan begun"),
    "save_plan": pgettext_lazy("event", "Plan changed"),
    "plan_handed_in": pgettext_lazy("event", "Plan handed in"),
    "plan_returned": pgettext_lazy("event", "Plan returned"),
    "add_measure": pgettext_lazy("event", "Measure added"),
    "save_measure": pgettext_lazy("event", "Measure changed"),
    "delete_measure": pgettext_lazy("event", "Measure deleted"),
    "mark_done": pgettext_lazy("event", "Measure done"),
    "attach": pgettext_lazy("event", "File added"),
    "remove_file": pgettext_lazy("event", "File removed"),
    "open_cycle": pgettext_lazy("event", "Reporting opened"),
    "begin": pgettext_lazy("event", "Report begun"),
    "append": pgettext_lazy("event", "Entry added"),
    "redraft": pgettext_lazy("event", "Drafted anew"),
    "save": pgettext_lazy("event", "Entry written"),
    "submission": pgettext_lazy("event", "Handed in"),
    "report_clock": pgettext_lazy("event", "Report clock set"),
    "review": pgettext_lazy("event", "Reviewed"),
    "complete": pgettext_lazy("event", "Report complete"),
}


def word_of(action: str) -> str | Promise:
    """The name of an action for people; one that is not in the table is a change."""
    return WORDS.get(action) or pgettext_lazy("event", "Changed")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `count` acts were alike; body, before and after are there where it was one."""

    at: datetime
    action: str
    word: str | Promise
    count: int
    by: User | None
    body: Organisation | None
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def light(self) -> str:
        """The colour that an obligation took, where the act says so."""
        colour = self.after.get("light", "")
        return colour if colour in COLOURS else ""

    @property
    def change(self) -> str:
        """What changed, for the few fields that people follow."""
        if "percent" in self.after:
            return _("Percent complete: %(before)s%% → %(after)s%%") % {
                "before": self.before.get("percent", 0), "after": self.after["percent"],
            }  # fmt: skip
        return ""


def timeline(events: QuerySet[Event], *, limit: int = LIMIT) -> tuple[Happening, ...]:
    """The latest happenings among these events, newest first, in two queries whatever their number."""
    acts = list(
        events.order_by()
        .values("at", "action", "by", "reason")
        .annotate(n=Count("pk"), first=Min("pk"))
        .order_by("-at", "-first")[:READ]
    )
    told = {event.pk: event for event in Event.objects.filter(pk__in=[act["first"] for act in acts]).select_related("by", "organisation")}
    return tuple(_merged(_happening(told[act["first"]], act["n"]) for act in acts))[:limit]


def _happening(event: Event, count: int) -> Happening:
    one = count == 1
    return Happening(
        event.at, event.action, word_of(event.action), count, event.by, event.organisation if one else None, event.reason,
        event.before if one else {}, event.after if one else {},
    )  # fmt: skip


def _merged(happenings: Iterable[Happening]) -> Iterable[Happening]:
    """Alike acts of one day, one after another, as one happening."""
    last: Happening | None = None
    for now in happenings:
        if last is not None and _alike(last, now):
            by, body = (last.by if last.by == now.by else None), (last.body if last.body == now.body else None)
            last = replace(last, count=last.count + now.count, by=by, body=body, before={}, after={})
            continue
        if last is not None:
            yield last
        last = now
    if last is not None:
        yield last


def _alike(one: Happening, other: Happening) -> bool:
    same_day = timezone.localdate(one.at) == timezone.localdate(other.at)
    return same_day and (one.action, one.reason) == (other.action, other.reason) and not (one.light or other.light)
