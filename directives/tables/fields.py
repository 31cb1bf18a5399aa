"""What an intake is made of: the fields of a kind of table, a row as it was given, what was found of it, and its faults.

A kind says what its tables hold (`Field`s), how rows are checked against what stands in the product (`Checker`), and how
checked rows are written and taken back. It knows nothing of files, sheets or pages; `checking` and `applying` know no kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext_lazy as _

from directives.base.states import LIGHTS
from directives.models import IntakeRow, User
from directives.tables.book import Words

Sort = Literal["text", "code", "date", "whole", "number", "percent", "money", "choice", "codes"]
Choices = tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """Who brings the table in, when, and what it belongs to; `place` holds ids by name: document, cycle, organisation, owner."""

    by: User
    now: datetime
    today: date
    place: Mapping[str, int] = field(default_factory=dict)
    memory: dict[str, Any] = field(
        default_factory=dict, compare=False, repr=False
    )  # of a kind, from one batch of an act to the next


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a kind of table may have.

    `label` heads it in a template, in the reader's language; `synonyms` are other headings that people use (Simplified;
    compared folded, so that Traditional, full-width and spaced ones match too). `choices` of a "choice" may be given by value
    or by any language's label. `limit` is in characters. "codes" are several codes in one cell (、 , ; or a line each).
    """

    name: str
    label: Words
    sort: Sort = "text"
    synonyms: tuple[str, ...] = ()
    required: bool = False  # the column must be there and no cell of it empty
    key: bool = False  # it is among what tells which row is meant
    choices: Choices = ()
    limit: int = 0
    example: str = ""
    help: Words = ""
    drop_down: str = ""  # names a list of the place for a template's drop-down: organisations, directives, indicators
    read_only: bool = False  # goes out, is compared with nothing, and is passed over on the way in
    report_edits: bool = False  # of one that is shown only: the kind gets its cells as they are, and tells of each that is not taken over
    computed: bool = False  # the check works it out; no file has a column of it
    unless: str = ""  # passed over on the way in where the file has a column of that other field
    deadline: bool = False  # of a "date": a day by which something is done, so that a month or a quarter means its last day

    def shown_only(self, headed: Container[str]) -> bool:
        """Whether a file with columns of these fields says nothing by this one."""
        return self.read_only or self.unless in headed


# How many obligations a body or a directive has, and in which light: columns that are exported only.
COUNTS = (
    Field("obligations", _("Obligations"), "whole", read_only=True),
    *(Field(colour, label, "whole", read_only=True) for colour, label in LIGHTS),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell (or row, where `field` is empty), what was expected, and what to do: all in words."""

    field: str
    value: str
    expected: str
    remedy: str = ""
    column: str = ""  # its letter in the sheet, where there is one
    heading: str = ""  # as the file spells it


@dataclass(frozen=True, slots=True)
class UntakenCell:
    """A cell that says something else than stands here and is not taken over: both values, why not, and where it is edited."""

    field: str
    value: str
    stands: str
    why: str
    where: str
    column: str = ""  # its letter in the sheet
    heading: str = ""  # as the file spells it


class RowPlace(NamedTuple):
    """Where a row of the file stands."""

    number: int  # from 1 over all rows of the file that say something
    sheet: str
    line: int  # as the spreadsheet counts

    def seen_from(self, other: "RowPlace") -> str:
        """How somebody who looks at another row finds it: by its line, behind the name of its sheet if that is another one."""
        return str(self.line) if self.sheet == other.sheet else f"{self.sheet}!{self.line}"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of the file, its cells read as the fields say. A field whose column is not in the file is not in `values`;
    an empty cell is None there. `faults` are of cells that could not be read; those fields are not in `values` either."""

    number: int  # from 1 over the whole file
    sheet: str
    line: int  # as the spreadsheet counts
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    hidden: bool = False
    spelt_out: frozenset[str] = (
        frozenset()
    )  # fields whose number came with 万 or 亿, in the cell or its heading, and was worked out
    shown: Mapping[str, Any] = field(
        default_factory=dict
    )  # the cells, as they are, of fields that are shown only and told of

    @property
    def place(self) -> RowPlace:
        return RowPlace(self.number, self.sheet, self.line)


@dataclass(slots=True)
class CheckedRow:
    """What was found of one row. `before` and `after` hold only fields that change, as JSON holds them."""

    row: FileRow
    verdict: str  # NEW, CHANGED, SAME, WRONG or CONFLICT
    label: str = ""
    subject: int | None = None
    seen: int | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    untaken: list[UntakenCell] = field(default_factory=list)


class Checker(ABC):
    """Holds the rows of one table against the product, some hundred at a time, in the order of the file. Writes nothing."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        """`headed`: the fields for which the file has a column."""
        self.context = context
        self.headed = headed

    @abstractmethod
    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        """One Planned for each row, in order; few queries however many rows."""

    def finish(self) -> Iterable[tuple[int, Fault]]:
        """Faults that are known only when every row was seen, by the row's `number`: keys that stand twice, circles."""
        return ()

    def remarks(self) -> Iterable[str]:
        """What is to be told of the table as a whole, once every row was seen."""
        return ()


IntakeRows = Sequence[IntakeRow]


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table that can be brought in."""

    key: str
    name: Words
    about: Words  # one sentence: what it is for, what happens when it is applied
    needs: tuple[
        str, ...
    ]  # what must be chosen before: document, cycle, organisation, owner (of what is registered)
    fields: Callable[[IntakeContext], tuple[Field, ...]]
    may: Callable[[User], bool]  # whether the person brings in such tables at all
    checker: Callable[[IntakeContext, frozenset[str]], Checker]
    # Set-wise, inside one transaction that the caller holds; NEW and CHANGED rows (a conflict chosen as mine is CHANGED) in the order
    # of the file, a batch at a time. Sets row.subject_id and row.left. Raises Stale, naming the row, if one was changed meanwhile.
    write: Callable[[IntakeContext, IntakeRows], None]
    # Takes rows back that this kind wrote. Raises Refusal with the reason where something was built on one.
    undo: Callable[[IntakeContext, IntakeRows], None]
    order: Literal["file", "parents"] = "file"
    updates: bool = True  # False: rows are only ever added
    owned: bool = (
        False  # only of documents that the person's own bodies, or bodies below these, registered
    )
    # The values of the several rows that one row of a file stands for, such as one that names several bodies.
    split: Callable[[dict[str, Any]], Sequence[dict[str, Any]]] | None = None
