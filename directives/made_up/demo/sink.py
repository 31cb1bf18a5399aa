"""Millions of rows into a table without the ORM: COPY on PostgreSQL, executemany on SQLite.

A row is joined from pieces, each encoded once and used in many rows: `cells` makes a piece.
"""

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

BATCH_ROWS = 10_000  # rows of one statement
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Cells = Any  # a piece of a row: str for COPY, tuple for executemany


class Sink:
    """Writes the rows of one table in batches.

    `columns` are the names of the table's columns, in the order of the pieces, with blanks between.
    """

    def __init__(self, model: type[Model], columns: str, *, batch: int = BATCH_ROWS) -> None:
        names = columns.split()
        self.table, self.columns = model._meta.db_table, ", ".join(f'"{name}"' for name in names)
        self.width, self.batch = len(names), batch
        self.rows: list[Cells] = []
        self.count = 0

    def add(self, *pieces: Cells) -> None:
        self.rows.append(self.join(pieces))
        if len(self.rows) == self.batch:
            self.flush()

    def flush(self) -> None:
        if self.rows:
            self.count += len(self.rows)
            self.write()
            self.rows.clear()

    @staticmethod
    def cells(*values: Any) -> Cells:
        """Values as a piece of a row."""
        raise NotImplementedError

    @staticmethod
    def ids(*numbers: int) -> Cells:
        """Whole numbers as a piece of a row: `cells` for the many."""
        raise NotImplementedError

    @staticmethod
    def join(pieces: tuple[Cells, ...]) -> Cells:
        raise NotImplementedError

    def write(self) -> None:
        raise NotImplementedError


class CopySink(Sink):
    """PostgreSQL's COPY, as text."""

    @staticmethod
    def cells(*values: Any) -> str:
        return "\t".join(map(_copied, values))

    @staticmethod
    def ids(*numbers: int) -> str:
        return "\t".join(map(str, numbers))

    @staticmethod
    def join(pieces: tuple[str, ...]) -> str:
        return "\t".join(pieces)

    def write(self) -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {self.table} ({self.columns}) FROM STDIN") as copy,
        ):
            copy.write("\n".join(self.rows) + "\n")


def _copied(value: Any) -> str:
    match value:
        case None:
            return r"\N"
        case bool():
            return "t" if value else "f"
        case str():
            return value.translate(ESCAPES)
        case datetime() | date():
            return value.isoformat()
    return str(value)


class ManySink(Sink):
    """SQLite's executemany, with values as Django stores them."""

    @staticmethod
    def cells(*values: Any) -> tuple:
        return tuple(map(_stored, values))

    @staticmethod
    def ids(*numbers: int) -> tuple:
        return numbers

    @staticmethod
    def join(pieces: tuple[tuple, ...]) -> tuple:
        return sum(pieces, ())

    def write(self) -> None:
        places = ", ".join(["%s"] * self.width)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {self.table} ({self.columns}) VALUES ({places})",  # noqa: S608 - our own names
                self.rows,
            )


def _stored(value: Any) -> Any:
    match value:
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))
        case date():
            return value.isoformat()
    return value


def sink(model: type[Model], columns: str, *, batch: int = BATCH_ROWS) -> Sink:
    """A sink for the engine in use, which writes `batch` rows at once."""
    return (CopySink if connection.vendor == "postgresql" else ManySink)(
        model, columns, batch=batch
    )
