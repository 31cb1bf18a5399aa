"""Measures of a plan: add, change, delete, mark as done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.base.states import CLOSED
from directives.core import audit
from directives.core.closed import closed_work, demand_open_measures
from directives.models import LogEntry, Measure, Obligation, Plan, User
from directives.models.sql import insert, update_each
from directives.plans.commands.plans import demand_right, lock_for_editing

WRITTEN_FIELDS = ("text", "responsible", "due_on", "result")  # the columns that a person writes


@dataclass(frozen=True, slots=True)
class MeasureContent:
    """The fields of a measure that a person writes; `obligations` are those that it serves."""

    text: str
    responsible: str = ""
    due_on: date | None = None
    result: str = ""
    obligations: tuple[Obligation, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The columns of the measure itself."""
        return {
            "text": self.text.strip(),
            "responsible": self.responsible.strip(),
            "due_on": self.due_on,
            "result": self.result.strip(),
        }


def audit_values(measure: Measure, obligations: Iterable[Obligation]) -> dict[str, Any]:
    """A measure as the audit log stores it."""
    values = {name: getattr(measure, name) for name in ("number", *WRITTEN_FIELDS)}
    return values | {"obligations": sorted(row.pk for row in obligations)}


def check_measure(plan: Plan, content: MeasureContent) -> None:
    """Raise Invalid with every fault of the content."""
    errors: dict[str, list[str]] = {}
    if not content.text.strip():
        errors["text"] = [_("Enter what will be done.")]
    body_and_document = (plan.organisation_id, plan.document_id)
    if any(
        (row.organisation_id, row.document_id) != body_and_document for row in content.obligations
    ):
        errors["obligations"] = [
            _("A measure serves directives that this document assigns to this organisation.")
        ]
    if errors:
        raise Invalid(errors)


def check_new(plan: Plan, content: MeasureContent) -> None:
    """As `check_measure`, for a measure that is added: it serves nothing that is closed."""
    check_measure(plan, content)
    if any(row.state == CLOSED for row in content.obligations):
        raise Invalid({"obligations": [_closed_text()]})


def _demand_open(contents: Mapping[Measure, MeasureContent]) -> None:
    """Raise unless these changes leave closed obligations, and what serves them alone, as it is."""
    demand_open_measures(measure.pk for measure in contents)
    for measure, content in contents.items():
        former = set(measure.obligations.all())
        if any(row.state == CLOSED for row in former ^ set(content.obligations)):
            raise Invalid({"obligations": [_closed_text()]})


def _closed_text() -> str:
    return _("A closed directive is served by the measures that it had. It can be reopened.")


@transaction.atomic
def add_measure(plan: Plan, *, content: MeasureContent, by: User | None, now: datetime) -> Measure:
    """Add a measure at the end of a plan.

    It may serve no obligation yet; the plan cannot be handed in until it does.
    """
    locked = lock_for_editing(plan, by)
    check_new(locked, content)
    last = locked.measures.aggregate(last=Max("number"))["last"] or 0
    measure = Measure.objects.create(plan=locked, number=last + 1, **content.fields())
    measure.obligations.set(content.obligations)
    after = audit_values(measure, content.obligations)
    audit.record("add_measure", measure, by=by, now=now, after=after)
    return measure


@transaction.atomic
def save_measure(
    measure: Measure, *, content: MeasureContent, version: int, by: User | None, now: datetime
) -> Measure:
    """Change a measure of a plan.

    `version` is the one that the person saw. Raises Stale with the measure as it is now.
    """
    locked = lock_for_editing(measure.plan, by)
    check_measure(locked, content)
    stored = locked.measures.filter(pk=measure.pk).first()
    if stored is not None:
        _demand_open({stored: content})
    fields = {**content.fields(), "version": version + 1}
    as_seen = Measure.objects.filter(pk=measure.pk, version=version)
    if stored is None or not as_seen.update(**fields):
        raise Stale(theirs=stored)
    before = audit_values(stored, stored.obligations.all())
    for name, value in fields.items():
        setattr(stored, name, value)
    stored.obligations.set(content.obligations)
    after = audit_values(stored, content.obligations)
    audit.record("save_measure", stored, by=by, now=now, before=before, after=after)
    return stored


def delete_measure(measure: Measure, *, by: User | None, now: datetime) -> None:
    """Delete a measure, as `delete_measures` does."""
    delete_measures(measure.plan, measures=[measure], by=by, now=now)


