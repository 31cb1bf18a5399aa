"""Which row of a table heads its columns, and which field each column holds.

Titles may stand above the headings, headings may take two or three rows with merged cells, further sheets with the same headings
carry the table on, and others (a cover, notes) are passed over. A column is known by its field's name, label or synonyms.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.tables.cells import as_text
from directives.tables.fields import Fault, Field
from directives.tables.layout import RawRow, Table, column_letters

DEEPEST = 3  # rows that headings may take
WIDEST = 300  # columns that are looked at
LONGEST = 60  # characters of a heading
SAMPLES = 3
SHOWN = 60  # characters of a sample
COUNTED = ("1", "2", "3")  # the first samples of a column that counts its rows
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
# What headed these fields in files that people keep from before, beside what heads them now.
FORMER = {
    "成果形式": "deliverable", "方案报送截止": "plan_due_on", "报送期限": "due_on", "最近记录日期": "last_on", "文件条款": "codes",
    "佐证": "evidence", "分工": "part", "上期比例": "last_percent", "clauses": "codes", "clause": "code", "day": "on",
    "body": "organisation", "written by": "by", "responsible or supporting body": "body", "lead body": "leads",
    "supporting bodies": "supporting", "kind of body": "kind", "role ends": "ended", "roles in bodies": "memberships",
    "why nothing changed": "unchanged_reason",
}  # fmt: skip
IN_BRACKETS = re.compile(r"[(（\[【](?:单位[:：])?([^)）\]】]*)[)）\]】]|/([^/]+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: where it stands, its heading as the file spells it, some of its values, the field that it holds."""

    index: int  # from 0
    heading: str
    samples: tuple[str, ...] = ()
    field: str = ""
    sure: bool = False  # its heading is the name of the field, not one like it

    @property
    def letter(self) -> str:
        return column_letters(self.index)

    @property
    def scale(self) -> int:
        """What its heading says that bare numbers count in: 投入（万元） is 10,000."""
        found = IN_BRACKETS.search(self.heading)
        return SCALES.get(fold(found[1] or found[2] or ""), 1) if found else 1


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of one sheet: the lines that they take, and their columns."""

    number: int  # of the table in the file
    sheet: str
    first: int
    last: int
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
            "first": self.first,
            "last": self.last,
            "columns": columns,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Headings":
        columns = tuple(
            Column(index, heading, tuple(samples), field, sure)
            for index, heading, samples, field, sure in told["columns"]
        )
        return cls(told["number"], told["sheet"], told["first"], told["last"], columns)

    def matching(self, chosen: Mapping[str, str]) -> "Headings":
        """These columns with the fields chosen for them, by letter."""
        return replace(
            self,
            columns=tuple(
                replace(column, field=chosen.get(column.letter, "")) for column in self.columns
            ),
        )


class FieldNames:
    """The fields of a kind by every name that a heading may give them."""

    def __init__(self, fields: Sequence[Field]) -> None:
        fields = [field for field in fields if not field.computed]
        self.fields = fields
        self.sure: dict[str, str] = {}
        self.likely: dict[str, str] = {}
        self.met: dict[tuple[str, ...], tuple[str, bool]] = {}
        for field in reversed(fields):
            self.likely |= {fold(name): field.name for name in field.synonyms}
        for code, _language in settings.LANGUAGES:
            with translation.override(code):
                self.sure = {
                    fold(str(field.label)): field.name for field in reversed(fields)
                } | self.sure
        self.sure |= {fold(field.name): field.name for field in fields}
        named = {field.name for field in fields}
        self.sure = {
            fold(heading): name for heading, name in FORMER.items() if name in named
        } | self.sure

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.required)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Fields other than our ids that tell which row is meant."""
        return frozenset(field.name for field in self.fields if field.key and field.name != "id")

    def of(self, texts: Sequence[str]) -> tuple[str, bool]:
        """The field that a heading of these rows names, and whether it is its very name; ("", False) for none."""
        key = tuple(texts)
        if key not in self.met:
            self.met[key] = (
                self._of(key) if max(map(len, key), default=0) <= LONGEST else ("", False)
            )
        return self.met[key]

    def _of(self, texts: Sequence[str]) -> tuple[str, bool]:
        whole, bottom, top = "".join(texts), texts[-1] if texts else "", texts[0] if texts else ""
        for names, sure in ((self.sure, True), (self.likely, False)):
            for text in dict.fromkeys((whole, bottom, top)):
                for key in dict.fromkeys((fold(text), fold(NOISE.sub("", text)))):
                    if key and key in names:
                        return names[key], sure
        return "", False


