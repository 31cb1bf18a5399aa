"""One directive: its words between their neighbours, who owes it, how far each has got, and what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Max, Min, QuerySet, Value, When
from django.utils.functional import Promise

from directives.models import Addressee, Directive, Document, Event, Item, ItemState, LogEntry, Obligation, Repair, User
from directives.models.documents import PROPOSED
from directives.overview.scope import NONE, Lights, Scope, lights_by
from directives.overview.source import lines_of, repairs_in
from directives.overview.timeline import Happening, timeline
from directives.states import COLOURS, ESTABLISHED, IN_PROGRESS, LEAD, PARTS, RED, YELLOW

OWERS = 20  # obligations listed on the page; the ledger has them all
URGENT = (RED, YELLOW, *(colour for colour in COLOURS if colour not in (RED, YELLOW)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a directive's words; with an item where it is the item's name."""

    text: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class ItemShare:
    """An item and how many of the bodies that owe it have established it."""

    item: Item
    done: int
    underway: int
    of: int


@dataclass(frozen=True, slots=True)
class Ower:
    """An obligation of the directive with the state of each item in order and the last day something was logged."""

    obligation: Obligation
    squares: tuple[str, ...]
    logged_on: date | None

    @property
    def established(self) -> int:
        return sum(state == ESTABLISHED for state in self.squares)

    @property
    def underway(self) -> int:
        return sum(state == IN_PROGRESS for state in self.squares)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms the directive was given, over the bodies in view."""

    leads: tuple[Obligation, ...]
    parts: dict[str, int]
    earliest: date | None
    latest: date | None
    undated: int

    @property
    def shares(self) -> tuple[tuple[str, str | Promise, int], ...]:
        """How many bodies have each part: (part, its name, count)."""
        return tuple((part, label, self.parts[part]) for part, label in PARTS if self.parts.get(part))


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
    owers: tuple[Ower, ...]
    terms: Terms
    happenings: tuple[Happening, ...]
    repairs: tuple[Repair, ...]

    @property
    def doubtful(self) -> int:
        """Repairs in its words that nobody has decided."""
        return sum(repair.state == PROPOSED for repair in self.repairs)

    @property
    def more(self) -> int:
        """Obligations that the page does not list."""
        return self.lights.total - len(self.owers)


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
    owed = Obligation.objects.live().filter(scope.condition("organisation"), directive=directive)
    neighbours = _neighbours(directive)
    items = tuple(directive.items.order_by("number"))
    return DirectiveView(
        directive=directive,
        before=neighbours[0],
        after=neighbours[1],
        near=tuple(row if row and _same_paragraph(row, directive) else None for row in neighbours),
        addressees=tuple(directive.addressees.order_by("order")),
        items=_shares(items, owed),
        lights=lights_by(scope, "directive", directive=directive).get(directive.pk, NONE),
        owers=_owers(user, owed, items),
        terms=_terms(owed),
        happenings=timeline(Event.objects.visible_to(user).filter(directive_id=directive.pk)),
        repairs=_repairs(directive),
    )


def _neighbours(directive: Directive) -> tuple[Directive | None, Directive | None]:
    rows = Directive.objects.filter(document=directive.document_id)
    before, after = rows.filter(order__lt=directive.order), rows.filter(order__gt=directive.order)
    return before.order_by("-order").first(), after.order_by("order").first()


def _same_paragraph(one: Directive, other: Directive) -> bool:
    return (one.section_id, one.paragraph) == (other.section_id, other.paragraph)


def _shares(items: tuple[Item, ...], owed: QuerySet[Obligation]) -> tuple[ItemShare, ...]:
    if not items:
        return ()
    counts: dict[int, dict[str, int]] = {}
    states = ItemState.objects.filter(obligation__in=owed).values_list("item", "state").annotate(Count("pk")).order_by()
    for item, state, count in states:
        counts.setdefault(item, {})[state] = count
    return tuple(
        ItemShare(item, found.get(ESTABLISHED, 0), found.get(IN_PROGRESS, 0), sum(found.values()))
        for item in items
        for found in [counts.get(item.pk, {})]
    )


def _owers(user: User, owed: QuerySet[Obligation], items: tuple[Item, ...]) -> tuple[Ower, ...]:
    """The first obligations, the most urgent first."""
    urgency = Case(*(When(light=colour, then=Value(place)) for place, colour in enumerate(URGENT)), output_field=IntegerField())
    rows = list(owed.select_related("organisation").order_by(urgency, "organisation__code")[:OWERS])
    states: dict[tuple[int, int], str] = {}
    if items:
        for obligation, item, state in ItemState.objects.filter(obligation__in=rows).values_list("obligation", "item", "state"):
            states[obligation, item] = state
    logs = LogEntry.objects.visible_to(user).filter(measure__obligations__in=rows)
    logged = dict(logs.values_list("measure__obligations").annotate(Max("on")).order_by())
    return tuple(Ower(row, tuple(states.get((row.pk, item.pk), "") for item in items), logged.get(row.pk)) for row in rows)


def _terms(owed: QuerySet[Obligation]) -> Terms:
    parts = dict(owed.values_list("part").annotate(Count("pk")).order_by())
    days = owed.aggregate(earliest=Min("due_on"), latest=Max("due_on"), all=Count("pk"), dated=Count("due_on"))
    leads = tuple(owed.filter(part=LEAD).select_related("organisation").order_by("organisation__code")[:5])
    return Terms(leads, parts, days["earliest"], days["latest"], days["all"] - days["dated"])


def _repairs(directive: Directive) -> tuple[Repair, ...]:
    """The repairs that made the words of this directive what they are."""
    document = Document.objects.only("text_read").get(pk=directive.document_id)
    return repairs_in(directive.text, lines_of(document, document.repairs.all(), ()))
