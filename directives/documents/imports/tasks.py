"""Task tables (任务台账), from which a document without its own text is registered."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.script import fold
from directives.documents.commands import tables
from directives.documents.commands.tables import Task
from directives.models import Directive, Document, IntakeRow, Organisation, User
from directives.models.documents import CADENCES, HEAVY, KINDS, MODALITIES
from directives.models.intakes import NEW
from directives.tables.comparing import changed_since, new_row, text_of, undoing_row, wrong_row
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

LABEL = 60  # characters of a task that a label shows
LIST_FIELDS = ("items", "addressees")
PLAIN_FIELDS = ("kind", "modality", "cadence")


TITLE = ("文件名称", "文件标题", "文件", "台账名称", "来源文件")
CODE = ("条款编号", "任务编号", "任务编码", "编号", "条款", "序号", "任务序号", "项次", "no.")
SECTION = ("部分", "所属部分", "任务分类", "板块", "领域", "大项", "重点领域", "一级任务")
TEXT = (
    "任务", "重点任务", "任务内容", "工作任务", "主要任务", "任务名称", "事项", "重点工作",
    "工作内容", "二级任务", "目标任务", "任务目标", "任务事项", "具体任务", "重点事项",
    "改革任务", "重点改革任务", "改革事项", "工作事项", "主要工作", "工作要求", "任务要求",
    "重点工作任务", "task",
)  # fmt: skip
ADDRESSEES = (
    "主体", "责任主体", "责任单位", "牵头单位", "承担单位", "主责单位", "责任部门", "牵头部门",
    "承办单位", "主办单位", "落实单位", "责任处室", "牵头处室", "lead", "responsible",
)  # fmt: skip
HELP = gettext_lazy("The same in every row, or only in the first; otherwise the file name is used")


FIELDS: tuple[Field, ...] = (
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
    Field("addressees", gettext_lazy("Addressees"), "codes", ADDRESSEES, limit=100),
    Field(
        "kind",
        gettext_lazy("Kind"),
        "choice",
        ("类别", "任务类别", "任务类型", "类型"),
        choices=KINDS,
    ),
    Field(
        "modality",
        gettext_lazy("How binding"),
        "choice",
        ("情态", "要求程度", "语气"),
        choices=MODALITIES,
    ),
    Field(
        "cadence",
        pgettext_lazy("directive", "Frequency"),
        "choice",
        ("频次", "周期", "频率", "办理周期"),
        choices=CADENCES,
    ),
)


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return FIELDS


def may(user: User) -> bool:
    return user.is_active and user.supervises


class TaskChecker(Checker):
    """All rows make one document. An empty title, issuer or section repeats the one above."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.carried_values = {"document": "", "issuer": "", "section": ""}
        self.titles: dict[str, int] = {}
        self.texts: dict[RowPlace, str] = {}  # of the first rows
        self.counts: dict[str, int] = {}  # tasks by section

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        return [self._check_row(row) for row in rows]

    def _check_row(self, row: FileRow) -> CheckedRow:
        values = row.values
        self.carried_values |= {
            name: text for name in self.carried_values if (text := text_of(values.get(name)))
        }
        text = text_of(values.get("text"))
        faults = list(self._faults_of_title(row))
        code = text_of(values.get("code")) or self._next_code()
        label = f"{code} {text[:LABEL]}"
        first = self.first_rows.setdefault(fold(code), row.place)
        if first != row.place:
            number = first.seen_from(row.place)
            # One task may have several rows.
            if values.get("code") and self.texts.get(first) == text:
                label = _("%(label)s · with row %(number)s") % {"label": label, "number": number}
            else:
                faults.append(_repeated_code(code, number))
        self.texts.setdefault(first, text)
        if faults or row.faults or not text:
            return wrong_row(row, faults, label)
        after: dict[str, Any] = {**self.carried_values, "code": code, "text": text}
        after |= {name: list(values[name]) for name in LIST_FIELDS if values.get(name)}
        after |= {name: values[name] for name in PLAIN_FIELDS if values.get(name)}
        return new_row(row, label, {name: value for name, value in after.items() if value})

    def _faults_of_title(self, row: FileRow) -> Iterable[Fault]:
        title = self.carried_values["document"]
        if title and self.titles and title not in self.titles:
            expected = _("One document for the whole table, as in its first row: %(title)s") % {
                "title": next(iter(self.titles))
            }
            remedy = _("Import a separate table for each document.")
            yield Fault("document", title, expected, remedy)
        self.titles.setdefault(title, row.number)

    def _next_code(self) -> str:
        """一.3: the section, and the number of the task in it."""
        section = self.carried_values["section"]
        self.counts.setdefault(section, 0)
        self.counts[section] += 1
        number = tables.part_of(section)[0] or str(list(self.counts).index(section) + 1)
        return f"{number}.{self.counts[section]}"


