"""The audit record page by page, however long it is: no page reads it from end to end."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery
from django.utils import timezone

from directives.core.keyset import SIZE, Column, Leaf, Order, Turn, leaf
from directives.core.scope import Scope
from directives.models import Document, Event, Organisation, User
from directives.record.queries.events import Asked, Line, events_for, lines

NEWEST = Order("newest", (Column("id", down=True),))
SEARCHED = 200_000  # events that a search goes through
ASTRAY = 10_000  # events by which the order of numbers and that of time may differ
FEW = 300  # bodies whose newest events are looked up one body after another


def events_page(user: User, asked: Asked, query: Mapping[str, str]) -> Leaf:
    """One page of the record, the newest first; nobody counts it."""
    turn, found = Turn.of(query, NEWEST), events_for(user, asked)
    if asked.any and not (asked.document and asked.since):  # those an index finds
        found = found.filter(_searched(asked))
    elif not turn.backwards:
        found = found.filter(_near(user, turn))
    return leaf(found, NEWEST, turn, total=None)


def exported(user: User, asked: Asked) -> Iterator[Line]:
    """Everything that was asked for, streamed."""
    for event in events_for(user, asked).iterator(chunk_size=2000):
        yield from lines([event], user)


def _searched(asked: Asked) -> Q:
    """What of the record is gone through: so many events, back from the last one or from the last day asked for.

    The record is written in the order of time, but for what was under way at the same moment.
    """
    last = Event.objects.order_by("-pk").values("pk")[:1]
    if asked.until:
        end = datetime.combine(asked.until, time.max, timezone.get_current_timezone())
        later = (
            Event.objects.filter(document_id=OuterRef("pk"), at__gt=end)
            .order_by("at")
            .values("pk")[:1]
        )
        first = Document.objects.annotate(first=Subquery(later)).aggregate(id=Min("first"))["id"]
        if first is not None:
            return Q(pk__gt=first - SEARCHED, pk__lt=first + ASTRAY)
    return Q(pk__gt=Subquery(last) - SEARCHED)


def _near(user: User, turn: Turn) -> Q:
    """Not further back than a page of a few bodies can reach: the newest of each are found by index, however long the record."""
    scope = Scope.of(user)
    if user.sees_whole_record or scope.wide:
        return Q()
    newest = Event.objects.filter(
        organisation=OuterRef("pk"), **({"pk__lt": turn.after[0]} if turn.after else {})
    )
    bodies = Organisation.objects.filter(scope.condition(""))[: FEW + 1].annotate(
        reach=Subquery(newest.order_by("-pk").values("pk")[SIZE : SIZE + 1])
    )
    found = bodies.aggregate(n=Count("pk"), furthest=Max("reach"))
    return (
        Q(pk__gte=found["furthest"]) if found["n"] <= FEW and found["furthest"] is not None else Q()
    )
