"""What an issue to more bodies than can be listed comes to: exactly, or by kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from directives.base.states import SUPERVISOR
from directives.core.addressing import propose
from directives.models import Addressee, Directive, Document, Obligation, Organisation, Tally, User
from directives.models.scope import any_of, in_subtree
from directives.obligations.commands.choosing import Choice, candidates, chosen_bodies
from directives.obligations.queries.issuing import Selection

EXACT = 200_000  # pairs that are compared one by one: about two microseconds each
Kinds = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One directive: to how many bodies it would go, and how many of them owe it already."""

    directive: Directive
    bodies: int
    there: int

    @property
    def new(self) -> int:
        return self.bodies - self.there


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """The issue in sums; not exact, at least so many pairs exist and at most so many are new."""

    lines: tuple[BulkLine, ...]
    exact: bool

    @property
    def pairs(self) -> int:
        return sum(line.bodies for line in self.lines)

    @property
    def there(self) -> int:
        return sum(line.there for line in self.lines)

    @property
    def new(self) -> int:
        return self.pairs - self.there

    @property
    def silent(self) -> tuple[Directive, ...]:
        """Directives whose words address none of the chosen bodies."""
        return tuple(line.directive for line in self.lines if not line.bodies)


def bulk_preview(
    document: Document, user: User, choice: Choice, selected: Selection, *, today: date
) -> BulkPreview:
    """What the choice comes to, in at most four queries whatever it is of."""
    by_kind = (
        chosen_bodies(user, choice, today).order_by().values_list("kind").annotate(Count("pk"))
    )
    kinds: dict[str, int] = dict(by_kind)
    addressed = _heard(selected.directives) if choice.addressed else None
    exact = len(selected.directives) * sum(kinds.values()) <= EXACT
    owed = (
        _compared(user, choice, selected.directives, today)
        if exact
        else _at_least(document, user, selected.directives, kinds)
    )
    lines = []
    for directive in selected.directives:
        chosen_kinds = (
            kinds
            if addressed is None
            else {kind: kinds[kind] for kind in addressed.get(directive.pk, ()) if kind in kinds}
        )
        lines.append(
            BulkLine(
                directive,
                sum(chosen_kinds.values()),
                sum(owed[directive.pk, kind] for kind in chosen_kinds),
            )
        )
    return BulkPreview(tuple(lines), exact)


def _compared(
    user: User, choice: Choice, directives: tuple[Directive, ...], today: date
) -> Counter[tuple[int, str]]:
    """How many chosen bodies of a kind owe a directive, withdrawn ones included."""
    bodies = chosen_bodies(user, choice, today).order_by().values("pk")
    rows = Obligation.objects.filter(directive__in=directives, organisation__in=bodies).order_by()
    counted = rows.values_list("directive_id", "organisation__kind").annotate(Count("pk"))
    return Counter({(directive, kind): count for directive, kind, count in counted})


def _at_least(
    document: Document, user: User, directives: tuple[Directive, ...], chosen: Kinds
) -> Counter[tuple[int, str]]:
    """At least so many, from the kept counts below the person's posts.

    Any other body of the kind may owe it in their stead.
    """
    posts = [m.organisation for m in user.in_role(SUPERVISOR)]
    posts = [
        post
        for post in posts
        if not any(post.pk != other.pk and post.path.startswith(other.path) for other in posts)
    ]
    below = Organisation.objects.filter(
        any_of(in_subtree(post.path, "path") for post in posts)
    ).order_by()
    there = dict(below.values_list("kind").annotate(Count("pk")))
    kept = Tally.objects.filter(
        scope__in=[post.pk for post in posts],
        document=document,
        directive__in=directives,
        count__gt=0,
    )
    owed: Counter[tuple[int, str]] = Counter()
    for directive, kind, count in (
        kept.order_by().values_list("directive_id", "body_kind").annotate(Sum("count"))
    ):
        owed[directive, kind] = max(0, count - there.get(kind, 0) + chosen.get(kind, 0))
    return owed


def _heard(directives: tuple[Directive, ...]) -> Mapping[int, frozenset[str]]:
    """The kinds of bodies that the words of each directive address."""
    words: dict[int, list[Addressee]] = {}
    for addressee in Addressee.objects.filter(directive__in=directives):
        words.setdefault(addressee.directive_id, []).append(addressee)
    return {pk: propose(addressees).kinds for pk, addressees in words.items()}


def kinds_meant(
    user: User, directives: tuple[Directive, ...], today: date
) -> tuple[frozenset[str], int]:
    """The kinds below the person that the words address, and how many directives address any."""
    there = set(
        candidates(user).existing_on(today).order_by().values_list("kind", flat=True).distinct()
    )
    addressed = {pk: kinds & there for pk, kinds in _heard(directives).items()}
    return frozenset().union(*addressed.values()), sum(bool(kinds) for kinds in addressed.values())
