"""The child process that reads a table file on its standard input and writes lines of JSON.

    child.py outline MEMORY SECONDS         one line: what the file consists of
    child.py rows MEMORY SECONDS TABLE      lines with an array of rows each; then a last line

A fault is one line with its code. Only `reader` starts it, without site-packages: there is no
Django, no settings and no database here.
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
from directives.tables.parsing.grid import Grid, Row, place_of
from directives.tables.parsing.limits import HEAD, Fault
from directives.tables.parsing.packages import BROKEN, Part, looked_over, opened
from directives.tables.parsing.signatures import kind_of

BATCH = 200  # rows in a line
BATCH_CELLS = 20_000  # characters after which a line has fewer rows
Found = dict[str, Any]


def outline(file: BinaryIO) -> Iterator[Found]:
    """Describe the file, with the first rows of each table."""
    if kind_of(file) == "text":
        text = texts.text_of(file)
        head = list(islice(texts.rows_of(file, text), HEAD))
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
    package = opened(file)
    parts = looked_over(package)
    book = workbook_of(package)
    tables = [_table(book, sheet, parts[sheet.member]) for sheet in book.sheets]
    if not any(table["head"] for table in tables):
        raise Fault("nothing")
    yield {"format": "xlsx", "tables": tables, "remarks": ["linked"] if book.linked else []}


def _table(book: Workbook, sheet: Sheet, part: Part) -> Found:
    grid = Grid(book, sheet)
    rows = grid.rows()
    head = list(islice(rows, HEAD))
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
        corners += [int(cell[len(letters) :]), place_of(letters)]
    return corners


def rows(file: BinaryIO, table: int) -> Iterator[list[Row] | Found]:
    """The rows of one table in batches, then that they are all."""
    if kind_of(file) == "text":
        found = texts.rows_of(file, texts.text_of(file))
    else:
        book = workbook_of(opened(file))
        found = Grid(book, book.sheets[table]).rows()
    batch: list[Row] = []
    size = 0
    for row in found:
        batch.append(row)
        size += sum(len(cell) for cell in row[2] if type(cell) is str)
        if len(batch) >= BATCH or size > BATCH_CELLS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
    yield {"end": True}


def tell(what: object) -> None:
    """Write one line."""
    line = json.dumps(what, ensure_ascii=False, separators=(",", ":"), check_circular=False)
    sys.stdout.write(line + "\n")


def main(task: str, memory: str, seconds: str, *arguments: str) -> None:
    """Carry out a task. An error becomes one line, if there is still memory for it."""
    limit_itself(int(memory), int(seconds))
    file = sys.stdin.buffer
    try:
        for item in outline(file) if task == "outline" else rows(file, int(arguments[0])):
            tell(item)
    except Fault as fault:
        tell({"fault": fault.code, "params": fault.params})
    except (MemoryError, RecursionError):
        tell({"fault": "memory", "params": {}})
    except BROKEN as fault:
        tell({"fault": "damaged", "params": {"member": type(fault).__name__}})
    sys.stdout.flush()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    main(*sys.argv[1:])
