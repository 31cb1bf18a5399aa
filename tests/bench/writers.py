"""Writers beside one another, each making one real move after another.

The moves go through the product's commands, a transaction each.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from directives.models import Obligation, ProgressReport, ReportEntry, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.obligations.commands.supervising import move_obligation
from directives.reports.commands import hand_in
from directives.reports.commands.reviewing import Decision, decide
from tests.bench.desks import Desk

STEPS = {  # from a state, the next move on the way to closed; whose it is
    "assigned": ("acknowledge", False),
    "acknowledged": ("start", False),
    "underway": ("request_close", False),
    "closing": ("close", True),
}
REASON = "指标均已达到，材料齐全。"


@dataclass(frozen=True, slots=True)
class Written:
    """What one writer got done: moves by name, seconds in all, the median of one in ms."""

    moves: dict[str, int]
    seconds: float
    median_ms: float


def write(
    desks: list[Desk], supervisor: int, *, seconds: float, clock: Callable[[], datetime]
) -> Written:
    """Move what lies on these desks, one move after another, until time or work is up."""
    above = User.objects.get(pk=supervisor)
    counts: Counter[str] = Counter()
    took: list[float] = []
    begun = last = time.monotonic()
    for action in (action for desk in desks for action in _moves(desk, above, clock)):
        at = time.monotonic()
        counts[action] += 1
        took.append(1000 * (at - last))
        last = at
        if at - begun > seconds:
            break
    return Written(dict(counts), last - begun, round(median(took), 1) if took else 0.0)


def _moves(desk: Desk, above: User, clock: Callable[[], datetime]) -> Iterator[str]:
    """Every entry is handed in and accepted, its obligation led to its close; yields each move."""
    own = User.objects.get(pk=desk.person)
    for pk in desk.entries:
        report = (
            ProgressReport.objects.select_related("organisation", "document", "cycle")
            .defer(*HEAVY_OF_DOCUMENT)
            .get(pk=desk.report)
        )
        hand_in(report=report, entries=[pk], by=own, now=clock())
        yield "hand_in"
        decide(report=report, decisions={pk: Decision(accepted=True)}, by=above, now=clock())
        yield "accept"
        yield from _close(
            ReportEntry.objects.values_list("obligation_id", flat=True).get(pk=pk),
            own,
            above,
            clock,
        )


def _close(pk: int, own: User, above: User, clock: Callable[[], datetime]) -> Iterator[str]:
    row = (
        Obligation.objects.select_related("organisation", "directive", "document")
        .defer(*HEAVY_OF_DOCUMENT)
        .get(pk=pk)
    )
    items = dict.fromkeys(row.item_states.unsettled().values_list("pk", flat=True), REASON)
    while row.state in STEPS:
        action, upwards = STEPS[row.state]
        by, reasons = (above, None) if upwards else (own, items)
        row = move_obligation(
            obligation=row, action=action, by=by, reason=REASON, open_reasons=reasons, now=clock()
        )
        yield action
