"""The lines of the ledger (台账), read in batches, so that a long list is never held whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Any, NamedTuple

from django.db.models import QuerySet

from directives.base.states import HANDED_IN, LEAD
from directives.models import (
    Directive,
    Item,
    ItemState,
    Measure,
    Obligation,
    Organisation,
    Plan,
    User,
)

BATCH = 500  # rows whose items and measures are read together
KEPT = 20_000  # bodies that are kept while others are read


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a list names it."""

    pk: int
    code: str
    name_hans: str
    name_hant: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A directive as a list quotes it, with where it stands."""

    pk: int
    code: str
    text: str
    text_hans: str
    text_hant: str
    document_id: int
    title: str
    title_hans: str
    title_hant: str
    section_id: int
    section_number: str
    section_title: str
    section_title_hans: str
    section_title_hant: str


class LedgerItem(NamedTuple):
    """One named item of a directive, and how far the body has got with it."""

    number: int
    name_hans: str
    name_hant: str
    state: str
    on: date | None
    open_reason: str


class LedgerRow(NamedTuple):
    """One line of the ledger; `leads`: who leads the directive. A tuple: a hundred thousand are made while a person waits."""

    pk: int
    version: int
    part: str
    leader: str
    contact: str
    note: str
    state: str
    percent: int
    progress: str
    problems: str
    next_steps: str
    starts_on: date
    due_on: date | None
    light: str
    light_code: str
    light_on: date | None
    number: int  # 序号, from 1 over the whole list
    clause: Clause
    body: Body
    leads: tuple[Body, ...]
    items: tuple[LedgerItem, ...]
    measures: tuple[str, ...]


OWN = LedgerRow._fields[:16]
CELLS = (*OWN, "directive_id", "organisation_id")  # what `Reader.lines` takes of an obligation
CLAUSE = (
    "pk", "code", "text", "text_hans", "text_hant", "document_id", "document__title", "document__title_hans", "document__title_hant",
    "section_id", "section__number", "section__title", "section__title_hans", "section__title_hant",
)  # fmt: skip
ITEM = ("number", "name_hans", "name_hant")
BODY = ("pk", "code", "name_hans", "name_hant")


@dataclass(slots=True)
class LedgerReader:
    """Reads lines of the ledger a batch at a time, and keeps what comes again with the next: clauses, items, bodies, leads, plans.

    Measures of plans that are still drafts show only to their own body; `user` None is the system.
    """

    user: User | None
    clauses: dict[int, Clause] = field(default_factory=dict)
    items: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    itemised: set[int] = field(default_factory=set)  # clauses that have items
    bodies: dict[int, Body] = field(default_factory=dict)
    leads: dict[int, tuple[Body, ...]] = field(default_factory=dict)
    looked: set[int] = field(default_factory=set)  # plans
    seen: set[int] = field(default_factory=set)  # of these, those that the reader sees

    def meet(self, clauses: set[int], bodies: set[int], led: set[int]) -> None:
        """Read what these rows name for the first time; `led` are clauses of which somebody else may be the lead."""
        if new := clauses - self.clauses.keys():
            self.clauses |= {
                cells[0]: Clause(*cells)
                for cells in Directive.objects.filter(pk__in=new).values_list(*CLAUSE)
            }
            for pk, clause, *cells in Item.objects.filter(directive__in=new).values_list(
                "pk", "directive", *ITEM
            ):
                self.items[pk] = tuple(cells)
                self.itemised.add(clause)
        if len(self.bodies) > KEPT:
            self.bodies.clear()
        if new := bodies - self.bodies.keys():
            self.bodies |= {
                cells[0]: Body(*cells)
                for cells in Organisation.objects.filter(pk__in=new).values_list(*BODY)
            }
        if new := led - self.leads.keys():
            self.leads |= _leads(new)

    def look(self, plans: set[int]) -> None:
        """Which of these plans the reader sees."""
        if len(self.looked) > KEPT:
            self.looked.clear()
            self.seen.clear()
        new = plans - self.looked
        if new:
            seen = (
                Plan.objects.visible_to(self.user)
                if self.user
                else Plan.objects.filter(state__in=HANDED_IN)
            )
            self.seen.update(seen.filter(pk__in=new).values_list("pk", flat=True))
            self.looked |= new

    def lines(self, batch: Sequence[tuple[Any, ...]], first: int = 1) -> Iterator[LedgerRow]:
        """The lines of these obligations, given as CELLS says, in their order; `first` is the number of the first one."""
        self.meet(
            {cells[-2] for cells in batch},
            {cells[-1] for cells in batch},
            {cells[-2] for cells in batch if cells[2] != LEAD},
        )
        items = _items([cells[0] for cells in batch if cells[-2] in self.itemised], self.items)
        measures = _measures([cells[0] for cells in batch], self)
        for number, (pk, version, part, *own, clause, body) in enumerate(batch, first):
            leads = (self.bodies[body],) if part == LEAD else self.leads[clause]
            yield LedgerRow(
                pk, version, part, *own, number, self.clauses[clause], self.bodies[body], leads,
                tuple(items.get(pk, ())), tuple(measures.get(pk, ())),
            )  # fmt: skip


def _leads(clauses: set[int]) -> dict[int, tuple[Body, ...]]:
    found: dict[int, list[Body]] = {pk: [] for pk in clauses}
    leading = (
        Obligation.objects.live()
        .filter(directive__in=clauses, part=LEAD)
        .order_by("organisation__code")
    )
    for clause, *cells in leading.values_list(
        "directive", *(f"organisation__{name}" for name in BODY)
    ):
        found[clause].append(Body(*cells))
    return {pk: tuple(bodies) for pk, bodies in found.items()}


def _items(keys: list[int], known: dict[int, tuple[int, str, str]]) -> dict[int, list[LedgerItem]]:
    """The items of each obligation, in their order."""
    found: dict[int, list[LedgerItem]] = {}
    states = ItemState.objects.filter(obligation__in=keys) if keys else ItemState.objects.none()
    for pk, item, *cells in states.values_list("obligation", "item", "state", "on", "open_reason"):
        found.setdefault(pk, []).append(LedgerItem(*known[item], *cells))
    return {pk: sorted(lines) for pk, lines in found.items()}


def _measures(keys: list[int], known: LedgerReader) -> dict[int, list[str]]:
    """The measures of each obligation: read by its id, and only then asked which of their plans are seen.

    Asked in one question, an engine may begin with every plan of the person's subtree, for each batch anew.
    """
    served = Measure.obligations.through.objects.filter(
        obligation__in=keys, measure__plan__live=True
    )
    served = served.order_by("measure__plan", "measure__number").values_list(
        "obligation", "measure__plan", "measure__text"
    )
    lines = list(served)
    known.look({plan for _pk, plan, _text in lines})
    found: dict[int, list[str]] = {}
    for pk, plan, text in lines:
        if plan in known.seen:
            found.setdefault(pk, []).append(text)
    return found


def ledger(parts: Iterable[QuerySet[Obligation]], user: User | None) -> Iterator[LedgerRow]:
    """Every line of these parts of a list, one part after another, read in batches of some queries beside the list itself."""
    reader, first = LedgerReader(user), 1
    # A query for each part, streamed. It brings only the ids of what repeats: words are read once.
    streams = (rows.values_list(*CELLS).iterator(chunk_size=BATCH) for rows in parts)
    source: Iterator[Any] = chain.from_iterable(streams)
    while batch := list(islice(source, BATCH)):
        yield from reader.lines(batch, first)
        first += len(batch)


def names(people: Iterable[Body], *, shown: int = 3) -> tuple[tuple[Body, ...], int]:
    """The first few of a list of bodies, and how many more there are."""
    listed = tuple(people)
    return listed[:shown], max(0, len(listed) - shown)
