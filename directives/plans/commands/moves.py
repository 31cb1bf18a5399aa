"""Moves of a plan: signed, handed in, accepted, returned; and their effect on the plan clocks.

Handing in creates a Submission and stops the plan clock of every open obligation of the
organisation and document. A return restores the clocks, because returned work keeps its due day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.core import audit, notices, transitions
from directives.core.copies import copy_body, copy_directive, copy_document, copy_person
from directives.core.last_heard import note_heard
from directives.core.rules import has_manager
from directives.models import Measure, Obligation, Plan, Submission, User, Verdict
from directives.plans.commands.log import start_work
from directives.plans.commands.plans import earliest_plan_day, gaps, owed_obligations
from directives.tallies import counted


@dataclass(frozen=True, slots=True)
class PlanMove:
    """A move that was made."""

    plan: Plan
    action: str
    by: User | None
    now: datetime
    reason: str

    @property
    def url(self) -> str:
        return reverse("plan", args=[self.plan.pk])


def plan_copy(plan: Plan, measures: list[Measure], obligations: list[Obligation]) -> dict[str, Any]:
    """The copy of a plan that its Submission stores.

    `clocks` are the plan due days of the obligations, by id, before the plan was handed in.
    """
    served_obligations = {row.pk: row for measure in measures for row in measure.obligations.all()}
    return {
        "kind": "plan",
        "organisation": copy_body(plan.organisation),
        "document": copy_document(plan.document),
        "asked_by": copy_person(plan.asked_by),
        "deliverable": plan.kind,
        "title": plan.title,
        "summary": plan.summary,
        "due_on": plan.due_on.isoformat() if plan.due_on else None,
        "measures": [_copy_measure(measure) for measure in measures],
        "files": [
            {"id": row.pk, "name": row.name, "size": row.size, "sha256": row.sha256}
            for row in plan.files.all()
        ],
        "obligations": [{"id": row.pk, "code": row.directive.code} for row in obligations],
        "directives": [
            {"obligation": row.pk, **copy_directive(row.directive)}
            for row in ({row.pk: row for row in obligations} | served_obligations).values()
        ],
        "clocks": {
            str(row.pk): row.plan_due_on.isoformat() for row in obligations if row.plan_due_on
        },
    }


def _copy_measure(measure: Measure) -> dict[str, Any]:
    return {
        "id": measure.pk,
        "number": measure.number,
        "text": measure.text,
        "responsible": measure.responsible,
        "due_on": measure.due_on.isoformat() if measure.due_on else None,
        "result": measure.result,
        "done_on": measure.done_on.isoformat() if measure.done_on else None,
        "obligations": [
            {"id": row.pk, "code": row.directive.code} for row in measure.obligations.all()
        ],
    }


def _measures(plan: Plan) -> list[Measure]:
    serving = Obligation.objects.select_related("directive__section").order_by("directive__order")
    measures = plan.measures.order_by("number")
    return list(measures.prefetch_related(Prefetch("obligations", queryset=serving)))


def _check_complete(plan: Plan) -> None:
    """Raise Invalid with everything that is missing."""
    if missing := gaps(_measures(plan)):
        raise Invalid({"__all__": [gap.text for gap in missing]})


def _ask_signature(move: PlanMove) -> None:
    plan = move.plan
    notices.notify_to_sign(plan.organisation, plan.document, count=1, url=move.url, now=move.now)


def _notify_declined(move: PlanMove) -> None:
    notices.notify_decided(
        move.plan, "declined", count=1, reason=move.reason, url=move.url, now=move.now
    )


def _hand_in(move: PlanMove) -> None:
    """Store the submission, stop the plan clocks, notify the supervisors."""
    plan, by, now = move.plan, move.by, move.now
    assert by is not None  # the table of moves lets only a person hand in
    obligations = list(owed_obligations(plan))
    last = plan.submissions.aggregate(last=Max("number"))["last"] or 0
    people = {"submitted_by": copy_person(by), "signed": move.action == "sign"}
    submission = Submission.objects.create(
        organisation=plan.organisation,
        document=plan.document,
        plan=plan,
        number=last + 1,
        content={**plan_copy(plan, _measures(plan), obligations), **people},
        submitted_at=now,
        submitted_by=by,
    )
    facts = {"plan": plan.pk, "number": submission.number}
    audit.record("submission", submission, by=by, now=now, after=facts)
    with_clock = [row for row in obligations if row.plan_due_on or row.plan_returned]
    fields = {"plan_due_on": None, "plan_returned": False}
    transitions.change_within(with_clock, fields, action="plan_handed_in", by=by, now=now)
    note_heard(obligations, by=by, now=now)
    notices.notify_handed_in(plan, what=plan.title, url=move.url, now=now)


# The organisation's own moves, and what follows from each.
FOLLOW_UPS: dict[str, Callable[[PlanMove], None] | None] = {
    "ask_signature": _ask_signature,
    "recall": None,
    "decline": _notify_declined,
    "sign": _hand_in,
    "hand_in": _hand_in,
    "revise": None,
}


@counted()
def move_plan(plan: Plan, action: str, *, by: User | None, now: datetime, reason: str = "") -> Plan:
    """Make one of the organisation's own moves, with its effects.

    Raises KeyError for an action that is not in FOLLOW_UPS, what `transitions.move` raises, and
    Invalid with everything that a plan to be signed or handed in lacks.
    """
    follow_up = FOLLOW_UPS[action]
    # The lock keeps others from changing a measure while it is copied.
    Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    changes: dict[str, Any] = {}
    if transitions.can_move(plan, action, by):
        if action in ("ask_signature", "sign", "hand_in"):
            _check_complete(plan)
            changes["due_on"] = earliest_plan_day(owed_obligations(plan)) or plan.due_on
        if action == "ask_signature" and not has_manager(plan.organisation):
            raise Invalid(_("This organisation has no manager to sign. Submit the plan directly."))
    transitions.move(plan, action, by=by, now=now, reason=reason, changes=changes)
    if follow_up is not None:
        follow_up(PlanMove(plan, action, by, now, reason.strip()))
    return plan


@counted()
def decide(
    plan: Plan, *, accepted: bool, reason: str, version: int | None = None, by: User, now: datetime
) -> Verdict:
    """Give a supervisor's verdict on the last submission of a plan.

    A return needs a reason, and restarts the plan clocks. Accepting starts work on acknowledged
    obligations. `version` is the one that the reviewer read; None: any. Raises Stale if the plan
    has another, and what `transitions.move` raises.
    """
    if version not in (None, plan.version):
        raise Stale(theirs=plan)
    transitions.move(plan, "accept" if accepted else "return", by=by, now=now, reason=reason)
    submission = plan.submissions.order_by("-number")[0]
    verdict = Verdict.objects.create(
        submission=submission,
        accepted=accepted,
        reason=reason.strip(),
        at=now,
        by=by,
        by_name=str(by),
    )
    if accepted:
        start_work(owed_obligations(plan), now=now)
    else:
        _restart_clocks(plan, submission, by=by, now=now)
    result, url = "accepted" if accepted else "returned", reverse("plan", args=[plan.pk])
    notices.notify_decided(plan, result, count=1, reason=verdict.reason, url=url, now=now)
    return verdict


def _restart_clocks(plan: Plan, submission: Submission, *, by: User, now: datetime) -> None:
    """Set the plan clocks as they were before the hand-in.

    A revised plan had none: it is returned without a due day.
    """
    clocks = {int(pk): date.fromisoformat(day) for pk, day in submission.content["clocks"].items()}
    rows = [
        row
        for row in owed_obligations(plan)
        if row.pk in clocks or (row.deliverable and not clocks)
    ]
    changes_by_id = {row.pk: {"plan_due_on": clocks.get(row.pk)} for row in rows}
    transitions.change_within(
        rows,
        {"plan_returned": True},
        action="plan_returned",
        by=by,
        now=now,
        reason=plan.reason,
        changes_by_id=changes_by_id,
    )
