"""Progress reports (填报): open a cycle, fill in a report, hand it in, review it.

The state of a report is that of its entries, which move through `core.transitions`. These commands
check what an entry must contain before it is handed in, and set the report clock of obligations.
"""

from directives.reports.commands.cycles import open_cycle, opening_job
from directives.reports.commands.drafting import Earlier, earlier_entries
from directives.reports.commands.entries import (
    LACKS,
    NOT_YOURS,
    EntryEdit,
    EntryFields,
    begin,
    drafts_from,
    lacks,
    lock_entries,
    mark_unchanged,
    redraft,
    redraft_entries,
    refresh_drafts,
    restore_entries,
    save_entries,
    save_entry,
)
from directives.reports.commands.handing_in import decline, hand_in, recall, report_clocks, sign
from directives.reports.commands.sql import entry_to_save

__all__ = [
    "Earlier",
    "EntryEdit",
    "EntryFields",
    "LACKS",
    "NOT_YOURS",
    "begin",
    "decline",
    "drafts_from",
    "earlier_entries",
    "entry_to_save",
    "hand_in",
    "lacks",
    "lock_entries",
    "mark_unchanged",
    "open_cycle",
    "opening_job",
    "recall",
    "redraft",
    "redraft_entries",
    "refresh_drafts",
    "report_clocks",
    "restore_entries",
    "save_entries",
    "save_entry",
    "sign",
]
