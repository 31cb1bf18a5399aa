"""Import of progress entries (进展情况): one organisation's report for one cycle."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid
from directives.base.script import fold
from directives.base.states import EDITABLE
from directives.base.wording import localized
from directives.models import Obligation, ProgressReport, ReportEntry
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.intakes import NEW
from directives.plans.imports.plans import fills_in, own_organisation
from directives.reports import commands as reporting
from directives.reports.commands import EntryEdit, EntryFields
from directives.reports.queries.entries import ReportSheet
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    changed_since,
    compare,
    demand_unchanged,
    new_row,
    stale,
    text_of,
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

TEXTS = ("progress", "problems", "next_steps", "unchanged_reason")
NAMES = (*TEXTS, "percent", "unchanged")
YES, NO = "yes", "no"
CHOICES = ((YES, gettext_lazy("Yes")), (NO, gettext_lazy("No")))
# Other headings that people use.
CODE = (
    "文件条款", "条款", "条款编号", "任务编号", "任务编码", "任务代码", "条款号", "编码", "代码",
)  # fmt: skip
PROGRESS = (
    "进展情况", "工作进展", "进展", "落实情况", "完成情况", "推进情况", "贯彻落实情况",
    "工作开展情况", "工作进展情况", "任务进展情况", "目前进展", "目前进展情况", "最新进展",
    "当前进展", "进展成效", "工作进展及成效", "进展情况及成效", "落实进展", "办理情况",
)  # fmt: skip
PROBLEMS = (
    "存在问题", "问题", "困难", "问题和困难", "存在的问题", "困难问题", "困难和问题", "存在的困难",
    "存在困难", "存在困难和问题", "存在的困难和问题", "存在的问题和困难", "存在问题和困难",
    "存在问题及困难", "存在问题及原因",
)  # fmt: skip
PERCENT = (
    "完成比例", "完成率", "进度", "完成百分比", "完成度", "完成进度", "工作进度", "进度比例",
    "任务完成率", "任务进度", "当前进度",
)  # fmt: skip
NEXT = (
    "下一步打算", "下步打算", "下一步工作", "下一步计划", "下一步措施", "下步工作",
    "下一步工作打算", "下步工作打算", "下一步工作计划", "下步工作计划", "下步计划",
    "下一步工作安排", "下一步工作措施", "下一步举措", "下阶段打算", "下阶段工作打算",
    "下一阶段工作打算", "下一步安排", "下一步工作思路", "next steps",
)  # fmt: skip
REASON = ("无变化原因", "未变化原因", "无进展原因")


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a report."""
    code = gettext_lazy("Code")
    progress = gettext_lazy("Progress")
    percent = gettext_lazy("Percent complete")
    same = gettext_lazy("No change since the last report")
    reason = gettext_lazy("Reason for no change")
    return (
        Field(
            "code",
            code,
            "code",
            CODE,
            required=True,
            key=True,
            limit=300,
            example="九.3.3",
            drop_down="directives",
        ),
        Field("progress", progress, "text", PROGRESS, example="已印发办法，完成培训两期"),
        Field("problems", gettext_lazy("Problems"), "text", PROBLEMS),
        Field("next_steps", gettext_lazy("Next steps"), "text", NEXT),
        Field("percent", percent, "percent", PERCENT, example="60"),
        Field("unchanged", same, "choice", ("无变化", "较上期无变化"), choices=CHOICES),
        Field("unchanged_reason", reason, "text", REASON, limit=200),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",)),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        Field("text", gettext_lazy("Directive"), read_only=True),
        Field("part", gettext_lazy("Responsibility"), read_only=True),
        Field("last_percent", gettext_lazy("Last percent"), read_only=True),
        Field("state", gettext_lazy("State"), read_only=True),
        Field("evidence", gettext_lazy("Evidence"), read_only=True),
    )


