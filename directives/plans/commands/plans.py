"""The plan itself: starting it, saving its texts, and what it lacks before it is handed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

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
    """A reason why a plan cannot be handed in, and the measure that it is about."""

    text: str
    measure: Measure | None = None


def owed_obligations(plan: Plan) -> QuerySet[Obligation]:
    """The open obligations that a plan answers, in document order.

    They come with organisation, directive and section.
    """
    rows = Obligation.objects.open().filter(
        organisation=plan.organisation_id, document=plan.document_id
    )
    return rows.select_related("organisation", "directive__section").order_by("directive__order")


def gaps(measures: Sequence[Measure]) -> list[Gap]:
    """Every reason why a plan of these measures, with their obligations, cannot be handed in."""
    if not measures:
        return [Gap(_("The plan has no measures yet"))]
    missing = []
    for measure in measures:
        number = {"number": measure.number}
        if not measure.text.strip():
            missing.append(Gap(_("Measure %(number)s has no text") % number, measure))
        if not measure.obligations.all():
            missing.append(Gap(_("Measure %(number)s serves no directive") % number, measure))
    return missing


def demand_right(by: User | None, right: str, subject: Plan | Measure | Organisation) -> None:
    """Raise NotAllowed to a person who may not write for the organisation."""
    if not may(by, right, subject):
        raise NotAllowed(_("Plans and work logs are written by people in the organisation itself."))


def check_editable(plan: Plan) -> None:
    """Raise IllegalMove if the plan cannot be edited in its present state."""
    if plan.state not in EDITABLE or not plan.live:
        raise IllegalMove(
            _("This plan is “%(state)s” and cannot be edited until it is returned.")
            % {"state": plan.get_state_display()}
        )


def lock_for_editing(plan: Plan, by: User | None) -> Plan:
    """The plan as stored, locked until the transaction ends.

    Raises NotAllowed or IllegalMove unless this person may edit it now.
    """
    demand_right(by, "draft", plan)
    rows = Plan.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("organisation", "document").get(pk=plan.pk)
    check_editable(locked)
    return locked


def earliest_plan_day(obligations: Iterable[Obligation]) -> date | None:
    """The first day on which a plan is due; None if no plan clock runs."""
    return min((row.plan_due_on for row in obligations if row.plan_due_on), default=None)


def _proposed_title(organisation: Organisation, document: Document, kind: str) -> str:
    """A title such as 全国总工会贯彻落实《…》实施方案, in the script of its author."""
    hant = get_language() == "zh-hant"
    names = {
        "body": (hant and organisation.name_hant) or organisation.name_hans,
        "title": document.title_hant if hant else document.title_hans,
    }
    with override("zh-hant" if hant else "zh-hans"):
        if kind == SPECIFIC_MEASURES:
            title = _("%(body)s: specific measures for “%(title)s”") % names
        else:
            title = _("%(body)s: implementation plan for “%(title)s”") % names
    return title[:200]


@transaction.atomic
def start_plan(
    *, document: Document, organisation: Organisation, by: User | None, now: datetime
) -> Plan:
    """The organisation's live plan for the document: the existing one, else a new draft.

    Its kind and due day are those that the obligations ask for. Raises NotAllowed, and Invalid if
    the organisation has no obligations.
    """
    demand_right(by, "work", organisation)
    return open_plan(document=document, organisation=organisation, by=by, now=now)


def open_plan(
    *, document: Document, organisation: Organisation, by: User | None, now: datetime
) -> Plan:
    """What `start_plan` returns, for a person whose right was checked, within a transaction."""
    # Two people who start at once get one plan.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    existing = Plan.objects.filter(document=document, organisation=organisation, live=True).first()
    if existing is not None:
        return existing
    obligations = list(
        Obligation.objects.open().filter(document=document, organisation=organisation)
    )
    if not obligations:
        raise Invalid(
            _(
                "This document has no directives assigned to this organisation, "
                "so no plan is needed."
            )
        )
    deliverables = {row.deliverable for row in obligations}
    only_measures = SPECIFIC_MEASURES in deliverables and IMPLEMENTATION_PLAN not in deliverables
    kind = SPECIFIC_MEASURES if only_measures else IMPLEMENTATION_PLAN
    terms: dict[str, Any] = {
        "title": _proposed_title(organisation, document, kind),
        "kind": kind,
        "due_on": earliest_plan_day(obligations),
    }
    plan = Plan.objects.create(
        document=document, organisation=organisation, **terms, created_at=now
    )
    audit.record("start_plan", plan, by=by, now=now, after=terms)
    return plan


@transaction.atomic
def save_plan(
    plan: Plan, *, title: str, summary: str, version: int, by: User | None, now: datetime
) -> Plan:
    """Change a plan's title and general requirements.

    `version` is the one that the person saw; raises Stale.
    """
    stored = lock_for_editing(plan, by)
    after = {"title": title.strip(), "summary": summary.strip()}
    if not after["title"]:
        raise Invalid({"title": [_("Enter a title for the plan.")]})
    if not Plan.objects.filter(pk=plan.pk, version=version).update(**after, version=version + 1):
        raise Stale(theirs=stored)
    before = {"title": stored.title, "summary": stored.summary}
    stored.title, stored.summary, stored.version = after["title"], after["summary"], version + 1
    audit.record("save_plan", stored, by=by, now=now, before=before, after=after)
    return stored
