"""Measures (措施): the lines of one body's plan, new ones and changed ones."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid
from directives.models import Measure, Obligation, Plan, User
from directives.models.intakes import NEW
from directives.plans import commands as planning
from directives.plans.commands import MeasureContent
from directives.plans.commands.plans import lock_for_editing
from directives.plans.imports.plans import OwedDirectives, demand_editable, fills_in, plan_of
from directives.tables.codes import own_numbers_remedy
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    cannot_undo,
    changed_since,
    compare,
    demand_unchanged,
    json_value,
    new_row,
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

NAMES = ("text", "responsible", "due_on", "result")


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a plan's measures."""
    serves = (
        "对应任务",
        "任务编号",
        "条款",
        "条款编号",
        "对应条款",
        "服务任务",
        "落实任务",
        "文件条款",
        "任务编码",
    )
    return (
        Field("number", gettext_lazy("Number"), "whole", ("序号", "措施序号", "措施编号", "号"), key=True, example="1"),
        Field("text", gettext_lazy("Measure"), "text", TEXT, required=True, example="印发重大事项报告制度实施办法"),
        Field("directives", gettext_lazy("Serves"), "codes", serves, limit=20, example="九.3.3、九.3.4", drop_down="directives"),
        Field("responsible", gettext_lazy("Who"), "text", WHO, limit=100, example="办公厅 林晓岚"),
        Field("due_on", gettext_lazy("Due on"), "date", DUE, example="2026-12-31", deadline=True),
        Field("result", gettext_lazy("Form of result"), "text", ("成果", "预期成果", "工作成果"), limit=200, example="印发文件"),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",), key=True),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        Field("done_on", gettext_lazy("Done on"), "date", read_only=True),
        Field("logged", gettext_lazy("Log entries"), "whole", read_only=True),
        Field("last_on", gettext_lazy("Last logged on"), "date", read_only=True),
    )  # fmt: skip


TEXT = (
    "具体措施",
    "措施",
    "措施内容",
    "工作措施",
    "主要措施",
    "重点措施",
    "工作内容",
    "任务措施",
    "贯彻措施",
    "落实措施",
)
WHO = (
    "责任人", "责任部门", "责任处室", "负责人", "承办部门", "牵头部门", "责任单位", "责任科室", "承办处室", "牵头处室", "经办人",
    "具体责任人",
)  # fmt: skip
DUE = (
    "完成时限", "时限", "完成时间", "截止日期", "完成日期", "完成期限", "截止时间", "时间节点", "完成节点", "时间安排", "进度安排",
    "时限要求", "deadline",
)  # fmt: skip


def _stored(measure: Measure) -> StoredRow:
    """A measure with its obligations and their directives at hand."""
    served = sorted(measure.obligations.all(), key=lambda row: row.directive.order)
    values = {name: json_value(getattr(measure, name)) for name in NAMES} | {
        "directives": [row.directive.code for row in served]
    }
    return StoredRow(measure.pk, measure.version, f"{measure.number}. {measure.text}", values)