def report_of(context: IntakeContext) -> ProgressReport:
    """The report to import into.

    Raises NotAllowed, or Invalid if the cycle asks the organisation for none.
    """
    body, cycle = own_organisation(context), context.place.get("cycle", 0)
    reports = ProgressReport.objects.filter(cycle=cycle, organisation=body)
    reports = reports.select_related("cycle", "document", "organisation")
    report = reports.defer(*HEAVY_OF_DOCUMENT).first()
    if report is None:
        raise Invalid(
            _("This reporting cycle requires no report from %(body)s.") % {"body": body.name_hans}
        )
    return report


def _stored(entry: ReportEntry) -> StoredRow:
    """The stored values of an entry that comes with its obligation and directive."""
    values: dict[str, Any] = {name: text_of(getattr(entry, name)) for name in TEXTS}
    values |= {"percent": entry.percent, "unchanged": YES if entry.unchanged else NO}
    return StoredRow(entry.pk, entry.version, entry.obligation.directive.code, values)


class EntryChecker(Checker):
    """Finds the entry of a row by the code of its directive.

    A report that is not started yet is started when the rows are applied.
    """

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.report = report_of(context)
        entries = self.report.entries.select_related("obligation__directive")
        self.entries = {fold(entry.obligation.directive.code): entry for entry in entries}
        reportable_codes = Obligation.objects.filter(
            organisation=self.report.organisation_id,
            document=self.report.document_id,
        ).reported(by_supporting=self.report.cycle.asks_supporting)
        codes = reportable_codes.order_by("directive__order").values_list(
            "directive__code", flat=True
        )
        self.reportable_codes = (
            {fold(code): code for code in codes} if self.report.completed_at is None else {}
        )

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        keys = [fold(text_of(row.values.get("code"))) for row in rows]
        versions = {
            entry.pk: (row.values.get("version") or entry.version, entry.version)
            for row, key in zip(rows, keys, strict=True)
            if (entry := self.entries.get(key))
        }
        past = PastValues.read(ReportEntry, versions, _recorded)
        return [self._check(row, key, past) for row, key in zip(rows, keys, strict=True)]

    def _check(self, row: FileRow, key: str, past: PastValues) -> CheckedRow:
        entry, text = self.entries.get(key), text_of(row.values.get("code"))
        if key:
            self.note_key(key, row)
        faults = list(_faults_of_percent(row))
        if key and entry is None and key not in self.reportable_codes:
            expected = _("The code of a directive that this report of your organisation covers")
            faults.append(Fault("code", text, expected, _("Correct the code, or delete the row.")))
        if faults or row.faults or not key:
            return wrong_row(row, faults, text)
        new_values = _new_values(row)
        if entry is None:
            after = {
                name: value for name, value in new_values.items() if value not in (None, "", NO)
            }
            return new_row(
                row, self.reportable_codes[key], {"code": self.reportable_codes[key], **after}
            )
        tied_fields = (("unchanged", "unchanged_reason"),)
        checked = compare(row, _stored(entry), new_values, past, tied=tied_fields)
        if checked.after and entry.state not in EDITABLE:
            name, value = next(iter(checked.after.items()))
            state = {"state": entry.get_state_display()}
            expected = _("Unchanged: this entry is “%(state)s”") % state
            remedy = _("Restore the original value, or delete the row.")
            return wrong_row(row, [Fault(name, str(value), expected, remedy)], text)
        return checked

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _("One row for each directive; row %(number)s of the file has the same")
        return self.faults_of_repeats("code", expected, _("Keep one of the two rows."))


def _faults_of_percent(row: FileRow) -> Iterable[Fault]:
    percent = row.values.get("percent")
    if percent is not None and not (percent == int(percent) and 0 <= percent <= 100):
        remedy = _("Write the percentage without decimals.")
        yield Fault("percent", str(percent), _("A whole number from 0 to 100"), remedy)


