"""Which bodies have a directive: one by one if they are few, else grouped by subtree."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When
from django.utils.functional import Promise

from directives.base.states import (
    COLOURS,
    ESTABLISHED,
    IN_PROGRESS,
    ITEM_STATES,
    LEAD,
    PARTS,
    RED,
    YELLOW,
)
from directives.core.scope import Lights, Scope, sum_lights
from directives.models import (
    ALWAYS,
    Directive,
    Item,
    ItemState,
    LogEntry,
    Mark,
    Obligation,
    Organisation,
    Tally,
    User,
)

LISTED = 20  # obligations listed on the page; the ledger has all
FEW_OBLIGATIONS = 200  # obligations that are read one by one
GROUPS = 100  # child bodies that are listed
URGENT = (RED, YELLOW, *(colour for colour in COLOURS if colour not in (RED, YELLOW)))


@dataclass(frozen=True, slots=True)
class ItemShare:
    """An item, and how many of the bodies that have it established it."""

    item: Item
    done: int
    underway: int
    total: int


@dataclass(frozen=True, slots=True)
class AssignedBody:
    """An obligation, with the state of each item in order and the last day of its log."""

    obligation: Obligation
    item_states: tuple[str, ...]
    logged_on: date | None

    @property
    def established(self) -> int:
        return sum(state == ESTABLISHED for state in self.item_states)

    @property
    def underway(self) -> int:
        return sum(state == IN_PROGRESS for state in self.item_states)


@dataclass(frozen=True, slots=True)
class Group:
    """A body with all below it: the lights, and the `shares` of the items in order."""

    body: Organisation
    lights: Lights
    shares: tuple[ItemShare, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which the directive was assigned to the bodies in view."""

    leads: tuple[Obligation, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()
    earliest: date | None = None
    latest: date | None = None
    undated: int = 0

    @property
    def shares(self) -> tuple[tuple[str, str | Promise, int], ...]:
        """How many bodies have each part: (part, its name, count)."""
        counts = dict(self.parts)
        return tuple((part, label, counts[part]) for part, label in PARTS if counts.get(part))


def obligations_in_scope(scope: Scope, directive: Directive) -> QuerySet[Obligation]:
    """The obligations of a directive in view. By bodies, because an index has both columns."""
    bodies = Organisation.objects.filter(scope.condition("")).values("pk")
    return Obligation.objects.filter(directive=directive, organisation__in=bodies)


# one by one


def assigned_bodies(
    user: User, obligations: QuerySet[Obligation], items: tuple[Item, ...]
) -> tuple[AssignedBody, ...]:
    """The first OWERS of these obligations, the most urgent first."""
    urgency = Case(
        *(When(light=colour, then=Value(position)) for position, colour in enumerate(URGENT)),
        output_field=IntegerField(),
    )
    rows = list(
        obligations.select_related("organisation").order_by(urgency, "organisation__code")[:LISTED]
    )
    states: dict[tuple[int, int], str] = {}
    if items:
        for obligation, item, state in ItemState.objects.filter(obligation__in=rows).values_list(
            "obligation", "item", "state"
        ):
            states[obligation, item] = state
    logs = LogEntry.objects.of_visible_bodies(user).not_withdrawn()
    logs = logs.filter(measure__obligations__in=rows)
    logged = dict(logs.values_list("measure__obligations").annotate(Max("on")).order_by())
    return tuple(
        AssignedBody(
            row, tuple(states.get((row.pk, item.pk), "") for item in items), logged.get(row.pk)
        )
        for row in rows
    )


def terms(obligations: QuerySet[Obligation]) -> Terms:
    """The terms of these obligations, which must be few."""
    parts = tuple(obligations.values_list("part").annotate(Count("pk")).order_by())
    days = obligations.aggregate(
        earliest=Min("due_on"), latest=Max("due_on"), all=Count("pk"), dated=Count("due_on")
    )
    return Terms(
        leads(obligations), parts, days["earliest"], days["latest"], days["all"] - days["dated"]
    )


def leads(obligations: QuerySet[Obligation]) -> tuple[Obligation, ...]:
    """The obligations of leads, at most five."""
    return tuple(
        obligations.filter(part=LEAD).select_related("organisation").order_by("organisation_id")[:5]
    )


# from stored counts


def shares(scope: Scope, directive: Directive, items: tuple[Item, ...]) -> tuple[ItemShare, ...]:
    """How many of the bodies in view have each item, from stored counts."""
    if not items:
        return ()
    rows = _item_marks(scope.branches, directive, items).values("word").annotate(n=Sum("count"))
    counts: Counter[str] = Counter({row["word"]: row["n"] for row in rows.order_by()})
    for _body, word, count in (
        _single_counts(directive, scope.single_bodies) if scope.single_bodies else ()
    ):
        counts[word] += count
    return _shares(items, counts)


def _item_marks(
    scopes: Iterable[int], directive: Directive, items: tuple[Item, ...]
) -> QuerySet[Mark]:
    words = [f"{item.pk}:{state}" for item in items for state, _label in ITEM_STATES]
    return Mark.objects.filter(
        scope__in=scopes,
        document=directive.document_id,
        topic="item",
        day=ALWAYS,
        word__in=words,
        count__gt=0,
    )


def _single_counts(directive: Directive, bodies: Iterable[int]) -> Iterable[tuple[int, str, int]]:
    """The same for bodies without stored counts: body, word and count."""
    obligations = Obligation.objects.counted().filter(directive=directive, organisation__in=bodies)
    states = ItemState.objects.filter(obligation__in=obligations).values_list(
        "obligation__organisation", "item", "state"
    )
    return [
        (body, f"{item}:{state}", count)
        for body, item, state, count in states.annotate(Count("pk")).order_by()
    ]


def _shares(items: tuple[Item, ...], counts: Mapping[str, int]) -> tuple[ItemShare, ...]:
    by_item: dict[str, Counter[str]] = {}
    for word, count in counts.items():
        item_pk, _colon, state = word.partition(":")
        by_item.setdefault(item_pk, Counter())[state] += count
    shares = []
    for item in items:
        states = by_item.get(str(item.pk), Counter())
        shares.append(ItemShare(item, states[ESTABLISHED], states[IN_PROGRESS], states.total()))
    return tuple(shares)


def groups(scope: Scope, directive: Directive, items: tuple[Item, ...]) -> tuple[Group, ...]:
    """The bodies below the user's one that have the directive; of several, these themselves."""
    has_several = len(scope.trees) + len(scope.bodies) > 1
    if has_several:
        condition = Q(pk__in=[body.pk for body in (*scope.trees, *scope.bodies)])
    else:
        condition = Q(parent__in=[tree.pk for tree in scope.trees])
    bodies = list(Organisation.objects.filter(condition).order_by("code")[:GROUPS])
    branches = [body.pk for body in bodies if body.branch]
    childless = [body.pk for body in bodies if not body.branch]
    counted = Tally.objects.filter(
        scope__in=branches, document=directive.document_id, directive=directive, count__gt=0
    )
    rows = list(
        counted.values("scope_id", "light")
        .annotate(n=Sum("count"), p=Sum("percent_sum"))
        .order_by()
    )
    lights = sum_lights(rows, "scope_id")
    obligations = Obligation.objects.counted().filter(
        directive=directive, organisation__in=childless
    )
    by_light = obligations.values("organisation_id", "light").order_by()
    lights |= sum_lights(by_light.annotate(n=Count("pk"), p=Sum("percent")), "organisation_id")
    marks: dict[int, dict[str, int]] = {}
    stored = _item_marks(branches, directive, items).values_list("scope_id", "word", "count")
    for pk, word, count in (*stored, *_single_counts(directive, childless)) if items else ():
        marks.setdefault(pk, {})[word] = count
    with_directive = [
        Group(body, lights[body.pk], _shares(items, marks.get(body.pk, {})))
        for body in bodies
        if body.pk in lights
    ]
    return tuple(sorted(with_directive, key=lambda group: -group.lights.red))
