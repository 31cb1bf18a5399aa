"""Progress entries (进展情况): one body's report for one cycle, filled in from a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid
from directives.base.script import fold
from directives.base.states import EDITABLE, REPORTABLE
from directives.base.wording import localized
from directives.models import IntakeRow, Obligation, ProgressReport, ReportEntry
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.intakes import NEW
from directives.plans.imports.plans import fills_in, own_organisation
from directives.reports import commands as reporting
from directives.reports.commands import EntryEdit, EntryFields
from directives.reports.queries.entries import EntryLine, ReportSheet
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
    RowPlace,
    TableKind,
)

TEXTS = ("progress", "problems", "next_steps", "unchanged_reason")
NAMES = (*TEXTS, "percent", "unchanged")
YES, NO = "yes", "no"
CHOICES = ((YES, gettext_lazy("Yes")), (NO, gettext_lazy("No")))


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a report."""
    code, reason = gettext_lazy("Code"), gettext_lazy("Reason for no change")
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
        Field(
            "progress",
            gettext_lazy("Progress"),
            "text",
            PROGRESS,
            example="已印发办法，完成培训两期",
        ),
        Field("problems", gettext_lazy("Problems"), "text", PROBLEMS),
        Field("next_steps", gettext_lazy("Next steps"), "text", NEXT),
        Field("percent", gettext_lazy("Percent complete"), "percent", PERCENT, example="60"),
        Field(
            "unchanged",
            gettext_lazy("No change since the last report"),
            "choice",
            ("无变化", "较上期无变化"),
            choices=CHOICES,
        ),
        Field(
            "unchanged_reason",
            reason,
            "text",
            ("无变化原因", "未变化原因", "无进展原因"),
            limit=200,
        ),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",)),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        Field("text", gettext_lazy("Directive"), read_only=True),
        Field("part", gettext_lazy("Responsibility"), read_only=True),
        Field("last_percent", gettext_lazy("Last percent"), read_only=True),
        Field("state", gettext_lazy("State"), read_only=True),
        Field("evidence", gettext_lazy("Evidence"), read_only=True),
    )


CODE = (
    "文件条款",
    "条款",
    "条款编号",
    "任务编号",
    "任务编码",
    "任务代码",
    "条款号",
    "编码",
    "代码",
)
PROGRESS = (
    "进展情况", "工作进展", "进展", "落实情况", "完成情况", "推进情况", "贯彻落实情况", "工作开展情况", "工作进展情况", "任务进展情况",
    "目前进展", "目前进展情况", "最新进展", "当前进展", "进展成效", "工作进展及成效", "进展情况及成效", "落实进展", "办理情况",
)  # fmt: skip
PROBLEMS = (
    "存在问题", "问题", "困难", "问题和困难", "存在的问题", "困难问题", "困难和问题", "存在的困难", "存在困难", "存在困难和问题",
    "存在的困难和问题", "存在的问题和困难", "存在问题和困难", "存在问题及困难", "存在问题及原因",
)  # fmt: skip
PERCENT = (
    "完成比例",
    "完成率",
    "进度",
    "完成百分比",
    "完成度",
    "完成进度",
    "工作进度",
    "进度比例",
    "任务完成率",
    "任务进度",
    "当前进度",
)
NEXT = (
    "下一步打算", "下步打算", "下一步工作", "下一步计划", "下一步措施", "下步工作", "下一步工作打算", "下步工作打算", "下一步工作计划",
    "下步工作计划", "下步计划", "下一步工作安排", "下一步工作措施", "下一步举措", "下阶段打算", "下阶段工作打算", "下一阶段工作打算",
    "下一步安排", "下一步工作思路", "next steps",
)  # fmt: skip


