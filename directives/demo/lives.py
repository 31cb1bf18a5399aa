"""The life of an obligation from its issue to today, step by step as the commands take it, and its light on each day."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from directives.clocks import Facts, Light
from directives.demo import calendar as days
from directives.demo.calendar import Calendar
from directives.demo.courses import LATE, PARTIAL, REVISED, SILENT, Course
from directives.demo.terms import Fate, Terms
from directives.states import (
    ACCEPTED,
    ACKNOWLEDGED,
    ASSIGNED,
    CLOSED,
    CLOSING,
    COLOURS,
    DISPUTED,
    DRAFT,
    LIVE,
    OPEN,
    REPORTABLE,
    RETURNED,
    SUBMITTED,
    SUSPENDED,
    UNDERWAY,
    WITHDRAWN,
)  # fmt: skip
from directives.transitions import CLOCKS

OWN, ABOVE, SYSTEM = "own", "above", "system"  # who takes a step
BITS = 32  # of one figure: room for the sums of a nation
FIELDS = 1 + len(COLOURS)  # figures of a day: obligations by colour, percentage points
PLACES = {day: place for place, day in enumerate(days.HISTORY)}
ASKED, VERIFIED = "各项任务已完成，佐证材料已报送，申请销号。", "经核验，材料齐全，同意销号。"
OBJECTION, WITHDREW = "该项任务不属本单位职责，申请调整。", "经核实，同意不再承担。"
PAUSED = "机构调整期间暂停推进，待职责明确后恢复。"
UNTOLD = frozenset({"words", "last", "this"})  # changes that are not columns
Change = Callable[["Life"], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Step:
    """What a command does to an obligation at an hour of a day; `change` says which fields, or None where it does nothing."""

    day: int
    hour: int
    action: str
    by: str
    change: Change
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A step as the record tells it: `before` and `after` are JSON. `turned`: the light turned with it."""

    day: int
    hour: int
    action: str
    by: str
    before: str
    after: str
    reason: str
    turned: bool


def plain(values: dict[str, Any]) -> str:
    """Values as the audit record holds them, and as its seals hash them."""
    return json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True, eq=False)
class Life:
    """One life. `row` is what the obligation's columns say today, `acts` what the record tells, by day.

    last, this: the states of its entries in the two cycles; None: there is none
    words: whose words the obligation shows: 0 nobody's, 1 the last report's, 2 this one's
    figures: FIELDS figures for each day of the history, packed into one number, so that sums of lives are sums of numbers
    """

    calendar: Calendar
    terms: Terms
    course: Course
    fate: Fate
    row: dict[str, Any] = field(default_factory=dict)
    acts: dict[int, list[Act]] = field(default_factory=dict)
    last: str | None = None
    this: str | None = None
    words: int = 0
    figures: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        issued = self.terms.issued
        self.row = _issued(self.calendar, self.terms)
        self._tell(issued, 15, "issue", ABOVE, {}, {"state": ASSIGNED, "part": "responsible", "due_on": self.row["due_on"]})
        shown = self._light(issued)
        steps = sorted(steps_of(self), key=lambda step: (step.day, step.hour))
        for day in range(issued, 1):
            shown = self._tick(day, shown)
            while steps and steps[0].day == day:
                shown = self._take(steps.pop(0), shown)
            if day in PLACES and self.row["state"] in LIVE:
                figures = (1 << BITS * COLOURS.index(shown.colour)) + (self.row["percent"] << BITS * len(COLOURS))
                self.figures += figures << PLACES[day] * FIELDS * BITS
        self.row |= {
            "light": shown.colour, "light_code": shown.reason.code, "light_on": shown.reason.on, "light_changes_on": shown.changes_on,
            "version": self.version,
        }  # fmt: skip

    @property
    def percents(self) -> tuple[int, int]:
        """What the entries of the last and of this cycle say."""
        terms, fate = self.terms, self.fate
        if terms.starts > 0:
            return 0, 0
        if fate.work in (CLOSING, CLOSED):
            return 90, 100
        gone = 40.0 if terms.due is None else 100 * -terms.starts / (terms.due - terms.starts)
        first = max(0, min(95, round((gone + fate.ahead - 5) / 5) * 5))
        return first, min(95, max(first, round((gone + fate.ahead + 2) / 5) * 5))

    def _light(self, day: int) -> Light:
        return self.calendar.light(Facts(**{name: self.row[name] for name in CLOCKS}), day)

    def _tick(self, day: int, shown: Light) -> Light:
        """The light as time has changed it by the morning of a day."""
        if shown.changes_on is None or shown.changes_on > self.calendar.day(day):
            return shown
        now = self._light(day)
        if (now.colour, now.reason) != (shown.colour, shown.reason):
            before, after = ({"light": one.colour, "light_reason": one.reason.to_json()} for one in (shown, now))
            self._tell(day, 8, "light", SYSTEM, before, after, turned=True)
            self.version += 1
        return now

    def _take(self, step: Step, shown: Light) -> Light:
        changes = step.change(self)
        if changes is None:
            return shown
        self.last, self.this = changes.get("last", self.last), changes.get("this", self.this)
        self.words = changes.get("words", self.words)
        fields = {name: value for name, value in changes.items() if name not in UNTOLD}
        if "state" in fields:
            fields |= {"reason": step.reason, "moved_at": self.calendar.at(step.day, step.hour)}
        told = [name for name in fields if fields[name] != self.row[name]]
        if not fields:
            return shown
        before, after = {name: self.row[name] for name in told}, {name: fields[name] for name in told}
        self.row |= fields
        now = self._light(step.day)
        if now.colour != shown.colour:
            before, after = before | {"light": shown.colour}, after | {"light": now.colour}
        self._tell(step.day, step.hour, step.action, step.by, before, after, step.reason, turned=now.colour != shown.colour)
        self.version += 1
        return now

    def _tell(
        self, day: int, hour: int, action: str, by: str, before: dict, after: dict, reason: str = "", *, turned: bool = False
    ) -> None:
        self.acts.setdefault(day, []).append(Act(day, hour, action, by, plain(before), plain(after), reason, turned))


