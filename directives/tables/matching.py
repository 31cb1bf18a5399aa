"""Finds the headings of a table, and which field each column holds.

Titles may stand above the headings; headings may take up to three rows with merged cells; further
sheets with the same headings continue the table, and others (a cover, notes) are skipped. A column
is recognised by the name, label or synonyms of its field.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.tables.cells import as_text, folded
from directives.tables.fields import Fault, Field
from directives.tables.layout import RawRow, Table, column_letters

DEEPEST = 3  # rows of headings
TOP_ROWS = 30  # of a table, in which headings may begin
WIDEST = 300  # columns
LONGEST = 60  # characters of a heading
SAMPLES = 3
SAMPLE_LENGTH = 60  # characters
OUR_ID = re.compile(r"[1-9]\d*(?:\.0+)?")
ROW_NUMBERS = ("1", "2", "3")  # samples of a column that numbers its rows
NOISE = re.compile(r"[*＊:：?？]|[(（\[【〔].*?[)）\]】〕]")
SCALES = {
    "万": 10_000,
    "万元": 10_000,
    "亿": 10**8,
    "亿元": 10**8,
    "千元": 1000,
    "百万元": 10**6,
    "万人": 10_000,
}
# Former headings of these fields, in files that people keep.
FORMER = {
    "成果形式": "deliverable",
    "方案报送截止": "plan_due_on",
    "报送期限": "due_on",
    "最近记录日期": "last_on",
    "文件条款": "codes",
    "佐证": "evidence",
    "分工": "part",
    "上期比例": "last_percent",
    "clauses": "codes",
    "clause": "code",
    "day": "on",
    "body": "organisation",
    "written by": "by",
    "responsible or supporting body": "body",
    "lead body": "leads",
    "supporting bodies": "supporting",
    "kind of body": "kind",
    "role ends": "ended",
    "roles in bodies": "memberships",
    "why nothing changed": "unchanged_reason",
}
IN_BRACKETS = re.compile(r"[(（\[【](?:单位[:：])?([^)）\]】]*)[)）\]】]|/([^/]+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    index: int
    heading: str  # as the file spells it
    samples: tuple[str, ...] = ()
    field: str = ""
    sure: bool = False  # the heading is a name of the field, not only a synonym

    @property
    def letter(self) -> str:
        return column_letters(self.index)

    @property
    def scale(self) -> int:
        """The unit of bare numbers by the heading: 10,000 for 投入（万元）."""
        match = IN_BRACKETS.search(self.heading)
        return SCALES.get(fold(match[1] or match[2] or ""), 1) if match else 1


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of one sheet."""

    number: int  # of the table in the file
    sheet: str
    first_line: int
    last_line: int
    columns: tuple[Column, ...]

    @property
    def digest(self) -> str:
        """Equal for tables with the same headings in the same order."""
        return hashlib.sha256(
            "\n".join(fold(column.heading) for column in self.columns).encode()
        ).hexdigest()

    @property
    def matched(self) -> dict[str, Column]:
        return {column.field: column for column in self.columns if column.field}

    def as_json(self) -> dict[str, Any]:
        columns = [
            [column.index, column.heading, list(column.samples), column.field, column.sure]
            for column in self.columns
        ]
        return {
            "number": self.number,
            "sheet": self.sheet,
            "first": self.first_line,
            "last": self.last_line,
            "columns": columns,
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> "Headings":
        columns = tuple(
            Column(index, heading, tuple(samples), field, sure)
            for index, heading, samples, field, sure in data["columns"]
        )
        return cls(data["number"], data["sheet"], data["first"], data["last"], columns)

    def with_fields(self, fields: Mapping[str, str]) -> "Headings":
        """Return the headings with these fields for the columns; `fields`: letter → field."""
        columns = (replace(column, field=fields.get(column.letter, "")) for column in self.columns)
        return replace(self, columns=tuple(columns))


class FieldNames:
    """The fields of a kind, by all headings that may stand for them."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = [field for field in fields if not field.computed]
        # folded heading → field; the first of several fields wins
        self.synonyms: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.cache: dict[tuple[str, ...], tuple[str, bool]] = {}
        for field in self.fields:
            for synonym in field.synonyms:
                self.synonyms.setdefault(fold(synonym), field.name)
        for code, _language in settings.LANGUAGES:
            with translation.override(code):
                for field in self.fields:
                    self.names.setdefault(fold(str(field.label)), field.name)
        self.names |= {fold(field.name): field.name for field in self.fields}
        field_names = {field.name for field in self.fields}
        for heading, name in FORMER.items():
            if name in field_names:
                self.names.setdefault(fold(heading), name)

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.required)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Fields other than the id that identify a row."""
        return frozenset(field.name for field in self.fields if field.key and field.name != "id")

    def field_of(self, texts: Sequence[str]) -> tuple[str, bool]:
        """Return the field of a heading, given its rows, and whether it is a name of the field.

        ("", False) for none.
        """
        key = tuple(texts)
        if key not in self.cache:
            self.cache[key] = self._find_field(key)
        return self.cache[key]

    def _find_field(self, texts: Sequence[str]) -> tuple[str, bool]:
        if not texts or max(map(len, texts)) > LONGEST:
            return "", False
        candidates = dict.fromkeys(("".join(texts), texts[-1], texts[0]))
        for fields, sure in ((self.names, True), (self.synonyms, False)):
            for text in candidates:
                for key in (fold(text), fold(NOISE.sub("", text))):
                    if key and key in fields:
                        return fields[key], sure
        return "", False


class TopRows:
    """The first rows of a table, with the value of a merged range in each of its cells."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.width = min(WIDEST, max((len(row.cells) for row in table.head), default=0))
        self.cells: dict[tuple[int, int], str] = {}  # (line, column) → text
        for row in table.head:
            for column, cell in enumerate(row.cells[:WIDEST]):
                self.cells[row.line, column] = " ".join(as_text(cell).split())
        self._spread_merges(max((row.line for row in table.head), default=0))

    def _spread_merges(self, last_line: int) -> None:
        for merge in self.table.merges:
            text = self.text(merge.top, merge.left)
            if not text:
                continue
            for line in range(merge.top, min(merge.bottom, last_line) + 1):
                for column in range(merge.left, min(merge.right, self.width - 1) + 1):
                    # a wrong merge must not hide a value
                    self.cells[line, column] = self.text(line, column) or text

    def text(self, line: int, column: int) -> str:
        return self.cells.get((line, column), "")

    def texts(self, lines: range, column: int) -> list[str]:
        """The texts of a column in these lines, without empty ones and repetitions."""
        return list(dict.fromkeys(filter(None, (self.text(line, column) for line in lines))))

    def samples(self, after: int, column: int) -> tuple[str, ...]:
        below = (
            row.cells[column]
            for row in self.table.head
            if row.line > after and column < len(row.cells)
        )
        return tuple(text[:SAMPLE_LENGTH] for text in map(as_text, below) if text)[:SAMPLES]


def find_headings(
    tables: Sequence[Table], names: FieldNames
) -> tuple[tuple[Headings, ...], list[str]]:
    """Return the headings of the sheets that form the table, and remarks on skipped sheets.

    There are no headings if the file has no visible table.
    """
    visible = [table for table in tables if not table.hidden and table.head]
    candidates = [_headings_of(table, names) for table in visible]
    if not candidates:
        return (), []

    def rank(head: Headings) -> tuple[bool, int, int]:
        return names.required <= head.matched.keys(), len(head.matched), -head.number

    best = max(candidates, key=rank)
    heads = tuple(
        head for head in candidates if head is best or (head.digest == best.digest and best.matched)
    )
    hidden = _(
        "Sheet “%(sheet)s” is hidden and was skipped. To include it, unhide it, save the file "
        "and upload it again."
    )
    remarks = [hidden % {"sheet": table.name} for table in tables if table.hidden]
    used = {head.number for head in heads}
    skipped = [table.name for table in visible if table.number not in used and table.name]
    if skipped:
        remark = _(
            "Sheets skipped because their headings differ: %(sheets)s. Give them the same "
            "headings, or import each separately."
        )
        remarks.append(remark % {"sheets": "、".join(skipped)})
    return heads, remarks


def _headings_of(table: Table, names: FieldNames) -> Headings:
    top = TopRows(table)
    # One row rather than several, higher rather than lower.
    places = (
        range(row.line, row.line + depth)
        for depth in range(1, DEEPEST + 1)
        for row in table.head[:TOP_ROWS]
    )
    candidates = (_headings_at(top, lines, names) for lines in places)
    head = max(candidates, key=lambda head: len(head.matched))
    if not head.matched:
        head = _headings_at(top, _likeliest(table.head), names)
    # Not earlier: with a column less, a deeper heading could win, which includes a row of data.
    return replace(head, columns=_without_own_numbers(head.columns, names))


def _likeliest(rows: Sequence[RawRow]) -> range:
    """The first row with two texts, else the first row."""
    for row in rows:
        if sum(isinstance(cell, str) and bool(cell.strip()) for cell in row.cells) > 1:
            return range(row.line, row.line + 1)
    return range(rows[0].line, rows[0].line + 1)


def _headings_at(top: TopRows, lines: range, names: FieldNames) -> Headings:
    columns = []
    for index in range(top.width):
        texts = top.texts(lines, index)
        field, sure = names.field_of(texts)
        samples = top.samples(lines[-1], index)
        if texts or samples:
            columns.append(Column(index, " / ".join(texts), samples, field, sure))
    table = top.table
    return Headings(table.number, table.name, lines[0], lines[-1], _without_rivals(columns))


def _without_rivals(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Match each field to one column, preferably by its name.

    Two columns with the same heading both stay, which is a fault.
    """
    result = []
    for column in columns:
        rivals = [rival for rival in columns if rival.field == column.field and column.field]
        best = max(rivals, key=lambda rival: (rival.sure, -rival.index)) if rivals else column
        alike = fold(best.heading) == fold(column.heading)
        result.append(column if alike else replace(column, field="", sure=False))
    return tuple(result)


def _without_own_numbers(columns: tuple[Column, ...], names: FieldNames) -> tuple[Column, ...]:
    """Unmatch a column of ids that holds an office's own numbers: 1, 2, 3, or 督〔2026〕1号, 001.

    Only where other fields identify the rows, and there is no version.
    """
    matched = {column.field for column in columns}
    if "version" in matched or not matched & names.keys:
        return columns
    return tuple(
        replace(column, field="", sure=False) if _is_own_number(column) else column
        for column in columns
    )


def _is_own_number(column: Column) -> bool:
    samples = column.samples
    if column.field != "id" or not samples:
        return False
    counts = samples == ROW_NUMBERS[: len(samples)]
    return counts or not all(OUR_ID.fullmatch(folded(sample)) for sample in samples)


def with_remembered_fields(
    head: Headings, columns: Mapping[str, str], names: FieldNames
) -> Headings:
    """Match the columns as the user did before; `columns`: folded heading → field."""
    field_names = {field.name for field in names.fields}
    fields = {column.letter: columns.get(fold(column.heading), "") for column in head.columns}
    return head.with_fields(
        {letter: field for letter, field in fields.items() if field in field_names}
    )


def is_fully_matched(heads: Sequence[Headings], names: FieldNames) -> bool:
    """Whether the user need not choose: every heading has a field, and there are no faults."""
    if not heads or not all(column.field for column in heads[0].columns if column.heading):
        return False
    return not heading_faults(heads[0], names)


def heading_faults(head: Headings, names: FieldNames) -> list[Fault]:
    """Required fields without a column, and fields with several."""
    letters: dict[str, list[str]] = {}
    for column in head.columns:
        letters.setdefault(column.field, []).append(column.letter)
    faults = []
    for field in names.fields:
        columns = letters.get(field.name, [])
        if field.required and not columns:
            faults.append(_missing(field))
        if len(columns) > 1:
            faults.append(_repeated(field, columns))
    return faults


def _missing(field: Field) -> Fault:
    label = str(field.label)
    names = [name for name in field.synonyms if name != label][:4] or [label]
    expected = _("a column headed “%(label)s” (or one of: %(names)s)")
    remedy = _("Choose the column that contains it, or add it to the file and upload it again.")
    return Fault(field.name, "", expected % {"label": label, "names": "、".join(names)}, remedy)


def _repeated(field: Field, letters: Sequence[str]) -> Fault:
    label, columns = str(field.label), "、".join(letters)
    expected = _("one column for “%(label)s”; %(columns)s all claim to be it")
    remedy = _("Choose which column to use; the others are skipped.")
    return Fault(
        field.name,
        columns,
        expected % {"label": label, "columns": columns},
        remedy,
        letters[-1],
        label,
    )
