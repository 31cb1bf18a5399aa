"""What an obligation that is broken down (分解) takes from its parts: their number and percent.

`transitions.change_within` keeps both, in the transaction that changes a part.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from directives.base.states import CLOSED, OPEN
from directives.base.wording import join_words, localized
from directives.models import Obligation

NAMED = 5  # parts that a refusal names; the others are only counted


def rows_above(parents: Iterable[int | None]) -> set[int]:
    """These rows (ids) and all that they are broken down from, at every level."""
    above: set[int] = set()
    level = {pk for pk in parents if pk is not None}
    while level:
        above |= level
        rows = Obligation.objects.filter(pk__in=level, broken_from__isnull=False)
        level = set(rows.values_list("broken_from_id", flat=True)) - above
    return above


def figures_of(parents: Iterable[int]) -> Mapping[int, Mapping[str, Any]]:
    """What rows (ids) take from their live parts: the number, and the mean percent, rounded down.

    Without a live part, a row keeps its last percent.
    """
    rows = Obligation.objects.live().filter(broken_from__in=list(parents)).order_by()
    counted = rows.values_list("broken_from").annotate(Count("pk"), Sum("percent"))
    figures: dict[int, dict[str, Any]] = {pk: {"parts": 0} for pk in parents}
    return figures | {pk: {"parts": n, "percent": total // n} for pk, n, total in counted}


def open_parts(row: Obligation) -> QuerySet[Obligation]:
    """The live parts of a row that are not closed."""
    return Obligation.objects.filter(broken_from=row.pk, state__in=OPEN)


def open_parts_in_words(row: Obligation) -> str:
    """The parts that prevent closing, named; empty if there are none."""
    count = open_parts(row).count() if row.parts else 0
    if not count:
        return ""
    first_parts = (
        open_parts(row).select_related("organisation").order_by("organisation__code")[:NAMED]
    )
    names = join_words([localized(part.organisation, "name") for part in first_parts])
    return _(
        "Broken down, and %(count)s parts are not closed yet: %(bodies)s. Close them first."
    ) % {"count": count, "bodies": names if count <= NAMED else f"{names}…"}


def closed_above(row: Obligation) -> Obligation | None:
    """The row that this one is broken down from, if it is not open."""
    if row.broken_from_id is None:
        return None
    above = Obligation.objects.select_related("organisation").get(pk=row.broken_from_id)
    return None if above.state in OPEN else above


def closed_above_in_words(above: Obligation) -> str:
    values = {"body": localized(above.organisation, "name")}
    if above.state == CLOSED:
        return (
            _("It is a part of the obligation of %(body)s, which is closed. Reopen that first.")
            % values
        )
    return _("It is a part of the obligation of %(body)s, which is withdrawn.") % values