def report_of(context: IntakeContext) -> ProgressReport:
    """The report of the place. Raises NotAllowed, or Invalid where the cycle asks this body for none."""
    body = own_organisation(context)
    reports = ProgressReport.objects.filter(cycle=context.place.get("cycle", 0), organisation=body)
    report = (
        reports.select_related("cycle", "document", "organisation")
        .defer(*HEAVY_OF_DOCUMENT)
        .first()
    )
    if report is None:
        raise Invalid(
            _("This reporting cycle requires no report from %(body)s.") % {"body": body.name_hans}
        )
    return report


def _stored(entry: ReportEntry) -> StoredRow:
    """An entry with its obligation and directive at hand."""
    values: dict[str, Any] = {name: text_of(getattr(entry, name)) for name in TEXTS}
    values |= {"percent": entry.percent, "unchanged": YES if entry.unchanged else NO}
    return StoredRow(entry.pk, entry.version, entry.obligation.directive.code, values)


class EntryChecker(Checker):
    """Rows are told by the code of the directive. A report that nobody has begun is begun when the rows are applied."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.report = report_of(context)
        entries = self.report.entries.select_related("obligation__directive")
        self.entries = {fold(entry.obligation.directive.code): entry for entry in entries}
        owed = Obligation.objects.filter(
            organisation=self.report.organisation_id,
            document=self.report.document_id,
            state__in=REPORTABLE,
        )
        codes = owed.order_by("directive__order").values_list("directive__code", flat=True)
        self.owed = {fold(code): code for code in codes} if self.report.completed_at is None else {}
        self.first: dict[str, RowPlace] = {}
        self.twice: list[tuple[int, str]] = []

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        keys = {row.number: fold(text_of(row.values.get("code"))) for row in rows}
        met = [(row, entry) for row in rows if (entry := self.entries.get(keys[row.number]))]
        past = PastValues.of(
            ReportEntry,
            {one.pk: (row.values.get("version") or one.version, one.version) for row, one in met},
            _said,
        )
        return [self._one(row, keys[row.number], past) for row in rows]

    def _one(self, row: FileRow, key: str, past: PastValues) -> CheckedRow:
        entry, text = self.entries.get(key), text_of(row.values.get("code"))
        if key and (first := self.first.setdefault(key, row.place)) != row.place:
            self.twice.append((row.number, first.seen_from(row.place)))
        faults = list(_faults_of_percent(row))
        if key and entry is None and key not in self.owed:
            expected = _("The code of a directive that this report of your organisation covers")
            faults.append(Fault("code", text, expected, _("Correct the code, or delete the row.")))
        if faults or row.faults or not key:
            return wrong_row(row, faults, text)
        wanted = _wanted(row)
        if entry is None:
            after = {name: value for name, value in wanted.items() if value not in (None, "", NO)}
            return new_row(row, self.owed[key], {"code": self.owed[key], **after})
        planned = compare(
            row, _stored(entry), wanted, past, tied=(("unchanged", "unchanged_reason"),)
        )
        if planned.after and entry.state not in EDITABLE:
            name = next(iter(planned.after))
            expected = _("Unchanged: this entry is “%(state)s”") % {
                "state": entry.get_state_display()
            }
            return wrong_row(
                row,
                [
                    Fault(
                        name,
                        str(planned.after[name]),
                        expected,
                        _("Restore the original value, or delete the row."),
                    )
                ],
                text,
            )
        return planned

    def finish(self) -> Iterable[tuple[int, Fault]]:
        for number, first in self.twice:
            expected = _("One row for each directive; row %(number)s of the file has the same") % {
                "number": first
            }
            yield number, Fault("code", "", expected, _("Keep one of the two rows."))


def _faults_of_percent(row: FileRow) -> Iterable[Fault]:
    percent = row.values.get("percent")
    if percent is not None and not (percent == int(percent) and 0 <= percent <= 100):
        yield Fault(
            "percent",
            str(percent),
            _("A whole number from 0 to 100"),
            _("Write the percentage without decimals."),
        )


def _wanted(row: FileRow) -> dict[str, Any]:
    given = row.values
    wanted: dict[str, Any] = {name: text_of(given[name]) for name in TEXTS if name in given}
    if "percent" in given:
        wanted["percent"] = None if given["percent"] is None else int(given["percent"])
    if given.get("unchanged"):
        wanted["unchanged"] = given["unchanged"]
    elif wanted.get("unchanged_reason") and "unchanged" not in given:
        wanted["unchanged"] = YES  # whoever says why nothing changed says that nothing did
    return wanted


def _said(before: dict[str, Any]) -> dict[str, Any]:
    """What the record tells of an entry, as the table says it."""
    return before | (
        {"unchanged": YES if before["unchanged"] else NO} if "unchanged" in before else {}
    )


def _fields(values: dict[str, Any]) -> EntryFields:
    return EntryFields(
        **{name: values[name] for name in (*TEXTS, "percent")}, unchanged=values["unchanged"] == YES
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Entries are saved as if they had been typed; a report that nobody began is begun first."""
    report, new = report_of(context), [row for row in rows if row.verdict == NEW]
    if new:
        reporting.begin(report=report, by=context.by, now=context.now)
        _meet(report, new)
    entries = reporting.lock_entries(report, [row.subject_id for row in rows], context.by)
    written = []
    for row in rows:
        entry = entries.get(row.subject_id)
        here = _stored(entry) if entry else None
        stood = demand_unchanged(row, here) if row.verdict != NEW else here
        after = {name: value for name, value in row.after.items() if name in NAMES}
        written.append(EntryEdit(entry, _fields({**stood.values, **after})))
    reporting.save_entries(written, by=context.by, now=context.now)
    for row, one in zip(rows, written, strict=True):
        row.left = one.entry.version