def _new_values(row: FileRow) -> dict[str, Any]:
    """The values that the row gives the entry, as far as the file has their columns."""
    cells = row.values
    new_values: dict[str, Any] = {name: text_of(cells[name]) for name in TEXTS if name in cells}
    if "percent" in cells:
        new_values["percent"] = None if cells["percent"] is None else int(cells["percent"])
    if cells.get("unchanged"):
        new_values["unchanged"] = cells["unchanged"]
    elif new_values.get("unchanged_reason") and "unchanged" not in cells:
        new_values["unchanged"] = YES  # a reason for no change implies that nothing changed
    return new_values


def _recorded(before: dict[str, Any]) -> dict[str, Any]:
    """Audited values of an entry as the table writes them."""
    if "unchanged" not in before:
        return before
    return before | {"unchanged": YES if before["unchanged"] else NO}


def _edit(entry: ReportEntry, values: Mapping[str, Any]) -> EntryEdit:
    """The entry with these values of the table instead of its own."""
    fields = {**_stored(entry).values, **values}
    unchanged = fields["unchanged"] == YES
    texts = {name: fields[name] for name in TEXTS}
    return EntryEdit(entry, EntryFields(**texts, percent=fields["percent"], unchanged=unchanged))


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Save the entries as if they had been typed; start the report first if nobody has."""
    report = report_of(context)
    if new := [row for row in rows if row.verdict == NEW]:
        reporting.begin(report=report, by=context.by, now=context.now)
        codes = dict(report.entries.values_list("obligation__directive__code", "pk"))
        for row in new:
            row.subject_id = codes.get(row.after["code"])
    entries = reporting.lock_entries(report, [row.subject_id for row in rows], context.by)
    edits = []
    for row in rows:
        entry = entries.get(row.subject_id)
        if entry is None:
            raise stale(row)
        if row.verdict != NEW:
            demand_unchanged(row, _stored(entry))
        edits.append(_edit(entry, {name: row.after[name] for name in NAMES if name in row.after}))
    reporting.save_entries(edits, by=context.by, now=context.now)
    for row, edit in zip(rows, edits, strict=True):
        row.left = edit.entry.version


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore entries; those that the import created are drafted again."""
    report = report_of(context)
    entries = reporting.lock_entries(report, [row.subject_id for row in rows], context.by)
    changed, new = [], []
    for row in rows:
        entry = entries.get(row.subject_id)
        if entry is None or entry.version != row.left or entry.state not in EDITABLE:
            raise changed_since(row)
        if row.verdict == NEW:
            new.append(entry)
        else:
            changed.append(_edit(entry, row.before))
    reporting.restore_entries(changed, marks={}, by=context.by, now=context.now)
    reporting.redraft_entries(report, new, by=context.by, now=context.now)


ENTRIES = TableKind(
    key="entries",
    name=gettext_lazy("Entries of a progress report"),
    about=gettext_lazy(
        "Your organisation’s report for one reporting cycle: rows are saved in its entries "
        "as if typed. Nothing is submitted."
    ),
    needs=("cycle", "organisation"),
    fields=fields,
    may=fills_in,
    checker=EntryChecker,
    write=write,
    undo=undo,
)


def entries_to_fill_in(sheet: ReportSheet) -> list[Mapping[str, Any]]:
    """The stored values of the entries that this person may fill in now, by field of ENTRIES."""
    return [
        {
            "code": line.code,
            "text": localized(line.entry.obligation.directive, "text"),
            "part": str(line.entry.obligation.get_part_display()),
            "last_percent": line.earlier.percent,
            "progress": line.entry.progress,
            "problems": line.entry.problems,
            "next_steps": line.entry.next_steps,
            "percent": line.entry.percent,
            "unchanged": YES if line.entry.unchanged else "",
            "unchanged_reason": line.entry.unchanged_reason,
            "id": line.pk,
            "version": line.entry.version,
        }
        for line in sheet.lines
        if line.can_edit
    ]
