"""The plan itself: begun, written, and what still stands against handing it in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import EDITABLE, IMPLEMENTATION_PLAN, SPECIFIC_MEASURES
from directives.core import audit
from directives.core.rules import may
from directives.models import Document, Measure, Obligation, Organisation, Plan, User


@dataclass(frozen=True, slots=True)
class Gap:
    """Something without which a plan cannot be handed in, and the measure that it is about."""

    text: str
    measure: Measure | None = None


def owed_obligations(plan: Plan) -> QuerySet[Obligation]:
    """The open obligations that a plan answers, with their body and directive, in the order of the document."""
    rows = Obligation.objects.open().filter(
        organisation=plan.organisation_id, document=plan.document_id
    )
    return rows.select_related("organisation", "directive__section").order_by("directive__order")


def gaps(measures: Sequence[Measure]) -> list[Gap]:
    """Everything that stands against handing in a plan of these measures; they come with their obligations."""
    if not measures:
        return [Gap(_("The plan has no measures yet"))]
    found = []
    for measure in measures:
        if not measure.text.strip():
            found.append(
                Gap(_("Measure %(number)s has no text") % {"number": measure.number}, measure)
            )
        if not measure.obligations.all():
            found.append(
                Gap(
                    _("Measure %(number)s serves no directive") % {"number": measure.number},
                    measure,
                )
            )
    return found


def demand_right(by: User | None, right: str, subject: Plan | Measure | Organisation) -> None:
    """Raise NotAllowed to a person who may not write for the body."""
    if not may(by, right, subject):
        raise NotAllowed(_("Plans and work logs are written by people in the organisation itself."))


def lock_for_editing(plan: Plan, by: User | None) -> Plan:
    """The plan as stored, held until the transaction ends, once it is found that this person may write in it now."""
    demand_right(by, "draft", plan)
    held = (
        Plan.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organisation", "document")
        .get(pk=plan.pk)
    )
    if held.state not in EDITABLE or not held.live:
        raise IllegalMove(
            _("This plan is “%(state)s” and cannot be edited until it is returned.")
            % {"state": held.get_state_display()}
        )
    return held


def earliest_plan_day(obligations: Iterable[Obligation]) -> date | None:
    """The first day on which a plan is owed; None where every plan clock was met."""
    return min((row.plan_due_on for row in obligations if row.plan_due_on), default=None)


def _proposed_title(organisation: Organisation, document: Document, kind: str) -> str:
    """全国总工会贯彻落实《…》实施方案: official papers are named in Chinese, in the script in which their author writes."""
    hant = get_language() == "zh-hant"
    with override("zh-hant" if hant else "zh-hans"):
        plan, measures = (
            _("%(body)s: implementation plan for “%(title)s”"),
            _("%(body)s: specific measures for “%(title)s”"),
        )
    body = organisation.name_hant if hant and organisation.name_hant else organisation.name_hans
    title = document.title_hant if hant else document.title_hans
    return ((measures if kind == SPECIFIC_MEASURES else plan) % {"body": body, "title": title})[
        :200
    ]


@transaction.atomic
def start_plan(
    *, document: Document, organisation: Organisation, by: User | None, now: datetime
) -> Plan:
    """The body's live plan in answer to the document: the one that exists, else a new draft.

    Its kind and day are what the body's obligations ask for. Raises NotAllowed, and Invalid if the body owes nothing.
    """
    demand_right(by, "work", organisation)
    Organisation.objects.select_for_update(no_key=True).get(
        pk=organisation.pk
    )  # two people who start at once get one plan
    known = Plan.objects.filter(document=document, organisation=organisation, live=True).first()
    if known is not None:
        return known
    rows = list(Obligation.objects.open().filter(document=document, organisation=organisation))
    if not rows:
        raise Invalid(
            _(
                "This document has no directives assigned to this organisation, so no plan is needed."
            )
        )
    wanted = {row.deliverable for row in rows}
    kind = (
        SPECIFIC_MEASURES
        if SPECIFIC_MEASURES in wanted and IMPLEMENTATION_PLAN not in wanted
        else IMPLEMENTATION_PLAN
    )
    title = _proposed_title(organisation, document, kind)
    plan = Plan.objects.create(
        document=document,
        organisation=organisation,
        kind=kind,
        title=title,
        due_on=earliest_plan_day(rows),
        created_at=now,
    )
    audit.record(
        "start_plan",
        plan,
        by=by,
        now=now,
        after={"title": title, "kind": kind, "due_on": plan.due_on},
    )
    return plan


@transaction.atomic
def save_plan(
    plan: Plan, *, title: str, summary: str, version: int, by: User | None, now: datetime
) -> Plan:
    """Change a plan's title and general requirements. `version` is the one that the person saw; raises Stale."""
    held = lock_for_editing(plan, by)
    after = {"title": title.strip(), "summary": summary.strip()}
    if not after["title"]:
        raise Invalid({"title": [_("Enter a title for the plan.")]})
    if not Plan.objects.filter(pk=plan.pk, version=version).update(**after, version=version + 1):
        raise Stale(theirs=held)
    before = {"title": held.title, "summary": held.summary}
    held.title, held.summary, held.version = after["title"], after["summary"], version + 1
    audit.record("save_plan", held, by=by, now=now, before=before, after=after)
    return held
