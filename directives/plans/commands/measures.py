"""The lines of a plan: added, changed, taken out, done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.core import audit
from directives.models import Measure, Obligation, Plan, User
from directives.plans.commands.plans import demand, opened


@dataclass(frozen=True, slots=True)
class MeasureContent:
    """What a person writes of a measure: what will be done, by whom, by which day, with what result, for what."""

    text: str
    responsible: str = ""
    due_on: date | None = None
    result: str = ""
    obligations: tuple[Obligation, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The columns of the measure itself."""
        return {
            "text": self.text.strip(), "responsible": self.responsible.strip(), "due_on": self.due_on, "result": self.result.strip(),
        }  # fmt: skip


def told(measure: Measure, obligations: Iterable[Obligation]) -> dict[str, Any]:
    """A measure as the audit record tells it."""
    names = ("number", "text", "responsible", "due_on", "result")
    return {
        **{name: getattr(measure, name) for name in names},
        "obligations": sorted(row.pk for row in obligations),
    }


def check_content(plan: Plan, content: MeasureContent) -> None:
    """Raise Invalid with every fault of what was written."""
    errors: dict[str, list[str]] = {}
    if not content.text.strip():
        errors["text"] = [_("Enter what will be done.")]
    if any(
        (row.organisation_id, row.document_id) != (plan.organisation_id, plan.document_id)
        for row in content.obligations
    ):
        errors["obligations"] = [
            _("A measure serves directives that this document assigns to this organisation.")
        ]
    if errors:
        raise Invalid(errors)


@transaction.atomic
def add_measure(plan: Plan, *, content: MeasureContent, by: User | None, now: datetime) -> Measure:
    """Add a line at the end of a plan. It may serve nothing yet; the plan cannot be handed in until it does."""
    held = opened(plan, by)
    check_content(held, content)
    last = held.measures.aggregate(last=Max("number"))["last"] or 0
    measure = Measure.objects.create(plan=held, number=last + 1, **content.fields())
    measure.obligations.set(content.obligations)
    audit.record("add_measure", measure, by=by, now=now, after=told(measure, content.obligations))
    return measure


@transaction.atomic
def save_measure(
    measure: Measure, *, content: MeasureContent, version: int, by: User | None, now: datetime
) -> Measure:
    """Change a line of a plan. `version` is the one that the person saw; raises Stale with the line as it now stands."""
    held = opened(measure.plan, by)
    check_content(held, content)
    stored = held.measures.filter(pk=measure.pk).first()
    fields = content.fields()
    if stored is None or not Measure.objects.filter(pk=measure.pk, version=version).update(
        **fields, version=version + 1
    ):
        raise Stale(theirs=stored)
    before = told(stored, stored.obligations.all())
    for name, value in {**fields, "version": version + 1}.items():
        setattr(stored, name, value)
    stored.obligations.set(content.obligations)
    audit.record(
        "save_measure",
        stored,
        by=by,
        now=now,
        before=before,
        after=told(stored, content.obligations),
    )
    return stored


@transaction.atomic
def delete_measure(measure: Measure, *, by: User | None, now: datetime) -> None:
    """Take a line out of a plan; those after it move up by one. Raises Invalid if work was logged on it."""
    held = opened(measure.plan, by)
    if measure.log.exists():
        raise Invalid(
            _("This measure has logged work and cannot be deleted. Edit it, or mark it as done.")
        )
    audit.record(
        "delete_measure", measure, by=by, now=now, before=told(measure, measure.obligations.all())
    )
    Measure.objects.filter(pk=measure.pk).delete()
    # One by one and upwards: no two lines may share a number even for a moment.
    for number, pk in enumerate(held.measures.order_by("number").values_list("pk", flat=True), 1):
        Measure.objects.filter(pk=pk).exclude(number=number).update(number=number)


@transaction.atomic
def mark_done(
    measure: Measure, *, done_on: date | None, version: int, by: User | None, now: datetime
) -> Measure:
    """Say on which day a measure was finished, or (None) that it is not. Possible in any state of its plan."""
    demand(by, "work", measure)
    if done_on is not None and done_on > timezone.localdate(now):
        raise Invalid({"done_on": [_("This date has not come yet; choose today or earlier.")]})
    if not Measure.objects.filter(pk=measure.pk, version=version).update(
        done_on=done_on, version=version + 1
    ):
        raise Stale(theirs=Measure.objects.filter(pk=measure.pk).first())
    before, measure.done_on, measure.version = {"done_on": measure.done_on}, done_on, version + 1
    audit.record("mark_done", measure, by=by, now=now, before=before, after={"done_on": done_on})
    return measure
