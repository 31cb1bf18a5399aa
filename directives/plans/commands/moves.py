"""A plan on its way: signed, handed in, accepted or returned, and what each does to the clocks of the obligations.

Handing in meets the plan clock of every open obligation of the body and document, and leaves a Submission; a return sets
the clocks again as they were, because returned work keeps its clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
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
    """A move that was made: what the people concerned are told of."""

    plan: Plan
    action: str
    by: User | None
    now: datetime
    reason: str

    @property
    def url(self) -> str:
        return reverse("plan", args=[self.plan.pk])


def plan_copy(plan: Plan, measures: list[Measure], obligations: list[Obligation]) -> dict[str, Any]:
    """A plan as its Submission keeps it. `clocks` are the plan days of the obligations, by id, before they were met."""
    served = {row.pk: row for measure in measures for row in measure.obligations.all()}
    return {
        "kind": "plan",
        "organisation": copy_body(plan.organisation),
        "document": copy_document(plan.document),
        "asked_by": copy_person(plan.asked_by),
        "deliverable": plan.kind,
        "title": plan.title,
        "summary": plan.summary,
        "due_on": plan.due_on.isoformat() if plan.due_on else None,
        "measures": [
            {
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
            for measure in measures
        ],
        "files": [
            {"id": row.pk, "name": row.name, "size": row.size, "sha256": row.sha256}
            for row in plan.files.all()
        ],
        "obligations": [{"id": row.pk, "code": row.directive.code} for row in obligations],
        "directives": [
            {"obligation": row.pk, **copy_directive(row.directive)}
            for row in ({row.pk: row for row in obligations} | served).values()
        ],
        "clocks": {
            str(row.pk): row.plan_due_on.isoformat() for row in obligations if row.plan_due_on
        },
    }


def _measures(plan: Plan) -> list[Measure]:
    serving = Obligation.objects.select_related("directive__section").order_by("directive__order")
    return list(
        plan.measures.order_by("number").prefetch_related(Prefetch("obligations", queryset=serving))
    )


def _complete(plan: Plan) -> None:
    """Raise Invalid with everything that is missing."""
    found = gaps(_measures(plan))
    if found:
        raise Invalid({"__all__": [gap.text for gap in found]})


def _ask(made: PlanMove) -> None:
    notices.notify_to_sign(
        made.plan.organisation, made.plan.document, count=1, url=made.url, now=made.now
    )


def _declined(made: PlanMove) -> None:
    notices.notify_decided(
        made.plan, "declined", count=1, reason=made.reason, url=made.url, now=made.now
    )


def _hand_over(made: PlanMove) -> None:
    """Keep what was handed in, stop the plan clocks, tell the supervisors."""
    plan, obligations = made.plan, list(owed_obligations(made.plan))
    last = plan.submissions.aggregate(last=Max("number"))["last"] or 0
    people = {"submitted_by": copy_person(made.by), "signed": made.action == "sign"}
    submission = Submission.objects.create(
        organisation=plan.organisation, document=plan.document, plan=plan, number=last + 1,
        content={**plan_copy(plan, _measures(plan), obligations), **people}, submitted_at=made.now, submitted_by=made.by,
    )  # fmt: skip
    audit.record(
        "submission",
        submission,
        by=made.by,
        now=made.now,
        after={"plan": plan.pk, "number": submission.number},
    )
    met = [row for row in obligations if row.plan_due_on or row.plan_returned]
    fields = {"plan_due_on": None, "plan_returned": False}
    transitions.change_within(met, fields, action="plan_handed_in", by=made.by, now=made.now)
    note_heard(obligations, by=made.by, now=made.now)
    notices.notify_handed_in(plan, what=plan.title, url=made.url, now=made.now)


def _told_nobody(made: PlanMove) -> None:
    """Nobody waits for this."""


FOLLOW_UPS: dict[str, Callable[[PlanMove], None]] = {
    "ask_signature": _ask,
    "recall": _told_nobody,
    "decline": _declined,
    "sign": _hand_over,
    "hand_in": _hand_over,
    "revise": _told_nobody,
}


@counted()
def move_plan(plan: Plan, action: str, *, by: User | None, now: datetime, reason: str = "") -> Plan:
    """Make one of the body's own moves (a key of AFTER; any other raises KeyError) and what follows from it.

    Raises what `transitions.move` raises, and Invalid with everything that is missing from a plan that would go on.
    """
    after = FOLLOW_UPS[action]
    Plan.objects.select_for_update(no_key=True).get(
        pk=plan.pk
    )  # nobody changes a measure while it is being frozen
    changes: dict[str, Any] = {}
    if transitions.can_move(plan, action, by):
        if action in ("ask_signature", "sign", "hand_in"):
            _complete(plan)
            changes["due_on"] = earliest_plan_day(owed_obligations(plan)) or plan.due_on
        if action == "ask_signature" and not has_manager(plan.organisation):
            raise Invalid(_("This organisation has no manager to sign. Submit the plan directly."))
    transitions.move(plan, action, by=by, now=now, reason=reason, changes=changes)
    after(PlanMove(plan, action, by, now, reason.strip()))
    return plan


@counted()
def decide(plan: Plan, *, accepted: bool, reason: str, by: User, now: datetime) -> Verdict:
    """A supervisor's verdict on the last submission of a plan. A return needs a reason, and its clocks run again.

    Accepting starts the work on what was acknowledged. Raises what `transitions.move` raises.
    """
    transitions.move(plan, "accept" if accepted else "return", by=by, now=now, reason=reason)
    submission = plan.submissions.order_by("-number")[0]
    said = {"accepted": accepted, "reason": reason.strip(), "by_name": str(by)}
    verdict = Verdict.objects.create(submission=submission, **said, at=now, by=by)
    if accepted:
        start_work(list(owed_obligations(plan)), now=now)
    else:
        _run_again(plan, submission, by, now)
    url = reverse("plan", args=[plan.pk])
    notices.notify_decided(
        plan,
        "accepted" if accepted else "returned",
        count=1,
        reason=verdict.reason,
        url=url,
        now=now,
    )
    return verdict


def _run_again(plan: Plan, submission: Submission, by: User, now: datetime) -> None:
    """Set the plan clocks as they stood before the hand-in. A revised plan had none: it is returned without a day."""
    clocks = {int(pk): date.fromisoformat(day) for pk, day in submission.content["clocks"].items()}
    rows = [
        row
        for row in owed_obligations(plan)
        if row.pk in clocks or (row.deliverable and not clocks)
    ]
    each = {row.pk: {"plan_due_on": clocks.get(row.pk)} for row in rows}
    transitions.change_within(
        rows,
        {"plan_returned": True},
        action="plan_returned",
        by=by,
        now=now,
        reason=plan.reason,
        each=each,
    )
