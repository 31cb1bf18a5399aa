"""Measures and log entries entered from a table, set-wise; and taken back while nothing was built on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.core import audit
from directives.core.hearing import hear
from directives.models import (
    Attachment,
    LogEntry,
    LogUse,
    Measure,
    Obligation,
    Plan,
    Submission,
    User,
)
from directives.models.loading import load
from directives.models.writing import erase
from directives.plans.commands.log import log_faults, start_work, told_of, unwrite
from directives.plans.commands.measures import MeasureContent, check_content, told
from directives.plans.commands.plans import demand, opened
from directives.tallies import counted

SERVES = Measure.obligations.through


@transaction.atomic
def add_measures(
    plan: Plan, *, contents: Sequence[MeasureContent], by: User | None, now: datetime
) -> list[Measure]:
    """Add lines at the end of a plan, in their order. Raises what `add_measure` raises."""
    held = opened(plan, by)
    for content in contents:
        check_content(held, content)
    last = held.measures.aggregate(last=Max("number"))["last"] or 0
    made = [
        Measure(plan=held, number=number, **content.fields())
        for number, content in enumerate(contents, last + 1)
    ]
    Measure.objects.bulk_create(made, batch_size=500)
    serve({row.pk: content.obligations for row, content in zip(made, contents, strict=True)})
    changes = [
        audit.Change(row, {}, told(row, content.obligations))
        for row, content in zip(made, contents, strict=True)
    ]
    audit.record_many("add_measure", changes, by=by, now=now)
    return made


@transaction.atomic
def save_measures(
    plan: Plan, *, contents: Mapping[Measure, MeasureContent], by: User | None, now: datetime
) -> None:
    """Change lines of a plan; the measures come with their obligations, as they stand behind the lock of the plan."""
    held = opened(plan, by)
    changes = []
    for measure, content in contents.items():
        check_content(held, content)
        before = told(measure, measure.obligations.all())
        for name, value in {**content.fields(), "version": measure.version + 1}.items():
            setattr(measure, name, value)
        measure.plan = held
        changes.append(audit.Change(measure, before, told(measure, content.obligations)))
    Measure.objects.bulk_update(contents, [*MeasureContent("").fields(), "version"], batch_size=500)
    SERVES.objects.filter(measure__in=contents).delete()
    serve({measure.pk: content.obligations for measure, content in contents.items()})
    audit.record_many("save_measure", changes, by=by, now=now)


def serve(obligations: Mapping[int, Iterable[Obligation]]) -> None:
    """Note which obligations these measures (ids) serve."""
    pairs = [
        SERVES(measure_id=pk, obligation_id=row.pk)
        for pk, rows in obligations.items()
        for row in rows
    ]
    SERVES.objects.bulk_create(pairs, batch_size=500)


@transaction.atomic
def delete_measures(
    plan: Plan, *, measures: Sequence[Measure], by: User | None, now: datetime
) -> None:
    """Take lines out of a plan; those after them move up. Raises Invalid if work was logged on one."""
    held = opened(plan, by)
    if LogEntry.objects.filter(measure__in=measures).exists():
        raise Invalid(
            _("This measure has logged work and cannot be deleted. Edit it, or mark it as done.")
        )
    for measure in measures:
        measure.plan = held
    changes = [
        audit.Change(measure, told(measure, measure.obligations.all())) for measure in measures
    ]
    audit.record_many("delete_measure", changes, by=by, now=now)
    Measure.objects.filter(pk__in=[measure.pk for measure in measures]).delete()
    # One by one and upwards: no two lines may share a number even for a moment.
    for number, (pk, stands) in enumerate(
        held.measures.order_by("number").values_list("pk", "number"), 1
    ):
        if stands != number:
            Measure.objects.filter(pk=pk).update(number=number)


# the log


@dataclass(frozen=True, slots=True)
class Done:
    """What was done for a measure on a day; the measure comes with its plan."""

    measure: Measure
    on: date
    text: str


@counted()
def log_many(*, done: Sequence[Done], by: User, now: datetime) -> list[LogEntry]:
    """Write down what was done, as `log_work` does, in few statements; the first record of a measure starts the work.

    Raises NotAllowed, and Invalid with what is wrong with a line.
    """
    for plan in {line.measure.plan_id: line.measure.plan for line in done}.values():
        demand(by, "work", plan)
    today = timezone.localdate(now)
    for line in done:
        found = log_faults(line.text, line.on, today)
        if found:
            raise Invalid({name: [text] for name, text in found.items()})
    said = {"by_id": by.pk, "created_at": now}
    made = [
        LogEntry(measure=line.measure, on=line.on, text=line.text.strip(), **said) for line in done
    ]
    load(made)
    changes = [audit.Change(row, {}, told_of(row)) for row in made]
    audit.record_many("log", changes, by=by, now=now)
    served = SERVES.objects.filter(measure__in={line.measure.pk for line in done}).values(
        "obligation"
    )
    rows = list(Obligation.objects.filter(pk__in=served).select_related("organisation"))
    start_work(rows, now=now)
    hear(rows, by=by, now=now)
    return made


@counted()
def delete_log(*, entries: Sequence[LogEntry], by: User, now: datetime) -> None:
    """Take lines of the log back, written at one instant by one person; work that they alone began is acknowledged again.

    They come with measure and plan. Raises NotAllowed, or Invalid that names what was built on them.
    """
    plans = {entry.measure.plan for entry in entries}
    for plan in plans:
        demand(by, "work", plan)
    rows = LogEntry.objects.filter(pk__in=[entry.pk for entry in entries])
    if Attachment.objects.filter(log_entry__in=rows).exists():
        raise Invalid(_("They have files attached."))
    written = min(entry.created_at for entry in entries)
    for plan in plans:
        later = Submission.objects.filter(
            organisation=plan.organisation_id, document=plan.document_id, report__isnull=False
        )
        if later.filter(submitted_at__gte=written).exists():
            raise Invalid(_("A progress report was submitted since and may mention them."))
    changes = [audit.Change(entry, told_of(entry)) for entry in entries]
    measures = {entry.measure_id for entry in entries}
    LogUse.objects.filter(log_entry__in=rows).delete()
    erase(LogEntry, [entry.pk for entry in entries])
    audit.record_many("take_back", changes, by=by, now=now)
    unwrite(measures, written, action="undo_import", by=by, now=now)
