"""Refusals on record: who, which page, about what.

No content is recorded, and at most LISTED lines a person within WINDOW, so that no disk fills up.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model

from directives.core import audit
from directives.models import RefusalCount, User

WINDOW = timedelta(minutes=10)
LISTED = 20  # lines of one person within it


@transaction.atomic
def record_refusal(
    subject: type[Model], pk: int, *, by: User, now: datetime, **facts: str | int
) -> None:
    """Record that a person was refused something about this row; beyond LISTED only count it."""
    RefusalCount.objects.get_or_create(user=by, defaults={"since": now})
    count = RefusalCount.objects.select_for_update().get(user=by)
    if count.since <= now - WINDOW:
        _tell_of_more(count, now)
        count.since, count.count = now, 0
    count.count += 1
    count.save()
    if count.count <= LISTED:
        audit.record_apart("refused", subject, pk, by=by, now=now, after=facts)


@transaction.atomic
def record_unlisted(*, now: datetime) -> None:
    """Record how many refusals were counted beyond LISTED, once WINDOW has passed."""
    for count in (
        RefusalCount.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(since__lte=now - WINDOW)[:1000]
    ):
        _tell_of_more(count, now)
        count.delete()


def _tell_of_more(count: RefusalCount, now: datetime) -> None:
    if count.count > LISTED:
        facts = {"left_out": count.count - LISTED, "since": count.since}
        audit.record_apart("refused_more", User, count.user_id, by=count.user, now=now, after=facts)