class TopRows:
    """The first rows of a table, every cell of a merged range with the range's value."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = {row.line: row for row in table.head}
        self.width = min(WIDEST, max((len(row.cells) for row in table.head), default=0))
        self.texts_of: dict[tuple[int, int], str] = {}
        for row in table.head:
            self.texts_of |= {
                (row.line, column): " ".join(as_text(cell).split())
                for column, cell in enumerate(row.cells[:WIDEST])
            }
        self._spread(max(self.rows, default=0))

    def _spread(self, last: int) -> None:
        for merge in self.table.merges:
            text = self.texts_of.get((merge.top, merge.left), "")
            for line in range(merge.top, min(merge.bottom, last) + 1) if text else ():
                for column in range(merge.left, min(merge.right, self.width - 1) + 1):
                    self.texts_of[line, column] = (
                        self.text(line, column) or text
                    )  # a false merge hides what stands in it

    def text(self, line: int, column: int) -> str:
        return self.texts_of.get((line, column), "")

    def texts(self, lines: range, column: int) -> list[str]:
        """What stands over a column in these lines, without empty cells and repetitions."""
        return list(dict.fromkeys(filter(None, (self.text(line, column) for line in lines))))

    def samples(self, after: int, column: int) -> tuple[str, ...]:
        below = (
            row.cells[column]
            for row in self.table.head
            if row.line > after and column < len(row.cells)
        )
        return tuple(text[:SHOWN] for text in map(as_text, below) if text)[:SAMPLES]


def find_headings(
    tables: Sequence[Table], names: FieldNames
) -> tuple[tuple[Headings, ...], list[str]]:
    """The headings of the sheets that are one table, and remarks on what is passed over. No heads: the file holds nothing to read."""
    shown = [table for table in tables if not table.hidden and table.head]
    found = [(table, _head_of(table, names)) for table in shown]
    if not found:
        return (), []
    best = max(
        found,
        key=lambda pair: (
            names.required <= pair[1].matched.keys(),
            len(pair[1].matched),
            -pair[0].number,
        ),
    )[1]
    heads = tuple(
        head
        for _table, head in found
        if head is best or (head.digest == best.digest and best.matched)
    )
    taken = {head.number for head in heads}
    hidden = _(
        "Sheet “%(sheet)s” is hidden and was skipped. To include it, unhide it, save the file and upload it again."
    )
    remarks = [hidden % {"sheet": table.name} for table in tables if table.hidden]
    left = [table.name for table in shown if table.number not in taken and table.name]
    if left:
        text = _(
            "Sheets skipped because their headings differ: %(sheets)s. Give them the same headings, or import each separately."
        )
        remarks.append(text % {"sheets": "、".join(left)})
    return heads, remarks


def _head_of(table: Table, names: FieldNames) -> Headings:
    grid, best, most = TopRows(table), None, 0
    for lines in _candidates(table.head):
        head = _named(grid, lines, names)
        if len(head.matched) > most:
            best, most = head, len(head.matched)
    # Only now: a column that is not matched would let a deeper heading win, which takes the first row for its own.
    head = best or _named(grid, _likeliest(table.head), names)
    return replace(head, columns=_without_own_numbers(head.columns, names))


def _candidates(rows: Sequence[RawRow]) -> Iterator[range]:
    """Places where headings may stand: one row rather than several, higher rather than lower."""
    for depth in range(1, DEEPEST + 1):
        for row in rows[:30]:
            yield range(row.line, row.line + depth)


def _likeliest(rows: Sequence[RawRow]) -> range:
    """Where nothing is known: the first row with two texts, else the first row."""
    row = next(
        (
            row
            for row in rows
            if sum(isinstance(cell, str) and bool(cell.strip()) for cell in row.cells) > 1
        ),
        rows[0],
    )
    return range(row.line, row.line + 1)


def _named(grid: TopRows, lines: range, names: FieldNames) -> Headings:
    columns = []
    for index in range(grid.width):
        texts = grid.texts(lines, index)
        field, sure = names.of(texts)
        samples = grid.samples(lines[-1], index)
        if texts or samples:
            columns.append(Column(index, " / ".join(texts), samples, field, sure))
    return Headings(grid.table.number, grid.table.name, lines[0], lines[-1], _once(columns))


def _once(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Of several columns that may hold one field, the one with its very name; two with the same heading both stay, as a fault."""
    result = []
    for column in columns:
        same = [other for other in columns if other.field == column.field and column.field]
        first = max(same, key=lambda other: (other.sure, -other.index)) if same else column
        alike = fold(first.heading) == fold(column.heading)
        result.append(column if alike else replace(column, field="", sure=False))
    return tuple(result)


