"""How many bodies are expected to report a figure.

These are the bodies that have obligations under the document today, and those that reported but no
longer have any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Substr

from directives.dashboard.queries.counts import Body
from directives.indicators.commands.periods import Period
from directives.models import ALWAYS, Figure, Indicator, Mark, Organisation, Owing
from directives.models.organisations import STEP
from directives.models.scope import in_subtree


def responsible_counts(bodies: Iterable[Body | Organisation], document: int) -> dict[int, int]:
    """How many bodies at and below each have obligations under the document, from the tallies.

    At most two queries.
    """
    bodies = list(bodies)
    branches = [body.pk for body in bodies if body.branch]
    leaves = [body.pk for body in bodies if not body.branch]
    counts: dict[int, int] = {}
    if branches:
        marks = Mark.objects.filter(
            scope__in=branches, document=document, topic="bodies", day=ALWAYS, word=""
        )
        counts.update(marks.values_list("scope_id", "count"))
    if leaves:
        rows = Owing.objects.filter(organisation__in=leaves, document=document, count__gt=0)
        counts.update((body, 1) for body in rows.values_list("organisation_id", flat=True))
    return counts


@dataclass(frozen=True, slots=True)
class FormerReporters:
    """Numbers of bodies that reported, but no longer have obligations under the document."""

    counts: dict[tuple[int, str], int]  # by indicator, and path of a body or its child

    def total(self, indicator: Indicator) -> int:
        return sum(count for (pk, _path), count in self.counts.items() if pk == indicator.pk)

    def below(self, indicator: Indicator, body: Body) -> int:
        return self.counts.get((indicator.pk, body.path), 0)


def former_reporters(
    indicators: Sequence[Indicator], body: Body, period: Period
) -> FormerReporters:
    """The bodies at and below one that reported for a period but no longer have obligations.

    One query, with at most one row for each child. It reads few rows: obligations that were
    withdrawn, merged or moved leave a count of 0.
    """
    without_obligations = Owing.objects.filter(
        document=indicators[0].document_id, count__lte=0
    ).values("organisation")
    rows = Figure.objects.filter(
        in_subtree(body.path, "organisation__path"),
        organisation__in=without_obligations,
        indicator__in=[indicator.pk for indicator in indicators],
        year=period.year,
        period=period.cadence,
        number=period.number,
    )
    branch = Substr("organisation__path", 1, len(body.path) + STEP)
    counts = (
        rows.order_by()
        .annotate(branch=branch)
        .values_list("indicator", "branch")
        .annotate(n=Count("pk"))
    )
    return FormerReporters({(indicator, path): count for indicator, path, count in counts})


def expected_count(reported: int, responsible: int, former: int) -> int:
    # At least those that reported: the counts may be recomputed between the queries.
    return max(reported, responsible + former)
