"""Counts kept as work moves: gathered in each transaction, copied each day, made anew from the obligations, checked against them.

`Tally` counts a subtree's obligations by directive, kind of body, state and light, `Mark` whatever else a dashboard says,
both for bodies that have children; `Total` counts by section and light for every body.
"""

from directives.tallies.daily import copy_day, forget_after, last_copied, prune
from directives.tallies.delta import ACTS, BETTER, WORSE, Delta, Standing
from directives.tallies.gathering import counted, gathering, settle
from directives.tallies.items import count_in, count_items, item_moved, point_moved
from directives.tallies.moving import close_scope, open_scope, recast, relocate
from directives.tallies.overall import add_up_days
from directives.tallies.recount import drift, never_counted, rebuild

__all__ = [
    "ACTS", "BETTER", "WORSE", "Delta", "Standing", "add_up_days", "close_scope", "copy_day", "count_in", "count_items", "counted", "drift",
    "forget_after", "gathering",
    "item_moved", "last_copied", "never_counted", "open_scope", "point_moved", "prune", "rebuild", "recast", "relocate", "settle",
]  # fmt: skip
