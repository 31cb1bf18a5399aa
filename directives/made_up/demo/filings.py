"""Submissions and verdicts: of every paper that waits for one, and of bodies with a full record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from directives.base.states import ACCEPTED, DRAFT, RETURNED
from directives.core.copies import copy_directive, copy_document
from directives.made_up.demo.bodies import TreeNode
from directives.made_up.demo.draw import BodyDraw
from directives.made_up.demo.plans import Plans, plan_moments
from directives.made_up.demo.sink import Sink, sink
from directives.made_up.demo.terms import part_of
from directives.made_up.demo.work import Entry, Work, moments, return_reason
from directives.made_up.sentences import PLAN_RETURN
from directives.models import Submission, Verdict

BATCH = 200  # of one statement: each is long


@dataclass
class Filings:
    """Writes submissions and verdicts.

    `ids_by_body` has the ids of a body's submissions: "plan", "last" and "current" (report).
    """

    work: Work
    plans: Plans
    ids_by_body: dict[int, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = sink(
            Submission,
            "id organisation_id document_id plan_id report_id number content submitted_at "
            "submitted_by_id",
            batch=BATCH,
        )
        self.verdicts = sink(Verdict, "submission_id entry_id accepted reason at by_id by_name")
        self.next = self.work.first[Submission]
        self.directive_copies = [copy_directive(row) for row in self.work.directives]

    def write(
        self,
        index: int,
        node: TreeNode,
        body_draw: BodyDraw,
        plan: int | None,
        entries: Sequence[Entry],
        *,
        full_record: bool,
    ) -> None:
        """Write the submissions of a body; without `full_record` only those not fully accepted."""
        submitted_day, decided_day = plan_moments(body_draw.course)
        if (
            plan is not None
            and submitted_day is not None
            and (full_record or decided_day is None or body_draw.course.plan != ACCEPTED)
        ):
            self._plan(index, node, body_draw, plan, submitted_day, decided_day)
        for cycle in (0, 1):
            submitted_entries = [
                entry for entry in entries if entry.cycle == cycle and entry.state != DRAFT
            ]
            if submitted_entries and (
                full_record or any(entry.state != ACCEPTED for entry in submitted_entries)
            ):
                self._report(index, node, body_draw, submitted_entries, cycle)

    def _row(
        self,
        node: TreeNode,
        name: str,
        subject: tuple[int | None, int | None],
        content: dict[str, Any],
        day: int,
        hour: int,
    ) -> int:
        pk, self.next = self.next, self.next + 1
        self.ids_by_body.setdefault(node.pk, {})[name] = pk
        by = self.work.participants.signer(node)
        people = {
            "submitted_by": {"id": by, "name": self.work.participants.names[by]},
            "signed": by != self.work.participants.writer(node),
        }
        text = json.dumps(
            {**self._names(node), **content, **people}, ensure_ascii=False, separators=(",", ":")
        )
        document, at = self.work.cycles[0].document_id, self.work.calendar.at(day, hour)
        self.rows.add(self.rows.cells(pk, node.pk, document, *subject, 1, text, at, by))
        return pk

    def _plan(
        self,
        index: int,
        node: TreeNode,
        body_draw: BodyDraw,
        plan: int,
        submitted_day: int,
        decided_day: int | None,
    ) -> None:
        content = self.plans.copy(index, node, body_draw)
        pk = self._row(node, "plan", (plan, None), content, submitted_day, 14)
        if decided_day is not None:
            reason = "" if body_draw.course.plan == ACCEPTED else PLAN_RETURN
            decision = self._decision(node, decided_day, 16)
            self.verdicts.add(self.verdicts.cells(pk, None, not reason, reason, *decision))

    def _decision(self, node: TreeNode, day: int, hour: int) -> tuple[datetime, int, str]:
        """When a verdict was given, by whom, and their name."""
        by = self.work.participants.reviewer(node)
        return self.work.calendar.at(day, hour), by, self.work.participants.names[by]

    def _report(
        self, index: int, node: TreeNode, body_draw: BodyDraw, entries: Sequence[Entry], cycle: int
    ) -> None:
        _begun, submitted_day, decided_day = moments(body_draw.course, cycle)
        assert submitted_day is not None  # for these entries were handed in
        name, subject = ("last", "current")[cycle], (None, self.work.report(index, cycle))
        content = self._copy(node, entries, cycle)
        pk = self._row(node, name, subject, content, submitted_day, 16)
        if decided_day is None:
            return
        row_sink, decision = self.verdicts, self._decision(node, decided_day, 11)
        accepted = row_sink.cells(True, "", *decision)
        for entry in entries:
            if entry.state == ACCEPTED:
                row_sink.add(row_sink.ids(pk, entry.pk), accepted)
            elif entry.state == RETURNED:
                row_sink.add(
                    row_sink.ids(pk, entry.pk),
                    row_sink.cells(False, return_reason(entry), *decision),
                )

    def _names(self, node: TreeNode) -> dict[str, Any]:
        body, document = node.body, self.work.cycles[0].document
        names = {
            "name_hans": body.name.hans,
            "name_hant": body.name.hant,
            "full_name": body.full_name,
        }
        return {"organisation": {"code": body.code, **names}, "document": copy_document(document)}

    def _copy(self, node: TreeNode, entries: Sequence[Entry], cycle: int) -> dict[str, Any]:
        period = self.work.cycles[cycle]
        return {
            "cycle": {
                "year": period.year,
                "period": period.period,
                "number": period.number,
                "due_on": period.due_on.isoformat(),
            },
            "count": len(entries),
            "entries": [self._copy_entry(node, entry) for entry in entries],
        }

    def _copy_entry(self, node: TreeNode, entry: Entry) -> dict[str, Any]:
        carried = entry.cycle and entry.life.last == ACCEPTED
        return {
            "entry": entry.pk,
            "obligation": entry.obligation,
            "part": part_of(node.body, entry.place),
            **self.directive_copies[entry.place],
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
