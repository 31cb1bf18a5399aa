"""The log (工作记录): what one body did, day by day, for the measures of its plan."""

import re
from collections.abc import Iterable, Sequence
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
DONE = (
    "工作内容", "工作情况", "开展情况", "工作记录", "完成情况", "进展情况", "做了什么", "内容", "主要工作", "工作事项", "主要内容",
    "活动内容", "具体内容", "工作开展情况",
)  # fmt: skip
MANY = 40  # characters of a measure that a label shows


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a log."""
    day = (
        "日期",
        "时间",
        "工作日期",
        "开展时间",
        "工作时间",
        "开展日期",
        "记录日期",
        "工作开展时间",
        "活动时间",
        "发生时间",
        "date",
    )
    measure = ("措施序号", "具体措施", "措施编号", "对应措施", "措施号", "所属措施", "序号")
    return (
        Field(
            "measure",
            gettext_lazy("Measure"),
            "text",
            measure,
            required=True,
            key=True,
            example="1",
            help=HELP,
        ),
        Field(
            "on", gettext_lazy("Date"), "date", day, required=True, key=True, example="2026-10-09"
        ),
        Field(
            "text",
            gettext_lazy("What was done"),
            "text",
            DONE,
            required=True,
            example="召开座谈会，听取基层意见",
        ),
        Field("organisation", gettext_lazy("Organisation"), read_only=True),
        Field("codes", gettext_lazy("Directive codes"), read_only=True),
        Field("evidence", gettext_lazy("Evidence"), read_only=True),
        Field("by", gettext_lazy("Entered by"), read_only=True),
        Field("amended", gettext_lazy("Correction"), read_only=True),
    )


HELP = gettext_lazy("The number of the measure in the plan, or its text.")


class LogChecker(Checker):
    """Lines are only ever added: one that stands in the log already is passed over."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.plan = plan_of(context)
        self.numbers: dict[int, int] = {}
        self.texts: dict[str, list[int]] = {}
        self.words: dict[int, str] = {}
        for pk, number, text in self.plan.measures.order_by("number").values_list(
            "pk", "number", "text"
        ):
            self.numbers[number] = pk
            self.texts.setdefault(text_of(text), []).append(pk)
            self.words[pk] = words_of(number, text)

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        return [self._one(row, self._measures(text_of(row.values.get("measure")))) for row in rows]

    def _measures(self, text: str) -> list[int]:
        """The measures that a cell may mean."""
        number = NUMBERED.fullmatch(text)
        if number and int(number[1]) in self.numbers:
            return [self.numbers[int(number[1])]]
        return self.texts.get(text, [])

    @cached_property
    def seen(self) -> set[int]:
        """Hashes of the lines that stand in the log, and of those of the file so far."""
        lines = (
            LogEntry.objects.not_withdrawn()
            .filter(measure__in=self.words)
            .order_by()
            .values_list("measure_id", "on", "text")
        )
        return set(map(hash, lines.iterator(chunk_size=2000)))

    def _one(self, row: FileRow, measures: list[int]) -> CheckedRow:
        given, faults = row.values, []
        if len(measures) != 1 and "measure" in given:
            faults.append(_faults_of_measure(text_of(given["measure"]), measures))
        text, on = text_of(given.get("text")), given.get("on")
        if "text" in given and on:
            found = planning.log_faults(text, on, self.context.today)
            values = {"text": text, "on": json_value(on)}
            faults += [refused_cell(name, values[name], said) for name, said in found.items()]
        label = f"{json_value(on) or ''} {self.words[measures[0]] if len(measures) == 1 else ''}".strip()
        if faults or row.faults or not on or not text:
            return wrong_row(row, faults, label)
        line = hash((measures[0], on, text))
        known = line in self.seen
        self.seen.add(line)
        after = {"measure": self.words[measures[0]], "on": json_value(on), "text": text}
        return CheckedRow(row, SAME, label) if known else new_row(row, label, after)

    def finish(self) -> Iterable[tuple[int, Fault]]:
        return ()


def words_of(number: int, text: str) -> str:
    """How a row that was checked names its measure: enough to find it again, and to see that it is still the same."""
    return f"{number}. {text[:MANY]}"


def _faults_of_measure(text: str, measures: list[int]) -> Fault:
    if measures:
        return Fault(
            "measure",
            text,
            _("One measure; several in the plan have this text"),
            _("Write the number of the measure."),
        )
    expected = _("The number of a measure in the plan, or its exact text")
    return Fault(
        "measure", text, expected, _("Correct the number, or add the measure to the plan first.")
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """The lines are added to the log; what they are the first to be done for goes underway."""
    plan = plan_of(context)
    numbers = {row.after["measure"].split(".")[0] for row in rows}
    measures = {
        words_of(measure.number, measure.text): measure
        for measure in plan.measures.filter(number__in=numbers)
    }
    for measure in measures.values():
        measure.plan = plan
    done = []
    for row in rows:
        measure = measures.get(row.after["measure"])
        if measure is None:
            raise Stale(
                _("%(row)s: the plan no longer has this measure. Check the table again.")
                % {"row": row_name(row)}
            )
        done.append(LoggedWork(measure, date.fromisoformat(row.after["on"]), row.after["text"]))
    for row, entry in zip(
        rows, planning.log_many(done=done, by=context.by, now=context.now), strict=True
    ):
        row.subject_id, row.left = entry.pk, entry.version


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """The lines go, while no file hangs on one and no report was handed in since."""
    entries = LogEntry.objects.in_bulk([row.subject_id for row in rows])
    demand_as_applied(rows, entries)
    measures = Measure.objects.select_related("plan__organisation").in_bulk(
        {entry.measure_id for entry in entries.values()}
    )
    for entry in entries.values():
        entry.measure = measures[entry.measure_id]  # a plan has few beside the lines of its log
    stale = reporting.drafts_from(entries.values())
    with undoing_row(rows[0]):
        planning.delete_log(entries=list(entries.values()), by=context.by, now=context.now)
    reporting.refresh_drafts(stale, by=context.by, now=context.now)


LOG = TableKind(
    key="log",
    name=gettext_lazy("Log entries"),
    about=gettext_lazy(
        "Your organisation’s work: each row is added to the log of its measure. Existing entries are skipped."
    ),
    needs=("document", "organisation"),
    fields=fields,
    may=fills_in,
    checker=LogChecker,
    write=write,
    undo=undo,
    updates=False,
)
