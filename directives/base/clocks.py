"""The light of an obligation, computed from its dates, and the sentences that explain it.

The stored reason holds only what is true until `changes_on`: the date that passed, never the days
since. Days overdue and the percent expected by today are computed at display, by `explain`. All
days are in Asia/Shanghai; `today` is passed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.utils.translation import gettext_noop

from directives.base.states import OBLIGATION_STATES
from directives.base.workdays import Workdays

Colour = Literal["green", "yellow", "red", "closed", "undue"]

STATES = frozenset(state for state, _label in OBLIGATION_STATES)
# States in which no clock runs, with their light
_STOPPED_STATES: dict[str, Colour] = {
    "closed": "closed",
    "withdrawn": "closed",
    "suspended": "undue",
}
_ONE_DAY = timedelta(days=1)
Begins = tuple[date | None, date | None]  # first days on which work is behind and is silent

# Colour → its name, in legends, filters and counts.
COLOUR_NAMES: dict[str, str] = {
    "green": gettext_noop("On schedule"),
    "yellow": gettext_noop("Near due or behind"),
    "red": gettext_noop("Overdue"),
    "closed": gettext_noop("Closed"),
    "undue": gettext_noop("Not due"),
}

_NEAR, _RETURNED = gettext_noop("Near due"), gettext_noop("Returned, to be revised")
_OVERDUE_DAYS = gettext_noop("Working days overdue: %(days)s")

# Reason code → the short label beside the light, if it differs from the colour's name.
_SHORT: dict[str, str] = {
    "receipt_near": _NEAR,
    "plan_near": _NEAR,
    "report_near": _NEAR,
    "completion_near": _NEAR,
    "reply_near": _NEAR,
    "plan_returned": _RETURNED,
    "report_returned": _RETURNED,
    "behind": gettext_noop("Behind schedule"),
    "silent": gettext_noop("No recent activity"),
    "withdrawn": gettext_noop("Withdrawn"),
    "suspended": gettext_noop("Suspended"),
}

# Reason code → the sentence under the light. Placeholders: on (a day), percent, expected.
PHRASES: dict[str, str] = {
    "receipt_overdue": gettext_noop("Not acknowledged; was due %(on)s"),
    "plan_overdue": gettext_noop("Plan was due %(on)s; not submitted"),
    "plan_returned_overdue": gettext_noop("Plan was due %(on)s; returned and not resubmitted"),
    "report_overdue": gettext_noop("Progress report was due %(on)s; not submitted"),
    "report_returned_overdue": gettext_noop(
        "Progress report was due %(on)s; returned and not resubmitted"
    ),
    "completion_overdue": gettext_noop(
        "Was due for completion on %(on)s; %(percent)s%% done so far"
    ),
    "reply_overdue": gettext_noop("A reply was due %(on)s; not given"),
    "plan_returned": gettext_noop("Plan returned; resubmit by %(on)s"),
    "report_returned": gettext_noop("Progress report returned; resubmit by %(on)s"),
    "receipt_near": gettext_noop("Acknowledge by %(on)s"),
    "plan_near": gettext_noop("Plan due on %(on)s"),
    "report_near": gettext_noop("Progress report due on %(on)s"),
    "completion_near": gettext_noop("Due for completion on %(on)s; %(percent)s%% done so far"),
    "reply_near": gettext_noop("Reply by %(on)s"),
    "behind": gettext_noop("%(percent)s%% done; %(expected)s%% expected by now"),
    "silent": gettext_noop("No activity since %(on)s"),
    "on_schedule": gettext_noop("On schedule: %(percent)s%% done, due on %(on)s"),
    "no_deadline": gettext_noop("No completion date set; %(percent)s%% done"),
    "awaiting_verification": gettext_noop("Close requested; waiting for verification"),
    "closed": gettext_noop("Verified and closed"),
    "withdrawn": gettext_noop("The assignment was withdrawn"),
    "suspended": gettext_noop("Suspended; deadlines are paused"),
    "not_started": gettext_noop("Starts on %(on)s"),
}
# A returned plan or report may have no date to resubmit by.
_UNDATED: dict[str, str] = {
    "plan_returned": gettext_noop("Plan returned; revise and resubmit"),
    "report_returned": gettext_noop("Progress report returned; revise and resubmit"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the light of one obligation depends on.

    The dates of the five clocks are None if nothing is owed. `heard_on` is the day of last
    activity; if it is None, silence is not considered. A supporting body reports no percentage, so
    it is never behind schedule.
    """

    state: str
    percent: int
    starts_on: date
    due_on: date | None
    acknowledge_by: date | None
    plan_due_on: date | None
    report_due_on: date | None
    plan_returned: bool = False
    report_returned: bool = False
    heard_on: date | None = None
    reply_due_on: date | None = None
    supporting: bool = False


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Limits from which a light is yellow."""

    near_days: int = 5  # working days left, the due day included
    receipt_near_days: int = 1  # the same, for the receipt
    behind_points: int = 10  # percentage points below the share of time that has passed
    silent_days: int = 90  # calendar days without activity


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a light has its colour: a key of PHRASES, and the day in its sentence."""

    code: str
    on: date | None = None

    def to_json(self) -> dict[str, str]:
        """The form in which the audit record stores a reason."""
        day = {} if self.on is None else {"on": self.on.isoformat()}
        return {"code": self.code, **day}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> "Reason":
        """The inverse of `to_json`. Raises ValueError for an unknown code or an invalid day."""
        code, on = data.get("code"), data.get("on")
        if code not in PHRASES:
            raise ValueError(f"unknown reason code: {code!r}")
        return cls(code, None if on is None else date.fromisoformat(on))


