"""Commands on the plan of a body for a document, its measures, and the log of work on them."""

from directives.plans.commands.log import LoggedWork, delete_log, log_faults, log_many, log_work
from directives.plans.commands.measures import (
    MeasureContent,
    add_measure,
    add_measures,
    delete_measure,
    delete_measures,
    mark_done,
    save_measure,
    save_measures,
)
from directives.plans.commands.moves import decide, move_plan
from directives.plans.commands.plans import Gap, gaps, owed_obligations, save_plan, start_plan

__all__ = [
    "LoggedWork",
    "Gap",
    "MeasureContent",
    "add_measure",
    "add_measures",
    "decide",
    "delete_log",
    "delete_measure",
    "delete_measures",
    "gaps",
    "log_faults",
    "log_many",
    "log_work",
    "mark_done",
    "move_plan",
    "owed_obligations",
    "save_measure",
    "save_measures",
    "save_plan",
    "start_plan",
]
