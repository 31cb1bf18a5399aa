"""Events of the record on a body's papers: its plan, its reports and their entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from directives.base.states import ACCEPTED, AWAITING, DRAFT, RETURNED, SUBMITTED
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.courses import REVISED, Course
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.lives import plain
from directives.made_up.demo.plans import plan_moments
from directives.made_up.demo.work import Entry, Work, complete, moments, return_reason
from directives.made_up.sentences import PLAN_RETURN

# Moves of obligations that every body's record has; the others only where it is full.
BRIEF = {"issue", "acknowledge", "dispute", "request_close", "close", "suspend", "light"}
REVISION = "根据新的要求补充完善。"


class RecordedEvent(NamedTuple):
    """An event without its id. `about` are its directive and obligation; `before` is JSON."""

    at: datetime
    by: int | None
    action: str
    kind: str
    before: str
    after: str
    reason: str
    subject: int
    body: int
    about: tuple[int, int] | None = None


@cache
def days_of(course: Course) -> frozenset[int]:
    """The days on which the papers of a body on this course move."""
    moved = {*plan_moments(course), *moments(course, 0), *moments(course, 1)}
    return frozenset(day for day in moved if day is not None)


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
        self, index: int, placed: Placed, drawn: Drawn, plan: int, day: int
    ) -> Iterator[RecordedEvent]:
        """The events of a body on a day."""
        if plan and day in plan_moments(drawn.course):
            yield from self._plan(placed, drawn.course, plan, day)
        for cycle in (0, 1):
            if day in moments(drawn.course, cycle):
                entries = self.work.entries_of(index, placed, drawn)
                of_cycle = [entry for entry in entries if entry.cycle == cycle]
                yield from self._report(index, placed, drawn.course, of_cycle, cycle, day)

    def _event(
        self, placed: Placed, move: Move, kind: str, subject: int, entry: Entry | None = None
    ) -> RecordedEvent:
        about = None
        if entry is not None:
            about = self.work.directives[entry.place].pk, entry.obligation
        change = move.before, move.after, move.reason
        return RecordedEvent(
            move.at, move.by, move.action, kind, *change, subject, placed.pk, about
        )

    def _plan(self, placed: Placed, course: Course, plan: int, day: int) -> Iterator[RecordedEvent]:
        crew, at = self.work.crew, self.work.calendar.at
        handed, decided = plan_moments(course)
        if day == handed:
            if course.plan == REVISED:
                states = plain({"state": ACCEPTED}), plain({"state": DRAFT})
                move = Move(at(day, 9), crew.writer(placed), "revise", *states, REVISION)
                yield self._event(placed, move, "plan", plan)
            fields = {"due_on": self.work.calendar.day(days.PLAN_DUE)}
            yield self._event(placed, self._handed(placed, day, 14, fields), "plan", plan)
            yield from self._copied(placed, "plan", {"plan": plan, "number": 1}, at(day, 14))
        if day == decided:
            reason = "" if course.plan == ACCEPTED else PLAN_RETURN
            yield self._event(placed, self._decided(placed, day, 16, reason), "plan", plan)

    def _handed(
        self, placed: Placed, day: int, hour: int, same: dict[str, Any] | None = None
    ) -> Move:
        """Handed in, or signed where somebody signs. `same` are fields that did not change."""
        at, by = self.work.calendar.at(day, hour), self.work.crew.signer(placed)
        signs = by != self.work.crew.writer(placed)
        fields = {"reason": "", **(same or {})}
        before = {"submitted_at": None, "submitted_by": None, "state": AWAITING if signs else DRAFT}
        after = {"submitted_at": at, "submitted_by": by, "state": SUBMITTED}
        action = "sign" if signs else "hand_in"
        return Move(at, by, action, plain(before | fields), plain(after | fields))

    def _decided(self, placed: Placed, day: int, hour: int, reason: str) -> Move:
        """Accepted, or returned for a reason."""
        at, by = self.work.calendar.at(day, hour), self.work.crew.reviewer(placed)
        state, action = (RETURNED, "return") if reason else (ACCEPTED, "accept")
        before = {"decided_at": None, "decided_by": None, "reason": "", "state": SUBMITTED}
        after = {"decided_at": at, "decided_by": by, "reason": reason, "state": state}
        return Move(at, by, action, plain(before), plain(after), reason)

    def _copied(
        self, placed: Placed, name: str, after: dict[str, Any], at: datetime
    ) -> Iterator[RecordedEvent]:
        """The numbered copy, if one was kept."""
        pk = self.filings.of_body.get(placed.pk, {}).get(name)
        if pk is not None:
            move = Move(at, self.work.crew.signer(placed), "submission", "{}", plain(after))
            yield self._event(placed, move, "submission", pk)

    def _report(
        self,
        index: int,
        placed: Placed,
        course: Course,
        entries: Sequence[Entry],
        cycle: int,
        day: int,
    ) -> Iterator[RecordedEvent]:
        at, report = self.work.calendar.at, self.work.report(index, cycle)
        begun, handed, decided = moments(course, cycle)
        if day == begun:
            after = plain({"begun_at": at(day, 9), "entries": len(entries)})
            move = Move(at(day, 9), self.work.crew.writer(placed), "begin", "{}", after)
            yield self._event(placed, move, "progressreport", report)
        filed = [entry for entry in entries if entry.state != DRAFT]
        if day == handed and filed:
            move = self._handed(placed, day, 16)
            for entry in filed:
                yield self._event(placed, move, "reportentry", entry.pk, entry)
            copy = {"report": report, "number": 1, "entries": len(filed)}
            yield from self._copied(placed, ("last", "this")[cycle], copy, at(day, 16))
        if day == decided:
            yield from self._verdicts(placed, report, entries, day)

    def _verdicts(
        self, placed: Placed, report: int, entries: Sequence[Entry], day: int
    ) -> Iterator[RecordedEvent]:
        moves: dict[str, Move] = {}
        for entry in entries:
            if entry.state == DRAFT:
                continue
            reason = return_reason(entry) if entry.state == RETURNED else ""
            moves[reason] = moves.get(reason) or self._decided(placed, day, 11, reason)
            yield self._event(placed, moves[reason], "reportentry", entry.pk, entry)
        if complete(entries):
            at, by = self.work.calendar.at(day, 11), self.work.crew.reviewer(placed)
            move = Move(at, by, "complete", "{}", plain({"completed_at": at}))
            yield self._event(placed, move, "progressreport", report)
