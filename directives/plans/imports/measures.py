"""Import of measures (措施) of the plan of one organisation, new and changed ones."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid
from directives.models import IntakeRow, Measure, Obligation, Plan, User
from directives.models.intakes import NEW
from directives.plans import commands as planning
from directives.plans.commands import MeasureContent
from directives.plans.commands.measures import WRITTEN_FIELDS
from directives.plans.commands.plans import check_editable, lock_for_editing
from directives.plans.imports.plans import OwedDirectives, fills_in, plan_of
from directives.tables.codes import own_numbers_remedy
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    changed_since,
    compare,
    demand_unchanged,
    json_value,
    new_row,
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

TEXTS = ("text", "responsible", "result")
# Other headings that people use.
SERVES = (
    "对应任务", "任务编号", "条款", "条款编号", "对应条款", "服务任务", "落实任务", "文件条款",
    "任务编码",
)  # fmt: skip
TEXT = (
    "具体措施", "措施", "措施内容", "工作措施", "主要措施", "重点措施", "工作内容", "任务措施",
    "贯彻措施", "落实措施",
)  # fmt: skip
RESPONSIBLE = (
    "责任人", "责任部门", "责任处室", "负责人", "承办部门", "牵头部门", "责任单位", "责任科室",
    "承办处室", "牵头处室", "经办人", "具体责任人",
)  # fmt: skip
DUE = (
    "完成时限", "时限", "完成时间", "截止日期", "完成日期", "完成期限", "截止时间", "时间节点",
    "完成节点", "时间安排", "进度安排", "时限要求", "deadline",
)  # fmt: skip


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a plan's measures."""
    number, text = gettext_lazy("Number"), gettext_lazy("Measure")
    serves, who = gettext_lazy("Serves"), gettext_lazy("Who")
    due_on, result = gettext_lazy("Due on"), gettext_lazy("Form of result")
    numbers, results = ("序号", "措施序号", "措施编号", "号"), ("成果", "预期成果", "工作成果")
    text_example, code_example = "印发重大事项报告制度实施办法", "九.3.3、九.3.4"
    return (
        Field("number", number, "whole", numbers, key=True, example="1"),
        Field("text", text, "text", TEXT, required=True, example=text_example),
        Field(
            "directives",
            serves,
            "codes",
            SERVES,
            limit=20,
            example=code_example,
            drop_down="directives",
        ),
        Field("responsible", who, "text", RESPONSIBLE, limit=100, example="办公厅 林晓岚"),
        Field("due_on", due_on, "date", DUE, example="2026-12-31", deadline=True),
        Field("result", result, "text", results, limit=200, example="印发文件"),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",), key=True),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        Field("done_on", gettext_lazy("Done on"), "date", read_only=True),
        Field("logged", gettext_lazy("Log entries"), "whole", read_only=True),
        Field("last_on", gettext_lazy("Last logged on"), "date", read_only=True),
    )


def _stored(measure: Measure) -> StoredRow:
    """The stored values of a measure that comes with its obligations and their directives."""
    served = sorted(measure.obligations.all(), key=lambda row: row.directive.order)
    values = {name: json_value(getattr(measure, name)) for name in WRITTEN_FIELDS}
    values["directives"] = [row.directive.code for row in served]
    return StoredRow(measure.pk, measure.version, f"{measure.number}. {measure.text}", values)


