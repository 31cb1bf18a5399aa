"""The kinds of tables that can be imported: their fields, rows and faults.

A kind says what its tables hold (`Field`), how rows are checked against what is stored (`Checker`),
and how checked rows are written and undone. It knows nothing of files, sheets or pages, and
`intakes` knows no kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext_lazy as _

from directives.base.states import LIGHTS
from directives.models import Document, IntakeRow, Organisation, User
from directives.tables.book import StrOrPromise

FieldType = Literal[
    "text", "code", "date", "whole", "number", "percent", "money", "choice", "codes"
]
Choices = tuple[tuple[str, StrOrPromise], ...]


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """Who imports the table, when, and what it belongs to.

    `place` holds ids by name: document, cycle, organisation, owner; `assign` is 1 where directives
    are assigned at once. In `memory` a kind keeps what
    it needs from one batch of rows to the next.
    """

    by: User
    now: datetime
    today: date
    place: Mapping[str, int] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a kind of table may have.

    `label` heads it in a template; `synonyms` are other headings that people use, in Simplified
    characters (compared folded, so that Traditional, full-width and spaced ones match too). A
    "choice" may be written as its value or as its label in any language. "codes" are several codes
    in one cell, separated by 、 , ; or line breaks.
    """

    name: str
    label: StrOrPromise
    type: FieldType = "text"
    synonyms: tuple[str, ...] = ()
    required: bool = False  # the column must exist and no cell of it be empty
    key: bool = False  # part of what identifies the stored row
    choices: Choices = ()
    limit: int = 0  # characters
    example: str = ""
    help: StrOrPromise = ""
    drop_down: str = ""  # a key of `templates.LISTS`: the values that a template offers
    read_only: bool = False  # exported, but ignored in an import
    report_edits: bool = False  # cells of a read-only field that differ are reported
    computed: bool = False  # set by the check; no file has a column of it
    unless: str = ""  # ignored in an import where the file has a column of that other field
    deadline: bool = False  # of a "date": a month or a quarter means its last day

    def is_readonly(self, headed: Container[str]) -> bool:
        """Whether an import ignores the field, given the fields `headed` that have a column."""
        return self.read_only or self.unless in headed