def _issued(calendar: Calendar, terms: Terms) -> dict[str, Any]:
    day = calendar.day
    due = None if terms.due is None else day(terms.due)
    return {
        "state": ASSIGNED, "percent": 0, "acknowledge_by": calendar.receipt(terms.issued), "plan_returned": False, "report_due_on": None,
        "plan_due_on": day(days.PLAN_DUE) if terms.deliverable else None, "report_returned": False, "closed_on": None, "reason": "",
        "moved_at": calendar.at(terms.issued, 15), "deliverable": terms.deliverable, "issued_on": day(terms.issued),
        "starts_on": day(terms.starts), "due_on": due, "original_due_on": due,
    }  # fmt: skip


def steps_of(life: Life) -> Iterator[Step]:
    """Every step that the fate and the course ask for; one that the state of the day forbids does nothing."""
    yield from _received(life)
    if not life.terms.later:
        yield from _planned(life)
        yield from _reported_last(life)
        yield from _reported_now(life)
        yield from _moved(life)


def _to(target: str, *sources: str, **more: Any) -> Change:
    return lambda life: {"state": target, **more} if life.row["state"] in sources else None


def _received(life: Life) -> Iterator[Step]:
    fate, later = life.fate, life.terms.later
    acknowledged = _to(ACKNOWLEDGED, ASSIGNED, acknowledge_by=None)
    if fate.work == "disputed":
        yield Step(fate.on, 10, "dispute", OWN, _to(DISPUTED, ASSIGNED), OBJECTION)
    elif fate.work == "withdrawn":
        yield Step(days.DISPUTED, 10, "dispute", OWN, _to(DISPUTED, ASSIGNED), OBJECTION)
        yield Step(days.WITHDRAWN, 10, "withdraw", ABOVE, _to(WITHDRAWN, DISPUTED, acknowledge_by=None), WITHDREW)
    elif fate.work != "assigned" and life.course.receipt:
        yield Step(fate.on if later else days.ACKNOWLEDGED, 9, "acknowledge", OWN, acknowledged)


def _plan_clock(life: Life, **fields: Any) -> dict[str, Any] | None:
    return fields if life.terms.deliverable and life.row["state"] in OPEN else None


