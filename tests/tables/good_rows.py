"""Rows of the standard table made anew for the files that are odd but right."""

from tests.tables.manifest import HEADS, ROWS, Good, read_as
from tests.tables.packing import Sheet, lines, workbook

PLAIN = Sheet(lines(*ROWS))
REST = ROWS[1:]
SHEET1 = "xl/worksheets/sheet1.xml"


def dated(*days: object) -> tuple[tuple, ...]:
    """The standard rows with other cells for the days."""
    return (HEADS, *((*row[:5], day) for row, day in zip(REST, days, strict=True)))


def headed(*heads: str) -> tuple[tuple, ...]:
    """The standard rows under other headings."""
    return (heads, *REST)


def of(name: str, rows: tuple, **more: object) -> Good:
    """A workbook of these rows, which are read as they stand."""
    return Good(f"{name}.xlsx", lambda: workbook(Sheet(lines(*rows))), read_as(*rows), **more)
