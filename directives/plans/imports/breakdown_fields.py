"""The columns of a task breakdown (任务分解表), and how their cells are read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.script import to_hans
from directives.base.states import LEAD, RESPONSIBLE, SUPPORTING
from directives.documents.commands.tables import TableFrame
from directives.documents.imports.directives import CADENCE, KIND
from directives.documents.ingest.deadlines import DAY, WORDS, Dated, Due, day_in, due_of
from directives.models.documents import INTERVALS, MODALITIES
from directives.obligations.imports.split_bodies import split_bodies
from directives.tables.cells import folded
from directives.tables.comparing import text_of
from directives.tables.deadlines import read_deadline
from directives.tables.faults import Interpreted, Wrong
from directives.tables.fields import Fault, Field, IntakeContext

TITLE = ("文件名称", "文件标题", "文件", "台账名称", "来源文件")
CODE = ("条款编号", "任务编号", "任务编码", "编号", "条款", "序号", "任务序号", "项次", "no.")
SECTION = (
    "部分", "所属部分", "任务分类", "板块", "领域", "大项", "重点领域", "一级任务", "类别名称",
    "工作类别", "任务板块", "工作板块", "一级分类", "重点方面",
)  # fmt: skip
SUBSECTION = ("二级分类", "小类", "子领域", "分类", "中项", "子板块")
TEXT = (
    "任务", "重点任务", "任务内容", "工作任务", "主要任务", "任务名称", "事项", "重点工作",
    "工作内容", "二级任务", "目标任务", "任务目标", "任务事项", "具体任务", "重点事项",
    "改革任务", "重点改革任务", "改革事项", "工作事项", "主要工作", "工作要求", "任务要求",
    "重点工作任务", "task",
)  # fmt: skip
LEADS = (
    "牵头单位", "牵头部门", "牵头", "主办单位", "主责单位", "牵头责任单位", "牵头处室", "lead",
)  # fmt: skip
ADDRESSEES = (
    "主体", "责任主体", "责任单位", "承担单位", "责任部门", "承办单位", "落实单位", "责任处室",
    "责任单位(部门)", "实施单位", "responsible",
)  # fmt: skip
SUPPORTING_NAMES = (
    "配合单位", "协办单位", "参与单位", "配合部门", "协同单位", "协助单位", "参加单位", "会办单位",
    "配合处室", "参与部门", "supporting",
)  # fmt: skip
DUE = (
    "完成时限", "时限", "完成期限", "截止时间", "截止日期", "完成时间", "完成日期", "办结时限",
    "要求完成时间", "完成时间节点", "时间节点", "时间要求", "完成节点", "目标时限", "时限要求",
    "时间安排", "进度安排", "推进时限", "deadline", "due date",
)  # fmt: skip
MEASURES = (
    "具体措施", "措施", "措施内容", "工作措施", "主要措施", "重点措施", "任务措施", "贯彻措施",
    "落实措施", "工作举措", "具体举措", "主要举措", "推进措施",
)  # fmt: skip
RESULT = ("成果形式", "成果", "预期成果", "工作成果", "成果要求")
LEADER = (
    "责任领导", "分管领导", "牵头领导", "负责人", "领导", "包联领导", "市级领导", "分管负责人",
)  # fmt: skip
CONTACT = (
    "责任人及电话", "联系人", "联系人及电话", "责任人", "联系方式", "联系电话", "经办人", "联络员",
    "联络员及电话", "具体责任人", "责任人及联系电话", "责任人及联系方式", "联系人及联系方式",
)  # fmt: skip
HELP = gettext_lazy("The same in every row, or only in the first; otherwise the file name is used")
WORDS_KEPT = gettext_lazy("A date, a period (by the end of June 2027), or words, which are kept.")
SEVERAL = gettext_lazy("Several names are separated by 、 or line breaks.")
ROLE_FIELDS = {LEAD: "leads", RESPONSIBLE: "addressees", SUPPORTING: "supporting"}


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return (*DOCUMENT_FIELDS, *WORK_FIELDS, *COMPUTED_FIELDS)


DOCUMENT_FIELDS = (
    Field(
        "document",
        gettext_lazy("Title of the document"),
        "text",
        TITLE,
        limit=200,
        example="2026年重点工作任务台账",
        help=HELP,
    ),
    Field(
        "issuer",
        gettext_lazy("Issuer"),
        "text",
        ("发文机关", "制发单位", "印发单位", "发文单位"),
        limit=100,
    ),
    Field("section", gettext_lazy("Section"), "text", SECTION, limit=200, example="一、健全制度"),
    Field("subsection", gettext_lazy("Subsection"), "text", SUBSECTION, limit=200),
    Field("code", pgettext_lazy("directive", "Code"), "code", CODE, limit=20, example="一.1"),
    Field(
        "text",
        gettext_lazy("Directive"),
        "text",
        TEXT,
        required=True,
        example="建立重大事项报告制度。",
    ),
    Field(
        "items",
        gettext_lazy("Items"),
        "codes",
        ("分项", "子任务", "具体事项", "分项任务"),
        limit=100,
    ),
    KIND,
    Field(
        "modality",
        gettext_lazy("How binding"),
        "choice",
        ("情态", "要求程度", "语气"),
        choices=MODALITIES,
    ),
    CADENCE,
)
WORK_FIELDS = (
    Field(
        "leads",
        pgettext_lazy("ledger", "Lead organisation"),
        "codes",
        LEADS,
        limit=100,
        example="全国总工会",
    ),
    Field("addressees", gettext_lazy("Addressees"), "codes", ADDRESSEES, limit=100, help=SEVERAL),
    Field(
        "supporting",
        gettext_lazy("Supporting organisations"),
        "codes",
        SUPPORTING_NAMES,
        limit=100,
        help=SEVERAL,
    ),
    Field(
        "due",
        pgettext_lazy("ledger", "Complete by"),
        "text",
        DUE,
        limit=100,
        example="2027年6月底前",
        help=WORDS_KEPT,
    ),
    Field("measures", pgettext_lazy("ledger", "Specific measures"), "text", MEASURES),
    Field("result", gettext_lazy("Form of result"), "text", RESULT, limit=200),
    Field("leader", pgettext_lazy("ledger", "Responsible leader"), "text", LEADER, limit=60),
    Field("contact", pgettext_lazy("ledger", "Contact and telephone"), "text", CONTACT, limit=100),
    Field(
        "note",
        pgettext_lazy("ledger", "Remarks"),
        "text",
        ("说明", "附注", "备注说明"),
        limit=200,
    ),
)
COMPUTED_FIELDS = (
    Field("number", gettext_lazy("Document number"), computed=True),
    Field("issued_on", pgettext_lazy("document", "Issued on"), "date", computed=True),
    Field("due_on", gettext_lazy("Due date as read"), "date", computed=True),
    Field("due_every", gettext_lazy("Recurs as read"), "choice", choices=INTERVALS, computed=True),
    Field("assigned", gettext_lazy("Assigned to"), computed=True),
    Field("above", computed=True, label=gettext_lazy("Above the table")),
)


# names


def roles_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The names that the cells of a row give, each with its role.

    The bodies of the column 牵头单位 lead; where nobody leads, the first of several does.
    """
    cells = {
        "leads": "、".join(values.get("leads") or ()),
        "body": "、".join(values.get("addressees") or ()),
        "supporting": "、".join(values.get("supporting") or ()),
    }
    rows = split_bodies({name: text for name, text in cells.items() if text})
    return {row["body"]: row.get("part") or RESPONSIBLE for row in rows if row.get("body")}


