"""Reading a workbook through the limited process, held against openpyxl alone in a plain one."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from directives.intake import reader

_BARE = """
import sys, time, openpyxl
begun, count = time.perf_counter(), 0
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
for sheet in book:
    sheet.reset_dimensions()
    for row in sheet.iter_rows(values_only=True):
        count += 1
print(count, time.perf_counter() - begun)
"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """How long it took to read every row of a workbook, in seconds, from opening it to its last row."""

    rows: int
    bare: float  # openpyxl, its import not counted
    ours: float  # the process's start, the checks of the package and the passage of the rows counted

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def parsed(path: Path) -> Parsed:
    """Read the workbook both ways, one after the other. Raises reader.Unreadable, CalledProcessError."""
    said = subprocess.run([sys.executable, "-c", _BARE, str(path)], capture_output=True, text=True, check=True).stdout.split()
    return Parsed(int(said[0]), float(said[1]), ours(path))


def ours(path: Path) -> float:
    """Seconds that reading every row of every table takes through the limited process."""
    begun = perf_counter()
    with reader.read(path, path.name) as opened:
        for table in opened.tables:
            for _row in opened.rows(table):
                continue
    return perf_counter() - begun
