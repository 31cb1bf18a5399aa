"""Where the words that somebody searches for stand: in which directives, and in which bodies' names."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from directives.base.script import fold, to_hans
from directives.models import Directive, Obligation, Organisation, User
from directives.models.scope import in_view

DIRECTIVES, BODIES = 200, 100  # that one search goes through; there may be more


@dataclass(frozen=True, slots=True)
class Mentions:
    """Ids of what mentions the words; None: nothing was searched for. `cut`: more was found than is gone through."""

    directives: tuple[int, ...] | None = None
    bodies: tuple[int, ...] = ()
    cut: bool = False

    def apply(self, rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
        """The rows of these directives or of these bodies."""
        if self.directives is None:
            return rows
        if not self.bodies:
            return rows.filter(directive__in=self.directives)
        if not self.directives:
            return rows.filter(organisation__in=self.bodies)
        return rows.filter(Q(directive__in=self.directives) | Q(organisation__in=self.bodies))


def mentions(user: User, q: str) -> Mentions:
    """What mentions the words, in either script: the directive's text, the body's name, or its code. At most two queries."""
    if not q:
        return Mentions()
    directives = Directive.objects.filter(search_key__contains=fold(q)).order_by(
        "document", "order"
    )
    names = (
        Q(name_hans__icontains=to_hans(q)) | Q(full_name__icontains=to_hans(q)) | Q(code__iexact=q)
    )
    bodies = Organisation.objects.filter(in_view(user, "")).filter(names).order_by("path")
    said = tuple(directives.values_list("pk", flat=True)[: DIRECTIVES + 1])
    named = tuple(bodies.values_list("pk", flat=True)[: BODIES + 1])
    return Mentions(
        said[:DIRECTIVES], named[:BODIES], len(said) > DIRECTIVES or len(named) > BODIES
    )
