"""The register of bodies: a table of them checked and loaded, the tree that they form, and what becomes of those that end."""

from directives.organisations.commands.bodies import Entered, detach, enter, take_away
from directives.organisations.commands.changing import change
from directives.organisations.commands.merging import Merged, merge, obstacles, preview, unmergeable
from directives.organisations.commands.people import add_people, change_people, remove_people
from directives.organisations.commands.register import (
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
from directives.organisations.commands.rights import (
    confirm_right,
    decline_right,
    give_duty,
    give_roles,
    take_duty,
    take_roles,
)
from directives.organisations.commands.tree import Moved, move, refresh_paths

__all__ = [
    "COLUMNS", "BodyRow", "Entered", "Fault", "Faults", "Loaded", "Merged", "Moved", "add_people", "change", "change_people", "check",
    "check_header", "circle", "confirm_right", "decline_right", "detach", "enter", "give_duty", "give_roles", "load", "merge", "move",
    "obstacles", "preview", "read_table", "refresh_paths", "remove_people", "rows_of", "take_away", "take_duty", "take_roles", "tie",
    "unmergeable",
]  # fmt: skip
