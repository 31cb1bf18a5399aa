"""The preview of an issue to more bodies than can be listed: exact, or estimated by kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from directives.base.states import SUPERVISOR
from directives.core.addressing import propose
from directives.models import Addressee, Directive, Document, Obligation, Organisation, Tally, User
from directives.models.scope import any_of, in_subtree, topmost
from directives.obligations.commands.choosing import Choice, candidates, chosen_bodies
from directives.obligations.queries.issuing import Selection

EXACT = 200_000  # pairs that are compared exactly, at about two microseconds each
Kinds = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One directive, and to how many bodies it would be assigned."""

    directive: Directive
    bodies: int
    existing: int  # bodies with an obligation already

    @property
    def new(self) -> int:
        return self.bodies - self.existing


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """The totals of an issue. If not `exact`, `existing` is a minimum and `new` a maximum."""

    lines: tuple[BulkLine, ...]
    exact: bool

    @property
    def pairs(self) -> int:
        return sum(line.bodies for line in self.lines)

    @property
    def existing(self) -> int:
        return sum(line.existing for line in self.lines)

    @property
    def new(self) -> int:
        return self.pairs - self.existing

    @property
    def unaddressed(self) -> tuple[Directive, ...]:
        """Directives whose texts address none of the chosen bodies."""
        return tuple(line.directive for line in self.lines if not line.bodies)


def bulk_preview(
    document: Document, user: User, choice: Choice, selected: Selection, *, today: date
) -> BulkPreview:
    """Return the preview of a choice, in at most four queries."""
    by_kind = (
        chosen_bodies(user, choice, today).order_by().values_list("kind").annotate(Count("pk"))
    )
    kinds: dict[str, int] = dict(by_kind)
    addressed = _addressed_kinds(selected.directives) if choice.addressed else None
    exact = len(selected.directives) * sum(kinds.values()) <= EXACT
    assigned = (
        _count_assigned(user, choice, selected.directives, today)
        if exact
        else _count_assigned_at_least(document, user, selected.directives, kinds)
    )
    lines = []
    for directive in selected.directives:
        chosen_kinds = set(kinds)
        if addressed is not None:
            chosen_kinds &= addressed.get(directive.pk, frozenset())
        bodies = sum(kinds[kind] for kind in chosen_kinds)
        existing = sum(assigned[directive.pk, kind] for kind in chosen_kinds)
        lines.append(BulkLine(directive, bodies, existing))
    return BulkPreview(tuple(lines), exact)


def _count_assigned(
    user: User, choice: Choice, directives: tuple[Directive, ...], today: date
) -> Counter[tuple[int, str]]:
    """Count the chosen bodies that have a directive, by (directive, kind), withdrawn ones too."""
    bodies = chosen_bodies(user, choice, today).order_by().values("pk")
    rows = Obligation.objects.filter(directive__in=directives, organisation__in=bodies).order_by()
    counted = rows.values_list("directive_id", "organisation__kind").annotate(Count("pk"))
    return Counter({(directive, kind): count for directive, kind, count in counted})


def _count_assigned_at_least(
    document: Document, user: User, directives: tuple[Directive, ...], chosen: Kinds
) -> Counter[tuple[int, str]]:
    """A lower bound of the same numbers, from the stored counts below the user's organisations.

    The counts include bodies of the kind that are not chosen. These are subtracted as if each of
    them had the directive.
    """
    supervised = [m.organisation for m in topmost(user.in_role(SUPERVISOR))]
    below = Organisation.objects.filter(
        any_of(in_subtree(body.path, "path") for body in supervised)
    ).order_by()
    existing = dict(below.values_list("kind").annotate(Count("pk")))
    counts = Tally.objects.filter(
        scope__in=[body.pk for body in supervised],
        document=document,
        directive__in=directives,
        count__gt=0,
    )
    assigned: Counter[tuple[int, str]] = Counter()
    rows = counts.order_by().values_list("directive_id", "body_kind").annotate(Sum("count"))
    for directive, kind, count in rows:
        assigned[directive, kind] = max(0, count - existing.get(kind, 0) + chosen.get(kind, 0))
    return assigned


def _addressed_kinds(directives: tuple[Directive, ...]) -> Mapping[int, frozenset[str]]:
    """The kinds of bodies that the text of each directive addresses, by directive id."""
    by_directive: dict[int, list[Addressee]] = {}
    for addressee in Addressee.objects.filter(directive__in=directives):
        by_directive.setdefault(addressee.directive_id, []).append(addressee)
    return {pk: propose(addressees).kinds for pk, addressees in by_directive.items()}


def addressed_kinds_below(
    user: User, directives: tuple[Directive, ...], today: date
) -> tuple[frozenset[str], int]:
    """The kinds of bodies below the user that the texts address, and how many directives do so."""
    bodies = candidates(user).existing_on(today).order_by()
    existing = set(bodies.values_list("kind", flat=True).distinct())
    addressed = {pk: kinds & existing for pk, kinds in _addressed_kinds(directives).items()}
    return frozenset().union(*addressed.values()), sum(bool(kinds) for kinds in addressed.values())