def _meet(report: ProgressReport, rows: IntakeRows) -> None:
    """Find the entries that a report got when it was begun."""
    codes = dict(report.entries.values_list("obligation__directive__code", "pk"))
    for row in rows:
        if row.after["code"] not in codes:
            raise stale(row)
        row.subject_id = codes[row.after["code"]]


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Entries say again what they said; those of a report that was begun for the table are drafted anew."""
    report = report_of(context)
    entries = reporting.lock_entries(report, [row.subject_id for row in rows], context.by)
    for row in rows:
        entry = entries.get(row.subject_id)
        if entry is None or entry.version != row.left or entry.state not in EDITABLE:
            raise changed_since(row)
    back = [_back(row, entries[row.subject_id]) for row in rows if row.verdict != NEW]
    reporting.restore_entries(back, marks={}, by=context.by, now=context.now)
    new = [entries[row.subject_id] for row in rows if row.verdict == NEW]
    reporting.redraft_entries(report, new, by=context.by, now=context.now)


def _back(row: IntakeRow, entry: ReportEntry) -> EntryEdit:
    return EntryEdit(entry, _fields({**_stored(entry).values, **row.before}))


ENTRIES = TableKind(
    key="entries",
    name=gettext_lazy("Entries of a progress report"),
    about=gettext_lazy(
        "Your organisation’s report for one reporting cycle: rows are saved in its entries as if typed. Nothing is submitted."
    ),
    needs=("cycle", "organisation"),
    fields=fields,
    may=fills_in,
    checker=EntryChecker,
    write=write,
    undo=undo,
)


def entries_to_fill_in(sheet: ReportSheet) -> list[Mapping[str, Any]]:
    """The entries that this person may fill in now, by field of the kind "entries", as they stand."""
    return [_row(line) for line in sheet.lines if line.writes]


def _row(line: EntryLine) -> Mapping[str, Any]:
    entry = line.entry
    return {
        "code": line.code,
        "text": localized(entry.obligation.directive, "text"),
        "part": str(entry.obligation.get_part_display()),
        "last_percent": line.earlier.percent,
        "progress": entry.progress,
        "problems": entry.problems,
        "next_steps": entry.next_steps,
        "percent": entry.percent,
        "unchanged": "yes" if entry.unchanged else "",
        "unchanged_reason": entry.unchanged_reason,
        "id": entry.pk,
        "version": entry.version,
    }
