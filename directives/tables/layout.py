"""What was read of a file before anybody knows what it means: its tables, their first rows, and every row as it stands.

Lines count from 1 as the spreadsheet counts them, columns from 0 as `RawRow.cells` does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class NoValue:
    """A cell without a usable value: a "formula" that was saved without its result, or an "error" such as #N/A or NaN.

    `text` is the formula with its =, or the error as the spreadsheet shows it.
    """

    kind: Literal["formula", "error"]
    text: str

    def __str__(self) -> str:
        return self.text


# Text is as it stands: neither trimmed nor freed of a guarding apostrophe. An empty cell is None. In CSV every cell is text.
Cell = None | str | int | float | Decimal | bool | date | datetime | NoValue


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row that holds something; empty rows are left out, and so are empty cells at a row's end."""

    line: int
    cells: tuple[Cell, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """A range of merged cells, its borders included. Its value stands in the top left cell; the others are empty."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Table:
    """One worksheet, or the one table of a text file (its name is then empty)."""

    number: int  # its place in the file, from 0
    name: str
    head: tuple[RawRow, ...]  # its first rows that hold something, at most `reader.HEAD`
    rows: int  # how many it has at most: empty and title rows are counted
    hidden: bool = False
    merges: tuple[Merge, ...] = ()  # at most `parsing.limits.MERGES`, the first of the file
    hidden_columns: tuple[int, ...] = ()


@dataclass(slots=True)
class OpenFile:
    """A file that can be read. Close it when done, or use it in a `with`; rows cannot be read after that."""

    name: str  # as the person calls the file
    format: Literal["xlsx", "csv"]
    tables: tuple[Table, ...]
    remarks: tuple[str, ...]  # in words, about the file as a whole
    reading: Callable[[Table], Iterator[RawRow]] = field(repr=False)
    closing: Callable[[], None] = field(repr=False)
    encoding: str = ""  # of a text file
    separator: str = ""

    def rows(self, table: Table) -> Iterator[RawRow]:
        """Every row of the table that holds something, in the order of the file, read while the caller takes them.

        Raises `reader.Unreadable` on the way if the file breaks off. Closing the iterator ends the process that reads.
        """
        return self.reading(table)

    def close(self) -> None:
        """Let go of the file."""
        self.closing()

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
    """The letters that head a column in a spreadsheet: 0 is A, 26 is AA."""
    text, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text
