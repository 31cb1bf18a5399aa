"""Submissions and verdicts: of every paper that waits for one, and of bodies with a full record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from directives.base.states import ACCEPTED, DRAFT, RETURNED
from directives.core.copies import copy_directive, copy_document
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.draw import Drawn
from directives.made_up.demo.plans import Plans, plan_moments
from directives.made_up.demo.sink import Sink, sink
from directives.made_up.demo.work import Entry, Work, moments, part_of, return_reason
from directives.made_up.sentences import PLAN_RETURN
from directives.models import Submission, Verdict

COPIES = 200  # of one statement: each is long


@dataclass
class Filings:
    """Writes submissions and verdicts.

    `of_body` has the ids of a body's submissions: "plan", "last" and "this" (report).
    """

    work: Work
    plans: Plans
    of_body: dict[int, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = sink(
            Submission,
            "id organisation_id document_id plan_id report_id number content submitted_at "
            "submitted_by_id",
            batch=COPIES,
        )
        self.verdicts = sink(Verdict, "submission_id entry_id accepted reason at by_id by_name")
        self.next = self.work.first[Submission]
        self.fixed = [copy_directive(row) for row in self.work.directives]

    def write(
        self,
        index: int,
        placed: Placed,
        drawn: Drawn,
        plan: int | None,
        entries: Sequence[Entry],
        *,
        full: bool,
    ) -> None:
        """Write the submissions of a body, unless `full` only of papers not accepted as a whole."""
        handed, decided = plan_moments(drawn.course)
        if (
            plan is not None
            and handed is not None
            and (full or decided is None or drawn.course.plan != ACCEPTED)
        ):
            self._plan(index, placed, drawn, plan, handed, decided)
        for cycle in (0, 1):
            filed = [entry for entry in entries if entry.cycle == cycle and entry.state != DRAFT]
            if filed and (full or any(entry.state != ACCEPTED for entry in filed)):
                self._report(index, placed, drawn, filed, cycle)

    def _row(
        self,
        placed: Placed,
        name: str,
        subject: tuple[int | None, int | None],
        content: dict[str, Any],
        day: int,
        hour: int,
    ) -> int:
        pk, self.next = self.next, self.next + 1
        self.of_body.setdefault(placed.pk, {})[name] = pk
        by = self.work.crew.signer(placed)
        people = {
            "submitted_by": {"id": by, "name": self.work.crew.names[by]},
            "signed": by != self.work.crew.writer(placed),
        }
        text = json.dumps(
            {**self._names(placed), **content, **people}, ensure_ascii=False, separators=(",", ":")
        )
        document, at = self.work.cycles[0].document_id, self.work.calendar.at(day, hour)
        self.rows.add(self.rows.cells(pk, placed.pk, document, *subject, 1, text, at, by))
        return pk

    def _plan(
        self, index: int, placed: Placed, drawn: Drawn, plan: int, handed: int, decided: int | None
    ) -> None:
        content = self.plans.copy(index, placed, drawn)
        pk = self._row(placed, "plan", (plan, None), content, handed, 14)
        if decided is not None:
            reason = "" if drawn.course.plan == ACCEPTED else PLAN_RETURN
            decision = self._decision(placed, decided, 16)
            self.verdicts.add(self.verdicts.cells(pk, None, not reason, reason, *decision))

    def _decision(self, placed: Placed, day: int, hour: int) -> tuple[datetime, int, str]:
        """When a verdict was given, by whom, and their name."""
        by = self.work.crew.reviewer(placed)
        return self.work.calendar.at(day, hour), by, self.work.crew.names[by]

    def _report(
        self, index: int, placed: Placed, drawn: Drawn, entries: Sequence[Entry], cycle: int
    ) -> None:
        _begun, handed, decided = moments(drawn.course, cycle)
        assert handed is not None  # for these entries were handed in
        name, subject = ("last", "this")[cycle], (None, self.work.report(index, cycle))
        content = self._copy(placed, entries, cycle)
        pk = self._row(placed, name, subject, content, handed, 16)
        if decided is None:
            return
        out, decision = self.verdicts, self._decision(placed, decided, 11)
        accepted = out.cells(True, "", *decision)
        for entry in entries:
            if entry.state == ACCEPTED:
                out.add(out.ids(pk, entry.pk), accepted)
            elif entry.state == RETURNED:
                out.add(out.ids(pk, entry.pk), out.cells(False, return_reason(entry), *decision))

    def _names(self, placed: Placed) -> dict[str, Any]:
        body, document = placed.body, self.work.cycles[0].document
        names = {"name_hans": body.name.hans, "name_hant": body.name.hant, "full_name": body.full}
        return {"organisation": {"code": body.code, **names}, "document": copy_document(document)}

    def _copy(self, placed: Placed, entries: Sequence[Entry], cycle: int) -> dict[str, Any]:
        period = self.work.cycles[cycle]
        return {
            "cycle": {
                "year": period.year,
                "period": period.period,
                "number": period.number,
                "due_on": period.due_on.isoformat(),
            },
            "count": len(entries),
            "entries": [self._copy_entry(placed, entry) for entry in entries],
        }

    def _copy_entry(self, placed: Placed, entry: Entry) -> dict[str, Any]:
        carried = entry.cycle and entry.life.last == ACCEPTED
        return {
            "entry": entry.pk,
            "obligation": entry.obligation,
            "part": part_of(placed, entry.place),
            **self.fixed[entry.place],
            "progress": entry.words.progress,
            "problems": entry.words.problems,
            "next_steps": entry.words.next_steps,
            "percent": entry.percent,
            "last_percent": entry.life.percents[0] if carried else None,
            "unchanged": False,
            "unchanged_reason": "",
            "files": [],
        }

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return (self.rows, self.verdicts)
