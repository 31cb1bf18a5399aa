"""Progress reports: a cycle opens, each body fills in its report and hands it in, whole or by parts (填报).

A report's state lives in its entries, which move through `transitions`; this room knows what an entry must say before
it may be handed in, and keeps the report clock of the obligations.

cycles: opening a period. drafting: what an entry says before anybody typed. entries: begin, redraft, save.
desk: an entry as a save needs it. entering: many saved at once.
handing_in: hand in, sign, send back, take back. clocks: when an obligation's next report is due.
"""

from directives.reports.commands.clocks import report_clocks
from directives.reports.commands.cycles import job_of, open_cycle
from directives.reports.commands.desk import entry_on_desk
from directives.reports.commands.drafting import Earlier, earlier_entries
from directives.reports.commands.entering import (
    Written,
    held,
    redraft_entries,
    save_entries,
    set_back,
)
from directives.reports.commands.entries import (
    LACKS,
    NOT_YOURS,
    EntryFields,
    begin,
    drafts_from,
    lacks,
    missing,
    redraft,
    refresh_drafts,
    save_entry,
)
from directives.reports.commands.handing_in import decline, hand_in, recall, sign

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
