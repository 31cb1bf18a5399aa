"""Tables of tasks: each row a task with who leads, who is responsible, and by when.

Rules match Simplified script.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from directives.documents.ingest import responsibility
from directives.documents.ingest.frame import left_out
from directives.documents.ingest.labels import label_of
from directives.documents.ingest.responsibility import LEAD, RESPONSIBLE, SUPPORTING, Responsibility
from directives.documents.ingest.sources import LeftOut
from directives.documents.ingest.words import Line

NUMBER, TASK, GROUP, DUE = "number", "task", "group", "due"
# The last of these that a table has is its tasks; those before it group them.
_TASKS = (
    "类别|分类|领域|板块|方面|任务类别|项目类别|工作类别|一级指标",
    "重点任务|主要任务|目标任务|任务名称|项目名称|工作事项|重点工作|项目|事项|任务",
    "工作任务|任务内容|工作内容|主要内容|具体任务|任务分解|具体内容|建设内容|改革任务|整改任务"
    "|重点工作任务|职责分工|工作职责|主要职责|职责任务|监管职责|职责|项目内容|实施内容|任务清单|重点内容|主要工作|内容",
    "具体举措|具体措施|工作举措|工作措施|主要举措|主要措施|整改措施|落实举措|措施|举措|工作要求"
    "|任务措施",
)
_COLUMNS = (
    (NUMBER, re.compile("^(?:序号|编号|序|号|项次|项目编号|任务编号|No\\.?)$")),
    *(
        (f"task {at}", re.compile(f"^(?:{names})(?:（[^）]*）)?(?:及要求|及目标|和要求)?$"))
        for at, names in enumerate(_TASKS)
    ),
    ("other", re.compile("领导|责任人|负责人|联系人|电话|备注|进展|情况")),
    (LEAD, re.compile("牵头|主办|主责|主要责任")),
    (SUPPORTING, re.compile("配合|协办|协同|参与|参加|协助")),
    (DUE, re.compile("时限|期限|完成时间|时间节点|时间要求|完成日期|时间安排|进度要求|^时间$")),
    (
        RESPONSIBLE,
        re.compile(
            "(?:责任|负责|落实|承办|实施|完成|执行).{0,2}(?:单位|部门|机构|主体|科室|处室)|^单位$|^(?:涉及|主管|监管|管理|相关|有关)(?:部门|单位)$|^部门$"
            "|分工|責任"
        ),
    ),
)
_FIRST_LEADS = re.compile("(?:第一|首)(?:位|个)?.{0,6}牵头|列第一|排第一|排名第一|列首位")
_BLANK = re.compile(r"^[—\-–/\\无\s]*$")


@dataclass(slots=True)
class Row:
    """One row of a table: the lines of its cells by column, those of merged cells included."""

    cells: dict[int, list[Line]] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)  # columns whose cell begins in this row
    spans: dict[int, int] = field(default_factory=dict)  # columns → how many it spans


@dataclass(slots=True)
class Task:
    """A task of a table, with what its row says of it."""

    number: str
    lines: list[Line]
    who: Responsibility
    group: Line | None = None  # the category that begins with it
    fields: tuple[tuple[int, int], ...] = ()  # places of the other cells that begin in its row


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """The rows of a table, each with the cells that reach into it."""
    rows: dict[int, Row] = {}
    last = max(
        (line.markup.cell.row + line.markup.cell.rows - 1 for line in lines if line.markup.cell),
        default=0,
    )
    for line in lines:
        cell = line.markup.cell
        if cell is None:
            continue
        for number in range(cell.row, min(last, cell.row + cell.rows - 1) + 1):
            row = rows.setdefault(number, Row())
            row.cells.setdefault(cell.column, []).append(line)
            if number == cell.row:
                row.own.add(cell.column)
            row.spans[cell.column] = cell.columns
    return [rows[number] for number in sorted(rows)]


def columns_of(row: Row) -> dict[int, str]:
    """What each column of a title row holds; empty where it is no title row of tasks."""
    kinds: dict[int, str] = {}
    for column, lines in row.cells.items():
        name = re.sub(r"\s", "", "".join(line.hans for line in lines))
        kind = next((kind for kind, look in _COLUMNS if look.search(name)), "")
        if kind and kind != "other":
            kinds[column] = kind
    tasks = sorted(
        (kind, -column, column) for column, kind in kinds.items() if kind.startswith("task")
    )
    if not tasks or not any(
        kind in (LEAD, RESPONSIBLE, SUPPORTING, DUE) for kind in kinds.values()
    ):
        return {}
    *groups, (_, _, task) = tasks
    kinds[task] = TASK
    kinds |= {column: GROUP for _, _, column in groups}
    return kinds


def tasks_of(rows: Sequence[Row], columns: dict[int, str], *, first_leads: bool) -> Iterator[Task]:
    """The tasks in the rows below a title row."""
    group: Line | None = None
    for row in rows:
        if is_category(row, columns):
            group = next(iter(row.cells.values()))[0]
            continue
        task = next((column for column, kind in columns.items() if kind == TASK), 0)
        if task not in row.own:
            continue
        number = "".join(
            line.text
            for column, kind in columns.items()
            if kind == NUMBER
            for line in row.cells.get(column, ())
        )
        fields = tuple(
            line.words.source
            for column, lines in row.cells.items()
            if column != task and column in row.own
            for line in lines
        )
        who = _who(row, columns, first_leads)
        yield Task(number.strip(" .、．"), row.cells[task], who, group, fields)
        group = None


def is_category(row: Row, columns: dict[int, str]) -> bool:
    """Whether a row is the title of the rows below it: one cell, across the table."""
    if len(row.cells) != 1:
        return False
    [(column, lines)] = row.cells.items()
    return (
        row.spans.get(column, 1) > 1
        or len(columns) > 2
        and columns.get(column) in (NUMBER, TASK)
        and bool(label_of(lines[0].words))
    )


def first_leads(lines: Sequence[Line]) -> bool:
    return any(_FIRST_LEADS.search(line.hans) for line in lines)


def _who(row: Row, columns: dict[int, str], first: bool) -> Responsibility:
    names: list[tuple[str, str]] = []
    due = ""
    for column, kind in sorted(columns.items(), key=lambda item: _ORDER.get(item[1], 9)):
        cell = row.cells.get(column, [])
        text = "、".join(line.text for line in cell)
        hans = "、".join(line.hans for line in cell)
        if _BLANK.match(text):
            continue
        if kind == DUE:
            due = " ".join(line.text for line in cell)
        elif kind in (LEAD, RESPONSIBLE, SUPPORTING):
            names += responsibility.of_cell(text, hans, kind)
    who = Responsibility(tuple(dict.fromkeys(names)), due)
    return who.led_by_the_first() if first else who


_ORDER = {LEAD: 0, RESPONSIBLE: 1, SUPPORTING: 2}


def header_rows(rows: Sequence[Row]) -> tuple[int, dict[int, str]]:
    """How many rows stand above the tasks, and the columns; none where there are no tasks."""
    for at, row in enumerate(rows[:4]):
        columns = columns_of(row)
        if columns:
            return at + 1, columns
    return 0, {}


def left_out_of(rows: Sequence[Row], reason: str) -> list[LeftOut]:
    return [
        left_out(line, reason)
        for row in rows
        for column, lines in row.cells.items()
        if column in row.own
        for line in lines
    ]
