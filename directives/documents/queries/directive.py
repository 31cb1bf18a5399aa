"""One directive: its words between their neighbours, who owes it, how far each has got, and what happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from directives.base.states import LIVE
from directives.core.scope import NONE, Lights, Scope, lights_by
from directives.documents.queries.source import lines_of, repairs_in
from directives.models import Addressee, Directive, Document, Event, Item, Obligation, Repair, User
from directives.models.documents import PROPOSED
from directives.obligations.queries.owers import (
    FEW,
    Group,
    ItemShare,
    Ower,
    Terms,
    groups,
    leads,
    obligations_in_scope,
    owers,
    shares,
    terms,
)
from directives.record.queries.timeline import TimelineEntry, timeline

LATEST = 1000  # acts on a directive that are looked through for what happened lately


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a directive's words; with an item where it is the item's name."""

    text: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class DirectiveView:
    """All that the page of a directive says."""

    directive: Directive
    before: Directive | None  # in the document's order
    after: Directive | None
    near: tuple[Directive | None, Directive | None]  # its neighbours in the paragraph
    addressees: tuple[Addressee, ...]
    items: tuple[ItemShare, ...]
    lights: Lights
    owers: tuple[Ower, ...]  # one by one; empty where they are too many
    groups: tuple[Group, ...]  # then these
    terms: Terms
    happenings: tuple[TimelineEntry, ...]
    repairs: tuple[Repair, ...]

    @property
    def doubtful(self) -> int:
        """Repairs in its words that nobody has decided."""
        return sum(repair.state == PROPOSED for repair in self.repairs)

    @property
    def more(self) -> int:
        """Obligations that the page does not list."""
        return 0 if self.groups else self.lights.total - len(self.owers)


def pieces(text: str, own: str, items: Iterable[Item], names: Iterable[str]) -> tuple[Piece, ...]:
    """The words as shown, cut at the items.

    `own` is the text in the document's script, for which the items' offsets hold; `names` are the items' names as shown,
    by which they are found where the shown text has another length.
    """
    found: list[Piece] = []
    at = 0
    for item, name in zip(items, names, strict=True):
        start, end = item.start, item.end
        if len(text) != len(own) or not start < end <= len(text):
            start = text.find(name, at) if name else -1
            end = start + len(name)
        if start < at:
            continue
        if start > at:
            found.append(Piece(text[at:start]))
        found.append(Piece(text[start:end], item))
        at = end
    if at < len(text):
        found.append(Piece(text[at:]))
    return tuple(found)


def directive_view(user: User, directive: Directive) -> DirectiveView:
    """The page of a directive, over the part of the work that this person sees."""
    scope = Scope.of(user)
    given = obligations_in_scope(scope, directive)
    owed = given.filter(state__in=LIVE)
    neighbours = _neighbours(directive)
    items = tuple(directive.items.order_by("number"))
    lights = lights_by(scope, "directive", document=directive.document_id, directive=directive).get(
        directive.pk, NONE
    )
    few, live = lights.total <= FEW, Obligation.objects.live().filter(directive=directive)
    return DirectiveView(
        directive=directive,
        before=neighbours[0],
        after=neighbours[1],
        near=tuple(row if row and _same_paragraph(row, directive) else None for row in neighbours),
        addressees=tuple(directive.addressees.order_by("order")),
        items=shares(scope, directive, items),
        lights=lights,
        owers=owers(user, owed, items) if few else (),
        groups=() if few else groups(scope, directive, items),
        terms=terms(owed) if few else Terms(leads=leads(scope.walked(live, "organisation"))),
        happenings=timeline(_acts(user, directive, given if few else None)),
        repairs=_repairs(directive),
    )


def _acts(user: User, directive: Directive, given: QuerySet[Obligation] | None) -> QuerySet[Event]:
    """What was done about a directive: all of it on these obligations, or the latest of it, of which some is in view."""
    if given is not None:
        return Event.objects.filter(obligation_id__in=given.values("pk"))
    latest = Event.objects.filter(directive_id=directive.pk).order_by("-pk").values("pk")[:LATEST]
    return Event.objects.readable_by(user).filter(pk__in=latest)


def _neighbours(directive: Directive) -> tuple[Directive | None, Directive | None]:
    rows = Directive.objects.filter(document=directive.document_id)
    before, after = rows.filter(order__lt=directive.order), rows.filter(order__gt=directive.order)
    return before.order_by("-order").first(), after.order_by("order").first()


def _same_paragraph(one: Directive, other: Directive) -> bool:
    return (one.section_id, one.paragraph) == (other.section_id, other.paragraph)


def _repairs(directive: Directive) -> tuple[Repair, ...]:
    """The repairs that made the words of this directive what they are."""
    document = Document.objects.only("text_read").get(pk=directive.document_id)
    return repairs_in(directive.text, lines_of(document, document.repairs.all(), ()))