def _planned(life: Life) -> Iterator[Step]:
    plan = life.course.plan

    def filed(life: Life) -> dict[str, Any] | None:
        return _plan_clock(life, plan_due_on=None, plan_returned=False)

    if plan in (ACCEPTED, RETURNED, REVISED):
        yield Step(days.PLANNED, 14, "plan_handed_in", OWN, filed)
    if plan in (ACCEPTED, REVISED):
        yield Step(days.PLAN_DECIDED, 16, "start", SYSTEM, _to(UNDERWAY, ACKNOWLEDGED))
    if plan == RETURNED:
        due = life.calendar.day(days.PLAN_DUE)
        yield Step(days.PLAN_DECIDED, 16, "plan_returned", ABOVE, lambda life: _plan_clock(life, plan_due_on=due, plan_returned=True))
    if plan == REVISED:
        yield Step(days.REVISION_RETURNED, 16, "plan_returned", ABOVE, lambda life: _plan_clock(life, plan_returned=True))
    if plan == LATE:
        yield Step(days.PLANNED_LATE, 14, "plan_handed_in", OWN, filed)


def _reported_last(life: Life) -> Iterator[Step]:
    course, due = life.course, life.calendar.last_due

    def opened(life: Life) -> dict[str, Any] | None:
        return {"report_due_on": due} if life.row["state"] in REPORTABLE else None

    def handed(life: Life) -> dict[str, Any] | None:
        return {"report_due_on": None, "last": SUBMITTED} if life.row["state"] in REPORTABLE else None

    def decided(life: Life) -> dict[str, Any] | None:
        if life.last != SUBMITTED:
            return None
        if course.last == RETURNED and life.fate.last_returned:
            return {"report_due_on": due, "report_returned": True, "last": RETURNED}
        return {"percent": life.percents[0], "words": 1, "last": ACCEPTED}

    yield Step(days.LAST_OPENED, 9, "open_cycle", ABOVE, opened)
    if course.last != SILENT:
        yield Step(days.LAST_HANDED, 16, "report_clock", OWN, handed)
        yield Step(days.LAST_DECIDED, 11, "review", ABOVE, decided)


def _reported_now(life: Life) -> Iterator[Step]:
    course, due = life.course, life.calendar.this_due

    def opened(life: Life) -> dict[str, Any] | None:
        return {"report_due_on": due} if life.row["state"] in REPORTABLE and life.row["report_due_on"] is None else None

    def begun(life: Life) -> dict[str, Any] | None:
        return {"this": DRAFT} if life.row["state"] in REPORTABLE else None

    def handed(life: Life) -> dict[str, Any] | None:
        kept = course.this == PARTIAL and life.fate.entry == "draft"
        return {"report_due_on": None, "this": SUBMITTED} if life.this == DRAFT and life.row["state"] in REPORTABLE and not kept else None

    def decided(life: Life) -> dict[str, Any] | None:
        if life.this != SUBMITTED:
            return None
        if life.fate.entry == "returned":
            return {"report_due_on": due, "report_returned": True, "this": RETURNED}
        return {"percent": life.percents[1], "words": 2, "this": ACCEPTED}

    yield Step(days.THIS_OPENED, 9, "open_cycle", ABOVE, opened)
    if course.begun is not None:
        yield Step(course.begun, 9, "begin", OWN, begun)
    if course.handed is not None:
        yield Step(course.handed, 16, "report_clock", OWN, handed)
    if course.decided is not None:
        yield Step(course.decided, 11, "review", ABOVE, decided)


def _moved(life: Life) -> Iterator[Step]:
    fate = life.fate
    if fate.work == SUSPENDED:
        yield Step(days.SUSPENDED, 10, "suspend", ABOVE, _to(SUSPENDED, UNDERWAY), PAUSED)
    if fate.work in (CLOSING, CLOSED):
        asked = fate.on if fate.work == CLOSING else max(fate.on - 6, days.LAST_DUE + 1)
        yield Step(asked, 9, "request_close", OWN, _to(CLOSING, UNDERWAY), ASKED)
    if fate.work == CLOSED:
        yield Step(fate.on, 9, "close", ABOVE, _closed, VERIFIED)


def _closed(life: Life) -> dict[str, Any] | None:
    """Verified, unless its entry waits for its own verdict."""
    if life.row["state"] != CLOSING or life.this == SUBMITTED:
        return None
    met = {"plan_due_on": None, "report_due_on": None, "plan_returned": False, "report_returned": False}
    return {"state": CLOSED, "percent": 100, "closed_on": life.calendar.day(life.fate.on), **met}
