"""What every file of accept/ and refuse/ is, and what must come of it.

`make.py` writes them; the tests of reader and intake read this.

`GOOD` files are read to exactly `rows` (the reader's cells of table `table`, only rows that hold
something). If `kind` is not empty, an intake of that kind, over a register that holds `known`,
finds no row wrong, and the rows name `bodies`: code, name and the day on which the body began
(None where the file does not say). Tables of other kinds than "bodies" stand over the cast of the
tests: document with the clauses 九.1.1 and 九.1.2, which Q01 owes; its report; one measure of its
plan; the indicator ZZ-01.

`BAD` files of stage "reader" make `reader.read`, or taking the rows of some table, raise
Unreadable with this `code`. Files of stage "intake" are read; an intake of `kind` over a register
that holds `known` must refuse them: a fault in a row for each (line, field) of `faults`, or
(0, field) for one of the headings, such as a required column that is missing; no other rows are
wrong. If it `asks`, no row is read before the person has said which column is meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from directives.tables.layout import Cell

HEADS = ("编码", "名称", "级别", "类别", "上级", "成立日期")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a file tells it."""

    code: str
    name: str
    valid_from: date | None = None


STANDARD = (
    Body("001", "全国总工会", date(1925, 5, 1)),
    Body("001001", "北京市总工会", date(1950, 2, 1)),
    Body("001002", "天津市总工会", date(1950, 1, 15)),
)
UNDATED = tuple(Body(body.code, body.name) for body in STANDARD)
ROWS: tuple[tuple[Cell, ...], ...] = (
    HEADS,
    ("001", "全国总工会", "中央", "群团组织", None, date(1925, 5, 1)),
    ("001001", "北京市总工会", "省级", "群团组织", "001", date(1950, 2, 1)),
    ("001002", "天津市总工会", "省级", "群团组织", "001", date(1950, 1, 15)),
)
Read = tuple[tuple[int, tuple[Cell, ...]], ...]


def read_as(*rows: tuple[Cell, ...], start: int = 1) -> Read:
    """These rows one below the other, as the reader gives them."""
    return tuple(enumerate(rows, start))


@dataclass(frozen=True, slots=True)
class Good:
    """A file that is odd but right."""

    name: str
    content: Callable[[], bytes]
    rows: Read = read_as(*ROWS)
    table: int = 0
    bodies: tuple[Body, ...] = STANDARD
    known: tuple[Body, ...] = ()
    kind: str = "bodies"


@dataclass(frozen=True, slots=True)
class Bad:
    """A file that must be refused."""

    name: str
    content: Callable[[], bytes]
    stage: Literal["reader", "intake"] = "reader"
    code: str = ""
    faults: tuple[tuple[int, str], ...] = ()
    asks: bool = False
    known: tuple[Body, ...] = ()
    kind: str = "bodies"
