"""Progress reports (填报): a cycle opens, each organisation fills in its report and hands it in, whole or by parts.

The state of a report lives in its entries, which move through `core.transitions`. These commands know what an entry must
say before it is handed in, and keep the report clock of the obligations.
"""

from directives.reports.commands.cycles import job_of, open_cycle
from directives.reports.commands.drafting import Earlier, earlier_entries
from directives.reports.commands.entries import (
    LACKS,
    NOT_YOURS,
    EntryFields,
    Written,
    begin,
    drafts_from,
    held,
    lacks,
    missing,
    redraft,
    redraft_entries,
    refresh_drafts,
    save_entries,
    save_entry,
    set_back,
)
from directives.reports.commands.handing_in import decline, hand_in, recall, report_clocks, sign
from directives.reports.commands.sql import entry_on_desk

__all__ = [
    "LACKS",
    "NOT_YOURS",
    "Earlier",
    "EntryFields",
    "Written",
    "begin",
    "decline",
    "drafts_from",
    "earlier_entries",
    "entry_on_desk",
    "hand_in",
    "held",
    "job_of",
    "lacks",
    "missing",
    "open_cycle",
    "recall",
    "redraft",
    "redraft_entries",
    "refresh_drafts",
    "report_clocks",
    "save_entries",
    "save_entry",
    "set_back",
    "sign",
]
