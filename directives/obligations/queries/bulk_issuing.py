"""The preview of an issue to more bodies than can be listed: exact, or estimated by kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from directives.base.states import SUPERVISOR
from directives.core.addressing import proposals
from directives.models import Directive, Document, Obligation, Organisation, Tally, User
from directives.models.scope import any_of, in_subtree, topmost
from directives.obligations.commands.choosing import Choice, chosen_bodies
from directives.obligations.queries.issuing import Selection

EXACT = 200_000  # pairs that are compared exactly, at about two microseconds each
Group = tuple[str, str]  # the kind and level of bodies


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
    """Return the preview of a choice, in at most five queries."""
    counted = chosen_bodies(user, choice, today).order_by().values_list("kind", "level")
    groups = Counter({(kind, level): count for kind, level, count in counted.annotate(Count("pk"))})
    addressed = proposals(selected.directives) if choice.addressed else None
    exact = len(selected.directives) * groups.total() <= EXACT
    assigned = _count_assigned(user, choice, selected.directives, today) if exact else Counter()
    surplus = {} if exact else _surplus_assigned(document, user, selected.directives)
    lines = []
    for directive in selected.directives:
        chosen = set(groups)
        if addressed is not None:
            chosen &= addressed[directive.pk].groups if directive.pk in addressed else set()
        existing = sum(assigned[directive.pk, group] for group in chosen)
        if not exact:
            by_kind: Counter[str] = Counter()
            for kind, level in chosen:
                by_kind[kind] += groups[kind, level]
            existing = sum(
                max(0, count + surplus.get((directive.pk, kind), -count))
                for kind, count in by_kind.items()
            )
        lines.append(BulkLine(directive, sum(groups[group] for group in chosen), existing))
    return BulkPreview(tuple(lines), exact)


def _count_assigned(
    user: User, choice: Choice, directives: tuple[Directive, ...], today: date
) -> Counter[tuple[int, Group]]:
    """Count the chosen bodies that have a directive, by (directive, group), withdrawn ones too."""
    bodies = chosen_bodies(user, choice, today).order_by().values("pk")
    rows = Obligation.objects.filter(directive__in=directives, organisation__in=bodies).order_by()
    columns = rows.values_list("directive_id", "organisation__kind", "organisation__level")
    return Counter(
        {
            (directive, (kind, level)): count
            for directive, kind, level, count in columns.annotate(Count("pk"))
        }
    )


def _surplus_assigned(
    document: Document, user: User, directives: tuple[Directive, ...]
) -> dict[tuple[int, str], int]:
    """By (directive, kind), how many more obligations than bodies there are below the user.

    From the stored counts. Plus the number of chosen bodies of the kind it is how many of these
    have the directive at least, as if all the others had it.
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
    rows = counts.order_by().values_list("directive_id", "body_kind").annotate(Sum("count"))
    return {(directive, kind): count - existing.get(kind, 0) for directive, kind, count in rows}


def _kinds(directives: tuple[Directive, ...]) -> Mapping[int, frozenset[str]]:
    """The kinds of bodies that the text of each directive addresses, by directive id."""
    return {
        pk: frozenset(kind for kind, _level in proposal.groups)
        for pk, proposal in proposals(directives).items()
    }
