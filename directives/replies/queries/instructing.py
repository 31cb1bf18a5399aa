"""To whom an instruction can be written: on an obligation, a directive, or a body as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from directives.base.numbers import whole_number
from directives.base.states import MANAGER, SUPERVISOR
from directives.core.rules import may
from directives.models import Directive, Obligation, Organisation, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import in_subtrees

OFFERED = 200  # bodies that a form offers


@dataclass(frozen=True, slots=True)
class Target:
    """What an instruction is written on.

    `rows` are the obligations to choose from, those of the bodies for which the person may write;
    on a body as a whole there are none.
    """

    name: str  # of the field: obligation, directive or body
    pk: int
    obligation: Obligation | None = None
    directive: Directive | None = None
    body: Organisation | None = None
    rows: QuerySet[Obligation] | None = None

    def may_be_instructed(self, user: User) -> bool:
        if self.body is not None:
            return may(user, "instruct", self.body)
        if self.obligation is not None:
            return may(user, "instruct", self.obligation)
        return self.rows is not None and self.rows.exists()

    @property
    def choices(self) -> list[Obligation]:
        return list(self.rows[:OFFERED]) if self.rows is not None else []


def find_target(user: User, query: Mapping[str, str]) -> Target | None:
    """The target that a query string or a form names; None if the person sees no such thing."""
    for name, find in (("obligation", _obligation), ("directive", _directive), ("body", _body)):
        pk = whole_number(query.get(name, ""))
        if pk is not None:
            return find(user, pk)
    return None


def _obligation(user: User, pk: int) -> Target | None:
    rows = Obligation.objects.visible_to(user).filter(pk=pk)
    related = rows.select_related("organisation", "directive", "document", "section")
    row = related.defer(*HEAVY_OF_DOCUMENT).first()
    if row is None:
        return None
    return Target("obligation", pk, obligation=row, directive=row.directive, rows=related)


def _directive(user: User, pk: int) -> Target | None:
    rows = Directive.objects.visible_to(user).select_related("document", "section")
    directive = rows.defer(*HEAVY_OF_DOCUMENT).filter(pk=pk).first()
    if directive is None:
        return None
    return Target("directive", pk, directive=directive, rows=instructable(user, directive))


def instructable(user: User, directive: Directive) -> QuerySet[Obligation]:
    """The open obligations of a directive on which the person may write."""
    leading = in_subtrees(user.in_role(MANAGER, SUPERVISOR), "organisation__path")
    rows = Obligation.objects.open().filter(leading, directive=directive)
    return rows.select_related("organisation").order_by("organisation__path")


def _body(user: User, pk: int) -> Target | None:
    body = Organisation.objects.visible_to(user).filter(pk=pk).first()
    return Target("body", pk, body=body) if body else None
