"""Measures that a document's own table lists, put into the draft plans of those who are to act.

Whoever assigns the directives writes them there once; from then on they are the organisation's own,
which changes, deletes and hands them in as it does any other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed
from directives.base.states import CLOSED, DRAFT
from directives.core import audit
from directives.core.closed import closed_work
from directives.core.rules import may
from directives.models import Attachment, Document, Measure, Obligation, Organisation, Plan, User
from directives.plans.commands.measures import MeasureContent, audit_values, insert_measures
from directives.plans.commands.plans import check_editable, open_plan


@transaction.atomic
def propose_measures(
    *,
    document: Document,
    organisation: Organisation,
    contents: Sequence[MeasureContent],
    by: User | None,
    now: datetime,
) -> list[Measure]:
    """Add measures to the draft plan of a body, which is started if there is none.

    Raises NotAllowed unless this person assigns the document's directives to that body, IllegalMove
    if its plan was handed in, and what `check_measure` raises.
    """
    _demand_issue(document, organisation, by)
    plan = open_plan(document=document, organisation=organisation, by=by, now=now)
    check_editable(plan)
    return insert_measures(plan, contents, by=by, now=now)


@transaction.atomic
def withdraw_proposals(
    document: Document, *, texts: Collection[str], by: User | None, now: datetime
) -> None:
    """Delete the plans of a document again, if they hold nothing but these measures, unchanged.

    Raises NotAllowed, or Invalid that names the body which has worked on its plan.
    """
    plans = Plan.objects.filter(document=document).select_related("organisation")
    for plan in plans.select_for_update(no_key=True, of=("self",)):
        _demand_issue(document, plan.organisation, by)
        measures = list(plan.measures.prefetch_related("obligations"))
        as_proposed = all(one.version == 1 and one.text in texts for one in measures)
        if Obligation.objects.filter(measures__in=measures, state=CLOSED).exists():
            raise closed_work()
        if (plan.state, plan.version) != (DRAFT, 1) or not as_proposed or _has_files(plan):
            raise _worked_on(plan)
        changes = [audit.Change(one, audit_values(one, one.obligations.all())) for one in measures]
        audit.record_many("delete_measure", changes, by=by, now=now)
        audit.record("delete", plan, by=by, now=now, before={"title": plan.title})
        try:
            Plan.objects.filter(pk=plan.pk).delete()
        except ProtectedError as error:  # work was logged, or the plan was handed in before
            raise _worked_on(plan) from error


def _demand_issue(document: Document, organisation: Organisation, by: User | None) -> None:
    if not (may(by, "own", document) and may(by, "issue", organisation)):
        text = _("%(body)s is not below the organisation that you supervise.")
        raise NotAllowed(text % {"body": organisation.name_hans})


def _has_files(plan: Plan) -> bool:
    return Attachment.objects.filter(plan=plan).exists()


def _worked_on(plan: Plan) -> Invalid:
    text = _("%(body)s has worked on its plan since.")
    return Invalid(text % {"body": plan.organisation.name_hans})
