"""Which organisations have not acknowledged receipt in time, and since when."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from directives.base.states import ASSIGNED, MANAGER, SUPERVISOR, WORKING
from directives.core.scope import FilterOnly, Scope
from directives.dashboard.queries.figures import obligations_url
from directives.models import Obligation, User
from directives.models.scope import in_subtrees
from directives.obligations.queries.filters import ObligationFilter

ROWS_READ = 200  # obligations, those that wait longest, whose organisations are listed
SHOWN = 8  # organisations
CLOCK = "receipt"


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """An organisation with `n` obligations that it should have acknowledged; the first by `on`."""

    pk: int
    name_hans: str
    name_hant: str
    on: date
    n: int

    @property
    def url(self) -> str:
        return obligations_url(ObligationFilter(body=self.pk, clock=CLOCK))


def unacknowledged(user: User, *, today: date) -> tuple[Unacknowledged, ...]:
    """Return the organisations that have waited longest, in two queries.

    They are those in the subtrees that the user manages or supervises, but not those for which
    they work: these are among their own tasks.
    """
    memberships = user.in_role(MANAGER, SUPERVISOR)
    if not memberships:
        return ()
    late = Obligation.objects.late(CLOCK).filter(state=ASSIGNED, acknowledge_by__lt=today)
    below = in_subtrees(memberships, "organisation__path")
    # The rows are read in the order of an index, which soon finds enough if most are visible.
    rows = late.filter(FilterOnly(below) if Scope.of(user).sees_most else below)
    rows = rows.exclude(organisation__in=list(user.bodies_as(*WORKING)))
    names = ("organisation", "organisation__name_hans", "organisation__name_hant")
    first: dict[int, tuple[str, str, date]] = {}
    oldest = rows.order_by("acknowledge_by", "pk").values_list(*names, "acknowledge_by")
    for pk, *name_and_day in oldest[:ROWS_READ]:
        if len(first) < SHOWN:
            first.setdefault(pk, (name_and_day[0], name_and_day[1], name_and_day[2]))
    if not first:
        return ()
    counted = late.filter(organisation__in=list(first)).order_by()
    counts = dict(counted.values_list("organisation").annotate(Count("pk")))
    return tuple(
        Unacknowledged(pk, *name_and_day, counts[pk]) for pk, name_and_day in first.items()
    )
