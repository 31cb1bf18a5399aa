"""Recognises rows that are no data: totals, repeated headings, column numbers, notes.

A remark on the import names each reason for skipping rows, with their number and lines.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from directives.tables.cells import as_text, folded
from directives.tables.layout import Cell, RawRow, Table
from directives.tables.matching import Headings

SUMS = re.compile(
    r"[^:;,。]{0,13}[合总小共][计計](?:数|金额|人数)?"
    r"(?::?[\d.,]+[^\d:;,。]{0,3})?(?:\([^()]{0,10}\))?:?|總計|(?:sub|grand)?total:?",
    re.IGNORECASE,
)
NOTES = re.compile(
    r"[※*▲]*(?:附?[注註]|备注|備註|说明|說明|填[表报報写寫]|[制製]表|审核|審核|审批|審批"
    r"|[复複]核|联系|聯繫|经办|經辦|报送)[^:]{0,8}:"
)
LABELS = re.compile(
    r"(?:单位|單位|部门|[负負][责責]|主要|分管|[领領]导|[统統][计計]|校对|日期|[时時]间"
    r"|[电電][话話]|[盖蓋]章|[签簽]|[数數]据|[来來]源|抄送|[小总]结)[^:]{0,10}:"
)
EXAMPLE = re.compile(
    r"[(【\[〔](?:示例|例|範例|example)[)】\]〕]|(?:示例|例|範例|example):", re.IGNORECASE
)
GROUP = re.compile(
    r"第?[一二三四五六七八九十]{1,3}(?:[、.]|部分|章|节)|\([一二三四五六七八九十]{1,3}\)"
)
INNER = re.compile(r"\(")  # （一） is a group within 一、
ANNEX = re.compile(r"^附(?:件|表|录|錄)[\s\d一二三四五六七八九十]*[:：]?")
COLUMN_NUMBER = re.compile(r"\(?(\d{1,3})\)?")
# How columns before the numbered ones are named: 甲 乙 1 2 3
LETTERS = ("甲乙丙丁戊己庚辛", "ABCDEFGH", "abcdefgh")
SUSPICIOUS = re.compile(r"[计計:：]|total", re.IGNORECASE)
LONGEST = 60  # characters of a cell that marks a row as no data; notes are longer
FEWEST_NUMBERED = 3  # columns for a row to be their numbers: fewer may be data
TOP = 3  # rows below the headings that may be an example or column numbers
LISTED = 5  # rows named in a remark
REASONS = ("sum", "note", "example", "heading", "group", "blank")


class RowFilter:
    """Judges the rows of one sheet in their order.

    `field_columns` are the indexes of columns with a field. `group` is the heading of the group
    to which the last row belongs, `inner_group` that of the group within it.
    """

    def __init__(self, head: Headings, table: Table, field_columns: Collection[int]) -> None:
        self.headings = {
            column.index: frozenset(map(folded, column.heading.split(" / ")))
            for column in head.columns
            if column.heading
        }
        self.heading_texts = frozenset().union(*self.headings.values())
        self.titles = {_texts(row) for row in table.head if row.line < head.first_line}
        self.wide = {(merge.top, merge.left) for merge in table.merges if merge.right > merge.left}
        self.field_columns = field_columns
        self.count = 0
        self.below_data = False  # after totals or notes
        self.group, self.outer_group, self.inner_group = "", "", ""

    def skip_reason(self, raw: RawRow, *, lacking: bool) -> str:
        """Return why a row is skipped, one of REASONS or "empty"; "" for a row of data.

        `lacking`: a required cell is empty.
        """
        self.count += 1
        row, width = raw.cells, len(raw.cells)
        filled = any(index < width and row[index] is not None for index in self.field_columns)
        alone = width - row.count(None) == 1 < len(self.headings)
        doubtful = lacking or alone or self.below_data or self.count <= TOP
        if filled and not (doubtful or self._is_suspicious(row)):
            return ""
        cells = {
            index: text
            for index, cell in enumerate(row)
            if cell is not None and (text := folded(as_text(cell)))
        }
        reason = self._reason(raw, cells, lacking or alone)
        if reason in ("sum", "note"):
            self.below_data = True
        elif reason not in ("blank", "empty"):
            self.below_data = False
        return reason

    def _is_suspicious(self, cells: Sequence[Cell]) -> bool:
        """Check only the first cells, for speed: most rows are data."""
        texts = (cell for cell in cells[:3] if isinstance(cell, str) and len(cell) < LONGEST)
        return any(SUSPICIOUS.search(text) or text.strip() in self.heading_texts for text in texts)

    def _reason(self, raw: RawRow, cells: Mapping[int, str], lacking: bool) -> str:
        if self._repeats(raw, cells):
            return "heading"
        first_texts = [
            text for index, text in list(cells.items())[:3] if isinstance(raw.cells[index], str)
        ]
        if first_texts and (reason := self._reason_by_words(raw, cells, first_texts, lacking)):
            return reason
        if any(index in cells for index in self.field_columns):
            return ""
        return "blank" if cells else "empty"

    def _reason_by_words(
        self, raw: RawRow, cells: Mapping[int, str], texts: Sequence[str], lacking: bool
    ) -> str:
        """Judge a row by its first texts."""
        first_text = texts[0]
        if any(len(text) < LONGEST and SUMS.fullmatch(text) for text in texts[:2]):
            return "sum"
        if self.count <= TOP and len(first_text) < LONGEST and EXAMPLE.match(first_text):
            return "example"
        labelled = all(NOTES.match(text) or LABELS.match(text) for text in cells.values())
        if NOTES.match(first_text) and (lacking or labelled):
            return "note"
        if labelled and (lacking or len(cells) > 1) and len(first_text) < LONGEST:
            return "note"
        if self.below_data and len(cells) == 1:
            return "note"
        if lacking and len(cells) == 1 and self._begins_group(raw, first_text, next(iter(cells))):
            return "group"
        return ""

    def _begins_group(self, raw: RawRow, text: str, index: int) -> bool:
        """Whether the row heads those below it: it is numbered, or spans several columns."""
        numbered = GROUP.match(text)
        if len(self.headings) < 3 or not (numbered or (raw.line, index) in self.wide):
            return False
        heading = " ".join(as_text(raw.cells[index]).split())
        if numbered and INNER.match(text) and self.outer_group:
            self.inner_group = heading
            return True
        self.group, self.inner_group = heading, ""
        self.outer_group = self.group if numbered and not INNER.match(text) else ""
        return True

    def _repeats(self, raw: RawRow, cells: Mapping[int, str]) -> bool:
        """Whether the row repeats the headings or a title, as in print, or numbers the columns."""
        if len(cells) > 1 and all(
            text in self.headings.get(index, ()) for index, text in cells.items()
        ):
            return True
        if cells and _texts(raw) in self.titles:
            return True
        if self.count > TOP or len(cells) < FEWEST_NUMBERED:
            return False
        return _are_column_numbers(list(cells.values()))


def texts_above(head: Headings, table: Table) -> tuple[str, ...]:
    """The texts above the headings of a table, cell by cell."""
    return tuple(
        text
        for row in table.head
        if row.line < head.first_line
        for cell in row.cells
        if (text := " ".join(as_text(cell).split()))
    )


def title_above(head: Headings, table: Table) -> str:
    """The title of a table: the longest text alone in a row above its headings, or "".

    "附件1", and lines that name an author or a unit, are no titles.
    """
    texts_above = [
        [text for cell in row.cells if (text := " ".join(as_text(cell).split()))]
        for row in table.head
        if row.line < head.first_line
    ]
    candidates = [ANNEX.sub("", texts[0]).strip() for texts in texts_above if len(texts) == 1]
    return max(
        (
            text
            for text in candidates
            if not (LABELS.match(folded(text)) or NOTES.match(folded(text)))
        ),
        key=len,
        default="",
    )


def _texts(row: RawRow) -> tuple[str, ...]:
    return tuple(filter(None, (folded(as_text(cell)) for cell in row.cells)))


def _are_column_numbers(texts: Sequence[str]) -> bool:
    """Whether a row is like 甲 乙 1 2 3, or 栏次 1 2 3, or 1 2 3 4."""
    numbers = [int(match[1]) for text in texts if (match := COLUMN_NUMBER.fullmatch(text))]
    labels = texts[: len(texts) - len(numbers)]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        return False
    if any(map(COLUMN_NUMBER.fullmatch, labels)):
        return False
    if not labels or list(labels) in (["栏次"], ["欄次"], ["序号"]):
        return True
    return any("".join(labels) == letters[: len(labels)] for letters in LETTERS)


def remarks_of(skipped: Mapping[str, Sequence[str]]) -> list[str]:
    """Describe the skipped rows; `skipped`: reason → names of rows."""
    messages = {
        "sum": _("Rows with totals skipped: %(count)s (rows %(lines)s)."),
        "note": _("Notes around the table skipped: %(count)s (rows %(lines)s)."),
        "example": _("The template’s example row was skipped."),
        "heading": _("Repeated headings skipped: %(count)s (rows %(lines)s)."),
        "group": _("Group heading rows skipped: %(count)s (rows %(lines)s)."),
        "blank": _(
            "Rows skipped because no column that is read has content: %(count)s (rows %(lines)s)."
        ),
    }
    return [
        messages[reason] % {"count": len(rows), "lines": join_first(rows)}
        for reason in REASONS
        if (rows := skipped.get(reason))
    ]


def join_first(rows: Sequence[str]) -> str:
    """List the names of rows, at most LISTED of them."""
    return "、".join(rows[:LISTED]) + ("…" if len(rows) > LISTED else "")
