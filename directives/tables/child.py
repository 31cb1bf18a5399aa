"""The child process that reads a table file from standard input and writes lines of JSON.

    child.py outline MEMORY SECONDS         one line: format, tables, first rows, remarks
    child.py rows MEMORY SECONDS TABLE      lines with an array of rows each; then {"end": true}

A fault is one line with its code and parameters. Only `reader` starts the process, without
site-packages: Django, its settings and the database are not available.
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for the following imports

from directives.base.child_processes import limit_itself
from directives.tables.parsing import texts
from directives.tables.parsing.books import Sheet, Workbook, workbook_of
from directives.tables.parsing.grid import Grid, Row, column_index
from directives.tables.parsing.limits import HEAD_ROWS, Fault
from directives.tables.parsing.packages import BROKEN, Part, open_package, scan_parts
from directives.tables.parsing.signatures import kind_of

BATCH = 200  # rows in a line
BATCH_CELLS = 20_000  # characters after which a line has fewer rows
JsonObject = dict[str, Any]


def outline(file: BinaryIO) -> Iterator[JsonObject]:
    """Describe the file, with the first rows of each table."""
    if kind_of(file) == "text":
        text = texts.text_of(file)
        head = list(islice(texts.rows_of(file, text), HEAD_ROWS))
        yield {
            "format": "csv",
            "encoding": text.encoding,
            "separator": text.separator,
            "tables": [
                {
                    "name": "",
                    "rows": text.lines,
                    "head": head,
                    "hidden": False,
                    "merges": [],
                    "hidden_columns": [],
                }
            ],
            "remarks": [],
        }
        return
    package = open_package(file)
    parts = scan_parts(package)
    book = workbook_of(package)
    tables = [_table(book, sheet, parts[sheet.member]) for sheet in book.sheets]
    if not any(table["head"] for table in tables):
        raise Fault("nothing")
    yield {"format": "xlsx", "tables": tables, "remarks": ["linked"] if book.linked else []}


def _table(book: Workbook, sheet: Sheet, part: Part) -> JsonObject:
    grid = Grid(book, sheet)
    rows = grid.rows()
    head = list(islice(rows, HEAD_ROWS))
    return {
        "name": sheet.name,
        "hidden": sheet.hidden,
        "rows": part.rows,
        "head": head,
        "merges": [_range(text) for text in part.merges],
        "hidden_columns": grid.hidden_columns,
    }


def _range(text: str) -> list[int]:
    """The lines and columns of A1:B2: top, left, bottom, right."""
    corners = []
    for cell in text.split(":"):
        letters = cell.rstrip("0123456789")
        corners += [int(cell[len(letters) :]), column_index(letters)]
    return corners


def rows(file: BinaryIO, table: int) -> Iterator[list[Row] | JsonObject]:
    """Yield the rows of one table in batches, then {"end": True}."""
    if kind_of(file) == "text":
        table_rows = texts.rows_of(file, texts.text_of(file))
    else:
        book = workbook_of(open_package(file))
        table_rows = Grid(book, book.sheets[table]).rows()
    batch: list[Row] = []
    size = 0
    for row in table_rows:
        batch.append(row)
        size += sum(len(cell) for cell in row[2] if type(cell) is str)
        if len(batch) >= BATCH or size > BATCH_CELLS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
    yield {"end": True}


def _line(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), check_circular=False)
    return f"{text}\n".encode("utf-8", "replace")


def answer(file: BinaryIO, task: str, *arguments: str) -> Iterator[bytes]:
    """Carry out a task. An error is the last line, if there is memory left for it."""
    try:
        for item in outline(file) if task == "outline" else rows(file, int(arguments[0])):
            yield _line(item)
    except Fault as fault:
        yield _line({"fault": fault.code, "params": fault.params})
    except (MemoryError, RecursionError):
        yield _line({"fault": "memory", "params": {}})
    except BROKEN as fault:
        yield _line({"fault": "damaged", "params": {"member": type(fault).__name__}})


def main(task: str, memory: str, seconds: str, *arguments: str) -> None:
    limit_itself(int(memory), int(seconds))
    for line in answer(sys.stdin.buffer, task, *arguments):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
