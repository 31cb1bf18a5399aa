"""The page of one directive."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from directives.base.states import LIVE, MANAGER, SUPERVISOR, SUPPORTING
from directives.core.scope import NO_LIGHTS, Lights, Scope, lights_by
from directives.documents.queries.source import repairs_in, source_lines
from directives.models import Addressee, Directive, Document, Event, Item, Obligation, Repair, User
from directives.models.documents import PROPOSED
from directives.obligations.queries.assigned_bodies import (
    FEW_OBLIGATIONS,
    AssignedBody,
    Group,
    ItemShare,
    Terms,
    assigned_bodies,
    groups,
    leads,
    obligations_in_scope,
    shares,
    terms,
)
from directives.obligations.queries.closing import closed_directives
from directives.record.queries.timeline import TimelineEntry, timeline

LATEST = 1000  # events of a directive among which those in view are looked for


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a directive's text; `item` if it is the name of one."""

    text: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class DirectiveView:
    directive: Directive
    before: Directive | None  # in the document's order
    after: Directive | None
    same_paragraph: tuple[
        Directive | None, Directive | None
    ]  # before and after, if in the same paragraph
    addressees: tuple[Addressee, ...]
    items: tuple[ItemShare, ...]
    lights: Lights
    closed: bool  # as a whole, by all its leads
    assigned_bodies: tuple[AssignedBody, ...]  # empty if they are too many
    groups: tuple[Group, ...]  # shown if they are too many
    terms: Terms
    timeline: tuple[TimelineEntry, ...]
    repairs: tuple[Repair, ...]
    supported: bool  # by a body, whether in view or not
    may_instruct: bool

    @property
    def doubtful(self) -> int:
        """How many repairs in its text are undecided."""
        return sum(repair.state == PROPOSED for repair in self.repairs)

    @property
    def not_listed(self) -> int:
        """How many obligations the page does not list."""
        return 0 if self.groups else self.lights.total - len(self.assigned_bodies)


def pieces(
    text: str, original: str, items: Iterable[Item], names: Iterable[str]
) -> tuple[Piece, ...]:
    """The text cut at its items.

    The items' offsets are in `original`, in the script of the document. Where `text` has another
    length, items are found by their `names` in its script.
    """
    result: list[Piece] = []
    position = 0
    for item, name in zip(items, names, strict=True):
        start, end = item.start, item.end
        if len(text) != len(original) or not start < end <= len(text):
            start = text.find(name, position) if name else -1
            end = start + len(name)
        if start < position:
            continue
        if start > position:
            result.append(Piece(text[position:start]))
        result.append(Piece(text[start:end], item))
        position = end
    if position < len(text):
        result.append(Piece(text[position:]))
    return tuple(result)


def directive_view(user: User, directive: Directive) -> DirectiveView:
    """The page of a directive over the scope of the user."""
    scope = Scope.of(user)
    obligations = obligations_in_scope(scope, directive)
    live = obligations.filter(state__in=LIVE)
    before, after = _neighbours(directive)
    items = tuple(directive.items.order_by("number"))
    lights = lights_by(scope, "directive", document=directive.document_id, directive=directive).get(
        directive.pk, NO_LIGHTS
    )
    is_short, all_live = (
        lights.total <= FEW_OBLIGATIONS,
        Obligation.objects.live().filter(directive=directive),
    )
    return DirectiveView(
        directive=directive,
        before=before,
        after=after,
        same_paragraph=(_in_paragraph(before, directive), _in_paragraph(after, directive)),
        addressees=tuple(directive.addressees.order_by("order")),
        items=shares(scope, directive, items),
        lights=lights,
        closed=bool(closed_directives(directive=directive)),
        assigned_bodies=assigned_bodies(user, live, items) if is_short else (),
        groups=() if is_short else groups(scope, directive, items),
        terms=terms(live)
        if is_short
        else Terms(leads=leads(scope.filter_only(all_live, "organisation"))),
        timeline=timeline(_events(user, directive, obligations if is_short else None)),
        repairs=_repairs(directive),
        supported=all_live.filter(part=SUPPORTING).exists(),
        may_instruct=lights.total > 0 and bool(user.in_role(MANAGER, SUPERVISOR)),
    )


def _events(
    user: User, directive: Directive, obligations: QuerySet[Obligation] | None
) -> QuerySet[Event]:
    """The events of these obligations; without them, those in view among the latest ones."""
    if obligations is not None:
        return Event.objects.filter(obligation_id__in=obligations.values("pk"))
    latest = Event.objects.filter(directive_id=directive.pk).order_by("-pk").values("pk")[:LATEST]
    return Event.objects.readable_by(user).filter(pk__in=latest)


def _neighbours(directive: Directive) -> tuple[Directive | None, Directive | None]:
    rows = Directive.objects.filter(document=directive.document_id)
    before, after = rows.filter(order__lt=directive.order), rows.filter(order__gt=directive.order)
    return before.order_by("-order").first(), after.order_by("order").first()


def _in_paragraph(neighbour: Directive | None, directive: Directive) -> Directive | None:
    """The neighbour, if it is in the same paragraph."""
    if neighbour is None or neighbour.section_id != directive.section_id:
        return None
    return neighbour if neighbour.paragraph == directive.paragraph else None


def _repairs(directive: Directive) -> tuple[Repair, ...]:
    document = Document.objects.only("text_read").get(pk=directive.document_id)
    return repairs_in(directive.text, source_lines(document, document.repairs.all(), ()))
