"""The cells of a table of a .docx with the places that they take."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from directives.documents.ingest.sources.blocks import Cell
from directives.documents.ingest.sources.ooxml import (
    Element,
    attribute,
    child,
    is_on,
    local,
    number_of,
    value_of,
)
from directives.documents.ingest.sources.word_runs import chosen, words_in

_WRAPPERS = {"ins", "moveTo", "customXml", "sdt", "sdtContent", "smartTag"}
_WIDEST = 200  # columns of a grid


@dataclass(frozen=True, slots=True)
class Place:
    row: int
    column: int
    rows: int
    columns: int
    header: bool

    def in_table(self, number: int) -> Cell:
        return Cell(number, self.row, self.column, self.rows, self.columns, self.header)


def placed_cells(table: Element) -> tuple[list[tuple[Element, Place]], list[str]]:
    """The cells in reading order, merged ones once; and the words of deleted rows."""
    found: list[tuple[Element, Place]] = []
    deleted: list[str] = []
    above: dict[int, int] = {}  # column → index in `found` of the cell that a merged one continues
    row = 0
    for element in _parts(table, "tr"):
        properties = child(element, "trPr")
        if child(properties, "del") is not None:
            deleted.append(words_in(element))
            continue
        row += 1
        header = is_on(child(properties, "tblHeader"))
        column = 1 + (number_of(value_of(properties, "gridBefore")) or 0)
        reached: dict[int, int] = {}
        for cell in _parts(element, "tc"):
            cell_properties = child(cell, "tcPr")
            span = min(max(1, number_of(value_of(cell_properties, "gridSpan")) or 1), _WIDEST)
            at = above.get(column) if _continues(cell_properties, "vMerge") else None
            if at is not None:
                found[at] = (found[at][0], replace(found[at][1], rows=row - found[at][1].row + 1))
            elif _continues(cell_properties, "hMerge") and found and found[-1][1].row == row:
                at = len(found) - 1
                place = found[at][1]
                found[at] = (found[at][0], replace(place, columns=place.columns + span))
            else:
                found.append((cell, Place(row, column, 1, span, header)))
                at = len(found) - 1
            reached[column] = at
            column += span
        above = reached
    return found, deleted


def _continues(properties: Element | None, name: str) -> bool:
    merge = child(properties, name)
    return merge is not None and attribute(merge, "val") != "restart"


def _parts(element: Element, name: str) -> Iterator[Element]:
    """Rows or cells, also inside content controls and tracked insertions."""
    for node in element:
        kind = local(node)
        if kind == name:
            yield node
        elif kind in _WRAPPERS:
            yield from _parts(node, name)
        elif kind == "AlternateContent":
            yield from _parts(chosen(node), name)
