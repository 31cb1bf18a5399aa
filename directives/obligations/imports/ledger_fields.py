"""The columns of an edited ledger: which are imported, and where to edit the others."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import DELIVERABLES, PARTS
from directives.models import Cycle
from directives.tables.book import StrOrPromise
from directives.tables.comparing import StoredRow
from directives.tables.fields import Field, FieldType, FileRow, IntakeContext, UntakenCell


def fields(context: IntakeContext) -> tuple[Field, ...]:
    cycles = tuple(
        (cycle.pk, cycle.name)
        for cycle in Cycle.objects.filter(document=context.place.get("document", 0))
    )
    report = Field(
        "cycle",
        _("Goes into the report for"),
        "choice",
        choices=cycles,  # type: ignore[arg-type]  # ids: only shown, no file has this column
        read_only=True,
        computed=True,
    )
    read_only = (
        Field(name, label, sort, read_only=True, report_edits=name in WHERE_TO_EDIT)
        for name, label, sort in READ_ONLY_FIELDS
    )
    return (*IMPORTED_FIELDS, report, *read_only)


CLAUSE = (
    *(
        "条款",
        "条款编号",
        "任务编号",
        "任务编码",
        "任务代码",
        "文件条款编号",
        "文件条款号",
        "条款号",
    ),
    "任务条款",
)
BODY = (
    *("责任单位", "单位", "承担单位", "落实单位", "承办单位", "责任部门", "单位编码", "单位代码"),
    *("单位名称", "机构代码", "责任主体", "责任部门(单位)", "responsible"),
)
TASK = (
    *("任务", "任务内容", "工作任务", "主要任务", "任务名称", "重点工作", "重点事项", "具体任务"),
    "task",
)
LEADS = ("牵头部门", "牵头", "主办单位", "主责单位", "牵头责任单位", "lead")
SUPPORTING = ("协办单位", "参与单位", "配合部门", "协同单位", "协助单位")
LEADER = (
    *("责任领导", "分管领导", "牵头领导", "负责人", "领导", "包联领导", "市级领导", "分管负责人"),
)
CONTACT = (
    *("责任人及电话", "联系人", "联系人及电话", "责任人", "联系方式", "联系电话", "经办人"),
    *("联络员", "联络员及电话", "具体责任人", "责任人及联系电话", "责任人及联系方式"),
    "联系人及联系方式",
)
DUE = (
    *("完成时限", "时限", "完成期限", "截止时间", "截止日期", "完成时间", "完成日期", "办结时限"),
    *("要求完成时间", "完成时间节点", "时间节点", "时间要求", "完成节点", "目标时限"),
    *("整改时限", "时限要求", "deadline", "due date"),
)
STARTS = ("开始时间", "开始日期", "启动时间", "起始时间", "启动日期")
PLAN_DUE = ("方案时限", "方案报送时限", "方案截止日期")
PART = ("责任类型", "责任方式", "分工", "角色")
DELIVERABLE = ("报送成果", "应报材料", "成果类型")
IMPORTED_FIELDS = (
    Field(
        "clause",
        pgettext_lazy("ledger", "Directive code"),
        "code",
        CLAUSE,
        key=True,
        limit=300,
        example="九.3.3",
        drop_down="directives",
    ),
    Field(
        "body",
        pgettext_lazy("ledger", "Responsible or supporting organisation"),
        "code",
        BODY,
        key=True,
        limit=200,
        example="Q01",
        drop_down="organisations",
    ),
    Field("part", _("Responsibility"), "choice", PART, choices=PARTS, example="lead"),
    Field("deliverable", _("Deliverable"), "choice", DELIVERABLE, choices=DELIVERABLES),
    Field(
        "leader",
        pgettext_lazy("ledger", "Responsible leader"),
        "text",
        LEADER,
        limit=60,
        example="顾明远",
    ),
    Field(
        "contact",
        pgettext_lazy("ledger", "Contact and telephone"),
        "text",
        CONTACT,
        limit=100,
        example="林晓岚 010-65001234",
    ),
    Field("starts_on", _("Starts on"), "date", STARTS),
    Field("plan_due_on", _("Plan due"), "date", PLAN_DUE, deadline=True),
    Field(
        "due_on",
        pgettext_lazy("ledger", "Complete by"),
        "date",
        DUE,
        example="2027-06-30",
        deadline=True,
    ),
    Field(
        "note",
        pgettext_lazy("ledger", "Remarks"),
        "text",
        ("说明", "附注", "备注说明"),
        limit=200,
    ),
    Field("id", _("Record ID"), "whole", ("编号",), key=True),
    Field("version", _("Version"), "whole", ("版本", "版本号")),
    # For tables that people made themselves; in an exported ledger the id says the same.
    Field(
        "directive",
        pgettext_lazy("ledger", "Directive"),
        "text",
        TASK,
        unless="id",
        report_edits=True,
    ),
    Field(
        "leads",
        pgettext_lazy("ledger", "Lead organisation"),
        "text",
        LEADS,
        unless="id",
        report_edits=True,
    ),
    Field(
        "supporting",
        _("Supporting organisations"),
        "text",
        SUPPORTING,
        unless="id",
        report_edits=True,
    ),
)
READ_ONLY_FIELDS: tuple[tuple[str, StrOrPromise, FieldType], ...] = (
    ("number", pgettext_lazy("ledger", "No."), "text"),
    ("items", pgettext_lazy("ledger", "Items"), "text"),
    ("measures", pgettext_lazy("ledger", "Specific measures"), "text"),
    ("due_words", _("Deadline as worded"), "text"),
    ("progress", pgettext_lazy("ledger", "Progress"), "text"),
    ("problems", pgettext_lazy("ledger", "Problems"), "text"),
    ("next_steps", pgettext_lazy("ledger", "Next steps"), "text"),
    ("percent", pgettext_lazy("ledger", "Percent complete"), "percent"),
    ("state", pgettext_lazy("ledger", "State of completion"), "text"),
    ("light", pgettext_lazy("ledger", "Light"), "text"),
    ("looked_back", pgettext_lazy("ledger", "Look-back"), "text"),
    ("instructions", pgettext_lazy("ledger", "Instructions"), "text"),
    ("slip", pgettext_lazy("ledger", "Supervision slip"), "text"),
    ("broken_from", pgettext_lazy("ledger", "Broken down from"), "text"),
    ("original_due_on", _("Original due date"), "date"),
    ("extensions", _("Extensions"), "whole"),
    ("extension_reasons", _("Reasons of extensions"), "text"),
)
# Cells that are never imported: why, and where to edit the value instead. Supervisors above edit
# leader, contact, dates, remarks, part and deliverable; the organisation itself also edits its
# contact. Progress, problems, next steps and percent go into its report (`progress`). The number
# of a line is not listed: it only counts the lines of one export.
REPORTED = (
    _("A new obligation has no report yet."),
    _("In its report, once a reporting cycle is open."),
)
AS_EXPORTED = _("Leave this column as exported.")
ON_ITS_PAGE = _("On the page of the obligation.")
ROW_WITHOUT_ID = _("Add a row without a record ID.")
WHERE_TO_EDIT: Mapping[str, tuple[StrOrPromise, StrOrPromise]] = {
    "clause": (_("The record ID says which directive this row is about."), ROW_WITHOUT_ID),
    "body": (
        _(
            "The record ID says which organisation this row is about; a column “Part” says its"
            " part."
        ),
        ROW_WITHOUT_ID,
    ),
    "directive": (
        _("The words of a directive are those of its document."),
        _("On the page of the directive."),
    ),
    "due_words": (
        _("The deadline as worded is that of the document."),
        _("On the page of the directive."),
    ),
    "leads": (
        _("The lead organisation is the one whose own row says so."),
        _("In a column “Part”, in the row of that organisation."),
    ),
    "supporting": (_("Each organisation has a row of its own."), ROW_WITHOUT_ID),
    "items": (_("Items are recorded one by one, each with its date."), ON_ITS_PAGE),
    "measures": (_("Measures belong to the plan."), _("In the plan of the organisation.")),
    **dict.fromkeys(("progress", "problems", "next_steps", "percent"), REPORTED),
    "state": (
        _("The state follows from what is done: acknowledging, reporting, closing."),
        ON_ITS_PAGE,
    ),
    "light": (
        _("Lights are calculated from due dates and progress."),
        _("Edit the due date, or report progress."),
    ),
    "broken_from": (_("An obligation is broken down on its page."), ON_ITS_PAGE),
    **dict.fromkeys(
        ("original_due_on", "extensions", "extension_reasons"),
        (
            _("The original due date is kept, and every extension granted is counted."),
            _("Request an extension on the page of the obligation."),
        ),
    ),
    "looked_back": (_("Look-backs are planned and recorded one by one."), ON_ITS_PAGE),
    "instructions": (_("Instructions are written on the page of the obligation."), AS_EXPORTED),
    "slip": (_("Supervision slips are not issued in the ledger."), AS_EXPORTED),
    "version": (
        _(
            "The version says how old this row of the file is. It cannot be later than the current"
            " one."
        ),
        AS_EXPORTED,
    ),
}


def not_imported(name: str, value: str, stored: str) -> UntakenCell:
    """Return the note on a cell of a column that is never imported."""
    return UntakenCell(name, value, stored, *map(str, WHERE_TO_EDIT[name]))


def term(name: str, value: Any) -> str:
    """The label of a term, given its JSON value."""
    labels = dict({"part": PARTS, "deliverable": DELIVERABLES}.get(name, ()))
    return str(labels.get(value, value or ""))


def emptied(row: FileRow, stored: StoredRow) -> Iterable[UntakenCell]:
    """Cells that were emptied although an obligation always has the value."""
    for name in ("part", "starts_on"):
        if name in row.values and row.values[name] in (None, "") and row.values.get("version"):
            yield UntakenCell(
                name,
                "",
                term(name, stored.values[name]),
                str(_("This can be replaced, but not removed.")),
                str(AS_EXPORTED),
            )
