"""The history of an object in words; the same act on many bodies is one entry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from directives.base.states import COLOURS
from directives.models import Event, Organisation, User

LIMIT = 20  # entries of a timeline
ACTS_READ = 200  # acts from which they are made
# Technical actions, which are only in the audit record.
TECHNICAL_ACTIONS = (
    *("save", "append", "redraft", "begin", "export", "cancel_export", "columns"),
    *("continue_act", "call_off_act", "download", "take_offline", "take_paper"),
    *("view_source", "refused", "looked_back"),
)
# Events written together with a person's act: their changes are shown in its entry.
FOLLOW_UPS = ("review", "report_clock", "reply_clock", "extend")

WORDS: dict[str, str | Promise] = {
    "acknowledge": pgettext_lazy("event", "Acknowledged"),
    "dispute": pgettext_lazy("event", "Disputed"),
    "reassign": pgettext_lazy("event", "Assignment upheld"),
    "withdraw": pgettext_lazy("event", "Withdrawn"),
    "redirect": pgettext_lazy("event", "Handed over to another organisation"),
    "reinstate": pgettext_lazy("event", "Assigned again"),
    "break_down": pgettext_lazy("event", "Broken down"),
    "parts": pgettext_lazy("event", "Parts changed"),
    "link_part": pgettext_lazy("event", "Linked as a part"),
    "release_part": pgettext_lazy("event", "No longer a part"),
    "withdraw_part": pgettext_lazy("event", "Withdrawn"),
    "start": pgettext_lazy("event", "Work started"),
    "suspend": pgettext_lazy("event", "Suspended"),
    "resume": pgettext_lazy("event", "Resumed"),
    "request_close": pgettext_lazy("event", "Close requested"),
    "name_evidence": pgettext_lazy("event", "Evidence named"),
    "look_back_rule": pgettext_lazy("event", "Rule of look-backs set"),
    "open_look_back": pgettext_lazy("event", "Look-back planned"),
    "looked_back": pgettext_lazy("event", "Result of a look-back noted"),
    "look_back_hold": pgettext_lazy("event", "Look-back: holds"),
    "look_back_fail": pgettext_lazy("event", "Look-back: does not hold"),
    "look_back_call_off": pgettext_lazy("event", "Look-back called off"),
    "refuse_close": pgettext_lazy("event", "Close request refused"),
    "close": pgettext_lazy("event", "Verified and closed"),
    "reopen": pgettext_lazy("event", "Reopened"),
    "ask_extension": pgettext_lazy("event", "Extension requested"),
    "grant_extension": pgettext_lazy("event", "Extension granted"),
    "refuse_extension": pgettext_lazy("event", "Extension refused"),
    "extend": pgettext_lazy("event", "Due date extended"),
    "correct_due": pgettext_lazy("event", "Due date corrected"),
    "ask_signature": pgettext_lazy("event", "Sent for signature"),
    "recall": pgettext_lazy("event", "Withdrawn to edit"),
    "decline": pgettext_lazy("event", "Returned to staff"),
    "sign": pgettext_lazy("event", "Signed and submitted"),
    "hand_in": pgettext_lazy("event", "Submitted"),
    "accept": pgettext_lazy("event", "Accepted"),
    "return": pgettext_lazy("event", "Returned"),
    "revise": pgettext_lazy("event", "Revision started"),
    "register": pgettext_lazy("event", "Registered"),
    "issue": pgettext_lazy("event", "Assigned"),
    "correct": pgettext_lazy("event", "Reading corrected"),
    "correct_frame": pgettext_lazy("event", "Title, number or issuer corrected"),
    "read_anew": pgettext_lazy("event", "Read again"),
    "desk_read": pgettext_lazy("event", "Compared with the source"),
    "desk_unread": pgettext_lazy("event", "No longer marked as read"),
    "desk_directive": pgettext_lazy("event", "Made a directive"),
    "desk_statement": pgettext_lazy("event", "Made a statement"),
    "desk_heading": pgettext_lazy("event", "Made a heading"),
    "desk_drop": pgettext_lazy("event", "Left out of the directives"),
    "desk_restore": pgettext_lazy("event", "Taken in again"),
    "desk_kind": pgettext_lazy("event", "Kind of directive changed"),
    "desk_body": pgettext_lazy("event", "Addressee set"),
    "desk_deadline": pgettext_lazy("event", "Deadline of the document set"),
    "desk_words": pgettext_lazy("event", "Misread words corrected"),
    "desk_items": pgettext_lazy("event", "Items set"),
    "desk_split": pgettext_lazy("event", "Split"),
    "desk_merge": pgettext_lazy("event", "Merged with the row before"),
    "desk_add": pgettext_lazy("event", "Directive added by hand"),
    "desk_undo": pgettext_lazy("event", "Undone at the desk"),
    "desk_remove": pgettext_lazy("event", "Added row removed again"),
    "reword": pgettext_lazy("event", "Text updated after a decided repair"),
    "repair_confirmed": pgettext_lazy("event", "Text repair confirmed"),
    "repair_refused": pgettext_lazy("event", "Text repair rejected"),
    "item": pgettext_lazy("event", "Item updated"),
    "log": pgettext_lazy("event", "Work logged"),
    "edit_log": pgettext_lazy("event", "Work log entry edited"),
    "correct_log": pgettext_lazy("event", "Work log entry corrected"),
    "withdraw_log": pgettext_lazy("event", "Work log entry withdrawn"),
    "light": pgettext_lazy("event", "Light changed"),
    "add": pgettext_lazy("event", "Added"),
    "change": pgettext_lazy("event", "Changed"),
    "delete": pgettext_lazy("event", "Deleted"),
    "import": pgettext_lazy("event", "Imported"),
    "undo_import": pgettext_lazy("event", "Import undone"),
    "take_back": pgettext_lazy("event", "Withdrawn to edit"),
    "found": pgettext_lazy("event", "Organisation added"),
    "move": pgettext_lazy("event", "Moved in the organisation tree"),
    "merge": pgettext_lazy("event", "Merged into another organisation"),
    "hand_over": pgettext_lazy("event", "Passed to the successor"),
    "own": pgettext_lazy("event", "Document moved to another organisation"),
    "start_plan": pgettext_lazy("event", "Plan started"),
    "save_plan": pgettext_lazy("event", "Plan changed"),
    "plan_handed_in": pgettext_lazy("event", "Plan submitted"),
    "plan_returned": pgettext_lazy("event", "Plan returned"),
    "add_measure": pgettext_lazy("event", "Measure added"),
    "save_measure": pgettext_lazy("event", "Measure changed"),
    "delete_measure": pgettext_lazy("event", "Measure deleted"),
    "mark_done": pgettext_lazy("event", "Measure done"),
    "attach": pgettext_lazy("event", "File added"),
    "remove_file": pgettext_lazy("event", "File deleted"),
    "open_cycle": pgettext_lazy("event", "Reporting cycle opened"),
    "plan_cycle": pgettext_lazy("event", "Reporting cycle planned"),
    "change_cycle": pgettext_lazy("event", "Days of a planned cycle changed"),
    "unplan_cycle": pgettext_lazy("event", "Planned cycle deleted"),
    "begin": pgettext_lazy("event", "Report started"),
    "append": pgettext_lazy("event", "Entry added"),
    "redraft": pgettext_lazy("event", "Redrafted"),
    "save": pgettext_lazy("event", "Entry written"),
    "submission": pgettext_lazy("event", "Submitted"),
    "report_clock": pgettext_lazy("event", "Report due date set"),
    "ask_input": pgettext_lazy("event", "Input asked for"),
    "instruct": pgettext_lazy("event", "Instruction written"),
    "reply": pgettext_lazy("event", "Replied"),
    "settle": pgettext_lazy("event", "Reply settled"),
    "reply_clock": pgettext_lazy("event", "Reply due date set"),
    "review": pgettext_lazy("event", "Reviewed"),
    "complete": pgettext_lazy("event", "Report complete"),
    "download": pgettext_lazy("event", "File downloaded"),
    "take_offline": pgettext_lazy("event", "Offline workbook downloaded"),
    "take_paper": pgettext_lazy("event", "Official document downloaded"),
    "view_source": pgettext_lazy("event", "Source of the document downloaded"),
    "export": pgettext_lazy("event", "Exported"),
    "cancel_export": pgettext_lazy("event", "Export cancelled"),
    "continue_act": pgettext_lazy("event", "Continued a stopped task"),
    "call_off_act": pgettext_lazy("event", "Ended a task early"),
    "columns": pgettext_lazy("event", "Columns of a file chosen"),
    "define": pgettext_lazy("event", "Indicator defined"),
    "end": pgettext_lazy("event", "Stopped"),
    "report_figure": pgettext_lazy("event", "Figure reported"),
    "correct_figure": pgettext_lazy("event", "Figure corrected"),
    "take_back_figure": pgettext_lazy("event", "Figure withdrawn"),
    "change_password": pgettext_lazy("event", "Own password changed"),
    "sign_in": pgettext_lazy("event", "Signed in"),
    "sign_out": pgettext_lazy("event", "Signed out"),
    "failed_sign_in": pgettext_lazy("event", "Sign-in failed"),
    "failed_factor": pgettext_lazy("event", "Second factor was wrong"),
    "set_password": pgettext_lazy("event", "Password reset by an administrator"),
    "add_factor": pgettext_lazy("event", "Second factor added"),
    "remove_factor": pgettext_lazy("event", "Second factor removed"),
    "give_duty": pgettext_lazy("event", "Duty granted"),
    "take_duty": pgettext_lazy("event", "Duty removed"),
    "ask_right": pgettext_lazy("event", "Right requested"),
    "confirm_right": pgettext_lazy("event", "Right confirmed"),
    "decline_right": pgettext_lazy("event", "Right declined"),
    "withdraw_right": pgettext_lazy("event", "Right request withdrawn"),
    "end_sessions_of": pgettext_lazy("event", "Sessions ended by an administrator"),
    "unlock": pgettext_lazy("event", "Unlocked after failed sign-ins"),
    "end_sessions": pgettext_lazy("event", "Own sessions ended"),
    "refused": pgettext_lazy("event", "Refused"),
    "refused_more": pgettext_lazy("event", "Refused more often than is listed"),
    "take_record": pgettext_lazy("event", "Signed copy of the audit log exported"),
    "acknowledge_seal": pgettext_lazy("event", "New start of tamper checks acknowledged"),
}


def word_of(action: str) -> str | Promise:
    """The name of an action for people; unknown actions are “Changed”."""
    return WORDS.get(action) or pgettext_lazy("event", "Changed")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline: `count` equal changes at `bodies` bodies.

    `named_bodies` are some of the bodies. `before` and `after` are empty unless it was a single
    change.
    """

    at: datetime
    action: str
    word: str | Promise
    count: int
    by: User | None
    named_bodies: tuple[Organisation, ...]
    bodies: int
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    several_people: bool = False  # different people did it

    @property
    def light(self) -> str:
        """The new light of an obligation, if the act changed it."""
        colour = self.after.get("light", "")
        return colour if colour in COLOURS else ""

    @property
    def change(self) -> str:
        """The change of the percentage in words, if there is one."""
        if "percent" not in self.after:
            return ""
        values = {"before": self.before.get("percent") or 0, "after": self.after["percent"]}
        return _("Percent complete: %(before)s%% → %(after)s%%") % values


