"""Import of the work log (工作记录) of one organisation, on the measures of its plan."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Stale
from directives.models import LogEntry, Measure
from directives.models.intakes import SAME
from directives.plans import commands as planning
from directives.plans.commands import LoggedWork
from directives.plans.imports.plans import fills_in, plan_of
from directives.reports import commands as reporting
from directives.tables.comparing import (
    demand_as_applied,
    json_value,
    new_row,
    refused_cell,
    row_name,
    text_of,
    undoing_row,
    wrong_row,
)
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    Field,
    FileRow,
    IntakeContext,
    IntakeRows,
    TableKind,
)

NUMBERED = re.compile(r"(?:措施|第)?\s*(\d{1,5})\s*[项條条]?[.．、]?")
# Other headings that people use.
MEASURE = ("措施序号", "具体措施", "措施编号", "对应措施", "措施号", "所属措施", "序号")
DAY = (
    "日期", "时间", "工作日期", "开展时间", "工作时间", "开展日期", "记录日期", "工作开展时间",
    "活动时间", "发生时间", "date",
)  # fmt: skip
DONE = (
    "工作内容", "工作情况", "开展情况", "工作记录", "完成情况", "进展情况", "做了什么", "内容",
    "主要工作", "工作事项", "主要内容", "活动内容", "具体内容", "工作开展情况",
)  # fmt: skip
LABEL = 40  # characters of a measure that a label shows
HELP = gettext_lazy("The number of the measure in the plan, or its text.")


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a log."""
    measure, day = gettext_lazy("Measure"), gettext_lazy("Date")
    text = gettext_lazy("What was done")
    example = "召开座谈会，听取基层意见"
    return (
        Field("measure", measure, "text", MEASURE, required=True, key=True, example="1", help=HELP),
        Field("on", day, "date", DAY, required=True, key=True, example="2026-10-09"),
        Field("text", text, "text", DONE, required=True, example=example),
        Field("organisation", gettext_lazy("Organisation"), read_only=True),
        Field("codes", gettext_lazy("Directive codes"), read_only=True),
        Field("evidence", gettext_lazy("Evidence"), read_only=True),
        Field("by", gettext_lazy("Entered by"), read_only=True),
        Field("amended", gettext_lazy("Correction"), read_only=True),
    )


class LogChecker(Checker):
    """Only adds entries: a row that is in the log already is skipped."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.plan = plan_of(context)
        self.numbers: dict[int, int] = {}
        self.texts: dict[str, list[int]] = {}
        self.labels: dict[int, str] = {}
        measures = self.plan.measures.order_by("number")
        for pk, number, text in measures.values_list("pk", "number", "text"):
            self.numbers[number] = pk
            self.texts.setdefault(text_of(text), []).append(pk)
            self.labels[pk] = label_of(number, text)

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        return [
            self._check(row, self._measures(text_of(row.values.get("measure")))) for row in rows
        ]

    def _measures(self, text: str) -> list[int]:
        """The measures that a cell may mean."""
        number = NUMBERED.fullmatch(text)
        if number and int(number[1]) in self.numbers:
            return [self.numbers[int(number[1])]]
        return self.texts.get(text, [])

    @cached_property
    def existing(self) -> set[int]:
        """Hashes of the entries in the log, and of the rows of the file so far."""
        entries = LogEntry.objects.not_withdrawn().filter(measure__in=self.labels).order_by()
        lines = entries.values_list("measure_id", "on", "text")
        return set(map(hash, lines.iterator(chunk_size=2000)))

    def _check(self, row: FileRow, measures: list[int]) -> CheckedRow:
        cells, faults = row.values, []
        measure = measures[0] if len(measures) == 1 else None
        if measure is None and "measure" in cells:
            faults.append(_fault_of_measure(text_of(cells["measure"]), measures))
        text, on = text_of(cells.get("text")), cells.get("on")
        if "text" in cells and on:
            values = {"text": text, "on": json_value(on)}
            refusals = planning.log_faults(text, on, self.context.today)
            faults += [refused_cell(name, values[name], why) for name, why in refusals.items()]
        label = f"{json_value(on) or ''} {self.labels.get(measure or 0, '')}".strip()
        if faults or row.faults or not on or not text or measure is None:
            return wrong_row(row, faults, label)
        line = hash((measure, on, text))
        if line in self.existing:
            return CheckedRow(row, SAME, label)
        self.existing.add(line)
        after = {"measure": self.labels[measure], "on": json_value(on), "text": text}
        return new_row(row, label, after)


def label_of(number: int, text: str) -> str:
    """How a checked row names its measure, to find it again and see that it is unchanged."""
    return f"{number}. {text[:LABEL]}"


def _fault_of_measure(text: str, measures: list[int]) -> Fault:
    if measures:
        expected = _("One measure; several in the plan have this text")
        return Fault("measure", text, expected, _("Write the number of the measure."))
    expected = _("The number of a measure in the plan, or its exact text")
    remedy = _("Correct the number, or add the measure to the plan first.")
    return Fault("measure", text, expected, remedy)


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Add the entries to the log; obligations whose first entry this is go underway."""
    plan = plan_of(context)
    numbers = {row.after["measure"].split(".")[0] for row in rows}
    measures = {}
    for measure in plan.measures.filter(number__in=numbers):
        measure.plan = plan
        measures[label_of(measure.number, measure.text)] = measure
    work = []
    for row in rows:
        label, on = row.after["measure"], date.fromisoformat(row.after["on"])
        if label not in measures:
            raise Stale(
                _("%(row)s: the plan no longer has this measure. Check the table again.")
                % {"row": row_name(row)}
            )
        work.append(LoggedWork(measures[label], on, row.after["text"]))
    entries = planning.log_many(work=work, by=context.by, now=context.now)
    for row, entry in zip(rows, entries, strict=True):
        row.subject_id, row.left = entry.pk, entry.version


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Delete the entries, unless one has files or a report was handed in since."""
    stored = LogEntry.objects.in_bulk([row.subject_id for row in rows])
    demand_as_applied(rows, stored)
    entries = list(stored.values())
    # A plan has few measures compared with the entries of its log.
    measures = Measure.objects.select_related("plan__organisation").in_bulk(
        {entry.measure_id for entry in entries}
    )
    for entry in entries:
        entry.measure = measures[entry.measure_id]
    drafted = reporting.drafts_from(entries)
    with undoing_row(rows[0]):
        planning.delete_log(entries=entries, by=context.by, now=context.now)
    reporting.refresh_drafts(drafted, by=context.by, now=context.now)


LOG = TableKind(
    key="log",
    name=gettext_lazy("Log entries"),
    about=gettext_lazy(
        "Your organisation’s work: each row is added to the log of its measure. "
        "Existing entries are skipped."
    ),
    needs=("document", "organisation"),
    fields=fields,
    may=fills_in,
    checker=LogChecker,
    write=write,
    undo=undo,
    updates=False,
)
