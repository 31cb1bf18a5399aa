"""Which classes of bodies the addressees of a document mean (BodyClass, kept by administrators).

Words that are no class propose nobody: a supervisor decides, the product does not guess.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from directives.base.script import fold
from directives.models import Addressee, BodyClass, Directive, Organisation


def classes_named(names: Iterable[str]) -> dict[str, BodyClass]:
    """The classes among names of a document, in one query."""
    keys = {name: (fold(name), fold(name).rpartition("等")[2]) for name in names}
    found = BodyClass.objects.filter(key__in={key for pair in keys.values() for key in pair})
    by_key = {row.key: row for row in found}
    return {
        name: by_key.get(key) or by_key[general]
        for name, (key, general) in keys.items()
        if key in by_key or general in by_key
    }


@dataclass(frozen=True, slots=True)
class Proposal:
    """The (kind, level) of the bodies that addressees mean, and the words that are no class."""

    groups: frozenset[tuple[str, str]]
    unknown: tuple[str, ...]

    def takes(self, body: Organisation) -> bool:
        """Whether the directive addresses this body."""
        return (body.kind, body.level) in self.groups


def propose(
    addressees: Iterable[Addressee],
    classes: Mapping[str, BodyClass],
    owner: Organisation | None,
) -> Proposal:
    """The proposal that follows from the addressees of one directive in a document of `owner`."""
    names = [addressee.name for addressee in addressees if addressee.name]
    groups = (classes[name].groups(owner) for name in names if name in classes)
    return Proposal(
        frozenset().union(*groups), tuple(name for name in names if name not in classes)
    )


def proposals(directives: Iterable[Directive]) -> dict[int, Proposal]:
    """The proposal of each directive that has addressees, by id, in two queries."""
    by_directive: dict[int, list[Addressee]] = {}
    rows = Addressee.objects.filter(directive__in=list(directives))
    document = "directive__document"  # without its texts
    rows = rows.select_related(f"{document}__organisation").only(
        "name", "directive__document", f"{document}__organisation__level"
    )
    for addressee in rows:
        by_directive.setdefault(addressee.directive_id, []).append(addressee)
    names = {row.name for rows in by_directive.values() for row in rows if row.name}
    classes = classes_named(names) if names else {}
    return {
        pk: propose(rows, classes, rows[0].directive.document.organisation)
        for pk, rows in by_directive.items()
    }


def pairs_proposed(
    directives: Iterable[Directive], bodies: Iterable[Organisation]
) -> frozenset[tuple[int, int]]:
    """Pairs (directive id, body id) of directives and the bodies they address, in two queries."""
    by_group: dict[tuple[str, str], list[int]] = {}
    for body in bodies:
        by_group.setdefault((body.kind, body.level), []).append(body.pk)
    return frozenset(
        (directive, body)
        for directive, proposal in proposals(directives).items()
        for group in proposal.groups
        for body in by_group.get(group, ())
    )