@transaction.atomic
def mark_done(
    measure: Measure, *, done_on: date | None, version: int, by: User | None, now: datetime
) -> Measure:
    """Set the day on which a measure was finished; None if it is not. Any plan state allows it."""
    demand_right(by, "work", measure)
    demand_open_measures([measure.pk])
    if done_on is not None and done_on > timezone.localdate(now):
        raise Invalid({"done_on": [_("This date has not come yet; choose today or earlier.")]})
    as_seen = Measure.objects.filter(pk=measure.pk, version=version)
    if not as_seen.update(done_on=done_on, version=version + 1):
        raise Stale(theirs=Measure.objects.filter(pk=measure.pk).first())
    before, after = {"done_on": measure.done_on}, {"done_on": done_on}
    measure.done_on, measure.version = done_on, version + 1
    audit.record("mark_done", measure, by=by, now=now, before=before, after=after)
    return measure


# many at once, from a table


@transaction.atomic
def add_measures(
    plan: Plan, *, contents: Sequence[MeasureContent], by: User | None, now: datetime
) -> list[Measure]:
    """Add measures at the end of a plan, in their order. Raises what `add_measure` raises."""
    return insert_measures(lock_for_editing(plan, by), contents, by=by, now=now)


def insert_measures(
    locked: Plan, contents: Sequence[MeasureContent], *, by: User | None, now: datetime
) -> list[Measure]:
    """Add measures at the end of a plan that is locked for editing."""
    for content in contents:
        check_new(locked, content)
    last = locked.measures.aggregate(last=Max("number"))["last"] or 0
    measures = [
        Measure(plan=locked, number=number, **content.fields())
        for number, content in enumerate(contents, last + 1)
    ]
    insert(Measure, measures)
    added = dict(zip(measures, contents, strict=True))
    _link_obligations(added)
    changes = [
        audit.Change(measure, {}, audit_values(measure, content.obligations))
        for measure, content in added.items()
    ]
    audit.record_many("add_measure", changes, by=by, now=now)
    return measures


@transaction.atomic
def save_measures(
    plan: Plan, *, contents: Mapping[Measure, MeasureContent], by: User | None, now: datetime
) -> None:
    """Change measures of a plan.

    They come with their obligations, and were read after the plan was locked.
    """
    locked = lock_for_editing(plan, by)
    _demand_open(contents)
    changes = []
    for measure, content in contents.items():
        check_measure(locked, content)
        before = audit_values(measure, measure.obligations.all())
        for name, value in {**content.fields(), "version": measure.version + 1}.items():
            setattr(measure, name, value)
        measure.plan = locked
        changes.append(audit.Change(measure, before, audit_values(measure, content.obligations)))
    update_each(Measure, [*contents], [*WRITTEN_FIELDS, "version"])
    Measure.obligations.through.objects.filter(measure__in=contents).delete()
    _link_obligations(contents)
    audit.record_many("save_measure", changes, by=by, now=now)


def _link_obligations(contents: Mapping[Measure, MeasureContent]) -> None:
    link = Measure.obligations.through
    links = [
        link(measure_id=measure.pk, obligation_id=obligation.pk)
        for measure, content in contents.items()
        for obligation in content.obligations
    ]
    insert(link, links)


@transaction.atomic
def delete_measures(
    plan: Plan, *, measures: Sequence[Measure], by: User | None, now: datetime
) -> None:
    """Delete measures; those after them move up. Raises Invalid if work was logged on one."""
    locked = lock_for_editing(plan, by)
    if Obligation.objects.filter(measures__in=measures, state=CLOSED).exists():
        raise closed_work()
    if LogEntry.objects.filter(measure__in=measures).exists():
        raise Invalid(
            _("This measure has logged work and cannot be deleted. Edit it, or mark it as done.")
        )
    for measure in measures:
        measure.plan = locked
    changes = [
        audit.Change(measure, audit_values(measure, measure.obligations.all()))
        for measure in measures
    ]
    audit.record_many("delete_measure", changes, by=by, now=now)
    Measure.objects.filter(pk__in=[measure.pk for measure in measures]).delete()
    # One by one and upwards: no two measures may share a number even for a moment.
    stored = locked.measures.order_by("number").values_list("pk", "number")
    for number, (pk, stored_number) in enumerate(stored, 1):
        if stored_number != number:
            Measure.objects.filter(pk=pk).update(number=number)
