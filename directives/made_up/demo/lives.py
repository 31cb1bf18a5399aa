"""The life of an obligation from its issue to today: its steps, and its light on each day."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from directives.base.clocks import Facts, Light, Reason
from directives.base.states import ASSIGNED, COLOURS, LIVE, SUPPORTING
from directives.core.transitions import HEARD_ACTIONS as HEARD_BY_MOVES
from directives.core.transitions import LIGHT_FACTS
from directives.made_up import sentences
from directives.made_up.demo import calendar as days
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.courses import Course
from directives.made_up.demo.steps import REVIEWER, SYSTEM, Step, steps_of
from directives.made_up.demo.terms import Outcome, Terms

BITS = 32  # of one figure: room for the sums of a nation
FIELDS = 1 + len(COLOURS)  # figures of a day: obligations by colour, percentage points
HISTORY_POSITIONS = {day: place for place, day in enumerate(days.HISTORY)}
NOT_COLUMNS = frozenset({"shown_report", "last", "current"})  # changes that are not columns
HEARD_ACTIONS = HEARD_BY_MOVES | {"heard"}


@dataclass(frozen=True, slots=True)
class Act:
    """A step as the record has it, with its values as JSON."""

    day: int
    hour: int
    action: str
    by: str
    before: str
    after: str
    reason: str
    light_changed: bool


class Encoder(DjangoJSONEncoder):
    """As the record writes values; the reason of a light as it is stored."""

    def default(self, o: object) -> object:
        return o.to_json() if isinstance(o, Reason) else super().default(o)


def canonical_json(values: dict[str, Any]) -> str:
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
    light_changed: bool,
) -> Act:
    """An act; many lives share it."""
    return Act(
        day,
        hour,
        action,
        by,
        canonical_json(dict(before)),
        canonical_json(dict(after)),
        reason,
        light_changed,
    )


@dataclass(slots=True, eq=False)
class Life:
    """One life.

    row: the columns of the obligation today
    acts: what the record has of it, by day
    last, current: the states of its entries in the two cycles; None where there is none
    shown_report: whose text the obligation shows: 0 none, 1 the last report, 2 the current one
    stages: how far the work is by the entries of the two cycles, as `sentences` counts
    figures: FIELDS figures for each day of the history, packed into one number, so that the sums
        of lives are sums of numbers
    """

    calendar: Calendar
    terms: Terms
    course: Course
    outcome: Outcome
    log_days: tuple[int, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    acts: dict[int, list[Act]] = field(default_factory=dict)
    last: str | None = None
    current: str | None = None
    shown_report: int = 0
    stages: tuple[int, int] = (0, 0)
    figures: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        issued = self.terms.issued
        last, current = self.percents
        self.stages = sentences.stage_of(last), sentences.stage_of(current)
        self.row = _issued_row(self.calendar, self.terms)
        after = {"state": ASSIGNED, "part": self.terms.part, "due_on": self.row["due_on"]}
        self._record(issued, 15, "issue", REVIEWER, {}, after)
        light = self._light(issued)
        steps = sorted(steps_of(self), key=lambda step: (step.day, step.hour), reverse=True)
        step_days = {step.day for step in steps} | {day for day in days.HISTORY if day >= issued}
        for day in sorted(step_days | {0}):
            light = self._advance(day, light)
            while steps and steps[-1].day == day:
                light = self._apply(steps.pop(), light)
            if day in HISTORY_POSITIONS and self.row["state"] in LIVE:
                figures = (1 << BITS * COLOURS.index(light.colour)) + (
                    self.row["percent"] << BITS * len(COLOURS)
                )
                self.figures += figures << HISTORY_POSITIONS[day] * FIELDS * BITS
        self.row |= {
            "light": light.colour,
            "light_code": light.reason.code,
            "light_on": light.reason.on,
            "light_changes_on": light.changes_on,
            "version": self.version,
        }

    @property
    def percents(self) -> tuple[int, int]:
        """The percentages in the entries of the last and of the current cycle."""
        terms, outcome = self.terms, self.outcome
        if terms.starts > 0:
            return 0, 0
        if outcome.work in ("closing", "closed"):
            return 90, 100
        elapsed = 40.0 if terms.due is None else 100 * -terms.starts / (terms.due - terms.starts)
        first = max(0, min(95, round((elapsed + outcome.points_ahead - 5) / 5) * 5))
        return first, min(95, max(first, round((elapsed + outcome.points_ahead + 2) / 5) * 5))

    def _light(self, day: int) -> Light:
        heard_on = self.row["heard_on"] or self.row["issued_on"]
        facts = {name: self.row[name] for name in LIGHT_FACTS}
        supporting = self.terms.part == SUPPORTING
        return self.calendar.light(Facts(**facts, heard_on=heard_on, supporting=supporting), day)

    def _advance(self, day: int, light: Light) -> Light:
        """The light on the morning of a day, after every change on the mornings before."""
        while light.changes_on is not None and light.changes_on <= self.calendar.day(day):
            morning = (light.changes_on - self.calendar.today).days
            new_light = self._light(morning)
            before = {"light": light.colour, "light_reason": light.reason}
            after = {"light": new_light.colour, "light_reason": new_light.reason}
            self._record(morning, 8, "light", SYSTEM, before, after, light_changed=True)
            self.version += 1
            light = new_light
        return light

    def _apply(self, step: Step, light: Light) -> Light:
        """The light after a step."""
        changes = step.change(self)
        if changes is None:
            return light
        self.last, self.current = (
            changes.get("last", self.last),
            changes.get("current", self.current),
        )
        self.shown_report = changes.get("shown_report", self.shown_report)
        fields = {name: value for name, value in changes.items() if name not in NOT_COLUMNS}
        if "state" in fields:
            fields |= {"reason": step.reason, "moved_at": self.calendar.at(step.day, step.hour)}
        heard_fields = (
            {"heard_on": self.calendar.day(step.day)} if step.action in HEARD_ACTIONS else {}
        )
        if not fields and not heard_fields:
            return light
        before = {name: self.row[name] for name in fields if fields[name] != self.row[name]}
        after = {name: fields[name] for name in before}
        self.row |= fields | heard_fields
        new_light = self._light(step.day)
        light_changed = new_light.colour != light.colour
        if not fields and not light_changed:
            return new_light  # nothing changed but the day, which the record does not have
        if light_changed:
            before, after = before | {"light": light.colour}, after | {"light": new_light.colour}
        action = step.action if fields else "light"
        self._record(
            step.day,
            step.hour,
            action,
            step.by,
            before,
            after,
            step.reason,
            light_changed=light_changed,
        )
        self.version += 1
        return new_light

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
        light_changed: bool = False,
    ) -> None:
        self.acts.setdefault(day, []).append(
            _act(
                day,
                hour,
                action,
                by,
                tuple(before.items()),
                tuple(after.items()),
                reason,
                light_changed,
            )
        )


def _issued_row(calendar: Calendar, terms: Terms) -> dict[str, Any]:
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
        "reply_due_on": None,
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
