"""Cells merged over several rows: their value counts for each of these rows, as people read it."""

from collections.abc import Iterable
from dataclasses import replace

from directives.tables.layout import Cell, RawRow, Table


class Merged:
    """The cells of one sheet that are merged downwards, row by row in the order of the file."""

    def __init__(self, table: Table, last: int, columns: Iterable[int]) -> None:
        """`last`: the last row of the headings; `columns`: those that are read."""
        taken = set(columns)
        self.ranges: dict[int, list[tuple[int, int]]] = {}  # first row → column and last row
        for merge in table.merges:
            if merge.top > last and merge.bottom > merge.top and merge.left in taken:
                self.ranges.setdefault(merge.top, []).append((merge.left, merge.bottom))
        self.open: dict[int, tuple[int, Cell]] = {}  # column → last row and value

    def filled(self, row: RawRow) -> RawRow:
        """The row with what is merged into it; the same row where nothing is."""
        if not self.ranges:
            return row
        self.open = {column: kept for column, kept in self.open.items() if row.line <= kept[0]}
        cells = list(row.cells)
        for column, (_last, value) in self.open.items():
            cells.extend([None] * (column + 1 - len(cells)))
            if cells[column] in (None, ""):  # a false merge hides what stands in it
                cells[column] = value
        for column, last in self.ranges.get(row.line, ()):
            if column < len(row.cells) and row.cells[column] not in (None, ""):
                self.open[column] = last, row.cells[column]
        return (
            replace(row, cells=tuple(cells))
            if len(cells) != len(row.cells) or tuple(cells) != row.cells
            else row
        )
