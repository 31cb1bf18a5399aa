"""Reading the lines of the ledger (台账) in batches, so that memory use stays small."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from directives.base.states import GRANTED, HANDED_IN, INSTRUCTION, LEAD, WITHDRAWN
from directives.models import (
    Directive,
    Extension,
    Item,
    ItemState,
    Measure,
    Obligation,
    Organisation,
    Plan,
    ReplyRequest,
    User,
)

BATCH = 500  # rows whose items and measures are read together
CACHE_SIZE = 20_000  # bodies, or plans, that are cached between batches


@dataclass(frozen=True, slots=True)
class Body:
    """The code and names of an organisation."""

    pk: int
    code: str
    name_hans: str
    name_hant: str


@dataclass(frozen=True, slots=True)
class Clause:
    """The text of a directive, with its section and document."""

    pk: int
    code: str
    text: str
    text_hans: str
    text_hant: str
    due_words: str
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
    """One item of a directive, and its state."""

    number: int
    name_hans: str
    name_hant: str
    state: str
    on: date | None
    open_reason: str


class LedgerInstruction(NamedTuple):
    """An instruction on an obligation, and how far the reply is."""

    text: str
    due_on: date
    state: str


class LedgerRow(NamedTuple):
    """One line of the ledger. A tuple, because a request may create a hundred thousand."""

    number: int  # 序号, from 1 over the whole list
    clause: Clause
    body: Body
    leads: tuple[Body, ...]  # of the directive
    items: tuple[LedgerItem, ...]
    measures: tuple[str, ...]
    broken_from: Body | None  # whose obligation this is a part of
    instructions: tuple[LedgerInstruction, ...]
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
    original_due_on: date | None
    extensions_granted: int
    light: str
    light_code: str
    light_on: date | None
    looked_back: str
    extension_reasons: tuple[str, ...] = ()  # of those granted, oldest first


# The body whose obligation a row is a part of
WHOLE = {"whole_id": F("broken_from__organisation_id")}
# The columns from which a LedgerRow is made; from `pk` on in the order of its fields.
CELLS = (
    *("directive_id", "organisation_id", "whole_id"),
    *("pk", "version", "part", "leader", "contact", "note", "state", "percent"),
    *("progress", "problems", "next_steps", "starts_on"),
    *("due_on", "original_due_on", "extensions_granted"),
    *("light", "light_code", "light_on", "looked_back"),
)
CLAUSE = (
    *("pk", "code", "text", "text_hans", "text_hant", "due_words"),
    *("document_id", "document__title", "document__title_hans", "document__title_hant"),
    *("section_id", "section__number"),
    *("section__title", "section__title_hans", "section__title_hant"),
)
BODY = ("pk", "code", "name_hans", "name_hant")


@dataclass(slots=True)
class LedgerReader:
    """Reads lines of the ledger a batch at a time.

    Clauses, items, bodies, leads and plans are cached between batches. Measures of draft plans are
    only visible to their own body. A `user` of None means the system.
    """

    user: User | None
    clauses: dict[int, Clause] = field(default_factory=dict)
    items: dict[int, tuple[int, str, str]] = field(default_factory=dict)  # number and names
    itemised: set[int] = field(default_factory=set)  # clauses that have items
    bodies: dict[int, Body] = field(default_factory=dict)
    leads: dict[int, tuple[Body, ...]] = field(default_factory=dict)
    visible_plans: dict[int, bool] = field(default_factory=dict)

    def lines(self, batch: Sequence[tuple[Any, ...]], first: int = 1) -> Iterator[LedgerRow]:
        """The lines of these obligations, in order. The first has the number `first`.

        The batch has at least one tuple of CELLS.
        """
        clauses, bodies, wholes, keys, _versions, parts, *_rest = zip(*batch, strict=True)
        self._read_names(set(clauses), {*bodies, *wholes} - {None})
        clause_parts = zip(clauses, parts, strict=True)
        self._read_leads(
            {clause for clause, part in clause_parts if part != LEAD} - self.leads.keys()
        )
        ids_with_clauses = zip(keys, clauses, strict=True)
        items = self._read_items([pk for pk, clause in ids_with_clauses if clause in self.itemised])
        measures, instructions = self._read_measures(keys), _read_instructions(keys)
        pk_place, granted = CELLS.index("pk"), CELLS.index("extensions_granted")
        reasons = _read_extension_reasons([cells[pk_place] for cells in batch if cells[granted]])
        for number, (clause, body, above, pk, version, part, *rest) in enumerate(batch, first):
            line = LedgerRow(
                number,
                self.clauses[clause],
                self.bodies[body],
                (self.bodies[body],) if part == LEAD else self.leads[clause],
                tuple(items.get(pk, ())),
                tuple(measures.get(pk, ())),
                self.bodies[above] if above is not None else None,
                tuple(instructions.get(pk, ())),
                pk,
                version,
                part,
                *rest,
            )
            yield line._replace(extension_reasons=reasons[pk]) if pk in reasons else line

    def _read_names(self, clauses: set[int], bodies: set[int]) -> None:
        """Read the clauses and bodies that are met for the first time."""
        if new := clauses - self.clauses.keys():
            for cells in Directive.objects.filter(pk__in=new).values_list(*CLAUSE):
                self.clauses[cells[0]] = Clause(*cells)
            items = Item.objects.filter(directive__in=new)
            for pk, clause, number, hans, hant in items.values_list(
                "pk", "directive", "number", "name_hans", "name_hant"
            ):
                self.items[pk] = (number, hans, hant)
                self.itemised.add(clause)
        if len(self.bodies) > CACHE_SIZE:
            self.bodies.clear()
        if new := bodies - self.bodies.keys():
            for cells in Organisation.objects.filter(pk__in=new).values_list(*BODY):
                self.bodies[cells[0]] = Body(*cells)

    def _read_leads(self, clauses: set[int]) -> None:
        if not clauses:
            return
        leads: dict[int, list[Body]] = {pk: [] for pk in clauses}
        rows = Obligation.objects.live().filter(directive__in=clauses, part=LEAD)
        names = (f"organisation__{name}" for name in BODY)
        for clause, *cells in rows.order_by("organisation__code").values_list("directive", *names):
            leads[clause].append(Body(*cells))
        self.leads |= {pk: tuple(bodies) for pk, bodies in leads.items()}

    def _read_items(self, keys: Sequence[int]) -> dict[int, list[LedgerItem]]:
        """The items of these obligations, in their order."""
        items: dict[int, list[LedgerItem]] = {}
        rows = ItemState.objects.filter(obligation__in=keys) if keys else ItemState.objects.none()
        for pk, item, state, on, reason in rows.values_list(
            "obligation", "item", "state", "on", "open_reason"
        ):
            items.setdefault(pk, []).append(LedgerItem(*self.items[item], state, on, reason))
        return {pk: sorted(lines) for pk, lines in items.items()}

    def _read_measures(self, keys: Sequence[int]) -> dict[int, list[str]]:
        """The texts of the measures that the user sees, by obligation.

        Two queries: in a single one, the database may start with every plan that the user sees.
        """
        served = Measure.obligations.through.objects.filter(
            obligation__in=keys, measure__plan__live=True
        ).order_by("measure__plan", "measure__number")
        lines = list(served.values_list("obligation", "measure__plan", "measure__text"))
        if len(self.visible_plans) > CACHE_SIZE:
            self.visible_plans.clear()
        if new := {plan for _pk, plan, _text in lines} - self.visible_plans.keys():
            plans = (
                Plan.objects.visible_to(self.user)
                if self.user
                else Plan.objects.filter(state__in=HANDED_IN)
            )
            visible = set(plans.filter(pk__in=new).values_list("pk", flat=True))
            self.visible_plans |= {plan: plan in visible for plan in new}
        measures: dict[int, list[str]] = {}
        for pk, plan, text in lines:
            if self.visible_plans[plan]:
                measures.setdefault(pk, []).append(text)
        return measures


def _read_extension_reasons(keys: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Why the days of these obligations were extended; no query without any."""
    reasons: dict[int, tuple[str, ...]] = {}
    if keys:
        granted = Extension.objects.filter(obligation__in=keys, state=GRANTED)
        for pk, reason in granted.order_by("asked_at", "pk").values_list("obligation", "reason"):
            reasons[pk] = (*reasons.get(pk, ()), reason)
    return reasons


def _read_instructions(keys: Sequence[int]) -> dict[int, list[LedgerInstruction]]:
    """The instructions on these obligations; who sees an obligation sees those on it."""
    rows = ReplyRequest.objects.filter(obligation__in=keys, kind=INSTRUCTION)
    cells = rows.exclude(state=WITHDRAWN).order_by("asked_at", "pk")
    instructions: dict[int, list[LedgerInstruction]] = {}
    for pk, text, due_on, state in cells.values_list("obligation", "text", "due_on", "state"):
        instructions.setdefault(pk, []).append(LedgerInstruction(text, due_on, state))
    return instructions


def ledger(parts: Iterable[QuerySet[Obligation]], user: User | None) -> Iterator[LedgerRow]:
    """Yield every line of these parts of a list, one part after another."""
    reader, first = LedgerReader(user), 1
    # One streamed query for each part. It reads ids; repeated texts are read once, by the reader.
    streams = (
        rows.annotate(**WHOLE).values_list(*CELLS).iterator(chunk_size=BATCH) for rows in parts
    )
    source: Iterator[tuple[Any, ...]] = chain.from_iterable(streams)
    while batch := list(islice(source, BATCH)):
        yield from reader.lines(batch, first)
        first += len(batch)
