"""The page on which disputed obligations are handed over to another organisation."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from directives.base.states import DISPUTED, LIVE
from directives.base.workdays import Workdays
from directives.core.transitions import can_move
from directives.models import Obligation, Organisation, User
from directives.obligations.commands.choosing import candidates
from directives.obligations.commands.handing_over import ANEW, Dates, dates_of
from directives.obligations.queries.issuing import matching
from directives.obligations.queries.obligation import visible_obligations

ROWS = 100  # disputed obligations listed
BODIES = 20  # organisations listed


@dataclass(frozen=True, slots=True)
class DisputedRow:
    """A disputed obligation that can be handed over; `anew` are its days if they start again."""

    row: Obligation
    chosen: bool
    anew: Dates


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that can take them; it has `owed` of the chosen directives already."""

    body: Organisation
    chosen: bool
    owed: int


@dataclass(frozen=True, slots=True)
class HandoverPage:
    rows: tuple[DisputedRow, ...]
    bodies: tuple[Candidate, ...]
    more: bool  # more organisations match than are listed

    @property
    def linkable(self) -> bool:
        """Whether a listed organisation has a chosen directive already."""
        return any(line.owed for line in self.bodies)


def disputed_rows(row: Obligation, user: User) -> list[Obligation]:
    """The disputed obligations of the same document that the user may hand over, this one first."""
    rows = visible_obligations(user).filter(document=row.document_id, state=DISPUTED)
    others = rows.exclude(pk=row.pk).order_by("organisation__code", "directive__order")[:ROWS]
    return [each for each in (row, *others) if can_move(each, "redirect", user)]


def handover_page(
    row: Obligation,
    user: User,
    *,
    chosen: Collection[int],
    body: int | None,
    q: str,
    today: date,
    workdays: Workdays,
) -> HandoverPage:
    """Return the page. `chosen` are ids of obligations, `body` is the chosen organisation.

    Without a search text, the organisations beside the one that disputes are offered.
    """
    rows = tuple(
        DisputedRow(each, each.pk in chosen, dates_of(each, ANEW, today=today, workdays=workdays))
        for each in disputed_rows(row, user)
    )
    bodies = matching(candidates(user), q=q, kind="", level="", below=None, today=today)
    bodies = bodies.exclude(pk=row.organisation_id)
    if not q:
        bodies = bodies.filter(parent=row.organisation.parent_id)
    found = list(bodies.order_by("code")[: BODIES + 1])
    listed = found[:BODIES]
    if body and body not in {each.pk for each in listed}:
        listed = [*candidates(user).filter(pk=body), *listed]
    owed: Counter[int] = Counter(
        Obligation.objects.filter(
            directive__in={line.row.directive_id for line in rows if line.chosen},
            organisation__in=listed,
            state__in=LIVE,
        ).values_list("organisation_id", flat=True)
    )
    lines = (Candidate(each, each.pk == body, owed[each.pk]) for each in listed)
    return HandoverPage(rows, tuple(lines), len(found) > BODIES)
