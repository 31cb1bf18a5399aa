"""Events of the record on a body's papers: its plan, its reports and their entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from directives.base.states import ACCEPTED, AWAITING, DRAFT, RETURNED, SUBMITTED
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.courses import REVISED, Course
from directives.made_up.demo.draw import BodyDraw
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.lives import canonical_json
from directives.made_up.demo.plans import plan_moments
from directives.made_up.demo.work import Entry, Work, complete, moments, return_reason
from directives.made_up.sentences import PLAN_RETURN

# Moves of obligations that are recorded for every body; others only in a full record.
BRIEF_ACTIONS = {"issue", "acknowledge", "dispute", "request_close", "close", "suspend", "light"}
REVISION = "根据新的要求补充完善。"


class RecordedEvent(NamedTuple):
    """An event without its id; `before`, `after` are JSON, `references` (directive, obligation)."""

    at: datetime
    by: int | None
    action: str
    kind: str
    before: str
    after: str
    reason: str
    subject: int
    body: int
    references: tuple[int, int] | None = None


@cache
def days_of(course: Course) -> frozenset[int]:
    """The days on which the papers of a body on this course move."""
    move_days = {*plan_moments(course), *moments(course, 0), *moments(course, 1)}
    return frozenset(day for day in move_days if day is not None)


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a paper, with what `transitions.move` records of it."""

    at: datetime
    by: int
    action: str
    before: str
    after: str
    reason: str = ""


@dataclass(slots=True)
class PaperEvents:
    """Makes the events on papers from what `work` and `filings` wrote."""

    work: Work
    filings: Filings

    def of(
        self, index: int, node: TreeNode, body_draw: BodyDraw, plan: int, day: int
    ) -> Iterator[RecordedEvent]:
        """The events of a body on a day."""
        if plan and day in plan_moments(body_draw.course):
            yield from self._plan(node, body_draw.course, plan, day)
        for cycle in (0, 1):
            if day in moments(body_draw.course, cycle):
                entries = self.work.entries_of(index, node, body_draw)
                of_cycle = [entry for entry in entries if entry.cycle == cycle]
                yield from self._report(index, node, body_draw.course, of_cycle, cycle, day)

    def _event(
        self, node: TreeNode, move: Move, kind: str, subject: int, entry: Entry | None = None
    ) -> RecordedEvent:
        references = None
        if entry is not None:
            references = self.work.directives[entry.place].pk, entry.obligation
        change = move.before, move.after, move.reason
        return RecordedEvent(
            move.at, move.by, move.action, kind, *change, subject, node.pk, references
        )

    def _plan(self, node: TreeNode, course: Course, plan: int, day: int) -> Iterator[RecordedEvent]:
        participants, at = self.work.participants, self.work.calendar.at
        submitted_day, decided_day = plan_moments(course)
        if day == submitted_day:
            if course.plan == REVISED:
                states = canonical_json({"state": ACCEPTED}), canonical_json({"state": DRAFT})
                move = Move(at(day, 9), participants.writer(node), "revise", *states, REVISION)
                yield self._event(node, move, "plan", plan)
            fields = {"due_on": self.work.calendar.day(days.PLAN_DUE)}
            yield self._event(node, self._submission_move(node, day, 14, fields), "plan", plan)
            yield from self._copy_events(node, "plan", {"plan": plan, "number": 1}, at(day, 14))
        if day == decided_day:
            reason = "" if course.plan == ACCEPTED else PLAN_RETURN
            yield self._event(node, self._decision_move(node, day, 16, reason), "plan", plan)

    def _submission_move(
        self, node: TreeNode, day: int, hour: int, unchanged: dict[str, Any] | None = None
    ) -> Move:
        """Handed in, or signed where somebody signs. `unchanged` are fields that stay the same."""
        at, by = self.work.calendar.at(day, hour), self.work.participants.signer(node)
        signs = by != self.work.participants.writer(node)
        fields = {"reason": "", **(unchanged or {})}
        before = {"submitted_at": None, "submitted_by": None, "state": AWAITING if signs else DRAFT}
        after = {"submitted_at": at, "submitted_by": by, "state": SUBMITTED}
        action = "sign" if signs else "hand_in"
        return Move(at, by, action, canonical_json(before | fields), canonical_json(after | fields))

    def _decision_move(self, node: TreeNode, day: int, hour: int, reason: str) -> Move:
        """Accepted, or returned for a reason."""
        at, by = self.work.calendar.at(day, hour), self.work.participants.reviewer(node)
        state, action = (RETURNED, "return") if reason else (ACCEPTED, "accept")
        before = {"decided_at": None, "decided_by": None, "reason": "", "state": SUBMITTED}
        after = {"decided_at": at, "decided_by": by, "reason": reason, "state": state}
        return Move(at, by, action, canonical_json(before), canonical_json(after), reason)

    def _copy_events(
        self, node: TreeNode, name: str, after: dict[str, Any], at: datetime
    ) -> Iterator[RecordedEvent]:
        """The numbered copy, if one was kept."""
        pk = self.filings.ids_by_body.get(node.pk, {}).get(name)
        if pk is not None:
            move = Move(
                at, self.work.participants.signer(node), "submission", "{}", canonical_json(after)
            )
            yield self._event(node, move, "submission", pk)

    def _report(
        self,
        index: int,
        node: TreeNode,
        course: Course,
        entries: Sequence[Entry],
        cycle: int,
        day: int,
    ) -> Iterator[RecordedEvent]:
        at, report = self.work.calendar.at, self.work.report(index, cycle)
        begun_day, submitted_day, decided_day = moments(course, cycle)
        if day == begun_day:
            after = canonical_json({"begun_at": at(day, 9), "entries": len(entries)})
            move = Move(at(day, 9), self.work.participants.writer(node), "begin", "{}", after)
            yield self._event(node, move, "progressreport", report)
        submitted_entries = [entry for entry in entries if entry.state != DRAFT]
        if day == submitted_day and submitted_entries:
            move = self._submission_move(node, day, 16)
            for entry in submitted_entries:
                yield self._event(node, move, "reportentry", entry.pk, entry)
            copy = {"report": report, "number": 1, "entries": len(submitted_entries)}
            yield from self._copy_events(node, ("last", "current")[cycle], copy, at(day, 16))
        if day == decided_day:
            yield from self._verdicts(node, report, entries, day)

    def _verdicts(
        self, node: TreeNode, report: int, entries: Sequence[Entry], day: int
    ) -> Iterator[RecordedEvent]:
        moves: dict[str, Move] = {}
        for entry in entries:
            if entry.state == DRAFT:
                continue
            reason = return_reason(entry) if entry.state == RETURNED else ""
            moves[reason] = moves.get(reason) or self._decision_move(node, day, 11, reason)
            yield self._event(node, moves[reason], "reportentry", entry.pk, entry)
        if complete(entries):
            at, by = self.work.calendar.at(day, 11), self.work.participants.reviewer(node)
            move = Move(at, by, "complete", "{}", canonical_json({"completed_at": at}))
            yield self._event(node, move, "progressreport", report)
