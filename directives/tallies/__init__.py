"""Stored counts for dashboards, updated in every transaction that changes what they count.

`Tally` counts the obligations of a subtree by directive, kind of body, state and light, and `Mark`
counts whatever else a dashboard shows, both for bodies with children. `Total` counts by section and
light for every body. The counts are copied each day, and can be recounted from the obligations.
"""

from directives.tallies.daily import add_up_days, copy_day, forget_after, last_copied, prune
from directives.tallies.delta import ACTS, BETTER, WORSE, Delta, Standing
from directives.tallies.gathering import counted, pending_delta, write_pending
from directives.tallies.items import count_items, count_new, move_item, move_mark
from directives.tallies.moving import change_kind, close_scope, open_scope, relocate
from directives.tallies.recount import drift, never_counted, rebuild

__all__ = [
    "ACTS",
    "BETTER",
    "WORSE",
    "Delta",
    "Standing",
    "add_up_days",
    "close_scope",
    "copy_day",
    "count_new",
    "count_items",
    "counted",
    "drift",
    "forget_after",
    "pending_delta",
    "move_item",
    "last_copied",
    "never_counted",
    "open_scope",
    "move_mark",
    "prune",
    "rebuild",
    "change_kind",
    "relocate",
    "write_pending",
]