# How many obligations there are, and in which light; these columns are only exported.
COUNTS = (
    Field("obligations", _("Obligations"), "whole", read_only=True),
    *(Field(colour, label, "whole", read_only=True) for colour, label in LIGHTS),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, or with the row, where `field` is empty."""

    field: str
    value: str
    expected: str
    remedy: str = ""
    column: str = ""  # its letter in the sheet, if it has one
    heading: str = ""  # as the file spells it


@dataclass(frozen=True, slots=True)
class UntakenCell:
    """A cell that differs from the stored value but is not imported."""

    field: str
    value: str
    stands: str  # the stored value
    why: str
    where: str  # to edit it
    column: str = ""  # its letter in the sheet
    heading: str = ""  # as the file spells it


class RowPlace(NamedTuple):
    """Where a row of the file is."""

    number: int  # from 1 over all rows of data in the file
    sheet: str
    line: int  # as the spreadsheet counts

    def seen_from(self, other: "RowPlace") -> str:
        """How another row refers to this one: its line, behind its sheet if that is different."""
        return str(self.line) if self.sheet == other.sheet else f"{self.sheet}!{self.line}"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of the file, its cells read by the fields.

    `values` has no key for a field without a column in the file, nor for a cell that could not be
    read, which is among `faults`; an empty cell is None.
    """

    number: int  # from 1 over all rows of data in the file
    sheet: str
    line: int  # as the spreadsheet counts
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    hidden: bool = False
    # Fields whose number was multiplied, because of 万 or 亿 in the cell or its heading.
    scaled_fields: frozenset[str] = frozenset()
    # The raw cells of read-only fields with `report_edits`.
    readonly_cells: Mapping[str, Any] = field(default_factory=dict)
    # Fields whose cell is merged with one in a row above, where its faults are told.
    merged_fields: frozenset[str] = frozenset()

    @property
    def place(self) -> RowPlace:
        return RowPlace(self.number, self.sheet, self.line)


@dataclass(slots=True)
class CheckedRow:
    """The result of checking one row. Values are as JSON holds them, of fields that change only."""

    row: FileRow
    verdict: str  # NEW, CHANGED, SAME, WRONG or CONFLICT
    label: str = ""
    subject: int | None = None  # id of the stored row
    seen: int | None = None  # the version from which the file was exported
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)  # of `before`: what conflicts
    faults: list[Fault] = field(default_factory=list)
    untaken: list[UntakenCell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OpenName:
    """A name of the table that means no organisation yet, or several.

    `candidates` are those that it could mean; a name `outside` means bodies that the person does
    not supervise, and nothing is asked.
    """

    name: str
    rows: tuple[str, ...]  # of the file that say it
    candidates: tuple[Organisation, ...] = ()
    outside: bool = False


class Checker(ABC):
    """Checks the rows of one table, some hundred at a time, in the order of the file.

    It writes nothing. `headed` are the fields for which the file has a column.
    """

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        self.context = context
        self.headed = headed
        self.first_rows: dict[Hashable, RowPlace] = {}  # by key: where the first row with it is
        self.repeats: list[tuple[int, str]] = []  # number of a row, the earlier row with its key

    @abstractmethod
    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        """Return one result for each row, in order, with a fixed number of queries."""

    def finish(self) -> Iterable[tuple[int, Fault]]:
        """Return faults known only after the last row, by `number`: repeated keys, cycles."""
        return ()

    def remarks(self) -> Iterable[str]:
        """Return remarks on the whole table, after the last row."""
        return ()

    def note_key(self, key: Hashable, row: FileRow) -> None:
        """Note that the row has this key, which only one row of the file may have."""
        first = self.first_rows.setdefault(key, row.place)
        if first != row.place:
            self.repeats.append((row.number, first.seen_from(row.place)))

    def faults_of_repeats(
        self, field: str, expected: str, remedy: str
    ) -> Iterator[tuple[int, Fault]]:
        """Yield a fault for each repeated key; `expected` names the earlier row as %(number)s."""
        for number, first in self.repeats:
            yield number, Fault(field, "", expected % {"number": first}, remedy)


IntakeRows = Sequence[IntakeRow]


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table that can be imported."""

    key: str
    name: StrOrPromise
    about: StrOrPromise  # one sentence: what it is for, what happens when it is applied
    needs: tuple[str, ...]  # to be chosen with the file: document, cycle, organisation, owner
    fields: Callable[[IntakeContext], tuple[Field, ...]]
    may: Callable[[User], bool]  # whether the user may import such tables at all
    checker: Callable[[IntakeContext, frozenset[str]], Checker]
    # Writes NEW and CHANGED rows (a conflict decided for the file is CHANGED) in the order of the
    # file, a batch at a time, within the caller's transaction. Sets `row.subject_id` and
    # `row.left`. Raises Stale, naming the row, if one was changed meanwhile.
    write: Callable[[IntakeContext, IntakeRows], None]
    # Undoes rows that `write` wrote. Raises Refusal where something depends on one.
    undo: Callable[[IntakeContext, IntakeRows], None]
    updates: bool = True  # False: rows are only ever added
    owned: bool = False  # only for documents registered by the user's bodies or those below
    assigns: bool = False  # asks whether directives are assigned at once: `assign` in the place
    # Splits the values of a row that names several bodies.
    split: Callable[[dict[str, Any]], Sequence[dict[str, Any]]] | None = None
    # The names of checked rows for which no body is known, each once; and what stores the answers.
    open_names: Callable[[IntakeContext, IntakeRows], Sequence[OpenName]] | None = None
    settle_names: Callable[[IntakeContext, Mapping[str, str]], None] | None = None
    # The object that an applied table made, to lead there; None where it was deleted since.
    made: Callable[[IntakeRow], Document | None] | None = None
