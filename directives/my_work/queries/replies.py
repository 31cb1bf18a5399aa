"""The replies that wait for the user, who asked for them."""

from dataclasses import dataclass

from django.db.models import Q

from directives.base.states import LEAD, REPLIED, SUPERVISOR
from directives.models import ReplyRequest, User
from directives.models.scope import any_of, in_bodies, in_worked_for

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Replies:
    """The first of these replies, the longest waiting first; `more`: there are more."""

    requests: tuple[ReplyRequest, ...]
    more: bool


def replies_to_settle(user: User) -> Replies | None:
    """The replies to settle or return, in one query; None if there are none.

    Of the lead body for which the user works; of the user; and of somebody of a body that the user
    supervises whose account is not in use any more.
    """
    if not (user.works or user.supervises):
        return None
    asked_by_lead = Q(asked_as=LEAD) & in_worked_for(user, "asking_body")
    asked_by_user = ~Q(asked_as=LEAD) & Q(asked_by=user)
    left = ~Q(asked_as=LEAD) & Q(asked_by__is_active=False)
    left &= in_bodies(user.in_role(SUPERVISOR), "asking_body")
    rows = ReplyRequest.objects.filter(
        any_of((asked_by_lead, asked_by_user, left)), state=REPLIED
    ).exclude(replied_by=user)
    related = rows.select_related("organisation", "directive", "replied_by")
    requests = tuple(related.order_by("replied_at", "pk")[: SHOWN + 1])
    return Replies(requests[:SHOWN], len(requests) > SHOWN) if requests else None