@dataclass(frozen=True, slots=True)
class Light:
    """A computed light."""

    colour: Colour
    reason: Reason
    changes_on: date | None  # first later day with another colour or reason; None: never


@dataclass(frozen=True, slots=True)
class Explained:
    """A light in words: msgids of the short label beside it and of the sentence under it."""

    word: str
    why: str
    params: Mapping[str, int | date]  # of both, for the % operator


@dataclass(frozen=True, slots=True)
class _Clock:
    name: str
    on: date | None  # None: returned, with no date to resubmit by
    near_from: date | None
    returned: bool = False

    def colour(self, day: date) -> Colour:
        """The colour by this clock alone. On the due day itself it is not overdue."""
        if self.on is not None and self.on < day:
            return "red"
        near = self.near_from is not None and self.near_from <= day
        return "yellow" if self.returned or near else "green"


def clock_colour(
    name: str, facts: Facts, *, today: date, workdays: Workdays, tolerances: Tolerances
) -> Colour:
    """The colour by one clock alone: receipt, plan, report, completion or reply."""
    if facts.state in _STOPPED_STATES:
        return _STOPPED_STATES[facts.state]
    if today < facts.starts_on:
        return "undue"
    clocks = _running(facts, workdays, tolerances)
    return next((clock.colour(today) for clock in clocks if clock.name == name), "green")


def compute_light(
    facts: Facts, *, today: date, workdays: Workdays, tolerances: Tolerances
) -> Light:
    """The light of an obligation on `today`, with its reason and the day of its next change.

    Raises ValueError for an unknown state.
    """
    if facts.state not in STATES:
        raise ValueError(f"unknown state: {facts.state!r}")
    if facts.state in _STOPPED_STATES:
        return Light(_STOPPED_STATES[facts.state], Reason(facts.state), None)
    clocks = _running(facts, workdays, tolerances)
    begins = (_behind_from(facts, tolerances), _silent_from(facts, tolerances))
    now = _judge(facts, clocks, begins, today)
    # Each condition, once true, stays true, so the light only changes on days on which one begins.
    days = {facts.starts_on, *(clock.near_from for clock in clocks), *begins} - {None}
    days |= {clock.on + _ONE_DAY for clock in clocks if clock.on and clock.on < date.max}
    later = sorted(day for day in days if day is not None and day > today)
    changes = (day for day in later if _judge(facts, clocks, begins, day) != now)
    return Light(*now, next(changes, None))