def timeline(events: QuerySet[Event], *, limit: int = LIMIT) -> tuple[TimelineEntry, ...]:
    """Return the latest entries, the newest first, in two queries."""
    acts = list(
        events.exclude(action__in=TECHNICAL_ACTIONS)
        .order_by()
        .values("at", "action", "by", "reason")
        .annotate(n=Count("pk"), first=Min("pk"), bodies=Count("organisation", distinct=True))
        .order_by("-at", "-first")[:ACTS_READ]
    )
    rows = Event.objects.filter(pk__in=[act["first"] for act in acts])
    first_events = {event.pk: event for event in rows.select_related("by", "organisation")}
    entries = [_entry(first_events[act["first"]], act["n"], act["bodies"]) for act in acts]
    return _merged(_with_follow_ups(entries))[:limit]


def _entry(event: Event, count: int, bodies: int) -> TimelineEntry:
    before, after = (event.before, event.after) if count == 1 else ({}, {})
    named_bodies = (event.organisation,) if event.organisation else ()
    return TimelineEntry(
        event.at,
        event.action,
        word_of(event.action),
        count,
        event.by,
        named_bodies,
        bodies,
        event.reason,
        before,
        after,
    )


def _with_follow_ups(entries: Sequence[TimelineEntry]) -> Iterator[TimelineEntry]:
    """Yield the entries without follow-ups, each with the changes of its follow-up."""
    follow_ups = {
        (entry.at, entry.by, entry.named_bodies): entry
        for entry in entries
        if entry.action in FOLLOW_UPS
    }
    for entry in entries:
        if entry.action in FOLLOW_UPS:
            continue
        follow_up = (
            follow_ups.get((entry.at, entry.by, entry.named_bodies)) if entry.count == 1 else None
        )
        if follow_up:
            before, after = follow_up.before | entry.before, follow_up.after | entry.after
            entry = replace(entry, before=before, after=after)
        yield entry


def _merged(entries: Iterable[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Merge equal changes of one day into the latest of them."""
    merged: dict[tuple[Any, ...], TimelineEntry] = {}
    for entry in entries:
        day = timezone.localdate(entry.at)
        key = (day, entry.action, entry.reason, entry.light, entry.change)
        merged[key] = _with(merged[key], entry) if key in merged else entry
    return tuple(merged.values())


def _with(entry: TimelineEntry, other: TimelineEntry) -> TimelineEntry:
    new_bodies = tuple(body for body in other.named_bodies if body not in entry.named_bodies)
    return replace(
        entry,
        count=entry.count + other.count,
        several_people=entry.several_people or entry.by != other.by,
        named_bodies=entry.named_bodies + new_bodies,
        bodies=entry.bodies + other.bodies - (len(other.named_bodies) - len(new_bodies)),
    )
