"""What an issue to more bodies than can be listed comes to: counted by kind, and from the kept counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from directives.addressing import propose
from directives.issuing import Choice, candidates, chosen_bodies
from directives.models import Addressee, Directive, Document, Tally, User
from directives.overview.issuing import Selection
from directives.states import SUPERVISOR


@dataclass(frozen=True, slots=True)
class WideLine:
    """One directive: how many bodies it would go to, and of these how many may owe it already, at most."""

    directive: Directive
    bodies: int
    there: int

    @property
    def new(self) -> int:
        """Obligations that would be made at least."""
        return self.bodies - self.there


@dataclass(frozen=True, slots=True)
class WidePreview:
    """The issue in sums. What exists already is known by kind of body alone, so it is a bound."""

    lines: tuple[WideLine, ...]

    @property
    def pairs(self) -> int:
        return sum(line.bodies for line in self.lines)

    @property
    def there(self) -> int:
        return sum(line.there for line in self.lines)

    @property
    def silent(self) -> tuple[Directive, ...]:
        """Directives whose words address none of the chosen bodies."""
        return tuple(line.directive for line in self.lines if not line.bodies)


def wide_preview(document: Document, user: User, choice: Choice, selected: Selection, *, today: date) -> WidePreview:
    """What the choice comes to, in three queries whatever it is of."""
    found = chosen_bodies(user, choice, today).order_by().values_list("kind").annotate(Count("pk"))
    kinds: dict[str, int] = dict(found)
    heard = _heard(selected.directives) if choice.addressed else None
    owed = _owed(document, user, selected.directives)
    lines = []
    for directive in selected.directives:
        meant = kinds if heard is None else {kind: kinds[kind] for kind in heard.get(directive.pk, ()) if kind in kinds}
        there = sum(min(count, owed.get((directive.pk, kind), 0)) for kind, count in meant.items())
        lines.append(WideLine(directive, sum(meant.values()), there))
    return WidePreview(tuple(lines))


def _heard(directives: tuple[Directive, ...]) -> Mapping[int, frozenset[str]]:
    """The kinds of bodies that the words of each directive address."""
    words: dict[int, list[Addressee]] = {}
    for addressee in Addressee.objects.filter(directive__in=directives):
        words.setdefault(addressee.directive_id, []).append(addressee)
    return {pk: propose(addressees).kinds for pk, addressees in words.items()}


def _owed(document: Document, user: User, directives: tuple[Directive, ...]) -> dict[tuple[int, str], int]:
    """How many bodies of a kind owe a directive already, anywhere below the posts of the person."""
    posts = [m.organisation_id for m in user.in_role(SUPERVISOR)]
    kept = Tally.objects.filter(scope__in=posts, document=document, directive__in=directives, count__gt=0)
    rows = kept.order_by().values_list("directive_id", "body_kind").annotate(Sum("count"))
    return {(directive, kind): count for directive, kind, count in rows}


def kinds_meant(user: User, directives: tuple[Directive, ...], today: date) -> tuple[frozenset[str], int]:
    """The kinds that the words of these directives address and that there are below the person, and how many directives address any."""
    there = set(candidates(user).existing_on(today).order_by().values_list("kind", flat=True).distinct())
    heard = {pk: kinds & there for pk, kinds in _heard(directives).items()}
    return frozenset().union(*heard.values()), sum(bool(kinds) for kinds in heard.values())
