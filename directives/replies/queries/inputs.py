"""The inputs of supporting bodies that a lead draws into its own report."""

from collections.abc import Iterable

from directives.base.states import INPUT, REPLY_GIVEN
from directives.base.wording import localized
from directives.models import Obligation, ReplyRequest, User
from directives.models.replies import ReplyRequestQuerySet


def inputs_for_lead(user: User, directives: Iterable[int]) -> ReplyRequestQuerySet:
    """The inputs given on these directives (ids) that the person's bodies lead, oldest first."""
    led = Obligation.objects.filter(directive__in=list(directives)).supporting(user)
    given = ReplyRequest.objects.filter(
        kind=INPUT, state__in=REPLY_GIVEN, obligation__in=led.values("pk")
    )
    related = given.select_related("organisation").prefetch_related("files")
    return related.order_by("replied_at", "pk")


def drawn_into(progress: str, request: ReplyRequest) -> str:
    """The progress text with an input added in a line of its own, after the body's name."""
    line = f"{localized(request.organisation, 'name')}：{request.reply}"
    return progress if line in progress else "\n".join(filter(None, (progress.rstrip(), line)))
