"""A check of accounts: duties that one person should not hold together."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from directives.health.findings import Finding, fine, warning
from directives.models import Membership, PendingRight, User


def check_duties(now: datetime) -> Iterator[Finding]:
    """Find people who hold two of the three duties, or who audit and have a role in a body.

    These date from before the rule existed, or were given by a command on the server.
    """
    pending_count = PendingRight.objects.count()
    if pending_count:
        yield fine(
            f"{pending_count} rights wait until a second person confirms them: "
            "/admin/directives/pendingright/"
        )
    if not settings.SEPARATE_DUTIES:
        yield fine("one person may hold several duties: SEPARATE_DUTIES is off")
        return
    count = 0
    has_role = Exists(Membership.objects.filter(user=OuterRef("pk")))
    holders = User.objects.filter(
        Q(is_auditor=True) | Q(is_system_administrator=True, is_security_administrator=True),
        is_active=True,
    )
    for person in holders.annotate(has_role=has_role).order_by("pk"):
        duties = [key.replace("_", " ") for key in sorted(person.duties)]
        if person.is_auditor and person.is_superuser:
            duties.append("superuser")
        if person.is_auditor and person.has_role:
            duties.append("a role in a body")
        if len(duties) > 1:
            count += 1
            yield warning(
                f"{person.username} holds {' and '.join(duties)}: these are for different people",
                "A security administrator gives one of them to somebody else and takes it from "
                "this account: /admin/.",
            )
    if not count:
        yield fine("nobody holds two of the duties, and no auditor has a role in a body")