# deadlines

_WRITTEN_DAY = re.compile(r"(\d{4})[年./-](\d{1,2})(?:[月./-](\d{1,2}))?")
_CUT_SHORT = re.compile(r"\d{4}\.1")  # 2027.10 as a number is 2027.1


def due_of_cell(text: str, dated: Dated) -> Due | None | Wrong:
    """The deadline that a cell gives; Wrong if it writes a day that does not exist.

    Words that name no day are kept as words.
    """
    key = folded(text)
    if not key:
        return None
    cell = float(key) if _CUT_SHORT.fullmatch(key) else text
    day = read_deadline(cell, key)
    day = day.value if isinstance(day, Interpreted) else day
    if isinstance(day, date):
        return Due(day.isoformat(), None, DAY, text)
    if isinstance(day, Wrong) and (isinstance(cell, float) or not _days_exist(key)):
        return day
    due = due_of(text, to_hans(text), dated)
    if due is None or due.cadence or (due.on and not due.on.startswith("-")):
        return due and replace(due, words=text)
    return Due(None, None, WORDS, text)


def _days_exist(text: str) -> bool:
    """Whether each day and month that is written in figures with its year exists."""
    for year, month, day in _WRITTEN_DAY.findall(text):
        try:
            date(int(year), int(month), int(day or 1))
        except ValueError:
            return False
    return True


def fault_of_due(text: str, wrong: Wrong) -> Fault:
    return Fault("due", text, wrong.expected, wrong.remedy)


# measures

_NUMBER = r"(?:\d{1,2}\s*[.、．](?!\d)|[（(]\d{1,2}[)）]|[①-⑳])\s*"
_NUMBERED = re.compile(rf"\s*{_NUMBER}")
_CUT = re.compile(rf"(?:^|[；;。\n])\s*{_NUMBER}|\s*[①-⑳]\s*")


def measures_of(cell: Any) -> tuple[str, ...]:
    """The measures of a cell: one for each number, else one for each line."""
    text = text_of(cell)
    parts: Iterable[str] = _CUT.split(text) if _NUMBERED.match(text) else text.split("\n")
    found = (part.strip().rstrip("；;").strip() for part in parts)
    return tuple(dict.fromkeys(filter(None, found)))


# what stands above the headings

_DOCUMENT_NUMBER = re.compile(
    r"[\u4e00-\u9fff]{1,12}[〔\[（(]\s*(?:19|20)\d{2}\s*[〕\]）)]\s*第?\s*\d{1,4}\s*号"
)
_ISSUED = re.compile(
    r"(?:印发|发文|成文|下发|发布)(?:日期|时间)[:：]?|^(?=\S*\d{4}年\d{1,2}月\d{1,2}日$)"
)
_ISSUER = re.compile(r"(?:发文机关|制发单位|印发单位|发文单位)\s*[:：]\s*(.+)")
_YEAR = re.compile(r"((?:19|20)\d{2})年")


def frame_of(title: str, issuer: str, above: str) -> TableFrame:
    """The frame of the document: its title, and what the lines above the table say."""
    lines = above.split("\n")
    numbers = (match[0] for line in lines if (match := _DOCUMENT_NUMBER.search(line)))
    issuers = (match[1] for line in lines if (match := _ISSUER.search(line)))
    return TableFrame(
        title=title,
        issuer=issuer or next(issuers, ""),
        number="".join(next(numbers, "").split())[:60],
        issued_on=next(_days(lines), None),
    )


def _days(lines: Iterable[str]) -> Iterator[date]:
    for line in lines:
        if (match := _ISSUED.search(line)) and (day := day_in(to_hans(line[match.end() :]))):
            yield day


def dated_by(frame: TableFrame) -> Dated:
    """What a deadline without a year refers to."""
    year = _YEAR.search(frame.title)
    return Dated(frame.issued_on, int(year[1]) if year else None)
