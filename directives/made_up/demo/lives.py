"""The life of an obligation from its issue to today: its steps, and its light on each day."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from directives.base.clocks import Facts, Light, Reason
from directives.base.states import ASSIGNED, COLOURS, LIVE
from directives.core.transitions import HEARD_ACTIONS as HEARD_BY_MOVES
from directives.core.transitions import LIGHT_FACTS
from directives.made_up import sentences
from directives.made_up.demo import calendar as days
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import Course
from directives.made_up.demo.steps import ABOVE, SYSTEM, Step, steps_of
from directives.made_up.demo.terms import Fate, Terms

BITS = 32  # of one figure: room for the sums of a nation
FIELDS = 1 + len(COLOURS)  # figures of a day: obligations by colour, percentage points
PLACES = {day: place for place, day in enumerate(days.HISTORY)}
NO_COLUMNS = frozenset({"words", "last", "this"})  # changes that are not columns
HEARD = HEARD_BY_MOVES | {"heard"}


@dataclass(frozen=True, slots=True)
class Act:
    """A step as the record has it, with JSON; `turned` where the light changed with it."""

    day: int
    hour: int
    action: str
    by: str
    before: str
    after: str
    reason: str
    turned: bool


class Encoder(DjangoJSONEncoder):
    """As the record writes values; the reason of a light as it is stored."""

    def default(self, o: object) -> object:
        return o.to_json() if isinstance(o, Reason) else super().default(o)


def plain(values: dict[str, Any]) -> str:
    """Values as the audit record holds them, and as its seals hash them."""
    return json.dumps(
        values, cls=Encoder, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


Pairs = tuple[tuple[str, Any], ...]


@cache
def _act(
    day: int,
    hour: int,
    action: str,
    by: str,
    before: Pairs,
    after: Pairs,
    reason: str,
    turned: bool,
) -> Act:
    """An act; many lives share it."""
    return Act(day, hour, action, by, plain(dict(before)), plain(dict(after)), reason, turned)


@dataclass(slots=True, eq=False)
class Life:
    """One life.

    row: the columns of the obligation today
    acts: what the record has of it, by day
    last, this: the states of its entries in the two cycles; None where there is none
    words: whose words the obligation shows: 0 nobody's, 1 the last report's, 2 this one's
    stages: how far the work is by the entries of the two cycles, as `sentences` counts
    figures: FIELDS figures for each day of the history, packed into one number, so that the sums
        of lives are sums of numbers
    """

    calendar: Calendar
    terms: Terms
    course: Course
    fate: Fate
    logged: tuple[int, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    acts: dict[int, list[Act]] = field(default_factory=dict)
    last: str | None = None
    this: str | None = None
    words: int = 0
    stages: tuple[int, int] = (0, 0)
    figures: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        issued = self.terms.issued
        last, this = self.percents
        self.stages = sentences.stage_of(last), sentences.stage_of(this)
        self.row = _issued(self.calendar, self.terms)
        after = {"state": ASSIGNED, "part": "responsible", "due_on": self.row["due_on"]}
        self._record(issued, 15, "issue", ABOVE, {}, after)
        light = self._light(issued)
        steps = sorted(steps_of(self), key=lambda step: (step.day, step.hour), reverse=True)
        days_of = {step.day for step in steps} | {day for day in days.HISTORY if day >= issued}
        for day in sorted(days_of | {0}):
            light = self._wait(day, light)
            while steps and steps[-1].day == day:
                light = self._take(steps.pop(), light)
            if day in PLACES and self.row["state"] in LIVE:
                figures = (1 << BITS * COLOURS.index(light.colour)) + (
                    self.row["percent"] << BITS * len(COLOURS)
                )
                self.figures += figures << PLACES[day] * FIELDS * BITS
        self.row |= {
            "light": light.colour,
            "light_code": light.reason.code,
            "light_on": light.reason.on,
            "light_changes_on": light.changes_on,
            "version": self.version,
        }

    @property
    def percents(self) -> tuple[int, int]:
        """What the entries of the last and of this cycle say."""
        terms, fate = self.terms, self.fate
        if terms.starts > 0:
            return 0, 0
        if fate.work in ("closing", "closed"):
            return 90, 100
        gone = 40.0 if terms.due is None else 100 * -terms.starts / (terms.due - terms.starts)
        first = max(0, min(95, round((gone + fate.ahead - 5) / 5) * 5))
        return first, min(95, max(first, round((gone + fate.ahead + 2) / 5) * 5))

    def _light(self, day: int) -> Light:
        heard_on = self.row["heard_on"] or self.row["issued_on"]
        return self.calendar.light(
            Facts(**{name: self.row[name] for name in LIGHT_FACTS}, heard_on=heard_on), day
        )

    def _wait(self, day: int, light: Light) -> Light:
        """The light as time has changed it by the morning of a day, morning by morning."""
        while light.changes_on is not None and light.changes_on <= self.calendar.day(day):
            morning = (light.changes_on - self.calendar.today).days
            now = self._light(morning)
            before = {"light": light.colour, "light_reason": light.reason}
            after = {"light": now.colour, "light_reason": now.reason}
            self._record(morning, 8, "light", SYSTEM, before, after, turned=True)
            self.version += 1
            light = now
        return light

    def _take(self, step: Step, light: Light) -> Light:
        """The light after a step."""
        changes = step.change(self)
        if changes is None:
            return light
        self.last, self.this = changes.get("last", self.last), changes.get("this", self.this)
        self.words = changes.get("words", self.words)
        fields = {name: value for name, value in changes.items() if name not in NO_COLUMNS}
        if "state" in fields:
            fields |= {"reason": step.reason, "moved_at": self.calendar.at(step.day, step.hour)}
        heard = {"heard_on": self.calendar.day(step.day)} if step.action in HEARD else {}
        if not fields and not heard:
            return light
        before = {name: self.row[name] for name in fields if fields[name] != self.row[name]}
        after = {name: fields[name] for name in before}
        self.row |= fields | heard
        now = self._light(step.day)
        turned = now.colour != light.colour
        if not fields and not turned:
            return now  # nothing changed but the day, which the record does not have
        if turned:
            before, after = before | {"light": light.colour}, after | {"light": now.colour}
        action = step.action if fields else "light"
        self._record(
            step.day, step.hour, action, step.by, before, after, step.reason, turned=turned
        )
        self.version += 1
        return now

    def _record(
        self,
        day: int,
        hour: int,
        action: str,
        by: str,
        before: dict[str, Any],
        after: dict[str, Any],
        reason: str = "",
        *,
        turned: bool = False,
    ) -> None:
        self.acts.setdefault(day, []).append(
            _act(day, hour, action, by, tuple(before.items()), tuple(after.items()), reason, turned)
        )


def _issued(calendar: Calendar, terms: Terms) -> dict[str, Any]:
    day = calendar.day
    due = None if terms.due is None else day(terms.due)
    return {
        "state": ASSIGNED,
        "percent": 0,
        "acknowledge_by": calendar.receipt(terms.issued),
        "plan_due_on": day(days.PLAN_DUE) if terms.deliverable else None,
        "plan_returned": False,
        "report_due_on": None,
        "report_returned": False,
        "closed_on": None,
        "reason": "",
        "moved_at": calendar.at(terms.issued, 15),
        "deliverable": terms.deliverable,
        "issued_on": day(terms.issued),
        "starts_on": day(terms.starts),
        "due_on": due,
        "original_due_on": due,
        "heard_on": None,
    }
