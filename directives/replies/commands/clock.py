"""The clock of the reply (`Obligation.reply_due_on`): the earliest day that is not replied to."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min

from directives.base.states import REPLY_OWED
from directives.core.transitions import change_within
from directives.models import Obligation, ReplyRequest, User


def set_reply_clocks(rows: Sequence[Obligation], *, by: User | None, now: datetime) -> None:
    """Update the clocks of locked obligations. Call it within `counted`."""
    owed = ReplyRequest.objects.filter(obligation__in=rows, state__in=REPLY_OWED).order_by()
    days = dict(owed.values_list("obligation").annotate(Min("due_on")))
    changed = [row for row in rows if row.reply_due_on != days.get(row.pk)]
    changes_by_id = {row.pk: {"reply_due_on": days.get(row.pk)} for row in changed}
    change_within(changed, None, changes_by_id=changes_by_id, action="reply_clock", by=by, now=now)
