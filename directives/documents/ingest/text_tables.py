"""Tables in plain text: rows of cells with tabs between them, as pasted from a table of tasks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from directives.documents.ingest import tables
from directives.documents.ingest.sources import Cell
from directives.documents.ingest.words import Line

_FEWEST = 2  # tabs of a row


def with_cells(lines: Sequence[Line], text: str) -> Iterator[Line]:
    """The lines; those of a table of tasks cut at their tabs into cells."""
    if "\t" not in text:
        yield from lines
        return
    number = max((line.markup.cell.table for line in lines if line.markup.cell), default=0)
    for tabbed, run in groupby(lines, lambda line: _is_row(line, text)):
        rows = list(run)
        number += 1
        cells = [cell for row in _cells(rows, text, number) for cell in row] if tabbed else []
        above, columns = tables.header_rows(tables.rows_of(cells)) if cells else (0, {})
        yield from cells if columns and above < len(rows) else rows


def _is_row(line: Line, text: str) -> bool:
    if line.markup.cell or not line.text:
        return False
    start, end = line.words.source
    return text.count("\t", start, end) >= _FEWEST


def _cells(rows: Sequence[Line], text: str, number: int) -> Iterator[list[Line]]:
    for place, line in enumerate(rows, 1):
        starts = line.words.starts
        tabs = [at for at, start in enumerate(starts) if text[start] == "\t"]
        bounds = [-1, *tabs, len(line.text)]
        cells: list[Line] = []
        for column, (before, stop) in enumerate(zip(bounds, bounds[1:], strict=False), 1):
            words = line.words.cut(before + 1, stop)
            if words.text:
                start, end = words.source
                cell = Cell(number, place, column)
                markup = replace(line.markup, start=start, end=end, kind="cell", cell=cell)
                cells.append(Line(line.number, words, markup))
        yield cells
