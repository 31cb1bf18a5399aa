"""Rows of a table that are no rows of data: sums, headings said once more, numbers of columns, headings of groups, notes.

Nothing is passed over silently: a remark names each sort, how many, and where.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from directives.tables.cells import as_text, folded
from directives.tables.layout import Cell, RawRow, Table
from directives.tables.matching import Headings

SUMS = re.compile(
    r"[^:;,。]{0,13}[合总小共][计計](?:数|金额|人数)?(?::?[\d.,]+[^\d:;,。]{0,3})?(?:\([^()]{0,10}\))?:?|總計|(?:sub|grand)?total:?",
    re.IGNORECASE,
)
NOTES = re.compile(
    r"[※*▲]*(?:附?[注註]|备注|備註|说明|說明|填[表报報写寫]|[制製]表|审核|審核|审批|審批|[复複]核|联系|聯繫|经办|經辦|报送)[^:]{0,8}:"
)
LABELS = re.compile(
    r"(?:单位|單位|部门|[负負][责責]|主要|分管|[领領]导|[统統][计計]|校对|日期|[时時]间|[电電][话話]|[盖蓋]章|[签簽]|[数數]据|[来來]源|抄送|[小总]结)"
    r"[^:]{0,10}:"
)
EXAMPLE = re.compile(
    r"[(【\[〔](?:示例|例|範例|example)[)】\]〕]|(?:示例|例|範例|example):", re.IGNORECASE
)
GROUP = re.compile(
    r"第?[一二三四五六七八九十]{1,3}(?:[、.]|部分|章|节)|\([一二三四五六七八九十]{1,3}\)"
)
INNER = re.compile(r"\(")  # （一） stands inside 一、
ANNEX = re.compile(r"^附(?:件|表|录|錄)[\s\d一二三四五六七八九十]*[:：]?")
COUNTED = re.compile(r"\(?(\d{1,3})\)?")
LETTERED = (
    "甲乙丙丁戊己庚辛",
    "ABCDEFGH",
    "abcdefgh",
)  # how the columns before those of figures are named: 甲 乙 1 2 3
MARKED = re.compile(r"[计計:：]|total", re.IGNORECASE)
LONGEST = 60  # characters of a cell that may be such a mark; notes are longer
NUMBERED = 3  # columns that must be, for a row to be their numbers: fewer may be data
FIRST = 3  # rows below the headings among which a template's example and the numbers of the columns may stand
NAMED = 5  # rows that a remark names
SORTS = ("sum", "note", "example", "heading", "group", "blank")


class RowFilter:
    """Judges the rows of one sheet in their order. `group` is the heading of the group in which a row stands."""

    def __init__(self, head: Headings, table: Table, read: Collection[int]) -> None:
        """`read`: the columns that hold a field."""
        self.headings = {
            column.index: frozenset(map(folded, column.heading.split(" / ")))
            for column in head.columns
            if column.heading
        }
        self.said = frozenset().union(*self.headings.values())
        self.titles = {_texts(row) for row in table.head if row.line < head.first}
        self.wide = {(merge.top, merge.left) for merge in table.merges if merge.right > merge.left}
        self.read = read
        self.seen, self.ending, self.group, self.outer = 0, False, "", ""

    def why(self, raw: RawRow, *, lacking: bool) -> str:
        """Why a row is passed over, one of SORTS; "" for one that says something. `lacking`: a cell that must not be empty is."""
        self.seen += 1
        there, width = raw.cells, len(raw.cells)
        own = any(index < width and there[index] is not None for index in self.read)
        alone = width - there.count(None) == 1 < len(self.headings)
        if own and not (
            lacking or alone or self.ending or self.seen <= FIRST or self._marks(there)
        ):
            return ""
        cells = {
            index: text
            for index, cell in enumerate(there)
            if cell is not None and (text := folded(as_text(cell)))
        }
        texts = [text for index, text in list(cells.items())[:3] if isinstance(there[index], str)]
        found = "heading" if self._repeats(raw, cells) else ""
        if not found and texts:
            found = self._marked(raw, cells, texts, lacking or alone)
        found = found or (
            "" if any(index in cells for index in self.read) else "blank" if cells else "empty"
        )
        self.ending = found in ("sum", "note") or (self.ending and found in ("blank", "empty"))
        return found

    def _marks(self, cells: Sequence[Cell]) -> bool:
        """Whether one of the first cells may mark a row that is no data; quick, as it is asked of every row."""
        texts = (cell for cell in cells[:3] if isinstance(cell, str) and len(cell) < LONGEST)
        return any(MARKED.search(text) or text.strip() in self.said for text in texts)

    def _marked(
        self, raw: RawRow, cells: Mapping[int, str], texts: Sequence[str], lacking: bool
    ) -> str:
        """What the first words of a row make of it."""
        first = texts[0]
        if any(len(text) < LONGEST and SUMS.fullmatch(text) for text in texts[:2]):
            return "sum"
        if self.seen <= FIRST and len(first) < LONGEST and EXAMPLE.match(first):
            return "example"
        labelled = all(NOTES.match(text) or LABELS.match(text) for text in cells.values())
        if NOTES.match(first) and (lacking or labelled):
            return "note"
        if labelled and (lacking or len(cells) > 1) and len(first) < LONGEST:
            return "note"
        if self.ending and len(cells) == 1:
            return "note"
        return self._grouped(raw, first, next(iter(cells))) if lacking and len(cells) == 1 else ""

    def _grouped(self, raw: RawRow, text: str, index: int) -> str:
        """A row that only heads the rows below it: numbered, or over several columns."""
        numbered = GROUP.match(text)
        if len(self.headings) < 3 or not (numbered or (raw.line, index) in self.wide):
            return ""
        if numbered and INNER.match(text) and self.outer:
            return "group"
        self.group = " ".join(as_text(raw.cells[index]).split())
        self.outer = self.group if numbered and not INNER.match(text) else ""
        return "group"

    def _repeats(self, raw: RawRow, cells: Mapping[int, str]) -> bool:
        """The row says the headings, or a title above them, once more, as on the second page of a print; or it counts the columns."""
        if len(cells) > 1 and all(
            text in self.headings.get(index, ()) for index, text in cells.items()
        ):
            return True
        if cells and _texts(raw) in self.titles:
            return True
        return self.seen <= FIRST and len(cells) >= NUMBERED and _counts(list(cells.values()))


def title_above(head: Headings, table: Table) -> str:
    """The title of a table: the longest text that stands alone in a row above its headings; "" where there is none.

    "附件1", and lines that say who made the table or in what its numbers are counted, are no titles.
    """
    above = [
        [text for cell in row.cells if (text := " ".join(as_text(cell).split()))]
        for row in table.head
        if row.line < head.first
    ]
    alone = [ANNEX.sub("", texts[0]).strip() for texts in above if len(texts) == 1]
    return max(
        (text for text in alone if not (LABELS.match(folded(text)) or NOTES.match(folded(text)))),
        key=len,
        default="",
    )


def _texts(row: RawRow) -> tuple[str, ...]:
    return tuple(filter(None, (folded(as_text(cell)) for cell in row.cells)))


def _counts(texts: Sequence[str]) -> bool:
    """甲 乙 1 2 3, or 栏次 1 2 3, or 1 2 3 4: the columns are numbered, not filled in."""
    numbers = [int(found[1]) for text in texts if (found := COUNTED.fullmatch(text))]
    before = texts[: len(texts) - len(numbers)]
    if (
        numbers != list(range(1, len(numbers) + 1))
        or not numbers
        or any(map(COUNTED.fullmatch, before))
    ):
        return False
    return (
        not before
        or list(before) in (["栏次"], ["欄次"], ["序号"])
        or any("".join(before) == row[: len(before)] for row in LETTERED)
    )


def remarks_of(passed: Mapping[str, Sequence[str]]) -> list[str]:
    """What was passed over, in words; `passed`: where the rows of each sort stand."""
    words = {
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
        words[why] % {"count": len(passed[why]), "lines": listed(passed[why])}
        for why in SORTS
        if passed.get(why)
    ]


def listed(lines: Sequence[str]) -> str:
    """The first rows of many."""
    return "、".join(lines[:NAMED]) + ("…" if len(lines) > NAMED else "")
