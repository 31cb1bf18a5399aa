"""Commands on bodies, people, roles and duties."""

from directives.organisations.commands.aliases import forget, remember, save_alias
from directives.organisations.commands.bodies import (
    BodyEntry,
    change_body,
    delete_bodies,
    detach_from_parents,
    save_bodies,
)
from directives.organisations.commands.merging import (
    Merged,
    merge_bodies,
    merge_obstacles,
    preview_merge,
    reasons_unmergeable,
)
from directives.organisations.commands.people import add_people, change_people, remove_people
from directives.organisations.commands.register import (
    COLUMNS,
    BodyRow,
    LoadResult,
    RegisterFault,
    RegisterFaults,
    body_rows,
    check_header,
    check_rows,
    link_rows,
    load_register,
    parent_cycle,
    read_table,
)
from directives.organisations.commands.rights import (
    confirm_right,
    decline_right,
    give_duty,
    give_roles,
    take_duty,
    take_roles,
)
from directives.organisations.commands.tree import Moved, move_body, refresh_paths

__all__ = [
    "COLUMNS",
    "BodyRow",
    "BodyEntry",
    "RegisterFault",
    "RegisterFaults",
    "LoadResult",
    "Merged",
    "Moved",
    "add_people",
    "change_body",
    "change_people",
    "check_rows",
    "check_header",
    "parent_cycle",
    "confirm_right",
    "decline_right",
    "detach_from_parents",
    "save_alias",
    "save_bodies",
    "forget",
    "give_duty",
    "give_roles",
    "load_register",
    "merge_bodies",
    "move_body",
    "merge_obstacles",
    "preview_merge",
    "read_table",
    "refresh_paths",
    "remember",
    "remove_people",
    "body_rows",
    "delete_bodies",
    "take_duty",
    "take_roles",
    "link_rows",
    "reasons_unmergeable",
]
