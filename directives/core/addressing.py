"""Which bodies a document's words speak of: a table of facts, from an addressee's words to kinds of
bodies.

A word that is not here proposes nobody: a supervisor decides, the product does not guess. 人民团体
is narrower than 群团组织 and is not in the table, because the register does not tell the two apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from directives.base.script import to_hans
from directives.models import Addressee, Directive, Organisation

# In Simplified script, without the examples that stand before 等.
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
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """The kinds of bodies that a directive's addressees speak of, and the words that propose
    nobody.
    """

    kinds: frozenset[str]
    unknown: tuple[str, ...]

    def takes(self, body: Organisation) -> bool:
        """Whether this body is one of those spoken of."""
        return body.kind in self.kinds


def kinds_of(words: str) -> tuple[str, ...]:
    """The kinds that an addressee's words mean; empty for words that are not in the table."""
    hans = to_hans(words)
    return KINDS_BY_WORD.get(hans) or KINDS_BY_WORD.get(hans.rpartition("等")[2], ())


def propose(addressees: Iterable[Addressee]) -> Proposal:
    """Whom the addressees of one directive speak of."""
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
    """Each directive with the bodies that its own words address, as (directive id, body id).

    One query.
    """
    by_kind: dict[str, list[int]] = {}
    for body in bodies:
        by_kind.setdefault(body.kind, []).append(body.pk)
    heard: dict[int, list[Addressee]] = {}
    for addressee in Addressee.objects.filter(directive__in=list(directives)):
        heard.setdefault(addressee.directive_id, []).append(addressee)
    return frozenset(
        (directive, body)
        for directive, words in heard.items()
        for kind in propose(words).kinds
        for body in by_kind.get(kind, ())
    )
