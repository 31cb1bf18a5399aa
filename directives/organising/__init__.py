"""The register of bodies: a table of them checked and loaded, the tree that they form, and what becomes of those that end."""

from directives.organising.changing import change
from directives.organising.entering import Entered, detach, enter, take_away
from directives.organising.merging import Merged, merge, obstacles, preview
from directives.organising.register import (
    COLUMNS,
    BodyRow,
    Fault,
    Faults,
    Loaded,
    check,
    check_header,
    circle,
    load,
    read_table,
    rows_of,
    tie,
)
from directives.organising.tree import Moved, move, refresh_paths

__all__ = [
    "COLUMNS", "BodyRow", "Entered", "Fault", "Faults", "Loaded", "Merged", "Moved", "change", "check", "check_header", "circle",
    "detach", "enter", "load", "merge", "move", "obstacles", "preview", "read_table", "refresh_paths", "rows_of", "take_away", "tie",
]  # fmt: skip
