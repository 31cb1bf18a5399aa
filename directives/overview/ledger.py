"""The lines of the ledger (台账): what the page shows and the sheet prints, read in batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from django.db.models import QuerySet
from django.utils.functional import Promise

from directives.models import ItemState, Measure, Obligation, User
from directives.states import HANDED_IN, LEAD, OBLIGATION_STATES

Words = str | Promise
BATCH = 500  # rows whose items and measures are read together


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


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One named item of a directive, and how far the body has got with it."""

    number: int
    name_hans: str
    name_hant: str
    state: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Detail:
    """What only the sheet prints."""

    items: tuple[ItemLine, ...] = ()
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger. `leads`: who leads the directive; `detail` is None where it was not read."""

    pk: int
    number: int  # 序号, from 1 over the whole list
    clause: Clause
    body: Body
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
    leads: tuple[Body, ...] = ()
    detail: Detail | None = None

    @property
    def state_word(self) -> Words:
        return dict(OBLIGATION_STATES)[self.state]


OWN = (
    "part", "leader", "contact", "note", "state", "percent", "progress", "problems", "next_steps", "starts_on", "due_on", "light",
    "light_code", "light_on",
)  # fmt: skip
CLAUSE = (
    "directive_id", "directive__code", "directive__text", "directive__text_hans", "directive__text_hant", "document_id",
    "document__title", "document__title_hans", "document__title_hant",
)  # fmt: skip
BODY = ("organisation_id", "organisation__code", "organisation__name_hans", "organisation__name_hant")


def _read(rows: QuerySet[Obligation], first: int) -> Iterator[LedgerRow]:
    """Ledger lines without leads and detail. Clauses and bodies that repeat are kept once."""
    clauses: dict[int, Clause] = {}
    bodies: dict[int, Body] = {}
    after_clause = 1 + len(CLAUSE)
    after_body = after_clause + len(BODY)
    # One query, streamed; chunked so that a long list is never held whole.
    for number, cells in enumerate(rows.values_list("pk", *CLAUSE, *BODY, *OWN).iterator(chunk_size=BATCH), first):
        clause = clauses.get(cells[1]) or Clause(*cells[1:after_clause])
        body = bodies.get(cells[after_clause]) or Body(*cells[after_clause:after_body])
        clauses[clause.pk], bodies[body.pk] = clause, body
        yield LedgerRow(cells[0], number, clause, body, *cells[after_body:])


def _with_leads(rows: list[LedgerRow], known: dict[int, tuple[Body, ...]]) -> list[LedgerRow]:
    """The lines with who leads each; one query for directives that are not yet in `known`."""
    wanted = {row.clause.pk for row in rows if row.part != LEAD} - known.keys()
    if wanted:
        found: dict[int, list[Body]] = {}
        leading = Obligation.objects.live().filter(directive__in=wanted, part=LEAD).order_by("organisation__code")
        for directive, *cells in leading.values_list("directive_id", *BODY):
            found.setdefault(directive, []).append(Body(*cells))
        known |= {pk: tuple(found.get(pk, ())) for pk in wanted}
    return [replace(row, leads=(row.body,) if row.part == LEAD else known[row.clause.pk]) for row in rows]


def _with_detail(rows: list[LedgerRow], user: User | None) -> list[LedgerRow]:
    """The lines with their items and measures: two queries."""
    keys = [row.pk for row in rows]
    items: dict[int, list[ItemLine]] = {}
    states = ItemState.objects.filter(obligation__in=keys).order_by("item__number")
    for pk, *cells in states.values_list("obligation_id", "item__number", "item__name_hans", "item__name_hant", "state", "on"):
        items.setdefault(pk, []).append(ItemLine(*cells))
    measures: dict[int, list[str]] = {}
    seen = Measure.objects.visible_to(user) if user else Measure.objects.filter(plan__state__in=HANDED_IN)
    served = seen.filter(plan__live=True, obligations__in=keys).order_by("plan", "number")
    for pk, text in served.values_list("obligations", "text"):
        measures.setdefault(pk, []).append(text)
    return [replace(row, detail=Detail(tuple(items.get(row.pk, ())), tuple(measures.get(row.pk, ())))) for row in rows]


def lines(rows: QuerySet[Obligation], *, first: int = 1) -> list[LedgerRow]:
    """The lines of one page, in two queries; `first` is the number of the first."""
    return _with_leads(list(_read(rows, first)), {})


def ledger(rows: QuerySet[Obligation], user: User | None) -> Iterator[LedgerRow]:
    """Every line with its detail, read in batches of at most three queries beside the list itself.

    Measures of plans that are still drafts show only to their own body; `user` None is the system.
    """
    known: dict[int, tuple[Body, ...]] = {}
    source = _read(rows, 1)
    while batch := list(islice(source, BATCH)):
        yield from _with_detail(_with_leads(batch, known), user)


def names(people: Iterable[Body], *, shown: int = 3) -> tuple[tuple[Body, ...], int]:
    """The first few of a list of bodies, and how many more there are."""
    listed = tuple(people)
    return listed[:shown], max(0, len(listed) - shown)