class MeasureChecker(Checker):
    """Finds the measure of a row by id, else number, else text; any other row is a new measure."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.plan = plan_of(context)
        check_editable(self.plan)
        self.owed = OwedDirectives(self.plan)
        measures = list(self.plan.measures.prefetch_related("obligations__directive"))
        self.stored = {measure.pk: _stored(measure) for measure in measures}
        self.numbers = {measure.number: measure.pk for measure in measures}
        self.texts: dict[str, int] = {measure.text.strip(): measure.pk for measure in measures}

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        ids = [self._measure_of(row) for row in rows]
        versions = {
            stored.pk: (row.values.get("version") or stored.version, stored.version)
            for row, pk in zip(rows, ids, strict=True)
            if (stored := self.stored.get(pk or 0))
        }
        past = PastValues.read(Measure, versions, self._recorded)
        return [self._check(row, pk, past) for row, pk in zip(rows, ids, strict=True)]

    def _measure_of(self, row: FileRow) -> int | None:
        """The id of the measure that the row is about; None for a new one."""
        if row.values.get("id"):
            return row.values["id"]
        number, text = row.values.get("number"), text_of(row.values.get("text"))
        return self.numbers[number] if number in self.numbers else self.texts.get(text)

    def _recorded(self, before: dict[str, Any]) -> dict[str, Any]:
        """Audited values of a measure as the table writes them: obligations by code."""
        if "obligations" not in before:
            return before
        served_ids = set(before["obligations"])
        return before | {
            "directives": [code for code, pk in self.owed.codes.items() if pk in served_ids]
        }

    def _check(self, row: FileRow, pk: int | None, past: PastValues) -> CheckedRow:
        faults = list(self._faults_of_codes(row))
        stored = self.stored.get(pk) if pk else None
        if pk and stored is None:
            expected = _("The record ID of a measure in this plan")
            remedy = own_numbers_remedy(_("Clear this cell for a new measure."))
            faults.append(Fault("id", str(pk), expected, remedy))
        if pk:
            self.note_key(pk, row)
        new_values = self._new_values(row)
        label = stored.label if stored else new_values.get("text", "")
        if faults or row.faults:
            return wrong_row(row, faults, label, pk if stored else None)
        if stored is None:
            return new_row(row, label, {name: value for name, value in new_values.items() if value})
        return compare(row, stored, new_values, past)

    def _new_values(self, row: FileRow) -> dict[str, Any]:
        """The values that the row gives the measure, as far as the file has their columns."""
        cells = row.values
        new_values: dict[str, Any] = {name: text_of(cells[name]) for name in TEXTS if name in cells}
        if "due_on" in cells:
            new_values["due_on"] = json_value(cells["due_on"])
        if "directives" in cells:
            codes = {self.owed.code(code) for code in cells["directives"] or ()}
            new_values["directives"] = [code for code in self.owed.codes if code in codes]
        return new_values

    def _faults_of_codes(self, row: FileRow) -> Iterable[Fault]:
        codes = row.values.get("directives") or ()
        unknown = [code for code in codes if not self.owed.code(code)]
        if unknown:
            expected = _(
                "Codes of directives that this document assigns to this organisation; "
                "not: %(codes)s"
            ) % {"codes": "、".join(unknown)}
            remedy = _("Correct or delete these codes.")
            yield Fault("directives", "、".join(codes), expected, remedy)

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _("One row for each measure; row %(number)s of the file has the same")
        remedy = _("Keep one of the two rows, or clear number and record ID for a new measure.")
        return self.faults_of_repeats("number", expected, remedy)


def _contents(plan: Plan, values: Sequence[Mapping[str, Any]]) -> list[MeasureContent]:
    """The contents of measures from the values of the table."""
    owed_directives = OwedDirectives(plan)
    codes = {code for cells in values for code in cells.get("directives", ())}
    if not codes <= owed_directives.codes.keys():
        text = _("A measure serves directives that this document assigns to this organisation.")
        raise Invalid({"directives": [text]})
    ids = [owed_directives.codes[code] for code in sorted(codes)]
    obligations = Obligation.objects.select_related("directive").in_bulk(ids)
    return [
        MeasureContent(
            **{name: cells.get(name, "") for name in TEXTS},
            due_on=date.fromisoformat(cells["due_on"]) if cells.get("due_on") else None,
            obligations=tuple(
                obligations[owed_directives.codes[code]] for code in cells.get("directives", ())
            ),
        )
        for cells in values
    ]


def _locked(plan: Plan, rows: IntakeRows, by: User) -> dict[int | None, Measure]:
    """Lock the plan; returns the stored measures of these rows, by id."""
    lock_for_editing(plan, by)
    ids = [row.subject_id for row in rows if row.subject_id]
    measures = plan.measures.filter(pk__in=ids).prefetch_related("obligations__directive")
    return {measure.pk: measure for measure in measures}


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Change known measures, and add new ones at the end of the plan."""
    plan = plan_of(context)
    stored, values = _locked(plan, rows, context.by), []
    for row in rows:
        if row.verdict == NEW:
            values.append(row.after)
            continue
        measure = stored.get(row.subject_id)
        as_checked = demand_unchanged(row, _stored(measure) if measure else None)
        values.append({**as_checked.values, **row.after})
    contents, new = _save_changed(plan, rows, stored, values, context)
    if new:
        added = planning.add_measures(plan, contents=contents, by=context.by, now=context.now)
        for row, measure in zip(new, added, strict=True):
            row.subject_id = measure.pk
    for row in rows:
        row.left = 1 if row.verdict == NEW else stored[row.subject_id].version


def _save_changed(
    plan: Plan,
    rows: IntakeRows,
    stored: Mapping[int | None, Measure],
    values: Sequence[Mapping[str, Any]],
    context: IntakeContext,
) -> tuple[list[MeasureContent], list[IntakeRow]]:
    """Save the measures that rows change; returns the contents of the new ones and their rows."""
    changed, contents, new = {}, [], []
    for row, content in zip(rows, _contents(plan, values), strict=True):
        if row.verdict == NEW:
            contents.append(content)
            new.append(row)
        else:
            changed[stored[row.subject_id]] = content
    if changed:
        planning.save_measures(plan, contents=changed, by=context.by, now=context.now)
    return contents, new


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore changed measures and delete new ones, while the plan can be edited."""
    plan = plan_of(context)
    stored, values = _locked(plan, rows, context.by), []
    for row in rows:
        measure = stored.get(row.subject_id)
        if measure is None or measure.version != row.left:
            raise changed_since(row)
        values.append({**_stored(measure).values, **row.before})
    _saved, new = _save_changed(plan, rows, stored, values, context)
    if new:
        measures = [stored[row.subject_id] for row in new]
        with undoing_row(new[0]):
            planning.delete_measures(plan, measures=measures, by=context.by, now=context.now)


MEASURES = TableKind(
    key="measures",
    name=gettext_lazy("Measures of a plan"),
    about=gettext_lazy(
        "The measures of your organisation’s plan: existing ones are updated, "
        "new ones added at the end, while the plan can be edited."
    ),
    needs=("document", "organisation"),
    fields=fields,
    may=fills_in,
    checker=MeasureChecker,
    write=write,
    undo=undo,
)
