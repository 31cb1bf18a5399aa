"""Assigning as the document says: who, in what part and by when differ by directive."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from directives import tallies
from directives.base.states import LEAD, RESPONSIBLE, SUPPORTING
from directives.models import Directive, Document, Obligation, Organisation, User
from directives.obligations.commands.issuing import Pair, Terms, issue_pairs

WEIGHT = {LEAD: 0, RESPONSIBLE: 1, SUPPORTING: 2}


@dataclass(frozen=True, slots=True)
class Share:
    """What a name of the document takes on in one directive, for each body that it means."""

    directive: Directive
    name: str
    bodies: tuple[Organisation, ...]
    part: str
    due_on: date | None = None
    is_class: bool = False  # the name means several bodies

    def terms(self, common: Terms) -> Terms:
        return replace(common, part=self.part, due_on=self.due_on)


def beside_present_leads(shares: Iterable[Share], led: Collection[int]) -> tuple[Share, ...]:
    """The shares in which whoever would lead one of these directives (ids) is responsible."""
    return tuple(
        replace(share, part=RESPONSIBLE)
        if share.part == LEAD and share.directive.pk in led
        else share
        for share in shares
    )


def pairs_of(shares: Iterable[Share], common: Terms) -> list[Pair]:
    """One pair for each directive and body, in order.

    Of a body that a directive names twice, its own name counts before a class of bodies, then the
    weightier part.
    """
    found: dict[tuple[int, int], Pair] = {}
    ranks: dict[tuple[int, int], tuple[bool, int]] = {}
    for share in shares:
        rank, terms = (share.is_class, WEIGHT[share.part]), share.terms(common)
        for body in share.bodies:
            key = share.directive.pk, body.pk
            if key not in found or rank < ranks[key]:
                found[key], ranks[key] = Pair(share.directive, body, terms), rank
    return list(found.values())


def existing_pairs(pairs: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Which of these pairs (directive id, body id) are assigned already, withdrawn ones too."""
    asked = frozenset(pairs)
    rows = Obligation.objects.filter(
        directive__in={directive for directive, _body in asked},
        organisation__in={body for _directive, body in asked},
    )
    return asked.intersection(rows.order_by().values_list("directive_id", "organisation_id"))


@tallies.counted()
def issue_as_said(
    *, document: Document, shares: Sequence[Share], common: Terms, by: User | None, now: datetime
) -> list[Obligation]:
    """Assign each share on its own terms and return the new obligations.

    Existing pairs are left unchanged. Raises as `issue_pairs`.
    """
    pairs = pairs_of(shares, common)
    existing = existing_pairs((pair.directive.pk, pair.organisation.pk) for pair in pairs)
    fresh = [p for p in pairs if (p.directive.pk, p.organisation.pk) not in existing]
    return issue_pairs(document=document, pairs=fresh, by=by, now=now)
