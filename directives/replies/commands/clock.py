"""The clock of the reply (`Obligation.reply_due_on`): the earliest day that is not replied to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Min

from directives.base.states import REPLY_OWED
from directives.core.transitions import change_within
from directives.models import Obligation, ReplyRequest, User
from directives.models.documents import HEAVY_OF_DOCUMENT


def lock_obligations(ids: Iterable[int]) -> list[Obligation]:
    """These obligations as stored, locked until the transaction ends, so that no clock is lost."""
    rows = Obligation.objects.filter(pk__in=set(ids)).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",))
    related = locked.select_related("organisation", "directive", "document")
    return list(related.defer(*HEAVY_OF_DOCUMENT))


def set_reply_clocks(rows: Sequence[Obligation], *, by: User | None, now: datetime) -> None:
    """Update the clocks of locked obligations. Call it within `counted`."""
    owed = ReplyRequest.objects.filter(obligation__in=rows, state__in=REPLY_OWED).order_by()
    days = dict(owed.values_list("obligation").annotate(Min("due_on")))
    changed = [row for row in rows if row.reply_due_on != days.get(row.pk)]
    changes_by_id = {row.pk: {"reply_due_on": days.get(row.pk)} for row in changed}
    change_within(changed, None, changes_by_id=changes_by_id, action="reply_clock", by=by, now=now)
