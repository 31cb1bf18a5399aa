"""The lines of a plan: added, changed, taken out, done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.core import audit
from directives.models import (
    LogEntry,
    Measure,
    Obligation,
    Plan,
    User,
)
from directives.plans.commands.plans import demand_right, lock_for_editing


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


def audit_values(measure: Measure, obligations: Iterable[Obligation]) -> dict[str, Any]:
    """A measure as the audit record tells it."""
    names = ("number", "text", "responsible", "due_on", "result")
    return {
        **{name: getattr(measure, name) for name in names},
        "obligations": sorted(row.pk for row in obligations),
    }


def check_measure(plan: Plan, content: MeasureContent) -> None:
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
    held = lock_for_editing(plan, by)
    check_measure(held, content)
    last = held.measures.aggregate(last=Max("number"))["last"] or 0
    measure = Measure.objects.create(plan=held, number=last + 1, **content.fields())
    measure.obligations.set(content.obligations)
    audit.record(
        "add_measure", measure, by=by, now=now, after=audit_values(measure, content.obligations)
    )
    return measure


@transaction.atomic
def save_measure(
    measure: Measure, *, content: MeasureContent, version: int, by: User | None, now: datetime
) -> Measure:
    """Change a line of a plan. `version` is the one that the person saw; raises Stale with the line as it now stands."""
    held = lock_for_editing(measure.plan, by)
    check_measure(held, content)
    stored = held.measures.filter(pk=measure.pk).first()
    fields = content.fields()
    if stored is None or not Measure.objects.filter(pk=measure.pk, version=version).update(
        **fields, version=version + 1
    ):
        raise Stale(theirs=stored)
    before = audit_values(stored, stored.obligations.all())
    for name, value in {**fields, "version": version + 1}.items():
        setattr(stored, name, value)
    stored.obligations.set(content.obligations)
    audit.record(
        "save_measure",
        stored,
        by=by,
        now=now,
        before=before,
        after=audit_values(stored, content.obligations),
    )
    return stored


@transaction.atomic
def delete_measure(measure: Measure, *, by: User | None, now: datetime) -> None:
    """Take a line out of a plan; those after it move up by one. Raises Invalid if work was logged on it."""
    held = lock_for_editing(measure.plan, by)
    if measure.log.exists():
        raise Invalid(
            _("This measure has logged work and cannot be deleted. Edit it, or mark it as done.")
        )
    audit.record(
        "delete_measure",
        measure,
        by=by,
        now=now,
        before=audit_values(measure, measure.obligations.all()),
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
    demand_right(by, "work", measure)
    if done_on is not None and done_on > timezone.localdate(now):
        raise Invalid({"done_on": [_("This date has not come yet; choose today or earlier.")]})
    if not Measure.objects.filter(pk=measure.pk, version=version).update(
        done_on=done_on, version=version + 1
    ):
        raise Stale(theirs=Measure.objects.filter(pk=measure.pk).first())
    before, measure.done_on, measure.version = {"done_on": measure.done_on}, done_on, version + 1
    audit.record("mark_done", measure, by=by, now=now, before=before, after={"done_on": done_on})
    return measure


# many at once, from a table


@transaction.atomic
def add_measures(
    plan: Plan, *, contents: Sequence[MeasureContent], by: User | None, now: datetime
) -> list[Measure]:
    """Add lines at the end of a plan, in their order. Raises what `add_measure` raises."""
    held = lock_for_editing(plan, by)
    for content in contents:
        check_measure(held, content)
    last = held.measures.aggregate(last=Max("number"))["last"] or 0
    made = [
        Measure(plan=held, number=number, **content.fields())
        for number, content in enumerate(contents, last + 1)
    ]
    Measure.objects.bulk_create(made, batch_size=500)
    link_obligations(
        {row.pk: content.obligations for row, content in zip(made, contents, strict=True)}
    )
    changes = [
        audit.Change(row, {}, audit_values(row, content.obligations))
        for row, content in zip(made, contents, strict=True)
    ]
    audit.record_many("add_measure", changes, by=by, now=now)
    return made


@transaction.atomic
def save_measures(
    plan: Plan, *, contents: Mapping[Measure, MeasureContent], by: User | None, now: datetime
) -> None:
    """Change lines of a plan; the measures come with their obligations, as they stand behind the lock of the plan."""
    held = lock_for_editing(plan, by)
    changes = []
    for measure, content in contents.items():
        check_measure(held, content)
        before = audit_values(measure, measure.obligations.all())
        for name, value in {**content.fields(), "version": measure.version + 1}.items():
            setattr(measure, name, value)
        measure.plan = held
        changes.append(audit.Change(measure, before, audit_values(measure, content.obligations)))
    Measure.objects.bulk_update(contents, [*MeasureContent("").fields(), "version"], batch_size=500)
    Measure.obligations.through.objects.filter(measure__in=contents).delete()
    link_obligations({measure.pk: content.obligations for measure, content in contents.items()})
    audit.record_many("save_measure", changes, by=by, now=now)


def link_obligations(obligations: Mapping[int, Iterable[Obligation]]) -> None:
    """Note which obligations these measures (ids) serve."""
    pairs = [
        Measure.obligations.through(measure_id=pk, obligation_id=row.pk)
        for pk, rows in obligations.items()
        for row in rows
    ]
    Measure.obligations.through.objects.bulk_create(pairs, batch_size=500)


@transaction.atomic
def delete_measures(
    plan: Plan, *, measures: Sequence[Measure], by: User | None, now: datetime
) -> None:
    """Take lines out of a plan; those after them move up. Raises Invalid if work was logged on one."""
    held = lock_for_editing(plan, by)
    if LogEntry.objects.filter(measure__in=measures).exists():
        raise Invalid(
            _("This measure has logged work and cannot be deleted. Edit it, or mark it as done.")
        )
    for measure in measures:
        measure.plan = held
    changes = [
        audit.Change(measure, audit_values(measure, measure.obligations.all()))
        for measure in measures
    ]
    audit.record_many("delete_measure", changes, by=by, now=now)
    Measure.objects.filter(pk__in=[measure.pk for measure in measures]).delete()
    # One by one and upwards: no two lines may share a number even for a moment.
    for number, (pk, stands) in enumerate(
        held.measures.order_by("number").values_list("pk", "number"), 1
    ):
        if stands != number:
            Measure.objects.filter(pk=pk).update(number=number)
