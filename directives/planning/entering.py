"""Measures and log entries entered from a table, set-wise; and taken back while nothing was built on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from directives import audit
from directives.hearing import hear, unhear
from directives.models import Attachment, LogEntry, Measure, Obligation, Plan, Submission, User
from directives.models.loading import load
from directives.models.writing import erase
from directives.planning.log import start_work
from directives.planning.measures import MeasureContent, check_content, told
from directives.planning.plans import demand, opened
from directives.refusals import Invalid
from directives.states import ACKNOWLEDGED, UNDERWAY
from directives.tallies import counted
from directives.transitions import change_obligations

SERVES = Measure.obligations.through


@transaction.atomic
def add_measures(plan: Plan, *, contents: Sequence[MeasureContent], by: User | None, now: datetime) -> list[Measure]:
    """Add lines at the end of a plan, in their order. Raises what `add_measure` raises."""
    held = opened(plan, by)
    for content in contents:
        check_content(held, content)
    last = held.measures.aggregate(last=Max("number"))["last"] or 0
    made = [Measure(plan=held, number=number, **content.fields()) for number, content in enumerate(contents, last + 1)]
    Measure.objects.bulk_create(made, batch_size=500)
    serve({row.pk: content.obligations for row, content in zip(made, contents, strict=True)})
    changes = [audit.Change(row, {}, told(row, content.obligations)) for row, content in zip(made, contents, strict=True)]
    audit.record_many("add_measure", changes, by=by, now=now)
    return made


@transaction.atomic
def save_measures(plan: Plan, *, contents: Mapping[Measure, MeasureContent], by: User | None, now: datetime) -> None:
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
    pairs = [SERVES(measure_id=pk, obligation_id=row.pk) for pk, rows in obligations.items() for row in rows]
    SERVES.objects.bulk_create(pairs, batch_size=500)


@transaction.atomic
def delete_measures(plan: Plan, *, measures: Sequence[Measure], by: User | None, now: datetime) -> None:
    """Take lines out of a plan; those after them move up. Raises Invalid if work was logged on one."""
    held = opened(plan, by)
    if LogEntry.objects.filter(measure__in=measures).exists():
        raise Invalid(_("This measure has logged work and cannot be deleted. Edit it, or mark it as done."))
    for measure in measures:
        measure.plan = held
    changes = [audit.Change(measure, told(measure, measure.obligations.all())) for measure in measures]
    audit.record_many("delete_measure", changes, by=by, now=now)
    Measure.objects.filter(pk__in=[measure.pk for measure in measures]).delete()
    # One by one and upwards: no two lines may share a number even for a moment.
    for number, (pk, stands) in enumerate(held.measures.order_by("number").values_list("pk", "number"), 1):
        if stands != number:
            Measure.objects.filter(pk=pk).update(number=number)


# the log


@dataclass(frozen=True, slots=True)
class Done:
    """What was done for a measure on a day; the measure comes with its plan."""

    measure: Measure
    on: date
    text: str


def log_faults(text: str, on: date, today: date) -> dict[str, str]:
    """What stands against a line of the log."""
    found = {}
    if not text.strip():
        found["text"] = _("Enter what was done.")
    if on > today:
        found["on"] = _("This date has not come yet; choose today or earlier.")
    return found


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
    made = [LogEntry(measure=line.measure, on=line.on, text=line.text.strip(), **said) for line in done]
    load(made)
    changes = [audit.Change(row, {}, {"measure": row.measure_id, "on": row.on, "text": row.text}) for row in made]
    audit.record_many("log", changes, by=by, now=now)
    served = SERVES.objects.filter(measure__in={line.measure.pk for line in done}).values("obligation")
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
        later = Submission.objects.filter(organisation=plan.organisation_id, document=plan.document_id, report__isnull=False)
        if later.filter(submitted_at__gte=written).exists():
            raise Invalid(_("A progress report was submitted since and may mention them."))
    changes = [audit.Change(entry, _line(entry)) for entry in entries]
    measures = {entry.measure_id for entry in entries}
    erase(LogEntry, [entry.pk for entry in entries])
    audit.record_many("take_back", changes, by=by, now=now)
    _rest(measures, written, by, now)
    heard = Obligation.objects.open().filter(measures__in=measures, heard_on=timezone.localdate(written)).distinct()
    unhear(heard.select_related("organisation"), by=by, now=now)


def _line(entry: LogEntry) -> dict[str, Any]:
    return {"measure": entry.measure_id, "on": entry.on, "text": entry.text}


def _rest(measures: Iterable[int], begun: datetime, by: User, now: datetime) -> None:
    """Obligations that went underway at this instant, and for which nothing is logged any more, are acknowledged again."""
    logged = LogEntry.objects.filter(measure__obligations=OuterRef("pk"))
    rows = Obligation.objects.filter(measures__in=list(measures), state=UNDERWAY, moved_at=begun).exclude(Exists(logged))
    rows = list(Obligation.objects.filter(pk__in=rows.values("pk")).select_related("organisation"))
    change_obligations(rows, {"state": ACKNOWLEDGED, "moved_at": now}, action="undo_import", by=by, now=now)
