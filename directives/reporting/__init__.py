"""Progress reports: a cycle opens, each body fills in its report and hands it in, whole or by parts (填报).

A report's state lives in its entries, which move through `transitions`; this room knows what an entry must say before
it may be handed in, and keeps the report clock of the obligations.

cycles: opening a period. drafting: what an entry says before anybody typed. entries: begin, redraft, save.
desk: an entry as a save needs it. entering: many saved at once.
handing_in: hand in, sign, send back, take back. clocks: when an obligation's next report is due.
"""

from directives.reporting.clocks import report_clocks
from directives.reporting.cycles import job_of, open_cycle
from directives.reporting.desk import entry_on_desk
from directives.reporting.drafting import Earlier, earlier_entries
from directives.reporting.entering import Written, held, redraft_entries, save_entries, set_back
from directives.reporting.entries import (
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
from directives.reporting.handing_in import decline, hand_in, recall, sign

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
