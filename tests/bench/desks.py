"""Reports of real bodies made ready to be handed in, by people of the bench's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models.functions import Length

from directives.base.states import EDITABLE, MANAGER, STAFF
from directives.models import Cycle, Membership, Organisation, ProgressReport, ReportEntry, User
from directives.reports.commands import begin

WORDS = {"progress": "已印发办法并组织实施。", "problems": "人手不足。", "percent": 95}


@dataclass(frozen=True, slots=True)
class Desk:
    """A begun report with every entry filled in, and the person who hands it in."""

    report: int
    person: int
    entries: list[int]


def person(username: str, body: Organisation, *roles: str) -> User:
    """A person of the bench's own with these roles in a body; the one that exists, if any."""
    user, _made = User.objects.get_or_create(username=username, defaults={"full_name": username})
    for role in roles:
        Membership.objects.get_or_create(user=user, organisation=body, role=role)
    return User.objects.get(pk=user.pk)  # their memberships are read once, and remembered


def waiting(cycle: Cycle) -> Iterable[ProgressReport]:
    """Reports of which nothing was handed in yet, of bodies without others below them.

    The deepest come first, neighbours together.
    """
    rows = ProgressReport.objects.filter(
        cycle=cycle, first_submitted_at=None, organisation__branch=False
    )
    in_order = rows.order_by(Length("organisation__path").desc(), "organisation__path")
    return in_order.select_related("organisation", "cycle").iterator(chunk_size=100)


def desks(cycle: Cycle, wanted: int, *, now: datetime) -> list[Desk]:
    """So many desks, or fewer where the cycle has no more.

    The bodies are neighbours, so that they meet in every tally above.
    """
    return [
        made
        for made in (_desk(report, now) for report in islice(waiting(cycle), wanted))
        if made.entries
    ]


def _desk(report: ProgressReport, now: datetime) -> Desk:
    body = report.organisation
    user = person(f"bench-{body.code}".lower(), body, STAFF, MANAGER)
    begin(report=report, by=user, now=now)
    owed = ReportEntry.objects.owed().filter(report=report, state__in=EDITABLE)
    ready = list(owed.order_by("pk").values_list("pk", flat=True))
    ReportEntry.objects.filter(pk__in=ready).update(**WORDS, saved_at=now, saved_by=user)
    return Desk(report.pk, user.pk, ready)
