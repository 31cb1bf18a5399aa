"""The plan that a table is imported into, by organisation and document."""

from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed
from directives.base.script import fold
from directives.core.rules import may
from directives.models import Obligation, Organisation, Plan, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.tables.fields import IntakeContext


def fills_in(user: User) -> bool:
    """Whether the person fills in plans and reports for an organisation."""
    return user.is_active and user.works


def own_organisation(context: IntakeContext) -> Organisation:
    """The organisation to import into. Raises NotAllowed unless the person fills in for it."""
    body = Organisation.objects.filter(pk=context.place.get("organisation", 0)).first()
    if body is None or not may(context.by, "work", body):
        raise NotAllowed(
            _("Choose your own organisation: its staff and manager import its tables.")
        )
    return body


def plan_of(context: IntakeContext) -> Plan:
    """The live plan to import into. Raises NotAllowed, or Invalid if there is none yet."""
    body = own_organisation(context)
    plans = Plan.objects.filter(
        organisation=body, document=context.place.get("document", 0), live=True
    )
    plan = plans.select_related("organisation", "document").defer(*HEAVY_OF_DOCUMENT).first()
    if plan is None:
        raise Invalid(
            _("%(body)s has no plan for this document yet. Start the plan, then import the table.")
            % {"body": body.name_hans}
        )
    return plan


class OwedDirectives:
    """Obligations of an organisation under a document, by directive code in either script."""

    def __init__(self, plan: Plan) -> None:
        rows = Obligation.objects.live().filter(
            organisation=plan.organisation_id, document=plan.document_id
        )
        self.codes = dict(rows.order_by("directive__order").values_list("directive__code", "pk"))
        self._folded = {fold(code): code for code in self.codes}

    def code(self, text: str) -> str:
        """The code as the document spells it; "" if there is no obligation with that code."""
        return text if text in self.codes else self._folded.get(fold(text), "")