def _running(facts: Facts, workdays: Workdays, tolerances: Tolerances) -> list[_Clock]:
    """The running clocks; of two with the same day, the first one gives the reason."""
    table = [
        ("receipt", None if facts.state == "disputed" else facts.acknowledge_by, False),
        ("plan", facts.plan_due_on, facts.plan_returned),
        ("report", facts.report_due_on, facts.report_returned),
        # While a close request waits for verification, the body is not late.
        ("completion", None if facts.state == "closing" else facts.due_on, False),
        ("reply", facts.reply_due_on, False),
    ]
    clocks = []
    for name, on, returned in table:
        if on is not None:
            days = tolerances.receipt_near_days if name == "receipt" else tolerances.near_days
            clocks.append(_Clock(name, on, workdays.countdown_start(on, days), returned))
        elif returned:
            clocks.append(_Clock(name, on, None, returned))
    return clocks


def _silent_from(facts: Facts, tolerances: Tolerances) -> date | None:
    """The first day on which there was no activity for `silent_days`; None: never."""
    if facts.heard_on is None or facts.state == "closing":
        return None
    since = max(facts.heard_on, facts.starts_on)
    wait = timedelta(days=tolerances.silent_days)
    return since + wait if date.max - since >= wait else None


def _behind_from(facts: Facts, tolerances: Tolerances) -> date | None:
    """The first day on which `expected_percent` exceeds the percent by more than the tolerance.

    None: never.
    """
    if facts.supporting:
        return None
    behind_at = facts.percent + tolerances.behind_points + 1  # expected percent
    if facts.due_on is None or facts.state == "closing" or behind_at > 100:
        return None
    span = max(0, (facts.due_on - facts.starts_on).days)
    return facts.starts_on + timedelta(days=-(-max(0, behind_at) * span // 100))  # rounded up


def _judge(facts: Facts, clocks: list[_Clock], begins: Begins, day: date) -> tuple[Colour, Reason]:
    if day < facts.starts_on:
        return "undue", Reason("not_started", facts.starts_on)
    clock_colours = [(clock.colour(day), clock) for clock in clocks]
    red = [clock for colour, clock in clock_colours if colour == "red"]
    if red:
        first = min(red, key=_date_of)
        ending = "returned_overdue" if first.returned else "overdue"
        return "red", Reason(f"{first.name}_{ending}", first.on)
    yellow = [clock for colour, clock in clock_colours if colour == "yellow"]
    returned = min((clock for clock in yellow if clock.returned), key=_date_of, default=None)
    if returned:
        return "yellow", Reason(f"{returned.name}_returned", returned.on)
    if yellow:
        near = min(yellow, key=_date_of)
        return "yellow", Reason(f"{near.name}_near", near.on)
    for since, code, on in zip(
        begins, ("behind", "silent"), (facts.due_on, facts.heard_on), strict=True
    ):
        if since and since <= day:
            return "yellow", Reason(code, on)
    if facts.state == "closing":
        return "green", Reason("awaiting_verification")
    return "green", Reason("on_schedule", facts.due_on) if facts.due_on else Reason("no_deadline")


def _date_of(clock: _Clock) -> date:
    return clock.on or date.max  # without a date it comes last


def expected_percent(starts_on: date, due_on: date, today: date) -> int:
    """The share of calendar days between the two dates that has passed: 0-100, rounded down."""
    if today >= due_on:
        return 100
    if today <= starts_on:
        return 0
    return 100 * (today - starts_on).days // (due_on - starts_on).days


def overdue_days(reason: Reason, today: date, workdays: Workdays) -> int:
    """Working days since the date that passed; 0 if the reason is not that a date passed."""
    if reason.on is None or not reason.code.endswith("_overdue"):
        return 0
    return max(0, workdays.between(reason.on, today))


def explain(
    reason: Reason,
    colour: Colour,
    *,
    today: date,
    workdays: Workdays,
    starts_on: date,
    due_on: date | None,
    percent: int,
) -> Explained:
    """A stored light in words, as of `today`. Raises KeyError for an unknown code or colour."""
    word = _SHORT.get(reason.code, COLOUR_NAMES[colour])
    params: dict[str, int | date] = {"percent": percent}
    if days := overdue_days(reason, today, workdays):
        word, params["days"] = _OVERDUE_DAYS, days
    if reason.on is not None:
        params["on"] = reason.on
    due = due_on or reason.on
    if reason.code == "behind" and due is not None:
        params["expected"] = expected_percent(starts_on, due, today)
    phrase = PHRASES[reason.code]
    if reason.on is None:
        phrase = _UNDATED.get(reason.code, phrase)
    return Explained(word, phrase, params)