class MeasureChecker(Checker):
    """A row is told by its id, else by its number, else by its words; what is none of these is a new line of the plan."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.plan = plan_of(context)
        demand_editable(self.plan)
        self.owed = OwedDirectives(self.plan)
        measures = list(self.plan.measures.prefetch_related("obligations__directive"))
        self.stored = {measure.pk: _stored(measure) for measure in measures}
        self.numbers = {measure.number: measure.pk for measure in measures}
        self.texts: dict[str, int] = {measure.text.strip(): measure.pk for measure in measures}
        self.first: dict[int, RowPlace] = {}
        self.twice: list[tuple[int, str]] = []

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        meant = {row.number: self._meant(row) for row in rows}
        met = [(row, here) for row in rows if (here := self.stored.get(meant[row.number] or 0))]
        past = PastValues.of(
            Measure,
            {
                here.pk: (row.values.get("version") or here.version, here.version)
                for row, here in met
            },
            self._said,
        )
        return [self._one(row, meant[row.number], past) for row in rows]

    def _said(self, before: dict[str, Any]) -> dict[str, Any]:
        """What the record tells of a measure; it names obligations by their ids."""
        served = set(before.get("obligations", ()))
        codes = (
            {"directives": [code for code, pk in self.owed.codes.items() if pk in served]}
            if "obligations" in before
            else {}
        )
        return before | codes

    def _meant(self, row: FileRow) -> int | None:
        if row.values.get("id"):
            return row.values["id"]
        number, text = row.values.get("number"), text_of(row.values.get("text"))
        return self.numbers.get(number) if number in self.numbers else self.texts.get(text)

    def _one(self, row: FileRow, pk: int | None, past: PastValues) -> CheckedRow:
        faults = list(self._faults_of_codes(row))
        here = self.stored.get(pk) if pk else None
        if pk and here is None:
            expected, remedy = (
                _("The record ID of a measure in this plan"),
                own_numbers_remedy(_("Clear this cell for a new measure.")),
            )
            faults.append(Fault("id", str(pk), expected, remedy))
        if pk and (first := self.first.setdefault(pk, row.place)) != row.place:
            self.twice.append((row.number, first.seen_from(row.place)))
        wanted = self._wanted(row)
        label = here.label if here else wanted.get("text", "")
        if faults or row.faults:
            return wrong_row(row, faults, label, pk if here else None)
        if here is None:
            return new_row(row, label, {name: value for name, value in wanted.items() if value})
        return compare(row, here, wanted, past)

    def _wanted(self, row: FileRow) -> dict[str, Any]:
        given = row.values
        wanted: dict[str, Any] = {
            name: text_of(given[name])
            for name in ("text", "responsible", "result")
            if name in given
        }
        if "due_on" in given:
            wanted["due_on"] = json_value(given["due_on"])
        if "directives" in given:
            codes = {self.owed.code(code) for code in given["directives"] or ()}
            wanted["directives"] = [code for code in self.owed.codes if code in codes]
        return wanted

    def _faults_of_codes(self, row: FileRow) -> Iterable[Fault]:
        unknown = [code for code in row.values.get("directives") or () if not self.owed.code(code)]
        if unknown:
            expected = _(
                "Codes of directives that this document assigns to this organisation; not: %(codes)s"
            ) % {"codes": "、".join(unknown)}
            yield Fault(
                "directives",
                "、".join(row.values["directives"]),
                expected,
                _("Correct or delete these codes."),
            )

    def finish(self) -> Iterable[tuple[int, Fault]]:
        for number, first in self.twice:
            expected = _("One row for each measure; row %(number)s of the file has the same") % {
                "number": first
            }
            yield (
                number,
                Fault(
                    "number",
                    "",
                    expected,
                    _("Keep one of the two rows, or clear number and record ID for a new measure."),
                ),
            )


def _contents(plan: Plan, said: dict[int, dict[str, Any]]) -> dict[int, MeasureContent]:
    """By the number of a row: what its measure is to say."""
    owed = OwedDirectives(plan)
    codes = {code for values in said.values() for code in values.get("directives", ())}
    if not codes <= owed.codes.keys():
        raise Invalid(
            {
                "directives": [
                    _(
                        "A measure serves directives that this document assigns to this organisation."
                    )
                ]
            }
        )
    known = Obligation.objects.select_related("directive").in_bulk(owed.ids(sorted(codes)))
    found = {}
    for number, values in said.items():
        due = date.fromisoformat(values["due_on"]) if values.get("due_on") else None
        serves = tuple(known[pk] for pk in owed.ids(values.get("directives", [])))
        texts = {name: values.get(name, "") for name in ("text", "responsible", "result")}
        found[number] = MeasureContent(**texts, due_on=due, obligations=serves)
    return found


def _held(plan: Plan, rows: IntakeRows, by: User) -> dict[int, Measure]:
    """The stored measures of these rows behind the lock of their plan."""
    lock_for_editing(plan, by)
    found = plan.measures.filter(pk__in=[row.subject_id for row in rows if row.subject_id])
    return {measure.pk: measure for measure in found.prefetch_related("obligations__directive")}


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Known measures change, new ones are added at the end of the plan."""
    plan = plan_of(context)
    stored, said = _held(plan, rows, context.by), {}
    for row in rows:
        measure = stored.get(row.subject_id)
        here = (
            demand_unchanged(row, _stored(measure) if measure else None)
            if row.verdict != NEW
            else None
        )
        said[row.number] = {**(here.values if here else {}), **row.after}
    contents = _contents(plan, said)
    known = {stored[row.subject_id]: contents[row.number] for row in rows if row.verdict != NEW}
    if known:
        planning.save_measures(plan, contents=known, by=context.by, now=context.now)
    new = [row for row in rows if row.verdict == NEW]
    made = (
        planning.add_measures(
            plan, contents=[contents[row.number] for row in new], by=context.by, now=context.now
        )
        if new
        else []
    )
    for row in rows:
        row.left = stored[row.subject_id].version if row.verdict != NEW else 1
    for row, measure in zip(new, made, strict=True):
        row.subject_id = measure.pk


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Changed measures become again what they were, new ones are taken out, while the plan may be written."""
    plan = plan_of(context)
    stored, said = _held(plan, rows, context.by), {}
    for row in rows:
        measure = stored.get(row.subject_id)
        if measure is None or measure.version != row.left:
            raise changed_since(row)
        said[row.number] = {**_stored(measure).values, **row.before}
    contents = _contents(plan, said)
    known = {stored[row.subject_id]: contents[row.number] for row in rows if row.verdict != NEW}
    if known:
        planning.save_measures(plan, contents=known, by=context.by, now=context.now)
    new = [row for row in rows if row.verdict == NEW]
    try:
        if new:
            planning.delete_measures(
                plan,
                measures=[stored[row.subject_id] for row in new],
                by=context.by,
                now=context.now,
            )
    except Invalid as refusal:
        raise cannot_undo(new[0], str(refusal)) from refusal


MEASURES = TableKind(
    key="measures",
    name=gettext_lazy("Measures of a plan"),
    about=gettext_lazy(
        "The measures of your organisation’s plan: existing ones are updated, new ones added at the end, while the plan can be edited."
    ),
    needs=("document", "organisation"),
    fields=fields,
    may=fills_in,
    checker=MeasureChecker,
    write=write,
    undo=undo,
)