def _repeated_code(code: str, number: str) -> Fault:
    expected = _("A code that appears once; row %(number)s of the file has the same") % {
        "number": number
    }
    remedy = _(
        "Give each directive its own code, or leave the column out; codes are then generated."
    )
    return Fault("code", code, expected, remedy)


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """The first rows register the whole document; later rows find theirs in it."""
    document = _registered(rows[0]) or _register(context, rows)
    codes = {fold(code): pk for code, pk in document.directives.values_list("code", "pk")}
    for row in rows:
        row.subject_id, row.left = codes[fold(row.after["code"])], 1


def _registered(row: IntakeRow) -> Document | None:
    """The document that an earlier part of the same table made."""
    earlier = (
        IntakeRow.objects.filter(intake=row.intake_id, number__lt=row.number)
        .exclude(left=None)
        .order_by("number")
        .first()
    )
    if earlier is None or earlier.subject_id is None:
        return None
    directive = Directive.objects.filter(pk=earlier.subject_id).first()
    return Document.objects.defer(*HEAVY).get(pk=directive.document_id) if directive else None


def _register(context: IntakeContext, rows: IntakeRows) -> Document:
    name, owner = "", context.place.get("owner")
    if rows[0].intake_id:
        name = rows[0].intake.name
        rows_of_intake = IntakeRow.objects.filter(intake=rows[0].intake_id, verdict=NEW)
        rows = list(rows_of_intake.order_by("number").only("after", "number"))
    first = rows[0].after
    return tables.register_tasks(
        title=first.get("document") or PurePosixPath(name).stem or _("Table of directives"),
        issuer=first.get("issuer", ""),
        tasks=_tasks(rows),
        source_name=name,
        by=context.by,
        now=context.now,
        organisation=Organisation.objects.filter(pk=owner).first() if owner else None,
    )


def _tasks(rows: IntakeRows) -> list[Task]:
    """The tasks of these rows; rows with the same code make one task."""
    by_code: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_code.setdefault(fold(row.after["code"]), []).append(row.after)
    return [_task(values) for values in by_code.values()]


def _task(rows: Sequence[dict[str, Any]]) -> Task:
    """One task, with the items and addressees of all its rows."""

    def all_values(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for row in rows for value in row.get(name, ())))

    def first_value(name: str) -> str:
        return next(filter(None, (row.get(name) for row in rows)), "")

    return Task(
        section=rows[0].get("section", ""),
        code=rows[0]["code"],
        text=rows[0]["text"],
        items=all_values("items"),
        addressees=all_values("addressees"),
        kind=first_value("kind"),
        modality=first_value("modality"),
        cadence=first_value("cadence"),
    )


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Delete the document, unless a part of it was assigned, is measured or was corrected."""
    versions = Directive.objects.filter(pk__in=[row.subject_id for row in rows]).values_list(
        "document_id", "version"
    )
    if any(version != 1 for _document, version in versions):
        raise changed_since(rows[0])
    documents = {document for document, _version in versions}
    for document in Document.objects.filter(pk__in=documents).defer(*HEAVY):
        with undoing_row(rows[0]):
            tables.remove_document(document, by=context.by, now=context.now)


TASKS = TableKind(
    key="tasks",
    name=gettext_lazy("Table of directives"),
    about=gettext_lazy(
        "A document without its own text is registered from its table of directives, using the "
        "table’s text."
    ),
    needs=("owner",),
    fields=fields,
    may=may,
    checker=TaskChecker,
    write=write,
    undo=undo,
    updates=False,
)
