"""Which kinds of organisation the addressees of a document mean.

Words that are not in the table propose nobody: a supervisor decides, the product does not guess.
人民团体 is narrower than 群团组织 and is left out, because the register does not distinguish them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from directives.base.script import to_hans
from directives.models import Addressee, Directive, Organisation

# In Simplified script, without the examples that precede 等.
KINDS_BY_WORD = {
    "各级党委": ("provincial_committee",),
    "党委": ("provincial_committee",),
    "各地": ("provincial_committee",),
    "各省、自治区、直辖市党委": ("provincial_committee",),
    "各级党委和政府": ("provincial_committee",),
    "群团组织": ("mass_organisation",),
    "各群团组织": ("mass_organisation",),
    "群团组织领导机关": ("mass_organisation",),
    "群团组织领导机关干部": ("mass_organisation",),
    "群团干部": ("mass_organisation",),
    "中央管理的群团组织": ("mass_organisation",),
    "中央各部委": ("party_department",),
    "国家机关各部委党组（党委）": ("state_organ",),
    "中央和国家机关各部委": ("party_department", "state_organ"),
    "解放军各总部": ("military",),
    "各大单位党委": ("military",),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """The kinds of organisation that addressees mean, and the words that are not in the table."""

    kinds: frozenset[str]
    unknown: tuple[str, ...]

    def takes(self, body: Organisation) -> bool:
        """Whether the directive addresses this body."""
        return body.kind in self.kinds


def kinds_of(words: str) -> tuple[str, ...]:
    """The kinds that an addressee's name means; empty if it is not in the table."""
    hans = to_hans(words)
    return KINDS_BY_WORD.get(hans) or KINDS_BY_WORD.get(hans.rpartition("等")[2], ())


def propose(addressees: Iterable[Addressee]) -> Proposal:
    """The proposal that follows from the addressees of one directive."""
    kinds: set[str] = set()
    unknown = []
    for addressee in addressees:
        kinds_named = kinds_of(addressee.name)
        kinds.update(kinds_named)
        if addressee.name and not kinds_named:
            unknown.append(addressee.name)
    return Proposal(frozenset(kinds), tuple(unknown))


def pairs_proposed(
    directives: Iterable[Directive], bodies: Iterable[Organisation]
) -> frozenset[tuple[int, int]]:
    """Pairs (directive id, body id) of directives and the bodies they address, in one query."""
    by_kind: dict[str, list[int]] = {}
    for body in bodies:
        by_kind.setdefault(body.kind, []).append(body.pk)
    by_directive: dict[int, list[Addressee]] = {}
    for addressee in Addressee.objects.filter(directive__in=list(directives)):
        by_directive.setdefault(addressee.directive_id, []).append(addressee)
    return frozenset(
        (directive, body)
        for directive, addressees in by_directive.items()
        for kind in propose(addressees).kinds
        for body in by_kind.get(kind, ())
    )
