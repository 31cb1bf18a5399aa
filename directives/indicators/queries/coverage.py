"""Of how many bodies those that reported a figure are: who owes something under the document today, and who reported and owes no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Substr

from directives.dashboard.queries.counts import Body
from directives.indicators.commands.periods import Period
from directives.models import ALWAYS, Figure, Indicator, Mark, Organisation, Owing
from directives.models.organisations import STEP
from directives.models.scope import inside


def bodies_asked(bodies: Iterable[Body | Organisation], document: int) -> dict[int, int]:
    """How many bodies at and below each owe something under the document: from the kept counts. At most two queries."""
    branches, single = [], []
    for body in bodies:
        (branches if body.branch else single).append(body.pk)
    found: dict[int, int] = {}
    if branches:
        marks = Mark.objects.filter(
            scope__in=branches, document=document, topic="bodies", day=ALWAYS, word=""
        )
        found.update(marks.values_list("scope_id", "count"))
    if single:
        owing = Owing.objects.filter(organisation__in=single, document=document, count__gt=0)
        found.update((body, 1) for body in owing.values_list("organisation_id", flat=True))
    return found


@dataclass(frozen=True, slots=True)
class Gone:
    """How many bodies reported and owe nothing under the document any more, by indicator and by the branch right below a body."""

    counts: dict[tuple[int, str], int]  # by indicator and path; the body itself has its own path

    def total(self, indicator: Indicator) -> int:
        return sum(count for (one, _path), count in self.counts.items() if one == indicator.pk)

    def below(self, indicator: Indicator, body: Body) -> int:
        return self.counts.get((indicator.pk, body.path), 0)


def reported_and_gone(indicators: Sequence[Indicator], body: Body, period: Period) -> Gone:
    """Who at and below a body reported for a period and owes nothing any more: what was withdrawn, merged or moved on leaves a
    count of nothing behind, and there are few of these. One query, whose rows are as many as the branches at most.
    """
    nothing = Owing.objects.filter(document=indicators[0].document_id, count__lte=0).values(
        "organisation"
    )
    rows = Figure.objects.filter(
        inside(body.path, "organisation__path"),
        organisation__in=nothing,
        indicator__in=[one.pk for one in indicators],
        year=period.year,
        period=period.cadence,
        number=period.number,
    )
    branch = Substr("organisation__path", 1, len(body.path) + STEP)
    told = (
        rows.order_by()
        .annotate(branch=branch)
        .values_list("indicator", "branch")
        .annotate(n=Count("pk"))
    )
    return Gone({(one, path): n for one, path, n in told})


def among(reported: int, owing: int, gone: int) -> int:
    """Of how many the ones that reported are: never fewer than themselves, whatever counts were made anew in between."""
    return max(reported, owing + gone)
