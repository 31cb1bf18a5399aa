"""The raw content of a file: its tables, their first rows, and every row unchanged.

Lines count from 1 as in the spreadsheet, columns from 0 as in `RawRow.cells`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class NoValue:
    """A cell without a usable value: a formula saved without its result, or an error such as #N/A.

    `text` is the formula with its =, or the error as the spreadsheet shows it.
    """

    kind: Literal["formula", "error"]
    text: str

    def __str__(self) -> str:
        return self.text


# Text is neither trimmed nor unguarded. An empty cell is None. In CSV every cell is text.
Cell = None | str | int | float | Decimal | bool | date | datetime | NoValue


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row that is not empty; empty cells at its end are left out."""

    line: int
    cells: tuple[Cell, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """A range of merged cells, ends included. The value is in the top left cell."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Table:
    """One worksheet, or the only table of a text file, whose name is empty."""

    number: int  # its index in the file
    name: str
    head: tuple[RawRow, ...]  # its first rows that are not empty, at most `limits.HEAD_ROWS`
    rows: int  # at most so many; empty ones and titles count
    hidden: bool = False
    merges: tuple[Merge, ...] = ()  # the first `limits.MAX_MERGES`
    hidden_columns: tuple[int, ...] = ()


@dataclass(slots=True)
class OpenFile:
    """A file being read. Close it when done, or use it as a context manager."""

    name: str  # of the uploaded file
    format: Literal["xlsx", "csv"]
    tables: tuple[Table, ...]
    remarks: tuple[str, ...]  # translated, about the file as a whole
    read_rows: Callable[[Table], Iterator[RawRow]] = field(repr=False)
    close_file: Callable[[], None] = field(repr=False)
    encoding: str = ""  # of a text file
    separator: str = ""

    def rows(self, table: Table) -> Iterator[RawRow]:
        """Iterate over the rows of a table that are not empty, in the order of the file.

        Iterating may raise `reader.Unreadable`. Closing the iterator ends the process that reads.
        """
        return self.read_rows(table)

    def close(self) -> None:
        self.close_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def column_letters(column: int) -> str:
    """The letters of a column in a spreadsheet: 0 is A, 26 is AA."""
    text, number = "", column + 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text