def _without_own_numbers(columns: tuple[Column, ...], names: FieldNames) -> tuple[Column, ...]:
    """The columns, where one that may hold our ids counts the rows of the table from 1: it is not matched.

    Only where others tell which row is meant, and no version stands beside it.
    """
    matched = {column.field for column in columns}
    if "version" in matched or not matched & names.keys:
        return columns
    return tuple(
        replace(column, field="", sure=False)
        if column.field == "id"
        and column.samples
        and column.samples == COUNTED[: len(column.samples)]
        else column
        for column in columns
    )


def remembered(head: Headings, columns: Mapping[str, str], names: FieldNames) -> Headings:
    """The head as the person once matched it; `columns`: folded heading → field."""
    known = {field.name for field in names.fields}
    fields = {column.letter: columns.get(fold(column.heading), "") for column in head.columns}
    return head.matching({place: field for place, field in fields.items() if field in known})


def all_known(heads: Sequence[Headings], names: FieldNames) -> bool:
    """Nothing need be asked: every heading is known, none stands twice, none that must be there is missing."""
    return (
        bool(heads)
        and all(column.field for column in heads[0].columns if column.heading)
        and not heading_faults(heads[0], names)
    )


def heading_faults(head: Headings, names: FieldNames) -> list[Fault]:
    """What stands against reading the columns so: fields without a column, fields with two."""
    times = Counter(column.field for column in head.columns if column.field)
    found = []
    for field in names.fields:
        if field.required and not times[field.name]:
            listed = "、".join(
                [name for name in field.synonyms if name != str(field.label)][:4]
                or [str(field.label)]
            )
            expected = _("a column headed “%(label)s” (or one of: %(names)s)") % {
                "label": field.label,
                "names": listed,
            }
            found.append(
                Fault(
                    field.name,
                    "",
                    expected,
                    _(
                        "Choose the column that contains it, or add it to the file and upload it again."
                    ),
                )
            )
        if times[field.name] > 1:
            letters = [column.letter for column in head.columns if column.field == field.name]
            said = {"label": field.label, "columns": "、".join(letters)}
            expected = _("one column for “%(label)s”; %(columns)s all claim to be it") % said
            remedy = _("Choose which column to use; the others are skipped.")
            found.append(
                Fault(
                    field.name, "、".join(letters), expected, remedy, letters[-1], str(field.label)
                )
            )
    return found
