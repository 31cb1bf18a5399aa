"""All states, named sets of states, and the tables of legal moves.

Moves are tables, so that the code which makes them (`transitions.move`) has no branches, and the
life of an obligation, a plan or a report entry can be read in one place.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# obligation (責任事項)
ASSIGNED, ACKNOWLEDGED, UNDERWAY, CLOSING, CLOSED = (
    "assigned",
    "acknowledged",
    "underway",
    "closing",
    "closed",
)
DISPUTED, SUSPENDED, WITHDRAWN = "disputed", "suspended", "withdrawn"

# plan, report, report entry
DRAFT, AWAITING, SUBMITTED, ACCEPTED, RETURNED = (
    "draft",
    "awaiting",
    "submitted",
    "accepted",
    "returned",
)

OBLIGATION_STATES = (
    (ASSIGNED, pgettext_lazy("obligation", "Assigned")),
    (ACKNOWLEDGED, pgettext_lazy("obligation", "Acknowledged")),
    (UNDERWAY, pgettext_lazy("obligation", "Underway")),
    (CLOSING, pgettext_lazy("obligation", "Close requested")),
    (CLOSED, pgettext_lazy("obligation", "Closed")),
    (DISPUTED, pgettext_lazy("obligation", "Disputed")),
    (SUSPENDED, pgettext_lazy("obligation", "Suspended")),
    (WITHDRAWN, pgettext_lazy("obligation", "Withdrawn")),
)
FILING_STATES = (
    (DRAFT, pgettext_lazy("filing", "Draft")),
    (AWAITING, pgettext_lazy("filing", "Awaiting signature")),
    (SUBMITTED, pgettext_lazy("filing", "Submitted")),
    (ACCEPTED, pgettext_lazy("filing", "Accepted")),
    (RETURNED, pgettext_lazy("filing", "Returned")),
)

# extension (延期申请)
REQUESTED, GRANTED, REFUSED = "requested", "granted", "refused"
EXTENSION_STATES = (
    (REQUESTED, pgettext_lazy("extension", "Requested")),
    (GRANTED, pgettext_lazy("extension", "Granted")),
    (REFUSED, pgettext_lazy("extension", "Refused")),
)

# Counted in every denominator
LIVE = frozenset({ASSIGNED, ACKNOWLEDGED, UNDERWAY, CLOSING, CLOSED, DISPUTED, SUSPENDED})
OPEN = LIVE - {CLOSED}  # work is still owed
EXTENDABLE = OPEN - {CLOSING, DISPUTED}  # its day of completion may be extended
REPORTABLE = frozenset({ACKNOWLEDGED, UNDERWAY, CLOSING, ASSIGNED})  # gets an entry in a cycle
EDITABLE = frozenset({DRAFT, RETURNED})  # its own body may edit it
IN = frozenset({SUBMITTED, ACCEPTED})  # counted as submitted
HANDED_IN = frozenset({SUBMITTED, ACCEPTED, RETURNED})  # supervisors may see it

# colours of lights; the last two are shown in grey
GREEN, YELLOW, RED, CLOSED_LIGHT, UNDUE = "green", "yellow", "red", "closed", "undue"
LIGHTS = (
    (GREEN, _("On schedule")),
    (YELLOW, _("Near due or behind")),
    (RED, _("Overdue")),
    (CLOSED_LIGHT, pgettext_lazy("light", "Closed")),
    (UNDUE, _("Not due")),
)
ON_TIME = frozenset({GREEN, CLOSED_LIGHT, UNDUE})  # the numerator of 按期率
COLOURS = tuple(colour for colour, _label in LIGHTS)

# roles of a person in a body
STAFF, MANAGER, SUPERVISOR, VIEWER = "staff", "manager", "supervisor", "viewer"
WORKING = (STAFF, MANAGER)  # roles that work for their body
OVERSEEING = (MANAGER, SUPERVISOR, VIEWER)  # roles that see the subtree of their body
ROLES = (
    (STAFF, pgettext_lazy("role", "Staff")),
    (MANAGER, pgettext_lazy("role", "Manager")),
    (SUPERVISOR, pgettext_lazy("role", "Supervisor")),
    (VIEWER, pgettext_lazy("role", "Viewer")),
)

# parts a body can have in an obligation
LEAD, RESPONSIBLE, SUPPORTING = "lead", "responsible", "supporting"
PARTS = (
    (LEAD, pgettext_lazy("part", "Lead")),
    (RESPONSIBLE, pgettext_lazy("part", "Responsible")),
    (SUPPORTING, pgettext_lazy("part", "Supporting")),
)
NO_DELIVERABLE, IMPLEMENTATION_PLAN, SPECIFIC_MEASURES = "", "plan", "measures"
DELIVERABLES = (
    (NO_DELIVERABLE, _("None")),
    (IMPLEMENTATION_PLAN, _("Implementation plan")),
    (SPECIFIC_MEASURES, _("Specific measures")),
)
# what a body is asked to reply to, in what capacity it is asked, and how far that is
INPUT, INSTRUCTION = "input", "instruction"
REPLY_KINDS = (
    (INPUT, pgettext_lazy("reply request", "Input")),
    (INSTRUCTION, pgettext_lazy("reply request", "Instruction")),
)
ASKED_AS = (
    (LEAD, pgettext_lazy("part", "Lead")),
    (SUPERVISOR, pgettext_lazy("role", "Supervisor")),
    (MANAGER, pgettext_lazy("role", "Manager")),
)
REPLY_ASKED, REPLIED, SETTLED = "asked", "replied", "settled"
REPLY_STATES = (
    (REPLY_ASKED, pgettext_lazy("reply request", "To reply")),
    (REPLIED, pgettext_lazy("reply request", "Replied")),
    (SETTLED, pgettext_lazy("reply request", "Settled")),
    (RETURNED, pgettext_lazy("reply request", "Returned")),
    (WITHDRAWN, pgettext_lazy("reply request", "Withdrawn")),
)
REPLY_OWED = frozenset({REPLY_ASKED, RETURNED})  # the clock of the reply runs
REPLY_GIVEN = frozenset({REPLIED, SETTLED})

NOT_STARTED, IN_PROGRESS, ESTABLISHED = "not_started", "underway", "established"
ITEM_STATES = (
    (NOT_STARTED, pgettext_lazy("item", "Not started")),
    (IN_PROGRESS, pgettext_lazy("item", "Underway")),
    (ESTABLISHED, pgettext_lazy("item", "Established")),
)

# states of a request to close, and the moves of its obligation that decide on it
CLOSE_REQUESTED, CLOSE_VERIFIED, CLOSE_REFUSED = "requested", "verified", "refused"
CLOSE_OUT_STATES = (
    (CLOSE_REQUESTED, pgettext_lazy("close request", "Requested")),
    (CLOSE_VERIFIED, pgettext_lazy("close request", "Verified")),
    (CLOSE_REFUSED, pgettext_lazy("close request", "Refused")),
)
CLOSE_OUT_RESULTS = {"close": CLOSE_VERIFIED, "refuse_close": CLOSE_REFUSED}

# states of a look back at closed work, and why one is proposed
LOOK_BACK_PLANNED, LOOK_BACK_HOLDS, LOOK_BACK_FAILS = "planned", "holds", "fails"
LOOK_BACK_CALLED_OFF = "called_off"
LOOK_BACK_STATES = (
    (LOOK_BACK_PLANNED, pgettext_lazy("look-back", "Planned")),
    (LOOK_BACK_HOLDS, pgettext_lazy("look-back", "Holds")),
    (LOOK_BACK_FAILS, pgettext_lazy("look-back", "Does not hold")),
    (LOOK_BACK_CALLED_OFF, pgettext_lazy("look-back", "Called off")),
)
LOOK_BACK_REASONS = (
    ("random", pgettext_lazy("look-back", "At random")),
    ("no_evidence", pgettext_lazy("look-back", "Closed without evidence")),
    ("overdue", pgettext_lazy("look-back", "Closed after it was overdue")),
    ("one_jump", pgettext_lazy("look-back", "Closed early, in one jump to 100%")),
    ("excused", pgettext_lazy("look-back", "Closed with items not established")),
    ("chosen", pgettext_lazy("look-back", "Chosen by the supervisor")),
)

# states of an entry of the work log, and what its author may do in which
LOG_OPEN, LOG_SIGNING, LOG_REPORTED, LOG_CORRECTED, LOG_WITHDRAWN = (
    "open",
    "signing",
    "reported",
    "corrected",
    "withdrawn",
)
LOG_STATES = (
    (LOG_OPEN, pgettext_lazy("log entry", "Not reported yet")),
    (LOG_SIGNING, pgettext_lazy("log entry", "In a report that waits to be signed")),
    (LOG_REPORTED, pgettext_lazy("log entry", "Reported")),
    (LOG_CORRECTED, pgettext_lazy("log entry", "Corrected")),
    (LOG_WITHDRAWN, pgettext_lazy("log entry", "Withdrawn")),
)
LOG_ACTS: dict[str, frozenset[str]] = {
    "edit": frozenset({LOG_OPEN}),
    "withdraw": frozenset({LOG_OPEN}),
    "correct": frozenset({LOG_REPORTED}),  # by another entry; both are kept
}


@dataclass(frozen=True, slots=True)
class Move:
    """A legal move from any of `sources` to `target`."""

    sources: frozenset[str]
    target: str
    right: str  # a key of rules.RIGHTS
    reasoned: bool = False  # a reason is required
    # Requests (keys of ASKED) that the move decides; their requester may not make it
    decides: frozenset[str] = frozenset()
    settles: bool = False  # every item must be established, or have a reason why it is not
    label: str | Promise = ""


# Moves that request a decision, and the field of the row that stores who last made them
ASKED = {
    "dispute": "asked_by",
    "request_close": "asked_by",
    "ask_signature": "asked_by",
    "sign": "submitted_by",
    "hand_in": "submitted_by",
    "ask_extension": "asked_by",
    "reply": "replied_by",
}
DISPUTE, CLOSE_OUT = frozenset({"dispute"}), frozenset({"request_close"})
FILED = frozenset({"ask_signature", "sign", "hand_in"})
REPLY = frozenset({"reply"})


def _move(
    *sources: str,
    to: str,
    right: str,
    reasoned: bool = False,
    settles: bool = False,
    decides: Iterable[str] = (),
    label: str | Promise = "",
) -> Move:
    return Move(frozenset(sources), to, right, reasoned, frozenset(decides), settles, label)


OBLIGATION_MOVES = {
    "acknowledge": _move(
        ASSIGNED, to=ACKNOWLEDGED, right="receive", label=_("Acknowledge receipt")
    ),
    "dispute": _move(ASSIGNED, to=DISPUTED, right="receive", reasoned=True, label=_("Dispute")),
    "reassign": _move(
        DISPUTED,
        to=ASSIGNED,
        right="oversee",
        reasoned=True,
        decides=DISPUTE,
        label=_("Uphold the assignment"),
    ),
    "withdraw": _move(
        DISPUTED,
        ASSIGNED,
        to=WITHDRAWN,
        right="oversee",
        reasoned=True,
        decides=DISPUTE,
        label=_("Withdraw"),
    ),
    "redirect": _move(
        DISPUTED,
        to=WITHDRAWN,
        right="oversee",
        reasoned=True,
        decides=DISPUTE,
        label=_("Hand over to another organisation"),
    ),
    "reinstate": _move(
        WITHDRAWN, to=ASSIGNED, right="oversee", reasoned=True, label=_("Assign again")
    ),
    "break_down": _move(
        ACKNOWLEDGED, UNDERWAY, to=UNDERWAY, right="delegate", label=_("Break down")
    ),
    "withdraw_part": _move(
        ACKNOWLEDGED,
        UNDERWAY,
        SUSPENDED,
        to=WITHDRAWN,
        right="oversee_part",
        reasoned=True,
        label=_("Withdraw the part"),
    ),
    "start": _move(ACKNOWLEDGED, to=UNDERWAY, right="work", label=_("Start work")),
    "suspend": _move(UNDERWAY, to=SUSPENDED, right="oversee", reasoned=True, label=_("Suspend")),
    "resume": _move(SUSPENDED, to=UNDERWAY, right="oversee", reasoned=True, label=_("Resume")),
    "request_close": _move(
        UNDERWAY, to=CLOSING, right="work", reasoned=True, settles=True, label=_("Request to close")
    ),
    "close": _move(
        CLOSING,
        to=CLOSED,
        right="oversee",
        reasoned=True,
        settles=True,
        decides=CLOSE_OUT,
        label=_("Verify and close"),
    ),
    "refuse_close": _move(
        CLOSING,
        to=UNDERWAY,
        right="oversee",
        reasoned=True,
        decides=CLOSE_OUT,
        label=_("Refuse to close"),
    ),
    "reopen": _move(CLOSED, to=UNDERWAY, right="oversee", reasoned=True, label=_("Reopen")),
}

LOOK_BACK_MOVES = {
    "look_back_hold": _move(
        LOOK_BACK_PLANNED,
        to=LOOK_BACK_HOLDS,
        right="oversee",
        reasoned=True,
        label=pgettext_lazy("look-back", "Holds"),
    ),
    "look_back_fail": _move(
        LOOK_BACK_PLANNED,
        to=LOOK_BACK_FAILS,
        right="oversee",
        reasoned=True,
        label=_("Does not hold: reopen"),
    ),
    "look_back_call_off": _move(
        LOOK_BACK_PLANNED,
        to=LOOK_BACK_CALLED_OFF,
        right="oversee",
        reasoned=True,
        label=_("Call off the look-back"),
    ),
}

# Moves that ask for more than a reason, and so have a page and a command of their own
OWN_PAGE = frozenset({"redirect", "break_down"})
# Acts on an obligation that leave its state as it is: their target is empty.
OBLIGATION_ACTS = {
    "ask_extension": _move(
        *EXTENDABLE, to="", right="work", reasoned=True, label=_("Request an extension")
    ),
    "correct_due": _move(
        *OPEN, to="", right="oversee", reasoned=True, label=_("Correct the due date")
    ),
}
EXTENSION_MOVES = {
    "grant_extension": _move(
        REQUESTED,
        to=GRANTED,
        right="oversee",
        decides=("ask_extension",),
        label=pgettext_lazy("extension", "Grant"),
    ),
    "refuse_extension": _move(
        REQUESTED,
        to=REFUSED,
        right="oversee",
        reasoned=True,
        decides=("ask_extension",),
        label=pgettext_lazy("extension", "Refuse"),
    ),
}

# Plans and report entries have the same moves. If a body has no manager, its staff submit directly.
FILING_MOVES = {
    "ask_signature": _move(
        DRAFT, RETURNED, to=AWAITING, right="draft", label=_("Send for signature")
    ),
    "recall": _move(AWAITING, to=DRAFT, right="draft", label=_("Withdraw to edit")),
    "decline": _move(
        AWAITING, to=RETURNED, right="sign", reasoned=True, label=_("Return to staff")
    ),
    "sign": _move(AWAITING, to=SUBMITTED, right="sign", label=_("Sign and submit")),
    "hand_in": _move(
        DRAFT, RETURNED, to=SUBMITTED, right="hand_in", label=pgettext_lazy("report", "Submit")
    ),
    "accept": _move(SUBMITTED, to=ACCEPTED, right="review", decides=FILED, label=_("Accept")),
    "return": _move(
        SUBMITTED, to=RETURNED, right="review", reasoned=True, decides=FILED, label=_("Return")
    ),
}
PLAN_MOVES = FILING_MOVES | {
    "revise": _move(ACCEPTED, to=DRAFT, right="draft", reasoned=True, label=_("Revise")),
}
ENTRY_MOVES = FILING_MOVES
REPLY_MOVES = {
    "reply": _move(
        REPLY_ASKED, RETURNED, to=REPLIED, right="work", label=pgettext_lazy("move", "Reply")
    ),
    "settle": _move(
        REPLIED, to=SETTLED, right="settle", decides=REPLY, label=pgettext_lazy("move", "Settle")
    ),
    "return": _move(
        REPLIED, to=RETURNED, right="settle", reasoned=True, decides=REPLY, label=_("Return")
    ),
    "withdraw": _move(
        REPLY_ASKED, RETURNED, to=WITHDRAWN, right="settle", reasoned=True, label=_("Withdraw")
    ),
}
