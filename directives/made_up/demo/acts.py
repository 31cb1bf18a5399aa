"""What the record tells of a body's papers on a day: its plan, its reports and their entries."""

from collections.abc import Iterator
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

BRIEF = frozenset(
    {"issue", "acknowledge", "dispute", "request_close", "close", "suspend", "light"}
)  # told of every body
AGAIN = "根据新的要求补充完善。"


class Told(NamedTuple):
    """One event, but for its id; `before` and `after` are JSON."""

    at: datetime
    by: int | None
    action: str
    kind: str
    subject: int
    body: int
    directive: int | None
    obligation: int | None
    before: str
    after: str
    reason: str


@cache
def days_of(course: Course) -> frozenset[int]:
    """The days on which the papers of such a body move."""
    found = {*plan_moments(course), *moments(course, 0), *moments(course, 1)}
    return frozenset(day for day in found if day is not None)


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a paper, as `transitions.move` tells it."""

    at: datetime
    by: int
    action: str
    before: str
    after: str
    reason: str = ""


@dataclass(slots=True)
class Papers:
    """Tells of papers, from what `work` and `filings` wrote."""

    work: Work
    filings: Filings

    def of(self, index: int, placed: Placed, drawn: Drawn, plan: int, day: int) -> Iterator[Told]:
        """What is told of a body on this day."""
        if plan and day in plan_moments(drawn.course):
            yield from self._plan(placed, drawn.course, plan, day)
        for cycle in (0, 1):
            begun, handed, decided = moments(drawn.course, cycle)
            if day in (begun, handed, decided):
                entries = [
                    entry
                    for entry in self.work.entries_of(index, placed, drawn)
                    if entry.cycle == cycle
                ]
                yield from self._report(
                    index, placed, entries, cycle, (begun, handed, decided), day
                )

    def _told(
        self, placed: Placed, move: Move, kind: str, subject: int, entry: Entry | None = None
    ) -> Told:
        directive = None if entry is None else self.work.directives[entry.place].pk
        obligation = None if entry is None else entry.obligation
        return Told(
            move.at, move.by, move.action, kind, subject, placed.pk, directive, obligation, move.before, move.after, move.reason
        )  # fmt: skip

    def _plan(self, placed: Placed, course: Course, plan: int, day: int) -> Iterator[Told]:
        crew, at = self.work.crew, self.work.calendar.at
        handed, decided = plan_moments(course)
        if day == handed:
            if course.plan == REVISED:
                revised = Move(
                    at(day, 9),
                    crew.writer(placed),
                    "revise",
                    plain({"state": ACCEPTED}),
                    plain({"state": DRAFT}),
                    AGAIN,
                )
                yield self._told(placed, revised, "plan", plan)
            fields = {"due_on": self.work.calendar.day(days.PLAN_DUE)}
            yield self._told(placed, self._handed(placed, day, 14, fields), "plan", plan)
            yield from self._copied(placed, "plan", {"plan": plan, "number": 1}, at(day, 14))
        if day == decided:
            yield self._told(
                placed,
                self._decided(placed, day, 16, "" if course.plan == ACCEPTED else PLAN_RETURN),
                "plan",
                plan,
            )

    def _handed(
        self, placed: Placed, day: int, hour: int, same: dict[str, Any] | None = None
    ) -> Move:
        """Handed in, or signed where somebody signs."""
        crew, at = self.work.crew, self.work.calendar.at(day, hour)
        signs = crew.signer(placed) != crew.writer(placed)
        before = {
            "submitted_at": None,
            "submitted_by": None,
            "reason": "",
            "state": AWAITING if signs else DRAFT,
            **(same or {}),
        }
        after = {
            "submitted_at": at,
            "submitted_by": crew.signer(placed),
            "reason": "",
            "state": SUBMITTED,
            **(same or {}),
        }
        return Move(
            at, crew.signer(placed), "sign" if signs else "hand_in", plain(before), plain(after)
        )

    def _decided(self, placed: Placed, day: int, hour: int, reason: str) -> Move:
        """Accepted, or returned for a reason."""
        at, by = self.work.calendar.at(day, hour), self.work.crew.reviewer(placed)
        before = {"decided_at": None, "decided_by": None, "reason": "", "state": SUBMITTED}
        after = {
            "decided_at": at,
            "decided_by": by,
            "reason": reason,
            "state": RETURNED if reason else ACCEPTED,
        }
        return Move(at, by, "return" if reason else "accept", plain(before), plain(after), reason)

    def _copied(
        self, placed: Placed, name: str, after: dict[str, Any], at: datetime
    ) -> Iterator[Told]:
        """The numbered copy, if one was kept."""
        pk = self.filings.of_body.get(placed.pk, {}).get(name)
        if pk is not None:
            yield self._told(
                placed,
                Move(at, self.work.crew.signer(placed), "submission", "{}", plain(after)),
                "submission",
                pk,
            )

    def _report(
        self,
        index: int,
        placed: Placed,
        entries: list[Entry],
        cycle: int,
        moved: tuple[int | None, ...],
        day: int,
    ) -> Iterator[Told]:
        crew, at, report = self.work.crew, self.work.calendar.at, self.work.report(index, cycle)
        begun, handed, decided = moved
        if day == begun:
            after = plain({"begun_at": at(day, 9), "entries": len(entries)})
            yield self._told(
                placed,
                Move(at(day, 9), crew.writer(placed), "begin", "{}", after),
                "progressreport",
                report,
            )
        filed = [entry for entry in entries if entry.state != DRAFT]
        if day == handed and filed:
            move = self._handed(placed, day, 16)
            for entry in filed:
                yield self._told(placed, move, "reportentry", entry.pk, entry)
            told = {"report": report, "number": 1, "entries": len(filed)}
            yield from self._copied(placed, ("last", "this")[cycle], told, at(day, 16))
        if day == decided:
            moves: dict[str, Move] = {}
            for entry in filed:
                reason = return_reason(entry) if entry.state == RETURNED else ""
                moves[reason] = moves.get(reason) or self._decided(placed, day, 11, reason)
                yield self._told(placed, moves[reason], "reportentry", entry.pk, entry)
            if complete(entries):
                done = Move(
                    at(day, 11),
                    crew.reviewer(placed),
                    "complete",
                    "{}",
                    plain({"completed_at": at(day, 11)}),
                )
                yield self._told(placed, done, "progressreport", report)
