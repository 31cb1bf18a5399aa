"""The register of bodies: a table of them checked and loaded, and the tree that they form."""

from directives.organising.register import COLUMNS, BodyRow, Fault, Faults, Loaded, check, check_header, load, read_table, rows_of, tie
from directives.organising.tree import Moved, move, refresh_paths

__all__ = [
    "COLUMNS", "BodyRow", "Fault", "Faults", "Loaded", "Moved", "check", "check_header", "load", "move", "read_table", "refresh_paths", "rows_of", "tie",
]  # fmt: skip
