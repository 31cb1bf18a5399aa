"""Recording refused requests: who, which page, about which row. No content is recorded.

At most LISTED refusals of a person within WINDOW are recorded, so that nobody can fill the disk;
the others are counted.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model

from directives.core import audit
from directives.models import RefusalCount, User

WINDOW = timedelta(minutes=10)
LISTED = 20  # events of one person within WINDOW


@transaction.atomic
def record_refusal(
    subject: type[Model], pk: int, *, by: User, now: datetime, **facts: str | int
) -> None:
    """Record that a person was refused something about this row; beyond LISTED only count it."""
    RefusalCount.objects.get_or_create(user=by, defaults={"since": now})
    count = RefusalCount.objects.select_for_update().get(user=by)
    if count.since <= now - WINDOW:
        _record_rest(count, now)
        count.since, count.count = now, 0
    count.count += 1
    count.save()
    if count.count <= LISTED:
        audit.record_apart("refused", subject, pk, by=by, now=now, after=facts)


@transaction.atomic
def record_unlisted(*, now: datetime) -> None:
    """Record how many refusals were counted beyond LISTED, once WINDOW has passed."""
    locked = RefusalCount.objects.select_for_update(of=("self",)).select_related("user")
    for count in locked.filter(since__lte=now - WINDOW)[:1000]:
        _record_rest(count, now)
        count.delete()


def _record_rest(count: RefusalCount, now: datetime) -> None:
    if count.count > LISTED:
        facts = {"left_out": count.count - LISTED, "since": count.since}
        audit.record_apart("refused_more", User, count.user_id, by=count.user, now=now, after=facts)
